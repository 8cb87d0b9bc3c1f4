"""Information criteria are formulas, of residuals and degrees of freedom that can be had in other ways."""

import pickle
import warnings
from functools import lru_cache
from math import comb, log, pi

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LassoLarsIC, LinearRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from registry import DESIGNS, STORAGES, WEIGHTS, make_data, make_weights
from sklearn_sparsefit import ElasticNet, ElasticNetCV, ElasticNetIC, LassoCV, LassoIC
from sklearn_sparsefit.criteria.active_columns import _RowProducts
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.design import DenseDesign, make_design
from sklearn_sparsefit.exceptions import ModelWarning
from sklearn_sparsefit.path import SharedMoments
from sklearn_sparsefit.subproblem import WorkingSet

CRITERIA = ["aic", "aicc", "bic", "ebic"]
ignore_rounding = pytest.mark.filterwarnings("ignore:.* leaves no residuals but rounding:UserWarning")


def weighted_columns(X, sample_weight, fit_intercept):
    """Columns times the roots of weights that sum to one, less their means."""
    weights = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
    weights = weights / weights.sum()
    X = np.asarray(X, np.longdouble)
    if fit_intercept:
        X = X - weights @ X
    return np.asarray(np.sqrt(weights)[:, None] * X, float)


def hat_trace(columns, ridge):
    """Trace of A (A'A + ridge)^-1 A', from singular values."""
    if columns.shape[1] == 0:
        return 0.0
    if ridge == 0:
        norms = np.linalg.norm(columns, axis=0)
        return float(np.linalg.matrix_rank(columns / norms, tol=1e-6))
    d = np.linalg.svd(columns, compute_uv=False) ** 2
    return float((d / (d + ridge)).sum())


def expected_df(model, X, sample_weight=None, l1_ratio=1.0, alphas=None, coef_path=None):
    columns = weighted_columns(X, sample_weight, model.fit_intercept)
    alphas = model.alphas_ if alphas is None else alphas
    coef_path = model.coef_path_ if coef_path is None else coef_path
    return [
        hat_trace(columns[:, coef != 0] if l1_ratio > 0 else columns, alpha * (1 - l1_ratio))
        for alpha, coef in zip(alphas, coef_path.T, strict=True)
    ]


def rss_path(model, X, y, sample_weight=None):
    residuals = y[:, None] - X @ model.coef_path_ - model.intercept_path_
    weights = np.ones(len(y)) if sample_weight is None else sample_weight
    return weights @ residuals**2


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("criterion", ["aic", "bic"])
def test_same_values_as_scikit_learn(criterion, positive, fit_intercept):
    X, y = make_data("tall")
    params = {"positive": positive, "fit_intercept": fit_intercept, "noise_variance": 1.5 if positive else None}
    lars = LassoLarsIC(criterion, **params).fit(X, y)
    # At a knot the next coefficient is zero; just above it, exactly so.
    alphas = np.maximum((1 + 1e-9) * lars.alphas_, 1e-9)
    model = LassoIC(criterion, alphas=alphas, tol=1e-9, **params).fit(X, y)
    assert_allclose(model.noise_variance_, lars.noise_variance_, rtol=1e-12)
    # With positive, LARS ends at no knot.
    knots = slice(-1 if positive else None)
    assert_allclose(model.criterion_[knots], lars.criterion_[knots], rtol=1e-6)
    assert_allclose(model.alpha_, lars.alpha_, rtol=1e-8)
    assert_allclose(model.coef_, lars.coef_, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6, 0.1, 0.0])
def test_degrees_of_freedom_are_the_divergence_of_the_fit(l1_ratio, positive, fit_intercept, weighted):
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((14, 6)) + 1.0, rng.standard_normal(14)
    X[:, 4] = X[:, 0]
    weights = rng.integers(1, 4, 14) if weighted else None
    params = {"positive": positive, "fit_intercept": fit_intercept, "tol": 1e-12}
    alphas = [0.2, 0.05, 0.007]
    model = ElasticNetIC(l1_ratio=l1_ratio, alphas=alphas, noise_variance=1.0, **params).fit(X, y, weights)

    def prediction(alpha, y):
        return ElasticNet(alpha, l1_ratio=l1_ratio, **params).fit(X, y, weights).predict(X)

    step = 1e-5
    for alpha, df in zip(alphas, model.df_path_, strict=True):
        slopes = [
            (prediction(alpha, y + step * unit) - prediction(alpha, y - step * unit)) @ unit / (2 * step)
            for unit in np.eye(len(y))
        ]
        assert_allclose(df + fit_intercept, sum(slopes), atol=1e-5)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05])
