"""What must not change the answer, or must change it in a known way."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import LeaveOneGroupOut, PredefinedSplit

from registry import DENSE_STORAGES, DESIGNS, ILL_CONDITIONED, SPARSE_STORAGES, make_data
from sklearn_sparsefit import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    enet_path,
    lasso_path,
)

WELL_CONDITIONED = sorted(set(DESIGNS) - ILL_CONDITIONED)


SCALED = {"alphas": 5, "eps": 1e-2, "fit_intercept": True, "return_intercept": True}


@lru_cache
def path_in_units(design, storage):
    X, y = make_data(design)
    return lasso_path((DENSE_STORAGES | SPARSE_STORAGES)[storage](X), y, **SCALED)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("storage", ["dense_C", "dense_F", "csc_array", "csr_array"])
@settings(max_examples=15)
@given(log2_X=st.integers(-100, 100), log2_y=st.integers(-100, 100))
def test_powers_of_two_scale_the_lasso_path_exactly(design, storage, log2_X, log2_y):
    X, y = make_data(design)
    store = (DENSE_STORAGES | SPARSE_STORAGES)[storage]
    alphas, coefs, gaps, intercepts = path_in_units(design, storage)
    alphas_, coefs_, gaps_, intercepts_ = lasso_path(store(np.ldexp(X, log2_X)), np.ldexp(y, log2_y), **SCALED)
    assert_array_equal(coefs_, np.ldexp(coefs, log2_y - log2_X))
    assert_array_equal(intercepts_, np.ldexp(intercepts, log2_y))
    assert_array_equal(gaps_, np.ldexp(gaps, 2 * log2_y))
    if alphas[0] > 1e-10:  # all zero data leave nothing to scale the grid by
        assert_array_equal(alphas_, np.ldexp(alphas, log2_X + log2_y))


@pytest.mark.parametrize("solver", ["auto", "cd", "prox_grad"])
@pytest.mark.parametrize("design", ["random", "badly_scaled", "mostly_zeros"])
@pytest.mark.parametrize("log2", [-70, -1, 31])
def test_powers_of_two_scale_a_fit_exactly(design, solver, log2):
    X, y = make_data(design)
    alpha = lasso_path(X, y, alphas=1)[0][0] / 8
    options = {"solver": solver, "tol": 1e-6, "max_iter": 1_000_000}
    model = Lasso(alpha, **options).fit(X, y)
    scaled_X = Lasso(np.ldexp(alpha, log2), **options).fit(np.ldexp(X, log2), y)
    scaled_y = Lasso(np.ldexp(alpha, log2), **options).fit(X, np.ldexp(y, log2))
    assert_array_equal(scaled_X.coef_, np.ldexp(model.coef_, -log2))
    assert_array_equal(scaled_y.coef_, np.ldexp(model.coef_, log2))
    assert scaled_X.intercept_ == model.intercept_
    assert scaled_y.intercept_ == np.ldexp(model.intercept_, log2)
    assert scaled_X.n_iter_ == scaled_y.n_iter_ == model.n_iter_


@pytest.mark.parametrize("log2_X, log2_y", [(0, -54), (60, 0), (-30, 30), (-30, -30)])
def test_powers_of_two_scale_cross_validation_exactly(log2_X, log2_y):
    X, y = make_data("random")
    model = LassoCV(alphas=10, cv=3).fit(X, y)
    scaled = LassoCV(alphas=10, cv=3).fit(np.ldexp(X, log2_X), np.ldexp(y, log2_y))
    assert model.coef_.any()
    assert_array_equal(scaled.alphas_, np.ldexp(model.alphas_, log2_X + log2_y))
    assert scaled.alpha_ == np.ldexp(model.alpha_, log2_X + log2_y)
    assert_array_equal(scaled.mse_path_, np.ldexp(model.mse_path_, 2 * log2_y))
    assert_array_equal(scaled.coef_, np.ldexp(model.coef_, log2_y - log2_X))


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("design", WELL_CONDITIONED)
def test_permuting_features_permutes_the_answer(design, positive, l1_ratio):
    X, y = make_data(design)
    order = np.random.default_rng(0).permutation(X.shape[1])
    options = {"alphas": 6, "eps": 1e-2, "tol": 1e-12, "l1_ratio": l1_ratio, "positive": positive}
    alphas, coefs, _ = enet_path(X, y, **options)
    alphas_, coefs_, _ = enet_path(X[:, order], y, **options)
    norms = np.linalg.norm(X[:, order], axis=0)[:, None]
    assert_allclose(alphas_, alphas, rtol=1e-12)
    assert_allclose(norms * coefs_, norms * coefs[order], atol=1e-7 * np.linalg.norm(y), rtol=0)


@pytest.mark.parametrize("design", WELL_CONDITIONED)
def test_permuting_samples_changes_nothing(design):
    X, y = make_data(design)
    order = np.random.default_rng(0).permutation(len(y))
    options = {"alphas": 6, "eps": 1e-2, "tol": 1e-12, "fit_intercept": True}
    _, coefs, _ = lasso_path(X, y, **options)
    _, shuffled, _ = lasso_path(X[order], y[order], **options)
    norms = np.linalg.norm(X, axis=0)[:, None]
    assert_allclose(norms * shuffled, norms * coefs, atol=1e-7 * np.linalg.norm(y), rtol=0)


@pytest.mark.parametrize("sparse_storage", [None, "csc_array", "csr_array"])
@given(
    weights=st.lists(st.integers(0, 3), min_size=30, max_size=30).filter(lambda weights: np.count_nonzero(weights) > 5),
    fit_intercept=st.booleans(),
    l1_ratio=st.sampled_from([1.0, 0.5]),
)
def test_integer_weights_equal_repeated_rows(sparse_storage, weights, fit_intercept, l1_ratio):
    X, y = make_data("constant_and_zero_columns")
    store = SPARSE_STORAGES.get(sparse_storage, np.asarray)
    options = {
        "alphas": 5,
        "eps": 0.05,
        "tol": 1e-12,
        "l1_ratio": l1_ratio,
        "fit_intercept": fit_intercept,
        "return_intercept": True,
    }
    weighted = enet_path(store(X), y, sample_weight=np.array(weights), **options)
    repeated = enet_path(store(np.repeat(X, weights, axis=0)), np.repeat(y, weights), **options)
    for one, other in zip(weighted, repeated, strict=True):
        assert_allclose(one, other, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("design", sorted(set(WELL_CONDITIONED) - {"one_sample"}))
@pytest.mark.parametrize("storage", ["dense_C", "csc_array", "csr_array"])
def test_weight_zero_equals_a_removed_row(design, storage):
    X, y = make_data(design)
    rng = np.random.default_rng(1)
    weights = rng.uniform(0.5, 2, len(y))
    weights[0] = weights[-1] = 0
    y[0] = y[-1] = 1e6  # seen at all, these would ruin the answer
    kept = weights > 0
    store = (DENSE_STORAGES | SPARSE_STORAGES)[storage]
    options = {
        "alphas": 5,
        "eps": 0.05,
        "tol": 1e-12,
        "fit_intercept": True,
        "return_intercept": True,
    }
    with_zeros = enet_path(store(X), y, sample_weight=weights, **options)
    removed = enet_path(store(X[kept]), y[kept], sample_weight=weights[kept], **options)
    norms = np.linalg.norm(X, axis=0)[:, None]
    assert_allclose(with_zeros[0], removed[0], rtol=1e-9)
    assert_allclose(
        norms * with_zeros[1],
        norms * removed[1],
        rtol=0,
        atol=1e-7 * np.linalg.norm(y[kept]),
    )


@pytest.mark.parametrize("factor", [1e-8, 0.3, 123.0])
def test_scaling_all_weights_changes_nothing(factor):
    X, y = make_data("random")
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    model = ElasticNet(0.1, tol=1e-12).fit(X, y, sample_weight=weights)
    scaled = ElasticNet(0.1, tol=1e-12).fit(X, y, sample_weight=factor * weights)
    assert_allclose(scaled.coef_, model.coef_, rtol=1e-9, atol=1e-12)
    assert_allclose(scaled.intercept_, model.intercept_, rtol=1e-9)


@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("storage", ["dense_C", "csc_array"])
def test_integer_weights_equal_repeated_rows_in_cross_validation(Estimator, fit_intercept, storage):
    X, y = make_data("tall")
    X, y = X[:60], y[:60]
    store = (DENSE_STORAGES | SPARSE_STORAGES)[storage]
    rng = np.random.default_rng(2)
    weights = rng.integers(0, 4, len(y))
    fold = np.arange(len(y)) % 3
    options = {"alphas": 10, "fit_intercept": fit_intercept, "tol": 1e-12}
    weighted = Estimator(cv=PredefinedSplit(fold), **options)
    weighted.fit(store(X), y, sample_weight=weights)
    rows = np.repeat(np.arange(len(y)), weights)
    splits = list(LeaveOneGroupOut().split(rows, groups=fold[rows]))
    repeated = Estimator(cv=splits, **options).fit(store(X[rows]), y[rows])
    assert_allclose(weighted.alphas_, repeated.alphas_, rtol=1e-10)
    assert_allclose(weighted.mse_path_, repeated.mse_path_, rtol=1e-8)
    assert_allclose(weighted.alpha_, repeated.alpha_, rtol=1e-10)
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("selection", ["cyclic", "random"])
@pytest.mark.parametrize("precompute", [False, True, "gram"])
def test_selection_and_precompute_do_not_move_the_answer(selection, precompute):
    X, y = make_data("tall")
    X = X - X.mean(axis=0)
    reference = Lasso(0.1, tol=1e-12).fit(X, y)
    gram = X.T @ X if precompute == "gram" else precompute
    model = Lasso(0.1, tol=1e-12, precompute=gram, selection=selection, random_state=0)
    model.fit(X, y)
    assert_allclose(model.coef_, reference.coef_, rtol=1e-9, atol=1e-12)
    assert_allclose(model.intercept_, reference.intercept_, rtol=1e-9)
