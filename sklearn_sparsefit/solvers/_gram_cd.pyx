"""Newton steps on the support and sweeps of coordinate descent, on a Gram matrix."""

from libc.float cimport DBL_MIN
from libc.math cimport fabs, isfinite, isnan, sqrt
from libc.string cimport memset
from scipy.linalg.cython_blas cimport daxpy

from sklearn_sparsefit.penalty._penalty cimport Penalty
from sklearn_sparsefit.solvers._cholesky cimport SupportFactor

cpdef enum Status:
    CONVERGED = 0
    ITERATION_LIMIT = 1
    WORK_LIMIT = 2
    FACTOR_TOO_SMALL = 3

# Largest move of coordinate descent, in units of the prediction, from a solution that is right to rounding.
cdef double TIGHT = 1e-13
# So many features, or this share of the support, enter by a Newton step; more of them are sorted out by sweeps.
cdef int FEW = 16
cdef double SHARE = 0.25


cdef struct State:
    # The problem: a working set of m features with Gram G, and the point w with correlation g = q - G w.
    int m
    double* w
    double* g
    # The support and what would enter it; the largest move that coordinate descent would make.
    Py_ssize_t* active
    int n_active
    int n_entering
    double largest
    # Vectors over the working set, of use only at active features.
    double* sign
    double* gradient
    double* step
    double* image
    # Multiply-adds so far.
    double work


cdef void _look(const double[::1] sq_norms, Penalty penalty, double tight, State* s) noexcept nogil:
    """List the support and what would enter it, with the sign and the gradient each has."""
    cdef Py_ssize_t j
    cdef double h, w, new, change
    s.largest = 0.0
    s.n_active = s.n_entering = 0
    for j in range(s.m):
        h = sq_norms[j]
        if h <= 0.0:
            continue
        w = s.w[j]
        new = penalty.prox(w + s.g[j] / h, 1.0 / h)
        change = fabs(new - w) * sqrt(h)
        if not change <= s.largest:
            s.largest = change
        if w == 0.0:
            if not change > tight:
                continue
            w = new
            s.n_entering += 1
        s.active[s.n_active] = j
        s.n_active += 1
        s.sign[j] = 1.0 if w > 0.0 else -1.0
        s.gradient[j] = s.g[j] - penalty.slope(s.w[j] if s.w[j] != 0.0 else s.sign[j] * DBL_MIN)


cdef void _sweep(const double[:, ::1] gram, const double[::1] sq_norms, Penalty penalty, State* s) noexcept nogil:
    cdef Py_ssize_t j
    cdef double h, new, minus_move
    cdef int one = 1
    for j in range(s.m):
        h = sq_norms[j]
        if h <= 0.0:
            continue
        new = penalty.prox(s.w[j] + s.g[j] / h, 1.0 / h)
        minus_move = s.w[j] - new
        if minus_move == 0.0:
            continue
        s.w[j] = new
        daxpy(&s.m, &minus_move, <double*> &gram[j, 0], &one, s.g, &one)
        s.work += s.m


cdef bint _solve(SupportFactor factor, double* step, State* s) noexcept nogil:
    """The step to where the gradient vanishes on the support; False if rounding leaves none."""
    cdef int row
    cdef double* v = &factor.room[0]
    for row in range(factor.size):
        v[row] = s.gradient[factor.members[row]]
    factor.solve(v)
    s.work += <double> factor.size * factor.size
    for row in range(factor.size):
        if not isfinite(v[row]):
            return False
        step[factor.members[row]] = v[row]
    return True


cdef double _apply(const double[:, ::1] gram, Penalty penalty, State* s) noexcept nogil:
    """image = G step; returns by how much the step, which takes no coefficient across zero, lowers the objective."""
    cdef int a, one = 1
    cdef Py_ssize_t j
    cdef double gain = 0.0, curvature = penalty.curvature()
    memset(s.image, 0, s.m * sizeof(double))
    for a in range(s.n_active):
        j = s.active[a]
        if s.step[j] != 0.0:
            daxpy(&s.m, &s.step[j], <double*> &gram[j, 0], &one, s.image, &one)
            s.work += s.m
    for a in range(s.n_active):
        j = s.active[a]
        gain += s.step[j] * (s.gradient[j] - 0.5 * (s.image[j] + curvature * s.step[j]))
    return gain


