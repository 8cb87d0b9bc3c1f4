"""Bounds of coefficients of several tasks: penalty, certificate, known answers, terms, cross-validation, errors."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.preprocessing import StandardScaler

from oracles import standard_deviations
from registry import DESIGNS, FRAMES, every_pair, make_weights
from sklearn_sparsefit import (
    ElasticNet,
    Lasso,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    enet_path,
    lasso_path,
)
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms, MultiTaskPenalty, multi_task_penalty
from test_multi_task import STORES, make_tasks, some_free

pytestmark = pytest.mark.usefixtures("bounded_passes")

SINGLE = [MultiTaskLasso, MultiTaskElasticNet]
CROSS_VALIDATED = [MultiTaskLassoCV, MultiTaskElasticNetCV]
ROUNDING = 1e-13


def penalty_of(alpha, l1_ratio, weights, lower, upper):
    """The penalty of one feature's coefficients."""
    return multi_task_penalty(
        ElasticNetPenalty(alpha, l1_ratio, FeatureTerms([weights[0]], [weights[1]], [lower], [upper]))
    )


bounds = st.sampled_from([(0.0, np.inf), (-np.inf, 0.0), (-1.0, 2.0), (0.0, 0.5), (-np.inf, 0.3), (-1e3, np.inf)])
weights = st.sampled_from([(1.0, 1.0), (0.5, 2.0), (3.0, 1.0)])
penalties = st.builds(
    lambda alpha, l1_ratio, weights, ends: penalty_of(alpha, l1_ratio, weights, *ends),
    st.sampled_from([0.1, 1.0, 7.0]),
    st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    weights,
    bounds,
)
vectors = arrays(float, (3, 1), elements=st.floats(-20, 20, allow_subnormal=False).map(lambda v: round(v, 6)))


def supremum(penalty, u, far=1e4):
    """The largest <u, w> - penalty(w) by brute force, and where it is, with no coefficient further away than that."""
    lower, upper = max(penalty.terms.lower[0], -far), min(penalty.terms.upper[0], far)
    best, where = 0.0, np.zeros(3)
    l1, l2 = penalty.l1 * penalty.terms.l1_weights[0], penalty.l2 * penalty.terms.l2_weights[0]

    def negative(w):
        size = np.sqrt(w @ w)
        gradient = l1 * w / size + l2 * w - u if size else -u
        return l1 * size + l2 * size**2 / 2 - u @ w, gradient

    for size in (1e-3, 1.0, 30.0):
        start = np.clip(size * np.sign(u), lower, upper)
        options = {"ftol": 1e-16, "gtol": 1e-12, "maxiter": 10_000, "maxfun": 100_000}
        found = minimize(negative, start, jac=True, bounds=[(lower, upper)] * 3, method="L-BFGS-B", options=options)
        if -found.fun > best:
            best, where = -found.fun, found.x
    return best, where


