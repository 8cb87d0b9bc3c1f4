"""What combinations of correlations come to at most."""

import numpy as np

cdef extern from "_simd.h":
    const int FEATURES "SPARSEFIT_FEATURES"
    void largest_limits(
        const double* shares, const double* distances, Py_ssize_t n_rows, Py_ssize_t n_known,
        const double* x, Py_ssize_t n_tasks, Py_ssize_t apart, const double* norms, Py_ssize_t n, double* limits
    ) nogil


def limits(
    const double[:, ::1] shares,
    const double[::1] distances,
    const double[:, :, ::1] correlations,
    const double[::1] norms,
):
    """Of every feature the largest ||sum_k shares_k correlations_k|| + distance * norm, over rows of shares.

    Shares are of shape (n_rows, n_known), correlations of shape (n_known, n_tasks, n_features); norms are over the
    tasks. NaN where any is.
    """
    cdef Py_ssize_t block, first, n_features = len(norms)
    if (len(shares), correlations.shape[0], correlations.shape[2]) != (len(distances), shares.shape[1], n_features):
        raise ValueError(f"No limits of {len(distances)} rows and {n_features} features.")
    result = np.empty(n_features)
    cdef double[::1] largest = result
    with nogil:
        for block in range((n_features + FEATURES - 1) // FEATURES):
            first = block * FEATURES
            largest_limits(
                &shares[0, 0], &distances[0], shares.shape[0], shares.shape[1], &correlations[0, 0, first],
                correlations.shape[1], n_features, &norms[first], min(FEATURES, n_features - first), &largest[first],
            )
    return result
