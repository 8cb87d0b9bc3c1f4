"""Dense designs: any order, any strides, float32 or float64, in memory or memory-mapped."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.design._columns import DenseColumns
from sklearn_sparsefit.design.moments import Moments, PartialMoments, Rows, measure
from sklearn_sparsefit.design.scales import dense_mean_squares, dense_sq_norms, standard_deviations
from sklearn_sparsefit.design.tiles import multiply


class DenseDesign:
    """A dense X of shape (n_samples, n_features), read in tiles."""

    density = 1.0
    # Those that it is of: all.
    rows = slice(None)

    def __init__(self, X: NDArray):
        self.X = X
        self.shape = X.shape

    def correlate(self, residuals: Matrix, features: NDArray[np.intp] | slice = slice(None)) -> Matrix:
        """One pass, over some features: ``residuals @ X[:, features]``, for residuals of shape (k, n_samples)."""
        return multiply(residuals, self.X[:, features])

    def sq_norms(self, weights: Vector, scale: float) -> Vector:
        """``weights @ (scale * X)**2``."""
        return dense_sq_norms(self.X, scale * np.sqrt(weights))

    def scales(self, weights: Matrix) -> Matrix:
        """Standard deviations of the features under each row of weights that sum to one; 1 if constant."""
        means, mean_squares = dense_mean_squares(self.X, weights)
        return standard_deviations(means, mean_squares, weights, lambda feature: self.X[:, feature].astype(np.float64))

    def correlate_centred(self, residuals: Matrix, means: Vector, scale: float) -> Matrix:
        """``residuals @ (scale * X - means)``, to all digits even where the means are large."""
        return multiply(residuals, self.X, scale, None, means)

    def predict(self, coefs: Matrix, means: Vector, scale: float) -> Matrix:
        """``coefs @ (scale * X - means).T``, for coefs of shape (k, n_features)."""
        return multiply(coefs, self.X.T, scale, means, None)

    def predictor(self, features: NDArray[np.intp], coefs: Matrix) -> Callable[[NDArray[np.intp]], Matrix]:
        """From numbers of rows to ``coefs @ X[rows][:, features].T``, for coefs of shape (k, len(features))."""

        def predict(rows: NDArray[np.intp]) -> Matrix:
            return coefs @ self.X[np.ix_(rows, features)].T.astype(np.float64, copy=False)

        return predict

    def moments(self, weights: Vector, target: Vector, centre: bool, scale: float) -> Moments:
        """Moments of scale * X and of a target, under weights that sum to one, from one reading of X.

        About the weighted means if ``centre``; the target must be centred then.
        """
        return measure(self.X, weights, target, centre, scale)

    def partial_moments(
        self, weights: Vector, target: Vector, centre: bool, scale: float, classes: list[Rows]
    ) -> PartialMoments:
        """Moments of classes of rows, from one reading of X, for several weightings."""
        return PartialMoments(self.X, weights, target, centre, scale, classes)

    def columns(
        self, features: NDArray[np.intp], scale: float, centre: Vector | None, rows: NDArray[np.intp] | None = None
    ) -> DenseColumns:
        """Packed copy of some features, times ``scale``, shifted to mean zero under the weights ``centre``, if any.

        Shifting them as they are copied keeps the digits of columns with large means. Of some rows, if not all.
        """
        taken = self.X.T[features] if rows is None else self.X.T[np.ix_(features, rows)]
        packed = np.ascontiguousarray(taken, dtype=np.float64)
        packed *= scale
        if centre is None:
            return DenseColumns(packed, np.zeros(len(features)))
        shift = packed @ centre
        packed -= shift[:, None]
        return DenseColumns(packed, shift)
