"""Pictures of fitted models; matplotlib is imported only when one is drawn."""

from sklearn_sparsefit.plotting.coefficient_path import CoefficientPathDisplay
from sklearn_sparsefit.plotting.cv_curve import CVCurveDisplay

__all__ = ["CVCurveDisplay", "CoefficientPathDisplay"]
