"""Several classes: the objective, what peers make of it, folds fitted one by one, and data at the edges."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import compute_class_weight

from registry import DENSE_STORAGES, SPARSE_STORAGES, make_weights
from sklearn_sparsefit import SparseLogisticRegression, SparseLogisticRegressionCV, alpha_from_C, logistic_path
from sklearn_sparsefit.exceptions import ModelWarning
from test_logistic import fit_quietly, peer_of

LABELS = np.array(["ash", "beech", "fir"])
each_grouping = pytest.mark.parametrize("grouped", [False, True])


def make_classes(n_samples=120, n_features=12, n_classes=3, seed=0):
    """A design whose columns differ in mean and scale, and codes that depend on every third of them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_features))
    effects = rng.standard_normal((n_classes, n_features)) * (np.arange(n_features) % 3 == 0)
    scores = X @ effects.T + rng.gumbel(size=(n_samples, n_classes)) + 0.5 * rng.standard_normal(n_classes)
    codes = scores.argmax(axis=1)
    codes[: 2 * n_classes] = np.arange(2 * n_classes) % n_classes
    return X * np.linspace(0.5, 2, n_features) + np.linspace(-2, 2, n_features), codes


X, CODES = make_classes()
Y = LABELS[CODES]


class Problem:
    """One problem: data and penalty, in extended precision, by definition."""

    def __init__(
        self,
        X,
        codes,
        alpha,
        l1_ratio=1.0,
        grouped=False,
        sample_weight=None,
        penalty_weights=1.0,
        fit_intercept=True,
    ):
        self.fit_intercept = fit_intercept
        self.X, self.codes = np.asarray(X, np.longdouble), codes
        weights = np.ones(len(codes)) if sample_weight is None else np.asarray(sample_weight)
        self.weights = np.asarray(weights, np.longdouble) / np.sum(weights)
        factors = np.broadcast_to(penalty_weights, self.X.shape[1])
        self.factors = np.where(np.isinf(factors), 0, factors)
        self.l1, self.l2, self.grouped = alpha * l1_ratio * self.factors, alpha * (1 - l1_ratio) * self.factors, grouped

    def loss(self, coef, intercept):
        scores = self.X @ coef.T + intercept
        largest = scores.max(axis=1)
        totals = largest + np.log(np.exp(scores - largest[:, None]).sum(axis=1))
        return self.weights @ (totals - scores[np.arange(len(scores)), self.codes])

    def objective(self, coef, intercept):
        coef = np.asarray(coef, np.longdouble)
        sizes = np.sqrt((coef**2).sum(axis=0)) if self.grouped else np.abs(coef).sum(axis=0)
        return float(self.loss(coef, intercept) + self.l1 @ sizes + self.l2 @ (coef**2).sum(axis=0) / 2)

    @property
    def null_loss(self):
        shares = np.bincount(self.codes, self.weights.astype(float))
        return -float(shares[shares > 0] @ np.log(shares[shares > 0]))

    def gradient(self, coef, intercept):
        """Of the loss, in the coefficients and in the intercepts."""
        residual = softmax(self.X @ coef.T + intercept, axis=1)
        residual[np.arange(len(residual)), self.codes] -= 1
        residual *= self.weights[:, None]
        return residual.T @ self.X, residual.sum(axis=0) * self.fit_intercept

    def kkt(self, coef, intercept):
        """How far from a subgradient of zero."""
        slopes, drift = self.gradient(coef, intercept)
        slopes = slopes + self.l2 * coef
        if self.grouped:
            norms = np.sqrt((coef**2).sum(axis=0))
            at_zero = np.maximum(np.sqrt((slopes**2).sum(axis=0)) - self.l1, 0)
            away = np.sqrt(((slopes + self.l1 * coef / np.where(norms > 0, norms, 1)) ** 2).sum(axis=0))
            worst = np.where(norms > 0, away, at_zero)
        else:
            worst = np.where(
                coef != 0, np.abs(slopes + self.l1 * np.sign(coef)), np.maximum(np.abs(slopes) - self.l1, 0)
            )
        return max(float(worst.max()), float(np.abs(drift).max()))


