"""Solvers on a packed working set: none of them ever sees X."""

from sklearn_sparsefit.solvers.base import Goal, Iterate, Solutions, Solver
from sklearn_sparsefit.solvers.block import BlockSolver
from sklearn_sparsefit.solvers.certificate import Outside, duality_gap, least_squares_gap, quadratic_misfit
from sklearn_sparsefit.solvers.choice import SOLVERS, make_solver
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.solvers.settling import Settling, has_no_minimum, look
from sklearn_sparsefit.solvers.whole_design import WholeDesign
from sklearn_sparsefit.solvers.working_set import WorkingSet

__all__ = [
    "SOLVERS",
    "BlockSolver",
    "Goal",
    "GramSolver",
    "Iterate",
    "Outside",
    "Settling",
    "Solutions",
    "Solver",
    "WholeDesign",
    "WorkingSet",
    "duality_gap",
    "has_no_minimum",
    "least_squares_gap",
    "look",
    "make_solver",
    "quadratic_misfit",
]
