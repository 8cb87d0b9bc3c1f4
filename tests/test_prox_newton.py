"""What proximal Newton steps keep between models: features at hand, weights, and where they start."""

import gc
import weakref

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sklearn_sparsefit import ElasticNetGLM, ElasticNetGLMCV
from sklearn_sparsefit.datafit import Binomial, Gamma, Generalized, Huber, Poisson, Quadratic
from sklearn_sparsefit.design import make_design
from sklearn_sparsefit.path import AlphaGrid, Problem, SolverOptions, drive, solve_path
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms
from sklearn_sparsefit.solvers import Goal, GramSolver, Iterate, choice, loss_models
from sklearn_sparsefit.solvers._sweeps import Levels, Sweeps
from sklearn_sparsefit.solvers.base import Starts
from sklearn_sparsefit.solvers.residual import SweepSolver, levels_of
from sklearn_sparsefit.subproblem import WorkingSet, duality_gap, look
from sklearn_sparsefit.subproblem.certificate import quadratic_misfit


def solve(X, y, loss, alphas, l1_ratio=1.0, tol=1e-9):
    design = make_design(X)
    problem = Problem(Generalized(loss, y), ElasticNetPenalty(1.0, l1_ratio, FeatureTerms.uniform(X.shape[1])))
    return drive(solve_path(problem, alphas, SolverOptions(tol, 1000, "auto"), density=design.density), design)


def make_counts(n_samples=400, n_features=900, density=0.05):
    """Sparse counts, more than a hundred of which are kept, and what depends on every tenth of the first hundred."""
    rng = np.random.default_rng(0)
    X = sparse.csc_array(
        rng.uniform(size=(n_samples, n_features)) * (rng.uniform(size=(n_samples, n_features)) < density)
    )
    effects = np.zeros(n_features)
    effects[:100:10] = rng.standard_normal(10)
    z = X @ effects
    return X, (rng.uniform(size=n_samples) < 1 / (1 + np.exp(-4 * z))).astype(float), rng.poisson(np.exp(z)) * 1.0


@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
@pytest.mark.parametrize("loss", [Binomial(), Poisson()])
def test_sweeps_on_sparse_columns_and_newton_steps_agree(loss, l1_ratio):
    X, shares, counts = make_counts()
    y = shares if isinstance(loss, Binomial) else counts
    by_sweeps = solve(X, y, loss, AlphaGrid(20, 0.05), l1_ratio, tol=1e-11)
    by_newton = solve(X.toarray(), y, loss, by_sweeps.alphas, l1_ratio, tol=1e-11)
    assert len(by_sweeps.supports[-1]) > 100
    assert by_sweeps.converged.all() and by_newton.converged.all()
    assert_allclose(by_sweeps.dense_coefs(), by_newton.dense_coefs(), atol=2e-4)
    assert_allclose(by_sweeps.intercepts, by_newton.intercepts, atol=2e-4)


@pytest.mark.parametrize("alphas", ["one by one", "back and forth"])
def test_what_is_kept_does_not_move_the_answer(alphas):
    X, shares, _ = make_counts(density=0.3)
    grid = solve(X, shares, Binomial(), AlphaGrid(8, 0.1)).alphas
    path = solve(X, shares, Binomial(), grid, tol=1e-11)
    for number in range(8):
        alone = solve(
            X, shares, Binomial(), grid[[number]] if alphas == "one by one" else grid[: number + 1], tol=1e-11
        )
        assert_allclose(alone.dense_coef(len(alone.alphas) - 1), path.dense_coef(number), atol=1e-5)


def test_all_may_be_at_hand(monkeypatch):
    X, shares, _ = make_counts(density=0.3)
    few = solve(X, shares, Binomial(), AlphaGrid(10, 0.1), tol=1e-11)
    monkeypatch.setattr(loss_models, "COPIED_SHARE", 0.0)
    monkeypatch.setattr(loss_models, "SMALL_COPY", 0)
    every = solve(X, shares, Binomial(), few.alphas, tol=1e-11)
    assert_allclose(every.dense_coefs(), few.dense_coefs(), atol=1e-5)


