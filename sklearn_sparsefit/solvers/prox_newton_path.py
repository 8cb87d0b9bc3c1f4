"""Proximal Newton steps for several alphas at once, on one quadratic model of the loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.solvers.base import Goal, Iterate, Solutions
from sklearn_sparsefit.solvers.certificate import duality_gap
from sklearn_sparsefit.solvers.extrapolation import extrapolation
from sklearn_sparsefit.solvers.prox_newton import DEGREE, LEAST, NEAR, ProxNewtonSolver
from sklearn_sparsefit.solvers.working_set import WorkingSet

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Alphas at once: to begin with and at most.
FIRST_WIDTH, MAX_WIDTH = 2, 8
# Steps of all of them, and by how much of their sum the curvatures of the model may have moved at each.
MOVED = (0.25, 0.1, 0.05)


@dataclass
class Points:
    """Coefficients of some alphas, a row for each, and what they come to."""

    coefs: Matrix
    fits: Fits

    def at(self, rows: NDArray[np.intp]) -> "Points":
        """Some of them."""
        fits = self.fits
        return Points(
            self.coefs[rows], Fits(fits.residuals[rows], fits.offsets[rows], fits.losses[rows], fits.raw[rows])
        )


class ProxNewtonPathSolver(ProxNewtonSolver):
    """Solves for several alphas at once where one model serves them all, and for one after the other elsewhere.

    Each alpha starts where the parabola through the last solutions leads, and has the gradient there, but the
    curvatures of all are the same, so that a step of all of them is a few products of matrices. The certificate has
    the residuals of the model where the step leads for its dual point: for steps dz of the raw predictions and
    curvatures d that is r - d dz. It satisfies the optimality conditions of the penalty, as the model is solved, and
    differs from the residuals of the loss there by what curvatures move along the step; the gap is about the square of
    that.
    """

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._width = FIRST_WIDTH
        # The last solutions, the latest first.
        self._track: list[tuple[float, Points]] = []

    def solve_each(self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate) -> Solutions:
        """See :class:`Solver`."""
        if len(working_set) == 0 or working_set.free is not None or goals[-1].penalty.l1 == 0:
            return super().solve_each(working_set, goals, iterate)
        found = Solutions(np.empty((len(goals), len(working_set))), [], _room(len(goals), working_set))
        found.inside = np.empty_like(found.coefs)
        while len(found.n_iters) < len(goals):
            first = len(found.n_iters)
            some = goals[first : first + self._width]
            with np.errstate(over="ignore", invalid="ignore"):
                points, inside, n_iters, n_done = self._solve_together(working_set, some, iterate)
            if n_done == 0:
                points, inside, n_iters, n_done = self._solve_alone(working_set, some[0], iterate)
                self._width = max(1, self._width // 2)
            elif n_done == len(some) and n_iters == 1:
                self._width = min(2 * self._width, MAX_WIDTH)
            elif n_iters > 2:
                self._width = max(1, self._width // 2)
            rows = slice(first, first + n_done)
            found.coefs[rows], found.inside[rows] = points.coefs[:n_done], inside[:n_done]
            for name in ("residuals", "offsets", "losses", "raw"):
                getattr(found.fits, name)[rows] = getattr(points.fits, name)[:n_done]
            found.n_iters += [n_iters] * n_done
            iterate.coef[:], iterate.correlation[:] = points.coefs[n_done - 1], inside[n_done - 1]
            for row in range(n_done):
                self._track = [(some[row].penalty.alpha, points.at(np.array([row]))), *self._track[:DEGREE]]
        return found

    def _solve_alone(self, working_set, goal, iterate):
        n_iter = self.solve(working_set, goal.penalty, iterate, goal.gap_tol, goal.max_iter)
        fits, inside = working_set.look(iterate.coef[None], self._offsets)
        return Points(iterate.coef[None].copy(), fits), inside, n_iter, 1

    def _starts(self, working_set: WorkingSet, alphas: list[float], iterate: Iterate) -> Points:
        """Where the polynomials through the last solutions lead, or else the iterate."""
        datafit = working_set.datafit
        before = [alpha for alpha, _ in self._track]
        goes_on = before and all(low < high for low, high in pairwise([*alphas[::-1], *before]))
        if goes_on:
            coef = self._track[0][1].coefs[0]
            goes_on = np.array_equal(coef, iterate.coef[: len(coef)]) and not iterate.coef[len(coef) :].any()
        if not goes_on:
            self._track = []
            fits = working_set.fit(iterate.coef[None])
            return Points(iterate.coef[None], fits).at(np.zeros(len(alphas), dtype=np.intp))
        weights = np.array([extrapolation(before, alpha) for alpha in alphas])
        coefs = np.zeros((len(before), len(working_set)))
        for row, (_, point) in enumerate(self._track):
            coefs[row, : point.coefs.shape[1]] = point.coefs[0]
        raw = np.concatenate([point.fits.raw for _, point in self._track])
        offsets = np.concatenate([point.fits.offsets for _, point in self._track])
        return Points(weights @ coefs, datafit.fit_raw(weights @ raw, weights @ offsets))

    def _solve_together(
        self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate
    ) -> tuple[Points, Matrix, int, int]:
        """Points, their correlations inside, how many steps they took, and how many are good enough."""
        datafit = working_set.datafit
        points = self._starts(working_set, [goal.penalty.alpha for goal in goals], iterate)
        inside = np.broadcast_to(iterate.correlation, points.coefs.shape).copy()
        pending = np.arange(len(goals))
        for n_iter, moved in enumerate(MOVED[: min(goal.max_iter for goal in goals)], 1):
            part, members = self._part(working_set, goals[-1], points.coefs[pending], inside[pending])
            found = self._step_together(part, members, [goals[row] for row in pending], points.at(pending), moved)
            correlations = working_set.correlations(datafit.weights * found.fits.residuals)
            points.coefs[pending], inside[pending] = found.coefs, correlations
            for name in ("residuals", "offsets", "losses", "raw"):
                getattr(points.fits, name)[pending] = getattr(found.fits, name)
            gaps = [
                duality_gap(datafit.misfit_of(found.fits, k), found.coefs[k], correlations[k], goals[row].penalty)
                for k, row in enumerate(pending)
            ]
            is_done = np.array([gap <= goals[row].gap_tol for gap, row in zip(gaps, pending, strict=True)])
            pending = pending[~is_done]
            if len(pending) == 0:
                break
            fresh = datafit.fit_raw(points.fits.raw[pending], points.fits.offsets[pending])
            points.fits.residuals[pending] = fresh.residuals
        return points, inside, n_iter, int(pending[0]) if len(pending) else len(goals)

    def _part(self, working_set, goal, coefs, inside):
        penalty = goal.penalty
        sizes = np.abs(inside).max(axis=0)
        magnitudes, has_coef = penalty.magnitudes(penalty.sizes(sizes)), coefs.any(axis=0)
        near, needed = has_coef | (magnitudes > NEAR * penalty.l1), has_coef | (magnitudes > penalty.l1)
        return self._models.at_hand(working_set, near, needed)

    def _step_together(self, part, members, goals, points, moved) -> Points:
        datafit, models = part.datafit, self._models
        fits = points.fits
        total = models.move_to(part, fits, len(goals) // 2, moved)
        curvatures = models.curvatures
        steepness = np.divide(curvatures, datafit.weights, np.zeros_like(curvatures), where=datafit.weights > 0)
        # The model's best intercepts.
        shifts = fits.residuals @ datafit.weights / total * datafit.fit_intercept
        residuals = fits.residuals - shifts[:, None] * steepness
        correlations = part.correlations(datafit.weights * residuals)
        coefs = points.coefs.copy()
        offsets = fits.offsets + shifts
        for row, goal in enumerate(goals):
            models.aim(part, fits, row)
            start = coefs[row, members]
            found = Iterate(start.copy(), correlations[row] / total)
            penalty = goal.penalty.at(members)
            models.solver.solve(
                models.model, penalty.with_alpha(penalty.alpha / total), found, LEAST * goal.gap_tol / total, goal.max_iter
            )
            coefs[row, members] = found.coef
            offsets[row] += models.model.intercept_shift(found.coef - start)
        reached = part.fit_at(coefs[:, members], offsets)
        residuals -= steepness * (reached.raw - fits.raw - shifts[:, None])
        if datafit.fit_intercept:
            residuals -= (residuals @ datafit.weights)[:, None]
        return Points(coefs, Fits(residuals, offsets, reached.losses, reached.raw))


def _room(n_rows: int, working_set: WorkingSet) -> Fits:
    n_samples = len(working_set.datafit.weights)
    rows, vectors = np.empty((2, n_rows)), np.empty((2, n_rows, n_samples))
    return Fits(vectors[0], rows[0], rows[1], vectors[1])
