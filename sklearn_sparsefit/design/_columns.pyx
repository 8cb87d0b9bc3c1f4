"""Packed columns of a working set, in double precision, one column at a time for the kernels."""

from itertools import product

import numpy as np

from libc.math cimport INFINITY
from scipy.linalg.cython_blas cimport ddot, dgemm, dsyrk

from sklearn_sparsefit._threads import run_in_threads
from sklearn_sparsefit.design.lines import Lines
from sklearn_sparsefit.design.tiles import MAX_SUMS, multiply

cdef extern from "_simd.h":
    double mean_about(const double* x, const double* weights, Py_ssize_t n, double centre) nogil
    double square_about(const double* x, const double* weights, Py_ssize_t n, double centre) nogil
    void gather_entries(
        const double* data, const int* indices, Py_ssize_t n, const double* vectors, Py_ssize_t width, double* out
    ) nogil
    void sum_entries(
        const double* data, const int* indices, Py_ssize_t n, const double* weights, double centre, double* sums
    ) nogil
    void weigh_line(const double* x, Py_ssize_t n, double shift, const double* factor, double* out) nogil
    void gather_line(const double* x, Py_ssize_t n, const double* vectors, double* out) nogil
    void scatter_weighted(
        const double* x, const int* indices, Py_ssize_t n, const double* s, const double* steps, Py_ssize_t width,
        double* out
    ) nogil
    void scatter_weighted_line(
        const double* x, const int* indices, Py_ssize_t n, const double* s, const double* steps, Py_ssize_t width,
        double* out
    ) nogil

cdef enum:
    # Sparse columns of which there is a dense copy at a time.
    DENSE_AT_ONCE = 16
    # Samples that products of dense columns are summed over at a time, so that these stay in the cache.
    SAMPLES_AT_ONCE = 1024
    # And columns before them, which are other threads' where there are many.
    COLUMNS_AT_ONCE = 256
# Multiply-adds that are worth a thread.
LARGE_PRODUCT = 2**25


cdef _mirror(double[:, :] square):
    """Copy the lower triangle to the upper one."""
    cdef Py_ssize_t i, j
    for i in range(square.shape[0]):
        for j in range(i):
            square[j, i] = square[i, j]


cdef class Columns:
    """Columns z_j = x_j - shift_j of some features of X.

    Blocks of vectors are stored one vector per row, as everywhere in the engine.
    """

    cdef void gather(self, Py_ssize_t j, const double* v, Py_ssize_t width, double* sums) noexcept nogil:
        pass

    cdef void scatter(
        self, Py_ssize_t j, const double* steps, const double* s, Py_ssize_t width, double* v
    ) noexcept nogil:
        pass