def test_duplicate_entries_of_sparse_columns():
    X, shares, _ = make_counts()
    entries = X.tocoo()
    halves = sparse.coo_array(
        (np.tile(entries.data / 2, 2), (np.tile(entries.coords[0], 2), np.tile(entries.coords[1], 2))), shape=X.shape
    )
    # As it is: conversions would sum the duplicates.
    order = np.argsort(halves.coords[1], kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(halves.coords[1], minlength=X.shape[1]))])
    twice = sparse.csc_array((halves.data[order], halves.coords[0][order], indptr), shape=X.shape)
    assert twice.nnz == 2 * X.nnz
    once = solve(X, shares, Binomial(), AlphaGrid(5, 0.2), tol=1e-15)
    again = solve(twice, shares, Binomial(), once.alphas, tol=1e-15)
    assert_allclose(again.dense_coefs(), once.dense_coefs(), atol=1e-6)


def test_tolerances_below_rounding_leave_no_alpha_out():
    X, shares, _ = make_counts()
    result = solve(X.toarray(), shares, Binomial(), AlphaGrid(5, 0.2), tol=1e-14)
    assert (result.relative_gaps < 1e-11).all()


@pytest.mark.parametrize("about_mean", [True, False])
def test_moments_of_columns(about_mean):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 12)) * (rng.uniform(size=(40, 12)) < 0.5)
    for j in (6, 7, 8):
        X[j - 5 :, j] = 0.0
    X[:, 3], X[:, 4] = 0.0, 7.25
    X[:, 5] += 1e6
    weights = rng.uniform(size=40) * (np.arange(40) % 5 > 0)
    weights /= weights.sum()
    means = weights @ X * about_mean
    squares = weights @ (X - means) ** 2
    for stored in (X, np.asfortranarray(X), sparse.csc_array(X), sparse.csr_array(X)):
        columns = make_design(stored).columns(np.arange(12), 1.0, None)
        found, found_squares = columns.moments(weights, about_mean, slice(2, 9))
        assert_allclose(found + about_mean * columns.shift[2:9], means[2:9], rtol=1e-14, atol=1e-16)
        assert_allclose(found_squares, squares[2:9], rtol=1e-9, atol=1e-30)


@pytest.mark.parametrize("log_mean", [0, 8, 13, 16, 20])
def test_free_features_of_large_counts(log_mean):
    # Far from where least squares would put them, and with residuals as large as the counts.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 40))
    y = rng.poisson(np.exp(log_mean + 0.5 * X[:, 0] - 0.3 * X[:, 1])).astype(float)
    weights = np.ones(40)
    weights[0] = 0.0
    model = ElasticNetGLM(0.05 * np.exp(log_mean), l1_ratio=1.0, penalty_weights=weights, tol=1e-9).fit(X, y)
    mean = np.exp(model.intercept_ + X @ model.coef_)
    slopes = X.T @ (y - mean) / 500 / np.exp(log_mean)
    assert abs(slopes[0]) < 1e-9
    kept = np.flatnonzero(model.coef_[1:]) + 1
    assert_allclose(slopes[kept], 0.05 * np.sign(model.coef_[kept]), rtol=1e-4)
    assert (np.abs(slopes[1:]) <= 0.05 * (1 + 1e-4)).all()


def make_model(X, seed=1, fit_intercept=True):
    """A working set of all columns under uneven weights, some of them zero, and eight targets."""
    rng = np.random.default_rng(seed)
    design = make_design(X)
    weights = rng.uniform(size=X.shape[0]) * (np.arange(X.shape[0]) % 7 > 0)
    targets = rng.standard_normal((8, X.shape[0])) + 3
    problems = [Quadratic(target, weights, fit_intercept) for target in targets]
    working_sets = [WorkingSet(problem, X.shape[1], 10_000) for problem in problems]
    for working_set in working_sets:
        columns = design.columns(np.arange(X.shape[1]), 1.0, weights if fit_intercept else None)
        working_set.append(np.arange(X.shape[1]), columns)
    return working_sets


