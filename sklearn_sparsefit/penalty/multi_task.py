"""The penalty of several tasks that share their features."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparsefit.penalty._penalty import ElasticNetPenalty

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Positions = NDArray[np.intp]


class MultiTaskPenalty:
    """The elastic-net penalty of the 2-norms, over the tasks, of the coefficients of every feature.

    Coefficients and correlations have shape (n_tasks, n_features). What depends on the norms alone is asked of the
    penalty ``of_norms``.
    """

    def __init__(self, of_norms: ElasticNetPenalty):
        self.of_norms = of_norms
        self.alpha, self.l1_ratio, self.terms = of_norms.alpha, of_norms.l1_ratio, of_norms.terms
        self.l1, self.l2 = of_norms.l1, of_norms.l2
        self.alpha_max = of_norms.alpha_max
        self.entry_alphas = of_norms.entry_alphas
        self.magnitudes, self.reaches = of_norms.magnitudes, of_norms.reaches

    @property
    def least_curvature(self) -> float:
        """Least curvature of any feature that is not free."""
        return self.of_norms.least_curvature

    def with_alpha(self, alpha: float) -> Self:
        """The same shape at another strength."""
        return type(self)(self.of_norms.with_alpha(alpha))

    def at(self, features: Positions) -> Self:
        """The penalty of some features, in that order."""
        return type(self)(self.of_norms.at(features))

    def only(self, features: Positions) -> Self:
        """No strength, and no place for any but some features: least squares."""
        return type(self)(self.of_norms.only(features))

    def in_units(self, design_unit: float, target_unit: float) -> Self:
        """See :meth:`ElasticNetPenalty.in_units`."""
        return type(self)(self.of_norms.in_units(design_unit, target_unit))

    def sizes(self, values: Matrix) -> Vector:
        """The norm of every feature's coefficients or correlations."""
        return np.sqrt(np.einsum("tj,tj->j", values, values))

    def value(self, coef: Matrix) -> float:
        """Penalty of the coefficients."""
        return self.of_norms.value(self.sizes(coef))

    def apply_prox(self, coef: Matrix, steps: ArrayLike) -> Matrix:
        """Prox of the coefficients: their directions stay, and their norms have the prox of these."""
        sizes = self.sizes(coef)
        shrunken = self.of_norms.apply_prox(sizes, steps)
        return coef * np.divide(shrunken, sizes, out=np.zeros_like(sizes), where=sizes > 0)

    def is_feasible(self, coef: Matrix) -> bool:
        """Whether the penalty is finite."""
        return self.of_norms.is_feasible(self.sizes(coef))

    def may_move(self, coef: Matrix, correlation: Matrix) -> NDArray[np.bool_]:
        """Which coefficients may be other than zero."""
        return self.terms.upper > 0

    def largest_magnitude(self, correlation: Matrix) -> float:
        """Largest norm over its weight: no coefficient enters up to ``l1``."""
        return self.of_norms.largest_magnitude(self.sizes(correlation))

    def dual_norm(self, correlation: Matrix) -> float:
        """The same: up to ``l1``, and with l2 > 0 beyond, the conjugate is finite."""
        return self.of_norms.dual_norm(self.sizes(correlation))

    def bounded_reach(self, correlation: Matrix, slack: float) -> float:
        """Nothing: there are no bounds."""
        return 0.0

    def conjugate(self, correlation: Matrix, scale: float = 1.0) -> float:
        """Fenchel conjugate at ``scale * correlation``, summed."""
        return self.of_norms.conjugate(self.sizes(correlation), scale)

    def fenchel_young(self, coef: Matrix, correlation: Matrix, scale: float = 1.0) -> float:
        """sum_j penalty(w_j) + conjugate(u_j) - <w_j, u_j> at u = scale * correlation, in terms that are >= 0.

        With <w, u> = |w| |u| - |w| |u| |w / |w| - u / |u||^2 / 2, that of the norms and what the directions are apart.
        """
        sizes, reached = self.sizes(coef), self.sizes(correlation)
        both = np.flatnonzero((sizes > 0) & (reached > 0))
        apart = coef[:, both] / sizes[both] - correlation[:, both] / reached[both]
        angles = 0.5 * scale * float(sizes[both] * reached[both] @ np.einsum("tj,tj->j", apart, apart))
        return self.of_norms.fenchel_young(sizes, reached, scale) + angles
