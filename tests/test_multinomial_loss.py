"""The multinomial loss, its quadratic models, and the penalty of classes that choose features each, by definition."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import log_softmax, softmax

from sklearn_sparsefit.datafit import Binomial, Generalized, Multinomial
from sklearn_sparsefit.datafit.multinomial import multinomial_losses
from sklearn_sparsefit.design import make_design
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms, SeparateTasksPenalty
from sklearn_sparsefit.subproblem.working_set import WorkingSet

EPS = np.finfo(float).eps


def make_codes(n_samples=40, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n_samples - n_classes)]).astype(float)


def make_raw(codes, n_classes=3, size=2.0, seed=1):
    return size * np.random.default_rng(seed).standard_normal((n_classes, len(codes)))


def mean_loss(codes, weights, raw):
    own = log_softmax(raw, axis=0)[codes.astype(int), np.arange(len(codes))]
    return -(weights @ own) / weights.sum()


# --- The loss ---


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_classes", [3, 7])
def test_residuals_are_minus_the_derivatives(fit_intercept, n_classes):
    codes = make_codes(n_classes=n_classes)
    weights = np.random.default_rng(2).uniform(0, 2, len(codes))
    loss, raw = Multinomial(codes, n_classes, weights, fit_intercept), make_raw(codes, n_classes)
    fits = loss.fit(raw[None])
    # At best intercepts these need not move: their derivatives vanish.
    rng, step = np.random.default_rng(3), 1e-5
    for _ in range(5):
        direction = rng.standard_normal(raw.shape)
        up, down = (loss.fit((raw + sign * step * direction)[None]).losses[0] for sign in (1, -1))
        derivative = -(loss.weights * fits.residuals[0] * direction).sum()
        assert_allclose((up - down) / (2 * step), derivative, rtol=1e-7, atol=1e-10)
    assert_allclose(fits.losses[0], mean_loss(codes, weights, fits.raw[0]), rtol=1e-14)
    assert_allclose(
        fits.residuals[0], np.eye(n_classes)[:, codes.astype(int)] - softmax(fits.raw[0], axis=0), atol=4e-16
    )


@pytest.mark.parametrize("size", [0.0, 1.0, 30.0, 1e3, 1e6])
@pytest.mark.parametrize("n_classes", [3, 7])
def test_best_intercepts(size, n_classes):
    codes = make_codes(n_classes=n_classes)
    weights = np.random.default_rng(2).uniform(0, 2, len(codes))
    loss, raw = Multinomial(codes, n_classes, weights), make_raw(codes, n_classes, size)
    fits = loss.fit(raw[None])
    assert_allclose(fits.residuals[0] @ loss.weights, 0, atol=1e-14 + 4 * EPS * size)
    intercepts = loss.mean + fits.offsets[0]
    assert_allclose(fits.raw[0], raw + intercepts[:, None], rtol=1e-14, atol=1e-14)
    assert abs(intercepts.sum()) <= 1e-12 * max(1, size)
    logarithms = np.log(np.bincount(codes.astype(int), weights))
    assert_allclose(loss.mean, logarithms - logarithms.mean())
    # From elsewhere, and together with others, the search ends at the same place.
    again = loss.fit(np.stack([raw, -raw, raw]), np.stack([fits.offsets[0] + 1, fits.offsets[0], 0 * loss.mean]))
    assert_allclose(again.residuals[[0, 2]], fits.residuals[[0, 0]], atol=1e-12)
    other = loss.fit(-raw[None])
    assert_allclose(again.losses, [fits.losses[0], other.losses[0], fits.losses[0]], rtol=1e-12)


@pytest.mark.parametrize("shift", [100.0, 1e5])
@pytest.mark.parametrize("size", [1.0, 100.0])
def test_best_intercepts_are_found_from_afar(shift, size):
    # Sparse columns keep their means: raw predictions may be far from zero as one.
    codes = make_codes()
    loss, raw = Multinomial(codes, 3), make_raw(codes, size=size)
    near, far = loss.fit(raw[None]), loss.fit(raw[None] + shift * np.array([[1.0], [-2.5], [0.3]]))
    assert_allclose(far.residuals[0] @ loss.weights, 0, atol=1e-15 * shift)
    assert_allclose(far.losses, near.losses, atol=1e-15 * shift * size)
    assert_allclose(far.residuals, near.residuals, atol=1e-14 * shift * size)


def test_the_null_model_has_the_shares_of_the_classes():
    codes = make_codes()
    weights = np.random.default_rng(2).uniform(0, 2, len(codes))
    shares = np.bincount(codes.astype(int), weights) / weights.sum()
    loss = Multinomial(codes, 3, weights)
    assert_allclose(loss.null_loss, -shares @ np.log(shares))
    assert_allclose(loss.null_residual, np.eye(3)[:, codes.astype(int)] - shares[:, None])
    without = Multinomial(codes, 3, weights, fit_intercept=False)
    assert_allclose(without.null_loss, np.log(3))
    assert_array_equal(without.mean, np.zeros(3))


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_rows_without_weight_are_as_if_removed(fit_intercept):
    codes, raw = make_codes(), make_raw(make_codes())
    weights = np.random.default_rng(2).uniform(0.1, 2, len(codes))
    unused = np.arange(3, 40, 4)
    weights[unused] = 0
    kept = np.setdiff1d(np.arange(40), unused)
    with_them, without = (Multinomial(codes[rows], 3, weights[rows], fit_intercept) for rows in (np.arange(40), kept))
    wild = raw.copy()
    wild[:, unused] = np.array([1e300, -1e300, 3.0])[:, None]
    a, b = with_them.fit(wild[None]), without.fit(raw[None][..., kept])
    assert_allclose(a.losses, b.losses, rtol=1e-14)
    assert_allclose(a.residuals[..., kept], b.residuals, atol=1e-14)
    assert_allclose(a.offsets, b.offsets, atol=1e-13)
    assert_allclose(with_them.misfit_of(a, 0)(0.7), without.misfit_of(b, 0)(0.7), rtol=1e-13)
    assert_allclose(with_them.rise(a, 0, 1e-3 * wild), without.rise(b, 0, 1e-3 * raw[:, kept]), rtol=1e-10)
    assert_allclose(with_them.curvatures(a.raw[0]).sum(), without.curvatures(b.raw[0]).sum(), rtol=1e-13)


def test_rise_is_a_difference_of_losses():
    codes = make_codes()
    loss, raw, change = Multinomial(codes, 3), make_raw(codes), make_raw(codes, size=0.5, seed=5)
    fits = loss.fit(np.stack([change, raw]))
    expected = mean_loss(codes, np.ones(40), fits.raw[1] + change) - mean_loss(codes, np.ones(40), fits.raw[1])
    assert_allclose(loss.rise(fits, 1, change), expected, rtol=1e-12)


@pytest.mark.parametrize("size", [1e3, 1e8, 1e100, 1e300])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_huge_raw_predictions(size, fit_intercept):
    codes = make_codes()
    loss, raw = Multinomial(codes, 3, fit_intercept=fit_intercept), size * make_raw(codes, size=1.0)
    fits = loss.fit(raw[None])
    residuals = fits.residuals[0]
    assert np.isfinite(fits.losses[0]) and np.isfinite(residuals).all() and np.isfinite(fits.offsets).all()
    assert (np.abs(residuals) <= 1).all()
    assert_allclose(fits.losses[0], mean_loss(codes, np.ones(40), fits.raw[0]), rtol=1e-12)
    for scale in (0.0, 0.3, 1 - 1e-9, 1.0):
        assert 0 <= loss.misfit_of(fits, 0)(scale) <= fits.losses[0] * (1 + 1e-12)
    assert np.isfinite(loss.curvatures(fits.raw[0])).all()
    # Where every sample is right by far, nothing is left to gain.
    right = size * np.eye(3)[:, codes.astype(int)]
    assert Multinomial(codes, 3, fit_intercept=False).fit(right[None]).losses[0] == 0


@pytest.mark.parametrize("size", [1e2, 1e3, 1e4])
def test_no_probability_is_beyond_zero_or_one(size):
    """Rounding of large raw predictions is balanced; rows under negative weights would have no norms."""
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.arange(4), rng.integers(0, 4, 16)]).astype(float)
    residuals = Multinomial(codes, 4).fit(size * rng.standard_normal((4000, 4, 20))).residuals
    is_own = codes == np.arange(4)[:, None]
    assert (np.where(is_own, residuals, -residuals) >= 0).all() and (np.abs(residuals) <= 1).all()


def test_where_every_class_is_certain_a_model_is_nowhere_below():
    codes = np.array([0, 1, 2, 1])
    loss = Multinomial(codes, 3, np.array([1.0, 2.0, 1.0, 0.0]), fit_intercept=False)
    wrong = 1e4 * (np.arange(3)[:, None] == (codes + 1) % 3)
    curvatures = loss.curvatures(wrong)
    np.testing.assert_allclose(curvatures, np.tile(loss.weights / 4, (3, 1)))
    # The largest eigenvalue of diag(p) - p p' is 1/2, twice that of a model of each class apart.
    fits = loss.fit(wrong[None].copy())
    for step in np.eye(3)[:, :, None] * np.array([1.0, 10.0, -1e4, 3.0]):
        bound = -float((loss.weights * fits.residuals[0] * step).sum()) + float((curvatures * step**2).sum())
        assert loss.rise(fits, 0, step) <= bound + 1e-9 * abs(bound)


def test_losses_of_samples_keep_their_digits():
    z = np.concatenate([np.linspace(-700, 700, 2001), np.linspace(-1, 1, 201)])
    raw = np.stack([z, np.zeros_like(z), np.full_like(z, -3.0)])
    extended = raw.astype(np.longdouble)
    for own in range(3):
        others = extended[[k for k in range(3) if k != own]] - extended[own]
        largest = np.maximum(others.max(axis=0), 0)
        rest = np.exp(others - largest).sum(axis=0)
        exact = np.where(largest == 0, np.log1p(rest), largest + np.log(np.exp(-largest) + rest))
        found = multinomial_losses(np.full(len(z), float(own)), raw[None])[0]
        assert (np.abs(found - exact) <= 8 * EPS * exact).all()


def exact_misfit(own, raw, scale):
    """f(z) + f*(-t r) + t r'z with r = e - p, and f* the negative entropy of (1 - t) e + t p, of sixty digits."""
    with localcontext() as context:
        context.prec = 60
        z, t = [Decimal(float(value)) for value in raw], Decimal(float(scale))
        exponentials = [value.exp() for value in z]
        total = sum(exponentials)
        p = [value / total for value in exponentials]
        e = [Decimal(int(k == own)) for k in range(len(z))]
        mixed = [(1 - t) * a + t * b for a, b in zip(e, p, strict=True)]
        entropy = sum(q * q.ln() for q in mixed if q > 0)
        linear = sum((a - b) * c for a, b, c in zip(e, p, z, strict=True))
        return float(total.ln() - z[own] + entropy + t * linear)


