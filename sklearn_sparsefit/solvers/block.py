"""Block coordinate descent and Newton steps, for tasks that share their features."""

import sys
from typing import Any, Protocol, Self

import numpy as np

from sklearn_sparsefit._typing import Mask, Matrix, Positions, Vector
from sklearn_sparsefit.penalty import MultiTaskPenalty
from sklearn_sparsefit.solvers import _block_cd
from sklearn_sparsefit.solvers.base import MAX_WORK, Iterate, Solver
from sklearn_sparsefit.solvers.block_systems import dots, solve_by_columns, solve_by_gram
from sklearn_sparsefit.solvers.extrapolation import Track, extrapolation
from sklearn_sparsefit.subproblem.certificate import duality_gap, quadratic_misfit
from sklearn_sparsefit.subproblem.known import HasGram
from sklearn_sparsefit.subproblem.root_columns import RootColumns
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Largest move of coordinate descent, in units of the prediction, from a solution that is right to rounding; beyond so
# many times that, an iteration that gains nothing is no sign that there is nothing to gain.
TIGHT, NEARLY = 1e-13, 1e4
# So many times that is enough where the gap is this share of the tolerated one.
EASY, SMALL = 100, 1e-4
# Sweeps go on while each makes the largest move smaller by this factor: up to so many, as long as their work allows.
RATE, MAX_SWEEPS = 0.7, 30
# ... and, where an iteration makes the gap smaller by no more than this factor, as many in any case.
STUCK = 0.8
# A start follows from so many solutions, for an alpha that is so many times as far from the last as that is from the
# one before. (With 2, 3, 4 and 5 of them 1000 x 300 with 12 tasks takes 113, 102, 102 and 102 iterations.)
POINTS, STRETCH = 4, 2
# In a Gram matrix, correlations are brought up to date for so many features at a time.
TOGETHER = 8
# Gaps from a Gram matrix are right to this share of the null model's loss.
CANCELLED = 1e-11
# Of a Newton step, the first of these lengths that lowers the objective is taken.
LENGTHS = 0.5 ** np.arange(8)
# Where there are more features in than samples, this share of the tolerated gap is enough.
GAP_SHARE = 0.6