def fit(X, y, alpha=0.03, tol=1e-12, sample_weight=None, **params):
    return SparseLogisticRegression(alpha, tol=tol, **params).fit(X, y, sample_weight=sample_weight)


def assert_same_model(a, b, atol=1e-6):
    assert_allclose(a.coef_, b.coef_, rtol=0, atol=atol)
    assert_allclose(a.intercept_, b.intercept_, rtol=0, atol=atol)


# --- The objective ---


@each_grouping
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("weights", ["none", "with_zeros"])
def test_gap_is_above_the_suboptimality(grouped, l1_ratio, weights):
    for design in (make_classes(), make_classes(30, 60), make_classes(60, 5, 6)):
        X, codes = design
        sample_weight = make_weights(weights, len(codes))
        if sample_weight is not None:
            sample_weight[: codes.max() + 1] = 1.0
        params = {"l1_ratio": l1_ratio, "grouped": grouped}
        for alpha, tol in ((0.1, 1e-4), (0.01, 1e-2), (0.01, 1e-5)):
            problem = Problem(X, codes, alpha, sample_weight=sample_weight, **params)
            model = fit(X, codes, alpha, tol, sample_weight, **params)
            best = fit(X, codes, alpha, 1e-11, sample_weight, **params)
            ours, least = (problem.objective(m.coef_, m.intercept_) for m in (model, best))
            assert -1e-13 <= ours - least <= model.dual_gap_ + 1e-14
            assert 0 <= model.dual_gap_ <= tol * problem.null_loss
            assert problem.kkt(best.coef_, best.intercept_) <= 1e-5
            assert abs(model.intercept_.sum()) <= 1e-12 * np.abs(model.intercept_).max()


@each_grouping
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_optimality_conditions(grouped, fit_intercept):
    for alpha in (0.2, 0.05, 0.005):
        model = fit(X, Y, alpha, 1e-13, l1_ratio=0.8, grouped=grouped, fit_intercept=fit_intercept)
        problem = Problem(X, CODES, alpha, 0.8, grouped, fit_intercept=fit_intercept)
        assert problem.kkt(model.coef_, model.intercept_) <= 1e-6
        assert fit_intercept == model.intercept_.any()


@each_grouping
def test_nothing_is_kept_from_the_largest_alpha_on(grouped):
    alphas, coefs, intercepts, _ = logistic_path(X, Y, alphas=3, grouped=grouped)
    slopes, _ = Problem(X, CODES, 1.0).gradient(np.zeros((3, 12)), np.log(np.bincount(CODES)))
    largest = np.sqrt((slopes**2).sum(axis=0)).max() if grouped else np.abs(slopes).max()
    assert_allclose(alphas[0], float(largest), rtol=1e-12)
    assert not coefs[..., 0].any() and coefs[..., 1].any()
    shares = np.log(np.bincount(CODES))
    assert_allclose(intercepts[:, 0], shares - shares.mean())
    assert not fit(X, Y, 1.001 * alphas[0], grouped=grouped).coef_.any()
    assert fit(X, Y, 0.999 * alphas[0], grouped=grouped).coef_.any()


def test_features_are_kept_for_all_classes_or_for_none():
    together, each = fit(X, Y, 0.05, grouped=True).coef_ != 0, fit(X, Y, 0.03).coef_ != 0
    assert (together.all(axis=0) == together.any(axis=0)).all() and 0 < together.any(axis=0).sum() < 12
    assert (each.all(axis=0) != each.any(axis=0)).any()


def test_two_classes_are_the_same_grouped_or_not():
    two = Y != "fir"
    a, b = (fit(X[two], Y[two], grouped=grouped) for grouped in (False, True))
    assert a.coef_.shape == (1, 12)
    assert_array_equal(a.coef_, b.coef_)


