from collections.abc import Sequence

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.design import Columns
from sklearn_sparsefit.penalty import ElasticNetPenalty
from sklearn_sparsefit.solvers.base import Goal

class SmallSoftmax:
    def __init__(self, codes: Vector, n_classes: int, weights: Vector, mean: Vector, fit_intercept: bool) -> None: ...
    def solve_each(
        self,
        columns: Columns,
        means: Vector,
        norms: Vector,
        goals: Sequence[Goal[ElasticNetPenalty]],
        alphas: Vector,
        coefs: Matrix,
        correlations: Matrix,
        offsets: Matrix,
    ) -> tuple[int, list[int]]: ...
