"""Agreement with other packages, where they are installed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from registry import make_data
from sklearn_sparsefit import ElasticNet, Lasso

DESIGNS = ["random", "tall", "wide", "very_wide"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("design", DESIGNS)
def test_celer(design):
    celer = pytest.importorskip("celer")
    X, y = make_data(design)
    alpha = 0.1 * abs((X - X.mean(axis=0)).T @ (y - y.mean())).max() / len(y)
    ours = Lasso(alpha).fit(X, y)
    theirs = celer.Lasso(alpha, tol=1e-12).fit(np.asfortranarray(X), y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-5 * abs(ours.coef_).max())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_skglm(design, l1_ratio):
    skglm = pytest.importorskip("skglm")
    X, y = make_data(design)
    alpha = 0.1 * abs((X - X.mean(axis=0)).T @ (y - y.mean())).max() / len(y) / l1_ratio
    ours = ElasticNet(alpha, l1_ratio=l1_ratio).fit(X, y)
    theirs = skglm.ElasticNet(alpha, l1_ratio=l1_ratio, tol=1e-12).fit(np.asfortranarray(X), y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-5 * abs(ours.coef_).max())
    assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-5 * abs(y).max())
