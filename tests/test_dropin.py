"""Changing only the import must work: the same calls on scikit-learn's classes and on ours."""

import inspect

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.model_selection import KFold
from sklearn.utils.fixes import parse_version

import sklearn_sparsefit as ours
from registry import make_data

ESTIMATORS = ["Lasso", "ElasticNet", "LassoCV", "ElasticNetCV"]
SINGLE = ["Lasso", "ElasticNet"]
CROSS_VALIDATED = ["LassoCV", "ElasticNetCV"]
MULTI_TASK = ["MultiTaskLasso", "MultiTaskElasticNet"]
MULTI_TASK_CV = ["MultiTaskLassoCV", "MultiTaskElasticNetCV"]
PATHS = ["lasso_path", "enet_path"]

# Keyword-only parameters that are ours alone.
FEATURES = {"penalty_weights", "standardize", "relax", "lower_bounds", "upper_bounds"}
CHOICE = {"alpha_rule", "scoring", "store_fold_coefs"}
ADDED = {
    **{key: {"solver"} | FEATURES for key in SINGLE},
    **{key: {"solver"} | CHOICE | FEATURES for key in CROSS_VALIDATED},
    **dict.fromkeys(MULTI_TASK, FEATURES),
    **dict.fromkeys(MULTI_TASK_CV, CHOICE | FEATURES),
    **{key: {"fit_intercept", "return_intercept", "solver", "callbacks"} | FEATURES for key in PATHS},
}
since_1_9 = pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"),
    reason="the interface is that of scikit-learn 1.9",
)
ALL = ESTIMATORS + [pytest.param(name, marks=since_1_9) for name in MULTI_TASK + MULTI_TASK_CV]


def both(name):
    return getattr(ours, name), getattr(theirs, name)


def data():
    return make_data("tall")


@since_1_9
@pytest.mark.parametrize("name", ALL + PATHS)
def test_signatures(name):
    our, their = (inspect.signature(c).parameters for c in both(name))
    assert our.keys() - their.keys() == ADDED[name]
    assert [n for n in our if n not in ADDED[name]] == list(their)
    for parameter in their.values():
        assert our[parameter.name].kind == parameter.kind
        assert our[parameter.name].default == parameter.default
    for added in ADDED[name]:
        assert our[added].kind is inspect.Parameter.KEYWORD_ONLY
        assert our[added].default is not inspect.Parameter.empty


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("method", ["fit", "predict", "score"])
def test_method_signatures(name, method):
    our, their = (inspect.signature(getattr(c, method)).parameters.values() for c in both(name))
    assert [(p.name, p.kind, p.default) for p in our] == [(p.name, p.kind, p.default) for p in their]


@since_1_9
@pytest.mark.parametrize("name", ["LogisticRegression", "LogisticRegressionCV"])
def test_classifiers_have_the_same_methods(name):
    X, y = data()
    y = np.where(y > y.mean(), "above", "below")
    Ours, Theirs = getattr(ours, "Sparse" + name), getattr(theirs, name)
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        our, their = (inspect.signature(getattr(c, method)).parameters.values() for c in (Ours, Theirs))
        assert [(p.name, p.kind, p.default) for p in our] == [(p.name, p.kind, p.default) for p in their]
    assert sklearn.base.is_classifier(Ours())
    tags, of_theirs = Ours().__sklearn_tags__(), Theirs().__sklearn_tags__()
    assert tags.input_tags == of_theirs.input_tags
    assert tags.target_tags == of_theirs.target_tags
    assert tags.classifier_tags == of_theirs.classifier_tags
    cross_validated = {"alphas": 3} if name.endswith("CV") else {}
    for labels in (y, np.where(X[:, 0] > 1, "far", y)):
        our, their = Ours(**cross_validated).fit(X, labels), theirs.LogisticRegression(max_iter=1000).fit(X, labels)
        for attribute in ("coef_", "intercept_", "classes_"):
            one, other = getattr(our, attribute), getattr(their, attribute)
            assert (one.shape, one.dtype) == (other.shape, other.dtype), attribute
        for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
            one, other = getattr(our, method)(X), getattr(their, method)(X)
            assert (one.shape, one.dtype) == (other.shape, other.dtype), method


