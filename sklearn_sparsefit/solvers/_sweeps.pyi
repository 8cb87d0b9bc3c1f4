from typing import final

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.design import Columns
from sklearn_sparsefit.penalty._penalty import SeparablePenalty

MOST_SWEEPS: int

class Levels:
    means: NDArray[np.float64]
    sq_norms: NDArray[np.float64]
    values: NDArray[np.float64]
    rests: NDArray[np.float64]
    def __init__(
        self,
        means: NDArray[np.float64],
        sq_norms: NDArray[np.float64],
        bends: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None: ...
    def follow(self, coefs: Matrix) -> None: ...

@final
class Sweeps:
    def __init__(
        self,
        columns: Columns,
        weights: Vector,
        fit_intercept: bool,
        penalty: SeparablePenalty,
        strengths: NDArray[np.float64],
        levels: Levels,
    ) -> None: ...
    def burst(self, coefs: Matrix, weighted_residuals: Matrix, n_sweeps: int) -> None: ...
