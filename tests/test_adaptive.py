"""Adaptive estimators: weights from a first stage are as defined, and a fold's come from its training rows alone."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, LeaveOneOut, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from oracles import ElasticNetProblem, standard_deviations
from registry import disordered_csc, make_data, make_weights
from sklearn_sparsefit import (
    AdaptiveElasticNet,
    AdaptiveElasticNetCV,
    AdaptiveLasso,
    AdaptiveLassoCV,
    ElasticNet,
    ElasticNetCV,
    Lasso,
)
from sklearn_sparsefit._validation import check_training_data
from sklearn_sparsefit.design import DenseDesign
from sklearn_sparsefit.exceptions import ModelWarning
from sklearn_sparsefit.linear_model import first_stage as first_stages

ADAPTIVE = [AdaptiveLasso, AdaptiveElasticNet, AdaptiveLassoCV, AdaptiveElasticNetCV]
CROSS_VALIDATED = [AdaptiveLassoCV, AdaptiveElasticNetCV]
STORAGES = {"dense": np.asarray, "fortran": np.asfortranarray, "csc": sparse.csc_array, "csr": sparse.csr_array}
ALPHAS = np.geomspace(0.5, 0.005, 5)
ignore_nothing_found = pytest.mark.filterwarnings("ignore:The model has no penalised feature")


def regression(n_samples=60, n_features=12, seed=0, noise=0.5):
    """Features of different scales and means, one with no part in y, effects of different sizes."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_features)) * np.geomspace(0.5, 4, n_features)[rng.permutation(n_features)]
    X += rng.uniform(-2, 2, n_features)
    coef = rng.choice([0.0, 0.0, 1.0, -2.0, 3.0], n_features)
    return X, 5.0 + X @ coef + noise * rng.standard_normal(n_samples)


def guess(n_features, seed=0):
    """Coefficients that might come from anywhere."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 3, n_features) * rng.choice([-1.0, 1.0], n_features)


def factors(sizes, gamma=1.0):
    """The weights u_j of coefficients of these sizes."""
    sizes = np.abs(np.asarray(sizes, float))
    typical = (sizes**2).sum() / sizes.sum()
    return np.array([(typical / size) ** gamma if size else np.inf for size in sizes])


def deviations(X, weights=None):
    return standard_deviations(X, np.ones(len(X)) if weights is None else weights).astype(float)


def small_alphas(model):
    """A grid for estimators with cross-validation, which would otherwise take their time."""
    return model.set_params(alphas=ALPHAS, cv=3) if "alphas" in model.get_params() else model


# The definition


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_is_the_lasso_on_features_divided_by_the_weights(gamma, standardize, weighted, storage):
    X, y = regression()
    weights = make_weights("with_zeros", len(y)) if weighted else None
    initial = guess(X.shape[1])
    scales = deviations(X, weights) if standardize else np.ones(X.shape[1])
    u = scales * factors(initial * scales, gamma)
    theirs = linear_model.Lasso(alpha=0.1, tol=1e-13, max_iter=100_000).fit(X / u, y, sample_weight=weights)
    ours = AdaptiveLasso(alpha=0.1, first_stage=initial, gamma=gamma, standardize=standardize, tol=1e-12)
    ours.fit(STORAGES[storage](X), y, sample_weight=weights)
    assert_allclose(ours.penalty_weights_, u, rtol=1e-12)
    assert_allclose(ours.coef_, theirs.coef_ / u, rtol=1e-6, atol=1e-8)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-6)
    assert 0 < np.count_nonzero(ours.coef_) < X.shape[1]


def test_without_intercept_it_is_the_lasso_too():
    X, y = regression()
    u = factors(guess(12))
    theirs = linear_model.Lasso(alpha=0.3, tol=1e-13, max_iter=100_000, fit_intercept=False).fit(X / u, y)
    ours = AdaptiveLasso(alpha=0.3, first_stage=guess(12), tol=1e-12, fit_intercept=False).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_ / u, rtol=1e-6, atol=1e-8)
    assert ours.intercept_ == 0


@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_single_precision(Estimator):
    X, y = regression()
    X = X.astype(np.float32)
    model = small_alphas(Estimator(tol=1e-7)).fit(X, y)
    exact = small_alphas(Estimator(tol=1e-12)).fit(X.astype(np.float64), y)
    assert model.coef_.dtype == np.float32
    assert_allclose(model.coef_, exact.coef_, rtol=1e-3, atol=1e-4)
    assert_allclose(model.penalty_weights_, exact.penalty_weights_, rtol=1e-3)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("l1_ratio", [0.2, 0.8])
def test_l2_part_has_no_weights_of_the_first_stage(l1_ratio, standardize):
    X, y = regression()
    n_samples, n_features = X.shape
    prices = np.random.default_rng(1).uniform(0.5, 2, n_features)
    scales = deviations(X) if standardize else np.ones(n_features)
    u = factors(guess(n_features) * scales, 2.0)
    # Rows that say what the L2 part says, on features divided by the L1 weights: a lasso.
    alpha, l1 = 0.1, prices * scales * u
    ridge = np.sqrt(n_samples * alpha * (1 - l1_ratio) * prices) * scales
    augmented = np.vstack([X - X.mean(axis=0), np.diag(ridge)]) / l1
    target = np.append(y - y.mean(), np.zeros(n_features))
    share = n_samples / len(target)
    lasso = linear_model.Lasso(alpha=alpha * l1_ratio * share, fit_intercept=False, tol=1e-13, max_iter=100_000)
    expected = lasso.fit(augmented, target).coef_ / l1
    model = AdaptiveElasticNet(alpha, l1_ratio=l1_ratio, first_stage=guess(n_features), gamma=2, tol=1e-12)
    model.set_params(penalty_weights=prices, standardize=standardize).fit(X, y)
    assert_allclose(model.coef_, expected, rtol=1e-6, atol=1e-8)
    assert 0 < np.count_nonzero(expected) < n_features


def gap(X, y, coef, intercept, l1, l2, alpha):
    """Objective and duality gap of an elastic net with weights of its own on either part."""
    residual = y - X @ coef - intercept
    n_samples, penalty = len(y), alpha * (l1 @ np.abs(coef) + l2 @ coef**2 / 2)
    objective = residual @ residual / (2 * n_samples) + penalty
    centred = residual - residual.mean()
    excess = np.maximum(np.abs(X.T @ centred) / n_samples - alpha * l1, 0)
    dual = (centred @ y - centred @ centred / 2) / n_samples - (excess**2 / (2 * alpha * l2)).sum()
    return objective, objective - dual


@pytest.mark.parametrize("tol", [0.3, 1e-2, 1e-10])
def test_dual_gap_of_the_elastic_net_bounds_the_error(tol):
    X, y = regression(80, 40, noise=3)
    params = dict(alpha=0.02, l1_ratio=0.7, first_stage=guess(40))
    model = AdaptiveElasticNet(tol=tol, solver="prox_grad", max_iter=100_000, **params).fit(X, y)
    best = AdaptiveElasticNet(tol=1e-14, **params).fit(X, y)
    terms = dict(l1=0.7 * factors(guess(40)), l2=np.full(40, 0.3), alpha=0.02)
    objective, in_numpy = gap(X, y, model.coef_, model.intercept_, **terms)
    optimum, none = gap(X, y, best.coef_, best.intercept_, **terms)
    null_loss = np.var(y) / 2
    assert abs(none) < 1e-10 * null_loss
    assert objective - optimum <= model.dual_gap_ + 1e-13 * null_loss
    assert model.dual_gap_ <= min(tol * null_loss, in_numpy * (1 + 1e-6) + 1e-13 * null_loss)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("design", ["random", "correlated", "wide", "constant_and_zero_columns", "tall"])
def test_optimum_of_the_weighted_lasso(design, weighted):
    X, y = make_data(design)
    weights = make_weights("with_zeros", len(y)) if weighted else None
    prices = np.ones(X.shape[1])
    prices[[0, 2]] = 0.0, 2.0
    model = AdaptiveLasso(alpha=0.05, penalty_weights=prices, tol=1e-10).fit(X, y, sample_weight=weights)
    problem = ElasticNetProblem(X, y, alpha=0.05, sample_weight=weights, penalty_weights=model.penalty_weights_)
    assert problem.relative(problem.dual_gap(model.coef_, model.intercept_)) <= 1e-8
    assert problem.relative(model.dual_gap_) <= 1e-10
    assert model.penalty_weights_[0] == 0
    assert model.coef_[0] != 0


# First stages


def by_ridge(X, y, weights, fit_intercept):
    """Ridge on standardised features, as strong as their correlations' mean eigenvalue, weighted by itself."""
    share = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    share = share / share.sum()
    scales = deviations(X, share)
    Z = X / scales
    centred = Z - share @ Z if fit_intercept else Z
    eigenvalues = np.linalg.svd(np.sqrt(share)[:, None] * centred, compute_uv=False) ** 2
    strength = (eigenvalues**2).sum() / eigenvalues.sum()
    ridge = linear_model.Ridge(alpha=strength, fit_intercept=fit_intercept, solver="svd")
    return ridge.fit(Z, y, sample_weight=share).coef_ / scales


