"""Newton steps and coordinate descent on the Gram: the default, exact to rounding."""

import sys
from collections.abc import Sequence

import numpy as np

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.penalty import ElasticNetPenalty
from sklearn_sparsefit.solvers._cholesky import SupportFactor
from sklearn_sparsefit.solvers._gram_cd import Status, gram_cd
from sklearn_sparsefit.solvers.base import MAX_WORK, Goal, Iterate, Solver, Starts
from sklearn_sparsefit.subproblem.known import HasGram
from sklearn_sparsefit.subproblem.working_set import WorkingSet


class GramSolver(Solver):
    """Solves to rounding whatever ``gap_tol`` says: the last digits cost one more Newton step.

    The factor of the support is kept from one alpha to the next.
    """

    max_gram = sys.maxsize

    def __init__(self) -> None:
        self._factor = SupportFactor()

    def solve(
        self, working_set: HasGram, penalty: ElasticNetPenalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        """See :class:`Solver`."""
        return self._solve(working_set, penalty, iterate.coef, iterate.correlation, max_iter)

    def solve_from(
        self, working_set: WorkingSet, goals: Sequence[Goal[ElasticNetPenalty]], starts: Starts
    ) -> list[int]:
        """See :class:`Solver`: no residuals, and so no targets, are asked for."""
        each = zip(goals, starts.coefs, starts.correlations, strict=True)
        return [
            self._solve(working_set, goal.penalty, coef, correlation, goal.max_iter) for goal, coef, correlation in each
        ]

    def _solve(
        self, working_set: HasGram, penalty: ElasticNetPenalty, coef: Vector, correlation: Vector, max_iter: int
    ) -> int:
        size = len(working_set)
        if size == 0:
            return 0
        active, spare = np.empty((2, size), dtype=np.intp), np.empty((7, size))
        gram, target_norm = working_set.gram, working_set.datafit.residual_size
        n_iter, n_active = 0, 1
        while n_iter < max_iter:
            self._factor.reserve(n_active, size)
            status, n_more, n_active = gram_cd(
                gram,
                working_set.sq_norms,
                coef,
                correlation,
                penalty,
                target_norm,
                max_iter - n_iter,
                MAX_WORK,
                self._factor,
                active,
                spare,
            )
            n_iter += n_more
            if status not in (Status.WORK_LIMIT, Status.FACTOR_TOO_SMALL):
                break
        return n_iter
