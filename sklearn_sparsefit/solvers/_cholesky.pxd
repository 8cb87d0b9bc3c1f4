from sklearn_sparsefit.penalty._penalty cimport SeparablePenalty


cdef class SupportFactor:
    cdef double[:, ::1] _values
    cdef Py_ssize_t[::1] _row_of
    # Of every row: whether it stays, and which it will be then.
    cdef int[::1] _stays
    cdef int[::1] _order
    # Columns that leave, by row; rotations of a panel beside them; what these make of the rows below.
    cdef double[:, ::1] _leaving
    cdef double[:, ::1] _rotations
    cdef double[:, ::1] _below
    # Of which every curvature is some fixed multiple.
    cdef double _common_curvature
    # Working-set position of every row.
    cdef Py_ssize_t[::1] members
    cdef int size
    cdef readonly int capacity
    # Whether no update has added its rounding since it was factored.
    cdef bint is_fresh
    # Multiply-adds so far, those inside BLAS-3 at a tenth.
    cdef double work
    # Room for a vector over the support.
    cdef double[::1] room

    # Make this the factor for the given positions; says whether that could be done.
    cdef bint match(
        self, const double[:, ::1] gram, const Py_ssize_t* positions, int n_positions, SeparablePenalty penalty
    ) noexcept nogil
    # Start afresh at the next match.
    cdef void forget(self) noexcept nogil
    # Overwrite v by the solution of (G_SS + curvatures) x = v, in the order of ``members``.
    cdef void solve(self, double* v) noexcept nogil
    cdef bint _insert(
        self,
        const double[:, ::1] gram,
        const Py_ssize_t* positions,
        int n_positions,
        SeparablePenalty penalty,
        double ridge,
    ) noexcept nogil
    cdef int _remove_some(self) noexcept nogil
    cdef void _compress(self, const double* column, double* to, int start, int stop) noexcept nogil
    cdef void _rotate(self, int first, int last, int n_out) noexcept nogil
