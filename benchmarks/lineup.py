"""Which packages have what a problem needs."""

from cross_validation import AdelieCV, CelerCV, GlmnetCV, ScikitLearnCV, SklearnSparsefitCV
from glmnet import Glmnet
from logistic import (
    CelerLogistic,
    Liblinear,
    ScikitLearnLogistic,
    ScikitLearnLogisticCV,
    SkglmLogistic,
    SklearnSparsefitLogistic,
    SklearnSparsefitLogisticCV,
)
from packages import Adelie, Celer, Package, Pycasso, ScikitLearn, Skglm, SklearnSparsefit
from tasks import CelerTasks, ScikitLearnTasks, SkglmTasks, SklearnSparsefitTasks

# The packages that are fast on most problems come first: the others are stopped when they are much slower than these.
PACKAGES: dict[str, tuple[type[Package], ...]] = {
    "path": (SklearnSparsefit, Glmnet, Adelie, Skglm, Celer, Pycasso, ScikitLearn),
    "cross-validation": (SklearnSparsefitCV, GlmnetCV, AdelieCV, CelerCV, ScikitLearnCV),
    "multi-task path": (SklearnSparsefitTasks, SkglmTasks, CelerTasks, ScikitLearnTasks),
    "logistic path": (
        SklearnSparsefitLogistic,
        Glmnet,
        Adelie,
        SkglmLogistic,
        CelerLogistic,
        Liblinear,
        ScikitLearnLogistic,
    ),
    "logistic cross-validation": (SklearnSparsefitLogisticCV, GlmnetCV, AdelieCV, ScikitLearnLogisticCV),
}
NAMES = ("sklearn_sparsefit", "glmnet", "adelie", "skglm", "celer", "pycasso", "liblinear", "scikit-learn")
