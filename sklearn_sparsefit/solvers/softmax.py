"""Solvers of quadratic models of the multinomial loss, for classes that choose features each or together."""

import sys
from dataclasses import replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from sklearn_sparsefit._typing import Mask, Matrix, Positions, Vector
from sklearn_sparsefit.datafit import contrasts
from sklearn_sparsefit.penalty import MultiTaskPenalty, SeparateTasksPenalty
from sklearn_sparsefit.solvers import _block_cd
from sklearn_sparsefit.solvers.base import NEAR, Iterate, Solver
from sklearn_sparsefit.solvers.block import BlockSolver
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.subproblem.certificate import duality_gap, quadratic_misfit
from sklearn_sparsefit.subproblem.softmax_blocks import Blocks, SoftmaxBlocks
from sklearn_sparsefit.subproblem.softmax_pairs import SoftmaxPairs


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
        if is_free.any():
            wanted[:, is_free] = True
            wanted[-1, is_free] = False
        return wanted


class SoftmaxBlockSolver(BlockSolver):
    """Newton steps on the features that are kept, of all classes at once, and sweeps, which find these."""

    def solve(
        self, pairs: SoftmaxPairs, penalty: MultiTaskPenalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        """See :class:`Solver`."""
        n_classes = len(iterate.coef)
        # Without bounds the coefficients of a feature sum to zero, and norms are the same in any orthonormal basis.
        directions = np.eye(n_classes) if penalty.terms.has_bounds else contrasts(n_classes)
        along = Iterate(directions.T @ iterate.coef, directions.T @ iterate.correlation)
        n_iter = super().solve(pairs.blocks(directions), penalty, along, gap_tol, max_iter)
        iterate.coef[:], iterate.correlation[:] = directions @ along.coef, directions @ along.correlation
        return n_iter

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
        return _SoftmaxView(known, iterate.correlation, np.arange(len(known)))


class _SoftmaxView:
    """By the Gram matrix of all features along some directions of the classes, and the correlations."""

    sweeps_after_newton = 1
    ends_by_gap = True

    def __init__(self, blocks: SoftmaxBlocks, of_all: Matrix, features: Positions):
        self._blocks, self._of_all, self._features = blocks, of_all, features
        self.correlation = of_all if len(features) == len(blocks) else of_all.take(features, axis=1)

    @cached_property
    def _gram(self) -> Blocks:
        """That of the features of the view."""
        gram = self._blocks.gram
        if len(self._features) == len(gram):
            return gram
        return gram.take(self._features, 0).take(self._features, 2)

    def duality_gap(self, coef: Matrix, penalty: MultiTaskPenalty) -> float:
        # Near the minimum, residuals are hardly shortened: their size matters little.
        return duality_gap(quadratic_misfit(self._blocks.datafit.energy), coef, self.correlation, penalty)

    def at(self, features: Positions) -> Self:
        return type(self)(self._blocks, self._of_all, features)

    def move(self, features: Positions, step: Matrix) -> None:
        of_all = np.zeros(self._of_all.shape)
        of_all[:, features] = step
        self.correlation -= _product(self._blocks.gram, of_all)

    def bend(self, step: Matrix) -> float:
        return float(np.vdot(step, _product(self._gram, step)))

    def sweep(self, coef: Matrix, terms: Matrix, at_most: int, rate: float, enough: float) -> tuple[Matrix, bool]:
        goal, correlation, room = coef.copy(), self._of_all.T.copy(), np.empty(2 * len(coef))
        limits = at_most, rate, enough
        gram, features = self._blocks.gram, self._features
        return goal, _block_cd.sweep_coupled(gram, features, terms, goal, correlation, room, *limits)

    def solve(self, target: Matrix, ridges: Vector, pulls: Matrix, moves: Mask) -> Matrix | None:
        """By factors of the whole matrix, of what may move.

        Where a feature has no penalty, equal steps for all classes, which change nothing, are held at zero.
        """
        n_features, n_directions = self._gram.shape[:2]
        shifted, each, equal = self._gram.copy(), np.arange(n_features), self._blocks.equal
        own = shifted[each, :, each, :]
        held = np.where((ridges == 0) & moves.all(axis=0), np.trace(own, axis1=1, axis2=2) / n_directions**2, 0.0)
        own += ridges[:, None, None] * np.eye(n_directions) - pulls.T[:, :, None] * pulls.T[:, None, :]
        shifted[each, :, each, :] = own + held[:, None, None] * np.outer(equal, equal)
        movable = np.flatnonzero(moves.T)
        matrix = shifted.reshape(target.size, target.size)
        if len(movable) < target.size:
            matrix = matrix[np.ix_(movable, movable)]
        solution = np.zeros(target.size)
        try:
            # In Fortran's order, lest LAPACK copy it.
            factor = cho_factor(matrix.T, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return None
        solution[movable] = cho_solve(factor, target.T.ravel()[movable], check_finite=False)
        return solution.reshape(n_features, n_directions).T


def _product(gram: Blocks, step: Matrix) -> Matrix:
    flat = gram.reshape(step.size, step.size) @ step.T.ravel()
    return flat.reshape(step.T.shape).T
