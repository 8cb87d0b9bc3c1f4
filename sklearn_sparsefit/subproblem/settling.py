"""How features that are free of the penalty are settled: fitted exactly, by Newton steps from true residuals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix, Vector
from sklearn_sparsefit.datafit import Datafit, Fits, Quadratic
from sklearn_sparsefit.design import CONSTANT
from sklearn_sparsefit.subproblem.free_features import FreeFeatures
from sklearn_sparsefit.subproblem.known import Known
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Correlations this small, beside the norms of column and target, are rounding. More than the second share that is left
# is none.
SETTLED, UNSETTLED = 16 * np.finfo(np.float64).eps, 1e-9
# Where steps leave more than this share of what was left, that is rounding.
SLOWEST = 0.8
# Free features that are nearly combinations of others take a few solutions, each for what the last has left. Losses
# that are not quadratic take as many steps as Newton's method does from far away, or down an exponential.
REFINEMENTS, NEWTON_STEPS = 5, 100
# A loss that is so much flatter than at zero has no minimum.
FLATTER = 1e-8


@dataclass(frozen=True)
class Look:
    """What rows of coefficients, whose free features are settled, come to, and their correlations.

    Those of free features count as zero, which they are but for what these would still take off the losses
    (``to_gain``): it adds to the duality gap.
    """

    fits: Fits
    correlations: Block
    to_gain: Vector


def look(working_set: WorkingSet, coefs: Block, offsets: Matrix | None = None) -> Look:
    """Look at rows of coefficients, and settle their free features in place."""
    settling = Settling(working_set, coefs)
    while True:
        fits = working_set.fit(coefs, offsets)
        correlations = working_set.correlations(working_set.datafit.weights * fits.residuals)
        if settling.ends_at(fits, correlations):
            return Look(fits, correlations, settling.to_gain)
        offsets = fits.offsets


class Settling:
    """Steps of the free features of rows of coefficients, in place, from one look at these to the next.

    When it has ended, ``to_gain`` is what free features may still take off each loss, near enough.
    """

    def __init__(self, known: Known, coefs: Block):
        self.to_gain = np.zeros(len(coefs))
        self._coefs, self._residual_size = coefs, known.datafit.residual_size
        self._left = np.full(len(coefs), np.inf)
        self._n_steps = 0
        self._steps: _LeastSquares | _Newton | None = None
        if known.free is not None:
            if isinstance(known, WorkingSet) and not isinstance(known.datafit, Quadratic):
                self._steps = _Newton(known, known.free, len(coefs))
            else:
                self._steps = _LeastSquares(known.free)

    def ends_at(self, fits: Fits, correlations: Block) -> bool:
        """Whether the coefficients, which come to these, are settled, or else have moved on.

        What is settled is taken, in place, for what it is but for rounding: zero. What is far from settled is not, and
        no certificate is given.
        """
        if self._steps is None:
            return True
        if not np.isfinite(fits.losses).all():
            # No steps lead back from where the loss overflows, and no certificate is given.
            self.to_gain[:] = np.inf
            return True
        free, coefs, size = self._steps.free, self._coefs, self._residual_size
        left_before, self._left = self._left, _unsettled(free, coefs, correlations)
        goals = self._steps.goals(coefs, fits, correlations)
        # A step s to the minimum of a quadratic, along correlations c, gains c's / 2; on for ever down an exponential,
        # c's. Twice that is for what is neither; and steps that are no good go up, too.
        gains = (goals - coefs[..., free.positions]) * correlations[..., free.positions]
        to_gain = 2.0 * np.abs(gains.reshape(len(coefs), -1).sum(axis=1))
        # Large and opposed coefficients leave more rounding, of which a step only makes other rounding.
        is_small, is_stuck = self._left <= UNSETTLED * size, self._left > SLOWEST * left_before
        is_settled = (self._left <= SETTLED * size) & self._steps.are_enough(to_gain, fits)
        is_rounding = is_settled | is_small & is_stuck
        if not is_rounding.all() and self._n_steps < self._steps.at_most and self._steps.go(coefs, goals, fits):
            self._n_steps += 1
            return False
        self.to_gain = to_gain
        for row in np.flatnonzero(is_small):
            _hold(free, coefs[row], correlations[row])
        return True


def settle_by_gram(free: FreeFeatures, coefs: Block, correlations: Block, gram: Matrix) -> None:
    """Settle free features of least squares, in place, by the Gram of all features that are known: a single step."""
    before, goals = coefs[..., free.positions], _minima(free, coefs, correlations)
    coefs[..., free.positions] = goals
    correlations -= (goals - before) @ gram[free.positions]
    _hold(free, coefs, correlations)


def loss_rounding(datafit: Datafit, free: FreeFeatures, coef: Vector) -> float:
    """What rounding of the raw predictions of free features, large and opposed ones too, may make of the loss."""
    slope = float(np.sqrt((datafit.null_residual**2 @ datafit.weights).sum()))
    return CONSTANT * slope * free.size_of_predictions(coef)


def has_no_minimum(working_set: WorkingSet, coef: Vector, seen: Look) -> bool:
    """Whether the loss falls for ever in free features that are settled, as where they tell classes apart.

    It is flat then where they are, beside what it is at zero.
    """
    datafit, free = working_set.datafit, working_set.free
    if free is None or free.is_delicate or not datafit.has_models:
        return False
    inside = ~free.are_held(coef[..., free.positions], seen.correlations[0][..., free.positions])
    if datafit.is_relative:
        # Whatever the last task's are, those of the others are beside them, where no bound holds any.
        inside[-1] &= ~inside.all(axis=0)
    null = working_set.modelled.curvatures(datafit.fit(np.zeros((1, *seen.fits.raw[0].shape))).raw[0])
    hessian = _hessian(working_set.restricted_to(free.positions), seen.fits, 0)
    return free.flattest_ratio(hessian, inside) <= FLATTER * float(null.sum())


class _LeastSquares:
    """Steps to the minimum of least squares."""

    at_most = REFINEMENTS

    def __init__(self, free: FreeFeatures):
        self.free = free

    def goals(self, coefs: Block, fits: Fits, correlations: Block) -> Block:
        """Where steps in the free features of rows of coefficients lead."""
        return _minima(self.free, coefs, correlations)

    def are_enough(self, to_gain: Vector, fits: Fits) -> NDArray[np.bool_]:
        """Whether next to nothing is left to gain where correlations are rounding already.

        Features that are nearly combinations of others, and fit all, may gain much beside what is left.
        """
        return to_gain <= SETTLED * fits.losses

    def go(self, coefs: Block, goals: Block, fits: Fits) -> bool:
        """Go to the goals of free features, in place; return whether that is anywhere else."""
        before = coefs[..., self.free.positions]
        coefs[..., self.free.positions] = goals
        return not np.array_equal(before, goals)


class _Newton:
    """Newton steps, by the curvatures of the loss or, for a loss without, by what its gradients have told."""

    at_most = NEWTON_STEPS

    def __init__(self, working_set: WorkingSet, free: FreeFeatures, n_rows: int):
        self._working_set, self.free = working_set, free
        self._hessian_at = self._by_curvatures() if working_set.datafit.has_models else self._by_secants(n_rows)

    def goals(self, coefs: Block, fits: Fits, correlations: Block) -> Block:
        """See :class:`_LeastSquares`."""
        positions = self.free.positions
        goals = coefs[..., positions]
        for row, coef in enumerate(coefs):
            here, inside = coef[..., positions].ravel(), correlations[row][..., positions].ravel()
            hessian = self._hessian_at(row, here, fits, inside)
            if self._working_set.datafit.is_relative and not self.free.is_bounded:
                # Whatever the last task's are, those of the others are beside them.
                hessian = hessian[: -len(positions), : -len(positions)]
            free, goal = self.free.under(hessian), here.copy()
            goal[free.positions] = free.settled(here[None, free.positions], inside[None, free.positions])[0]
            goals[row] = goal.reshape(goals[row].shape)
        return goals

    def are_enough(self, to_gain: Vector, fits: Fits) -> NDArray[np.bool_]:
        """See :class:`_LeastSquares`; down an exponential, all of the loss is left to gain for ever."""
        return np.ones(len(to_gain), dtype=bool)

    def go(self, coefs: Block, goals: Block, fits: Fits) -> bool:
        """See :class:`_LeastSquares`; as far as it lowers the loss."""
        free = self.free
        before = coefs[..., free.positions]
        for row, (coef, here, goal) in enumerate(zip(coefs, before, goals, strict=True)):
            rounding = loss_rounding(self._working_set.datafit, free, goal)
            for length in 0.5 ** np.arange(30):
                coef[..., free.positions] = here + length * (goal - here)
                loss = self._working_set.fit(coef[None], fits.offsets[row : row + 1]).losses[0]
                if loss <= (1 + CONSTANT) * fits.losses[row] + rounding:
                    break
            else:
                coef[..., free.positions] = here
        return not np.array_equal(before, coefs[..., free.positions])

    def _by_curvatures(self) -> Callable[[int, Vector, Fits, Vector], Matrix]:
        free_alone = self._working_set.restricted_to(self.free.positions)
        return lambda row, coef, fits, correlation: _hessian(free_alone, fits, row)

    def _by_secants(self, n_rows: int) -> Callable[[int, Vector, Fits, Vector], Matrix]:
        """One row of coefficients at a time."""
        secants = [self.free.secants.from_elsewhere() for _ in range(n_rows)]
        self.free.secants = secants[-1]
        return lambda row, coef, fits, correlation: secants[row].hessian(coef, -correlation, float(fits.losses[row]))


def _hessian(free_alone: WorkingSet, fits: Fits, row: int) -> Matrix:
    """Second derivatives of the loss in the free features about one of the fits, by its curvatures."""
    curvatures = free_alone.modelled.curvatures(fits.raw[row])
    model = free_alone.modelled.model(fits, row, curvatures)
    return float(curvatures.sum()) * free_alone.seen_through(model).full_gram()


def _minima(free: FreeFeatures, coefs: Block, correlations: Block) -> Block:
    """Where the correlations of free features vanish, of least squares."""
    return free.settled(coefs[..., free.positions], correlations[..., free.positions])


def _unsettled(free: FreeFeatures, coefs: Block, correlations: Block) -> Vector:
    """The largest of what is to be taken for zero in each row, beside the norm of its column."""
    left = correlations[..., free.positions] / free.norms
    left *= ~free.are_held(coefs[..., free.positions], left)
    return np.abs(left).reshape(len(coefs), -1).max(axis=1, initial=0.0)


def _hold(free: FreeFeatures, coefs: Block, correlations: Block) -> None:
    correlations[..., free.positions] *= free.are_held(coefs[..., free.positions], correlations[..., free.positions])
    correlations[..., free.dependent] = 0.0
