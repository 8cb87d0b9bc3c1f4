"""Blocks of vectors, with an axis for several tasks or without, as the matrices that a pass takes."""

import math

import numpy as np

from sklearn_sparsefit._typing import Block, Matrix


def as_rows(block: Block) -> Matrix:
    """The vectors of a block, one below the other."""
    return np.ascontiguousarray(block).reshape(math.prod(block.shape[:-1]), block.shape[-1])
