"""Weighted means of any smooth loss."""

from copy import copy
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Vector
from sklearn_sparsefit.datafit._loss import Loss
from sklearn_sparsefit.datafit.base import Fits, Modelled
from sklearn_sparsefit.datafit.quadratic import Quadratic, QuadraticModel
from sklearn_sparsefit.datafit.units import summing_to_one

# An intercept leaves each residual of a constant target this far from zero, beside what moves it: its curvature times
# the raw prediction.
EXACT = 8 * np.finfo(np.float64).eps
# Curvatures that are smaller than this, beside their mean, are raised to a share of the derivative, lest a step from
# where the loss is a line lead far; but not of what is small itself, as where an exponential has fallen.
FLAT, SHARE, LOWEST = 1e-4, 1e-3, 1e-20
# Beside raw predictions, a change that tells how steep derivatives are.
STEP = np.sqrt(np.finfo(np.float64).eps)


class Generalized(Modelled[QuadraticModel]):
    """sum_i s_i f(y_i, z_i + b + o_i) of a loss f, with known offsets o; but for f all in units of ``unit``."""

    def __init__(
        self,
        loss: Loss,
        y: Vector,
        sample_weight: Vector | None = None,
        fit_intercept: bool = True,
        offset: Vector | None = None,
        unit: float = 1.0,
    ):
        self.loss, self.unit = loss, unit
        self.weights = summing_to_one(sample_weight, len(y))
        self.fit_intercept = fit_intercept
        # Rows without weight count for nothing, whatever is in them.
        used = self.weights > 0
        self._unused = np.flatnonzero(~used)
        self.y = np.where(used, y, y[np.argmax(used)])
        self.offset = np.zeros(len(y)) if offset is None else np.where(used, offset, 0.0)
        self.mean = np.zeros(())
        null = self.fit(np.zeros((1, len(y))))
        self.mean = null.offsets[0]
        self.offset = self.offset + self.mean
        self.null_residual, self.null_loss = null.residuals[0], float(null.losses[0])
        curvatures = loss.curvatures(self.y, null.raw[0])
        self.has_models = not np.isnan(curvatures[used]).any()
        if not self.has_models:
            curvatures = self._difference_quotients(null.raw[0])
        sizes = curvatures * np.maximum(np.abs(null.raw[0]), 1.0 + np.abs(self.mean))
        if (np.abs(self.null_residual) <= EXACT * sizes)[used].all():
            # A constant target, but for rounding.
            self.null_residual, self.null_loss = np.zeros(len(y)), 0.0
        sizes = np.where(used, np.abs(self.null_residual) + sizes, 0.0)
        largest = sizes.max() or 1.0
        self.residual_size = float(largest * np.sqrt(self.weights @ (sizes / largest) ** 2))

    def _difference_quotients(self, raw_prediction: Vector) -> Vector:
        """Changes of the first derivatives over those of the raw predictions of one fit, in place of curvatures."""
        change = STEP * np.maximum(np.abs(raw_prediction), 1.0)
        derivatives = (self.loss.derivatives(self.y, raw) for raw in (raw_prediction + change, raw_prediction))
        return (next(derivatives) - next(derivatives)) / change

    def fit(self, raw_predictions: Block, offsets: NDArray[np.float64] | None = None) -> Fits:
        """See :class:`Datafit`."""
        offsets = np.zeros(len(raw_predictions)) if offsets is None else offsets.copy()
        raw = self._in_use(raw_predictions + self.offset)
        residuals, losses = np.empty(raw.shape), np.empty(len(raw))
        self.loss.fit(self.y, self.weights, raw, residuals, losses, offsets, self.fit_intercept)
        raw[:, self._unused] = residuals[:, self._unused] = 0.0
        return Fits(residuals, offsets, losses, raw)

    def raw_at(self, raw_predictions: Block, offsets: NDArray[np.float64]) -> Block:
        """The same with known offsets, and intercepts, in them."""
        return self._in_use(raw_predictions + (self.offset + offsets[:, None]))

    def _in_use(self, raw: Block) -> Block:
        raw = np.ascontiguousarray(raw)
        raw[:, self._unused] = 0.0
        return raw

    def losses(self, raw: Block) -> Vector:
        """What raw predictions come to that have offsets and intercepts in them."""
        values = self.loss.values(self.y, np.ascontiguousarray(raw))
        values[:, self._unused] = 0.0
        return values @ self.weights

    def residuals(self, raw: Block) -> Block:
        """Minus the derivatives at raw predictions that have offsets and intercepts in them."""
        residuals = self.loss.residuals(self.y, np.ascontiguousarray(raw))
        residuals[:, self._unused] = 0.0
        return residuals

    def errors(self, raw_prediction: Vector) -> Vector:
        """What targets are more than the raw predictions of one fit."""
        return self.y - raw_prediction

    @property
    def has_shifts(self) -> bool:
        """Whether it is the loss of targets that are shifted where that pays."""
        return self.loss.shift_cost() is not None

    def shift_cost(self) -> tuple[float, float]:
        """What a shift of one costs, and the curvature of the loss of what is left, if it has shifts."""
        found = self.loss.shift_cost()
        assert found is not None
        return found

    def misfit(self, scale: float, fits: Fits, row: int) -> float:
        """See :class:`Datafit`."""
        if self.null_loss == 0:
            # Rounding of a constant target is all there is.
            return 0.0
        return self.loss.misfits(self.y, self.weights, fits.raw[row], fits.residuals[row], scale)

    def rise(self, fits: Fits, row: int, change: NDArray[np.float64]) -> float:
        """See :class:`Datafit`."""
        moved = fits.raw[row] + change
        moved[self._unused] = 0.0
        values = self.loss.values(self.y, np.stack([fits.raw[row], moved]))
        return float((values[1] - values[0]) @ self.weights)

    def smoother(self, raw_prediction: Vector) -> list[Self]:
        """See :class:`Datafit`."""
        others = []
        for loss in self.loss.smoother(self.y, raw_prediction):
            others.append(copy(self))
            others[-1].loss = loss
        return others

    def model(self, fits: Fits, row: int, curvatures: Vector, like: Quadratic | None = None) -> QuadraticModel:
        """Quadratic model about the raw predictions of one fit: the same residuals there, other curvatures.

        ``like`` is a model with the same curvatures about some other point.
        """
        # A copy: fits are written to, and a view would keep those of all alphas alive for as long as the model.
        residual, raw = fits.residuals[row].copy(), fits.raw[row].copy()

        def target() -> Vector:
            # Rows without weight have no curvature.
            steps = np.divide(self.weights * residual, curvatures, out=np.zeros_like(curvatures), where=curvatures > 0)
            return raw - self.offset + steps

        # The target is far away where curvatures were raised.
        sizes = self.weights * np.abs(fits.residuals[row]) + curvatures * np.abs(fits.raw[row])
        largest_size = float(sizes.sum() / curvatures.sum())
        return QuadraticModel(target, curvatures, self.fit_intercept, largest_size, like)

    def curvatures(self, raw_prediction: Vector) -> Vector:
        """s_i f''(z_i) of the raw predictions of one fit, raised to where steps stay finite if the loss is flat."""
        curvatures = self.loss.curvatures(self.y, raw_prediction)
        mean = float(curvatures @ self.weights)
        if not mean > 0:
            return self.weights * self.loss.bounding_curvatures(self.y, raw_prediction)
        flat = np.flatnonzero(curvatures < FLAT * mean)
        bounding = self.loss.bounding_curvatures(self.y[flat], raw_prediction[flat])
        slopes = np.abs(self.loss.derivatives(self.y[flat], raw_prediction[flat]))
        least = np.clip(SHARE * slopes, LOWEST * mean, np.minimum(FLAT * mean, bounding))
        curvatures[flat] = np.maximum(curvatures[flat], least)
        return self.weights * curvatures
