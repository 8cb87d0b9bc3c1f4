"""What a penalty is to the engine and its solvers."""

from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparsefit._typing import Positions, Vector
from sklearn_sparsefit.penalty._feature_terms import FeatureTerms

# Coefficients or correlations, of shape (n_features,) or (n_tasks, n_features).
Coefs = NDArray[np.float64]


class Penalty(Protocol):
    """A sum over features, of one task or several; some solvers ask for more, and so for a penalty of one kind."""

    @property
    def alpha(self) -> float:
        """The strength."""

    @property
    def l1(self) -> float:
        """Threshold below which coefficients stay zero, for a feature of weight one."""

    @property
    def l2(self) -> float:
        """Curvature, for a feature of weight one."""

    @property
    def l1_ratio(self) -> float:
        """The share of the L1 part in the strength."""

    @property
    def terms(self) -> FeatureTerms:
        """The weights and bounds of every feature."""

    @property
    def least_curvature(self) -> float:
        """Least curvature of any feature that is not free."""

    def with_alpha(self, alpha: float, /) -> Self:
        """The same shape at another strength."""

    def at(self, features: Positions, /) -> Self:
        """The penalty of some features, in that order."""

    def only(self, features: Positions, /) -> Self:
        """No strength, and no place for any but some features: least squares, within the bounds."""

    def in_units(self, design_unit: float, target_unit: float, /) -> Self:
        """The same penalty for the problem of ``X * design_unit`` and ``y / target_unit``."""

    def alpha_max(self, largest_magnitude: float, /) -> float:
        """Smallest alpha at which no coefficient enters, given the largest magnitude of the correlations at zero."""

    def apply_prox(self, coef: Coefs, steps: ArrayLike, /) -> Coefs:
        """Prox of the coefficients, with a step that all features share or one for each."""

    def value(self, coef: Coefs, /) -> float:
        """Penalty of the coefficients."""

    def may_move(self, coef: Coefs, correlation: Coefs, /) -> NDArray[np.bool_]:
        """Which coefficients are not at a bound that their correlation holds them at."""

    def sizes(self, correlation: Coefs, /) -> Vector:
        """Sizes of the correlations of every feature, those of all tasks in one: what is foretold."""

    def magnitudes(self, sizes: Vector, /) -> Vector:
        """What is held against ``l1``, given sizes: zero coefficients are optimal where their magnitude <= l1."""

    def reaches(self, norms: Vector, /) -> Vector:
        """How much magnitudes change at most, given how much the correlations do."""

    def largest_magnitude(self, correlation: Coefs, /) -> float:
        """Largest magnitude of the correlations, NaN if not all are finite."""

    def dual_norm(self, correlation: Coefs, /) -> float:
        """Largest magnitude where there is no bound: up to ``l1``, and with l2 > 0 beyond, the conjugate is finite."""

    def bounded_reach(self, correlation: Coefs, slack: float, /) -> float:
        """How steep the conjugate is, summed over the features that may be at a bound."""

    def entry_alphas(
        self, alpha: float, sizes: Vector, alpha_before: float, sizes_before: Vector, margin: float, /
    ) -> Vector:
        """Alphas at which zero coefficients enter if sizes go on along the line through those at two alphas."""

    def conjugate(self, correlation: Coefs, scale: float = 1.0, /) -> float:
        """Fenchel conjugate at ``scale * correlation``, summed."""

    def fenchel_young(self, coef: Coefs, correlation: Coefs, scale: float = 1.0, /) -> float:
        """penalty(w) + conjugate(u) - <w, u> at u = scale * correlation, in terms that are >= 0."""
