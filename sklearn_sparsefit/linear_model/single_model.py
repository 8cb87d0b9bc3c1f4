"""What the estimators of one alpha share."""

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import MultiOutputMixin

from sklearn_sparsefit._progress import Progress
from sklearn_sparsefit._sklearn import Interval
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData, check_coef, check_gram, check_training_data
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.linear_model.base import SparseLinearRegressor, make_path
from sklearn_sparsefit.linear_model.model_warnings import warn_of
from sklearn_sparsefit.linear_model.parameters import PARAMETER_CONSTRAINTS
from sklearn_sparsefit.linear_model.paths import enet_path
from sklearn_sparsefit.path import PathResult, drive


class SingleModel(MultiOutputMixin, SparseLinearRegressor):
    """A linear model of one alpha, for one target or several."""

    _parameter_constraints: ClassVar[dict] = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "precompute": ["boolean", "array-like"],
        "warm_start": ["boolean"],
        **PARAMETER_CONSTRAINTS,
    }

    path = staticmethod(enet_path)

    def _fit(self, X: Any, y: Any, sample_weight: Any, check_input: bool = True) -> Self:
        if self.alpha == 0:
            warn_user(
                "With alpha=0, this algorithm does not converge well. You are advised to use the LinearRegression"
                " estimator",
            )
        data = check_training_data(X, y, sample_weight, estimator=self, check_input=check_input)
        check_gram(self.precompute, data, self.fit_intercept)
        starts = self._starts(data)
        (terms,) = self._terms(data, [data.sample_weight])

        progress = Progress(self)
        paths = [
            drive(
                make_path(
                    data,
                    Quadratic(target, data.sample_weight, self.fit_intercept),
                    terms,
                    self.l1_ratio,
                    self._options(),
                    alphas=np.array([self.alpha], dtype=np.float64),
                    start=start,
                ),
                data.design,
            )
            for target, start in zip(self._targets(data), starts, strict=True)
        ]
        self._set_fitted(
            **self._outcome(data, [path.relaxed(self.relax) for path in paths]), **self._term_outcome(terms)
        )
        progress.end()
        labels = [""] if len(paths) == 1 else [f"target {k}" for k in range(len(paths))]
        warn_of(zip(labels, paths, strict=True), paths[0], self._feature_options(), data, self.tol)
        return self

    def _targets(self, data: TrainingData) -> list[Vector]:
        """What is fitted one by one."""
        return list(data.targets)

    def _starts(self, data: TrainingData) -> list:
        n_targets, n_features = len(data.targets), data.design.shape[1]
        if not (self.warm_start and hasattr(self, "coef_")):
            return [None] * n_targets
        shape = (n_features,) if n_targets == 1 else (n_targets, n_features)
        coef = check_coef(self.coef_, shape, "coef_, to start from under warm_start=True,")
        return list(np.atleast_2d(coef))

    def _outcome(self, data: TrainingData, paths: list[PathResult]) -> dict[str, Any]:
        coef = np.stack([path.dense_coef(0, data.dtype) for path in paths])
        intercept: Any = np.array([path.intercepts[0] for path in paths], dtype=data.dtype)
        gaps = np.array([path.dual_gaps[0] for path in paths])
        n_iters: Any = [int(path.n_iters[0]) for path in paths]
        n_passes: Any = [path.n_passes for path in paths]
        if len(paths) == 1:
            coef, gaps, n_iters, n_passes = coef[0], gaps[0], n_iters[0], n_passes[0]
        if not self.fit_intercept:
            intercept = 0.0
        elif data.y_ndim == 1:
            intercept = intercept[0]
        return dict(
            coef_=coef,
            intercept_=intercept,
            dual_gap_=gaps,
            n_iter_=n_iters,
            n_passes_=n_passes,
            **self._remembered_of(data),
        )