@pytest.mark.parametrize("store", [sparse.csc_array, np.asarray])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_problems", [1, 3, 8, 11])
def test_sweeps_side_by_side_are_those_of_each(store, fit_intercept, n_problems):
    X, _, _ = make_counts(n_features=100)
    working_sets = make_model(store(X.toarray()), fit_intercept=fit_intercept)
    working_sets = [working_sets[number % 8] for number in range(n_problems)]
    penalty = ElasticNetPenalty(0.02, 0.8, FeatureTerms.uniform(100))
    goals = [Goal(penalty.with_alpha(0.02 * 0.8**number), 0.0, 3) for number in range(n_problems)]
    alone = [Iterate(np.full(100, 0.1), np.zeros(100)) for _ in goals]
    for working_set, goal, iterate in zip(working_sets, goals, alone, strict=True):
        SweepSolver().solve(working_set, goal.penalty, iterate, 0.0, 3)
    residuals = np.concatenate([ws.fit(np.full((1, 100), 0.1)).residuals for ws in working_sets])
    weighted = working_sets[0].datafit.weights * residuals
    starts = Starts(np.full((n_problems, 100), 0.1), np.zeros((n_problems, 100)), weighted)
    assert SweepSolver().solve_from(working_sets[0], goals, starts) == [3] * n_problems
    # Extrapolations amplify what rounding differs by.
    assert_allclose(starts.coefs, [iterate.coef for iterate in alone], atol=1e-9)
    assert_allclose(starts.correlations, [iterate.correlation for iterate in alone], atol=1e-9)


def burst(X, weights, fit_intercept, start, weighted_residual, penalty, n_sweeps):
    """The last of some sweeps, and where they lead; which of these has the lower objective."""
    used = weights > 0
    X, weights, residual = X[used], weights[used], weighted_residual[used] / weights[used]
    means = weights @ X if fit_intercept else np.zeros(X.shape[1])
    squares = weights @ (X - means) ** 2
    first, coefs = residual - weights @ residual * fit_intercept, [start]
    for _ in range(n_sweeps):
        coef = coefs[-1].copy()
        for j in range(len(coef)):
            left = first - (X - means) @ (coef - start)
            goal = coef[j] + (X[:, j] - means[j]) @ (weights * left) / squares[j]
            coef[j] = penalty.at([j]).apply_prox(np.array([goal]), 1 / squares[j])[0]
        coefs.append(coef)
    steps = np.diff(coefs, axis=0)
    shares = np.linalg.solve(steps @ steps.T, np.ones(n_sweeps))
    there = coefs[-1] + shares @ (coefs[1:] - coefs[-1]) / shares.sum()

    def objective(coef):
        if (coef < penalty.terms.lower).any() or (coef > penalty.terms.upper).any():
            return np.inf
        return 0.5 * weights @ (first - (X - means) @ (coef - start)) ** 2 + penalty.value(coef)

    return coefs[-1], there, objective(there) < objective(coefs[-1])


@pytest.mark.parametrize("n_problems", [1, 5, 8])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("upper", [np.inf, 1.0])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_bursts_end_where_their_sweeps_lead_if_that_is_better(store, n_problems, fit_intercept, upper):
    rng, n_features = np.random.default_rng(0), 12
    X, weights = (
        rng.standard_normal((60, n_features)) + 2 * rng.standard_normal((60, 1)),
        rng.choice([0.0, 1.0, 3.0], 60),
    )
    weights /= weights.sum()
    if store is sparse.csc_array:
        # Columns of one to five entries, and full ones.
        for j in range(5):
            X[np.flatnonzero(weights)[j + 1 :], j] = 0.0
    columns = make_design(store(X)).columns(np.arange(n_features), 1.0, None)
    ones = np.ones(n_features)
    penalty = ElasticNetPenalty(0.01, 0.7, FeatureTerms(ones, ones, -np.inf * ones, upper * ones))
    means, squares = columns.moments(weights, fit_intercept, slice(0, n_features))
    strengths = 0.5 ** np.arange(1 if n_problems == 1 else 8)
    levels = Levels(means, squares, np.empty(0), np.zeros(len(strengths)))
    sweeps = Sweeps(columns, weights, fit_intercept, penalty, strengths, levels)
    residuals = (rng.standard_normal((n_problems, n_features)) @ X.T + rng.standard_normal((n_problems, 60))) * weights
    coefs, n_better, n_bursts = np.zeros((n_problems, n_features)), 0, 0
    for n_sweeps in (2, 3, 5):
        before, residuals_before = coefs.copy(), residuals.copy()
        sweeps.burst(coefs, residuals, n_sweeps)
        assert_allclose(residuals, residuals_before - (coefs - before) @ X.T * weights, rtol=1e-12, atol=1e-13)
        for row, coef in enumerate(coefs):
            with_alpha = penalty.with_alpha(0.01 * strengths[row])
            at_row = before[row], residuals_before[row], with_alpha
            last, there, is_better = burst(X, weights, fit_intercept, *at_row, n_sweeps)
            assert_allclose(coef, there if is_better else last, rtol=1e-5, atol=1e-8)
            n_better, n_bursts = n_better + is_better, n_bursts + 1
    assert n_better > 0
    if np.isfinite(upper):
        assert n_better < n_bursts


