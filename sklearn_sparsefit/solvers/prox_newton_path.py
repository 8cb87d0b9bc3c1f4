"""Proximal Newton steps for several alphas at once, on one quadratic model of the loss."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.solvers.base import Goal, Iterate, Solutions, Solver, Starts
from sklearn_sparsefit.solvers.certificate import duality_gap
from sklearn_sparsefit.solvers.extrapolation import extrapolation
from sklearn_sparsefit.solvers.prox_newton import DEGREE, LEAST, ProxNewtonSolver
from sklearn_sparsefit.solvers.working_set import WorkingSet

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Alphas at once: to begin with and at most.
FIRST_WIDTH, MAX_WIDTH = 2, 8
# The last of them is not so many times as small as the last that is solved.
FAR = 1.5
# Steps of all of them, and by how much of their sum the curvatures of the model may have moved at each.
MOVED = (0.25, 0.25, 0.1, 0.05)


class ProxNewtonPathSolver(ProxNewtonSolver):
    """Takes the steps of several alphas at once where one model serves them all, and of one after the other elsewhere.

    Each alpha starts where the parabola through the last solutions leads, and has the gradient there, but the
    curvatures of all are the same, so that a step of all of them is a few products of matrices. Its dual point has the
    residuals of the model where the step leads: r - d dz, for steps dz of the raw predictions and curvatures d. That
    satisfies the optimality conditions of the penalty, as the model is solved, and differs from the residuals of the
    loss by what curvatures change along the step. The gap is about the square of that, where the residuals themselves
    would leave a gap of the first order.
    """

    def __init__(self, new_inner: Callable[[WorkingSet], Solver], max_gram: int):
        super().__init__(new_inner, max_gram)
        self._width = FIRST_WIDTH
        # Alphas and solutions, a row each, the latest first.
        self._track: list[tuple[float, Solutions]] = []

    @np.errstate(over="ignore", invalid="ignore")
    def solve_each(self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate) -> Solutions:
        """See :class:`Solver`."""
        if not goals or len(working_set) == 0 or working_set.free is not None or goals[-1].penalty.l1 == 0:
            return super().solve_each(working_set, goals, iterate)
        parts: list[Solutions] = []
        while goals:
            some = goals[: self._width]
            found = self._solve_together(working_set, some, iterate)
            n_steps = max(found.n_iters, default=0)
            if not found.n_iters:
                found = self._solve_alone(working_set, some[0], iterate)
            if n_steps == 1 and len(found.n_iters) == len(some):
                self._width = min(2 * self._width, MAX_WIDTH)
            elif n_steps != 2:
                self._width = max(1, self._width // 2)
            iterate.coef[:], iterate.correlation[:] = found.coefs[-1], found.inside[-1]
            for row, goal in enumerate(some[: len(found.n_iters)]):
                self._track = [(goal.penalty.alpha, found.at([row])), *self._track[:DEGREE]]
            parts.append(found)
            goals = goals[len(found.n_iters) :]
        return Solutions.together(parts)

    def _solve_alone(self, working_set: WorkingSet, goal: Goal, iterate: Iterate) -> Solutions:
        # Where the last solutions lead is no good start, as has been seen.
        self._solutions.clear()
        n_iter = self.solve(working_set, goal.penalty, iterate, goal.gap_tol, goal.max_iter)
        fits, inside = working_set.look(iterate.coef[None], self._offsets)
        return Solutions(iterate.coef[None].copy(), [n_iter], fits, inside)

    def _solve_together(self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate) -> Solutions:
        """Solutions for the leading goals that a few steps suffice for."""
        self._models.take_whole(working_set)
        found = self._starts(working_set, goals, iterate)
        pending = np.arange(len(goals))
        for moved in MOVED[: min(goal.max_iter for goal in goals)]:
            rows = pending.tolist()
            here = found.at(rows)
            here.fits.residuals[:] = working_set.datafit.residuals(here.fits.raw)
            if not np.isfinite(here.fits.residuals).all():
                # From where the loss overflows no model leads back.
                break
            found.put(rows, self._step_together(working_set, [goals[row] for row in rows], here, moved))
            pending = pending[[not self._is_solved(working_set, goals[row], found, row) for row in rows]]
            if not len(pending):
                return found
        return found.at(range(pending[0]))

    @staticmethod
    def _is_solved(working_set: WorkingSet, goal: Goal, found: Solutions, row: int) -> bool:
        misfit = working_set.datafit.misfit_of(found.fits, row)
        return duality_gap(misfit, found.coefs[row], found.inside[row], goal.penalty) <= goal.gap_tol

    def _starts(self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate) -> Solutions:
        """Where polynomials through the last solutions lead, or else the iterate."""
        alphas, known = [goal.penalty.alpha for goal in goals], [alpha for alpha, _ in self._track]
        descends = all(low < high for low, high in pairwise([*alphas[::-1], *known]))
        if not (known and descends and alphas[-1] * FAR > known[0] and self._goes_on(iterate)):
            self._track = []
            start = Solutions(iterate.coef[None], [0], working_set.fit(iterate.coef[None]), iterate.correlation[None])
            return start.at([0] * len(goals))
        weights = np.array([extrapolation(known, alpha) for alpha in alphas])
        solutions = [solution for _, solution in self._track]
        coefs = np.zeros((len(known), len(working_set)))
        for row, solution in enumerate(solutions):
            coefs[row, : solution.coefs.shape[1]] = solution.coefs[0]
        coefs = weights @ coefs
        past = Fits.together([solution.fits for solution in solutions])
        fits = Fits(
            np.empty((len(goals), past.raw.shape[1])), weights @ past.offsets, np.empty(len(goals)), weights @ past.raw
        )
        terms = goals[0].penalty.terms
        if terms.has_bounds:
            coefs = np.clip(coefs, terms.lower, terms.upper)
            fits = working_set.fit_at(coefs, fits.offsets)
        return Solutions(coefs, [0] * len(goals), fits, np.empty_like(coefs))

    def _goes_on(self, iterate: Iterate) -> bool:
        """Whether the iterate is the last solution."""
        coef = self._track[0][1].coefs[0]
        return np.array_equal(coef, iterate.coef[: len(coef)]) and not iterate.coef[len(coef) :].any()

    def _step_together(
        self, working_set: WorkingSet, goals: Sequence[Goal], here: Solutions, moved_at_most: float
    ) -> Solutions:
        """A step of each goal to the minimum of its model, about finite residuals."""
        datafit, models, fits = working_set.datafit, self._models, here.fits
        total = models.move_to(working_set, fits, len(goals) // 2, moved_at_most)
        steepness = models.steepness(datafit.weights)

        def best_shifts(residuals: Matrix) -> Vector:
            """Of the model's intercept: its residuals sum to zero."""
            return residuals @ datafit.weights / total * datafit.fit_intercept

        shifts = best_shifts(fits.residuals)
        residuals = fits.residuals - shifts[:, None] * steepness
        starts = Starts(
            here.coefs.copy(),
            working_set.correlations(datafit.weights * residuals) / total,
            np.divide(residuals, steepness, out=np.zeros_like(residuals), where=steepness > 0),
        )
        of_model = [replace(goal, gap_tol=LEAST * goal.gap_tol).in_units(total) for goal in goals]
        models.solver.solve_from(models.model, of_model, starts)
        offsets = fits.offsets + shifts + models.model.intercept_shift(starts.coefs - here.coefs)
        reached = working_set.fit_at(starts.coefs, offsets)
        residuals -= steepness * (reached.raw - fits.raw - shifts[:, None])
        # What rounding has left of the sum; columns with large means would magnify it.
        reached.residuals[:] = residuals - best_shifts(residuals)[:, None] * steepness
        n_iters = [n_iter + 1 for n_iter in here.n_iters]
        return Solutions(starts.coefs, n_iters, reached, total * starts.correlations)
