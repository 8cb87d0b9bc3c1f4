"""Proximal Newton steps for several alphas at once, on one quadratic model of the loss."""

from collections.abc import Sequence

import numpy as np

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.solvers.base import Goal, Iterate, Starts
from sklearn_sparsefit.solvers.extrapolation import extrapolation
from sklearn_sparsefit.solvers.loss_models import LossModels
from sklearn_sparsefit.solvers.points import PathTrack, Points
from sklearn_sparsefit.solvers.prox_newton import forced
from sklearn_sparsefit.subproblem.certificate import duality_gap
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Alphas at once, to begin with and at most: half as many after more steps than are enough, twice as many after fewer.
# (Two classes, 2000 x 2000, up to eight at once and three steps: 1.13 s in place of 0.95, as more of them need another
# step and another Gram. Tall and sparse designs take the same time.)
FIRST_WIDTH, MAX_WIDTH, ENOUGH = 1, 3, 2
# The duality gap, beside the null loss, that is reckoned with where polynomials do not lead.
FAR_GAP = 0.1
# Steps of all of them, and by how much of their sum the curvatures of the model may have moved at each.
MOVED = (0.25, 0.25, 0.1, 0.05)


class StepsTogether:
    """Steps of several alphas at once where one model serves them all.

    Each alpha starts where the parabola through the last solutions leads, and has the gradient there, but the
    curvatures of all are the same, so that a step of all of them is a few products of matrices. Its dual point has the
    residuals of the model where the step leads: r - d dz, for steps dz of the raw predictions and curvatures d. That
    satisfies the optimality conditions of the penalty, as the model is solved, and differs from the residuals of the
    loss by what curvatures change along the step. The gap is about the square of that, where the residuals themselves
    would leave a gap of the first order.
    """

    def __init__(self, models: LossModels):
        self._models = models
        self._width = FIRST_WIDTH

    def solve(
        self,
        working_set: WorkingSet,
        goals: Sequence[Goal],
        iterate: Iterate,
        track: PathTrack,
        earlier: Points | None,
    ) -> tuple[Points, list[int]]:
        """Points of the leading goals that a few steps suffice for, and how many were taken for each that was tried.

        They start from earlier points of the leading goals, or else from where the track leads, or from the iterate.
        """
        if earlier is not None:
            some = goals[: min(len(earlier.coefs), MAX_WIDTH)]
            return self._solve_from(working_set, some, earlier.at(range(len(some))), [goal.gap for goal in some])
        some = goals[: self._width]
        # Where polynomials lead is taken for as good as solved.
        gap = 0.0 if len(track) else FAR_GAP * working_set.datafit.null_loss
        starts = self._starts(working_set, some, iterate, track)
        found, n_steps = self._solve_from(working_set, some, starts, [gap] * len(some))
        n_solved = len(found.coefs)
        n_needed = max(n_steps[:n_solved], default=0)
        if n_solved < len(some) or n_needed > ENOUGH:
            self._width = max(1, self._width // 2)
        elif n_needed < ENOUGH:
            self._width = min(2 * self._width, MAX_WIDTH)
        return found, n_steps

    def _solve_from(
        self, working_set: WorkingSet, goals: Sequence[Goal], points: Points, gaps: list[float]
    ) -> tuple[Points, list[int]]:
        """See ``solve``; the duality gaps at the points, which are changed, are reckoned to be about the given ones."""
        self._models.take_whole(working_set)
        n_steps = [0] * len(goals)
        pending = list(range(len(goals)))
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

    @staticmethod
    def _starts(working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate, track: PathTrack) -> Points:
        """Where polynomials through the solutions on the track lead, or the iterate where there are none."""
        if not len(track):
            start = Points(iterate.coef[None], working_set.fit(iterate.coef[None]), iterate.correlation[None])
            return start.at([0] * len(goals))
        weights = np.array([extrapolation(track.alphas, goal.penalty.alpha) for goal in goals])
        coefs = weights @ track.coefs(len(working_set))
        offsets, raw = (weights @ np.array(parts) for parts in zip(*track.kept, strict=True))
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
        # In place: with many samples every temporary takes as long as a product with a few columns.
        weighted = fits.residuals - np.outer(shifts, steepness)
        weighted *= datafit.weights
        weighted /= total
        starts = Starts(here.coefs.copy(), working_set.correlations(weighted), weighted)
        models.solver.solve_from(models.model, [goal.in_units(total) for goal in goals], starts)
        offsets = fits.offsets + shifts + models.model.intercept_shift(starts.coefs - here.coefs)
        raw = working_set.raw_at(starts.coefs, offsets)
        residuals = fits.raw - raw
        residuals *= steepness
        residuals += fits.residuals
        # What rounding has left of the sum; columns with large means would magnify it.
        residuals -= np.outer(best_shifts(residuals), steepness)
        reached = Fits(residuals, offsets, np.empty(len(goals)), raw)
        return Points(starts.coefs, reached, total * starts.correlations)