class TestPenalty:
    @given(penalty=penalties, u=vectors)
    def test_conjugate_is_the_supremum(self, penalty, u):
        assume(penalty.l2 > 0 or penalty.dual_norm(u) <= 0.99 * penalty.l1)
        best, _ = supremum(penalty, u[:, 0])
        found = penalty.conjugate(u)
        assert found >= best * (1 - 1e-12)
        assert found == pytest.approx(best, rel=1e-5, abs=1e-7)

    @given(penalty=penalties, u=vectors)
    def test_where_the_conjugate_is_finite_and_zero(self, penalty, u):
        assume(penalty.l1 > 0)
        size, unbounded = penalty.largest_magnitude(u), penalty.dual_norm(u)
        assert unbounded <= size
        open_sides = np.where(u > 0, penalty.terms.upper[0] > 0, penalty.terms.lower[0] < 0)
        assert_allclose(size, np.linalg.norm(u[open_sides]) / penalty.terms.l1_weights[0], rtol=1e-14)
        if size > 0:
            assert penalty.conjugate(u, (1 - 1e-9) * penalty.l1 / size) == 0
            assert penalty.conjugate(u, (1 + 1e-9) * penalty.l1 / size) > 0
        if unbounded > 0 and penalty.l2 == 0:
            assert np.isfinite(penalty.conjugate(u, (1 - 1e-9) * penalty.l1 / unbounded))
            assert penalty.conjugate(u, (1 + 1e-9) * penalty.l1 / unbounded) == np.inf

    @given(penalty=penalties, w=vectors, u=vectors, scale=st.floats(0, 1))
    def test_fenchel_young_is_the_sum_of_its_parts(self, penalty, w, u, scale):
        w = np.clip(w, penalty.terms.lower, penalty.terms.upper)
        term = penalty.fenchel_young(w, u, scale)
        parts = penalty.value(w) + penalty.conjugate(u, scale) - scale * np.vdot(w, u)
        assert term >= 0
        assert term == pytest.approx(parts, rel=1e-9, abs=1e-9 * (1 + penalty.value(w) + abs(np.vdot(w, u))))

    @given(penalty=penalties, u=vectors)
    def test_fenchel_young_vanishes_on_the_subgradient(self, penalty, u):
        assume(penalty.l2 > 0)
        _, w = supremum(penalty, u[:, 0])
        size = np.linalg.norm(w)
        assume(size > 0)
        # The correlations that these coefficients are best for, but for what their bounds hold back.
        l1, l2 = penalty.l1 * penalty.terms.l1_weights[0], penalty.l2 * penalty.terms.l2_weights[0]
        at_bound = (w == penalty.terms.lower[0]) | (w == penalty.terms.upper[0])
        exact = np.where(at_bound, u[:, 0], l1 * w / size + l2 * w)
        assert penalty.fenchel_young(w[:, None], exact[:, None]) <= 1e-12 * (1 + np.vdot(exact, w))

    @given(penalty=penalties, u=vectors, d=vectors, slack=st.sampled_from([1e-6, 1e-3, 0.1]))
    def test_reach_covers_what_is_not_known(self, penalty, u, d, slack):
        assume(d.any())
        d *= slack / np.linalg.norm(d)
        assume(penalty.l2 > 0 or penalty.dual_norm(u) + slack / penalty.terms.l1_weights[0] <= penalty.l1)
        rise = penalty.conjugate(u + d) - penalty.conjugate(u)
        assert rise <= slack * penalty.bounded_reach(u, slack) + 1e-12 * (1 + penalty.conjugate(u))

    def test_free_of_the_penalty(self):
        penalty = multi_task_penalty(ElasticNetPenalty(1.0, 0.5, FeatureTerms([0.0], [0.0], [-1.0], [2.0])))
        u = np.array([[3.0], [-2.0], [0.0]])
        assert penalty.conjugate(u) == 3 * 2 + 2
        assert penalty.fenchel_young(np.array([[2.0], [-1.0], [0.3]]), u) == 0
        assert penalty.fenchel_young(np.array([[2.0], [0.0], [0.3]]), u) == 2
        penalty = multi_task_penalty(ElasticNetPenalty(1.0, 0.5, FeatureTerms([0.0], [0.0], [-1.0], [np.inf])))
        assert penalty.conjugate(u) == np.inf
        assert penalty.conjugate(np.minimum(u, 0)) == 2

    @pytest.mark.parametrize("place", ["coef", "correlation"])
    def test_a_nan_is_no_certificate(self, place):
        penalty = penalty_of(1.0, 0.5, (1.0, 1.0), -1.0, np.inf)
        nan, some = np.full((3, 1), np.nan), np.full((3, 1), 0.2)
        if place == "coef":
            assert np.isnan(penalty.fenchel_young(nan, some))
        else:
            assert np.isnan(penalty.dual_norm(nan))
            assert np.isnan(penalty.largest_magnitude(nan))

    def test_no_bound_is_the_penalty_without_bounds(self):
        terms = FeatureTerms([1.0, 2.0], [1.0, 2.0], [-np.inf, 0.0], [np.inf, 0.0])
        assert type(multi_task_penalty(ElasticNetPenalty(1.0, 0.5, terms))) is MultiTaskPenalty
        assert type(penalty_of(1.0, 0.5, (1.0, 1.0), 0.0, np.inf)) is not MultiTaskPenalty


