"""Packed columns of a working set, in double precision, one column at a time for the kernels."""

import numpy as np
from scipy import sparse
from scipy.linalg.cython_blas cimport ddot


cdef class Columns:
    """Columns z_j = x_j - shift_j of some features of X.

    Blocks of vectors are stored one vector per row, as everywhere in the engine.
    """

    cdef double dot(self, Py_ssize_t j, const double* v) noexcept nogil:
        return 0.0

    cdef void add_weighted(self, Py_ssize_t j, double step, const double* s, double* v) noexcept nogil:
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
        return coefs @ self._packed

    def correlate(self, residuals):
        """``residuals @ Z`` for residuals of shape (k, n_samples)."""
        return residuals @ self._packed.T

    def densify(self, start, stop):
        """Copy of columns start to stop, one per row."""
        return self._packed[start:stop].copy()

    cdef double dot(self, Py_ssize_t j, const double* v) noexcept nogil:
        cdef int n = <int> self.n_samples, one = 1
        return ddot(&n, &self._values[j, 0], &one, <double*> v, &one)

    cdef void add_weighted(self, Py_ssize_t j, double step, const double* s, double* v) noexcept nogil:
        cdef Py_ssize_t i
        cdef double* z = &self._values[j, 0]
        for i in range(self.n_samples):
            v[i] += step * s[i] * z[i]


cdef class SparseColumns(Columns):

    def __init__(self, data, indices, indptr, n_samples):
        self._data = data
        self._indices = indices
        self._indptr = indptr
        self.n_samples = n_samples
        self.n_columns = len(indptr) - 1
        self._matrix = sparse.csc_array((data, indices, indptr), shape=(n_samples, self.n_columns))

    @property
    def shift(self):
        """Zeros: sparse columns are packed as they are."""
        return np.zeros(self.n_columns)

    def append(self, SparseColumns other):
        """Take in the columns of ``other``, after one's own."""
        self.__init__(
            np.concatenate([self._data, other._data]),
            np.concatenate([self._indices, other._indices]),
            np.concatenate([self._indptr, np.asarray(other._indptr)[1:] + self._indptr[self.n_columns]]),
            self.n_samples,
        )

    def take(self, positions):
        """Copy of the columns at some positions."""
        part = self._matrix[:, positions]
        return SparseColumns(part.data, part.indices.astype(np.int32), part.indptr.astype(np.int64), self.n_samples)

    def predict(self, coefs):
        """``coefs @ Z.T``: raw predictions, short of the shifts, for coefs of shape (k, n_columns)."""
        return np.ascontiguousarray((self._matrix @ coefs.T).T)

    def correlate(self, residuals):
        """``residuals @ Z`` for residuals of shape (k, n_samples)."""
        return np.ascontiguousarray((self._matrix.T @ np.ascontiguousarray(residuals.T)).T)

    def densify(self, start, stop):
        """Copy of columns start to stop, dense, one per row."""
        return np.ascontiguousarray(self._matrix[:, start:stop].toarray().T)

    cdef double dot(self, Py_ssize_t j, const double* v) noexcept nogil:
        cdef Py_ssize_t t
        cdef double total = 0.0
        for t in range(self._indptr[j], self._indptr[j + 1]):
            total += self._data[t] * v[self._indices[t]]
        return total

    cdef void add_weighted(self, Py_ssize_t j, double step, const double* s, double* v) noexcept nogil:
        cdef Py_ssize_t t
        cdef int i
        for t in range(self._indptr[j], self._indptr[j + 1]):
            i = self._indices[t]
            v[i] += step * s[i] * self._data[t]
