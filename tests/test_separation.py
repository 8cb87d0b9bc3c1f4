"""Classes that are told apart without error, and groups without a count: what ends finite, and what is said if not."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import linprog
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from sklearn_sparsefit import (
    ElasticNetGLM,
    SparseLogisticRegression,
    SparseLogisticRegressionCV,
    logistic_path,
)
from sklearn_sparsefit.datafit import Tweedie
from sklearn_sparsefit.exceptions import ModelWarning
from test_generalized import GeneralizedProblem
from test_losses import LOSSES

BINOMIAL, POISSON = LOSSES[0], LOSSES[1]
RNG = np.random.default_rng(0)
X = RNG.standard_normal((100, 5))
SEPARATED = (X[:, 0] - 0.5 * X[:, 1] > 0).astype(float)
BY_FIRST = (X[:, 0] > 0).astype(float)
FIRST_FREE = np.array([0.0, 1, 1, 1, 1])
WIDE = RNG.standard_normal((50, 200))
# A group all of whose members are of one class, and have no counts.
GROUPED = X.copy()
GROUPED[:, 0] = np.arange(100) < 7
MIXED = np.where(GROUPED[:, 0] == 1, 1.0, RNG.integers(0, 2, 100))
COUNTS = np.where(GROUPED[:, 0] == 1, 0.0, RNG.poisson(2, 100))


def alpha_max(X, y, l1_ratio=1.0):
    return abs((X - X.mean(axis=0)).T @ (y - y.mean())).max() / len(y) / (l1_ratio or 1.0)


def assert_certified(model, X, y, row, tol=1e-4, **terms):
    """The certificate is one by its definition, in extended precision."""
    problem = GeneralizedProblem(X, y, row.formulas, alpha=model.alpha, **terms)
    coef, intercept = np.ravel(model.coef_), np.ravel(model.intercept_)[0]
    assert np.isfinite(coef).all() and np.isfinite(intercept)
    largest = tol * float(problem.null_objective) * (1 + 1e-6)
    assert -1e-15 <= float(problem.dual_gap(coef, intercept)) <= largest
    assert 0 <= model.dual_gap_ <= largest
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        better = clone(model).set_params(tol=1e-3 * tol).fit(X, y)
    gained = problem.objective(coef, intercept) - problem.objective(
        np.ravel(better.coef_), np.ravel(better.intercept_)[0]
    )
    # Correlations are rounded, beside alpha, by this much, and the gap by its square.
    rounding = np.finfo(float).eps / model.alpha
    assert model.dual_gap_ >= gained - 1e-12 - rounding**2


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("strength", [1e-3, 1e-8, 1e-12])
@pytest.mark.parametrize("shape", ["tall", "wide", "one feature", "two values"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_penalty_holds_separable_classes(shape, strength, l1_ratio, fit_intercept):
    line = np.r_[-5.0:0, 1.0:6][:, None]
    A, y = {
        "tall": (X, SEPARATED),
        "wide": (WIDE, (WIDE[:, 0] > 0).astype(float)),
        "one feature": (line, (line[:, 0] > 0).astype(float)),
        "two values": (np.sign(line), (line[:, 0] > 0).astype(float)),
    }[shape]
    alpha = strength * alpha_max(A, y, l1_ratio)
    model = SparseLogisticRegression(alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept).fit(A, y)
    assert_certified(model, A, y, BINOMIAL, l1_ratio=l1_ratio, fit_intercept=fit_intercept)
    assert (model.predict(A) == y).all() or strength > 1e-8


@pytest.mark.parametrize("unit", [1e-150, 1e150, 1e300])
@pytest.mark.parametrize("strength", [1e-3, 1e-8])
def test_separable_classes_in_any_unit(unit, strength):
    alpha = strength * alpha_max(X, SEPARATED)
    plain = SparseLogisticRegression(alpha, tol=1e-8).fit(X, SEPARATED)
    scaled = SparseLogisticRegression(alpha * unit, tol=1e-8).fit(X * unit, SEPARATED)
    assert_allclose(scaled.coef_ * unit, plain.coef_, rtol=1e-5)


def test_a_path_of_separable_classes_warns_of_nothing():
    for A, y in ((X, SEPARATED), (WIDE, (WIDE[:, 0] > 0).astype(float))):
        alphas, coefs, _, gaps = logistic_path(A, y, alphas=50, eps=1e-10)
        assert np.isfinite(coefs).all()
        assert (gaps <= 1e-4 * np.log(2)).all()
        assert alphas[-1] == pytest.approx(1e-10 * alphas[0])


@pytest.mark.parametrize("strength", [1e-3, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_a_penalty_holds_groups_of_one_kind(strength, store):
    # Their curvature falls with their residuals, far below that of all others.
    alpha = strength * alpha_max(GROUPED, MIXED)
    model = SparseLogisticRegression(alpha, max_iter=100).fit(store(GROUPED), MIXED)
    assert_certified(model, GROUPED, MIXED, BINOMIAL)
    model = ElasticNetGLM(alpha, l1_ratio=1.0, family="poisson", max_iter=100).fit(store(GROUPED), COUNTS)
    assert_certified(model, GROUPED, COUNTS, POISSON)
    assert model.coef_[0] < -np.log(1 / strength) / 2


def separates(A, y, counts=False):
    """Whether some direction, of the features and the intercept, only ever lowers the losses: a linear program."""
    A = np.column_stack([A, np.ones(len(A))])
    if counts:
        # Down where there is no count, and nowhere else.
        towards, still = -A[y == 0], A[y > 0]
    else:
        towards, still = A * (2 * y - 1)[:, None], None
    found = linprog(
        -towards.sum(axis=0),
        A_ub=-towards,
        b_ub=np.zeros(len(towards)),
        A_eq=still,
        b_eq=None if still is None else np.zeros(len(still)),
        bounds=(-1, 1),
    )
    return -found.fun > 1e-7


def draw(seed, family):
    """Features, of which the first few, of three values each, may tell samples apart; the number of these."""
    rng = np.random.default_rng(seed)
    n_samples, n_free = rng.integers(8, 40), rng.integers(1, 4)
    A = np.column_stack([rng.integers(-1, 2, (n_samples, n_free)), rng.standard_normal((n_samples, 6))])
    if family == "binomial":
        y = (A[:, 0] + rng.integers(0, 2) * rng.standard_normal(n_samples) > 0.5).astype(float)
        y[:2] = 0.0, 1.0
    else:
        y = rng.poisson(np.exp(0.5 * A[:, 0])) * (A[:, n_free - 1] < rng.integers(0, 3)).astype(float)
        y[0] += 1
    return A, y, n_free


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("seed", range(30))
def test_free_features_that_separate_are_told_of(family, seed):
    A, y, n_free = draw(seed, family)
    weights = np.ones(n_free + 6)
    weights[:n_free] = 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = ElasticNetGLM(0.02, l1_ratio=1.0, family=family, penalty_weights=weights).fit(A, y)
    told = [str(warning.message) for warning in caught]
    expected = separates(A[:, :n_free], y, family == "poisson")
    assert any("separation" in message for message in told) == expected
    assert not any("did not converge" in message for message in told)
    assert np.isfinite(model.coef_).all() and np.isfinite(model.intercept_)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_there_are_free_features_of_both_kinds(family):
    drawn = [draw(seed, family) for seed in range(30)]
    assert 5 < sum(separates(A[:, :n_free], y, family == "poisson") for A, y, n_free in drawn) < 25


@pytest.mark.parametrize("solver", ["auto", "cd", "prox_grad"])
@pytest.mark.parametrize("strength", [1.0, 0.1, 1e-3])
def test_free_features_that_separate_completely(strength, solver):
    alpha = strength * alpha_max(X, BY_FIRST)
    model = SparseLogisticRegression(alpha, penalty_weights=FIRST_FREE, solver=solver)
    with pytest.warns(ModelWarning, match=r"separation in the data: features with penalty weight 0 \(0\)"):
        model.fit(X, BY_FIRST)
    # Nothing is left for others, and less of the loss than rounding leaves.
    raw = model.decision_function(X)
    assert not model.coef_[0, 1:].any()
    assert np.logaddexp(0, -raw * (2 * BY_FIRST - 1)).mean() < 1e-12


def test_free_features_that_separate_a_group():
    alpha = 0.1 * alpha_max(GROUPED, MIXED)
    model = SparseLogisticRegression(alpha, penalty_weights=FIRST_FREE, tol=1e-8)
    with pytest.warns(ModelWarning, match="separation"):
        model.fit(GROUPED, MIXED)
    # The others are fitted to those outside of the group alone: it takes part in nothing but their number.
    rest = SparseLogisticRegression(alpha * 100 / 93, tol=1e-10).fit(GROUPED[7:, 1:], MIXED[7:])
    assert rest.coef_.any()
    assert_allclose(model.coef_[0, 1:], rest.coef_[0], atol=1e-5)
    assert_allclose(model.intercept_, rest.intercept_, atol=1e-5)
    assert model.predict_proba(GROUPED[:7])[:, 1].min() > 1 - 1e-8


@pytest.mark.parametrize("power", [1.2, 1.5, 1.9, 1.99])
@pytest.mark.parametrize("tol", [1e-4, 1e-12])
def test_what_free_features_have_left_is_in_the_certificate(power, tol):
    # The second is of some of the group alone: towards the infimum they all but cancel.
    A, y = X[:40].copy(), np.r_[np.zeros(5), 1.0 + RNG.poisson(3, 35)]
    A[:, 0], A[:, 1] = np.arange(40) < 5, (np.arange(40) < 3) * RNG.random(40)
    weights, tweedie = np.array([0.0, 0, 1, 1, 1]), {"family": "tweedie", "l1_ratio": 1.0, "power": power}
    with pytest.warns(ModelWarning, match="separation"):
        model = ElasticNetGLM(0.1, **tweedie, penalty_weights=weights, tol=tol).fit(A, y)
    # Without a count the group costs nothing.
    rest = ElasticNetGLM(0.1 * 40 / 35, **tweedie, tol=1e-13).fit(A[5:, 2:], y[5:])

    def objective(model, A, y, alpha):
        # Of raw predictions, as means may be no numbers above zero.
        losses = Tweedie(power).values(y, (A @ model.coef_ + model.intercept_)[None])[0]
        return losses.mean() + alpha * abs(model.coef_[-3:]).sum()

    infimum = 35 / 40 * objective(rest, A[5:, 2:], y[5:], 0.1 * 40 / 35)
    assert objective(model, A, y, 0.1) - infimum <= model.dual_gap_ + 1e-15


def test_the_features_are_named():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["dose", "a", "b", "c", "d"])
    with pytest.warns(ModelWarning, match=r"weight 0 \(dose\) tell apart"):
        SparseLogisticRegression(0.1, penalty_weights={"dose": 0}).fit(frame, BY_FIRST)


def test_bounds_and_small_weights_are_ways_out():
    for terms in ({"penalty_weights": [1e-3, 1, 1, 1, 1]}, {"penalty_weights": FIRST_FREE, "upper_bounds": 20.0}):
        model = SparseLogisticRegression(0.01, **terms).fit(X, BY_FIRST)
        assert_certified(model, X, BY_FIRST, BINOMIAL, **terms)


def test_folds_that_separate_are_named():
    y = BY_FIRST.copy()
    y[3] = 1 - y[3]
    model = SparseLogisticRegressionCV(cv=5, alphas=10, penalty_weights=FIRST_FREE)
    with pytest.warns(ModelWarning, match=r"separation in fold 0:"):
        model.fit(X, y)
    assert np.isfinite(model.loss_path_).all()
    with pytest.warns(ModelWarning, match=r"separation in the full data and 5 other path\(s\):"):
        model.fit(X, BY_FIRST)


def test_paths_tell_too():
    with pytest.warns(ModelWarning, match="separation"):
        _, coefs, _, _ = logistic_path(X, BY_FIRST, alphas=5, penalty_weights=FIRST_FREE)
    assert np.isfinite(coefs).all()


def test_far_but_finite_is_not_separated():
    # One sample on the other side: the coefficient is large and finite.
    line = np.r_[np.linspace(-1, -0.01, 50), np.linspace(0.01, 1, 50)][:, None]
    y = (line[:, 0] > 0).astype(float)
    y[49], y[50] = 1.0, 0.0
    A = np.column_stack([line, X[:, 1:]])
    model = SparseLogisticRegression(0.1, penalty_weights=FIRST_FREE, tol=1e-10).fit(A, y)
    assert model.coef_[0, 0] > 50
    residual = y - model.predict_proba(A)[:, 1]
    assert abs(residual @ line[:, 0]) / 100 < 1e-12


def part_of_three(kind):
    """Samples of three classes, of whose features the first parts one class from the others, or a group of it."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((150, 6)), np.repeat([0, 1, 2], 50)
    if kind == "indicator":
        X[:, 0] = y == 0
    elif kind == "group":
        X[:, 0] = np.arange(150) < 10
    elif kind == "rest":
        X[:, 0] = np.where(y == 0, 1, rng.random(150) < 0.5)
    else:
        X[:, 0] = y + rng.uniform(0, 0.9, 150)
    return X, y


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("kind", ["indicator", "group", "rest", "order"])
def test_free_features_that_part_one_class_of_three(kind, grouped):
    X, y = part_of_three(kind)
    free = np.r_[0, np.ones(5)]
    with pytest.warns(ModelWarning, match=r"separation in the data: features with penalty weight 0 \(0\)"):
        model = SparseLogisticRegression(0.02, penalty_weights=free, grouped=grouped, tol=1e-8).fit(X, y)
    assert np.isfinite(model.coef_).all() and 0 <= model.dual_gap_ <= 1e-8 * np.log(3)
    # As good as what bounds allow.
    bounds = {"lower_bounds": np.r_[-8, np.full(5, -np.inf)], "upper_bounds": np.r_[8, np.full(5, np.inf)]}
    held = SparseLogisticRegression(0.02, penalty_weights=free, grouped=grouped, tol=1e-10, **bounds).fit(X, y)

    def objective(model):
        norms = np.linalg.norm(model.coef_[:, 1:], axis=0) if grouped else abs(model.coef_[:, 1:])
        return log_loss(y, model.predict_proba(X)) + 0.02 * norms.sum()

    assert objective(model) <= objective(held) + 1e-7


