"""Products with a dense X in tiles that threads share: any order, any strides, float32 or float64."""

from itertools import product
from typing import Any, Protocol

import numpy as np

from sklearn_sparsefit._threads import run_in_threads
from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.design import _dense_pass

# A product of fewer multiply-adds is one call of BLAS: not worth a second thread.
SMALL_PRODUCT = 2**20
# Entries of X that a thread takes at a time: large enough to run at full speed, small enough to share out evenly and
# to hear Ctrl-C at once; and the least number of rows among them, as each tile has a sum of its own over its rows.
TILE, TILE_ROWS = 2**19, 512
# Rows of tiles whose sums are kept at once, as long as these take up little memory beside X.
MAX_SUMS = 16
# Entries of X copied at a time where BLAS cannot take them as they lie (float32, odd strides): what fits in a cache.
BUFFER = 2**16
# Numbers in what is made of X, such as dense copies of columns, at a time: 16 MB.
CHUNK = 2**21


class Tiled(Protocol):
    """A matrix that gives dense tiles when it is sliced."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""

    def __getitem__(self, key: Any, /) -> Any: ...


def multiply(
    left: Matrix,
    X: Tiled,
    scale: float = 1.0,
    row_shift: Vector | None = None,
    column_shift: Vector | None = None,
) -> Matrix:
    """``left @ Z`` for Z = scale * X less shifts of its rows and columns.

    Cut into tiles by the shape of X alone, their sums added in order: the number of threads changes nothing.
    """
    n_rows, n_columns = X.shape
    if 0 in (len(left), n_rows, n_columns):
        return np.zeros((len(left), n_columns))
    as_it_lies = row_shift is None and column_shift is None and scale == 1.0 and _is_blas_ready(X)
    if as_it_lies and len(left) * n_rows * n_columns < SMALL_PRODUCT:
        return left @ np.asarray(X)
    left = np.ascontiguousarray(left)
    height = min(n_rows, max(TILE_ROWS, TILE // n_columns))
    width = min(n_columns, max(1, TILE // height))
    n_sums = max(1, min(MAX_SUMS, -(-n_rows // height), n_rows // (8 * len(left))))
    sums = np.empty((n_sums, len(left), n_columns))

    def work(tile: tuple[int, int]) -> None:
        row, column = tile
        rows, columns = slice(row, row + height), slice(column, column + width)
        out = sums[row // height % n_sums]
        if as_it_lies:
            _dense_pass.multiply(left, X[rows, columns], out, row, column)
        else:
            row_part = None if row_shift is None else row_shift[rows]
            column_part = None if column_shift is None else column_shift[columns]
            _dense_pass.multiply_shifted(
                left, X[rows, columns], out, row, column, scale, row_part, column_part, np.empty(BUFFER)
            )

    result: Matrix | None = None
    for start in range(0, n_rows, n_sums * height):
        rows = range(start, min(start + n_sums * height, n_rows), height)
        run_in_threads(work, product(rows, range(0, n_columns, width)))
        for number in range(len(rows)):
            if result is None:
                result = sums[0] if height == n_rows else sums[0].copy()
            else:
                result += sums[number]
    assert result is not None
    return result


def _is_blas_ready(X: Any) -> bool:
    """Whether BLAS takes X as it lies: double, one unit stride, the other no shorter than a line."""
    if X.dtype != np.float64:
        return False
    rows, columns = (stride // X.itemsize for stride in X.strides)
    return (columns == 1 and rows >= X.shape[1]) or (rows == 1 and columns >= X.shape[0])
