import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Block = NDArray[np.float64]

def fit(
    codes: Vector,
    weights: Vector,
    mean: Vector,
    raw: Block,
    residuals: Block,
    losses: Vector,
    offsets: Matrix,
    fit_intercept: bool,
) -> None: ...
def sample_losses(codes: Vector, raw: Block) -> Matrix: ...
def misfit(codes: Vector, weights: Vector, raw: Matrix, scale: float) -> float: ...
