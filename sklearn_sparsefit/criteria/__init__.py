"""Information criteria: what a path on the full data says of the error elsewhere, without folds."""

from sklearn_sparsefit.criteria.active_columns import ActiveColumns
from sklearn_sparsefit.criteria.information_criteria import CRITERIA, information_criterion

__all__ = ["CRITERIA", "ActiveColumns", "information_criterion"]
