"""The equations of Newton steps of several tasks, against dense ones; paths that need them where samples are few."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_sparsefit import enet_path
from sklearn_sparsefit.solvers.block_systems import solve_by_columns, solve_by_gram
from test_multi_task_bounds import BoundedProblem

N_TASKS, N_FEATURES, N_SAMPLES = 4, 30, 20


def make_system(most_held):
    """Columns and the rest of a system whose tasks hold none, some and up to a share of their coefficients."""
    rng = np.random.default_rng(0)
    columns = rng.standard_normal((N_FEATURES, N_SAMPLES))
    ridges = rng.uniform(0.5, 2, N_FEATURES)
    pulls = rng.standard_normal((N_TASKS, N_FEATURES))
    pulls *= 0.9 * np.sqrt(ridges) / np.linalg.norm(pulls, axis=0)
    moves = rng.random((N_TASKS, N_FEATURES)) >= np.linspace(0, most_held, N_TASKS)[:, None]
    return columns, moves * rng.standard_normal(moves.shape), ridges, pulls, moves


def dense_solution(gram, target, ridges, pulls, moves):
    inside = moves.ravel()
    stacked = np.vstack([np.diag(pull) for pull in pulls])
    matrix = np.kron(np.eye(len(target)), gram + np.diag(ridges)) - stacked @ stacked.T
    solution = np.zeros(target.size)
    solution[inside] = np.linalg.solve(matrix[np.ix_(inside, inside)], target.ravel()[inside])
    return solution.reshape(target.shape)


@pytest.mark.parametrize("most_held", [0.0, 0.2, 0.6, 1.0])
class TestSystems:
    def test_gram(self, most_held):
        columns, *system = make_system(most_held)
        gram = columns @ columns.T
        assert_allclose(solve_by_gram(gram, *system), dense_solution(gram, *system), rtol=1e-9, atol=1e-11)

    def test_columns_are_enough_for_a_newton_step(self, most_held):
        columns, *system = make_system(most_held)
        expected = dense_solution(columns @ columns.T, *system)
        error = solve_by_columns(columns, *system) - expected
        assert np.linalg.norm(error) <= 0.03 * np.linalg.norm(expected)
        assert not error[~system[-1]].any()


@pytest.mark.parametrize("bounds", [(-1e3, 1e3), (-0.05, 0.1), (0.0, np.inf)])
def test_more_features_than_samples_within_bounds(bounds):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((25, 120))
    Y = X[:, :60] @ rng.uniform(-0.2, 1, (60, 3)) + rng.standard_normal((25, 3))
    options = {"lower_bounds": bounds[0], "upper_bounds": bounds[1], "fit_intercept": True}
    alphas, coefs, _, intercepts = enet_path(
        X, Y, l1_ratio=0.5, eps=1e-2, alphas=30, tol=1e-7, return_intercept=True, **options
    )
    assert np.count_nonzero(coefs[..., -1].any(axis=0)) > len(X)
    for alpha, coef, intercept in zip(alphas, coefs.T, intercepts.T, strict=True):
        problem = BoundedProblem(X, Y, alpha=alpha, l1_ratio=0.5, **options)
        assert problem.dual_gap(coef.T, intercept) <= 1e-7 * problem.scale
