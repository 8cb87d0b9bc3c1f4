"""Agreement with glmnet, whose answers reference/glmnet.R has written down."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sklearn_sparsefit import ElasticNet, enet_path

REFERENCE = json.loads((Path(__file__).parent / "reference" / "glmnet.json").read_text())


def _name(case):
    words = [case["data"], case["setting"]]
    words += [word for word in ("standardize", "weighted", "intercept") if case[word]]
    return "-".join([*words, f"alpha={case['alpha']}", f"relax={case['relax']}"])


def as_ours(case):
    """Data, strengths with their l1_ratios, and the other keywords of the same problems."""
    data = REFERENCE["data"][case["data"]]
    X, y = np.array(data["X"]), np.array(data["y"])
    weights = np.array(data["weights"]) if case["weighted"] else None
    # glmnet divides y by its standard deviation, and lambda with it; the L2 term is not linear in these.
    offset = np.average(y, weights=weights) if case["intercept"] else 0
    scale = np.sqrt(np.average((y - offset) ** 2, weights=weights))
    lambdas, share = np.array(case["lambda"]), case["alpha"]
    alphas = lambdas * (share + (1 - share) / scale)
    options = {
        "l1_ratio": share / (share + (1 - share) / scale),
        "fit_intercept": case["intercept"],
        "standardize": case["standardize"],
        "relax": case["relax"],
        "lower_bounds": case.get("lower.limits"),
        "upper_bounds": case.get("upper.limits"),
    }
    if "penalty.factor" in case:
        # Their mean is made one, infinite ones taken for one.
        factors = np.array(case["penalty.factor"])
        options["penalty_weights"] = factors / np.where(np.isinf(factors), 1, factors).mean()
    return X, y, weights, alphas, options


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=_name)
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_same_coefficients(case, store):
    X, y, weights, alphas, options = as_ours(case)
    _, coefs, _, intercepts = enet_path(
        store(X), y, alphas=alphas, sample_weight=weights, tol=1e-12, return_intercept=True, **options
    )
    assert_allclose(coefs.T, case["coefs"], rtol=0, atol=1e-7)
    assert_allclose(intercepts, case["intercepts"], rtol=0, atol=1e-7)
    for alpha, coef, intercept in zip(alphas, case["coefs"], case["intercepts"], strict=True):
        model = ElasticNet(alpha, tol=1e-12, **options).fit(store(X), y, sample_weight=weights)
        assert_allclose(model.coef_, coef, rtol=0, atol=1e-7)
        assert_allclose(model.intercept_, intercept, rtol=0, atol=1e-7)
