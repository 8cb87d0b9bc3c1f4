"""From the solutions at some alphas to the next ones."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Kept = TypeVar("Kept")

# The polynomials, in alpha, that lead from one alpha to the next go through so many solutions.
N_KNOWN = 3
# They do not lead to where alpha is so many times as small as at the last one, and leave out what is closer to others
# than a fraction of the step.
FAR, STRETCH = 1.5, 20.0


def extrapolation(alphas: list[float], alpha: float) -> NDArray[np.float64]:
    """Weights of what is known at some alphas, the latest first, in the polynomial through it, at another (Lagrange).

    What is much closer to the one before than the step is, as where grids were joined, has none: it tells of noise.
    """
    used = [0]
    for row in range(1, len(alphas)):
        between = alphas[row] - alphas[used[-1]]
        if between > 0 and STRETCH * between >= abs(alphas[0] - alpha):
            used.append(row)
    weights = np.zeros(len(alphas))
    for a in used:
        weights[a] = math.prod((alpha - alphas[b]) / (alphas[a] - alphas[b]) for b in used if b != a)
    return weights


class Track(Generic[Kept]):
    """The last solutions on a path, the latest first, with what is kept of each."""

    def __init__(self, length: int = N_KNOWN):
        self._length = length
        self.alphas: list[float] = []
        self.kept: list[Kept] = []
        self._coefs: list[NDArray[np.float64]] = []

    def __len__(self) -> int:
        return len(self.alphas)

    def add(self, alpha: float, coef: NDArray[np.float64], kept: Kept) -> None:
        """Go on to a solution."""
        others = slice(self._length - 1)
        self.alphas = [alpha, *self.alphas[others]]
        self._coefs = [coef.copy(), *self._coefs[others]]
        self.kept = [kept, *self.kept[others]]

    def leads_to(self, alphas: list[float], coef: NDArray[np.float64]) -> bool:
        """Whether it comes down to some alphas, that descend too, from the coefficients it ended at."""
        if not self.alphas or not all(low < high for low, high in pairwise([*alphas[::-1], *self.alphas])):
            return False
        n_known = self._coefs[0].shape[-1]
        return np.array_equal(self._coefs[0], coef[..., :n_known]) and not coef[..., n_known:].any()

    def go_on_to(self, alphas: list[float], coef: NDArray[np.float64]) -> int:
        """How many of some alphas, the first ones, it leads to and is near; it begins anew where that is none."""
        n_near = sum(alpha * FAR > self.alphas[0] for alpha in alphas) if self.alphas else 0
        if n_near and self.leads_to(alphas[:n_near], coef):
            return n_near
        self.clear()
        return 0

    def coefs(self, n_features: int) -> NDArray[np.float64]:
        """Coefficients of the solutions, zero where features have come in since."""
        coefs = np.zeros((len(self), *self._coefs[0].shape[:-1], n_features))
        for row, coef in enumerate(self._coefs):
            coefs[row, ..., : coef.shape[-1]] = coef
        return coefs

    def before(
        self, alphas: Sequence[float], coef: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Alphas and coefficients of the solutions, the latest last, and rows for as many more as there are alphas.

        Where there are no solutions the first row is that of other coefficients, at no alpha (infinity).
        """
        n_known = max(1, len(self))
        every = np.full(n_known + len(alphas), np.inf)
        every[n_known:] = alphas
        coefs = np.empty((len(every), *coef.shape))
        coefs[0] = coef
        if self.alphas:
            every[:n_known], coefs[:n_known] = self.alphas[::-1], self.coefs(coef.shape[-1])[::-1]
        return every, coefs

    def clear(self) -> None:
        """Begin anew."""
        self.alphas, self._coefs, self.kept = [], [], []
