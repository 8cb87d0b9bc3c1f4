"""Newton steps in turn, and together: both lead to where nothing pulls any more, from wherever they start."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, softmax

from sklearn_sparsefit import ElasticNetGLM, Lasso, glm_path, logistic_path
from sklearn_sparsefit.datafit import Gamma, Gaussian, Generalized, Huber, Poisson
from sklearn_sparsefit.design import make_design
from sklearn_sparsefit.path import AlphaGrid, Problem, SolverOptions, cost_model, drive, solve_path
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms
from sklearn_sparsefit.solvers import Goal, Iterate, softmax_in_turn, steps_in_turn
from sklearn_sparsefit.solvers.extrapolation import extrapolation
from sklearn_sparsefit.solvers.points import PathTrack
from sklearn_sparsefit.solvers.steps_in_turn import StepsInTurn
from sklearn_sparsefit.subproblem import WorkingSet

# Minus the derivative of half the deviance in the raw prediction.
PULLS = {
    "binomial": lambda y, z: y - expit(z),
    "poisson": lambda y, z: y - np.exp(z),
    "gamma": lambda y, z: y * np.exp(-z) - 1.0,
    "gaussian": lambda y, z: y - z,
}
WAYS = {"in turn": 2**62, "together": 0}
TERMS = {
    "plain": {"l1_ratio": 1.0},
    "no_intercept": {"l1_ratio": 1.0, "fit_intercept": False},
    "ridge": {"l1_ratio": 0.6},
    "weights": {"l1_ratio": 1.0, "penalty_weights": np.tile([0.5, 1.0, 2.0], 20)},
    "bounds": {"l1_ratio": 1.0, "lower_bounds": -0.05, "upper_bounds": np.repeat([0.02, np.inf], 30)},
}


def make(family, n_samples=120, n_features=60):
    rng = np.random.default_rng(len(family))
    common = rng.standard_normal((n_samples, 1))
    X = (rng.standard_normal((n_samples, n_features)) + common) * (rng.uniform(size=(n_samples, n_features)) < 0.7) + 1
    z = X[:, :6] @ rng.standard_normal(6) / 2
    z -= z.mean()
    y = {
        "binomial": (rng.uniform(size=n_samples) < expit(2 * z)) * 1.0,
        "poisson": rng.poisson(np.exp(z)) * 1.0,
        "gamma": np.exp(z) * rng.gamma(2.0, 0.5, n_samples),
        "gaussian": z + rng.standard_normal(n_samples),
    }[family]
    # Rows without weight count for nothing.
    weights = rng.choice([0.0, 1.0, 2.5], n_samples)
    X[weights == 0] *= 50
    offset = 0.3 * rng.standard_normal(n_samples)
    return X, y, weights, offset


def largest_pull(family, X, y, weights, offset, coef, intercept, alpha, options):
    """By how much the optimality conditions are violated, beside the threshold."""
    used = weights > 0
    pull = PULLS[family](y[used], X[used] @ coef + intercept + offset[used])
    return largest_pull_of(pull, X, weights, coef, alpha, options)


def largest_pull_of(pull_of_samples, X, weights, coef, alpha, options):
    l1_ratio = options["l1_ratio"]
    lower, upper = (options.get(name, inf) * np.ones(len(coef)) for name, inf in
                    (("lower_bounds", -np.inf), ("upper_bounds", np.inf)))  # fmt: skip
    v = options.get("penalty_weights", np.ones(len(coef)))
    used = weights > 0
    s = weights[used] / weights.sum()
    residual = s * pull_of_samples
    pull = residual @ X[used] - alpha * (1 - l1_ratio) * v * coef
    threshold = alpha * l1_ratio * v
    pull -= np.where(coef != 0, np.sign(coef) * threshold, np.clip(pull, -threshold, threshold))
    pull[(coef >= upper) & (pull > 0) | (coef <= lower) & (pull < 0)] = 0.0
    assert ((lower <= coef) & (coef <= upper)).all()
    of_intercept = abs(residual.sum()) if options.get("fit_intercept", True) else 0.0
    return max(np.abs(pull / threshold).max(), of_intercept / alpha)


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("family", PULLS)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_pulls_any_more(monkeypatch, way, family, terms, store):
    monkeypatch.setattr(steps_in_turn, "SMALL", WAYS[way])
    X, y, weights, offset = make(family)
    options = TERMS[terms]
    alphas, coefs, intercepts, _ = glm_path(
        store(X), y, family=family, alphas=15, eps=0.02, offset=offset, sample_weight=weights, tol=1e-11, **options
    )
    assert np.count_nonzero(coefs[:, -1]) > 10
    for alpha, coef, intercept in zip(alphas, coefs.T, intercepts, strict=True):
        assert largest_pull(family, X, y, weights, offset, coef, intercept, alpha, options) < 1e-4


@pytest.mark.parametrize("way", WAYS)
def test_features_that_were_not_foreseen(monkeypatch, way):
    """Their alphas are solved for again, from where they were."""
    monkeypatch.setattr(steps_in_turn, "SMALL", WAYS[way])
    monkeypatch.setattr(cost_model, "SMALL_WORKING_SET", 0)
    X, y, weights, offset = make("poisson")
    known = {"family": "poisson", "sample_weight": weights, "offset": offset, "l1_ratio": 1.0, "tol": 1e-11}
    alphas, foreseen, _, _ = glm_path(X, y, alphas=30, eps=0.02, **known)
    monkeypatch.setattr(cost_model, "margin", lambda density: -0.5)
    _, coefs, intercepts, _ = glm_path(X, y, alphas=alphas, **known)
    for alpha, coef, intercept in zip(alphas, coefs.T, intercepts, strict=True):
        assert largest_pull("poisson", X, y, weights, offset, coef, intercept, alpha, known) < 1e-4
    assert_allclose(coefs, foreseen, atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_least_squares_are_their_own_model(monkeypatch, way):
    monkeypatch.setattr(steps_in_turn, "SMALL", WAYS[way])
    X, y, weights, _ = make("gaussian")
    alphas = [0.3, 0.2, 0.1, 0.03, 0.01]
    expected = np.array([Lasso(alpha, tol=1e-13).fit(X, y, sample_weight=weights).coef_ for alpha in alphas])
    _, coefs, _, _ = glm_path(X, y, family="gaussian", l1_ratio=1.0, alphas=alphas, sample_weight=weights, tol=1e-12)
    assert_allclose(coefs.T, expected, atol=1e-9)
    model = ElasticNetGLM(alphas[3], family="gaussian", l1_ratio=1.0, tol=1e-12).fit(X, y, sample_weight=weights)
    assert_allclose(model.coef_, expected[3], atol=1e-9)


def test_alphas_that_are_nearly_equal_lead_nowhere():
    assert_allclose(extrapolation([1.0, 1.5, 2.5], 0.6) @ np.array([1.0, 1.5, 2.5]) ** 2, 0.36)
    weights = extrapolation([1.0, 1.0 + 1e-12, 1.5, 1.5, 2.5], 0.6)
    assert_array_equal(weights[[1, 3]], 0)
    assert_allclose(weights @ np.array([1.0, 7.0, 1.5, 7.0, 2.5]) ** 2, 0.36)


@pytest.mark.parametrize("family", [Huber(1.0), Poisson()])
@pytest.mark.parametrize("way", WAYS)
def test_grids_that_were_joined(monkeypatch, way, family):
    monkeypatch.setattr(steps_in_turn, "SMALL", WAYS[way])
    X, y, _, _ = make("poisson")
    grid = np.geomspace(0.5, 0.02, 8)
    joined = np.sort(np.concatenate([grid, grid * (1 - 1e-12), grid * (1 - 2e-12)]))[::-1]
    problem = Problem(Generalized(family, y), ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(X.shape[1])))
    alone, together = (
        drive(solve_path(problem, alphas, SolverOptions(1e-9, 1000, "auto")), make_design(X))
        for alphas in (grid, joined)
    )
    assert together.converged.all()
    assert together.n_iters.sum() <= alone.n_iters.sum() + 3 * 16


@pytest.mark.parametrize("way", WAYS)
def test_dual_points_a_little_beyond_the_domain(monkeypatch, way):
    """Targets next to zero have residuals next to the ends of what the loss has slopes for."""
    monkeypatch.setattr(steps_in_turn, "SMALL", WAYS[way])
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 20))
    y = np.exp(X[:, 0] - X[:, 1]) * rng.gamma(0.05, 1, 400) + 1e-100
    problem = Problem(Generalized(Gamma(), y), ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(20)))
    result = drive(solve_path(problem, AlphaGrid(50, 0.01), SolverOptions(1e-4, 1000, "auto")), make_design(X))
    assert result.converged.all()
    assert result.n_iters.mean() < 3


def in_turn(loss, X, y, alphas, start=None):
    n_features = X.shape[1]
    working_set = WorkingSet(Generalized(loss, y), n_features, n_features)
    working_set.append(np.arange(n_features), make_design(X).columns(np.arange(n_features), 1.0, None))
    penalty = ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(n_features))
    goals = [Goal(penalty.with_alpha(alpha), 1e-10, 100) for alpha in alphas]
    iterate = Iterate(*np.zeros((2, n_features)))
    if start is not None:
        iterate.coef[:] = start
    return StepsInTurn().solve(working_set, goals, iterate, PathTrack())


def test_one_step_for_each_alpha_of_least_squares():
    X, y, _, _ = make("gaussian")
    points, n_steps = in_turn(Gaussian(), X, y, [0.3, 0.1, 0.03])
    assert n_steps == [1, 1, 1]
    residuals = y - points.fits.raw
    assert_allclose(residuals.sum(axis=1), 0, atol=1e-11)
    assert_allclose(points.fits.residuals, residuals, atol=1e-12)
    assert_allclose(points.correlations, residuals @ X / len(y), atol=1e-12)
    expected = [Lasso(alpha, tol=1e-11).fit(X, y).coef_ for alpha in (0.3, 0.1, 0.03)]
    assert_allclose(points.coefs, expected, atol=1e-9)


def test_few_steps_are_not_enough_from_far_away():
    X, y, _, _ = make("poisson")
    points, n_steps = in_turn(Poisson(), X, y, [0.3, 0.1], start=np.full(X.shape[1], 1e4))
    assert len(n_steps) == 1
    assert len(points.coefs) == len(points.fits.losses) == 0


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_pulls_any_more_between_classes(monkeypatch, way, terms, store):
    monkeypatch.setattr(softmax_in_turn, "SMALL", WAYS[way])
    X, _, weights, _ = make("binomial")
    rng = np.random.default_rng(0)
    y = np.argmax(X[:, :3] + X[:, 3:6] / 2 + rng.gumbel(size=(len(X), 3)), axis=1)
    options = TERMS[terms]
    alphas, coefs, intercepts, _ = logistic_path(
        store(X), y, alphas=12, eps=0.05, sample_weight=weights, tol=1e-11, **options
    )
    assert np.count_nonzero(coefs[..., -1]) > 20
    used = weights > 0
    z = np.einsum("ij,kja->aki", X[used], coefs) + intercepts.T[..., None]
    pulls = (y[used] == np.arange(3)[:, None]) - softmax(z, axis=1)
    for k in range(3):
        for alpha, coef, pull in zip(alphas, coefs[k].T, pulls[:, k], strict=True):
            assert largest_pull_of(pull, X, weights, coef, alpha, options) < 1e-4
