cdef class SupportFactor:
    cdef double[:, ::1] _values
    cdef Py_ssize_t[::1] _row_of
    cdef Py_ssize_t[::1] _kept
    cdef double _curvature
    # Working-set position of every row.
    cdef Py_ssize_t[::1] members
    cdef int size
    cdef readonly int capacity
    # Whether no update has added its rounding since it was factored.
    cdef bint is_fresh
    # Room for a vector over the support.
    cdef double[::1] room

    # Make this the factor for the given positions; says whether that could be done.
    cdef bint match(
        self, const double[:, ::1] gram, const Py_ssize_t* positions, int n_positions, double curvature
    ) noexcept nogil
    # Take out one row.
    cdef void delete(self, int row) noexcept nogil
    # Start afresh at the next match.
    cdef void forget(self) noexcept nogil
    # Overwrite v by the solution of (G_SS + curvature) x = v, in the order of ``members``.
    cdef void solve(self, double* v) noexcept nogil
    cdef bint _insert(self, const double[:, ::1] gram, const Py_ssize_t* positions, int n_new, double ridge) noexcept nogil
