import numpy as np
from numpy.typing import NDArray

class Columns:
    n_samples: int
    n_columns: int
    shift: NDArray[np.float64]
    def append(self, other: Columns) -> None: ...
    def take(self, positions: NDArray[np.intp]) -> Columns: ...
    def predict(self, coefs: NDArray[np.float64]) -> NDArray[np.float64]: ...
    def correlate(self, residuals: NDArray[np.float64]) -> NDArray[np.float64]: ...
    def densify(self, start: int, stop: int) -> NDArray[np.float64]: ...

class DenseColumns(Columns):
    def __init__(self, packed: NDArray[np.float64], shift: NDArray[np.float64]) -> None: ...

class SparseColumns(Columns):
    def __init__(
        self,
        data: NDArray[np.float64],
        indices: NDArray[np.int32],
        indptr: NDArray[np.int64],
        n_samples: int,
    ) -> None: ...
