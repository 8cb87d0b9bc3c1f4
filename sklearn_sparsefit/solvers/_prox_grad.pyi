import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.penalty._penalty import SeparablePenalty

def fista(
    gram: NDArray[np.float64],
    sq_norms: NDArray[np.float64],
    coef: NDArray[np.float64],
    correlation: NDArray[np.float64],
    work: NDArray[np.float64],
    penalty: SeparablePenalty,
    lipschitz: float,
    momentum: float,
    n_iter: int,
) -> float: ...
