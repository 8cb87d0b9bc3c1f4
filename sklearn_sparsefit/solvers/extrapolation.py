"""From the solutions at some alphas to the next one."""

import math

import numpy as np
from numpy.typing import NDArray


def extrapolation(alphas: list[float], alpha: float) -> NDArray[np.float64]:
    """Weights of what is known at some alphas in the polynomial through it, at another alpha (Lagrange)."""
    return np.array([math.prod((alpha - b) / (a - b) for b in alphas if b != a) for a in alphas])