@pytest.mark.parametrize("design", sorted(set(DESIGNS) - {"one_sample"}))
def test_degrees_of_freedom_of_every_design(design, l1_ratio, kind, fit_intercept):
    X, y = make_data(design)
    weights = make_weights(kind, len(y))
    model = ElasticNetIC(
        l1_ratio=l1_ratio, alphas=12, eps=1e-2, noise_variance=1.0, fit_intercept=fit_intercept, tol=1e-8
    )
    model.fit(X, y, weights)
    assert_allclose(model.df_path_, expected_df(model, X, weights, l1_ratio), atol=1e-6)


@pytest.mark.parametrize("n_samples", [12, 60])
def test_degrees_of_freedom_of_supports_larger_than_the_rows(n_samples):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n_samples, 400)) + 3, rng.standard_normal(n_samples)
    model = ElasticNetIC(l1_ratio=0.02, alphas=8, noise_variance=1.0).fit(X, y)
    assert np.count_nonzero(model.coef_path_[:, -1]) > 2 * n_samples
    assert_allclose(model.df_path_, expected_df(model, X, None, 0.02), rtol=1e-8)
    ridge = ElasticNetIC(l1_ratio=0.0, alphas=[1.0, 0.1], noise_variance=1.0).fit(X, y)
    assert_allclose(ridge.df_path_, expected_df(ridge, X, None, 0.0), rtol=1e-8)


def test_products_of_rows_follow_the_columns():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((9, 60)) + 2
    # Of columns this large nothing may be left when they are gone.
    X[:, :5] *= 1e9
    design, datafit = make_design(X), Quadratic(rng.standard_normal(9), rng.uniform(size=9))
    known = WorkingSet(datafit, 60, 0)
    known.append(np.arange(60), design.columns(np.arange(60), 1.0, datafit.weights))
    products = _RowProducts(known, datafit)
    for _ in range(30):
        positions = np.sort(rng.choice(60, rng.integers(1, 60), replace=False))
        columns = weighted_columns(X[:, positions], datafit.weights, True)
        expected = columns @ columns.T
        assert_allclose(products.of(positions), expected, atol=1e-14 * np.trace(expected))


def test_ridge_on_constant_columns():
    X, y = make_data("constant_and_zero_columns")
    model = ElasticNetIC(l1_ratio=0.0, alphas=[1.0, 0.1]).fit(X, y)
    assert_allclose(model.df_path_, expected_df(model, X, None, 0.0), rtol=1e-8)


def test_collinear_columns_count_once():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 4))
    y = X @ [1.0, 2, 3, 4] + rng.standard_normal(50)
    once = LassoIC("bic", tol=1e-12).fit(X, y)
    twice = LassoIC("bic", tol=1e-12).fit(np.c_[X, X, X[:, :1] * 3 + 1], y)
    assert_allclose(twice.noise_variance_, once.noise_variance_, rtol=1e-12)
    again = LassoIC("bic", alphas=once.alphas_, tol=1e-12).fit(np.c_[X, X], y)
    assert_array_equal(again.df_path_, once.df_path_)
    assert_allclose(again.criterion_, once.criterion_, rtol=1e-12)
    assert twice.df_path_.max() == 4


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("design", ["tall", "wide", "mostly_zeros"])
def test_criterion_by_its_definition(design, criterion, weighted, fit_intercept):
    X, y = make_data(design)
    weights = np.random.default_rng(0).integers(0, 4, len(y)) if weighted else None
    model = LassoIC(criterion, alphas=15, noise_variance=0.7, ebic_gamma=0.5, fit_intercept=fit_intercept, tol=1e-10)
    model.fit(X, y, weights)
    n, p = len(y) if weights is None else int(weights.sum()), X.shape[1]

    def charge(df):
        n_parameters = df + fit_intercept + 1
        return {
            "aic": 2 * df,
            "aicc": 2 * df + 2 * n_parameters * (n_parameters + 1) / max(n - n_parameters - 1, 1e-300),
            "bic": log(n) * df,
            "ebic": log(n) * df + log(comb(p, df)),
        }[criterion]

    df = [int(value) for value in expected_df(model, X, weights)]
    expected = n * log(2 * pi * 0.7) + rss_path(model, X, y, weights) / 0.7
    expected += [charge(value) for value in df]
    expected[expected > 1e100] = np.inf
    assert_allclose(model.criterion_, expected, rtol=1e-8)
    best = np.argmin(expected)
    assert model.alpha_ == model.alphas_[best]
    assert_array_equal(model.coef_, model.coef_path_[:, best])
    assert model.intercept_ == (model.intercept_path_[best] if fit_intercept else 0.0)
    assert model.dual_gap_ == model.dual_gap_path_[best]