cdef double _walk(SupportFactor factor, double max_work, State* s) noexcept nogil:
    """A step from face to face: where the first coefficient gets to zero it leaves, and the others go on.

    They go on at once: a sweep in between could bring the coefficient back, for the next step to drop it again. A
    stride of length t leaves 1 - t of the gradient. Returns by how much the step lowers the objective.
    """
    cdef int a, row, hit
    cdef Py_ssize_t j
    cdef double here, t, to_zero, slope, gain = 0.0
    cdef double* stride = s.image
    for a in range(s.n_active):
        s.step[s.active[a]] = 0.0
    while factor.size > 0 and s.work <= max_work and _solve(factor, stride, s):
        t = 1.0
        hit = -1
        for row in range(factor.size):
            j = factor.members[row]
            here = s.w[j] + s.step[j]
            if (here + stride[j]) * s.sign[j] <= 0.0:
                to_zero = -here / stride[j] if here != 0.0 else 0.0
                if hit < 0 or to_zero < t:
                    t = to_zero
                    hit = row
        slope = 0.0
        for row in range(factor.size):
            j = factor.members[row]
            slope += stride[j] * s.gradient[j]
            s.step[j] += t * stride[j]
            s.gradient[j] *= 1.0 - t
        gain += t * (1.0 - 0.5 * t) * slope
        if hit < 0:
            break
        # Exactly to zero, whatever rounding made of it.
        s.step[factor.members[hit]] = -s.w[factor.members[hit]]
        s.work += <double> factor.size * factor.size
        factor.delete(hit)
    return gain


cdef bint _newton(
    const double[:, ::1] gram, Penalty penalty, SupportFactor factor, double max_work, double* gain, State* s
) noexcept nogil:
    """Minimise over the active features with their signs held; says whether the minimum was reached.

    Coefficients that the Newton step takes across zero stop there: all at once, if that makes the objective less, or
    else one after the other.
    """
    cdef int a, one = 1
    cdef Py_ssize_t j
    cdef double minus = -1.0
    cdef bint crossing = False
    gain[0] = 0.0
    if not _solve(factor, s.step, s):
        return False
    for a in range(s.n_active):
        j = s.active[a]
        if (s.w[j] + s.step[j]) * s.sign[j] <= 0.0:
            s.step[j] = -s.w[j]
            crossing = True
    gain[0] = _apply(gram, penalty, s)
    if crossing and not gain[0] > 0.0:
        gain[0] = _walk(factor, max_work, s)
        _apply(gram, penalty, s)
    for a in range(s.n_active):
        j = s.active[a]
        s.w[j] = 0.0 if s.step[j] == -s.w[j] else s.w[j] + s.step[j]
    daxpy(&s.m, &minus, s.image, &one, s.g, &one)
    return not crossing


def gram_cd(
    const double[:, ::1] gram,
    const double[::1] sq_norms,
    double[::1] coef,
    double[::1] correlation,
    Penalty penalty,
    double target_norm,
    Py_ssize_t max_iter,
    double max_work,
    SupportFactor factor,
    Py_ssize_t[::1] active,
    double[:, ::1] spare,
):
    """Minimise w'Gw/2 - q'w + penalty(w) over the working set, in place, from ``coef`` and correlation = q - G coef.

    An iteration is a Newton step on the support and the features that would enter it, or a sweep of coordinate descent
    where these are many or where rounding leaves Newton no gain. Ends when coordinate descent would change nothing
    beyond rounding, after ``max_iter`` iterations, or after about ``max_work`` multiply-adds, to be called again.
    ``active`` and ``spare`` (4 rows) are room to work in.
    """
    cdef State state
    cdef State* s = &state
    cdef Py_ssize_t n_iter = 0
    cdef int n_support
    cdef bint polished = False, stalled = False
    cdef double gain, last = 0.0, tight = TIGHT * target_norm
    cdef Status status = ITERATION_LIMIT
    s.m = <int> coef.shape[0]
    s.w, s.g, s.active = &coef[0], &correlation[0], &active[0]
    s.sign, s.gradient, s.step, s.image = &spare[0, 0], &spare[1, 0], &spare[2, 0], &spare[3, 0]
    s.work = 0.0
    with nogil:
        while n_iter < max_iter:
            if s.work > max_work:
                status = WORK_LIMIT
                break
            _look(sq_norms, penalty, tight, s)
            if isnan(s.largest):
                break
            if s.n_active > factor.capacity:
                status = FACTOR_TOO_SMALL
                break
            n_iter += 1
            # After a Newton step only rounding is left: done when small, or when a further step gained nothing.
            if s.largest <= tight or (polished and s.n_entering == 0 and last > 0.0 and s.largest >= 0.5 * last):
                if s.largest <= tight or factor.is_fresh:
                    status = CONVERGED
                    break
                factor.forget()
            last = s.largest if polished and s.n_entering == 0 else 0.0
            n_support = s.n_active - s.n_entering
            if (
                stalled
                or s.n_entering > max(FEW, SHARE * n_support)
                or not factor.match(gram, s.active, s.n_active, penalty.curvature())
            ):
                _sweep(gram, sq_norms, penalty, s)
                polished = stalled = False
            else:
                polished = _newton(gram, penalty, factor, max_work, &gain, s)
                stalled = not gain > tight * tight
    return status, n_iter, s.n_active
