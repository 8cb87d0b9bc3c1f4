"""Weighted least squares."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.datafit.base import Datafit, Fits
from sklearn_sparsefit.datafit.units import power_of_two, summing_to_one

# An intercept leaves a constant target this far from zero, relative to its size.
ROUNDING = 8 * np.finfo(np.float64).eps


class Quadratic(Datafit):
    """1/2 sum_i s_i (y_i - b - z_i)^2 of raw predictions z, with weights s that sum to one and b at its optimum.

    With several tasks, targets have shape (n_tasks, n_samples) and the loss is the sum of theirs. Blocks of raw
    predictions and residuals have one more axis, the first.

    The target is kept centred and divided by ``unit``, a power of two, so that its largest entry is of order one:
    nothing over- or underflows, and scaling y by a power of two scales every later number exactly.
    """

    def __init__(self, y: Vector, sample_weight: Vector | None = None, fit_intercept: bool = True):
        self.weights = summing_to_one(sample_weight, y.shape[-1])
        used: slice | NDArray[np.bool_] = slice(None) if sample_weight is None else self.weights > 0
        self.fit_intercept = fit_intercept

        self.unit = power_of_two(np.abs(y[..., used]).max())
        target = y / self.unit
        self.mean = np.zeros(y.shape[:-1])
        if fit_intercept:
            # The second mean takes away what rounding left of the first.
            for _ in range(2):
                mean = target @ self.weights
                target = target - mean[..., None]
                self.mean = self.mean + mean
            if np.abs(target[..., used]).max() <= ROUNDING:
                target[..., used] = 0.0
        spread = power_of_two(np.abs(target[..., used]).max())
        self.unit *= spread
        self.mean = self.mean / spread
        self.target = target / spread
        self.null_residual = self.target
        self.null_loss = float(self._losses(self.target[None])[0])
        self.residual_size = float(np.sqrt(2 * self.null_loss))

    def fit(self, raw_predictions: NDArray[np.float64], offsets: NDArray[np.float64] | None = None) -> Fits:
        """See :class:`Datafit`."""
        return self.centred(self.target - raw_predictions)

    def centred(self, residuals: NDArray[np.float64]) -> Fits:
        """What residuals come to at their best intercepts, to which they go in place."""
        offsets = np.zeros(residuals.shape[:-1])
        if self.fit_intercept:
            # The second mean takes away what rounding left of the first; columns with large means would magnify it.
            for _ in range(2):
                means = residuals @ self.weights
                residuals -= means[..., None]
                offsets += means
        return Fits(residuals, offsets, self._losses(residuals), np.empty((len(residuals), 0)))

    def misfit(self, scale: float, fits: Fits, row: int) -> float:
        """See :class:`Datafit`: (1 - t)^2 times the loss, for the residuals of the loss itself."""
        return (1 - scale) ** 2 * float(fits.losses[row])

    def rise(self, fits: Fits, row: int, change: NDArray[np.float64]) -> float:
        """See :class:`Datafit`."""
        return float(((0.5 * change - fits.residuals[row]) * change @ self.weights).sum())

    def unweighted(self, weighted_residuals: NDArray[np.float64]) -> NDArray[np.float64]:
        """The residuals, zero in rows without weight."""
        nothing = np.zeros_like(weighted_residuals)
        return np.divide(weighted_residuals, self.weights, out=nothing, where=self.weights > 0)

    def _losses(self, residuals: NDArray[np.float64]) -> Vector:
        # In this order rows of weight zero count for nothing even where their squares overflow.
        length = residuals[0].size
        return 0.5 * np.einsum(
            "ki,ki->k", (residuals * self.weights).reshape(-1, length), residuals.reshape(-1, length)
        )


class QuadraticModel(Quadratic):
    """Of a target in its units already, such as that of a quadratic model of another loss.

    Solvers on a Gram matrix never ask for the target, so it is made when somebody does. ``like`` is another model with
    the same weights and a target of about the same size. Rounding is seen beside ``largest_size`` at most.
    """

    unit = 1.0

    def __init__(
        self,
        target: Callable[[], Vector],
        weights: Vector,
        fit_intercept: bool,
        largest_size: float,
        like: Quadratic | None = None,
    ):
        self._target = target
        self.weights = weights / weights.sum() if like is None else like.weights
        self.fit_intercept = fit_intercept
        size = float(np.sqrt(2 * self.null_loss)) if like is None else like.residual_size
        self.residual_size = min(size, largest_size)

    @cached_property
    def target(self) -> Vector:
        """Less its mean."""
        target = self._target()
        return target - target @ self.weights * self.fit_intercept

    @property
    def null_residual(self) -> Vector:
        """The target."""
        return self.target

    @cached_property
    def null_loss(self) -> float:
        """Half of the mean square."""
        return float(self._losses(self.target[None])[0])
