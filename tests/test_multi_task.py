"""Several tasks that share their features: agreement, certificate, invariance, terms, cross-validation, errors."""

import pickle
import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_sparsefit
from oracles import standard_deviations
from registry import DESIGNS, FRAMES, ILL_CONDITIONED, WEIGHTS, make_weights
from sklearn_sparsefit import (
    ElasticNet,
    Lasso,
    LassoCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    enet_path,
    lasso_path,
)

SINGLE = ["MultiTaskLasso", "MultiTaskElasticNet"]
CROSS_VALIDATED = ["MultiTaskLassoCV", "MultiTaskElasticNetCV"]
STORES = {
    "dense_C": np.ascontiguousarray,
    "dense_F": np.asfortranarray,
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
}
L1_RATIOS = [1.0, 0.5, 0.05]
# How far a certificate may fall short of a suboptimality measured in extended precision.
ROUNDING = 1e-13


def both(name):
    return getattr(sklearn_sparsefit, name), getattr(theirs, name)


def make_tasks(design, n_tasks=3):
    """A design by name and tasks in which every third of the first 30 columns has a part."""
    rng = np.random.default_rng(sum(map(ord, design)))
    X = DESIGNS[design](rng)
    n_samples, n_features = X.shape
    scale = X.std(axis=0)
    effects = rng.standard_normal((n_tasks, n_features))
    effects[:, 1::3] = effects[:, 2::3] = effects[:, 30:] = 0.0
    coef = np.divide(effects, scale, out=np.zeros_like(effects), where=scale > 1e-12)
    return X, np.arange(3.0, 3.0 + n_tasks) + X @ coef.T + rng.standard_normal((n_samples, n_tasks))


