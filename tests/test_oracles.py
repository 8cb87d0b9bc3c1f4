"""Every answer carries a true certificate, on every row of the registry."""

import warnings
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import linear_model as sklearn_linear_model
from sklearn.exceptions import ConvergenceWarning

from oracles import ElasticNetProblem, largest_alpha
from registry import (
    DESIGNS,
    DTYPES,
    ILL_CONDITIONED,
    PENALTIES,
    STORAGES,
    UNIFORM_PENALTIES,
    WEIGHTS,
    every_pair,
    make_data,
    make_weights,
)
from sklearn_sparsefit import ElasticNet, enet_path

# How far a certificate may fall short of a suboptimality measured in extended
# precision: the rounding of a double-precision objective.
ROUNDING = 1e-13

# Of the designs some have columns that are constant or equal, and features free of the penalty among these.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Features with penalty weight 0:UserWarning"),
    pytest.mark.usefixtures("bounded_passes"),
]


def make_problems(design, penalty, weights="none", fit_intercept=True):
    """Data, and the keywords of a problem for each of three strengths."""
    X, y = make_data(design)
    terms = penalty.terms(X) | {"sample_weight": make_weights(weights, len(y)), "fit_intercept": fit_intercept}
    alpha_max = largest_alpha(X, y, **terms)
    return X, y, [terms | {"alpha": (alpha_max or 1.0) * s} for s in (0.5, 0.1, 0.01)]


def tightest(design, penalty):
    """The relative gap to ask for.

    What nearly collinear features leave of y when they are not penalised is the scale of the gap, and is known less
    well the more alike they are.
    """
    return 1e-10 if penalty.weighted and design in ILL_CONDITIONED else 1e-12


def skip_if_too_alike(design, penalty):
    """Of a feature that differs by 1e-6 from one that is not penalised, a Gram matrix keeps four digits."""
    if penalty.weighted and design == "nearly_collinear":
        pytest.skip("penalised features too much like those that are free")


def fit(X, y, *, sample_weight, **params):
    return ElasticNet(**params).fit(X, y, sample_weight=sample_weight)


def assert_same_answer(problem, model, other, design, rtol):
    """Equal predictions, and equal coefficients where there is only one answer."""
    scale = np.sqrt(2 * problem.null_objective)
    shift = problem.residual(model.coef_, model.intercept_) - problem.residual(other.coef_, other.intercept_)
    assert np.sqrt(problem.weights @ shift**2) <= rtol * scale
    if design not in ILL_CONDITIONED:
        norms = np.sqrt(problem.weights @ problem.X**2)
        drift = abs(norms * (np.asarray(model.coef_, np.longdouble) - other.coef_))
        assert drift.max() <= 100 * rtol * scale


@pytest.mark.parametrize("weights, fit_intercept, tol", every_pair(WEIGHTS, [True, False], [1e-4, 1e-10]))
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("design", DESIGNS)
def test_gap_and_optimality_conditions(design, penalty, weights, fit_intercept, tol):
    X, y, problems = make_problems(design, penalty, weights, fit_intercept)
    for terms in problems:
        model = fit(X, y, tol=tol, **terms)
        problem = ElasticNetProblem(X, y, **terms)
        answer = model.coef_, model.intercept_
        assert model.dual_gap_ >= 0
        assert problem.relative(model.dual_gap_) <= tol
        assert problem.relative(problem.dual_gap(*answer)) <= tol
        assert problem.kkt_distance(*answer) ** 2 <= tol
        assert problem.is_feasible(model.coef_)


@pytest.mark.parametrize("solver, tol", [("auto", 1e-10), ("cd", 1e-10), ("prox_grad", 1e-6)])
@pytest.mark.parametrize("weights", ["none", "random"])
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("design", DESIGNS)
def test_every_solver_reaches_its_tolerance(design, penalty, weights, solver, tol):
    if solver == "prox_grad":
        skip_if_too_alike(design, penalty)
    X, y, problems = make_problems(design, penalty, weights)
    max_iter = 1000 if solver == "auto" else 1_000_000
    for terms in problems:
        model = fit(X, y, solver=solver, tol=tol, max_iter=max_iter, **terms)
        problem = ElasticNetProblem(X, y, **terms)
        assert problem.relative(problem.dual_gap(model.coef_, model.intercept_)) <= tol


@pytest.mark.parametrize("solver, tol", [("cd", 1e-10), ("prox_grad", 1e-6)])
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("design", DESIGNS)
def test_solvers_agree(design, penalty, solver, tol):
    if solver == "prox_grad":
        skip_if_too_alike(design, penalty)
    X, y, problems = make_problems(design, penalty, "random")
    for terms in problems:
        model = fit(X, y, solver=solver, tol=tol, max_iter=1_000_000, **terms)
        reference = fit(X, y, tol=tightest(design, penalty), **terms)
        problem = ElasticNetProblem(X, y, **terms)
        objectives = [problem.objective(m.coef_, m.intercept_) for m in (model, reference)]
        assert problem.relative(abs(objectives[0] - objectives[1])) <= tol
        # A gap of g moves the predictions by at most sqrt(2 g).
        assert_same_answer(problem, model, reference, design, rtol=2 * np.sqrt(tol))