@pytest.mark.parametrize("name", SINGLE + MULTI_TASK)
def test_only_alpha_is_positional(name):
    Ours, _ = both(name)
    assert Ours(0.5).alpha == 0.5
    with pytest.raises(TypeError, match="positional"):
        Ours(0.5, False)


@pytest.mark.parametrize("name", ALL)
def test_same_base_classes_to_scikit_learn(name):
    Ours, Theirs = both(name)
    assert sklearn.base.is_regressor(Ours())
    assert not issubclass(Ours, Theirs)
    our, their = Ours().__sklearn_tags__(), Theirs().__sklearn_tags__()
    assert our.input_tags == their.input_tags
    assert our.target_tags == their.target_tags
    assert our.regressor_tags == their.regressor_tags


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_same_answer_and_attributes(name, fit_intercept):
    X, y = data()
    our, their = (c(fit_intercept=fit_intercept, tol=1e-10).fit(X, y) for c in both(name))
    assert_allclose(our.coef_, their.coef_, rtol=1e-5, atol=1e-8)
    assert_allclose(our.intercept_, their.intercept_, rtol=1e-5)
    assert_allclose(our.predict(X), their.predict(X), rtol=1e-5, atol=1e-7)
    assert_allclose(our.score(X, y), their.score(X, y), rtol=1e-6)
    public = {a for a in vars(their) if a.endswith("_") and not a.startswith("_")}
    assert public <= vars(our).keys()
    for attribute in sorted(public):
        one, other = getattr(our, attribute), getattr(their, attribute)
        assert np.shape(one) == np.shape(other), attribute
        assert np.asarray(one).dtype == np.asarray(other).dtype, attribute
    assert isinstance(our.intercept_, float)
    if not fit_intercept:
        assert our.intercept_ == 0.0


@pytest.mark.parametrize("name", ESTIMATORS)
def test_gap_and_pass_counts_are_reported(name):
    X, y = data()
    model = both(name)[0]().fit(X, y)
    assert isinstance(model.n_passes_, int)
    assert model.n_passes_ >= 1
    assert model.n_iter_ >= 1
    assert 0 <= model.dual_gap_ <= 1e-4 * np.var(y) / 2


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("shape", [(-1,), (-1, 1), (-1, 4)])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("store", [np.asarray, sparse.csr_array])
def test_target_shapes(name, shape, fit_intercept, store):
    X, y = data()
    Y = y.reshape(shape)
    X = X[: len(Y)]
    our, their = (c(0.1, fit_intercept=fit_intercept, tol=1e-10).fit(store(X), Y) for c in both(name))
    for attribute in ("coef_", "intercept_", "dual_gap_", "n_iter_"):
        assert np.shape(getattr(our, attribute)) == np.shape(getattr(their, attribute)), attribute
    assert type(our.n_iter_) is type(their.n_iter_)
    assert our.sparse_coef_.shape == their.sparse_coef_.shape
    assert_allclose(our.coef_, their.coef_, rtol=1e-5, atol=1e-8)
    assert_allclose(our.predict(store(X)), their.predict(store(X)), rtol=1e-5, atol=1e-8)
    assert our.predict(store(X)).shape == their.predict(store(X)).shape


@pytest.mark.parametrize("name", SINGLE)
def test_several_targets_are_so_many_fits(name):
    X, y = data()
    X, Y = X[:50], y.reshape(50, 4)
    weights = np.random.default_rng(0).uniform(0, 2, 50)
    Ours, _ = both(name)
    together = Ours(0.1, tol=1e-12).fit(X, Y, sample_weight=weights)
    for k in range(4):
        alone = Ours(0.1, tol=1e-12).fit(X, Y[:, k], sample_weight=weights)
        assert_allclose(together.coef_[k], alone.coef_, rtol=1e-9, atol=1e-12)
        assert_allclose(together.intercept_[k], alone.intercept_, rtol=1e-9)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_float32_in_float32_out(name, store):
    X, y = data()
    X, y = X.astype(np.float32), y.astype(np.float32)
    our, their = (c().fit(store(X), y) for c in both(name))
    for attribute in ("coef_", "intercept_"):
        one, other = getattr(our, attribute), getattr(their, attribute)
        assert np.asarray(one).dtype == np.asarray(other).dtype == np.float32
    assert our.predict(store(X)).dtype == their.predict(store(X)).dtype


