"""Losses against their definitions, in extended precision, and against scikit-learn's."""

import copy
import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import huber as scipy_huber
from sklearn import _loss as sklearn_loss

from sklearn_sparsefit.datafit import Binomial, Gamma, Generalized, Huber, Loss, Poisson, Quadratic, Tweedie

EPS, TINY = np.finfo(np.float64).eps, np.finfo(np.float64).tiny


def xlogx(x):
    x = np.asarray(x, np.longdouble)
    return x * np.log(np.where(x > 0, x, 1))


def extended(*arrays):
    return [np.asarray(array, np.longdouble) for array in arrays]


def bisect(increasing, low, high):
    """Roots of increasing functions, element by element, in extended precision."""
    low, high = (np.array(end, np.longdouble) for end in np.broadcast_arrays(low, high))
    for _ in range(120):
        middle = (low + high) / 2
        above = increasing(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


class Formulas:
    """What a loss is by definition: its parts are summed, and its conjugate is searched for, at extended precision."""

    def parts(self, y, z):
        """Terms of f(y, z), on the last axis."""
        raise NotImplementedError

    def derivative(self, y, z):
        raise NotImplementedError

    def curvature(self, y, z):
        raise NotImplementedError

    def value(self, y, z):
        return self.parts(*extended(y, z)).sum(axis=-1)

    def size(self, y, z):
        """Of the terms, whose rounding an error may be made of."""
        return abs(self.parts(*extended(y, z))).sum(axis=-1)

    def bend_of_rounding(self, y, z):
        """How much more than its terms rounding may change that goes through a logarithm or a difference first."""
        return 1 + abs(z) + abs(np.log(abs(y) + 1e-3))

    def where_slope_is(self, y, slope, far=3000.0):
        """The raw predictions at which the derivative is ``slope``, if they are not further from zero than ``far``."""
        y, slope = extended(y, slope)
        return bisect(lambda z: self.derivative(y, z) - slope, np.full(slope.shape, -far), np.full(slope.shape, far))

    def has_slope(self, y, slope):
        """Whether the conjugate is finite."""
        return np.full(slope.shape, True)

    def conjugate(self, y, slope):
        """f*(u), the supremum of u v - f(y, v) over v."""
        y, slope = extended(y, slope)
        v = self.where_slope_is(y, slope)
        return slope * v - self.value(y, v)


class BinomialFormulas(Formulas):
    def parts(self, y, z):
        rest = xlogx(y) + xlogx(1 - y)
        return np.stack(np.broadcast_arrays(np.log1p(np.exp(-abs(z))), np.maximum(z, 0), -y * z, rest), axis=-1)

    def derivative(self, y, z):
        return (1 - y) / (1 + np.exp(-z)) - y / (1 + np.exp(z))

    def curvature(self, y, z):
        return 1 / ((1 + np.exp(-z)) * (1 + np.exp(z)))

    def has_slope(self, y, slope):
        return (y + slope >= -EPS) & (y + slope <= 1 + EPS)

    def conjugate(self, y, slope):
        y, slope = extended(y, slope)
        p, q = np.maximum(y + slope, 0), np.maximum(1 - y - slope, 0)
        return xlogx(p) + xlogx(q) - xlogx(y) - xlogx(1 - y)


class PoissonFormulas(Formulas):
    def parts(self, y, z):
        return np.stack(np.broadcast_arrays(np.exp(z), -y * z, xlogx(y), -y), axis=-1)

    def derivative(self, y, z):
        return np.exp(z) - y

    def curvature(self, y, z):
        return np.exp(z) + 0 * y

    def has_slope(self, y, slope):
        return y + slope >= -EPS * y

    def conjugate(self, y, slope):
        y, slope = extended(y, slope)
        mean = np.maximum(y + slope, 0)
        return xlogx(mean) - mean - xlogx(y) + y


class GammaFormulas(Formulas):
    def parts(self, y, z):
        return np.stack(np.broadcast_arrays(y * np.exp(-z), z, -np.log(y), -1), axis=-1)

    def derivative(self, y, z):
        return 1 - y * np.exp(-z)

    def curvature(self, y, z):
        return y * np.exp(-z)

    def has_slope(self, y, slope):
        return slope <= 1

    def conjugate(self, y, slope):
        y, slope = extended(y, slope)
        ratio = np.maximum(1 - slope, 0)
        return slope * np.log(y) + xlogx(ratio) - ratio + 1


@dataclass(frozen=True)
class TweedieFormulas(Formulas):
    power: float

    def parts(self, y, z):
        p = np.longdouble(self.power)
        rest = -(y ** (2 - p)) / ((p - 1) * (2 - p))
        return np.stack(
            np.broadcast_arrays(np.exp((2 - p) * z) / (2 - p), y * np.exp((1 - p) * z) / (p - 1), rest), axis=-1
        )

    def derivative(self, y, z):
        p = np.longdouble(self.power)
        return np.exp((2 - p) * z) - y * np.exp((1 - p) * z)

    def curvature(self, y, z):
        p = np.longdouble(self.power)
        return (2 - p) * np.exp((2 - p) * z) + (p - 1) * y * np.exp((1 - p) * z)


@dataclass(frozen=True)
class HuberFormulas(Formulas):
    delta: float

    def parts(self, y, z):
        error, delta = abs(y - z), np.longdouble(self.delta)
        return np.where(error <= delta, error**2 / 2, delta * (error - delta / 2))[..., None]

    def size(self, y, z):
        # The error comes from a difference.
        return super().size(y, z) + self.delta * (abs(y) + abs(z))

    def derivative(self, y, z):
        return np.clip(z - y, -self.delta, self.delta)

    def curvature(self, y, z):
        return np.where(abs(z - y) <= self.delta, 1, 0)

    def has_slope(self, y, slope):
        return abs(slope) <= self.delta

    def conjugate(self, y, slope):
        y, slope = extended(y, slope)
        return slope**2 / 2 + slope * y


@dataclass(frozen=True)
class ScipyHuber:
    """With the methods of scikit-learn's losses, whose own has no such constructor in every version."""

    delta: float

    def loss(self, y, z):
        return scipy_huber(self.delta, y - z)

    def gradient(self, y, z):
        return np.clip(z - y, -self.delta, self.delta)

    def constant_to_optimal_zero(self, y):
        return 0.0


@dataclass(frozen=True)
class Row:
    """A loss, its definition, and targets of every kind.

    ``peer`` is the loss of another package, or None where no package has it; ``draw`` draws targets, from a generator
    and raw predictions.
    """

    loss: Loss
    formulas: Formulas
    peer: Any
    targets: tuple[float, ...]
    draw: Callable[[np.random.Generator, np.ndarray], np.ndarray]
    has_curvature: bool = True

    def __str__(self):
        return "-".join(str(part) for part in (type(self.loss).__name__, *self.loss.__reduce__()[1]))


COUNTS, AMOUNTS = (0.0, 1e-3, 0.5, 1.0, 3.0, 250.0), (1e-3, 0.5, 1.0, 3.0, 250.0)


def draw_tweedie(rng, raw):
    """Sums of a few amounts, of none now and then."""
    mean = np.exp(raw)
    return np.array([rng.gamma(2.0, m / 3, n).sum() for m, n in zip(mean, rng.poisson(1.5, len(mean)), strict=True)])


def draw_outlying(rng, raw):
    return raw + rng.standard_t(1.5, len(raw))


def tweedie(power):
    peer = sklearn_loss.HalfTweedieLoss(power=power)
    return Row(Tweedie(power), TweedieFormulas(power), peer, COUNTS, draw_tweedie)


def huber(delta):
    return Row(Huber(delta), HuberFormulas(delta), ScipyHuber(delta), (-40.0, -1.0, 0.0, 0.3, 1e3), draw_outlying)


LOSSES = [
    Row(
        Binomial(),
        BinomialFormulas(),
        sklearn_loss.HalfBinomialLoss(),
        (0.0, 1e-9, 0.25, 0.5, 0.9, 1.0),
        lambda rng, raw: (rng.uniform(size=len(raw)) < 1 / (1 + np.exp(-raw))).astype(float),
    ),
    Row(
        Poisson(),
        PoissonFormulas(),
        sklearn_loss.HalfPoissonLoss(),
        COUNTS,
        lambda rng, raw: rng.poisson(np.exp(raw)).astype(float),
    ),
    Row(
        Gamma(),
        GammaFormulas(),
        sklearn_loss.HalfGammaLoss(),
        AMOUNTS,
        lambda rng, raw: rng.gamma(2.0, np.exp(raw) / 2),
    ),
    *map(tweedie, (1.5, 1.1, 1.9)),
    *map(huber, (1.0, 0.05, 30.0)),
]
every_loss = pytest.mark.parametrize("row", LOSSES, ids=str)
RAW = np.array([-30.0, -8.0, -2.5, -1.0, -0.3, 0.0, 1e-7, 0.05, 0.3, 0.7, 1.0, 2.5, 5.0, 8.0, 30.0])
SCALES = (0.0, 0.3, 0.99, 1 - 1e-6, 1.0)


def pairs(row):
    """Every target with every raw prediction."""
    y, z = (part.ravel() for part in np.meshgrid(row.targets, RAW))
    return y, z


def derivatives(loss, y, z):
    """Minus the residuals, where no intercept changes them."""
    residuals, losses, shifts = np.empty((1, len(y))), np.empty(1), np.zeros(1)
    loss.fit(y, np.full(len(y), 1 / len(y)), z[None].copy(), residuals, losses, shifts, False)
    assert not shifts.any()
    return -residuals[0]


def misfits(loss, y, z, scale):
    """Of one sample each."""
    one, residuals = np.ones(1), -loss.derivatives(y, z)
    rows = [slice(i, i + 1) for i in range(len(y))]
    return np.array([loss.misfits(y[row], one, z[row], residuals[row], scale) for row in rows])


def assert_near(actual, expected, slack):
    excess = abs(np.asarray(actual, np.longdouble) - expected) - slack
    assert (excess <= 0).all(), (np.max(excess), np.argmax(excess))


@every_loss
def test_formulas_are_consistent(row):
    # In extended precision central differences with a step of 1e-5 are good to about 1e-9.
    y, z = extended(*pairs(row))
    h, formulas = np.longdouble(1e-5), row.formulas
    kink = abs(abs(y - z) - getattr(formulas, "delta", np.inf)) < 2e-5
    scale = 1 + formulas.size(y, z)
    slope = (formulas.value(y, z + h) - formulas.value(y, z - h)) / (2 * h)
    assert_near(formulas.derivative(y, z), slope, 1e-9 * scale + 1e-5 * kink)
    bend = (formulas.derivative(y, z + h) - formulas.derivative(y, z - h)) / (2 * h)
    assert_near(formulas.curvature(y, z)[~kink], bend[~kink], (1e-9 * scale)[~kink])


@every_loss
def test_values(row):
    y, z = pairs(row)
    values = row.loss.values(y, np.stack([z, z[::-1]]))
    assert values.shape == (2, len(z))
    for computed, at in zip(values, (z, z[::-1]), strict=True):
        assert (computed >= 0).all()
        slack = 4 * EPS * row.formulas.size(y, at) * row.formulas.bend_of_rounding(y, at)
        assert_near(computed, row.formulas.value(y, at), slack + 2 * EPS)


@pytest.mark.parametrize("row", [row for row in LOSSES if row.peer is not None], ids=str)
def test_values_and_derivatives_are_those_of_another_package(row):
    y, z = pairs(row)
    expected = row.peer.loss(y, z) + row.peer.constant_to_optimal_zero(y)
    assert_near(row.loss.values(y, z[None])[0], expected, 1e-14 * (1 + row.formulas.size(y, z)))
    gradient = row.peer.gradient(y, z)
    assert_near(derivatives(row.loss, y, z), gradient, 1e-14 * (1 + abs(gradient) + abs(y)))


@every_loss
def test_derivatives(row):
    y, z = pairs(row)
    slope, bend = row.formulas.derivative(*extended(y, z)), row.formulas.curvature(*extended(y, z))
    # Rounding of an argument of exp, and of the two parts of the difference.
    slack = 8 * EPS * (1 + abs(z)) * (abs(bend) + abs(slope) + abs(y))
    assert_near(derivatives(row.loss, y, z), slope, slack)


@pytest.mark.parametrize("row", [row for row in LOSSES if row.has_curvature], ids=str)
def test_curvatures(row):
    y, z = pairs(row)
    curvatures, bend = row.loss.curvatures(y, z), row.formulas.curvature(*extended(y, z))
    assert (curvatures >= 0).all()
    # Those that underflow may be zero.
    assert_near(curvatures, bend, 8 * EPS * row.formulas.bend_of_rounding(y, z) * bend + TINY)
    for far in (-1e4, -745.2, 709.9, 800.0, 1e4):
        assert (row.loss.curvatures(y, np.full(len(y), far)) >= 0).all()


@every_loss
def test_derivatives_are_those_of_the_values(row):
    # Central differences of doubles: the cube of the step against rounding divided by it.
    y, z = pairs(row)
    h = 1e-5 * (1 + abs(z))
    slope = derivatives(row.loss, y, z)
    above, below = row.loss.values(y, np.stack([z + h, z - h]))
    kink = abs(abs(y - z) - getattr(row.formulas, "delta", np.inf)) < 2 * h
    slack = (1e-8 + h**2) * (1 + row.formulas.size(y, z)) + h * kink
    assert_near((above - below) / (2 * h), slope, slack)


@every_loss
def test_fits_are_weighted_sums(row):
    y, z = pairs(row)
    weights = np.random.default_rng(0).uniform(0, 1, len(y))
    weights[::3] = 0.0
    residuals, losses, shifts = np.empty((2, len(y))), np.empty(2), np.zeros(2)
    raw = np.stack([z, z / 2])
    row.loss.fit(y, weights, raw.copy(), residuals, losses, shifts, False)
    np.testing.assert_allclose(losses, row.loss.values(y, raw) @ weights, rtol=1e-13)
    np.testing.assert_array_equal(residuals[1], -derivatives(row.loss, y, z / 2))
    for scale in SCALES:
        each = misfits(row.loss, y, z, scale)
        np.testing.assert_allclose(
            row.loss.misfits(y, weights, z, -row.loss.derivatives(y, z), scale), each @ weights, rtol=1e-13, atol=1e-15
        )


def largest_of_concave(function, low, high):
    """Golden-section search, element by element, in extended precision."""
    low, high = (np.array(end, np.longdouble) for end in (low, high))
    ratio = (np.sqrt(np.longdouble(5)) - 1) / 2
    for _ in range(100):
        width = ratio * (high - low)
        left, right = high - width, low + width
        to_left = function(left) > function(right)
        low, high = np.where(to_left, low, left), np.where(to_left, right, high)
    return function((low + high) / 2)


@every_loss
@pytest.mark.parametrize("scale", SCALES)
def test_misfits(row, scale):
    y, z = pairs(row)
    slope = np.longdouble(scale) * row.formulas.derivative(*extended(y, z))
    # f(z) + f*(u) - u z with the conjugate by brute force: its supremum is attained between z and the minimum of f.
    wide = np.longdouble(3000)
    brute_force = largest_of_concave(
        lambda v: row.formulas.value(y, z) - row.formulas.value(y, v) + slope * (v - z), z - wide, z + wide
    )
    size = row.formulas.size(y, z) * row.formulas.bend_of_rounding(y, z) + abs(slope) * (1 + abs(z)) + abs(y) + 1
    computed = misfits(row.loss, y, z, scale)
    assert (computed >= 0).all()
    assert_near(computed, brute_force, 8 * EPS * size)
    if scale > 0:
        conjugate = row.formulas.conjugate(y, slope)
        assert_near(conjugate + row.formulas.value(y, z) - slope * z, brute_force, 1e-16 * size)
    if scale == 0:
        assert_near(computed, row.formulas.value(y, z), 8 * EPS * size)
    if scale == 1:
        assert_near(computed, 0, 8 * EPS * size)


def test_misfits_of_shrinking_scales_grow():
    for row in LOSSES:
        y, z = pairs(row)
        each = np.array([misfits(row.loss, y, z, scale) for scale in (1.0, 0.9, 0.5, 0.1, 0.0)])
        assert (np.diff(each, axis=0) >= -16 * EPS * (1 + row.formulas.size(y, z))).all(), row


@pytest.mark.parametrize("power", [1.01, 1.5, 1.99])
def test_the_search_of_the_base_class_finds_what_is_between_poisson_and_gamma(power):
    # Only Tweedie has no closed form; with powers near 1 and 2 its neighbours' are near.
    y, z = np.repeat([0.5, 1.0, 4.0], 5), np.tile([-2.0, -0.5, 0.1, 1.0, 3.0], 3)
    neighbours = [misfits(loss, y, z, 0.4) for loss in (Poisson(), Gamma())]
    found = misfits(Tweedie(power), y, z, 0.4)
    nearer = min(neighbours, key=lambda misfit: abs(misfit - found).max())
    if power == 1.5:
        low, high = np.minimum(*neighbours), np.maximum(*neighbours)
        assert ((0.5 * low < found) & (found < 2 * high)).all()
    else:
        np.testing.assert_allclose(found, nearer, rtol=0.05)


@every_loss
def test_many_rows_are_what_each_of_them_is(row):
    # More than are taken at a time, and no multiple of what fits into a register.
    rng = np.random.default_rng(6)
    y, z = rng.choice(row.targets, 1501), rng.uniform(-30, 30, 1501)
    z[::100] *= 25
    weights = rng.uniform(0, 1, 1501)
    for scale in (0.0, 0.7, 1.0):
        each = misfits(row.loss, y, z, scale)
        np.testing.assert_allclose(
            row.loss.misfits(y, weights, z, -row.loss.derivatives(y, z), scale), each @ weights, rtol=1e-13
        )
    alone = [(y[i : i + 1], z[i : i + 1]) for i in range(len(y))]
    each = np.array([row.loss.values(target, raw[None])[0, 0] for target, raw in alone])
    np.testing.assert_allclose(row.loss.values(y, z[None])[0], each, rtol=8 * EPS, atol=0)
    each = np.array([row.loss.curvatures(target, raw)[0] for target, raw in alone])
    np.testing.assert_allclose(row.loss.curvatures(y, z), each, rtol=8 * EPS, atol=0)


def test_small_losses_of_large_log_odds_keep_their_digits():
    z = np.concatenate([np.linspace(-700, 700, 20001), np.linspace(-1, 1, 2001)])
    for y in (np.zeros(len(z)), np.ones(len(z))):
        wrong = np.asarray(np.where(y == 0, z, -z), np.longdouble)
        exact = np.maximum(wrong, 0) + np.log1p(np.exp(-abs(wrong)))
        assert_near(Binomial().values(y, z[None])[0], exact, 3 * EPS * exact)
        share = 1 / (1 + np.exp(-wrong))
        assert_near(abs(derivatives(Binomial(), y, z)), share, 3 * EPS * share)
        curvature = share / (1 + np.exp(wrong))
        assert_near(Binomial().curvatures(y, z), curvature, 4 * EPS * curvature)


@pytest.mark.parametrize("shrinkage", [0.5, 1e-3, 1e-6, 1e-9, -1e-6, -0.4])
def test_misfits_of_slopes_near_the_derivative_keep_their_digits(shrinkage):
    # f(z) + f*(u) - u z of a failure is u log(u / p) + (1 - u) log((1 - u) / q), with the mean p = 1 - q of z.
    z = np.linspace(-40, 40, 161) if shrinkage > 0 else np.linspace(-40, 0.4, 161)
    p, q = 1 / (1 + np.exp(-np.asarray(z, np.longdouble))), 1 / (1 + np.exp(np.asarray(z, np.longdouble)))
    slopes = ((1 - np.longdouble(shrinkage)) * p).astype(np.float64)
    shares = np.stack([extended(slopes, slopes)[0], 1 - extended(slopes, slopes)[0]])
    moves = shares / np.stack([p, q]) - 1
    exact = (np.stack([p, q]) * ((1 + moves) * np.log1p(moves) - moves)).sum(axis=0)
    slack = EPS**2 + 4 * EPS * (abs(shares * np.log1p(moves)) + abs(shares - np.stack([p, q]))).sum(axis=0)
    one = np.ones(1)
    for y, sign in ((0.0, 1), (1.0, -1)):
        found = [
            Binomial().misfits(one * y, one, one * sign * at, -one * sign * slope, 1.0)
            for at, slope in zip(z, slopes, strict=True)
        ]
        assert_near(found, exact, slack)


@every_loss
@pytest.mark.parametrize("size", [1e-8, 1e-3, 0.3])
def test_misfits_of_other_dual_points(row, size):
    # Slopes beside the derivative, in the direction of less and of more, against the conjugate's closed form.
    y, z = pairs(row)
    there = row.formulas.derivative(*extended(y, z))
    for sign in (1.0, -1.0):
        slopes = (there + sign * size * np.minimum(row.formulas.curvature(*extended(y, z)), 1.0)).astype(np.float64)
        exact = row.formulas.value(*extended(y, z)) + row.formulas.conjugate(y, slopes) - np.longdouble(1) * slopes * z
        one = np.ones(1)
        found = np.array(
            [row.loss.misfits(one * a, one, one * b, -one * u, 1.0) for a, b, u in zip(y, z, slopes, strict=True)]
        )
        inside = row.formulas.has_slope(y, slopes)
        assert np.isfinite(found[inside]).all() and (found[inside] >= 0).all()
        assert (found[~inside] == np.inf).all()
        scale = row.formulas.size(y, z) * row.formulas.bend_of_rounding(y, z) + abs(slopes) * (1 + abs(z)) + abs(y) + 1
        assert_near(found[inside], exact[inside], 8 * EPS * scale[inside])


@pytest.mark.parametrize("loss", [Poisson(), Tweedie(1.5)], ids=["closed-form", "search"])
def test_other_samples_do_not_excuse_a_slope_that_there_is_none_of(loss):
    # However large their residuals are, and however small their weights.
    y, weights, z = np.array([0.0, 1e9]), np.array([1 - 1e-13, 1e-13]), np.array([-12.0, 1.0])
    residuals = -loss.derivatives(y, z)
    assert np.isfinite(loss.misfits(y, weights, z, residuals, 1.0))
    for beyond in (1e-12, 4e-5, 2e-4):
        residuals[0] = beyond
        assert loss.misfits(y, weights, z, residuals, 1.0) == np.inf


def best_intercept(formulas, y, weights, offset):
    """The root of the mean derivative, in extended precision."""
    y, weights, offset = extended(y, weights, offset)
    used = weights > 0
    y, weights, offset = y[used], weights[used], offset[used]

    def slope(b):
        return weights @ formulas.derivative(y, offset + b)

    return bisect(slope, np.longdouble(-3000), np.longdouble(3000))


def is_flat(row, y, weights, raw):
    """Whether no sample bends the loss at its minimum, so that this is an interval."""
    near = np.outer([-1e-6, 0, 1e-6], np.ones(len(y))) + raw
    return not (row.formulas.curvature(y, near) * weights).any(axis=1).all()


def draw(row, n_samples, raw=0.0):
    rng = np.random.default_rng(n_samples)
    return row.draw(rng, raw + 0.5 * rng.standard_normal(n_samples))


@every_loss
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("spread", [0.0, 0.5, 5.0])
def test_intercepts(row, weighted, spread):
    n_samples = 40
    rng = np.random.default_rng(1)
    y, offset, raw = draw(row, n_samples), spread * rng.standard_normal(n_samples), rng.standard_normal((3, n_samples))
    weights = rng.uniform(0.1, 2.0, n_samples)
    weights[::4] = 0.0
    datafit = Generalized(row.loss, y, weights if weighted else None, True, offset)
    mean = best_intercept(row.formulas, y, datafit.weights, offset)

    def slope(b):
        return float(datafit.weights @ row.formulas.derivative(y, offset + b))

    if is_flat(row, y, datafit.weights, offset + mean):
        assert abs(slope(np.longdouble(datafit.mean))) <= EPS
    else:
        assert float(datafit.mean) == pytest.approx(float(mean), rel=1e-13, abs=1e-13)
        assert float(datafit.mean) == pytest.approx(brentq(slope, -50, 50, xtol=1e-13), abs=1e-10)
    fits = datafit.fit(raw)
    assert fits.residuals.shape == fits.raw.shape == raw.shape
    for k in range(3):
        shift = best_intercept(row.formulas, y, datafit.weights, offset + raw[k])
        if is_flat(row, y, datafit.weights, offset + raw[k] + shift):
            continue
        assert float(datafit.mean + fits.offsets[k]) == pytest.approx(float(shift), rel=1e-12, abs=1e-12)
        at = np.asarray(raw[k] + offset, np.longdouble) + shift
        used = datafit.weights > 0
        size = np.maximum(1, abs(row.formulas.curvature(y, at)))
        assert_near(fits.residuals[k][used], -row.formulas.derivative(y, at)[used], 1e-12 * size[used].max())
        loss = datafit.weights[used] @ row.formulas.value(y, at)[used]
        assert fits.losses[k] == pytest.approx(float(loss), rel=1e-12)
        assert abs(fits.residuals[k] @ datafit.weights) <= 4 * EPS * abs(fits.residuals[k][used]).max()


@every_loss
def test_without_an_intercept(row):
    y, raw = draw(row, 20), np.random.default_rng(2).standard_normal((2, 20))
    datafit = Generalized(row.loss, y, None, False, None)
    assert datafit.mean == 0
    fits = datafit.fit(raw)
    assert not fits.offsets.any()
    np.testing.assert_array_equal(fits.raw, raw)
    np.testing.assert_array_equal(fits.residuals[1], -derivatives(row.loss, y, raw[1]))
    assert datafit.null_loss == pytest.approx(float(row.formulas.value(y, 0 * y).mean()), rel=1e-13)


@every_loss
@pytest.mark.parametrize("start", [-700.0, 700.0, 60.0])
def test_intercepts_from_far_away(row, start):
    y = draw(row, 15)
    weights = np.full(15, 1 / 15)
    expected = best_intercept(row.formulas, y, weights, np.zeros(15))
    for raw, shift in ((np.full((1, 15), start), 0.0), (np.zeros((1, 15)), start)):
        residuals, losses, shifts = np.empty((1, 15)), np.empty(1), np.full(1, shift)
        row.loss.fit(y, weights, raw.copy(), residuals, losses, shifts, True)
        # The raw prediction is what rounding leaves of the difference.
        assert float(raw[0, 0] + shifts[0]) == pytest.approx(float(expected), abs=1e-12)
        assert losses[0] == pytest.approx(float(row.formulas.value(y, expected).mean()), rel=1e-10)


@every_loss
def test_intercepts_of_mixed_far_raw_predictions(row):
    # Half of the rows at +-700: the best intercept lies wherever those with a say want it.
    y = draw(row, 12)
    for low, high in ((-700.0, 0.0), (0.0, 700.0), (-300.0, 300.0), (-700.0, 700.0)):
        raw = np.where(np.arange(12) % 2, low, high)[None]
        residuals, losses, shifts = np.empty((1, 12)), np.empty(1), np.zeros(1)
        weights = np.full(12, 1 / 12)
        row.loss.fit(y, weights, raw.copy(), residuals, losses, shifts, True)
        assert np.isfinite(residuals).all()
        expected = best_intercept(row.formulas, y, weights, raw[0])
        best = row.formulas.value(y, raw[0] + expected).mean()
        reached = row.formulas.value(y, raw[0] + np.longdouble(shifts[0])).mean()
        assert abs(reached - best) <= 1e-12 * best
        assert losses[0] == pytest.approx(float(best), rel=1e-11)
        assert abs(residuals[0] @ weights) <= 4 * EPS * abs(residuals).max()


@pytest.mark.parametrize("value", [1e-300, 1e-100, 1e-10, 1e10, 1e100, 1e300])
@pytest.mark.parametrize("row", [row for row in LOSSES if np.exp(1.0) in row.loss.mean(np.ones(1))], ids=str)
def test_intercepts_of_tiny_and_huge_targets(row, value):
    y = value * np.array([0.5, 1.0, 3.0, 2.0])
    datafit = Generalized(row.loss, y)
    expected = np.log(value) + np.log(1.625)
    assert float(datafit.mean) == pytest.approx(expected, rel=1e-14)
    used = row.formulas.value(y, best_intercept(row.formulas, y, datafit.weights, np.zeros(4)))
    assert datafit.null_loss == pytest.approx(float(used.mean()), rel=1e-10)
    assert datafit.null_residual.any()


@pytest.mark.parametrize("share", [1e-300, 1e-100, 1e-10, 0.3, 1 - 1e-10])
def test_intercepts_of_rare_successes(share):
    y = np.array([share, share, 0.5 * share])
    mean = y.mean()
    assert float(Generalized(Binomial(), y).mean) == pytest.approx(np.log(mean) - np.log1p(-mean), rel=1e-12)


@every_loss
@pytest.mark.parametrize("value", [0.25, 0.9])
def test_constant_targets_leave_nothing(row, value):
    datafit = Generalized(row.loss, np.full(7, value), np.arange(7.0))
    assert datafit.null_loss == 0
    assert not datafit.null_residual.any()
    assert row.loss.mean(datafit.mean) == pytest.approx(value, rel=1e-14)


@every_loss
@pytest.mark.parametrize("garbage", [1e300, -1e300, -7.0])
def test_rows_without_weight_count_for_nothing(row, garbage):
    rng = np.random.default_rng(3)
    y, offset, raw = draw(row, 30), rng.standard_normal(30), rng.standard_normal((2, 30))
    used = np.arange(30) % 3 != 1
    filled = [np.where(used, part, garbage) for part in (y, offset)]
    few = Generalized(row.loss, y[used], None, True, offset[used])
    all_rows = Generalized(row.loss, filled[0], used.astype(float), True, filled[1])
    assert float(all_rows.mean) == pytest.approx(float(few.mean), rel=1e-14)
    assert all_rows.null_loss == pytest.approx(few.null_loss, rel=1e-14)
    some, others = few.fit(raw[:, used]), all_rows.fit(raw)
    np.testing.assert_allclose(others.losses, some.losses, rtol=1e-13)
    np.testing.assert_allclose(others.residuals[:, used], some.residuals, rtol=1e-12, atol=1e-13)
    assert np.isfinite(others.residuals).all()
    for scale in SCALES:
        ours, theirs = all_rows.misfit_of(others, 1)(scale), few.misfit_of(some, 1)(scale)
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-14)