def test_small_residuals_keep_their_digits():
    X, y = make_data("tall")
    y = X @ np.arange(10.0) + 1e-7 * y
    model = LassoIC("bic", eps=1e-9, tol=1e-12).fit(np.tile(X, (6, 10))[:, :10] + 1e4, np.tile(y, 6))
    residual = rss_path(model, np.tile(X, (6, 1)) + 1e4, np.tile(y, 6))
    n = 6 * len(y)
    expected = n * log(2 * pi * model.noise_variance_) + residual / model.noise_variance_ + log(n) * model.df_path_
    assert_allclose(model.criterion_, expected, rtol=1e-4)


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("Estimator", [LassoIC, ElasticNetIC])
@pytest.mark.parametrize("noise_variance", [None, 2.0])
def test_integer_weights_are_repeated_rows(noise_variance, Estimator, criterion):
    X, y = make_data("tall")
    X, y = X[:60], y[:60]
    weights = np.random.default_rng(0).integers(0, 4, len(y))
    weighted = Estimator(criterion, noise_variance=noise_variance, tol=1e-10).fit(X, y, weights)
    repeated = Estimator(criterion, noise_variance=noise_variance, tol=1e-10)
    repeated.fit(X.repeat(weights, axis=0), y.repeat(weights))
    assert_allclose(weighted.noise_variance_, repeated.noise_variance_, rtol=1e-10)
    assert_allclose(weighted.df_path_, repeated.df_path_, rtol=1e-8)
    assert_allclose(weighted.criterion_, repeated.criterion_, rtol=1e-8)
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-8)


@pytest.mark.parametrize("design_exponent", [0, -300, 300])
@pytest.mark.parametrize("target_exponent", [0, -40, 200, -600, 600])
def test_units_of_X_and_y_make_no_difference(target_exponent, design_exponent):
    X, y = make_data("tall")
    model = LassoIC("bic").fit(X, y)
    scaled = LassoIC("bic").fit(2.0**design_exponent * X, 2.0**target_exponent * y)
    assert_array_equal(scaled.df_path_, model.df_path_)
    assert_allclose(scaled.criterion_, model.criterion_ + len(y) * 2 * target_exponent * log(2), rtol=1e-10)
    with np.errstate(over="ignore"):
        assert_allclose(scaled.noise_variance_, np.float64(4.0) ** target_exponent * model.noise_variance_, rtol=1e-12)
    assert_allclose(scaled.alpha_, 2.0 ** (design_exponent + target_exponent) * model.alpha_, rtol=1e-12)


@lru_cache
def fit_of_bic(noise_variance, storage, dtype):
    X, y = make_data("mostly_zeros")
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y))
    params = {"l1_ratio": [0.3, 1.0], "alphas": 10, "eps": 0.02, "tol": 1e-10, "noise_variance": noise_variance}
    return ElasticNetIC("bic", **params).fit(STORAGES[storage](X.astype(dtype)), y, weights)


@pytest.mark.parametrize("noise_variance", [None, 1.0, "cv"])
@pytest.mark.parametrize("storage", STORAGES)
def test_every_storage(storage, noise_variance):
    dense, stored = (fit_of_bic(noise_variance, name, np.float64) for name in ("dense_C", storage))
    assert_allclose(stored.noise_variance_, dense.noise_variance_, rtol=1e-9)
    assert_allclose(stored.df_path_, dense.df_path_, rtol=1e-8)
    assert_allclose(stored.criterion_, dense.criterion_, rtol=1e-9)
    assert stored.l1_ratio_ == dense.l1_ratio_
    single = fit_of_bic(noise_variance, storage, np.float32)
    assert single.coef_.dtype == single.coef_path_.dtype == np.float32
    assert_allclose(single.criterion_, dense.criterion_, rtol=1e-5)


