from sklearn_sparsefit.design._columns cimport Columns
from sklearn_sparsefit.penalty._penalty cimport ElasticNetPenalty
from sklearn_sparsefit.solvers._cholesky cimport SupportFactor


cdef class SmallModel:
    cdef const double[::1] weights
    cdef bint fit_intercept
    cdef Columns columns
    cdef const double[::1] column_shifts
    cdef bint is_there, is_sparse
    # The curvatures, which sum to one, their roots, and those of a sample of weight one.
    cdef double[::1] shares, roots, steepness
    # Of the features means, and squares about these, which are zero for all that are not in it, and the Gram.
    cdef double[::1] means, sq_norms
    cdef double[:, ::1] gram
    cdef SupportFactor factor
    # Features that there must be room for.
    cdef Py_ssize_t n_wanted
    # Room to work in.
    cdef double[::1] ones
    cdef double[:, ::1] centred, products
    cdef Py_ssize_t[::1] members

    # Whether it has all coefficients, and curvatures whose proportions have moved by no more than a share of their sum.
    cdef bint serves(self, const double[::1] curvatures, double total, double moved, const double[::1] w) noexcept nogil
    # Take such curvatures.
    cdef void take(self, const double[::1] curvatures, double total) noexcept nogil
    # Be the model of the curvatures on what has a coefficient or, by its correlation, comes near to one; False where
    # there is no room for these.
    cdef bint renew(
        self, const double[::1] w, const double[::1] correlation, ElasticNetPenalty penalty
    ) noexcept nogil
    cdef void _multiply_in_turn(self, int m) noexcept nogil
    cdef double _centre(self, Py_ssize_t j, double* column) noexcept nogil