class BoundedProblem:
    """The objective and the duality gap from their definitions, in extended precision.

    1/(2 sum s) sum_i s_i |y_i - b - W x_i|^2 + alpha sum_j v_j (l1_ratio |w_j| + (1 - l1_ratio)/2 |w_j|^2) for W of
    shape (n_tasks, n_features) with columns w_j within bounds; features of infinite weight are left out.
    """

    def __init__(
        self,
        X,
        Y,
        *,
        alpha=1.0,
        l1_ratio=1.0,
        sample_weight=None,
        fit_intercept=True,
        penalty_weights=None,
        standardize=False,
        lower_bounds=None,
        upper_bounds=None,
    ):
        self.X, self.Y = np.asarray(X, np.longdouble), np.asarray(Y, np.longdouble)
        weights = np.asarray(np.ones(len(X)) if sample_weight is None else sample_weight, np.longdouble)
        self.weights = weights / weights.sum()
        factors, lower, upper = (
            np.array(np.broadcast_to(default if given is None else given, X.shape[1]), np.longdouble)
            for given, default in ((penalty_weights, 1), (lower_bounds, -np.inf), (upper_bounds, np.inf))
        )
        lower[np.isinf(factors)] = upper[np.isinf(factors)] = 0
        factors[np.isinf(factors)] = 1
        scales = standard_deviations(self.X, self.weights) if standardize else np.ones_like(factors)
        self.lower, self.upper, self.fit_intercept, self.l1_ratio = lower, upper, fit_intercept, l1_ratio
        self.l1_weights = factors * scales
        self.l1 = np.longdouble(alpha) * l1_ratio * self.l1_weights
        self.l2 = np.longdouble(alpha) * (1 - np.longdouble(l1_ratio)) * factors * scales**2
        self.free = (factors == 0) & (lower < upper)
        offset = self.weights @ self.Y if fit_intercept else 0
        # At least as large as that of the model with free features alone.
        self.scale = self.weights @ ((self.Y - offset) ** 2).sum(axis=1) / 2

    def residual(self, coef, intercept):
        return self.Y - self.X @ np.asarray(coef, np.longdouble).T - np.asarray(intercept, np.longdouble)

    def objective(self, coef, intercept):
        coef = np.asarray(coef, np.longdouble)
        assert ((self.lower <= coef) & (coef <= self.upper)).all()
        loss = self.weights @ (self.residual(coef, intercept) ** 2).sum(axis=1) / 2
        sizes = np.sqrt((coef**2).sum(axis=0))
        return loss + self.l1 @ sizes + self.l2 @ sizes**2 / 2

    def orthogonal(self, residual, coef):
        """For every task, what the intercept and the free features inside their bounds leave of the residuals."""
        root, theta = np.sqrt(self.weights), residual.copy()
        for task in range(theta.shape[1]):
            inside = self.free & (self.lower < coef[task]) & (coef[task] < self.upper)
            columns = [*([root] if self.fit_intercept else []), *(root[:, None] * self.X[:, inside]).T]
            basis, rest = [], root * residual[:, task]
            for column in columns:
                along = column.copy()
                for other in 2 * basis:
                    along = along - (other @ along) * other
                size = np.sqrt(along @ along)
                if size > 1e-14 * np.sqrt(column @ column):
                    basis.append(along / size)
            for other in 2 * basis:
                rest = rest - (other @ rest) * other
            theta[:, task] = np.divide(rest, root, out=np.zeros_like(rest), where=root > 0)
        return theta

    def conjugate(self, U):
        """Sum over the features of the largest <u, w> - l1 |w| - l2 |w|^2 / 2 within bounds, by bisection for |w|.

        At a given norm r the best coefficients are clip(u / (l2 + l1 / r)); any are a lower bound, so from above the
        split of u in what they are best for without bounds, and the rest, is taken.
        """
        low, high = np.full((2, U.shape[1]), [[np.longdouble(1e-30)], [np.longdouble(1e30)]])
        bound = np.where(U > 0, self.upper, np.where(U < 0, self.lower, 0))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for _ in range(300):
                middle = np.sqrt(low * high)
                curvature = self.l2 + self.l1 / middle
                best = np.where(abs(U) >= abs(bound) * curvature, bound, U / curvature)
                beyond = np.sqrt((best**2).sum(axis=0)) > middle
                low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
            kept = np.where(abs(U) > abs(bound) * curvature, bound * curvature, U)
            kept[U == 0] = 0
            # But for what bisection leaves.
            held = np.where(kept == U, 0, (U - kept) * bound).sum(axis=0)
            size = np.sqrt((kept**2).sum(axis=0))
            excess = np.maximum(size - self.l1, 0)
            squares = np.where(excess > 0, excess**2 / (2 * self.l2), 0)
            squares[(self.l2 == 0) & (excess <= 1e-15 * self.l1)] = 0
        return held + squares

    def dual_gap(self, coef, intercept):
        """Objective minus the best dual value along the residual."""
        theta = self.orthogonal(self.residual(coef, intercept), coef)
        U = (self.X.T @ (self.weights[:, None] * theta)).T
        inside = self.free & (self.lower < coef) & (coef < self.upper)
        U[inside] = 0
        linear = self.weights @ (theta * self.Y).sum(axis=1)
        energy = self.weights @ (theta**2).sum(axis=1)
        unbounded = np.where(U > 0, self.upper == np.inf, self.lower == -np.inf)
        is_open = np.where(U > 0, self.upper > 0, self.lower < 0)
        penalised = ~self.free

        def longest(counts):
            norms = np.sqrt((np.where(counts, U, 0) ** 2).sum(axis=0))[penalised]
            l1 = self.l1[penalised][norms > 0]
            return (1 - np.longdouble(1e-18)) * (l1 / norms[norms > 0]).min(initial=np.inf)

        finite = np.inf if (self.l2[penalised] > 0).all() else longest(unbounded)
        best = linear / energy if energy > 0 else 0
        vanishing = longest(is_open)
        values = []
        for scale in (min(1, finite), min(best, finite), min(1, vanishing), min(best, vanishing)):
            parts = self.conjugate(scale * U)
            values.append(scale * linear - scale**2 * energy / 2 - parts.sum())
        return self.objective(coef, intercept) - max(values)

    def relative(self, gap):
        return float(gap / self.scale)


def within_reach(X):
    """Bounds on either side, on both, on none, or at zero, that coefficients of size one meet."""
    scale = X.std(axis=0)
    size = 0.7 / np.where(scale > 1e-12, scale, 1.0)
    j = np.arange(len(size))
    lower, upper = np.where(j % 4 == 0, -size, -np.inf), np.where(j % 3 == 0, size, np.inf)
    lower[j % 5 == 2] = 0.0
    upper[j % 7 == 6] = 0.0
    return {"lower_bounds": lower, "upper_bounds": upper}


def beyond_reach(X):
    """Bounds that nothing meets."""
    size = 1e6 / np.maximum(X.std(axis=0), 1e-12)
    return {"lower_bounds": -size, "upper_bounds": size}


