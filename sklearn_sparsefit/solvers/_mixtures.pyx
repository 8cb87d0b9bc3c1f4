"""Mixtures of what sweeps have gone through, for problems side by side.

Values have shape (m, k, width): m times k numbers of so many problems. Mixtures have shape (m, width), a weight of each
time for every problem.
"""

import numpy as np

from sklearn_sparsefit.design._simd cimport WIDTH

cdef enum:
    # Times at most.
    MOST = 16


def _check(values):
    if values.shape[2] not in (1, WIDTH) or len(values) > MOST:
        raise ValueError(f"{values.shape[2]} problems stand side by side, {len(values)} times.")


def add_step_products(const double[:, :, ::1] values, double[:, :, ::1] products):
    """Add the inner products of the steps from each time to the next, (m - 1) x (m - 1) of every problem."""
    cdef Py_ssize_t i, a, b, q, m = values.shape[0] - 1, width = values.shape[2]
    cdef double[MOST][WIDTH] steps
    cdef double[MOST][MOST][WIDTH] sums
    _check(values)
    with nogil:
        for a in range(m):
            for b in range(a + 1):
                for q in range(width):
                    sums[a][b][q] = 0.0
        for i in range(values.shape[1]):
            for a in range(m):
                for q in range(width):
                    steps[a][q] = values[a + 1, i, q] - values[a, i, q]
            for a in range(m):
                for b in range(a + 1):
                    for q in range(width):
                        sums[a][b][q] += steps[a][q] * steps[b][q]
        for q in range(width):
            for a in range(m):
                for b in range(a + 1):
                    products[q, a, b] += sums[a][b][q]
                    if b < a:
                        products[q, b, a] += sums[a][b][q]


def mixed(const double[:, ::1] mixtures, const double[:, :, ::1] values):
    """The mixtures, of shape (k, width)."""
    cdef Py_ssize_t i, a, q, width = values.shape[2]
    _check(values)
    result = np.zeros((values.shape[1], width))
    cdef double[:, ::1] out = result
    with nogil:
        for i in range(values.shape[1]):
            for a in range(values.shape[0]):
                for q in range(width):
                    out[i, q] += mixtures[a, q] * values[a, i, q]
    return result


def mixed_losses(
    const double[:, ::1] mixtures, const double[:, :, ::1] weighted_residuals, const double[::1] weights, bint centred
):
    """Half the weighted squares of mixtures of residuals, which are given times the weights, about their means or not.

    Weights sum to one; rows without weight count for nothing.
    """
    cdef Py_ssize_t i, a, q, width = weighted_residuals.shape[2]
    cdef double[WIDTH] squares, sums, here
    _check(weighted_residuals)
    result = np.empty(width)
    cdef double[::1] out = result
    with nogil:
        for q in range(width):
            squares[q] = sums[q] = 0.0
        for i in range(weighted_residuals.shape[1]):
            if weights[i] == 0.0:
                continue
            for q in range(width):
                here[q] = 0.0
            for a in range(weighted_residuals.shape[0]):
                for q in range(width):
                    here[q] += mixtures[a, q] * weighted_residuals[a, i, q]
            for q in range(width):
                sums[q] += here[q]
                squares[q] += here[q] * (here[q] / weights[i])
        for q in range(width):
            out[q] = 0.5 * (squares[q] - (sums[q] * sums[q] if centred else 0.0))
    return result
