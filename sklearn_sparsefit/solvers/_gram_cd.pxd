from sklearn_sparsefit.penalty._penalty cimport SeparablePenalty
from sklearn_sparsefit.solvers._cholesky cimport SupportFactor

cpdef enum Status:
    CONVERGED = 0
    ITERATION_LIMIT = 1
    WORK_LIMIT = 2
    FACTOR_TOO_SMALL = 3


cdef struct Progress:
    Status status
    Py_ssize_t n_iter
    # Features that want a place in the factor.
    int n_active


# Minimise w'Gw/2 - q'w + penalty(w) over the working set, in place, from ``coef`` and correlation = q - G coef.
#
# An iteration is a Newton step on the support and the features that would enter it, or a sweep of coordinate descent
# where these are many or where rounding leaves Newton no gain. Ends when coordinate descent would change nothing
# beyond rounding, after ``max_iter`` iterations, or after about ``max_work`` multiply-adds, to be called again.
# ``active`` (2 rows) and ``spare`` (7 rows) are room to work in.
cdef Progress descend(
    const double[:, ::1] gram,
    const double[::1] sq_norms,
    double[::1] coef,
    double[::1] correlation,
    SeparablePenalty penalty,
    double target_norm,
    Py_ssize_t max_iter,
    double max_work,
    SupportFactor factor,
    Py_ssize_t[:, ::1] active,
    double[:, ::1] spare,
) noexcept nogil
