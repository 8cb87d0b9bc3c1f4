"""Datafits: what a raw prediction costs. A datafit never sees X or the coefficients."""

from sklearn_sparsefit.datafit.base import Datafit, Fits
from sklearn_sparsefit.datafit.quadratic import Quadratic

__all__ = ["Datafit", "Fits", "Quadratic"]
