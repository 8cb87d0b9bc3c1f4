"""Families of generalised linear models, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from sklearn_sparsefit._sklearn import Interval
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData, check_rows
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.datafit import (
    Binomial,
    Datafit,
    Gamma,
    Gaussian,
    Generalized,
    Huber,
    Loss,
    Poisson,
    Quadratic,
    Tweedie,
)
from sklearn_sparsefit.exceptions import ModelWarning

# Losses of what is between the target and the raw prediction.
OF_ERRORS = Gaussian, Huber
# Huber's loss with a delta of less, beside the spread of the target, is about that of the median.
SMALL_DELTA = 0.03


def _warn_of_small_delta(loss: Huber, target: Vector) -> None:
    """Warn that an error is beyond ``delta`` nearly always, which is in units of the target."""
    with np.errstate(over="ignore"):
        spread = float(np.median(np.abs(target - np.median(target))))
    if loss.delta < SMALL_DELTA * spread:
        warn_user(
            f"delta={loss.delta:g} is small beside the spread of y (median absolute deviation {spread:.3g}). Unless the"
            " features explain nearly all of y, errors count by their size alone: that is a regression of the median,"
            " and slow. delta is in units of y; 1.35 standard deviations of the errors are usual.",
            ModelWarning,
        )


@dataclass(frozen=True)
class Family:
    """A loss, and the link from means of the target to raw predictions.

    ``parameters`` are those of the estimators that the loss takes, in this order, with what they may be;
    ``warn_of_target`` warns, where that is called for, of what a target is for a loss.
    """

    loss: type[Loss]
    link: str
    parameters: Mapping[str, Interval] = field(default_factory=dict)
    warn_of_target: Callable[[Any, Vector], None] = lambda loss, target: None

    def loss_of(self, model: Any) -> Loss:
        """The loss with the parameters of a model."""
        return self.loss(*(getattr(model, name) for name in self.parameters))

    @property
    def is_positive(self) -> bool:
        """Whether targets must not be negative, whatever the parameters."""
        return self.loss.__new__(self.loss).invalid(np.array([-1.0])) is not None

    @property
    def takes_exposure(self) -> bool:
        """Whether means are products, one factor of which may be known."""
        return self.link == "log"


FAMILIES = {
    "gaussian": Family(Gaussian, "identity"),
    "huber": Family(Huber, "identity", {"delta": Interval(Real, 0, None, closed="neither")}, _warn_of_small_delta),
    "binomial": Family(Binomial, "logit"),
    "poisson": Family(Poisson, "log"),
    "gamma": Family(Gamma, "log"),
    "tweedie": Family(Tweedie, "log", {"power": Interval(Real, 1, 2, closed="neither")}),
}


def make_datafit(loss: Loss, data: TrainingData, target: Vector, fit_intercept: bool) -> Datafit:
    """The weighted mean of a loss, or a clear error if it has no minimum over the intercept."""
    offset = data.offset
    if offset is not None and isinstance(loss, OF_ERRORS):
        # Both may be large, and what is between them small.
        target, offset = target - offset, None
    if isinstance(loss, Gaussian):
        return Quadratic(target, data.sample_weight, fit_intercept)
    if fit_intercept:
        check_intercept(loss, target, data.sample_weight)
    return in_unit_of_loss(loss, target, data.sample_weight, fit_intercept, offset)


def in_unit_of_loss(
    loss: Loss, target: Vector, sample_weight: Vector | None, fit_intercept: bool, offset: Vector | None
) -> Generalized:
    """The weighted mean of a loss, in the unit of that."""
    unit = unit_of(loss, target, sample_weight, offset)
    offset = None if offset is None else offset / unit
    return Generalized(loss.in_units(unit), target / unit, sample_weight, fit_intercept, offset, unit)


def unit_of(loss: Loss, target: Vector, sample_weight: Vector | None, offset: Vector | None) -> float:
    """What the loss measures targets in, so that no square over- or underflows."""
    shifted = target if offset is None else target - offset
    return loss.unit(shifted if sample_weight is None else shifted[sample_weight > 0])


def check_intercept(loss: Loss, target: Vector, sample_weight: Vector | None, of: str = "sample") -> None:
    """Refuse targets whose best constant is infinite."""
    counted = target if sample_weight is None else target[sample_weight > 0]
    if not loss.has_intercept(counted):
        raise ValueError(
            f"y is {counted[0]:g} for every {of} that counts: the intercept would be infinite. More kinds of samples"
            " are needed, or fit_intercept=False."
        )


def check_target(loss: Loss, target: Vector, name: str) -> None:
    """Refuse targets that a family has no place for."""
    must_be = loss.invalid(target)
    if must_be is not None:
        raise ValueError(
            f"Some value(s) of y are out of the valid range of family={name!r}: must be {must_be}, got values from"
            f" {target.min():g} to {target.max():g}."
        )


def check_offset(offset: Any, exposure: Any, n_samples: int, family: str) -> Vector | None:
    """What is added to raw predictions: offsets, logarithms of exposures, or their sum."""
    total = None
    if exposure is not None and not FAMILIES[family].takes_exposure:
        others = ", ".join(name for name, other in FAMILIES.items() if other.takes_exposure)
        raise ValueError(
            f"exposure is for families with a log link ({others}), whose means it multiplies; for"
            f" family={family!r} use offset, which is added to the raw predictions."
        )
    if offset is not None:
        total = check_rows(offset, "offset", n_samples)
    if exposure is not None:
        exposure = check_rows(exposure, "exposure", n_samples)
        if exposure.min() <= 0:
            first = int(np.argmin(exposure))
            raise ValueError(f"exposure[{first}] == {exposure[first]}, must be > 0.")
        total = np.log(exposure) if total is None else total + np.log(exposure)
    return total