def test_shapes_of_several_l1_ratios():
    X, y = make_data("tall")
    model = ElasticNetIC("bic", l1_ratio=[0.2, 0.9, 1.0], alphas=20).fit(X, y)
    assert model.alphas_.shape == model.criterion_.shape == model.df_path_.shape == (3, 20)
    row, column = np.unravel_index(np.argmin(model.criterion_), (3, 20))
    assert model.l1_ratio_ == [0.2, 0.9, 1.0][row]
    assert model.alpha_ == model.alphas_[row, column]
    single = ElasticNetIC("bic", l1_ratio=model.l1_ratio_, alphas=20).fit(X, y)
    assert single.criterion_.shape == single.df_path_.shape == single.alphas_.shape == (20,)
    assert_allclose(single.criterion_, model.criterion_[row], rtol=1e-12)
    assert_allclose(single.coef_path_, model.coef_path_, atol=1e-12)
    own = ElasticNetIC("bic", l1_ratio=[0.9, 1.0], alphas=[0.01, 1.0, 0.1]).fit(X, y)
    assert_array_equal(own.alphas_, [1.0, 0.1, 0.01])
    assert own.criterion_.shape == (2, 3)


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_wide_and_sparse_designs_are_not_taken_whole(store, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 1500)) * (rng.uniform(size=(400, 1500)) < 0.05)
    y = X[:, :5].sum(axis=1) + rng.standard_normal(400)
    asked = []
    monkeypatch.setattr(SharedMoments, "__call__", lambda moments, request: asked.append(request))
    LassoIC(noise_variance=1.0, alphas=20).fit(store(X), y)
    assert not asked


def test_moments_are_read_once(monkeypatch):
    calls = []

    def partial_moments(self, *args, original=DenseDesign.partial_moments):
        calls.append(args)
        return original(self, *args)

    monkeypatch.setattr(DenseDesign, "partial_moments", partial_moments)
    monkeypatch.delattr(DenseDesign, "moments")
    X, y = make_data("tall")
    ElasticNetIC("bic", l1_ratio=[0.5, 0.9, 1.0]).fit(X, y)
    assert len(calls) == 1


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("as_stored", [np.asarray, STORAGES["csr_array"], STORAGES["csc_array"]])
@pytest.mark.parametrize("positive", [True, False])
def test_noise_variance_of_least_squares(positive, as_stored, weighted, fit_intercept):
    X, y = make_data("mostly_zeros")
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y)) if weighted else None
    model = LassoIC(fit_intercept=fit_intercept, alphas=3, positive=positive).fit(as_stored(X), y, weights)
    weights = np.ones(len(y)) if weights is None else weights
    squares = LinearRegression(fit_intercept=fit_intercept).fit(X, y, weights)
    rss = weights @ (y - squares.predict(X)) ** 2
    assert_allclose(model.noise_variance_, rss / (weights.sum() - X.shape[1] - fit_intercept), rtol=1e-10)


@pytest.mark.parametrize("as_stored", [np.asarray, STORAGES["csr_array"]])
def test_noise_variance_of_columns_with_large_means(as_stored):
    X, y = make_data("tall")
    model = LassoIC(alphas=3).fit(X, y)
    shifted = LassoIC(alphas=3).fit(as_stored(X + 1e7), y)
    assert_allclose(shifted.noise_variance_, model.noise_variance_, rtol=1e-6)
    assert_array_equal(shifted.df_path_, model.df_path_)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("design", ["random", "tall", "duplicated_columns"])
def test_noise_variance_of_cross_validation(design, weighted, positive, fit_intercept):
    X, y = make_data(design)
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y)) if weighted else None
    params = {"positive": positive, "fit_intercept": fit_intercept}
    model = LassoIC("ebic", noise_variance="cv", **params).fit(X, y, weights)
    lasso = LassoCV(**params).fit(X, y, weights)
    df = hat_trace(weighted_columns(X, weights, fit_intercept)[:, lasso.coef_ != 0], 0)
    weights = np.ones(len(y)) if weights is None else weights
    rss = weights @ (y - lasso.predict(X)) ** 2
    assert_allclose(model.noise_variance_, rss / (weights.sum() - df - fit_intercept), rtol=1e-9)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("Estimator", [LassoIC, ElasticNetIC])
