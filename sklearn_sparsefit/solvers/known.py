"""Features that are known to a solver, and how those of them that are free of the penalty are settled."""

import math
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Datafit
from sklearn_sparsefit.penalty import FeatureTerms
from sklearn_sparsefit.solvers.free_features import FreeFeatures

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
# Of shape (k, n) or, with several tasks, (k, n_tasks, n).
Block = NDArray[np.float64]

# Added to the Gram's diagonal, relative to it, so that rounding leaves no direction of negative curvature. What this
# does to the solution is taken back by going on from true correlations.
RIDGE = 1e-14
# Correlations this small, beside the norms of column and target, are rounding; free features that are nearly
# combinations of others take a few solutions, each for what the last has left, to come there.
SETTLED, REFINEMENTS = 16 * np.finfo(np.float64).eps, 5


def as_rows(block: Block) -> Matrix:
    """The vectors of a block, one below the other."""
    return np.ascontiguousarray(block).reshape(math.prod(block.shape[:-1]), block.shape[-1])


class Known(ABC):
    """Features that are known, and among them those that are free of the penalty."""

    datafit: Datafit
    features: NDArray[np.intp]
    sq_norms: Vector
    means: Vector
    free: FreeFeatures | None = None

    @abstractmethod
    def gram_of(self, positions: NDArray[np.intp]) -> Matrix:
        """Gram of the features at some positions, for the caller to keep."""

    def set_free(self, positions: NDArray[np.intp], terms: FeatureTerms) -> FreeFeatures:
        """Leave the features at some positions to least squares."""
        gram = self.gram_of(positions)
        np.fill_diagonal(gram, self.sq_norms[positions])
        self.free = FreeFeatures(positions, gram, terms.lower[positions], terms.upper[positions])
        # No solver moves them.
        self.sq_norms[self.free.dependent] = 0.0
        return self.free

    def minimum_norm(self, coef: Vector) -> Vector:
        """The same predictions, up to a number (for each sample), by free features with the least 2-norm."""
        if self.free is None:
            return coef
        coef = self.free.minimum_norm(coef)
        return self.free.centred(coef) if self.datafit.is_relative else coef

    def goals(self, coefs: Block, correlations: Block) -> Block:
        """Where the correlations of free features vanish."""
        return self.free.settled(coefs[..., self.free.positions], correlations[..., self.free.positions])

    def settle(self, coefs: Block, correlations: Block) -> Block:
        """Move free features, in place, to where their correlations vanish; return by how much, for each row."""
        before, goals = coefs[..., self.free.positions], self.goals(coefs, correlations)
        coefs[..., self.free.positions] = goals
        return goals - before

    def to_gain(self, coefs: Block, correlations: Block, goals: Block) -> Vector:
        """What free features may take off each loss, near enough.

        A step s to the minimum of a quadratic, along correlations c, gains c's / 2; on for ever down an exponential,
        c's. Twice that is for what is neither.
        """
        positions = self.free.positions
        gains = (goals - coefs[..., positions]) * correlations[..., positions]
        return 2.0 * gains.reshape(len(coefs), -1).sum(axis=1)

    def hold(self, coefs: Block, correlations: Block) -> None:
        """Take correlations of settled features, in place, for what they are but for rounding: zero."""
        positions = self.free.positions
        correlations[..., positions] *= self.free.are_held(coefs[..., positions], correlations[..., positions])
        correlations[..., self.free.dependent] = 0.0

    def unsettled(self, coefs: Block, correlations: Block) -> Vector:
        """The largest of what is to be taken for zero in each row, beside the norm of its column."""
        left = correlations[..., self.free.positions] / self.free.norms
        left *= ~self.free.are_held(coefs[..., self.free.positions], left)
        return np.abs(left).reshape(len(coefs), -1).max(axis=1, initial=0.0)

    def is_settled(self, coefs: Block, correlations: Block) -> bool:
        """Whether what is to be taken for zero is as small as rounding makes it."""
        return bool((self.unsettled(coefs, correlations) <= SETTLED * self.datafit.residual_size).all())
