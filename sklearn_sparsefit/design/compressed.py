"""Sparse designs: CSC or CSR, float32 or float64, 32- or 64-bit indices, duplicates and unsorted entries welcome."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_sparsefit.design import _sparse_pass
from sklearn_sparsefit.design._columns import SparseColumns

# Multiply-adds between two looks for Ctrl-C.
CHUNK = 2**27


class SparseDesign:
    """A CSC or CSR X of shape (n_samples, n_features), never centred and never densified."""

    def __init__(self, X):
        self.X = X
        self.shape = X.shape
        index = X.indices.dtype if X.indices.dtype in (np.int32, np.int64) else np.int64
        self._data = np.ascontiguousarray(X.data)
        self._indices = np.ascontiguousarray(X.indices, dtype=index)
        self._indptr = np.ascontiguousarray(X.indptr, dtype=index)

    def correlate(self, residuals: NDArray[np.float64]) -> NDArray[np.float64]:
        """One pass: ``residuals @ X``, for residuals of shape (k, n_samples)."""
        by_sample = np.ascontiguousarray(residuals.T)
        result = np.zeros((self.shape[1], len(residuals)))
        kernel = _sparse_pass.gather if self.X.format == "csc" else _sparse_pass.scatter
        n_lines = len(self._indptr) - 1
        step = max(1, CHUNK * n_lines // max(1, self.X.nnz * len(residuals)))
        for start in range(0, n_lines, step):
            stop = min(start + step, n_lines)
            kernel(self._data, self._indices, self._indptr, by_sample, result, start, stop)
        return np.ascontiguousarray(result.T)

    def columns(self, features: NDArray[np.intp], scale: float, centre: NDArray[np.float64] | None) -> SparseColumns:
        """Packed copy of some features, times ``scale``, duplicates summed; never shifted, so that zeros stay zeros."""
        packed = sparse.csc_array(self.X[:, features]).astype(np.float64)
        packed.sum_duplicates()
        packed.data *= scale
        return SparseColumns(
            packed.data,
            packed.indices.astype(np.int32, copy=False),
            packed.indptr.astype(np.int64, copy=False),
            self.shape[0],
        )
