"""What estimators share whose penalty weights come from a first stage."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from sklearn_sparsefit._sklearn import HasMethods, Interval, StrOptions
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit.linear_model.base import SparseLinearRegressor
from sklearn_sparsefit.linear_model.first_stage import STRENGTHS, initial_coef
from sklearn_sparsefit.penalty import FeatureTerms

Vector = NDArray[np.float64]


class AdaptiveModel(SparseLinearRegressor):
    """A linear model with penalty weights from a first stage, found anew for every weighting of the rows."""

    # What drop-in estimators take for compatibility alone.
    precompute = False
    warm_start = False

    _adaptive_constraints: ClassVar[dict] = {
        "first_stage": [StrOptions({*STRENGTHS, "elastic_net"}), "array-like", HasMethods(["fit"])],
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "n_reweightings": [Interval(Integral, 1, None, closed="left")],
    }

    def _terms(self, data: TrainingData, weightings: Sequence[Vector | None]) -> list[FeatureTerms]:
        if len(data.targets) > 1:
            raise ValueError(f"y must be one target, got {len(data.targets)}; fit one {type(self).__name__} for each.")
        plain = super()._terms(data, weightings)
        return [self._adapted(terms, data, weights) for terms, weights in zip(plain, weightings, strict=True)]

    def _adapted(self, terms: FeatureTerms, data: TrainingData, weights: Vector | None) -> FeatureTerms:
        """Weigh the L1 terms; a feature whose initial coefficient is zero is left out, one that is free stays so.

        A coefficient of the typical size, the mean of sizes weighted by themselves, has a weight of one.
        """
        scales = np.ones(len(terms))
        if self.standardize:
            scales = data.design.scales(_normalised(weights, data.design.shape[0])[None])[0]
        sizes = np.abs(self._initial_coef(terms, scales, data, weights)) * scales
        free = terms.l1_weights == 0
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            sizes /= sizes.max()
            adaptive = (sizes @ sizes / sizes.sum() / sizes) ** self.gamma
        left_out = ~np.isfinite(adaptive) & ~free
        adaptive[free | left_out] = 1.0
        lower, upper = (np.where(left_out, 0.0, bound) for bound in (terms.lower, terms.upper))
        return FeatureTerms(terms.l1_weights * adaptive, terms.l2_weights, lower, upper)

    def _initial_coef(self, terms: FeatureTerms, scales: Vector, data: TrainingData, weights: Vector | None) -> Vector:
        """Coefficients of the first stage, or of the model with one reweighting less, on the rows that count."""
        if self.n_reweightings == 1:
            return initial_coef(self.first_stage, data, weights, self.fit_intercept)
        # Weights and bounds by name would need the names of the features, splits by number all of the rows.
        model = clone(self).set_params(
            n_reweightings=self.n_reweightings - 1,
            **({} if isinstance(getattr(self, "cv", 0), Integral) else {"cv": None}),
            penalty_weights=terms.l1_weights / scales,
            lower_bounds=terms.lower,
            upper_bounds=terms.upper,
        )
        return initial_coef(model, data, weights, self.fit_intercept)

    def _term_outcome(self, terms: FeatureTerms) -> dict[str, Any]:
        left_out = (terms.lower == 0) & (terms.upper == 0)
        return dict(penalty_weights_=np.where(left_out, np.inf, terms.l1_weights))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        return tags


def _normalised(weights: Vector | None, n_samples: int) -> Vector:
    weights = np.ones(n_samples) if weights is None else weights / weights.max()
    return weights / weights.sum()
