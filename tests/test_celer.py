"""Agreement with celer, whose answers reference/celer.py has written down."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklearn_sparsefit import ElasticNet, MultiTaskLasso, enet_path, lasso_path

REFERENCE = json.loads((Path(__file__).parent / "reference" / "celer.json").read_text())
ONE_TASK = [case for case in REFERENCE["cases"] if "n_tasks" not in case]
SEVERAL_TASKS = [case for case in REFERENCE["cases"] if "n_tasks" in case]
STORES = [np.ascontiguousarray, np.asfortranarray, sparse.csc_array, sparse.csr_array]


def _name(case):
    words = [case["data"], *(word for word in ("weights", "positive") if word in case)]
    words += ["intercept"] if case["fit_intercept"] else []
    return "-".join([*words, f"l1_ratio={case.get('l1_ratio', 1.0)}"])


def read(case):
    X, Y = (np.array(REFERENCE["data"][case["data"]][name]) for name in "XY")
    return X, Y, np.array(case["coefs"]), np.array(case["intercepts"])


def assert_same(ours, theirs):
    assert_allclose(ours, theirs, rtol=0, atol=1e-7)
    # What they leave out so do we, and the other way round.
    assert_array_equal(ours != 0, theirs != 0)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("case", ONE_TASK, ids=_name)
def test_same_coefficients(case, store):
    X, Y, coefs, intercepts = read(case)
    options = dict(l1_ratio=case["l1_ratio"], fit_intercept=case["fit_intercept"], positive="positive" in case)
    if "weights" in case:
        options["penalty_weights"] = np.resize(case["weights"], X.shape[1])
    for alpha, coef, intercept in zip(case["alphas"], coefs, intercepts, strict=True):
        model = ElasticNet(alpha, tol=1e-12, **options).fit(store(X), Y[:, 0])
        assert_same(model.coef_, coef)
        assert_allclose(model.intercept_, intercept, rtol=0, atol=1e-7)
    path = enet_path(store(X), Y[:, 0], alphas=case["alphas"], tol=1e-12, return_intercept=True, **options)
    assert_same(path[1].T, coefs)
    assert_allclose(path[3], intercepts, rtol=0, atol=1e-7)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("case", SEVERAL_TASKS, ids=_name)
def test_same_coefficients_of_several_tasks(case, store):
    X, Y, coefs, intercepts = read(case)
    for alpha, coef, intercept in zip(case["alphas"], coefs, intercepts, strict=True):
        model = MultiTaskLasso(alpha, fit_intercept=case["fit_intercept"], tol=1e-12).fit(store(X), Y)
        assert_same(model.coef_, coef)
        assert_allclose(model.intercept_, intercept, rtol=0, atol=1e-7)
    path = lasso_path(
        store(X), Y, alphas=case["alphas"], fit_intercept=case["fit_intercept"], tol=1e-12, return_intercept=True
    )
    assert_same(np.moveaxis(path[1], -1, 0), coefs)
    assert_allclose(path[3].T, intercepts, rtol=0, atol=1e-7)