@pytest.mark.parametrize("bounds", [(0.0, None), (-0.3, 0.2), (np.tile([-0.1, 0, -np.inf], 4), np.tile([0.4, 1.0], 6))])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_bounds(bounds, l1_ratio):
    lower, upper = (np.broadcast_to(v if v is not None else d, 12) for v, d in zip(bounds, (0, np.inf), strict=True))
    alpha, problem = 0.01, Problem(X, CODES, 0.01, l1_ratio)
    model = fit(X, Y, alpha, 1e-12, l1_ratio=l1_ratio, lower_bounds=bounds[0], upper_bounds=bounds[1])
    assert ((lower <= model.coef_) & (model.coef_ <= upper)).all()
    # Positive and negative parts, in a box.
    n = model.coef_.size

    def coef_of(parts):
        return (parts[:n] - parts[n : 2 * n]).reshape(3, 12)

    def of_parts(parts):
        coef, intercept, sizes = coef_of(parts), parts[2 * n :], coef_of(parts) + 2 * parts[n : 2 * n].reshape(3, 12)
        slopes, drift = problem.gradient(coef, intercept)
        slopes = slopes + problem.l2 * coef
        value = problem.loss(coef, intercept) + (sizes @ problem.l1 + coef**2 @ problem.l2 / 2).sum()
        gradient = np.concatenate([(problem.l1 + slopes).ravel(), (problem.l1 - slopes).ravel(), drift])
        return float(value), gradient.astype(float)

    box = [*np.c_[np.zeros(n), np.tile(upper, 3)], *np.c_[np.zeros(n), np.tile(-lower, 3)], *[(None, None)] * 3]
    options = {"maxiter": 10_000, "maxfun": 100_000, "ftol": 1e-16, "gtol": 1e-10}
    found = minimize(of_parts, np.zeros(2 * n + 3), jac=True, method="L-BFGS-B", bounds=box, options=options)
    ours = problem.objective(model.coef_, model.intercept_)
    assert ours <= problem.objective(coef_of(found.x), found.x[2 * n :]) + 1e-12
    assert_allclose(model.coef_, coef_of(found.x), atol=2e-5)


@each_grouping
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize(
    "ends", [(0.0, np.inf), (-np.inf, 0.0), (np.tile([0, -np.inf], 6), np.tile([np.inf, 0, 0], 4))]
)
def test_sides_that_are_closed(ends, l1_ratio, grouped):
    lower, upper = ends
    problem = Problem(X, CODES, 0.01, l1_ratio, grouped)
    model = fit(X, Y, 0.01, l1_ratio=l1_ratio, grouped=grouped, lower_bounds=lower, upper_bounds=upper)
    slopes, drift = problem.gradient(model.coef_, model.intercept_)
    # A step of the proximal gradient, which what is on open sides alone decides, leads nowhere.
    open_part = np.clip(model.coef_ - slopes - problem.l2 * model.coef_, lower, upper)
    sizes = np.sqrt((open_part**2).sum(axis=0)) if grouped else np.abs(open_part)
    shares = np.maximum(1 - problem.l1 / np.where(sizes > 0, sizes, np.inf), 0)
    assert_allclose(model.coef_, (shares * open_part).astype(float), rtol=0, atol=1e-6)
    assert np.abs(drift).max() <= 1e-6
    assert ((lower <= model.coef_) & (model.coef_ <= upper)).all()


@each_grouping
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_penalty_weights(grouped, l1_ratio):
    factors = np.tile([0.0, 1.0, 2.5, np.inf], 3)
    model = fit(X, Y, 0.02, 1e-13, penalty_weights=factors, grouped=grouped, l1_ratio=l1_ratio)
    assert not model.coef_[:, 3::4].any()
    # Known up to a number for all classes.
    assert_allclose(model.coef_[:, ::4].sum(axis=0), 0, atol=1e-12)
    kept = np.flatnonzero(np.isfinite(factors))
    problem = Problem(X[:, kept], CODES, 0.02, l1_ratio, grouped, penalty_weights=factors[kept])
    assert problem.kkt(model.coef_[:, kept], model.intercept_) <= 1e-6


def test_free_features_alone_are_maximum_likelihood():
    few = X[:, :4]
    # The others stay at zero.
    model = fit(X, Y, 50.0, 1e-13, penalty_weights=np.r_[np.zeros(4), np.ones(8)])
    peer = fit_quietly(peer_of(np.inf, 0.0, solver="newton-cg", tol=1e-12, max_iter=1000), few, Y)
    assert not model.coef_[:, 4:].any()
    assert_allclose(model.coef_[:, :4], peer.coef_ - peer.coef_.mean(axis=0), atol=1e-6)
    assert_allclose(model.predict_proba(X), peer.predict_proba(few), atol=1e-7)