def test_rows_without_weight_have_no_curvature_wherever_the_intercept_goes():
    y, used = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, True])
    raw = 8000.0 + np.array([[0.0, 0.5, 0.0, 1.0]])
    few, all_rows = Generalized(Gamma(), y[used]), Generalized(Gamma(), y, used.astype(float))
    expected = few.curvatures(few.fit(raw[:, used]).raw[0])
    found = all_rows.curvatures(all_rows.fit(raw).raw[0])
    np.testing.assert_allclose(found[used], expected, rtol=1e-12)
    assert found[2] == 0


@every_loss
def test_a_rise_is_a_difference_of_losses(row):
    rng = np.random.default_rng(4)
    datafit = Generalized(row.loss, draw(row, 25), rng.uniform(0, 1, 25))
    raw, change = 0.3 * rng.standard_normal((2, 2, 25))
    fits = datafit.fit(raw)
    expected = row.loss.values(datafit.y, (fits.raw[1] + change[0])[None])[0] @ datafit.weights - fits.losses[1]
    assert datafit.rise(fits, 1, change[0]) == pytest.approx(expected, rel=1e-10, abs=1e-13)


@every_loss
def test_derivatives_of_many_rows(row):
    rng = np.random.default_rng(6)
    y, z = draw(row, 1501), rng.uniform(-3, 3, 1501)
    values = row.loss.values(y, np.stack([z - 1e-5, z + 1e-5]))
    np.testing.assert_allclose(row.loss.derivatives(y, z), (values[1] - values[0]) / 2e-5, rtol=1e-6, atol=1e-6)


