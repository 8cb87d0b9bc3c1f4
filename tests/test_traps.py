"""Known ways in which lasso solvers go wrong, one test each."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV

from oracles import largest_alpha
from registry import DENSE_STORAGES, SPARSE_STORAGES, disordered_csc, make_data
from sklearn_sparsefit import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    enet_path,
    lasso_path,
)


@pytest.mark.parametrize("n_features", [3, 9])
def test_warm_start_with_another_number_of_features(n_features):
    X, y = make_data("constant_and_zero_columns")
    model = Lasso(0.1, warm_start=True).fit(X[:, :6], y)
    coef = model.coef_
    with pytest.raises(ValueError, match=rf"coef_.*6.*{n_features}|coef_.*{n_features}.*6"):
        model.fit(X[:, :n_features], y)
    assert model.coef_ is coef
    assert model.n_features_in_ == 6


@pytest.mark.parametrize("shape", [(0,), (5,), (7,), (1, 6), (6, 1), ()])
def test_coef_init_of_a_wrong_shape(shape):
    X, y = make_data("constant_and_zero_columns")
    with pytest.raises(ValueError, match="coef_init"):
        enet_path(X[:, :6], y, alphas=3, coef_init=np.ones(shape))


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_csc_with_duplicate_and_unsorted_entries(fit_intercept):
    X, y = make_data("mostly_zeros")
    disordered = disordered_csc(X)
    before = pickle.dumps((disordered.data, disordered.indices, disordered.indptr))
    options = {"alpha": 0.05, "fit_intercept": fit_intercept, "tol": 1e-12}
    model = Lasso(**options).fit(disordered, y)
    reference = Lasso(**options).fit(X, y)
    assert_allclose(model.coef_, reference.coef_, rtol=1e-8, atol=1e-10)
    assert_allclose(model.intercept_, reference.intercept_, rtol=1e-8, atol=1e-10)
    after = pickle.dumps((disordered.data, disordered.indices, disordered.indptr))
    assert after == before, "the caller's matrix was rearranged"


def test_float32_with_a_near_constant_column():
    rng = np.random.RandomState(3)
    X = rng.random((10000, 50)).astype(np.float32)
    X[:, 25] = np.where(X[:, 25] < 0.98, 0, 1)
    X[:, 26] = np.where(X[:, 26] < 0.98, 0, 1)
    y = rng.random(10000).astype(np.float32)
    model = LassoCV(alphas=20).fit(X, y)
    reference = LassoCV(alphas=20).fit(X.astype(np.float64), y.astype(np.float64))
    assert_allclose(model.alpha_, reference.alpha_, rtol=1e-5)
    assert_allclose(model.coef_, reference.coef_, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("dtype, offset", [(np.float32, 1e3), (np.float64, 1e8)])
@pytest.mark.parametrize("storage", [*DENSE_STORAGES, "csc_array", "csr_array", "coo_array"])
@pytest.mark.parametrize("Estimator", [Lasso, LassoCV])
def test_large_mean(dtype, offset, storage, Estimator):
    X, y = make_data("tall")
    X = (X + offset).astype(dtype)
    y = y.astype(dtype)
    store = (DENSE_STORAGES | SPARSE_STORAGES)[storage]
    options = {"alphas": 5, "cv": 3} if Estimator is LassoCV else {"alpha": 0.1}
    model = Estimator(**options).fit(store(X), y)
    # Centring by hand, in extended precision, takes the offset away exactly.
    centred = X.astype(np.longdouble) - X.astype(np.longdouble).mean(axis=0)
    reference = Estimator(**options).fit(centred.astype(np.float64), y.astype(np.float64))
    assert np.count_nonzero(reference.coef_) > 2
    rtol = 1e-6 if dtype == np.float64 else 1e-4
    assert_allclose(model.coef_, reference.coef_, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("X_factor, y_factor", [(1, 1e-16), (1e-7, 1e-9), (1e12, 1e-3)])
@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
def test_tiny_and_huge_units(X_factor, y_factor, Estimator):
    X, y = make_data("random")
    options = {"l1_ratio": 1.0} if Estimator is ElasticNetCV else {}
    model = Estimator(alphas=20, **options).fit(X, y)
    scaled = Estimator(alphas=20, **options).fit(X * X_factor, y * y_factor)
    assert model.coef_.any()
    assert_allclose(scaled.alphas_, model.alphas_ * X_factor * y_factor, rtol=1e-9)
    assert_allclose(scaled.coef_ * X_factor / y_factor, model.coef_, rtol=1e-6, atol=1e-9)
    assert_allclose(scaled.score(X * X_factor, y * y_factor), model.score(X, y), rtol=1e-6)


def test_warm_started_refit_leaves_earlier_coefficients_alone():
    X, y = make_data("random")
    model = Lasso(0.5, warm_start=True).fit(X, y)
    coef = model.coef_
    before = coef.copy()
    model.set_params(alpha=0.01).fit(X, y)
    assert not np.array_equal(model.coef_, before)
    assert not np.shares_memory(model.coef_, coef)
    assert_array_equal(coef, before)


@pytest.mark.parametrize("path", [enet_path, lasso_path])
def test_path_leaves_its_inputs_alone(path):
    X, y = make_data("random")
    alphas = np.array([0.1, 1.0, 0.01])
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    coef_init = np.ones(X.shape[1])
    inputs = [X, y, alphas, weights, coef_init]
    before = [array.copy() for array in inputs]
    path(
        X,
        y,
        alphas=alphas,
        sample_weight=weights,
        coef_init=coef_init,
        copy_X=False,
        fit_intercept=True,
    )
    for array, original in zip(inputs, before, strict=True):
        assert_array_equal(array, original)


@pytest.mark.parametrize("Estimator", [Lasso, ElasticNet, LassoCV, ElasticNetCV])
@pytest.mark.parametrize("storage", ["dense_C", "dense_F", "csc_array", "csr_array"])
def test_fit_never_writes_to_its_inputs(Estimator, storage):
    X, y = make_data("mostly_zeros")
    stored = (DENSE_STORAGES | SPARSE_STORAGES)[storage](X)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    kept = y.copy(), weights.copy()
    Estimator(copy_X=False).fit(stored, y, sample_weight=weights)
    assert_array_equal(stored.toarray() if sparse.issparse(stored) else stored, X)
    assert_array_equal(y, kept[0])
    assert_array_equal(weights, kept[1])


def test_cross_validation_equals_grid_search_at_small_alphas():
    rng = np.random.RandomState(13)
    X = rng.randn(130, 250)
    y = X[:, :10].sum(axis=1) + rng.randn(130)
    model = LassoCV(alphas=30, eps=1e-4, cv=3).fit(X, y)
    search = GridSearchCV(Lasso(), {"alpha": model.alphas_}, cv=3, scoring="neg_mean_squared_error").fit(X, y)
    assert model.alpha_ == search.best_params_["alpha"]
    errors = -search.cv_results_["mean_test_score"]
    assert_allclose(model.mse_path_.mean(axis=1), errors, rtol=1e-6)


@pytest.mark.parametrize("Estimator", [Lasso, LassoCV])
def test_negative_weights(Estimator):
    X, y = make_data("random")
    weights = np.ones(len(y))
    weights[7] = -0.5
    with pytest.raises(ValueError, match=r"sample_weight.*-0\.5"):
        Estimator().fit(X, y, sample_weight=weights)


def test_fold_without_weight():
    X, y = make_data("tall")
    weights = np.ones(len(y))
    weights[50:100] = 0
    with pytest.raises(ValueError, match=r"sample_weight.*fold 1"):
        LassoCV(cv=4).fit(X, y, sample_weight=weights)


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("factor", [1e200, 1e300])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_huge_entries(factor, store):
    X, y = make_data("constant_and_zero_columns")
    X = X[:, :6]
    # No certificate in double precision resolves alpha / alpha_max = 1e-200, hence the warning.
    for alpha in (factor / 10, 1.0):
        model = Lasso(alpha).fit(store(X * factor), y)
        reference = Lasso(alpha / factor).fit(X, y)
        assert_allclose(model.coef_ * factor, reference.coef_, rtol=1e-6, atol=1e-9)
        assert_allclose(model.intercept_, reference.intercept_, rtol=1e-6)


@pytest.mark.parametrize("shape", [(5, 2), (10, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_constant_columns(shape, dtype):
    X = np.full(shape, 1e37 if dtype == np.float32 else 1e50, dtype)
    y = np.arange(shape[0], dtype=dtype)
    model = Lasso(0.1).fit(X, y)
    assert_array_equal(model.coef_, 0)
    assert_allclose(model.intercept_, y.mean(), rtol=1e-6)


@pytest.mark.parametrize("store", [sparse.csc_array, sparse.csr_array, sparse.coo_array])
@pytest.mark.parametrize("Estimator", [Lasso, LassoCV])
def test_weights_count_with_sparse_data(store, Estimator):
    X, y = make_data("mostly_zeros")
    weights = np.random.default_rng(0).uniform(0, 5, len(y))
    options = {"alphas": 10, "tol": 1e-12} if Estimator is LassoCV else {"tol": 1e-12, "alpha": 0.1}
    model = Estimator(**options).fit(store(X), y, sample_weight=weights)
    dense = Estimator(**options).fit(X, y, sample_weight=weights)
    unweighted = Estimator(**options).fit(store(X), y)
    assert_allclose(model.coef_, dense.coef_, rtol=1e-7, atol=1e-9)
    assert abs(model.coef_ - unweighted.coef_).max() > 1e-2


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("positive", [True, False])
def test_nothing_is_kept_just_above_alpha_max(fit_intercept, positive):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((30, 50)), rng.standard_normal(30)
        terms = {"fit_intercept": fit_intercept, "positive": positive}
        alpha_max = largest_alpha(X, y, l1_ratio=1.0, sample_weight=None, **terms)
        model = Lasso(alpha_max * (1 + 1e-12), **terms).fit(X, y)
        assert not model.coef_.any()
        model = Lasso(alpha_max * (1 - 1e-9), tol=1e-14, **terms).fit(X, y)
        assert np.count_nonzero(model.coef_) == 1


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_positive_alpha_max_uses_the_positive_part(store):
    X, y = make_data("tall")
    correlation = (X - X.mean(axis=0)).T @ (y - y.mean()) / len(y)
    # Let the strongest correlation be negative.
    X[:, np.argmax(abs(correlation))] *= -np.sign(correlation[np.argmax(abs(correlation))])
    correlation = (X - X.mean(axis=0)).T @ (y - y.mean()) / len(y)
    assert 0 < correlation.max() < abs(correlation).max()
    for model in (
        LassoCV(positive=True, alphas=5).fit(store(X), y),
        ElasticNetCV(positive=True, alphas=5, l1_ratio=1.0).fit(store(X), y),
    ):
        assert_allclose(model.alphas_[0], correlation.max(), rtol=1e-12)


def test_positive_with_negative_correlations_only():
    X, y = make_data("tall")
    X = X * -np.sign((X - X.mean(axis=0)).T @ (y - y.mean()))
    model = LassoCV(positive=True, alphas=10).fit(X, y)
    assert_array_equal(model.coef_, 0)
    assert_allclose(model.intercept_, y.mean(), rtol=1e-12)
    assert (model.alphas_ > 0).all()
    assert model.dual_gap_ == 0


def test_integer_weights_equal_repeated_rows_for_automatic_alphas():
    X, y = make_data("tall")
    weights = np.random.default_rng(0).integers(0, 4, len(y))
    rows = np.repeat(np.arange(len(y)), weights)
    weighted = lasso_path(X, y, alphas=10, sample_weight=weights, fit_intercept=True)
    repeated = lasso_path(X[rows], y[rows], alphas=10, fit_intercept=True)
    assert_allclose(weighted[0], repeated[0], rtol=1e-12)
    assert_allclose(weighted[1], repeated[1], rtol=1e-8, atol=1e-11)


def test_weight_zero_equals_a_dropped_row_for_automatic_alphas():
    X, y = make_data("tall")
    weights = np.ones(len(y))
    weights[::3] = 0
    kept = weights > 0
    weighted = lasso_path(X, y, alphas=10, sample_weight=weights, fit_intercept=True)
    dropped = lasso_path(X[kept], y[kept], alphas=10, fit_intercept=True)
    assert_allclose(weighted[0], dropped[0], rtol=1e-12)
    assert_allclose(weighted[1], dropped[1], rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("value, fit_intercept", [(0.0, True), (0.0, False), (1.0, True), (0.1, True), (-7.3e8, True)])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("Estimator", [Lasso, ElasticNet, LassoCV, ElasticNetCV])
def test_constant_target(Estimator, store, value, fit_intercept):
    X, _ = make_data("random")
    y = np.full(len(X), value)
    model = Estimator(fit_intercept=fit_intercept).fit(store(X), y)
    assert_array_equal(model.coef_, 0)
    assert model.dual_gap_ == 0
    assert model.intercept_ == pytest.approx(value)


@pytest.mark.parametrize("Estimator", [Lasso, ElasticNet])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array, sparse.csr_array])
def test_one_sample(Estimator, store):
    model = Estimator(0.1).fit(store(np.array([[1.0, -2.0, 0.0]])), [3.0])
    assert_array_equal(model.coef_, 0)
    assert model.intercept_ == 3.0
    assert model.dual_gap_ == 0


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("weights", [None, "random"])
@pytest.mark.parametrize("solver", ["auto", "cd", "prox_grad"])
def test_constant_and_zero_columns_are_left_out(store, weights, solver):
    X, y = make_data("constant_and_zero_columns")
    constant = np.ptp(X, axis=0) == 0
    sample_weight = None if weights is None else np.random.default_rng(0).uniform(0, 2, len(y))
    _, coefs, _ = lasso_path(
        store(X),
        y,
        eps=1e-6,
        tol=1e-6,
        max_iter=1_000_000,
        fit_intercept=True,
        sample_weight=sample_weight,
        solver=solver,
    )
    assert coefs[~constant, -1].all()
    assert_array_equal(coefs[constant], 0)


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("value", [0.0, 0.3])
@pytest.mark.parametrize("solver", ["auto", "cd", "prox_grad"])
@pytest.mark.parametrize("warm_start", [False, True])
def test_columns_constant_wherever_there_is_weight_are_left_out(store, value, solver, warm_start):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 300))
    weights = rng.integers(0, 3, 60)
    y = X[:, :3].sum(axis=1) + rng.standard_normal(60)
    X[weights > 0, 10:290] = value
    model = Lasso(0.05, solver=solver, tol=1e-6, max_iter=100_000, warm_start=warm_start)
    model.coef_ = np.ones(300)
    model.fit(store(X), y, sample_weight=weights)
    reference = Lasso(0.05, tol=1e-12).fit(np.delete(X, np.s_[10:290], axis=1), y, weights)
    assert_array_equal(model.coef_[10:290], 0)
    assert_allclose(np.delete(model.coef_, np.s_[10:290]), reference.coef_, atol=1e-3)


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("solver", ["auto", "cd", "prox_grad"])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_coef_init_at_constant_and_zero_columns(store, solver, fit_intercept):
    X, y = make_data("constant_and_zero_columns")
    options = {"alphas": [0.1, 0.05], "fit_intercept": fit_intercept, "solver": solver}
    options |= {"tol": 1e-8, "max_iter": 100_000}
    cold = lasso_path(store(X), y, **options)[1]
    warm = lasso_path(store(X), y, coef_init=np.full(X.shape[1], 5.0), **options)[1]
    assert_array_equal(warm[cold == 0], 0)
    assert_allclose(warm, cold, atol=1e-3)


@pytest.mark.parametrize("weights", [None, "random"])
@pytest.mark.parametrize("design", ["random", "tall", "correlated"])
def test_l1_ratio_zero_is_ridge(design, weights):
    X, y = make_data(design)
    sample_weight = None if weights is None else np.random.default_rng(0).uniform(0.1, 2, len(y))
    total = len(y) if weights is None else sample_weight.sum()
    for alpha in (1e-3, 1.0, 1e3):
        ridge = Ridge(alpha * total, solver="svd").fit(X, y, sample_weight=sample_weight)
        model = ElasticNet(alpha, l1_ratio=0, tol=1e-12).fit(X, y, sample_weight=sample_weight)
        assert_allclose(model.coef_, ridge.coef_, rtol=1e-5, atol=1e-8)
        assert_allclose(model.intercept_, ridge.intercept_, rtol=1e-6)


@pytest.mark.parametrize("l1_ratio", [0, [0.5, 0]])
def test_automatic_grid_with_l1_ratio_zero(l1_ratio):
    X, y = make_data("random")
    message = "Automatic alpha grid generation is not supported for l1_ratio=0"
    with pytest.raises(ValueError, match=message):
        ElasticNetCV(l1_ratio=l1_ratio).fit(X, y)
    if l1_ratio == 0:
        with pytest.raises(ValueError, match=message):
            enet_path(X, y, l1_ratio=l1_ratio)


def test_several_targets_end_with_a_true_gap_below_the_tolerance():
    rng = np.random.RandomState(114514)
    X, coef = rng.randn(256, 512), np.zeros((512, 2))
    coef[rng.permutation(512)[:50]] = rng.randn(50, 2)
    Y, alpha = X @ coef, 0.01 / 256
    _, coefs, gaps = lasso_path(X, Y, alphas=[alpha])
    residual = Y - X @ coefs[:, :, 0].T
    norm = np.linalg.norm(X.T @ residual / 256, axis=1).max()
    dual = residual * min(1, alpha / norm)
    objective = (residual**2).sum() / 512 + alpha * np.linalg.norm(coefs[:, :, 0], axis=0).sum()
    gap = objective - ((dual * Y).sum() / 256 - (dual**2).sum() / 512)
    # The objective itself is known no better than to rounding.
    assert_allclose(gaps, gap, rtol=1e-3, atol=1e-14 * (Y**2).sum() / 256)
    assert gap <= 1e-4 * (Y**2).sum() / 256
