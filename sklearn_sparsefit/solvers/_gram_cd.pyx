"""Newton steps on the support and sweeps of coordinate descent, on a Gram matrix."""

from libc.math cimport fabs, fmax, fmin, isfinite, isnan, sqrt
from scipy.linalg.cython_blas cimport daxpy

from sklearn_sparsefit.penalty._penalty cimport SeparablePenalty
from sklearn_sparsefit.solvers._cholesky cimport SupportFactor

# Largest move of coordinate descent, in units of the prediction, from a solution that is right to rounding.
cdef double TIGHT = 1e-13
# So many features enter without further ado; or this share of the support, once that is at its own minimum. More of
# them are sorted out by sweeps.
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
    # What has not yet come to zero.
    Py_ssize_t* free
    int n_free
    # Vectors over the working set, of use only at active features: the side of zero they are on, the ends of the piece
    # of the penalty there.
    double* side
    double* start
    double* end
    double* gradient
    double* step
    double* stride
    double* image
    # Multiply-adds so far, but for those of the factor.
    double work


cdef void _look(const double[::1] sq_norms, SeparablePenalty penalty, double tight, State* s) noexcept nogil:
    """List the support and what would enter it, with the side and the gradient each has."""
    cdef Py_ssize_t j
    cdef double h, w, new, change
    s.largest = 0.0
    s.n_active = s.n_entering = 0
    for j in range(s.m):
        h = sq_norms[j]
        if h <= 0.0:
            continue
        w = s.w[j]
        new = penalty.prox(j, w + s.g[j] / h, 1.0 / h)
        change = fabs(new - w) * sqrt(h)
        if isnan(change):
            s.largest = change
            return
        s.largest = fmax(s.largest, change)
        if penalty.may_rest(j, w):
            if not change > tight:
                continue
            s.n_entering += 1
        s.active[s.n_active] = j
        s.n_active += 1
        s.side[j] = 1.0 if w > 0.0 or (w == 0.0 and new > 0.0) else -1.0
        s.start[j] = penalty.piece_start(j, s.side[j])
        s.end[j] = penalty.piece_end(j, s.side[j])
        s.gradient[j] = s.g[j] - penalty.slope(j, w, s.side[j])


cdef void _leave_out_entering(SeparablePenalty penalty, State* s) noexcept nogil:
    """List the support alone: at a new alpha few of those that would enter still want to when it has moved."""
    cdef int a, n_support = 0
    for a in range(s.n_active):
        if not penalty.may_rest(s.active[a], s.w[s.active[a]]):
            s.active[n_support] = s.active[a]
            n_support += 1
    s.n_active = n_support
    s.n_entering = 0


cdef void _sweep(
    const double[:, ::1] gram, const double[::1] sq_norms, SeparablePenalty penalty, State* s
) noexcept nogil:
    cdef Py_ssize_t j
    cdef double h, new, minus_move
    cdef int one = 1
    for j in range(s.m):
        h = sq_norms[j]
        if h <= 0.0:
            continue
        new = penalty.prox(j, s.w[j] + s.g[j] / h, 1.0 / h)
        minus_move = s.w[j] - new
        if minus_move == 0.0:
            continue
        s.w[j] = new
        daxpy(&s.m, &minus_move, <double*> &gram[j, 0], &one, s.g, &one)
        s.work += s.m


cdef bint _solve(SupportFactor factor, double* stride, State* s) noexcept nogil:
    """The stride to where the gradient vanishes on the support; False if rounding leaves none."""
    cdef int row
    cdef double* v = &factor.room[0]
    for row in range(factor.size):
        v[row] = s.gradient[factor.members[row]]
    factor.solve(v)
    for row in range(factor.size):
        if not isfinite(v[row]):
            return False
        stride[factor.members[row]] = v[row]
    return True


