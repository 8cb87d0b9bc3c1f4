"""Families of generalised linear models, by name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._validation import TrainingData, check_rows
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
from sklearn_sparsefit.path import AlphaGrid

Vector = NDArray[np.float64]

# To add a family, write its loss (datafit/_losses.pyx) and a row here and in the registry of the tests' losses.
FAMILIES = {
    "gaussian": lambda power, delta: Gaussian(),
    "huber": lambda power, delta: Huber(delta),
    "binomial": lambda power, delta: Binomial(),
    "poisson": lambda power, delta: Poisson(),
    "gamma": lambda power, delta: Gamma(),
    "tweedie": lambda power, delta: Tweedie(power),
}


def make_datafit(loss: Loss, data: TrainingData, target: Vector, fit_intercept: bool) -> Datafit:
    """The weighted mean of a loss, or a clear error if it has no minimum over the intercept."""
    if isinstance(loss, Gaussian):
        shifted = target if data.offset is None else target - data.offset
        return Quadratic(shifted, data.sample_weight, fit_intercept)
    if fit_intercept:
        check_intercept(loss, target, data.sample_weight)
    unit = unit_of(loss, data, target)
    offset = None if data.offset is None else data.offset / unit
    return Generalized(loss.in_units(unit), target / unit, data.sample_weight, fit_intercept, offset, unit=unit)


def unit_of(loss: Loss, data: TrainingData, target: Vector) -> float:
    """What the loss measures targets in, so that no square over- or underflows."""
    shifted = target if data.offset is None else target - data.offset
    return loss.unit(shifted if data.sample_weight is None else shifted[data.sample_weight > 0])


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


def check_above_zero(grid: Vector | AlphaGrid) -> None:
    """Refuse an alpha of zero: without a penalty nothing holds the coefficients of separable data."""
    if not isinstance(grid, AlphaGrid) and grid[-1] == 0:
        raise ValueError("alphas contains 0.0, must be above 0; scikit-learn has models without a penalty.")


def check_offset(offset: Any, exposure: Any, n_samples: int) -> Vector | None:
    """What is added to raw predictions: offsets, logarithms of exposures, or their sum."""
    total = None
    if offset is not None:
        total = check_rows(offset, "offset", n_samples)
    if exposure is not None:
        exposure = check_rows(exposure, "exposure", n_samples)
        if exposure.min() <= 0:
            first = int(np.argmin(exposure))
            raise ValueError(f"exposure[{first}] == {exposure[first]}, must be > 0.")
        total = np.log(exposure) if total is None else total + np.log(exposure)
    return total
