"""The private names of scikit-learn that cannot be avoided, and what older versions lack.

The only such place, but for the ``_parameter_constraints`` of the estimators.
"""

from collections.abc import Callable
from typing import Any

from scipy import sparse
from sklearn.base import _fit_context as fit_context
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._metadata_requests import _raise_for_params as raise_for_params
from sklearn.utils._metadata_requests import _routing_enabled as routing_enabled
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils.validation import _check_method_params as check_method_params
from sklearn.utils.validation import _get_feature_names as get_feature_names

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""

        def set_callbacks(self, *callbacks: Any) -> Any:
            raise NotImplementedError("Callbacks need scikit-learn 1.9 or later.")

    def with_callbacks(method: Callable) -> Callable:
        """Nothing to set up or tear down."""
        return method


try:  # scikit-learn >= 1.9: arrays or matrices, as configured
    from sklearn.utils._sparse import _align_api_if_sparse as align_sparse
except ImportError:

    def align_sparse(X: Any) -> Any:
        """What older versions return."""
        return sparse.csr_matrix(X)


def has_callbacks(estimator: Any) -> bool:
    """Whether anyone wants to know how far a fit has come."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def callback_context(estimator: Any, n_subtasks: int) -> Any:
    """The root of the tasks of a fit; None where scikit-learn has no callbacks."""
    if not hasattr(estimator, "_init_callback_context"):
        return None
    return estimator._init_callback_context(max_subtasks=n_subtasks, sequential_subtasks=False)


def score_function(scorer: Callable) -> tuple[Callable, int]:
    """What a scorer calls (a function is its own) and the sign it gives to the values."""
    return getattr(scorer, "_score_func", scorer), getattr(scorer, "_sign", 1)


__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "StrOptions",
    "align_sparse",
    "callback_context",
    "check_method_params",
    "fit_context",
    "get_feature_names",
    "has_callbacks",
    "raise_for_params",
    "routing_enabled",
    "safe_indexing",
    "score_function",
    "validate_parameter_constraints",
    "validate_params",
    "with_callbacks",
]
