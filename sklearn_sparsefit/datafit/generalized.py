"""Weighted means of any smooth loss."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit.base import Block, Datafit, Fits, Vector
from sklearn_sparsefit.datafit.losses import Loss
from sklearn_sparsefit.datafit.quadratic import summing_to_one


class Generalized(Datafit):
    """sum_i s_i f(y_i, z_i + b + o_i) of a loss f, with known offsets o."""

    unit = 1.0

    def __init__(
        self,
        loss: Loss,
        y: Vector,
        sample_weight: Vector | None = None,
        fit_intercept: bool = True,
        offset: Vector | None = None,
    ):
        self.loss = loss
        self.weights = summing_to_one(sample_weight, len(y))
        self.fit_intercept = fit_intercept
        # Rows without weight count for nothing, whatever is in them.
        used = self.weights > 0
        self._y = np.where(used, y, y[np.argmax(used)])
        self._offset = np.zeros(len(y)) if offset is None else np.where(used, offset, 0.0)
        self.mean = np.zeros(())
        null = self._fit(np.zeros((1, len(y))))
        self.mean = null.offsets[0]
        self._offset = self._offset + self.mean
        self.null_residual, self.null_loss = null.residuals[0], float(null.losses[0])

    def fit(self, raw_predictions: Block) -> Fits:
        """See :class:`Datafit`."""
        return self._fit(raw_predictions)

    def _fit(self, raw_predictions: Block) -> Fits:
        raw = raw_predictions + self._offset
        offsets = np.zeros(len(raw))
        if self.fit_intercept:
            offsets = self.loss.best_shift(self._y, raw, self.weights)
            raw += offsets[:, None]
        residuals = -self.loss.derivative(self._y, raw)
        if self.fit_intercept:
            # What rounding has left; columns with large means would magnify it.
            residuals -= (residuals @ self.weights)[:, None]
        return Fits(residuals, offsets, self.loss.value(self._y, raw) @ self.weights, raw)

    def misfit(self, scale: float, loss: float, raw_prediction: NDArray[np.float64] | None = None) -> float:
        """See :class:`Datafit`."""
        return float(self.loss.misfit(self._y, raw_prediction, scale) @ self.weights)

    def curvatures(self, raw_prediction: Vector) -> Vector:
        """s_i f''(z_i) of the raw predictions of one fit."""
        return self.weights * self.loss.curvature(self._y, raw_prediction)
