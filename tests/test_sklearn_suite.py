"""scikit-learn's own tests of its coordinate descent, with our names in place of its own.

The module comes from the installed scikit-learn and is executed while
``sklearn.linear_model`` hands out our classes; its tests then become tests of this file.
"""

import importlib.util
from unittest.mock import patch

import pytest
import sklearn
from sklearn.utils.fixes import parse_version

import sklearn_sparsefit

REPLACED = ["ElasticNet", "ElasticNetCV", "Lasso", "LassoCV", "enet_path", "lasso_path"]

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
NEWEST = parse_version("1.9")

spec = importlib.util.find_spec("sklearn.linear_model.tests.test_coordinate_descent")
suite = importlib.util.module_from_spec(spec)
with patch.multiple(
    "sklearn.linear_model",
    **{name: getattr(sklearn_sparsefit, name) for name in REPLACED},
):
    spec.loader.exec_module(suite)

suite_tests = {name for name in vars(suite) if name.startswith("test_")}
globals().update({name: getattr(suite, name) for name in suite_tests - NOT_APPLICABLE.keys()})


@pytest.fixture
def global_random_seed():
    """The seed that scikit-learn's own configuration gives by default."""
    return 42


def test_our_names_are_in_place():
    for name in REPLACED:
        assert getattr(suite, name) is getattr(sklearn_sparsefit, name)
        assert getattr(sklearn.linear_model, name) is not getattr(sklearn_sparsefit, name)


@pytest.mark.skipif(parse_version(sklearn.__version__) < NEWEST, reason="the list follows the newest version")
def test_every_test_left_out_still_exists():
    assert NOT_APPLICABLE.keys() <= suite_tests
