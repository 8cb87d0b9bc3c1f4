"""What the regressors share that choose alpha by cross-validation."""

from typing import Any, Self

import numpy as np

from sklearn_sparsefit._sklearn import fit_context, raise_for_params
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit.cv import Fold, mean_squared_errors
from sklearn_sparsefit.datafit import power_of_two
from sklearn_sparsefit.linear_model.elastic_net import ElasticNet
from sklearn_sparsefit.linear_model.path_cv import PathCV
from sklearn_sparsefit.linear_model.path_model import RegressionPath
from sklearn_sparsefit.path import PathResult


class RegressionCV(PathCV, RegressionPath):
    """Paths of least squares, and the alpha that a rule chooses by mean squared errors or other scores."""

    _error_name = "mse_path_"

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Fit paths on every fold and on the full data, and keep the model of the alpha that is chosen.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never copied or written to.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0, in the fits and in each fold's error, and in ``scoring`` if that takes them. The mean
            over folds is plain. A number means none.
        **params : dict
            Parameters for the splitter, such as ``groups``, and for the scorer, with metadata routing enabled.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights, the alphas or the folds do not fit together or are not finite.
        """
        raise_for_params(params, self, "fit")
        return self._fit(X, y, sample_weight, params)

    def _target(self, data: TrainingData) -> Vector:
        if len(data.targets) > 1:
            raise ValueError(f"For multi-task outputs, use MultiTask{type(self).__name__}")
        return data.targets[0]

    def _error_unit(self, data: TrainingData) -> float:
        target = self._target(data)
        counted = target if data.sample_weight is None else target[..., data.sample_weight > 0]
        return power_of_two(np.abs(counted).max())

    def _errors(self, result: PathResult, fold: Fold, data: TrainingData, unit: float) -> Vector:
        return mean_squared_errors(result, fold, data.design, self._target(data), unit)

    def _model_of(self, alpha: float, l1_ratio: float) -> ElasticNet:
        return ElasticNet(alpha, l1_ratio=l1_ratio, fit_intercept=self.fit_intercept)
