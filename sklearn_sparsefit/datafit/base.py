"""What a loss is to the path engine."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Vector

# What a quadratic model of a loss is.
Model = TypeVar("Model", covariant=True)


@dataclass
class Fits:
    """What rows of raw predictions come to, at their best intercepts or at known ones.

    ``residuals`` are minus the derivatives of the loss, or dual points that stand for them; ``offsets`` what the
    intercept adds to that of the null model; ``raw`` the raw predictions, empty for a quadratic loss, which has no more
    use for them.
    """

    residuals: Block
    offsets: NDArray[np.float64]
    losses: Vector
    raw: Block

    def at(self, rows: list[int]) -> "Fits":
        """Copy of some of the rows."""
        return Fits(self.residuals[rows], self.offsets[rows], self.losses[rows], self.raw[rows])

    def put(self, rows: list[int], others: "Fits") -> None:
        """Put others in the place of some of the rows."""
        self.residuals[rows], self.offsets[rows] = others.residuals, others.offsets
        self.losses[rows], self.raw[rows] = others.losses, others.raw

    @classmethod
    def together(cls, parts: Sequence["Fits"]) -> "Fits":
        """One after the other; a single part as it is."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.residuals for part in parts]),
            np.concatenate([part.offsets for part in parts]),
            np.concatenate([part.losses for part in parts]),
            np.concatenate([part.raw for part in parts]),
        )


class Datafit(ABC):
    """sum_i s_i f(z_i + b) of raw predictions z, with weights s that sum to one and b at its optimum.

    f >= 0 is convex and differentiable, and depends on the sample. At z = 0 the loss is ``null_loss``, and the
    residuals are ``null_residual``; rounding is seen beside ``residual_size``. Raw predictions and the mean, an
    intercept of the null model, are in units of ``unit``.

    A loss whose values and gradients are all that is known has these attributes and the three methods, and is minimised
    by :class:`~sklearn_sparsefit.solvers.gradient.GradientSolver`. That does not ask whether it is a sum over samples.
    One that ``has_models`` is minimised by Newton steps, and has all that :class:`Generalized` or :class:`Multinomial`
    has for these: it is one of them. Values may overflow to infinity: no step goes there.
    """

    has_models = False

    weights: Vector
    fit_intercept: bool
    unit: float
    mean: NDArray[np.float64]
    null_residual: NDArray[np.float64]
    null_loss: float
    residual_size: float
    # Whether adding a number to the raw predictions of all tasks changes nothing.
    is_relative = False

    @abstractmethod
    def fit(self, raw_predictions: Block, offsets: NDArray[np.float64] | None = None) -> Fits:
        """What rows of raw predictions come to; the search for their offsets begins where these are."""

    @abstractmethod
    def misfit(self, scale: float, fits: Fits, row: int) -> float:
        """sum_i s_i [f(z_i) + f*(-t r_i) + t r_i z_i], at a scale t <= 1 of the residuals r of one of the fits.

        Fits whose residuals are other dual points come from Newton steps of :class:`Generalized` alone: any other
        datafit may take r for minus the derivatives.
        """

    @abstractmethod
    def rise(self, fits: Fits, row: int, change: NDArray[np.float64]) -> float:
        """By how much the loss rises when raw predictions (and the intercept with them) change."""

    def smoother(self, raw_prediction: Block) -> Sequence["Datafit"]:
        """Losses whose minima lead to this one's, in turn, if it is nearly lines where raw predictions are."""
        return []

    def misfit_of(self, fits: Fits, row: int) -> Callable[[float], float]:
        """The misfit of one of the fits as a function of the scale."""
        return lambda scale: self.misfit(scale, fits, row)


class Modelled(Datafit, Generic[Model]):
    """A loss that quadratic models can be made of, where it ``has_models``."""

    @abstractmethod
    def curvatures(self, raw_prediction: Block) -> Block:
        """Second derivatives, times the weights, at the raw predictions of one fit."""

    @abstractmethod
    def model(self, fits: Fits, row: int, curvatures: Block) -> Model:
        """Quadratic model about the raw predictions of one fit, with such curvatures."""
