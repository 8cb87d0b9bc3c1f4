"""Coordinate descent on a Gram matrix, finished by Newton steps on the support."""

from libc.math cimport fabs, hypot, isfinite, isnan, sqrt
from libc.string cimport memcpy, memmove
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
# Added to the diagonal of the support's Gram, relative to it, where it cannot be factored as it is.
cdef double RIDGE = 1e-12


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
    cdef double ridge = 0.0
    cdef int a, b, info
    while ridge < 1e-2:
        for a in range(k):
            for b in range(a + 1):
                factor[b * k + a] = gram[support[a], support[b]]
            factor[a * k + a] += curvature + ridge * gram[support[a], support[a]]
        dpotrf("L", &k, factor, &k, &info)
        if info == 0:
            return True
        ridge = RIDGE if ridge == 0.0 else 100 * ridge
    return False


cdef void _delete(double* factor, int ld, int k, int hit, double* v) noexcept nogil:
    """Take row and column ``hit`` out of a k x k Cholesky factor: move what lies beyond, then a rank-one update.

    Without column ``hit``, its part v below the diagonal must be added back: L L' + v v' (Golub & Van Loan, 6.5.4).
    """
    cdef int i, c, q = k - 1 - hit
    cdef double r, cosine, sine
    cdef double* column
    memcpy(v, factor + <Py_ssize_t> hit * ld + hit + 1, q * sizeof(double))
    for c in range(hit):
        column = factor + <Py_ssize_t> c * ld
        memmove(column + hit, column + hit + 1, q * sizeof(double))
    for c in range(hit, k - 1):
        column = factor + <Py_ssize_t> c * ld + c
        memmove(column, column + ld + 1, (k - 1 - c) * sizeof(double))
    for c in range(q):
        column = factor + <Py_ssize_t> (hit + c) * ld + hit
        r = hypot(column[c], v[c])
        cosine = r / column[c]
        sine = v[c] / column[c]
        column[c] = r
        for i in range(c + 1, q):
            column[i] = (column[i] + sine * v[i]) / cosine
            v[i] = cosine * v[i] - sine * column[i]


cdef double _newton(
    const double[:, ::1] gram,
    int m,
    Penalty penalty,
    Py_ssize_t* support,
    int k,
    double* coef,
    double* correlation,
    double* factor,
    double[:, ::1] work,
    double max_work,
) noexcept nogil:
    """Minimise over the support without a change of sign; returns the multiply-adds it took, at most about max_work.

    Newton steps with the signs held: one that would take a coefficient across zero stops there, that coefficient
    leaves, and the next step is over the others. It must be over them at once: a sweep in between could bring the
    coefficient back, for the next step to drop it again. A step of length t leaves 1 - t of the gradient.
    """
    cdef double* target = &work[0, 0]  # the coefficients of the support where the steps lead
    cdef double* gradient = &work[1, 0]
    cdef double* step = &work[2, 0]
    cdef double* spare = &work[3, 0]
    cdef int a, info, one = 1, hit, n_active = k, ld = k
    cdef Py_ssize_t* active = support + m
    cdef Py_ssize_t j
    cdef double t, spent = <double> k * k * k / 3.0 + <double> k * m
    if not _factor(gram, support, k, penalty.curvature(), factor):
        return spent
    for a in range(k):
        j = support[a]
        active[a] = a
        target[a] = coef[j]
        gradient[a] = correlation[j] - penalty.slope(coef[j])
    while n_active > 0 and spent <= max_work:
        spent += 4.0 * n_active * n_active
        memcpy(step, gradient, n_active * sizeof(double))
        dpotrs("L", &n_active, &one, factor, &ld, step, &n_active, &info)
        t = 1.0
        hit = -1
        for a in range(n_active):
            if not isfinite(step[a]):
                return spent
            if (target[active[a]] + step[a]) * target[active[a]] <= 0.0 and -target[active[a]] / step[a] < t:
                t = -target[active[a]] / step[a]
                hit = a
        for a in range(n_active):
            target[active[a]] += t * step[a]
            gradient[a] *= 1.0 - t
        if hit < 0:
            break
        # Exactly zero, whatever rounding made of it.
        target[active[hit]] = 0.0
        _delete(factor, ld, n_active, hit, spare)
        n_active -= 1
        for a in range(hit, n_active):
            active[a] = active[a + 1]
            gradient[a] = gradient[a + 1]
    for a in range(k):
        j = support[a]
        _move(gram, m, j, target[a] - coef[j], coef, correlation)
        coef[j] = target[a]
    return spent


def gram_cd(
    const double[:, ::1] gram,
    double[::1] coef,
    double[::1] correlation,
    Penalty penalty,
    double target_norm,
    Py_ssize_t max_iter,
    double max_work,
    Py_ssize_t[:, ::1] support,
    double[::1] factor,
    double[:, ::1] spare,
):
    """Minimise w'Gw/2 - q'w + penalty(w) over the working set, in place, from ``coef`` and correlation = q - G coef.

    Sweeps of coordinate descent, each followed by a minimisation over the support if it changed no sign. Ends when a
    sweep changes nothing beyond rounding, after ``max_iter`` sweeps, or after about ``max_work`` multiply-adds, to be
    called again. ``support`` (2 rows) and ``spare`` (4 rows) are room to work in.
    """
    cdef int m = <int> coef.shape[0]
    cdef double* w = &coef[0]
    cdef double* g = &correlation[0]
    cdef Py_ssize_t j, n_iter = 0
    cdef int k, n_changes
    cdef bint polished = False, broken = False
    cdef double work = 0.0, move, change, largest, last = 0.0, h, new, tight = TIGHT * target_norm
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
                h = gram[j, j]
                if h <= 0.0:
                    continue
                new = penalty.prox(w[j] + g[j] / h, 1.0 / h)
                move = new - w[j]
                if move == 0.0:
                    continue
                change = fabs(move) * sqrt(h)
                if isnan(change):
                    broken = True
                if change > largest:
                    largest = change
                if change > tight and (new == 0.0 or w[j] == 0.0 or (new > 0.0) != (w[j] > 0.0)):
                    n_changes += 1
                _move(gram, m, j, move, w, g)
                w[j] = new
                work += m
            if broken:
                break
            if n_changes > 0:
                polished = False
                continue
            # After a Newton step only rounding is left: done when small, or when a further step gained nothing.
            if largest <= tight or (polished and last > 0.0 and largest >= 0.5 * last):
                status = CONVERGED
                break
            last = largest if polished else 0.0
            k = 0
            for j in range(m):
                if w[j] != 0.0:
                    support[0, k] = j
                    k += 1
            if <Py_ssize_t> k * k > factor.shape[0]:
                status = FACTOR_TOO_SMALL
                break
            work += _newton(gram, m, penalty, &support[0, 0], k, w, g, &factor[0], spare, max_work)
            polished = True
    return status, n_iter
