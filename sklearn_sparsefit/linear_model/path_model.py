"""What the estimators that choose one model of a path share."""

import warnings
from abc import abstractmethod
from functools import cached_property
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_sparsefit._sklearn import Interval, StrOptions
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit.linear_model.base import PARAMETER_CONSTRAINTS, SparseLinearRegressor
from sklearn_sparsefit.path import PathResult

PATH_CONSTRAINTS: dict[str, list] = {
    "eps": [Interval(Real, 0, None, closed="neither")],
    "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
    "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
    "verbose": ["verbose"],
    **PARAMETER_CONSTRAINTS,
}


class PathModel(SparseLinearRegressor):
    """A linear model that was chosen from a path, which it keeps, in compact form."""

    @abstractmethod
    def _l1_ratios(self) -> list[float]:
        """The l1_ratios to choose from."""

    def _outcome(self, l1_ratio: float, path: PathResult, column: int, data: TrainingData) -> dict[str, Any]:
        """What the model knows once one alpha of the path of one l1_ratio is chosen."""
        intercept_path = path.intercepts.astype(data.dtype)
        return dict(
            alpha_=path.alphas[column],
            coef_=path.dense_coef(column, data.dtype),
            intercept_=intercept_path[column] if self.fit_intercept else 0.0,
            dual_gap_=path.dual_gaps[column],
            n_iter_=int(path.n_iters[column]),
            intercept_path_=intercept_path,
            dual_gap_path_=path.dual_gaps,
            _fitted_path=path,
            **data.names,
        )

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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        return tags


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
