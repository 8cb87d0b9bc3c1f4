"""What a solver is: from a working set and a penalty to coefficients on the working set."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers.working_set import WorkingSet


@dataclass
class Iterate:
    """Coefficients on a working set and the columns' correlations with the weighted residual there."""

    coef: NDArray[np.float64]
    correlation: NDArray[np.float64]


class Solver(Protocol):
    """Solves one strength of a penalty on a working set.

    ``solve`` moves the iterate, in place, to a duality gap on the working set below ``gap_tol`` or through at most
    ``max_iter`` iterations, and returns how many it took. It never looks outside the working set. Up to ``max_gram``
    columns it works on their Gram.
    """

    max_gram: int

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """Move the iterate; return the number of iterations."""
