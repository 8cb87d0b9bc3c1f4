"""Residual coordinate descent with Anderson extrapolation: no Gram, for working sets of any size."""

from collections.abc import Sequence

import numpy as np

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.design import WIDTH
from sklearn_sparsefit.penalty import ElasticNetPenalty
from sklearn_sparsefit.solvers._sweeps import MOST_SWEEPS, Levels, Sweeps
from sklearn_sparsefit.solvers.base import Goal, Iterate, Solver, Starts
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.subproblem.certificate import duality_gap
from sklearn_sparsefit.subproblem.settling import Settling
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Columns keep so much of their squares about their means if levels are unknowns of their own.
ABOUT_MEANS = 0.05
# Largest support that is polished. Sweeps take this many times as long as the Gram matrix for as many multiply-adds.
MAX_SUPPORT, DENSE_SPEED = 2048, 200


def levels_of(working_set: WorkingSet, weighted_residuals: Matrix) -> Levels:
    """The means of columns and residuals that sweeps go about, a row for each problem.

    Without an intercept, where many columns have means m_j of one sign, each step of a coefficient moves the mean of
    the residuals, and the others answer to that: sweeps get on slowly. So they go about the means there too, at a level
    v in place of mean(r), which follows after each: v <- v + (mean(r) - v) / (1 + sum_j m_j^2 / h_j) over the support,
    with squares h_j about the means. That is Newton's method for v = mean(r) if the centred columns are orthogonal.
    """
    values = np.zeros(_width(len(weighted_residuals)))
    means, sq_norms, bends = working_set.means, working_set.sq_norms, np.empty(0)
    if not working_set.datafit.fit_intercept:
        centred_means, centred_squares = _about_means(working_set)
        way = np.divide(centred_means, centred_squares, out=np.zeros_like(means), where=centred_squares > 0)
        keep_squares = bool((centred_squares >= ABOUT_MEANS * sq_norms).all())
        if keep_squares and _are_held(working_set, way, centred_means):
            means, sq_norms, bends = centred_means, centred_squares, way * centred_means
            values[: len(weighted_residuals)] = weighted_residuals.sum(axis=1)
    return Levels(means, sq_norms, bends, values)


def _about_means(working_set: WorkingSet) -> tuple[Vector, Vector]:
    """Means of all columns, and their squares about these."""
    columns, weights = working_set.columns, working_set.datafit.weights
    moments = [columns.moments(weights, True, block) for block in working_set.blocks(0)]
    means, sq_norms = (np.concatenate(parts) for parts in zip(*moments, strict=True))
    return means, sq_norms


def _are_held(working_set: WorkingSet, way: Vector, means: Vector) -> bool:
    """Whether something holds coefficients at a level, against steps along the means.

    Nothing does where these cancel each other's squares, as those of groups that are all of the samples do.
    """
    weights = working_set.datafit.weights
    raised = working_set.columns.predict(way[None])[0]
    raised -= weights @ raised
    return bool((raised * weights) @ raised >= 0.5 * (way @ means))


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
        strengths = np.ones(_width(len(goals)))
        strengths[1 : len(goals)] = [goal.penalty.alpha / penalty.alpha for goal in goals[1:]]
        levels = levels_of(working_set, starts.weighted_residuals)
        sweeps = Sweeps(working_set.columns, weights, working_set.datafit.fit_intercept, penalty, strengths, levels)
        n_iter, max_iter = 0, min(goal.max_iter for goal in goals)
        while n_iter < max_iter:
            n_sweeps = min(MOST_SWEEPS, max_iter - n_iter)
            signs = np.sign(starts.coefs)
            sweeps.burst(starts.coefs, starts.weighted_residuals, n_sweeps)
            n_iter += n_sweeps
            gaps = self._look(working_set, goals, starts)
            for row, goal in enumerate(goals):
                rests = np.array_equal(signs[row], np.sign(starts.coefs[row]))
                if gaps[row] > goal.gap_tol and rests:
                    n_more = self._finish(working_set, goal, starts.at(slice(row, row + 1)), n_iter, max_iter)
                    if n_more:
                        n_iter += n_more
                        gaps = self._look(working_set, goals, starts)
            if all(gap <= goal.gap_tol or not np.isfinite(gap) for gap, goal in zip(gaps, goals, strict=True)):
                break
        return n_iter

    def _finish(
        self, working_set: WorkingSet, goal: Goal[ElasticNetPenalty], start: Starts, n_iter: int, max_iter: int
    ) -> int:
        """Where signs rest, what else may be done for one goal, in place, and how many iterations that took."""
        return 0

    @staticmethod
    def _look(working_set: WorkingSet, goals: Sequence[Goal[ElasticNetPenalty]], here: Starts) -> list[float]:
        """Duality gaps; centred residuals and their correlations, with free features settled, are put in place.

        The residuals are those that sweeps have kept up to date, but for rounding.
        """
        datafit, settling = working_set.least_squares, Settling(working_set, here.coefs)
        residuals = datafit.unweighted(here.weighted_residuals)
        while True:
            fits = datafit.centred(residuals)
            here.weighted_residuals[:] = datafit.weights * fits.residuals
            here.correlations[:] = working_set.correlations(here.weighted_residuals)
            before = here.coefs.copy()
            if settling.ends_at(fits, here.correlations):
                break
            residuals -= working_set.columns.predict(here.coefs - before)
        return [
            duality_gap(datafit.misfit_of(fits, row), here.coefs[row], here.correlations[row], goal.penalty)
            + settling.to_gain[row]
            for row, goal in enumerate(goals)
        ]


class ResidualSolver(SweepSolver):
    """Sweeps, with an end for nearly collinear columns, where extrapolation is not enough though the signs rest.

    The problem on the support alone is solved on its Gram, once as much time has gone into sweeps as that takes.
    """

    def _finish(
        self, working_set: WorkingSet, goal: Goal[ElasticNetPenalty], start: Starts, n_iter: int, max_iter: int
    ) -> int:
        coef, weights = start.coefs[0], working_set.datafit.weights
        support = np.flatnonzero(coef)
        pays = DENSE_SPEED * n_iter * working_set.columns.n_entries >= len(weights) * len(support) ** 2
        if not pays or not 0 < len(support) <= MAX_SUPPORT:
            return 0
        face = working_set.restricted_to(support)
        on_face = Iterate(coef[support], start.correlations[0, support])
        n_more = GramSolver().solve(face, goal.penalty.at(support), on_face, goal.gap_tol, max_iter - n_iter)
        start.weighted_residuals -= weights * face.columns.predict((on_face.coef - coef[support])[None])
        coef[support] = on_face.coef
        return n_more


def _width(n_problems: int) -> int:
    return 1 if n_problems == 1 else WIDTH
