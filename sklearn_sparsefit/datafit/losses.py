"""Losses of one raw prediction, other than its square: what generalised linear models are fitted by."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, xlogy

Array = NDArray[np.float64]

# Of a number that is solved for: Newton steps at most, and what is left of a step that is rounding.
MAX_STEPS, ROUNDING = 200, 4 * np.finfo(np.float64).eps


class Loss(ABC):
    """f(y, z) >= 0 of a target y and a raw prediction z: convex and differentiable in z, zero at its infimum.

    For generalised linear models that is half the deviance, as a function of what the link makes of the mean. Arrays
    are as long as y along their last axis. What is said of a loss beyond its value, derivative and curvature makes it
    faster, or keeps more digits.
    """

    @abstractmethod
    def value(self, y: Array, z: Array) -> Array:
        """f(y, z)."""

    @abstractmethod
    def derivative(self, y: Array, z: Array) -> Array:
        """First derivative in z."""

    @abstractmethod
    def curvature(self, y: Array, z: Array) -> Array:
        """Second derivative in z, at least zero."""

    def mean(self, z: Array) -> Array:
        """What a raw prediction means for the target: the inverse of the link."""
        return z

    def invalid(self, y: Array) -> str | None:
        """What targets must be, if some of these are not."""
        return None

    def has_intercept(self, y: Array) -> bool:
        """Whether targets that have a weight leave the intercept of the null model finite."""
        return True

    def best_shift(self, y: Array, z: Array, weights: Array) -> Array:
        """The b that minimises sum_i s_i f(y_i, z_i + b), for every row of raw predictions.

        By Newton steps, and where these lead out of what is known to hold the solution, by halving it.
        """
        lower, upper = np.full((2, len(z)), [[-np.inf], [np.inf]])
        shift, width = np.zeros(len(z)), np.ones(len(z))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for _ in range(MAX_STEPS):
                slope = self.derivative(y, z + shift[:, None]) @ weights
                lower, upper = np.where(slope < 0, shift, lower), np.where(slope > 0, shift, upper)
                step = -slope / (self.curvature(y, z + shift[:, None]) @ weights)
                step = np.where(slope == 0, 0.0, step)
                if (np.abs(step) <= ROUNDING * np.maximum(np.abs(shift), 1.0)).all():
                    break
                halving = np.where(np.isfinite(lower + upper), 0.5 * (lower + upper), shift - np.sign(slope) * width)
                width *= 2.0
                inside = (lower < shift + step) & (shift + step < upper) & (np.abs(step) <= width)
                shift = np.where(slope == 0, shift, np.where(inside, shift + step, halving))
        return shift

    def misfit(self, y: Array, z: Array, scale: float) -> Array:
        """f(z) + f*(t f'(z)) - t f'(z) z, at least zero, for a scale t <= 1.

        That is f(z) - f(v) - f'(v) (z - v) where f'(v) = t f'(z): v lies between z and the minimiser.
        """
        target = scale * self.derivative(y, z)
        # From z, by steps that double, to the other side of v; then Newton steps, or halving.
        near, far, width = z.copy(), z.copy(), 1.0
        sign = np.sign(target)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for _ in range(MAX_STEPS):
                beyond = sign * (self.derivative(y, far) - target) > 0
                if not beyond.any():
                    break
                near, far, width = np.where(beyond, far, near), np.where(beyond, far - sign * width, far), 2 * width
            v = near
            for _ in range(MAX_STEPS):
                error = self.derivative(y, v) - target
                near, far = np.where(sign * error >= 0, v, near), np.where(sign * error <= 0, v, far)
                new = v - error / self.curvature(y, v)
                new = np.where((new - near) * (new - far) <= 0, new, 0.5 * (near + far))
                if (np.abs(new - v) <= ROUNDING * np.maximum(np.abs(v), 1.0)).all():
                    break
                v = new
        return np.maximum(self.value(y, z) - self.value(y, v) - target * (z - v), 0.0)


class Binomial(Loss):
    """Half the deviance of a share y of successes, between 0 and 1, for raw predictions that are log-odds."""

    def value(self, y: Array, z: Array) -> Array:
        return np.maximum(np.logaddexp(0.0, z) - y * z + xlogy(y, y) + xlogy(1 - y, 1 - y), 0.0)

    def derivative(self, y: Array, z: Array) -> Array:
        return expit(z) - y

    def curvature(self, y: Array, z: Array) -> Array:
        return expit(z) * expit(-z)

    def mean(self, z: Array) -> Array:
        return expit(z)

    def invalid(self, y: Array) -> str | None:
        return None if ((y >= 0) & (y <= 1)).all() else "between 0 and 1"

    def has_intercept(self, y: Array) -> bool:
        return bool((y < 1).any() and (y > 0).any())

    def misfit(self, y: Array, z: Array, scale: float) -> Array:
        # The mean that belongs to the scaled derivative, and minus its entropy for the conjugate.
        success = (1 - scale) * y + scale * expit(z)
        failure = (1 - scale) * (1 - y) + scale * expit(-z)
        conjugate = xlogy(success, success) + xlogy(failure, failure)
        return np.maximum(np.logaddexp(0.0, z) - success * z + conjugate, 0.0)


class Tweedie(Loss):
    """Half the deviance of the Tweedie distribution of a power between 1 and 2, for logarithms of the mean.

    exp((2 - p) z) / (2 - p) + y exp((1 - p) z) / (p - 1), less its minimum y^(2 - p) / ((p - 1) (2 - p)).
    """

    def __init__(self, power: float):
        self.power = power

    def value(self, y: Array, z: Array) -> Array:
        p = self.power
        least = y ** (2 - p) / ((p - 1) * (2 - p))
        with np.errstate(over="ignore"):
            return np.maximum(np.exp((2 - p) * z) / (2 - p) + self._of(y, (1 - p) * z) / (p - 1) - least, 0.0)

    def derivative(self, y: Array, z: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp((2 - self.power) * z) - self._of(y, (1 - self.power) * z)

    def curvature(self, y: Array, z: Array) -> Array:
        p = self.power
        with np.errstate(over="ignore"):
            return (2 - p) * np.exp((2 - p) * z) + (p - 1) * self._of(y, (1 - p) * z)

    @staticmethod
    def _of(y: Array, exponent: Array) -> Array:
        """Products of y, also where it is zero and the exponential is infinite."""
        return np.where(y > 0, y * np.exp(exponent), 0.0)

    def mean(self, z: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(z)

    def invalid(self, y: Array) -> str | None:
        return None if (y >= 0).all() else "at least 0"

    def has_intercept(self, y: Array) -> bool:
        return bool((y > 0).any())

    def best_shift(self, y: Array, z: Array, weights: Array) -> Array:
        p, used = self.power, weights > 0
        above = logsumexp((1 - p) * z[:, used], b=(weights * y)[used], axis=1)
        return above - logsumexp((2 - p) * z[:, used], b=weights[used], axis=1)


class Poisson(Tweedie):
    """Half the deviance of counts, for logarithms of their mean."""

    def __init__(self) -> None:
        super().__init__(1.0)

    def value(self, y: Array, z: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.maximum(np.exp(z) - y * z + xlogy(y, y) - y, 0.0)

    def derivative(self, y: Array, z: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(z) - y

    def curvature(self, y: Array, z: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(z)

    def misfit(self, y: Array, z: Array, scale: float) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.exp(z)
            shrunken = (1 - scale) * y + scale * mean
            return np.maximum(mean - shrunken + xlogy(shrunken, shrunken) - shrunken * z, 0.0)


class Gamma(Tweedie):
    """Half the deviance of the gamma distribution, for logarithms of the mean: y exp(-z) + z - log(y) - 1."""

    def __init__(self) -> None:
        super().__init__(2.0)

    def value(self, y: Array, z: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.maximum(np.exp(np.log(y) - z) + z - np.log(y) - 1, 0.0)

    def derivative(self, y: Array, z: Array) -> Array:
        with np.errstate(over="ignore"):
            return 1 - np.exp(np.log(y) - z)

    def curvature(self, y: Array, z: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(np.log(y) - z)

    def invalid(self, y: Array) -> str | None:
        return None if (y > 0).all() else "above 0"

    def misfit(self, y: Array, z: Array, scale: float) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            ratio = np.exp(np.log(y) - z)
            shrunken = (1 - scale) + scale * ratio
            return np.maximum(ratio - shrunken + shrunken * np.log(shrunken) - shrunken * (np.log(y) - z), 0.0)


class Huber(Loss):
    """Half the square of an error up to ``delta``, and beyond that its size times delta, less delta^2 / 2."""

    def __init__(self, delta: float):
        self.delta = delta

    def value(self, y: Array, z: Array) -> Array:
        size = np.abs(y - z)
        within = np.minimum(size, self.delta)
        return within * (size - 0.5 * within)

    def derivative(self, y: Array, z: Array) -> Array:
        return np.clip(z - y, -self.delta, self.delta)

    def curvature(self, y: Array, z: Array) -> Array:
        return (np.abs(y - z) <= self.delta).astype(np.float64)

    def misfit(self, y: Array, z: Array, scale: float) -> Array:
        size = np.abs(y - z)
        within = np.minimum(size, self.delta)
        # The square of what the scale takes off, and beyond delta what it takes off a line.
        return 0.5 * ((1 - scale) * within) ** 2 + (1 - scale) * within * (size - within)
