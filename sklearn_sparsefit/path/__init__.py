"""The path engine: a generator that asks for readings of X, and the driver that answers from memory."""

from sklearn_sparsefit.path.convergence import warn_if_loose
from sklearn_sparsefit.path.driver import drive
from sklearn_sparsefit.path.engine import PathGenerator, solve_path
from sklearn_sparsefit.path.records import AlphaGrid, PathResult, Problem, Solved, SolverOptions

__all__ = [
    "AlphaGrid",
    "PathGenerator",
    "PathResult",
    "Problem",
    "Solved",
    "SolverOptions",
    "drive",
    "solve_path",
    "warn_if_loose",
]