class MultiTaskProblem:
    """The objective, the duality gap and alpha_max from their definitions, in extended precision.

    1/(2 sum s) sum_i s_i |y_i - b - W x_i|^2 + alpha sum_j v_j (l1_ratio |w_j| + (1 - l1_ratio)/2 |w_j|^2) for W of
    shape (n_tasks, n_features) with columns w_j; features of infinite weight are left out.
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
    ):
        X = X.toarray() if sparse.issparse(X) else X
        self.X, self.Y = np.asarray(X, np.longdouble), np.asarray(Y, np.longdouble)
        weights = np.ones(len(self.Y)) if sample_weight is None else sample_weight
        self.weights = np.asarray(weights, np.longdouble) / np.sum(np.asarray(weights, np.longdouble))
        factors = np.ones(self.X.shape[1]) if penalty_weights is None else np.asarray(penalty_weights)
        self.factors = np.where(np.isinf(factors), 1, factors).astype(np.longdouble)
        self.kept = np.isfinite(factors)
        self.scales = standard_deviations(self.X, self.weights) if standardize else np.ones_like(self.factors)
        self.l1_ratio, self.fit_intercept = l1_ratio, fit_intercept
        self.l1 = np.longdouble(alpha) * l1_ratio * self.factors * self.scales
        self.l2 = np.longdouble(alpha) * (1 - np.longdouble(l1_ratio)) * self.factors * self.scales**2
        self.free = self.kept & (self.factors == 0)
        self.null_residual = self.left_of(self.Y)
        self.null_objective = self.weights @ (self.null_residual**2).sum(axis=1) / 2

    def left_of(self, values):
        """What the intercept and the features of weight zero leave of values, by weighted Gram-Schmidt, twice."""
        root = np.sqrt(self.weights)[:, None]
        columns = root * self.X[:, self.free]
        if self.fit_intercept:
            columns = np.column_stack([root, columns])
        rest, basis = root * values, []
        for column in columns.T:
            along = column.copy()
            for other in 2 * basis:
                along = along - (other @ along) * other
            size = np.sqrt(along @ along)
            if size > 1e-14 * np.sqrt(column @ column):
                basis.append(along / size)
        for other in 2 * basis:
            rest = rest - np.outer(other, other @ rest)
        return np.divide(rest, root, out=np.zeros_like(rest), where=root > 0)

    def norms_of_correlations(self, residual):
        correlations = self.X.T @ (self.weights[:, None] * residual)
        norms = np.sqrt((correlations**2).sum(axis=1))
        norms[self.free | ~self.kept] = 0
        return norms

    @property
    def alpha_max(self):
        penalised = self.kept & ~self.free
        norms = self.norms_of_correlations(self.null_residual)[penalised]
        return float((norms / (self.factors * self.scales)[penalised]).max(initial=0) / self.l1_ratio)

    def residual(self, coef, intercept):
        return self.Y - self.X @ np.asarray(coef, np.longdouble).T - np.asarray(intercept, np.longdouble)

    def objective(self, coef, intercept):
        assert not np.asarray(coef)[:, ~self.kept].any()
        loss = self.weights @ (self.residual(coef, intercept) ** 2).sum(axis=1) / 2
        sizes = np.sqrt((np.asarray(coef, np.longdouble) ** 2).sum(axis=0))
        return loss + self.l1 @ sizes + self.l2 @ sizes**2 / 2

    def dual_gap(self, coef, intercept):
        """Objective minus the best dual value along the residual."""
        theta = self.left_of(self.residual(coef, intercept))
        norms = self.norms_of_correlations(theta)
        linear = self.weights @ (theta * self.Y).sum(axis=1)
        energy = self.weights @ (theta**2).sum(axis=1)

        def dual(scale):
            excess = np.maximum(scale * norms - self.l1, 0)
            assert not excess[self.l2 == 0].any()
            squares = np.divide(excess**2, 2 * self.l2, out=np.zeros_like(excess), where=self.l2 > 0)
            return scale * linear - scale**2 * energy / 2 - squares.sum()

        def largest(counted):
            counted = counted & (norms > 0)
            return (1 - np.longdouble(1e-18)) * (self.l1[counted] / norms[counted]).min(initial=np.inf)

        longest, feasible = largest(self.l2 == 0), largest(np.ones_like(self.free))
        best = max(linear / energy, 0) if energy > 0 else 0
        scales = [min(1, longest), min(best, longest), min(1, feasible), min(best, feasible)]
        return self.objective(coef, intercept) - max(map(dual, scales))

    def relative(self, gap):
        """A gap, or a difference of objectives, beside the objective of the answer zero."""
        return float(gap / self.null_objective) if gap else 0.0


def fit(X, Y, *, sample_weight=None, **params):
    return MultiTaskElasticNet(**params).fit(X, Y, sample_weight=sample_weight)


def some_free(n_features):
    """Weights of the penalty, a few of them zero, one infinite."""
    weights = np.random.default_rng(n_features).uniform(0.3, 3.0, n_features)
    if n_features > 3:
        weights[[1, 3]] = 0.0
        weights[2] = np.inf
    return weights


TERMS = {
    "lasso": {},
    "l1_ratio=.5": {"l1_ratio": 0.5},
    "l1_ratio=.05": {"l1_ratio": 0.05},
    "weighted": {"penalty_weights": some_free},
    "weighted l1_ratio=.5": {"penalty_weights": some_free, "l1_ratio": 0.5},
    "standardized": {"standardize": True},
}


def make_terms(kind, X):
    terms = {"l1_ratio": 1.0} | TERMS[kind]
    if "penalty_weights" in terms:
        terms["penalty_weights"] = terms["penalty_weights"](X.shape[1])
    return terms


class TestAgreement:
    """The answers of scikit-learn's estimators, where these are exact enough."""

    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("l1_ratio", L1_RATIOS)
    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("design", ["random", "tall", "mostly_zeros"])
    def test_single_alpha(self, design, store, l1_ratio, fit_intercept):
        X, Y = make_tasks(design)
        alpha = 0.1 * MultiTaskProblem(X, Y, l1_ratio=l1_ratio, fit_intercept=fit_intercept).alpha_max
        params = dict(alpha=alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept)
        our = MultiTaskElasticNet(**params, tol=1e-10).fit(STORES[store](X), Y)
        their = theirs.MultiTaskElasticNet(**params, tol=1e-13, max_iter=100_000).fit(X, Y)
        assert np.count_nonzero(our.coef_.any(axis=0)) > 0
        assert_allclose(our.coef_, their.coef_, atol=1e-6 * abs(their.coef_).max(), rtol=0)
        assert_allclose(our.intercept_, their.intercept_, rtol=1e-6)
        assert_allclose(our.predict(STORES[store](X)), their.predict(X), atol=1e-6 * abs(Y).max(), rtol=0)

    @pytest.mark.parametrize("design", ["random", "tall"])
    def test_the_lasso_is_the_elastic_net_of_ratio_one(self, design):
        X, Y = make_tasks(design)
        alpha = 0.1 * MultiTaskProblem(X, Y).alpha_max
        lasso, enet = MultiTaskLasso(alpha).fit(X, Y), MultiTaskElasticNet(alpha, l1_ratio=1.0).fit(X, Y)
        assert_array_equal(lasso.coef_, enet.coef_)
        assert "l1_ratio" not in MultiTaskLasso().get_params()
        their = theirs.MultiTaskLasso(alpha, tol=1e-13, max_iter=100_000).fit(X, Y)
        assert_allclose(lasso.coef_, their.coef_, atol=1e-6 * abs(their.coef_).max(), rtol=0)

    @pytest.mark.parametrize("l1_ratio", L1_RATIOS)
    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("design", ["random", "tall"])
    def test_path_functions(self, design, store, l1_ratio):
        X, Y = make_tasks(design)
        Y = Y - Y.mean(axis=0)
        options = dict(l1_ratio=l1_ratio, eps=1e-2)
        alphas, coefs, gaps = enet_path(STORES[store](X), Y, alphas=12, tol=1e-10, **options)
        their_alphas, their_coefs, _ = theirs.enet_path(X, Y, alphas=alphas, tol=1e-13, max_iter=100_000, **options)
        assert_array_equal(alphas, their_alphas)
        assert_allclose(alphas[0], np.linalg.norm(X.T @ Y, axis=1).max() / len(Y) / l1_ratio, rtol=1e-12)
        assert_allclose(alphas, alphas[0] * np.geomspace(1, 1e-2, 12), rtol=1e-12)
        assert coefs.shape == their_coefs.shape == (3, X.shape[1], 12)
        assert gaps.shape == (12,)
        assert_allclose(coefs, their_coefs, atol=1e-6 * abs(their_coefs).max(), rtol=0)

    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("name", CROSS_VALIDATED)
    @pytest.mark.parametrize("store", STORES)
    def test_cross_validation(self, name, store, fit_intercept):
        X, Y = make_tasks("tall")
        options = dict(alphas=20, eps=1e-2, cv=4, fit_intercept=fit_intercept)
        if name == "MultiTaskElasticNetCV":
            options["l1_ratio"] = [0.05, 0.5, 1.0]
        Ours, Theirs = both(name)
        our = Ours(**options, tol=1e-10).fit(STORES[store](X), Y)
        their = Theirs(**options, tol=1e-12, max_iter=100_000).fit(X, Y)
        assert_allclose(our.alphas_, their.alphas_, rtol=1e-12)
        assert our.mse_path_.shape == their.mse_path_.shape
        assert_allclose(our.mse_path_, their.mse_path_, rtol=1e-8)
        assert_allclose(our.alpha_, their.alpha_, rtol=1e-12)
        assert_allclose(our.coef_, their.coef_, atol=1e-7)
        assert_allclose(our.intercept_, their.intercept_, rtol=1e-7)
        if name == "MultiTaskElasticNetCV":
            assert our.l1_ratio_ == their.l1_ratio_

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    @pytest.mark.parametrize("store", STORES)
    def test_float32(self, name, store):
        X, Y = (array.astype(np.float32) for array in make_tasks("random"))
        Ours, Theirs = both(name)
        options = {"alphas": 10, "eps": 0.05} if name in CROSS_VALIDATED else {"alpha": 0.3}
        our, their = Ours(**options).fit(STORES[store](X), Y), Theirs(**options).fit(X, Y)
        exact = Theirs(**options, tol=1e-11, max_iter=100_000).fit(X.astype(float), Y.astype(float))
        assert our.coef_.dtype == their.coef_.dtype == np.float32
        assert our.intercept_.dtype == their.intercept_.dtype == np.float32
        assert our.predict(STORES[store](X)).dtype == np.float32
        assert_allclose(our.coef_, exact.coef_, atol=1e-5)
        assert_allclose(our.intercept_, exact.intercept_, rtol=1e-5)

    @pytest.mark.parametrize("name", SINGLE)
    @pytest.mark.parametrize("store", STORES)
    def test_weights_of_samples(self, name, store):
        X, Y = make_tasks("tall")
        weights = make_weights("with_zeros", len(Y))
        Ours, _ = both(name)
        our = Ours(0.1, tol=1e-12).fit(STORES[store](X), Y, sample_weight=weights)
        removed = Ours(0.1, tol=1e-12).fit(X[weights > 0], Y[weights > 0], sample_weight=weights[weights > 0])
        assert_allclose(our.coef_, removed.coef_, atol=1e-9)
        assert_allclose(our.intercept_, removed.intercept_, rtol=1e-9)
        whole = make_weights("integers", len(Y))
        our = Ours(0.1, tol=1e-12).fit(STORES[store](X), Y, sample_weight=whole)
        repeated = Ours(0.1, tol=1e-12).fit(np.repeat(X, whole, axis=0), np.repeat(Y, whole, axis=0))
        their = both(name)[1](0.1, tol=1e-13).fit(np.repeat(X, whole, axis=0), np.repeat(Y, whole, axis=0))
        for other in (repeated, their):
            assert_allclose(our.coef_, other.coef_, atol=1e-7)
            assert_allclose(our.intercept_, other.intercept_, rtol=1e-7)
        assert_array_equal(Ours(0.1).fit(X, Y, sample_weight=2.5).coef_, Ours(0.1).fit(X, Y).coef_)

    @pytest.mark.parametrize("name", CROSS_VALIDATED)
    def test_weights_of_samples_in_cross_validation(self, name):
        X, Y = make_tasks("tall")
        X, Y = X[:60], Y[:60]
        weights = make_weights("integers", 60)
        weights[::7] = 0
        # The same rows, repeated, in the same folds.
        rows, fold = np.repeat(np.arange(60), weights), np.repeat(np.arange(60) % 3, weights)
        cv = [(np.flatnonzero(np.arange(60) % 3 != k), np.flatnonzero(np.arange(60) % 3 == k)) for k in range(3)]
        repeated = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
        Ours, Theirs = both(name)
        our = Ours(alphas=8, eps=0.01, cv=cv, tol=1e-10).fit(X, Y, sample_weight=weights)
        their = Theirs(alphas=8, eps=0.01, cv=repeated, tol=1e-12, max_iter=100_000).fit(X[rows], Y[rows])
        assert_allclose(our.alphas_, their.alphas_, rtol=1e-11)
        assert_allclose(our.mse_path_, their.mse_path_, rtol=1e-8)
        assert_allclose(our.coef_, their.coef_, atol=1e-7)

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    @pytest.mark.parametrize("fit_intercept", [True, False])
    def test_attributes(self, name, fit_intercept):
        X, Y = make_tasks("tall")
        our, their = (Estimator(fit_intercept=fit_intercept).fit(X, Y) for Estimator in both(name))
        public = {a for a in vars(their) if a.endswith("_")}
        assert public <= vars(our).keys()
        for attribute in sorted(public):
            one, other = getattr(our, attribute), getattr(their, attribute)
            assert np.shape(one) == np.shape(other), attribute
            assert np.asarray(one).dtype == np.asarray(other).dtype or attribute == "l1_ratio_"
        if hasattr(their, "eps_"):
            assert_allclose(our.eps_, their.eps_, rtol=1e-12)
        if not fit_intercept:
            assert type(our.intercept_) is float
            assert our.intercept_ == 0.0
        assert our.n_iter_ >= 1
        assert type(our.n_passes_) is int
        assert our.sparse_coef_.shape == (3, X.shape[1])

    def test_eps_is_of_the_weighted_centred_targets(self):
        X, Y = make_tasks("tall")
        weights = make_weights("random", len(Y))
        mean = weights @ Y / weights.sum()
        model = MultiTaskLasso(tol=1e-3).fit(X, Y, sample_weight=weights)
        squares = weights @ ((Y - mean) ** 2).sum(axis=1) * len(Y) / weights.sum()
        assert_allclose(model.eps_, 1e-3 * squares, rtol=1e-12)

    @pytest.mark.parametrize(("exponent", "eps"), [(515, np.inf), (-600, 0.0)])
    def test_eps_of_huge_and_tiny_targets(self, exponent, eps):
        X, Y = make_tasks("tall")
        model = MultiTaskLasso(np.ldexp(0.1, exponent)).fit(X, np.ldexp(Y, exponent))
        assert model.eps_ == eps
        assert_array_equal(np.ldexp(model.coef_, -exponent), MultiTaskLasso(0.1).fit(X, Y).coef_)
        assert MultiTaskLasso(1.0).fit(X, np.full_like(Y, 2.0**515)).eps_ == 0


