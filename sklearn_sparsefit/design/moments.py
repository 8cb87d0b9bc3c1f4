"""Weighted moments of a design and a target, from one reading of X."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._threads import run_in_threads
from sklearn_sparsefit.design import _dense_pass
from sklearn_sparsefit.design.tiles import Tiled

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Entries of X in one tile of rows (what fits in a cache), and the bounds on its number of rows: enough for BLAS, few
# enough that sums of sums round less.
TILE, MIN_ROWS, MAX_ROWS = 2**16, 256, 1024
# Segments of rows with moments of their own, as long as these take up little memory beside X.
MAX_SEGMENTS, MEMORY_SHARE = 16, 4
# Heaviest rows, whose means the columns are shifted by before they are summed.
SHIFT_ROWS = 128
# Multiply-adds for which a segment's thread is not interrupted.
ROUND = 2**27


@dataclass(frozen=True)
class Moments:
    """``gram`` = (Z - means)' diag(s) (Z - means) and ``correlation`` = (Z - means)' (s * t), for Z = scale * X.

    The means are those under the weights s, or zero. ``n_terms`` is the largest number of terms that were added up one
    after the other, on which rounding depends.
    """

    means: Vector
    gram: Matrix
    correlation: Vector
    n_terms: int


class _Sums:
    """Moments of some rows, about their own means."""

    def __init__(self, n_features: int):
        self.totals = np.zeros(2)
        self.means = np.zeros(n_features)
        self.correlation = np.zeros(n_features)
        self.gram = np.zeros((n_features, n_features), order="F")

    def merge(self, other: "_Sums") -> None:
        """Take in the moments of other rows, as ``_dense_pass.add_moments`` does with a tile."""
        weight, target_sum = self.totals
        other_weight, other_target_sum = other.totals
        if other_weight == 0:
            return
        share = other_weight / (weight + other_weight)
        step = other.means - self.means
        self.gram += other.gram
        self.gram += np.outer((share * weight) * step, step)
        self.correlation += other.correlation + ((1 - share) * other_target_sum - share * target_sum) * step
        self.means += share * step
        self.totals += other.totals


def measure(X: Tiled, weights: Vector, target: Vector, centre: bool, scale: float) -> Moments:
    """Moments of scale * X and of a target under weights that sum to one; X is read once, in tiles of rows.

    About the weighted means if ``centre``; the target must be centred then. How rows are summed depends on the shape
    alone, and so not on the number of threads.
    """
    shift = np.zeros(X.shape[1])
    if centre:
        n_some = min(SHIFT_ROWS, len(weights))
        some = np.sort(np.argpartition(weights, -n_some)[-n_some:])
        some = some[weights[some] > 0]
        shift = weights[some] @ (scale * X[some].astype(np.float64)) / weights[some].sum()
    n_samples, n_features = X.shape
    height = min(MAX_ROWS, max(MIN_ROWS, TILE // n_features))
    n_segments = max(1, min(MAX_SEGMENTS, int(n_samples / (MEMORY_SHARE * n_features)), n_samples // height))
    # A power of two: so many are shared out evenly.
    n_segments = 1 << (n_segments.bit_length() - 1)
    length = -(-n_samples // n_segments)
    round_length = height * max(1, ROUND // (height * n_features**2))
    segments = [_Sums(n_features) for _ in range(n_segments)]

    for begin in range(0, length, round_length):

        def work(number: int, begin: int = begin) -> None:
            sums = segments[number]
            vectors, buffer = np.empty((3, max(height, n_features))), np.empty(height * n_features)
            first, last = number * length + begin, min((number + 1) * length, n_samples)
            for row in range(first, min(first + round_length, last), height):
                rows = slice(row, min(row + height, last))
                _dense_pass.add_moments(
                    X[rows], weights[rows], target[rows], scale, shift, centre,
                    sums.totals, sums.means, sums.correlation, sums.gram, vectors, buffer,
                )  # fmt: skip

        run_in_threads(work, range(n_segments))

    total = segments[0]
    for sums in segments[1:]:
        total.merge(sums)
    # From here on the Gram is read by rows: its transpose is, and the half that dsyrk left out is a mirror image.
    gram = total.gram.T
    for j in range(1, n_features):
        gram[j, :j] = gram[:j, j]
    return Moments(total.means + shift, gram, total.correlation, height + length // height + n_segments + 8)
