"""Data at the edges: wild rows that do not count, huge units, constant columns, nearly collinear ones, many threads."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_info

from oracles import ElasticNetProblem
from sklearn_sparsefit import AdaptiveLasso, ElasticNet, Lasso, LassoCV, SparseLogisticRegression, lasso_path
from sklearn_sparsefit.solvers import SOLVERS

pytestmark = pytest.mark.usefixtures("bounded_passes")

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 8))
Y = X[:, 0] - X[:, 1] + RNG.standard_normal(60)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("size", [1e6, 1e12, 1e20])
def test_a_wild_row_of_weight_zero_does_not_count(solver, store, size):
    wild, y = X.copy(), Y.copy()
    wild[-1] *= size
    y[-1] = 1e160
    weights = np.ones(60)
    weights[-1] = 0
    model = Lasso(0.1, solver=solver, tol=1e-6).fit(store(wild), y, sample_weight=weights)
    reference = Lasso(0.1, solver=solver, tol=1e-6).fit(store(X[:-1]), y[:-1])
    assert_allclose(model.coef_, reference.coef_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("factor", [1e160, 1e-160])
def test_huge_and_tiny_targets(factor):
    model = Lasso(0.1 * factor).fit(X, Y * factor)
    assert_allclose(model.coef_ / factor, Lasso(0.1).fit(X, Y).coef_, rtol=1e-9)
    assert model.dual_gap_ >= 0


@pytest.mark.parametrize("size, dtype", [(1e-310, np.float64), (1e-40, np.float32)])
def test_coefficients_that_are_no_numbers_are_refused(size, dtype):
    for Estimator in (Lasso, LassoCV, SparseLogisticRegression, AdaptiveLasso):
        model = Estimator(standardize=True)
        y = np.sign(Y) if Estimator is SparseLogisticRegression else Y
        with pytest.raises(ValueError, match=f"too large for {dtype.__name__}: X is too small"):
            model.set_params(**{"alpha": 0.01} if hasattr(model, "alpha") else {}).fit((X * size).astype(dtype), y)


@pytest.mark.parametrize("solver", SOLVERS)
def test_constant_columns_keep_no_start(solver):
    constant = X.copy()
    constant[:, 3] = 0.1
    _, coefs, gaps = lasso_path(constant, Y, alphas=[0.1], coef_init=np.ones(8), fit_intercept=True, solver=solver)
    assert coefs[3, 0] == 0
    assert gaps[0] <= 1e-4 * Y.var()


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("shape", [(50, 8), (1, 5)])
def test_nothing_but_constant_columns(solver, shape):
    model = ElasticNet(1e-3, solver=solver).fit(np.ones(shape), np.arange(shape[0], dtype=float))
    assert_array_equal(model.coef_, 0)


@pytest.mark.parametrize("solver", ["auto", "cd"])
@pytest.mark.parametrize("noise", [1e-5, 1e-7])
@pytest.mark.parametrize("strength", [1e-4, 1e-7, 1e-10])
def test_collinear_columns_and_a_tiny_alpha_end_no_worse_than_the_null_model(solver, noise, strength):
    rng = np.random.default_rng(1)
    collinear = rng.standard_normal((80, 1)) + noise * rng.standard_normal((80, 300))
    y = rng.standard_normal(80)
    alpha = strength * abs((collinear - collinear.mean(axis=0)).T @ (y - y.mean())).max() / 80
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = Lasso(alpha, solver=solver, max_iter=200).fit(collinear, y)
    problem = ElasticNetProblem(
        collinear, y, alpha=alpha, l1_ratio=1.0, sample_weight=None, fit_intercept=True, positive=False
    )
    assert problem.objective(model.coef_, model.intercept_) <= 1.05 * problem.null_objective


@pytest.mark.parametrize("offset", [0, 1e2, 1e4])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_the_gap_of_a_float32_answer_bounds_that_answer(offset, l1_ratio):
    rng = np.random.default_rng(2)
    narrow = rng.standard_normal((80, 200)).astype(np.float32)
    y = (3 * narrow[:, 0] + rng.standard_normal(80) + offset).astype(np.float32)
    model = ElasticNet(0.1, l1_ratio=l1_ratio).fit(narrow, y)
    exact = ElasticNet(0.1, l1_ratio=l1_ratio, tol=1e-14).fit(narrow.astype(float), y.astype(float))
    problem = ElasticNetProblem(
        narrow, y, alpha=0.1, l1_ratio=l1_ratio, sample_weight=None, fit_intercept=True, positive=False
    )
    objectives = [problem.objective(m.coef_, m.intercept_) for m in (model, exact)]
    suboptimality = objectives[0] - objectives[1]
    assert suboptimality <= model.dual_gap_ + 1e-13 * problem.null_objective
    assert model.dual_gap_ <= 2 * suboptimality + 1e-13 * problem.null_objective


def test_fits_in_threads_are_identical_and_give_blas_its_threads_back():
    rng = np.random.default_rng(3)
    wide = rng.standard_normal((200, 1000))
    y = wide[:, :10].sum(axis=1) + rng.standard_normal(200)
    before = [library["num_threads"] for library in threadpool_info()]
    alone = Lasso(0.02, tol=1e-8).fit(wide, y).coef_
    with ThreadPoolExecutor(6) as pool:
        coefs = list(pool.map(lambda _: Lasso(0.02, tol=1e-8).fit(wide, y).coef_, range(24)))
    for coef in coefs:
        assert_array_equal(coef, alone)
    assert [library["num_threads"] for library in threadpool_info()] == before


def test_the_number_of_threads_does_not_change_a_bit_of_a_wide_cross_validation():
    rng = np.random.default_rng(4)
    wide = rng.standard_normal((150, 4000))
    y = wide[:, :10].sum(axis=1) + rng.standard_normal(150)
    one = LassoCV(cv=4, alphas=20, eps=0.05).fit(wide, y)
    for _ in range(2):
        two = LassoCV(cv=4, alphas=20, eps=0.05, n_jobs=2).fit(wide, y)
        assert_array_equal(two.mse_path_, one.mse_path_)
        assert_array_equal(two.coef_path_, one.coef_path_)


@pytest.mark.parametrize("scale", [1.0, 1e-140, 1e-170, 1e-290])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_columns_whose_squares_vanish_are_not_left_out_of_certificates(store, scale):
    # Two directions make y; what comes in first, of both, leaves the others correlated with the rest.
    rng = np.random.default_rng(0)
    u, v = np.linalg.qr(rng.standard_normal((60, 2)))[0].T * np.sqrt(60)
    u, v = u - u.mean(), v - v.mean()
    y = u + v
    A = np.column_stack([2 * u + 0.3 * v, (u - v)[:, None] + 0.3 * rng.standard_normal((60, 799))])
    known = np.column_stack([np.ones(60), y])
    A[:, 1:] -= known @ np.linalg.lstsq(known, A[:, 1:])[0]
    scales = np.r_[1.0, np.full(799, scale)]
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        alphas, coefs, gaps = lasso_path(store(A * scales), y, alphas=30, standardize=True, fit_intercept=True)
    best = Lasso(alphas[-1], tol=1e-10, standardize=True).fit(A, y)

    def objective(coef):
        residual = y - y.mean() - (A - A.mean(axis=0)) @ coef
        return residual @ residual / 120 + alphas[-1] * A.std(axis=0) @ abs(coef)

    assert gaps[-1] >= objective(coefs[:, -1] * scales) - objective(best.coef_) - 1e-12
