"""What may be said ahead of reading them of the features outside the working set."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers import choice

Vector = NDArray[np.float64]
Features: TypeAlias = NDArray[np.intp] | slice

# An alpha beyond any other.
FAR = 1e300
# The bounds' own rounding, and that of the correlations they start from.
ROUNDING = 1e-9


class Forecast:
    """Continues the size of every correlation along the line through the last two alphas at which it was seen.

    Between two changes of the support correlations are affine in alpha. (Their sizes are, with several tasks, convex.)
    """

    def __init__(self, alpha: float, correlation: Vector):
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
        few = max(choice.MIN_NEWCOMERS, int(choice.NEWCOMER_SHARE * n_support))
        entries = penalty.entry_alphas(*self._now, *self._before, choice.MARGIN)
        coming = np.flatnonzero(outside & (entries >= alphas[-1]))
        coming = coming[np.argsort(-entries[coming], kind="stable")]
        n_entered = np.searchsorted(-entries[coming], [-alpha for alpha in alphas], side="right")
        n_ahead = max(1, int(np.count_nonzero(n_entered <= few)))
        n_newcomers = min(n_entered[n_ahead - 1], choice.MAX_NEWCOMERS * few)
        return n_ahead, np.sort(coming[:n_newcomers])


class SafeBounds:
    """Which features cannot have reached the threshold since they were last read.

    |x_j'r| <= |x_j'r_0| + ||x_j|| ||r - r_0||, and what the residual has moved since adds up along its way (El Ghaoui
    et al. 2012; Ndiaye et al. 2017 bound by the dual gap in place of the way).
    """

    def __init__(self, norms: Vector, weights: Vector, correlation: Vector, residual: Vector):
        self._norms = norms
        self._weights = weights
        self._correlation = correlation.copy()
        self._residual = residual
        self._way = 0.0
        self._way_when_read = np.zeros(len(norms))

    def unsafe(self, penalty: Penalty, residuals: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Features whose correlation with one of the residuals may reach the threshold."""
        way = self._way + max(self._distance(residual) for residual in residuals)
        reach = penalty.magnitudes(self._correlation) + penalty.reaches(self._norms * (way - self._way_when_read))
        return ~(reach < (1 - ROUNDING) * penalty.l1)

    def read(self, features: Features, correlation: Vector, residual: Vector) -> None:
        """Take note of what was read of some features at the next residual."""
        self._way += self._distance(residual)
        self._residual = residual
        self._correlation[features] = correlation
        self._way_when_read[features] = self._way

    def _distance(self, residual: Vector) -> float:
        move = residual - self._residual
        # In this order rows of weight zero count for nothing even where their squares overflow.
        return (1 + ROUNDING) * float(np.sqrt(np.vdot(move * self._weights, move)))


def with_stepping_stones(alphas: Vector, start: float) -> list[tuple[float, int | None]]:
    """The alphas, each with its index, and between those too far apart (from ``start`` on) others without one."""
    way: list[tuple[float, int | None]] = []
    for index, alpha in enumerate(alphas):
        if 0 < alpha < start / choice.MAX_RATIO and start < FAR:
            n_stones = int(np.ceil(np.log(start / alpha) / np.log(choice.MAX_RATIO))) - 1
            # Not geomspace(start, ...): times a power of two, the stones must scale exactly.
            way += [(float(stone), None) for stone in start * np.geomspace(1.0, alpha / start, n_stones + 2)[1:-1]]
        way.append((float(alpha), index))
        start = alpha
    return way
