"""The path engine: a generator that asks for readings of X, and the drivers that answer from memory."""

from sklearn_sparsefit.path.convergence import warn_if_loose
from sklearn_sparsefit.path.driver import Measuring, Run, drive, drive_together
from sklearn_sparsefit.path.engine import PathGenerator, solve_path
from sklearn_sparsefit.path.records import AlphaGrid, Measure, PathResult, Problem, Solved, SolverOptions
from sklearn_sparsefit.path.shared_moments import SharedMoments

__all__ = [
    "AlphaGrid",
    "Measure",
    "Measuring",
    "PathGenerator",
    "PathResult",
    "Problem",
    "Run",
    "SharedMoments",
    "Solved",
    "SolverOptions",
    "drive",
    "drive_together",
    "solve_path",
    "warn_if_loose",
]
