"""Penalties and datafits against brute force and finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.penalty import ElasticNetPenalty

penalties = st.builds(
    ElasticNetPenalty, st.sampled_from([0.0, 0.1, 1.0, 7.0]), st.sampled_from([0.0, 0.05, 0.5, 1.0]), st.booleans()
)
numbers = st.floats(-20, 20, allow_subnormal=False)


@given(penalty=penalties, value=numbers, step=st.floats(1e-3, 10))
def test_prox_is_the_minimiser(penalty, value, step):
    def objective(u):
        return 0.5 * (u - value) ** 2 + step * penalty.value(np.array([u]))

    bounds = (0, 25) if penalty.positive else (-25, 25)
    brute_force = minimize_scalar(objective, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    (prox,) = penalty.apply_prox(np.array([value]), step)
    assert prox >= bounds[0]
    assert objective(prox) <= brute_force.fun + 1e-9
    assert objective(prox) <= objective(0.0) + 1e-12


@given(penalty=penalties, w=numbers, u=numbers)
def test_fenchel_young(penalty, w, u):
    w, u = np.array([max(w, 0.0) if penalty.positive else w]), np.array([u])
    gap = penalty.fenchel_young(w, u)
    assert gap >= -1e-9
    # Equality where u is a subgradient: there w is the prox of w + u.
    (prox,) = penalty.apply_prox(w + u, 1.0)
    if np.isfinite(gap) and abs(gap) < 1e-14:
        assert prox == pytest.approx(w[0], abs=1e-6)


@given(penalty=penalties, u=numbers)
def test_conjugate_is_the_supremum(penalty, u):
    grid = np.linspace(0 if penalty.positive else -1e3, 1e3, 20_001)
    supremum = max(w * u - penalty.value(np.array([w])) for w in grid[:: 1 if penalty.l2 > 0 else 20_000])
    conjugate = penalty.conjugate(np.array([u]))
    if penalty.l2 > 0:
        assert conjugate == pytest.approx(max(supremum, 0.0), rel=1e-2, abs=2e-2)
    else:
        assert (conjugate == np.inf) == (supremum > 1e-9)


def test_units_do_not_change_the_objective():
    penalty = ElasticNetPenalty(0.3, 0.4)
    inside = penalty.in_units(2.0**-7, 2.0**9)
    w = np.array([1.5, -2.0, 0.0])
    in_units = w / (2.0**-7 * 2.0**9)
    assert inside.value(in_units) * 2.0**18 == penalty.value(w)
    assert inside.with_alpha(0.6).l1 == 2 * inside.l1
    assert inside.alpha_max(penalty.dual_norm(w) * 2.0**-7 / 2.0**9) == penalty.alpha_max(penalty.dual_norm(w))


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_residual_is_the_gradient(fit_intercept):
    rng = np.random.default_rng(0)
    y, weights, z = rng.standard_normal(12) * 100 + 7, rng.uniform(0, 2, 12), rng.standard_normal(12)
    datafit = Quadratic(y, weights, fit_intercept)

    def loss(raw):
        return datafit.losses(datafit.residuals(raw[None])[0])[0]

    residual = datafit.residuals(z[None])[0][0]
    for i in range(12):
        e = np.eye(12)[i] * 1e-5
        slope = (loss(z + e) - loss(z - e)) / 2e-5
        assert slope == pytest.approx(-datafit.weights[i] * residual[i], abs=1e-9)
    assert datafit.null_loss == pytest.approx(loss(np.zeros(12)))


def test_residuals_are_centred_to_rounding_beside_large_predictions():
    rng = np.random.default_rng(0)
    datafit = Quadratic(rng.standard_normal(50), rng.uniform(0, 2, 50))
    residuals, _ = datafit.residuals(1e8 + rng.standard_normal((3, 50)))
    assert abs(residuals @ datafit.weights).max() < 1e-15


@pytest.mark.parametrize("value", [0.1, -3e-200, 7e250])
def test_constant_target_leaves_nothing(value):
    datafit = Quadratic(np.full(7, value))
    assert datafit.null_loss == 0
    assert datafit.unit * datafit.mean == pytest.approx(value, rel=1e-15)