cdef class DenseColumns(Columns):

    def __init__(self, packed, shift):
        self._buffer = packed
        self._values = packed
        self.shift = shift
        self.n_columns, self.n_samples = packed.shape

    @property
    def _packed(self):
        return self._buffer[: self.n_columns]

    def append(self, DenseColumns other):
        """Take in the columns of ``other``, after one's own."""
        cdef Py_ssize_t total = self.n_columns + other.n_columns
        if total > len(self._buffer):
            buffer = np.empty((total + total // 4, self.n_samples))
            buffer[: self.n_columns] = self._packed
            self._buffer = buffer
            self._values = buffer
        self._buffer[self.n_columns : total] = other._packed
        self.shift = np.concatenate([self.shift, other.shift])
        self.n_columns = total

    def take(self, positions):
        """Copy of the columns at some positions."""
        return DenseColumns(self._packed[positions], self.shift[positions])

    def predict(self, coefs):
        """``coefs @ Z.T``: raw predictions, short of the shifts, for coefs of shape (k, n_columns)."""
        return multiply(coefs, self._packed)

    def correlate(self, residuals, stop=None):
        """``residuals @ Z[:, :stop]`` for residuals of shape (k, n_samples)."""
        return multiply(residuals, self._packed[:stop].T)

    def products(self, weights, means, block):
        """Weighted products of some columns with all up to these, about the means of both."""
        cdef Py_ssize_t n_columns = block.stop - block.start
        n_multiply_adds = self.n_samples * n_columns * block.stop
        n_parts = min(MAX_SUMS, self.n_samples // (8 * n_columns), n_multiply_adds // LARGE_PRODUCT)
        edges = np.linspace(0, self.n_samples, max(1, n_parts) + 1).astype(np.intp)
        parts = np.zeros((len(edges) - 1, n_columns, block.stop))
        roots = np.sqrt(weights)

        def work(piece):
            part, first = piece
            factors, last = weights, min(first + COLUMNS_AT_ONCE, block.start)
            if first == block.start:
                factors, last = roots, block.stop
            self._add_products(factors, means, block.start, first, last, edges[part : part + 2], parts[part])

        columns = [*range(0, block.start, COLUMNS_AT_ONCE), block.start]
        run_in_threads(work, product(range(len(parts)), columns))
        result = parts[0]
        for part in parts[1:]:
            result += part
        _mirror(result[:, block])
        return result

    def _add_products(
        self, const double[::1] factors, const double[::1] means, Py_ssize_t block, Py_ssize_t first, Py_ssize_t last,
        const Py_ssize_t[:] samples, double[:, ::1] result,
    ):
        """Add those with the columns from first to last, or with themselves, over samples from one to another.

        Centring one side is enough: (z - mean)'(s * c) = z'(s * c) where s'c = 0, with the weights s for factors. With
        themselves both are times the roots of the weights, and BLAS makes the lower triangle alone.
        """
        cdef int h, k = <int> result.shape[0], width = <int> (last - first), ld = <int> result.shape[1]
        cdef int n = <int> self.n_samples, room = SAMPLES_AT_ONCE
        cdef Py_ssize_t i = samples[0], j
        cdef double one = 1.0
        cdef double[:, ::1] weighted = np.empty((k, room))
        with nogil:
            while i < samples[1]:
                h = <int> min(room, samples[1] - i)
                for j in range(k):
                    weigh_line(&self._values[block + j, i], h, means[block + j], &factors[i], &weighted[j, 0])
                if first == block:
                    dsyrk("U", "T", &k, &h, &one, &weighted[0, 0], &room, &one, &result[0, first], &ld)
                else:
                    dgemm(
                        "T", "N", &width, &k, &h,
                        &one, &self._values[first, i], &n, &weighted[0, 0], &room, &one, &result[0, first], &ld,
                    )
                i += h

    def densify(self, start, stop):
        """Copy of columns start to stop, one per row."""
        return self._packed[start:stop].copy()

    @property
    def n_entries(self):
        """How many numbers are stored."""
        return self.n_columns * self.n_samples

    def moments(self, const double[::1] weights, bint about_mean, block):
        """Means of some columns under weights that sum to one, if they are asked for, and squares about them."""
        cdef Py_ssize_t first = block.start, n_columns = block.stop - block.start, j, n = self.n_samples
        cdef const double* column
        means, squares = np.zeros(n_columns), np.zeros(n_columns)
        cdef double[::1] mean_of = means
        cdef double[::1] square_of = squares
        with nogil:
            for j in range(n_columns):
                column = &self._values[first + j, 0]
                if about_mean:
                    mean_of[j] = mean_about(column, &weights[0], n, 0.0)
                    # What rounding left of the first.
                    mean_of[j] += mean_about(column, &weights[0], n, mean_of[j])
                square_of[j] = square_about(column, &weights[0], n, mean_of[j])
        return means, squares

    cdef void gather(self, Py_ssize_t j, const double* v, Py_ssize_t width, double* sums) noexcept nogil:
        cdef int n = <int> self.n_samples, one = 1
        if width == 1:
            sums[0] = ddot(&n, &self._values[j, 0], &one, <double*> v, &one)
        else:
            gather_line(&self._values[j, 0], self.n_samples, v, sums)

    cdef void scatter(
        self, Py_ssize_t j, const double* steps, const double* s, Py_ssize_t width, double* v
    ) noexcept nogil:
        scatter_weighted_line(&self._values[j, 0], NULL, self.n_samples, s, steps, width, v)


cdef class SparseColumns(Columns):
    """Columns of which no entry is stored twice: kernels read several before they write."""

    def __init__(self, data, indices, indptr, n_samples):
        self._data = data
        self._indices = indices
        self._indptr = indptr
        self.n_samples = n_samples
        self.n_columns = len(indptr) - 1

    @property
    def shift(self):
        """Zeros: sparse columns are packed as they are."""
        return np.zeros(self.n_columns)

    @property
    def _lines(self):
        indptr = np.asarray(self._indptr)[: self.n_columns + 1]
        n_entries = indptr[self.n_columns]
        return Lines(np.asarray(self._data)[:n_entries], np.asarray(self._indices)[:n_entries], indptr)

    def append(self, SparseColumns other):
        """Take in the columns of ``other``, after one's own."""
        mine, others = self._lines, other._lines
        n_entries = len(mine.data)
        self._data = _extended(self._data, n_entries, others.data)
        self._indices = _extended(self._indices, n_entries, others.indices)
        self._indptr = _extended(self._indptr, self.n_columns + 1, others.indptr[1:] + n_entries)
        self.n_columns += other.n_columns

    def take(self, positions):
        """Copy of the columns at some positions."""
        lines = self._lines.take(positions, 1.0)
        return SparseColumns(lines.data, lines.indices, lines.indptr, self.n_samples)

    def at(self, rows):
        """Copy of some rows, which are in order."""
        lines = self._lines
        numbers = np.full(self.n_samples, -1, dtype=np.int32)
        numbers[rows] = np.arange(len(rows))
        indices = numbers[lines.indices]
        kept = indices >= 0
        n_before = np.concatenate([[0], np.cumsum(kept, dtype=np.int64)])
        return SparseColumns(lines.data[kept], indices[kept], n_before[lines.indptr], len(rows))

    def predict(self, coefs):
        """``coefs @ Z.T``: raw predictions, short of the shifts, for coefs of shape (k, n_columns)."""
        return self._lines.scatter(coefs, self.n_samples)

    def correlate(self, residuals, stop=None):
        """``residuals @ Z[:, :stop]`` for residuals of shape (k, n_samples)."""
        return self._lines.gather(residuals, slice(stop))

    def products(self, weights, means, block):
        """Weighted products of some columns with all up to these, about the means of both."""
        result = np.empty((block.stop - block.start, block.stop))
        for first in range(block.start, block.stop, DENSE_AT_ONCE):
            some = slice(first, min(first + DENSE_AT_ONCE, block.stop))
            centred = self.densify(some.start, some.stop)
            centred -= means[some, None]
            centred *= weights
            products = self.correlate(centred, block.stop)
            # What rounding has left of one mean meets the other, which may be large.
            products -= np.outer(centred.sum(axis=1), means[: block.stop])
            result[some.start - block.start : some.stop - block.start] = products
        return result

    def densify(self, start, stop):
        """Copy of columns start to stop, dense, one per row."""
        cdef double[:, ::1] dense
        cdef Py_ssize_t j, t, first = start
        result = np.zeros((stop - start, self.n_samples))
        dense = result
        for j in range(dense.shape[0]):
            for t in range(self._indptr[first + j], self._indptr[first + j + 1]):
                dense[j, self._indices[t]] += self._data[t]
        return result

    @property
    def n_entries(self):
        """How many numbers are stored."""
        return int(self._indptr[self.n_columns])

    def moments(self, const double[::1] weights, bint about_mean, block):
        """Means of some columns under weights that sum to one, if they are asked for, and squares about them."""
        cdef Py_ssize_t first = block.start, n_columns = block.stop - block.start, j, t, n
        cdef double mean, correction, rest, square
        cdef double[3] sums
        means, squares = np.zeros(n_columns), np.zeros(n_columns)
        cdef double[::1] mean_of = means
        cdef double[::1] square_of = squares
        with nogil:
            for j in range(n_columns):
                t = self._indptr[first + j]
                n = self._indptr[first + j + 1] - t
                if n == 0:
                    continue
                sum_entries(&self._data[t], &self._indices[t], n, &weights[0], 0.0, sums)
                mean, square = sums[1], sums[2]
                if not about_mean:
                    mean = 0.0
                elif mean * mean <= 0.5 * square < INFINITY:
                    # No digits cancel, as with any column half of whose weight is on rows without an entry.
                    square -= mean * mean
                else:
                    sum_entries(&self._data[t], &self._indices[t], n, &weights[0], mean, sums)
                    # What is not stored is zero, and counts for what rows have no entry.
                    rest = 1.0 - sums[0]
                    if rest < 2.3e-16 * self.n_samples:
                        rest = 0.0
                    correction = sums[1] - rest * mean
                    square = sums[2] + (rest * mean * mean - correction * correction)
                    mean += correction
                mean_of[j], square_of[j] = mean, max(square, 0.0)
        return means, squares

    cdef void gather(self, Py_ssize_t j, const double* v, Py_ssize_t width, double* sums) noexcept nogil:
        cdef Py_ssize_t q, start = self._indptr[j], n = self._indptr[j + 1] - start
        if n:
            gather_entries(&self._data[start], &self._indices[start], n, v, width, sums)
        else:
            for q in range(width):
                sums[q] = 0.0

    cdef void scatter(
        self, Py_ssize_t j, const double* steps, const double* s, Py_ssize_t width, double* v
    ) noexcept nogil:
        cdef Py_ssize_t start = self._indptr[j], n = self._indptr[j + 1] - start
        if n:
            scatter_weighted(&self._data[start], &self._indices[start], n, s, steps, width, v)


def _extended(buffer, size, more):
    """``more`` after the first ``size`` entries of a buffer, which is replaced by a larger one when it is full."""
    total = size + len(more)
    if total > len(buffer):
        grown = np.empty(total + total // 4, dtype=more.dtype)
        grown[:size] = buffer[:size]
        buffer = grown
    np.asarray(buffer)[size:total] = more
    return buffer
