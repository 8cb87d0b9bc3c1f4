"""What the engine keeps of the alphas it is at."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.datafit import Fits


def support_of(coef: NDArray[np.float64]) -> NDArray[np.intp]:
    """Features with a coefficient, in any task."""
    return np.flatnonzero(coef if coef.ndim == 1 else coef.any(axis=0))


@dataclass
class Step:
    """One alpha on the way; a stepping stone has no index. Many features may still have to come in for it."""

    alpha: float
    index: int | None
    awaits_features: bool = False
    n_iter: int = 0
    gap: float = np.inf
    # The gap when last no feature outside violated: one that halves no more is as small as it gets.
    settled_gap: float = np.inf
    # The features with coefficients, and these in units of the data, with the penalty and without.
    support: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    values: Matrix = field(default_factory=lambda: np.empty(0))
    relaxed_values: Matrix = field(default_factory=lambda: np.empty(0))


@dataclass
class Evaluation:
    """Coefficients of one block, a row for each, and what they come to.

    ``inside`` are the correlations of the working set, known up to ``slacks``, and ``to_gain`` is what features that
    are free of the penalty may still take off the losses. Of least squares the losses may be known by moments: then
    there are no residuals and raw predictions, and the offsets are zero. ``gaps`` are those of the working set, where
    they are known already and there is nothing outside.
    """

    coefs: Matrix
    fits: Fits
    inside: Matrix
    slacks: Vector
    to_gain: Vector
    gaps: Vector | None = None

    @classmethod
    def by_moments(cls, coefs: Matrix, inside: Matrix, losses: Vector) -> "Evaluation":
        """Rows of coefficients on a whole design."""
        nothing = np.empty((len(coefs), 0))
        fits = Fits(nothing, np.zeros(coefs.shape[:-1]), losses, nothing)
        return cls(coefs, fits, inside, *np.zeros((2, len(coefs))))
