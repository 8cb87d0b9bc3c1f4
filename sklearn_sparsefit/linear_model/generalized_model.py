"""What models share that are fitted by another loss than the square."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._progress import Progress
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData, check_above_zero, check_training_data
from sklearn_sparsefit.cv import Fold, mean_losses
from sklearn_sparsefit.datafit import Datafit, Loss
from sklearn_sparsefit.linear_model.base import SparseLinearModel, make_path
from sklearn_sparsefit.linear_model.families import check_intercept, make_datafit, unit_of
from sklearn_sparsefit.linear_model.model_warnings import warn_of
from sklearn_sparsefit.linear_model.path_cv import PathCV
from sklearn_sparsefit.path import PathResult, drive


class GeneralizedModel(SparseLinearModel):
    """A model by the weighted mean of some loss."""

    @abstractmethod
    def _loss(self) -> Loss:
        """The loss of one raw prediction."""

    def _datafit(self, data: TrainingData) -> Datafit:
        return make_datafit(self._loss(), data, self._target(data), self.fit_intercept)

    def _raw_prediction(self, X: Any) -> NDArray:
        return self._samples(X) @ np.ravel(self.coef_) + self.intercept_


class GeneralizedSingle(GeneralizedModel):
    """A model of one alpha."""

    def _fit(self, X: Any, y: Any, sample_weight: Any, prepare: Callable[[TrainingData], TrainingData]) -> Self:
        """Fit to training data once they are checked and prepared."""
        data = prepare(check_training_data(X, y, sample_weight, estimator=self))
        datafit = self._datafit(data)
        (terms,) = self._terms(data, [data.sample_weight])
        progress = Progress(self)
        alphas = np.array([self.alpha], dtype=np.float64)
        path = drive(
            make_path(data, datafit, terms, self.l1_ratio, self._options(), self._penalty_of_tasks, alphas=alphas),
            data.design,
        )
        self._set_fitted(
            **self._coefs_of(path, 0, data),
            dual_gap_=path.dual_gaps[0],
            n_iter_=int(path.n_iters[0]),
            n_passes_=path.n_passes,
            **self._term_outcome(terms),
            **self._remembered_of(data),
        )
        progress.end()
        warn_of([("", path)], path, self._feature_options(), data, self.tol)
        return self


class GeneralizedCV(GeneralizedModel, PathCV):
    """Paths on the full data and on every fold, and the alpha that a rule chooses by their losses or other scores."""

    _parameter_constraints: ClassVar[dict] = {
        **PathCV._parameter_constraints,
        "eps": [*PathCV._parameter_constraints["eps"], None],
    }

    _error_name = "loss_path_"

    def _check(self, X: Any, y: Any, sample_weight: Any, prepare: Callable[[TrainingData], TrainingData]) -> Any:
        check_above_zero(self.alphas)
        data, l1_ratios, grids = super()._check(X, y, sample_weight)
        return prepare(data), l1_ratios, grids

    def _solve_folds(
        self, data: TrainingData, l1_ratios: list[float], full_paths: list[PathResult], folds: list[Fold], *others: Any
    ) -> Any:
        for number, fold in enumerate(folds):
            self._check_fold(data, number, fold.train_weight)
        return super()._solve_folds(data, l1_ratios, full_paths, folds, *others)

    def _check_fold(self, data: TrainingData, number: int, train_weight: Vector) -> None:
        """Refuse training samples of a fold that no model can be fitted to."""
        if self.fit_intercept:
            check_intercept(self._loss(), self._target(data), train_weight, f"training sample of fold {number}")

    def _error_unit(self, data: TrainingData) -> float:
        return unit_of(self._loss(), self._target(data), data.sample_weight, data.offset)

    def _errors(self, result: PathResult, fold: Fold, data: TrainingData, unit: float) -> Vector:
        return mean_losses(result, fold, data.design, self._loss(), self._target(data), data.offset, unit)
