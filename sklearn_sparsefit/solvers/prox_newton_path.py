"""Proximal Newton steps for several alphas at once, on one quadratic model of the loss."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers._small_newton import SmallNewton
from sklearn_sparsefit.solvers.base import Goal, Iterate, Solutions, Solver, Starts
from sklearn_sparsefit.solvers.extrapolation import Track, extrapolation
from sklearn_sparsefit.solvers.loss_models import LossModels
from sklearn_sparsefit.solvers.prox_newton import N_KNOWN, ProxNewtonSolver, forced
from sklearn_sparsefit.subproblem.certificate import duality_gap
from sklearn_sparsefit.subproblem.working_set import WorkingSet

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Alphas at once, to begin with and at most; half as many where they need more steps than are enough, or twice.
FIRST_WIDTH, MAX_WIDTH, ENOUGH = 2, 8, 3
# Polynomials do not lead to where alpha is so many times as small as at the last solution.
FAR = 1.5
# The duality gap, beside the null loss, that is reckoned with where they do not lead.
FAR_GAP = 0.1
# Steps of all of them, and by how much of their sum the curvatures of the model may have moved at each.
MOVED = (0.25, 0.25, 0.1, 0.05)


# Numbers of columns that stay in the cache.
SMALL = 2**17


@dataclass
class Points:
    """Where some goals are, a row for each: coefficients, their fits and the correlations with the residuals of these.

    The residuals are those of the loss, or dual points near to them.
    """

    coefs: Matrix
    fits: Fits
    correlations: Matrix

    def at(self, rows: Sequence[int]) -> "Points":
        """Copy of some of them."""
        rows = list(rows)
        return Points(self.coefs[rows], self.fits.at(rows), self.correlations[rows])

    def put(self, rows: list[int], others: "Points") -> None:
        """Put others in the place of some of them."""
        self.coefs[rows], self.correlations[rows] = others.coefs, others.correlations
        self.fits.put(rows, others.fits)


class ProxNewtonPathSolver(Solver):
    """Takes the steps of several alphas at once where one model serves them all, and of one after the other elsewhere.

    Each alpha starts where the parabola through the last solutions leads, and has the gradient there, but the
    curvatures of all are the same, so that a step of all of them is a few products of matrices. Its dual point has the
    residuals of the model where the step leads: r - d dz, for steps dz of the raw predictions and curvatures d. That
    satisfies the optimality conditions of the penalty, as the model is solved, and differs from the residuals of the
    loss by what curvatures change along the step. The gap is about the square of that, where the residuals themselves
    would leave a gap of the first order.
    """

    def __init__(self, new_inner: Callable[[WorkingSet], Solver], max_gram: int):
        self.max_gram = max_gram
        self._alone = ProxNewtonSolver(LossModels(new_inner), max_gram)
        self._models = LossModels(new_inner)
        self._width = FIRST_WIDTH
        self._small: SmallNewton | None = None
        # Offsets and raw predictions are kept.
        self._track: Track[tuple[float, Vector]] = Track(N_KNOWN)

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        return self._alone.solve(working_set, penalty, iterate, gap_tol, max_iter)

    @np.errstate(over="ignore", invalid="ignore")
    def solve_each(self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate) -> Solutions:
        """See :class:`Solver`."""
        if not goals or len(working_set) == 0 or working_set.free is not None or goals[-1].penalty.l1 == 0:
            return self._alone.solve_each(working_set, goals, iterate)
        parts: list[Points] = []
        n_iters: list[int] = []
        while goals:
            if len(working_set) * len(working_set.datafit.weights) <= SMALL:
                some = self._within_reach(goals[:1], iterate) and goals
                found, n_steps = self._solve_in_turn(working_set, some, iterate)
            else:
                some = self._within_reach(goals[: self._width], iterate)
                found, n_steps = self._solve_together(working_set, some, iterate)
            n_solved = len(found.coefs)
            n_needed = max(n_steps[:n_solved], default=0)
            if n_solved < len(some) or n_needed > ENOUGH:
                self._width = max(1, self._width // 2)
            elif n_needed < ENOUGH:
                self._width = min(2 * self._width, MAX_WIDTH)
            if n_solved == 0:
                goal = replace(some[0], max_iter=some[0].max_iter - n_steps[0])
                found, n_more = self._solve_alone(working_set, goal, iterate)
                n_solved, n_steps = 1, [n_steps[0] + n_more]
            iterate.coef[:], iterate.correlation[:] = found.coefs[-1], found.correlations[-1]
            for row in range(max(0, n_solved - N_KNOWN), n_solved):
                kept = float(found.fits.offsets[row]), found.fits.raw[row].copy()
                self._track.add(some[row].penalty.alpha, found.coefs[row], kept)
            parts.append(found)
            n_iters += n_steps[:n_solved]
            goals = goals[n_solved:]
        coefs = np.concatenate([part.coefs for part in parts])
        return Solutions(coefs, n_iters, Fits.together([part.fits for part in parts]))

    def _within_reach(self, goals: Sequence[Goal], iterate: Iterate) -> Sequence[Goal]:
        """The leading goals that the track leads to; all, and it begins anew, where it leads to none."""
        alphas = [goal.penalty.alpha for goal in goals]
        n_near = sum(alpha * FAR > self._track.alphas[0] for alpha in alphas) if len(self._track) else 0
        if n_near and self._track.leads_to(alphas[:n_near], iterate.coef):
            return goals[:n_near]
        self._track.clear()
        return goals

    def _solve_alone(self, working_set: WorkingSet, goal: Goal, iterate: Iterate) -> tuple[Points, int]:
        # Where the last solutions lead is no good start, as has been seen.
        self._alone.forget()
        n_iter, fits = self._alone.solve_to(working_set, goal, iterate)
        return Points(iterate.coef[None].copy(), fits, iterate.correlation[None].copy()), n_iter

    def _solve_in_turn(
        self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate
    ) -> tuple[Points, list[int]]:
        """Points of the leading goals that a few steps suffice for, and how many were taken for each goal."""
        if self._small is None:
            loss = working_set.loss
            self._small = SmallNewton(loss.loss, loss._y, loss.weights, loss._offset, loss.fit_intercept)
        if len(self._track):
            known = self._track.coefs(len(working_set))[::-1]
            offsets, raw = (np.array(parts)[::-1] for parts in zip(*self._track.kept, strict=True))
            alphas = self._track.alphas[::-1]
        else:
            known, fits, alphas = iterate.coef[None], working_set.fit(iterate.coef[None]), [np.inf]
            offsets, raw = fits.offsets, fits.raw
        n_known, n_rows, n_samples = len(alphas), len(alphas) + len(goals), len(working_set.datafit.weights)
        every = np.array(alphas + [goal.penalty.alpha for goal in goals])
        coefs, correlations = np.empty((2, n_rows, len(working_set)))
        raws, residuals = np.empty((2, n_rows, n_samples))
        all_offsets = np.empty(n_rows)
        coefs[:n_known], raws[:n_known], all_offsets[:n_known] = known, raw, offsets
        n_solved, n_steps = self._small.solve_each(
            working_set.columns, goals, every, coefs, raws, all_offsets, residuals, correlations
        )
        done = slice(n_known, n_known + n_solved)
        fits = Fits(residuals[done], all_offsets[done], working_set.loss.losses(raws[done]), raws[done])
        return Points(coefs[done], fits, correlations[done]), n_steps

    def _solve_together(
        self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate
    ) -> tuple[Points, list[int]]:
        """Points of the leading goals that a few steps suffice for, and how many were taken for each goal."""
        self._models.take_whole(working_set)
        points, n_steps = self._starts(working_set, goals, iterate), [0] * len(goals)
        pending = list(range(len(goals)))
        # Where polynomials lead is taken for as good as solved.
        gaps = [0.0 if len(self._track) else FAR_GAP * working_set.datafit.null_loss] * len(goals)
        for moved in MOVED[: min(goal.max_iter for goal in goals)]:
            # All of them are changed in place: where their step cannot be taken, none is kept.
            here = points if len(pending) == len(goals) else points.at(pending)
            here.fits.residuals[:] = working_set.loss.residuals(here.fits.raw)
            if not np.isfinite(here.fits.residuals).all():
                # From where the loss overflows no model leads back.
                break
            of_models = [forced(goals[row], gaps[row], working_set.datafit.null_loss) for row in pending]
            reached = self._step_together(working_set, of_models, here, moved)
            if here is points:
                points = reached
            else:
                points.put(pending, reached)
            for row in pending:
                n_steps[row] += 1
                gaps[row] = self._gap(working_set, goals[row], points, row)
            pending = [row for row in pending if not gaps[row] <= goals[row].gap_tol]
            if not pending:
                break
        found = points.at(range(pending[0])) if pending else points
        found.fits.losses[:] = working_set.loss.losses(found.fits.raw)
        return found, n_steps

    @staticmethod
    def _gap(working_set: WorkingSet, goal: Goal, points: Points, row: int) -> float:
        misfit = working_set.datafit.misfit_of(points.fits, row)
        return duality_gap(misfit, points.coefs[row], points.correlations[row], goal.penalty)

    def _starts(self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate) -> Points:
        """Where polynomials through the solutions on the track lead, or the iterate where there are none."""
        if not len(self._track):
            start = Points(iterate.coef[None], working_set.fit(iterate.coef[None]), iterate.correlation[None])
            return start.at([0] * len(goals))
        weights = np.array([extrapolation(self._track.alphas, goal.penalty.alpha) for goal in goals])
        coefs = weights @ self._track.coefs(len(working_set))
        offsets, raw = (weights @ np.array(parts) for parts in zip(*self._track.kept, strict=True))
        fits = Fits(np.empty_like(raw), offsets, np.empty(len(goals)), raw)
        terms = goals[0].penalty.terms
        if terms.has_bounds:
            within = np.clip(coefs, terms.lower, terms.upper)
            if not np.array_equal(within, coefs):
                coefs, fits.raw[:] = within, working_set.raw_at(within, offsets)
        return Points(coefs, fits, np.empty_like(coefs))

    def _step_together(
        self, working_set: WorkingSet, goals: Sequence[Goal], here: Points, moved_at_most: float
    ) -> Points:
        """A step of each goal to the minimum of its model, whose gap is the goal's, about finite residuals."""
        datafit, models, fits = working_set.datafit, self._models, here.fits
        total = models.move_to(working_set, fits, len(goals) // 2, moved_at_most)
        steepness = models.steepness(datafit.weights)

        def best_shifts(residuals: Matrix) -> Vector:
            """Of the model's intercept: its residuals sum to zero."""
            return residuals @ datafit.weights / total * datafit.fit_intercept

        shifts = best_shifts(fits.residuals)
        weighted = (datafit.weights * fits.residuals - np.outer(shifts, models.curvatures)) / total
        starts = Starts(here.coefs.copy(), working_set.correlations(weighted), weighted)
        models.solver.solve_from(models.model, [goal.in_units(total) for goal in goals], starts)
        offsets = fits.offsets + shifts + models.model.intercept_shift(starts.coefs - here.coefs)
        raw = working_set.raw_at(starts.coefs, offsets)
        residuals = fits.residuals - steepness * (raw - fits.raw)
        # What rounding has left of the sum; columns with large means would magnify it.
        residuals -= np.outer(best_shifts(residuals), steepness)
        reached = Fits(residuals, offsets, np.empty(len(goals)), raw)
        return Points(starts.coefs, reached, total * starts.correlations)
