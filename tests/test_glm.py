"""Generalised linear models: their objective, scikit-learn's answers, folds, exposures, and targets out of range."""

import pickle
import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import linprog, minimize_scalar
from scipy.special import expit
from sklearn import config_context
from sklearn.base import clone, is_regressor
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor
from sklearn.metrics import d2_log_loss_score, d2_tweedie_score, get_scorer, make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from registry import DENSE_STORAGES, FRAMES, SPARSE_STORAGES, make_data, make_weights
from sklearn_sparsefit import ElasticNet, ElasticNetGLM, ElasticNetGLMCV, SparseLogisticRegression, glm_path
from sklearn_sparsefit.exceptions import ModelWarning
from test_bad_input import assert_refused, put
from test_generalized import MAIN, ROUNDING, GeneralizedProblem, make_glm

# Every family with what it is by definition.
FAMILIES = dict(zip(["binomial", "poisson", "gamma", "tweedie", "huber"], MAIN, strict=True))
PARAMS = {"tweedie": {"power": 1.5}, "huber": {"delta": 1.0}}
ESTIMATORS = [ElasticNetGLM, ElasticNetGLMCV]
every_family = pytest.mark.parametrize("family", FAMILIES)
every_estimator = pytest.mark.parametrize("Estimator", ESTIMATORS)


def data(family, design="tall"):
    return make_glm(FAMILIES[family], design)


def problem_of(X, y, family, **params):
    return GeneralizedProblem(X, y, FAMILIES[family].formulas, **params)


def values(family, y, raw):
    """Half the deviance of every sample, by definition."""
    return FAMILIES[family].formulas.value(y, raw).astype(float)


def make_model(family, alpha=0.05, **params):
    return ElasticNetGLM(alpha, family=family, **PARAMS.get(family, {}) | params)


def make_tight(family, alpha, **params):
    return make_model(family, alpha, **{"tol": 1e-12} | params)


def make_cv(family, **params):
    return ElasticNetGLMCV(family=family, **{"alphas": 5, "eps": 0.05, "cv": 3} | PARAMS.get(family, {}) | params)


def make_either(Estimator, family, **params):
    return (make_model if Estimator is ElasticNetGLM else make_cv)(family, **params)


def known_of(kind, n_samples, family="poisson"):
    """Offsets and exposures by name, those of a log link as offsets for other families, and what they come to."""
    rng = np.random.default_rng(n_samples)
    offset, exposure = rng.uniform(-1, 1, n_samples), rng.uniform(0.2, 5, n_samples)
    if family in ("gaussian", "binomial", "huber") and kind != "none":
        kind = "offset"
    return {
        "none": ({}, np.zeros(n_samples)),
        "offset": ({"offset": offset}, offset),
        "exposure": ({"exposure": exposure}, np.log(exposure)),
        "both": ({"offset": offset, "exposure": exposure}, offset + np.log(exposure)),
    }[kind]


def at(known, rows):
    return {name: value[rows] for name, value in known.items()}


# --- The objective ---


