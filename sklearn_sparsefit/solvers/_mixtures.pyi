import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Block = NDArray[np.float64]

def add_step_products(values: Block, products: Block) -> None: ...
def mixed(mixtures: Matrix, values: Block) -> Matrix: ...
def mixed_losses(
    mixtures: Matrix, weighted_residuals: Block, weights: NDArray[np.float64], centred: bool
) -> NDArray[np.float64]: ...