# --- scikit-learn's answers ---


@pytest.mark.parametrize("class_weight", [None, "balanced", {"ash": 3.0, "fir": 0.5}])
@pytest.mark.parametrize("weights", ["none", "random"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_ridge_agrees_with_logistic_regression(class_weight, weights, fit_intercept):
    sample_weight = make_weights(weights, len(Y))
    peer = peer_of(
        0.3, 0.0, solver="newton-cg", class_weight=class_weight, tol=1e-11, max_iter=1000, fit_intercept=fit_intercept
    )
    fit_quietly(peer, X, Y, sample_weight=sample_weight)
    of_classes = compute_class_weight(class_weight, classes=LABELS, y=Y, sample_weight=sample_weight)
    alpha = alpha_from_C(0.3, len(Y), of_classes[CODES] * (1 if sample_weight is None else sample_weight))
    params = {"l1_ratio": 0.0, "class_weight": class_weight, "fit_intercept": fit_intercept}
    for grouped in (False, True):
        model = fit(X, Y, alpha, 1e-13, sample_weight, grouped=grouped, **params)
        assert_allclose(model.coef_, peer.coef_, atol=1e-6)
        assert_allclose(model.intercept_, peer.intercept_ - peer.intercept_.mean(), atol=1e-6)
        assert_array_equal(model.classes_, peer.classes_)
        assert_allclose(model.predict_proba(X), peer.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_sparse_agrees_with_logistic_regression(l1_ratio):
    scaled, weights = StandardScaler().fit_transform(X), make_weights("random", len(Y))
    peer = peer_of(0.1, l1_ratio, solver="saga", tol=1e-12, max_iter=20_000)
    fit_quietly(peer, scaled, Y, sample_weight=weights)
    model = fit(scaled, Y, alpha_from_C(0.1, len(Y), weights), 1e-13, weights, l1_ratio=l1_ratio)
    assert_allclose(model.coef_, peer.coef_, rtol=0, atol=1e-6)
    assert_allclose(model.intercept_, peer.intercept_ - peer.intercept_.mean(), rtol=0, atol=1e-6)


# --- What changes nothing ---


@each_grouping
def test_names_and_order_of_classes(grouped):
    model = fit(X, Y, grouped=grouped)
    for names in (["c", "a", "b"], [7, -3, 2], np.array([10, 30, 20], np.int8), np.array(["x", "w", "v"], object)):
        labels = np.asarray(names)[CODES]
        order = np.argsort(names)
        other = fit(X, labels, grouped=grouped)
        assert_array_equal(other.classes_, np.asarray(names)[order])
        assert_allclose(other.coef_, model.coef_[order], atol=1e-6)
        assert_allclose(other.intercept_, model.intercept_[order], atol=1e-6)
        assert_array_equal(other.predict(X), np.asarray(names)[np.searchsorted(LABELS, model.predict(X))])


@each_grouping
def test_whole_weights_are_repeated_rows(grouped):
    counts = make_weights("integers", len(Y)) - 1
    rows = np.repeat(np.arange(len(Y)), counts)
    garbage = X.copy()
    garbage[counts == 0] = 1e8 * np.random.default_rng(0).standard_normal(12)
    params = {"grouped": grouped, "l1_ratio": 0.7, "tol": 1e-13}
    alone = fit(X[rows], Y[rows], **params)
    for sample_weight in (counts, 1e-5 * counts):
        for store in (np.asarray, sparse.csc_array):
            assert_same_model(fit(store(garbage), Y, sample_weight=sample_weight, **params), alone, 2e-6)


def test_weights_of_classes_are_weights_of_samples():
    given = make_weights("random", len(Y))
    for class_weight in ("balanced", {"beech": 4.0}):
        of_classes = compute_class_weight(class_weight, classes=LABELS, y=Y, sample_weight=given)
        model = fit(X, Y, class_weight=class_weight, sample_weight=given)
        assert_same_model(model, fit(X, Y, sample_weight=given * of_classes[CODES]))


@each_grouping
@pytest.mark.parametrize("standardize", [False, True])
def test_storages(grouped, standardize):
    rare = X * (np.random.default_rng(0).uniform(size=X.shape) < 0.4)
    params = {"grouped": grouped, "standardize": standardize}
    model = fit(rare, Y, **params)
    for name in ("dense_F", "strided", "memory_mapped", "csc_matrix", "csr_array", "coo_array", "csc_disordered"):
        store = (DENSE_STORAGES | SPARSE_STORAGES)[name]
        other = fit(store(rare), Y, **params)
        assert_same_model(other, model)
        assert_allclose(other.decision_function(store(rare)), model.decision_function(rare), atol=1e-5)
    for store in (np.asarray, sparse.csc_array):
        narrow = fit(store(rare.astype(np.float32)), Y, tol=1e-6, **params)
        assert narrow.coef_.dtype == narrow.intercept_.dtype == np.float32
        assert_same_model(narrow, model, 2e-3)


@each_grouping
def test_standardize_is_a_scaler_before(grouped):
    weights = make_weights("random", len(Y))
    scaler = StandardScaler().fit(X, sample_weight=weights)
    inside = fit(X, Y, sample_weight=weights, standardize=True, grouped=grouped, l1_ratio=0.6)
    before = fit(scaler.transform(X), Y, sample_weight=weights, grouped=grouped, l1_ratio=0.6)
    assert_allclose(inside.coef_ * scaler.scale_, before.coef_, atol=1e-6)
    # Scores may differ by a number for all classes: intercepts sum to zero in both.
    assert_allclose(inside.predict_log_proba(X), before.predict_log_proba(scaler.transform(X)), atol=1e-5)
    pipeline = make_pipeline(StandardScaler(), SparseLogisticRegression(0.03, tol=1e-10, grouped=grouped)).fit(X, Y)
    assert_array_equal(pipeline.predict(X), fit(X, Y, standardize=True, grouped=grouped).predict(X))


@each_grouping
@pytest.mark.parametrize("scale", [1e-150, 1e150, 3e-5])
def test_scale_of_features(grouped, scale):
    model, scaled = fit(X, Y, grouped=grouped), fit(X * scale, Y, 0.03 * scale, grouped=grouped)
    assert_allclose(scaled.coef_ * scale, model.coef_, atol=1e-6)
    assert_allclose(scaled.intercept_, model.intercept_, atol=1e-6)
    cv = SparseLogisticRegressionCV(alphas=5, cv=3, tol=1e-10, grouped=grouped)
    assert_allclose(clone(cv).fit(X * scale, Y).loss_path_, clone(cv).fit(X, Y).loss_path_, rtol=1e-6)


# --- Data at the edges ---


@each_grouping
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_separable_data_end_finite(grouped, l1_ratio):
    separable = np.random.default_rng(0).standard_normal((60, 5))
    codes = separable[:, :3].argmax(axis=1)
    for alpha in (1e-3, 1e-6):
        model = fit(separable, codes, alpha, 1e-4, l1_ratio=l1_ratio, grouped=grouped)
        problem = Problem(separable, codes, alpha, l1_ratio, grouped)
        assert np.isfinite(model.coef_).all()
        assert model.dual_gap_ <= 1e-4 * problem.null_loss
        assert problem.loss(model.coef_, model.intercept_) <= 0.1 * problem.null_loss
    assert_array_equal(model.predict(separable), codes)
    cv = SparseLogisticRegressionCV(eps=1e-5, alphas=20, cv=3, l1_ratio=max(l1_ratio, 0.1), grouped=grouped)
    cv.fit(separable, codes)
    assert np.isfinite(cv.loss_path_).all()


@each_grouping
def test_thirty_classes(grouped):
    many, codes = make_classes(400, 8, 30)
    for l1_ratio in (1.0, 0.5):
        model = fit(many, codes, 0.004, 1e-9, l1_ratio=l1_ratio, grouped=grouped)
        assert model.coef_.shape == (30, 8)
        assert Problem(many, codes, 0.004, l1_ratio, grouped).kkt(model.coef_, model.intercept_) <= 1e-5


@each_grouping
def test_one_sample_of_each_class(grouped):
    few = np.random.default_rng(0).standard_normal((4, 6))
    for alpha in (0.2, 0.01):
        model = fit(few, list("abcd"), alpha, 1e-11, grouped=grouped)
        assert Problem(few, np.arange(4), alpha, 1.0, grouped).kkt(model.coef_, model.intercept_) <= 1e-6
    assert_array_equal(model.predict(few), list("abcd"))


@each_grouping
def test_rare_class(grouped):
    rng = np.random.default_rng(0)
    many, codes = rng.standard_normal((3000, 6)), rng.integers(0, 2, 3000)
    codes[7] = 2
    for sample_weight in (None, np.where(codes == 2, 1e-9, 1.0)):
        problem = Problem(many, codes, 1e-3, 1.0, grouped, sample_weight)
        model = fit(many, codes, 1e-3, 1e-10, sample_weight, grouped=grouped)
        assert problem.kkt(model.coef_, model.intercept_) <= 1e-6
        assert abs(problem.gradient(model.coef_, model.intercept_)[1]).max() <= 1e-13


@each_grouping
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_collinear_and_constant_columns(grouped, l1_ratio):
    strange = np.c_[X, X[:, 0], X[:, 3] + 1e-6 * X[:, 4], np.full(120, 7.25), np.zeros(120), X[:, 6] + 1e4]
    for store in (np.asarray, sparse.csc_array):
        model = fit(store(strange), Y, 0.02, 1e-9, l1_ratio=l1_ratio, grouped=grouped)
        problem = Problem(strange, CODES, 0.02, l1_ratio, grouped)
        assert problem.kkt(model.coef_, model.intercept_) <= 1e-3
        least = fit(X, Y, 0.02, 1e-12, l1_ratio=l1_ratio, grouped=grouped)
        padded = np.c_[least.coef_, np.zeros((3, 5))]
        ours = problem.objective(model.coef_, model.intercept_)
        assert ours <= problem.objective(padded, least.intercept_) + 1e-9
        assert_array_equal(model.coef_[:, 14:16], 0)


@each_grouping
@pytest.mark.parametrize("mean", [1e2, 1e3, 1e4])
def test_sparse_columns_with_large_means(grouped, mean):
    far = np.c_[X[:, :6], X[:, 6:] + mean]
    dense, packed = (fit(store(far), Y, tol=1e-8, grouped=grouped) for store in (np.asarray, sparse.csc_array))
    near = fit(X, Y, grouped=grouped)
    for model in (dense, packed):
        assert_allclose(model.coef_, near.coef_, atol=1e-3)
        assert_allclose(model.predict_log_proba(far), near.predict_log_proba(X), atol=1e-3)


@each_grouping
def test_more_features_than_samples(grouped):
    wide, codes = make_classes(40, 300)
    dense, packed = (fit(store(wide), codes, 0.02, 1e-10, grouped=grouped) for store in (np.asarray, sparse.csc_array))
    assert Problem(wide, codes, 0.02, 1.0, grouped).kkt(dense.coef_, dense.intercept_) <= 1e-5
    assert_same_model(dense, packed, 1e-4)


@each_grouping
@pytest.mark.parametrize("shared, l1_ratio", [(0.0, 0.0), (0.0, 0.05), (300.0, 0.0)])
def test_many_pairs_under_a_ridge(shared, l1_ratio, grouped):
    # With a factor that all columns share, gradient steps do not get far.
    wide, codes = make_classes(40, 400)
    wide = wide + shared * np.random.default_rng(1).standard_normal((40, 1))
    model = fit(wide, codes, 0.02, 1e-10, l1_ratio=l1_ratio, grouped=grouped)
    assert Problem(wide, codes, 0.02, l1_ratio, grouped).kkt(model.coef_, model.intercept_) <= 1e-4


@each_grouping
def test_collinear_free_features(grouped):
    # Of the least norm where they are not known.
    strange = np.c_[X, X[:, 0]]
    factors = np.r_[0.0, np.ones(11), 0.0]
    with pytest.warns(ModelWarning, match="combinations of others"):
        model = fit(strange, Y, 0.02, 1e-11, penalty_weights=factors, grouped=grouped)
    alone = fit(X, Y, 0.02, 1e-11, penalty_weights=factors[:-1], grouped=grouped)
    assert_allclose(model.coef_[:, 0], model.coef_[:, 12], atol=1e-12)
    assert_allclose(model.coef_[:, 0] + model.coef_[:, 12], alone.coef_[:, 0], atol=1e-5)
    assert_allclose(model.predict_log_proba(strange), alone.predict_log_proba(X), atol=1e-5)


# --- Paths ---


@each_grouping
@pytest.mark.parametrize("store", [np.asarray, sparse.csr_array])
def test_path_is_its_fits(grouped, store):
    weights = make_weights("random", len(Y))
    params = {"l1_ratio": 0.8, "grouped": grouped, "class_weight": "balanced", "standardize": True, "tol": 1e-12}
    alphas, coefs, intercepts, gaps = logistic_path(store(X), Y, alphas=6, sample_weight=weights, **params)
    assert coefs.shape == (3, 12, 6) and intercepts.shape == (3, 6) and gaps.shape == alphas.shape == (6,)
    for number, alpha in enumerate(alphas):
        alone = fit(X, Y, alpha, sample_weight=weights, **params)
        assert_allclose(coefs[..., number], alone.coef_, atol=1e-5)
        assert_allclose(intercepts[:, number], alone.intercept_, atol=1e-5)
        assert alone.dual_gap_ <= 1e-12 * np.log(3)


# --- What is refused ---


def refused(params, y=Y, sample_weight=None, Estimator=SparseLogisticRegression):
    with pytest.raises(ValueError) as caught:
        Estimator(**params).fit(X, y, sample_weight)
    return str(caught.value)


def test_classes_that_do_not_count():
    without_fir = (Y != "fir") * 1.0
    assert "none of class" in (message := refused({}, sample_weight=without_fir)) and "'fir'" in message
    assert "'beech'" in refused({"class_weight": {"beech": 0.0}})
    assert "only one class" in (message := refused({}, sample_weight=(Y == "ash") * 1.0)) and "'ash'" in message
    assert "grouped" in refused({"grouped": "yes"})
    assert "solver='prox_grad'" in refused({"solver": "prox_grad"})
    # Without intercepts the class without samples has an answer.
    model = fit(X, Y, sample_weight=without_fir, fit_intercept=False)
    assert Problem(X, CODES, 0.03, sample_weight=without_fir).gradient(model.coef_, 0)[0].max() <= 0.03 + 1e-9
    assert "fir" not in model.predict(X[Y == "ash"])


def test_class_that_a_fold_has_none_of():
    y = np.where(np.arange(120) == 100, "oak", Y)
    cv = [(np.arange(80), np.arange(80, 120)), (np.arange(40, 120), np.arange(40))]
    message = refused({"cv": cv}, y, Estimator=SparseLogisticRegressionCV)
    assert "'oak'" in message and "fold 0" in message
    with pytest.warns(UserWarning, match="least populated class"), pytest.raises(ValueError, match="'oak'"):
        SparseLogisticRegressionCV(cv=3).fit(X, y)


@each_grouping
@pytest.mark.parametrize("n_classes", [3, 5])
@pytest.mark.parametrize("difference", [1e-4, 1e-6])
def test_free_features_that_are_nearly_combinations_of_others(difference, n_classes, grouped):
    X, codes = make_classes(200, 12, n_classes, seed=5)
    X = StandardScaler().fit_transform(X)
    alike = X.copy()
    alike[:, 1] = X[:, 0] + difference * X[:, 1]
    alike[:, 3] = X[:, 2] - X[:, 0] + difference * X[:, 3]
    params = {"penalty_weights": np.repeat([0.0, 1.0], [4, 8]), "alpha": 0.01, "grouped": grouped, "tol": 1e-7}
    # Free features have the same span in both.
    apart, model = (SparseLogisticRegression(**params).fit(design, codes) for design in (X, alike))
    assert apart.coef_[:, 4:].any()
    assert_allclose(model.coef_[:, 4:], apart.coef_[:, 4:], atol=1e-3)
    assert_allclose(model.predict_proba(alike), apart.predict_proba(X), atol=1e-3)
    assert model.dual_gap_ <= 1e-7 * np.log(n_classes)
