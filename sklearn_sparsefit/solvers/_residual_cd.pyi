import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.design import Columns
from sklearn_sparsefit.penalty._penalty import SeparablePenalty

def sweep(
    columns: Columns,
    means: NDArray[np.float64],
    sq_norms: NDArray[np.float64],
    weights: NDArray[np.float64],
    coefs: NDArray[np.float64],
    weighted_residuals: NDArray[np.float64],
    strengths: NDArray[np.float64],
    levels: NDArray[np.float64],
    rests: NDArray[np.float64],
    penalty: SeparablePenalty,
) -> None: ...
