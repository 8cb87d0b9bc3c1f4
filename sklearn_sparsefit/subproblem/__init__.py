"""What a problem is solved on, the features that are known, and how far from its minimum an answer is."""

from sklearn_sparsefit.subproblem.certificate import Outside, duality_gap, least_squares_gap, quadratic_misfit
from sklearn_sparsefit.subproblem.settling import Settling, has_no_minimum, look
from sklearn_sparsefit.subproblem.whole_design import WholeDesign
from sklearn_sparsefit.subproblem.working_set import WorkingSet

__all__ = [
    "Outside",
    "Settling",
    "WholeDesign",
    "WorkingSet",
    "duality_gap",
    "has_no_minimum",
    "least_squares_gap",
    "look",
    "quadratic_misfit",
]
