"""scikit-learn's common checks, without expected failures."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_sparsefit import ElasticNet, ElasticNetCV, Lasso, LassoCV


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
    ]
)
def test_estimator_checks(estimator, check):
    check(estimator)
