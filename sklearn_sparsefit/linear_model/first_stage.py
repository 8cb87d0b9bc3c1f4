"""Coefficients of a first stage, from which adaptive estimators take their weights."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.blas import dsyrk
from sklearn.base import clone

from sklearn_sparsefit._validation import TrainingData, check_coef
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.linear_model.elastic_net_cv import ElasticNetCV

Vector = NDArray[np.float64]

# The ridge beside the mean eigenvalue, and one that is least squares but for rounding.
STRENGTHS = {"ridge": 1.0, "ols": 1e-10}
# Numbers in the columns that are taken at a time.
CHUNK = 2**21


def initial_coef(first_stage: Any, data: TrainingData, weights: Vector | None, fit_intercept: bool) -> Vector:
    """Coefficients of a first stage under a weighting of the rows; rows of weight zero have no part in it."""
    n_features = data.design.shape[1]
    if not isinstance(first_stage, str) and not hasattr(first_stage, "fit"):
        return check_coef(first_stage, (n_features,), "first_stage")
    if first_stage in STRENGTHS:
        return _ridge(data, weights, fit_intercept, STRENGTHS[first_stage])
    if isinstance(first_stage, str):
        model: Any = ElasticNetCV(fit_intercept=fit_intercept, standardize=True)
    else:
        model = clone(first_stage)
    X, y = data.design.X, data.targets[0]
    params: dict[str, Any] = {}
    if weights is not None:
        rows = np.flatnonzero(weights)
        if len(rows) < len(weights):
            X, y, weights = X[rows], y[rows], weights[rows]
        if (weights != weights[0]).any():
            params["sample_weight"] = weights
    with warnings.catch_warnings():
        # The user has not chosen the ends of this grid.
        warnings.filterwarnings("ignore", "The chosen alpha", UserWarning)
        return _coef_of(model.fit(X, y, **params), n_features)


def _coef_of(model: Any, n_features: int) -> Vector:
    coef = getattr(model, "coef_", None)
    if np.shape(coef) != (n_features,):
        found = f"{np.shape(coef)} of {model!r}"
        raise ValueError(f"first_stage must have coef_ of shape ({n_features},) when it is fitted, got {found}.")
    return check_coef(coef, (n_features,), f"coef_ of first_stage={model!r}")


def _ridge(data: TrainingData, weights: Vector | None, fit_intercept: bool, strength: float) -> Vector:
    """Ridge regression on standardised features, coefficients on those as they are.

    Its strength is relative to the mean of the eigenvalues, each weighted by itself, of the features' correlations:
    it depends on nothing but the proportions of the weights.
    """
    design, datafit = data.design, Quadratic(data.targets[0], weights, fit_intercept)
    n_samples, n_features = design.shape
    scales = design.scales(datafit.weights[None])[0]
    if n_features <= n_samples:
        moments = design.moments(datafit.weights, datafit.target, fit_intercept, 1.0)
        gram = moments.gram
        gram /= scales
        gram /= scales[:, None]
        return datafit.unit * _solve(gram.T, moments.correlation / scales, strength) / scales
    roots, means = np.sqrt(datafit.weights), np.zeros(n_features)
    # Of this, as of all below, the lower triangle.
    kernel = np.zeros((n_samples, n_samples), order="F")
    size = max(1, CHUNK // n_samples)
    for start in range(0, n_features, size):
        some = np.arange(start, min(start + size, n_features))
        packed = design.columns(some, 1.0, datafit.weights if fit_intercept else None)
        columns = packed.densify(0, len(some))
        if fit_intercept:
            left = columns @ datafit.weights
            columns -= left[:, None]
            means[some] = packed.shift + left
        columns *= roots / scales[some, None]
        kernel = dsyrk(1.0, columns.T, beta=1.0, c=kernel, lower=1, overwrite_c=1)
    residual = roots * _solve(kernel, roots * datafit.target, strength)
    return datafit.unit * design.correlate_centred(residual[None], means, 1.0)[0] / scales**2


def _solve(gram: NDArray[np.float64], right: Vector, strength: float) -> Vector:
    """Ridge, given the lower triangle of a Gram matrix, in Fortran order, which is overwritten."""
    diagonal = gram.diagonal().copy()
    if diagonal.sum() == 0:
        return np.zeros_like(right)
    sum_of_squares = diagonal @ diagonal + 2 * sum(float(row[:j] @ row[:j]) for j, row in enumerate(gram))
    gram.flat[:: len(gram) + 1] += strength * sum_of_squares / diagonal.sum()
    return cho_solve(cho_factor(gram, lower=True, overwrite_a=True, check_finite=False), right)
