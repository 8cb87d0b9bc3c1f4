"""The equations of Newton steps of several tasks, some of whose coefficients may be held where they are.

They are (M - U U') v = target, where M = G + diag(ridges), G the Gram matrix of some features, and u_j are their
``pulls``: U'v = (<u_j, v_j>)_j. Of every task they are about what it ``moves``, a mask of the shape of the target,
which is zero elsewhere, as v is. By Woodbury, v = M^-1 (target + U x) with (I - U' M^-1 U) x = U' M^-1 target.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, get_blas_funcs, get_lapack_funcs
from scipy.linalg.blas import dsymm, dsyrk, dtrsm
from scipy.linalg.lapack import dposv, dpotrf, dpotri

from sklearn_sparsefit._typing import Mask, Matrix, Vector

# Tasks that hold no more than this share of the features follow from one inverse of all, others have their own.
FEW_HELD = 0.25
# Conjugate gradients make a residual so much smaller, in so many steps at most.
FORCING, MAX_STEPS = 1e-2, 100
# From columns, in single precision up to this condition number.
MAX_SINGLE = 1e6


def solve_by_gram(gram: Matrix, target: Matrix, ridges: Vector, pulls: Matrix, moves: Mask) -> Matrix:
    """By factors; roughly, where features are too much alike for these.

    (U' M^-1 U)_ij is u_ti (M_t^-1)_ij u_tj, summed over the tasks t.
    """
    try:
        return _solve_by_factors(gram, target, ridges, moves * pulls, moves)
    except LinAlgError:
        return _solve_roughly(gram, target, ridges, moves * pulls, moves)


def solve_by_columns(columns: Matrix, target: Matrix, ridges: Vector, pulls: Matrix, moves: Mask) -> Matrix | None:
    """By conjugate gradients for x, for fewer samples than features, G being X X'. None if rounding leaves no v.

    With Z = diag(ridges)^(-1/2) X, L L' = I + Z'Z and F = Z L^-T, M^-1 is I - F F' in units of ridges^(1/2), and
    in these I - U' M^-1 U = I - U'U + U' F F' U, where U'U is diagonal. Its diagonal, 1 - |u_j|^2 (1 - |f_j|^2),
    is a good preconditioner: columns that are close to each other before L^-1 are far apart after. Where a task holds
    the features H, F (I - F_H' F_H)^-1 F' of the others takes the place of F F'.
    """
    roots = np.sqrt(ridges)
    sq_norms = np.einsum("ji,ji->j", columns, columns)
    precision: Any = np.float32 if (sq_norms / ridges).sum() < MAX_SINGLE else np.float64
    potrf, trtri = get_lapack_funcs(("potrf", "trtri"), dtype=precision)
    trmm = get_blas_funcs("trmm", dtype=precision)
    scaled = np.multiply(columns, 1 / roots[:, None], dtype=precision, casting="same_kind")
    pulls = (moves * pulls / roots).astype(precision)
    factor, info = potrf(_plus_identity(scaled.T @ scaled).T, lower=1, overwrite_a=1)
    if info != 0:
        return None
    inverse, _ = trtri(factor, lower=1, overwrite_c=1)
    whitened = trmm(1.0, inverse, scaled.T, lower=1, overwrite_b=1)
    try:
        without = [(t, _inverse_without(whitened[:, ~moves[t]].T)) for t in np.flatnonzero(~moves.all(axis=1))]
    except LinAlgError:
        return None
    squares = dots(pulls, pulls)
    own = np.maximum(1.0 - squares, 0.0)

    def seen(v: Matrix) -> Matrix:
        images = v @ whitened.T
        for task, inverse in without:
            images[task] = inverse(images[task])
        return images @ whitened

    def inner(x: Vector) -> Vector:
        return own * x + dots(pulls, seen(x * pulls))

    scaled_target = (target / roots).astype(precision)
    solution = scaled_target - moves * seen(scaled_target)
    weights = _conjugate_gradients(inner, own + squares * dots(whitened, whitened), dots(pulls, solution))
    pulled = weights * pulls
    return (solution + pulled - moves * seen(pulled)) / roots


def _inverse_without(held: Matrix) -> Callable[[Vector], Vector]:
    """Product with the inverse of I - H'H, by the smaller side: it is I + H' (I - H H')^-1 H."""
    potrf, trtri, trtrs = get_lapack_funcs(("potrf", "trtri", "trtrs"), dtype=held.dtype)
    is_wide = len(held) < held.shape[1]
    inner = held @ held.T if is_wide else held.T @ held
    factor, info = potrf(_plus_identity(-inner).T, lower=1, overwrite_a=1)
    if info != 0:
        raise LinAlgError
    if is_wide:
        root, _ = trtrs(factor, held, lower=1)
        return lambda v: v + (root @ v) @ root
    root, _ = trtri(factor, lower=1, overwrite_c=1)
    return lambda v: (root @ v) @ root


def _solve_by_factors(gram: Matrix, target: Matrix, ridges: Vector, pulls: Matrix, moves: Mask) -> Matrix:
    solution, inner = np.zeros(target.shape), np.eye(len(ridges))
    inverses = []
    for features, entries, pairs in _shares(moves):
        shifted = np.array(gram[pairs], order="C")
        shifted.flat[:: len(shifted) + 1] += ridges[features]
        inverse = _Inverse(shifted, moves[entries])
        inverses.append((entries, inverse))
        solution[entries] = inverse.times(target[entries])
        inner[pairs] -= inverse.between(pulls[entries])
    _, weights, info = dposv(inner, dots(pulls, solution), lower=1, overwrite_a=1)
    if info != 0:
        raise LinAlgError
    pulled = weights * pulls
    for entries, inverse in inverses:
        solution[entries] += inverse.times(pulled[entries])
    return solution


def _shares(moves: Mask) -> Iterator[tuple[Any, Any, Any]]:
    """The features of every inverse, where the tasks that share it have these, and where it is among all features."""
    n_held = np.count_nonzero(~moves, axis=1)
    hold_few = n_held <= FEW_HELD * moves.shape[1]
    if hold_few.any():
        yield ..., np.flatnonzero(hold_few), ...
    for task in np.flatnonzero(~hold_few & (n_held < moves.shape[1])):
        features = np.flatnonzero(moves[task])
        yield features, np.ix_([task], features), np.ix_(features, features)


class _Inverse:
    """Inverses M_t^-1 for the features that tasks move, from V = M^-1 for all of them.

    Where task t holds the features H, M_t^-1 = V - W_t W_t' with W_t W_t' = V_.H (V_HH)^-1 V_H. .
    """

    def __init__(self, matrix: Matrix, moves: Mask):
        self._moves = moves
        # Of symmetric matrices, the lower halves.
        self._whole, _ = dpotri(_factor(matrix), lower=1, overwrite_c=1)
        self._less = [(task, self._lost(~moves[task])) for task in np.flatnonzero(~moves.all(axis=1))]

    def _lost(self, held: Mask) -> Matrix:
        rows, columns = np.arange(len(held)), held.nonzero()[0][:, None]
        across = self._whole[np.maximum(rows, columns), np.minimum(rows, columns)]
        return dtrsm(1.0, _factor(across[:, held]), across, lower=1)

    def times(self, values: Matrix) -> Matrix:
        """M_t^-1 v_t for every task."""
        product = dsymm(1.0, self._whole, values.T, lower=1).T
        for task, lost in self._less:
            product[task] -= (lost @ values[task]) @ lost
        return product * self._moves

    def between(self, pulls: Matrix) -> Matrix:
        """U' M^-1 U, summed over the tasks."""
        total = dsyrk(1.0, pulls, trans=1, lower=1) * self._whole
        if self._less:
            total -= dsyrk(1.0, np.vstack([pulls[task] * lost for task, lost in self._less]), trans=1, lower=1)
        return total


def _factor(matrix: Matrix) -> Matrix:
    """The Cholesky factor of a symmetric matrix, which it may overwrite."""
    factor, info = dpotrf(matrix.T, lower=1, overwrite_a=1)
    if info != 0:
        raise LinAlgError
    return factor


def _solve_roughly(gram: Matrix, target: Matrix, ridges: Vector, pulls: Matrix, moves: Mask) -> Matrix:
    """By conjugate gradients."""

    def product(v: Matrix) -> Matrix:
        return moves * (v @ gram + ridges * v - dots(pulls, v) * pulls)

    # Rounding may leave nothing of the Gram where ridges and pulls cancel.
    own = gram.diagonal()
    return _conjugate_gradients(product, np.maximum(own + ridges - pulls**2, own), target)


def _conjugate_gradients(product: Callable[[Any], Any], diagonal: NDArray, target: NDArray) -> NDArray:
    """Roughly solve a positive definite system, given its product with a vector and its diagonal."""
    solution, residual = np.zeros(target.shape), target.copy()
    scales = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
    direction = scaled = residual * scales
    size = first = np.vdot(residual, scaled)
    for _ in range(MAX_STEPS):
        if not size > FORCING**2 * first:
            break
        image = product(direction)
        curvature = np.vdot(direction, image)
        if not curvature > 0:
            break
        solution += size / curvature * direction
        residual -= size / curvature * image
        scaled = residual * scales
        size, before = np.vdot(residual, scaled), size
        direction = scaled + size / before * direction
    return solution


def _plus_identity(matrix: Matrix) -> Matrix:
    """The matrix, in place."""
    matrix.flat[:: len(matrix) + 1] += 1.0
    return matrix


def dots(rows: Matrix, others: Matrix) -> Vector:
    """Inner products over the tasks, for every feature."""
    return np.einsum("tj,tj->j", rows, others)
