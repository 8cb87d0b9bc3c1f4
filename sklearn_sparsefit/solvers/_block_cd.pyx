"""Block coordinate descent, for coefficients that several tasks share."""

from libc.math cimport fmax, fmin, sqrt
from scipy.linalg.cython_blas cimport dgemm, dgemv, dger

from sklearn_sparsefit.penalty._bounded_norm cimport best_scale, within


cdef struct Feature:
    # Curvature of the loss, weights in the penalty, bounds.
    double h
    double l1
    double l2
    double lower
    double upper


cdef inline Feature _feature(const double[:, ::1] terms, Py_ssize_t j) noexcept nogil:
    return Feature(terms[0, j], terms[1, j], terms[2, j], terms[3, j], terms[4, j])


cdef inline void _minimise(Feature f, Py_ssize_t j, const double[:, ::1] coef, double* goal) noexcept nogil:
    """Go from u = w_j + c / h to the minimum: u (1 - l1 / (h |u|))_+ / (1 + l2 / h) where no bound is in the way."""
    cdef Py_ssize_t t, n_tasks = coef.shape[0]
    cdef bint is_within = True
    cdef double factor, norm = 0.0, square = 0.0
    for t in range(n_tasks):
        norm += goal[t] * goal[t]
    norm = sqrt(norm)
    factor = (1.0 - f.l1 / (f.h * norm)) / (1.0 + f.l2 / f.h) if f.h * norm > f.l1 else 0.0
    for t in range(n_tasks):
        is_within &= f.lower <= factor * goal[t] <= f.upper
    if is_within:
        for t in range(n_tasks):
            goal[t] *= factor
        return
    # The norm so far is where the search for the next begins.
    for t in range(n_tasks):
        square += coef[t, j] * coef[t, j]
    factor = best_scale(goal, n_tasks, f.l1 / f.h, 1.0 + f.l2 / f.h, f.lower, f.upper, sqrt(square))
    for t in range(n_tasks):
        goal[t] = within(factor, goal[t], f.lower, f.upper)


cdef double _update(Feature f, Py_ssize_t j, double[:, ::1] coef, const double* c, double* move) noexcept nogil:
    """Minimise over one feature's coefficients w, of all tasks, from correlations c; returns how far they move."""
    cdef Py_ssize_t t
    cdef double square = 0.0, goal
    for t in range(coef.shape[0]):
        move[t] = coef[t, j] + c[t] / f.h
    _minimise(f, j, coef, move)
    for t in range(coef.shape[0]):
        goal = move[t]
        move[t] = goal - coef[t, j]
        coef[t, j] = goal
        square += move[t] * move[t]
    return sqrt(f.h * square)


def moves(
    const double[:, ::1] terms,
    const double[:, ::1] coef,
    const double[:, ::1] correlation,
    double[::1] room,
    double[::1] out,
):
    """How far coordinate descent would move every feature alone, in units of the prediction."""
    cdef Py_ssize_t j, t
    cdef double square
    cdef Feature f
    with nogil:
        for j in range(coef.shape[1]):
            f = _feature(terms, j)
            out[j] = square = 0.0
            if f.h == 0.0:
                continue
            for t in range(coef.shape[0]):
                room[t] = coef[t, j] + correlation[t, j] / f.h
            _minimise(f, j, coef, &room[0])
            for t in range(coef.shape[0]):
                square += (room[t] - coef[t, j]) * (room[t] - coef[t, j])
            out[j] = sqrt(f.h * square)


def go_ahead(
    const double[:, :, ::1] points,
    const double[::1] shares,
    const double[:, ::1] terms,
    double[:, ::1] coef,
    double[:, ::1] step,
):
    """Move ``coef`` to a weighted sum of points, within the bounds, and note the ``step``.

    Those features move that have a coefficient in every point and would not turn back; returns how many.
    """
    cdef Py_ssize_t j, k, t, n_moved = 0
    cdef double along, square, goal
    with nogil:
        for j in range(points.shape[2]):
            square = 0.0
            for k in range(points.shape[0]):
                square = 0.0
                for t in range(coef.shape[0]):
                    square += points[k, t, j] * points[k, t, j]
                if square == 0.0:
                    break
            if square == 0.0 or terms[0, j] == 0.0:
                continue
            along = 0.0
            for t in range(coef.shape[0]):
                goal = 0.0
                for k in range(points.shape[0]):
                    goal += shares[k] * points[k, t, j]
                step[t, j] = fmax(terms[3, j], fmin(goal, terms[4, j]))
                along += step[t, j] * coef[t, j]
            for t in range(coef.shape[0]):
                goal = step[t, j] if along > 0.0 else coef[t, j]
                step[t, j] = goal - coef[t, j]
                coef[t, j] = goal
            n_moved += along > 0.0
    return n_moved


