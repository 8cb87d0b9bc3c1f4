"""Residual coordinate descent with Anderson extrapolation: no Gram, for working sets of any size."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.design import WIDTH
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers import _residual_cd
from sklearn_sparsefit.solvers.base import Goal, Iterate, Solver, Starts
from sklearn_sparsefit.solvers.certificate import duality_gap, quadratic_misfit
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.solvers.known import REFINEMENTS
from sklearn_sparsefit.solvers.working_set import WorkingSet

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Sweeps between two extrapolations.
MEMORY = 5
# Columns keep so much of their squares about their means if levels are unknowns of their own.
ABOUT_MEANS = 0.05
# Largest support that is polished. Sweeps take this many times as long as the Gram matrix for as many multiply-adds.
MAX_SUPPORT, DENSE_SPEED = 2048, 200


class Levels:
    """What the means of the residuals r, zero with an intercept, are taken to be while coefficients are swept over.

    Without an intercept, where many columns have means m_j of one sign, each step of a coefficient moves the mean of
    the residuals, and the others answer to that: sweeps get on slowly. So they go about the means there too, at a level
    v in place of mean(r), which follows after each: v <- v + (mean(r) - v) / (1 + sum_j m_j^2 / h_j) over the support,
    with squares h_j about the means. That is Newton's method for v = mean(r) if the centred columns are orthogonal.
    """

    def __init__(self, working_set: WorkingSet, weighted_residuals: Matrix):
        self.means, self.sq_norms = working_set.means, working_set.sq_norms
        self.values = np.zeros(weighted_residuals.shape[1])
        self._bends: Vector | None = None
        self._last, self._rates = np.full(len(self.values), np.nan), np.ones(len(self.values))
        if not working_set.datafit.fit_intercept:
            self._go_about_means(working_set, weighted_residuals)

    def _go_about_means(self, working_set: WorkingSet, weighted_residuals: Matrix) -> None:
        columns, weights = working_set.columns, working_set.datafit.weights
        moments = [columns.moments(weights, True, block) for block in working_set.blocks(0)]
        means, sq_norms = (np.concatenate(parts) for parts in zip(*moments, strict=True))
        if not (sq_norms >= ABOUT_MEANS * working_set.sq_norms).all():
            return
        way = np.divide(means, sq_norms, out=np.zeros_like(means), where=sq_norms > 0)
        raised = columns.predict(way[None])[0]
        raised -= weights @ raised
        # Where steps along the means cancel each other's squares, as those of groups that are all of the samples do,
        # nothing holds coefficients at a level.
        if (raised * weights) @ raised >= 0.5 * (way @ means):
            self.means, self.sq_norms, self._bends = means, sq_norms, way * means
            self.values = weighted_residuals.sum(axis=0)

    def follow(self, coefs: Matrix, weighted_residuals: Matrix) -> None:
        """Go after the means of the residuals, more slowly where these run away."""
        if self._bends is None:
            return
        rest = weighted_residuals.sum(axis=0) - self.values
        self._rates[np.abs(rest) > 2.0 * self._last] *= 0.5
        # It may come close by chance.
        self._last = np.fmax(np.abs(rest), 0.5 * self._last)
        self.values += self._rates * rest / (1 + self._bends @ (coefs != 0))


class SweepSolver(Solver):
    """Cyclic coordinate descent, extrapolated every few sweeps (Bertrand & Massias 2021, algorithm 3)."""

    max_gram = 0

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        if len(working_set) == 0:
            return 0
        residuals = working_set.fit(iterate.coef[None]).residuals
        starts = Starts(iterate.coef[None], iterate.correlation[None], residuals)
        return self.solve_from(working_set, [Goal(penalty, gap_tol, max_iter)], starts)[0]

    def solve_from(self, working_set: WorkingSet, goals: Sequence[Goal], starts: Starts) -> list[int]:
        """See :class:`Solver`: all goals at once, until the last is met."""
        n_iters: list[int] = []
        for first in range(0, len(goals), WIDTH):
            rows = slice(first, first + WIDTH)
            n_iters += [self._descend(working_set, goals[rows], starts.at(rows))] * len(goals[rows])
        return n_iters

    def _descend(self, working_set: WorkingSet, goals: Sequence[Goal], starts: Starts) -> int:
        weights, penalty = working_set.datafit.weights, goals[0].penalty
        origin, residuals = starts.copy(), starts.residuals
        strengths = np.ones(_width(len(goals)))
        strengths[1 : len(goals)] = [goal.penalty.alpha / penalty.alpha for goal in goals[1:]]
        levels = Levels(working_set, _side_by_side(weights * residuals))
        n_iter, max_iter = 0, min(goal.max_iter for goal in goals)
        while n_iter < max_iter:
            n_sweeps = min(MEMORY, max_iter - n_iter)
            # Before the sweeps, and after each.
            here = _side_by_side(starts.coefs), levels.values, _side_by_side(weights * residuals)
            coefs, past_levels, weighted_residuals = past = [np.empty((n_sweeps + 1, *now.shape)) for now in here]
            for values, now in zip(past, here, strict=True):
                values[0] = now
            for before, after in pairwise(range(n_sweeps + 1)):
                coefs[after], weighted_residuals[after] = coefs[before], weighted_residuals[before]
                _residual_cd.sweep(
                    working_set.columns,
                    levels.means,
                    levels.sq_norms,
                    weights,
                    coefs[after],
                    weighted_residuals[after],
                    strengths,
                    levels.values,
                    penalty,
                )
                levels.follow(coefs[after], weighted_residuals[after])
                past_levels[after] = levels.values
            n_iter += n_sweeps
            signs = np.sign(starts.coefs)
            for row, goal in enumerate(goals):
                of_row = [np.ascontiguousarray(values[..., row]) for values in past]
                mixture = self._best_mixture(working_set.datafit, goal.penalty, *of_row)
                starts.coefs[row], levels.values[row] = mixture @ of_row[0][1:], mixture @ of_row[1][1:]
            gaps = self._look(working_set, goals, origin, starts)
            for row, goal in enumerate(goals):
                rests = np.array_equal(signs[row], np.sign(starts.coefs[row]))
                if gaps[row] > goal.gap_tol and rests:
                    n_more = self._finish(working_set, goal, starts.at(slice(row, row + 1)), n_iter, max_iter)
                    if n_more:
                        n_iter += n_more
                        gaps = self._look(working_set, goals, origin, starts)
            if all(gap <= goal.gap_tol or not np.isfinite(gap) for gap, goal in zip(gaps, goals, strict=True)):
                break
        return n_iter

    def _finish(self, working_set: WorkingSet, goal: Goal, start: Starts, n_iter: int, max_iter: int) -> int:
        """Where signs rest, what else may be done for one goal, and how many iterations that took."""
        return 0

    @staticmethod
    def _look(working_set: WorkingSet, goals: Sequence[Goal], origin: Starts, here: Starts) -> list[float]:
        """Duality gaps; true residuals and correlations, with free features settled, are put in place."""
        datafit = working_set.datafit
        for refinement in range(REFINEMENTS):
            if refinement:
                working_set.settle(here.coefs, here.correlations)
            moves = here.coefs - origin.coefs
            here.residuals[:] = origin.residuals - working_set.columns.predict(moves)
            datafit.centre(here.residuals)
            here.correlations[:] = working_set.correlations(datafit.weights * here.residuals)
            if working_set.free is None or working_set.is_settled(here.coefs, here.correlations):
                break
        if working_set.free is not None:
            working_set.hold(here.coefs, here.correlations)
        gaps = []
        for row, goal in enumerate(goals):
            # In this order rows of weight zero count for nothing even where their squares overflow.
            energy = float((here.residuals[row] * datafit.weights) @ here.residuals[row])
            gaps.append(duality_gap(quadratic_misfit(energy), here.coefs[row], here.correlations[row], goal.penalty))
        return gaps

    @staticmethod
    def _best_mixture(datafit: Quadratic, penalty: Penalty, coefs: Matrix, levels: Vector, residuals: Matrix) -> Vector:
        """Weights of the last sweeps: those of the extrapolated point if its objective is lower, or of the last alone.

        Weighted residuals and levels are extrapolated alike.
        """
        last = np.append(np.zeros(len(coefs) - 2), 1.0)
        differences = np.diff(np.column_stack([coefs, levels]), axis=0)
        with np.errstate(all="ignore"):
            try:
                mixture = np.linalg.solve(differences @ differences.T, np.ones(len(differences)))
            except np.linalg.LinAlgError:
                return last
            mixture /= mixture.sum()
            extrapolated = mixture @ coefs[1:]
        if not penalty.is_feasible(extrapolated):
            return last
        loss, extrapolated_loss = datafit.losses_at(np.stack([residuals[-1], mixture @ residuals[1:]]))
        is_lower = extrapolated_loss + penalty.value(extrapolated) < loss + penalty.value(coefs[-1])
        return mixture if is_lower else last


class ResidualSolver(SweepSolver):
    """The same, with an end for nearly collinear columns, where extrapolation is not enough though the signs rest.

    The problem on the support alone is solved on its Gram, once as much time has gone into sweeps as that takes.
    """

    def _finish(self, working_set: WorkingSet, goal: Goal, start: Starts, n_iter: int, max_iter: int) -> int:
        coef, n_samples = start.coefs[0], len(working_set.datafit.weights)
        support = np.flatnonzero(coef)
        pays = DENSE_SPEED * n_iter * working_set.columns.n_entries >= n_samples * len(support) ** 2
        if not pays or not 0 < len(support) <= MAX_SUPPORT:
            return 0
        face = working_set.restricted_to(support)
        on_face = Iterate(coef[support], start.correlations[0, support])
        n_more = GramSolver().solve(face, goal.penalty.at(support), on_face, goal.gap_tol, max_iter - n_iter)
        coef[support] = on_face.coef
        return n_more


def _width(n_problems: int) -> int:
    return 1 if n_problems == 1 else WIDTH


def _side_by_side(rows: Matrix) -> Matrix:
    columns = np.zeros((rows.shape[1], _width(len(rows))))
    columns[:, : len(rows)] = rows.T
    return columns