@pytest.mark.parametrize("grouped", [False, True])
def test_free_features_that_part_one_class_from_its_bound(grouped):
    X, y = part_of_three("indicator")
    # The first class cannot go below zero: the others go on for ever, together.
    terms = {"penalty_weights": np.r_[0, np.ones(5)], "lower_bounds": np.r_[0, np.full(5, -np.inf)], "grouped": grouped}
    with pytest.warns(ModelWarning, match=r"separation in the data: features with penalty weight 0 \(0\)"):
        model = SparseLogisticRegression(0.02, **terms).fit(X * np.r_[-1, np.ones(5)], y)
    assert 0 <= model.coef_[0, 0] < model.coef_[1:, 0].min() - 10


@pytest.mark.parametrize("alpha", [1e-6, 1e-9, 1e-12, 1e-16])
def test_tiny_alphas_for_three_classes_that_are_apart(alpha):
    X, y = part_of_three("order")
    X = X * np.r_[3, np.ones(5)]
    model = SparseLogisticRegression(alpha).fit(X, y)
    assert model.score(X, y) == 1
    # Anything added to all classes changes no score; the price decides, however small.
    assert_array_equal(np.median(model.coef_, axis=0), 0)
    assert 0 < model.dual_gap_ <= 1e-4 * np.log(3)