TERMS = {
    "lasso": {},
    "l1_ratio=.5": {"l1_ratio": 0.5},
    "l1_ratio=.05": {"l1_ratio": 0.05},
    "weighted": {"penalty_weights": some_free},
    "weighted l1_ratio=.5": {"penalty_weights": some_free, "l1_ratio": 0.5},
    "standardized": {"standardize": True},
}
BOUNDS = {
    "mixed": within_reach,
    "positive": lambda X: {"lower_bounds": 0.0},
    "negative": lambda X: {"upper_bounds": np.zeros(X.shape[1])},
    "far": beyond_reach,
}


def make_terms(kind, limits, X):
    terms = {"l1_ratio": 1.0} | TERMS[kind] | BOUNDS[limits](X)
    if "penalty_weights" in terms:
        terms["penalty_weights"] = terms["penalty_weights"](X.shape[1])
    return terms


def fit(X, Y, *, sample_weight=None, **params):
    return MultiTaskElasticNet(**params).fit(X, Y, sample_weight=sample_weight)


def largest_alpha(X, Y, terms):
    weight = {"sample_weight": terms.get("sample_weight"), "fit_intercept": terms.get("fit_intercept", True)}
    others = {name: value for name, value in terms.items() if name not in weight}
    return enet_path(X, Y, alphas=1, **others, **weight)[0][0]


class TestCertificate:
    @pytest.mark.parametrize("kind, limits, weights", every_pair([*TERMS], [*BOUNDS], ["none", "with_zeros"]))
    @pytest.mark.parametrize("design", DESIGNS)
    @pytest.mark.filterwarnings("ignore:Features with penalty weight 0:UserWarning")
    def test_gap(self, design, weights, kind, limits):
        X, Y = make_tasks(design)
        terms = make_terms(kind, limits, X) | {
            "sample_weight": make_weights(weights, len(Y)),
            "fit_intercept": limits != "far",
        }
        alpha_max = largest_alpha(X, Y, terms)
        for share in (0.5, 0.01):
            terms["alpha"] = share * (alpha_max or 1.0)
            problem = BoundedProblem(X, Y, **terms)
            model = fit(X, Y, tol=1e-8, **terms)
            assert model.dual_gap_ >= 0
            if problem.scale > 1e-20:
                assert problem.relative(model.dual_gap_) <= 1e-8
                assert -1e-15 <= problem.relative(problem.dual_gap(model.coef_, model.intercept_)) <= 1e-8

    @pytest.mark.parametrize("limits", ["mixed", "positive"])
    @pytest.mark.parametrize("kind", TERMS)
    @pytest.mark.parametrize("design", ["random", "correlated", "nearly_collinear", "tall", "wide", "mostly_zeros"])
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_gap_of_a_loose_answer_covers_its_error(self, design, kind, limits):
        X, Y = make_tasks(design)
        terms = make_terms(kind, limits, X) | {"sample_weight": make_weights("random", len(Y))}
        terms["alpha"] = 0.03 * largest_alpha(X, Y, terms)
        problem = BoundedProblem(X, Y, **terms)
        tight = fit(X, Y, tol=1e-12, **terms)
        loose = fit(X, Y, tol=1e-14, max_iter=1, **terms)
        least = problem.objective(tight.coef_, tight.intercept_)
        error = problem.relative(problem.objective(loose.coef_, loose.intercept_) - least)
        assert problem.relative(loose.dual_gap_) >= error - ROUNDING
        assert problem.relative(problem.dual_gap(loose.coef_, loose.intercept_)) >= error - ROUNDING

    @pytest.mark.parametrize(
        "design, store, l1_ratio",
        every_pair(["random", "tall", "wide", "nearly_collinear", "mostly_zeros"], [*STORES], [1.0, 0.5]),
    )
    def test_gaps_of_paths(self, design, store, l1_ratio):
        X, Y = make_tasks(design)
        weights = make_weights("random", len(Y))
        options = dict(l1_ratio=l1_ratio, sample_weight=weights, fit_intercept=True, **within_reach(X))
        path = enet_path(STORES[store](X), Y, alphas=10, eps=1e-2, tol=1e-8, return_intercept=True, **options)
        for alpha, coef, gap, intercept in zip(path[0], path[1].transpose(2, 0, 1), path[2], path[3].T, strict=True):
            problem = BoundedProblem(X, Y, alpha=alpha, **options)
            assert 0 <= problem.relative(gap) <= 1e-8
            assert -1e-15 <= problem.relative(problem.dual_gap(coef, intercept)) <= 1e-8

    @pytest.mark.parametrize("limits", BOUNDS)
    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    def test_a_general_minimiser_finds_nothing_better(self, limits, seed, l1_ratio):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((20, 6))
        Y = X @ rng.standard_normal((6, 3)) + rng.standard_normal((20, 3))
        terms = {"alpha": 0.2, "l1_ratio": l1_ratio} | BOUNDS[limits](X)
        model = fit(X, Y, fit_intercept=False, tol=1e-10, **terms)
        problem = BoundedProblem(X, Y, fit_intercept=False, **terms)

        def smooth(entries):
            W = entries.reshape(3, 6)
            sizes, left = np.sqrt((W**2).sum(axis=0) + 1e-16), Y - X @ W.T
            value = (left**2).sum() / 40 + 0.2 * (l1_ratio * sizes.sum() + (1 - l1_ratio) / 2 * (W**2).sum())
            return value, (-left.T @ X / 20 + 0.2 * (l1_ratio * W / sizes + (1 - l1_ratio) * W)).ravel()

        ends = np.tile(np.stack([problem.lower, problem.upper]).astype(float), 3).T
        options = {"maxiter": 10_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-10}
        other = minimize(smooth, np.zeros(18), jac=True, bounds=ends, method="L-BFGS-B", options=options)
        least = float(problem.objective(model.coef_, 0))
        assert least <= other.fun + 1e-9
        assert least == pytest.approx(other.fun, rel=1e-5)

    @pytest.mark.parametrize("limits", ["mixed", "positive"])
    @pytest.mark.parametrize("design", ["random", "tall", "wide"])
    def test_optimality_conditions(self, design, limits):
        X, Y = make_tasks(design)
        terms = {"alpha": 0.2, "l1_ratio": 0.9} | BOUNDS[limits](X)
        model = fit(X, Y, tol=1e-13, **terms)
        problem = BoundedProblem(X, Y, **terms)
        C = (X.T @ (Y - model.predict(X)) / len(Y)).T
        kept = model.coef_.any(axis=0)
        assert kept.any()
        assert not kept.all()
        is_open = np.where(C > 0, problem.upper > 0, problem.lower < 0)
        assert np.linalg.norm(np.where(is_open, C, 0), axis=0)[~kept].max() <= 0.18 * (1 + 1e-9)
        slopes = C - 0.18 * model.coef_ / np.linalg.norm(model.coef_ + ~kept, axis=0) - 0.02 * model.coef_
        at_upper, at_lower = model.coef_ == problem.upper, model.coef_ == problem.lower
        inside = kept & ~at_upper & ~at_lower
        assert inside.any()
        assert (at_upper | at_lower)[:, kept].any()
        assert_allclose(slopes[inside], 0, atol=1e-7)
        assert slopes[kept & at_upper].min(initial=0) >= -1e-7
        assert slopes[kept & at_lower].max(initial=0) <= 1e-7

    @pytest.mark.parametrize("store", STORES)
    def test_float32(self, store):
        X, Y = (array.astype(np.float32) for array in make_tasks("random"))
        terms = {"alpha": 0.1, "l1_ratio": 0.9} | within_reach(X)
        model = fit(STORES[store](X), Y, tol=1e-10, **terms)
        assert model.coef_.dtype == np.float32
        exact = fit(X.astype(float), Y.astype(float), tol=1e-13, **terms)
        assert_allclose(model.coef_, exact.coef_, atol=1e-5)
        # Bounds that are no numbers of single precision are kept to within its rounding.
        assert (model.coef_ <= terms["upper_bounds"].astype(np.float32)).all()
        assert (model.coef_ >= terms["lower_bounds"].astype(np.float32)).all()

    def test_no_strength_is_least_squares_within_bounds(self):
        X, Y = make_tasks("tall")
        with pytest.warns(UserWarning, match="alpha=0"):
            model = MultiTaskLasso(0.0, lower_bounds=0, tol=1e-12).fit(X, Y)
        assert_allclose(model.coef_, LinearRegression(positive=True).fit(X, Y).coef_, atol=1e-7)


