"""Known ways in which lasso solvers stumble over what they are given, one test each."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from oracles import ElasticNetProblem
from registry import DENSE_STORAGES, FRAMES, SPARSE_STORAGES, make_data
from sklearn_sparsefit import Lasso, LassoCV, lasso_path


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("Estimator", [Lasso, LassoCV])
def test_not_finite_input(Estimator, store, bad):
    X, y = make_data("tall")
    name = "NaN" if np.isnan(bad) else "infinity"
    X[3, 2] = bad
    with pytest.raises(ValueError, match=f"X contains {name}"):
        Estimator().fit(store(X), y)
    X, y = make_data("tall")
    y[3] = bad
    with pytest.raises(ValueError, match=f"y contains {name}"):
        Estimator().fit(store(X), y)


@pytest.mark.parametrize("Estimator", [Lasso, LassoCV])
def test_complex_object_and_empty_input(Estimator):
    X, y = make_data("tall")
    with pytest.raises(ValueError, match="Complex data not supported"):
        Estimator().fit(X + 1j, y)
    with pytest.raises(ValueError, match="could not convert string to float"):
        Estimator().fit(np.full(X.shape, "a", dtype=object), y)
    with pytest.raises(ValueError, match="0 sample"):
        Estimator().fit(X[:0], y[:0])
    with pytest.raises(ValueError, match="0 feature"):
        Estimator().fit(X[:, :0], y)
    numbers = Estimator().fit(X.astype(object), y)
    assert_array_equal(numbers.coef_, Estimator().fit(X, y).coef_)


def test_one_feature_and_more_alphas_than_needed():
    X, y = make_data("one_feature")
    alphas, coefs, gaps = lasso_path(X, y, alphas=500)
    x = X[:, 0]
    expected = np.maximum(abs(x @ y) - len(y) * alphas, 0) * np.sign(x @ y) / (x @ x)
    assert_allclose(coefs[0], expected, rtol=1e-10, atol=1e-12)
    assert gaps.shape == (500,)


def test_unsorted_and_repeated_alphas_and_some_above_alpha_max():
    X, y = make_data("random")
    alpha_max = lasso_path(X, y, alphas=1)[0][0]
    given = alpha_max * np.array([0.1, 3.0, 0.5, 0.1, 1.5, 0.5, 0.5])
    alphas, coefs, _gaps = lasso_path(X, y, alphas=given, tol=1e-12)
    assert_array_equal(alphas, np.sort(given)[::-1])
    assert_array_equal(coefs[:, alphas > alpha_max], 0)
    for k, alpha in enumerate(alphas):
        problem = ElasticNetProblem(X, y, alpha=alpha, fit_intercept=False)
        assert problem.relative(problem.dual_gap(coefs[:, k], 0)) <= 1e-12
    model = LassoCV(alphas=given, cv=3).fit(X, y)
    assert_array_equal(model.alphas_, np.sort(given)[::-1])
    assert model.mse_path_.shape == (7, 3)


@pytest.mark.parametrize("storage", DENSE_STORAGES | SPARSE_STORAGES)
@pytest.mark.parametrize("Estimator", [Lasso, LassoCV])
def test_storages_are_taken_as_they_are(storage, Estimator):
    X, y = make_data("mostly_zeros")
    store = (DENSE_STORAGES | SPARSE_STORAGES)[storage]
    y.flags.writeable = False
    model = Estimator(tol=1e-12).fit(store(X), y)
    reference = Estimator(tol=1e-12).fit(X, y)
    assert_allclose(model.coef_, reference.coef_, rtol=1e-8, atol=1e-10)
    assert_allclose(model.predict(store(X)), reference.predict(X), rtol=1e-8)


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.int64, np.uint8, bool])
@pytest.mark.parametrize("Estimator", [Lasso, LassoCV])
def test_other_number_types(dtype, Estimator):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (40, 8)).astype(dtype)
    y = X @ np.arange(8.0) + rng.standard_normal(40)
    model = Estimator().fit(X, y)
    reference = Estimator().fit(X.astype(np.float64), y)
    assert_allclose(model.coef_, reference.coef_, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize("Estimator", [Lasso, LassoCV])
def test_data_frames(library, Estimator):
    module = pytest.importorskip(library)
    X, y = make_data("constant_and_zero_columns")
    names = [f"feature {j}" for j in range(X.shape[1])]
    frame = module.DataFrame(dict(zip(names, X.T, strict=True)))
    model = Estimator().fit(frame, module.Series(y))
    assert_array_equal(model.feature_names_in_, names)
    assert_allclose(model.coef_, Estimator().fit(X, y).coef_, rtol=1e-9, atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_allclose(model.predict(frame), X @ model.coef_ + model.intercept_)
