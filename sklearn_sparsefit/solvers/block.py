"""Block coordinate descent and Newton steps, for tasks that share their features."""

import sys

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotrf, dpotri

from sklearn_sparsefit.penalty import MultiTaskPenalty
from sklearn_sparsefit.solvers._block_cd import sweep
from sklearn_sparsefit.solvers.base import Iterate
from sklearn_sparsefit.solvers.working_set import Known, WorkingSet

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Positions = NDArray[np.intp]

# Largest move of coordinate descent, in units of the prediction, from a solution that is right to rounding; beyond so
# many times that, an iteration that gains nothing is no sign that there is nothing to gain.
TIGHT, NEARLY = 1e-13, 1e4
# Of a Newton step, the first of these lengths that lowers the objective is taken.
LENGTHS = 0.5 ** np.arange(8)


class BlockSolver:
    """Sweeps of block coordinate descent find the features that are kept; Newton steps on these converge fast.

    Solves to rounding whatever ``gap_tol`` says: the last digits cost one more step.
    """

    max_gram = sys.maxsize

    def solve(self, known: Known, penalty: MultiTaskPenalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        size = len(known)
        if size == 0:
            return 0
        gram = known.gram
        l1, l2 = penalty.l1 * penalty.terms.l1_weights, penalty.l2 * penalty.terms.l2_weights
        sq_norms = np.where(penalty.terms.upper > 0, known.sq_norms, 0.0)
        coef, correlation = np.ascontiguousarray(iterate.coef.T), np.ascontiguousarray(iterate.correlation.T)
        room = np.empty(coef.shape[1])
        tight = TIGHT * np.sqrt(2 * known.datafit.null_loss)
        last, n_iter = np.inf, 0
        while n_iter < max_iter:
            moves = _moves(coef, correlation, sq_norms, l1, l2)
            largest = float(moves.max(initial=0.0))
            # Near rounding, done when a further iteration gains nothing.
            if not largest > tight or (largest < NEARLY * tight and largest >= 0.5 * last):
                break
            last = largest
            n_iter += 1
            before, known_correlation = coef.copy(), correlation.copy()
            active = np.flatnonzero(coef.any(axis=1) | (moves > tight))
            sweep(gram, sq_norms, active, l1, l2, coef, correlation, room, 1)
            support = active[coef[active].any(axis=1)]
            if len(support):
                coef[support] += _newton_step(known, support, coef, correlation, l1[support], l2[support])
            correlation = known_correlation - gram[:size, :size] @ (coef - before)
        iterate.coef[:], iterate.correlation[:] = coef.T, correlation.T
        return n_iter


def _moves(coef: Matrix, correlation: Matrix, sq_norms: Vector, l1: Vector, l2: Vector) -> Vector:
    """How far coordinate descent would move every feature, in units of the prediction."""
    moving = sq_norms > 0
    h = np.where(moving, sq_norms, 1.0)
    goal = coef + correlation / h[:, None]
    norms = np.sqrt(np.einsum("jt,jt->j", goal, goal))
    factors = np.maximum(1.0 - l1 / (h * np.where(norms > 0, norms, 1.0)), 0.0) / (1.0 + l2 / h)
    change = factors[:, None] * goal - coef
    return np.where(moving, np.sqrt(h * np.einsum("jt,jt->j", change, change)), 0.0)


def _newton_step(known: Known, support: Positions, coef: Matrix, correlation: Matrix, l1: Vector, l2: Vector) -> Matrix:
    """The step to take from coefficients none of whose rows is zero; zero, if none lowers the objective.

    With rows of norms n_j and directions e_j, and d_j = l1_j / n_j, the Hessian takes v to
    M v - d_j <e_j, v_j> e_j, with M = G + diag(d + l2). By Woodbury, its inverse takes that of M and of a matrix of the
    same size, I - (d_i d_j)^(1/2) (M^-1)_ij <e_i, e_j>.
    """
    coef, correlation = coef[support], correlation[support]
    norms = np.sqrt(np.einsum("jt,jt->j", coef, coef))
    directions = coef / norms[:, None]
    roots = np.sqrt(l1 / norms)
    gradient = correlation - l1[:, None] * directions - l2[:, None] * coef
    gram = known.gram[np.ix_(support, support)]
    try:
        inverse = _inverse(known, support, gram, l1 / norms + l2)
        inner = np.multiply(inverse, directions @ directions.T)
        inner *= -roots * roots[:, None]
        inner.flat[:: len(gram) + 1] += 1.0
        step = inverse @ gradient
        along = roots * np.einsum("jt,jt->j", directions, step)
        weights = cho_solve(cho_factor(inner, overwrite_a=True, check_finite=False), along, check_finite=False)
    except np.linalg.LinAlgError:
        return np.zeros_like(coef)
    step += inverse @ ((roots * weights)[:, None] * directions)
    slope, bend = np.vdot(correlation, step), np.vdot(step, gram @ step)

    def gain(length: float) -> float:
        moved = coef + length * step
        sq_norms = np.einsum("jt,jt->j", moved, moved)
        penalties = l1 * (norms - np.sqrt(sq_norms)) + 0.5 * l2 * (norms**2 - sq_norms)
        return length * (slope - 0.5 * length * bend) + float(penalties.sum())

    for length in LENGTHS:
        if gain(length) > 0:
            return length * step
    return np.zeros_like(coef)


def _inverse(known: Known, support: Positions, gram: Matrix, ridges: Vector) -> Matrix:
    """Inverse of G + diag(ridges), by way of the products of rows where there are fewer of them."""
    roots = np.sqrt(known.datafit.weights)
    if isinstance(known, WorkingSet) and len(support) > len(roots) and ridges.min() > 0:
        columns = known.columns.take(support).densify(0, len(support)) - known.means[support, None]
        columns *= roots / ridges[:, None]
        kernel = columns.T @ (ridges[:, None] * columns)
        kernel.flat[:: len(kernel) + 1] += 1.0
        inverse = -columns @ cho_solve(cho_factor(kernel, overwrite_a=True), columns.T)
        inverse.flat[:: len(gram) + 1] += 1.0 / ridges
        return inverse
    shifted = gram.copy()
    shifted.flat[:: len(gram) + 1] += ridges
    factor, info = dpotrf(shifted.T, lower=1, overwrite_a=1)
    if info != 0:
        raise np.linalg.LinAlgError
    inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
    inverse = inverse.T
    lower = np.tril_indices(len(gram), -1)
    inverse[lower] = inverse.T[lower]
    return inverse
