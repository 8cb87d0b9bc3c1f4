"""What weights and targets are measured in."""

import math

import numpy as np

from sklearn_sparsefit._typing import Vector


def summing_to_one(sample_weight: Vector | None, n_samples: int) -> Vector:
    """Weights in the same proportions, equal ones where there are none, that sum to one."""
    if sample_weight is None:
        return np.full(n_samples, 1.0 / n_samples)
    weights = sample_weight / sample_weight.max()
    return weights / weights.sum()


def power_of_two(value: float) -> float:
    """The largest power of two that is not above ``value``; 1 for zero. Dividing by it is exact."""
    return math.ldexp(1.0, math.frexp(value)[1] - 1) if value > 0 else 1.0
