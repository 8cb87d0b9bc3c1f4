import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix, Vector

def moves(terms: Matrix, coef: Matrix, correlation: Matrix, room: Vector, out: Vector) -> None: ...
def go_ahead(points: Block, shares: Vector, terms: Matrix, coef: Matrix, step: Matrix) -> int: ...
def sweep_gram(
    gram: Matrix,
    terms: Matrix,
    coef: Matrix,
    correlation: Matrix,
    step: Matrix,
    room: Matrix,
    n_sweeps: int,
    rate: float,
    enough: float,
) -> bool: ...
def sweep_columns(
    columns: Matrix,
    terms: Matrix,
    coef: Matrix,
    residual: Matrix,
    room: Matrix,
    n_sweeps: int,
    rate: float,
    enough: float,
) -> bool: ...
def sweep_coupled(
    gram: NDArray[np.float64],
    features: NDArray[np.intp],
    terms: Matrix,
    coef: Matrix,
    correlation: Matrix,
    room: Vector,
    n_sweeps: int,
    rate: float,
    enough: float,
) -> bool: ...