def test_sweeps_say_what_they_cannot_do():
    columns = make_design(np.eye(3)).columns(np.arange(3), 1.0, None)
    penalty, weights = ElasticNetPenalty(0.3, 1.0, FeatureTerms.uniform(3)), np.full(3, 1 / 3)

    def make(width, n_columns=3, n_levels=1):
        levels = Levels(np.zeros(n_columns), np.ones(n_columns), np.empty(0), np.zeros(n_levels))
        return Sweeps(columns, weights, True, penalty, np.ones(width), levels)

    with pytest.raises(ValueError, match="3 problems stand side by side"):
        make(3)
    with pytest.raises(ValueError, match=r"\(3, 3, 3, 1\), are not those of 3 samples, 3 columns and 8 problems"):
        make(8)
    with pytest.raises(ValueError, match=r"\(3, 2, 2, 1\), are not those"):
        make(1, n_columns=2)
    with pytest.raises(ValueError, match="n_sweeps == 6"):
        make(1).burst(np.zeros((1, 3)), np.zeros((1, 3)), 6)
    with pytest.raises(ValueError, match="Coefficients or residuals"):
        make(1).burst(np.zeros((1, 3)), np.zeros((2, 3)), 5)
    with pytest.raises(ValueError, match="those of 9 problems, levels of 1"):
        Levels(np.zeros(3), np.ones(3), np.ones(3), np.zeros(1)).follow(np.ones((3, 9)))


def test_gaps_need_not_be_known_beyond_a_limit():
    rng = np.random.default_rng(0)
    penalty = ElasticNetPenalty(0.3, 1.0, FeatureTerms.uniform(5))
    for _ in range(20):
        coef, correlation = rng.standard_normal((2, 5))
        misfit = quadratic_misfit(float(rng.uniform(0, 2)))
        gap = duality_gap(misfit, coef, correlation, penalty)
        assert duality_gap(misfit, coef, correlation, penalty, limit=1.01 * gap) == gap
        assert 0.1 * gap < duality_gap(misfit, coef, correlation, penalty, limit=0.1 * gap) <= gap


@pytest.mark.parametrize("solver", [GramSolver, lambda: choice.SparseModelSolver(choice.Experience())])
def test_each_problem_is_solved_from_its_own_start(solver):
    X, _, _ = make_counts(n_features=150)
    working_sets = make_model(X)
    penalty = ElasticNetPenalty(0.02, 1.0, FeatureTerms.uniform(150))
    goals = [Goal(penalty.with_alpha(0.02 * 0.7**number), 1e-13, 1000) for number in range(8)]
    coefs = np.random.default_rng(0).standard_normal((8, 150)) * (np.arange(150) < 20)
    residuals = np.concatenate([ws.fit(row[None]).residuals for ws, row in zip(working_sets, coefs, strict=True)])
    weighted = working_sets[0].datafit.weights * residuals
    starts = Starts(coefs, working_sets[0].correlations(weighted), weighted)
    solver().solve_from(working_sets[0], goals, starts)
    for working_set, goal, coef in zip(working_sets, goals, starts.coefs, strict=True):
        correlation = look(working_set, coef[None]).correlations[0]
        assert working_set.duality_gap(coef, correlation, goal.penalty) <= 1e-12


