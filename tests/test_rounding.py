"""What is claimed holds in spite of rounding: certificates from moments, safe bounds, extreme scales and weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from oracles import ElasticNetProblem
from sklearn_sparsefit import ElasticNet, Lasso, lasso_path
from sklearn_sparsefit.path import cost_model
from sklearn_sparsefit.path.bounds import SafeBounds
from sklearn_sparsefit.path.records import EVERYTHING
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms, SeparateTasksPenalty, multi_task_penalty
from sklearn_sparsefit.solvers._cholesky import SupportFactor
from sklearn_sparsefit.solvers._gram_cd import Status, gram_cd
from sklearn_sparsefit.solvers.dual_newton import DualNewtonSolver

pytestmark = pytest.mark.usefixtures("bounded_passes")


def tall_data(mean=0.0):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 120)) + mean * rng.uniform(size=120)
    y = X[:, :10] @ rng.standard_normal(10) + rng.standard_normal(400)
    assert X.size > cost_model.SMALL_DESIGN
    return X, y


@pytest.mark.parametrize(("mean", "fit_intercept"), [(0.0, True), (0.0, False), (1e4, True)])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", [1e-1, 1e-3, 1e-6, 1e-8, 1e-10])
def test_certificates_from_moments_bound_the_true_gap(alpha, weighted, mean, l1_ratio, fit_intercept):
    X, y = tall_data(mean)
    sample_weight = np.random.default_rng(1).integers(0, 3, len(y)).astype(float) if weighted else None
    terms = dict(alpha=alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept)
    problem = ElasticNetProblem(X, y, sample_weight=sample_weight, positive=False, **terms)
    for tol in (1e-4, 1e-8):
        model = ElasticNet(tol=tol, **terms).fit(X, y, sample_weight)
        true_gap = problem.dual_gap(model.coef_, model.intercept_)
        # Beside what rounding of the residuals themselves does to a dual point.
        assert true_gap <= 1.05 * model.dual_gap_ + 1e-14 * problem.null_objective
        assert problem.relative(true_gap) <= tol


def test_rows_that_hardly_count_do_not_shift_the_moments():
    X, y = tall_data()
    X[:130] += 1e9 * np.random.default_rng(1).standard_normal(120)
    weights = np.r_[np.full(130, 1e-20), np.ones(270)]
    model = Lasso(0.05, tol=1e-6).fit(X, y, weights)
    problem = ElasticNetProblem(
        X, y, alpha=0.05, l1_ratio=1.0, sample_weight=weights, fit_intercept=True, positive=False
    )
    assert problem.relative(problem.dual_gap(model.coef_, model.intercept_)) <= 1e-10


def test_whole_designs_do_not_begin_again_for_every_alpha_that_is_not_done():
    X, y = tall_data()
    with pytest.warns(UserWarning, match="did not converge"):
        model = Lasso(0.01, tol=0).fit(X, y)
    assert model.n_passes_ < 20
    with pytest.warns(UserWarning, match="did not converge"):
        _, _, gaps = lasso_path(X, y, alphas=100, eps=1e-2, tol=0)
    assert gaps.max() < 1e-12 * (y @ y)


# Numbers of tasks, and their penalty, given that of each.
OF_TASKS = [((), lambda of_one: of_one), ((3,), multi_task_penalty), ((5,), SeparateTasksPenalty)]


@pytest.mark.parametrize(("n_tasks", "of_tasks"), OF_TASKS)
@pytest.mark.parametrize("upper", [np.inf, 1.0])
@pytest.mark.parametrize("lower", [-np.inf, 0.0])
def test_no_feature_passes_a_safe_bound_unseen(lower, upper, n_tasks, of_tasks):
    rng = np.random.default_rng(0)
    shape = (*n_tasks, 60)
    X = rng.standard_normal((60, 300)) * (rng.uniform(size=(60, 300)) < 0.2) * np.logspace(-2, 1, 300)
    weights = np.where(rng.uniform(size=60) < 0.2, 0.0, np.logspace(-6, 0, 60))
    weights /= weights.sum()
    terms = FeatureTerms(*rng.uniform(0.5, 2, (2, 300)), np.full(300, lower), np.full(300, upper))

    def penalty_of(alpha):
        return of_tasks(ElasticNetPenalty(alpha, 1.0, terms))

    def magnitudes_at(residual):
        penalty = penalty_of(1.0)
        return penalty.magnitudes(penalty.sizes((weights * residual) @ X))

    def reached(residual, penalty):
        return np.flatnonzero(magnitudes_at(residual) >= penalty.l1)

    norms = np.sqrt(weights @ X**2)
    residual, way = rng.standard_normal((2, *shape))
    bounds = SafeBounds(penalty_of(1.0), norms, weights, 4, residual[None], ((weights * residual) @ X)[None])
    n_left = []
    for turn in range(200):
        # They drift from where all features were read last, until these are read again.
        way += 0.3 * rng.standard_normal(shape)
        residuals = residual + np.multiply.outer([0.1, 0.2, 0.3], way) + 0.1 * rng.standard_normal((3, *shape))
        penalties = [penalty_of(float(np.quantile(magnitudes_at(r), 0.9))) for r in residuals]
        thresholds = np.array([penalty.l1 for penalty in penalties])
        left = bounds.may_reach(thresholds, residuals)
        for r, penalty in zip(residuals, penalties, strict=True):
            assert np.isin(reached(r, penalty), left).all()
        closer = bounds.with_more(left, residuals[2:], ((weights * residuals[2:]) @ X)[..., left])
        on_the_way = left[closer.may_reach(thresholds[:2], residuals[:2])]
        for r, penalty in zip(residuals[:2], penalties[:2], strict=True):
            assert np.isin(reached(r, penalty), on_the_way).all()
        n_left.append([len(left), len(on_the_way)])
        residual = residuals[2]
        if turn % 2:
            bounds = bounds.with_more(EVERYTHING, residual[None], ((weights * residual) @ X)[None])
    # Thirty reach it.
    assert (np.mean(n_left, axis=0) < 40).all()


@pytest.mark.parametrize(("n_tasks", "of_tasks"), OF_TASKS)
@pytest.mark.parametrize("shorter", [1.0, 1e-4])
def test_bounds_know_what_is_between_the_residuals_they_know(shorter, n_tasks, of_tasks):
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal((40, 500)), np.full(40, 1 / 40)
    penalty = of_tasks(ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(500)))
    # Residuals of a path are shorter and shorter.
    known = rng.standard_normal((3, *n_tasks, 40)) * np.power(shorter, [0, 1, 2]).reshape(3, *([1] * len(n_tasks)), 1)
    bounds = SafeBounds(penalty, np.sqrt(weights @ X**2), weights, 3, known, (weights * known) @ X)
    residual = np.tensordot([0.5 * shorter**2, -2.0 * shorter, 1.0], known, 1)
    correlation = (weights * residual) @ X
    assert_allclose(bounds.projected(residual[None])[0], correlation, atol=1e-6 * np.abs(correlation).max())
    magnitudes = penalty.magnitudes(penalty.sizes(correlation))
    threshold = float(np.median(magnitudes))
    assert_array_equal(bounds.may_reach(np.array([threshold]), residual[None]), np.flatnonzero(magnitudes >= threshold))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
@pytest.mark.parametrize("where", ["known", "wanted"])
def test_bounds_leave_everything_where_residuals_are_no_numbers(where, bad):
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal((40, 50)), np.full(40, 1 / 40)
    residuals = rng.standard_normal((2, 40))
    known = residuals[:1].copy()
    (known if where == "known" else residuals)[0, 3] = bad
    with np.errstate(invalid="ignore"):
        correlations = (weights * known) @ X
    penalty = ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(50))
    bounds = SafeBounds(penalty, np.sqrt(weights @ X**2), weights, 3, known, correlations)
    assert_array_equal(bounds.may_reach(np.array([0.1, 0.1]), residuals), np.arange(50))


@pytest.mark.parametrize("scale", [1e-200, 1e-170, 1e170])
@pytest.mark.parametrize("store", [sparse.csc_array, sparse.csr_array])
def test_sparse_paths_of_any_scale(store, scale):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 1500)) * (rng.uniform(size=(100, 1500)) < 0.05)
    y = X[:, :20].sum(axis=1) + rng.standard_normal(100)
    _, coefs, _ = lasso_path(store(X), y, alphas=15, eps=0.05, tol=1e-8)
    _, scaled, _ = lasso_path(store(X * scale), y, alphas=15, eps=0.05, tol=1e-8)
    assert_allclose(scaled * scale, coefs, atol=1e-8 * np.abs(coefs).max())


def test_rows_of_weight_zero_leave_the_bounds_alone():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 1500)) * (rng.uniform(size=(100, 1500)) < 0.05)
    y = X[:, :20].sum(axis=1) + rng.standard_normal(100)
    weights = np.r_[np.zeros(3), np.ones(97)]
    wild = X.copy()
    wild[:3] *= 1e200
    model = Lasso(0.05).fit(sparse.csc_array(wild), y, weights)
    assert_allclose(model.coef_, Lasso(0.05).fit(X[3:], y[3:]).coef_, atol=1e-10)


@pytest.mark.parametrize("alpha", [1e-17, 1e-15, 1e-13])
def test_ridges_lost_beside_rounding_are_no_error(alpha, monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 800)), rng.standard_normal(50)
    calls = []
    solve = DualNewtonSolver.solve
    monkeypatch.setattr(DualNewtonSolver, "solve", lambda self, *args: calls.append(1) or solve(self, *args))
    model = ElasticNet(alpha, l1_ratio=0.01).fit(X, y)
    assert calls
    assert model.dual_gap_ <= 1e-4 * 0.5 * y.var()


@pytest.mark.parametrize("position", range(4))
def test_the_gram_kernel_stops_at_nan(position):
    factor = SupportFactor()
    factor.reserve(4, 4)
    correlation = np.ones(4)
    correlation[position] = np.nan
    status, _, _ = gram_cd(
        np.eye(4),
        np.ones(4),
        np.zeros(4),
        correlation,
        ElasticNetPenalty(0.1, 1.0, FeatureTerms.uniform(4)),
        1.0,
        100,
        1e9,
        factor,
        np.empty((2, 4), dtype=np.intp),
        np.empty((7, 4)),
    )
    assert status != Status.CONVERGED
