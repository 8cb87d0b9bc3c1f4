"""The fitted model that is drawn, and what its features are called."""

from typing import Any

from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

# Who keeps what is drawn.
KEEPERS = {
    "coef_path_": "LassoCV, ElasticNetCV, one of their multi-task or adaptive relatives, LassoIC, ElasticNetIC,"
    " SparseLogisticRegressionCV or ElasticNetGLMCV",
    "alpha_1se_": "LassoCV, ElasticNetCV, one of their multi-task or adaptive relatives, SparseLogisticRegressionCV"
    " or ElasticNetGLMCV",
}


def fitted_model(estimator: Any, attribute: str, caller: type) -> Any:
    """The model, or the last step of a pipeline, once it is known to have the attribute that a display needs."""
    check_is_fitted(estimator)
    model = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if not hasattr(model, attribute):
        raise TypeError(
            f"{caller.__name__}.from_estimator needs a fitted {KEEPERS[attribute]} of "
            f"sklearn_sparsefit, or a Pipeline that ends with one; {type(model).__name__} has no {attribute!r}. Of a "
            "search, pass its best_estimator_."
        )
    return model


def names_of_features(estimator: Any) -> NDArray | None:
    """What a model calls its features or, where it has no names for them, what the steps before it in a pipeline do."""
    if not isinstance(estimator, Pipeline):
        return getattr(estimator, "feature_names_in_", None)
    names = names_of_features(estimator[-1])
    if names is not None or len(estimator) == 1:
        return names
    try:
        return estimator[:-1].get_feature_names_out()
    except (AttributeError, ValueError):
        # Not all steps tell.
        return None
