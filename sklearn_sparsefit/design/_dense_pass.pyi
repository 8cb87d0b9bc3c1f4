import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix, Vector

def multiply(left: Matrix, X: Matrix, out: Matrix, row: int, column: int) -> None: ...
def multiply_shifted(
    left: Matrix,
    X: NDArray[np.floating],
    out: Matrix,
    row: int,
    column: int,
    scale: float,
    row_shift: Vector | None,
    column_shift: Vector | None,
    buffer: Vector,
) -> None: ...
def add_sq_norms(X: NDArray[np.floating], scales: Vector, out: Vector, column: int, buffer: Vector) -> None: ...
def add_moments(
    X: NDArray[np.floating],
    weights: Vector,
    target: Vector,
    scale: float,
    shift: Vector,
    centre: bool,
    totals: Vector,
    means: Vector,
    correlation: Vector,
    gram: Matrix,
    vectors: Matrix,
    buffer: Vector,
) -> None: ...