class TestCertificate:
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("kind", TERMS)
    @pytest.mark.parametrize("weights", ["none", "with_zeros"])
    @pytest.mark.parametrize("design", DESIGNS)
    @pytest.mark.filterwarnings("ignore:Features with penalty weight 0:UserWarning")
    def test_gap(self, design, weights, kind, fit_intercept):
        X, Y = make_tasks(design)
        terms = make_terms(kind, X) | {
            "sample_weight": make_weights(weights, len(Y)),
            "fit_intercept": fit_intercept,
        }
        alpha_max = MultiTaskProblem(X, Y, **terms).alpha_max
        for share in (0.5, 0.01):
            terms["alpha"] = share * (alpha_max or 1.0)
            problem = MultiTaskProblem(X, Y, **terms)
            model = fit(X, Y, tol=1e-8, **terms)
            assert model.dual_gap_ >= 0
            if problem.null_objective > 1e-20:
                assert problem.relative(model.dual_gap_) <= 1e-8
                gap = problem.relative(problem.dual_gap(model.coef_, model.intercept_))
                assert -1e-15 <= gap <= 1e-8

    @pytest.mark.parametrize("kind", TERMS)
    @pytest.mark.parametrize("weights", WEIGHTS)
    @pytest.mark.parametrize("design", ["random", "correlated", "nearly_collinear", "tall", "wide", "mostly_zeros"])
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_gap_of_a_loose_answer_covers_its_error(self, design, weights, kind):
        X, Y = make_tasks(design)
        terms = make_terms(kind, X) | {"sample_weight": make_weights(weights, len(Y))}
        terms["alpha"] = 0.03 * MultiTaskProblem(X, Y, **terms).alpha_max
        problem = MultiTaskProblem(X, Y, **terms)
        tight = fit(X, Y, tol=1e-12, **terms)
        loose = fit(X, Y, tol=1e-14, max_iter=1, **terms)
        least = problem.objective(tight.coef_, tight.intercept_)
        error = problem.relative(problem.objective(loose.coef_, loose.intercept_) - least)
        assert problem.relative(loose.dual_gap_) >= error - ROUNDING
        assert problem.relative(problem.dual_gap(loose.coef_, loose.intercept_)) >= error - ROUNDING

    @pytest.mark.parametrize("design", ["random", "correlated", "wide"])
    @pytest.mark.parametrize("l1_ratio", L1_RATIOS)
    def test_nothing_scikit_learn_finds_is_better_than_the_gap(self, design, l1_ratio):
        X, Y = make_tasks(design)
        alpha = 0.05 * MultiTaskProblem(X, Y, l1_ratio=l1_ratio).alpha_max
        problem = MultiTaskProblem(X, Y, alpha=alpha, l1_ratio=l1_ratio)
        our = fit(X, Y, alpha=alpha, l1_ratio=l1_ratio)
        their = theirs.MultiTaskElasticNet(alpha, l1_ratio=l1_ratio, tol=1e-10, max_iter=100_000).fit(X, Y)
        saved = problem.objective(our.coef_, our.intercept_) - problem.objective(their.coef_, their.intercept_)
        assert problem.relative(saved) <= problem.relative(our.dual_gap_) + ROUNDING

    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    @pytest.mark.parametrize("design", ["random", "tall", "wide", "nearly_collinear", "mostly_zeros"])
    def test_gaps_of_paths(self, design, l1_ratio, store):
        X, Y = make_tasks(design)
        weights = make_weights("random", len(Y))
        alphas, coefs, gaps, intercepts = enet_path(
            STORES[store](X), Y, l1_ratio=l1_ratio, alphas=10, eps=1e-2, tol=1e-8, sample_weight=weights,
            fit_intercept=True, return_intercept=True,
        )  # fmt: skip
        assert intercepts.shape == (3, 10)
        for number, alpha in enumerate(alphas):
            problem = MultiTaskProblem(X, Y, alpha=alpha, l1_ratio=l1_ratio, sample_weight=weights)
            gap = problem.relative(problem.dual_gap(coefs[..., number], intercepts[:, number]))
            assert 0 <= problem.relative(gaps[number]) <= 1e-8
            assert -1e-15 <= gap <= 1e-8

    @pytest.mark.parametrize("store", STORES)
    def test_gap_of_float32_counts_the_rounding_of_the_answer(self, store):
        X, Y = (array.astype(np.float32) for array in make_tasks("random"))
        model = MultiTaskLasso(0.1).fit(STORES[store](X), Y)
        problem = MultiTaskProblem(X, Y, alpha=0.1)
        exact = fit(X.astype(float), Y.astype(float), alpha=0.1, l1_ratio=1.0, tol=1e-13)
        error = problem.objective(model.coef_, model.intercept_) - problem.objective(exact.coef_, exact.intercept_)
        assert 0 < problem.relative(error) <= problem.relative(model.dual_gap_) + ROUNDING
        assert problem.relative(model.dual_gap_) <= 1e-8

    def test_loose_answers_are_warned_of_once(self):
        X, Y = make_tasks("correlated")
        with pytest.warns(ConvergenceWarning, match=r"^Objective did not converge.*alpha") as record:
            MultiTaskLasso(1e-3, max_iter=1, tol=1e-14).fit(X, Y)
        assert len(record) == 1
        assert record[0].filename == __file__
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            MultiTaskLassoCV(alphas=5, eps=1e-6, max_iter=1, tol=1e-14).fit(X, Y)
        messages = [str(w.message) for w in record if w.category is ConvergenceWarning]
        assert len(messages) == 1
        assert "fold" in messages[0]


