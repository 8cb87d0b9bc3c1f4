"""Which columns are combinations of others, as far as rounding lets their Gram matrix tell."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpstrf

from sklearn_sparsefit._typing import Matrix


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
