"""Paths of generalised linear models against their definitions, on the designs of the registry."""

import warnings
from functools import cached_property
from itertools import product

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, TweedieRegressor

from registry import ILL_CONDITIONED, make_data, make_weights
from sklearn_sparsefit.datafit import Binomial, Gamma, Generalized, Huber, Poisson, Quadratic, Tweedie
from sklearn_sparsefit.design import make_design
from sklearn_sparsefit.path import AlphaGrid, Problem, SolverOptions, drive, solve_path
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms
from test_losses import LOSSES, bisect

# The rounding of objectives in double precision, beside the sizes of the terms they are summed from.
ROUNDING = 1e-14
DESIGNS = [
    "random",
    "correlated",
    "nearly_collinear",
    "badly_scaled",
    "constant_and_zero_columns",
    "tiny",
    "one_feature",
    "wide",
    "tall",
    "mostly_zeros",
]
STORAGES = {
    "dense_C": np.ascontiguousarray,
    "dense_F": np.asfortranarray,
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
    "float32": lambda X: np.asfortranarray(X, np.float32),
    "csc_float32": lambda X: sparse.csc_array(X.astype(np.float32)),
}
MAIN = [row for row in LOSSES if str(row) in ("Binomial", "Poisson", "Gamma", "Tweedie-1.5", "Huber-1.0-1.0")]
every_loss = pytest.mark.parametrize("row", MAIN, ids=str)


