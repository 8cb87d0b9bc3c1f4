"""Proximal Newton steps: a loss that is not quadratic, by quadratic models of it."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers.base import Iterate, Solver
from sklearn_sparsefit.solvers.certificate import duality_gap
from sklearn_sparsefit.solvers.working_set import WorkingSet

Vector = NDArray[np.float64]

# Weights of the model are kept while the curvatures have moved by no more than this share of their sum, and while each
# step makes the gap smaller by this factor.
MOVED, RATE = 0.3, 0.3
# Of a step, the first of these lengths is taken that lowers the objective by this share of what it promises, to within
# what rounding, this share of the loss of the null model, may hide of that.
LENGTHS, ARMIJO, ROUNDING = 0.5 ** np.arange(40), 1e-4, 1e-15
# A model is solved to this share of the gap.
FORCING = 0.1


class ProxNewtonSolver:
    """Minimises the penalty plus quadratic models of the loss, each about where the last one led.

    It ends when the duality gap of the loss itself is small (Lee, Sun & Saunders 2014). A model has the curvatures of
    the loss for weights. Their Gram matrix, and the factors of that, are kept while these have hardly moved, from one
    alpha to the next too: such steps converge linearly, but fast.
    """

    def __init__(self, inner: type[Solver]):
        self.max_gram = inner.max_gram
        self._new_inner = inner
        self._inner = inner()
        self._model: WorkingSet | None = None
        self._curvatures = np.empty(0)

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        misfit_of = working_set.datafit.misfit_of
        fits, correlations = working_set.look(iterate.coef[None])
        n_iter, last = 0, np.inf
        while True:
            iterate.correlation[:] = correlations[0]
            gap = duality_gap(misfit_of(fits, 0), iterate.coef, iterate.correlation, penalty)
            if gap <= gap_tol or n_iter >= max_iter:
                return n_iter
            n_iter += 1
            model, total = self._model_at(working_set, fits, gap <= RATE * last)
            goal = Iterate(iterate.coef.copy(), iterate.correlation / total)
            self._inner.solve(model, penalty.with_alpha(penalty.alpha / total), goal, FORCING * gap / total, max_iter)
            before = float(fits.losses[0]) + penalty.value(iterate.coef)
            offset = model.datafit.mean - goal.coef @ model.means
            found = self._step(working_set, penalty, iterate, before, (goal.coef, offset))
            if found is None:
                return n_iter
            coef, fits, correlations = found
            iterate.coef[:] = coef
            # Near rounding, done when a further iteration gains nothing.
            slack = ROUNDING * working_set.datafit.null_loss
            if gap >= 0.5 * last and before - float(fits.losses[0]) - penalty.value(coef) <= slack:
                iterate.correlation[:] = correlations[0]
                return n_iter
            last = gap

    def _model_at(self, working_set: WorkingSet, fits: Fits, converges: bool) -> tuple[WorkingSet, float]:
        """The working set through the model about some raw predictions, and the sum of its weights."""
        curvatures = working_set.datafit.curvatures(fits.raw[0])
        total = float(self._curvatures.sum())
        moved = np.abs(curvatures - self._curvatures).sum() if self._model is not None else np.inf
        if not moved <= (MOVED * total if converges else 0.0):
            self._curvatures, total = curvatures, float(curvatures.sum())
            self._model = working_set.seen_through(working_set.datafit.model(fits, 0, curvatures))
            self._inner = self._new_inner()
        else:
            self._model.follow(working_set)
            self._model.datafit = working_set.datafit.model(fits, 0, self._curvatures)
        return self._model, total

    @staticmethod
    def _step(
        working_set: WorkingSet, penalty: Penalty, iterate: Iterate, before: float, goal: tuple[Vector, Vector]
    ) -> tuple[Vector, Fits, Vector] | None:
        """Go towards the minimum of a model, its coefficients and offset, as far as the objective is lower for it."""
        goal, offset = goal
        step = goal - iterate.coef
        promised = float(np.vdot(iterate.correlation, step)) + penalty.value(iterate.coef) - penalty.value(goal)
        slack = ROUNDING * working_set.datafit.null_loss
        for length in LENGTHS:
            coef = goal.copy() if length == 1 else iterate.coef + length * step
            fits, correlations = working_set.look(coef[None], np.atleast_1d(offset))
            if float(fits.losses[0]) + penalty.value(coef) <= before - ARMIJO * length * promised + slack:
                return coef, fits, correlations
        return None
