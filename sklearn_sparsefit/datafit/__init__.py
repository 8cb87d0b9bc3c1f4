"""Datafits: what a raw prediction costs. A datafit never sees X or the coefficients."""

from sklearn_sparsefit.datafit._families import Binomial, Gamma, Gaussian, Huber, Poisson, Tweedie
from sklearn_sparsefit.datafit._loss import Loss
from sklearn_sparsefit.datafit.base import Datafit, Fits, Modelled
from sklearn_sparsefit.datafit.generalized import Generalized
from sklearn_sparsefit.datafit.multinomial import Multinomial, SoftmaxModel, contrasts, multinomial_losses
from sklearn_sparsefit.datafit.quadratic import Quadratic, QuadraticModel
from sklearn_sparsefit.datafit.units import power_of_two, summing_to_one

__all__ = [
    "Binomial",
    "Datafit",
    "Fits",
    "Gamma",
    "Gaussian",
    "Generalized",
    "Huber",
    "Loss",
    "Modelled",
    "Multinomial",
    "Poisson",
    "Quadratic",
    "QuadraticModel",
    "SoftmaxModel",
    "Tweedie",
    "contrasts",
    "multinomial_losses",
    "power_of_two",
    "summing_to_one",
]