class TestKnownAnswers:
    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05, 0.0])
    @pytest.mark.parametrize("limits", BOUNDS)
    @pytest.mark.parametrize("design", ["random", "correlated", "tall", "wide", "tiny", "one_feature"])
    def test_one_task_is_the_elastic_net(self, design, limits, l1_ratio):
        X, Y = make_tasks(design, 1)
        options = dict(alpha=0.1, l1_ratio=l1_ratio, tol=1e-12, **BOUNDS[limits](X))
        one, several = ElasticNet(**options).fit(X, Y[:, 0]), MultiTaskElasticNet(**options).fit(X, Y)
        assert_allclose(several.coef_[0], one.coef_, atol=1e-7 * abs(one.coef_).max())
        assert_allclose(several.intercept_, one.intercept_, rtol=1e-7, atol=1e-12)

    @pytest.mark.parametrize("kind", TERMS)
    @pytest.mark.parametrize("design", ["random", "tall", "wide"])
    def test_infinite_bounds_are_none(self, design, kind):
        X, Y = make_tasks(design)
        terms = {"l1_ratio": 1.0} | TERMS[kind]
        terms["penalty_weights"] = some_free(X.shape[1])
        options = dict(alphas=10, eps=0.01, fit_intercept=True, return_intercept=True, **terms)
        paths = [
            enet_path(X, Y, lower_bounds=lower, upper_bounds=upper, **options)
            for lower, upper in [(None, None), (-np.inf, None), (np.full(X.shape[1], -np.inf), np.inf)]
        ]
        for path in paths[1:]:
            for ours, without in zip(path, paths[0], strict=True):
                assert_array_equal(ours, without)

    @pytest.mark.parametrize("kind", TERMS)
    @pytest.mark.parametrize("design", ["random", "tall", "wide", "mostly_zeros"])
    def test_bounds_that_nothing_meets_change_nothing(self, design, kind):
        X, Y = make_tasks(design)
        terms = make_terms(kind, "far", X) | {"alpha": 0.1, "tol": 1e-12}
        bounded = fit(X, Y, **terms)
        free = fit(X, Y, **terms | {"lower_bounds": None, "upper_bounds": None})
        assert free.coef_.any()
        assert_allclose(bounded.coef_, free.coef_, atol=1e-8 * abs(free.coef_).max())

    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    def test_orthonormal_design(self, l1_ratio):
        rng = np.random.default_rng(0)
        X = np.linalg.qr(rng.standard_normal((60, 12)))[0] * np.sqrt(60)
        Y = X @ rng.standard_normal((12, 4)) + rng.standard_normal((60, 4))
        correlations = np.maximum(Y.T @ X / 60, 0)
        norms = np.linalg.norm(correlations, axis=0)
        alphas, coefs, _ = enet_path(X, Y, l1_ratio=l1_ratio, alphas=9, eps=0.1, lower_bounds=0)
        assert_allclose(alphas[0], norms.max() / l1_ratio, rtol=1e-12)
        for alpha, coef in zip(alphas, coefs.transpose(2, 0, 1), strict=True):
            factors = np.maximum(1 - alpha * l1_ratio / np.maximum(norms, 1e-9), 0) / (1 + alpha * (1 - l1_ratio))
            assert_allclose(coef, factors * correlations, atol=1e-10)

    def test_a_coefficient_at_its_bound(self):
        # Of y = (3, 4) at a bound of 1 on orthonormal x: w = (1, 1) while the norm would pull less than the data.
        x = np.array([[1.0], [-1.0]])
        Y = x @ [[3.0, 4.0]]
        for alpha in (0.1, 2.0):
            assert_array_equal(MultiTaskLasso(alpha, upper_bounds=1).fit(x, Y).coef_, [[1.0], [1.0]])
        # At alpha = 3.5 w = s (3, 4) with 1 / s = 1 + 3.5 / |w|, so |w| = 1.5: both within the bound of 1.2.
        assert_allclose(MultiTaskLasso(3.5, upper_bounds=1.2).fit(x, Y).coef_, [[0.9], [1.2]], rtol=1e-12)
        # The bound of 0.3 for the second, whatever that does to the first: w_1 (1 + alpha / |w|) = 3.
        (first,), (second,) = MultiTaskLasso(4.2, lower_bounds=-9, upper_bounds=0.5, tol=1e-14).fit(x, Y).coef_
        assert second == 0.5
        assert_allclose(first * (1 + 4.2 / np.hypot(first, 0.5)), 3, rtol=1e-10)

    @pytest.mark.parametrize("limits", BOUNDS)
    @pytest.mark.parametrize("kind", [kind for kind in TERMS if kind != "l1_ratio=.05"])
    @pytest.mark.parametrize("design", ["random", "tall", "wide", "mostly_zeros"])
    def test_alpha_max_is_tight(self, design, kind, limits):
        X, Y = make_tasks(design)
        terms = make_terms(kind, limits, X)
        alpha_max = largest_alpha(X, Y, terms)
        penalised = terms.get("penalty_weights", np.ones(X.shape[1])) > 0
        assert not fit(X, Y, alpha=alpha_max * (1 + 1e-9), **terms).coef_[:, penalised].any()
        below = fit(X, Y, alpha=alpha_max * (1 - 1e-6), tol=1e-15, **terms)
        assert np.count_nonzero(below.coef_[:, penalised].any(axis=0)) == 1


