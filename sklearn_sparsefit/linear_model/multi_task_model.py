"""What estimators of several targets share that have the same features for all of them."""

from sklearn_sparsefit._typing import Matrix
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit.linear_model.base import SparseLinearRegressor


class MultiTaskModel(SparseLinearRegressor):
    """A linear model of several targets, with the same features for all of them."""

    # What estimators of one target take, or take for compatibility.
    precompute = False
    positive = False
    solver = "auto"

    def _tasks(self, data: TrainingData) -> Matrix:
        if data.y_ndim == 1:
            raise ValueError(f"For mono-task outputs, use {type(self).__name__.removeprefix('MultiTask')}")
        return data.targets

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags
