"""The penalty of several tasks that share their features."""

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.penalty import _bounded_norm
from sklearn_sparsefit.penalty._feature_terms import FeatureTerms
from sklearn_sparsefit.penalty._penalty import ElasticNetPenalty
from sklearn_sparsefit.penalty.of_tasks import PenaltyOfTasks

# Of all numbers.
LARGEST = np.finfo(np.float64).max


class MultiTaskPenalty(PenaltyOfTasks):
    """The elastic-net penalty of the 2-norms, over the tasks, of the coefficients of every feature.

    What depends on the norms alone is asked of the penalty ``of_norms``, the first part.
    """

    def __init__(self, of_norms: ElasticNetPenalty, *others: ElasticNetPenalty):
        super().__init__(of_norms, *others)
        self.of_norms, self.entry_alphas = of_norms, of_norms.entry_alphas
        self.magnitudes, self.reaches = of_norms.magnitudes, of_norms.reaches

    def sizes(self, values: Matrix) -> Vector:
        """The norm of every feature's coefficients or correlations."""
        return _bounded_norm.norms(np.ascontiguousarray(values))

    def value(self, coef: Matrix) -> float:
        """Penalty of the coefficients."""
        return self.of_norms.value(self.sizes(coef))

    def apply_prox(self, coef: Matrix, steps: ArrayLike) -> Matrix:
        """Prox of the coefficients, with a step that all features share or one for each."""
        return _bounded_norm.prox(coef, np.broadcast_to(steps, coef.shape[-1]).astype(np.float64), self.rows)

    def may_move(self, coef: Matrix, correlation: Matrix) -> NDArray[np.bool_]:
        """Which coefficients may be other than zero."""
        return self.terms.upper > 0

    def largest_magnitude(self, correlation: Matrix) -> float:
        """Largest norm over its weight: no coefficient enters up to ``l1``."""
        return self.of_norms.largest_magnitude(self.sizes(correlation))

    def dual_norm(self, correlation: Matrix) -> float:
        """Largest norm over its weight: up to ``l1``, and with l2 > 0 beyond, the conjugate is finite."""
        return self.of_norms.dual_norm(self.sizes(correlation))

    def bounded_reach(self, correlation: Matrix, slack: float) -> float:
        """Nothing: there are no bounds."""
        return 0.0

    def conjugate(self, correlation: Matrix, scale: float = 1.0) -> float:
        """Fenchel conjugate at ``scale * correlation``, summed."""
        return self.of_norms.conjugate(self.sizes(correlation), scale)

    def fenchel_young(self, coef: Matrix, correlation: Matrix, scale: float = 1.0) -> float:
        """sum_j penalty(w_j) + conjugate(u_j) - <w_j, u_j> at u = scale * correlation, in terms that are >= 0."""
        return _bounded_norm.fenchel_young(coef, correlation, scale, self.rows)

    @cached_property
    def rows(self) -> Matrix:
        """Strengths l1 and l2, with the weights, and the bounds of all features."""
        terms = self.terms
        rows = np.empty((4, len(terms)))
        np.multiply(self.l1, terms.l1_weights, out=rows[0])
        np.multiply(self.l2, terms.l2_weights, out=rows[1])
        rows[2], rows[3] = terms.lower, terms.upper
        return rows


class BoundedMultiTaskPenalty(MultiTaskPenalty):
    """Of norms, where the coefficients of a feature, those of all tasks, have bounds.

    What depends on single coefficients is asked of the penalty ``of_values``, with these bounds, and what depends on
    norms of ``of_norms``, without. A zero feature is optimal as long as the norm of those of its correlations is small
    that point to where there is room: these norms are the ``sizes``. (Coefficients are where there is room.)
    """

    def __init__(self, of_norms: ElasticNetPenalty, of_values: ElasticNetPenalty):
        super().__init__(of_norms, of_values)
        self.of_values, self.terms = of_values, of_values.terms

    def sizes(self, values: Matrix) -> Vector:
        """The norm, for every feature, of what is on a side of zero that is open to its coefficients."""
        return _bounded_norm.sizes(np.ascontiguousarray(values), self.terms.lower, self.terms.upper, 0.0)

    def may_move(self, coef: Matrix, correlation: Matrix) -> NDArray[np.bool_]:
        """Which coefficients are not at a bound that their correlation holds them at."""
        return self.of_values.may_move(coef, correlation)

    def dual_norm(self, correlation: Matrix) -> float:
        """Largest norm, over its weight, of what is on sides without bounds: up to ``l1`` the conjugate is finite."""
        lower, upper = self.terms.lower, self.terms.upper
        sizes = _bounded_norm.sizes(np.ascontiguousarray(correlation), lower, upper, LARGEST)
        return self.of_norms.dual_norm(sizes)

    def bounded_reach(self, correlation: Matrix, slack: float) -> float:
        """How steep the conjugate is at most, where correlations may be off by ``slack``."""
        return _bounded_norm.reach(correlation, slack, self.rows)

    def conjugate(self, correlation: Matrix, scale: float = 1.0) -> float:
        """Fenchel conjugate at ``scale * correlation``, summed."""
        return _bounded_norm.conjugate(correlation, scale, self.rows)


def multi_task_penalty(of_values: ElasticNetPenalty) -> MultiTaskPenalty:
    """The penalty of several tasks, given that of one."""
    terms = of_values.terms
    if not terms.has_bounds:
        return MultiTaskPenalty(of_values)
    left_out = (terms.lower == 0) & (terms.upper == 0)
    lower, upper = np.where(left_out, 0.0, -np.inf), np.where(left_out, 0.0, np.inf)
    without_bounds = FeatureTerms(terms.l1_weights, terms.l2_weights, lower, upper, terms.unit)
    return BoundedMultiTaskPenalty(ElasticNetPenalty(of_values.alpha, of_values.l1_ratio, without_bounds), of_values)
