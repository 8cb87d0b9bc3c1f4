"""scikit-learn's private names stand in one module, and these are all of them."""

import ast
import re
from pathlib import Path

from sklearn.metrics import make_scorer, mean_squared_error

import sklearn_sparsefit
from sklearn_sparsefit import _sklearn

PACKAGE = Path(sklearn_sparsefit.__file__).parent
# What _sklearn.py takes from private modules or under private names.
PRIVATE = {
    "sklearn.utils._safe_indexing",
    "sklearn.base._fit_context",
    "sklearn.utils._metadata_requests._raise_for_params",
    "sklearn.utils._metadata_requests._routing_enabled",
    "sklearn.utils._param_validation.HasMethods",
    "sklearn.utils._param_validation.Interval",
    "sklearn.utils._param_validation.StrOptions",
    "sklearn.utils._param_validation.validate_parameter_constraints",
    "sklearn.utils._param_validation.validate_params",
    "sklearn.utils._sparse._align_api_if_sparse",
    "sklearn.utils.validation._check_method_params",
    "sklearn.utils.validation._get_feature_names",
}
# Of scikit-learn's objects.
PRIVATE_ATTRIBUTES = {"_skl_callbacks", "_init_callback_context", "_score_func", "_sign"}


def imported_names(path):
    """Full names of all that a module imports from scikit-learn."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sklearn":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "sklearn")


def private_names(path):
    return {name for name in imported_names(path) if any(part.startswith("_") for part in name.split("."))}


def private_attributes(path):
    return set(re.findall(rf"\b(?:{'|'.join(PRIVATE_ATTRIBUTES)})\b", path.read_text()))


def test_private_names_stand_in_one_module():
    sources = list(PACKAGE.rglob("*.py"))
    assert len(sources) > 20
    for path in sources:
        if path.name != "_sklearn.py":
            assert private_names(path) == set(), path
            assert private_attributes(path) == set(), path


def test_private_names_are_these():
    assert private_names(PACKAGE / "_sklearn.py") == PRIVATE
    assert private_attributes(PACKAGE / "_sklearn.py") == PRIVATE_ATTRIBUTES


def test_score_function_is_known_by_its_scorer():
    scorer = make_scorer(mean_squared_error, greater_is_better=False)
    assert _sklearn.score_function(scorer) == (mean_squared_error, -1)
    assert _sklearn.score_function(mean_squared_error) == (mean_squared_error, 1)


def test_every_name_is_there():
    for name in _sklearn.__all__:
        assert getattr(_sklearn, name) is not None
