"""Information criteria, and the degrees of freedom they charge for: functions of a few numbers and of Gram matrices.

Gram matrices are those of columns under weights that sum to one, centred if there is an intercept, which is not counted
in the degrees of freedom.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpstrf, dtrtri
from scipy.special import gammaln

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

CRITERIA = ("aic", "aicc", "bic", "ebic")


def information_criterion(
    name: str,
    rss: Vector,
    df: Vector,
    *,
    noise_variance: float,
    n_samples: float,
    n_features: int,
    fit_intercept: bool,
    ebic_gamma: float,
) -> Vector:
    """Minus twice the Gaussian log-likelihood, plus what the criterion charges for degrees of freedom."""
    deviance = n_samples * np.log(2 * np.pi * noise_variance) + rss / noise_variance
    if name == "aic":
        return deviance + 2 * df
    if name == "aicc":
        return deviance + 2 * df + _small_sample_correction(df + fit_intercept + 1, n_samples)
    charge = np.log(n_samples) * df
    if name == "ebic":
        charge += 2 * ebic_gamma * _log_binomial(n_features, df)
    return deviance + charge


def _small_sample_correction(n_parameters: Vector, n_samples: float) -> Vector:
    """2 K (K + 1) / (n - K - 1), infinite where there are not enough samples."""
    room = n_samples - n_parameters - 1
    enough = room > 0
    return np.where(enough, 2 * n_parameters * (n_parameters + 1) / np.where(enough, room, 1.0), np.inf)


def _log_binomial(n: int, k: Vector) -> Vector:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def dependence_tolerance(size: int) -> float:
    """A column is a combination of others if less than this share of its variance is its own: what rounding leaves."""
    return 4 * np.finfo(np.float64).eps * (size + 100)


def rank(gram: Matrix) -> int:
    """Number of columns, none of them zero, that are not combinations of others; overwrites their Gram matrix."""
    size = len(gram)
    if size == 0:
        return 0
    sq_norms = gram.diagonal().copy()
    factor, info = dpotrf(gram.T, lower=1)
    if info == 0 and (np.diagonal(factor) ** 2 > dependence_tolerance(size) * sq_norms).all():
        return size
    return len(independent_columns(gram)[0])


def independent_columns(gram: Matrix) -> tuple[NDArray[np.intp], Matrix]:
    """Columns of which all others are combinations, and the lower Cholesky factor of their correlations.

    Overwrites the Gram matrix.
    """
    size = len(gram)
    norms = np.sqrt(gram.diagonal())
    norms[norms == 0] = np.inf
    gram /= norms
    gram /= norms[:, None]
    np.fill_diagonal(gram, np.isfinite(norms))
    factor, pivots, n_independent, _ = dpstrf(gram.T, tol=dependence_tolerance(size), lower=1, overwrite_a=1)
    return pivots[:n_independent] - 1, np.tril(factor[:n_independent, :n_independent])


def shrunk_degrees_of_freedom(gram: Matrix, ridge: float) -> float:
    """trace(G (G + D)^-1) = k - trace(D (G + D)^-1), for k columns and a ridge D; overwrites their Gram matrix G."""
    size = len(gram)
    if size == 0:
        return 0.0
    # With less of a ridge, combinations of others would count for what rounding makes of them.
    ridges = np.maximum(ridge, dependence_tolerance(size) * gram.diagonal())
    gram.flat[:: size + 1] += ridges
    factor, _ = dpotrf(gram.T, lower=1, overwrite_a=1)
    inverse, _ = dtrtri(factor, lower=1, overwrite_c=1)
    return size - float(ridges @ np.einsum("ij,ij->j", inverse, inverse))


def union(supports: Sequence[NDArray[np.intp]]) -> NDArray[np.intp]:
    """All features of some supports, sorted."""
    return np.unique(np.concatenate([np.empty(0, dtype=np.intp), *supports]))
