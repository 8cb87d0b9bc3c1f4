"""scikit-learn's common checks, without expected failures."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_sparsefit import (
    AdaptiveElasticNet,
    AdaptiveElasticNetCV,
    AdaptiveLasso,
    AdaptiveLassoCV,
    ElasticNet,
    ElasticNetCV,
    ElasticNetGLM,
    ElasticNetGLMCV,
    Lasso,
    LassoCV,
    LassoIC,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    SparseLogisticRegression,
    SparseLogisticRegressionCV,
)


@parametrize_with_checks(
    [
        Lasso(),
        ElasticNet(),
        LassoCV(),
        ElasticNetCV(),
        Lasso(solver="cd"),
        Lasso(solver="prox_grad"),
        Lasso(positive=True),
        ElasticNet(warm_start=True),
        ElasticNetCV(l1_ratio=[0.5, 1.0], alphas=5),
        LassoCV(fit_intercept=False, n_jobs=2),
        Lasso(alpha=0.1, standardize=True),
        Lasso(alpha=0.1, relax=0.5),
        ElasticNetCV(relax=[0, 1.0], alphas=5),
        LassoIC(noise_variance=1.0, standardize=True),
        Lasso(lower_bounds=-1.0, upper_bounds=1.0),
        AdaptiveLasso(),
        AdaptiveElasticNet(alpha=0.1),
        AdaptiveLassoCV(),
        AdaptiveElasticNetCV(),
        MultiTaskLasso(),
        MultiTaskElasticNet(),
        MultiTaskLassoCV(cv=3, alphas=10),
        MultiTaskElasticNetCV(cv=3, alphas=10),
        MultiTaskElasticNetCV(l1_ratio=[0.5, 1.0], relax=[0.5, 1.0], standardize=True, alphas=5),
        SparseLogisticRegression(),
        SparseLogisticRegression(alpha=0.1, l1_ratio=0.0, class_weight="balanced"),
        SparseLogisticRegression(standardize=True, lower_bounds=-1.0, grouped=False),
        SparseLogisticRegressionCV(cv=3, alphas=5),
        SparseLogisticRegressionCV(cv=3, l1_ratio=[0.5, 1.0], alphas=2, class_weight="balanced", scoring="accuracy"),
        ElasticNetGLM(),
        ElasticNetGLM(family="gaussian"),
        ElasticNetGLM(family="huber", alpha=0.1),
        ElasticNetGLM(family="gamma", alpha=0.1, standardize=True),
        ElasticNetGLM(family="tweedie", power=1.3, l1_ratio=1.0, alpha=0.1),
        ElasticNetGLMCV(cv=3, alphas=10),
        ElasticNetGLMCV(family="gamma", alphas=5, n_jobs=2),
        ElasticNetGLMCV(family="huber", alphas=5, l1_ratio=[0.5, 1.0]),
    ]
)
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "Estimator", [ElasticNetGLM, ElasticNetGLMCV, SparseLogisticRegression, SparseLogisticRegressionCV]
)
def test_what_is_no_parameter_is_no_attribute(Estimator):
    model = Estimator()
    of_least_squares = Lasso().get_params() | LassoCV().get_params()
    assert {name for name in of_least_squares if hasattr(model, name)} <= model.get_params().keys()