class TestKnownAnswers:
    @pytest.mark.parametrize("l1_ratio", [*L1_RATIOS, 0.0])
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("design", ["random", "correlated", "tall", "wide", "tiny", "one_feature"])
    def test_one_task_is_the_lasso(self, design, fit_intercept, l1_ratio):
        X, Y = make_tasks(design, 1)
        options = dict(alpha=0.1, l1_ratio=l1_ratio, fit_intercept=fit_intercept, tol=1e-12)
        one, several = ElasticNet(**options).fit(X, Y[:, 0]), MultiTaskElasticNet(**options).fit(X, Y)
        assert several.coef_.shape == (1, X.shape[1])
        assert_allclose(several.coef_[0], one.coef_, atol=1e-7 * abs(one.coef_).max())
        assert_allclose(several.intercept_, one.intercept_, rtol=1e-7, atol=1e-12)

    def test_one_task_in_cross_validation(self):
        X, Y = make_tasks("tall", 1)
        one = LassoCV(alphas=20, alpha_rule="1se").fit(X, Y[:, 0])
        several = MultiTaskLassoCV(alphas=20, alpha_rule="1se").fit(X, Y)
        assert_allclose(several.mse_path_, one.mse_path_, rtol=1e-9)
        assert_allclose([several.alpha_, several.alpha_1se_], [one.alpha_, one.alpha_1se_], rtol=1e-12)
        assert_allclose(several.coef_[0], one.coef_, atol=1e-9)

    @pytest.mark.parametrize("n_copies", [2, 4])
    def test_copies_of_a_task_are_the_lasso_at_another_alpha(self, n_copies):
        # |w| of equal tasks is sqrt(T) |w_1|, and the loss T times that of one.
        X, Y = make_tasks("random", 1)
        model = MultiTaskLasso(0.3 * np.sqrt(n_copies), tol=1e-12).fit(X, np.tile(Y, n_copies))
        one = Lasso(0.3, tol=1e-12).fit(X, Y[:, 0])
        assert one.coef_.any()
        for coef in model.coef_:
            assert_allclose(coef, one.coef_, atol=1e-8)

    def test_a_constant_task_changes_nothing(self):
        X, Y = make_tasks("random")
        without = MultiTaskLasso(0.2, tol=1e-12).fit(X, Y)
        model = MultiTaskLasso(0.2, tol=1e-12).fit(X, np.column_stack([Y, np.full(len(Y), 7.0)]))
        assert_allclose(model.coef_[:3], without.coef_, atol=1e-9)
        assert_allclose(model.coef_[3], 0, atol=1e-12)
        assert_allclose(model.intercept_[3], 7.0, rtol=1e-12)

    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05])
    def test_orthonormal_design(self, l1_ratio):
        rng = np.random.default_rng(0)
        X = np.linalg.qr(rng.standard_normal((60, 12)))[0] * np.sqrt(60)
        Y = X @ rng.standard_normal((12, 4)) + rng.standard_normal((60, 4))
        alphas, coefs, _ = enet_path(X, Y, l1_ratio=l1_ratio, alphas=9, eps=0.1)
        correlations = Y.T @ X / 60
        norms = np.linalg.norm(correlations, axis=0)
        for alpha, coef in zip(alphas, coefs.transpose(2, 0, 1), strict=True):
            factors = np.maximum(1 - alpha * l1_ratio / norms, 0) / (1 + alpha * (1 - l1_ratio))
            assert_allclose(coef, factors * correlations, atol=1e-10)

    def test_one_feature(self):
        X, Y = make_tasks("one_feature")
        x, rest = X[:, 0] - X.mean(), Y - Y.mean(axis=0)
        correlation, curvature = x @ rest / len(x), x @ x / len(x)
        for share in (0.99, 0.5, 0.01):
            alpha = share * np.linalg.norm(correlation)
            model = MultiTaskLasso(alpha).fit(X, Y)
            assert_allclose(model.coef_[:, 0], (1 - share) * correlation / curvature, rtol=1e-9)

    def test_ridge(self):
        X, Y = make_tasks("random")
        model = MultiTaskElasticNet(0.3, l1_ratio=0.0, tol=1e-12).fit(X, Y)
        ridge = Ridge(0.3 * len(Y)).fit(X, Y)
        assert_allclose(model.coef_, ridge.coef_, atol=1e-8)
        assert_allclose(model.intercept_, ridge.intercept_, rtol=1e-8)

    @pytest.mark.parametrize("kind", [kind for kind in TERMS if kind != "l1_ratio=.05"])
    @pytest.mark.parametrize("design", ["random", "tall", "wide", "mostly_zeros"])
    def test_alpha_max_is_tight(self, design, kind):
        X, Y = make_tasks(design)
        terms = make_terms(kind, X)
        alpha_max = MultiTaskProblem(X, Y, **terms).alpha_max
        penalised = np.ones(X.shape[1], bool)
        if "penalty_weights" in terms:
            penalised = terms["penalty_weights"] > 0
        alphas = enet_path(X, Y, alphas=3, fit_intercept=True, **terms)[0]
        assert_allclose(alphas[0], alpha_max, rtol=1e-9)
        assert not fit(X, Y, alpha=alpha_max * (1 + 1e-9), **terms).coef_[:, penalised].any()
        below = fit(X, Y, alpha=alpha_max * (1 - 1e-6), tol=1e-15, **terms)
        assert np.count_nonzero(below.coef_[:, penalised].any(axis=0)) == 1

    @pytest.mark.parametrize("Estimator", [MultiTaskLasso, MultiTaskElasticNet])
    def test_one_sample(self, Estimator):
        X, Y = make_tasks("one_sample")
        model = Estimator(0.1).fit(X, Y)
        assert_array_equal(model.coef_, 0)
        assert_allclose(model.intercept_, Y[0], rtol=1e-14)

    def test_constant_columns_stay_at_zero(self):
        X, Y = make_tasks("constant_and_zero_columns")
        model = MultiTaskLasso(1e-3).fit(X, Y)
        assert_array_equal(model.coef_[:, [3, 5, 8]], 0)

    @pytest.mark.parametrize("name", CROSS_VALIDATED)
    @pytest.mark.parametrize("alphas", [3, [1e6]])
    def test_nothing_is_kept(self, name, alphas):
        X, Y = make_tasks("tall")
        if alphas == 3:
            Y = np.tile([1.0, 2.0, 3.0], (len(Y), 1))
        model = both(name)[0](alphas=alphas).fit(X, Y)
        assert_array_equal(model.coef_, 0)
        assert_allclose(model.intercept_, Y.mean(axis=0), rtol=1e-12)
        n_alphas = model.alphas_.size
        predictions = np.repeat(Y.mean(axis=0)[None, :, None], n_alphas, axis=2)
        assert_allclose(model.predict_path(X[:5]), np.repeat(predictions, 5, axis=0), rtol=1e-12)

    @pytest.mark.parametrize("penalty_weights", [0.0, 1.0])
    @pytest.mark.filterwarnings("ignore:With alpha=0:UserWarning")
    @pytest.mark.filterwarnings("ignore:Features with penalty weight 0:UserWarning")
    def test_no_penalty_is_least_squares(self, penalty_weights):
        X, Y = make_tasks("tall")
        alpha = 1.0 if penalty_weights == 0 else 0.0
        model = MultiTaskLasso(alpha, penalty_weights=np.full(10, penalty_weights)).fit(X, Y)
        reference = theirs.LinearRegression().fit(X, Y)
        assert_allclose(model.coef_, reference.coef_, atol=1e-9)
        assert_allclose(model.intercept_, reference.intercept_, rtol=1e-9)


