"""A loss whose values and gradients are all that is known, against definitions and against Newton steps."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import brentq, check_grad
from sklearn.linear_model import MultiTaskLasso

import sklearn_sparsefit
from registry import make_data, make_weights
from sklearn_sparsefit.datafit import Binomial, Datafit, Fits, Generalized, Huber, Poisson
from sklearn_sparsefit.design import make_design
from sklearn_sparsefit.path import AlphaGrid, Problem, SolverOptions, drive, solve_path
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms, MultiTaskPenalty
from sklearn_sparsefit.solvers import SOLVERS, Iterate, make_solver
from sklearn_sparsefit.solvers.gradient import GradientSolver
from sklearn_sparsefit.subproblem import WorkingSet
from sklearn_sparsefit.subproblem.secants import Secants
from test_generalized import MAIN, ROUNDING, STORAGES, GeneralizedProblem, check, feature_terms, make_glm, terms_of


class GradientOnly(Datafit):
    """Another loss, of which nothing else can be asked than values and gradients."""

    def __init__(self, other):
        self._other = other
        for name in Datafit.__annotations__:
            setattr(self, name, getattr(other, name))

    def fit(self, raw_predictions, offsets=None):
        return self._other.fit(raw_predictions, offsets)

    def misfit(self, scale, fits, row):
        return self._other.misfit(scale, fits, row)

    def rise(self, fits, row, change):
        return self._other.rise(fits, row, change)


class LogCosh(Datafit):
    """sum_i s_i log(cosh(y_i - z_i - b)), with nothing but NumPy and a search for roots."""

    unit = residual_size = 1.0

    def __init__(self, y, sample_weight=None, fit_intercept=True):
        self.weights = np.ones(len(y)) if sample_weight is None else sample_weight
        self.weights = self.weights / self.weights.sum()
        self.fit_intercept, self.y, self.mean = fit_intercept, y, np.zeros(())
        null = self.fit(np.zeros((1, len(y))))
        self.mean = null.offsets[0]
        self.null_residual, self.null_loss = null.residuals[0], float(null.losses[0])

    def values(self, raw):
        error = abs(self.y - raw)
        return error + np.log1p(np.exp(-2 * error)) - np.log(2)

    def fit(self, raw_predictions, offsets=None):
        raw = raw_predictions + self.mean
        offsets = np.zeros(len(raw))
        if self.fit_intercept:
            for row, prediction in enumerate(raw):
                errors = self.y - prediction
                ends = errors.min() - 1, errors.max() + 1
                offsets[row] = brentq(lambda b, e=errors: self.weights @ np.tanh(b - e), *ends, xtol=1e-15, rtol=1e-15)
        raw = raw + offsets[:, None]
        residuals = np.tanh(self.y - raw)
        residuals -= self.fit_intercept * (residuals @ self.weights)[:, None]
        return Fits(residuals, offsets, self.values(raw) @ self.weights, raw)

    def misfit(self, scale, fits, row):
        raw_prediction = fits.raw[row]
        # f(z) - f(v) - f'(v) (z - v) where f'(v) = t f'(z).
        error = raw_prediction - self.y
        inner = np.arctanh(scale * np.tanh(error))
        parts = self.values(raw_prediction) - self.values(self.y + inner) - scale * np.tanh(error) * (error - inner)
        return float(np.maximum(parts, 0) @ self.weights)

    def rise(self, fits, row, change):
        return float((self.values(fits.raw[row] + change) - self.values(fits.raw[row])) @ self.weights)


def solve(datafit, X, alphas, *, l1_ratio=1.0, tol=1e-8, max_iter=5000, start=None, solver="auto", **terms):
    design = make_design(X)
    problem = Problem(datafit, ElasticNetPenalty(1.0, l1_ratio, terms_of(X.shape[1], **terms)))
    path = solve_path(problem, alphas, SolverOptions(tol, max_iter, solver), start=start, density=design.density)
    return drive(path, design)


def solve_both(X, y, loss, alphas, sample_weight=None, fit_intercept=True, offset=None, **options):
    """By gradients alone, and by Newton steps."""
    datafit = Generalized(loss, y, sample_weight, fit_intercept, offset)
    return solve(GradientOnly(datafit), X, alphas, **options), solve(datafit, X, alphas, **options)


every_loss = pytest.mark.parametrize("row", MAIN, ids=str)


@pytest.mark.parametrize("name", SOLVERS)
def test_gradients_are_enough(name):
    datafit = Generalized(Binomial(), np.array([0.0, 1.0, 1.0]))
    penalty = ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(1))
    assert datafit.has_models
    assert not isinstance(make_solver(name, datafit, penalty), GradientSolver)
    hidden = GradientOnly(datafit)
    assert not hasattr(hidden, "curvatures") and not hasattr(hidden, "model")
    assert isinstance(make_solver(name, hidden, penalty), GradientSolver)


@every_loss
@pytest.mark.parametrize("storage", ["dense_C", "csc", "csr", "float32"])
@pytest.mark.parametrize("design", ["random", "correlated", "badly_scaled", "tall", "wide", "mostly_zeros", "tiny"])
def test_answers_are_certified_and_those_of_newton_steps(row, design, storage):
    X, y = make_glm(row, design)
    stored = STORAGES[storage](X)
    X = np.asarray(stored.todense() if sparse.issparse(stored) else stored, np.float64)
    turn = len(design) + list(STORAGES).index(storage)
    weighting = make_weights(("none", "with_zeros", "random")[turn % 3], len(y)), turn % 2 > 0
    l1_ratio = (1.0, 0.5, 0.05)[turn // 2 % 3]
    terms = {"sample_weight": weighting[0], "fit_intercept": weighting[1], "l1_ratio": l1_ratio}
    newton = solve(Generalized(row.loss, y, *weighting), stored, AlphaGrid(4, 0.02), l1_ratio=l1_ratio)
    # At the first of them the gap is rounding alone.
    ours, newton = solve_both(stored, y, row.loss, newton.alphas[1:], **terms)
    answers = check(X, y, row, ours, 1e-8, **terms)
    for k, (problem, coef, intercept) in enumerate(answers):
        theirs = problem.objective(newton.dense_coef(k), newton.intercepts[k])
        assert abs(problem.objective(coef, intercept) - theirs) <= 1e-8 * problem.null_objective + (
            ROUNDING * problem.size
        )


@every_loss
@pytest.mark.parametrize("kind", ["weighted", "bounded", "both", "positive"])
@pytest.mark.parametrize("design", ["random", "tall", "badly_scaled", "mostly_zeros"])
def test_free_features_weights_and_bounds(row, kind, design):
    X, y = make_glm(row, design)
    turn = len(kind) + len(design)
    terms = {
        "sample_weight": make_weights(("none", "with_zeros")[turn % 2], len(y)),
        "fit_intercept": turn % 3 > 0,
        "offset": 0.3 * np.cos(np.arange(len(y))) if turn % 2 else None,
        "l1_ratio": (1.0, 0.5)[turn % 2],
        **feature_terms(X, kind),
    }
    ours, newton = solve_both(X, y, row.loss, AlphaGrid(3, 0.05), **terms)
    assert_allclose(ours.alphas, newton.alphas, rtol=1e-7)
    for k, (_, coef, _) in enumerate(check(X, y, row, ours, 1e-8, **terms)):
        assert_allclose(coef * X.std(axis=0), newton.dense_coef(k) * X.std(axis=0), atol=2e-3)


@pytest.mark.parametrize("row", MAIN[:2], ids=str)
def test_weight_zero_everywhere_is_maximum_likelihood(row):
    X, y = make_glm(row, "tall")
    X[:, 3] = 2 * X[:, 1] - X[:, 2]
    ours, newton = solve_both(X, y, row.loss, np.array([1.0]), penalty_weights=np.zeros(X.shape[1]))
    assert_array_equal(ours.dependent, newton.dependent)
    assert_allclose(ours.dense_coef(0), newton.dense_coef(0), rtol=1e-8)
    problem = GeneralizedProblem(X, y, row.formulas, alpha=0.0)
    slope = problem.weights * problem.formulas.derivative(
        problem.y, problem.raw(ours.dense_coef(0), ours.intercepts[0])
    )
    assert abs(slope @ problem.X).max() <= 1e-12


@pytest.mark.parametrize("log_mean", [-300, 0, 16, 40, 300])
@pytest.mark.parametrize("weights", ["penalised", "free"])
def test_counts_of_any_size(log_mean, weights):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 20))
    y = np.exp(log_mean + X[:, 0] - X[:, 1] + 0.1 * rng.standard_normal(100))
    penalty_weights = np.ones(20)
    penalty_weights[:2] = weights == "penalised"
    ours, newton = solve_both(X, y, Poisson(), AlphaGrid(4, 0.01), penalty_weights=penalty_weights, tol=1e-10)
    assert ours.converged.all()
    assert_allclose(ours.dense_coefs(), newton.dense_coefs(), atol=1e-4)
    assert_allclose(ours.intercepts, newton.intercepts, atol=1e-4)


@pytest.mark.parametrize("unit", [1e-150, 1e150])
def test_units_do_not_matter(unit):
    X, y = make_glm(MAIN[1], "tall")
    plain, scaled = (solve(GradientOnly(Generalized(Poisson(), y)), X * u, AlphaGrid(4, 0.02)) for u in (1.0, unit))
    assert scaled.converged.all()
    assert_allclose(scaled.dense_coefs() * unit, plain.dense_coefs(), atol=1e-4)


@pytest.mark.parametrize("unit", [1e-6, 1e6, 1e20, 1e100, 1e150])
def test_units_of_targets_do_not_matter(unit):
    X = make_data("tall")[0]
    y = X[:, 0] + np.random.default_rng(0).standard_t(1.5, len(X))
    plain, scaled = (solve(GradientOnly(Generalized(Huber(u), u * y)), X, AlphaGrid(4, 0.02)) for u in (1.0, unit))
    assert scaled.converged.all()
    assert_allclose(scaled.dense_coefs() / unit, plain.dense_coefs(), atol=1e-4)
    assert_allclose(scaled.intercepts / unit, plain.intercepts, atol=1e-4)


def test_the_best_intercept_in_large_units():
    rng = np.random.default_rng(0)
    y = rng.standard_t(1.5, 200)
    for unit in (1.0, 1e6, 1e20, 1e100):
        datafit = Generalized(Huber(unit), unit * y)
        raw = unit * rng.standard_normal((50, 200))
        starts = unit * rng.standard_normal(50) * 10.0 ** -rng.integers(0, 20, 50)
        found = datafit.fit(raw, starts)
        slopes = np.clip(unit * y - found.raw, -unit, unit).mean(axis=1)
        assert abs(slopes).max() <= 1e-15 * unit


@pytest.mark.parametrize("size", [1.0, 30.0, 1e3, 1e10])
@pytest.mark.parametrize("row", MAIN[:2], ids=str)
def test_any_start_leads_there(row, size):
    X, y = make_glm(row, "tall")
    datafit = GradientOnly(Generalized(row.loss, y))
    alphas = solve(datafit, X, AlphaGrid(3, 0.03), tol=1e-10).alphas[1:]
    cold = solve(datafit, X, alphas, tol=1e-10)
    started = solve(datafit, X, alphas, tol=1e-10, start=size * (-1.0) ** np.arange(X.shape[1]))
    assert started.converged.all()
    assert_allclose(started.dense_coefs(), cold.dense_coefs(), atol=1e-4)


def test_starts_at_which_the_loss_is_infinite():
    X, y = make_glm(MAIN[1], "tall")
    datafit = GradientOnly(Generalized(Poisson(), y, fit_intercept=False))
    working_set = WorkingSet(datafit, X.shape[1], 0)
    working_set.append(np.arange(X.shape[1]), make_design(X).columns(np.arange(X.shape[1]), 1.0, None))
    penalty = ElasticNetPenalty(0.05, 1.0, FeatureTerms.uniform(X.shape[1]))
    found = []
    for start in (0.0, 500.0):
        iterate = Iterate(np.full(X.shape[1], start), np.empty(X.shape[1]))
        GradientSolver().solve(working_set, penalty, iterate, 1e-10, 5000)
        assert working_set.duality_gap(iterate.coef, iterate.correlation, penalty) <= 1e-10
        found.append(iterate.coef)
    assert not np.isfinite(datafit.fit((X @ np.full(X.shape[1], 500.0))[None]).losses[0])
    assert_array_equal(*found)


def test_separable_classes():
    X = np.random.default_rng(0).standard_normal((100, 20))
    y = (X[:, 0] - X[:, 1] > 0).astype(float)
    ours, newton = solve_both(X, y, Binomial(), AlphaGrid(10, 1e-6))
    assert ours.converged.all()
    assert newton.dense_coef(9).max() > 40
    assert_allclose(ours.dense_coef(9), newton.dense_coef(9), rtol=1e-3, atol=1e-2)


def test_iterations_are_counted_and_limited():
    X, y = make_glm(MAIN[1], "correlated")
    datafit = GradientOnly(Generalized(Poisson(), y))
    alphas = solve(datafit, X, AlphaGrid(3, 0.02)).alphas
    for max_iter in (1, 7, 23):
        path = solve(datafit, X, alphas[-1:], max_iter=max_iter, tol=1e-12)
        assert path.n_iters[0] == max_iter
        assert not path.converged[0]
        # The certificate says how far from the minimum this is.
        problem = GeneralizedProblem(X, y, MAIN[1].formulas, alpha=alphas[-1])
        gap = problem.dual_gap(path.dense_coef(0), path.intercepts[0])
        assert path.dual_gaps[0] == pytest.approx(float(gap), rel=1e-6)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_a_datafit_of_its_own(fit_intercept, l1_ratio):
    X, y = make_data("random")
    y = y / 3
    datafit = LogCosh(y, make_weights("random", len(y)), fit_intercept)
    weights = datafit.weights
    at = np.random.default_rng(0).standard_normal(len(y))

    def loss(z):
        return datafit.fit(z[None]).losses[0]

    assert check_grad(loss, lambda z: -weights * datafit.fit(z[None]).residuals[0], at) < 1e-6
    path = solve(datafit, X, AlphaGrid(5, 0.02), l1_ratio=l1_ratio)
    assert path.converged.all()
    for k, alpha in enumerate(path.alphas):
        coef, intercept = path.dense_coef(k), path.intercepts[k]
        error = y - X @ coef - intercept
        assert abs(weights @ np.tanh(error)) < 1e-12 or not fit_intercept
        slope = X.T @ (weights * np.tanh(error)) - alpha * (1 - l1_ratio) * coef
        kept = coef != 0
        assert_allclose(slope[kept], alpha * l1_ratio * np.sign(coef[kept]), rtol=0.01)
        assert (abs(slope[~kept]) <= alpha * l1_ratio * 1.01).all()
        # A dual point within the constraints: f*(u) = (1 + u) log(1 + u) / 2 + (1 - u) log(1 - u) / 2 for residuals u.
        u = np.tanh(error)
        if l1_ratio == 1:
            u = u * min(1, alpha / abs(X.T @ (weights * u)).max())
        conjugate = 0.5 * ((1 + u) * np.log1p(u) + (1 - u) * np.log1p(-u))
        excess = np.maximum(abs(X.T @ (weights * u)) - alpha * l1_ratio, 0)
        dual = weights @ (u * y - conjugate)
        dual -= (excess**2).sum() / (2 * alpha * (1 - l1_ratio)) if l1_ratio < 1 else 0
        objective = weights @ datafit.values(X @ coef + intercept)
        objective += alpha * (l1_ratio * abs(coef).sum() + (1 - l1_ratio) / 2 * coef @ coef)
        assert -1e-14 <= objective - dual <= 1e-8 * datafit.null_loss * 1.001 + 1e-14
    assert np.count_nonzero(path.dense_coef(4)) > 10


def test_a_datafit_of_its_own_with_free_features_and_bounds():
    X, y = make_data("tall")
    y = y / 3
    path = solve(LogCosh(y), X, AlphaGrid(3, 0.05), **feature_terms(X, "both"))
    assert path.converged.all()
    terms = terms_of(X.shape[1], **feature_terms(X, "both"))
    for k in range(3):
        coef = path.dense_coef(k)
        slope = X.T @ np.tanh(y - X @ coef - path.intercepts[k]) / len(y)
        inside = (terms.l1_weights == 0) & (terms.lower < coef) & (coef < terms.upper)
        assert abs(slope[inside]).max(initial=0) < 1e-10
        assert ((terms.lower <= coef) & (coef <= terms.upper)).all()
        held = (terms.l1_weights == 0) & ~inside
        assert (slope[held] * np.sign(coef[held]) >= 0).all()


def test_the_hessian_is_learnt_from_gradients():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((30, 5))
    true = A.T @ A
    goal = rng.standard_normal(5)
    secants, coef = Secants(np.eye(5)), np.zeros(5)
    for _ in range(60):
        gradient = true @ (coef - goal)
        hessian = secants.hessian(coef, gradient, 0.5 * (coef - goal) @ gradient)
        step = -np.linalg.solve(hessian, gradient)
        # Exact in the length.
        coef = coef - step * (gradient @ step) / (step @ true @ step) if step.any() else coef
        if abs(gradient).max() < 1e-9:
            break
    assert_allclose(coef, goal, rtol=1e-9)
    assert_allclose(hessian, true, rtol=1e-6, atol=1e-6 * abs(true).max())


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_prox_of_norms_minimises(l1_ratio):
    rng = np.random.default_rng(0)
    values, steps = rng.standard_normal((3, 6)), rng.uniform(0.2, 2, 6)
    values[:, 2] = 0.0
    penalty = MultiTaskPenalty(ElasticNetPenalty(0.8, l1_ratio, FeatureTerms.uniform(6)))
    found = penalty.apply_prox(values, steps)

    def objective(w):
        return 0.5 * ((w - values) ** 2 / steps).sum() + penalty.value(w)

    assert (found == 0).all(axis=0).sum() in (2, 3, 4)
    for _ in range(200):
        assert objective(found) <= objective(found + 1e-3 * rng.standard_normal((3, 6)) * rng.uniform(size=6))


class TwoTasks(Datafit):
    """Half the squares of the errors of several targets, as if their curvature were not known."""

    unit, fit_intercept = 1.0, True

    def __init__(self, y):
        self.weights, self.y, self.mean = np.full(y.shape[1], 1 / y.shape[1]), y, np.zeros(len(y))
        null = self.fit(np.zeros((1, *y.shape)))
        self.mean, self.null_residual, self.null_loss = null.offsets[0], null.residuals[0], float(null.losses[0])
        self.residual_size = np.sqrt(2 * self.null_loss)

    def fit(self, raw_predictions, offsets=None):
        raw = raw_predictions + self.mean[:, None]
        offsets = (self.y - raw).mean(axis=2)
        residuals = self.y - raw - offsets[..., None]
        return Fits(residuals, offsets, 0.5 * (residuals**2).mean(axis=2).sum(axis=1), raw)

    def misfit(self, scale, fits, row):
        return (1 - scale) ** 2 * fits.losses[row]

    def rise(self, fits, row, change):
        return float(((0.5 * change - fits.residuals[row]) * change).mean(axis=1).sum())


def test_several_tasks():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 30))
    y = X[:, :3] @ rng.standard_normal((3, 2)) + 0.5 * rng.standard_normal((60, 2)) + 3
    design = make_design(X)
    penalty = MultiTaskPenalty(ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(30)))
    problem = Problem(TwoTasks(np.ascontiguousarray(y.T)), penalty)
    path = drive(solve_path(problem, AlphaGrid(3, 0.05), SolverOptions(1e-10, 2000, "auto")), design)
    assert path.converged.all()
    for k, alpha in enumerate(path.alphas):
        peer = MultiTaskLasso(alpha, tol=1e-12, max_iter=10_000).fit(X, y)
        assert_allclose(path.dense_coef(k), peer.coef_, atol=1e-5)
        assert_allclose(path.intercepts[k], peer.intercept_, atol=1e-5)


OUTSIDE = """
from libc.math cimport exp, fabs, log, log1p, tanh
from sklearn_sparsefit.datafit._loss cimport Loss

