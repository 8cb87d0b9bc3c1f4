"""What all regressors here share."""

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
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.path import PathGenerator, Problem, SolverOptions, solve_path
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
