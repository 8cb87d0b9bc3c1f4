"""How the correlations of the features outside the working set go on along the path."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers import choice

Vector = NDArray[np.float64]


class Forecast:
    """Continues the correlations along the line through the last two alphas at which they were seen.

    Between two changes of the support they are affine in alpha.
    """

    def __init__(self, alpha: float, correlation: Vector):
        self.alpha = alpha
        self._correlation = correlation
        self._before: tuple[float, Vector] | None = None

    def see(self, alpha: float, correlation: Vector) -> None:
        """Take note of the correlations at the next alpha."""
        self._before = (self.alpha, self._correlation)
        self.alpha, self._correlation = alpha, correlation

    def _slope(self) -> Vector | float:
        if self._before is None or not self._before[0] > self.alpha:
            return 0.0
        return (self._correlation - self._before[1]) / (self.alpha - self._before[0])

    def look_ahead(
        self, penalties: list[Penalty], outside: NDArray[np.bool_], n_support: int
    ) -> tuple[int, NDArray[np.intp]]:
        """How many of the coming alphas to take on, and which features to bring in for them."""
        few = max(choice.MIN_NEWCOMERS, int(choice.NEWCOMER_SHARE * n_support))
        slope = self._slope()
        chosen = np.zeros(len(outside), dtype=bool)
        for n_ahead, penalty in enumerate(penalties):
            step = min(penalty.alpha - self.alpha, 0.0) if np.isfinite(self.alpha) else 0.0
            reach = penalty.magnitude(self._correlation + slope * step)
            wanted = chosen | (outside & (reach > (1 - choice.MARGIN) * penalty.l1))
            n_wanted = np.count_nonzero(wanted)
            if n_ahead == 0 and n_wanted > 10 * few:
                wanted &= reach >= np.partition(reach[wanted], -10 * few)[-10 * few]
            elif n_ahead > 0 and n_wanted > few:
                return n_ahead, np.flatnonzero(chosen)
            chosen = wanted
        return len(penalties), np.flatnonzero(chosen)


def with_stepping_stones(alphas: Vector, start: float) -> list[tuple[float, int | None]]:
    """The alphas, each with its index, and between those too far apart (from ``start`` on) others without one."""
    way: list[tuple[float, int | None]] = []
    for index, alpha in enumerate(alphas):
        if 0 < alpha < start / choice.MAX_RATIO and np.isfinite(start):
            n_stones = int(np.ceil(np.log(start / alpha) / np.log(choice.MAX_RATIO))) - 1
            # Not geomspace(start, ...): times a power of two, the stones must scale exactly.
            way += [(float(stone), None) for stone in start * np.geomspace(1.0, alpha / start, n_stones + 2)[1:-1]]
        way.append((float(alpha), index))
        start = alpha
    return way