def test_cross_validated_noise_with_terms_by_name(Estimator, standardize):
    pandas = pytest.importorskip("pandas")
    X, y = make_data("tall")
    by_name = {
        "penalty_weights": {"f3": 0.0, "f0": 2.5, "f7": np.inf},
        "lower_bounds": {"f1": -0.1},
        "upper_bounds": {"f2": 0.0},
    }
    by_number = {
        "penalty_weights": [2.5, 1, 1, 0, 1, 1, 1, np.inf, 1, 1],
        "lower_bounds": [-np.inf, -0.1] + 8 * [-np.inf],
        "upper_bounds": [np.inf, np.inf, 0.0] + 7 * [np.inf],
    }
    params = {"noise_variance": "cv", "standardize": standardize}
    named = Estimator(**by_name, **params).fit(pandas.DataFrame(X, columns=[f"f{j}" for j in range(10)]), y)
    numbered = Estimator(**by_number, **params).fit(X, y)
    assert_allclose(named.coef_, numbered.coef_, rtol=1e-10)
    assert_allclose(named.noise_variance_, numbered.noise_variance_, rtol=1e-10)
    lasso = LassoCV(**by_number, standardize=standardize).fit(X, y)
    df = np.count_nonzero(lasso.coef_)
    assert_allclose(named.noise_variance_, np.sum((y - lasso.predict(X)) ** 2) / (len(y) - df - 1), rtol=1e-9)


@pytest.mark.parametrize("Estimator", [LassoIC, LassoCV])
def test_column_target_is_warned_of_once(Estimator):
    X, y = make_data("tall")
    with pytest.warns(DataConversionWarning) as caught:
        model = Estimator().fit(X, y[:, None])
    assert len(caught) == 1
    assert_array_equal(model.coef_, Estimator().fit(X, y).coef_)


def refused(estimator, X, y, match, sample_weight=None):
    """The error comes, and leaves no trace on a fresh estimator or on a fitted one."""
    fresh, fitted = clone(estimator), type(estimator)(alphas=1).fit(*make_data("tall"))
    fitted.set_params(**estimator.get_params())
    for model in (fresh, fitted):
        before = dict(vars(model))
        with pytest.raises(ValueError, match=match):
            model.fit(X, y, sample_weight)
        assert vars(model) == before


@pytest.mark.parametrize("Estimator", [LassoIC, ElasticNetIC])
def test_more_features_than_samples(Estimator):
    X, y = make_data("wide")
    refused(Estimator(), X, y, r"noise_variance=None .* n_samples=20 and n_features=150 .*number.*'cv'")
    refused(Estimator(), X[:, :19], y, "noise_variance")
    refused(Estimator(fit_intercept=False), X[:, :20], y, "noise_variance")
    Estimator(fit_intercept=False, alphas=1).fit(X[:, :19], y)
    # What counts is the sum of the weights.
    refused(Estimator(), X[:, :10], y, "sum of sample_weight", np.full(20, 0.5))


@pytest.mark.parametrize(
    ("noise_variance", "value"), [(None, 3.7), (None, 0.0), (None, -1e200), (None, 1e-200), ("cv", 3.7), ("cv", 0.0)]
)
def test_constant_target(noise_variance, value):
    X, y = make_data("tall")
    for Estimator in (LassoIC, ElasticNetIC):
        with pytest.warns(ModelWarning, match="no residuals but rounding: y is constant") as caught:
            model = Estimator("bic", noise_variance=noise_variance).fit(X, np.full(len(y), value))
        assert [warning.filename for warning in caught] == [__file__]
        assert not model.coef_.any()
        assert model.intercept_ == pytest.approx(value, rel=1e-12)
        assert np.isfinite(model.criterion_).all()


def test_target_without_noise():
    X, _ = make_data("tall")
    coef = np.arange(10.0)
    with pytest.warns(UserWarning) as caught:
        model = LassoIC("ebic").fit(X, X @ coef + 3)
    rounding, edge = (str(warning.message) for warning in caught)
    assert rounding.startswith("The least-squares fit leaves no residuals but rounding")
    assert edge.startswith(f"The chosen alpha={model.alphas_[-1]:.6g} is the smallest")
    assert model.alpha_ == model.alphas_[-1]
    assert_array_equal(model.coef_ != 0, coef != 0)


