"""The multinomial loss of samples with a class each: best intercepts, residuals and misfits.

Raw predictions z of shape (n_classes, n_samples) have one row per class; p are the probabilities that they stand for.
"""

from libc.float cimport DBL_EPSILON, DBL_MIN
from libc.math cimport fabs, fmax, fmin, isfinite

import numpy as np

cdef extern from "_blocks.h":
    enum:
        BLOCK "SPARSEFIT_BLOCK"
    double weighted_sum(const double* weights, const double* x, Py_ssize_t n) nogil
    void add_shift(const double* z, double shift, Py_ssize_t n, double* shifted) nogil
    void softmax_against_own(
        const double* codes, const double* z, Py_ssize_t n_rows, const double* shifts, Py_ssize_t n_classes,
        Py_ssize_t n, double* others, Py_ssize_t others_apart, double* rest, double* behind
    ) nogil
    void softmax_losses(const double* rest, const double* behind, Py_ssize_t n, double* losses) nogil
    void softmax_residuals(
        const double* codes, const double* rest, const double* behind, Py_ssize_t n_classes, Py_ssize_t n,
        double* others, Py_ssize_t others_apart
    ) nogil
    void softmax_misfits(
        const double* rest, const double* behind, const double* losses, double scale, Py_ssize_t n, double* misfits
    ) nogil
    void softmax_edges(
        const double* codes, const double* weights, const double* residuals, Py_ssize_t n_rows, Py_ssize_t n_classes,
        Py_ssize_t n, double* edges
    ) nogil

# Mean residuals from which on raw predictions whose means are those of the null model may be a better start.
cdef double FAR = 0.1
# Newton steps to the best intercepts, each halved until the loss is lower by this share of what it promises; and
# derivatives that are next to nothing.
cdef int MAX_STEPS = 300, MAX_HALVINGS = 30
cdef double ARMIJO = 1e-4, NEARLY = 1e-10