@every_loss
def test_curvatures_are_nobody_elses(row):
    datafit = Generalized(row.loss, draw(row, 25))
    for raw in (np.zeros(25), np.full(25, 1e4)):
        with np.errstate(over="ignore", invalid="ignore"):
            curvatures = datafit.curvatures(raw)
        curvatures[:] = np.nan
        assert (datafit.weights == 1 / 25).all()


@every_loss
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_model_has_the_same_residuals(row, fit_intercept):
    rng = np.random.default_rng(5)
    weights = rng.uniform(0.2, 1, 25)
    weights[::5] = 0.0
    datafit = Generalized(row.loss, draw(row, 25), weights, fit_intercept, 0.1 * rng.standard_normal(25))
    raw = 0.3 * rng.standard_normal((1, 25))
    fits = datafit.fit(raw)
    curvatures = datafit.curvatures(fits.raw[0])
    used = weights > 0
    assert (curvatures[used] > 0).all()
    assert not curvatures[~used].any()
    model = datafit.model(fits, 0, curvatures)
    assert isinstance(model, Quadratic)
    assert model.weights.sum() == pytest.approx(1)
    # s_i r_i of the model is that of the loss, over the sum of the curvatures.
    seen = model.fit(raw)
    ours = (datafit.weights * fits.residuals[0])[used] / curvatures.sum()
    np.testing.assert_allclose((model.weights * seen.residuals[0])[used], ours, rtol=1e-9, atol=1e-14)