def test_constant_target_with_known_noise():
    X, y = make_data("tall")
    model = ElasticNetIC("bic", l1_ratio=[0.5, 1.0], noise_variance=2.0).fit(X, np.full(len(y), 3.7))
    assert_allclose(model.criterion_, len(y) * log(4 * pi), rtol=1e-12)
    assert not model.coef_path_.any()
    assert not model.df_path_.any()
    assert model.intercept_ == 3.7
    assert model.alpha_ == model.alphas_[0, 0]


def test_alphas_that_keep_nothing():
    X, y = make_data("wide")
    model = LassoIC("bic", alphas=[1e6, 1e7], noise_variance=2.0).fit(X, y)
    assert model.alpha_ == 1e7
    assert_array_equal(model.df_path_, [0, 0])
    assert not model.coef_.any()


def test_cross_validated_noise_needs_samples_to_spare():
    rng = np.random.default_rng(0)
    X = np.eye(6) + 1e-3 * rng.standard_normal((6, 6))
    refused(LassoIC(noise_variance="cv"), X[:3], np.arange(3.0), "noise_variance='cv' .* 5 folds.* got 3. Pass")
    match = "noise_variance='cv' .* 5 folds.* got 4 of positive weight"
    refused(LassoIC(noise_variance="cv"), X, np.arange(6.0), match, np.array([1.0, 0, 2, 1, 0, 1]))


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("n_rows", [6, 60])
def test_cross_validated_noise_is_that_of_the_rows_that_count(n_rows, storage):
    X, y = make_data("tall")
    weights = np.zeros(len(y))
    weights[-n_rows:] = np.random.default_rng(0).uniform(0.5, 2, n_rows)
    counts = weights > 0
    model = LassoIC("bic", noise_variance="cv").fit(STORAGES[storage](X), y, weights)
    alone = LassoIC("bic", noise_variance="cv").fit(STORAGES[storage](X[counts]), y[counts], weights[counts])
    assert_allclose(model.noise_variance_, alone.noise_variance_, rtol=1e-6)
    assert_allclose(model.criterion_, alone.criterion_, rtol=1e-6)
    assert_allclose(model.coef_, alone.coef_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("noise_variance", [None, 1.0, "cv"])
def test_one_sample(noise_variance):
    X, y = make_data("one_sample")
    refused(LassoIC(noise_variance=noise_variance), X, y, "at least 2 samples, got n_samples=1")
    X, y = make_data("tall")
    refused(LassoIC(noise_variance=noise_variance), X, y, "sum of sample_weight", np.full(len(y), 1 / len(y)))


def test_small_sample_correction():
    X, y = make_data("wide")
    model = LassoIC("aicc", noise_variance=1.0).fit(X, y)
    # With the intercept and the noise variance, n - 4 is the largest number that leaves K + 1 < n.
    assert_array_equal(np.isinf(model.criterion_), model.df_path_ > len(y) - 4)
    assert np.isinf(model.criterion_).any()
    refused(LassoIC("aicc", noise_variance=1.0), X[:3], y[:3], "'aicc' is infinite at every alpha: with n_samples=3")


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"criterion": "cp"}, "criterion"),
        ({"noise_variance": 0.0}, "noise_variance"),
        ({"noise_variance": -1.0}, "noise_variance"),
        ({"noise_variance": "ols"}, "noise_variance"),
        ({"ebic_gamma": -0.1}, "ebic_gamma"),
        ({"alphas": []}, "alphas is empty"),
        ({"alphas": [-1.0]}, "alphas"),
        ({"l1_ratio": [0.5, 2.0]}, r"l1_ratio\[1\]"),
        ({"l1_ratio": 0}, "l1_ratio=0"),
    ],
)
def test_bad_parameters(params, match):
    refused(ElasticNetIC(**params), *make_data("tall"), match)


def test_several_targets():
    X, y = make_data("tall")
    refused(LassoIC(), X, np.c_[y, y], "one target, got 2; fit one LassoIC for each")


