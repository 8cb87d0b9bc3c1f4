"""What a user says of single features, as the terms of a penalty."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import ArrayLike

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData, check_penalty_weights, check_per_feature
from sklearn_sparsefit.datafit import power_of_two, summing_to_one
from sklearn_sparsefit.penalty import FeatureTerms

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
        weights = check_penalty_weights(self.penalty_weights, n_features, names)
        lower = check_per_feature(self.lower_bounds, "lower_bounds", -np.inf, n_features, names, highest=0.0)
        upper = check_per_feature(self.upper_bounds, "upper_bounds", np.inf, n_features, names, lowest=0.0)
        if self.positive:
            lower = np.maximum(lower, 0.0)
        left_out = np.isinf(weights)
        lower[left_out] = upper[left_out] = 0.0
        weights[left_out] = 1.0
        return FeatureTerms(weights, weights, lower, upper)

    def terms(self, data: TrainingData, weightings: Sequence[Vector | None]) -> list[FeatureTerms]:
        """The terms under each weighting of the rows."""
        terms = self.check(data)
        if not self.standardize:
            return [terms] * len(weightings)
        return [ScaledTerms(terms, scales) for scales in self.scales(data, weightings)]

    def scales(self, data: TrainingData, weightings: Sequence[Vector | None]) -> Iterator[Vector]:
        """What the features are divided by under each weighting of the rows: standard deviations, or ones."""
        n_samples, n_features = data.design.shape
        if not self.standardize:
            yield from repeat(np.ones(n_features), len(weightings))
            return
        size = max(1, int(MEMORY_SHARE * n_features))
        for start in range(0, len(weightings), size):
            some = [summing_to_one(weights, n_samples) for weights in weightings[start : start + size]]
            yield from data.design.scales(np.stack(some))


class ScaledTerms(FeatureTerms):
    """The terms of features, given those of the features divided by some scales.

    Coefficients w of features divided by d are those of the features as they are times d.
    """

    def __init__(self, terms: FeatureTerms, scales: Vector):
        self.scales = scales
        unit = power_of_two(scales.max())
        in_unit = scales / unit
        super().__init__(terms.l1_weights * in_unit, terms.l2_weights * in_unit**2, terms.lower, terms.upper, unit)
