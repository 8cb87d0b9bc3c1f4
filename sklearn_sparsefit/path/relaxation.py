"""Least squares on the features that a path keeps."""

import numpy as np

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.path.steps import support_of
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers import BlockSolver, GramSolver, Iterate, Solver
from sklearn_sparsefit.subproblem import WholeDesign, WorkingSet


class Relaxation:
    """Fits without penalty what each alpha keeps, within the bounds (Meinshausen 2007; Hastie et al. 2020).

    The factor of the Gram matrix of one support is the start for that of the next.
    """

    def __init__(self, max_iter: int):
        self._solver: Solver | None = None
        self._max_iter = max_iter

    def fit(self, known: WorkingSet | WholeDesign, penalty: Penalty, coef: Vector, correlation: Vector) -> Vector:
        """Coefficients of least squares on the support of ``coef``, whose correlations these are."""
        kept = support_of(coef)
        if len(kept) == 0:
            return coef.copy()
        new: type[Solver] = BlockSolver if coef.ndim == 2 else GramSolver
        if isinstance(known, WholeDesign) or known.has_gram:
            self._solver = self._solver or new()
            iterate = Iterate(coef.copy(), correlation.copy())
            self._solver.solve(known, penalty.only(kept), iterate, 0.0, self._max_iter)
            return iterate.coef
        relaxed = np.zeros_like(coef)
        iterate = Iterate(coef[..., kept], correlation[..., kept])
        part = np.arange(len(kept))
        new().solve(known.restricted_to(kept), penalty.at(kept).only(part), iterate, 0.0, self._max_iter)
        relaxed[..., kept] = iterate.coef
        return relaxed