class TestFeatureTerms:
    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    @pytest.mark.parametrize("design", ["random", "tall", "wide"])
    def test_storages_give_one_answer(self, design, l1_ratio):
        X, Y = make_tasks(design)
        options = dict(alphas=10, eps=0.05, l1_ratio=l1_ratio, tol=1e-10, fit_intercept=True, **within_reach(X))
        paths = [enet_path(store(X), Y, **options) for store in STORES.values()]
        assert paths[0][1].any()
        for path in paths[1:]:
            assert_allclose(path[1], paths[0][1], atol=1e-6)

    @pytest.mark.parametrize("store", STORES)
    def test_weights_of_samples_are_repetitions(self, store):
        X, Y = make_tasks("tall")
        weights = make_weights("integers", len(Y))
        options = dict(alpha=0.05, tol=1e-12, **within_reach(X))
        model = MultiTaskLasso(**options).fit(STORES[store](X), Y, sample_weight=weights)
        other = MultiTaskLasso(**options).fit(np.repeat(X, weights, axis=0), np.repeat(Y, weights, axis=0))
        assert_allclose(model.coef_, other.coef_, atol=1e-8)
        assert_allclose(model.intercept_, other.intercept_, rtol=1e-8)

    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    @pytest.mark.parametrize("store", STORES)
    def test_standardize_is_a_scaler_in_front(self, store, l1_ratio):
        X, Y = make_tasks("badly_scaled")
        bounds = within_reach(X)
        params = dict(alpha=0.2, l1_ratio=l1_ratio, tol=1e-12)
        model = MultiTaskElasticNet(standardize=True, **params, **bounds).fit(STORES[store](X), Y)
        scaler = StandardScaler().fit(X)
        scaled = {name: values * scaler.scale_ for name, values in bounds.items()}
        other = MultiTaskElasticNet(**params, **scaled).fit(scaler.transform(X), Y)
        assert other.coef_.any()
        assert_allclose(model.coef_ * scaler.scale_, other.coef_, atol=1e-8)

    def test_weights_of_the_penalty_are_scales_of_the_features(self):
        X, Y = make_tasks("random")
        weights = np.random.default_rng(0).uniform(0.5, 2, X.shape[1])
        weights[::4] = np.inf
        kept, bounds = np.isfinite(weights), within_reach(X)
        model = MultiTaskLasso(0.1, penalty_weights=weights, tol=1e-12, **bounds).fit(X, Y)
        scaled = {name: values[kept] * weights[kept] for name, values in bounds.items()}
        other = MultiTaskLasso(0.1, tol=1e-12, **scaled).fit(X[:, kept] / weights[kept], Y)
        assert_array_equal(model.coef_[:, ~kept], 0)
        assert_allclose(model.coef_[:, kept], other.coef_ / weights[kept], atol=1e-8)

    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.filterwarnings("ignore:Features with penalty weight 0:UserWarning")
    def test_features_without_a_penalty_are_least_squares_within_bounds(self, store):
        X, Y = make_tasks("tall")
        model = MultiTaskLasso(1.0, penalty_weights=np.zeros(10), lower_bounds=0, tol=1e-12).fit(STORES[store](X), Y)
        reference = LinearRegression(positive=True).fit(X, Y)
        assert (reference.coef_ == 0).any()
        assert_allclose(model.coef_, reference.coef_, atol=1e-8)
        assert_allclose(model.intercept_, reference.intercept_, rtol=1e-8)

    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("design", ["random", "tall"])
    def test_relax_is_least_squares_within_bounds_on_the_support(self, design, store):
        X, Y = make_tasks(design)
        alpha = 0.3 * enet_path(X, Y, l1_ratio=1.0, alphas=1, fit_intercept=True, lower_bounds=0)[0][0]
        plain, half = (
            MultiTaskLasso(alpha, relax=relax, lower_bounds=0, tol=1e-12).fit(STORES[store](X), Y)
            for relax in (1.0, 0.5)
        )
        kept = plain.coef_.any(axis=0)
        assert 1 < kept.sum() < 20
        reference = LinearRegression(positive=True).fit(X[:, kept], Y)
        assert (reference.coef_ == 0).any()
        assert_allclose(half.coef_[:, kept], (plain.coef_[:, kept] + reference.coef_) / 2, atol=1e-8)
        assert_allclose(half.intercept_, (plain.intercept_ + reference.intercept_) / 2, rtol=1e-8)

    @pytest.mark.parametrize("library", FRAMES)
    @pytest.mark.parametrize("Estimator", SINGLE + CROSS_VALIDATED)
    def test_by_name(self, Estimator, library):
        X, Y = make_tasks("tall")
        names = [f"x{j}" for j in range(10)]
        frame = pytest.importorskip(library).DataFrame(dict(zip(names, X.T, strict=True)))
        lower, upper = np.full(10, -np.inf), np.full(10, np.inf)
        lower[3], upper[0], upper[6] = 0.0, 0.1, 0.0
        options = {"alphas": 5, "eps": 0.05} if Estimator in CROSS_VALIDATED else {"alpha": 0.1}
        named = Estimator(lower_bounds={"x3": 0}, upper_bounds={"x0": 0.1, "x6": 0}, **options).fit(frame, Y)
        model = Estimator(lower_bounds=lower, upper_bounds=upper, **options).fit(X, Y)
        assert_allclose(named.coef_, model.coef_, atol=1e-10)
        assert not np.allclose(model.coef_, Estimator(**options).fit(X, Y).coef_, atol=1e-3)
        with pytest.raises(ValueError, match=r"lower_bounds.*nobody"):
            Estimator(lower_bounds={"nobody": 0}, **options).fit(frame, Y)

    @pytest.mark.parametrize("limits", BOUNDS)
    @pytest.mark.parametrize("design", ["random", "correlated", "tall"])
    def test_warm_starts_do_not_move_the_answer(self, design, limits):
        X, Y = make_tasks(design)
        terms = BOUNDS[limits](X)
        alphas = largest_alpha(X, Y, terms | {"l1_ratio": 1.0}) * np.geomspace(0.3, 3e-3, 3)
        options = dict(alphas=alphas, tol=1e-10, fit_intercept=True, **terms)
        cold, warm = (
            lasso_path(X, Y, coef_init=start, **options)[1] for start in (None, np.full((3, X.shape[1]), 50.0))
        )
        assert_allclose(np.einsum("ij,tja->ita", X, warm), np.einsum("ij,tja->ita", X, cold), atol=1e-4)
        model = MultiTaskLasso(alphas[2], tol=1e-10, warm_start=True, **terms).fit(X, Y)
        n_iter, first = model.n_iter_, model.predict(X)
        assert model.fit(X, Y).n_iter_ < max(n_iter, 1)
        assert_allclose(model.predict(X), first, atol=1e-4)
        # Other bounds than those of the coefficients to start from.
        model.set_params(lower_bounds=-0.1, upper_bounds=0.05).fit(X, Y)
        other = MultiTaskLasso(alphas[2], tol=1e-10, lower_bounds=-0.1, upper_bounds=0.05).fit(X, Y)
        assert_allclose(model.predict(X), other.predict(X), atol=1e-4)

    @pytest.mark.parametrize("kind", ["lasso", "weighted", "standardized"])
    def test_powers_of_two_scale_exactly(self, kind):
        X, Y = make_tasks("random")
        terms = make_terms(kind, "mixed", X)
        options = dict(alphas=4, eps=1e-2, fit_intercept=True, return_intercept=True)
        alphas, coefs, gaps, intercepts = enet_path(X, Y, **options, **terms)
        for log2_X, log2_y in [(100, 0), (-100, 70), (3, 5)]:
            bounds = {name: np.ldexp(terms[name], log2_y - log2_X) for name in ("lower_bounds", "upper_bounds")}
            scaled = enet_path(np.ldexp(X, log2_X), np.ldexp(Y, log2_y), **options, **terms | bounds)
            assert_array_equal(scaled[0], np.ldexp(alphas, log2_y if kind == "standardized" else log2_X + log2_y))
            assert_array_equal(scaled[1], np.ldexp(coefs, log2_y - log2_X))
            assert_array_equal(scaled[2], np.ldexp(gaps, 2 * log2_y))
            assert_array_equal(scaled[3], np.ldexp(intercepts, log2_y))


