"""Coordinate descent on residuals, one packed column at a time."""

from libc.math cimport fabs, sqrt

from sklearn_sparsefit.design._columns cimport Columns
from sklearn_sparsefit.penalty._penalty cimport Penalty


def sweep(
    Columns columns,
    const double[::1] means,
    const double[::1] sq_norms,
    const double[::1] weights,
    double[::1] coef,
    double[::1] weighted_residual,
    Penalty penalty,
):
    """One sweep over the working set, in place; returns the largest move in units of the prediction.

    With v = s * (y - Zw), correlation_j = (z_j - mean_j)'v = z_j'v - mean_j * sum(v): columns need no centring.
    """
    cdef Py_ssize_t i, j, m = coef.shape[0]
    cdef double* v = &weighted_residual[0]
    cdef const double* s = &weights[0]
    cdef double total = 0.0, h, new, move, largest = 0.0
    with nogil:
        for i in range(weighted_residual.shape[0]):
            total += v[i]
        for j in range(m):
            h = sq_norms[j]
            if h <= 0.0:
                continue
            new = penalty.prox(j, coef[j] + (columns.dot(j, v) - means[j] * total) / h, 1.0 / h)
            move = new - coef[j]
            if move == 0.0:
                continue
            columns.add_weighted(j, -move, s, v)
            total -= move * means[j]
            coef[j] = new
            largest = max(largest, fabs(move) * sqrt(h))
    return largest