@pytest.mark.parametrize("name", ESTIMATORS)
def test_sparse_coef(name):
    X, y = data()
    if name in SINGLE:
        our, their = (c(1.0).fit(X, y).sparse_coef_ for c in both(name))
        assert type(our) is type(their)
        assert our.shape == their.shape
    else:
        our = both(name)[0]().fit(X, y).sparse_coef_
    assert sparse.issparse(our)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("weight", [1, 2.5, np.float64(3)])
def test_a_scalar_weight_means_none(name, weight):
    X, y = data()
    Ours, _ = both(name)
    model, reference = Ours().fit(X, y, sample_weight=weight), Ours().fit(X, y)
    assert_array_equal(model.coef_, reference.coef_)
    assert model.intercept_ == reference.intercept_


@pytest.mark.parametrize("name", ESTIMATORS)
def test_weights_count_as_in_scikit_learn(name):
    X, y = data()
    weights = np.random.default_rng(0).uniform(0, 3, len(y))
    our, their = (c(tol=1e-10).fit(X, y, sample_weight=weights) for c in both(name))
    assert_allclose(our.coef_, their.coef_, rtol=1e-5, atol=1e-8)
    if name in CROSS_VALIDATED:
        assert_allclose(our.mse_path_, their.mse_path_, rtol=1e-5)


@since_1_9
@pytest.mark.parametrize("name", CROSS_VALIDATED)
@pytest.mark.parametrize("alphas", [7, [0.1, 1.0, 0.01], np.array([0.5]), (0.1, 0.1, 0.2)])
@pytest.mark.parametrize("l1_ratio", [0.7, [0.7], [0.3, 0.7], (0.2, 0.5, 1.0)])
def test_cross_validation_attributes(name, alphas, l1_ratio):
    X, y = data()
    params = {"alphas": alphas, "cv": 3, "tol": 1e-8}
    if name == "ElasticNetCV":
        params["l1_ratio"] = l1_ratio
    our, their = (c(**params).fit(X, y) for c in both(name))
    assert_allclose(our.alphas_, their.alphas_, rtol=1e-12)
    assert our.mse_path_.shape == their.mse_path_.shape
    assert_allclose(our.mse_path_, their.mse_path_, rtol=1e-5)
    assert_allclose(our.alpha_, their.alpha_, rtol=1e-12)
    assert hasattr(our, "l1_ratio_") == hasattr(their, "l1_ratio_")
    if hasattr(their, "l1_ratio_"):
        assert our.l1_ratio_ == their.l1_ratio_


@pytest.mark.parametrize("name", CROSS_VALIDATED)
def test_full_path_of_the_refit(name):
    X, y = data()
    model = both(name)[0](alphas=12, cv=3).fit(X, y)
    best = np.flatnonzero(model.alphas_ == model.alpha_)[0]
    assert model.coef_path_.shape == (X.shape[1], 12)
    assert model.intercept_path_.shape == model.dual_gap_path_.shape == (12,)
    assert_array_equal(model.coef_path_[:, best], model.coef_)
    assert model.intercept_path_[best] == model.intercept_
    assert model.dual_gap_path_[best] == model.dual_gap_
    assert (model.dual_gap_path_ >= 0).all()