cdef double _stride(const double[:, ::1] gram, const double* stride, State* s) noexcept nogil:
    """Go along a stride, to the minimum, with every coefficient that gets to zero or a bound on the way left there.

    The stride d leads to the minimum over the support S while no piece ends: (G_SS + diag(curvatures)) d = gradient.
    Where a coefficient stops, its part of that image goes. Returns by how much this lowers the objective.
    """
    cdef int a, hit
    cdef Py_ssize_t j
    cdef double t, to_stop, stop, slope, bend, gain = 0.0
    cdef double* image = s.image
    cdef const double* row
    for a in range(s.n_free):
        image[s.free[a]] = s.gradient[s.free[a]]
    while True:
        slope = bend = 0.0
        for a in range(s.n_free):
            j = s.free[a]
            slope += stride[j] * s.gradient[j]
            bend += stride[j] * image[j]
        if not (slope > 0.0 and bend > 0.0):
            return gain
        t = slope / bend
        hit = -1
        for a in range(s.n_free):
            j = s.free[a]
            if stride[j] == 0.0:
                continue
            stop = s.end[j] if stride[j] > 0.0 else s.start[j]
            if (s.w[j] + s.step[j] + t * stride[j] - stop) * stride[j] >= 0.0:
                to_stop = (stop - s.w[j] - s.step[j]) / stride[j]
                if hit < 0 or to_stop < t:
                    t = to_stop if to_stop > 0.0 else 0.0
                    hit = a
        for a in range(s.n_free):
            j = s.free[a]
            s.step[j] += t * stride[j]
            s.gradient[j] -= t * image[j]
        gain += t * (slope - 0.5 * t * bend)
        s.work += 5.0 * s.n_free
        if hit < 0:
            return gain
        # Exactly there, whatever rounding made of it.
        j = s.free[hit]
        stop = s.end[j] if stride[j] > 0.0 else s.start[j]
        s.step[j] = stop - s.w[j]
        s.start[j] = s.end[j] = stop
        s.n_free -= 1
        s.free[hit] = s.free[s.n_free]
        row = &gram[j, 0]
        for a in range(s.n_free):
            image[s.free[a]] -= stride[j] * row[s.free[a]]


cdef double _newton(
    const double[:, ::1] gram, SeparablePenalty penalty, SupportFactor factor, double max_work, State* s
) noexcept nogil:
    """Minimise over the active features, each on its piece of the penalty; returns by how much that is lower.

    What a stride takes to the end of its piece leaves, and the next stride is over the others at once: a sweep in
    between could bring a coefficient back, for the next stride to drop it again.
    """
    cdef int a, one = 1, n_free
    cdef Py_ssize_t j
    cdef double new, minus_step, gain = 0.0
    for a in range(s.n_active):
        s.free[a] = s.active[a]
        s.step[s.active[a]] = 0.0
    s.n_free = s.n_active
    while s.n_free > 0 and s.work + factor.work <= max_work:
        if not factor.match(gram, s.free, s.n_free, penalty) or not _solve(factor, s.stride, s):
            break
        n_free = s.n_free
        gain += _stride(gram, s.stride, s)
        if s.n_free == n_free:
            break
    for a in range(s.n_active):
        j = s.active[a]
        if s.step[j] != 0.0:
            new = fmin(fmax(s.w[j] + s.step[j], s.start[j]), s.end[j])
            minus_step = s.w[j] - new
            s.w[j] = new
            daxpy(&s.m, &minus_step, <double*> &gram[j, 0], &one, s.g, &one)
            s.work += s.m
    return gain


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
) noexcept nogil:
    cdef State state
    cdef State* s = &state
    cdef Progress progress
    cdef int n_support
    cdef bint polished = False, stalled = False
    cdef double last = 0.0, tight = TIGHT * target_norm
    s.m = <int> coef.shape[0]
    s.w, s.g, s.active, s.free = &coef[0], &correlation[0], &active[0, 0], &active[1, 0]
    s.side, s.start, s.end, s.gradient = &spare[0, 0], &spare[1, 0], &spare[2, 0], &spare[3, 0]
    s.step, s.stride, s.image = &spare[4, 0], &spare[5, 0], &spare[6, 0]
    s.work = factor.work = 0.0
    progress.status, progress.n_iter = ITERATION_LIMIT, 0
    while progress.n_iter < max_iter:
        if s.work + factor.work > max_work:
            progress.status = WORK_LIMIT
            break
        _look(sq_norms, penalty, tight, s)
        if isnan(s.largest):
            break
        if s.n_active > factor.capacity:
            progress.status = FACTOR_TOO_SMALL
            break
        progress.n_iter += 1
        # After a Newton step only rounding is left: done when small, or when a further step gained nothing.
        if s.largest <= tight or (polished and s.n_entering == 0 and last > 0.0 and s.largest >= 0.5 * last):
            if s.largest <= tight or factor.is_fresh:
                progress.status = CONVERGED
                break
            factor.forget()
        last = s.largest if polished and s.n_entering == 0 else 0.0
        n_support = s.n_active - s.n_entering
        if s.n_entering > FEW and n_support > 0 and not (polished or stalled):
            _leave_out_entering(penalty, s)
        if stalled or s.n_entering > max(FEW, SHARE * n_support):
            _sweep(gram, sq_norms, penalty, s)
            polished = stalled = False
        else:
            stalled = not _newton(gram, penalty, factor, max_work, s) > tight * tight
            polished = not stalled
            if stalled and not factor.is_fresh:
                factor.forget()
    progress.n_active = s.n_active
    return progress


def gram_cd(
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
):
    """See ``descend``."""
    cdef Progress progress
    with nogil:
        progress = descend(
            gram, sq_norms, coef, correlation, penalty, target_norm, max_iter, max_work, factor, active, spare
        )
    return progress.status, progress.n_iter, progress.n_active