def misfit_at(loss, raw, scale):
    """Of raw predictions without an intercept, and their own residuals."""
    return loss.misfit_of(loss.fit((raw - loss.mean[:, None])[None]), 0)(scale)


@pytest.mark.parametrize("shrinkage", [1.0, 0.5, 1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("size", [0.1, 5.0, 60.0])
def test_misfits(shrinkage, size):
    codes = make_codes(12)
    raw = make_raw(codes, size=size)
    scale = 1 - shrinkage
    for i, own in enumerate(codes):
        loss = Multinomial(codes, 3, np.arange(12) == i, fit_intercept=False)
        exact = exact_misfit(int(own), raw[:, i], scale)
        found = misfit_at(loss, raw, scale)
        assert found >= 0
        assert_allclose(found, exact, rtol=1e-9, atol=4 * EPS * shrinkage * (1 + size))
    each = [exact_misfit(int(own), raw[:, i], scale) for i, own in enumerate(codes)]
    weights = np.arange(1.0, 13)
    together = misfit_at(Multinomial(codes, 3, weights, fit_intercept=False), raw, scale)
    assert_allclose(together, np.average(each, weights=weights), rtol=1e-9, atol=4 * EPS * shrinkage * (1 + size))


def test_two_classes_are_the_log_loss():
    codes = make_codes(n_classes=2)
    raw = make_raw(codes, 2)
    several, two = Multinomial(codes, 2), Generalized(Binomial(), codes)
    a, b = several.fit(raw[None]), two.fit((raw[1] - raw[0])[None])
    assert_allclose(a.losses, b.losses, rtol=1e-13)
    assert_allclose(a.residuals[0, 1], b.residuals[0], atol=1e-14)
    for scale in (0.0, 0.4, 0.999):
        assert_allclose(several.misfit_of(a, 0)(scale), two.misfit_of(b, 0)(scale), rtol=1e-11)


# --- Quadratic models ---


def gram_by_definition(X, weights, p, fit_intercept):
    """Second derivatives in the coefficients, class by class, of sum_i w_i v_i' H_i v_i / 2 at its best intercepts."""
    n_classes, n_features = len(p), X.shape[1]
    columns = np.c_[X, np.ones(len(X))] if fit_intercept else X
    width = columns.shape[1]
    full = np.zeros((n_classes * width, n_classes * width))
    for x, w, q in zip(columns, weights, p.T, strict=True):
        full += w * np.kron(np.diag(q) - np.outer(q, q), np.outer(x, x))
    inner = np.arange(len(full)) % width < n_features
    cross = full[np.ix_(inner, ~inner)]
    return full[np.ix_(inner, inner)] - cross @ np.linalg.pinv(full[np.ix_(~inner, ~inner)]) @ cross.T


@pytest.mark.parametrize("store", [np.ascontiguousarray, sparse.csc_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_models_of_pairs(store, fit_intercept):
    rng = np.random.default_rng(4)
    X = (rng.standard_normal((60, 5)) + np.array([0, 3, -8, 0, 1])) * (rng.uniform(size=(60, 5)) < 0.6)
    codes, weights = make_codes(60), rng.uniform(0, 2, 60)
    loss = Multinomial(codes, 3, weights, fit_intercept)
    part = WorkingSet(loss, 5, 10**6)
    part.append(np.arange(5), make_design(store(X)).columns(np.arange(5), 1.0, loss.weights if fit_intercept else None))
    coef = 0.3 * rng.standard_normal((3, 5))
    fits = loss.fit((coef @ X.T)[None])
    curvatures = loss.curvatures(fits.raw[0])
    model = loss.model(fits, 0, curvatures)
    # In pieces, the Gram is what it is at once.
    pairs = part.seen_through(model)
    for k, j in [(2, 3), (0, 1), (2, 0)]:
        pairs.bring_in((np.arange(3) == k)[:, None] & (np.arange(5) == j))
    pairs.bring_in(np.ones((3, 5), dtype=bool))
    places, gram = pairs.classes * 5 + pairs.positions, pairs.full_gram()
    assert_allclose(pairs.gram[:15, :15], gram[np.ix_(places, places)], atol=1e-12)
    assert_allclose(gram, gram_by_definition(X, model.weights, model.probabilities, fit_intercept), atol=1e-12)
    # Nearly what the correlations do, but for the share of equal probabilities in a model.
    total, step = curvatures.sum(), rng.standard_normal((3, 5))
    shift = pairs.intercept_shift(step)

    def look(length):
        found = loss.fit(((coef + length * step) @ X.T)[None], fits.offsets)
        return (found.residuals[0] * loss.weights) @ X, found.offsets[0]

    (ahead, offset_ahead), (behind, offset_behind) = look(1e-5), look(-1e-5)
    drop = (behind - ahead) / 2e-5 / total
    assert_allclose((gram @ step.ravel()).reshape(3, 5), drop, rtol=1e-3, atol=2e-4 * np.abs(drop).max())
    means = loss.weights @ X if fit_intercept else np.zeros(5)
    moved = (offset_ahead - offset_behind) / 2e-5
    # Packed dense columns are centred, and raw predictions of what is packed with them.
    expected = moved - moved.mean()
    found = shift - (0 if sparse.issparse(store(X)) else step @ means)
    assert_allclose(found - found.mean(), expected, rtol=2e-3, atol=1e-3 * (1 + np.abs(expected).max()))


# --- The penalty of classes that choose features each ---


def penalty_of_each(coef, alpha, l1_ratio, terms):
    """By definition, for every coefficient."""
    return alpha * (l1_ratio * terms.l1_weights * np.abs(coef) + (1 - l1_ratio) / 2 * terms.l2_weights * coef**2)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
def test_separate_penalty_on_a_grid(l1_ratio):
    terms = FeatureTerms([1.0, 2.0, 0.5], [1.0, 4.0, 0.25], [-np.inf, -0.5, 0.0], [np.inf, 1.0, 0.75])
    penalty = SeparateTasksPenalty(ElasticNetPenalty(0.8, l1_ratio, terms))
    rng, grid = np.random.default_rng(0), np.linspace(-3, 3, 2401)
    for _ in range(20):
        correlation = 1.5 * rng.standard_normal((2, 3))
        coef = np.clip(rng.standard_normal((2, 3)), np.maximum(terms.lower, -3), np.minimum(terms.upper, 3))
        coef[rng.uniform(size=(2, 3)) < 0.3] = 0
        assert_allclose(penalty.value(coef), penalty_of_each(coef, 0.8, l1_ratio, terms).sum())
        # Where there is no bound, nor a ridge, the conjugate is finite up to l1 alone.
        if l1_ratio == 1.0:
            correlation[:, 0] = np.clip(correlation[:, 0], -penalty.l1, penalty.l1)
        suprema = 0.0
        for row in correlation:
            gains = row * grid[:, None] - penalty_of_each(grid[:, None], 0.8, l1_ratio, terms)
            is_inside = (grid[:, None] >= terms.lower) & (grid[:, None] <= terms.upper)
            suprema += np.where(is_inside, gains, -np.inf).max(axis=0).sum()
        conjugate = penalty.conjugate(correlation)
        assert suprema <= conjugate + 1e-12
        if l1_ratio > 0 and np.abs(correlation).max() < 1.2:
            assert_allclose(conjugate, suprema, atol=1e-5)
        for scale in (1.0, 0.6):
            young = penalty.fenchel_young(coef, correlation, scale)
            parts = penalty.value(coef) + penalty.conjugate(correlation, scale) - scale * (coef * correlation).sum()
            assert young >= 0
            assert_allclose(young, parts, atol=1e-12)
    # Zero where coefficients answer their correlations: at the prox of their sum.
    values = 2 * rng.standard_normal((2, 3))
    coef = np.stack([penalty.of_each.apply_prox(row, 1.0) for row in values])
    assert_allclose(penalty.fenchel_young(coef, values - coef), 0, atol=1e-14)


@given(
    values=st.lists(st.floats(-5, 5), min_size=6, max_size=6),
    ends=st.sampled_from([(-np.inf, np.inf), (0.0, np.inf), (-np.inf, 0.0), (-1.0, 2.0), (0.0, 0.0)]),
    l1_weight=st.sampled_from([0.5, 1.0, 3.0]),
)
def test_what_may_enter(values, ends, l1_weight):
    terms = FeatureTerms([l1_weight] * 2, [1.0] * 2, [ends[0]] * 2, [ends[1]] * 2)
    penalty = SeparateTasksPenalty(ElasticNetPenalty(1.0, 1.0, terms))
    correlation = np.array(values).reshape(3, 2)
    # All coefficients of a feature stay at zero where no step on an open side gains.
    up, down = ends[1] > 0, ends[0] < 0
    largest = [max(0, *(up * column), *(-down * column)) / l1_weight for column in correlation.T]
    magnitudes = penalty.magnitudes(penalty.sizes(correlation))
    assert_allclose(magnitudes, largest, rtol=1e-15)
    assert_allclose(penalty.largest_magnitude(correlation), max(largest), rtol=1e-15)
    assert_allclose(penalty.alpha_max(max(largest)), max(largest))
    stays = all(penalty.of_each.apply_prox(row, 1.0).any() == 0 for row in correlation)
    assert stays == (max(largest) <= 1)