cdef class LogCosh(Loss):
    cdef double value(self, double y, double z) noexcept nogil:
        return fabs(y - z) + log1p(exp(-2.0 * fabs(y - z))) - log(2.0)

    cdef double derivative(self, double y, double z) noexcept nogil:
        return tanh(z - y)
"""
SETUP = """
from Cython.Build import cythonize
from setuptools import Extension, setup

setup(ext_modules=cythonize([Extension("log_cosh", ["log_cosh.pyx"])], compiler_directives={"language_level": 3}))
"""


@pytest.fixture(scope="module")
def compiled_log_cosh(tmp_path_factory):
    """A loss without a curvature, compiled outside of the package."""
    pytest.importorskip("Cython")
    folder = tmp_path_factory.mktemp("log_cosh")
    (folder / "log_cosh.pyx").write_text(OUTSIDE)
    (folder / "setup.py").write_text(SETUP)
    build = [sys.executable, "setup.py", "build_ext", "--inplace"]
    # This package and no other of its name, and no time for speed.
    variables = {**os.environ, "PYTHONPATH": str(Path(sklearn_sparsefit.__file__).parents[1]), "CFLAGS": "-O0"}
    made = subprocess.run(build, cwd=folder, capture_output=True, text=True, check=False, env=variables)
    found = [*folder.glob("log_cosh.*.so"), *folder.glob("log_cosh*.pyd")]
    if made.returncode and "log_cosh.pyx:" not in made.stdout + made.stderr:
        pytest.skip("there is no compiler here")
    assert found, made.stdout + made.stderr
    spec = importlib.util.spec_from_file_location("log_cosh", found[0])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.LogCosh()


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_compiled_loss_without_curvature(compiled_log_cosh, fit_intercept):
    X, y = make_data("random")
    y = y / 3
    weights = make_weights("with_zeros", len(y))
    ours, plain = Generalized(compiled_log_cosh, y, weights, fit_intercept), LogCosh(y, weights, fit_intercept)
    assert not ours.has_models
    assert isinstance(make_solver("auto", ours, ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(1))), GradientSolver)
    assert_allclose(ours.mean, plain.mean, atol=1e-14)
    raw = np.random.default_rng(0).standard_normal((3, len(y))) * np.array([[0.1], [1.0], [3.0]])
    fits, expected = ours.fit(raw), plain.fit(raw)
    used = weights > 0
    assert_allclose(fits.offsets, expected.offsets, rtol=1e-13, atol=1e-13)
    assert_allclose(fits.residuals[:, used], expected.residuals[:, used], rtol=1e-11, atol=1e-13)
    assert_allclose(fits.losses, expected.losses, rtol=1e-13)
    for row in range(3):
        for scale in (0.0, 0.3, 0.9, 1 - 1e-4, 1.0):
            misfit = ours.misfit_of(fits, row)(scale)
            assert misfit == pytest.approx(plain.misfit_of(expected, row)(scale), rel=1e-6, abs=1e-14)
    paths = [solve(datafit, X, AlphaGrid(5, 0.02)) for datafit in (ours, plain)]
    assert paths[0].converged.all()
    assert_allclose(paths[0].dense_coefs(), paths[1].dense_coefs(), atol=1e-5)
    assert_allclose(paths[0].intercepts, paths[1].intercepts, atol=1e-5)


def test_a_compiled_loss_without_curvature_finds_constant_targets(compiled_log_cosh):
    X = np.random.default_rng(0).standard_normal((20, 4))
    path = solve(Generalized(compiled_log_cosh, np.full(20, 0.7)), X, AlphaGrid(3, 0.01))
    assert not path.dense_coefs().any()
    assert_allclose(path.intercepts, 0.7, rtol=1e-14)
