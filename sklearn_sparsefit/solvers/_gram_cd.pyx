"""Coordinate descent on a Gram matrix, finished by Newton steps on the support."""

from libc.math cimport fabs, isfinite, sqrt
from scipy.linalg.cython_blas cimport daxpy
from scipy.linalg.cython_lapack cimport dpotrf, dpotrs

from sklearn_sparsefit.penalty._penalty cimport Penalty

cpdef enum Status:
    CONVERGED = 0
    ITERATION_LIMIT = 1
    WORK_LIMIT = 2
    FACTOR_TOO_SMALL = 3

# Largest move, in units of the prediction, of a sweep over a solution that is right to rounding.
cdef double TIGHT = 1e-13
# Added to the diagonal of the support's Gram, relative to it, so that collinear supports can be factored.
cdef double RIDGE = 1e-13


cdef void _move(
    const double[:, ::1] gram, int m, Py_ssize_t j, double step, double* coef, double* correlation
) noexcept nogil:
    # coef_j += step; correlation -= step * G_j
    cdef int one = 1
    cdef double minus = -step
    coef[j] += step
    daxpy(&m, &minus, <double*> &gram[j, 0], &one, correlation, &one)


cdef bint _factor(
    const double[:, ::1] gram, const Py_ssize_t* support, int k, double curvature, double* factor
) noexcept nogil:
    """Cholesky factor of G_SS + curvature, with the least ridge that makes it positive definite."""
    cdef double ridge = RIDGE
    cdef int a, b, info
    while ridge < 1e-2:
        for a in range(k):
            for b in range(a + 1):
                factor[b * k + a] = gram[support[a], support[b]]
            factor[a * k + a] += curvature + ridge * gram[support[a], support[a]]
        dpotrf("L", &k, factor, &k, &info)
        if info == 0:
            return True
        ridge *= 100
    return False


cdef double _newton(
    const double[:, ::1] gram,
    int m,
    Penalty penalty,
    Py_ssize_t* support,
    int k,
    double* coef,
    double* correlation,
    double* factor,
    double* step,
    double max_work,
) noexcept nogil:
    """Minimise over the support without a change of sign; returns the multiply-adds it took, at most about max_work.

    Newton steps with the signs held: one that would take a coefficient across zero stops there, that coefficient
    leaves, and the next step is over the others. It must be over them at once: a sweep in between could bring the
    coefficient back, for the next step to drop it again.
    """
    cdef int a, info, one = 1, hit
    cdef Py_ssize_t j
    cdef double t, work = 0.0
    while k > 0 and work <= max_work:
        if not _factor(gram, support, k, penalty.curvature(), factor):
            break
        for a in range(k):
            step[a] = correlation[support[a]] - penalty.slope(coef[support[a]])
        dpotrs("L", &k, &one, factor, &k, step, &k, &info)
        t = 1.0
        hit = -1
        for a in range(k):
            if not isfinite(step[a]):
                return work
            j = support[a]
            if (coef[j] + step[a]) * coef[j] <= 0.0 and -coef[j] / step[a] < t:
                t = -coef[j] / step[a]
                hit = a
        for a in range(k):
            _move(gram, m, support[a], t * step[a], coef, correlation)
        work += <double> k * k * k / 3.0 + <double> k * m
        if hit < 0:
            break
        # Exactly zero, whatever rounding made of it.
        j = support[hit]
        _move(gram, m, j, -coef[j], coef, correlation)
        coef[j] = 0.0
        k -= 1
        for a in range(hit, k):
            support[a] = support[a + 1]
    return work


def gram_cd(
    const double[:, ::1] gram,
    const double[::1] sq_norms,
    double[::1] coef,
    double[::1] correlation,
    Penalty penalty,
    double target_norm,
    Py_ssize_t max_iter,
    double max_work,
    Py_ssize_t[::1] support,
    double[::1] factor,
    double[::1] step,
):
    """Minimise w'Gw/2 - q'w + penalty(w) over the working set, in place, from ``coef`` and correlation = q - G coef.

    Sweeps of coordinate descent, each followed by a minimisation over the support if it changed no sign. Ends when a
    sweep changes nothing beyond rounding, after ``max_iter`` sweeps, or after about ``max_work`` multiply-adds, to be
    called again.
    """
    cdef int m = <int> coef.shape[0]
    cdef double* w = &coef[0]
    cdef double* g = &correlation[0]
    cdef Py_ssize_t j, n_iter = 0
    cdef int k, n_changes
    cdef bint polished = False
    cdef double work = 0.0, move, largest, last = 0.0, h, new
    cdef Status status = ITERATION_LIMIT
    with nogil:
        while n_iter < max_iter:
            if work > max_work:
                status = WORK_LIMIT
                break
            n_iter += 1
            largest = 0.0
            n_changes = 0
            for j in range(m):
                h = sq_norms[j]
                if h <= 0.0:
                    continue
                new = penalty.prox(w[j] + g[j] / h, 1.0 / h)
                move = new - w[j]
                if move == 0.0:
                    continue
                if new == 0.0 or w[j] == 0.0 or (new > 0.0) != (w[j] > 0.0):
                    n_changes += 1
                _move(gram, m, j, move, w, g)
                w[j] = new
                work += m
                # Not `> largest`: a NaN must come through.
                if not fabs(move) * sqrt(h) <= largest:
                    largest = fabs(move) * sqrt(h)
            if n_changes > 0:
                polished = False
                continue
            # After a Newton step only rounding is left: done when small, or when a further step gained nothing.
            if largest <= TIGHT * target_norm or (polished and last > 0.0 and largest >= 0.5 * last):
                status = CONVERGED
                break
            if not isfinite(largest):
                break
            last = largest if polished else 0.0
            k = 0
            for j in range(m):
                if w[j] != 0.0:
                    support[k] = j
                    k += 1
            if <Py_ssize_t> k * k > factor.shape[0]:
                status = FACTOR_TOO_SMALL
                break
            work += _newton(gram, m, penalty, &support[0], k, w, g, &factor[0], &step[0], max_work)
            polished = True
    return status, n_iter
