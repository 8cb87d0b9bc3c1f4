"""Residual coordinate descent with Anderson extrapolation: no Gram, for working sets of any size."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers import _residual_cd
from sklearn_sparsefit.solvers.base import Iterate, Solver
from sklearn_sparsefit.solvers.certificate import duality_gap
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.solvers.working_set import WorkingSet

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Sweeps between two extrapolations.
MEMORY = 5
# Largest support that is polished. Sweeps take this many times as long as the Gram matrix for as many multiply-adds.
MAX_SUPPORT, DENSE_SPEED = 2048, 200


class ResidualSolver(Solver):
    """Cyclic coordinate descent, extrapolated every few sweeps (Bertrand & Massias 2021, algorithm 3).

    Where extrapolation is not enough (nearly collinear columns) though the signs rest, the problem on the support alone
    is solved on its Gram, once as much time has gone into sweeps as that takes.
    """

    max_gram = 0

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        if len(working_set) == 0:
            return 0
        weights = working_set.datafit.weights
        residual = working_set.fit(iterate.coef[None]).residuals[0]
        n_iter = 0
        while n_iter < max_iter:
            weighted_residual = weights * residual
            history, residuals = [iterate.coef.copy()], [weighted_residual.copy()]
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
                residuals.append(weighted_residual.copy())
                n_iter += 1
            self._extrapolate(working_set.datafit, penalty, iterate, np.array(history), np.array(residuals))
            residual, gap = self._look(working_set, penalty, iterate)
            rests = np.array_equal(np.sign(history[0]), np.sign(iterate.coef))
            if gap > gap_tol and rests and self._polish_pays(working_set, iterate, n_iter):
                n_iter += self._polish(working_set, penalty, iterate, gap_tol, max_iter - n_iter)
                residual, gap = self._look(working_set, penalty, iterate)
            if gap <= gap_tol or not np.isfinite(gap):
                break
        return n_iter

    @staticmethod
    def _look(working_set: WorkingSet, penalty: Penalty, iterate: Iterate) -> tuple[Vector, float]:
        """Residual and duality gap, and true correlations into the iterate."""
        fits, correlations = working_set.look(iterate.coef[None])
        iterate.correlation[:] = correlations[0]
        misfit = working_set.datafit.misfit_of(fits, 0)
        return fits.residuals[0], duality_gap(misfit, iterate.coef, iterate.correlation, penalty)

    @staticmethod
    def _polish_pays(working_set: WorkingSet, iterate: Iterate, n_sweeps: int) -> bool:
        n_support, n_samples = np.count_nonzero(iterate.coef), len(working_set.datafit.weights)
        return DENSE_SPEED * n_sweeps * working_set.columns.n_entries >= n_samples * n_support**2

    def _polish(
        self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        support = np.flatnonzero(iterate.coef)
        if not 0 < len(support) <= MAX_SUPPORT:
            return 0
        face = working_set.restricted_to(support)
        on_face = Iterate(iterate.coef[support], iterate.correlation[support])
        n_iter = GramSolver().solve(face, penalty.at(support), on_face, gap_tol, max_iter)
        iterate.coef[support] = on_face.coef
        return n_iter

    @staticmethod
    def _extrapolate(
        datafit: Quadratic, penalty: Penalty, iterate: Iterate, history: Matrix, residuals: Matrix
    ) -> None:
        """Move to the extrapolated point if its objective is lower; weighted residuals are extrapolated alike."""
        differences = np.diff(history, axis=0)
        with np.errstate(all="ignore"):
            try:
                mixture = np.linalg.solve(differences @ differences.T, np.ones(len(differences)))
            except np.linalg.LinAlgError:
                mixture = np.full(len(differences), np.nan)
            mixture /= mixture.sum()
            extrapolated = mixture @ history[1:]
        if not penalty.is_feasible(extrapolated):
            return
        loss, extrapolated_loss = datafit.losses_at(np.stack([residuals[-1], mixture @ residuals[1:]]))
        if extrapolated_loss + penalty.value(extrapolated) < loss + penalty.value(iterate.coef):
            iterate.coef[:] = extrapolated
