"""Residual coordinate descent with Anderson extrapolation: no Gram, for working sets of any size."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers import _residual_cd
from sklearn_sparsefit.solvers.base import Iterate
from sklearn_sparsefit.solvers.certificate import duality_gap
from sklearn_sparsefit.solvers.working_set import WorkingSet

Vector = NDArray[np.float64]

# Sweeps between two extrapolations.
MEMORY = 5


class ResidualSolver:
    """Cyclic coordinate descent, extrapolated every few sweeps (Bertrand & Massias 2021, algorithm 3)."""

    max_gram = 0

    def solve(
        self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        if len(working_set) == 0:
            return 0
        weights = working_set.datafit.weights
        residual = working_set.residuals(iterate.coef[None])[0][0]
        n_iter = 0
        while n_iter < max_iter:
            history = [iterate.coef.copy()]
            weighted_residual = weights * residual
            while len(history) <= MEMORY and n_iter < max_iter:
                _residual_cd.sweep(
                    working_set.columns,
                    working_set.means,
                    working_set.sq_norms,
                    weights,
                    iterate.coef,
                    weighted_residual,
                    penalty,
                )
                history.append(iterate.coef.copy())
                n_iter += 1
            residual = self._extrapolate(working_set, penalty, iterate, np.array(history))
            iterate.correlation[:] = working_set.correlations((weights * residual)[None])[0]
            gap = duality_gap(weights @ residual**2, iterate.coef, iterate.correlation, penalty)
            if gap <= gap_tol or not np.isfinite(gap):
                break
        return n_iter

    @staticmethod
    def _extrapolate(
        working_set: WorkingSet, penalty: Penalty, iterate: Iterate, history: NDArray[np.float64]
    ) -> Vector:
        """Move to the extrapolated point if its objective is lower; return the residual at the point kept."""
        candidates = iterate.coef[None]
        differences = np.diff(history, axis=0)
        with np.errstate(all="ignore"):
            try:
                mixture = np.linalg.solve(differences @ differences.T, np.ones(len(differences)))
            except np.linalg.LinAlgError:
                mixture = np.full(len(differences), np.nan)
            extrapolated = mixture @ history[1:] / mixture.sum()
        if penalty.is_feasible(extrapolated):
            candidates = np.stack([iterate.coef, extrapolated])
        residuals, _ = working_set.residuals(candidates)
        objectives = working_set.datafit.losses(residuals) + [penalty.value(coef) for coef in candidates]
        best = int(np.argmin(objectives))
        iterate.coef[:] = candidates[best]
        return residuals[best]