def test_a_model_does_not_see_what_is_written_to_the_fits_later():
    datafit = Generalized(Poisson(), np.array([0.0, 1.0, 4.0]))
    fits = datafit.fit(np.array([[0.1, 0.0, -0.2], [0.0, 0.5, 0.0]]))
    curvatures = datafit.curvatures(fits.raw[0])
    like = datafit.model(fits, 0, curvatures)
    later = datafit.model(fits, 0, curvatures, like)
    fits.raw[:], fits.residuals[:] = 7.0, 8.0
    np.testing.assert_array_equal(later.target, like.target)


def test_smoother_losses_are_those_of_larger_deltas():
    y, z, slope = np.array([0.0, 3.0, -1e3, 1e5, 2e5]), np.array([40.0, 2.0, 1e3, -3.0, 0.0]), np.linspace(-0.4, 0.4, 5)
    smoother, one = Huber(0.5).smoother(y, z), np.ones(1)
    assert [loss.bend for loss in smoother] == [8.0**-power for power in (4, 3, 2, 1)]
    for loss in smoother:
        bend, wide = loss.bend, Huber(0.5 / loss.bend)
        np.testing.assert_allclose(loss.values(y, z[None]), bend * wide.values(y, z[None]), rtol=1e-14)
        np.testing.assert_allclose(loss.derivatives(y, z), bend * wide.derivatives(y, z), rtol=1e-14)
        np.testing.assert_allclose(loss.curvatures(y, z), bend * wide.curvatures(y, z), rtol=1e-14)
        for triple in zip(y, z, slope, strict=True):
            target, raw, residual = (np.array([number]) for number in triple)
            expected = bend * wide.misfits(target, one, raw, residual / bend, 1.0)
            assert loss.misfits(target, one, raw, residual, 1.0) == pytest.approx(expected, rel=1e-13)
        # A parabola about y that touches the loss is nowhere below it.
        bounding = loss.bounding_curvatures(y, z)
        np.testing.assert_allclose(bounding * (z - y), loss.derivatives(y, z), rtol=1e-14)
        for way in (-1.0, 0.0, 0.3, 0.9, 1.1, 2.0):
            rise = bounding * ((way * (z - y)) ** 2 - (z - y) ** 2) / 2
            values = loss.values(y, np.stack([y + way * (z - y), z]))
            assert (values[0] - values[1] <= rise + 1e-12 * (1 + values[1])).all()
    assert Huber(1e3).smoother(y[:3], z[:3]) == [] == Poisson().smoother(y, z)