class TestInvariance:
    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("design", sorted(set(DESIGNS) - ILL_CONDITIONED - {"one_sample"}))
    def test_rotating_the_tasks_rotates_the_answer(self, design, store):
        X, Y = make_tasks(design, 4)
        Q = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
        options = dict(alphas=6, eps=0.02, l1_ratio=0.9, tol=1e-12, fit_intercept=True, return_intercept=True)
        alphas, coefs, _, intercepts = enet_path(STORES[store](X), Y, **options)
        rotated = enet_path(STORES[store](X), Y @ Q, **options)
        assert_allclose(rotated[0], alphas, rtol=1e-12)
        scales = X.std(axis=0)[:, None]
        expected = np.einsum("ts,tja->sja", Q, coefs)
        assert_allclose(scales * rotated[1], scales * expected, atol=1e-6 * np.std(Y), rtol=0)
        assert_allclose(rotated[3], Q.T @ intercepts, atol=1e-6 * abs(Y).max())

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    def test_reordering_the_tasks_reorders_the_answer(self, name):
        X, Y = make_tasks("random", 5)
        order = np.array([3, 0, 4, 1, 2])
        options = {"alphas": 10} if name in CROSS_VALIDATED else {"alpha": 0.2}
        model, other = (both(name)[0](**options, tol=1e-10).fit(X, targets) for targets in (Y, Y[:, order]))
        assert_allclose(other.coef_, model.coef_[order], atol=1e-6)
        assert_allclose(other.intercept_, model.intercept_[order], atol=1e-6)

    @pytest.mark.parametrize("kind", ["lasso", "weighted", "standardized"])
    @pytest.mark.parametrize("store", ["dense_C", "csc"])
    @pytest.mark.parametrize("design", ["random", "badly_scaled", "nearly_collinear", "tall"])
    def test_powers_of_two_scale_exactly(self, design, store, kind):
        X, Y = make_tasks(design)
        options = make_terms(kind, X) | dict(alphas=4, eps=1e-2, fit_intercept=True, return_intercept=True)
        alphas, coefs, gaps, intercepts = enet_path(STORES[store](X), Y, **options)
        assert coefs.any()
        for log2_X, log2_y in [(100, 0), (-100, 70), (0, -90), (3, 5)]:
            scaled = enet_path(STORES[store](np.ldexp(X, log2_X)), np.ldexp(Y, log2_y), **options)
            alpha_log2 = log2_y if kind == "standardized" else log2_X + log2_y
            assert_array_equal(scaled[0], np.ldexp(alphas, alpha_log2))
            assert_array_equal(scaled[1], np.ldexp(coefs, log2_y - log2_X))
            assert_array_equal(scaled[2], np.ldexp(gaps, 2 * log2_y))
            assert_array_equal(scaled[3], np.ldexp(intercepts, log2_y))

    def test_powers_of_two_scale_cross_validation_exactly(self):
        X, Y = make_tasks("random")
        model = MultiTaskLassoCV(alphas=10, cv=3).fit(X, Y)
        scaled = MultiTaskLassoCV(alphas=10, cv=3).fit(np.ldexp(X, -30), np.ldexp(Y, 60))
        assert model.coef_.any()
        assert_array_equal(scaled.mse_path_, np.ldexp(model.mse_path_, 120))
        assert_array_equal(scaled.coef_, np.ldexp(model.coef_, 90))

    def test_permuting_features(self):
        X, Y = make_tasks("random")
        order = np.random.default_rng(0).permutation(X.shape[1])
        model, other = (MultiTaskLasso(0.2, tol=1e-12).fit(design, Y) for design in (X, X[:, order]))
        assert_allclose(other.coef_, model.coef_[:, order], atol=1e-9)

    def test_duplicated_columns_predict_alike(self):
        X, Y = make_tasks("random")
        alone = MultiTaskLasso(0.2, tol=1e-9).fit(X, Y)
        twice = MultiTaskLasso(0.2, tol=1e-9).fit(np.hstack([X, X]), Y)
        # A relative gap of 1e-9 allows predictions to differ by 3e-5 of the targets' deviation.
        assert_allclose(twice.predict(np.hstack([X, X])), alone.predict(X), atol=3e-5 * np.sqrt(3) * Y.std())
        halves = MultiTaskElasticNet(0.2, l1_ratio=0.5, tol=1e-12).fit(np.hstack([X, X]), Y).coef_
        assert_allclose(halves[:, : X.shape[1]], halves[:, X.shape[1] :], atol=1e-9)

    @pytest.mark.parametrize("design", ["random", "tall", "wide"])
    def test_storages_give_one_answer(self, design):
        X, Y = make_tasks(design)
        models = [MultiTaskLassoCV(alphas=10, eps=0.05).fit(store(X), Y) for store in STORES.values()]
        for model in models[1:]:
            assert_allclose(model.mse_path_, models[0].mse_path_, rtol=1e-8)
            assert_allclose(model.coef_, models[0].coef_, atol=1e-8)

    def test_input_is_not_written_to(self):
        X, Y = make_tasks("random")
        kept = X.copy(), Y.copy()
        X.flags.writeable = Y.flags.writeable = False
        MultiTaskLasso(0.1, copy_X=False).fit(X, Y)
        MultiTaskLassoCV(alphas=5, copy_X=False).fit(X, Y)
        assert_array_equal(X, kept[0])
        assert_array_equal(Y, kept[1])


