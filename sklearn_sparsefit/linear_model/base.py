"""What all linear models here share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_sparsefit._sklearn import CallbackSupportMixin, align_sparse
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.datafit import Datafit
from sklearn_sparsefit.exceptions import ModelWarning
from sklearn_sparsefit.linear_model.feature_terms import FeatureOptions
from sklearn_sparsefit.path import PathGenerator, PathResult, Problem, SolverOptions, solve_path, warn_if_loose
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms, Penalty, multi_task_penalty

Vector = NDArray[np.float64]

# Features that a warning names.
MOST_NAMED = 10
# Rounding adds about this much to a relative gap, times the largest penalty weight, over the smallest that is positive.
# At tolerances below the second, other rounding is as likely the reason.
ROUNDING, SMALLEST_TOL = 100 * np.finfo(np.float64).eps, 1e-8


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
        return dict(scales_=terms.scales) if self.standardize else {}

    def _remembered_of(self, data: TrainingData) -> dict[str, Any]:
        """What the model keeps of the data it was fitted to."""
        return data.names

    def _coefs_of(self, path: PathResult, column: int, data: TrainingData) -> dict[str, Any]:
        """Coefficients and intercept at one alpha."""
        intercept = path.intercepts[column].astype(data.dtype) if self.fit_intercept else 0.0
        return dict(coef_=path.dense_coef(column, data.dtype), intercept_=intercept)

    def _set_fitted(self, **attributes: Any) -> None:
        """Put the outcome of a fit in the place of an earlier one's, all at once."""
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            del vars(self)[name]
        vars(self).update(attributes)


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


def warn_of(
    paths: Iterable[tuple[str, PathResult]], kept: PathResult, options: FeatureOptions, data: TrainingData, tol: float
) -> None:
    """Warn of loose answers among the labelled paths of a fit, and of what features without a penalty make of it."""
    terms = options.check(data)
    may_move = (terms.lower < 0) | (terms.upper > 0)
    weights = np.where(may_move, terms.l1_weights, 0.0)
    paths = list(paths)
    warn_if_loose(paths, tol, _advice(weights, data.names, tol))
    unbounded = [label or "the data" for label, path in paths if path.has_no_minimum]
    if unbounded:
        free = np.flatnonzero(may_move & (weights == 0))
        warn_user(
            f"Perfect separation in {unbounded[0]}"
            + f" and {len(unbounded) - 1} other path(s)" * (len(unbounded) > 1)
            + f": features with penalty weight 0 ({_listed(free, data.names)}) tell apart without error the classes, or"
            " a group that is all of one class, or all zeros. Their best coefficients are infinite; those returned are"
            " finite, with a loss as close to its infimum as can be told. Give these features a penalty weight above 0"
            " or bounds, or leave them out.",
            ModelWarning,
        )
    if not may_move.any():
        warn_user(
            "Every feature is left out, by an infinite penalty weight or bounds of 0, so alpha has no effect: all"
            " coefficients are 0.",
            ModelWarning,
        )
    elif not weights.any():
        warn_user(
            "Features with penalty weight 0 are all that the model may keep, so alpha has no effect. Give those that"
            " are to be chosen from a weight above 0, or use a model without a penalty.",
            ModelWarning,
        )
    if len(kept.dependent):
        warn_user(
            "Features with penalty weight 0 are combinations of others of them or of the intercept (constant):"
            f" {_listed(kept.dependent, data.names)}. Of all coefficients with the same predictions theirs are those"
            " with the least norm.",
            ModelWarning,
        )


def _advice(weights: Vector, names: dict[str, Any], tol: float) -> str:
    """What may help where answers are loose."""
    too_small = np.flatnonzero((weights > 0) & (weights * max(tol, SMALLEST_TOL) < ROUNDING * weights.max()))
    if len(too_small) == 0:
        return "You might want to increase the number of iterations (max_iter), scale the features or raise alpha."
    return (
        f"Some penalty weights, those of {_listed(too_small, names)}, are so small beside the largest that rounding may"
        " keep the duality gap above the tolerance, however many iterations are taken. A weight of 0 would leave these"
        " unpenalised; infinity would leave out those with the largest."
    )


def _listed(features: NDArray[np.intp], names: dict[str, Any]) -> str:
    """Names of features, or their numbers, the first few of them."""
    found = names["feature_names_in_"][features] if "feature_names_in_" in names else features
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(str(name) for name in found[:MOST_NAMED]) + more


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
    penalty: Penalty = ElasticNetPenalty(1.0, float(l1_ratio), terms)
    if datafit.mean.ndim:
        penalty = of_tasks(penalty)
    options = replace(options, dtype=data.dtype.type)
    return solve_path(Problem(datafit, penalty), options=options, density=data.design.density, **path)