class GeneralizedProblem:
    """One problem: data, loss and penalty, in extended precision.

    The objective is ``sum_i s_i f(y_i, b + o_i + x_i w) + alpha sum_j v_j (l1_ratio |w_j| + (1 - l1_ratio)/2 w_j^2)``
    with weights s that sum to one, for coefficients within bounds; with an infinite weight v_j they are zero.
    """

    def __init__(
        self,
        X,
        y,
        formulas,
        *,
        alpha,
        l1_ratio=1.0,
        sample_weight=None,
        fit_intercept=True,
        offset=None,
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
    ):
        X, y = np.asarray(X, np.longdouble), np.asarray(y, np.longdouble)
        weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        used = weights > 0
        self.X, self.y, self.formulas = X[used], y[used], formulas
        self.weights = np.asarray(weights[used], np.longdouble)
        self.weights /= self.weights.sum()
        self.offset = np.zeros_like(self.y) if offset is None else np.asarray(offset, np.longdouble)[used]
        self.fit_intercept = fit_intercept
        self.factors = self._per_feature(penalty_weights, 1)
        self.lower, self.upper = self._per_feature(lower_bounds, -np.inf), self._per_feature(upper_bounds, np.inf)
        left_out = np.isinf(self.factors)
        self.lower[left_out] = self.upper[left_out] = 0
        self.factors[left_out] = 1
        self.l1 = np.longdouble(alpha) * l1_ratio * self.factors
        self.l2 = np.longdouble(alpha) * (1 - np.longdouble(l1_ratio)) * self.factors
        self.free = (self.factors == 0) & (self.lower < self.upper)

    def _per_feature(self, values, default):
        return np.array(np.broadcast_to(default if values is None else values, self.X.shape[1]), np.longdouble)

    def raw(self, coef, intercept):
        return self.X @ np.asarray(coef, np.longdouble) + self.offset + np.longdouble(intercept)

    def loss(self, raw):
        return self.weights @ self.formulas.value(self.y, raw)

    def objective(self, coef, intercept):
        coef = np.asarray(coef, np.longdouble)
        return self.loss(self.raw(coef, intercept)) + self.l1 @ abs(coef) + self.l2 @ coef**2 / 2

    def is_feasible(self, coef):
        return bool(((self.lower <= coef) & (coef <= self.upper)).all())

    @cached_property
    def size(self):
        """Of the terms of the loss of the null model, and of the raw predictions that rounding begins with."""
        raw = self.null_raw
        return float(self.weights @ self.formulas.size(self.y, raw)) + float(self.null_objective)

    def settled(self, raw, coef):
        """Raw predictions with the intercept, and the free features inside their bounds, at their optimum."""
        if self.fit_intercept:
            shift = bisect(lambda b: self.weights @ self.formulas.derivative(self.y, raw + b), np.longdouble(-900), 900)
            raw = raw + shift
        inside = self.free & (self.lower < coef) & (coef < self.upper)
        if not inside.any():
            return raw
        A = self.X[:, inside]
        A = A / np.maximum(np.sqrt(self.weights @ A**2), 1e-300)
        if self.fit_intercept:
            A = np.column_stack([np.ones(len(A)), A])
        for _ in range(40):
            slope = A.T @ (self.weights * self.formulas.derivative(self.y, raw))
            bend = self.weights * self.formulas.curvature(self.y, raw)
            step = A @ np.linalg.lstsq((A.T @ (bend[:, None] * A)).astype(float), slope.astype(float), rcond=1e-14)[0]
            length = 1.0
            if abs(step).max() > 0.1:
                while self.loss(raw - length * step) > self.loss(raw) and length > 1e-9:
                    length /= 2
            raw = raw - length * step
            if abs(step).max() <= 1e-18 * (1 + abs(raw).max()):
                break
        return raw

    @cached_property
    def null_raw(self):
        """Raw predictions of the intercept and the free features, each tried inside its bounds and at either."""
        features = np.flatnonzero(self.free)
        ends = [(None, *(end for end in (self.lower[j], self.upper[j]) if np.isfinite(end))) for j in features]
        found = []
        for held in product(*ends):
            coef = np.zeros_like(self.l1)
            inside = np.array([end is None for end in held], bool)
            coef[features] = [end or 0 for end in held]
            base = self.offset + self.X @ coef
            if inside.any():
                # Not to be taken for held at a bound of zero.
                coef[features[inside]] = np.where(self.lower[features[inside]] < 0, -1e-300, 1e-300)
            raw = self.settled(base, coef)
            A = np.column_stack([np.ones(len(raw)) * self.fit_intercept, self.X[:, features[inside]]])
            fitted = np.linalg.lstsq(A.astype(float), (raw - base).astype(float))[0][1:]
            slack = 1e-9 * abs(fitted).max(initial=0)
            lower, upper = self.lower[features[inside]] - slack, self.upper[features[inside]] + slack
            if ((lower <= fitted) & (fitted <= upper)).all():
                found.append(raw)
        return min(found, key=self.loss)

    @cached_property
    def null_objective(self):
        """The loss of the intercept and the free features alone."""
        return self.loss(self.null_raw)

    def relative(self, gap):
        return float(gap / self.null_objective) if gap else 0.0

    def penalty_conjugate(self, correlation):
        bound = np.where(correlation > 0, self.upper, -self.lower)
        excess = np.maximum(abs(correlation) - self.l1, 0)
        best = np.minimum(np.divide(excess, self.l2, out=np.full_like(excess, np.inf), where=self.l2 > 0), bound)
        best[excess == 0] = 0
        return ((excess - self.l2 * best / 2) * best).sum()

    def dual(self, residual, scale):
        """The dual value of a multiple of residuals that sum to zero, and are orthogonal to the free features."""
        conjugates = self.formulas.conjugate(self.y, -scale * residual)
        correlation = self.X.T @ (self.weights * residual)
        correlation[self.free & (abs(correlation) <= 1e-12 * self._correlation_size)] = 0
        loss = -(self.weights @ (conjugates + scale * residual * self.offset))
        return loss - self.penalty_conjugate(scale * correlation)

    @cached_property
    def _correlation_size(self):
        return np.sqrt(self.weights @ self.X**2) + 1e-30

    def dual_gap(self, coef, intercept):
        """Objective minus the best of some dual values, at multiples of two kinds of residuals.

        Those of settled raw predictions leave a gap of the first order in what is wrong with the coefficients, those
        that follow from them by the second derivatives one of the second.
        """
        coef = np.asarray(coef, np.longdouble)
        raw = self.settled(self.raw(coef, intercept), coef)
        residual = -self.formulas.derivative(self.y, raw)
        found = [self._best_dual(residual)]
        followed = self._followed(residual, raw, coef)
        if self.formulas.has_slope(self.y, -followed).all():
            found.append(self._best_dual(followed))
        return self.objective(coef, intercept) - max(found)

    def _followed(self, residual, raw, coef):
        """What the residuals become where the kept coefficients settle, by a quadratic model with their signs held."""
        inside = (coef != 0) & (self.lower < coef) & (coef < self.upper) | self.free
        bend = self.formulas.curvature(self.y, raw)
        A = self.X[:, inside]
        if self.fit_intercept and (self.weights @ bend) > 0:
            A = A - (self.weights * bend) @ A / (self.weights @ bend)
        wanted = self.l1[inside] * np.sign(coef[inside]) + self.l2[inside] * coef[inside]
        scale = np.sqrt((self.weights * bend) @ A**2 + self.l2[inside]) + 1e-300
        roots = np.vstack(
            [np.sqrt(self.weights * bend)[:, None] * A / scale, np.diag(np.sqrt(self.l2[inside]) / scale)]
        )
        slope = ((self.weights * residual) @ self.X[:, inside] - wanted) / scale
        hessian = (roots.T @ roots).astype(float)
        step = np.linalg.lstsq(hessian, slope.astype(float), rcond=1e-13)[0]
        # Once more for what rounding has left.
        step = step + np.linalg.lstsq(hessian, (slope - roots.T @ (roots @ step)).astype(float), rcond=1e-13)[0]
        return residual - bend * (A @ (step / scale))

    def _best_dual(self, residual):
        """The best of the multiples of residuals that there is a closed form for."""
        correlation = self.X.T @ (self.weights * residual)
        correlation[self.free & (abs(correlation) <= 1e-12 * self._correlation_size)] = 0
        scales = []
        for no_bounds in (True, False):
            # Where no coefficient but an infinite one answers a correlation; then where any would.
            above = (self.upper == np.inf) if no_bounds else self.upper > 0
            below = (self.lower == -np.inf) if no_bounds else self.lower < 0
            counts = (correlation > 0) & above | (correlation < 0) & below
            counts &= self.factors > 0
            largest = np.divide(self.l1, abs(correlation), where=counts, out=np.full_like(self.l1, np.inf)).min()
            scales.append(min(largest * (1 - np.longdouble(1e-15)), 1))
            if no_bounds and (self.l2[counts] > 0).all():
                scales.append(np.longdouble(1))
        return max(self.dual(residual, scale) for scale in scales)

    def alpha_max(self, l1_ratio):
        """The least alpha at which every penalised coefficient is zero."""
        raw = self.null_raw
        correlation = -self.X.T @ (self.weights * self.formulas.derivative(self.y, raw))
        allowed = (correlation > 0) & (self.upper > 0) | (correlation < 0) & (self.lower < 0)
        counts = allowed & (self.factors > 0)
        return float((abs(correlation[counts]) / self.factors[counts]).max(initial=0) / l1_ratio)


