"""What the path engine takes, asks for, and gives back."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.penalty import Penalty

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """A loss of the raw predictions and the shape of a penalty; its strength, alpha, comes with the path."""

    datafit: Quadratic
    penalty: Penalty


@dataclass(frozen=True)
class AlphaGrid:
    """``n_alphas`` strengths, evenly spaced in the logarithm, from alpha_max down to ``eps * alpha_max``."""

    n_alphas: int
    eps: float

    def alphas(self, alpha_max: float) -> Vector:
        """Resolve the grid of a problem."""
        if alpha_max == 0:
            return np.full(self.n_alphas, np.finfo(np.float64).resolution)
        # Not geomspace(alpha_max, ...): times a power of two, the grid must scale exactly.
        return alpha_max * np.geomspace(1.0, self.eps, self.n_alphas)


@dataclass(frozen=True)
class SolverOptions:
    """``tol`` bounds the duality gap relative to the loss of the null model, ``max_iter`` the iterations per alpha.

    Answers are rounded to ``dtype``, which their duality gaps take into account.
    """

    tol: float
    max_iter: int
    solver: str
    dtype: type[np.floating] = np.float64


@dataclass(frozen=True)
class Correlate:
    """Request for one pass over X: ``residuals @ X``, for residuals of shape (k, n_samples)."""

    residuals: NDArray[np.float64]


@dataclass(frozen=True)
class Gather:
    """Request for packed columns of some features, times ``scale``.

    ``centre`` holds the weights of the mean that the engine will take off them, or None.
    """

    features: NDArray[np.intp]
    scale: float
    centre: Vector | None


@dataclass(frozen=True)
class Solved:
    """Report that one alpha of the path is done, with the residuals on all rows, those of weight zero included."""

    index: int
    alpha: float
    residual: Vector
    dual_gap: float


Request: TypeAlias = Correlate | Gather | Solved


@dataclass(frozen=True)
class PathResult:
    """A path, from the largest alpha to the smallest.

    ``coefs`` has shape (n_features, n_alphas); ``dual_gaps`` are in units of the objective, ``relative_gaps`` in
    units of the loss of the null model; ``converged`` says which of them came below the tolerance.
    """

    alphas: Vector
    coefs: sparse.csc_array
    intercepts: Vector
    dual_gaps: Vector
    relative_gaps: Vector
    n_iters: NDArray[np.intp]
    converged: NDArray[np.bool_]
    n_passes: int