class TestFeatureTerms:
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("design", ["random", "tall"])
    def test_weight_zero_is_projected_out(self, design, store, l1_ratio, fit_intercept):
        X, Y = make_tasks(design)
        free = np.array([1, 4, 7])
        rest = np.setdiff1d(np.arange(X.shape[1]), free)
        weights = np.ones(X.shape[1])
        weights[free] = 0
        sample_weight = make_weights("random", len(Y))
        params = dict(alpha=0.2, l1_ratio=l1_ratio, tol=1e-12)
        model = MultiTaskElasticNet(penalty_weights=weights, fit_intercept=fit_intercept, **params)
        model.fit(STORES[store](X), Y, sample_weight=sample_weight)
        root = np.sqrt(sample_weight)[:, None]
        columns = root * (np.column_stack([X[:, free], np.ones(len(Y))]) if fit_intercept else X[:, free])
        left = [root * v - columns @ np.linalg.lstsq(columns, root * v)[0] for v in (X[:, rest], Y)]
        scale = len(Y) / sample_weight.sum()
        reduced = MultiTaskElasticNet(fit_intercept=False, **params).fit(*(np.sqrt(scale) * v for v in left))
        assert reduced.coef_.any()
        assert_allclose(model.coef_[:, rest], reduced.coef_, atol=1e-8)
        solution = np.linalg.lstsq(columns, root * (Y - X[:, rest] @ reduced.coef_.T))[0]
        assert_allclose(model.coef_[:, free], solution[:3].T, atol=1e-8)

    @pytest.mark.parametrize("store", STORES)
    def test_weight_infinity_is_left_out(self, store):
        X, Y = make_tasks("random")
        weights = np.random.default_rng(0).uniform(0.5, 2, X.shape[1])
        weights[::4] = np.inf
        kept = np.isfinite(weights)
        model = MultiTaskLasso(0.1, penalty_weights=weights, tol=1e-12).fit(STORES[store](X), Y)
        other = MultiTaskLasso(0.1, tol=1e-12).fit(X[:, kept] / weights[kept], Y)
        assert_array_equal(model.coef_[:, ~kept], 0)
        assert_allclose(model.coef_[:, kept], other.coef_ / weights[kept], atol=1e-8)

    @pytest.mark.parametrize("library", FRAMES)
    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    def test_by_name(self, name, library):
        X, Y = make_tasks("tall")
        names = [f"x{j}" for j in range(10)]
        frame = pytest.importorskip(library).DataFrame(dict(zip(names, X.T, strict=True)))
        weights = np.ones(10)
        weights[[2, 6, 7]] = 0.0, 3.0, np.inf
        options = {"alphas": 5, "eps": 0.05} if name in CROSS_VALIDATED else {"alpha": 0.5}
        Ours = both(name)[0]
        model = Ours(penalty_weights={"x2": 0, "x6": 3, "x7": np.inf}, **options).fit(frame, Y)
        assert_allclose(model.coef_, Ours(penalty_weights=weights, **options).fit(X, Y).coef_, atol=1e-10)
        assert_array_equal(model.coef_[:, 7], 0)
        assert list(model.feature_names_in_) == names
        with pytest.raises(ValueError, match=r"penalty_weights.*nobody"):
            Ours(penalty_weights={"nobody": 0}, **options).fit(frame, Y)

    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("design", ["random", "badly_scaled", "constant_and_zero_columns"])
    def test_standardize_is_a_scaler_in_front(self, design, store, l1_ratio):
        X, Y = make_tasks(design)
        sample_weight = make_weights("random", len(Y))
        params = dict(alpha=0.2, l1_ratio=l1_ratio, tol=1e-12)
        model = MultiTaskElasticNet(standardize=True, **params).fit(STORES[store](X), Y, sample_weight=sample_weight)
        scaler = StandardScaler().fit(X, sample_weight=sample_weight)
        other = MultiTaskElasticNet(**params).fit(scaler.transform(X), Y, sample_weight=sample_weight)
        assert other.coef_.any()
        assert_allclose(model.coef_ * scaler.scale_, other.coef_, atol=1e-8)
        assert_allclose(model.predict(STORES[store](X)), other.predict(scaler.transform(X)), atol=1e-7)

    @pytest.mark.parametrize("store", STORES)
    def test_every_fold_standardises_by_itself(self, store):
        X, Y = make_tasks("tall")
        X = X * np.geomspace(0.1, 10, 10)
        cv = KFold(3)
        model = MultiTaskLassoCV(standardize=True, alphas=[1.0, 0.3, 0.1], cv=cv).fit(STORES[store](X), Y)
        for number, (train, test) in enumerate(cv.split(X)):
            for row, alpha in enumerate(model.alphas_):
                pipeline = make_pipeline(StandardScaler(), theirs.MultiTaskLasso(alpha, tol=1e-12, max_iter=10_000))
                error = np.mean((pipeline.fit(X[train], Y[train]).predict(X[test]) - Y[test]) ** 2)
                assert_allclose(model.mse_path_[row, number], error, rtol=1e-7)

    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("relax", [0.0, 0.4])
    def test_relax_is_least_squares_on_the_support(self, relax, store, fit_intercept):
        X, Y = make_tasks("random")
        sample_weight = make_weights("random", len(Y))
        params = dict(alpha=0.6, fit_intercept=fit_intercept, tol=1e-12)
        model = MultiTaskLasso(relax=relax, **params).fit(STORES[store](X), Y, sample_weight=sample_weight)
        plain = MultiTaskLasso(**params).fit(X, Y, sample_weight=sample_weight)
        kept = plain.coef_.any(axis=0)
        assert 1 < kept.sum() < 30
        root = np.sqrt(sample_weight)[:, None]
        columns = np.column_stack([X[:, kept], np.ones(len(Y))]) if fit_intercept else X[:, kept]
        solution = np.linalg.lstsq(root * columns, root * Y)[0]
        expected = relax * plain.coef_[:, kept] + (1 - relax) * solution[: kept.sum()].T
        assert_array_equal(model.coef_[:, ~kept], 0)
        assert_allclose(model.coef_[:, kept], expected, atol=1e-8)
        if fit_intercept:
            assert_allclose(model.intercept_, relax * plain.intercept_ + (1 - relax) * solution[-1], rtol=1e-8)
        # The certificate stays that of the penalised coefficients.
        assert 0 <= model.dual_gap_ <= 1e-11 * (sample_weight @ Y**2).sum() / sample_weight.sum()

    def test_a_relaxed_path(self):
        X, Y = make_tasks("random")
        options = dict(alphas=8, eps=0.2, fit_intercept=True, return_intercept=True, tol=1e-12)
        half, plain, free = (lasso_path(X, Y, relax=relax, **options) for relax in (0.5, 1.0, 0.0))
        assert_allclose(half[1], (plain[1] + free[1]) / 2, atol=1e-9)
        assert_allclose(half[3], (plain[3] + free[3]) / 2, atol=1e-9)

    def test_relax_is_chosen_by_cross_validation(self):
        X, Y = make_tasks("tall")
        relaxes = [0.0, 0.5, 1.0]
        model = MultiTaskElasticNetCV(l1_ratio=[0.5, 1.0], relax=relaxes, alphas=6, eps=0.05, cv=3).fit(X, Y)
        assert model.mse_path_.shape == (2, 3, 6, 3)
        alone = [
            MultiTaskElasticNetCV(l1_ratio=l1_ratio, relax=relax, alphas=6, eps=0.05, cv=3).fit(X, Y)
            for l1_ratio in (0.5, 1.0)
            for relax in relaxes
        ]
        assert_allclose(model.mse_path_.reshape(6, 6, 3), [other.mse_path_ for other in alone], rtol=1e-9)
        best = min(alone, key=lambda other: other.mse_path_.mean(axis=1).min())
        # With relax=0 the two l1_ratios may tie, where they keep the same features.
        assert model.relax_ == best.relax_
        assert_allclose(model.mse_path_.mean(axis=-1).min(), best.mse_path_.mean(axis=1).min(), rtol=1e-9)

    @pytest.mark.parametrize("kind", [kind for kind in TERMS if kind != "lasso"])
    def test_paths_and_cross_validation_keep_the_terms(self, kind):
        X, Y = make_tasks("tall")
        terms = make_terms(kind, X)
        model = MultiTaskElasticNetCV(alphas=6, eps=0.05, tol=1e-12, **terms).fit(X, Y)
        coefs = enet_path(X, Y, alphas=model.alphas_, fit_intercept=True, tol=1e-12, **terms)[1]
        assert_allclose(model.coef_path_, coefs, atol=1e-9)
        one = MultiTaskElasticNet(model.alpha_, tol=1e-12, **terms).fit(X, Y)
        assert_allclose(model.coef_, one.coef_, atol=1e-9)

    def test_dependent_free_features_are_named(self):
        X, Y = make_tasks("constant_and_zero_columns")
        weights = np.ones(12)
        weights[[5, 7]] = 0
        with pytest.warns(UserWarning, match=r"penalty weight 0 are combinations.*: 5\."):
            MultiTaskLasso(0.1, penalty_weights=weights).fit(X, Y)


