"""What the engine keeps of the alphas it is at."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def support_of(coef: NDArray[np.float64]) -> NDArray[np.intp]:
    """Features with a coefficient, in any task."""
    return np.flatnonzero(coef if coef.ndim == 1 else coef.any(axis=0))


@dataclass
class Step:
    """One alpha on the way; a stepping stone has no index."""

    alpha: float
    index: int | None
    n_iter: int = 0
    gap: float = np.inf
    # The gap when last no feature outside violated: one that halves no more is as small as it gets.
    settled_gap: float = np.inf
    coef: Vector = field(default_factory=lambda: np.empty(0))
    relaxed_coef: Vector = field(default_factory=lambda: np.empty(0))


@dataclass
class Evaluation:
    """Coefficients of one block, a row for each, and what they come to.

    ``energies`` are sum_i s_i r_i^2 and ``inside`` the correlations of the working set, known up to ``slacks``;
    ``offsets`` are what the intercept adds to the mean, zero where residuals were not needed. ``gaps`` are those of the
    working set, where they are known already and there is nothing outside.
    """

    coefs: Matrix
    energies: Vector
    inside: Matrix
    slacks: Vector
    offsets: Vector
    residuals: Matrix | None = None
    gaps: Vector | None = None
