"""Blocks of vectors, with an axis for several tasks or without, as the matrices that a pass takes."""

import math

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
# Of shape (k, n) or, with several tasks, (k, n_tasks, n).
Block = NDArray[np.float64]


def as_rows(block: Block) -> Matrix:
    """The vectors of a block, one below the other."""
    return np.ascontiguousarray(block).reshape(math.prod(block.shape[:-1]), block.shape[-1])