class TestCrossValidation:
    @pytest.mark.parametrize("store", STORES)
    def test_agrees_with_grid_search(self, store):
        X, Y = make_tasks("tall")
        alphas, bounds = np.geomspace(0.01, 1, 5), within_reach(X)
        search = GridSearchCV(MultiTaskLasso(**bounds), {"alpha": alphas}, cv=3, scoring="neg_mean_squared_error")
        search.fit(X, Y)
        model = MultiTaskLassoCV(alphas=alphas, cv=3, **bounds).fit(STORES[store](X), Y)
        assert model.alpha_ == search.best_params_["alpha"]
        assert_allclose(model.cv_results_["mean_test_score"][::-1], search.cv_results_["mean_test_score"], rtol=1e-7)
        assert_allclose(model.coef_, search.best_estimator_.coef_, atol=1e-7)

    @pytest.mark.parametrize("design", ["random", "tall"])
    def test_every_fold_is_a_fit_of_its_own(self, design):
        X, Y = make_tasks(design)
        terms = dict(l1_ratio=0.7, standardize=True, **within_reach(X))
        cv = KFold(3)
        model = MultiTaskElasticNetCV(alphas=6, eps=0.05, cv=cv, tol=1e-12, store_fold_coefs=True, **terms).fit(X, Y)
        for number, (train, _) in enumerate(cv.split(X)):
            path = enet_path(X[train], Y[train], alphas=model.alphas_, tol=1e-12, fit_intercept=True, **terms)
            assert_allclose(model.fold_coef_path_[number], path[1], atol=1e-8)
        relaxed = MultiTaskElasticNetCV(alphas=6, eps=0.05, cv=cv, tol=1e-12, relax=[0.0, 1.0], **terms).fit(X, Y)
        assert_allclose(relaxed.mse_path_[1], model.mse_path_, rtol=1e-8)
        assert (
            (terms["lower_bounds"] <= relaxed.coef_.min(axis=0)) & (relaxed.coef_.max(axis=0) <= terms["upper_bounds"])
        ).all()


@pytest.mark.parametrize("Estimator", SINGLE + CROSS_VALIDATED)
@pytest.mark.parametrize(
    "param",
    [
        {"lower_bounds": 0.5},
        {"upper_bounds": -0.5},
        {"lower_bounds": [-1.0] * 9},
        {"upper_bounds": [1.0] * 9 + [np.nan]},
        {"upper_bounds": "high"},
        {"lower_bounds": {"x0": 0.0}},
    ],
)
def test_bad_bounds_are_refused_as_those_of_one_task(Estimator, param):
    X, Y = make_tasks("tall")
    messages = []
    for model, target in [(Estimator(**param), Y), (Lasso(**param), Y[:, 0])]:
        with pytest.raises(ValueError, match=next(iter(param))) as info:
            model.fit(X, target)
        messages.append(str(info.value).replace(type(model).__name__, "model"))
    assert messages[0] == messages[1]
    for path in (lasso_path, enet_path):
        with pytest.raises(ValueError, match=next(iter(param))):
            path(X, Y, alphas=3, **param)