def make_glm(row, design, strength=1.0):
    """A design by name, and targets whose raw predictions are those of the registry, brought to size."""
    X, linear = make_data(design)
    rng = np.random.default_rng(len(design))
    spread = linear.std()
    y = row.draw(rng, strength * (linear - linear.mean()) / (spread or 1.0))
    if len(y) > 2 and y[0] == y[2]:
        y[0] = 1 - y[0] if isinstance(row.loss, Binomial) else y[0] + 1
    return X, y


def terms_of(n_features, penalty_weights=None, lower_bounds=None, upper_bounds=None, positive=False):
    if penalty_weights is None and lower_bounds is None and upper_bounds is None:
        return FeatureTerms.uniform(n_features, positive)
    weights = np.ones(n_features) if penalty_weights is None else np.asarray(penalty_weights, float)
    lower = np.full(n_features, -np.inf) if lower_bounds is None else np.asarray(lower_bounds, float)
    upper = np.full(n_features, np.inf) if upper_bounds is None else np.asarray(upper_bounds, float)
    left_out = np.isinf(weights)
    weights = np.where(left_out, 1.0, weights)
    return FeatureTerms(weights, weights, np.where(left_out, 0.0, lower), np.where(left_out, 0.0, upper))


def run(
    X,
    y,
    loss,
    alphas,
    *,
    l1_ratio=1.0,
    sample_weight=None,
    fit_intercept=True,
    offset=None,
    tol=1e-8,
    max_iter=1000,
    solver="auto",
    start=None,
    **terms,
):
    design = make_design(X)
    datafit = Generalized(loss, y, sample_weight, fit_intercept, offset)
    problem = Problem(datafit, ElasticNetPenalty(1.0, l1_ratio, terms_of(X.shape[1], **terms)))
    options = SolverOptions(tol=tol, max_iter=max_iter, solver=solver)
    return drive(solve_path(problem, alphas, options, start=start, density=design.density), design)


