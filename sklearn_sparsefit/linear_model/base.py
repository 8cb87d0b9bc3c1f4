"""What all regressors here share."""

import warnings
from dataclasses import replace
from functools import cached_property
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_sparsefit._sklearn import CallbackSupportMixin, Interval, StrOptions, align_sparse
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.path import PathGenerator, PathResult, Problem, SolverOptions, solve_path
from sklearn_sparsefit.penalty import ElasticNetPenalty
from sklearn_sparsefit.solvers import SOLVERS

PARAMETER_CONSTRAINTS: dict[str, list] = {
    "fit_intercept": ["boolean"],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "copy_X": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "positive": ["boolean"],
    "random_state": ["random_state"],
    "selection": [StrOptions({"cyclic", "random"})],
    "solver": [StrOptions(set(SOLVERS))],
}


class SparseLinearRegressor(CallbackSupportMixin, RegressorMixin, BaseEstimator):
    """A linear model with few coefficients."""

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
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csc", "csr"), accept_large_sparse=True, reset=False)
        return X @ self.coef_.T + self.intercept_

    @property
    def sparse_coef_(self) -> Any:
        """Sparse representation of ``coef_``, of shape (1, n_features) or (n_targets, n_features)."""
        return align_sparse(sparse.csr_array(np.atleast_2d(self.coef_)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _options(self) -> SolverOptions:
        return SolverOptions(tol=float(self.tol), max_iter=int(self.max_iter), solver=self.solver)

    def _set_fitted(self, **attributes: Any) -> None:
        """Put the outcome of a fit in the place of an earlier one's, all at once."""
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            del vars(self)[name]
        vars(self).update(attributes)


class PathModel(SparseLinearRegressor):
    """A linear model that was chosen from a path, which it keeps, in compact form."""

    @cached_property
    def coef_path_(self) -> NDArray:
        """Coefficients at every alpha, of shape (n_features, n_alphas); made of few numbers when first asked for."""
        if "_fitted_path" not in vars(self):
            raise AttributeError(f"This {type(self).__name__} has no coef_path_: it is not fitted yet.")
        return self._fitted_path.dense_coefs(self.coef_.dtype)

    def predict_path(self, X: Any) -> NDArray:
        """Predict with the model of every alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n_samples, n_alphas)
            Predicted values, for the alphas in the order of ``coef_path_``.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csc", "csr"), accept_large_sparse=True, reset=False)
        features = self._fitted_path.kept
        coefs = self._fitted_path.coefs_of(features).astype(self.coef_.dtype)
        return X[:, features] @ coefs.T + self.intercept_path_

    def score_path(self, X: Any, y: Any, sample_weight: Any = None) -> NDArray[np.float64]:
        """Coefficient of determination R^2 of the model of every alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            True values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        scores : ndarray of shape (n_alphas,)
            What :meth:`score` would be at every alpha.
        """
        predictions = self.predict_path(X)
        return np.array([r2_score(y, prediction, sample_weight=sample_weight) for prediction in predictions.T])


def make_path(
    data: TrainingData,
    target: NDArray[np.float64],
    l1_ratio: float,
    positive: bool,
    fit_intercept: bool,
    options: SolverOptions,
    **path: Any,
) -> PathGenerator:
    """Elastic-net path of one target of the training data, its answers in the data's precision."""
    datafit = Quadratic(target, data.sample_weight, fit_intercept)
    penalty = ElasticNetPenalty(1.0, float(l1_ratio), bool(positive))
    options = replace(options, dtype=data.dtype.type)
    design = data.design
    return solve_path(Problem(datafit, penalty), design.shape[1], options=options, density=design.density, **path)


def path_attributes(path: PathResult, best: int, data: TrainingData, fit_intercept: bool) -> dict[str, Any]:
    """What an estimator that chose one alpha of a path knows after fitting."""
    intercept_path = path.intercepts.astype(data.dtype)
    return dict(
        alpha_=path.alphas[best],
        coef_=path.dense_coef(best, data.dtype),
        intercept_=intercept_path[best] if fit_intercept else 0.0,
        dual_gap_=path.dual_gaps[best],
        n_iter_=int(path.n_iters[best]),
        intercept_path_=intercept_path,
        dual_gap_path_=path.dual_gaps,
        _fitted_path=path,
        **data.names,
    )


def warn_if_at_edge(path: PathResult, chosen: int) -> None:
    """Warn where the best alpha may lie beyond the grid: at its small end, or at a large end below alpha_max."""
    chosen_alpha, largest, smallest = path.alphas[[chosen, 0, -1]]
    if 0 < chosen_alpha == smallest < largest:
        advice = "the smallest that was tried; smaller ones may do better: lower eps, or extend alphas"
    elif smallest < chosen_alpha == largest and len(path.supports[0]):
        advice = "the largest that was tried; larger ones may do better: extend alphas"
    else:
        return
    warnings.warn(f"The chosen alpha={chosen_alpha:.6g} is {advice}.", UserWarning, stacklevel=4)
