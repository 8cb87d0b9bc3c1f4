"""Cross-validation: a fold is some of the rows and their weights, never a copy of X."""

from sklearn_sparsefit.cv.errors import mean_losses, mean_multinomial_losses, mean_squared_errors
from sklearn_sparsefit.cv.folds import Fold, make_folds
from sklearn_sparsefit.cv.results import Scores
from sklearn_sparsefit.cv.row_classes import share_moments

__all__ = [
    "Fold",
    "Scores",
    "make_folds",
    "mean_losses",
    "mean_multinomial_losses",
    "mean_squared_errors",
    "share_moments",
]
