"""X.T @ R for compressed X and many right-hand sides, R and the result stored by row."""

from cython cimport floating

ctypedef fused index:
    int
    long long


def gather(
    const floating[::1] data,
    const index[::1] indices,
    const index[::1] indptr,
    const double[:, ::1] residuals,
    double[:, ::1] result,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """CSC: result[j] = sum over the entries (i, x) of column j of x * residuals[i], start <= j < stop."""
    cdef Py_ssize_t j, t, k, n_rhs = residuals.shape[1]
    cdef double x
    cdef const double* row
    cdef double* out
    with nogil:
        for j in range(start, stop):
            out = &result[j, 0]
            for t in range(indptr[j], indptr[j + 1]):
                x = data[t]
                row = &residuals[indices[t], 0]
                for k in range(n_rhs):
                    out[k] += x * row[k]


def scatter(
    const floating[::1] data,
    const index[::1] indices,
    const index[::1] indptr,
    const double[:, ::1] residuals,
    double[:, ::1] result,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """CSR: result[j] += x * residuals[i] for every entry (j, x) of row i, start <= i < stop."""
    cdef Py_ssize_t i, t, k, n_rhs = residuals.shape[1]
    cdef double x
    cdef const double* row
    cdef double* out
    with nogil:
        for i in range(start, stop):
            row = &residuals[i, 0]
            for t in range(indptr[i], indptr[i + 1]):
                x = data[t]
                out = &result[indices[t], 0]
                for k in range(n_rhs):
                    out[k] += x * row[k]
