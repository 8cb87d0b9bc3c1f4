"""What a solver is: from a working set and a penalty to coefficients on the working set."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block
from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.subproblem.known import Known
from sklearn_sparsefit.subproblem.working_set import WorkingSet

Kind = TypeVar("Kind", bound=Penalty, covariant=True)

# Multiply-adds between two looks for Ctrl-C.
MAX_WORK = 1e9
# Solvers look at features, or pairs of a class and a feature, whose correlations come so close to the threshold.
NEAR = 0.9


@dataclass
class Iterate:
    """Coefficients on a working set and the columns' correlations with the weighted residual, or dual point, there."""

    coef: NDArray[np.float64]
    correlation: NDArray[np.float64]


@dataclass(frozen=True)
class Goal(Generic[Kind]):
    """A strength of the penalty, the duality gap on the working set that is wanted there, and the iterations left.

    Where features have come in since the last solution for it, ``gap`` is that of this solution on all features.
    """

    penalty: Kind
    gap_tol: float
    max_iter: int
    gap: float = math.inf

    def in_units(self, unit: float) -> "Goal[Kind]":
        """The goal for an objective that is measured in other units."""
        penalty = self.penalty.with_alpha(self.penalty.alpha / unit)
        return replace(self, penalty=penalty, gap_tol=self.gap_tol / unit, gap=self.gap / unit)


@dataclass
class Solutions:
    """Coefficients for some goals, a row for each, the iterations they took and, where that is known, their fits.

    The residuals of these are then any dual points, near to those of the loss.
    """

    coefs: Block
    n_iters: list[int]
    fits: Fits | None = None


@dataclass
class Starts:
    """Where quadratic problems that differ in their targets alone start from, a row for each."""

    coefs: Block
    correlations: Block
    weighted_residuals: Block

    @classmethod
    def of(cls, working_set: WorkingSet, iterate: Iterate) -> "Starts":
        """The start of one problem, in place."""
        residuals = working_set.fit(iterate.coef[None]).residuals
        return cls(iterate.coef[None], iterate.correlation[None], working_set.datafit.weights * residuals)

    def at(self, rows: slice) -> "Starts":
        """Some of them, in place."""
        return Starts(self.coefs[rows], self.correlations[rows], self.weighted_residuals[rows])


class Solver(ABC):
    """Solves strengths of a penalty on a working set. Up to ``max_gram`` columns it works on their Gram."""

    max_gram: int
    # Whether the Gram of more features than samples serves it: not if every iteration multiplies by all of it.
    takes_wide_grams = False

    @abstractmethod
    def solve(self, known: Known, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """Move the iterate, in place, to a duality gap below ``gap_tol``; return the number of iterations.

        Of these there are at most ``max_iter``. What is not known is never looked at.
        """

    def solve_each(self, known: Known, goals: Sequence[Goal], iterate: Iterate) -> Solutions:
        """Solve for goals, each from the one before, and leave the iterate at the last."""
        coefs, n_iters = np.empty((len(goals), *iterate.coef.shape)), []
        for row, goal in enumerate(goals):
            n_iters.append(self.solve(known, goal.penalty, iterate, goal.gap_tol, goal.max_iter))
            coefs[row] = iterate.coef
        return Solutions(coefs, n_iters)

    def solve_from(self, working_set: WorkingSet, goals: Sequence[Goal], starts: Starts) -> list[int]:
        """Solve quadratic problems with the columns and weights of a working set, each from its own start, in place.

        Returns the numbers of iterations. Residuals may stay where they were.
        """
        n_iters = []
        for row, goal in enumerate(goals):
            iterate = Iterate(starts.coefs[row], starts.correlations[row])
            working_set.aim_at(starts.coefs[row], starts.weighted_residuals[row])
            n_iters.append(self.solve(working_set, goal.penalty, iterate, goal.gap_tol, goal.max_iter))
        return n_iters
