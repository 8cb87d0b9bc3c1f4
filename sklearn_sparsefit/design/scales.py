"""Standard deviations of the features under several weightings of the rows, from one reading of X."""

from collections.abc import Callable

import numpy as np

from sklearn_sparsefit._threads import run_in_threads
from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.design import _dense_pass
from sklearn_sparsefit.design.tiles import Tiled

# Entries of X that are shifted and squared at a time: what fits in a cache. Columns are shared out in so many parts.
TILE, N_PARTS = 2**15, 16
# Rows and columns whose squares are summed at a time, as they lie.
SQUARES = 512
# A variance this small beside the mean square has lost digits that are worth a second look.
CANCELLED = 1e-8
# Squares beyond these may have over- or underflowed.
SMALLEST, LARGEST = 1e-280, 1e280
# A standard deviation this small beside the mean is rounding: the column is constant.
CONSTANT = 32 * np.finfo(np.float64).eps


def dense_mean_squares(X: Tiled, weights: Matrix) -> tuple[Matrix, Matrix]:
    """Means and mean squares of the columns of a dense X less a row of it, under each row of weights."""
    n_samples, n_features = X.shape
    width, height = _tile(X.shape)
    heaviest = int(np.argmax(weights.sum(axis=0)))
    means, mean_squares = np.zeros((2, len(weights), n_features))

    def work(first: int) -> None:
        columns = slice(first, first + width)
        shift = X[heaviest, columns].astype(np.float64)
        for start in range(0, n_samples, height):
            rows = slice(start, start + height)
            tile = X[rows, columns] - shift
            means[:, columns] += weights[:, rows] @ tile
            np.multiply(tile, tile, out=tile)
            mean_squares[:, columns] += weights[:, rows] @ tile

    with np.errstate(over="ignore", invalid="ignore"):
        run_in_threads(work, range(0, n_features, width))
    return means, mean_squares


def dense_sq_norms(X: Tiled, scales: Vector) -> Vector:
    """Sums of squares of the columns of a dense X whose rows are multiplied by scales."""
    n_samples, n_features = X.shape
    result = np.zeros(n_features)

    def work(first: int) -> None:
        buffer = np.empty(SQUARES)
        for start in range(0, n_samples, SQUARES):
            rows = slice(start, start + SQUARES)
            tile = X[rows, first : first + SQUARES]
            _dense_pass.add_sq_norms(tile, scales[rows], result, first, buffer)

    run_in_threads(work, range(0, n_features, SQUARES))
    return result


def _tile(shape: tuple[int, ...]) -> tuple[int, int]:
    """Columns and rows of a tile."""
    n_samples, n_features = shape
    width = max(1, min(512, -(-n_features // N_PARTS)))
    return width, max(1, min(n_samples, TILE // width))


def standard_deviations(
    means: Matrix, mean_squares: Matrix, weights: Matrix, column: Callable[[int], Vector]
) -> Matrix:
    """Standard deviations under each row of weights, 1 where a column is constant.

    From the means and mean squares of the columns about any point, or from the ``column`` itself where these have lost
    digits.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        variances = mean_squares - means**2
        is_lost = (variances <= CANCELLED * mean_squares) & ((means != 0) | (mean_squares != 0))
        is_lost |= (mean_squares < SMALLEST) & (means != 0) | ~(mean_squares < LARGEST)
        scales = np.sqrt(np.where(is_lost, 0.0, variances))
    for feature in np.flatnonzero(is_lost.any(axis=0)):
        values = column(int(feature))
        unit = max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
        values = values / unit
        for row in np.flatnonzero(is_lost[:, feature]):
            mean = weights[row] @ values
            scale = np.sqrt(weights[row] @ (values - mean) ** 2)
            scales[row, feature] = unit * scale if scale > CONSTANT * abs(mean) else 0.0
    scales[scales == 0] = 1.0
    return scales
