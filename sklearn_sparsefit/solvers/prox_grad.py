"""Proximal gradient on the Gram of the working set: the plainest solver, and the others' witness."""

import sys

import numpy as np
from scipy.sparse.linalg import ArpackError, eigsh

from sklearn_sparsefit.penalty import ElasticNetPenalty
from sklearn_sparsefit.solvers._prox_grad import fista
from sklearn_sparsefit.solvers.base import MAX_WORK, Iterate, Solver
from sklearn_sparsefit.subproblem.certificate import duality_gap, quadratic_misfit
from sklearn_sparsefit.subproblem.settling import settle_by_gram
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Steps between two looks at the gap.
BURST = 50


class ProxGradSolver(Solver):
    """FISTA with restarts, in the metric of the columns' norms so that their scales do not matter."""

    max_gram = sys.maxsize

    def solve(
        self, working_set: WorkingSet, penalty: ElasticNetPenalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        """See :class:`Solver`."""
        size = len(working_set)
        if size == 0:
            return 0
        gram = working_set.gram[:size, :size]
        offset = iterate.correlation + gram @ iterate.coef
        target_energy = 2 * working_set.datafit.null_loss
        work = np.stack([iterate.coef, iterate.correlation, offset])
        lipschitz = _largest_eigenvalue(gram, working_set.sq_norms)
        momentum, n_iter = 1.0, 0
        while n_iter < max_iter:
            burst = max(1, min(BURST, max_iter - n_iter, int(MAX_WORK / size**2)))
            momentum = fista(
                working_set.gram,
                working_set.sq_norms,
                iterate.coef,
                iterate.correlation,
                work,
                penalty,
                lipschitz,
                momentum,
                burst,
            )
            n_iter += burst
            if working_set.free is not None:
                settle_by_gram(working_set.free, iterate.coef[None], iterate.correlation[None], gram)
            energy = float(np.maximum(0.0, target_energy - iterate.coef @ (offset + iterate.correlation)))
            gap = duality_gap(quadratic_misfit(energy), iterate.coef, iterate.correlation, penalty)
            if gap <= gap_tol or not np.isfinite(gap):
                break
        return n_iter


def _largest_eigenvalue(gram: np.ndarray, sq_norms: np.ndarray) -> float:
    """A little more than the largest eigenvalue of D^-1/2 G D^-1/2, D = diag(G)."""
    scales = np.sqrt(np.where(sq_norms > 0, sq_norms, np.inf))
    correlation = gram / scales / scales[:, None]
    if len(scales) < 3 or not np.isfinite(correlation).all() or not (sq_norms > 0).any():
        return float(max(1.0, np.abs(correlation).sum(axis=1).max()))
    start = np.full(len(scales), 1.0) + np.linspace(0.0, 0.1, len(scales))
    try:
        largest = eigsh(correlation, k=1, which="LA", tol=1e-3, v0=start, return_eigenvectors=False)[0]
    except ArpackError:
        return float(np.abs(correlation).sum(axis=1).max())
    return float(max(1.0, 1.02 * largest))
