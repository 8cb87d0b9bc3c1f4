"""Cross-validation: a fold is a weighting of the rows, never a copy of X."""

from sklearn_sparsefit.cv.folds import Fold, make_folds, run_jobs

__all__ = ["Fold", "make_folds", "run_jobs"]
