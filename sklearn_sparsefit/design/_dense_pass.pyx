"""Products with tiles of a dense X, in double precision whatever X is stored in."""

from cython cimport floating
from libc.math cimport sqrt
from libc.string cimport memcpy, memset
from scipy.linalg.cython_blas cimport daxpy, dgemm, dgemv, dsyr, dsyrk

from sklearn_sparsefit.design._simd cimport (
    FEW_VECTORS, add_squares, centre_line, dots_of_lines, scale_line, shift_line, square_of_product, sums_of_lines,
    widen,
)


cdef void _pack(
    const floating* X, Py_ssize_t line_stride, Py_ssize_t stride, int n_lines, int length, double* out
) noexcept nogil:
    """Copy lines of X, one after the other; strides are in bytes."""
    cdef Py_ssize_t i, j
    cdef const floating* line
    for i in range(n_lines):
        line = <const floating*> (<const char*> X + i * line_stride)
        if stride == sizeof(floating):
            if floating is float:
                widen(line, length, out)
            else:
                memcpy(out, line, length * sizeof(double))
        else:
            for j in range(length):
                out[j] = (<const floating*> (<const char*> line + j * stride))[0]
        out += length


cdef void _shift(
    double* tile, double scale, const double* line_shift, const double* shift, int n_lines, int length
) noexcept nogil:
    """tile_ij = scale * tile_ij - line_shift_i - shift_j, where either shift may be NULL."""
    cdef Py_ssize_t i
    for i in range(n_lines):
        shift_line(tile, length, scale, shift, 0.0 if line_shift == NULL else line_shift[i])
        tile += length


cdef void _multiply(
    const double* left, int ld_left, const double* tile, int ld, bint by_row,
    double* out, int ld_out, int k, int n, int width, double beta
) noexcept nogil:
    """out = left @ tile + beta * out, for a tile of n rows and a left side of k."""
    cdef int one = 1
    cdef double unit = 1.0
    if k == 1 and by_row:
        dgemv("N", &width, &n, &unit, <double*> tile, &ld, <double*> left, &one, &beta, out, &one)
    elif k == 1:
        dgemv("T", &n, &width, &unit, <double*> tile, &ld, <double*> left, &one, &beta, out, &one)
    else:
        dgemm(
            "N" if by_row else "T", "N", &width, &k, &n,
            &unit, <double*> tile, &ld, <double*> left, &ld_left, &beta, out, &ld_out,
        )


