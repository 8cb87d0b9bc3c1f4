"""Paths of sparse logistic regression and of generalised linear models, as functions."""

from numbers import Integral, Real
from typing import Any

from numpy.typing import NDArray

from sklearn_sparsefit._progress import PathJob, RegularizationPath
from sklearn_sparsefit._sklearn import Interval, StrOptions, validate_params
from sklearn_sparsefit._validation import TrainingData, check_above_zero, check_alphas, check_training_data
from sklearn_sparsefit.linear_model.base import make_path
from sklearn_sparsefit.linear_model.generalized_model import GeneralizedModel
from sklearn_sparsefit.linear_model.glm import GLM_CONSTRAINTS, ElasticNetGLM
from sklearn_sparsefit.linear_model.logistic import SparseLogisticRegression
from sklearn_sparsefit.linear_model.model_warnings import warn_of
from sklearn_sparsefit.linear_model.parameters import PARAMETER_CONSTRAINTS

PARAMETERS = (
    "fit_intercept", "max_iter", "tol", "solver", "penalty_weights", "lower_bounds", "upper_bounds", "standardize",
)  # fmt: skip

GENERALIZED_PATH_CONSTRAINTS: dict[str, list] = {
    "X": ["array-like", "sparse matrix"],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "eps": [Interval(Real, 0, None, closed="neither"), None],
    "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
    "verbose": ["verbose"],
    "callbacks": [list, tuple, None],
    **{name: PARAMETER_CONSTRAINTS[name] for name in PARAMETERS},
}


