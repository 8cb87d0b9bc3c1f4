"""Supports of hundreds of features, on which the factor of the Gram is updated rather than made anew."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from oracles import ElasticNetProblem
from sklearn_sparsefit import ElasticNet, enet_path
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.design import make_design
from sklearn_sparsefit.path import AlphaGrid, Problem, SolverOptions, drive, solve_path
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms
from sklearn_sparsefit.solvers import choice


def noisy_data(n_samples, n_features, correlation=0.0):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features))
    for j in range(1, n_features):
        X[:, j] = correlation * X[:, j - 1] + np.sqrt(1 - correlation**2) * X[:, j]
    y = X[:, : n_samples // 4].sum(axis=1)
    return X, y + y.std() * rng.standard_normal(n_samples)


def path_of(X, y, l1_ratio=1.0, positive=False, n_alphas=60, eps=1e-3, tol=1e-10):
    problem = Problem(Quadratic(y), ElasticNetPenalty(1.0, l1_ratio, FeatureTerms.uniform(X.shape[1], positive)))
    options = SolverOptions(tol=tol, max_iter=1000, solver="auto")
    design = make_design(X)
    return drive(solve_path(problem, AlphaGrid(n_alphas, eps), options), design)


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("correlation", [0.0, 0.95])
def test_few_steps_for_each_alpha_up_to_as_many_features_as_samples(correlation, positive, store):
    X, y = noisy_data(300, 900, correlation)
    path = path_of(store(X), y, positive=positive)
    assert len(path.supports[-1]) > (40 if positive else 270)
    assert path.converged.all()
    # A factor gone wrong would show in steps that do not end where they should.
    assert path.n_iters.mean() < 8
    assert path.n_iters.max() < 40


@pytest.mark.parametrize("l1_ratio", [1.0, 0.9])
def test_a_path_up_and_down_supports_ends_like_cold_starts(l1_ratio):
    X, y = noisy_data(200, 500, 0.7)
    path = path_of(X, y, l1_ratio=l1_ratio, n_alphas=25)
    coefs = path.dense_coefs()
    for column in (8, 16, 24):
        alone = ElasticNet(path.alphas[column], l1_ratio=l1_ratio, tol=1e-12).fit(X, y)
        assert_allclose(coefs[:, column], alone.coef_, atol=1e-7 * np.abs(coefs).max())


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_sweeps_where_a_factor_is_dear_end_within_the_tolerance(store, monkeypatch):
    X, y = noisy_data(60, 600)
    monkeypatch.setattr(choice, "MAX_DUAL", 0)
    monkeypatch.setattr(choice, "DEAR_FACTOR", 50)
    alphas, coefs, _ = enet_path(store(X), y, l1_ratio=0.1, eps=1e-2, alphas=20, tol=1e-8, fit_intercept=False)
    assert np.count_nonzero(coefs[:, -1]) > np.sqrt(choice.SWEEPS_PER_FACTOR * len(y))
    for alpha, coef in zip(alphas, coefs.T, strict=True):
        problem = ElasticNetProblem(
            X, y, alpha=alpha, l1_ratio=0.1, sample_weight=None, fit_intercept=False, positive=False
        )
        assert problem.relative(problem.dual_gap(coef, 0.0)) <= 1e-8


def test_a_ridge_too_small_to_be_felt_is_left_to_factors(monkeypatch):
    X, y = noisy_data(60, 600, 0.99)
    monkeypatch.setattr(choice, "DEAR_FACTOR", 0)
    monkeypatch.setattr(choice, "SWEEPS_PER_FACTOR", 0)
    path = path_of(X, y, l1_ratio=1 - 1e-9, n_alphas=20, eps=1e-2)
    assert path.converged.all()


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("correlation", [0.0, 0.99])
def test_the_dual_is_solved_to_rounding(correlation, positive, store, monkeypatch):
    X, y = noisy_data(40, 500, correlation)
    monkeypatch.setattr(choice, "SUPPORT_PER_SAMPLE", 0.1)
    path = path_of(store(X), y, l1_ratio=0.1, positive=positive, n_alphas=30, eps=1e-2, tol=0)
    assert path.relative_gaps.max() <= 1e-13
    monkeypatch.setattr(choice, "MAX_DUAL", 0)
    monkeypatch.setattr(choice, "DEAR_FACTOR", np.inf)
    reference = path_of(store(X), y, l1_ratio=0.1, positive=positive, n_alphas=30, eps=1e-2, tol=0)
    assert_allclose(path.dense_coefs(), reference.dense_coefs(), atol=1e-9 * abs(reference.dense_coefs()).max())