@every_family
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("known", ["none", "both"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_gap_is_above_the_suboptimality(family, l1_ratio, known, fit_intercept):
    for design, store in (("correlated", sparse.csr_array), ("wide", np.asarray)):
        X, y = data(family, design)
        weights = make_weights("with_zeros", len(y))
        known_, total = known_of(known, len(y), family)
        terms = {"l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
        for alpha, tol in ((0.2, 1e-4), (0.05, 1e-2)):
            model = make_model(family, alpha, tol=tol, **terms).fit(store(X), y, sample_weight=weights, **known_)
            best = make_tight(family, alpha, tol=1e-11, **terms).fit(X, y, sample_weight=weights, **known_)
            problem = problem_of(X, y, family, alpha=alpha, sample_weight=weights, offset=total, **terms)
            slack = ROUNDING * problem.size
            ours, least = (problem.objective(m.coef_, m.intercept_) for m in (model, best))
            assert ours - least <= model.dual_gap_ + slack
            assert 0 <= model.dual_gap_ <= tol * problem.null_objective


@every_family
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_every_alpha_of_a_path_is_as_near_to_the_minimum_as_it_says(family, store):
    X, y = data(family)
    weights = make_weights("with_zeros", len(y))
    known, total = known_of("both", len(y), family)
    params = {"l1_ratio": 0.7, "penalty_weights": np.r_[0.5, np.ones(X.shape[1] - 1)]}
    shared = {"family": family, "sample_weight": weights, **PARAMS.get(family, {}), **params, **known}
    alphas, coefs, intercepts, gaps = glm_path(store(X), y, alphas=6, eps=0.05, tol=1e-9, **shared)
    assert_allclose(alphas[-1] / alphas[0], 0.05)
    assert not coefs[:, 0].any()
    assert coefs[:, 1].any()
    for alpha, coef, intercept, gap in zip(alphas, coefs.T, intercepts, gaps, strict=True):
        problem = problem_of(X, y, family, alpha=alpha, sample_weight=weights, offset=total, **params)
        assert gap <= 1e-9 * problem.null_objective
        assert problem.dual_gap(coef, intercept) <= 1e-8 * problem.null_objective
    again, *_ = glm_path(X.astype(np.float32), y, alphas=alphas[[3, 1]], **shared)
    assert_array_equal(again, alphas[[1, 3]])


@pytest.mark.parametrize(
    "params, message",
    [
        ({"alphas": [0.1, 0.0]}, r"alphas\[1\] == 0\.0, must be above 0"),
        ({"eps": 2.0}, r"eps == 2\.0, must be <= 1"),
        ({"family": "negative binomial"}, "'family' parameter.*'negative binomial'"),
        ({"exposure": np.zeros(3)}, r"exposure.*\(3,\)"),
        ({"family": "gamma"}, "family='gamma': must be above 0"),
        ({"y": np.ones(7)}, "inconsistent"),
    ],
)
def test_bad_arguments_of_a_path(params, message):
    X, y = data("poisson")
    with pytest.raises(ValueError, match=message):
        glm_path(**{"X": X, "y": y} | params)


@every_family
@pytest.mark.parametrize("scale", [1e100, 1e-100])
def test_huge_and_tiny_features(family, scale):
    X, y = data(family)
    plain = make_tight(family, 0.05, l1_ratio=1.0).fit(X, y)
    scaled = make_tight(family, 0.05 * scale, l1_ratio=1.0).fit(X * scale, y)
    assert_allclose(scaled.coef_ * scale, plain.coef_, rtol=1e-6, atol=1e-9)
    assert_allclose(scaled.intercept_, plain.intercept_, rtol=1e-6)
    cv = make_cv(family, l1_ratio=1.0, tol=1e-10)
    losses = [clone(cv).fit(X * factor, y).loss_path_ for factor in (1.0, scale)]
    assert_allclose(*losses, rtol=1e-5)


@pytest.mark.parametrize("size", [1e6, 1e9, 1e12])
@pytest.mark.parametrize("family", ["poisson", "tweedie", "gamma"])
def test_huge_targets(family, size):
    X, y = data(family)
    y = y * size if family != "poisson" else np.round(size * np.exp(0.3 * X[:, 0]) * (1 + 0.1 * X[:, 1]) ** 2)
    alpha = 0.05 * {"poisson": size, "tweedie": size**0.5, "gamma": 1}[family]
    model = make_model(family, alpha, tol=1e-8).fit(X, y)
    problem = problem_of(X, y, family, alpha=alpha, l1_ratio=0.5)
    assert model.coef_.any()
    assert problem.dual_gap(model.coef_, model.intercept_) <= 1e-8 * problem.null_objective
    assert model.dual_gap_ <= 1e-8 * problem.null_objective
    cv = make_cv(family).fit(X, y)
    assert np.isfinite(cv.loss_path_).all()
    assert 0 < cv.score(X, y) <= 1


@pytest.mark.parametrize("size", [1e-140, 1e-20, 1e20, 1e140])
def test_units_of_robust_regression(size):
    X, y = data("huber")
    for known, alpha in (({}, 0.1), ({"offset": X[:, 0]}, 0.01)):
        plain = make_model("huber", alpha, l1_ratio=1.0, tol=1e-9).fit(X, y, **known)
        known_ = {name: value * size for name, value in known.items()}
        model = make_model("huber", alpha * size, l1_ratio=1.0, delta=size, tol=1e-9).fit(X, y * size, **known_)
        assert plain.coef_.any()
        assert_allclose(model.coef_ / size, plain.coef_, rtol=1e-6, atol=1e-8)
        assert_allclose(model.intercept_ / size, plain.intercept_, rtol=1e-6)
        assert_allclose(model.dual_gap_ / size**2, plain.dual_gap_, rtol=1e-2, atol=1e-12)
        assert_allclose(model.score(X, y * size, **known_), plain.score(X, y, **known), rtol=1e-6)
    cv, plain = (make_cv("huber", l1_ratio=1.0, delta=unit).fit(X, y * unit) for unit in (size, 1.0))
    assert_allclose(cv.alphas_ / size, plain.alphas_, rtol=1e-9)
    assert_allclose(cv.loss_path_ / size**2, plain.loss_path_, rtol=1e-3)


def test_exposures_of_any_size():
    X, _ = data("poisson")
    rng = np.random.default_rng(0)
    exposure = 10.0 ** rng.uniform(-8, 8, len(X))
    y = rng.poisson(exposure * np.exp(X[:, 0] - 2)).astype(float)
    model = make_model("poisson", 1e4, tol=1e-8).fit(X, y, exposure=exposure)
    problem = problem_of(X, y, "poisson", alpha=1e4, l1_ratio=0.5, offset=np.log(np.longdouble(exposure)))
    assert problem.dual_gap(model.coef_, model.intercept_) <= 1e-8 * problem.null_objective
    assert model.coef_[0] > 0.5
    assert_allclose(model.predict(X, exposure=exposure), exposure * model.predict(X), rtol=1e-12)


@pytest.mark.parametrize("shift", [50.0, -50.0])
@pytest.mark.parametrize("family", ["poisson", "gamma", "tweedie", "binomial"])
def test_far_offsets(family, shift):
    X, y = data(family)
    plain = make_model(family, tol=1e-12).fit(X, y)
    # A constant is taken up by the intercept.
    shifted = make_model(family, tol=1e-12).fit(X, y, offset=np.full(len(y), shift))
    assert_allclose(shifted.coef_, plain.coef_, rtol=1e-6, atol=1e-8)
    assert_allclose(shifted.intercept_ + shift, plain.intercept_, rtol=1e-7, atol=1e-7)
    # And without one, or where samples differ, the answer is that of the definition.
    offset = np.where(np.arange(len(y)) % 2, shift, 0.0)
    for fit_intercept in (True, False):
        model = make_model(family, tol=1e-6, fit_intercept=fit_intercept).fit(X, y, offset=offset)
        problem = problem_of(X, y, family, alpha=0.05, l1_ratio=0.5, offset=offset, fit_intercept=fit_intercept)
        assert problem.dual_gap(model.coef_, model.intercept_) <= 1.01e-6 * problem.null_objective


# --- Other models ---

PEERS = {
    "poisson": PoissonRegressor,
    "gamma": GammaRegressor,
    "tweedie": lambda **params: TweedieRegressor(power=1.5, link="log", **params),
}


@pytest.mark.parametrize("family", PEERS)
@pytest.mark.parametrize("store", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_ridge_agrees_with_scikit_learn(family, store, fit_intercept):
    for design in ("tall", "random"):
        X, y = data(family, design)
        weights = make_weights("random", len(y))
        peer = PEERS[family](alpha=0.1, fit_intercept=fit_intercept, solver="newton-cholesky", tol=1e-12, max_iter=1000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its tolerance is near rounding
            peer.fit(X, y, sample_weight=weights)
        model = make_model(family, 0.1, l1_ratio=0.0, fit_intercept=fit_intercept, tol=1e-13)
        model.fit(store(X), y, sample_weight=weights)
        assert_allclose(model.coef_, peer.coef_, rtol=1e-6, atol=1e-6)
        assert_allclose(model.intercept_, peer.intercept_, rtol=1e-6, atol=1e-6)
        assert_allclose(model.predict(X), peer.predict(X), rtol=1e-5)
        assert_allclose(model.score(X, y, weights), peer.score(X, y, weights), rtol=1e-5)


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("family", ["gaussian", "huber"])
def test_gaussian_is_elastic_net(store, fit_intercept, family):
    X, y = make_data("random")
    weights, offset = make_weights("random", len(y)), np.sin(np.arange(len(y)))
    params = {"l1_ratio": 0.7, "fit_intercept": fit_intercept, "tol": 1e-12}
    # Errors below delta are squared.
    model = ElasticNetGLM(0.1, family=family, delta=1e9, **params)
    model.fit(store(X), y, sample_weight=weights, offset=offset)
    peer = ElasticNet(0.1, **params).fit(X, y - offset, sample_weight=weights)
    assert_allclose(model.coef_, peer.coef_, rtol=1e-5, atol=1e-6)
    assert_allclose(model.intercept_, peer.intercept_, rtol=1e-5, atol=1e-6)
    assert_allclose(model.predict(X, offset=offset), peer.predict(X) + offset, rtol=1e-4, atol=1e-4)


def test_binomial_is_logistic_regression():
    X, y = data("binomial", "random")
    model = make_model("binomial", 0.03, l1_ratio=0.8, tol=1e-12).fit(X, y)
    peer = SparseLogisticRegression(0.03, l1_ratio=0.8, tol=1e-12).fit(X, y)
    assert_array_equal(model.coef_, peer.coef_[0])
    assert_allclose(model.predict(X), peer.predict_proba(X)[:, 1], rtol=1e-14)


def test_shares_of_successes_are_weighted_samples():
    X, _ = data("binomial")
    rng = np.random.default_rng(0)
    trials = rng.integers(1, 20, len(X))
    successes = rng.binomial(trials, expit(X[:, 0]))
    model = make_model("binomial", tol=1e-12).fit(X, successes / trials, sample_weight=trials)
    both = np.r_[np.ones(len(X)), np.zeros(len(X))]
    single = make_model("binomial", tol=1e-12)
    single.fit(np.r_[X, X], both, sample_weight=np.r_[successes, trials - successes])
    assert_allclose(model.coef_, single.coef_, rtol=1e-6, atol=1e-8)
    assert_allclose(model.intercept_, single.intercept_, rtol=1e-6)


def test_exposures_are_weights_of_rates():
    X, _ = data("poisson")
    rng = np.random.default_rng(0)
    exposure = rng.uniform(0.1, 10, len(X))
    y = rng.poisson(exposure * np.exp(0.5 * X[:, 0])).astype(float)
    counts = make_model("poisson", 0.1, tol=1e-12).fit(X, y, exposure=exposure)
    # The mean is over samples here, over units of exposure there.
    rates = make_model("poisson", 0.1 / exposure.mean(), tol=1e-12).fit(X, y / exposure, sample_weight=exposure)
    assert_allclose(counts.coef_, rates.coef_, rtol=1e-6, atol=1e-8)
    assert_allclose(counts.intercept_, rates.intercept_, rtol=1e-6, atol=1e-8)
    logged = make_model("poisson", 0.1, tol=1e-12).fit(X, y, offset=np.log(exposure))
    assert_array_equal(logged.coef_, counts.coef_)


# --- Predictions and D^2 ---


@every_family
@pytest.mark.parametrize("known", ["none", "offset", "exposure", "both"])
def test_predictions_are_means(family, known):
    X, y = data(family)
    known_, total = known_of(known, len(y), family)
    model = make_model(family).fit(X, y, **known_)
    raw = X @ model.coef_ + model.intercept_ + total
    expected = {"binomial": expit, "huber": np.asarray}.get(family, np.exp)(raw)
    assert_allclose(model.predict(X, **known_), expected, rtol=1e-12)
    # D^2 compares with the best constant beside the offsets.
    best = minimize_scalar(lambda b: values(family, y, total + b).mean(), (-1.0, 1.0), tol=1e-10).fun
    assert_allclose(model.score(X, y, **known_), 1 - values(family, y, raw).mean() / best, rtol=1e-8)


@pytest.mark.parametrize("weights", ["none", "with_zeros"])
def test_d2_is_that_of_scikit_learn(weights):
    for family, power in (("poisson", 1), ("gamma", 2), ("tweedie", 1.5)):
        X, y = data(family)
        weights_ = make_weights(weights, len(y))
        model = make_model(family).fit(X, y)
        expected = d2_tweedie_score(y, model.predict(X), sample_weight=weights_, power=power)
        assert_allclose(model.score(X, y, sample_weight=weights_), expected, rtol=1e-10)
    X, y = data("binomial")
    weights_ = make_weights(weights, len(y))
    model = make_model("binomial").fit(X, y)
    second = model.predict(X)
    expected = d2_log_loss_score(y, np.column_stack([1 - second, second]), sample_weight=weights_)
    assert_allclose(model.score(X, y, sample_weight=weights_), expected, rtol=1e-10)
    X, y = make_data("tall")
    weights_ = make_weights(weights, len(y))
    model, peer = ElasticNetGLM(0.1, family="gaussian").fit(X, y), ElasticNet(0.1).fit(X, y)
    assert_allclose(model.score(X, y, weights_), peer.score(X, y, weights_), rtol=1e-10)


@every_family
@pytest.mark.parametrize("known", ["none", "both"])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_predictions_along_the_path(family, known, store):
    X, y = data(family)
    known = known_of(known, len(y), family)[0]
    weights = make_weights("random", len(y))
    model = make_cv(family, tol=1e-12).fit(X, y, **known)
    means, scores = model.predict_path(store(X), **known), model.score_path(store(X), y, weights, **known)
    assert means.shape == (len(y), 5) and scores.shape == (5,)
    for number, alpha in enumerate(model.alphas_):
        alone = make_tight(family, alpha).fit(X, y, **known)
        assert_allclose(means[:, number], alone.predict(X, **known), rtol=1e-5, atol=1e-5)
        assert_allclose(scores[number], alone.score(X, y, weights, **known), rtol=1e-5, atol=1e-8)


def test_d2_of_constant_targets():
    X, y = data("poisson")
    model = make_model("poisson").fit(X, y)
    assert model.score(X, np.full(len(y), 2.0)) == 0.0
    constant = make_model("poisson").fit(X, np.full(len(y), 2.0))
    assert not constant.coef_.any()
    assert_allclose(constant.predict(X), 2.0, rtol=1e-12)


def test_predictions_of_extreme_raw_values():
    X = X_TALL
    for family, expected in (("binomial", [0.0, 1.0]), ("poisson", [0.0, np.inf])):
        model = make_model(family).fit(X, data(family)[1])
        direction = model.coef_ / (model.coef_ @ model.coef_)
        assert_array_equal(model.predict(np.outer([-800.0, 800.0], direction)), expected)


# --- Cross-validation ---


@every_family
@pytest.mark.parametrize(
    "storage, weights, known",
    [
        ("dense_C", "none", "none"),
        ("dense_F", "random", "both"),
        ("csc_array", "with_zeros", "offset"),
        ("csr_array", "random", "exposure"),
    ],
)
def test_every_fold_is_a_fit_of_its_own(family, storage, weights, known):
    X, y = data(family, "mostly_zeros" if storage.startswith("c") else "tall")
    X, y = X[:150], y[:150]
    sample_weight = make_weights(weights, len(y))
    known_, total = known_of(known, len(y), family)
    counted = np.ones(len(y)) if sample_weight is None else sample_weight
    cv, l1_ratios = KFold(3, shuffle=True, random_state=0), [0.5, 1.0]
    model = make_cv(family, l1_ratio=l1_ratios, alphas=3, eps=0.2, cv=cv, tol=1e-10, store_fold_coefs=True)
    model.fit((DENSE_STORAGES | SPARSE_STORAGES)[storage](X), y, sample_weight=sample_weight, **known_)
    assert model.loss_path_.shape == (2, 3, 3)
    for row, l1_ratio in enumerate(l1_ratios):
        for column, alpha in enumerate(model.alphas_[row]):
            for fold, (train, test) in enumerate(cv.split(X)):
                alone = make_tight(family, alpha, l1_ratio=l1_ratio, tol=1e-11)
                alone.fit(X[train], y[train], counted[train], **at(known_, train))
                raw = X[test] @ alone.coef_ + alone.intercept_ + total[test]
                expected = np.average(values(family, y[test], raw), weights=counted[test])
                assert_allclose(model.loss_path_[row, column, fold], expected, rtol=1e-4)
                if l1_ratio == model.l1_ratio_:
                    assert_allclose(model.fold_coef_path_[fold, :, column], alone.coef_, atol=1e-4)
                    assert_allclose(model.fold_intercept_path_[fold, column], alone.intercept_, atol=1e-4)
    means = model.loss_path_.mean(axis=2)
    best = np.unravel_index(np.argmin(means), means.shape)
    assert (model.l1_ratio_, model.alpha_) == (l1_ratios[best[0]], model.alphas_[best])
    alone = make_tight(family, model.alpha_, l1_ratio=model.l1_ratio_, tol=1e-11).fit(X, y, sample_weight, **known_)
    assert_allclose(model.coef_, alone.coef_, atol=1e-4)
    assert_allclose(model.cv_results_["mean_test_score"], -means.ravel())


SCORINGS = {
    "poisson": ["neg_mean_poisson_deviance", "d2_absolute_error_score", "neg_mean_absolute_error"],
    "gamma": ["neg_mean_gamma_deviance", "r2"],
    "huber": ["neg_median_absolute_error"],
    "gaussian": ["neg_mean_squared_error"],
}
PAIRS = [(family, scoring) for family, scorings in SCORINGS.items() for scoring in scorings]


@pytest.mark.parametrize("family, scoring", PAIRS)
def test_scores_are_those_of_the_folds(family, scoring):
    X, y = make_data("tall") if family == "gaussian" else data(family)
    weights = make_weights("random", len(y))
    cv = KFold(3)
    model = make_cv(family, alphas=4, cv=cv, scoring=scoring, tol=1e-12).fit(X, y, sample_weight=weights)
    for fold, (train, test) in enumerate(cv.split(X)):
        for column, alpha in enumerate(model.alphas_):
            alone = make_model(family, alpha, tol=1e-12).fit(X[train], y[train], weights[train])
            expected = get_scorer(scoring)(alone, X[test], y[test], sample_weight=weights[test])
            score = model.cv_results_[f"split{fold}_test_score"][column]
            assert_allclose(score, expected, rtol=1e-4, atol=1e-6)
    if scoring in ("neg_mean_poisson_deviance", "neg_mean_gamma_deviance", "neg_mean_squared_error"):
        assert_allclose(model.cv_results_["mean_test_score"], -2 * model.loss_path_.mean(axis=1), rtol=1e-9)


def test_scorer_of_ones_own():
    X, y = data("poisson")

    def score(model, X, y):
        return model.score(X, y) - 0.01 * np.count_nonzero(model.coef_)

    model = make_cv("poisson", scoring=score, tol=1e-12).fit(X, y)
    for fold, (train, test) in enumerate(KFold(3).split(X)):
        alone = make_model("poisson", model.alphas_[2], tol=1e-12).fit(X[train], y[train])
        assert_allclose(model.cv_results_[f"split{fold}_test_score"][2], score(alone, X[test], y[test]), rtol=1e-6)


@every_family
def test_one_standard_error(family):
    X, y = data(family)
    model = make_cv(family, alphas=25, cv=4, alpha_rule="1se", l1_ratio=[0.3, 1.0]).fit(X, y)
    means, errors = model.loss_path_.mean(axis=2), model.loss_path_.std(axis=2, ddof=1) / 2
    row, column = np.unravel_index(np.argmin(means), means.shape)
    assert model.alpha_min_ == model.alphas_[row, column]
    within = model.alphas_[row][means[row] <= means[row, column] + errors[row, column]]
    assert model.alpha_ == model.alpha_1se_ == within.max()
    assert model.l1_ratio_ == [0.3, 1.0][row]


@pytest.mark.parametrize("storage", ["dense_F", "csc_array", "csr_array"])
@pytest.mark.parametrize("family", ["poisson", "huber"])
def test_threads_change_no_bit(storage, family):
    X, y = data(family, "mostly_zeros")
    X = (DENSE_STORAGES | SPARSE_STORAGES)[storage](X)
    params = {"l1_ratio": [0.5, 1.0], "alphas": 6, "eps": 0.2, "store_fold_coefs": True}
    alone, together = (make_cv(family, n_jobs=n_jobs, **params).fit(X, y) for n_jobs in (1, 3))
    for name in ("loss_path_", "coef_path_", "dual_gap_path_", "fold_coef_path_", "alphas_", "intercept_path_"):
        assert_array_equal(getattr(alone, name), getattr(together, name))


def test_groups_and_weights_are_routed():
    X, y = data("poisson")
    groups, weights = np.random.default_rng(0).integers(0, 9, len(y)), make_weights("random", len(y))
    exposure = np.random.default_rng(1).uniform(0.5, 2, len(y))
    splits = list(GroupKFold(3).split(X, y, groups))
    scorer = make_scorer(mean_absolute_error, greater_is_better=False)
    with config_context(enable_metadata_routing=True):
        asks = make_scorer(mean_absolute_error, greater_is_better=False).set_score_request(sample_weight=True)
        model = make_cv("poisson", cv=GroupKFold(3), scoring=asks).fit(X, y, sample_weight=weights, groups=groups)
        exposed = make_cv("poisson", cv=GroupKFold(3)).fit(X, y, exposure=exposure, groups=groups)
    same = make_cv("poisson", cv=splits, scoring=scorer).fit(X, y, sample_weight=weights)
    assert_array_equal(model.loss_path_, same.loss_path_)
    assert_array_equal(model.cv_results_["mean_test_score"], same.cv_results_["mean_test_score"])
    assert_array_equal(exposed.loss_path_, make_cv("poisson", cv=splits).fit(X, y, exposure=exposure).loss_path_)


def test_families_are_named_in_the_order_of_the_documentation():
    table = re.search(r"family : \{(.*)\}", ElasticNetGLM.__doc__).group(1)
    with pytest.raises(ValueError, match=re.escape(table)):
        make_model("normal").fit(X_TALL, COUNTS)


@pytest.mark.parametrize("known", ["offset", "exposure", "both"])
def test_scores_without_what_the_fit_was_given_warn(known):
    X, y = data("poisson")
    given, _ = known_of(known, len(y))
    request = ", ".join(f"{name}=True" for name in given)
    message = rf"fitted with {' and '.join(given)}, and is scored without.*set_score_request\({request}\)"
    single, chosen = make_model("poisson").fit(X, y, **given), make_cv("poisson").fit(X, y, **given)
    calls = [lambda: single.score(X, y), lambda: chosen.score(X, y), lambda: chosen.score_path(X, y)]
    calls.append(lambda: GridSearchCV(make_model("poisson"), {"alpha": [0.1]}, cv=2).fit(X, y, **given))
    calls.append(lambda: Pipeline([("model", single)]).score(X, y))
    for call in calls:
        with pytest.warns(ModelWarning, match=message) as told:
            call()
        assert {warning.filename for warning in told} == {__file__}
    # Means per unit of exposure are as good a question; so are those of a model that knows of none.
    single.predict(X)
    single.score(X, y, **given)
    single.fit(X, y).score(X, y)


@pytest.mark.parametrize(("missing", "instead"), [("offset", "an offset of 0"), ("exposure", "an exposure of 1")])
def test_score_with_one_of_two_warns_of_the_other(missing, instead):
    X, y = data("poisson")
    given, _ = known_of("both", len(y))
    model = make_model("poisson").fit(X, y, **given)
    rest = {name: values for name, values in given.items() if name != missing}
    with pytest.warns(ModelWarning, match=f"scored without {missing}: its predictions are then for {instead}"):
        model.score(X, y, **rest)


def test_offset_may_stand_for_an_exposure():
    X, y = data("poisson")
    exposure = np.random.default_rng(1).uniform(0.5, 2, len(y))
    model = make_model("poisson").fit(X, y, exposure=exposure)
    assert model.score(X, y, offset=np.log(exposure)) == model.score(X, y, exposure=exposure)


def test_exposures_are_routed_by_cross_validation():
    X, y = data("poisson")
    exposure = np.random.default_rng(1).uniform(0.5, 2, len(y))
    with config_context(enable_metadata_routing=True):
        model = make_model("poisson").set_fit_request(exposure=True).set_score_request(exposure=True)
        scores = cross_val_score(model, X, y, cv=KFold(3), params={"exposure": exposure})
    for score, (train, test) in zip(scores, KFold(3).split(X), strict=True):
        alone = make_model("poisson").fit(X[train], y[train], exposure=exposure[train])
        assert_allclose(score, alone.score(X[test], y[test], exposure=exposure[test]))


@every_family
@pytest.mark.parametrize("standardize", [False, True])
def test_rows_of_weight_zero_are_no_rows(family, standardize):
    X, y = data(family)
    weights = make_weights("with_zeros", len(y))
    kept = np.flatnonzero(weights)
    _, offset = known_of("offset", len(y))
    params = {"standardize": standardize, "tol": 1e-11}
    ours = make_model(family, **params).fit(X, y, weights, offset)
    without = make_model(family, **params).fit(X[kept], y[kept], weights[kept], offset[kept])
    assert_allclose(ours.coef_, without.coef_, rtol=1e-5, atol=1e-6)
    splits = list(KFold(3).split(kept))
    params |= {"alphas": [0.3, 0.1, 0.03]}
    ours = make_cv(family, cv=[(kept[a], kept[b]) for a, b in splits], **params).fit(X, y, weights, offset)
    without = make_cv(family, cv=splits, **params).fit(X[kept], y[kept], weights[kept], offset[kept])
    assert_allclose(ours.loss_path_, without.loss_path_, rtol=1e-5)
    assert_allclose(ours.coef_, without.coef_, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("n_features", "eps"), [(20, 1e-3), (21, 1e-2)])
def test_paths_are_shorter_where_there_are_more_features_than_samples(n_features, eps):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, n_features)), rng.poisson(2, 20)
    alphas = ElasticNetGLMCV(alphas=3, cv=2).fit(X, y).alphas_
    assert_allclose(alphas[-1], eps * alphas[0])


def test_grid_search_chooses_the_same():
    X, y = data("poisson", "random")
    alphas, l1_ratios = np.geomspace(1, 0.05, 5), [0.3, 1.0]
    params = {"cv": KFold(4), "scoring": "neg_mean_poisson_deviance"}
    model = make_cv("poisson", alphas=alphas, l1_ratio=l1_ratios, tol=1e-12, **params).fit(X, y)
    grid = {"alpha": alphas, "l1_ratio": l1_ratios}
    table = GridSearchCV(make_model("poisson", tol=1e-12), grid, **params).fit(X, y).cv_results_
    order = np.lexsort((-table["param_alpha"].astype(float), table["param_l1_ratio"].astype(float)))
    assert model.cv_results_["params"] == [table["params"][number] for number in order]
    assert_allclose(model.cv_results_["mean_test_score"], table["mean_test_score"][order], rtol=1e-5)
    assert_array_equal(model.cv_results_["rank_test_score"], table["rank_test_score"][order])


# --- Calls that cannot be answered ---

X_TALL, COUNTS = data("poisson")
ONES = np.ones(200)
REFUSED = {
    "X_nan": ({}, {"X": put(X_TALL, np.nan)}, "X contains NaN"),
    "X_sparse_infinite": ({}, {"X": sparse.csc_array(put(X_TALL, np.inf))}, "X contains infinity"),
    "y_none": ({}, {"y": None}, "y cannot be None|requires y to be passed"),
    "y_nan": ({}, {"y": put(COUNTS, np.nan)}, "y contains NaN"),
    "y_infinite": ({}, {"y": put(COUNTS, np.inf)}, "y contains infinity"),
    "y_words": ({}, {"y": np.full(200, "one", object)}, "could not convert string to float"),
    "y_other_length": ({}, {"y": COUNTS[:-1]}, r"inconsistent.*\[200, 199\]"),
    "y_two_targets": ({}, {"y": np.ones((200, 2))}, r"y must be one target, got 2|y should be a 1d array.*\(200, 2\)"),
    "negative_counts": ({}, {"y": put(COUNTS, -3.0)}, "family='poisson'.*got values from -3"),
    "no_counts": ({}, {"y": 0 * ONES}, "y is 0 for every sample"),
    "no_counts_of_positive_weight": ({}, {"sample_weight": (COUNTS == 0) * 1.0}, "y is 0 for every sample"),
    "negative_tweedie": ({"family": "tweedie"}, {"y": put(COUNTS, -0.5)}, "family='tweedie'.*got values from -0.5"),
    "zero_gamma": ({"family": "gamma"}, {"y": put(COUNTS + 1, 0.0)}, "family='gamma'.*got values from 0"),
    "large_binomial": ({"family": "binomial"}, {"y": put(0 * ONES, 1.5)}, "family='binomial'.*to 1.5"),
    "one_class": ({"family": "binomial"}, {"y": ONES}, "y is 1 for every sample"),
    "family": ({"family": "cauchy"}, {}, "'family' parameter.*'cauchy'"),
    "power_of_poisson": ({"family": "tweedie", "power": 1.0}, {}, "'power' parameter.*1.0"),
    "power_of_gamma": ({"family": "tweedie", "power": 2}, {}, "'power' parameter.*Got 2"),
    "power_of_gaussian": ({"power": 0.0}, {}, "'power' parameter.*0.0"),
    "delta": ({"family": "huber", "delta": 0.0}, {}, "'delta' parameter.*0.0"),
    "exposure_zero": ({}, {"exposure": put(ONES, 0.0)}, r"exposure\[3\] == 0\.0"),
    "exposure_negative": ({}, {"exposure": put(ONES, -2.0)}, r"exposure\[3\] == -2\.0"),
    "exposure_nan": ({}, {"exposure": put(ONES, np.nan)}, "exposure contains NaN"),
    "exposure_other_length": ({}, {"exposure": ONES[1:]}, r"exposure.*\(199,\)"),
    "offset_infinite": ({}, {"offset": put(ONES, -np.inf)}, "offset contains infinity"),
    "offset_other_length": ({}, {"offset": ONES[1:]}, r"offset.*\(199,\)"),
    "offset_two_dimensions": ({}, {"offset": ONES[:, None]}, r"offset.*\(200, 1\)"),
    "weight_negative": ({}, {"sample_weight": put(ONES, -2.0)}, r"sample_weight.*-2\.0"),
    "weight_all_zero": ({}, {"sample_weight": 0 * ONES}, "sample_weight.*zero"),
    "l1_ratio": ({"l1_ratio": -0.5}, {}, r"l1_ratio.*-0\.5"),
    "tol": ({"tol": -1.0}, {}, "'tol' parameter.*-1.0"),
    "solver": ({"solver": "lbfgs"}, {}, "'solver' parameter.*'lbfgs'"),
    "penalty_weights": ({"penalty_weights": [-1.0] * 10}, {}, r"penalty_weights\[0\] == -1\.0"),
}
REFUSED_SINGLE = {
    "alpha_zero": ({"alpha": 0}, {}, "'alpha' parameter.*Got 0"),
    "alpha_infinite": ({"alpha": np.inf}, {}, "'alpha' parameter.*inf"),
}
REFUSED_CV = {
    "alphas_zero": ({"alphas": [0.1, 0.0]}, {}, r"alphas\[1\] == 0\.0, must be above 0"),
    "alphas_negative": ({"alphas": [0.1, -1]}, {}, r"alphas\[1\] == -1, must be above 0"),
    "eps": ({"eps": 1.5}, {}, r"eps == 1\.5, must be <= 1"),
    "alphas_of_ridge": ({"l1_ratio": 0.0}, {}, "l1_ratio=0"),
    "l1_ratios": ({"l1_ratio": [0.5, 1.5]}, {}, r"l1_ratio\[1\] == 1\.5"),
    "exposure_and_scoring": ({"scoring": "r2"}, {"exposure": ONES}, "scoring='r2'.*exposure"),
    "scoring_of_classifiers": ({"scoring": "roc_auc"}, {}, "scoring='roc_auc'|predict_proba|continuous"),
    "groups": ({}, {"groups": ONES}, "groups"),
    "fold_without_counts": (
        {"cv": [(np.arange(200), np.arange(9)), (np.flatnonzero(COUNTS == 0), np.flatnonzero(COUNTS))]},
        {},
        "y is 0 for every training sample of fold 1",
    ),
}


@pytest.mark.parametrize(
    "Estimator, case",
    [(ElasticNetGLM, case) for case in REFUSED | REFUSED_SINGLE]
    + [(ElasticNetGLMCV, case) for case in REFUSED | REFUSED_CV],
)
def test_refused(Estimator, case):
    params, changed, message = (REFUSED | REFUSED_SINGLE | REFUSED_CV)[case]
    arguments = {"X": X_TALL, "y": COUNTS} | changed
    assert_refused(make_either(Estimator, "poisson").set_params(**params), arguments, message)
    fitted = make_either(Estimator, "poisson").fit(X_TALL, COUNTS)
    assert_refused(fitted.set_params(**params), arguments, message)


@every_estimator
def test_used_the_wrong_way(Estimator):
    with pytest.raises(NotFittedError):
        Estimator().predict(X_TALL)
    model = make_either(Estimator, "poisson").fit(X_TALL, COUNTS)
    for call, message in (
        (lambda: model.predict(X_TALL[:, :9]), r"9 features.*expecting 10"),
        (lambda: model.predict(X_TALL, exposure=0 * ONES), r"exposure\[0\] == 0\.0"),
        (lambda: model.predict(X_TALL, offset=ONES[1:]), r"offset.*\(199,\)"),
        (lambda: model.score(X_TALL, COUNTS - 5), "family='poisson'"),
        (lambda: model.score(X_TALL, COUNTS[1:]), r"y.*199|inconsistent"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@every_estimator
@pytest.mark.parametrize("family", ["gaussian", "huber", "binomial"])
def test_exposures_need_a_log_link(Estimator, family):
    y = np.minimum(COUNTS, 1)
    model = make_either(Estimator, family).fit(X_TALL, y)
    calls = [
        lambda: model.fit(X_TALL, y, exposure=ONES),
        lambda: model.predict(X_TALL, exposure=ONES),
        lambda: model.score(X_TALL, y, exposure=ONES),
    ]
    if Estimator is ElasticNetGLMCV:
        calls.append(lambda: model.predict_path(X_TALL, exposure=ONES))
        calls.append(lambda: model.score_path(X_TALL, y, exposure=ONES))
    for call in calls:
        with pytest.raises(ValueError, match=f"exposure is for families with a log link .*'{family}' use offset"):
            call()


@pytest.mark.parametrize("changed", [{"power": 7.0, "family": "tweedie"}, {"family": "cauchy"}])
def test_bad_parameters_do_not_hide_the_kind_of_model(changed):
    # As searches ask for it before they fit.
    assert is_regressor(ElasticNetGLM(**changed))
    with pytest.raises(ValueError, match=r"'(power|family)' parameter"):
        cross_val_score(ElasticNetGLM(**changed), X_TALL, COUNTS, error_score="raise")


def test_no_counts_without_intercept():
    model = make_model("poisson", fit_intercept=False, tol=1e-8).fit(X_TALL, 0 * ONES)
    problem = problem_of(X_TALL, 0 * ONES, "poisson", alpha=0.05, l1_ratio=0.5, fit_intercept=False)
    assert problem.dual_gap(model.coef_, 0.0) <= 1e-8 * problem.null_objective


@every_estimator
def test_column_of_targets_warns(Estimator):
    model = make_either(Estimator, "poisson").fit(X_TALL, COUNTS)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        column = make_either(Estimator, "poisson").fit(X_TALL, COUNTS[:, None])
    assert_array_equal(column.coef_, model.coef_)


def test_one_convergence_warning():
    X, y = data("poisson", "correlated")
    with pytest.warns(ConvergenceWarning, match=r"^Objective did not converge.*alpha") as record:
        make_model("poisson", 1e-3, max_iter=1, tol=1e-14, solver="cd").fit(X, y)
    assert [warning.category for warning in record] == [ConvergenceWarning]
    assert record[0].filename == __file__


# --- X, frames and other estimators ---


@every_family
def test_storages_agree(family):
    X, y = data(family, "random")
    for Estimator in ESTIMATORS:
        plain = make_either(Estimator, family, tol=1e-10).fit(X, y)
        for name, store in (DENSE_STORAGES | SPARSE_STORAGES).items():
            model = make_either(Estimator, family, tol=1e-10).fit(store(X), y)
            assert_allclose(model.coef_, plain.coef_, rtol=1e-4, atol=1e-5, err_msg=name)
            assert_allclose(model.predict(store(X)), plain.predict(X), rtol=1e-4, atol=1e-4, err_msg=name)


@every_family
@every_estimator
def test_single_precision(family, Estimator):
    X, y = data(family)
    X = X.astype(np.float32)
    offset = np.random.default_rng(0).uniform(-0.7, 0.7, len(y))
    for store in (np.asarray, sparse.csc_array, sparse.csr_array):
        model = make_either(Estimator, family).fit(store(X), y.astype(np.float32), offset=offset)
        y32 = y.astype(np.float32).astype(float)
        problem = problem_of(X, y32, family, alpha=getattr(model, "alpha_", 0.05), l1_ratio=0.5, offset=offset)
        assert model.coef_.dtype == np.asarray(model.intercept_).dtype == np.float32
        assert model.sparse_coef_.shape == (1, 10)
        gap = problem.dual_gap(model.coef_, model.intercept_)
        assert gap <= model.dual_gap_ + 1e-6 * problem.null_objective
        assert model.dual_gap_ <= 1e-4 * problem.null_objective
        assert_allclose(model.predict(X), np.asarray(model.predict(X.astype(float))), rtol=1e-4, atol=1e-5)
        assert model.score(X, y, offset=offset) <= 1
    if Estimator is ElasticNetGLMCV:
        assert model.coef_path_.dtype == model.intercept_path_.dtype == np.float32


@every_estimator
def test_read_only_data_are_left_alone(Estimator):
    arrays = {
        "X": X_TALL.copy(),
        "y": COUNTS.copy(),
        "sample_weight": make_weights("random", 200),
        "offset": np.linspace(-1, 1, 200),
        "exposure": np.linspace(0.5, 2, 200),
    }
    kept = {name: array.copy() for name, array in arrays.items()}
    for array in arrays.values():
        array.flags.writeable = False
    make_either(Estimator, "poisson", standardize=True).fit(**arrays)
    for name, array in arrays.items():
        assert_array_equal(array, kept[name])


@every_family
@every_estimator
def test_standardize_is_a_pipeline(family, Estimator):
    X, y = data(family)
    X = X * np.logspace(-3, 3, 10) + np.arange(10)
    ours = make_either(Estimator, family, standardize=True, tol=1e-12).fit(X, y)
    if Estimator is ElasticNetGLM:
        scaled = make_pipeline(StandardScaler(), make_model(family, tol=1e-12)).fit(X, y)
        assert_allclose(ours.coef_ * scaled[0].scale_, scaled[1].coef_, rtol=1e-5, atol=1e-6)
        assert_allclose(ours.predict(X), scaled.predict(X), rtol=1e-5, atol=1e-5)
        return
    # By the deviations of the training rows of every fold.
    for fold, (train, test) in enumerate(KFold(3).split(X)):
        scaled = make_pipeline(StandardScaler(), make_model(family, ours.alphas_[3], tol=1e-12)).fit(X[train], y[train])
        raw = scaled[0].transform(X[test]) @ scaled[1].coef_ + scaled[1].intercept_
        assert_allclose(ours.loss_path_[3, fold], values(family, y[test], raw).mean(), rtol=1e-4)


@pytest.mark.parametrize("library", FRAMES)
@every_estimator
def test_terms_go_by_name(library, Estimator):
    module = pytest.importorskip(library)
    names = [f"x{j}" for j in range(10)]
    frame = module.DataFrame(dict(zip(names, X_TALL.T, strict=True)))
    by_name = {"penalty_weights": {"x0": 3.0, "x5": np.inf}, "lower_bounds": {"x3": 0.0}, "upper_bounds": {"x0": 0.1}}
    series = {"y": module.Series(COUNTS), "exposure": module.Series(1 + COUNTS)}
    model = make_either(Estimator, "poisson", tol=1e-10, **by_name).fit(frame, **series)
    terms = {
        "penalty_weights": np.array([3.0, 1, 1, 1, 1, np.inf, 1, 1, 1, 1]),
        "lower_bounds": np.where(np.arange(10) == 3, 0.0, -np.inf),
        "upper_bounds": np.where(np.arange(10) == 0, 0.1, np.inf),
    }
    alpha = getattr(model, "alpha_", 0.05)
    problem = problem_of(X_TALL, COUNTS, "poisson", alpha=alpha, l1_ratio=0.5, offset=np.log1p(COUNTS), **terms)
    assert problem.is_feasible(model.coef_)
    assert problem.dual_gap(model.coef_, model.intercept_) <= 1e-10 * problem.null_objective
    assert_array_equal(model.feature_names_in_, names)
    with pytest.raises(ValueError, match=r"penalty_weights names 'X0'.*Did you mean 'x0'"):
        make_either(Estimator, "poisson", penalty_weights={"X0": 1.0}).fit(frame, COUNTS)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[names[::-1]])
    selector = SelectFromModel(make_either(Estimator, "poisson", l1_ratio=1.0), threshold=1e-10)
    pipeline = make_pipeline(StandardScaler(), selector).set_output(transform=library)
    chosen = pipeline.fit_transform(frame, COUNTS)
    assert isinstance(chosen, module.DataFrame)
    assert list(chosen.columns) == [names[j] for j in np.flatnonzero(selector.estimator_.coef_)]


@every_family
@every_estimator
def test_clone_and_pickle(family, Estimator):
    X, y = data(family)
    model = make_either(Estimator, family, lower_bounds=0.0).fit(X, y, offset=np.ones(200))
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    assert vars(again).keys() == vars(model).keys()
    assert_array_equal(copy.fit(X, y, offset=np.ones(200)).coef_, model.coef_)


def test_alpha_is_the_only_position():
    assert ElasticNetGLM(0.5).alpha == 0.5
    with pytest.raises(TypeError, match="positional"):
        ElasticNetGLM(0.5, "gamma")
    with pytest.raises(TypeError, match="positional"):
        ElasticNetGLMCV("gamma")


def test_second_fit_forgets_the_first():
    model = make_cv("poisson", store_fold_coefs=True).fit(X_TALL, COUNTS)
    model.set_params(store_fold_coefs=False, family="gaussian").fit(X_TALL[:, :4], COUNTS)
    fresh = make_cv("gaussian").fit(X_TALL[:, :4], COUNTS)
    assert vars(model).keys() == vars(fresh).keys()
    assert_array_equal(model.coef_path_, fresh.coef_path_)


@pytest.mark.parametrize("n_samples", [64, 100, 1000])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_errors_that_are_all_large(n_samples, fit_intercept):
    # The Huber loss has no curvature anywhere near the null model.
    rng = np.random.default_rng(n_samples)
    X = rng.standard_normal((n_samples, 5))
    y = 10.0 * np.sign(X[:, 0] + 0.1 * rng.standard_normal(n_samples))
    model = ElasticNetGLM(
        0.1, family="huber", delta=1.0, l1_ratio=1.0, fit_intercept=fit_intercept, tol=1e-10, max_iter=10_000
    ).fit(X, y)
    slopes = np.clip(y - model.predict(X), -1, 1)
    correlation = slopes @ X / n_samples
    assert abs(correlation).max() <= 0.1 * (1 + 1e-4)
    assert_allclose(correlation[model.coef_ != 0], 0.1 * np.sign(model.coef_[model.coef_ != 0]), rtol=1e-4)
    assert abs(slopes.mean()) <= 1e-6 or not fit_intercept
    assert model.coef_[0] > 1


@pytest.mark.parametrize("size", [1e4, 1e6, 1e8])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_free", [0, 1])
def test_huber_with_a_tiny_delta_is_least_absolute_deviations(size, fit_intercept, n_free):
    """The lasso of absolute errors is a linear programme, and Huber's errors are less by half of delta at most."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 6))
    y = X @ [1, -1, 1, 0, 0, 0] + 0.5 * rng.standard_t(2, 60)
    weights = np.r_[np.zeros(n_free), np.ones(6 - n_free)]
    model = ElasticNetGLM(
        0.02, family="huber", delta=1.0, l1_ratio=1.0, fit_intercept=fit_intercept, penalty_weights=weights
    )
    spread = size * np.median(abs(y - np.median(y)))
    with pytest.warns(ModelWarning, match=rf"delta=1 is small .*{spread:.3g}".replace("+", r"\+")):
        model.fit(X, size * y)
    ones = np.full((60, 1), float(fit_intercept))
    # Both signs of coefficients, intercept and errors apart.
    parts = np.hstack([X, -X, ones, -ones, np.eye(60), -np.eye(60)])
    costs = np.r_[0.02 * weights, 0.02 * weights, 0, 0, np.full(120, 1 / 60)]
    least = linprog(costs, A_eq=parts, b_eq=y).fun
    ours = abs(y - model.predict(X) / size).mean() + 0.02 * weights @ abs(model.coef_) / size
    assert least - 1e-12 <= ours <= least + model.dual_gap_ / size + 0.5 / size
    assert model.dual_gap_ <= 1e-4 * abs(size * y).mean()


@pytest.mark.parametrize("n_samples, n_features", [(60, 90), (600, 40)])
@pytest.mark.parametrize("delta", [1.35, 0.1])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_heavy_tails_are_shifts_of_targets(n_samples, n_features, delta, fit_intercept, store):
    """Huber's loss is the least of squares of errors after shifts, which cost delta each (She & Owen 2011)."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features))
    y = X[:, 0] + X[:, 1] + rng.standard_t(1, n_samples)
    terms = {"l1_ratio": 1.0, "fit_intercept": fit_intercept}
    path = glm_path(store(X), y, family="huber", delta=delta, alphas=8, eps=0.01, **terms)
    shifting = np.hstack([X, np.eye(n_samples)])
    slack = ROUNDING * np.abs(y).mean()
    for alpha, coef, intercept, gap in zip(path[0], path[1].T, *path[2:], strict=True):
        weights = np.r_[np.ones(n_features), np.full(n_samples, delta / n_samples / alpha)]
        shifted = ElasticNet(alpha, penalty_weights=weights, tol=1e-12, **terms).fit(shifting, y)
        errors = y - shifted.predict(shifting)
        least = 0.5 * np.mean(errors**2) + alpha * weights @ abs(shifted.coef_)
        sizes = abs(y - X @ coef - intercept)
        losses = np.where(sizes <= delta, 0.5 * sizes**2, delta * sizes - 0.5 * delta**2)
        ours = losses.mean() + alpha * abs(coef).sum()
        assert least - shifted.dual_gap_ - slack <= ours <= least + gap + slack


def test_what_is_small_beside_huge_numbers_is_not_taken_for_rounding():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 8))
    y = X[:, 0] + rng.standard_normal(60)
    huge, first = 1e14, np.arange(60) == 0
    huber = make_model("huber", 0.01, l1_ratio=1.0, delta=1.35)
    # A target far from zero has as many digits as are between 1e14 and 0.02, and a gap that says so.
    far = clone(huber)
    with pytest.warns(ConvergenceWarning):
        far.fit(X, y + huge)
    assert_allclose(far.coef_, huber.fit(X, y).coef_, atol=0.02)
    # One row of zeros that is at its offset.
    without = np.where(first[:, None], 0.0, X)
    known = clone(huber).fit(without, np.where(first, huge, y), offset=np.where(first, huge, 0.0))
    assert_allclose(known.coef_, huber.fit(without, np.where(first, 0.0, y)).coef_, atol=0.02)
    # One row whose exposure is such that the intercept is what it says.
    counts = rng.poisson(np.exp(X[:, 0])).astype(float)
    poisson = make_model("poisson", 0.01, l1_ratio=1.0)
    told = poisson.fit(X, np.where(first, huge, counts), exposure=np.where(first, huge, 1.0)).coef_
    moved = make_tight("poisson", 0.01 * 60 / 59, l1_ratio=1.0, fit_intercept=False)
    assert_allclose(told, moved.fit((X - X[0])[1:], counts[1:]).coef_, atol=0.02)


@pytest.mark.filterwarnings("ignore:Objective did not converge")
@pytest.mark.filterwarnings("ignore:delta=:sklearn_sparsefit.exceptions.ModelWarning")
@pytest.mark.parametrize("delta", [1e-13, 1e-15, 1e-100])
def test_errors_of_so_many_delta_that_rounding_is_more(delta):
    """What is left of least absolute errors, by a linear programme's measure, is in the gap."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 8))
    y = X[:, 0] + rng.standard_normal(60)
    tiny, small = (
        make_model("huber", 0.01 * d, l1_ratio=1.0, delta=d, max_iter=10_000).fit(X, y) for d in (delta, 1e-5)
    )
    ours, other = (abs(y - model.predict(X)).mean() + 0.01 * abs(model.coef_).sum() for model in (tiny, small))
    assert ours - other <= tiny.dual_gap_ / delta + 1e-14
    assert small.dual_gap_ <= 1e-4 * 1e-5 * abs(y).mean()


def test_models_may_take_more_iterations_than_the_loss():
    X = [
        [0.2, -0.5, 0.0, -1.6, 0.4, 0.6, 3.0],
        [-0.1, -1.0, -1.0, -0.9, -0.7, -0.4, 0.4],
        [-0.4, -0.4, -0.4, -2.4, 0.4, 0.0, -0.7],
    ]
    model = ElasticNetGLM(
        7e-4, family="tweedie", power=1.99, l1_ratio=0.9, penalty_weights=[0.0, *np.ones(6)], tol=1e-3
    )
    model.fit(X, [0.4, 0.0, 1.3], sample_weight=[1.0, 2.0, 0.001])
    # That of no features but the free one is 64.
    assert model.dual_gap_ <= 0.07


@pytest.mark.parametrize("size", [1e-250, 1e-170, 1e170, 1e250])
@pytest.mark.parametrize("family", ["gaussian", "huber"])
@pytest.mark.parametrize("with_offset", [False, True])
def test_choices_do_not_depend_on_units_whose_squares_are_no_numbers(family, size, with_offset):
    X, y = data("huber")
    size = 2.0 ** np.round(np.log2(size))
    known, known_ = ({"offset": u * np.linspace(-1, 1, len(y))} if with_offset else {} for u in (1.0, size))
    plain, scaled = (make_cv(family, l1_ratio=1.0, **({"delta": u} if family == "huber" else {})) for u in (1.0, size))
    plain.fit(X, y, **known)
    scaled.fit(X, size * y, **known_)
    assert_allclose(scaled.alpha_ / size, plain.alpha_, rtol=1e-12)
    assert_allclose(scaled.coef_ / size, plain.coef_, rtol=1e-12)
    assert scaled.score(X, size * y, **known_) == pytest.approx(plain.score(X, y, **known))
    # With squares that are numbers, the delta is as good as infinite.
    if family == "huber":
        small = make_model(family, 0.05 * size, delta=1.0 if size < 1 else 100 * size).fit(X, size * y, **known_)
        large = make_model("gaussian", 0.05 * size).fit(X, size * y, **known_)
        assert_allclose(small.coef_ / size, large.coef_ / size, atol=1e-3)
