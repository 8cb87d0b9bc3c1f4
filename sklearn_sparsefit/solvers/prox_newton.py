"""Proximal Newton steps: a loss that is not quadratic, by quadratic models of it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers.base import NEAR, Goal, Iterate, Solver
from sklearn_sparsefit.solvers.extrapolation import Track, extrapolation
from sklearn_sparsefit.solvers.loss_models import LossModels
from sklearn_sparsefit.subproblem.certificate import duality_gap
from sklearn_sparsefit.subproblem.settling import Look, look, loss_rounding
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Weights of the model keep their proportions while the curvatures have moved by no more than this share of their sum,
# and each step makes the gap smaller by this factor.
MOVED, RATE = 0.05, 0.3
# Of a step, the first of these lengths is taken that lowers the objective by this share of what it promises, to within
# what rounding, this share of the loss of the null model, may hide of that.
LENGTHS, ARMIJO, ROUNDING = 0.5 ** np.arange(40), 1e-4, 1e-14
# A model is solved to this share of the gap, or the square of that if it is less, but never more exactly than to a
# share of the tolerated gap; what is at hand, to another share of that.
FORCING, LEAST, GAP_SHARE = 0.1, 0.3, 0.8
# Where a loss is nearly lines and so many steps were not enough, or none leads down, smoother ones lead to its minimum,
# with as many each.
PATIENCE = 30


class ProxNewtonSolver(Solver):
    """Minimises the penalty plus quadratic models of the loss, each about where the last one led.

    It ends when the duality gap of the loss itself is small (Lee, Sun & Saunders 2014). A model has the curvatures of
    the loss for weights. Those that are kept while these have hardly moved, from one alpha to the next too, make for
    steps that converge linearly, but fast.
    """

    def __init__(self, models: LossModels, max_gram: int):
        self.max_gram = max_gram
        self._models = models
        self._offsets: NDArray[np.float64] | None = None
        self._track: Track[None] = Track()

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        return self.solve_to(working_set, Goal(penalty, gap_tol, max_iter), iterate)[0] if len(working_set) else 0

    def forget(self) -> None:
        """Do not start from where the last solutions lead."""
        self._track.clear()

    # Steps that are too long may overflow, and are not taken.
    @np.errstate(over="ignore", invalid="ignore")
    def solve_to(self, working_set: WorkingSet, goal: Goal, iterate: Iterate) -> tuple[int, Fits]:
        """Take Newton steps to a goal; the number of iterations, and what the coefficients come to."""
        self._go_ahead(goal.penalty, iterate)
        if working_set.free is not None or goal.penalty.l1 == 0 or self._models.is_small(working_set):
            self._models.take_whole(working_set)
            n_iter, fits = self._solve_at_hand(working_set, goal, iterate)
        else:
            n_iter, fits = self._solve_in_parts(working_set, goal, iterate)
        self._track.add(goal.penalty.alpha, iterate.coef, None)
        return n_iter, fits

    def _solve_in_parts(self, working_set: WorkingSet, goal: Goal, iterate: Iterate) -> tuple[int, Fits]:
        """With features at hand to which others come as they are needed."""
        penalty, n_iter = goal.penalty, 0
        while True:
            part, members = self._part_of(working_set, penalty, iterate)
            found = Iterate(iterate.coef.take(members, axis=-1), iterate.correlation.take(members, axis=-1))
            gap_tol, max_iter = GAP_SHARE * goal.gap_tol, goal.max_iter - n_iter
            at_hand = replace(goal, penalty=penalty.at(members), gap_tol=gap_tol, max_iter=max_iter)
            n_more, fits = self._solve_at_hand(part, at_hand, found)
            n_iter += n_more
            iterate.coef[..., members], iterate.correlation[..., members] = found.coef, found.correlation
            if part is not working_set:
                iterate.correlation[:] = working_set.correlations(working_set.datafit.weights * fits.residuals)[0]
            violates = penalty.magnitudes(penalty.sizes(iterate.correlation)) > penalty.l1
            violates[members] = False
            is_optimal = not violates.any() or self._gap(working_set, fits, penalty, iterate) <= goal.gap_tol
            if is_optimal or n_iter >= goal.max_iter:
                return n_iter, fits

    def _go_ahead(self, penalty: Penalty, iterate: Iterate) -> None:
        """Start where polynomials through the last solutions lead, for what stays on its side of zero."""
        if not self._track.leads_to([penalty.alpha], iterate.coef):
            return
        coefs = self._track.coefs(iterate.coef.shape[-1])
        for n_used in range(2, len(coefs) + 1):
            used = coefs[:n_used]
            weights = extrapolation(self._track.alphas[:n_used], penalty.alpha)
            ahead = (weights @ used.reshape(n_used, -1)).reshape(iterate.coef.shape)
            if penalty.terms.has_bounds:
                ahead = np.clip(ahead, penalty.terms.lower, penalty.terms.upper)
            stays = (used * ahead > 0).all(axis=0)
            iterate.coef[stays] = ahead[stays]

    def _part_of(
        self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate
    ) -> tuple[WorkingSet, NDArray[np.intp]]:
        """The features at hand, with all that have a coefficient or call for one among them, and their positions."""
        magnitudes = penalty.magnitudes(penalty.sizes(iterate.correlation))
        has_coef = penalty.sizes(iterate.coef) != 0
        near, needed = has_coef | (magnitudes > NEAR * penalty.l1), has_coef | (magnitudes > penalty.l1)
        return self._models.at_hand(working_set, near, needed)

    def _solve_at_hand(self, working_set: WorkingSet, goal: Goal, iterate: Iterate) -> tuple[int, Fits]:
        """The number of iterations, and what the coefficients come to."""
        n_iter, fits, is_there = self._descend(working_set, goal, iterate, min(PATIENCE, goal.max_iter))
        if is_there:
            return n_iter, fits
        smoothers = working_set.datafit.smoother(fits.raw[0])
        if n_iter < PATIENCE and not smoothers:
            return n_iter, fits
        for smoother in smoothers:
            with working_set.under(smoother):
                n_iter += self._descend(working_set, goal, iterate, min(PATIENCE, goal.max_iter - n_iter))[0]
        n_more, fits, _ = self._descend(working_set, goal, iterate, goal.max_iter - n_iter)
        return n_iter + n_more, fits

    def _descend(self, working_set: WorkingSet, goal: Goal, iterate: Iterate, n_steps: int) -> tuple[int, Fits, bool]:
        """So many steps down one loss, at most; with their number, whether they have led to the goal."""
        penalty, gap_tol = goal.penalty, goal.gap_tol
        seen = look(working_set, iterate.coef[None], self._offsets)
        n_iter, last = 0, np.inf
        while True:
            iterate.correlation[:] = seen.correlations[0]
            # One step at least, lest a loose tolerance leave the answer of another alpha as it is.
            enough = gap_tol if n_iter else ROUNDING * working_set.datafit.null_loss
            gap = self._gap(working_set, seen.fits, penalty, iterate, max(enough, gap_tol)) + seen.to_gain[0]
            # From where the loss overflows no model leads back.
            if gap <= enough or n_iter >= n_steps or not np.isfinite(seen.fits.losses[0]):
                break
            n_iter += 1
            falls = gap <= RATE * last
            total = self._models.move_to(working_set, seen.fits, 0, MOVED if falls else 0.0)
            model = self._models.model
            there = Iterate(iterate.coef.copy(), iterate.correlation / total)
            # Where the loss is a line, its gap is of the first order in what is of the second in that of a model.
            of_model = replace(goal, gap_tol=gap_tol if falls else 0.0)
            of_model = forced(of_model, gap, working_set.datafit.null_loss).in_units(total)
            self._models.solver.solve(model, of_model.penalty, there, of_model.gap_tol, of_model.max_iter)
            before = float(seen.fits.losses[0]) + penalty.value(iterate.coef)
            offset = seen.fits.offsets[0] + model.intercept_shift(there.coef - iterate.coef)
            found = self._step(working_set, penalty, iterate, before, there.coef, offset)
            if found is None:
                break
            coef, seen = found
            iterate.coef[:] = coef
            # Near rounding, done when a further iteration gains nothing.
            slack = ROUNDING * working_set.datafit.null_loss
            if gap >= 0.5 * last and before - float(seen.fits.losses[0]) - penalty.value(coef) <= slack:
                iterate.correlation[:] = seen.correlations[0]
                gap = self._gap(working_set, seen.fits, penalty, iterate) + seen.to_gain[0]
                break
            last = gap
        self._offsets = seen.fits.offsets
        return n_iter, seen.fits, bool(gap <= gap_tol)

    @staticmethod
    def _gap(working_set: WorkingSet, fits: Fits, penalty: Penalty, iterate: Iterate, limit: float = np.inf) -> float:
        misfit = working_set.datafit.misfit_of(fits, 0)
        return duality_gap(misfit, iterate.coef, iterate.correlation, penalty, limit=limit)

    @staticmethod
    def _step(
        working_set: WorkingSet, penalty: Penalty, iterate: Iterate, before: float, goal: Vector, offset: Vector
    ) -> tuple[Vector, Look] | None:
        """Go towards the minimum of a model, its coefficients and offset, as far as the objective is lower for it."""
        step, free = goal - iterate.coef, working_set.free
        promised = float(np.vdot(iterate.correlation, step)) + penalty.value(iterate.coef) - penalty.value(goal)
        # Rounding may make a promise that is none of a step that leads far.
        enough = ARMIJO * max(promised, 0.0)
        for length in LENGTHS:
            coef = goal.copy() if length == 1 else iterate.coef + length * step
            slack = ROUNDING * working_set.datafit.null_loss
            if free is not None:
                slack += loss_rounding(working_set.datafit, free, coef[..., free.positions])
            seen = look(working_set, coef[None], offset[None])
            if float(seen.fits.losses[0]) + penalty.value(coef) <= before - length * enough + slack:
                return coef, seen
        return None


def forced(goal: Goal, gap: float, null_loss: float) -> Goal:
    """The goal of a model about where the loss has some duality gap."""
    least = LEAST * goal.gap_tol
    if 0 < gap < np.inf and null_loss > 0:
        least = max(min(FORCING, gap / null_loss) * gap, least)
    return replace(goal, gap_tol=least)
