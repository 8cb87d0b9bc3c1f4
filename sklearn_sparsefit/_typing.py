"""Names of arrays. Whatever has a row for each of several things has one vector, or matrix, per row."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
# Of shape (k, n) or, with several tasks, (k, n_tasks, n).
Block = NDArray[np.float64]
Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]
