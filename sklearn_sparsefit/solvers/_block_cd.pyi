import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

def sweep(
    gram: Matrix,
    sq_norms: Vector,
    positions: NDArray[np.intp],
    l1: Vector,
    l2: Vector,
    coef: Matrix,
    correlation: Matrix,
    room: Vector,
    n_sweeps: int,
) -> float: ...
