"""Accelerated proximal gradient steps: a loss of which values and gradients are all that is known."""

import math
from dataclasses import dataclass

import numpy as np

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.design import as_rows
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers.base import Iterate, Solver
from sklearn_sparsefit.subproblem.certificate import duality_gap
from sklearn_sparsefit.subproblem.settling import look
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Steps between two looks at the gap.
BURST = 10
# What rounding may hide of a rise of the loss, beside that of the null model, and of a change of residuals, beside
# their size. A change says how steep the gradient is where it is so many times as large.
ROUNDING, SMALLEST_CHANGE, TELLING = 1e-14, 1e-15, 100


@dataclass(frozen=True)
class Point:
    """Coefficients, what they predict but for the intercept, and what that comes to."""

    coef: Vector
    prediction: Vector
    fits: Fits

    @classmethod
    def of(cls, working_set: WorkingSet, coef: Vector, prediction: Vector, offsets: Vector | None = None) -> "Point":
        """The search for the intercept begins at some offsets."""
        return cls(coef, prediction, working_set.datafit.fit(prediction[None], offsets))

    @property
    def loss(self) -> float:
        """Loss at the best intercept."""
        return float(self.fits.losses[0])

    @property
    def residual(self) -> Vector:
        """Minus the derivatives of the loss."""
        return self.fits.residuals[0]


class GradientSolver(Solver):
    """FISTA (Beck & Teboulle 2009), restarted by the gradient test of O'Donoghue & Candes (2015, eq. 11).

    Steps have the length 1 / (L d_j) in coordinate j, with d_j the squared norm of its column, so that scales do not
    matter. L doubles until the loss is below the bound that it stands for; at a restart it falls to the steepest that
    was met since the last. It begins at g^2 / (2 f), for a gradient of norm g and a loss f: a longer step would promise
    more than there is. It is kept from one alpha to the next.
    """

    max_gram = 0

    def __init__(self) -> None:
        self._bound = self._steepest = 0.0

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        if len(working_set) == 0:
            return 0
        # Steps that are too long may overflow, and are not taken.
        with np.errstate(over="ignore", invalid="ignore"):
            return self._descend(working_set, penalty, iterate, gap_tol, max_iter)

    def _descend(
        self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        here = before = self._start(working_set, penalty, iterate.coef)
        momentum, n_iter, rests = 1.0, 0, False
        while n_iter < max_iter and not rests:
            n_iter += 1
            grown = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * momentum**2))
            ahead = _extrapolated(working_set, here, before, (momentum - 1.0) / grown)
            found = self._step(working_set, penalty, ahead)
            rests = np.array_equal(found.coef, ahead.coef)
            uphill = np.vdot(working_set.sq_norms * (ahead.coef - found.coef), found.coef - here.coef)
            before, here, momentum = here, found, grown
            if uphill > 0 or rests:
                momentum, self._bound, self._steepest = 1.0, self._steepest or self._bound, 0.0
            if n_iter % BURST == 0 or n_iter == max_iter or rests:
                iterate.coef[:] = here.coef
                seen = look(working_set, iterate.coef[None], here.fits.offsets)
                iterate.correlation[:] = seen.correlations[0]
                misfit = working_set.datafit.misfit_of(seen.fits, 0)
                gap = duality_gap(misfit, iterate.coef, iterate.correlation, penalty) + seen.to_gain[0]
                if gap <= gap_tol:
                    break
        return n_iter

    def _start(self, working_set: WorkingSet, penalty: Penalty, coef: Vector) -> Point:
        """Where the coefficients are, or at zero if that is better."""
        start = _at(working_set, coef.copy())
        if not start.loss + penalty.value(coef) <= working_set.datafit.null_loss:
            start = _at(working_set, np.zeros_like(coef))
        if self._bound == 0:
            correlation, sq_norms = _correlation(working_set, start), working_set.sq_norms
            squares = np.divide(correlation**2, sq_norms, out=np.zeros_like(correlation), where=sq_norms > 0)
            self._bound = float(squares.sum()) / (2 * start.loss) if squares.any() else 1.0
        return start

    def _step(self, working_set: WorkingSet, penalty: Penalty, origin: Point) -> Point:
        """The longest step that the bound on the loss allows, doubling L where it does not hold."""
        datafit, sq_norms = working_set.datafit, working_set.sq_norms
        correlation = _correlation(working_set, origin)
        slack = ROUNDING * datafit.null_loss
        while math.isfinite(self._bound):
            steps = np.divide(1 / self._bound, sq_norms, out=np.zeros_like(sq_norms), where=sq_norms > 0)
            found = _at(working_set, penalty.apply_prox(origin.coef + steps * correlation, steps), origin.fits.offsets)
            move, change = found.coef - origin.coef, found.prediction - origin.prediction
            allowed = self._bound * float(np.vdot(sq_norms * move, move))
            rise = found.loss - origin.loss + float(np.vdot(correlation, move))
            # The same, twice, for a quadratic loss, but told by what keeps its digits when steps are small.
            bend = float(np.vdot(datafit.weights * (origin.residual - found.residual), change))
            noise = SMALLEST_CHANGE * datafit.residual_size * math.sqrt(np.vdot(datafit.weights * change, change))
            if rise <= 0.5 * allowed + slack and bend <= allowed + noise:
                if bend > TELLING * noise:
                    self._steepest = max(self._steepest, self._bound * min(bend / allowed, 1.0))
                return found
            self._bound *= 2.0
        # Nothing is lower in any direction that is seen.
        self._bound = 0.0
        return origin


def _at(working_set: WorkingSet, coef: Vector, offsets: Vector | None = None) -> Point:
    shape = (*coef.shape[:-1], len(working_set.datafit.weights))
    return Point.of(working_set, coef, working_set.columns.predict(as_rows(coef)).reshape(shape), offsets)


def _extrapolated(working_set: WorkingSet, here: Point, before: Point, beta: float) -> Point:
    """Further on the way from one point to the next, if the loss is finite there."""
    if beta == 0:
        return here
    coef = here.coef + beta * (here.coef - before.coef)
    prediction = here.prediction + beta * (here.prediction - before.prediction)
    ahead = Point.of(working_set, coef, prediction, here.fits.offsets)
    return ahead if math.isfinite(ahead.loss) else here


def _correlation(working_set: WorkingSet, point: Point) -> Vector:
    return working_set.correlations((working_set.datafit.weights * point.residual)[None])[0]
