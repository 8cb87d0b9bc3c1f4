"""Estimators and path functions: they translate parameters, call the floors below and copy what comes back."""

from sklearn_sparsefit.linear_model.adaptive import AdaptiveElasticNet, AdaptiveLasso
from sklearn_sparsefit.linear_model.adaptive_cv import AdaptiveElasticNetCV, AdaptiveLassoCV
from sklearn_sparsefit.linear_model.elastic_net import ElasticNet, Lasso
from sklearn_sparsefit.linear_model.elastic_net_cv import ElasticNetCV, LassoCV
from sklearn_sparsefit.linear_model.elastic_net_ic import ElasticNetIC, LassoIC
from sklearn_sparsefit.linear_model.generalized_paths import glm_path, logistic_path
from sklearn_sparsefit.linear_model.glm import ElasticNetGLM
from sklearn_sparsefit.linear_model.glm_cv import ElasticNetGLMCV
from sklearn_sparsefit.linear_model.logistic import SparseLogisticRegression, alpha_from_C
from sklearn_sparsefit.linear_model.logistic_cv import SparseLogisticRegressionCV
from sklearn_sparsefit.linear_model.multi_task import MultiTaskElasticNet, MultiTaskLasso
from sklearn_sparsefit.linear_model.multi_task_cv import MultiTaskElasticNetCV, MultiTaskLassoCV
from sklearn_sparsefit.linear_model.paths import enet_path, lasso_path

__all__ = [
    "AdaptiveElasticNet",
    "AdaptiveElasticNetCV",
    "AdaptiveLasso",
    "AdaptiveLassoCV",
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
    "glm_path",
    "lasso_path",
    "logistic_path",
]