@validate_params(
    {**GENERALIZED_PATH_CONSTRAINTS, "class_weight": [dict, StrOptions({"balanced"}), None], "grouped": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def logistic_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 1.0,
    eps: float | None = None,
    alphas: Any = 100,
    sample_weight: Any = None,
    class_weight: Any = None,
    grouped: bool = False,
    fit_intercept: bool = True,
    max_iter: int = 1000,
    tol: float = 1e-4,
    solver: str = "auto",
    penalty_weights: Any = None,
    lower_bounds: Any = None,
    upper_bounds: Any = None,
    standardize: bool = False,
    verbose: bool | int = False,
    callbacks: Any = None,
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Logistic regressions of many alphas, each certified by its duality gap.

    The objective is that of :class:`SparseLogisticRegression`; for paths see [1]_.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Samples: dense in any order or sparse, float32 or float64; read, never written to.
    y : array-like of shape (n_samples,)
        Two classes, by any labels, whose coefficients are of the log-odds of the second in their order; or several.
    l1_ratio : float, default=1.0
        Share of the L1 penalty, between 0 (ridge, for given ``alphas``) and 1.
    eps : float, default=None
        Length of the path, ``alpha_min / alpha_max``; None is 1e-3, or 1e-2 where there are more features than samples.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm, or the alphas themselves, above 0.
    sample_weight : float or array-like of shape (n_samples,), default=None
        Weights, at least 0; only their proportions matter. A number means none.
    class_weight : dict or 'balanced', default=None
        Weights of the classes; they multiply those of samples.
    grouped : bool, default=False
        Whether a feature is kept for all classes or for none, where there are more than two.
    fit_intercept : bool, default=True
        Whether to fit intercepts, which are not penalised.
    max_iter : int, default=1000
        Largest number of Newton steps per alpha, and at each that is put in between alphas far apart.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        How the quadratic models of the loss are minimised; see :class:`ElasticNet`. More than two classes have
        ``'auto'`` alone.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature: 0 is not penalised, infinity is left out.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, of a feature in all classes, at most 0; None is none.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, of a feature in all classes, at least 0; None is none.
    standardize : bool, default=False
        Whether to penalise the coefficients of the features divided by their standard deviations; those that are
        returned are of the features as they are.
    verbose : bool or int, default=False
        1 prints a line for the path, 2 one for each alpha.
    callbacks : list of scikit-learn callbacks, default=None
        For instance ``[sklearn.callback.ProgressBar()]``, with scikit-learn 1.9 or later.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        Strengths of the penalty, from the largest.
    coefs : ndarray of shape (n_features, n_alphas) or (n_classes, n_features, n_alphas)
        Coefficients, of every class where there are more than two, in the dtype of X.
    intercepts : ndarray of shape (n_alphas,) or (n_classes, n_alphas)
        Intercepts, zero without one.
    dual_gaps : ndarray of shape (n_alphas,)
        Duality gaps, in units of the objective, computed on all features.

    Raises
    ------
    ValueError
        If X, y, the weights or the alphas do not fit together or are not finite, y has a single class, a class has no
        sample that counts, or ``solver`` is not ``'auto'`` for more than two classes.

    See Also
    --------
    SparseLogisticRegressionCV : Chooses alpha by cross-validation.

    References
    ----------
    .. [1] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1), sections 3 and 4.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_sparsefit import logistic_path
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> alphas, coefs, intercepts, dual_gaps = logistic_path(X, y, alphas=5, standardize=True)
    >>> coefs.shape
    (30, 5)
    """
    model = SparseLogisticRegression(
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        class_weight=class_weight,
        grouped=grouped,
        max_iter=max_iter,
        tol=tol,
        solver=solver,
        penalty_weights=penalty_weights,
        lower_bounds=lower_bounds,
        upper_bounds=upper_bounds,
        standardize=standardize,
    )
    classes, codes = model._encoded(y)
    data = model._prepared(check_training_data(X, codes, sample_weight), classes)
    return _path(model, data, alphas, eps, verbose, callbacks)


@validate_params({**GENERALIZED_PATH_CONSTRAINTS, **GLM_CONSTRAINTS}, prefer_skip_nested_validation=True)
def glm_path(
    X: Any,
    y: Any,
    *,
    family: str = "poisson",
    l1_ratio: float = 0.5,
    power: float = 1.5,
    delta: float = 1.35,
    eps: float | None = None,
    alphas: Any = 100,
    sample_weight: Any = None,
    offset: Any = None,
    exposure: Any = None,
    fit_intercept: bool = True,
    max_iter: int = 1000,
    tol: float = 1e-4,
    solver: str = "auto",
    penalty_weights: Any = None,
    lower_bounds: Any = None,
    upper_bounds: Any = None,
    standardize: bool = False,
    verbose: bool | int = False,
    callbacks: Any = None,
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Generalised linear models of many alphas, each certified by its duality gap.

    The objective, and the families, are those of :class:`ElasticNetGLM`; for paths see [1]_.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Samples: dense in any order or sparse, float32 or float64; read, never written to.
    y : array-like of shape (n_samples,)
        Target, in the range of the family.
    family : {'gaussian', 'huber', 'binomial', 'poisson', 'gamma', 'tweedie'}, default='poisson'
        Distribution of the target, and with it loss and link.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, between 0 (ridge, for given ``alphas``) and 1.
    power : float, default=1.5
        Power of the Tweedie family, between 1 (Poisson) and 2 (gamma).
    delta : float, default=1.35
        Error from which on the Huber loss is linear, in units of y.
    eps : float, default=None
        Length of the path, ``alpha_min / alpha_max``; None is 1e-3, or 1e-2 where there are more features than samples.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm, or the alphas themselves, above 0.
    sample_weight : float or array-like of shape (n_samples,), default=None
        Weights, at least 0; only their proportions matter. A number means none.
    offset : array-like of shape (n_samples,), default=None
        Known part of the raw predictions, in their units (logarithms for a log link).
    exposure : array-like of shape (n_samples,), default=None
        The same as an offset of ``log(exposure)``, for families with a log link; both together add up.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    max_iter : int, default=1000
        Largest number of Newton steps per alpha, and at each that is put in between alphas far apart; for
        ``'gaussian'`` of iterations, as in :class:`ElasticNet`.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        How the quadratic models of the loss are minimised; see :class:`ElasticNet`.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature: 0 is not penalised, infinity is left out.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, at most 0; None is none.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, at least 0; None is none.
    standardize : bool, default=False
        Whether to penalise the coefficients of the features divided by their standard deviations; those that are
        returned are of the features as they are.
    verbose : bool or int, default=False
        1 prints a line for the path, 2 one for each alpha.
    callbacks : list of scikit-learn callbacks, default=None
        For instance ``[sklearn.callback.ProgressBar()]``, with scikit-learn 1.9 or later.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        Strengths of the penalty, from the largest.
    coefs : ndarray of shape (n_features, n_alphas)
        Coefficients, in the dtype of X.
    intercepts : ndarray of shape (n_alphas,)
        Intercepts, zero without one.
    dual_gaps : ndarray of shape (n_alphas,)
        Duality gaps, in units of the objective, computed on all features.

    Raises
    ------
    ValueError
        If X, y, the weights, the offsets or the alphas do not fit together, are not finite or out of the family's
        range, or the intercept would be infinite.

    See Also
    --------
    ElasticNetGLMCV : Chooses alpha by cross-validation.

    References
    ----------
    .. [1] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparsefit import glm_path
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 30))
    >>> y = rng.poisson(np.exp(0.5 + X[:, 0] - X[:, 1]))
    >>> alphas, coefs, intercepts, dual_gaps = glm_path(X, y, family="poisson", l1_ratio=1.0, alphas=5, eps=0.1)
    >>> np.count_nonzero(coefs, axis=0)
    array([0, 2, 2, 2, 2])
    """
    model = ElasticNetGLM(
        family=family,
        l1_ratio=l1_ratio,
        power=power,
        delta=delta,
        fit_intercept=fit_intercept,
        max_iter=max_iter,
        tol=tol,
        solver=solver,
        penalty_weights=penalty_weights,
        lower_bounds=lower_bounds,
        upper_bounds=upper_bounds,
        standardize=standardize,
    )
    data = model._prepared(check_training_data(X, y, sample_weight), offset, exposure)
    return _path(model, data, alphas, eps, verbose, callbacks)


def _path(
    model: GeneralizedModel, data: TrainingData, alphas: Any, eps: float | None, verbose: bool | int, callbacks: Any
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    check_above_zero(alphas)
    grid = check_alphas(alphas, eps, model.l1_ratio)
    (terms,) = model._terms(data, [data.sample_weight])
    options = model._options()
    path = make_path(data, model._datafit(data), terms, model.l1_ratio, options, model._penalty_of_tasks, alphas=grid)
    job = PathJob("path", "path", path, len(grid), data.design)
    result = RegularizationPath(callbacks).run(job, data.design, verbose)
    warn_of([("", result)], result, model._feature_options(), data, model.tol)
    return result.alphas, result.dense_coefs(data.dtype), result.intercepts.T.astype(data.dtype), result.dual_gaps