def multiply(
    const double[:, ::1] left, const double[:, :] X, double[:, ::1] out, Py_ssize_t row, Py_ssize_t column
):
    """Columns of ``left @ X`` from ``column`` on, for a tile that begins at some row and column and suits BLAS."""
    cdef bint by_row = abs(X.strides[0]) >= abs(X.strides[1])
    cdef int ld = <int> ((X.strides[0] if by_row else X.strides[1]) // <Py_ssize_t> sizeof(double))
    cdef int n = <int> X.shape[0], width = <int> X.shape[1], q, k = <int> left.shape[0]
    cdef int ld_left = <int> left.shape[1], ld_out = <int> out.shape[1]
    with nogil:
        # BLAS packs X first, and is faster where it is in the cache: what was copied.
        if 1 < k <= FEW_VECTORS:
            for q in range(k):
                memset(&out[q, column], 0, width * sizeof(double))
            if by_row:
                sums_of_lines(&X[0, 0], ld, n, width, &left[0, row], ld_left, k, &out[0, column], ld_out)
            else:
                dots_of_lines(&X[0, 0], ld, width, n, &left[0, row], ld_left, k, &out[0, column], ld_out)
        else:
            _multiply(&left[0, row], ld_left, &X[0, 0], ld, by_row, &out[0, column], ld_out, k, n, width, 0.0)


def multiply_shifted(
    const double[:, ::1] left,
    const floating[:, :] X,
    double[:, ::1] out,
    Py_ssize_t row,
    Py_ssize_t column,
    double scale,
    const double[::1] row_shift,
    const double[::1] column_shift,
    double[::1] buffer,
):
    """Columns of ``left @ (scale * X - shifts)``, for shifts, either of them None, of the tile's rows and columns.

    Parts of the tile are copied into ``buffer``, whatever its type and strides.
    """
    cdef int n = <int> X.shape[0], width = <int> X.shape[1], k = <int> left.shape[0]
    cdef int ld_left = <int> left.shape[1], ld_out = <int> out.shape[1]
    cdef int i, j, h, w, n_rows, n_columns
    cdef bint by_row = abs(X.strides[0]) >= abs(X.strides[1])
    cdef bint is_shifted = row_shift is not None or column_shift is not None or scale != 1.0
    cdef const double* rows = NULL
    cdef const double* columns = NULL
    cdef const double* first_left = &left[0, row]
    cdef double* first_out = &out[0, column]
    cdef double* part = &buffer[0]
    if row_shift is not None:
        rows = &row_shift[0]
    if column_shift is not None:
        columns = &column_shift[0]
    with nogil:
        # Long lines are read fastest, but every part adds to k lines of ``out``: the more of them, the more rows.
        n_rows = min(n, max(<int> (buffer.shape[0] // width), min(384, 8 * k + 8) if by_row else 256))
        n_columns = <int> min(width, buffer.shape[0] // n_rows)
        j = 0
        while j < width:
            w = min(n_columns, width - j)
            i = 0
            while i < n:
                h = min(n_rows, n - i)
                if by_row:
                    _pack(&X[i, j], X.strides[0], X.strides[1], h, w, part)
                    if is_shifted:
                        _shift(part, scale, rows + i if rows else NULL, columns + j if columns else NULL, h, w)
                else:
                    _pack(&X[i, j], X.strides[1], X.strides[0], w, h, part)
                    if is_shifted:
                        _shift(part, scale, columns + j if columns else NULL, rows + i if rows else NULL, w, h)
                _multiply(
                    first_left + i, ld_left, part, w if by_row else h, by_row,
                    first_out + j, ld_out, k, h, w, 0.0 if i == 0 else 1.0,
                )
                i += h
            j += w


def add_sq_norms(
    const floating[:, :] X, const double[::1] scales, double[::1] out, Py_ssize_t column, double[::1] buffer
):
    """Add the squares of a tile's columns, whose rows are multiplied by ``scales``, from some ``column`` on."""
    cdef bint by_row = abs(X.strides[0]) >= abs(X.strides[1])
    cdef int n = <int> X.shape[0], width = <int> X.shape[1], i, j
    cdef const double* line = &buffer[0]
    with nogil:
        if by_row:
            for i in range(n):
                if floating is double and X.strides[1] == sizeof(double):
                    line = &X[i, 0]
                else:
                    _pack(&X[i, 0], X.strides[0], X.strides[1], 1, width, &buffer[0])
                add_squares(line, width, scales[i], &out[column])
        else:
            for j in range(width):
                if floating is double and X.strides[0] == sizeof(double):
                    line = &X[0, j]
                else:
                    _pack(&X[0, j], X.strides[1], X.strides[0], 1, n, &buffer[0])
                out[column + j] += square_of_product(line, &scales[0], n, 0.0)


def add_moments(
    const floating[:, :] X,
    const double[::1] weights,
    const double[::1] target,
    double scale,
    const double[::1] shift,
    bint centre,
    double[::1] totals,
    double[::1] means,
    double[::1] correlation,
    double[::1, :] gram,
    double[:, ::1] vectors,
    double[::1] buffer,
):
    """Add a tile of rows z = scale * x - shift to the weighted moments of those before.

    ``totals`` are sum s and sum s t; ``correlation`` is sum s t (z - mean) and ``gram``, of which only the lower
    triangle is made, sum s (z - mean) (z - mean)'. The tile is centred by its own mean, and then the two are merged
    (Chan, Golub & LeVeque, 1983): that keeps the digits of columns with large means. Rows of weight zero count for
    nothing, whatever is in them.
    """
    cdef int n = <int> X.shape[0], p = <int> X.shape[1], one = 1, i, j
    cdef bint by_row = abs(X.strides[0]) >= abs(X.strides[1])
    cdef double unit = 1.0, zero = 0.0, weight = 0.0, target_sum = 0.0, share, factor
    cdef double* tile = &buffer[0]
    cdef double* mean = &vectors[0, 0]  # of the tile, later its distance from the mean so far
    cdef double* root = &vectors[1, 0]  # sqrt(s)
    cdef double* weighted = &vectors[2, 0]  # sqrt(s) t
    cdef double* z
    with nogil:
        for i in range(n):
            root[i] = sqrt(weights[i])
            weighted[i] = root[i] * target[i] if weights[i] > 0 else 0.0
            weight += weights[i]
            target_sum += root[i] * weighted[i]
    if weight == 0.0:
        return
    with nogil:
        if by_row:
            _pack(&X[0, 0], X.strides[0], X.strides[1], n, p, tile)
            _shift(tile, scale, NULL, &shift[0], n, p)
        else:
            _pack(&X[0, 0], X.strides[1], X.strides[0], p, n, tile)
            _shift(tile, scale, &shift[0], NULL, p, n)
        for i in range(n):
            if weights[i] == 0.0 and by_row:
                memset(tile + <Py_ssize_t> i * p, 0, p * sizeof(double))
            elif weights[i] == 0.0:
                for j in range(p):
                    tile[<Py_ssize_t> j * n + i] = 0.0
        if centre:
            factor = 1.0 / weight
            if by_row:
                dgemv("N", &p, &n, &factor, tile, &p, <double*> &weights[0], &one, &zero, mean, &one)
            else:
                dgemv("T", &n, &p, &factor, tile, &n, <double*> &weights[0], &one, &zero, mean, &one)
        else:
            memset(mean, 0, p * sizeof(double))
        if by_row:
            for i in range(n):
                if weights[i] > 0.0:
                    centre_line(tile + <Py_ssize_t> i * p, p, mean, root[i])
            dgemv("N", &p, &n, &unit, tile, &p, weighted, &one, &unit, &correlation[0], &one)
            dsyrk("L", "N", &p, &n, &unit, tile, &p, &unit, &gram[0, 0], &p)
        else:
            for j in range(p):
                z = tile + <Py_ssize_t> j * n
                shift_line(z, n, 1.0, NULL, mean[j])
                scale_line(z, n, root)
            dgemv("T", &n, &p, &unit, tile, &n, weighted, &one, &unit, &correlation[0], &one)
            dsyrk("L", "T", &p, &n, &unit, tile, &n, &unit, &gram[0, 0], &p)
        share = weight / (totals[0] + weight)
        if centre:
            shift_line(mean, p, 1.0, &means[0], 0.0)
            factor = share * totals[0]
            dsyr("L", &p, &factor, mean, &one, &gram[0, 0], &p)
            factor = (1.0 - share) * target_sum - share * totals[1]
            daxpy(&p, &factor, mean, &one, &correlation[0], &one)
            daxpy(&p, &share, mean, &one, &means[0], &one)
        totals[0] += weight
        totals[1] += target_sum
