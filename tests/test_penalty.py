"""Penalties and datafits against brute force and finite differences."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms
from sklearn_sparsefit.subproblem import Outside, duality_gap, least_squares_gap, quadratic_misfit

# Of one feature: no weight for L1 means none for L2 either.
weights = st.sampled_from([(0.0, 0.0), (1.0, 1.0), (0.5, 2.0), (3.0, 1.0)])
bounds = st.sampled_from([(-np.inf, np.inf), (0.0, np.inf), (-np.inf, 0.0), (-1.0, 2.0), (0.0, 0.5), (0.0, 0.0)])
terms = st.builds(lambda pair, ends: FeatureTerms(*([value] for value in (*pair, *ends))), weights, bounds)
penalties = st.builds(
    ElasticNetPenalty, st.sampled_from([0.0, 0.1, 1.0, 7.0]), st.sampled_from([0.0, 0.05, 0.5, 1.0]), terms
)
numbers = st.floats(-20, 20, allow_subnormal=False)


def uniform(alpha, l1_ratio, n_features=1, positive=False):
    return ElasticNetPenalty(alpha, l1_ratio, FeatureTerms.uniform(n_features, positive))


def ends(penalty, far):
    """The bounds of the one coefficient, none of them further away than that."""
    return max(penalty.terms.lower[0], -far), min(penalty.terms.upper[0], far)


@given(penalty=penalties, value=numbers, step=st.floats(1e-3, 10))
def test_prox_is_the_minimiser(penalty, value, step):
    def objective(u):
        return 0.5 * (u - value) ** 2 + step * penalty.value(np.array([u]))

    low, high = ends(penalty, 25)
    (prox,) = penalty.apply_prox(np.array([value]), step)
    assert low <= prox <= high
    if low < high:
        brute_force = minimize_scalar(objective, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
        assert objective(prox) <= brute_force.fun + 1e-9
    assert objective(prox) <= objective(0.0) + 1e-12


@given(penalty=penalties, w=numbers, u=numbers, scale=st.floats(0, 1))
def test_fenchel_young_is_the_sum_of_its_parts(penalty, w, u, scale):
    w, u = np.clip([w], *ends(penalty, np.inf)), np.array([u])
    term = penalty.fenchel_young(w, u, scale)
    parts = penalty.value(w) + penalty.conjugate(u, scale) - scale * (w @ u)
    assert term >= 0
    assert term == pytest.approx(parts, abs=1e-9 * (1 + abs(parts)))


@given(penalty=penalties, value=numbers)
def test_fenchel_young_vanishes_on_the_subgradient(penalty, value):
    # The prox of w + u is w just where u is a subgradient at w.
    assume(penalty.l1 * penalty.terms.l1_weights[0] > 0 or penalty.l2 * penalty.terms.l2_weights[0] > 0)
    w = penalty.apply_prox(np.array([value]), 1.0)
    # A hair below, where rounding could put u outside the domain of the conjugate.
    assert penalty.fenchel_young(w, value - w, 1 - 1e-13) <= 1e-11 * (1 + value**2)


def test_fenchel_young_keeps_its_digits():
    penalty = uniform(1.0, 0.5, 2)
    w = np.array([3.0, -3.0])
    u = penalty.l1 + penalty.l2 * w[0] + 1e-9
    term = penalty.fenchel_young(w, np.array([u, -u]))
    excess = u - penalty.l1 - penalty.l2 * w[0]
    assert term == pytest.approx(excess**2 / penalty.l2, rel=1e-12)


def test_a_nan_is_no_certificate():
    penalty = uniform(1.0, 0.5)
    nan, zero, some = np.array([np.nan]), np.zeros(1), np.array([0.2])
    assert np.isnan(penalty.dual_norm(nan))
    assert np.isnan(penalty.largest_magnitude(nan))
    for energy, coef, inside, outside in (
        (np.nan, zero, some, some),
        (1.0, zero, nan, some),
        (1.0, zero, some, nan),
        (1.0, nan, some, some),
    ):
        unknown = Outside(np.arange(1), outside, penalty)
        assert not duality_gap(quadratic_misfit(energy), coef, inside, penalty, unknown) <= 1.0


@given(penalty=penalties, u=numbers)
def test_conjugate_is_the_supremum(penalty, u):
    low, high = ends(penalty, 1e4)
    assume(penalty.l2 * penalty.terms.l2_weights[0] > 0 or high - low < 1e3)
    assume(low < high)
    best = minimize_scalar(
        lambda w: penalty.value(np.array([w])) - w * u, bounds=(low, high), method="bounded", options={"xatol": 1e-9}
    )
    assert penalty.conjugate(np.array([u])) == pytest.approx(max(-best.fun, 0.0), rel=1e-6, abs=1e-6)


def test_conjugate_without_curvature_is_an_indicator():
    for positive in (False, True):
        penalty = uniform(0.5, 1.0, 3, positive)
        assert penalty.conjugate(np.array([0.5, 0.1, 0.0])) == 0
        assert penalty.conjugate(np.array([0.1, 0.6, 0.0])) == np.inf
        assert penalty.conjugate(np.array([0.1, -0.6, 0.0])) == (0 if positive else np.inf)


def test_units_do_not_change_the_objective():
    penalty = uniform(0.3, 0.4, 3)
    inside = penalty.in_units(2.0**-7, 2.0**9)
    w = np.array([1.5, -2.0, 0.0])
    in_units = w / (2.0**-7 * 2.0**9)
    assert inside.value(in_units) * 2.0**18 == penalty.value(w)
    assert inside.with_alpha(0.6).l1 == 2 * inside.l1
    assert inside.alpha_max(penalty.largest_magnitude(w) * 2.0**-7 / 2.0**9) == penalty.alpha_max(
        penalty.largest_magnitude(w)
    )


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_residual_is_the_gradient(fit_intercept):
    rng = np.random.default_rng(0)
    y, weights, z = rng.standard_normal(12) * 100 + 7, rng.uniform(0, 2, 12), rng.standard_normal(12)
    datafit = Quadratic(y, weights, fit_intercept)

    def loss(raw):
        return datafit.fit(raw[None]).losses[0]

    residual = datafit.fit(z[None]).residuals[0]
    for i in range(12):
        e = np.eye(12)[i] * 1e-5
        slope = (loss(z + e) - loss(z - e)) / 2e-5
        assert slope == pytest.approx(-datafit.weights[i] * residual[i], abs=1e-9)
    assert datafit.null_loss == pytest.approx(loss(np.zeros(12)))


def test_residuals_are_centred_to_rounding_beside_large_predictions():
    rng = np.random.default_rng(0)
    datafit = Quadratic(rng.standard_normal(50), rng.uniform(0, 2, 50))
    residuals = datafit.fit(1e8 + rng.standard_normal((3, 50))).residuals
    assert abs(residuals @ datafit.weights).max() < 1e-15


@pytest.mark.parametrize("value", [0.1, -3e-200, 7e250])
def test_constant_target_leaves_nothing(value):
    datafit = Quadratic(np.full(7, value))
    assert datafit.null_loss == 0
    assert datafit.unit * datafit.mean == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("rank", [3, 8])
def test_least_squares_gap_is_exact(rank):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, rank)) @ rng.standard_normal((rank, 8))
    y, w = rng.standard_normal(30), rng.standard_normal(8)
    best = X @ np.linalg.lstsq(X, y)[0]
    suboptimality = 0.5 * ((y - X @ w) @ (y - X @ w) - (y - best) @ (y - best)) / 30
    assert least_squares_gap(X.T @ (y - X @ w) / 30, X.T @ X / 30) == pytest.approx(suboptimality, rel=1e-9)


def test_dual_points_outside_the_domain_are_shortened():
    penalty = ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(1))
    coef, correlation = np.zeros(1), np.full(1, 0.5)

    def gap(furthest):
        return duality_gap(lambda scale: np.inf if scale > furthest else (1 - scale) ** 2, coef, correlation, penalty)

    assert gap(1 - 1e-13) == pytest.approx(1e-24, rel=1e-3)
    assert gap(1 - 1e-7) == pytest.approx(1e-12, rel=1e-3)
    assert gap(0.9) == np.inf
