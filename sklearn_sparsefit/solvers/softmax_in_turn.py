"""Proximal Newton steps of the multinomial loss, compiled, for one alpha after the other."""

from collections.abc import Sequence

import numpy as np

from sklearn_sparsefit._typing import Block
from sklearn_sparsefit.datafit import Multinomial
from sklearn_sparsefit.penalty import SeparateTasksPenalty
from sklearn_sparsefit.solvers._small_softmax import SmallSoftmax
from sklearn_sparsefit.solvers.base import Goal, Iterate
from sklearn_sparsefit.solvers.extrapolation import N_KNOWN, Track
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Numbers in the rows of all pairs of a class and a feature, which have an entry for every sample and class, and pairs.
SMALL, FEW = 2**20, 512


class SoftmaxInTurn:
    """Steps on small problems of classes that choose features each, from where the last solutions lead."""

    def __init__(self) -> None:
        self._kernel: SmallSoftmax | None = None
        self._datafit: Multinomial | None = None
        # Offsets are kept.
        self._track: Track[Block] = Track()

    @staticmethod
    def pay(working_set: WorkingSet, goals: Sequence[Goal]) -> bool:
        """Whether a problem is of that kind."""
        n_classes, n_features = working_set.datafit.mean.size, len(working_set)
        if not 0 < n_classes * n_features <= FEW or working_set.free is not None:
            return False
        is_small = n_classes**2 * n_features * len(working_set.datafit.weights) <= SMALL
        return is_small and all(
            isinstance(goal.penalty, SeparateTasksPenalty) and goal.penalty.l1 > 0 for goal in goals
        )

    def solve(
        self, working_set: WorkingSet, goals: Sequence[Goal[SeparateTasksPenalty]], iterate: Iterate
    ) -> tuple[Block, list[int]]:
        """Coefficients for the leading goals that a few steps suffice for, and the steps of all that were tried.

        The iterate is left at the last of them.
        """
        datafit = working_set.datafit
        assert isinstance(datafit, Multinomial)
        n_classes, n_features = iterate.coef.shape
        if self._kernel is None or self._datafit is not datafit:
            self._datafit = datafit
            self._kernel = SmallSoftmax(datafit.codes, n_classes, datafit.weights, datafit.mean, datafit.fit_intercept)
        wanted = [goal.penalty.alpha for goal in goals]
        self._track.go_on_to(wanted, iterate.coef)
        alphas, coefs = self._track.before(wanted, iterate.coef)
        n_known, correlations = len(alphas) - len(goals), np.empty_like(coefs)
        offsets = np.zeros((len(alphas), n_classes))
        if len(self._track):
            offsets[:n_known] = self._track.kept[::-1]
        of_pairs = goals[0].penalty.of_each.at(np.tile(np.arange(n_features), n_classes))
        n_solved, n_steps = self._kernel.solve_each(
            working_set.columns,
            working_set.means,
            working_set.sq_norms,
            [Goal(of_pairs.with_alpha(goal.penalty.alpha), goal.gap_tol, goal.max_iter) for goal in goals],
            alphas,
            coefs.reshape(len(alphas), -1),
            correlations.reshape(len(alphas), -1),
            offsets,
        )
        for row in range(max(0, n_solved - N_KNOWN), n_solved):
            known = n_known + row
            self._track.add(goals[row].penalty.alpha, coefs[known], offsets[known].copy())
        if n_solved:
            last = n_known + n_solved - 1
            iterate.coef[:], iterate.correlation[:] = coefs[last], correlations[last]
        return coefs[n_known : n_known + n_solved], n_steps
