"""Coefficients of a first stage, from which adaptive estimators take their weights."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.blas import dsyrk
from scipy.sparse.linalg import LinearOperator, lsmr
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import has_fit_parameter

from sklearn_sparsefit._sklearn import safe_indexing
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData, check_coef, check_per_feature
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.design import CHUNK, CONSTANT, Design, make_design
from sklearn_sparsefit.exceptions import ModelWarning
from sklearn_sparsefit.linear_model.elastic_net_cv import ElasticNetCV

# The ridge beside the mean eigenvalue, and one that is least squares but for rounding.
STRENGTHS = {"ridge": 1.0, "ols": 1e-10}
# Matrices of products are made if they have at most so many numbers, or no more than a copy of X takes: for each stored
# entry one number and a position, and twice that if all columns are half full and are filled.
SMALL_MATRIX, COPY_SIZE = 2**20, 3
# Iterations end when what they could still gain is this small: the gradient, relative to those of its factors.
ACCURACY, MAX_ITERATIONS, SPENT = 1e-12, 10_000, 7
# Powers of two beyond which features are brought to order one, as their squares might over- or underflow.
FAR = 300


def initial_coef(first_stage: Any, data: TrainingData, weights: Vector | None, fit_intercept: bool) -> Vector:
    """Coefficients of a first stage under a weighting of the rows; rows of weight zero have no part in it."""
    n_features = data.design.shape[1]
    if not isinstance(first_stage, str) and not hasattr(first_stage, "fit"):
        coef = check_per_feature(first_stage, "first_stage", 0.0, n_features, data.names.get("feature_names_in_"))
        return check_coef(coef, (n_features,), "first_stage")
    if isinstance(first_stage, type):
        name = first_stage.__name__
        raise TypeError(f"first_stage must be an estimator, got the class {name}. Use first_stage={name}().")
    if first_stage in STRENGTHS:
        return _ridge(data, weights, fit_intercept, STRENGTHS[first_stage])
    if isinstance(first_stage, str):
        model: Any = ElasticNetCV(fit_intercept=fit_intercept, standardize=True)
    else:
        model = clone(first_stage)
    name = f"first_stage={type(model).__name__}"
    X, y = data.table, data.targets[0]
    params: dict[str, Any] = {}
    if weights is not None:
        rows = np.flatnonzero(weights)
        if len(rows) < len(weights):
            X, y, weights = safe_indexing(X, rows), y[rows], weights[rows]
        if (weights != weights[0]).any():
            if not has_fit_parameter(model, "sample_weight"):
                raise ValueError(
                    f"{name} has a fit without sample_weight, but samples differ in weight, by"
                    " sample_weight or as cv draws some more often than others. Use an estimator that takes it, or"
                    " give all samples the same weight."
                )
            params["sample_weight"] = weights
    with warnings.catch_warnings():
        # What there is to say is said of the model that comes of it.
        warnings.simplefilter("ignore", ModelWarning)
        try:
            model.fit(X, y, **params)
        except Exception as error:
            error.add_note(f"In the fit of {name}, which is passed X, y and sample_weight alone.")
            raise
    found = getattr(model, "coef_", None)
    if found is None:
        raise ValueError(f"{name} has no coef_ when it is fitted, from which weights could be taken.")
    return check_coef(found, (n_features,), f"coef_ of {name}")


def _ridge(data: TrainingData, weights: Vector | None, fit_intercept: bool, strength: float) -> Vector:
    """Ridge regression on standardised features, coefficients on those as they are.

    Its strength is relative to the mean of the eigenvalues, each weighted by itself, of the features' correlations:
    it depends on nothing but the proportions of the weights.
    """
    design, datafit = data.design, Quadratic(data.targets[0], weights, fit_intercept)
    n_samples, n_features = design.shape
    # What rounding leaves of a large constant must not count for much.
    means = design.correlate(datafit.weights[None])[0]
    scales = np.maximum(design.scales(datafit.weights[None])[0], CONSTANT * np.abs(means))
    if min(n_samples, n_features) ** 2 > max(SMALL_MATRIX, COPY_SIZE * design.density * n_samples * n_features):
        solve = _by_iterations
    else:
        solve = _by_gram if n_features <= n_samples else _by_kernel
    with np.errstate(over="ignore"):
        coef = datafit.unit * solve(design, datafit, scales, strength) / scales
    if not np.isfinite(coef).all():
        raise ValueError(
            "Some coefficients of the first stage are too large for float64: X is too small beside y. Multiply X by"
            " some number."
        )
    return coef


def _by_gram(design: Design, datafit: Quadratic, scales: Vector, strength: float) -> Vector:
    """Coefficients on standardised features from the matrix of their products."""
    powers = np.frexp(scales)[1]
    if np.abs(powers).max() > FAR:
        design, scales = _divided(design, powers), np.ldexp(scales, -powers)
    moments = design.moments(datafit.weights, datafit.target, datafit.fit_intercept, 1.0)
    gram = moments.gram
    gram /= scales
    gram /= scales[:, None]
    return _solve(gram.T, moments.correlation / scales, strength)


def _divided(design: Design, powers: NDArray[np.int32]) -> Design:
    """A copy of the features, each divided by two to some power."""
    if not sparse.issparse(design.X):
        return make_design(np.ldexp(design.X, -powers))
    X = sparse.csr_array(design.X)
    X.data = np.ldexp(X.data, -powers[X.indices])
    return make_design(X)


def _by_kernel(design: Design, datafit: Quadratic, scales: Vector, strength: float) -> Vector:
    """Coefficients on standardised features from the matrix of products of the samples."""
    n_samples, n_features = design.shape
    roots, means = np.sqrt(datafit.weights), np.zeros(n_features)
    # Of this, as of all below, the lower triangle.
    kernel = np.zeros((n_samples, n_samples), order="F")
    size = max(1, CHUNK // n_samples)
    for start in range(0, n_features, size):
        some = np.arange(start, min(start + size, n_features))
        packed = design.columns(some, 1.0, datafit.weights if datafit.fit_intercept else None)
        columns = packed.densify(0, len(some))
        if datafit.fit_intercept:
            left = columns @ datafit.weights
            columns -= left[:, None]
            means[some] = packed.shift + left
        columns *= roots / scales[some, None]
        kernel = dsyrk(1.0, columns.T, beta=1.0, c=kernel, lower=1, overwrite_c=1)
    residual = roots * _solve(kernel, roots * datafit.target, strength)
    return design.correlate_centred(residual[None], means, 1.0)[0] / scales


def _solve(gram: NDArray[np.float64], right: Vector, strength: float) -> Vector:
    """Ridge, given the lower triangle of a Gram matrix, in Fortran order, which is overwritten."""
    diagonal = gram.diagonal().copy()
    if diagonal.sum() == 0:
        return np.zeros_like(right)
    sum_of_squares = diagonal @ diagonal + 2 * sum(float(row[:j] @ row[:j]) for j, row in enumerate(gram))
    gram.flat[:: len(gram) + 1] += strength * sum_of_squares / diagonal.sum()
    return cho_solve(cho_factor(gram, lower=True, overwrite_a=True, check_finite=False), right)


def _by_iterations(design: Design, datafit: Quadratic, scales: Vector, strength: float) -> Vector:
    """Coefficients on standardised features from products with a copy of a sparse X alone.

    They are found from zero on: where several do, these are those of the least norm.
    """
    rows = np.flatnonzero(datafit.weights)
    roots = np.sqrt(datafit.weights[rows])
    # What is centred has no part in this direction.
    constant = roots if datafit.fit_intercept else np.zeros_like(roots)
    X = sparse.csc_array(design.X, dtype=np.float64)[rows]
    X.sum_duplicates()
    X.data /= np.repeat(scales, np.diff(X.indptr))
    order = np.arange(len(scales))
    if datafit.fit_intercept:
        X, order = _centre_full_columns(X, datafit.weights[rows])
    X.data *= roots[X.indices]
    Z = X.tocsr()

    def centred(values: Vector) -> Vector:
        return values - constant * (constant @ values)

    trace, sum_of_squares = _eigenvalue_sums(Z, constant)
    coef = np.zeros(len(scales))
    if trace > 0:
        products = LinearOperator(
            Z.shape, matvec=lambda v: centred(Z @ v), rmatvec=lambda r: Z.T @ centred(r), dtype=np.float64
        )
        damp = np.sqrt(strength * sum_of_squares / trace)
        target = roots * datafit.target[rows]
        coef[order], reason, *_ = lsmr(
            products, target, damp, atol=ACCURACY, btol=ACCURACY, conlim=0, maxiter=MAX_ITERATIONS
        )
        if reason == SPENT:
            warn_user(
                f"The first stage did not converge in {MAX_ITERATIONS} iterations: features are nearly combinations of"
                " others. You might want to use first_stage='ridge'.",
                ConvergenceWarning,
            )
    return coef


def _centre_full_columns(X: sparse.csc_array, weights: Vector) -> tuple[sparse.csc_array, NDArray[np.intp]]:
    """Centre columns that are stored for the most part, and put them last; also the order of all.

    The means of others cannot be large beside their deviations, from which they may be taken later.
    """
    is_full = np.diff(X.indptr) > X.shape[0] / 2
    full, others = np.flatnonzero(is_full), np.flatnonzero(~is_full)
    columns = X[:, full].toarray()
    # First by a row: of a constant nothing is left, not even rounding.
    columns -= columns[0]
    columns -= weights @ columns
    return sparse.hstack([X[:, others], sparse.csc_array(columns)], format="csc"), np.concatenate([others, full])


def _eigenvalue_sums(Z: sparse.csr_array, constant: Vector) -> tuple[float, float]:
    """Sums of the eigenvalues, and of their squares, of the products of Z's columns without their constant part.

    The squares are those of the entries of ``Z @ Z.T`` or of ``Z.T @ Z``, whichever takes less, made in parts.
    """
    columns = Z.T.tocsr()
    lines, across = sorted([Z, columns], key=lambda matrix: -np.square(np.diff(matrix.indptr).astype(float)).sum())
    size = max(1, CHUNK // lines.shape[0])
    sum_of_squares = 0.0
    for start in range(0, lines.shape[0], size):
        products = (lines[start : start + size] @ across).data
        sum_of_squares += products @ products
    means = columns @ constant
    sum_of_squares += (means @ means) ** 2 - 2 * np.square(Z @ means).sum()
    return Z.data @ Z.data - means @ means, sum_of_squares
