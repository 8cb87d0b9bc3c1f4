"""The estimators among scikit-learn's tools: pipelines, searches, frames, routing."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn import linear_model as theirs
from sklearn.base import clone
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from registry import FRAMES, make_data
from sklearn_sparsefit import ElasticNet, ElasticNetCV, Lasso, LassoCV, lasso_path

ESTIMATORS = [Lasso, ElasticNet, LassoCV, ElasticNetCV]


@pytest.fixture
def tall():
    return make_data("tall")


@pytest.fixture
def groups():
    return np.random.default_rng(0).integers(0, 6, 200)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_pipeline(Estimator, tall):
    X, y = tall
    peer = getattr(theirs, Estimator.__name__)
    ours, reference = (
        make_pipeline(PolynomialFeatures(2, include_bias=False), StandardScaler(), E(tol=1e-8))
        for E in (Estimator, peer)
    )
    assert_allclose(ours.fit(X, y).predict(X), reference.fit(X, y).predict(X), rtol=1e-4, atol=1e-4)


def test_grid_search(tall):
    X, y = tall
    grid = {"lasso__alpha": [1e-3, 0.1, 1.0, 10.0], "lasso__positive": [False, True]}
    searches = [
        GridSearchCV(make_pipeline(StandardScaler(), E(tol=1e-8)), grid, cv=4).fit(X, y) for E in (Lasso, theirs.Lasso)
    ]
    assert searches[0].best_params_ == searches[1].best_params_
    scores = [s.cv_results_["mean_test_score"] for s in searches]
    assert_allclose(*scores, rtol=1e-6)


def test_grid_search_in_parallel_is_the_same(tall):
    X, y = tall
    one, two = (GridSearchCV(LassoCV(alphas=5), {"eps": [0.1, 0.01]}, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2))
    assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_clone_and_parameters(Estimator):
    params = {"tol": 1e-7, "solver": "cd", "max_iter": 7, "positive": True}
    model = Estimator(**params)
    copy = clone(model)
    assert copy is not model
    assert copy.get_params() == model.get_params()
    assert params.items() <= copy.get_params().items()
    assert repr(copy) == repr(model)
    assert "solver='cd'" in repr(model)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("fitted", [False, True])
def test_pickle(Estimator, fitted, tall):
    X, y = tall
    model = Estimator()
    if fitted:
        model.fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    assert copy.get_params() == model.get_params()
    assert vars(copy).keys() == vars(model).keys()
    if fitted:
        assert_array_equal(copy.predict(X), model.predict(X))
        assert_array_equal(copy.coef_, model.coef_)


@pytest.mark.parametrize("library", FRAMES)
def test_set_output_and_select_from_model(library, tall):
    module = pytest.importorskip(library)
    X, y = tall
    names = [f"x{j}" for j in range(X.shape[1])]
    frame = module.DataFrame(dict(zip(names, X.T, strict=True)))
    pipeline = make_pipeline(StandardScaler(), SelectFromModel(LassoCV(alphas=20)))
    pipeline.set_output(transform=library)
    selected = pipeline.fit_transform(frame, y)
    kept = np.flatnonzero(abs(pipeline[-1].estimator_.coef_) > 1e-5)
    assert isinstance(selected, module.DataFrame)
    assert list(selected.columns) == [names[j] for j in kept]
    assert_array_equal(pipeline[-1].estimator_.feature_names_in_, names)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_select_from_model_keeps_the_same_features(Estimator, tall):
    X, y = tall
    peer = getattr(theirs, Estimator.__name__)
    ours, reference = (SelectFromModel(E(tol=1e-8)).fit(X, y) for E in (Estimator, peer))
    assert_allclose(ours.threshold_, reference.threshold_, rtol=1e-6)
    assert_array_equal(ours.get_support(), reference.get_support())


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_frames_with_other_columns_are_refused(library, Estimator, tall):
    module = pytest.importorskip(library)
    X, y = tall
    frame = module.DataFrame({f"x{j}": column for j, column in enumerate(X.T)})
    other = module.DataFrame({f"z{j}": column for j, column in enumerate(X.T)})
    model = Estimator().fit(frame, y)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(other)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_weights_and_targets_from_frames(library, tall):
    module = pytest.importorskip(library)
    X, y = tall
    weights = np.random.default_rng(0).uniform(0, 2, len(y))
    model = Lasso(0.1).fit(X, module.Series(y), sample_weight=module.Series(weights))
    assert_array_equal(model.coef_, Lasso(0.1).fit(X, y, sample_weight=weights).coef_)


def test_sparse_frame_columns():
    pandas = pytest.importorskip("pandas")
    X, y = make_data("mostly_zeros")
    frame = pandas.DataFrame(X).astype(pandas.SparseDtype(float, 0.0))
    frame.columns = frame.columns.astype(str)
    model = Lasso(0.1, tol=1e-12).fit(frame, y)
    assert_allclose(model.coef_, Lasso(0.1, tol=1e-12).fit(X, y).coef_, rtol=1e-9, atol=1e-12)


def test_multi_output_regressor_and_cross_validate(tall):
    X, y = tall
    Y = np.c_[y, -2 * y]
    model = MultiOutputRegressor(LassoCV(alphas=5)).fit(X, Y)
    assert_allclose(model.estimators_[1].coef_, -2 * model.estimators_[0].coef_, rtol=1e-9)
    results = cross_validate(ElasticNetCV(alphas=5), X, y, return_estimator=True)
    assert (results["test_score"] > 0.5).all()


@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
def test_groups_reach_the_splitter(Estimator, tall, groups):
    X, y = tall
    peer = getattr(theirs, Estimator.__name__)
    with config_context(enable_metadata_routing=True):
        ours, reference = (E(cv=GroupKFold(3), alphas=10, tol=1e-8).fit(X, y, groups=groups) for E in (Estimator, peer))
    assert_allclose(ours.mse_path_, reference.mse_path_, rtol=1e-6)


@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
def test_weights_and_groups_are_routed_through_a_pipeline(Estimator, tall, groups):
    X, y = tall
    weights = np.random.default_rng(1).uniform(0, 2, len(y))
    with config_context(enable_metadata_routing=True):
        model = Estimator(cv=GroupKFold(3), alphas=10).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipeline.fit(X, y, sample_weight=weights, groups=groups)
        direct = clone(model).fit(StandardScaler().fit_transform(X), y, sample_weight=weights, groups=groups)
    assert_allclose(pipeline[-1].mse_path_, direct.mse_path_, rtol=1e-9)
    unweighted = Estimator(cv=list(GroupKFold(3).split(X, y, groups)), alphas=10)
    assert not np.allclose(unweighted.fit(X, y).mse_path_, direct.mse_path_, rtol=1e-3)


@pytest.mark.parametrize("Estimator", [Lasso, ElasticNet])
def test_weights_are_routed_through_a_search(Estimator, tall):
    X, y = tall
    weights = np.random.default_rng(1).uniform(0, 2, len(y))
    peer = getattr(theirs, Estimator.__name__)
    with config_context(enable_metadata_routing=True):
        scores = []
        for E in (Estimator, peer):
            model = E(tol=1e-8).set_fit_request(sample_weight=True)
            model.set_score_request(sample_weight=True)
            search = GridSearchCV(model, {"alpha": [0.01, 1.0]})
            scores.append(search.fit(X, y, sample_weight=weights).cv_results_["mean_test_score"])
    assert_allclose(*scores, rtol=1e-6)


@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
def test_unrequested_metadata_is_refused(Estimator, tall):
    X, y = tall
    peer = getattr(theirs, Estimator.__name__)
    message = r"unexpected argument\(s\) \{'colour'\}"
    with config_context(enable_metadata_routing=True):
        for E in (Estimator, peer):
            with pytest.raises(TypeError, match=message):
                E().fit(X, y, colour=np.ones(len(y)))


@pytest.mark.parametrize("Estimator", [Lasso, ElasticNet])
def test_warm_start(Estimator):
    X, y = make_data("correlated")
    model = Estimator(0.5, warm_start=True, tol=1e-10).fit(X, y)
    again = model.n_iter_
    assert again > 0
    assert model.fit(X, y).n_iter_ == 0
    for alpha in (0.1, 0.01):
        model.set_params(alpha=alpha).fit(X, y)
        cold = Estimator(alpha, tol=1e-10).fit(X, y)
        assert_allclose(model.predict(X), cold.predict(X), rtol=1e-4, atol=1e-4)


def test_warm_start_with_several_targets(tall):
    X, y = tall
    Y = np.c_[y, -y, 2 * y]
    model = Lasso(0.1, warm_start=True, tol=1e-10).fit(X, Y)
    coef = model.coef_.copy()
    model.fit(X, Y)
    assert_allclose(model.coef_, coef, rtol=1e-9, atol=1e-12)
    assert model.n_iter_ == [0, 0, 0]


def test_verbose_speaks_and_silence_is_the_default(tall, capfd):
    X, y = tall
    LassoCV(alphas=5).fit(X, y)
    lasso_path(X, y, alphas=5)
    quiet = capfd.readouterr()
    assert quiet.out == quiet.err == ""
    LassoCV(alphas=5, verbose=True).fit(X, y)
    spoken = capfd.readouterr()
    assert spoken.out or spoken.err
    lasso_path(X, y, alphas=5, verbose=True)
    spoken = capfd.readouterr()
    assert spoken.out or spoken.err
