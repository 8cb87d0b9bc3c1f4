"""The engine seen from its driver, and the solvers seen from the engine."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from registry import DESIGNS, make_data
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.design import make_design
from sklearn_sparsefit.path import AlphaGrid, Problem, Solved, SolverOptions, cost_model, drive, engine, solve_path
from sklearn_sparsefit.path.forecast import Forecast
from sklearn_sparsefit.path.records import Correlate, Gather, SquaredNorms
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms, multi_task_penalty
from sklearn_sparsefit.solvers import Iterate, make_solver
from sklearn_sparsefit.solvers.choice import AutoSolver
from sklearn_sparsefit.solvers.residual import ResidualSolver
from sklearn_sparsefit.subproblem import WorkingSet, duality_gap, quadratic_misfit

OPTIONS = SolverOptions(tol=1e-10, max_iter=1000, solver="auto")
GRID = AlphaGrid(100, 1e-2)


def make_problem(X, y, l1_ratio=1.0, weights=None):
    return Problem(Quadratic(y, weights), ElasticNetPenalty(1.0, l1_ratio, FeatureTerms.uniform(X.shape[1])))


def wide_data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 3000))
    return X, X[:, :10].sum(axis=1) + rng.standard_normal(100)


def test_requests_are_few_and_wide():
    X, y = wide_data()
    design = make_design(X)
    path = solve_path(make_problem(X, y), GRID, OPTIONS)
    gathered, n_passes, solved, answer = [], 0, [], None
    while True:
        try:
            request = path.send(answer)
        except StopIteration as stop:
            result = stop.value
            break
        answer = None
        if isinstance(request, Correlate):
            n_passes += isinstance(request.features, slice)
            answer = design.correlate(request.residuals, request.features)
        elif isinstance(request, Gather):
            gathered.extend(request.features)
            answer = design.columns(request.features, request.scale, request.centre)
        elif isinstance(request, SquaredNorms):
            answer = design.sq_norms(request.weights, request.scale)
        else:
            solved.append(request.index)
    assert n_passes < 30
    assert len(gathered) == len(set(gathered)) < 600
    assert solved == list(range(100))
    assert result.converged.all()
    assert set(np.concatenate(result.supports)) <= set(gathered)


@pytest.mark.parametrize("n_features", [3000, 50])
def test_every_alpha_is_reported_as_it_is_returned(n_features):
    X, y = wide_data()
    X = X[:, :n_features]
    weights = np.r_[np.zeros(20), np.ones(80)]
    reports: list[Solved] = []
    path = solve_path(make_problem(X, y, 0.5, weights), AlphaGrid(10, 0.1), OPTIONS)
    result = drive(path, make_design(X), reports.append)
    assert [report.index for report in reports] == list(range(10))
    assert [report.alpha for report in reports] == list(result.alphas)
    assert [report.dual_gap for report in reports] == list(result.dual_gaps)


@pytest.mark.parametrize("small", [0, 2**30])
@pytest.mark.parametrize("design", sorted(DESIGNS))
def test_whole_designs_and_working_sets_agree(design, small, monkeypatch):
    X, y = make_data(design)
    reference = drive(solve_path(make_problem(X, y), AlphaGrid(7, 1e-2), OPTIONS), make_design(X))
    monkeypatch.setattr(cost_model, "SMALL_DESIGN", small)
    monkeypatch.setattr(cost_model, "FEW_FEATURES", small)
    result = drive(solve_path(make_problem(X, y), AlphaGrid(7, 1e-2), OPTIONS), make_design(X))
    assert result.converged.all()
    drift = X @ (result.dense_coefs() - reference.dense_coefs())
    assert abs(drift - drift.mean(axis=0)).max() <= 2e-5 * y.std()


@pytest.mark.parametrize("design", sorted(DESIGNS))
def test_it_makes_no_difference_whether_moments_are_taken(design, monkeypatch):
    X, y = make_data(design)
    monkeypatch.setattr(cost_model, "SMALL_DESIGN", 0)
    monkeypatch.setattr(cost_model, "moments_pay", lambda *of: True)
    results = []
    for by_moments in (True, False):
        monkeypatch.setattr(cost_model, "suits_moments", lambda *of, suits=by_moments: suits)
        results.append(drive(solve_path(make_problem(X, y), AlphaGrid(7, 1e-2), OPTIONS), make_design(X)))
        assert results[-1].converged.all() and results[-1].by_moments == by_moments
    by_moments, by_passes = results
    assert_allclose(by_moments.alphas, by_passes.alphas, rtol=1e-9)
    drift = X @ (by_moments.dense_coefs() - by_passes.dense_coefs())
    assert abs(drift - drift.mean(axis=0)).max() <= 2e-5 * y.std()


def test_a_single_large_alpha_takes_no_gram_of_all_features():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1200, 400))
    y = X[:, :5].sum(axis=1) + rng.standard_normal(1200)
    path = drive(solve_path(make_problem(X, y), AlphaGrid(30, 1e-2), OPTIONS), make_design(X))
    large, small = (
        drive(solve_path(make_problem(X, y), path.alphas[[row]], OPTIONS), make_design(X)) for row in (10, -1)
    )
    assert path.by_moments and small.by_moments and not large.by_moments
    assert_allclose(large.dense_coefs(), path.dense_coefs()[:, [10]], atol=1e-8)
    # Where others have the moments, too.
    shared = replace(OPTIONS, n_sharing=11)
    few = drive(
        solve_path(make_problem(X, y), np.geomspace(path.alphas[0], path.alphas[10], 20), shared), make_design(X)
    )
    assert few.by_moments


def test_a_single_small_alpha_is_the_end_of_the_path():
    X, y = wide_data()
    whole = drive(solve_path(make_problem(X, y), GRID, OPTIONS), make_design(X))
    alone = drive(solve_path(make_problem(X, y), whole.alphas[-1:], OPTIONS), make_design(X))
    assert alone.converged.all()
    assert alone.n_passes < whole.n_passes
    assert_allclose(alone.dense_coefs(), whole.dense_coefs()[:, [-1]], atol=1e-9)


def test_starting_from_the_solution_takes_no_iteration():
    X, y = wide_data()
    alphas = np.array([0.1])
    first = drive(solve_path(make_problem(X, y), alphas, OPTIONS), make_design(X))
    start = first.dense_coefs()[:, 0]
    again = drive(solve_path(make_problem(X, y), alphas, OPTIONS, start), make_design(X))
    assert again.n_iters.tolist() == [0]
    assert_array_equal(again.dense_coefs()[:, 0], start)


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_working_set_against_numpy(store):
    rng = np.random.default_rng(0)
    X, y, weights = rng.standard_normal((30, 8)), rng.standard_normal(30), rng.uniform(0, 2, 30)
    X[:, 3] = 0.1
    X[:, 5] += 1e3
    datafit = Quadratic(y, weights)
    working_set = WorkingSet(datafit, 8, max_gram=8)
    for features in (np.array([1, 3, 5]), np.array([0, 7])):
        working_set.append(features, make_design(store(X)).columns(features, 1.0, datafit.weights))
    centred = X[:, [1, 3, 5, 0, 7]] - datafit.weights @ X[:, [1, 3, 5, 0, 7]]
    gram = centred.T @ (datafit.weights[:, None] * centred)
    assert working_set.sq_norms[1] == 0
    assert_allclose(working_set.gram[:5, :5], gram, atol=1e-9)
    assert_allclose(working_set.restricted_to(np.array([4, 0])).gram, gram[np.ix_([4, 0], [4, 0])], atol=1e-9)
    assert working_set.outside.tolist() == [False, False, True, False, True, False, True, False]


@pytest.mark.parametrize("solver", ["auto", "cd", "prox_grad"])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_solvers_move_the_iterate_to_the_optimum(solver, store):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 15)), rng.standard_normal(40)
    datafit, penalty = Quadratic(y), ElasticNetPenalty(0.02, 0.9, FeatureTerms.uniform(X.shape[1]))
    working_set = WorkingSet(datafit, 15, make_solver(solver, datafit, penalty).max_gram)
    working_set.append(np.arange(15), make_design(store(X)).columns(np.arange(15), 1.0, datafit.weights))
    weighted = datafit.weights * datafit.target
    iterate = Iterate(np.zeros(15), working_set.correlations(weighted[None])[0])
    n_iter = make_solver(solver, datafit, penalty).solve(working_set, penalty, iterate, 1e-12, 10_000)
    assert 0 < n_iter < 10_000
    residual = working_set.fit(iterate.coef[None]).residuals[0]
    correlation = working_set.correlations((datafit.weights * residual)[None])[0]
    assert_allclose(iterate.correlation, correlation, atol=1e-10)
    misfit = quadratic_misfit(datafit.weights @ residual**2)
    assert duality_gap(misfit, iterate.coef, correlation, penalty) <= 1e-12


def test_working_sets_too_large_for_a_gram(monkeypatch):
    X, y = wide_data()
    reference = drive(solve_path(make_problem(X, y), AlphaGrid(20, 0.05), OPTIONS), make_design(X))
    monkeypatch.setattr(AutoSolver, "max_gram", 50)
    result = drive(solve_path(make_problem(X, y), AlphaGrid(20, 0.05), OPTIONS), make_design(X))
    assert result.converged.all()
    assert_allclose(result.dense_coefs(), reference.dense_coefs(), atol=1e-4)


def test_nearly_collinear_columns_do_not_stall():
    rng = np.random.default_rng(0)
    X = np.tile(rng.standard_normal((30, 4)), 6) + 1e-6 * rng.standard_normal((30, 24))
    y = X[:, :4].sum(axis=1) + rng.standard_normal(30)
    result = drive(solve_path(make_problem(X, y), AlphaGrid(20, 1e-3), OPTIONS), make_design(X))
    assert result.converged.all()
    assert result.n_iters.max() < 200


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("store", [sparse.csc_array, sparse.csr_array, np.asarray])
def test_what_a_bound_leaves_out_of_a_pass_changes_no_answer(store, l1_ratio, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 4000)) * (rng.uniform(size=(300, 4000)) < rng.uniform(0, 0.05, 4000))
    y = X[:, :20].sum(axis=1) + rng.standard_normal(300)
    design, n_read = make_design(store(X)), []
    correlate = design.correlate

    def counting_correlate(residuals, features):
        answer = correlate(residuals, features)
        n_read.append(answer.size)
        return answer

    def run(n_alphas):
        path = solve_path(make_problem(X, y, l1_ratio), AlphaGrid(n_alphas, 0.05), OPTIONS, density=design.density)
        return drive(path, design)

    design.correlate = counting_correlate
    monkeypatch.setattr(cost_model, "FEW_NUMBERS", 0)
    bounded, n_bounded = run(30), sum(n_read)
    monkeypatch.setattr(cost_model, "bounds_pay", lambda *shape: False)
    whole, n_whole = run(30), sum(n_read) - n_bounded
    assert n_bounded < 0.7 * n_whole
    assert bounded.converged.all()
    assert_allclose(bounded.dense_coefs(), whole.dense_coefs(), atol=1e-10)
    assert_allclose(bounded.relative_gaps, whole.relative_gaps, atol=1e-13)


def test_bounds_spare_readings_of_wide_designs(monkeypatch):
    X, y = wide_data()
    monkeypatch.setattr(cost_model, "FEW_NUMBERS", 0)
    bounded = drive(solve_path(make_problem(X, y), GRID, OPTIONS), make_design(X))
    monkeypatch.setattr(cost_model, "bounds_pay", lambda *shape: False)
    whole = drive(solve_path(make_problem(X, y), GRID, OPTIONS), make_design(X))
    assert bounded.n_passes <= 0.75 * whole.n_passes
    assert bounded.converged.all()
    assert_allclose(bounded.dense_coefs(), whole.dense_coefs(), atol=1e-8)


def test_bounded_passes_find_what_nobody_foresaw(monkeypatch):
    X, y = wide_data()
    foreseen = drive(solve_path(make_problem(X, y), GRID, OPTIONS), make_design(X))
    monkeypatch.setattr(cost_model, "FEW_NUMBERS", 0)
    monkeypatch.setattr(Forecast, "look_ahead", lambda self, penalty, alphas, *rest: (len(alphas), np.arange(0), 0))
    found = drive(solve_path(make_problem(X, y), GRID, OPTIONS), make_design(X))
    assert found.converged.all()
    assert_allclose(found.dense_coefs(), foreseen.dense_coefs(), atol=1e-8)


def record_goals(monkeypatch):
    """The alpha, the size of the working set and the tolerance of everything that is solved for."""
    goals = []

    class RecordingSolver(ResidualSolver):
        def solve(self, working_set, penalty, iterate, gap_tol, max_iter):
            goals.append((penalty.alpha, len(working_set), gap_tol))
            return super().solve(working_set, penalty, iterate, gap_tol, max_iter)

    monkeypatch.setattr(engine, "make_solver", lambda *problem: RecordingSolver())
    return goals


def test_an_alpha_is_solved_for_roughly_while_many_features_are_still_to_come(monkeypatch):
    X, y = wide_data()
    alphas = np.array([0.02])
    at_once = drive(solve_path(make_problem(X, y), alphas, OPTIONS), make_design(X))
    goals = record_goals(monkeypatch)
    monkeypatch.setattr(cost_model, "MIN_NEWCOMERS", 3)
    monkeypatch.setattr(cost_model, "NEWCOMER_SHARE", 0)
    found = drive(solve_path(make_problem(X, y), alphas, OPTIONS), make_design(X))
    sizes, gap_tols = zip(*((size, gap_tol) for alpha, size, gap_tol in goals if alpha == alphas[0]), strict=True)
    assert sizes[0] < sizes[-1] and gap_tols[0] > 1000 * gap_tols[-1]
    assert found.converged.all()
    assert_allclose(found.dense_coefs(), at_once.dense_coefs(), atol=1e-5)


def test_stepping_stones_are_never_solved_for_exactly(monkeypatch):
    X, y = wide_data()
    alphas = np.array([0.5, 0.1])
    goals = record_goals(monkeypatch)
    # All at once, and nobody foreseen: the first is solved for again with what is behind it.
    monkeypatch.setattr(Forecast, "look_ahead", lambda self, penalty, alphas, *rest: (len(alphas), np.arange(0), 0))
    found = drive(solve_path(make_problem(X, y), alphas, OPTIONS), make_design(X))
    stones, gap_tols = zip(*((alpha, gap_tol) for alpha, _, gap_tol in goals if alpha not in alphas), strict=True)
    assert found.converged.all()
    assert len(stones) > len(set(stones))
    assert min(gap_tols) > 1000 * min(gap_tol for *_, gap_tol in goals)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
def test_several_tasks_read_little_between_the_ends_of_a_block(order, dtype, monkeypatch):
    rng = np.random.default_rng(0)
    X = np.asarray(rng.standard_normal((60, 2000)), dtype=dtype, order=order)
    Y = X[:, :5].astype(float) @ rng.standard_normal((5, 4)) + rng.standard_normal((60, 4))
    design, n_read = make_design(X), []
    correlate = design.correlate

    def counting_correlate(residuals, features):
        answer = correlate(residuals, features)
        n_read.append(answer.size)
        return answer

    def run():
        penalty = multi_task_penalty(ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(2000)))
        path = solve_path(Problem(Quadratic(Y.T.copy()), penalty), AlphaGrid(40, 0.2), OPTIONS)
        return drive(path, design)

    design.correlate = counting_correlate
    monkeypatch.setattr(cost_model, "FEW_NUMBERS", 0)
    bounded, n_bounded = run(), sum(n_read)
    monkeypatch.setattr(cost_model, "bounds_pay", lambda *shape: False)
    whole, n_whole = run(), sum(n_read) - n_bounded
    assert n_bounded < 0.4 * n_whole
    assert bounded.converged.all()
    # Few features are no reading of X.
    assert bounded.n_passes <= whole.n_passes + 2
    assert_allclose(bounded.dense_coefs(), whole.dense_coefs(), atol=1e-8)
    assert_allclose(bounded.relative_gaps, whole.relative_gaps, atol=1e-10)
    weights = np.where(np.arange(60) % 7 == 0, 0.0, 1 / 60)
    assert_allclose(design.sq_norms(weights, 3.0), weights @ (3 * X.astype(float)) ** 2, rtol=1e-6)


def test_duplicate_entries_are_not_bounded_by_their_squares():
    rows, columns, values = np.array([0, 0, 1, 2, 2, 3]), np.array([0, 0, 0, 1, 1, 1]), np.ones(6)
    X = sparse.csc_array(sparse.coo_array((values, (rows, columns)), shape=(4, 2)))
    X.sum_duplicates()
    order = np.array([0, 0, 1, 2, 2, 3])
    doubled = sparse.csc_array((0.5 * X.data[[0, 0, 1, 2, 2, 3]], order, np.array([0, 3, 6])), shape=(4, 2))
    weights = np.full(4, 0.25)
    assert_allclose(make_design(X).sq_norms(weights, 3.0), weights @ (3 * X.toarray()) ** 2)
    assert make_design(doubled).sq_norms(weights, 1.0) is None
    assert doubled.nnz == 6
