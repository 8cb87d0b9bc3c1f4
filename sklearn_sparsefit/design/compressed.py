"""Sparse designs: CSC or CSR, float32 or float64, 32- or 64-bit indices, duplicates and unsorted entries welcome."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.design import _sparse_pass
from sklearn_sparsefit.design._columns import SparseColumns
from sklearn_sparsefit.design.lines import Lines
from sklearn_sparsefit.design.moments import Moments, PartialMoments, Rows, measure
from sklearn_sparsefit.design.scales import standard_deviations
from sklearn_sparsefit.design.tiles import multiply


class SparseDesign:
    """A CSC or CSR X of shape (n_samples, n_features), never centred, and never densified as a whole."""

    # Those that it is of: all.
    rows = slice(None)

    def __init__(self, X: Any):
        self.X = X
        self.shape = X.shape
        self.density = X.nnz / max(1, X.shape[0] * X.shape[1])
        self._by_column = X.format == "csc"
        index = X.indices.dtype if X.indices.dtype in (np.int32, np.int64) else np.int64
        self._lines = Lines(
            np.ascontiguousarray(X.data),
            np.ascontiguousarray(X.indices, dtype=index),
            np.ascontiguousarray(X.indptr, dtype=np.int64),
        )

    def correlate(self, residuals: Matrix, features: NDArray[np.intp] | slice = slice(None)) -> Matrix:
        """One pass, over some features: ``residuals @ X[:, features]``, for residuals of shape (k, n_samples)."""
        if self._by_column:
            return self._lines.gather(residuals, features)
        correlations = self._lines.scatter(residuals, self.shape[1])
        return np.ascontiguousarray(correlations[:, features])

    def sq_norms(self, weights: Vector, scale: float) -> Vector | None:
        """``weights @ (scale * X)**2``, unless duplicate or unsorted entries hide it."""
        return self._sums_of_squares(weights, scale) if self._is_canonical else None

    def _sums_of_squares(self, weights: Vector, scale: float) -> Vector:
        if self._by_column:
            return self._lines.sq_norms(weights, scale)
        return self._lines.sq_norms_across(weights, scale, self.shape[1])

    def scales(self, weights: Matrix) -> Matrix:
        """Standard deviations of the features under each row of weights that sum to one; 1 if constant."""
        means = self.correlate(weights)
        mean_squares = np.stack([self._canonical._sums_of_squares(row, 1.0) for row in weights])
        return standard_deviations(
            means, mean_squares, weights, lambda feature: self.columns(np.array([feature]), 1.0, None).densify(0, 1)[0]
        )

    @property
    def _canonical(self) -> "SparseDesign":
        """The same design without duplicate entries: a copy, if there are any."""
        if self._is_canonical:
            return self
        X = self.X.copy()
        X.sum_duplicates()
        return SparseDesign(X)

    def correlate_centred(self, residuals: Matrix, means: Vector, scale: float) -> Matrix:
        """``residuals @ (scale * X - means)``, to all digits even where means are large: X is densified in tiles."""
        return multiply(residuals, _Densified(self.X), scale, None, means)

    def predict(self, coefs: Matrix, means: Vector, scale: float) -> Matrix:
        """``coefs @ (scale * X - means).T``, for coefs of shape (k, n_features), to all digits likewise."""
        return multiply(coefs, _Densified(self.X).T, scale, means, None)

    def predictor(self, features: NDArray[np.intp], coefs: Matrix) -> Callable[[NDArray[np.intp]], Matrix]:
        """From numbers of rows to ``coefs @ X[rows][:, features].T``, for coefs of shape (k, len(features))."""
        part = self.X[:, features].tocsr() if self._by_column else None

        def predict(rows: NDArray[np.intp]) -> Matrix:
            tile = self.X[rows][:, features] if part is None else part[rows]
            return np.ascontiguousarray((tile @ coefs.T).T)

        return predict

    def moments(self, weights: Vector, target: Vector, centre: bool, scale: float) -> Moments:
        """See :meth:`DenseDesign.moments`; X is densified in tiles of rows."""
        return measure(_Densified(self.X), weights, target, centre, scale)

    def partial_moments(
        self, weights: Vector, target: Vector, centre: bool, scale: float, classes: list[Rows]
    ) -> PartialMoments:
        """Moments of classes of rows, from one reading of X, for several weightings."""
        return PartialMoments(_Densified(self.X), weights, target, centre, scale, classes)

    def columns(
        self, features: NDArray[np.intp], scale: float, centre: Vector | None, rows: NDArray[np.intp] | None = None
    ) -> SparseColumns:
        """Packed copy of some features, times ``scale``; never shifted, so that zeros stay zeros.

        Of some rows, if not all.
        """
        columns = self._columns(features, scale)
        return columns if rows is None else columns.at(rows)

    def _columns(self, features: NDArray[np.intp], scale: float) -> SparseColumns:
        if self._by_column:
            lines = self._lines.take(features, scale)
            return self._packed(lines.data, lines.indices, lines.indptr)
        indptr = np.concatenate([[0], np.cumsum(self._lengths[features])])
        data, indices = np.empty(indptr[-1]), np.empty(indptr[-1], dtype=np.int32)
        position = np.full(self.shape[1], -1, dtype=np.int32)
        position[features] = np.arange(len(features))
        lines = self._lines
        _sparse_pass.pick(lines.data, lines.indices, lines.indptr, position, scale, indptr[:-1].copy(), data, indices)
        return self._packed(data, indices, indptr)

    def _packed(self, data: NDArray, indices: NDArray, indptr: NDArray) -> SparseColumns:
        """Columns without duplicate entries, as :class:`SparseColumns` must be."""
        if not self._is_canonical:
            columns = sparse.csc_array((data, indices, indptr), shape=(self.shape[0], len(indptr) - 1))
            columns.sum_duplicates()
            data, indices, indptr = columns.data, columns.indices.astype(np.int32), columns.indptr.astype(np.int64)
        return SparseColumns(data, indices, indptr, self.shape[0])

    @cached_property
    def _is_canonical(self) -> bool:
        """Whether no entries are duplicate or unsorted."""
        return bool(type(self.X)(self.X, copy=False).has_canonical_format)

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        """Stored entries of every feature of a CSR matrix."""
        return np.bincount(self._lines.indices, minlength=self.shape[1])


class _Densified:
    """A sparse matrix that is sliced like an array, and gives dense arrays."""

    def __init__(self, X: Any, transposed: bool = False):
        self._X = X.tocsr()
        self._transposed = transposed
        self.shape = X.shape[::-1] if transposed else X.shape

    @property
    def T(self) -> "_Densified":
        return _Densified(self._X, not self._transposed)

    def __getitem__(self, key: Any) -> Matrix:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if self._transposed:
            rows, columns = columns, rows
        tile = self._X[rows][:, columns].astype(np.float64).toarray()
        return tile.T if self._transposed else tile
