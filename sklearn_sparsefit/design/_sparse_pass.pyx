"""Products of a compressed matrix with many vectors, WIDTH of them at a time.

Lines are the columns of a CSC matrix or the rows of a CSR matrix. Vectors come interleaved: ``vectors[b, i, q]`` is
element i of vector ``b * WIDTH + q``; a single one comes with a last axis of length one.
"""

from cython cimport floating

from sklearn_sparsefit.design cimport _simd

WIDTH = _simd.WIDTH

ctypedef long long longlong
ctypedef fused index:
    int
    longlong


def gather(
    const floating[::1] data,
    const index[::1] indices,
    const longlong[::1] starts,
    const longlong[::1] stops,
    const double[:, :, ::1] vectors,
    double[:, ::1] result,
    Py_ssize_t first,
    Py_ssize_t last,
):
    """result[k, j] = sum over the entries (i, x) of line j of x * vector_k[i], for first <= j < last.

    The entries of line j are those from ``starts[j]`` to ``stops[j]``.
    """
    cdef Py_ssize_t b, n_lines = last - first, width = vectors.shape[2], apart = result.shape[1]
    cdef _simd.GatherLines gather_lines
    if not (
        0 <= first <= last <= min(len(starts), len(stops), result.shape[1])
        and (len(vectors) - 1) * width < len(result) <= len(vectors) * width and width in (1, WIDTH)
    ):
        raise ValueError(f"No sums of lines {first} to {last} with these vectors and this result.")
    if n_lines == 0 or data.shape[0] == 0:
        result[:, first:last] = 0.0
        return
    if floating is double:
        gather_lines = _simd.gather_double_int_lines if index is int else _simd.gather_double_long_lines
    else:
        gather_lines = _simd.gather_float_int_lines if index is int else _simd.gather_float_long_lines
    with nogil:
        for b in range(vectors.shape[0]):
            gather_lines(
                &data[0], &indices[0], &starts[first], &stops[first], n_lines,
                &vectors[b, 0, 0], width, &result[b * width, first], min(width, result.shape[0] - b * width), apart,
            )


def scatter(
    const floating[::1] data,
    const index[::1] indices,
    const longlong[::1] indptr,
    const double[:, ::1] vectors,
    double[:, ::1] result,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """result[j] += x * vectors[i] for every entry (j, x) of line i, for start <= i < stop and one block of vectors."""
    cdef Py_ssize_t width = vectors.shape[1], n_lines = stop - start
    cdef _simd.ScatterLines scatter_lines
    if not (0 <= start <= stop <= min(len(vectors), len(indptr) - 1) and width == result.shape[1] in (1, WIDTH)):
        raise ValueError(f"No sums over lines {start} to {stop} with these vectors and this result.")
    if n_lines == 0 or data.shape[0] == 0:
        return
    if floating is double:
        scatter_lines = _simd.scatter_double_int_lines if index is int else _simd.scatter_double_long_lines
    else:
        scatter_lines = _simd.scatter_float_int_lines if index is int else _simd.scatter_float_long_lines
    with nogil:
        scatter_lines(&data[0], &indices[0], &indptr[start], n_lines, &vectors[start, 0], width, &result[0, 0])


def gather_squares(
    const floating[::1] data,
    const index[::1] indices,
    const longlong[::1] indptr,
    const double[::1] vector,
    double scale,
    double[::1] result,
):
    """result[j] = sum over the entries (i, x) of line j of (scale * x)^2 * vector[i]."""
    cdef Py_ssize_t j, t
    cdef double total, x
    with nogil:
        for j in range(indptr.shape[0] - 1):
            total = 0.0
            for t in range(indptr[j], indptr[j + 1]):
                x = scale * data[t]
                total += x * vector[indices[t]] * x
            result[j] = total


def scatter_squares(
    const floating[::1] data,
    const index[::1] indices,
    const longlong[::1] indptr,
    const double[::1] vector,
    double scale,
    double[::1] result,
):
    """result[j] += (scale * x)^2 * vector[i] for every entry (j, x) of line i."""
    cdef Py_ssize_t i, t
    cdef double x
    with nogil:
        for i in range(indptr.shape[0] - 1):
            for t in range(indptr[i], indptr[i + 1]):
                x = scale * data[t]
                result[indices[t]] += x * vector[i] * x


def take(
    const floating[::1] data,
    const index[::1] indices,
    const longlong[::1] indptr,
    const Py_ssize_t[::1] lines,
    double scale,
    const longlong[::1] out_indptr,
    double[::1] out_data,
    int[::1] out_indices,
):
    """Copy some lines, times ``scale``."""
    cdef Py_ssize_t a, t, u
    with nogil:
        for a in range(lines.shape[0]):
            u = out_indptr[a]
            for t in range(indptr[lines[a]], indptr[lines[a] + 1]):
                out_data[u] = scale * data[t]
                out_indices[u] = <int> indices[t]
                u += 1


def pick(
    const floating[::1] data,
    const index[::1] indices,
    const longlong[::1] indptr,
    const int[::1] position,
    double scale,
    longlong[::1] ends,
    double[::1] out_data,
    int[::1] out_indices,
):
    """Copy the entries of some indices, times ``scale``, those of index j to line ``position[j]`` unless negative.

    ``ends[a]`` is where the next entry of line a goes.
    """
    cdef Py_ssize_t i, t, u
    cdef int a
    with nogil:
        for i in range(indptr.shape[0] - 1):
            for t in range(indptr[i], indptr[i + 1]):
                a = position[indices[t]]
                if a >= 0:
                    u = ends[a]
                    out_data[u] = scale * data[t]
                    out_indices[u] = <int> i
                    ends[a] = u + 1
