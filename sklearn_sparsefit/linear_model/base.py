"""What all linear models here share."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_sparsefit._sklearn import CallbackSupportMixin, align_sparse
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit.datafit import Datafit
from sklearn_sparsefit.linear_model.feature_terms import FeatureOptions, ScaledTerms
from sklearn_sparsefit.path import PathGenerator, PathResult, Problem, SolverOptions, solve_path
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms, Penalty, multi_task_penalty


class SparseLinearModel(CallbackSupportMixin, BaseEstimator):
    """A linear model with few coefficients."""

    # The penalty where there are several tasks.
    _penalty_of_tasks = staticmethod(multi_task_penalty)

    @property
    def sparse_coef_(self) -> Any:
        """Sparse representation of ``coef_``, of shape (1, n_features) or (n_targets, n_features)."""
        return align_sparse(sparse.csr_array(np.atleast_2d(self.coef_)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _samples(self, X: Any) -> Any:
        """Samples to predict for."""
        check_is_fitted(self)
        return validate_data(self, X, accept_sparse=("csc", "csr"), accept_large_sparse=True, reset=False)

    def _target(self, data: TrainingData) -> NDArray[np.float64]:
        """What the model is fitted to, or a clear error."""
        return only_target(data, self)

    def _options(self) -> SolverOptions:
        return SolverOptions(float(self.tol), int(self.max_iter), self.solver)

    def _terms(self, data: TrainingData, weightings: Sequence[Vector | None]) -> list[FeatureTerms]:
        """The terms of the penalty under each weighting of the rows."""
        return self._feature_options().terms(data, weightings)

    def _feature_options(self) -> FeatureOptions:
        return FeatureOptions(self.penalty_weights, self.lower_bounds, self.upper_bounds, standardize=self.standardize)

    def _term_outcome(self, terms: FeatureTerms) -> dict[str, Any]:
        """What the model says of the terms it found."""
        return dict(scales_=terms.scales) if self.standardize and isinstance(terms, ScaledTerms) else {}

    def _remembered_of(self, data: TrainingData) -> dict[str, Any]:
        """What the model keeps of the data it was fitted to."""
        return data.names

    def _coefs_of(self, path: PathResult, column: int, data: TrainingData) -> dict[str, Any]:
        """Coefficients and intercept at one alpha."""
        intercept = path.intercepts[column].astype(data.dtype) if self.fit_intercept else 0.0
        return dict(coef_=path.dense_coef(column, data.dtype), intercept_=intercept)

    def _set_fitted(self, **attributes: Any) -> None:
        """Put the outcome of a fit in the place of an earlier one's, all at once."""
        for name in [name for name in self.__dict__ if name.endswith("_") and not name.startswith("_")]:
            del self.__dict__[name]
        self.__dict__.update(attributes)


class SparseLinearRegressor(RegressorMixin, SparseLinearModel):
    """A linear model of least squares, whose raw predictions are those of the target."""

    def _options(self) -> SolverOptions:
        return replace(super()._options(), relaxes=bool(np.any(self.relax != 1)))

    def _feature_options(self) -> FeatureOptions:
        return replace(super()._feature_options(), positive=self.positive)

    def predict(self, X: Any) -> NDArray:
        """Predict with the linear model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predicted values.
        """
        return self._samples(X) @ self.coef_.T + self.intercept_


def only_target(data: TrainingData, estimator: SparseLinearModel) -> Vector:
    """The target, or a clear error if there are several."""
    if len(data.targets) > 1:
        name = type(estimator).__name__
        raise ValueError(f"y must be one target, got {len(data.targets)}; fit one {name} for each.")
    return data.targets[0]


def make_path(
    data: TrainingData,
    datafit: Datafit,
    terms: FeatureTerms,
    l1_ratio: float,
    options: SolverOptions,
    of_tasks: Callable[[ElasticNetPenalty], Penalty] = multi_task_penalty,
    **path: Any,
) -> PathGenerator:
    """Elastic-net path of a loss, of one task or several, in the precision of the training data."""
    of_each = ElasticNetPenalty(1.0, float(l1_ratio), terms)
    penalty = of_tasks(of_each) if datafit.mean.ndim else of_each
    options = replace(options, dtype=data.dtype.type)
    return solve_path(Problem(datafit, penalty), options=options, density=data.design.density, **path)
