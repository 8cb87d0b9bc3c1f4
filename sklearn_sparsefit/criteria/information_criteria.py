"""Information criteria, and the degrees of freedom they charge for: functions of a few numbers and of Gram matrices.

Gram matrices are those of columns under weights that sum to one, centred if there is an intercept, which is not counted
in the degrees of freedom.
"""

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtri
from scipy.special import gammaln

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.subproblem.independence import dependence_tolerance

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


def shrunk_degrees_of_freedom(gram: Matrix, ridges: Vector) -> float:
    """trace(G (G + D)^-1) = k - trace(D (G + D)^-1), for k columns and ridges on the diagonal of D.

    Overwrites their Gram matrix G.
    """
    size = len(gram)
    if size == 0:
        return 0.0
    # With less of a ridge, combinations of others would count for what rounding makes of them.
    ridges = np.maximum(ridges, dependence_tolerance(size) * gram.diagonal())
    gram.flat[:: size + 1] += ridges
    factor, _ = dpotrf(gram.T, lower=1, overwrite_a=1)
    inverse, _ = dtrtri(factor, lower=1, overwrite_c=1)
    return size - float(ridges @ np.einsum("ij,ij->j", inverse, inverse))
