"""scikit-learn's own tests of its coordinate descent, with our names in place of its own.

The module comes from the installed scikit-learn and is executed while
``sklearn.linear_model`` hands out our classes; its tests then become tests of this file.
"""

import importlib.util
from unittest.mock import patch

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose
from sklearn.utils.fixes import parse_version

import sklearn_sparsefit

REPLACED = [
    "ElasticNet",
    "ElasticNetCV",
    "Lasso",
    "LassoCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "enet_path",
    "lasso_path",
]

# What cannot apply, and why.
NOT_APPLICABLE = {
    "test_set_order_dense": "tests a private helper",
    "test_set_order_sparse": "tests a private helper",
    "test_cython_solver_equivalence": "tests private kernels",
    "test_lassoCV_does_not_set_precompute": "patches the private module of LassoCV",
    "test_enet_copy_X_False_check_input_False": "asserts that X is destroyed: it never is",
    "test_check_input_false": "asserts that C-ordered X fails: it is fitted without a copy",
    "test_enet_nonfinite_params": "asserts that an X of 1e308 fails: it is fitted, in exact units of its own",
    "test_lasso_dual_gap": "asserts equal digits of two gaps that are both rounding errors",
}
# Tests of older versions that ask for what 1.9 gave up; some live on under the same name.
OUTDATED = {
    "test_path_parameters": "reads a private attribute",
    "test_linear_model_cv_alphas": "n_alphas of the CV classes went in 1.9",
    "test_linear_model_cv_alphas_n_alphas_unset": "asks a private method",
    "test_linear_model_cv_deprecated_n_alphas": "n_alphas of the CV classes went in 1.9",
    "test_linear_model_cv_deprecated_alphas_none": "alphas=None of the CV classes went in 1.9",
    "test_enet_l1_ratio": "expects a warning of a private kernel for l1_ratio=0",
    "test_enet_coordinate_descent": "asserts that a constant X of 1e50 does not converge: it does",
    "test_multitask_cv_estimators_with_sample_weight": "wants weights refused where the splitter takes none",
    "test_warm_start_convergence": "expects one iteration where there is nothing to do, not none",
}
NEWEST = parse_version(sklearn.__version__) >= parse_version("1.9")

spec = importlib.util.find_spec("sklearn.linear_model.tests.test_coordinate_descent")
suite = importlib.util.module_from_spec(spec)
with patch.multiple(
    "sklearn.linear_model",
    **{name: getattr(sklearn_sparsefit, name) for name in REPLACED},
):
    spec.loader.exec_module(suite)

suite_tests = {name for name in vars(suite) if name.startswith("test_")}
left_out = NOT_APPLICABLE if NEWEST else NOT_APPLICABLE | OUTDATED
globals().update({name: getattr(suite, name) for name in suite_tests - left_out.keys()})


@pytest.fixture
def global_random_seed():
    """The seed that scikit-learn's own configuration gives by default."""
    return 42


def test_our_names_are_in_place():
    for name in REPLACED:
        assert getattr(suite, name) is getattr(sklearn_sparsefit, name)
        assert getattr(sklearn.linear_model, name) is not getattr(sklearn_sparsefit, name)


@pytest.mark.skipif(not NEWEST, reason="the list follows the newest version")
def test_every_test_left_out_still_exists():
    assert NOT_APPLICABLE.keys() <= suite_tests


@pytest.mark.parametrize("name", ["LassoCV", "ElasticNetCV"])
def test_one_target_is_one_task_at_a_tight_tolerance(name):
    X, y, _, _ = suite.build_dataset(n_features=10)
    ours = getattr(sklearn_sparsefit, name)(alphas=5, eps=2e-3).fit(X, y)
    multi_task = getattr(sklearn.linear_model, f"MultiTask{name}")(alphas=5, eps=2e-3, tol=1e-12)
    multi_task.fit(X, y[:, np.newaxis])
    assert_allclose(ours.alpha_, multi_task.alpha_, rtol=1e-12)
    assert_allclose(ours.coef_, multi_task.coef_[0], rtol=1e-9)
    assert_allclose(ours.intercept_, multi_task.intercept_[0], rtol=1e-9)
