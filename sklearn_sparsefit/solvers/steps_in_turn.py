"""Proximal Newton steps for one alpha after the other, compiled: what arranges them would take longer."""

from collections.abc import Sequence

import numpy as np

from sklearn_sparsefit.datafit import Fits, Generalized
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers._small_newton import SmallNewton
from sklearn_sparsefit.solvers.base import Goal, Iterate
from sklearn_sparsefit.solvers.points import PathTrack, Points
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Numbers in the columns of a working set that stay in the cache, and are so few that their products take less time than
# Python does. (Paths with steps in turn and together: 569 x 495 18 and 40 ms, 200 x 20000 62 and 85, 5000 x 100 105 and
# 90, 3000 x 500 1060 and 390.)
SMALL = 2**18
# And so few columns that their Gram takes no more than 16 MB; with a ridge, where every alpha calls for a new factor,
# supports that are no larger than this.
FEW, FEW_WITH_RIDGE = 1024, 400


class StepsInTurn:
    """Steps as :class:`~sklearn_sparsefit.solvers.steps_together.StepsTogether` takes them, on small problems.

    Each alpha has a model of its own, but for the curvatures, which are those of the last one while they serve.
    """

    def __init__(self) -> None:
        self._kernel: SmallNewton | None = None
        self._datafit: Generalized | None = None

    @staticmethod
    def pay(working_set: WorkingSet, penalty: Penalty, iterate: Iterate) -> bool:
        """Whether a working set is that small."""
        n_features, n_samples = len(working_set), len(working_set.datafit.weights)
        if n_features > FEW or n_features * n_samples > SMALL:
            return False
        return penalty.l2 == 0 or int(np.count_nonzero(iterate.coef)) <= FEW_WITH_RIDGE

    def solve(
        self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate, track: PathTrack
    ) -> tuple[Points, list[int]]:
        """Points of the leading goals that a few steps suffice for, and how many were taken for each that was tried."""
        datafit = working_set.loss
        if self._kernel is None or self._datafit is not datafit:
            self._datafit = datafit
            self._kernel = SmallNewton(datafit.loss, datafit.y, datafit.weights, datafit.offset, datafit.fit_intercept)
        alphas, coefs = track.before([goal.penalty.alpha for goal in goals], iterate.coef)
        n_known, correlations = len(alphas) - len(goals), np.empty_like(coefs)
        raw, residuals = np.empty((2, len(alphas), len(datafit.weights)))
        offsets = np.empty(len(alphas))
        if len(track):
            for row, (offset, kept) in enumerate(reversed(track.kept)):
                offsets[row], raw[row] = offset, kept
        else:
            start = working_set.fit(iterate.coef[None])
            offsets[0], raw[0] = start.offsets[0], start.raw[0]
        n_solved, n_steps = self._kernel.solve_each(
            working_set.columns, goals, alphas, coefs, raw, offsets, residuals, correlations
        )
        solved = slice(n_known, n_known + n_solved)
        fits = Fits(residuals[solved], offsets[solved], datafit.losses(raw[solved]), raw[solved])
        return Points(coefs[solved], fits, correlations[solved]), n_steps
