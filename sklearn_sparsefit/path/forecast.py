"""What may be said ahead of reading them of the features outside the working set."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.path import cost_model
from sklearn_sparsefit.path.records import Features
from sklearn_sparsefit.penalty import Penalty

# An alpha beyond any other.
FAR = 1e300
# The bounds' own rounding, and that of the correlations they start from.
ROUNDING = 1e-9


class Forecast:
    """Continues the size of every correlation along the line through the last two alphas at which it was seen.

    Between two changes of the support correlations are affine in alpha. (Their sizes are, with several tasks, convex.)
    """

    def __init__(self, alpha: float, correlation: Vector, margin: float):
        self._margin = margin
        self.start_from(alpha, correlation)

    def start_from(self, alpha: float, correlation: Vector) -> None:
        """Know the correlations at one alpha."""
        self.alpha = min(alpha, FAR)
        self._now = np.full(len(correlation), self.alpha), correlation.copy()
        self._before = np.full(len(correlation), self.alpha), correlation.copy()

    def see(self, alpha: float, features: Features, correlation: Vector) -> None:
        """Take note of the correlations of some features at the next alpha."""
        for now, before in zip(self._now, self._before, strict=True):
            before[features] = now[features]
        alphas, correlations = self._now
        alphas[features] = self.alpha = alpha
        correlations[features] = correlation

    def look_ahead(
        self, penalty: Penalty, alphas: list[float], outside: NDArray[np.bool_], n_support: int
    ) -> tuple[int, NDArray[np.intp]]:
        """How many of the coming alphas to take on, and which features to bring in for them."""
        few = max(cost_model.MIN_NEWCOMERS, int(cost_model.NEWCOMER_SHARE * n_support))
        entries = penalty.entry_alphas(*self._now, *self._before, self._margin)
        # A feature that should be as close by now, and has not been read as bounds keep it out, is not on its line.
        is_on_line = (entries < self.alpha) | (self._now[0] == self.alpha)
        coming = np.flatnonzero(outside & is_on_line & (entries >= alphas[-1]))
        coming = coming[np.argsort(-entries[coming], kind="stable")]
        n_entered = np.searchsorted(-entries[coming], [-alpha for alpha in alphas], side="right")
        n_ahead = max(1, int(np.count_nonzero(n_entered <= few)))
        n_newcomers = min(n_entered[n_ahead - 1], cost_model.MAX_NEWCOMERS * few)
        return n_ahead, np.sort(coming[:n_newcomers])


class SafeBounds:
    """What the magnitudes of correlations are at most, at residuals at which they were not read.

    With r = (1 - t) r_0 + t r_1 + e, |x_j'r| <= (1 - t) |x_j'r_0| + t |x_j'r_1| + ||x_j|| ||e||: from one reading to
    residuals ahead of it (t = 0; El Ghaoui et al. 2012), and more tightly to those on the way to another. Where r_0
    and r_1 were not read such limits stand in. (Magnitudes are convex, and grow in proportion.)
    """

    def __init__(self, penalty: Penalty, norms: Vector, weights: Vector, sizes: Vector, residual: Vector):
        self._reaches = penalty.reaches((1 + ROUNDING) * norms)
        self._weights = weights
        self._residual, self._limits = residual, penalty.magnitudes(sizes)
        self._end, self._end_limits = self._residual, self._limits

    def ahead(self, penalty: Penalty, residual: Vector) -> NDArray[np.bool_]:
        """Which features may reach the threshold at a residual, the end of the way that comes."""
        self._end = residual
        self._end_limits = self._limits + self._length(residual - self._residual) * self._reaches
        return _may_reach(self._end_limits, penalty.l1)

    def read_end(self, features: Features, magnitudes: Vector) -> None:
        """Take note of what was read of some features there."""
        self._end_limits[features] = magnitudes

    def on_the_way(self, penalties: list[Penalty], residuals: NDArray[np.float64]) -> NDArray[np.intp]:
        """Which features may reach one of the thresholds, those of so many penalties, at residuals on the way."""
        shares, distances = self._places(residuals)
        thresholds = np.array([penalty.l1 for penalty in penalties])
        nearest = np.maximum(self._limits, self._end_limits) + distances.max() * self._reaches
        some = np.flatnonzero(_may_reach(nearest, thresholds.min()))
        limits = np.outer(1 - shares, self._limits[some]) + np.outer(shares, self._end_limits[some])
        limits += np.outer(distances, self._reaches[some])
        return some[_may_reach(limits, thresholds[:, None]).any(axis=0)]

    def go_to(self, residual: Vector, features: Features, magnitudes: Vector) -> None:
        """Start from a residual on the way, where some features were read."""
        self._limits = self._limits_at(residual)
        self._limits[features] = magnitudes
        self._residual = residual

    def _limits_at(self, residual: Vector) -> Vector:
        (share,), (distance,) = self._places(residual[None])
        return (1 - share) * self._limits + share * self._end_limits + distance * self._reaches

    def _places(self, residuals: NDArray[np.float64]) -> tuple[Vector, Vector]:
        """The shares of the way at which it comes close to residuals, and how close: any share would do."""
        way = self._end - self._residual
        # In this order rows of weight zero count for nothing even where their squares overflow.
        weighted = way * self._weights
        sq_length, start = float(np.vdot(weighted, way)), float(np.vdot(weighted, self._residual))
        shares = np.zeros(len(residuals))
        if sq_length > 0:
            shares = np.clip((residuals.reshape(len(residuals), -1) @ weighted.ravel() - start) / sq_length, 0.0, 1.0)
        pairs = zip(residuals, shares, strict=True)
        return shares, np.array([self._length(residual - (self._residual + share * way)) for residual, share in pairs])

    def _length(self, move: Vector) -> float:
        return (1 + ROUNDING) * float(np.sqrt(np.vdot(move * self._weights, move)))


def _may_reach(limits: NDArray[np.float64], threshold: float | NDArray[np.float64]) -> NDArray[np.bool_]:
    return ~(limits < (1 - ROUNDING) * threshold)


def with_stepping_stones(alphas: Iterable[float], start: float) -> list[tuple[float, int | None]]:
    """The alphas, each with its index, and between those too far apart (from ``start`` on) others without one."""
    way: list[tuple[float, int | None]] = []
    for index, alpha in enumerate(alphas):
        if 0 < alpha < start / cost_model.MAX_RATIO and start < FAR:
            n_stones = int(np.ceil(np.log(start / alpha) / np.log(cost_model.MAX_RATIO))) - 1
            # Not geomspace(start, ...): times a power of two, the stones must scale exactly.
            way += [(float(stone), None) for stone in start * np.geomspace(1.0, alpha / start, n_stones + 2)[1:-1]]
        way.append((float(alpha), index))
        start = alpha
    return way
