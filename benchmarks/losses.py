"""The losses: their values and derivatives, of which the accuracy of an answer is worked out.

Targets have shape (n_samples, n_tasks, 1), raw predictions and residuals (n_samples, n_tasks, n_alphas).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy


class Squares:
    """``(y - z)^2 / 2``."""

    def values(self, y: NDArray, Z: NDArray) -> NDArray:
        """The losses."""
        return (y - Z) ** 2 / 2

    def residuals(self, y: NDArray, Z: NDArray) -> NDArray:
        """Minus their derivatives."""
        return y - Z

    def curvatures(self, Z: NDArray) -> NDArray:
        """Their second derivatives."""
        return np.ones_like(Z)

    def conjugates(self, y: NDArray, R: NDArray) -> NDArray:
        """Their convex conjugates at -R."""
        return R**2 / 2 - R * y

    def intercepts(self, y: NDArray, Z: NDArray) -> NDArray:
        """What to add to every column of Z to make its loss the least."""
        return (y - Z).mean(axis=0)


class LogLoss:
    """``log(1 + exp(z)) - y z``, y of 0 and 1."""

    def values(self, y: NDArray, Z: NDArray) -> NDArray:
        """The losses."""
        return np.logaddexp(0, Z) - y * Z

    def residuals(self, y: NDArray, Z: NDArray) -> NDArray:
        """Minus their derivatives."""
        return y - expit(Z)

    def curvatures(self, Z: NDArray) -> NDArray:
        """Their second derivatives."""
        return expit(Z) * expit(-Z)

    def conjugates(self, y: NDArray, R: NDArray) -> NDArray:
        """Their convex conjugates at -R, infinite where there is no such residual."""
        P = np.clip(y - R, 0, 1)
        return np.where(np.abs(P - (y - R)) > 1e-15, np.inf, xlogy(P, P) + xlogy(1 - P, 1 - P))

    def intercepts(self, y: NDArray, Z: NDArray) -> NDArray:
        """What to add to every column of Z to make its loss the least: Newton steps, halving where these go astray."""
        b = np.zeros(Z.shape[1:])
        # Beyond these all probabilities are on the same side of the share of the class.
        odds = np.log(y.mean(axis=0) / (1 - y.mean(axis=0)))
        low, high = odds - Z.max(axis=0), odds - Z.min(axis=0)
        for _ in range(100):
            P = expit(Z + b)
            slopes, curvatures = (P - y).mean(axis=0), (P * (1 - P)).mean(axis=0)
            low, high = np.where(slopes > 0, low, b), np.where(slopes > 0, b, high)
            steps = b - slopes / np.maximum(curvatures, np.finfo(float).tiny)
            before, b = b, np.where((low <= steps) & (steps <= high), steps, (low + high) / 2)
            if np.all(np.abs(b - before) <= 1e-14 * (1 + np.abs(b))):
                break
        return b


LOSSES = {"squares": Squares(), "logistic": LogLoss()}
