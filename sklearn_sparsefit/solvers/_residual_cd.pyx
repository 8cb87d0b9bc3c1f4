"""Coordinate descent on residuals, one packed column at a time."""

from sklearn_sparsefit.design._columns cimport Columns
from sklearn_sparsefit.design._simd cimport WIDTH
from sklearn_sparsefit.penalty._penalty cimport SeparablePenalty


def sweep(
    Columns columns,
    const double[::1] means,
    const double[::1] sq_norms,
    const double[::1] weights,
    double[:, ::1] coefs,
    double[:, ::1] weighted_residuals,
    const double[::1] strengths,
    const double[::1] levels,
    double[::1] rests,
    SeparablePenalty penalty,
):
    """One sweep over the working set for one problem, or WIDTH that differ in target and strength, in place.

    Their coefficients stand side by side, and so do their residuals v = s * (y - Zw): correlation_j is
    (z_j - mean_j)'v + mean_j * level = z_j'v - mean_j * rest with the rest sum(v) - level, and columns need no
    centring. The level is what sum(v) is taken to be; the rests are those where the sweep ends. Strengths are those of
    the penalty.
    """
    cdef Py_ssize_t i, j, q, width = coefs.shape[1]
    cdef double* v = &weighted_residuals[0, 0]
    cdef const double* s = &weights[0]
    cdef double totals[WIDTH]
    cdef double sums[WIDTH]
    cdef double steps[WIDTH]
    cdef double h, new
    cdef bint moves
    if width != 1 and width != WIDTH:
        raise ValueError(f"{width} problems stand side by side, which must be one or {WIDTH}.")
    with nogil:
        for q in range(width):
            totals[q] = -levels[q]
        for i in range(weighted_residuals.shape[0]):
            for q in range(width):
                totals[q] += v[i * width + q]
        for j in range(coefs.shape[0]):
            h = sq_norms[j]
            if h <= 0.0:
                continue
            columns.gather(j, v, width, sums)
            moves = False
            for q in range(width):
                new = penalty.prox(j, coefs[j, q] + (sums[q] - means[j] * totals[q]) / h, strengths[q] / h)
                steps[q] = coefs[j, q] - new
                coefs[j, q] = new
                totals[q] += steps[q] * means[j]
                moves = moves or steps[q] != 0.0
            if moves:
                columns.scatter(j, steps, s, width, v)
        for q in range(width):
            rests[q] = totals[q]