def test_sweeps_are_given_up_where_they_are_slow():
    # So many features are kept that their Gram is nearly singular.
    rng = np.random.default_rng(0)
    X = sparse.csc_array(rng.uniform(size=(300, 200)) * (rng.uniform(size=(300, 200)) < 0.08))
    (working_set, *_) = make_model(X, fit_intercept=False)
    penalty, experience = ElasticNetPenalty(1e-4, 1.0, FeatureTerms.uniform(200)), choice.Experience()
    iterate = Iterate(np.zeros(200), working_set.correlations(working_set.datafit.weights * working_set.datafit.target))
    choice.SparseModelSolver(experience).solve(working_set, penalty, iterate, 1e-12, 1000)
    assert not experience.sweeps_pay
    correlation = look(working_set, iterate.coef[None]).correlations[0]
    assert working_set.duality_gap(iterate.coef, correlation, penalty) <= 1e-12


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_sweeps_on_models_settle_what_is_free(fit_intercept):
    X, _, _ = make_counts(n_features=150)
    (working_set, *_) = make_model(X, fit_intercept=fit_intercept)
    weights = np.ones(150)
    weights[[3, 70]] = 0.0
    terms = FeatureTerms(weights, weights, np.full(150, -np.inf), np.full(150, np.inf))
    working_set.set_free(np.array([3, 70]), terms)
    others = np.random.default_rng(5).uniform(0.5, 1.5, len(working_set.datafit.weights)) * working_set.datafit.weights
    model = working_set.seen_through(Quadratic(working_set.datafit.target, others, fit_intercept))
    penalty = ElasticNetPenalty(0.005, 1.0, terms)
    (start,) = model.correlations(model.datafit.weights * model.datafit.target[None])
    by_sweeps, exact = (Iterate(np.zeros(150), start.copy()) for _ in range(2))
    assert SweepSolver().solve(model, penalty, by_sweeps, 1e-11, 1000) < 1000
    GramSolver().solve(model, penalty, exact, 0.0, 1000)
    assert by_sweeps.coef[[3, 70]].all() and np.count_nonzero(by_sweeps.coef) > 5
    assert_allclose(by_sweeps.coef, exact.coef, atol=1e-5)
    assert model.duality_gap(by_sweeps.coef, by_sweeps.correlation, penalty) <= 1e-11


def n_sweeps(X, alpha, fit_intercept):
    (working_set, *_) = make_model(X, fit_intercept=fit_intercept)
    n_features = X.shape[1]
    penalty = ElasticNetPenalty(alpha, 1.0, FeatureTerms.uniform(n_features))
    (start,) = working_set.correlations(working_set.datafit.weights * working_set.datafit.target[None])
    iterate = Iterate(np.zeros(n_features), start)
    n_iter = SweepSolver().solve(working_set, penalty, iterate, 1e-10, 1000)
    correlation = look(working_set, iterate.coef[None]).correlations[0]
    assert working_set.duality_gap(iterate.coef, correlation, penalty) <= 1e-10
    assert np.count_nonzero(iterate.coef) > 50
    return n_iter


def test_sweeps_take_no_longer_without_an_intercept():
    # All columns have means of one sign.
    X, _, _ = make_counts(n_samples=1000, n_features=600)
    assert n_sweeps(X, 1e-3, False) <= 2 * n_sweeps(X, 1e-3, True)


def test_groups_that_are_all_of_the_samples_are_swept_as_they_are():
    # Orthogonal columns, but for their means: one sweep solves for them.
    rng = np.random.default_rng(0)
    groups = sparse.csc_array(np.eye(60)[rng.integers(60, size=600)])
    assert n_sweeps(groups, 1e-4, False) <= 5


@pytest.mark.parametrize("response", [0.5, 5.0, 30.0])
def test_levels_come_to_the_means_however_these_answer(response):
    # The mean of the residuals falls with the level, by more than columns about their means were taken to make it.
    X, _, _ = make_counts(n_features=100)
    (working_set, *_) = make_model(X, fit_intercept=False)
    levels = levels_of(working_set, np.full((1, 400), 3 / 400))
    assert levels.values == pytest.approx([3.0])
    for _ in range(100):
        levels.rests[:] = 2.0 - response * levels.values - levels.values
        levels.follow(np.ones((100, 1)))
    assert levels.values == pytest.approx([2.0 / (1 + response)], rel=1e-6)


