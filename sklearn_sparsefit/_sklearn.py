"""The private names of scikit-learn that cannot be avoided, and what older versions lack. The only such place."""

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

        def set_callbacks(self, *callbacks):
            raise NotImplementedError("Callbacks need scikit-learn 1.9 or later.")

    def with_callbacks(method):
        """Nothing to set up or tear down."""
        return method


try:  # scikit-learn >= 1.9: arrays or matrices, as configured
    from sklearn.utils._sparse import _align_api_if_sparse as align_sparse
except ImportError:

    def align_sparse(X):
        """What older versions return."""
        return sparse.csr_matrix(X)


__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "StrOptions",
    "align_sparse",
    "check_method_params",
    "fit_context",
    "get_feature_names",
    "raise_for_params",
    "routing_enabled",
    "safe_indexing",
    "validate_parameter_constraints",
    "validate_params",
    "with_callbacks",
]
