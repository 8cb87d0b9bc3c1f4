"""What may be said ahead of reading them of the features outside the working set."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.path import cost_model
from sklearn_sparsefit.penalty import Penalty

# An alpha beyond any other.
FAR = 1e300


class Forecast:
    """Continues the size of every correlation along the line through those at the last two alphas.

    Between two changes of the support correlations are affine in alpha. (Their sizes are, with several tasks, convex.)
    """

    def __init__(self, alpha: float, correlation: Vector, margin: float):
        self._margin = margin
        self.start_from(alpha, correlation)

    def start_from(self, alpha: float, correlation: Vector) -> None:
        """Know the correlations at one alpha."""
        self._now = self._before = min(alpha, FAR), correlation.copy()

    @property
    def alpha(self) -> float:
        """The last of the alphas."""
        return self._now[0]

    def see(self, alpha: float, correlation: Vector) -> None:
        """Take note of the correlations at the next alpha."""
        # A copy: it may be a row of what was read for many.
        self._before, self._now = self._now, (alpha, correlation.copy())

    def look_ahead(
        self, penalty: Penalty, alphas: list[float], outside: NDArray[np.bool_], n_support: int
    ) -> tuple[int, NDArray[np.intp], int]:
        """How many of the coming alphas to take on, which features to bring in for them, and how many are left out.

        None are for several alphas; for one alone at least one is, if there are more than may come in.
        """
        few = max(cost_model.MIN_NEWCOMERS, int(cost_model.NEWCOMER_SHARE * n_support))
        entries = penalty.entry_alphas(*self._now, *self._before, self._margin)
        coming, most = np.flatnonzero(outside & (entries >= alphas[-1])), cost_model.MAX_NEWCOMERS * few
        if len(coming) > most:
            # With one that is too many, or more if they are equal.
            coming = coming[entries[coming] >= -np.partition(-entries[coming], most)[most]]
        coming = coming[np.argsort(-entries[coming], kind="stable")]
        n_entered = np.searchsorted(-entries[coming], [-alpha for alpha in alphas], side="right")
        n_ahead = max(1, int(np.count_nonzero(n_entered <= few)))
        n_foreseen = int(n_entered[n_ahead - 1])
        newcomers = coming[: min(n_foreseen, most)]
        return n_ahead, np.sort(newcomers), n_foreseen - len(newcomers)


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