class TestCrossValidation:
    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("design", ["tall", "random"])
    def test_every_fold_is_a_fit_of_its_own(self, design, weighted, store):
        X, Y = make_tasks(design)
        weights = make_weights("random", len(Y)) if weighted else None
        cv = KFold(4, shuffle=True, random_state=0)
        model = MultiTaskElasticNetCV(alphas=7, eps=0.05, cv=cv, tol=1e-12, store_fold_coefs=True)
        model.fit(STORES[store](X), Y, sample_weight=weights)
        assert model.fold_coef_path_.shape == (4, 3, X.shape[1], 7)
        assert model.fold_intercept_path_.shape == (4, 3, 7)
        for number, (train, test) in enumerate(cv.split(X)):
            some = None if weights is None else weights[train]
            _, coefs, _, intercepts = enet_path(
                X[train], Y[train], l1_ratio=0.5, alphas=model.alphas_, sample_weight=some, tol=1e-12,
                fit_intercept=True, return_intercept=True,
            )  # fmt: skip
            assert_allclose(model.fold_coef_path_[number], coefs, atol=1e-8)
            assert_allclose(model.fold_intercept_path_[number], intercepts, atol=1e-8)
            residuals = Y[test][..., None] - np.einsum("ij,tja->ita", X[test], coefs) - intercepts
            errors = np.average((residuals**2).mean(axis=1), axis=0, weights=None if some is None else weights[test])
            assert_allclose(model.mse_path_[:, number], errors, rtol=1e-8)

    @pytest.mark.parametrize("name", CROSS_VALIDATED)
    @pytest.mark.parametrize("store", ["dense_C", "csc"])
    @pytest.mark.parametrize("design", ["tall", "wide"])
    def test_threads_change_no_bit(self, design, store, name):
        X, Y = make_tasks(design)
        options = dict(alphas=15, store_fold_coefs=True, relax=[0.5, 1.0])
        if name == "MultiTaskElasticNetCV":
            options["l1_ratio"] = [0.3, 0.9]
        one, two = (both(name)[0](n_jobs=n_jobs, **options).fit(STORES[store](X), Y) for n_jobs in (1, 2))
        for attribute in ("coef_path_", "intercept_path_", "mse_path_", "fold_coef_path_", "dual_gap_path_", "alphas_"):
            assert_array_equal(getattr(one, attribute), getattr(two, attribute))
        assert one.alpha_ == two.alpha_

    def test_full_path(self):
        X, Y = make_tasks("tall")
        model = MultiTaskLassoCV(alphas=9).fit(X, Y)
        best = np.flatnonzero(model.alphas_ == model.alpha_)[0]
        assert model.coef_path_.shape == (3, 10, 9)
        assert model.intercept_path_.shape == (3, 9)
        assert model.dual_gap_path_.shape == (9,)
        assert_array_equal(model.coef_path_[..., best], model.coef_)
        assert_array_equal(model.intercept_path_[:, best], model.intercept_)
        assert model.dual_gap_path_[best] == model.dual_gap_

    @pytest.mark.parametrize("store", STORES)
    @pytest.mark.parametrize("fit_intercept", [True, False])
    def test_predict_path_and_score_path(self, store, fit_intercept):
        X, Y = make_tasks("tall")
        weights = make_weights("random", len(Y))
        model = MultiTaskLassoCV(alphas=5, eps=0.05, fit_intercept=fit_intercept).fit(X, Y)
        predictions = model.predict_path(STORES[store](X))
        scores = model.score_path(STORES[store](X), Y, sample_weight=weights)
        assert predictions.shape == (*Y.shape, 5)
        for number, alpha in enumerate(model.alphas_):
            one = MultiTaskLasso(alpha, fit_intercept=fit_intercept).fit(X, Y)
            assert_allclose(predictions[..., number], one.predict(X), atol=1e-7)
            assert_allclose(scores[number], one.score(X, Y, sample_weight=weights), rtol=1e-7)

    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize(
        "scoring, metric",
        [
            ("r2", r2_score),
            ("neg_mean_absolute_error", lambda *args, **kw: -mean_absolute_error(*args, **kw)),
            (make_scorer(r2_score, multioutput="variance_weighted"), None),
        ],
    )
    def test_scoring(self, scoring, metric, weighted):
        X, Y = make_tasks("tall")
        weights = make_weights("random", len(Y)) if weighted else None
        cv = KFold(3)
        model = MultiTaskLassoCV(alphas=6, eps=0.05, cv=cv, scoring=scoring).fit(X, Y, sample_weight=weights)
        metric = metric or (lambda *args, **kw: r2_score(*args, multioutput="variance_weighted", **kw))
        expected = np.empty((6, 3))
        for number, (train, test) in enumerate(cv.split(X)):
            some = lambda rows: None if weights is None else weights[rows]  # noqa: E731
            for row, alpha in enumerate(model.alphas_):
                one = MultiTaskLasso(alpha).fit(X[train], Y[train], sample_weight=some(train))
                expected[row, number] = metric(Y[test], one.predict(X[test]), sample_weight=some(test))
        found = np.column_stack([model.cv_results_[f"split{number}_test_score"] for number in range(3)])
        assert_allclose(found, expected, rtol=1e-7)
        assert_allclose(model.alpha_, model.alphas_[expected.mean(axis=1).argmax()])

    @pytest.mark.parametrize("name", CROSS_VALIDATED)
    def test_alpha_rules(self, name):
        X, Y = make_tasks("random")
        Ours = both(name)[0]
        models = {rule: Ours(alphas=30, cv=6, alpha_rule=rule).fit(X, Y) for rule in ("min", "1se")}
        errors = models["min"].mse_path_
        means, spread = errors.mean(axis=1), errors.std(axis=1, ddof=1) / np.sqrt(6)
        best = means.argmin()
        within = np.flatnonzero(means <= means[best] + spread[best])[0]
        assert within < best
        for rule, number in (("min", best), ("1se", within)):
            model = models[rule]
            assert model.alpha_ == model.alphas_[number]
            assert model.alpha_min_ == model.alphas_[best]
            assert model.alpha_1se_ == model.alphas_[within]
            assert_array_equal(model.coef_, model.coef_path_[..., number])
        chosen = Ours(alphas=30, cv=6, alpha_rule=lambda results: 4).fit(X, Y)
        assert chosen.alpha_ == chosen.alphas_[4]

    def test_table(self):
        X, Y = make_tasks("tall")
        model = MultiTaskElasticNetCV(alphas=4, cv=3, l1_ratio=[0.5, 1.0]).fit(X, Y)
        assert model.cv_results_["mean_test_score"].shape == (8,)
        assert_allclose(model.cv_results_["mean_test_score"], -model.mse_path_.mean(axis=-1).ravel(), rtol=1e-12)
        assert model.alphas_.shape == (2, 4)

    def test_agrees_with_grid_search(self):
        X, Y = make_tasks("tall")
        alphas = np.geomspace(0.01, 1, 5)
        search = GridSearchCV(MultiTaskLasso(), {"alpha": alphas}, cv=3, scoring="neg_mean_squared_error").fit(X, Y)
        model = MultiTaskLassoCV(alphas=alphas, cv=3).fit(X, Y)
        assert model.alpha_ == search.best_params_["alpha"]
        assert_allclose(model.cv_results_["mean_test_score"][::-1], search.cv_results_["mean_test_score"], rtol=1e-7)
        assert_allclose(model.coef_, search.best_estimator_.coef_, atol=1e-7)


class TestPathFunctions:
    def test_intercepts_and_iterations(self):
        X, Y = make_tasks("random")
        result = lasso_path(X, Y, alphas=5, fit_intercept=True, return_n_iter=True, return_intercept=True)
        alphas, coefs, _, n_iters, intercepts = result
        assert len(n_iters) == 5
        assert all(type(number) is int for number in n_iters)
        assert_allclose(intercepts, Y.mean(axis=0)[:, None] - np.einsum("j,tja->ta", X.mean(axis=0), coefs), atol=1e-10)
        model = MultiTaskLasso(alphas[3]).fit(X, Y)
        assert_allclose(coefs[..., 3], model.coef_, atol=1e-7)
        *_, zeros = lasso_path(X, Y, alphas=5, return_intercept=True)
        assert_array_equal(zeros, np.zeros((3, 5)))

    def test_start_does_not_move_the_answer(self):
        X, Y = make_tasks("random")
        cold = lasso_path(X, Y, alphas=5, tol=1e-12)[1]
        warm = lasso_path(X, Y, alphas=5, tol=1e-12, coef_init=np.full((3, X.shape[1]), 50.0))[1]
        assert_allclose(warm, cold, atol=1e-8)
        for shape in [(X.shape[1],), (X.shape[1], 3)]:
            with pytest.raises(ValueError, match="coef_init"):
                lasso_path(X, Y, alphas=5, coef_init=np.zeros(shape))

    @pytest.mark.parametrize("path", [enet_path, lasso_path])
    def test_what_is_for_one_target(self, path):
        X, Y = make_tasks("random")
        with pytest.raises(ValueError, match="for a single target, but y has 3"):
            path(X, Y, solver="cd")

    @pytest.mark.parametrize("path", ["enet_path", "lasso_path"])
    def test_positive_is_refused_as_in_scikit_learn(self, path):
        X, Y = make_tasks("random")
        for function in both(path):
            with pytest.raises(ValueError, match=r"positive=True is not allowed for multi-output"):
                function(X, Y, positive=True)

    def test_callbacks(self):
        pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")

        class Counting:
            ended = ()

            def setup(self, estimator, context): ...
            def teardown(self, estimator, context): ...
            def on_fit_task_begin(self, estimator, context): ...

            def on_fit_task_end(self, estimator, context):
                self.ended = (*self.ended, context.task_name)

        X, Y = make_tasks("random")
        callback = Counting()
        lasso_path(X, Y, alphas=6, callbacks=[callback])
        assert callback.ended.count("alpha") == 6
        callback = Counting()
        MultiTaskLassoCV(alphas=6, cv=3).set_callbacks(callback).fit(X, Y)
        assert callback.ended.count("alpha") == 24

    def test_verbose_prints(self, capsys):
        X, Y = make_tasks("random")
        lasso_path(X, Y, alphas=6, verbose=1)
        assert "6 alphas" in capsys.readouterr().out
        MultiTaskLassoCV(alphas=6, cv=2, verbose=1).fit(X, Y)
        assert "fold 1: 6 alphas" in capsys.readouterr().out