@pytest.mark.parametrize("storage", ["dense", "csc", "csr"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weights", ["none", "with_zeros"])
@pytest.mark.parametrize("design", ["tall", "wide", "very_wide", "correlated", "duplicated_columns", "mostly_zeros"])
def test_ridge_is_scikit_learns(design, weights, fit_intercept, storage):
    X, y = make_data(design)
    if design == "mostly_zeros":
        X, y = X[:150, :40], y[:150]
    weights = make_weights(weights, len(y))
    expected = factors(by_ridge(X, y, weights, fit_intercept))
    model = AdaptiveLasso(alpha=np.std(y), fit_intercept=fit_intercept)
    model.fit(STORAGES[storage](X), y, sample_weight=weights)
    assert_allclose(model.penalty_weights_, expected, rtol=1e-7)


@pytest.mark.parametrize("first_stage", ["ridge", "ols"])
@pytest.mark.parametrize("offset", [1e4, 1e7])
@pytest.mark.parametrize("shape", [(60, 12), (30, 50)])
def test_means_of_features_have_no_part_in_the_weights(shape, offset, first_stage):
    X, y = regression(*shape)
    model = AdaptiveLasso(alpha=0.1, first_stage=first_stage).fit(X, y)
    shifted = AdaptiveLasso(alpha=0.1, first_stage=first_stage).fit(X + offset, y)
    assert_allclose(shifted.penalty_weights_, model.penalty_weights_, rtol=1e-13 * offset / 1e-6)


@pytest.mark.parametrize("scale", [1e-150, 1e-6, 1e6, 1e150])
@pytest.mark.parametrize("shape", [(60, 12), (30, 50)])
def test_ridge_does_not_depend_on_units(shape, scale):
    X, y = regression(*shape)
    model = AdaptiveLasso(alpha=0.1, standardize=True).fit(X, y)
    scaled = AdaptiveLasso(alpha=0.1, standardize=True).fit(X * scale, y)
    assert_allclose(scaled.penalty_weights_ / scale, model.penalty_weights_, rtol=1e-8)
    of_y = AdaptiveLasso(alpha=0.1 * scale, standardize=True).fit(X, y * scale)
    assert_allclose(of_y.penalty_weights_, model.penalty_weights_, rtol=1e-8)
    assert_allclose(of_y.coef_ / scale, model.coef_, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize(("exponent", "rtol"), [(-1000, 1e-12), (-565, 1e-12), (-400, 0), (400, 0), (1000, 1e-12)])
@pytest.mark.parametrize("storage", ["dense", "fortran", "csc", "csr"])
@pytest.mark.parametrize("shape", [(60, 12), (30, 50)])
@pytest.mark.parametrize("first_stage", ["ridge", "ols"])
def test_features_as_small_or_large_as_may_be(first_stage, shape, storage, exponent, rtol):
    X, y = regression(*shape)
    model, scaled = (
        AdaptiveLassoCV(alphas=5, cv=3, first_stage=first_stage).fit(STORAGES[storage](Z), y)
        for Z in (X, np.ldexp(X, exponent))
    )
    # Standard deviations whose squares might overflow are computed in another way, and differ by rounding.
    assert_allclose(scaled.penalty_weights_, model.penalty_weights_, rtol=rtol)
    assert_allclose(np.ldexp(scaled.coef_, exponent), model.coef_, rtol=rtol)
    assert np.count_nonzero(model.coef_) > 1


@pytest.mark.parametrize("storage", ["dense", "csc", "csr"])
@pytest.mark.parametrize("shape", [(60, 12), (30, 50)])
@pytest.mark.parametrize("first_stage", ["ridge", "ols"])
def test_units_of_single_features_do_not_count(first_stage, shape, storage):
    X, y = regression(*shape)
    # Of a constant, however large, rounding alone is left.
    X[:, 3] = 0.1
    weights = make_weights("with_zeros", len(y))
    units = np.ones(shape[1])
    units[[1, 2, 3, 4]] = 1e-170, 1e155, 1e200, 1e-160
    expected, coef = (
        first_stages.initial_coef(first_stage, check_training_data(Z, y, None), weights, True)
        for Z in (X, STORAGES[storage](X * units))
    )
    assert abs(coef[3]) < 1e-100
    assert_allclose(np.delete(coef * units, 3), np.delete(expected, 3), rtol=1e-6)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weights", ["none", "random", "with_zeros"])
@pytest.mark.parametrize("storage", ["dense", "csc"])
def test_ols_is_linear_regression(storage, weights, fit_intercept):
    X, y = regression(80)
    weights = make_weights(weights, len(y))
    theirs = linear_model.LinearRegression(fit_intercept=fit_intercept).fit(X, y, sample_weight=weights)
    model = AdaptiveLasso(alpha=0.1, first_stage="ols", fit_intercept=fit_intercept)
    model.fit(STORAGES[storage](X), y, sample_weight=weights)
    assert_allclose(model.penalty_weights_, factors(theirs.coef_), rtol=1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_ols_of_more_features_than_samples_has_the_least_norm_of_standardised_features(offset):
    X, y = regression(20, 50)
    X += offset
    scales = deviations(X)
    Z = (X - X.mean(axis=0)) / scales
    expected = np.linalg.pinv(Z, rcond=1e-10) @ (y - y.mean()) / scales
    model = AdaptiveLasso(alpha=0.1, first_stage="ols").fit(X, y)
    assert_allclose(model.penalty_weights_, factors(expected), rtol=1e-4)


def large_and_sparse(n_samples, n_features):
    """Few entries in most columns; one column full, with a large mean, one half full, one constant, one of zeros."""
    rng = np.random.default_rng(n_samples)
    X = sparse.random_array((n_samples, n_features), density=0.01, random_state=rng).toarray()
    X[:, 3] = 100 + rng.standard_normal(n_samples)
    X[::2, 4] += rng.uniform(1, 2, n_samples // 2)
    X[:, 5], X[:, 6] = 3.0, 0.0
    return X, X[:, :50] @ rng.uniform(-2, 2, 50) + rng.standard_normal(n_samples)


# What rounding leaves of a constant feature has a weight at least as large.
NEGLIGIBLE = 1e12


def found_weights(model, X, y, weights):
    """Those of the penalty, whatever the second stage would make of them."""
    model.set_params(alpha=1e6).fit(X, y, sample_weight=weights)
    return np.minimum(model.penalty_weights_, NEGLIGIBLE)


@pytest.mark.parametrize("store", [sparse.csc_array, sparse.csr_array, disordered_csc])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weights", ["none", "with_zeros"])
@pytest.mark.parametrize("shape", [(60, 90), (90, 60)])
@pytest.mark.parametrize("first_stage", ["ridge", "ols"])
def test_iterations_lead_where_factors_do(first_stage, shape, weights, fit_intercept, store, monkeypatch):
    X, y = regression(*shape)
    X[np.random.default_rng(0).uniform(size=shape) < 0.7] = 0.0
    X[:, 3] = 1e3 + np.random.default_rng(1).standard_normal(shape[0])
    X[:, 5], X[:, 6] = 3.0, 0.0
    weights = make_weights(weights, shape[0])
    model = AdaptiveLasso(first_stage=first_stage, fit_intercept=fit_intercept)
    direct = found_weights(model, store(X), y, weights)
    monkeypatch.setattr(first_stages, "SMALL_MATRIX", 0)
    monkeypatch.setattr(first_stages, "COPY_SIZE", 0)
    iterated = found_weights(model, store(X), y, weights)
    assert_allclose(iterated, direct, rtol=1e-6)
    if first_stage == "ridge":
        assert_allclose(iterated, np.minimum(factors(by_ridge(X, y, weights, fit_intercept)), NEGLIGIBLE), rtol=1e-6)


@pytest.mark.parametrize("shape", [(1100, 1300), (1300, 1100)])
@pytest.mark.parametrize("first_stage", ["ridge", "ols"])
def test_large_sparse_features_have_the_weights_of_dense_ones(first_stage, shape, monkeypatch):
    X, y = large_and_sparse(*shape)
    model = AdaptiveLasso(first_stage=first_stage)
    dense = found_weights(model, X, y, None)
    monkeypatch.delattr(first_stages, "_by_gram")
    monkeypatch.delattr(first_stages, "_by_kernel")
    assert_allclose(found_weights(model, sparse.csr_array(X), y, None), dense, rtol=1e-6)
    if first_stage == "ridge":
        assert_allclose(dense, np.minimum(factors(by_ridge(X, y, None, True)), NEGLIGIBLE), rtol=1e-6)


@pytest.mark.parametrize("first_stage", ["ridge", "ols"])
@pytest.mark.parametrize("shape", [(4000, 9000), (9000, 4000)])
def test_memory_of_large_sparse_features_is_not_squared(shape, first_stage):
    rng = np.random.default_rng(0)
    X = sparse.random_array(shape, density=1e-3, random_state=rng, format="csc")
    y = X[:, :20].sum(axis=1) + rng.standard_normal(shape[0])
    tracemalloc.start()
    try:
        AdaptiveLasso(alpha=1e6, first_stage=first_stage).fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4000**2 * 8 / 4


def test_least_squares_that_does_not_converge_says_so(monkeypatch):
    X, y = large_and_sparse(1300, 1100)
    monkeypatch.setattr(first_stages, "MAX_ITERATIONS", 5)
    with pytest.warns(ConvergenceWarning, match="first stage.* 5 iterations.*first_stage='ridge'") as caught:
        AdaptiveLasso(first_stage="ols").fit(sparse.csr_array(X), y)
    assert len(caught) == 1


def test_standard_deviations_are_computed_once(monkeypatch):
    X, y = regression()
    calls = []
    scales = DenseDesign.scales
    monkeypatch.setattr(DenseDesign, "scales", lambda design, weights: calls.append(0) or scales(design, weights))
    AdaptiveLasso(alpha=0.1, first_stage=guess(12), standardize=True).fit(X, y)
    assert len(calls) == 1


@pytest.mark.parametrize("weighted", [False, True])
def test_elastic_net_is_that_of_cross_validation(weighted):
    X, y = regression(60, 30, noise=4)
    weights = make_weights("with_zeros", len(y)) if weighted else None
    rows = np.arange(len(y)) if weights is None else np.flatnonzero(weights)
    first = ElasticNetCV(standardize=True).fit(X[rows], y[rows], sample_weight=weights[rows] if weighted else None)
    model = AdaptiveLasso(alpha=0.1, first_stage="elastic_net").fit(X, y, sample_weight=weights)
    assert_allclose(model.penalty_weights_, factors(first.coef_), rtol=1e-12)


def test_estimator_is_fitted_as_it_is_and_stays_unfitted():
    X, y = regression()
    first = linear_model.Ridge(alpha=3.0, fit_intercept=False)
    model = AdaptiveLasso(alpha=0.1, first_stage=first).fit(X, y)
    assert_allclose(model.penalty_weights_, factors(clone(first).fit(X, y).coef_), rtol=1e-10)
    assert not hasattr(first, "coef_")
    by_model = AdaptiveLasso(alpha=0.1, first_stage=Lasso(alpha=0.2)).fit(sparse.csr_array(X), y)
    assert_allclose(by_model.penalty_weights_, factors(Lasso(alpha=0.2).fit(X, y).coef_), rtol=1e-8)


@pytest.mark.parametrize("Estimator", CROSS_VALIDATED)
def test_estimator_need_not_take_weights_where_there_are_none(Estimator):
    X, y = regression()
    model = Estimator(first_stage=linear_model.LassoLarsIC(), alphas=ALPHAS, cv=3, store_fold_coefs=True).fit(X, y)
    train = next(KFold(3).split(X))[0]
    alone = Estimator(first_stage=linear_model.LassoLarsIC().fit(X[train], y[train]).coef_, alphas=ALPHAS, cv=3)
    assert_allclose(model.fold_coef_path_[0], alone.fit(X[train], y[train]).coef_path_, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_estimator_that_cannot_take_weights_is_named(Estimator):
    X, y = regression()
    model = small_alphas(Estimator())
    for first_stage in (linear_model.LassoLarsIC(), make_pipeline(StandardScaler(), linear_model.Ridge())):
        model.set_params(first_stage=first_stage)
        with pytest.raises(ValueError, match=f"first_stage={type(first_stage).__name__} .*without sample_weight"):
            model.fit(X, y, sample_weight=np.arange(1.0, len(y) + 1))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_estimator_is_given_the_names_of_the_features(Estimator, weighted):
    X, y = regression(noise=3)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(12)])
    weights = make_weights("with_zeros", len(y)) if weighted else None
    prices = {"x3": 0.0, "x5": np.inf}
    by_name = small_alphas(Estimator(first_stage=Lasso(0.1, penalty_weights=prices)))
    by_place = small_alphas(
        Estimator(first_stage=Lasso(0.1, penalty_weights=[prices.get(name, 1.0) for name in frame]))
    )
    by_name.fit(frame, y, sample_weight=weights)
    by_place.fit(X, y, sample_weight=weights)
    assert_allclose(by_name.coef_, by_place.coef_, rtol=1e-9, atol=1e-12)
    assert_allclose(by_name.penalty_weights_, by_place.penalty_weights_, rtol=1e-9)
    assert np.isinf(by_name.penalty_weights_[5])


@pytest.mark.parametrize("kind", [dict, pd.Series])
@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_coefficients_by_name(Estimator, kind):
    X, y = regression()
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(12)])
    initial = guess(12)
    initial[[2, 7]] = 0.0
    order = np.random.default_rng(0).permutation(12)
    named = kind({frame.columns[j]: initial[j] for j in order if initial[j]})
    by_name = small_alphas(Estimator(first_stage=named)).fit(frame, y)
    by_place = small_alphas(Estimator(first_stage=initial)).fit(X, y)
    assert_allclose(by_name.coef_, by_place.coef_, rtol=1e-9, atol=1e-12)
    assert_allclose(by_name.penalty_weights_, by_place.penalty_weights_, rtol=1e-9)
    assert_array_equal(np.flatnonzero(np.isinf(by_name.penalty_weights_)), [2, 7])


def test_errors_within_the_first_stage_say_so():
    X, y = regression()
    model = AdaptiveLasso(first_stage=ElasticNetCV(cv=GroupKFold(3)))
    with pytest.raises(ValueError, match="groups") as caught:
        model.fit(X, y)
    assert "first_stage=ElasticNetCV" in caught.value.__notes__[0]


# What changes nothing


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("first_stage", ["ridge", "ols", "elastic_net"])
@pytest.mark.parametrize("shape", [(60, 12), (30, 50)])
def test_scales_of_features_are_those_of_coefficients(shape, first_stage, gamma):
    X, y = regression(*shape)
    units = 2.0 ** np.random.default_rng(0).integers(-20, 20, X.shape[1])
    params = dict(alpha=0.05, gamma=gamma, standardize=True, tol=1e-10)
    if first_stage == "elastic_net":
        params["first_stage"] = ElasticNetCV(alphas=20, standardize=True)
    else:
        params["first_stage"] = first_stage
    model = AdaptiveLasso(**params).fit(X, y)
    rescaled = AdaptiveLasso(**params).fit(X * units, y)
    assert_array_equal(rescaled.coef_ != 0, model.coef_ != 0)
    assert_allclose(rescaled.coef_ * units, model.coef_, rtol=1e-6, atol=1e-9)


def test_lasso_with_gamma_one_has_the_same_path_in_any_units():
    X, y = regression()
    units = 2.0 ** np.random.default_rng(0).integers(-5, 5, X.shape[1])
    path = AdaptiveLassoCV(alphas=20, cv=3, tol=1e-10).fit(X, y)
    rescaled = AdaptiveLassoCV(alphas=20, cv=3, tol=1e-10).fit(X * units, y)
    assert_allclose(rescaled.coef_path_ * units[:, None], path.coef_path_, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("first_stage", ["ridge", "ols", linear_model.LinearRegression()])
@pytest.mark.parametrize("params", [{}, {"standardize": True, "gamma": 2}, {"n_reweightings": 2}])
@pytest.mark.parametrize("Estimator", [AdaptiveLasso, AdaptiveElasticNet])
def test_integer_weights_are_repeated_rows(Estimator, params, first_stage):
    X, y = regression()
    counts = np.random.default_rng(0).integers(0, 4, len(y))
    rows = np.repeat(np.arange(len(y)), counts)
    model = Estimator(alpha=0.1, first_stage=first_stage, tol=1e-10, **params)
    weighted = clone(model).fit(X, y, sample_weight=counts)
    repeated = clone(model).fit(X[rows], y[rows])
    assert_allclose(weighted.penalty_weights_, repeated.penalty_weights_, rtol=1e-5)
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("first_stage", ["ridge", "ols", "elastic_net", linear_model.Ridge()])
@pytest.mark.parametrize("shape", [(60, 12), (30, 50)])
def test_rows_of_weight_zero_might_be_absent(shape, first_stage):
    X, y = regression(*shape)
    weights = make_weights("with_zeros", len(y))
    counts = weights > 0
    X[~counts] *= 1e6
    y[~counts] = -1e9
    model = AdaptiveLasso(alpha=0.1, first_stage=first_stage, tol=1e-10).fit(X, y, sample_weight=weights)
    alone = AdaptiveLasso(alpha=0.1, first_stage=first_stage, tol=1e-10)
    # To an estimator that is handed on, the sum of the weights may matter.
    scale = 7 if isinstance(first_stage, str) else 1
    alone.fit(X[counts], y[counts], sample_weight=scale * weights[counts])
    assert_allclose(model.penalty_weights_, alone.penalty_weights_, rtol=1e-4)
    assert_allclose(model.coef_, alone.coef_, rtol=1e-5, atol=1e-7)


# Cross-validation

FOLD_STAGES = {
    "ridge": "ridge",
    "ols": "ols",
    "elastic_net": "elastic_net",
    "estimator": linear_model.Ridge(2.0),
    "array": guess(12),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("first_stage", FOLD_STAGES)
@pytest.mark.parametrize("params", [{}, {"gamma": 2, "standardize": True}])
@pytest.mark.parametrize(
    "Estimator, Single", [(AdaptiveLassoCV, AdaptiveLasso), (AdaptiveElasticNetCV, AdaptiveElasticNet)]
)
def test_every_fold_is_a_fit_of_its_own(Estimator, Single, params, first_stage, weighted):
    X, y = regression(noise=3)
    weights = make_weights("random", len(y)) if weighted else None
    params = {"first_stage": FOLD_STAGES[first_stage], "tol": 1e-11} | params
    model = Estimator(alphas=ALPHAS, cv=KFold(3, shuffle=True, random_state=0), store_fold_coefs=True, **params)
    model.fit(X, y, sample_weight=weights)
    for k, (train, test) in enumerate(KFold(3, shuffle=True, random_state=0).split(X)):
        train_weights, test_weights = (None, None) if weights is None else (weights[train], weights[test])
        for number, alpha in enumerate(model.alphas_):
            single = Single(alpha=alpha, **params).fit(X[train], y[train], sample_weight=train_weights)
            assert_allclose(model.fold_coef_path_[k, :, number], single.coef_, rtol=1e-6, atol=1e-8)
            error = np.average((y[test] - single.predict(X[test])) ** 2, weights=test_weights)
            assert_allclose(model.mse_path_[number, k], error, rtol=1e-6)
    final = Single(alpha=model.alpha_, **params).fit(X, y, sample_weight=weights)
    assert_allclose(model.coef_, final.coef_, rtol=1e-6, atol=1e-8)
    assert_allclose(model.penalty_weights_, final.penalty_weights_, rtol=1e-10)
    assert model.alpha_ == model.alphas_[model.mse_path_.mean(axis=1).argmin()]


@pytest.mark.parametrize("storage", ["csc", "csr"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_folds_of_sparse_and_of_dense_data_are_the_same(storage, n_jobs):
    X, y = make_data("mostly_zeros")
    params = dict(alphas=ALPHAS, cv=3, tol=1e-10, store_fold_coefs=True)
    dense = AdaptiveLassoCV(**params).fit(X, y)
    model = AdaptiveLassoCV(n_jobs=n_jobs, **params).fit(STORAGES[storage](X), y)
    assert_allclose(model.fold_coef_path_, dense.fold_coef_path_, rtol=1e-6, atol=1e-9)
    assert_allclose(model.mse_path_, dense.mse_path_, rtol=1e-8)


@ignore_nothing_found
@pytest.mark.parametrize("n_reweightings", [1, 2])
@pytest.mark.parametrize("shape", [(60, 12), (30, 50)])
@pytest.mark.parametrize("first_stage", ["ridge", "ols", "elastic_net", "estimator"])
def test_held_out_rows_have_no_part_in_a_fold(first_stage, shape, n_reweightings):
    X, y = regression(*shape, noise=3)
    test = list(KFold(3).split(X))[1][1]
    model = AdaptiveLassoCV(
        first_stage=FOLD_STAGES[first_stage],
        n_reweightings=n_reweightings,
        alphas=ALPHAS,
        cv=3,
        standardize=True,
        store_fold_coefs=True,
    )
    before = clone(model).fit(X, y)
    rng = np.random.default_rng(1)
    X[test] = rng.standard_normal(X[test].shape)
    y[test] = 100 * rng.standard_normal(len(test))
    after = clone(model).fit(X, y)
    assert_allclose(after.fold_coef_path_[1], before.fold_coef_path_[1], rtol=1e-5, atol=1e-7)
    assert not np.allclose(after.fold_coef_path_[0], before.fold_coef_path_[0], rtol=1e-2)


def test_an_array_from_all_rows_has_seen_the_held_out_ones():
    X, y = regression(noise=3)
    test = list(KFold(3).split(X))[1][1]
    paths = []
    for _ in range(2):
        seen_all = linear_model.LinearRegression().fit(X, y).coef_
        model = AdaptiveLassoCV(first_stage=seen_all, alphas=ALPHAS, cv=3, store_fold_coefs=True).fit(X, y)
        paths.append(model.fold_coef_path_[1])
        y[test] = 100 * np.random.default_rng(1).standard_normal(len(test))
    assert not np.allclose(*paths, rtol=1e-2)


def test_a_first_stage_that_saw_noise_makes_it_predictable():
    """What is gained by weights from all rows is not there: the target is noise."""
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((80, 200)), rng.standard_normal(80)
    leaking = AdaptiveLassoCV(first_stage=linear_model.Ridge().fit(X, y).coef_, gamma=2, alphas=20).fit(X, y)
    honest = AdaptiveLassoCV(first_stage=linear_model.Ridge(), gamma=2, alphas=20).fit(X, y)
    assert leaking.mse_path_.mean(axis=1).min() < 0.75 * np.var(y)
    assert honest.mse_path_.mean(axis=1).min() > np.var(y)


@pytest.mark.parametrize("Estimator", CROSS_VALIDATED)
def test_automatic_grid_begins_where_the_first_feature_enters(Estimator):
    X, y = regression()
    model = Estimator(alphas=10, cv=3).fit(X, y)
    assert not model.coef_path_[:, 0].any()
    centred = (X - X.mean(axis=0)).T @ (y - y.mean()) / len(y)
    l1_ratio = getattr(model, "l1_ratio_", 1.0)
    largest = (np.abs(centred) / factors(by_ridge(X, y, None, True))).max() / l1_ratio
    assert_allclose(model.alphas_, largest * np.geomspace(1, 1e-3, 10), rtol=1e-8)


def test_one_of_several_l1_ratios_and_relaxes_is_chosen():
    X, y = regression(noise=3)
    params = dict(first_stage="ols", tol=1e-10)
    model = AdaptiveElasticNetCV(l1_ratio=[0.5, 0.9, 1.0], relax=[0.0, 0.5, 1.0], alphas=8, cv=3, **params).fit(X, y)
    assert model.mse_path_.shape == (3, 3, 8, 3)
    means = model.mse_path_.mean(axis=-1)
    row, relax, column = np.unravel_index(means.argmin(), means.shape)
    assert (model.l1_ratio_, model.relax_) == ([0.5, 0.9, 1.0][row], [0.0, 0.5, 1.0][relax])
    single = AdaptiveElasticNet(model.alphas_[row, column], l1_ratio=model.l1_ratio_, relax=model.relax_, **params)
    assert_allclose(model.coef_, single.fit(X, y).coef_, rtol=1e-6, atol=1e-8)


def test_relaxed_is_least_squares_on_what_is_kept():
    X, y = regression(noise=3)
    model = AdaptiveLassoCV(relax=0.0, alphas=8, cv=3).fit(X, y)
    kept = model.coef_ != 0
    assert 0 < kept.sum() < X.shape[1]
    assert_allclose(model.coef_[kept], linear_model.LinearRegression().fit(X[:, kept], y).coef_, rtol=1e-8)
    half = AdaptiveLasso(model.alpha_, relax=0.5).fit(X, y)
    assert_allclose(half.coef_, (model.coef_ + AdaptiveLasso(model.alpha_).fit(X, y).coef_) / 2, rtol=1e-8)


def test_scores_are_those_of_the_folds():
    X, y = regression(noise=3)
    model = AdaptiveLassoCV(scoring="neg_mean_absolute_error", alphas=ALPHAS, cv=3, tol=1e-10).fit(X, y)
    for k, (train, test) in enumerate(KFold(3).split(X)):
        for number, alpha in enumerate(model.alphas_):
            single = AdaptiveLasso(alpha, tol=1e-10).fit(X[train], y[train])
            expected = -mean_absolute_error(y[test], single.predict(X[test]))
            assert_allclose(model.cv_results_[f"split{k}_test_score"][number], expected, rtol=1e-6)
    assert model.alpha_ == model.alphas_[model.cv_results_["mean_test_score"].argmax()]


def test_rule_of_one_standard_error():
    X, y = regression(noise=3)
    model = AdaptiveLassoCV(alpha_rule="1se", cv=3).fit(X, y)
    means, errors = model.mse_path_.mean(axis=1), model.mse_path_.std(axis=1, ddof=1) / np.sqrt(3)
    limit = (means + errors)[means.argmin()]
    assert model.alpha_ == model.alpha_1se_ == model.alphas_[np.flatnonzero(means <= limit)[0]]
    assert model.alpha_1se_ > model.alpha_min_


# Reweighting


@pytest.mark.parametrize("params", [{}, {"gamma": 2, "standardize": True}, {"relax": 0.5, "positive": True}])
@pytest.mark.parametrize("Estimator", [AdaptiveLasso, AdaptiveElasticNet])
def test_reweighting_by_hand(Estimator, params):
    X, y = regression(noise=3)
    params = dict(alpha=0.05, tol=1e-11) | params
    coef = Estimator(**params).fit(X, y).coef_
    for n_reweightings in (2, 3):
        by_hand = Estimator(first_stage=coef, **params).fit(X, y)
        model = Estimator(n_reweightings=n_reweightings, **params).fit(X, y)
        assert_allclose(model.penalty_weights_, by_hand.penalty_weights_, rtol=1e-6)
        assert_allclose(model.coef_, by_hand.coef_, rtol=1e-6, atol=1e-8)
        coef = by_hand.coef_
    assert np.isinf(model.penalty_weights_).any()


@pytest.mark.parametrize("Estimator", CROSS_VALIDATED)
def test_reweighting_in_cross_validation_chooses_alpha_each_time(Estimator):
    X, y = regression(noise=3)
    params = dict(alphas=10, cv=3, tol=1e-10, store_fold_coefs=True)
    model = Estimator(n_reweightings=2, **params).fit(X, y)
    by_hand = Estimator(first_stage=Estimator(**params), **params).fit(X, y)
    assert_allclose(model.penalty_weights_, by_hand.penalty_weights_, rtol=1e-10)
    assert_allclose(model.fold_coef_path_, by_hand.fold_coef_path_, rtol=1e-8, atol=1e-10)
    assert model.alpha_ == by_hand.alpha_
    first = Estimator(**params).fit(X, y)
    assert_allclose(model.coef_path_, Estimator(first_stage=first.coef_, **params).fit(X, y).coef_path_, atol=1e-8)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_weights_by_name_with_reweighting(Estimator, standardize):
    X, y = regression(noise=2)
    X = pd.DataFrame(X, columns=[f"x{j}" for j in range(12)])
    terms = {
        "penalty_weights": {"x0": 0, "x3": 2.5, "x4": np.inf},
        "lower_bounds": {"x1": -0.1},
        "upper_bounds": {"x2": 0.2},
        "standardize": standardize,
        "tol": 1e-11,
    }
    model = small_alphas(Estimator(n_reweightings=2, **terms)).fit(X, y)
    first = small_alphas(Estimator(**terms)).fit(X, y)
    second = small_alphas(Estimator(first_stage=first.coef_, **terms)).fit(X, y)
    assert_allclose(model.penalty_weights_, second.penalty_weights_, rtol=1e-6)
    # In cross-validation, the alpha that is chosen depends on the folds, for which an array is not the same.
    of = "coef_path_" if hasattr(model, "coef_path_") else "coef_"
    assert_allclose(getattr(model, of), getattr(second, of), rtol=1e-6, atol=1e-8)
    assert model.penalty_weights_[0] == 0
    assert model.coef_[0] != 0
    assert np.isinf(model.penalty_weights_[4])
    assert model.coef_[4] == 0
    assert model.coef_[1] >= -0.1
    assert model.coef_[2] <= 0.2
    scales = deviations(X) if standardize else np.ones(12)
    u = np.array(scales * factors(first.coef_ * scales))
    penalised = np.isfinite(u) & ~np.isin(np.arange(12), [0, 3, 4])
    assert_allclose(model.penalty_weights_[penalised], u[penalised], rtol=1e-6)
    if np.isfinite(u[3]):
        assert_allclose(model.penalty_weights_[3], 2.5 * u[3], rtol=1e-6)


@pytest.mark.parametrize(("cv", "n_samples"), [(None, 5), (3, 3), (LeaveOneOut(), 5)])
@pytest.mark.parametrize("n_reweightings", [2, 3])
def test_reweighting_needs_rows_for_folds_within_folds(n_reweightings, cv, n_samples):
    X, y = regression(n_samples + n_reweightings - 2, 3)
    model = AdaptiveLassoCV(n_reweightings=n_reweightings, alphas=ALPHAS, cv=cv)
    folds, rows = (3, 2) if cv == 3 else (5, 4)
    message = f"n_reweightings above 1 .* in {folds} folds.* only {rows} have .*n_reweightings=1.*cv"
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)


@pytest.mark.parametrize("cv", ["pairs", "masks", "leave_one_out", "shuffle_split"])
def test_reweighting_with_any_folds(cv):
    X, y = regression(15, 3, noise=2)
    folds = np.arange(15) % 3
    cv = {
        "pairs": [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(3)],
        "masks": [(folds != k, folds == k) for k in range(3)],
        "leave_one_out": LeaveOneOut(),
        "shuffle_split": ShuffleSplit(3, random_state=0),
    }[cv]
    model = AdaptiveLassoCV(n_reweightings=2, alphas=ALPHAS, cv=cv).fit(X, y)
    assert np.isfinite(model.mse_path_).all()


# Features that are left out, free, or bounded


@pytest.mark.parametrize("gamma", [0.5, 2])
@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_initial_coefficients_of_zero_leave_features_out(Estimator, gamma):
    X, y = regression()
    initial = guess(12)
    initial[[1, 4, 5]] = 0.0
    prices = np.ones(12)
    prices[[4, 6]] = 0.0
    model = small_alphas(Estimator(first_stage=initial, penalty_weights=prices, gamma=gamma, tol=1e-10)).fit(X, y)
    assert_array_equal(np.isinf(model.penalty_weights_), np.isin(np.arange(12), [1, 5]))
    assert_array_equal(model.penalty_weights_ == 0, prices == 0)
    assert not model.coef_[[1, 5]].any()
    assert model.coef_[[4, 6]].all()
    others = np.delete(np.arange(12), [1, 5])
    # The size of a coefficient that is zero has no part in the typical one.
    without = small_alphas(
        Estimator(first_stage=initial[others], penalty_weights=prices[others], gamma=gamma, tol=1e-10)
    )
    without.fit(X[:, others], y)
    assert_allclose(model.coef_[others], without.coef_, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_with_nothing_found_the_model_is_empty(Estimator):
    X, y = regression()
    for first_stage in (np.zeros(12), linear_model.Lasso(alpha=1e6)):
        with pytest.warns(ModelWarning, match="no penalised feature.*first stage") as caught:
            model = Estimator(first_stage=first_stage).fit(X, y)
        assert len(caught) == 1
        assert np.isinf(model.penalty_weights_).all()
        assert not model.coef_.any()
        assert_allclose(model.intercept_, y.mean())
        assert model.dual_gap_ <= 1e-12 * np.var(y)
        assert_allclose(model.predict(X), y.mean())


@ignore_nothing_found
@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_with_nothing_found_free_features_stay(Estimator):
    X, y = regression()
    model = small_alphas(Estimator(first_stage=np.zeros(12), penalty_weights=np.r_[0, 0, np.ones(10)])).fit(X, y)
    expected = linear_model.LinearRegression().fit(X[:, :2], y).coef_
    assert_allclose(model.coef_, np.append(expected, np.zeros(10)), rtol=1e-7)


@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_nothing_found_is_said_once_however_often_weights_are_found(Estimator):
    X, y = regression()
    with pytest.warns(ModelWarning, match="no penalised feature") as caught:
        small_alphas(Estimator(first_stage=np.zeros(12), n_reweightings=3)).fit(X, y)
    assert len(caught) == 1


@ignore_nothing_found
@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_constant_target(Estimator):
    X, _ = regression()
    model = Estimator().fit(X, np.full(60, 3.0))
    assert not model.coef_.any()
    assert_allclose(model.intercept_, 3.0)


def test_constant_features_are_left_out():
    X, y = make_data("constant_and_zero_columns")
    constant = np.ptp(X, axis=0) == 0
    for first_stage in ("ridge", "ols"):
        model = AdaptiveLasso(alpha=0.01, first_stage=first_stage).fit(X, y)
        assert not model.coef_[constant].any()
        assert np.isfinite(model.penalty_weights_[~constant]).all()


@pytest.mark.parametrize("gamma", [1.0, 30.0])
def test_sizes_far_apart(gamma):
    X, y = regression()
    initial = np.geomspace(1e-300, 1e300, 12)
    model = AdaptiveLasso(alpha=0.01, first_stage=initial, gamma=gamma).fit(X, y)
    assert not np.isnan(model.penalty_weights_).any()
    assert np.isfinite(model.coef_).all()
    assert model.coef_[-1] != 0


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
def test_bounds(standardize, weighted):
    X, y = regression()
    weights = make_weights("random", len(y)) if weighted else None
    lower, upper = np.full(12, -0.5), np.linspace(0, 2, 12)
    terms = dict(lower_bounds=lower, upper_bounds=upper)
    model = AdaptiveLasso(alpha=0.02, tol=1e-10, standardize=standardize, **terms).fit(X, y, sample_weight=weights)
    assert (model.coef_ >= lower).all()
    assert (model.coef_ <= upper).all()
    assert (model.coef_ == lower).any() or (model.coef_ == upper)[1:].any()
    # The first stage knows of no bounds.
    initial = by_ridge(X, y, weights, True)
    scales = deviations(X, weights) if standardize else 1.0
    assert_allclose(model.penalty_weights_, scales * factors(initial * scales), rtol=1e-7)
    terms = dict(terms, penalty_weights=model.penalty_weights_, sample_weight=weights)
    problem = ElasticNetProblem(X, y, alpha=0.02, **terms)
    assert problem.relative(problem.dual_gap(model.coef_, model.intercept_)) <= 1e-8


@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_positive(Estimator):
    X, y = regression()
    model = small_alphas(Estimator(positive=True)).fit(X, y)
    assert model.coef_.min() == 0
    assert model.coef_.max() > 0
    bounded = small_alphas(Estimator(lower_bounds=0.0)).fit(X, y)
    assert_allclose(model.coef_, bounded.coef_, rtol=1e-9)


# Errors

GOOD = regression()


class Forgetful(BaseEstimator):
    """Fits, and has nothing to show for it."""

    def fit(self, X, y, sample_weight=None):
        return self


class Short(Forgetful):
    """Has a coefficient too few."""

    def fit(self, X, y, sample_weight=None):
        self.coef_ = np.ones(X.shape[1] - 1)
        return self


class Failing(Forgetful):
    """Does not like any data."""

    def fit(self, X, y, sample_weight=None):
        raise RuntimeError("no such luck")


class Undefined(Forgetful):
    """Finds a coefficient that is no number."""

    def fit(self, X, y, sample_weight=None):
        self.coef_ = np.full(X.shape[1], np.nan)
        return self


BAD = {
    "word": ({"first_stage": "lars"}, {}, "'first_stage' parameter.*'lars'"),
    "none": ({"first_stage": None}, {}, "'first_stage' parameter.*None"),
    "number": ({"first_stage": 2.5}, {}, "'first_stage' parameter.*2.5"),
    "short": ({"first_stage": np.ones(11)}, {}, r"first_stage.*\(12,\).*\(11,\)"),
    "matrix": ({"first_stage": np.ones((1, 12))}, {}, r"first_stage.*\(12,\).*\(1, 12\)"),
    "nan": ({"first_stage": np.r_[np.nan, np.ones(11)]}, {}, r"first_stage\[0\] == nan"),
    "unknown_name": ({"first_stage": {"x1": 2.0}}, {}, "first_stage.*name"),
    "order": ({"first_stage": pd.Series(np.ones(12), range(12, 0, -1))}, {}, r"first_stage is a Series.*\[12, 11"),
    "class": ({"first_stage": linear_model.Ridge}, {}, r"first_stage.*class Ridge.*first_stage=Ridge\(\)"),
    "pipeline": ({"first_stage": make_pipeline(linear_model.Ridge())}, {}, "first_stage=Pipeline has no coef_"),
    "infinite": ({"first_stage": np.r_[np.inf, np.ones(11)]}, {}, "first_stage.*infinity"),
    "no_coef": ({"first_stage": Forgetful()}, {}, "first_stage=Forgetful has no coef_"),
    "short_coef": ({"first_stage": Short()}, {}, r"coef_ of first_stage=Short.*\(11,\).*\(12,\)"),
    "nan_coef": ({"first_stage": Undefined()}, {}, "first_stage.*(NaN|finite)"),
    "failing": ({"first_stage": Failing()}, {}, "no such luck"),
    "gamma_zero": ({"gamma": 0}, {}, "'gamma' parameter.*Got 0"),
    "gamma_negative": ({"gamma": -1.5}, {}, r"'gamma' parameter.*-1\.5"),
    "gamma_nan": ({"gamma": np.nan}, {}, "'gamma' parameter.*nan"),
    "gamma_infinite": ({"gamma": np.inf}, {}, "'gamma' parameter.*inf"),
    "reweightings_zero": ({"n_reweightings": 0}, {}, "'n_reweightings' parameter.*Got 0"),
    "reweightings_fraction": ({"n_reweightings": 1.5}, {}, r"'n_reweightings' parameter.*1\.5"),
    "two_targets": ({}, {"y": np.c_[GOOD[1], GOOD[1]]}, "one target|multi-task"),
    "penalty_weights": ({"penalty_weights": -np.ones(12)}, {}, r"penalty_weights\[0\] == -1.0"),
    "names": ({"penalty_weights": {"x1": 2}, "n_reweightings": 2}, {}, "penalty_weights.*names"),
    "y_nan": ({}, {"y": np.r_[np.nan, GOOD[1][1:]]}, "y contains NaN"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_errors_name_what_is_wrong_and_change_nothing(Estimator, case):
    params, data, message = BAD[case]
    X, y = GOOD
    model = small_alphas(Estimator()).fit(X, y).set_params(**params)
    before = dict(vars(model))
    arrays = {name: value.copy() for name, value in before.items() if isinstance(value, np.ndarray)}
    with pytest.raises((ValueError, TypeError, RuntimeError), match=f"(?s){message}"):
        model.fit(X, data.get("y", y))
    after = vars(model)
    assert after.keys() == before.keys()
    assert all(after[name] is value for name, value in before.items())
    for name, array in arrays.items():
        assert_array_equal(after[name], array, err_msg=name)


# As scikit-learn has it


@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_clone_and_pickle(Estimator):
    X, y = regression()
    params = dict(first_stage=linear_model.Ridge(2.0), gamma=2.0, n_reweightings=2, tol=1e-6, standardize=True)
    model = small_alphas(Estimator(**params)).fit(X, y)
    copy = clone(model)
    assert not hasattr(copy, "coef_")
    assert {name: copy.get_params()[name] for name in params if name != "first_stage"} == {
        name: value for name, value in params.items() if name != "first_stage"
    }
    assert copy.get_params()["first_stage__alpha"] == 2.0
    assert_array_equal(copy.fit(X, y).coef_, model.coef_)
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.predict(X), model.predict(X))
    assert_array_equal(loaded.penalty_weights_, model.penalty_weights_)
    by_array = small_alphas(Estimator(first_stage=guess(12)))
    assert_array_equal(clone(by_array).fit(X, y).coef_, by_array.fit(X, y).coef_)


def test_grid_search_over_gamma():
    X, y = regression(noise=3)
    gammas = [0.25, 1.0, 3.0]
    search = GridSearchCV(AdaptiveLasso(alpha=0.2, tol=1e-10), {"gamma": gammas}, cv=3).fit(X, y)
    scores = []
    for gamma in gammas:
        of_folds = []
        for train, test in KFold(3).split(X):
            u = factors(by_ridge(X[train], y[train], None, True), gamma)
            lasso = linear_model.Lasso(alpha=0.2, tol=1e-12, max_iter=100_000).fit(X[train] / u, y[train])
            of_folds.append(lasso.score(X[test] / u, y[test]))
        scores.append(np.mean(of_folds))
    assert_allclose(search.cv_results_["mean_test_score"], scores, rtol=1e-6)
    assert search.best_params_["gamma"] == gammas[np.argmax(scores)]
    nested = GridSearchCV(
        AdaptiveLasso(alpha=0.2, first_stage=linear_model.Ridge()), {"first_stage__alpha": [1e-3, 1e3]}, cv=3
    )
    assert nested.fit(X, y).best_params_["first_stage__alpha"] in (1e-3, 1e3)


@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_nothing_that_is_passed_is_changed(Estimator):
    X, y = regression()
    initial, prices = guess(12), np.ones(12)
    prices[0] = 0.0
    passed = [X, y, initial, prices]
    copies = [array.copy() for array in passed]
    for array in passed:
        array.flags.writeable = False
    model = small_alphas(Estimator(first_stage=initial, penalty_weights=prices)).fit(X, y)
    for array, copy in zip(passed, copies, strict=True):
        assert_array_equal(array, copy)
    assert model.first_stage is initial


@pytest.mark.parametrize("Estimator", ADAPTIVE)
def test_column_target_is_taken_with_a_warning(Estimator):
    X, y = regression()
    flat = small_alphas(Estimator()).fit(X, y)
    with pytest.warns(DataConversionWarning, match="column-vector") as caught:
        column = small_alphas(Estimator()).fit(X, y[:, None])
    assert len(caught) == 1
    assert column.coef_.shape == (12,)
    assert_array_equal(column.coef_, flat.coef_)


def test_equal_initial_coefficients_are_the_plain_estimators():
    X, y = regression()
    for first_stage in (np.full(12, 7.0), np.full(12, -1e-9)):
        assert_allclose(
            AdaptiveLasso(0.1, first_stage=first_stage, gamma=3).fit(X, y).penalty_weights_, 1.0, rtol=1e-12
        )
        adaptive = AdaptiveElasticNet(0.1, first_stage=first_stage, gamma=3, tol=1e-12).fit(X, y)
        assert_allclose(adaptive.coef_, ElasticNet(0.1, tol=1e-12).fit(X, y).coef_, rtol=1e-8, atol=1e-10)