def largest_alpha(X, y, row, l1_ratio, **terms):
    return GeneralizedProblem(X, y, row.formulas, alpha=0, **terms).alpha_max(l1_ratio or 1.0)


def check(X, y, row, result, tol, *, l1_ratio, **terms):
    """Every answer of a path is certified, and its certificate is that of the definitions."""
    for k, alpha in enumerate(result.alphas):
        problem = GeneralizedProblem(X, y, row.formulas, alpha=alpha, l1_ratio=l1_ratio, **terms)
        coef, intercept = result.dense_coef(k), result.intercepts[k]
        slack = ROUNDING * problem.size
        gap = problem.dual_gap(coef, intercept)
        assert problem.is_feasible(coef)
        assert terms["fit_intercept"] or intercept == 0
        assert result.converged[k]
        assert 0 <= result.dual_gaps[k] <= tol * float(problem.null_objective) * (1 + 1e-9)
        assert result.relative_gaps[k] == pytest.approx(problem.relative(result.dual_gaps[k]), rel=1e-9, abs=1e-300)
        # A sum over the rows, in extended precision.
        assert -len(y) * np.finfo(np.longdouble).eps * problem.size <= gap <= tol * problem.null_objective + slack
        yield problem, coef, intercept


def combinations():
    """Every design with every loss and l1_ratio; storages, weights and the intercept take turns."""
    turn = 0
    for design in DESIGNS:
        for row in MAIN:
            for l1_ratio in (1.0, 0.5, 0.05, 0.0):
                storage = list(STORAGES)[turn % len(STORAGES)]
                weights = ("none", "with_zeros", "random")[(turn // 4 + turn) % 3]
                fit_intercept = bool((turn // 2 + turn // 12) % 4)
                turn += 1
                name = f"{design}-{row}-{l1_ratio}-{storage}-{weights}-{'' if fit_intercept else 'no_'}intercept"
                yield pytest.param(design, row, l1_ratio, storage, weights, fit_intercept, id=name)


@pytest.mark.parametrize("design, row, l1_ratio, storage, weights, fit_intercept", combinations())
def test_gaps_are_true_on_every_row(design, row, l1_ratio, storage, weights, fit_intercept):
    X, y = make_glm(row, design)
    stored = STORAGES[storage](X)
    X = np.asarray(stored.todense() if sparse.issparse(stored) else stored, np.float64)
    terms = {"sample_weight": make_weights(weights, len(y)), "fit_intercept": fit_intercept}
    alphas = largest_alpha(X, y, row, l1_ratio, **terms) * np.array([0.5, 0.1, 0.02])
    tol = 1e-8
    result = run(stored, y, row.loss, alphas, l1_ratio=l1_ratio, tol=tol, **terms)
    best = run(X, y, row.loss, alphas, l1_ratio=l1_ratio, tol=1e-10, **terms)
    answers = check(X, y, row, result, tol, l1_ratio=l1_ratio, **terms)
    for k, (problem, coef, intercept) in enumerate(answers):
        reference = problem.objective(best.dense_coef(k), best.intercepts[k])
        suboptimality = problem.objective(coef, intercept) - reference
        assert suboptimality <= result.dual_gaps[k] + ROUNDING * problem.size
        assert suboptimality >= -1e-10 * problem.null_objective - ROUNDING * problem.size


@every_loss
@pytest.mark.parametrize("max_iter", [1, 2, 4])
def test_gaps_of_unfinished_fits_are_above_their_suboptimality(row, max_iter):
    for design in ("correlated", "wide"):
        X, y = make_glm(row, design)
        for l1_ratio in (1.0, 0.5):
            alpha = 0.02 * largest_alpha(X, y, row, l1_ratio)
            loose = run(X, y, row.loss, np.array([alpha]), l1_ratio=l1_ratio, tol=1e-12, max_iter=max_iter)
            best = run(X, y, row.loss, np.array([alpha]), l1_ratio=l1_ratio, tol=1e-10)
            problem = GeneralizedProblem(X, y, row.formulas, alpha=alpha, l1_ratio=l1_ratio)
            objectives = [problem.objective(r.dense_coef(0), r.intercepts[0]) for r in (loose, best)]
            assert objectives[0] - objectives[1] <= loose.dual_gaps[0] + ROUNDING * problem.size


@every_loss
@pytest.mark.parametrize("weights", ["none", "with_zeros"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("design", ["random", "badly_scaled", "constant_and_zero_columns", "tall", "mostly_zeros"])
def test_alpha_max_is_tight(row, design, weights, fit_intercept):
    X, y = make_glm(row, design)
    terms = {"sample_weight": make_weights(weights, len(y)), "fit_intercept": fit_intercept}
    for l1_ratio in (1.0, 0.3):
        expected = largest_alpha(X, y, row, l1_ratio, **terms)
        grid = run(X, y, row.loss, AlphaGrid(2, 0.5), l1_ratio=l1_ratio, **terms)
        assert grid.alphas[0] == pytest.approx(expected, rel=1e-12)
        assert not grid.dense_coef(0).any()
        above = run(X, y, row.loss, expected * np.array([1 + 1e-9]), l1_ratio=l1_ratio, tol=1e-10, **terms)
        # Where the gap is the square of what is left: it tells one part in a million from none at 1e-14.
        below = run(X, y, row.loss, expected * np.array([1 - 1e-4]), l1_ratio=l1_ratio, tol=1e-12, **terms)
        assert not above.dense_coef(0).any()
        assert below.dense_coef(0).any()


def assert_same_answers(problem, answers, others, rtol, design="random"):
    """Equal raw predictions, in the norm of the weights, and equal objectives."""
    ours, theirs = problem.raw(*answers), problem.raw(*others)
    difference = abs(problem.objective(*answers) - problem.objective(*others))
    assert difference <= 1e-10 * problem.null_objective + ROUNDING * problem.size
    if not isinstance(problem.formulas, type(MAIN[-1].formulas)):
        assert np.sqrt(problem.weights @ (ours - theirs) ** 2) <= rtol * (1 + np.sqrt(problem.weights @ ours**2))


@every_loss
@pytest.mark.parametrize("design", ["random", "correlated", "nearly_collinear", "badly_scaled", "tall", "mostly_zeros"])
def test_path_equals_cold_starts(row, design):
    X, y = make_glm(row, design)
    for l1_ratio in (1.0, 0.5):
        terms = {"l1_ratio": l1_ratio, "sample_weight": make_weights("random", len(y))}
        path = run(X, y, row.loss, AlphaGrid(6, 3e-2), tol=1e-10, **terms)
        assert (np.diff(path.alphas) < 0).all()
        for k in (1, 3, 5):
            cold = run(X, y, row.loss, path.alphas[k : k + 1], tol=1e-10, **terms)
            problem = GeneralizedProblem(X, y, row.formulas, alpha=path.alphas[k], **terms)
            answers = (path.dense_coef(k), path.intercepts[k]), (cold.dense_coef(0), cold.intercepts[0])
            assert_same_answers(problem, *answers, rtol=1e-3 if design in ILL_CONDITIONED else 1e-4)


@every_loss
def test_solvers_and_starts_agree(row):
    X, y = make_glm(row, "tall")
    alphas = largest_alpha(X, y, row, 0.5) * np.array([0.3, 0.03])
    auto = run(X, y, row.loss, alphas, l1_ratio=0.5, tol=1e-10)
    others = [
        run(X, y, row.loss, alphas, l1_ratio=0.5, tol=1e-10, solver="cd", max_iter=10_000),
        run(X, y, row.loss, alphas, l1_ratio=0.5, tol=1e-10, solver="prox_grad", max_iter=10_000),
        run(X, y, row.loss, alphas, l1_ratio=0.5, tol=1e-10, start=np.linspace(-1, 1, X.shape[1])),
    ]
    for k, alpha in enumerate(alphas):
        problem = GeneralizedProblem(X, y, row.formulas, alpha=alpha, l1_ratio=0.5)
        for other in others:
            assert other.converged[k]
            answers = (auto.dense_coef(k), auto.intercepts[k]), (other.dense_coef(k), other.intercepts[k])
            assert_same_answers(problem, *answers, rtol=1e-4)


def feature_terms(X, kind):
    """Weights, bounds or both of the features, by name."""
    j = np.arange(X.shape[1])
    weights = np.where(j % 4 == 3, 2.0, 0.5)
    weights[[1, 6]] = 0.0
    weights[[2, 8]] = np.inf
    size = 0.2 / np.maximum(X.std(axis=0), 1e-9)
    lower, upper = np.where(j % 2 == 0, -size, -np.inf), np.where(j % 3 == 0, size, np.inf)
    lower[j % 5 == 4] = 0.0
    return {
        "weighted": {"penalty_weights": weights},
        "bounded": {"lower_bounds": lower, "upper_bounds": upper},
        "both": {"penalty_weights": weights, "lower_bounds": lower, "upper_bounds": upper},
        "positive": {"lower_bounds": np.zeros(len(j))},
    }[kind]


@every_loss
@pytest.mark.parametrize("kind", ["weighted", "bounded", "both", "positive"])
@pytest.mark.parametrize("design", ["random", "tall", "badly_scaled", "mostly_zeros"])
def test_terms_of_features(row, kind, design):
    X, y = make_glm(row, design)
    turn = len(kind) + len(design)
    terms = {
        "sample_weight": make_weights(("none", "with_zeros")[turn % 2], len(y)),
        "fit_intercept": turn % 3 > 0,
        "offset": 0.3 * np.cos(np.arange(len(y))) if turn % 2 else None,
        **feature_terms(X, kind),
    }
    l1_ratio = (1.0, 0.5)[turn % 2]
    alphas = largest_alpha(X, y, row, 1.0, **{name: terms[name] for name in terms}) * np.array([0.4, 0.05])
    passed = terms
    if kind == "positive":
        passed = {name: value for name, value in terms.items() if name != "lower_bounds"} | {"positive": True}
    result = run(X, y, row.loss, alphas, l1_ratio=l1_ratio, **passed)
    for _, coef, _ in check(X, y, row, result, 1e-8, l1_ratio=l1_ratio, **terms):
        if kind in ("weighted", "both"):
            assert not coef[[2, 8]].any()
        if kind == "weighted":
            assert coef[[1, 6]].all()


@every_loss
def test_weight_zero_everywhere_is_maximum_likelihood(row):
    X, y = make_glm(row, "tall")
    result = run(X, y, row.loss, np.array([1.0]), penalty_weights=np.zeros(X.shape[1]))
    problem = GeneralizedProblem(X, y, row.formulas, alpha=0.0)
    raw = problem.raw(result.dense_coef(0), result.intercepts[0])
    slope = problem.weights * problem.formulas.derivative(problem.y, raw)
    assert abs(slope.sum()) <= 1e-13
    assert abs(slope @ problem.X).max() <= 1e-13


@every_loss
def test_offsets_are_known_raw_predictions(row):
    X, y = make_glm(row, "random")
    alphas = largest_alpha(X, y, row, 1.0) * np.array([0.5, 0.05])
    plain = run(X, y, row.loss, alphas, tol=1e-10)
    shifted = run(X, y, row.loss, alphas, tol=1e-10, offset=np.full(len(y), 1.5))
    for k, alpha in enumerate(alphas):
        # A constant is taken up by the intercept.
        problem = GeneralizedProblem(X, y, row.formulas, alpha=alpha)
        answers = (plain.dense_coef(k), plain.intercepts[k]), (shifted.dense_coef(k), shifted.intercepts[k] + 1.5)
        assert_same_answers(problem, *answers, rtol=1e-4)
    offset = np.sin(np.arange(len(y)))
    for fit_intercept in (True, False):
        terms = {"offset": offset, "fit_intercept": fit_intercept, "sample_weight": make_weights("with_zeros", len(y))}
        result = run(X, y, row.loss, largest_alpha(X, y, row, 0.5, **terms) * alphas / alphas[0], l1_ratio=0.5, **terms)
        assert len(list(check(X, y, row, result, 1e-8, l1_ratio=0.5, **terms))) == 2


@every_loss
@pytest.mark.parametrize("design", ["random", "tall", "mostly_zeros"])
def test_powers_of_two_change_nothing_but_exponents(row, design):
    X, y = make_glm(row, design)
    grid = AlphaGrid(6, 3e-2)
    plain = run(X, y, row.loss, grid)
    for factor in (2.0**-70, 2.0**9, 2.0**300):
        scaled = run(X * factor, y, row.loss, grid)
        np.testing.assert_array_equal(scaled.alphas, plain.alphas * factor)
        np.testing.assert_array_equal(scaled.dense_coefs() * factor, plain.dense_coefs())
        np.testing.assert_array_equal(scaled.intercepts, plain.intercepts)
        np.testing.assert_array_equal(scaled.dual_gaps, plain.dual_gaps)


@every_loss
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_weights_are_repetitions(row, l1_ratio):
    for design in ("random", "tall"):
        X, y = make_glm(row, design)
        counts = np.random.default_rng(0).integers(0, 4, len(y))
        rows = np.repeat(np.arange(len(y)), counts)
        alphas = largest_alpha(X, y, row, l1_ratio, sample_weight=counts) * np.array([0.5, 0.05])
        terms = {"l1_ratio": l1_ratio, "tol": 1e-10}
        used = counts > 0
        with_garbage = np.where(used, y, 1e300), np.where(used[:, None], X, 7e5)
        results = [
            run(X, y, row.loss, alphas, sample_weight=counts.astype(float), **terms),
            run(X[rows], y[rows], row.loss, alphas, **terms),
            run(X[used], y[used], row.loss, alphas, sample_weight=counts[used] * 2.5, **terms),
            run(with_garbage[1], with_garbage[0], row.loss, alphas, sample_weight=counts.astype(float), **terms),
        ]
        for k, alpha in enumerate(alphas):
            problem = GeneralizedProblem(X, y, row.formulas, alpha=alpha, l1_ratio=l1_ratio, sample_weight=counts)
            answers = [(result.dense_coef(k), result.intercepts[k]) for result in results]
            assert all(result.converged[k] for result in results)
            for other in answers[1:]:
                assert_same_answers(problem, answers[0], other, rtol=1e-4)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_separable_data_end_finite(l1_ratio):
    rng = np.random.default_rng(0)
    row = MAIN[0]
    for shape in ((40, 3), (20, 60)):
        X = rng.standard_normal(shape)
        y = (X[:, 0] > 0).astype(float)
        alphas = largest_alpha(X, y, row, l1_ratio) * np.logspace(0, -5, 12)
        result = run(X, y, row.loss, alphas, l1_ratio=l1_ratio, tol=1e-7)
        assert np.isfinite(result.dense_coefs()).all()
        terms = {"fit_intercept": True, "l1_ratio": l1_ratio}
        answers = list(check(X, y, row, result, 1e-7, **terms))
        # All are classified as they are, ever more surely.
        raw = answers[-1][0].raw(*answers[-1][1:])
        assert ((raw > 0) == (y > 0)).all()


@every_loss
def test_constant_targets_end_at_once(row):
    X = np.random.default_rng(0).standard_normal((20, 4))
    result = run(X, np.full(20, 0.7), row.loss, AlphaGrid(3, 1e-2))
    assert not result.dense_coefs().any()
    assert not result.dual_gaps.any()
    np.testing.assert_allclose(row.loss.mean(result.intercepts), 0.7, rtol=1e-14)


@pytest.mark.parametrize("value", [1e-200, 1e-20, 1e20, 1e200])
def test_units_of_gamma_targets_move_the_intercept_alone(value):
    # Amounts have a unit, and their logarithms a zero.
    X, y = make_glm(MAIN[2], "random")
    plain, scaled = (run(X, factor * y, Gamma(), AlphaGrid(5, 3e-2), tol=1e-10) for factor in (1.0, value))
    np.testing.assert_allclose(scaled.alphas, plain.alphas, rtol=1e-11)
    np.testing.assert_allclose(scaled.dense_coefs(), plain.dense_coefs(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(scaled.intercepts - np.log(value), plain.intercepts, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("design", ["random", "tall"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_logistic_regression(design, l1_ratio, weighted):
    X, y = make_glm(MAIN[0], design)
    weights = make_weights("random", len(y)) if weighted else np.ones(len(y))
    alpha = 0.05 * largest_alpha(X, y, MAIN[0], l1_ratio, sample_weight=weights)
    # The intercept is left to both alike; saga takes none of it to the penalty.
    peer = LogisticRegression(
        C=1 / (alpha * weights.sum()), l1_ratio=l1_ratio, solver="saga", tol=1e-10, max_iter=200_000
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        if "penalty" in peer.get_params() and peer.get_params()["penalty"] == "l2":
            peer.set_params(penalty="elasticnet")
        peer.fit(X, y, sample_weight=weights)
    result = run(X, y, Binomial(), np.array([alpha]), l1_ratio=l1_ratio, sample_weight=weights, tol=1e-13)
    np.testing.assert_allclose(result.dense_coef(0), peer.coef_[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(result.intercepts[0], peer.intercept_[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "row, peer",
    [
        (MAIN[1], PoissonRegressor),
        (MAIN[2], GammaRegressor),
        (MAIN[3], lambda **params: TweedieRegressor(power=1.5, link="log", **params)),
    ],
    ids=["Poisson", "Gamma", "Tweedie"],
)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_agrees_with_generalized_linear_regressors(row, peer, fit_intercept):
    for design in ("random", "tall"):
        X, y = make_glm(row, design)
        weights = make_weights("random", len(y))
        for alpha in (0.3, 0.01):
            model = peer(alpha=alpha, fit_intercept=fit_intercept, solver="newton-cholesky", tol=1e-12, max_iter=1000)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # tol is near its rounding
                model.fit(X, y, sample_weight=weights)
            terms = {"l1_ratio": 0.0, "fit_intercept": fit_intercept, "sample_weight": weights, "tol": 1e-13}
            result = run(X, y, row.loss, np.array([alpha]), **terms)
            np.testing.assert_allclose(result.dense_coef(0), model.coef_, rtol=1e-6, atol=1e-6)
            np.testing.assert_allclose(result.intercepts[0], model.intercept_, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("delta", [1e6, 2.0**40])
def test_huber_with_a_large_delta_is_least_squares(delta):
    X, linear = make_data("tall")
    alpha = np.array([0.05])
    design = make_design(X)
    result = run(X, linear, Huber(delta), alpha, tol=1e-12)
    problem = Problem(Quadratic(linear), ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(X.shape[1])))
    expected = drive(solve_path(problem, alpha, SolverOptions(tol=1e-12, max_iter=1000, solver="auto")), design)
    np.testing.assert_allclose(result.dense_coef(0), expected.dense_coef(0), rtol=1e-7)


def test_tweedie_lies_between_its_neighbours():
    X, y = make_glm(MAIN[2], "tall")
    alpha = np.array([0.02])
    answers = [run(X, y, loss, alpha).dense_coef(0) for loss in (Poisson(), Tweedie(1.001), Tweedie(1.999), Gamma())]
    np.testing.assert_allclose(answers[0], answers[1], atol=0.02)
    np.testing.assert_allclose(answers[3], answers[2], atol=0.02)
