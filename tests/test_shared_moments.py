"""Moments of all folds from one reading are those that each fold would measure alone."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.model_selection import KFold, LeaveOneOut, RepeatedKFold, ShuffleSplit, TimeSeriesSplit

from registry import make_weights
from sklearn_sparsefit import Lasso, LassoCV
from sklearn_sparsefit.cv import make_folds, share_moments
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.design import make_design
from sklearn_sparsefit.path import Measure, cost_model

N_SAMPLES, N_FEATURES = 700, 6
SPLITTERS = {
    "KFold": KFold(5),
    "shuffled": KFold(5, shuffle=True, random_state=0),
    "repeated": RepeatedKFold(n_splits=4, n_repeats=2, random_state=0),
    "time": TimeSeriesSplit(4),
    "some_of_the_rows": ShuffleSplit(3, test_size=0.2, train_size=0.3, random_state=0),
    "leave_one_out": LeaveOneOut(),
    "drawn_twice": [(np.tile(np.arange(400), 2), np.arange(400, 700)), (np.arange(300, 700), np.arange(300))],
}


def design_with_means(mean):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_SAMPLES, N_FEATURES)) + mean * np.arange(N_FEATURES)
    return X, X[:, 0] + rng.standard_normal(N_SAMPLES) + 3.0


def request(datafit, scale=1.0):
    return Measure(datafit.weights, datafit.target, datafit.unit, datafit.fit_intercept, scale)


def exact_moments(X, datafit, scale):
    """In extended precision."""
    s, t = datafit.weights.astype(np.longdouble), datafit.target.astype(np.longdouble)
    Z = scale * X.astype(np.longdouble)
    means = s @ Z / s.sum() if datafit.fit_intercept else np.zeros(X.shape[1])
    Z = np.where(s[:, None] > 0, Z - means, 0.0)
    return means, Z.T @ (s[:, None] * Z), (s * t) @ Z


@pytest.mark.parametrize(
    "splitter, weights",
    # One held-out row of weight zero is refused.
    [(splitter, "none") for splitter in SPLITTERS] + [(s, "with_zeros") for s in SPLITTERS if s != "leave_one_out"],
)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("storage", [np.ascontiguousarray, np.asfortranarray, sparse.csc_array, sparse.csr_array])
def test_moments_of_every_fold(splitter, weights, fit_intercept, storage):
    X, y = design_with_means(1e3)
    cv = SPLITTERS[splitter]
    sample_weight = make_weights(weights, N_SAMPLES)
    folds = make_folds(cv if isinstance(cv, list) else list(cv.split(X)), N_SAMPLES, sample_weight)[:20]
    shared = share_moments(make_design(storage(X)), folds, 1)
    shared(request(Quadratic(y, sample_weight, fit_intercept)))
    for number, fold in enumerate(folds):
        datafit = Quadratic(y, fold.train_weight, fit_intercept)
        # Folds may work in other units than the full data.
        scale = 2.0 ** (number % 3)
        moments = shared(request(datafit, scale))
        means, gram, correlation = exact_moments(X, datafit, scale)
        norms = np.sqrt(gram.diagonal().astype(float))
        assert_allclose(moments.means, means.astype(float), rtol=1e-13)
        assert_allclose(
            moments.gram / norms / norms[:, None], (gram / norms / norms[:, None]).astype(float), atol=1e-12
        )
        assert_array_equal(moments.sq_norms, moments.gram.diagonal())
        assert_allclose(moments.correlation / norms, (correlation / norms).astype(float), atol=1e-12)


@pytest.mark.parametrize("in_y", [False, True])
def test_an_outlier_that_is_held_out_leaves_no_trace(in_y):
    X, y = design_with_means(0.0)
    (y if in_y else X)[5] *= 1e12
    folds = make_folds(list(KFold(5).split(X)), N_SAMPLES, None)
    shared = share_moments(make_design(X), folds, 1)
    shared(request(Quadratic(y)))
    datafit = Quadratic(y, folds[0].train_weight)
    moments = shared(request(datafit))
    _, gram, correlation = exact_moments(X, datafit, 1.0)
    assert_allclose(moments.gram, gram.astype(float), atol=1e-13 * abs(gram).max())
    assert_allclose(moments.correlation, correlation.astype(float), atol=1e-13 * abs(correlation).max())


def test_problems_with_the_same_weights_share_their_moments():
    X, y = design_with_means(0.0)
    folds = make_folds(list(KFold(3).split(X)), N_SAMPLES, None)
    shared = share_moments(make_design(X), folds, 1)
    datafit = Quadratic(y, folds[1].train_weight)
    first, again = (shared(request(datafit)) for _ in range(2))
    assert first is again
    assert shared.n_readings == 1
    # In other units they are others.
    doubled = shared(request(datafit, scale=2.0))
    assert_array_equal(doubled.gram, 4 * first.gram)
    assert_array_equal(doubled.correlation, 2 * first.correlation)


def test_a_target_that_hardly_counts_leaves_no_trace():
    X, y = design_with_means(0.0)
    weights = np.ones(N_SAMPLES)
    y[[5, 250]], weights[250] = 1e9, 1e-18
    folds = make_folds(list(KFold(5).split(X)), N_SAMPLES, weights)
    shared = share_moments(make_design(X), folds, 1)
    shared(request(Quadratic(y, weights)))
    datafit = Quadratic(y, folds[0].train_weight)
    _, _, correlation = exact_moments(X, datafit, 1.0)
    assert_allclose(shared(request(datafit)).correlation, correlation.astype(float), rtol=1e-9)


def test_an_enormous_entry_that_is_held_out():
    X, y = design_with_means(0.0)
    X[5, 3] = 1e200
    model = LassoCV(alphas=5, cv=KFold(5), store_fold_coefs=True, tol=1e-10).fit(X, y)
    others = np.arange(N_SAMPLES) >= N_SAMPLES // 5
    alone = Lasso(model.alphas_[-1], tol=1e-12).fit(X[others], y[others])
    assert_allclose(model.fold_coef_path_[0, :, -1], alone.coef_, rtol=1e-8, atol=1e-12)


def test_too_many_classes_are_not_shared(monkeypatch):
    X, y = design_with_means(0.0)
    monkeypatch.setattr(cost_model, "SMALL_MEMORY", 0)
    assert share_moments(make_design(X), make_folds(list(LeaveOneOut().split(X)), N_SAMPLES, None), 1) is None
    # They are measured one by one, then.
    shared_not = LassoCV(alphas=5, eps=0.1, cv=LeaveOneOut()).fit(X[:60], y[:60]).mse_path_
    monkeypatch.undo()
    assert_allclose(shared_not, LassoCV(alphas=5, eps=0.1, cv=LeaveOneOut()).fit(X[:60], y[:60]).mse_path_, rtol=1e-9)


def test_one_reading_for_all_folds():
    X, y = np.random.default_rng(0).standard_normal((2, 5000, 30))
    y = X[:, 0] + y[:, 0]
    passes = [LassoCV(alphas=20, cv=n_folds).fit(X, y).n_passes_ for n_folds in (3, 10)]
    # The null models of the full data and of the folds, and one for the moments of all.
    assert passes == [3, 3]
