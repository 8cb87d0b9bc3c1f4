"""Proximal Newton steps along a path: what is known of some alphas leads to the next ones."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers.base import Goal, Iterate, Solutions, Solver
from sklearn_sparsefit.solvers.extrapolation import N_KNOWN
from sklearn_sparsefit.solvers.loss_models import LossModels
from sklearn_sparsefit.solvers.points import PathTrack, Points
from sklearn_sparsefit.solvers.prox_newton import ProxNewtonSolver
from sklearn_sparsefit.solvers.steps_in_turn import StepsInTurn
from sklearn_sparsefit.solvers.steps_together import StepsTogether
from sklearn_sparsefit.subproblem.working_set import WorkingSet


class ProxNewtonPathSolver(Solver):
    """Goes from alpha to alpha with few steps, and takes its time where these are not enough."""

    def __init__(self, new_inner: Callable[[WorkingSet], Solver], max_gram: int, in_turn: StepsInTurn | None):
        self.max_gram = max_gram
        self._alone = ProxNewtonSolver(LossModels(new_inner), max_gram)
        self._together, self._in_turn = StepsTogether(LossModels(new_inner)), in_turn
        self._track = PathTrack()
        # What was found last, and at which alphas: features may have come in since that these are wanted for again.
        self._alphas: list[float] = []
        self._found: Solutions | None = None

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
        earlier, self._found = self._points_at(goals, len(working_set)), None
        self._alphas = [goal.penalty.alpha for goal in goals]
        while goals:
            n_near = self._track.go_on_to([goal.penalty.alpha for goal in goals], iterate.coef)
            if self._in_turn is not None and self._in_turn.pay(working_set, goals[0].penalty, iterate):
                found, n_steps = self._in_turn.solve(working_set, goals, iterate, self._track)
                needs_more = len(n_steps) > len(found.coefs)
            else:
                near = goals[: n_near or None] if earlier is None else goals
                found, n_steps = self._together.solve(working_set, near, iterate, self._track, earlier)
                needs_more = len(found.coefs) == 0
            n_solved = len(found.coefs)
            self._go_to(found, goals, iterate)
            parts.append(found)
            n_iters += n_steps[:n_solved]
            if needs_more:
                goal = replace(goals[n_solved], max_iter=goals[n_solved].max_iter - n_steps[n_solved])
                found, n_more = self._solve_alone(working_set, goal, iterate)
                self._go_to(found, [goal], iterate)
                parts.append(found)
                n_iters.append(n_steps[n_solved] + n_more)
                n_solved += 1
            goals = goals[n_solved:]
            if earlier is not None:
                earlier = earlier.at(range(n_solved, len(earlier.coefs))) if n_solved < len(earlier.coefs) else None
        coefs = np.concatenate([part.coefs for part in parts])
        self._found = Solutions(coefs, n_iters, Fits.together([part.fits for part in parts]))
        return self._found

    def _go_to(self, found: Points, goals: Sequence[Goal], iterate: Iterate) -> None:
        """Put the iterate, and the track, where the last of the points are, those of the leading goals."""
        n_found = len(found.coefs)
        if n_found:
            iterate.coef[:], iterate.correlation[:] = found.coefs[-1], found.correlations[-1]
        for row in range(max(0, n_found - N_KNOWN), n_found):
            kept = float(found.fits.offsets[row]), found.fits.raw[row].copy()
            self._track.add(goals[row].penalty.alpha, found.coefs[row], kept)

    def _points_at(self, goals: Sequence[Goal], n_features: int) -> Points | None:
        """What was found last for the leading goals, if it was for these."""
        if self._found is None or self._found.fits is None or goals[0].penalty.alpha not in self._alphas:
            return None
        first = self._alphas.index(goals[0].penalty.alpha)
        rows = range(first, len(self._alphas))
        if self._alphas[first:] != [goal.penalty.alpha for goal in goals[: len(rows)]]:
            return None
        coefs = np.zeros((len(rows), n_features))
        coefs[:, : self._found.coefs.shape[1]] = self._found.coefs[first:]
        return Points(coefs, self._found.fits.at(list(rows)), np.empty_like(coefs))

    def _solve_alone(self, working_set: WorkingSet, goal: Goal, iterate: Iterate) -> tuple[Points, int]:
        # Where the last solutions lead is no good start, as has been seen.
        self._alone.forget()
        n_iter, fits = self._alone.solve_to(working_set, goal, iterate)
        return Points(iterate.coef[None].copy(), fits, iterate.correlation[None].copy()), n_iter