def test_edge_of_the_grid():
    X, y = make_data("tall")
    with pytest.warns(ModelWarning, match="chosen alpha=0.5 is the smallest") as caught:
        LassoIC("bic", alphas=[1.0, 0.5]).fit(X, y)
    assert [warning.filename for warning in caught] == [__file__]
    LassoIC("bic", alphas=[0.5]).fit(X, y)
    LassoIC("bic", alphas=[0.5, 0.5]).fit(X, y)
    best = LassoIC("bic").fit(X, y).alpha_
    LassoIC("bic", alphas=[10 * best, best, best / 10]).fit(X, y)


def test_zero_is_no_edge():
    X, y = make_data("tall")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LassoIC(alphas=[0.5, 0.0]).fit(X, y)


def test_criteria_in_the_order_of_what_they_charge():
    rng = np.random.default_rng(0)
    kept = {name: [] for name in CRITERIA}
    found = {name: [] for name in CRITERIA}
    coef = np.zeros(60)
    coef[:5] = [2, -2, 1.5, 1, -1]
    for _ in range(30):
        X = rng.standard_normal((150, 60))
        y = X @ coef + rng.standard_normal(150)
        for name in CRITERIA:
            model = LassoIC(name).fit(X, y)
            kept[name].append(np.count_nonzero(model.coef_))
            found[name].append(np.count_nonzero(model.coef_[:5]))
    mean = {name: np.mean(numbers) for name, numbers in kept.items()}
    assert mean["aic"] > mean["aicc"] > mean["bic"] > mean["ebic"]
    assert mean["ebic"] < 10 < mean["aic"]
    assert all(np.mean(numbers) > 4.9 for numbers in found.values())


def test_cross_validated_noise_is_near_the_truth():
    rng = np.random.default_rng(0)
    estimates = []
    for _ in range(20):
        X = rng.standard_normal((80, 200))
        y = X[:, :4] @ [3.0, -2, 2, 1] + 1.5 * rng.standard_normal(80)
        estimates.append(LassoIC("ebic", noise_variance="cv").fit(X, y).noise_variance_)
    assert 1.5 < np.mean(estimates) < 3.0


def test_extended_criterion_without_gamma_is_bic():
    X, y = make_data("tall")
    assert_array_equal(
        LassoIC("ebic", ebic_gamma=0).fit(X, y).criterion_,
        LassoIC("bic").fit(X, y).criterion_,
    )


def test_copies_and_names():
    pandas = pytest.importorskip("pandas")
    X, y = make_data("tall")
    X = pandas.DataFrame(X, columns=[f"x{j}" for j in range(10)])
    model = ElasticNetIC("bic", l1_ratio=[0.5, 1.0]).fit(X, y)
    assert clone(model).get_params() == model.get_params()
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    assert_array_equal(again.criterion_, model.criterion_)
    assert model.n_features_in_ == 10
    assert_array_equal(model.feature_names_in_, X.columns)
    selector = SelectFromModel(model, threshold=1e-9).set_output(transform="pandas")
    assert_array_equal(selector.fit_transform(X, y).columns, X.columns[model.coef_ != 0])


def test_what_is_printed(capsys):
    X, y = make_data("tall")
    ElasticNetIC("bic", l1_ratio=[0.5, 1.0], alphas=3, eps=1e-2, verbose=1, noise_variance=1e-9).fit(X, y)
    printed = capsys.readouterr().out
    assert "l1_ratio=0.5: 3 alphas" in printed
    assert "l1_ratio=1: 3 alphas" in printed


@pytest.mark.parametrize(("Estimator", "CV"), [(LassoIC, LassoCV), (ElasticNetIC, ElasticNetCV)])
def test_takes_the_place_of_cross_validation(Estimator, CV):
    ours, theirs = Estimator().get_params(), CV().get_params()
    shared = ours.keys() & theirs.keys()
    assert ours.keys() - shared == {"criterion", "noise_variance", "ebic_gamma"}
    assert all(ours[name] == theirs[name] for name in shared)


@parametrize_with_checks(
    # Some checks have fewer samples than features, from which no noise variance can be estimated.
    [
        LassoIC(noise_variance=0.1),
        LassoIC("ebic", noise_variance=0.1),
        LassoIC("aicc", noise_variance=0.1, fit_intercept=False),
        ElasticNetIC(noise_variance=0.1),
        ElasticNetIC("bic", noise_variance=0.1, l1_ratio=[0.5, 1.0], alphas=5),
    ],
)
@ignore_rounding
def test_estimator_checks(estimator, check):
    check(estimator)
