import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix

def add_step_products(values: Block, products: Block) -> None: ...
def mixed(mixtures: Matrix, values: Block) -> Matrix: ...
def mixed_losses(
    mixtures: Matrix, weighted_residuals: Block, weights: NDArray[np.float64], centred: bool
) -> NDArray[np.float64]: ...
