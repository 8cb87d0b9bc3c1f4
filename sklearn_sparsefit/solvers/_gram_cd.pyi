from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.penalty._penalty import SeparablePenalty
from sklearn_sparsefit.solvers._cholesky import SupportFactor

class Status(IntEnum):
    CONVERGED = 0
    ITERATION_LIMIT = 1
    WORK_LIMIT = 2
    FACTOR_TOO_SMALL = 3

def gram_cd(
    gram: NDArray[np.float64],
    sq_norms: NDArray[np.float64],
    coef: NDArray[np.float64],
    correlation: NDArray[np.float64],
    penalty: SeparablePenalty,
    target_norm: float,
    max_iter: int,
    max_work: float,
    factor: SupportFactor,
    active: NDArray[np.intp],
    spare: NDArray[np.float64],
) -> tuple[Status, int, int]: ...
