"""Agreement with glmnet's generalised linear models, as reference/glmnet_families.R has written them down."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sklearn_sparsefit import ElasticNetGLM, SparseLogisticRegression, logistic_path

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

REFERENCE = json.loads((Path(__file__).parent / "reference" / "glmnet_families.json").read_text())
CASES = [case for case in REFERENCE["cases"] if case["family"] in ("binomial", "poisson")]
CLASSIFIERS = [case for case in CASES if case["family"] == "binomial" and not case["offset"]]
OF_THREE = [case for case in REFERENCE["cases"] if case["family"] == "multinomial"]
STORAGES = [np.asarray, sparse.csc_array]


def _name(case):
    parts = [case["family"], case["grouping"], case["data"], case["setting"], f"alpha={case['alpha']}"]
    return "-".join(filter(None, parts))


def as_ours(case):
    """Data, what else is known of the rows, and the other keywords of the same problems."""
    data = REFERENCE["data"][case["data"]]
    X, y = np.array(data["X"]), np.array(data["y"][case["family"]])
    rows = {
        "sample_weight": np.array(data["weights"]) if case["weighted"] else None,
        "offset": np.array(data["offset"]) if case["offset"] else None,
    }
    options = {
        # As close as rounding lets it: errors are as the square roots of gaps.
        "tol": 1e-14,
        "l1_ratio": case["alpha"],
        "fit_intercept": case["intercept"],
        "standardize": case["standardize"],
        "lower_bounds": case.get("lower.limits"),
        "upper_bounds": case.get("upper.limits"),
    }
    if "penalty.factor" in case:
        # Their mean is made one, infinite ones taken for one.
        factors = np.array(case["penalty.factor"])
        options["penalty_weights"] = factors / np.where(np.isinf(factors), 1, factors).mean()
    return X, y, rows, options


def solutions(case):
    return zip(case["lambda"], case["coefs"], case["intercepts"], strict=True)


@pytest.mark.parametrize("store", STORAGES)
@pytest.mark.parametrize("case", CASES, ids=_name)
def test_same_coefficients(case, store):
    X, y, rows, options = as_ours(case)
    for alpha, coef, intercept in solutions(case):
        model = ElasticNetGLM(alpha, family=case["family"], **options).fit(store(X), y, **rows)
        assert_allclose(model.coef_, coef, rtol=0, atol=1e-6)
        assert_allclose(model.intercept_, intercept, rtol=0, atol=1e-6)


@pytest.mark.parametrize("store", STORAGES)
@pytest.mark.parametrize("case", CLASSIFIERS, ids=_name)
def test_same_classifiers(case, store):
    X, y, rows, options = as_ours(case)
    weights, labels = rows["sample_weight"], np.where(y > 0, "yes", "no")
    _, coefs, intercepts, _ = logistic_path(store(X), labels, alphas=case["lambda"], sample_weight=weights, **options)
    assert_allclose(coefs.T, case["coefs"], rtol=0, atol=1e-6)
    assert_allclose(intercepts, case["intercepts"], rtol=0, atol=1e-6)
    for alpha, coef, intercept in solutions(case):
        model = SparseLogisticRegression(alpha, **options).fit(store(X), labels, sample_weight=weights)
        assert_allclose(model.coef_, [coef], rtol=0, atol=1e-6)
        assert_allclose(model.intercept_, [intercept], rtol=0, atol=1e-6)


@pytest.mark.parametrize("store", STORAGES)
@pytest.mark.parametrize("case", OF_THREE, ids=_name)
def test_same_classifiers_of_three_classes(case, store):
    X, y, rows, options = as_ours(case)
    weights, labels = rows["sample_weight"], np.array(["no", "perhaps", "yes"])[y.astype(int)]
    options["grouped"] = case["grouping"] == "grouped"
    _, coefs, intercepts, _ = logistic_path(store(X), labels, alphas=case["lambda"], sample_weight=weights, **options)
    assert_allclose(np.moveaxis(coefs, -1, 0), case["coefs"], rtol=0, atol=1e-6)
    assert_allclose(intercepts.T, case["intercepts"], rtol=0, atol=1e-6)
    for alpha, coef, intercept in solutions(case):
        model = SparseLogisticRegression(alpha, **options).fit(store(X), labels, sample_weight=weights)
        assert_allclose(model.coef_, coef, rtol=0, atol=1e-6)
        assert_allclose(model.intercept_, intercept, rtol=0, atol=1e-6)
