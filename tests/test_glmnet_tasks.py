"""Agreement with glmnet's mgaussian family, whose answers reference/glmnet_tasks.R has written down."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sklearn_sparsefit import enet_path
from test_multi_task_bounds import BoundedProblem

REFERENCE = json.loads((Path(__file__).parent / "reference" / "glmnet_tasks.json").read_text())


def _name(case):
    words = [case["data"], case["setting"]]
    words += [word for word in ("standardize", "weighted", "intercept") if case[word]]
    return "-".join([*words, f"alpha={case['alpha']}"])


def as_ours(case):
    """Data, and the other keywords of the same problems."""
    data = REFERENCE["data"][case["data"]]
    X, Y = np.array(data["X"]), np.array(data["Y"])
    options = {
        "sample_weight": np.array(data["weights"]) if case["weighted"] else None,
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
    return X, Y, options


def path(X, Y, case, options):
    _, coefs, _, intercepts = enet_path(X, Y, alphas=case["lambda"], tol=1e-12, return_intercept=True, **options)
    return np.moveaxis(coefs, -1, 0), intercepts.T


@pytest.mark.parametrize("case", [case for case in REFERENCE["cases"] if "upper.limits" not in case], ids=_name)
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_same_coefficients(case, store):
    X, Y, options = as_ours(case)
    coefs, intercepts = path(store(X), Y, case, options)
    assert_allclose(coefs, case["coefs"], rtol=0, atol=1e-7)
    assert_allclose(intercepts, case["intercepts"], rtol=0, atol=1e-7)


@pytest.mark.parametrize("case", [case for case in REFERENCE["cases"] if "upper.limits" in case], ids=_name)
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_no_worse_within_limits(case, store):
    """With limits other than zero glmnet's step for a feature stops short of its minimum."""
    X, Y, options = as_ours(case)
    for alpha, *ours, coef, intercept in zip(
        case["lambda"], *path(store(X), Y, case, options), case["coefs"], case["intercepts"], strict=True
    ):
        problem = BoundedProblem(X, Y, alpha=alpha, **options)
        # Within the limits but for rounding.
        coef = np.clip(coef, problem.lower.astype(float), problem.upper.astype(float))
        least, theirs = problem.objective(*ours), problem.objective(coef, intercept)
        assert least <= theirs + 1e-12 * problem.scale
        assert least >= theirs - 1e-3 * problem.scale
