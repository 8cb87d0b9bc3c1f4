"""What estimators share whose penalty weights come from a first stage."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import check_cv

from sklearn_sparsefit._sklearn import HasMethods, Interval
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.exceptions import ModelWarning
from sklearn_sparsefit.linear_model.base import SparseLinearRegressor, only_target
from sklearn_sparsefit.linear_model.feature_terms import ScaledTerms
from sklearn_sparsefit.linear_model.first_stage import STRENGTHS, initial_coef
from sklearn_sparsefit.linear_model.parameters import one_of
from sklearn_sparsefit.penalty import FeatureTerms


class AdaptiveModel(SparseLinearRegressor):
    """A linear model with penalty weights from a first stage, found anew for every weighting of the rows."""

    # What drop-in estimators take for compatibility alone.
    precompute = False
    warm_start = False

    _adaptive_constraints: ClassVar[dict] = {
        "first_stage": [one_of((*STRENGTHS, "elastic_net")), "array-like", dict, HasMethods(["fit"])],
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "n_reweightings": [Interval(Integral, 1, None, closed="left")],
    }

    def _target(self, data: TrainingData) -> Vector:
        return only_target(data, self)

    def _terms(self, data: TrainingData, weightings: Sequence[Vector | None]) -> list[FeatureTerms]:
        # Before the first stage takes its time.
        self._target(data)
        options = self._feature_options()
        terms, scales_of_all = options.check(data), options.scales(data, weightings)
        return [
            ScaledTerms(self._adapted(terms, np.abs(self._initial_coef(data, weights)) * scales), scales)
            for weights, scales in zip(weightings, scales_of_all, strict=True)
        ]

    def _adapted(self, terms: FeatureTerms, sizes: Vector) -> FeatureTerms:
        """Weigh the L1 terms; a feature whose initial coefficient is zero is left out, one that is free stays so.

        A coefficient of the typical size, the mean of sizes weighted by themselves, has a weight of one.
        """
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            sizes = sizes / sizes.max()
            l1_weights = terms.l1_weights * (sizes @ sizes / sizes.sum() / sizes) ** self.gamma
        l1_weights[terms.l1_weights == 0] = 0.0
        left_out = ~np.isfinite(l1_weights)
        l1_weights[left_out] = 1.0
        lower, upper = (np.where(left_out, 0.0, bound) for bound in (terms.lower, terms.upper))
        return FeatureTerms(l1_weights, terms.l2_weights, lower, upper)

    def _initial_coef(self, data: TrainingData, weights: Vector | None) -> Vector:
        """Coefficients of the first stage, or of the model with one reweighting less, on the rows that count."""
        if self.n_reweightings == 1:
            return initial_coef(self.first_stage, data, weights, self.fit_intercept)
        folds = self._inner_folds(data, weights) if hasattr(self, "cv") else {}
        model = clone(self).set_params(n_reweightings=self.n_reweightings - 1, **folds)
        return initial_coef(model, data, weights, self.fit_intercept)

    def _inner_folds(self, data: TrainingData, weights: Vector | None) -> dict[str, int]:
        """Folds of the rows that count, by their number: other splits may need all of the rows."""
        n_folds = int(self.cv) if isinstance(self.cv, Integral) else check_cv().n_splits
        n_rows = data.design.shape[0] if weights is None else int(np.count_nonzero(weights))
        if n_rows < n_folds:
            raise ValueError(
                f"n_reweightings above 1 cross-validates within the training rows of each fold too, in {n_folds} folds,"
                f" but of these only {n_rows} have a positive weight. Use n_reweightings=1, fewer folds (cv) or more"
                " samples."
            )
        return {"cv": n_folds}

    def _outcome(self, *of_last_stage: Any) -> dict[str, Any]:
        outcome = super()._outcome(*of_last_stage)
        return outcome | dict(n_iter_=self.n_reweightings + outcome["n_iter_"])

    def _term_outcome(self, terms: FeatureTerms) -> dict[str, Any]:
        left_out = (terms.lower == 0) & (terms.upper == 0)
        if left_out.any() and not terms.l1_weights[~left_out].any():
            warn_user(
                "The model has no penalised feature: left out is what has a coefficient of zero in the first stage, or"
                " an infinite penalty weight.",
                ModelWarning,
            )
        weights = np.where(left_out, np.inf, terms.l1_weights * terms.unit)
        return super()._term_outcome(terms) | dict(penalty_weights_=weights)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        return tags
