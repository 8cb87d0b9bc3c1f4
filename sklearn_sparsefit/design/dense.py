"""Dense designs: any order, any strides, float32 or float64, in memory or memory-mapped."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.design._columns import DenseColumns

# Elements of X handed to BLAS at a time: large enough to run at full speed, small enough that Ctrl-C is heard at once.
TILE = 2**24
# The same where a tile must first be copied (float32, odd strides): what fits in a cache.
CONVERTED_TILE = 2**19
# Least extent of a tile along the direction in which X is not contiguous.
NARROW = 512


class DenseDesign:
    """A dense X of shape (n_samples, n_features), read in tiles."""

    def __init__(self, X: NDArray):
        self.X = X
        self.shape = X.shape

    def correlate(self, residuals: NDArray[np.float64]) -> NDArray[np.float64]:
        """One pass: ``residuals @ X``, for residuals of shape (k, n_samples)."""
        result = np.zeros((len(residuals), self.shape[1]))
        for rows, columns in self._tiles():
            tile = self.X[rows, columns]
            if not _is_blas_ready(tile):
                tile = np.array(tile, dtype=np.float64, order="K")
            result[:, columns] += residuals[:, rows] @ tile
        return result

    def columns(self, features: NDArray[np.intp], scale: float, centre: NDArray[np.float64] | None) -> DenseColumns:
        """Packed copy of some features, times ``scale``, shifted to mean zero under the weights ``centre``, if any.

        Shifting them as they are copied keeps the digits of columns with large means.
        """
        packed = np.ascontiguousarray(self.X.T[features], dtype=np.float64)
        packed *= scale
        if centre is None:
            return DenseColumns(packed, np.zeros(len(features)))
        shift = packed @ centre
        packed -= shift[:, None]
        return DenseColumns(packed, shift)

    def _tiles(self) -> Iterator[tuple[slice, slice]]:
        size = TILE if _is_blas_ready(self.X) else CONVERTED_TILE
        n_samples, n_features = self.shape
        if abs(self.X.strides[0]) >= abs(self.X.strides[1]):
            n_rows = max(NARROW, size // n_features)
            n_columns = max(NARROW, size // min(n_rows, n_samples))
        else:
            n_columns = max(NARROW, size // n_samples)
            n_rows = max(NARROW, size // min(n_columns, n_features))
        for row in range(0, n_samples, n_rows):
            for column in range(0, n_features, n_columns):
                yield slice(row, row + n_rows), slice(column, column + n_columns)


def _is_blas_ready(X: NDArray) -> bool:
    """Whether BLAS takes X as it lies: double, one unit stride, the other no shorter than a line."""
    if X.dtype != np.float64:
        return False
    rows, columns = (stride // X.itemsize for stride in X.strides)
    return (columns == 1 and rows >= X.shape[1]) or (rows == 1 and columns >= X.shape[0])
