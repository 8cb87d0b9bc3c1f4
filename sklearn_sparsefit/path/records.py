"""What the path engine takes, asks for, and gives back."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.datafit import Datafit
from sklearn_sparsefit.penalty import Penalty

Features: TypeAlias = NDArray[np.intp] | slice
EVERYTHING = slice(None)


@dataclass(frozen=True)
class Problem:
    """A loss of the raw predictions and the shape of a penalty; its strength, alpha, comes with the path."""

    datafit: Datafit
    penalty: Penalty


@dataclass(frozen=True)
class AlphaGrid:
    """``n_alphas`` strengths, evenly spaced in the logarithm, between alpha_max and ``eps * alpha_max``.

    Where ``eps`` is None it goes by the shape of X: with more features than samples small alphas fit noise with
    thousands of features.
    """

    n_alphas: int
    eps: float | None

    def __len__(self) -> int:
        return self.n_alphas

    def alphas(self, alpha_max: float, shape: tuple[int, int]) -> Vector:
        """Resolve the grid of a problem."""
        n_samples, n_features = shape
        eps = self.eps or (1e-2 if n_samples < n_features else 1e-3)
        if alpha_max == 0:
            return np.full(self.n_alphas, np.finfo(np.float64).resolution)
        # Not geomspace(alpha_max, ...): times a power of two, the grid must scale exactly.
        return alpha_max * np.sort(np.geomspace(1.0, eps, self.n_alphas))[::-1]


@dataclass(frozen=True)
class SolverOptions:
    """``tol`` bounds the duality gap relative to the loss of the null model, ``max_iter`` the iterations per alpha.

    Answers are rounded to ``dtype``, which their duality gaps take into account. ``n_together`` paths go in lockstep,
    ``n_sharing`` have moments of the design in common. With ``relaxes`` every alpha is also fitted without penalty on
    the features it keeps.
    """

    tol: float
    max_iter: int
    solver: str
    dtype: type[np.floating] = np.float64
    n_together: int = 1
    n_sharing: int = 1
    relaxes: bool = False


@dataclass(frozen=True)
class Correlate:
    """Request for one pass over X: ``residuals @ X[:, features]``, for residuals of shape (k, n_samples)."""

    residuals: NDArray[np.float64]
    features: Features


@dataclass(frozen=True)
class SquaredNorms:
    """Request for ``weights @ (scale * X)**2``, or None where it is of no use."""

    weights: Vector
    scale: float


@dataclass(frozen=True)
class Gather:
    """Request for packed columns of some features, times ``scale``.

    ``centre`` holds the weights of the mean that the engine will take off them, or None.
    """

    features: NDArray[np.intp]
    scale: float
    centre: Vector | None


@dataclass(frozen=True)
class Measure:
    """Request for the weighted moments of X times ``scale``, about its means if ``centre``, and of the target.

    The target is in units of ``target_unit``.
    """

    weights: Vector
    target: Vector
    target_unit: float
    centre: bool
    scale: float


@dataclass(frozen=True)
class Predict:
    """Request for ``coefs @ (scale * X - means).T``, for coefficients of shape (k, n_features)."""

    coefs: NDArray[np.float64]
    means: Vector
    scale: float


@dataclass(frozen=True)
class CorrelateCentred:
    """Request for ``residuals @ (scale * X - means)``, for residuals of shape (k, n_samples)."""

    residuals: NDArray[np.float64]
    means: Vector
    scale: float


@dataclass(frozen=True)
class Solved:
    """Report that one alpha of the path is done."""

    index: int
    alpha: float
    dual_gap: float


Request: TypeAlias = Correlate | SquaredNorms | Gather | Measure | Predict | CorrelateCentred | Solved


@dataclass(frozen=True)
class PathResult:
    """A path, from the largest alpha to the smallest.

    ``supports`` holds the features with a coefficient at each alpha, ``values`` these coefficients. ``dual_gaps`` are
    in units of the objective, ``relative_gaps`` in units of the loss of the null model; ``converged`` says which of
    them came below the tolerance. ``relaxed_values`` and ``relaxed_intercepts``, if asked for, are least squares on the
    same supports. ``dependent`` are features free of the penalty that are combinations of others and of
    the intercept; ``has_no_minimum`` says that the loss falls for ever in free features, and has no minimum.
    ``by_moments`` says that the path was found from the moments of the whole design; ``n_passes`` counts, once it was
    driven, the readings of X it had a part in.
    """

    n_features: int
    alphas: Vector
    supports: list[NDArray[np.intp]]
    values: list[Vector]
    intercepts: Vector
    dual_gaps: Vector
    relative_gaps: Vector
    n_iters: NDArray[np.intp]
    converged: NDArray[np.bool_]
    dependent: NDArray[np.intp]
    relaxed_values: list[Vector]
    relaxed_intercepts: Vector
    has_no_minimum: bool = False
    by_moments: bool = False
    n_passes: int = 0

    def relaxed(self, relax: float) -> "PathResult":
        """The mean of the path, with weight ``relax``, and of least squares on its supports."""
        if relax == 1:
            return self
        values = [relax * v + (1 - relax) * r for v, r in zip(self.values, self.relaxed_values, strict=True)]
        intercepts = relax * self.intercepts + (1 - relax) * self.relaxed_intercepts
        return replace(self, values=values, intercepts=intercepts)

    def without_coefs(self) -> "PathResult":
        """All but the coefficients."""
        return replace(self, supports=[], values=[], relaxed_values=[])

    @property
    def kept(self) -> NDArray[np.intp]:
        """Features with a coefficient at any alpha, sorted."""
        return np.unique(np.concatenate(self.supports))

    def coefs_of(self, features: NDArray[np.intp]) -> NDArray[np.float64]:
        """Coefficients, of shape (n_alphas, [n_tasks,] len(features)), of sorted features that hold all kept ones."""
        coefs = np.zeros((len(self.alphas), *self.values[0].shape[:-1], len(features)))
        for row, support, values in zip(coefs, self.supports, self.values, strict=True):
            row[..., np.searchsorted(features, support)] = values
        return coefs

    def dense_coef(self, index: int, dtype: DTypeLike = np.float64) -> NDArray:
        """Coefficients at one alpha, of shape ([n_tasks,] n_features)."""
        coef = np.zeros((*self.values[index].shape[:-1], self.n_features), dtype=dtype)
        coef[..., self.supports[index]] = self.values[index]
        return coef

    def dense_coefs(self, dtype: DTypeLike = np.float64) -> NDArray:
        """Coefficients of shape ([n_tasks,] n_features, n_alphas)."""
        shape = (*self.values[0].shape[:-1], self.n_features, len(self.alphas))
        coefs = np.zeros(shape, dtype=dtype, order="F")
        for column, (support, values) in enumerate(zip(self.supports, self.values, strict=True)):
            coefs[..., support, column] = values
        return coefs
