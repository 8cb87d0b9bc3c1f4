from collections.abc import Sequence

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.datafit import Loss
from sklearn_sparsefit.design import Columns
from sklearn_sparsefit.solvers.base import Goal

class SmallNewton:
    def __init__(self, loss: Loss, y: Vector, weights: Vector, offset: Vector, fit_intercept: bool) -> None: ...
    def solve_each(
        self,
        columns: Columns,
        goals: Sequence[Goal],
        alphas: Vector,
        coefs: Matrix,
        raw: Matrix,
        offsets: Vector,
        residuals: Matrix,
        correlations: Matrix,
    ) -> tuple[int, list[int]]: ...
