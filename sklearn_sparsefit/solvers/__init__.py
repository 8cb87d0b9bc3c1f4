"""Solvers of a problem on the features that are known: none of them ever sees X."""

from sklearn_sparsefit.solvers.base import Goal, Iterate, Solutions, Solver
from sklearn_sparsefit.solvers.block import BlockSolver
from sklearn_sparsefit.solvers.choice import SOLVERS, make_solver
from sklearn_sparsefit.solvers.gram import GramSolver

__all__ = ["SOLVERS", "BlockSolver", "Goal", "GramSolver", "Iterate", "Solutions", "Solver", "make_solver"]