def test_full_path_is_that_of_the_chosen_l1_ratio():
    X, y = data()
    model = ours.ElasticNetCV(l1_ratio=[0.2, 0.9], alphas=6, cv=3, tol=1e-10).fit(X, y)
    alphas = model.alphas_[[0.2, 0.9].index(model.l1_ratio_)]
    _, coefs, _, intercepts = ours.enet_path(
        X, y, l1_ratio=model.l1_ratio_, alphas=alphas, fit_intercept=True, return_intercept=True
    )
    assert_allclose(model.coef_path_, coefs, rtol=1e-6, atol=1e-9)
    assert_allclose(model.intercept_path_, intercepts, rtol=1e-6)


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("alphas", [4, [0.1, 3.0, 1.0]])
@pytest.mark.parametrize("shape", [(-1,), (-1, 4)])
def test_what_paths_return(name, alphas, shape):
    X, y = data()
    y = y.reshape(shape)
    X = X[: len(y)]
    n_alphas = alphas if isinstance(alphas, int) else len(alphas)
    path, peer = both(name)
    grid, coefs, gaps, n_iters = path(X, y, alphas=alphas, return_n_iter=True)
    assert grid.shape == gaps.shape[-1:] == (n_alphas,)
    assert (np.diff(grid) < 0).all()
    their = peer(X, y, **grid_argument(alphas), return_n_iter=True, tol=1e-10)
    assert coefs.shape == their[1].shape
    assert len(n_iters) == n_alphas
    assert type(n_iters) is type(their[3])
    if y.ndim == 1:
        assert gaps.shape == their[2].shape
        assert_allclose(grid, their[0], rtol=1e-12)
        assert_allclose(coefs, their[1], rtol=1e-5, atol=1e-7)


def grid_argument(alphas):
    """The alphas of a path function; before scikit-learn 1.9 their number had its own name."""
    if isinstance(alphas, int) and parse_version(sklearn.__version__) < parse_version("1.9"):
        return {"n_alphas": alphas}
    return {"alphas": alphas}


@pytest.mark.parametrize("name", PATHS)
def test_path_with_intercepts(name):
    X, y = data()
    Estimator = {"lasso_path": ours.Lasso, "enet_path": ours.ElasticNet}[name]
    path = both(name)[0]
    assert len(path(X, y, alphas=3, fit_intercept=True)) == 3
    alphas, coefs, _gaps, intercepts = path(X, y, alphas=5, fit_intercept=True, return_intercept=True, tol=1e-12)
    assert intercepts.shape == (5,)
    for k, alpha in enumerate(alphas):
        model = Estimator(alpha, tol=1e-12).fit(X, y)
        assert_allclose(coefs[:, k], model.coef_, rtol=1e-8, atol=1e-11)
        assert_allclose(intercepts[k], model.intercept_, rtol=1e-9)
    *_, n_iters, intercepts = path(X, y, alphas=5, return_n_iter=True, return_intercept=True)
    assert len(n_iters) == 5
    assert_array_equal(intercepts, 0)


@pytest.mark.parametrize("name", PATHS)
def test_coef_init_does_not_move_the_answer(name):
    X, y = data()
    path = both(name)[0]
    cold = path(X, y, alphas=5, tol=1e-12)
    warm = path(X, y, alphas=5, tol=1e-12, coef_init=np.full(X.shape[1], 100.0))
    assert_allclose(warm[1], cold[1], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", PATHS)
def test_precomputed_correlations_give_the_same_path(name):
    X, y = data()
    path = both(name)[0]
    plain = path(X, y, alphas=5, tol=1e-12)
    given = path(X, y, alphas=5, tol=1e-12, precompute=X.T @ X, Xy=X.T @ y)
    for one, other in zip(given[:2], plain[:2], strict=True):
        assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_path_attribute(name):
    Ours, Theirs = both(name)
    assert Ours.path is getattr(ours, Theirs.path.__name__)
    X, y = data()
    own = {} if Ours.path is ours.lasso_path else {"l1_ratio": 1.0}
    coefs = Ours().path(X, y, alphas=[0.1, 1.0], **own)[1]
    assert_array_equal(coefs, ours.lasso_path(X, y, alphas=[0.1, 1.0])[1])


@pytest.mark.parametrize("name", SINGLE)
def test_check_input_false(name):
    X, y = data()
    Ours, _ = both(name)
    reference = Ours(0.1).fit(X, y)
    for order in "CF":
        model = Ours(0.1).fit(np.asarray(X, order=order), y, check_input=False)
        assert_allclose(model.coef_, reference.coef_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CROSS_VALIDATED)
@pytest.mark.parametrize("precompute", [True, False, "auto"])
def test_precompute_of_cross_validation(name, precompute):
    X, y = data()
    options = {"precompute": precompute, "cv": KFold(3), "alphas": 8, "tol": 1e-10}
    our, their = (c(**options).fit(X, y) for c in both(name))
    assert_allclose(our.mse_path_, their.mse_path_, rtol=1e-5)