@pytest.mark.parametrize("design", ["correlated", "nearly_collinear", "wide"])
@pytest.mark.parametrize("solver", ["auto", "cd", "prox_grad"])
@pytest.mark.parametrize("max_iter", [1, 2, 5, 20])
def test_gap_of_an_unfinished_fit_is_above_its_suboptimality(design, solver, max_iter):
    for penalty in PENALTIES:
        X, y, problems = make_problems(design, penalty)
        for terms in problems:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model = fit(X, y, solver=solver, tol=1e-12, max_iter=max_iter, **terms)
                best = fit(X, y, tol=1e-12, **terms)
            problem = ElasticNetProblem(X, y, **terms)
            suboptimality = problem.objective(model.coef_, model.intercept_) - problem.objective(
                best.coef_, best.intercept_
            )
            assert problem.relative(suboptimality - model.dual_gap_) <= ROUNDING


@st.composite
def small_problems(draw):
    """Data and the keywords of a problem small enough to try all sign patterns.

    Few values, so that ties, zero columns and duplicated columns come up often.
    """
    n_samples, n_features = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    quarters = st.integers(-6, 6).map(lambda k: k / 4)
    counts = st.integers(0, 3).map(float)
    X = draw(arrays(float, (n_samples, n_features), elements=quarters))
    y = draw(arrays(float, n_samples, elements=quarters))
    return (
        X,
        y,
        {
            "alpha": draw(st.sampled_from([2.0, 0.3, 0.05, 0.001])),
            "l1_ratio": draw(st.sampled_from([1.0, 0.5, 0.05])),
            "fit_intercept": draw(st.booleans()),
            "positive": draw(st.booleans()),
            "sample_weight": draw(arrays(float, n_samples, elements=counts).filter(np.any)),
            "penalty_weights": draw(arrays(float, n_features, elements=st.sampled_from([1.0, 0.0, 2.0, np.inf]))),
            "lower_bounds": draw(arrays(float, n_features, elements=st.sampled_from([-np.inf, -0.5, 0.0]))),
            "upper_bounds": draw(arrays(float, n_features, elements=st.sampled_from([np.inf, 0.25, 0.0]))),
            "standardize": draw(st.booleans()),
        },
    )


@given(problem=small_problems(), seed=st.integers(0, 1000))
def test_oracles_agree_with_each_other(problem, seed):
    X, y, terms = problem
    problem = ElasticNetProblem(X, y, **terms)
    rng = np.random.default_rng(seed)
    coef = np.clip(rng.integers(-2, 3, X.shape[1]) / 2, problem.lower, problem.upper)
    intercept = rng.integers(-2, 3) if terms["fit_intercept"] else 0
    suboptimality = problem.objective(coef, intercept) - problem.brute_force_minimum()
    assert suboptimality >= -1e-12
    assert problem.dual_gap(coef, intercept) >= suboptimality - 1e-12
    if problem.null_objective > 0:
        assert problem.kkt_distance(coef, intercept) ** 2 <= (
            problem.relative(suboptimality) + 1e-12 / problem.null_objective
        )


@pytest.mark.filterwarnings("ignore:Every feature is left out")
@given(problem=small_problems())
def test_brute_force_finds_nothing_better(problem):
    X, y, terms = problem
    model = fit(X, y, tol=1e-12, **terms)
    problem = ElasticNetProblem(X, y, **terms)
    suboptimality = problem.objective(model.coef_, model.intercept_) - problem.brute_force_minimum()
    assert suboptimality <= 1e-12 * (1 + problem.null_objective)
    assert model.dual_gap_ >= suboptimality - 1e-13 * (1 + problem.null_objective)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05])
