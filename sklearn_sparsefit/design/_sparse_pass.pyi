import numpy as np
from numpy.typing import NDArray

WIDTH: int

def gather(
    data: NDArray[np.floating],
    indices: NDArray[np.integer],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    vectors: NDArray[np.float64],
    result: NDArray[np.float64],
    first: int,
    last: int,
) -> None: ...
def gather_squares(
    data: NDArray[np.floating],
    indices: NDArray[np.integer],
    indptr: NDArray[np.int64],
    vector: NDArray[np.float64],
    scale: float,
    result: NDArray[np.float64],
) -> None: ...
def scatter_squares(
    data: NDArray[np.floating],
    indices: NDArray[np.integer],
    indptr: NDArray[np.int64],
    vector: NDArray[np.float64],
    scale: float,
    result: NDArray[np.float64],
) -> None: ...
def scatter(
    data: NDArray[np.floating],
    indices: NDArray[np.integer],
    indptr: NDArray[np.int64],
    vectors: NDArray[np.float64],
    result: NDArray[np.float64],
    start: int,
    stop: int,
) -> None: ...
def take(
    data: NDArray[np.floating],
    indices: NDArray[np.integer],
    indptr: NDArray[np.int64],
    lines: NDArray[np.intp],
    scale: float,
    out_indptr: NDArray[np.int64],
    out_data: NDArray[np.float64],
    out_indices: NDArray[np.int32],
) -> None: ...
def pick(
    data: NDArray[np.floating],
    indices: NDArray[np.integer],
    indptr: NDArray[np.int64],
    position: NDArray[np.int32],
    scale: float,
    ends: NDArray[np.int64],
    out_data: NDArray[np.float64],
    out_indices: NDArray[np.int32],
) -> None: ...
