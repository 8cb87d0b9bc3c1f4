"""What a user says of single features, as the terms of a penalty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparsefit._validation import TrainingData, check_per_feature
from sklearn_sparsefit.penalty import FeatureTerms

Vector = NDArray[np.float64]
PerFeature = ArrayLike | Mapping[str, float] | None

# Standard deviations are computed for so many weightings at a time as take this share of X.
MEMORY_SHARE = 1 / 8


@dataclass(frozen=True)
class FeatureOptions:
    """Weights, bounds and scales of the features, as a user gives them."""

    penalty_weights: PerFeature = None
    lower_bounds: PerFeature = None
    upper_bounds: PerFeature = None
    positive: bool = False
    standardize: bool = False

    def check(self, data: TrainingData) -> FeatureTerms:
        """The terms of a penalty on unscaled features, or a clear error."""
        n_features = data.design.shape[1]
        if self.penalty_weights is None and self.lower_bounds is None and self.upper_bounds is None:
            return FeatureTerms.uniform(n_features, bool(self.positive))
        names = data.names.get("feature_names_in_")
        weights = check_per_feature(self.penalty_weights, "penalty_weights", 1.0, n_features, names, lowest=0.0)
        lower = check_per_feature(self.lower_bounds, "lower_bounds", -np.inf, n_features, names, highest=0.0)
        upper = check_per_feature(self.upper_bounds, "upper_bounds", np.inf, n_features, names, lowest=0.0)
        if self.positive:
            lower = np.maximum(lower, 0.0)
        left_out = np.isinf(weights)
        lower[left_out] = upper[left_out] = 0.0
        weights[left_out] = 1.0
        return FeatureTerms(weights, weights, lower, upper)

    def terms(self, data: TrainingData, weightings: Sequence[Vector | None]) -> list[FeatureTerms]:
        """The terms under each weighting of the rows.

        Coefficients w of features divided by their standard deviations d are those of the features as they are times d.
        """
        terms = self.check(data)
        if not self.standardize:
            return [terms] * len(weightings)
        n_samples, n_features = data.design.shape
        size = max(1, int(MEMORY_SHARE * n_features))
        scaled = []
        for start in range(0, len(weightings), size):
            some = [np.ones(n_samples) if weights is None else weights for weights in weightings[start : start + size]]
            normalised = np.stack([weights / weights.max() / (weights / weights.max()).sum() for weights in some])
            for scales in data.design.scales(normalised):
                l1, l2 = terms.l1_weights * scales, terms.l2_weights * scales**2
                scaled.append(FeatureTerms(l1, l2, terms.lower, terms.upper))
        return scaled
