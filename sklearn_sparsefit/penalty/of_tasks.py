"""What penalties of several tasks have in common."""

from typing import Self

from sklearn_sparsefit._typing import Positions
from sklearn_sparsefit.penalty._penalty import ElasticNetPenalty


class PenaltyOfTasks:
    """A penalty of coefficients of shape (n_tasks, n_features), made of elastic-net penalties, all of one strength.

    Correlations have the same shape. The weights and bounds of features are those of the first part.
    """

    def __init__(self, *parts: ElasticNetPenalty):
        self._parts = parts
        first = parts[0]
        self.alpha, self.l1_ratio, self.terms = first.alpha, first.l1_ratio, first.terms
        self.l1, self.l2, self.alpha_max = first.l1, first.l2, first.alpha_max

    @property
    def least_curvature(self) -> float:
        """Least curvature of any feature that is not free."""
        return self._parts[0].least_curvature

    def with_alpha(self, alpha: float) -> Self:
        """The same shape at another strength."""
        return type(self)(*(part.with_alpha(alpha) for part in self._parts))

    def at(self, features: Positions) -> Self:
        """The penalty of some features, in that order."""
        return type(self)(*(part.at(features) for part in self._parts))

    def only(self, features: Positions) -> Self:
        """No strength, and no place for any but some features: least squares, within the bounds."""
        return type(self)(*(part.only(features) for part in self._parts))

    def in_units(self, design_unit: float, target_unit: float) -> Self:
        """See :meth:`ElasticNetPenalty.in_units`."""
        return type(self)(*(part.in_units(design_unit, target_unit) for part in self._parts))
