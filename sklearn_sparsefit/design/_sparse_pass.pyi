import numpy as np
from numpy.typing import NDArray

def gather(
    data: NDArray,
    indices: NDArray,
    indptr: NDArray,
    residuals: NDArray[np.float64],
    result: NDArray[np.float64],
    start: int,
    stop: int,
) -> None: ...
def scatter(
    data: NDArray,
    indices: NDArray,
    indptr: NDArray,
    residuals: NDArray[np.float64],
    result: NDArray[np.float64],
    start: int,
    stop: int,
) -> None: ...
