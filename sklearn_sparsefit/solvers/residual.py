"""Residual coordinate descent with Anderson extrapolation: no Gram, for working sets of any size."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sklearn_sparsefit._typing import Block, Matrix, Vector
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.design import WIDTH
from sklearn_sparsefit.penalty import ElasticNetPenalty
from sklearn_sparsefit.solvers import _mixtures, _residual_cd
from sklearn_sparsefit.solvers.base import Goal, Iterate, Solver, Starts
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.subproblem.certificate import duality_gap
from sklearn_sparsefit.subproblem.settling import Settling
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Sweeps between two extrapolations.
MEMORY = 5
# Added to squares of the steps between sweeps, beside these.
SINGULAR = np.finfo(np.float64).eps
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
        # What the means of the residuals are beside the levels, after a sweep.
        self.rests = np.empty_like(self.values)
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

    def follow(self, coefs: Matrix) -> None:
        """Go after the means of the residuals, more slowly where these run away."""
        if self._bends is None:
            return
        self._rates[np.abs(self.rests) > 2.0 * self._last] *= 0.5
        # They may come close by chance.
        self._last = np.fmax(np.abs(self.rests), 0.5 * self._last)
        self.values += self._rates * self.rests / (1 + self._bends @ (coefs != 0))


class SweepSolver(Solver):
    """Cyclic coordinate descent, extrapolated every few sweeps (Bertrand & Massias 2021, algorithm 3)."""

    max_gram = 0

    def solve(
        self, working_set: WorkingSet, penalty: ElasticNetPenalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        """See :class:`Solver`."""
        if len(working_set) == 0:
            return 0
        goal = Goal(penalty, gap_tol, max_iter)
        return self.solve_from(working_set, [goal], Starts.of(working_set, iterate))[0]

    def solve_from(
        self, working_set: WorkingSet, goals: Sequence[Goal[ElasticNetPenalty]], starts: Starts
    ) -> list[int]:
        """See :class:`Solver`: all goals at once, until the last is met."""
        n_iters: list[int] = []
        for first in range(0, len(goals), WIDTH):
            rows = slice(first, first + WIDTH)
            n_iters += [self._descend(working_set, goals[rows], starts.at(rows))] * len(goals[rows])
        return n_iters

    def _descend(self, working_set: WorkingSet, goals: Sequence[Goal[ElasticNetPenalty]], starts: Starts) -> int:
        weights, penalty = working_set.datafit.weights, goals[0].penalty
        origin = starts.coefs.copy(), working_set.least_squares.unweighted(starts.weighted_residuals)
        strengths = np.ones(_width(len(goals)))
        strengths[1 : len(goals)] = [goal.penalty.alpha / penalty.alpha for goal in goals[1:]]
        levels = Levels(working_set, _side_by_side(starts.weighted_residuals))
        n_iter, max_iter = 0, min(goal.max_iter for goal in goals)
        while n_iter < max_iter:
            n_sweeps = min(MEMORY, max_iter - n_iter)
            # Before the sweeps, and after each.
            here = _side_by_side(starts.coefs), levels.values, _side_by_side(starts.weighted_residuals)
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
                    levels.rests,
                    penalty,
                )
                levels.follow(coefs[after])
                past_levels[after] = levels.values
            n_iter += n_sweeps
            signs = np.sign(starts.coefs)
            mixtures = self._best_mixtures(working_set.least_squares, goals, *past)
            levels.values[:] = (mixtures * past_levels[1:]).sum(axis=0)
            starts.coefs[:] = _mixtures.mixed(mixtures, coefs[1:]).T[: len(goals)]
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

    def _finish(
        self, working_set: WorkingSet, goal: Goal[ElasticNetPenalty], start: Starts, n_iter: int, max_iter: int
    ) -> int:
        """Where signs rest, what else may be done for one goal, and how many iterations that took."""
        return 0

    @staticmethod
    def _look(
        working_set: WorkingSet, goals: Sequence[Goal[ElasticNetPenalty]], origin: tuple[Matrix, Matrix], here: Starts
    ) -> list[float]:
        """Duality gaps; true residuals and correlations, with free features settled, are put in place.

        They follow from the coefficients and residuals at the origin.
        """
        datafit, settling = working_set.least_squares, Settling(working_set, here.coefs)
        coefs, residuals = origin
        while True:
            fits = datafit.centred(residuals - working_set.columns.predict(here.coefs - coefs))
            here.weighted_residuals[:] = datafit.weights * fits.residuals
            here.correlations[:] = working_set.correlations(here.weighted_residuals)
            if settling.ends_at(fits, here.correlations):
                break
        return [
            duality_gap(datafit.misfit_of(fits, row), here.coefs[row], here.correlations[row], goal.penalty)
            + settling.to_gain[row]
            for row, goal in enumerate(goals)
        ]

    @staticmethod
    def _best_mixtures(
        datafit: Quadratic,
        goals: Sequence[Goal[ElasticNetPenalty]],
        coefs: Block,
        levels: Matrix,
        weighted_residuals: Block,
    ) -> Matrix:
        """Weights of the last sweeps, a column for each goal.

        They are those of the extrapolated point where its objective is lower, or of the last alone. Weighted residuals
        and levels are extrapolated alike.
        """
        n_sweeps, width = len(coefs) - 1, coefs.shape[-1]
        grams = np.zeros((width, n_sweeps, n_sweeps))
        _mixtures.add_step_products(coefs, grams)
        _mixtures.add_step_products(levels[:, None], grams)
        last = np.zeros((n_sweeps, width))
        last[-1] = 1.0
        with np.errstate(all="ignore"):
            # Lest steps that are all in one direction, or none at all, make them singular.
            ridges = SINGULAR * (np.trace(grams, axis1=1, axis2=2) + np.finfo(np.float64).tiny / SINGULAR**2)
            mixtures = np.linalg.solve(grams + ridges[:, None, None] * np.eye(n_sweeps), np.ones((n_sweeps, 1)))
            mixtures = np.ascontiguousarray(mixtures[..., 0].T / mixtures.sum(axis=1).T)
        extrapolated = _mixtures.mixed(mixtures, coefs[1:])
        losses = [
            _mixtures.mixed_losses(weights, weighted_residuals[1:], datafit.weights, datafit.fit_intercept)
            for weights in (last, mixtures)
        ]
        for column, goal in enumerate(goals):
            here, there = (np.ascontiguousarray(coef[:, column]) for coef in (coefs[-1], extrapolated))
            gained = losses[0][column] + goal.penalty.value(here) - losses[1][column] - goal.penalty.value(there)
            if goal.penalty.is_feasible(there) and gained > 0:
                last[:, column] = mixtures[:, column]
        return last


class ResidualSolver(SweepSolver):
    """Sweeps, with an end for nearly collinear columns, where extrapolation is not enough though the signs rest.

    The problem on the support alone is solved on its Gram, once as much time has gone into sweeps as that takes.
    """

    def _finish(
        self, working_set: WorkingSet, goal: Goal[ElasticNetPenalty], start: Starts, n_iter: int, max_iter: int
    ) -> int:
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
