"""Certified, drop-in sparse linear models for scikit-learn."""

from sklearn_sparsefit.linear_model import (
    AdaptiveElasticNet,
    AdaptiveElasticNetCV,
    AdaptiveLasso,
    AdaptiveLassoCV,
    ElasticNet,
    ElasticNetCV,
    ElasticNetGLM,
    ElasticNetGLMCV,
    ElasticNetIC,
    Lasso,
    LassoCV,
    LassoIC,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    SparseLogisticRegression,
    SparseLogisticRegressionCV,
    alpha_from_C,
    enet_path,
    lasso_path,
)
from sklearn_sparsefit.plotting import CoefficientPathDisplay, CVCurveDisplay

__version__ = "0.1.0"

__all__ = [
    "AdaptiveElasticNet",
    "AdaptiveElasticNetCV",
    "AdaptiveLasso",
    "AdaptiveLassoCV",
    "CVCurveDisplay",
    "CoefficientPathDisplay",
    "ElasticNet",
    "ElasticNetCV",
    "ElasticNetGLM",
    "ElasticNetGLMCV",
    "ElasticNetIC",
    "Lasso",
    "LassoCV",
    "LassoIC",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "SparseLogisticRegression",
    "SparseLogisticRegressionCV",
    "alpha_from_C",
    "enet_path",
    "lasso_path",
]
