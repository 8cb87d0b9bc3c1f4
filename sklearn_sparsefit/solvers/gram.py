"""Gram coordinate descent with a Newton finish: the default, exact to rounding."""

import sys

import numpy as np

from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers._gram_cd import Status, gram_cd
from sklearn_sparsefit.solvers.base import Iterate
from sklearn_sparsefit.solvers.working_set import WorkingSet

# Multiply-adds between two looks for Ctrl-C.
MAX_WORK = 1e9


class GramSolver:
    """Solves to rounding whatever ``gap_tol`` says: the last digits cost one factorisation."""

    max_gram = sys.maxsize

    def __init__(self) -> None:
        self._factor = np.empty(0)

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        size = len(working_set)
        if size == 0:
            return 0
        support, spare = np.empty((2, size), dtype=np.intp), np.empty((4, size))
        target_norm = np.sqrt(2 * working_set.datafit.null_loss)
        n_iter = 0
        while n_iter < max_iter:
            status, n_more = gram_cd(
                working_set.gram,
                iterate.coef,
                iterate.correlation,
                penalty,
                target_norm,
                max_iter - n_iter,
                MAX_WORK,
                support,
                self._factor,
                spare,
            )
            n_iter += n_more
            if status == Status.FACTOR_TOO_SMALL:
                room = min(size, np.count_nonzero(iterate.coef) * 5 // 4 + 16)
                self._factor = np.empty(room**2)
            elif status != Status.WORK_LIMIT:
                break
        return n_iter