@pytest.mark.parametrize("positive", [False, True])
def test_orthonormal_design_has_a_closed_form(l1_ratio, positive):
    rng = np.random.default_rng(3)
    n_samples, alpha = 50, 0.02 / l1_ratio
    X = np.linalg.qr(rng.standard_normal((n_samples, 20)))[0]
    y = X @ rng.uniform(-3, 3, 20) + 0.1 * rng.standard_normal(n_samples)
    model = ElasticNet(alpha, l1_ratio=l1_ratio, positive=positive, fit_intercept=False, tol=1e-14).fit(X, y)
    correlation = X.T @ y / n_samples
    size = correlation if positive else abs(correlation)
    soft = np.sign(correlation) * np.maximum(size - alpha * l1_ratio, 0)
    expected = soft / (1 / n_samples + alpha * (1 - l1_ratio))
    assert 0 < np.count_nonzero(expected) < 20
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("design", sorted(set(DESIGNS) - {"one_sample"}))
def test_alpha_max_is_tight(design, penalty, weights, fit_intercept):
    skip_if_too_alike(design, penalty)
    X, y = make_data(design)
    terms = penalty.terms(X) | {"sample_weight": make_weights(weights, len(y)), "fit_intercept": fit_intercept}
    alpha_max = largest_alpha(X, y, **terms)
    problem = ElasticNetProblem(X, y, alpha=1, **terms)
    if problem.is_exact:
        return
    penalised = ~problem.free
    alphas, coefs, _ = enet_path(X, y, alphas=3, **terms)
    # What nearly collinear features without a penalty leave of y is known less well.
    np.testing.assert_allclose(alphas[0], alpha_max, rtol=1e-9 if design in ILL_CONDITIONED else 1e-12)
    assert not coefs[penalised, 0].any()
    tol = tightest(design, penalty)
    above = fit(X, y, alpha=alphas[0] * (1 + 1e-9), tol=tol, **terms)
    below = fit(X, y, alpha=alphas[0] * (1 - 1e-6), tol=tol, **terms)
    assert not above.coef_[penalised].any()
    assert below.coef_[penalised].any()


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("design", DESIGNS)
def test_path_equals_cold_starts(design, penalty):
    skip_if_too_alike(design, penalty)
    X, y = make_data(design)
    terms = penalty.terms(X) | {"sample_weight": make_weights("random", len(y)), "fit_intercept": True}
    tol = tightest(design, penalty)
    alphas, coefs, gaps, intercepts = enet_path(X, y, alphas=8, eps=1e-2, tol=tol, return_intercept=True, **terms)
    assert (np.diff(alphas) <= 0).all()
    for k, alpha in enumerate(alphas):
        problem = ElasticNetProblem(X, y, alpha=alpha, **terms)
        cold = fit(X, y, alpha=alpha, tol=tol, **terms)
        warm = ElasticNet()
        warm.coef_, warm.intercept_ = coefs[:, k], intercepts[k]
        assert problem.relative(gaps[k]) <= tol
        assert problem.relative(problem.dual_gap(warm.coef_, warm.intercept_)) <= tol
        assert_same_answer(problem, warm, cold, design, rtol=3e-6)


@lru_cache
def references(design, dtype):
    """Problems whose data are as they are in storage, and their answers."""
    found = []
    # Each l1_ratio once, with or without positive, and what has terms for every feature.
    for penalty, weights in zip([PENALTIES[k] for k in (0, 3, 4, 6, 7, 8)], 2 * WEIGHTS, strict=False):
        if penalty.weighted and design == "nearly_collinear":
            continue
        X, y, problems = make_problems(design, penalty, weights)
        # What was stored, in double precision: float32 storage is no excuse.
        X, y = (array.astype(dtype).astype(np.float64) for array in (X, y))
        terms = problems[1]
        problem = ElasticNetProblem(X, y, **terms)
        if not problem.is_exact:  # that would not be to what float32 allows
            found.append((X, y, terms, problem, fit(X, y, tol=tightest(design, penalty), **terms)))
    return found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("design", DESIGNS)
def test_storage_does_not_matter(design, storage, dtype):
    for X, y, terms, problem, reference in references(design, dtype):
        model = fit(STORAGES[storage](X.astype(dtype)), y.astype(dtype), tol=1e-6, **terms)
        assert model.coef_.dtype == dtype
        rtol = 1e-7 if dtype == np.float64 else 1e-5
        assert_same_answer(problem, model, reference, design, rtol=rtol)


@pytest.mark.parametrize("penalty", UNIFORM_PENALTIES, ids=str)
@pytest.mark.parametrize("weights", ["none", "random"])
@pytest.mark.parametrize("design", sorted(set(DESIGNS) - ILL_CONDITIONED))
def test_agrees_with_scikit_learn(design, weights, penalty):
    X, y, problems = make_problems(design, penalty, weights)
    sample_weight = problems[1]["sample_weight"]
    terms = {name: problems[1][name] for name in ("alpha", "l1_ratio", "fit_intercept", "positive")}
    # Unscaled columns are too much for coordinate descent on the raw data.
    scale = X.std(axis=0)
    X = X / np.where(scale > 1e-12, scale, 1.0)
    model = fit(X, y, tol=1e-12, sample_weight=sample_weight, **terms)
    peer = sklearn_linear_model.ElasticNet(tol=1e-13, max_iter=100_000, **terms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # tol is near its rounding
        peer.fit(X, y, sample_weight=sample_weight)
    np.testing.assert_allclose(model.coef_, peer.coef_, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.intercept_, peer.intercept_, rtol=1e-5, atol=1e-6)
