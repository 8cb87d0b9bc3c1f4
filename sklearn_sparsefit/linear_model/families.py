"""Families of generalised linear models, by name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

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

Vector = NDArray[np.float64]

# To add a family, write its loss (datafit/_families.pyx) and a row here and in the registry of the tests' losses.
FAMILIES = {
    "gaussian": lambda power, delta: Gaussian(),
    "huber": lambda power, delta: Huber(delta),
    "binomial": lambda power, delta: Binomial(),
    "poisson": lambda power, delta: Poisson(),
    "gamma": lambda power, delta: Gamma(),
    "tweedie": lambda power, delta: Tweedie(power),
}
# Those whose mean is the exponential of the raw prediction.
WITH_LOG_LINK = ("poisson", "gamma", "tweedie")
# Huber's loss with a delta of less, beside the spread of the target, is about that of the median.
SMALL_DELTA = 0.03


def make_datafit(loss: Loss, data: TrainingData, target: Vector, fit_intercept: bool) -> Datafit:
    """The weighted mean of a loss, or a clear error if it has no minimum over the intercept."""
    if isinstance(loss, Gaussian):
        shifted = target if data.offset is None else target - data.offset
        return Quadratic(shifted, data.sample_weight, fit_intercept)
    if fit_intercept:
        check_intercept(loss, target, data.sample_weight)
    return in_unit_of_loss(loss, target, data.sample_weight, fit_intercept, data.offset)


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


def warn_of_small_delta(loss: Loss, target: Vector) -> None:
    """Warn that an error is beyond ``delta`` nearly always, which is in units of the target."""
    if not isinstance(loss, Huber):
        return
    with np.errstate(over="ignore"):
        spread = float(np.median(np.abs(target - np.median(target))))
    if loss.delta < SMALL_DELTA * spread:
        warn_user(
            f"delta={loss.delta:g} is small beside the spread of y (median absolute deviation {spread:.3g}). Unless the"
            " features explain nearly all of y, errors count by their size alone: that is a regression of the median,"
            " and slow. delta is in units of y; 1.35 standard deviations of the errors are usual.",
            ModelWarning,
        )


def check_offset(offset: Any, exposure: Any, n_samples: int, family: str) -> Vector | None:
    """What is added to raw predictions: offsets, logarithms of exposures, or their sum."""
    total = None
    if exposure is not None and family not in WITH_LOG_LINK:
        raise ValueError(
            f"exposure is for families with a log link ({', '.join(WITH_LOG_LINK)}), whose means it multiplies; for"
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
