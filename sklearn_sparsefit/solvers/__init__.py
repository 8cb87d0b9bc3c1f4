"""Solvers on a packed working set: none of them ever sees X."""

from sklearn_sparsefit.solvers.base import Iterate, Solver
from sklearn_sparsefit.solvers.certificate import duality_gap, promised_decrease
from sklearn_sparsefit.solvers.choice import SOLVERS, make_solver
from sklearn_sparsefit.solvers.threads import single_threaded_blas
from sklearn_sparsefit.solvers.working_set import WorkingSet

__all__ = [
    "SOLVERS",
    "Iterate",
    "Solver",
    "WorkingSet",
    "duality_gap",
    "make_solver",
    "promised_decrease",
    "single_threaded_blas",
]