class BlockSolver(Solver):
    """Newton steps on the features that are kept, and sweeps of block coordinate descent, which find these.

    Sweeps alone, where they converge fast. Solves to eleven digits where the gap is far below ``gap_tol`` by then, and
    to rounding where it is not; but for supports of more features than there are samples: these are solved for on their
    columns, to a gap well below ``gap_tol``.
    """

    max_gram = sys.maxsize

    def __init__(self) -> None:
        self._columns = RootColumns()
        # Whether the last sweeps ended for want of progress.
        self._stalled = False
        self._track: Track[None] = Track(POINTS)

    def solve(self, known: HasGram, penalty: MultiTaskPenalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        if len(known) == 0:
            return 0
        coef, terms = iterate.coef, _terms(known, penalty)
        movable = terms[0] > 0
        tight = TIGHT * known.datafit.residual_size
        view = self._view(known, terms, iterate)
        n_iter = 0
        if not view.ends_by_gap:
            n_iter += self._go_ahead(view, penalty, terms, coef)
        last, last_gap, has_stepped, enough = np.inf, np.inf, False, EASY * tight
        while n_iter < max_iter:
            moves = _moves(coef, view.correlation, terms)
            largest = float(moves.max(initial=0.0))
            if not largest > enough:
                if not largest > tight or view.duality_gap(coef, penalty) <= SMALL * gap_tol:
                    break
                enough = tight / 10
            gains = largest < 0.5 * last
            # Near rounding, done when a further Newton step gains nothing.
            if largest < NEARLY * tight and has_stepped and not gains:
                break
            self._stalled = self._stalled or not gains
            gap = view.duality_gap(coef, penalty) if last < np.inf or view.ends_by_gap else np.inf
            # Where a Gram matrix has features too much alike for Newton steps, the largest move says little of what
            # sweeps gain.
            is_stuck = not view.ends_by_gap and gap > STUCK * last_gap and largest > NEARLY * tight
            if gap <= GAP_SHARE * gap_tol and (is_stuck or view.ends_by_gap):
                break
            last, last_gap = largest, gap
            n_iter += 1
            n_left = 1 + max_iter - n_iter
            support = np.flatnonzero(coef.any(axis=0) & movable)
            has_stepped = self._stalled and len(support) > 0
            if has_stepped:
                # Alone: of the features that would have entered before, few still want to after.
                here, some = _at(coef, support), _at(terms, support)
                bounds = _Bounds(*some[3:]) if np.isfinite(some[3:]).any() else _NoBounds()
                goal, is_cut = _newton_step(view.at(support), here, some, bounds)
                coef[:, support] = goal
                view.move(support, goal - here)
                if is_cut:
                    # A sweep would only bring back those that turned.
                    continue
                moves = _moves(coef, view.correlation, terms)
                if not is_stuck:
                    n_left = min(n_left, view.sweeps_after_newton)
            active = np.flatnonzero((coef.any(axis=0) & movable) | (moves > tight))
            rate = np.inf if is_stuck else RATE
            here = _at(coef, active)
            goal, self._stalled = view.at(active).sweep(here, _at(terms, active), n_left, rate, enough)
            coef[:, active] = goal
            view.move(active, goal - here)
        iterate.correlation[:] = view.correlation
        if not view.ends_by_gap:
            self._track.add(penalty.alpha, coef, None)
        return n_iter

    def _go_ahead(self, view: "_View", penalty: MultiTaskPenalty, terms: Matrix, coef: Matrix) -> bool:
        """Start where the polynomial through the last solutions leads, for what had a coefficient in all of them.

        Returns whether that is elsewhere.
        """
        alphas = self._track.alphas
        if not self._track.leads_to([penalty.alpha], coef):
            self._track.clear()
            return False
        if len(alphas) < 2 or alphas[0] - penalty.alpha > STRETCH * (alphas[1] - alphas[0]):
            return False
        shares = extrapolation(alphas, penalty.alpha)
        points, step = self._track.coefs(coef.shape[-1]), np.zeros(coef.shape)
        is_elsewhere = _block_cd.go_ahead(points, shares, terms, coef, step) > 0
        if is_elsewhere:
            moved = np.flatnonzero(step.any(axis=0))
            view.move(moved, _at(step, moved))
        return is_elsewhere

    def _view(self, known: Any, terms: Matrix, iterate: Iterate) -> "_View":
        weights = known.datafit.weights
        if (
            isinstance(known, WorkingSet)
            and len(known) > len(weights)
            and np.count_nonzero(iterate.coef.any(axis=0)) > len(weights)
            and terms[1].min() > 0
        ):
            roots = np.sqrt(weights)
            columns = self._columns.of(known)
            return _ColumnView(columns, roots * known.least_squares.target - iterate.coef @ columns)
        return _GramView(known.gram[: len(known), : len(known)], iterate.correlation, known.datafit.null_loss)


class _View(Protocol):
    """What is known of some features and the residual; steps of their coefficients have shape (n_tasks, n_features)."""

    correlation: Matrix
    # At most; they find the support.
    sweeps_after_newton: int
    # Whether a small gap is enough. Where solutions are right to rounding, polynomials through them lead to the next;
    # on columns a start costs as much as it saves.
    ends_by_gap: bool

    def duality_gap(self, coef: Matrix, penalty: MultiTaskPenalty) -> float:
        """What the duality gap of the problem on these features alone is at most, below the null model's objective."""

    def at(self, features: Positions) -> Self:
        """View of some of the features."""

    def move(self, features: Positions, step: Matrix) -> None:
        """Take a step in some of the features."""

    def bend(self, step: Matrix) -> float:
        """Curvature of the loss along a step, <v, G v>."""

    def sweep(self, coef: Matrix, terms: Matrix, at_most: int, rate: float, enough: float) -> tuple[Matrix, bool]:
        """Where sweeps of coordinate descent lead, and whether they stalled."""

    def solve(self, target: Matrix, ridges: Vector, pulls: Matrix, moves: Mask) -> Matrix | None:
        """Solve the equations of a Newton step, those of :mod:`block_systems`; None if rounding leaves no solution."""


class _GramView:
    """By the Gram matrix and the correlations."""

    sweeps_after_newton = MAX_SWEEPS
    ends_by_gap = False

    def __init__(self, gram: Matrix, correlation: Matrix, null_loss: float):
        self.gram, self.correlation, self._null_loss = gram, correlation, null_loss

    def duality_gap(self, coef: Matrix, penalty: MultiTaskPenalty) -> float:
        # Residuals are no larger than the target, and near the minimum hardly shortened: their size matters little.
        misfit = quadratic_misfit(2 * self._null_loss)
        return duality_gap(misfit, coef, self.correlation, penalty) + CANCELLED * self._null_loss

    def at(self, features: Positions) -> Self:
        if len(features) == len(self.gram) and self.gram.flags.c_contiguous:
            return self
        gram = _at(self.gram.take(features, axis=0), features)
        return type(self)(gram, _at(self.correlation, features), self._null_loss)

    def move(self, features: Positions, step: Matrix) -> None:
        rows = self.gram if len(features) == len(self.gram) else self.gram.take(features, axis=0)
        self.correlation -= step @ rows

    def bend(self, step: Matrix) -> float:
        return float(np.vdot(step @ self.gram, step))

    def sweep(self, coef: Matrix, terms: Matrix, at_most: int, rate: float, enough: float) -> tuple[Matrix, bool]:
        goal, step, room = coef.copy(), np.zeros(coef.shape), np.empty((1 + TOGETHER, len(coef)))
        limits = _n_sweeps(at_most, self.gram.size * len(coef)), rate, enough
        return goal, _block_cd.sweep_gram(self.gram, terms, goal, self.correlation, step, room, *limits)

    def solve(self, target: Matrix, ridges: Vector, pulls: Matrix, moves: Mask) -> Matrix | None:
        return solve_by_gram(self.gram, target, ridges, pulls, moves)


class _ColumnView:
    """By the columns, one per row, and the residuals of all tasks: for more features than samples, none free."""

    sweeps_after_newton = 1
    ends_by_gap = True

    def __init__(self, columns: Matrix, residual: Matrix, correlation: Matrix | None = None):
        self.columns, self.residual = columns, residual
        self.correlation = residual @ columns.T if correlation is None else correlation

    def duality_gap(self, coef: Matrix, penalty: MultiTaskPenalty) -> float:
        misfit = quadratic_misfit(float(np.vdot(self.residual, self.residual)))
        return duality_gap(misfit, coef, self.correlation, penalty)

    def at(self, features: Positions) -> Self:
        return type(self)(self.columns[features], self.residual, _at(self.correlation, features))

    def move(self, features: Positions, step: Matrix) -> None:
        self.residual -= step @ self.columns[features]
        self.correlation = self.residual @ self.columns.T

    def bend(self, step: Matrix) -> float:
        image = step @ self.columns
        return float(np.vdot(image, image))

    def sweep(self, coef: Matrix, terms: Matrix, at_most: int, rate: float, enough: float) -> tuple[Matrix, bool]:
        goal, room = coef.copy(), np.empty((2, len(coef)))
        limits = _n_sweeps(at_most, 2 * self.columns.size * len(coef)), rate, enough
        return goal, _block_cd.sweep_columns(self.columns, terms, goal, self.residual.copy(), room, *limits)

    def solve(self, target: Matrix, ridges: Vector, pulls: Matrix, moves: Mask) -> Matrix | None:
        return solve_by_columns(self.columns, target, ridges, pulls, moves)


class _NoBounds:
    """Coefficients that may be anything."""

    def moves(self, coef: Matrix, gradient: Matrix) -> Mask:
        """Which coefficients their gradient does not hold at a bound."""
        return np.ones(coef.shape, dtype=bool)

    def clip(self, coef: Matrix) -> Matrix:
        """The nearest coefficients within the bounds."""
        return coef

    def distances(self, coef: Matrix, step: Matrix) -> Vector:
        """How many steps it is to every bound that is ahead."""
        return np.empty(0)


class _Bounds(_NoBounds):
    """Lower and upper bounds of the coefficients of every feature."""

    def __init__(self, lower: Vector, upper: Vector):
        self._lower, self._upper = lower, upper

    def moves(self, coef: Matrix, gradient: Matrix) -> Mask:
        return ~((coef >= self._upper) & (gradient > 0) | (coef <= self._lower) & (gradient < 0))

    def clip(self, coef: Matrix) -> Matrix:
        return np.clip(coef, self._lower, self._upper)

    def distances(self, coef: Matrix, step: Matrix) -> Vector:
        rooms = np.where(step > 0, self._upper, self._lower) - coef
        return (rooms[step != 0] / step[step != 0]).ravel()


def _terms(known: HasGram, penalty: MultiTaskPenalty) -> Matrix:
    """Of all features h, the curvature of the loss, l1 and l2, weights in the penalty, and the bounds.

    For those that stay where they are h = 0.
    """
    terms = np.vstack([known.sq_norms, penalty.rows])
    if not penalty.terms.is_uniform:
        stays = (terms[3] == 0) & (terms[4] == 0)
        terms[0, stays], terms[3, stays], terms[4, stays] = 0.0, -np.inf, np.inf
    return terms


def _moves(coef: Matrix, correlation: Matrix, terms: Matrix) -> Vector:
    """How far coordinate descent would move every feature, in units of the prediction."""
    room, moves = np.empty(len(coef)), np.empty(coef.shape[1])
    _block_cd.moves(terms, coef, correlation, room, moves)
    return moves


def _newton_step(view: _View, coef: Matrix, terms: Matrix, bounds: _NoBounds) -> tuple[Matrix, bool]:
    """Where to step from coefficients w_j none of which is zero; nowhere, if that lowers the objective nowhere.

    With norms n_j, directions e_j, and d_j = l1_j / n_j, the Hessian takes v to M v - d_j <e_j, v_j> e_j, M being
    G + diag(d + l2). Features that would turn back go to zero, coefficients that would pass a bound stop there, and
    those that their gradient holds at one stay. Along directions of hardly any curvature, nothing may be lower beyond
    where the first ones turn: whether the step was cut there is returned, too.
    """
    _, l1, l2, *_ = terms
    norms = np.sqrt(dots(coef, coef))
    directions, bends = coef / norms, l1 / norms
    gradient = view.correlation - l1 * directions - l2 * coef
    moves = bounds.moves(coef, gradient)
    newton = view.solve(gradient * moves, bends + l2, np.sqrt(bends) * directions, moves)
    if newton is None:
        return coef, False
    outward = dots(directions, newton)
    turns = np.divide(norms, -outward, out=np.full(len(norms), np.inf), where=outward < 0)
    ends = np.concatenate([turns, bounds.distances(coef, newton)])
    first = np.sort(ends[ends < LENGTHS[-1]])
    # Half of those that turn so soon, a quarter of them, and so on.
    soon = [first[len(first) >> halvings] for halvings in range(1, len(first).bit_length() + 1)]
    for length in (*LENGTHS, *soon):
        goal = np.where(turns > length, bounds.clip(coef + length * newton), 0.0)
        step = goal - coef
        along, squares = dots(directions, step), dots(step, step)
        # |w + v| - |w| - <e, v> = s / (|w + v| + |w| + <e, v>), s the square of what is across.
        ahead, across = np.maximum(norms + along, 0.0), np.maximum(squares - along**2, 0.0)
        sums = ahead + np.sqrt(ahead**2 + across)
        excess = across / np.where(sums > 0, sums, 1.0)
        if np.vdot(gradient, step) - 0.5 * (view.bend(step) + l2 @ squares) - l1 @ excess > 0:
            return goal, length < LENGTHS[-1]
    return coef, False


def _n_sweeps(at_most: int, work: float) -> int:
    """How many sweeps to make at once, of so many multiply-adds each."""
    return int(min(at_most, MAX_SWEEPS, max(MAX_WORK / max(work, 1.0), 1.0)))


def _at(values: Matrix, features: Positions) -> Matrix:
    """Values of some features; other than from ``values[:, features]``, in C order."""
    return values.take(features, axis=1)