def sweep_gram(
    const double[:, ::1] gram,
    const double[:, ::1] terms,
    double[:, ::1] coef,
    const double[:, ::1] correlation,
    double[:, ::1] step,
    double[:, ::1] room,
    Py_ssize_t n_sweeps,
    double rate,
    double enough,
):
    """Sweeps over all features: move ``coef``, whose correlations are given, and note the ``step``, zero so far.

    They end when one moves nothing by more than ``enough``, in units of the prediction, or by more than ``rate`` times
    what the one before did; returns whether more than ``enough`` is left. ``terms`` are h, l1, l2 and the bounds of all
    features; coefficients and correlations have shape (n_tasks, n_features). Correlations are brought up to date for as
    many features at a time as ``room``, of shape (1 + these, n_tasks), holds.
    """
    cdef int m = <int> coef.shape[1], n_tasks = <int> coef.shape[0], size, n_moved
    cdef Py_ssize_t together = room.shape[0] - 1, block, first, j, k, t, sweep
    cdef double plus = 1.0, minus = -1.0, largest = 0.0, last, moved
    cdef double* move = &room[0, 0]
    cdef double* c = &room[1, 0]
    with nogil:
        for sweep in range(n_sweeps):
            last = largest
            largest = 0.0
            for block in range((m - 1) // together + 1):
                first = block * together
                size = <int> min(together, m - first)
                n_moved = m if sweep else <int> first
                for j in range(size):
                    for t in range(n_tasks):
                        c[j * n_tasks + t] = correlation[t, first + j]
                dgemm(
                    "T", "N", &n_tasks, &size, &n_moved,
                    &minus, &step[0, 0], &m, <double*> &gram[first, 0], &m, &plus, c, &n_tasks,
                )
                for j in range(size):
                    moved = _update(_feature(terms, first + j), first + j, coef, c + j * n_tasks, move)
                    if moved > 0.0:
                        largest = fmax(largest, moved)
                        for t in range(n_tasks):
                            step[t, first + j] += move[t]
                        for k in range(j + 1, size):
                            for t in range(n_tasks):
                                c[k * n_tasks + t] -= gram[first + j, first + k] * move[t]
            if largest <= enough or (sweep > 0 and largest > rate * last):
                break
    return largest > enough


def sweep_columns(
    const double[:, ::1] columns,
    const double[:, ::1] terms,
    double[:, ::1] coef,
    double[:, ::1] residual,
    double[:, ::1] room,
    Py_ssize_t n_sweeps,
    double rate,
    double enough,
):
    """Sweeps, as :func:`sweep_gram`, over columns, one per row.

    Residuals, of shape (n_tasks, n_samples), are kept up to date.
    """
    cdef int n = <int> residual.shape[1], n_tasks = <int> coef.shape[0], one = 1
    cdef Py_ssize_t j, sweep
    cdef double plus = 1.0, minus = -1.0, zero = 0.0, moved, largest = 0.0, last
    cdef double* move = &room[0, 0]
    cdef double* c = &room[1, 0]
    cdef double* r = &residual[0, 0]
    cdef double* x
    with nogil:
        for sweep in range(n_sweeps):
            last = largest
            largest = 0.0
            for j in range(coef.shape[1]):
                x = <double*> &columns[j, 0]
                dgemv("T", &n, &n_tasks, &plus, r, &n, x, &one, &zero, c, &one)
                moved = _update(_feature(terms, j), j, coef, c, move)
                if moved > 0.0:
                    dger(&n, &n_tasks, &minus, x, &one, move, &one, r, &n)
                    largest = fmax(largest, moved)
            if largest <= enough or (sweep > 0 and largest > rate * last):
                break
    return largest > enough


def sweep_coupled(
    const double[:, :, :, ::1] gram,
    const Py_ssize_t[::1] features,
    const double[:, ::1] terms,
    double[:, ::1] coef,
    double[:, ::1] correlation,
    double[::1] room,
    Py_ssize_t n_sweeps,
    double rate,
    double enough,
):
    """Sweeps over some ``features`` of tasks whose Gram, of shape (all, n_tasks, all, n_tasks), is their own.

    ``terms`` bound the curvature of the loss in all directions. Correlations, of shape (all, n_tasks), are kept up to
    date.
    """
    cdef int n_tasks = <int> coef.shape[0], size = <int> (gram.shape[0] * gram.shape[1]), one = 1
    cdef Py_ssize_t j, feature, sweep
    cdef double plus = 1.0, minus = -1.0, moved, largest = 0.0, last
    with nogil:
        for sweep in range(n_sweeps):
            last = largest
            largest = 0.0
            for j in range(coef.shape[1]):
                if terms[0, j] == 0.0:
                    continue
                feature = features[j]
                moved = _update(_feature(terms, j), j, coef, &correlation[feature, 0], &room[0])
                if moved > 0.0:
                    largest = fmax(largest, moved)
                    dgemv(
                        "N", &size, &n_tasks, &minus, <double*> &gram[feature, 0, 0, 0], &size, &room[0], &one,
                        &plus, &correlation[0, 0], &one,
                    )
            if largest <= enough or (sweep > 0 and largest > rate * last):
                break
    return largest > enough