@every_loss
def test_losses_with_shifts_are_the_least_over_these(row):
    if row.loss.shift_cost() is None:
        assert not isinstance(row.loss, Huber)
        return
    for loss in (row.loss, Huber(row.loss.delta, 0.25)):
        cost, curvature = loss.shift_cost()
        errors = np.r_[-40.0, -3.0, -0.3, 0.01, 1.1, 7.0] * cost
        shifts = np.sort(np.r_[np.linspace(-60, 60, 100_001) * cost, 0.0])[:, None]
        least = curvature * (0.5 * (errors - shifts) ** 2 + cost * np.abs(shifts)).min(axis=0)
        np.testing.assert_allclose(loss.values(errors, np.zeros((1, 6)))[0], least, rtol=1e-4)


@every_loss
def test_losses_are_pickled_and_copied(row):
    y, z = pairs(row)
    for other in (pickle.loads(pickle.dumps(row.loss)), copy.deepcopy(row.loss), copy.copy(row.loss)):
        assert type(other) is type(row.loss)
        assert other.__reduce__() == row.loss.__reduce__()
        np.testing.assert_array_equal(other.values(y, z[None]), row.loss.values(y, z[None]))
    datafit = Generalized(row.loss, draw(row, 10))
    again = pickle.loads(pickle.dumps(datafit))
    np.testing.assert_array_equal(again.fit(np.ones((1, 10))).residuals, datafit.fit(np.ones((1, 10))).residuals)


