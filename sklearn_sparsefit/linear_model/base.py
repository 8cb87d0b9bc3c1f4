"""What all regressors here share."""

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_sparsefit._sklearn import CallbackSupportMixin, Interval, StrOptions, align_sparse
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.linear_model.feature_terms import FeatureOptions
from sklearn_sparsefit.path import PathGenerator, PathResult, Problem, SolverOptions, solve_path
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms, MultiTaskPenalty, Penalty
from sklearn_sparsefit.solvers import SOLVERS

Vector = NDArray[np.float64]

# Features that a warning names.
MOST_NAMED = 10

PARAMETER_CONSTRAINTS: dict[str, list] = {
    "fit_intercept": ["boolean"],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "copy_X": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "positive": ["boolean"],
    "random_state": ["random_state"],
    "selection": [StrOptions({"cyclic", "random"})],
    "solver": [StrOptions(set(SOLVERS))],
    "penalty_weights": ["array-like", dict, None],
    "lower_bounds": [Real, "array-like", dict, None],
    "upper_bounds": [Real, "array-like", dict, None],
    "standardize": ["boolean"],
    "relax": [Interval(Real, 0, 1, closed="both")],
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
        return SolverOptions(float(self.tol), int(self.max_iter), self.solver, relaxes=bool(np.any(self.relax != 1)))

    def _terms(self, data: TrainingData, weightings: Sequence[Vector | None]) -> list[FeatureTerms]:
        """The terms of the penalty under each weighting of the rows."""
        options = FeatureOptions(
            self.penalty_weights, self.lower_bounds, self.upper_bounds, self.positive, self.standardize
        )
        return options.terms(data, weightings)

    def _term_outcome(self, terms: FeatureTerms) -> dict[str, Any]:
        """What the model says of the terms it found."""
        return {}

    def _set_fitted(self, **attributes: Any) -> None:
        """Put the outcome of a fit in the place of an earlier one's, all at once."""
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            del vars(self)[name]
        vars(self).update(attributes)


def warn_if_dependent(path: PathResult, names: dict[str, Any]) -> None:
    """Warn where features that are not penalised are combinations of others."""
    if len(path.dependent):
        dependent = names.get("feature_names_in_", np.arange(path.n_features))[path.dependent]
        found = ", ".join(str(name) for name in dependent[:MOST_NAMED])
        if len(dependent) > MOST_NAMED:
            found += f" and {len(dependent) - MOST_NAMED} more"
        warn_user(
            "Features with penalty weight 0 are combinations of others of them or of the intercept (constant):"
            f" {found}. Of all coefficients with the same predictions theirs are those with the least norm.",
        )


def make_path(
    data: TrainingData,
    target: NDArray[np.float64],
    terms: FeatureTerms,
    l1_ratio: float,
    fit_intercept: bool,
    options: SolverOptions,
    **path: Any,
) -> PathGenerator:
    """Elastic-net path of a target of the training data, or of several tasks, in the data's precision."""
    datafit = Quadratic(target, data.sample_weight, fit_intercept)
    design = data.design
    penalty: Penalty = ElasticNetPenalty(1.0, float(l1_ratio), terms)
    if target.ndim == 2:
        penalty = MultiTaskPenalty(penalty)
    options = replace(options, dtype=data.dtype.type)
    return solve_path(Problem(datafit, penalty), options=options, density=design.density, **path)