cdef double _evaluate(
    const double[::1] codes,
    const double[::1] weights,
    const double[:, ::1] raw,
    const double[::1] offset,
    double[:, ::1] residual,
    double[::1] gradient,
) noexcept nogil:
    """The loss at an offset, the residuals and their weighted sums."""
    cdef double[BLOCK] rest, behind, losses
    cdef Py_ssize_t n_classes = raw.shape[0], n_rows = raw.shape[1], block, first, n, k
    cdef double loss = 0.0
    gradient[:] = 0.0
    for block in range((n_rows + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        n = min(BLOCK, n_rows - first)
        softmax_against_own(
            &codes[first], &raw[0, first], n_rows, &offset[0], n_classes, n, &residual[0, first], n_rows, rest, behind
        )
        softmax_losses(rest, behind, n, losses)
        softmax_residuals(&codes[first], rest, behind, n_classes, n, &residual[0, first], n_rows)
        loss += weighted_sum(&weights[first], losses, n)
        for k in range(n_classes):
            gradient[k] += weighted_sum(&weights[first], &residual[k, first], n)
    return loss


cdef void _solve_laplacian(double[:, ::1] edges, double[::1] x) noexcept nogil:
    """Put the solution of L x = g, of sum zero, in the place of g, for the Laplacian L of a graph; edges are spent.

    Classes are eliminated one after the other, which leaves Laplacians: nothing is subtracted.
    """
    cdef Py_ssize_t n_classes = x.shape[0], k, other, m
    cdef double degree, share, mean = 0.0
    for k in range(n_classes - 1, 0, -1):
        degree = 0.0
        for other in range(k):
            degree += edges[k, other]
        # Kept where edges of a class with itself would be.
        edges[k, k] = degree
        for other in range(k):
            share = edges[k, other] / degree
            x[other] += share * x[k]
            for m in range(other):
                edges[other, m] += share * edges[k, m]
    x[0] = 0.0
    for k in range(1, n_classes):
        for other in range(k):
            x[k] += edges[k, other] * x[other]
        x[k] /= edges[k, k]
        mean += x[k] / n_classes
    for k in range(n_classes):
        x[k] -= mean


cdef void _newton_step(
    const double[::1] codes,
    const double[::1] weights,
    const double[:, ::1] residual,
    const double[::1] gradient,
    double held,
    double[:, ::1] edges,
    double[::1] step,
) noexcept nogil:
    """(sum_i w_i (diag(p_i) - p_i p_i') + held 1)^-1 g: the matrix is a Laplacian, with edges sum_i w_i p_ik p_il."""
    cdef Py_ssize_t n_classes = gradient.shape[0], n_rows = codes.shape[0], block, first, k, other
    cdef double trace = 0.0
    edges[:] = 0.0
    for block in range((n_rows + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        softmax_edges(
            &codes[first], &weights[first], &residual[0, first], n_rows, n_classes, min(BLOCK, n_rows - first),
            &edges[0, 0]
        )
    for k in range(n_classes):
        for other in range(k):
            trace += 2.0 * edges[k, other]
    # What is flatter than that is rounding.
    held = fmax(held + DBL_EPSILON * trace, DBL_MIN)
    for k in range(n_classes):
        step[k] = gradient[k]
        for other in range(k):
            edges[k, other] += held / n_classes
    _solve_laplacian(edges, step)


cdef double _largest(const double[::1] x) noexcept nogil:
    """The largest magnitude; no number where there is one that is none."""
    cdef double largest = 0.0
    cdef Py_ssize_t k
    for k in range(x.shape[0]):
        largest = fabs(x[k]) if not fabs(x[k]) <= largest else largest
    return largest


cdef void _measure(
    const double[::1] weights, const double[:, ::1] raw, const double[::1] offset, double* size, double* spread
) noexcept nogil:
    """The mean of the largest raw predictions of samples, and by how much those of a sample differ at most."""
    cdef Py_ssize_t i, k
    cdef double shifted, lowest, highest
    size[0] = spread[0] = 0.0
    for i in range(raw.shape[1]):
        lowest = highest = raw[0, i] + offset[0]
        for k in range(1, raw.shape[0]):
            shifted = raw[k, i] + offset[k]
            lowest, highest = fmin(lowest, shifted), fmax(highest, shifted)
        size[0] += weights[i] * fmax(-lowest, highest)
        spread[0] = fmax(spread[0], highest - lowest)


cdef double _find_offset(
    const double[::1] codes,
    const double[::1] weights,
    const double[::1] mean,
    const double[:, ::1] raw,
    double[:, ::1] residual,
    double[::1] offset,
    double[:, ::1] room,
    double[:, ::1] edges,
) noexcept nogil:
    """Minimise the loss over the offset, from where that is, by Newton steps; the loss, and the residuals, there."""
    cdef Py_ssize_t n_classes = raw.shape[0], k
    cdef double[::1] gradient = room[0], step = room[1], moved = room[2]
    cdef double size, spread, largest, before, promised, length, centre
    cdef double loss = _evaluate(codes, weights, raw, offset, residual, gradient), moved_loss
    cdef int _turn, _halving
    if _largest(gradient) > FAR:
        centre = 0.0
        for k in range(n_classes):
            moved[k] = mean[k] - weighted_sum(&weights[0], &raw[k, 0], raw.shape[1])
            centre += moved[k] / n_classes
        for k in range(n_classes):
            moved[k] -= centre
        moved_loss = _evaluate(codes, weights, raw, moved, residual, gradient)
        if moved_loss < loss:
            offset[:] = moved
        loss = moved_loss if moved_loss < loss else _evaluate(codes, weights, raw, offset, residual, gradient)
    _measure(weights, raw, offset, &size, &spread)
    for _turn in range(MAX_STEPS):
        before = _largest(gradient)
        if before <= DBL_EPSILON or not isfinite(loss):
            return loss
        # Where the loss is nearly linear, a step is held to spread over gradient; at the end it is Newton's.
        _newton_step(codes, weights, residual, gradient, before * before / (1.0 + spread), edges, step)
        promised = 0.0
        for k in range(n_classes):
            promised += ARMIJO * gradient[k] * step[k]
        length = 1.0
        for _halving in range(MAX_HALVINGS):
            for k in range(n_classes):
                moved[k] = offset[k] + length * step[k]
            moved_loss = _evaluate(codes, weights, raw, moved, residual, gradient)
            if moved_loss <= loss - length * promised + 4 * DBL_EPSILON * (1.0 + size):
                break
            length *= 0.5
        else:
            break
        largest = _largest(gradient)
        # A few digits from the best, a step that gains nothing says that rounding is all that is left.
        if before <= NEARLY and not largest < 0.5 * before:
            break
        offset[:], loss = moved, moved_loss
        # A Newton step leaves about this much of the gradient.
        if length == 1.0 and before * _largest(step) <= DBL_EPSILON:
            return loss
    return _evaluate(codes, weights, raw, offset, residual, gradient)


cdef void _balance(
    const double[::1] codes, const double[::1] weights, double[:, ::1] residual, double[:, ::1] room,
    double[:, ::1] edges
) noexcept nogil:
    """Take from residuals what rounding of raw predictions has left of their sums, which large columns would magnify.

    Probabilities move by p_k (d_k - sum_l p_l d_l), for a Newton step d of the offset: in proportion, so that they
    keep their digits. None goes beyond zero or one.
    """
    cdef Py_ssize_t n_classes = residual.shape[0], i, k, own
    cdef double[::1] gradient = room[0], step = room[1]
    cdef double mean, others
    if not DBL_EPSILON < _largest(gradient) <= NEARLY:
        return
    _newton_step(codes, weights, residual, gradient, 0.0, edges, step)
    if not _largest(step) <= 1.0:
        return
    for i in range(codes.shape[0]):
        own = <Py_ssize_t> codes[i]
        mean, others = (1.0 - residual[own, i]) * step[own], 0.0
        for k in range(n_classes):
            if k != own:
                mean -= residual[k, i] * step[k]
        for k in range(n_classes):
            if k != own:
                residual[k, i] = fmin(fmax(residual[k, i] * (1.0 + step[k] - mean), -1.0), 0.0)
                others -= residual[k, i]
        residual[own, i] = fmin(others, 1.0)


cdef double fit_one(
    const double[::1] codes,
    const double[::1] weights,
    const double[::1] mean,
    double[:, ::1] raw,
    double[:, ::1] residual,
    double[::1] offset,
    bint fit_intercept,
    double[:, ::1] room,
    double[:, ::1] edges,
) noexcept nogil:
    cdef Py_ssize_t k
    cdef double loss
    if fit_intercept:
        loss = _find_offset(codes, weights, mean, raw, residual, offset, room, edges)
        _balance(codes, weights, residual, room, edges)
    else:
        loss = _evaluate(codes, weights, raw, offset, residual, room[0])
    for k in range(raw.shape[0]):
        add_shift(&raw[k, 0], offset[k], raw.shape[1], &raw[k, 0])
    return loss


def fit(
    const double[::1] codes,
    const double[::1] weights,
    const double[::1] mean,
    double[:, :, ::1] raw,
    double[:, :, ::1] residuals,
    double[::1] losses,
    double[:, ::1] offsets,
    bint fit_intercept,
):
    """Add to raw predictions, of shape (k, n_classes, n_samples), their best offsets, which start where they are.

    Residuals and losses are told; ``mean`` is that of the raw predictions of the null model.
    """
    cdef Py_ssize_t n_classes = raw.shape[1], row
    cdef double[:, ::1] room = np.empty((3, n_classes)), edges = np.empty((n_classes, n_classes))
    with nogil:
        for row in range(raw.shape[0]):
            losses[row] = fit_one(
                codes, weights, mean, raw[row], residuals[row], offsets[row], fit_intercept, room, edges
            )


def sample_losses(const double[::1] codes, const double[:, :, ::1] raw):
    """The loss of every sample, of shape (k, n_samples), for raw predictions of shape (k, n_classes, n_samples)."""
    cdef Py_ssize_t n_classes = raw.shape[1], n_rows = raw.shape[2], row, block, first, n
    cdef double[BLOCK] rest, behind
    cdef double[:, ::1] others = np.empty((n_classes, BLOCK))
    cdef double[::1] nowhere = np.zeros(n_classes)
    losses = np.empty((raw.shape[0], n_rows))
    cdef double[:, ::1] out = losses
    with nogil:
        for row in range(raw.shape[0]):
            for block in range((n_rows + BLOCK - 1) // BLOCK):
                first = block * BLOCK
                n = min(BLOCK, n_rows - first)
                softmax_against_own(
                    &codes[first], &raw[row, 0, first], n_rows, &nowhere[0], n_classes, n, &others[0, 0], BLOCK,
                    rest, behind
                )
                softmax_losses(rest, behind, n, &out[row, first])
    return losses


cdef double total_misfit(
    const double[::1] codes,
    const double[::1] weights,
    const double[:, ::1] raw,
    double scale,
    double[:, ::1] room,
) noexcept nogil:
    cdef Py_ssize_t n_classes = raw.shape[0], n_rows = raw.shape[1], block, first, n
    cdef double[BLOCK] rest, behind, losses, misfits
    cdef double total = 0.0
    for block in range((n_rows + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        n = min(BLOCK, n_rows - first)
        softmax_against_own(
            &codes[first], &raw[0, first], n_rows, &room[n_classes, 0], n_classes, n, &room[0, 0], room.shape[1],
            rest, behind
        )
        softmax_losses(rest, behind, n, losses)
        softmax_misfits(rest, behind, losses, scale, n, misfits)
        total += weighted_sum(&weights[first], misfits, n)
    return total


def room_of(n_classes):
    """Room to look at a block of samples in: a row for each class, and one of zeros."""
    return np.zeros((n_classes + 1, max(BLOCK, n_classes)))


def misfit(const double[::1] codes, const double[::1] weights, const double[:, ::1] raw, double scale):
    """The weighted mean of the misfits of samples, at a scale of their residuals."""
    cdef double[:, ::1] room = room_of(raw.shape[0])
    cdef double total
    with nogil:
        total = total_misfit(codes, weights, raw, scale, room)
    return total
