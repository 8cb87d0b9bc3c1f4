"""Solvers of quadratic models of the multinomial loss, for classes that choose features each or together."""

import sys
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from sklearn_sparsefit.penalty import MultiTaskPenalty, SeparateTasksPenalty
from sklearn_sparsefit.solvers import _block_cd
from sklearn_sparsefit.solvers.base import Iterate, Solver
from sklearn_sparsefit.solvers.block import BlockSolver
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.solvers.softmax_pairs import SoftmaxPairs

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Positions = NDArray[np.intp]
# Of shape (n_features, n_classes, n_features, n_classes).
Blocks = NDArray[np.float64]

# Pairs of a class and a feature are looked at if their correlation comes so close to the threshold.
NEAR = 0.9


class PairSolver(Solver):
    """Newton steps on the pairs of a class and a feature that have a coefficient or are near to having one."""

    max_gram = sys.maxsize

    def __init__(self) -> None:
        self._on_gram = GramSolver()

    def solve(
        self, pairs: SoftmaxPairs, penalty: SeparateTasksPenalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        """See :class:`Solver`."""
        pairs.bring_in(self.wanted(penalty, iterate))
        members = pairs.classes, pairs.positions
        found = replace(iterate, coef=iterate.coef[members], correlation=iterate.correlation[members])
        n_iter = self._on_gram.solve(pairs, penalty.of_each.at(pairs.positions), found, gap_tol, max_iter)
        iterate.coef[members] = found.coef
        return n_iter

    @staticmethod
    def wanted(penalty: SeparateTasksPenalty, iterate: Iterate) -> NDArray[np.bool_]:
        """The pairs that are looked at, as a mask of shape (n_classes, n_features)."""
        terms = penalty.terms
        open_sides = np.where(iterate.correlation > 0, terms.upper > 0, terms.lower < 0)
        is_near = open_sides * np.abs(iterate.correlation) > NEAR * penalty.l1 * terms.l1_weights
        wanted = is_near | (iterate.coef != 0)
        # Features without penalty and bounds are known up to a number for all classes: that of the last one stays.
        is_free = (terms.l1_weights == 0) & np.isinf(terms.lower) & np.isinf(terms.upper)
        wanted[:, is_free] = True
        wanted[-1, is_free] = False
        return wanted


class SoftmaxBlocks:
    """All classes of the features of a working set, and their Gram matrix under a model of the multinomial loss."""

    def __init__(self, pairs: SoftmaxPairs):
        gram = pairs.full_gram()
        n_classes = len(pairs.datafit.probabilities)
        n_features = len(gram) // n_classes
        self.datafit = pairs.datafit
        self.gram = gram.reshape(n_classes, n_features, n_classes, n_features).transpose(1, 0, 3, 2).copy()
        each = np.arange(n_features)
        # A bound on the curvature of the loss in any direction.
        self.sq_norms = np.linalg.eigvalsh(self.gram[each, :, each, :])[:, -1]
        # Some features are not to move.
        self.sq_norms[(self.sq_norms <= 0) | (pairs.working_set.sq_norms <= 0)] = 0.0

    def __len__(self) -> int:
        return len(self.gram)


class SoftmaxBlockSolver(BlockSolver):
    """Newton steps on the features that are kept, of all classes at once, and sweeps, which find these."""

    def solve(
        self, pairs: SoftmaxPairs, penalty: MultiTaskPenalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        """See :class:`Solver`."""
        return super().solve(SoftmaxBlocks(pairs), penalty, iterate, gap_tol, max_iter)

    @staticmethod
    def wanted(penalty: MultiTaskPenalty, iterate: Iterate) -> NDArray[np.bool_]:
        """The pairs of a class and a feature that are looked at: all classes of features near the threshold.

        Of all features, where some are free, or all are kept.
        """
        is_near = penalty.magnitudes(penalty.sizes(iterate.correlation)) > NEAR * penalty.l1
        if penalty.l1 == 0 or len(penalty.terms.free):
            is_near = np.ones(iterate.coef.shape[1], dtype=bool)
        return np.broadcast_to(is_near | iterate.coef.any(axis=0), iterate.coef.shape)

    def _view(self, known: SoftmaxBlocks, terms: Matrix, iterate: Iterate) -> "_SoftmaxView":
        return _SoftmaxView(known.gram, iterate.correlation)


class _SoftmaxView:
    """By the Gram matrix of all classes and features, and the correlations."""

    sweeps_after_newton = 1

    def __init__(self, gram: Blocks, correlation: Matrix):
        self.gram, self.correlation = gram, correlation

    def duality_gap(self, coef: Matrix, penalty: MultiTaskPenalty) -> float:
        """Unknown, as the loss of the model is: it is solved to rounding."""
        return np.inf

    def at(self, features: Positions) -> Self:
        return type(self)(self.gram.take(features, 0).take(features, 2), self.correlation.take(features, 1))

    def move(self, features: Positions, step: Matrix) -> None:
        of_all = np.zeros(self.correlation.shape)
        of_all[:, features] = step
        self.correlation -= self._product(of_all)

    def bend(self, step: Matrix) -> float:
        return float(np.vdot(step, self._product(step)))

    def _product(self, step: Matrix) -> Matrix:
        flat = self.gram.reshape(step.size, step.size) @ step.T.ravel()
        return flat.reshape(step.T.shape).T

    def sweep(self, coef: Matrix, terms: Matrix, at_most: int, rate: float, enough: float) -> tuple[Matrix, bool]:
        goal, correlation, room = coef.copy(), np.ascontiguousarray(self.correlation.T), np.empty(2 * len(coef))
        return goal, _block_cd.sweep_coupled(self.gram, terms, goal, correlation, room, at_most, rate, enough)

    def solve(self, target: Matrix, ridges: Vector, pulls: Matrix, moves: Mask) -> Matrix | None:
        """By factors of the whole matrix, of what may move.

        Where a feature has no penalty, equal steps for all classes, which change nothing, are held at zero.
        """
        n_features, n_classes = self.gram.shape[:2]
        shifted, each = self.gram.copy(), np.arange(n_features)
        own = shifted[each, :, each, :]
        held = np.where((ridges == 0) & moves.all(axis=0), np.trace(own, axis1=1, axis2=2) / n_classes, 0.0)
        own += ridges[:, None, None] * np.eye(n_classes) - pulls.T[:, :, None] * pulls.T[:, None, :]
        shifted[each, :, each, :] = own + held[:, None, None] / n_classes
        movable = np.flatnonzero(moves.T)
        matrix = shifted.reshape(target.size, target.size)
        if len(movable) < target.size:
            matrix = matrix[np.ix_(movable, movable)]
        solution = np.zeros(target.size)
        try:
            factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return None
        solution[movable] = cho_solve(factor, target.T.ravel()[movable], check_finite=False)
        return solution.reshape(n_features, n_classes).T