class TestEstimators:
    @pytest.mark.parametrize("name", SINGLE)
    def test_warm_start(self, name):
        X, Y = make_tasks("correlated")
        alpha = 0.01 * MultiTaskProblem(X, Y).alpha_max
        Ours = both(name)[0]
        cold = Ours(alpha, tol=1e-10).fit(X, Y)
        warm = Ours(alpha, tol=1e-10, warm_start=True).fit(X, Y)
        warm.fit(X, Y)
        assert warm.n_iter_ < cold.n_iter_
        assert_allclose(warm.predict(X), cold.predict(X), atol=1e-5)
        warm.set_params(alpha=2 * alpha).fit(X, Y)
        assert_allclose(warm.predict(X), Ours(2 * alpha, tol=1e-10).fit(X, Y).predict(X), atol=1e-5)
        for other in (make_tasks("correlated", 2), make_tasks("random")):
            with pytest.raises(ValueError, match="coef_, to start from under warm_start=True"):
                warm.fit(*other)

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    def test_one_target_is_an_error(self, name):
        X, Y = make_tasks("tall")
        messages = []
        for Estimator in both(name):
            with pytest.raises(ValueError, match="For mono-task outputs, use ") as info:
                Estimator().fit(X, Y[:, 0])
            messages.append(str(info.value))
        # scikit-learn's own name another class: ElasticNet for MultiTaskLasso, and LassoCVCV.
        assert messages[0] == f"For mono-task outputs, use {name.removeprefix('MultiTask')}"

    @pytest.mark.parametrize("name", ["LassoCV", "ElasticNetCV"])
    def test_several_targets_are_an_error_elsewhere(self, name):
        X, Y = make_tasks("tall")
        for Estimator in both(name):
            with pytest.raises(ValueError, match=f"For multi-task outputs, use MultiTask{name}"):
                Estimator().fit(X, Y)

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    @pytest.mark.parametrize(
        "spoil, message",
        [
            (lambda X, Y: (np.where(X[3, 2] == X, np.nan, X), Y), "NaN"),
            (lambda X, Y: (X, np.where(Y[3, 2] == Y, np.nan, Y)), "NaN"),
            (lambda X, Y: (X, np.where(Y[3, 2] == Y, np.inf, Y)), "infinity"),
            (lambda X, Y: (X, Y[:-1]), "inconsistent numbers of samples"),
            (lambda X, Y: (X[:, 0], Y), "2D array"),
            (lambda X, Y: (X, Y[..., None]), "dim 3"),
            (lambda X, Y: (X, Y, np.ones(3)), "[Ss]ample.weight"),
            (lambda X, Y: (X, Y, np.full(len(X), -1.0)), "[Ss]ample.weight"),
            (lambda X, Y: (X, Y, np.zeros(len(X))), "[Ss]ample.weight"),
        ],
    )
    def test_bad_input_changes_nothing(self, name, spoil, message):
        X, Y = make_tasks("tall")
        model = both(name)[0]().fit(X, Y)
        before = pickle.dumps({key: value for key, value in vars(model).items() if key != "_fitted_path"})
        with pytest.raises(ValueError, match=message):
            model.fit(*spoil(X, Y))
        assert pickle.dumps({key: value for key, value in vars(model).items() if key != "_fitted_path"}) == before
        assert np.isfinite(model.predict(X)).all()

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    @pytest.mark.parametrize(
        "param",
        [
            {"tol": -1.0},
            {"max_iter": 0},
            {"selection": "greedy"},
            {"fit_intercept": "yes"},
            {"relax": 1.5},
            {"standardize": 2},
            {"penalty_weights": [-1.0] * 10},
            {"penalty_weights": [1.0] * 9},
        ],
    )
    def test_bad_parameters(self, name, param):
        X, Y = make_tasks("tall")
        with pytest.raises(ValueError, match=next(iter(param))):
            both(name)[0](**param).fit(X, Y)

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    @pytest.mark.parametrize("param", ["positive", "solver", "precompute"])
    def test_parameters_of_one_target_are_unknown(self, name, param):
        with pytest.raises(TypeError, match=param):
            both(name)[0](**{param: None})

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    def test_clone_and_pickle(self, name):
        X, Y = make_tasks("tall")
        model = both(name)[0](penalty_weights=np.arange(1.0, 11.0), standardize=True, relax=0.5).fit(X, Y)
        again = pickle.loads(pickle.dumps(model))
        assert_array_equal(again.predict(X), model.predict(X))
        copy = clone(model)
        assert not hasattr(copy, "coef_")
        assert_array_equal(copy.fit(X, Y).coef_, model.coef_)
        if name in CROSS_VALIDATED:
            assert_array_equal(again.coef_path_, model.coef_path_)

    def test_in_a_pipeline(self):
        X, Y = make_tasks("tall")
        pipeline = make_pipeline(StandardScaler(), MultiTaskElasticNetCV(alphas=5, eps=0.05)).fit(X, Y)
        assert pipeline.predict(X).shape == Y.shape
        assert pipeline.score(X, Y) > 0.3

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    def test_tags(self, name):
        our, their = (Estimator().__sklearn_tags__() for Estimator in both(name))
        assert our.target_tags == their.target_tags
        assert our.input_tags.sparse == their.input_tags.sparse or our.input_tags.sparse

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    def test_path_is_the_function_of_the_same_name(self, name):
        our, their = both(name)
        assert our.path is getattr(sklearn_sparsefit, their.path.__name__)

    @pytest.mark.parametrize("name", SINGLE + CROSS_VALIDATED)
    def test_everything_is_documented(self, name):
        X, Y = make_tasks("tall")
        model = both(name)[0](**({"store_fold_coefs": True} if name in CROSS_VALIDATED else {}))
        documented = re.findall(r"^ *(\w+) : ", type(model).__doc__, re.MULTILINE)
        assert model.get_params().keys() <= set(documented)
        model.fit(pytest.importorskip("pandas").DataFrame(X).add_prefix("x"), Y)
        fitted = {attribute for attribute in dir(model) if re.fullmatch(r"[a-z]\w*_", attribute)}
        assert fitted <= set(documented)
        # Of the targets that fit takes.
        assert "y : array-like of shape (n_samples, n_tasks)" in type(model).fit.__doc__

    def test_integer_data(self):
        rng = np.random.default_rng(0)
        X, Y = rng.integers(-5, 5, (40, 6)), rng.integers(-9, 9, (40, 2))
        model = MultiTaskLasso(0.5).fit(X, Y)
        assert_array_equal(model.coef_, MultiTaskLasso(0.5).fit(X.astype(float), Y.astype(float)).coef_)
        assert_array_equal(MultiTaskLasso(0.5).fit(X.tolist(), Y.tolist()).coef_, model.coef_)