def test_a_path_that_begins_where_nothing_may_enter():
    # Bounds leave no feature a chance at the first alphas: the working set is empty there.
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 30)), (rng.uniform(size=40) < 0.5).astype(float)
    lower = np.where(rng.uniform(size=30) < 0.5, -np.inf, -1e-3)
    terms = FeatureTerms(np.ones(30), np.ones(30), lower, np.full(30, 1e-3))
    problem = Problem(Generalized(Binomial(), y), ElasticNetPenalty(1.0, 1.0, terms))
    design = make_design(X)
    path = drive(solve_path(problem, AlphaGrid(7, 1e-3), SolverOptions(1e-8, 1000, "auto"), density=1.0), design)
    assert path.converged.all()
    assert (lower <= path.dense_coefs().T).all() and (path.dense_coefs() <= 1e-3).all()


@pytest.mark.parametrize("loss", [Huber(0.1), Poisson(), Binomial()])
def test_residuals_stay_slopes_where_their_sum_is_made_zero(loss):
    # Of means so large that rounding leaves much of the sum.
    rng = np.random.default_rng(0)
    y = rng.poisson(0.3, 50).astype(float).clip(0, 1)
    datafit = Generalized(loss, y)
    fits = datafit.fit(1e9 * np.ones((2, 50)) + np.stack([30 * rng.standard_normal(50), np.zeros(50)]))
    assert_allclose(fits.residuals @ datafit.weights, 0, atol=1e-16)
    for scale in (0.5, 1.0):
        assert np.isfinite([datafit.misfit_of(fits, row)(scale) for row in range(2)]).all()


def test_models_that_are_left_are_gone():
    # Not when the garbage collector next comes round: their Grams are large, and it does not count these.
    working_set = make_model(make_counts(n_features=150)[0])[0]
    gone = weakref.ref(working_set)
    gc.disable()
    try:
        working_set.aim_at(np.zeros(150), np.zeros(len(working_set.datafit.weights)))
        assert working_set.gram.shape[0] >= 150 and working_set.datafit.null_loss == 0
        del working_set
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("alphas", [[6e-4, 5e-4], [6e-4, 6e-4]])
def test_steps_that_lead_to_where_the_loss_overflows_are_taken_alone(alphas):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((10, 60))
    effects = rng.standard_normal(60) * (rng.random(60) < 0.4)
    y = rng.gamma(0.2, 1, 10) * np.exp(np.clip(X @ effects, -12, 12)) + 1e-12
    everything = [(np.arange(10), np.arange(10))]
    model = ElasticNetGLMCV(family="gamma", solver="cd", alphas=alphas, cv=everything).fit(X, y)
    null = Generalized(Gamma(), y).null_loss
    assert (model.dual_gap_path_ <= 1e-4 * null).all()


class Underflowing(Generalized):
    """Far out on its lines this loss has next to no curvature, rather than none."""

    def curvatures(self, raw_prediction):
        curvatures = self.loss.curvatures(self.y, raw_prediction)
        return self.weights * 1e-25 if not curvatures.any() else super().curvatures(raw_prediction)


def test_smoother_losses_lead_on_where_no_step_leads_down():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 10))
    y = 1e4 * (X[:, 0] - X[:, 1] + rng.choice([-1.0, 1.0], 200))
    penalty = ElasticNetPenalty(0.1, 1.0, FeatureTerms.uniform(10))
    options = SolverOptions(tol=1e-6, max_iter=1000, solver="auto")
    paths = [
        drive(solve_path(Problem(Datafit(Huber(1.0), y), penalty), np.array([0.1]), options), make_design(X))
        for Datafit in (Underflowing, Generalized)
    ]
    assert paths[0].converged.all()
    assert_allclose(paths[0].dense_coefs(), paths[1].dense_coefs(), rtol=1e-3)
