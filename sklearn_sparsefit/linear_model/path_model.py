"""What the estimators that choose one model of a path share."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d

from sklearn_sparsefit._progress import PathJob, Progress
from sklearn_sparsefit._sklearn import Interval, StrOptions
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import (
    TrainingData,
    check_alphas,
    check_between_zero_and_one,
    check_gram,
    check_training_data,
)
from sklearn_sparsefit.datafit import Datafit, Quadratic
from sklearn_sparsefit.design import as_rows
from sklearn_sparsefit.linear_model.base import SparseLinearModel, SparseLinearRegressor, make_path
from sklearn_sparsefit.linear_model.parameters import PARAMETER_CONSTRAINTS, RELAX_IS
from sklearn_sparsefit.path import AlphaGrid, PathResult, SharedMoments, SolverOptions, cost_model
from sklearn_sparsefit.penalty import FeatureTerms

PATH_MODEL_CONSTRAINTS: dict[str, list] = {
    "eps": [Interval(Real, 0, None, closed="neither")],
    "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
    "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
    "verbose": ["verbose"],
    **PARAMETER_CONSTRAINTS,
    "relax": [*PARAMETER_CONSTRAINTS["relax"], "array-like"],
}


class PathModel(SparseLinearModel):
    """A linear model that was chosen from a path, which it keeps, in compact form."""

    def _l1_ratios(self) -> list[float]:
        """The l1_ratios to choose from."""
        return [1.0]

    def _datafit(self, data: Any) -> Datafit:
        """The loss of the raw predictions."""
        return Quadratic(self._target(data), data.sample_weight, self.fit_intercept)

    def _relaxes(self) -> list[float]:
        """The weights of the penalised coefficients to choose from."""
        return [1.0]

    def _check(self, X: Any, y: Any, sample_weight: Any) -> tuple[TrainingData, list[float], list[Vector | AlphaGrid]]:
        """The training data, and the l1_ratios to choose from with the alphas of each, or a clear error."""
        data = check_training_data(X, y, sample_weight, estimator=self)
        if self._target(data).ndim < data.y_ndim:
            column_or_1d(data.targets.T, warn=True)
        l1_ratios = self._l1_ratios()
        grids = [check_alphas(self.alphas, self.eps, l1_ratio) for l1_ratio in l1_ratios]
        return data, l1_ratios, grids

    def _solve_full(
        self,
        data: TrainingData,
        terms: FeatureTerms,
        l1_ratios: list[float],
        grids: list[Vector | AlphaGrid],
        measure: SharedMoments | None,
        progress: Progress,
        n_jobs: int | None,
    ) -> list[PathResult]:
        """Solve the paths on the full data: first the one that keeps the most, then the others as memory allows."""
        labels = path_labels(l1_ratios, "full data")
        paths: dict[int, PathResult] = {}
        order = np.argsort(l1_ratios, kind="stable")
        for group in chain([order[:1]], self._groups(order[1:], data, paths.values())):
            jobs, options = [], self._options_of(len(group), measure)
            for row in group:
                of_path = terms, l1_ratios[row], options, self._penalty_of_tasks
                path = make_path(data, self._datafit(data), *of_path, alphas=grids[row])
                jobs.append(PathJob("full data", labels[row], path, len(grids[row]), data.design, measure))
            paths |= zip(group.tolist(), progress.drive(jobs, data.design, n_jobs), strict=True)
        return [paths[row] for row in range(len(l1_ratios))]

    def _groups(
        self, numbers: NDArray[np.intp], data: TrainingData, done: Iterable[PathResult]
    ) -> Iterator[NDArray[np.intp]]:
        """Cut paths into groups that go together, by what those that are done when the first is asked for keep."""
        if len(numbers):
            paths, design = list(done), data.design
            n_kept = max(len(support) for path in paths for support in path.supports)
            by_moments = all(path.by_moments for path in paths)
            n_at_once = cost_model.paths_at_once(
                self._datafit(data), design.shape[1], design.density, n_kept, by_moments
            )
            yield from np.array_split(numbers, -(-len(numbers) // n_at_once))

    def _options_of(self, n_together: int, measure: SharedMoments | None) -> SolverOptions:
        """Those of one of so many paths that go together."""
        return replace(self._options(), n_together=n_together, n_sharing=measure.n_sharing if measure else 1)

    def _outcome(self, l1_ratio: float, path: PathResult, column: int, data: TrainingData) -> dict[str, Any]:
        """What the model knows once one alpha of the path of one l1_ratio is chosen."""
        intercept_path = path.intercepts.astype(data.dtype)
        return dict(
            alpha_=path.alphas[column],
            **self._coefs_of(path, column, data),
            dual_gap_=path.dual_gaps[column],
            n_iter_=int(path.n_iters[column]),
            intercept_path_=intercept_path.T,
            dual_gap_path_=path.dual_gaps,
            _fitted_path=path,
            **self._remembered_of(data),
        )

    @cached_property
    def coef_path_(self) -> NDArray:
        """Coefficients at every alpha, of shape ([n_tasks,] n_features, n_alphas); made when first asked for."""
        if "_fitted_path" not in vars(self):
            raise AttributeError(f"This {type(self).__name__} has no coef_path_: it is not fitted yet.")
        return self._fitted_path.dense_coefs(self.coef_.dtype)

    def _raw_path(self, X: Any) -> NDArray:
        """Raw predictions of the model of every alpha, of shape (n_samples, [n_tasks,] n_alphas)."""
        X = self._samples(X)
        features = self._fitted_path.kept
        coefs = self._fitted_path.coefs_of(features).astype(self.coef_.dtype)
        raw = X[:, features] @ as_rows(coefs).T
        # Tasks, if any, come before alphas.
        return np.moveaxis(raw.reshape(len(raw), *coefs.shape[:-1]), 1, -1) + self.intercept_path_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        return tags


class ElasticNetPathModel(PathModel):
    """A linear model that was chosen from the paths of one l1_ratio or several."""

    def _l1_ratios(self) -> list[float]:
        return check_between_zero_and_one(self.l1_ratio, "l1_ratio")

    def _outcome(self, l1_ratio: float, *of_path: Any) -> dict[str, Any]:
        return super()._outcome(l1_ratio, *of_path) | dict(l1_ratio_=l1_ratio)


class RegressionPath(PathModel, SparseLinearRegressor):
    """A regressor that was chosen from a path."""

    def _relaxes(self) -> list[float]:
        return check_between_zero_and_one(self.relax, "relax", f"; {RELAX_IS}")

    def _check(self, X: Any, y: Any, sample_weight: Any) -> tuple[TrainingData, list[float], list[Vector | AlphaGrid]]:
        data, l1_ratios, grids = super()._check(X, y, sample_weight)
        check_gram(self.precompute, data, self.fit_intercept)
        return data, l1_ratios, grids

    def predict_path(self, X: Any) -> NDArray:
        """Predict with the model of every alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n_samples, n_alphas) or (n_samples, n_tasks, n_alphas)
            Predicted values, for the alphas in the order of ``coef_path_``.
        """
        return self._raw_path(X)

    def score_path(self, X: Any, y: Any, sample_weight: Any = None) -> NDArray[np.float64]:
        """Coefficient of determination R^2 of the model of every alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            True values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        scores : ndarray of shape (n_alphas,)
            What :meth:`score` would be at every alpha.
        """
        predictions = self.predict_path(X)
        return np.array(
            [r2_score(y, prediction, sample_weight=sample_weight) for prediction in np.moveaxis(predictions, -1, 0)]
        )


def path_labels(l1_ratios: list[float], what: str) -> list[str]:
    """What the path of each l1_ratio is called."""
    return [what] if len(l1_ratios) == 1 else [f"{what}, l1_ratio={l1_ratio:g}" for l1_ratio in l1_ratios]