@every_loss
def test_extreme_raw_predictions_leave_no_nan(row):
    y = np.repeat(row.targets, 6)
    z = np.tile([-800.0, -1e4, -745.2, 709.9, 800.0, 1e4], len(row.targets))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = [row.loss.values(y, z[None]), derivatives(row.loss, y, z), row.loss.mean(z)]
        results += [misfits(row.loss, y, z, scale) for scale in SCALES]
    for result in results:
        assert not np.isnan(result).any()
    # What is infinite is so at every scale but one, at which nobody knows.
    with np.errstate(over="ignore"):
        exact = row.formulas.value(y, z).astype(float)
    np.testing.assert_allclose(results[0][0], exact, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(misfits(row.loss, y, z, 0.0), exact, rtol=1e-12, atol=1e-15)
    assert (np.diff(np.where(np.isfinite(exact), 0, results[3:-1]) == 0, axis=0) == 0).all()


@every_loss
def test_a_nan_stays_one(row):
    y, z = np.array([row.targets[2]]), np.array([np.nan])
    assert np.isnan(row.loss.values(y, z[None])).all()
    assert np.isnan(derivatives(row.loss, y, z)).all()
    assert not misfits(row.loss, y, z, 0.5)[0] < np.inf


def test_valid_targets():
    any_sign, counts, amounts, shares = (np.array(y) for y in ([-1.0, 2.0], [0.0, 2.0], [0.1, 2.0], [0.0, 0.3, 1.0]))
    for loss in (Huber(1.0), Loss()):
        assert loss.invalid(any_sign) is None
    for loss in (Poisson(), Tweedie(1.5)):
        assert loss.invalid(any_sign) == "at least 0"
        assert loss.invalid(counts) is None
    assert Gamma().invalid(counts) == "above 0"
    assert Gamma().invalid(amounts) is None
    assert Binomial().invalid(shares) is None
    assert Binomial().invalid(counts) == Binomial().invalid(any_sign) == "between 0 and 1"
    # NaN is no target of any restricted loss.
    for loss in (Binomial(), Poisson(), Gamma(), Tweedie(1.5)):
        assert loss.invalid(np.array([0.5, np.nan])) is not None


def test_which_targets_leave_the_intercept_finite():
    zeros, ones, mixed = np.zeros(3), np.ones(3), np.array([0.0, 1.0, 0.0])
    assert not Binomial().has_intercept(zeros)
    assert not Binomial().has_intercept(ones)
    assert Binomial().has_intercept(mixed)
    assert Binomial().has_intercept(np.full(2, 0.5))
    for loss in (Poisson(), Tweedie(1.5)):
        assert not loss.has_intercept(zeros)
        assert loss.has_intercept(mixed)
    assert Huber(1.0).has_intercept(zeros)


def test_means_are_those_of_the_link():
    z = np.linspace(-40, 40, 33)
    np.testing.assert_allclose(Binomial().mean(z), 1 / (1 + np.exp(-z)), rtol=1e-14, atol=1e-17)
    for loss in (Poisson(), Gamma(), Tweedie(1.5)):
        np.testing.assert_array_equal(loss.mean(z), np.exp(z))
    np.testing.assert_array_equal(Huber(1.0).mean(z), z)
