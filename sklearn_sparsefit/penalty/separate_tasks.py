"""The penalty of several tasks that each choose their own features."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.penalty._penalty import ElasticNetPenalty
from sklearn_sparsefit.penalty.of_tasks import PenaltyOfTasks


class SeparateTasksPenalty(PenaltyOfTasks):
    """The sum over the tasks of the same elastic-net penalty, ``of_each``, of their coefficients.

    The size of a feature's correlations is the largest magnitude in any task.
    """

    def __init__(self, of_each: ElasticNetPenalty):
        super().__init__(of_each)
        self.of_each, self.reaches = of_each, of_each.reaches

    def sizes(self, values: Matrix) -> Vector:
        """The largest, in size, of every feature's coefficients or correlations, on the sides that are open to it."""
        up, down = self.terms.upper > 0, self.terms.lower < 0
        return np.maximum(np.maximum(values.max(axis=0), 0.0) * up, np.maximum(-values.min(axis=0), 0.0) * down)

    def magnitudes(self, sizes: Vector) -> Vector:
        """What is held against ``l1``: all zero coefficients of a feature are optimal where its magnitude <= l1."""
        return self.reaches(sizes)

    def apply_prox(self, coef: Matrix, steps: ArrayLike) -> Matrix:
        """Prox of the coefficients, with a step that all features share or one for each."""
        return np.stack([self.of_each.apply_prox(row, steps) for row in coef])

    def entry_alphas(
        self, alpha: float, sizes: Vector, alpha_before: float, sizes_before: Vector, margin: float
    ) -> Vector:
        """See :meth:`ElasticNetPenalty.entry_alphas`; sizes are on whichever side is open."""
        side = np.where(self.terms.upper > 0, 1.0, -1.0)
        return self.of_each.entry_alphas(alpha, side * sizes, alpha_before, side * sizes_before, margin)

    def value(self, coef: Matrix) -> float:
        """Penalty of the coefficients."""
        return sum(map(self.of_each.value, coef))

    def centred(self, coef: Matrix) -> Matrix:
        """Coefficients less a number for all tasks of a feature, by which an l1 norm, without bounds, is least.

        Zero is a median of them then.
        """
        if self.l2 > 0:
            return coef
        ordered, middle = np.sort(coef, axis=0), (len(coef) - 1) // 2
        excess = np.clip(0.0, ordered[middle], ordered[len(coef) // 2])
        terms = self.terms
        return coef - excess * ((terms.l1_weights > 0) & np.isinf(terms.lower) & np.isinf(terms.upper))

    def may_move(self, coef: Matrix, correlation: Matrix) -> NDArray[np.bool_]:
        """Which coefficients are not at a bound that their correlation holds them at."""
        return self.of_each.may_move(coef, correlation)

    def largest_magnitude(self, correlation: Matrix) -> float:
        """Largest magnitude of any correlation, NaN if not all are finite."""
        return float(np.max([self.of_each.largest_magnitude(row) for row in correlation]))

    def dual_norm(self, correlation: Matrix) -> float:
        """Largest magnitude where there is no bound: up to ``l1``, and with l2 > 0 beyond, the conjugate is finite."""
        return float(np.max([self.of_each.dual_norm(row) for row in correlation]))

    def bounded_reach(self, correlation: Matrix, slack: float) -> float:
        """See :meth:`ElasticNetPenalty.bounded_reach`."""
        return sum(self.of_each.bounded_reach(row, slack) for row in correlation)

    def conjugate(self, correlation: Matrix, scale: float = 1.0) -> float:
        """Fenchel conjugate at ``scale * correlation``, summed."""
        return sum(self.of_each.conjugate(row, scale) for row in correlation)

    def fenchel_young(self, coef: Matrix, correlation: Matrix, scale: float = 1.0) -> float:
        """penalty(w) + conjugate(u) - <w, u> at u = scale * correlation, in terms that are >= 0."""
        return sum(self.of_each.fenchel_young(w, u, scale) for w, u in zip(coef, correlation, strict=True))
