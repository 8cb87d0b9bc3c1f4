"""Weighted moments of a design and a target, from one reading of X."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._threads import run_in_threads
from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.design import _dense_pass
from sklearn_sparsefit.design.tiles import Tiled

Rows: TypeAlias = slice | NDArray[np.intp]

# Entries of X in one tile of rows (what fits in a cache), and the bounds on its number of rows: enough for BLAS, few
# enough that sums of sums round less.
TILE, MIN_ROWS, MAX_ROWS = 2**16, 256, 1024
# Parts of the rows with moments of their own, as long as these take up little memory beside X.
MAX_PARTS, MEMORY_SHARE = 16, 4
# Heaviest rows of a part, whose means the columns are shifted by before they are summed.
SHIFT_ROWS = 128
# Multiply-adds for which the thread at a part is not interrupted.
ROUND = 2**27


@dataclass(frozen=True)
class Moments:
    """``gram`` = (Z - means)' diag(s) (Z - means) and ``correlation`` = (Z - means)' (s * t), for Z = scale * X.

    The means are those under the weights s, or zero; ``sq_norms`` is the diagonal of ``gram``. ``n_terms`` is the
    largest number of terms that were added up one after the other, on which rounding depends.
    """

    means: Vector
    gram: Matrix
    sq_norms: Vector
    correlation: Vector
    n_terms: int


class PartialMoments:
    """Moments of classes of rows, each about its own means, from one reading of X.

    Those of every weighting that on each class is some multiple of ``weights`` follow from them, by sums in which
    nothing cancels (Chan, Golub & LeVeque 1983). About the weighted means if ``centre``; the target must be centred
    then. How rows are summed depends on the shape alone, and so not on the number of threads.
    """

    def __init__(self, X: Tiled, weights: Vector, target: Vector, centre: bool, scale: float, classes: list[Rows]):
        n_samples, n_features = X.shape
        height = min(MAX_ROWS, max(MIN_ROWS, TILE // n_features))
        # A power of two: so many parts are shared out evenly.
        n_cuts = max(1, min(MAX_PARTS, int(n_samples / (MEMORY_SHARE * n_features)), n_samples // height))
        length = -(-n_samples // (1 << (n_cuts.bit_length() - 1)))
        pieces = [_cut(rows, length) for rows in classes]
        parts = [part for piece in pieces for part in piece]
        n_parts, lengths = len(parts), [_length(part) for part in parts]
        self._class_of_part = np.repeat(np.arange(len(classes)), [len(piece) for piece in pieces])
        self._centre = centre
        self._totals = np.zeros((n_parts, 2))
        # Means are kept in two parts: their sums would lose the digits of what is left after the shift.
        self._shifts = np.zeros((n_parts, n_features))
        self._means = np.zeros((n_parts, n_features))
        self._correlations = np.zeros((n_parts, n_features))
        # Of each the upper triangle.
        self._grams = np.zeros((n_parts, n_features, n_features))
        n_rounded = height * max(1, ROUND // (height * n_features**2))
        for begin in range(0, max(lengths), n_rounded):

            def work(number: int, begin: int = begin) -> None:
                rows, length = parts[number], lengths[number]
                if begin == 0 and centre:
                    self._shifts[number] = _rough_mean(X, weights, scale, rows)
                vectors, buffer = np.empty((3, max(height, n_features))), np.empty(height * n_features)
                for first in range(begin, min(begin + n_rounded, length), height):
                    some = _slice(rows, first, min(first + height, length))
                    _dense_pass.add_moments(
                        X[some], weights[some], target[some], scale, self._shifts[number], centre,
                        self._totals[number], self._means[number], self._correlations[number], self._grams[number].T,
                        vectors, buffer,
                    )  # fmt: skip

            run_in_threads(work, [number for number in range(n_parts) if begin < lengths[number]])
        self._n_terms = height + max(lengths) // height + n_parts + 8

    @property
    def weights(self) -> Vector:
        """Total weight of every class."""
        return np.bincount(self._class_of_part, self._totals[:, 0]).astype(np.float64, copy=False)

    def combine(self, multiples: Vector) -> Moments:
        """Moments under the weights times some multiple for each class; these must sum to one."""
        multiples = multiples[self._class_of_part]
        weights = multiples * self._totals[:, 0]
        heaviest = self._shifts[np.argmax(weights)]
        means = (self._shifts - heaviest) + self._means
        centre = weights @ means / weights.sum() if self._centre else 0.0
        offsets = means - centre
        correlation = multiples @ self._correlations + (multiples * self._totals[:, 1]) @ offsets
        gram = np.tensordot(multiples, self._grams, 1)
        if self._centre and len(multiples) > 1:
            gram += offsets.T @ (weights[:, None] * offsets)
        for j in range(1, len(gram)):
            gram[j, :j] = gram[:j, j]
        return Moments(heaviest + centre, gram, gram.diagonal().copy(), correlation, self._n_terms)


def measure(X: Tiled, weights: Vector, target: Vector, centre: bool, scale: float) -> Moments:
    """Moments of scale * X and of a target under weights that sum to one, from one reading of X."""
    return PartialMoments(X, weights, target, centre, scale, [slice(0, X.shape[0])]).combine(np.ones(1))


def _cut(rows: Rows, length: int) -> list[Rows]:
    """Pieces of at most that length."""
    total = _length(rows)
    return [_slice(rows, first, min(first + length, total)) for first in range(0, total, length)]


def _length(rows: Rows) -> int:
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)


def _slice(rows: Rows, first: int, last: int) -> Rows:
    return slice(rows.start + first, rows.start + last) if isinstance(rows, slice) else rows[first:last]


def _rough_mean(X: Tiled, weights: Vector, scale: float, rows: Rows) -> Vector | float:
    """Mean of the heaviest of some rows."""
    weights = weights[rows]
    n_some = min(SHIFT_ROWS, len(weights))
    some = np.sort(np.argpartition(weights, -n_some)[-n_some:])
    some = some[weights[some] > 0]
    if len(some) == 0:
        return 0.0
    numbers = some + rows.start if isinstance(rows, slice) else rows[some]
    return weights[some] @ (scale * X[numbers].astype(np.float64)) / weights[some].sum()
