"""Path functions."""

from numbers import Integral, Real
from typing import Any

from sklearn_sparsefit._progress import PathJob, RegularizationPath
from sklearn_sparsefit._sklearn import Interval, StrOptions, validate_parameter_constraints, validate_params
from sklearn_sparsefit._validation import (
    check_alphas,
    check_coef,
    check_gram,
    check_product,
    check_training_data,
)
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.linear_model.base import make_path
from sklearn_sparsefit.linear_model.feature_terms import FeatureOptions
from sklearn_sparsefit.linear_model.model_warnings import warn_of
from sklearn_sparsefit.linear_model.parameters import PARAMETER_CONSTRAINTS, one_of
from sklearn_sparsefit.path import SolverOptions
from sklearn_sparsefit.solvers import SOLVERS

FEATURE_PARAMETERS = ("penalty_weights", "lower_bounds", "upper_bounds", "standardize", "relax")

ENET_PATH_CONSTRAINTS: dict[str, list] = {
    "X": ["array-like", "sparse matrix"],
    "y": ["array-like", "sparse matrix"],
    "eps": [Interval(Real, 0, None, closed="neither")],
    "n_alphas": [Interval(Integral, 1, None, closed="left"), StrOptions({"deprecated"})],
    "alphas": [Interval(Integral, 1, None, closed="left"), "array-like", None, StrOptions({"warn"})],
    "precompute": [StrOptions({"auto"}), "boolean", "array-like"],
    "Xy": ["array-like", None],
    "copy_X": ["boolean"],
    "coef_init": ["array-like", None],
    "verbose": ["verbose"],
    "return_n_iter": ["boolean"],
    "positive": ["boolean"],
    "fit_intercept": ["boolean"],
    "return_intercept": ["boolean"],
    "solver": [one_of(SOLVERS)],
    **{name: PARAMETER_CONSTRAINTS[name] for name in FEATURE_PARAMETERS},
    "callbacks": [list, tuple, None],
}


@validate_params(ENET_PATH_CONSTRAINTS, prefer_skip_nested_validation=True)
def lasso_path(
    X,
    y,
    *,
    eps=1e-3,
    n_alphas="deprecated",
    alphas="warn",
    precompute="auto",
    Xy=None,
    copy_X=True,
    coef_init=None,
    verbose=False,
    return_n_iter=False,
    positive=False,
    fit_intercept=False,
    return_intercept=False,
    solver="auto",
    penalty_weights=None,
    lower_bounds=None,
    upper_bounds=None,
    standardize=False,
    relax=1.0,
    callbacks=None,
    **params,
):
    """Compute the lasso path, every alpha certified by its duality gap.

    :func:`enet_path` with ``l1_ratio=1``; see there for the parameters, the returned values and the objective.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Samples.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Targets.
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
    n_alphas : int
        Deprecated: pass a number as ``alphas``.
    alphas : int or array-like, default=100
        Number of alphas, or the alphas themselves.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), default='auto'
        Accepted for compatibility; a Gram matrix that is passed is checked.
    Xy : array-like, default=None
        Accepted for compatibility.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    coef_init : array-like of shape (n_features,), default=None
        Coefficients to start from; copied.
    verbose : bool or int, default=False
        1 prints a line for the path, 2 one for each alpha.
    return_n_iter : bool, default=False
        Whether to return the numbers of iterations.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    fit_intercept : bool, default=False
        Whether to fit an unpenalised intercept for every alpha.
    return_intercept : bool, default=False
        Whether to return the intercepts.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        See :class:`ElasticNet`.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature, by array or by name: 0 leaves a feature unpenalised, infinity leaves it
        out. See :class:`ElasticNet`.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, at most 0; None is none.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, at least 0; None is none.
    standardize : bool, default=False
        Whether to penalise the coefficients of features divided by their standard deviations. See
        :class:`ElasticNet`.
    relax : float, default=1.0
        Weight of the penalised coefficients beside that of least squares on the features they keep. See
        :class:`ElasticNet`.
    callbacks : list of scikit-learn callbacks, default=None
        For instance ``[sklearn.callback.ProgressBar()]``, with scikit-learn 1.9 or later.
    **params : dict
        ``tol``, ``max_iter``, ``sample_weight``, ``selection`` and ``random_state``, as in :class:`Lasso`.

    Returns
    -------
    alphas, coefs, dual_gaps[, n_iters][, intercepts]
        See :func:`enet_path`.

    Raises
    ------
    ValueError
        If X, y, the weights or the alphas do not fit together or are not finite.

    See Also
    --------
    LassoCV : Chooses alpha along the path by cross-validation.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import lasso_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> alphas, coefs, dual_gaps = lasso_path(X, y, alphas=5, fit_intercept=True)
    >>> (coefs != 0).sum(axis=0)
    array([ 0,  4,  7,  9, 10])
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        n_alphas=n_alphas,
        alphas=alphas,
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        fit_intercept=fit_intercept,
        return_intercept=return_intercept,
        solver=solver,
        penalty_weights=penalty_weights,
        lower_bounds=lower_bounds,
        upper_bounds=upper_bounds,
        standardize=standardize,
        relax=relax,
        callbacks=callbacks,
        **params,
    )


@validate_params(
    {**ENET_PATH_CONSTRAINTS, "l1_ratio": [Interval(Real, 0, 1, closed="both")], "check_input": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def enet_path(
    X,
    y,
    *,
    l1_ratio=0.5,
    eps=1e-3,
    n_alphas="deprecated",
    alphas="warn",
    precompute="auto",
    Xy=None,
    copy_X=True,
    coef_init=None,
    verbose=False,
    return_n_iter=False,
    positive=False,
    check_input=True,
    fit_intercept=False,
    return_intercept=False,
    solver="auto",
    penalty_weights=None,
    lower_bounds=None,
    upper_bounds=None,
    standardize=False,
    relax=1.0,
    callbacks=None,
    **params,
):
    """Compute the elastic-net path, every alpha certified by its duality gap.

    Minimises for each alpha, with weights s_i (1 unless ``sample_weight`` is given)::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2
        + alpha * (l1_ratio * ||coef||_1 + (1 - l1_ratio) / 2 * ||coef||_2^2)

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Samples.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Targets.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, between 0 (ridge) and 1 (lasso).
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
    n_alphas : int
        Deprecated: pass a number as ``alphas``.
    alphas : int or array-like, default=100
        Number of alphas, or the alphas themselves.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), default='auto'
        Accepted for compatibility; a Gram matrix that is passed is checked.
    Xy : array-like, default=None
        Accepted for compatibility.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    coef_init : array-like of shape (n_features,), default=None
        Coefficients to start from; copied.
    verbose : bool or int, default=False
        1 prints a line for the path, 2 one for each alpha.
    return_n_iter : bool, default=False
        Whether to return the numbers of iterations.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    check_input : bool, default=True
        Whether to check X and y; without, X must be a float32 or float64 array or CSC or CSR matrix.
    fit_intercept : bool, default=False
        Whether to fit an unpenalised intercept for every alpha.
    return_intercept : bool, default=False
        Whether to return the intercepts.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        See :class:`ElasticNet`.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature, by array or by name: 0 leaves a feature unpenalised, infinity leaves it
        out. See :class:`ElasticNet`.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, at most 0; None is none.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, at least 0; None is none.
    standardize : bool, default=False
        Whether to penalise the coefficients of features divided by their standard deviations. See
        :class:`ElasticNet`.
    relax : float, default=1.0
        Weight of the penalised coefficients beside that of least squares on the features they keep. See
        :class:`ElasticNet`.
    callbacks : list of scikit-learn callbacks, default=None
        For instance ``[sklearn.callback.ProgressBar()]``, with scikit-learn 1.9 or later.
    **params : dict
        ``tol``, ``max_iter``, ``sample_weight``, ``selection`` and ``random_state``, as in :class:`ElasticNet`.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        The alphas, from the largest.
    coefs : ndarray of shape (n_features, n_alphas) or (n_targets, n_features, n_alphas)
        Coefficients, in the dtype of X. Several targets share their support: their penalty is the multi-task one of
        :class:`MultiTaskElasticNet`.
    dual_gaps : ndarray of shape (n_alphas,)
        Duality gaps, in units of the objective, computed on all features.
    n_iters : list of int
        Iterations taken at each alpha, with ``return_n_iter``.
    intercepts : ndarray of shape (n_alphas,) or (n_targets, n_alphas)
        Intercepts, zero without ``fit_intercept``; with ``return_intercept``.

    Raises
    ------
    ValueError
        If X, y, the weights or the alphas do not fit together or are not finite.

    See Also
    --------
    ElasticNetCV : Chooses alpha along the path by cross-validation.

    References
    ----------
    .. [1] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1), section 2.5.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import enet_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> alphas, coefs, dual_gaps = enet_path(X, y, l1_ratio=0.9, alphas=5, fit_intercept=True)
    >>> (coefs != 0).sum(axis=0)
    array([ 0,  9, 10, 10, 10])
    """
    alphas = _without_deprecated(n_alphas, alphas)
    unknown = params.keys() - {"tol", "max_iter", "sample_weight", "selection", "random_state"}
    if unknown:
        raise ValueError(f"Unexpected parameters in params: {sorted(unknown)}")
    validate_parameter_constraints(PARAMETER_CONSTRAINTS, params, caller_name="enet_path")
    sample_weight = params.get("sample_weight")
    options = SolverOptions(
        float(params.get("tol", 1e-4)), int(params.get("max_iter", 1000)), solver, relaxes=relax != 1
    )
    features = FeatureOptions(penalty_weights, lower_bounds, upper_bounds, positive, standardize)

    data = check_training_data(X, y, sample_weight, check_input=check_input)
    if data.y_ndim == 2 and positive:
        raise ValueError("positive=True is not allowed for multi-output (y.ndim != 1)")
    alphas = check_alphas(alphas, eps, l1_ratio)
    check_gram(precompute, data, fit_intercept)
    if len(data.targets) > 1 and solver != "auto":
        raise ValueError(f"solver is for a single target, but y has {len(data.targets)}.")
    check_product(Xy, data)
    start = None
    if coef_init is not None:
        start = check_coef(coef_init, data.coef_shape, "coef_init")
        start = start if len(data.targets) > 1 else start.ravel()

    (terms,) = features.terms(data, [data.sample_weight])
    target = data.targets if len(data.targets) > 1 else data.targets[0]
    datafit = Quadratic(target, data.sample_weight, fit_intercept)
    path = make_path(data, datafit, terms, l1_ratio, options, alphas=alphas, start=start)
    job = PathJob("path", "path", path, len(alphas), data.design)
    result = RegularizationPath(callbacks).run(job, data.design, verbose)
    warn_of([("", result)], result, features, data, options.tol)
    result = result.relaxed(relax)
    coefs = result.dense_coefs(data.dtype)
    coefs = coefs.reshape(*data.coef_shape, -1)
    outcome = [result.alphas, coefs, result.dual_gaps]
    if return_n_iter:
        outcome.append(result.n_iters.tolist())
    if return_intercept:
        outcome.append(result.intercepts.T)
    return tuple(outcome)


def _without_deprecated(n_alphas: Any, alphas: Any) -> Any:
    if n_alphas != "deprecated":
        warn_user(
            "'n_alphas' was deprecated in 1.9 and will be removed in 1.11. 'alphas' now accepts an integer value which"
            " removes the need to pass 'n_alphas'.",
            FutureWarning,
        )
    if alphas is None:
        warn_user(
            "'alphas=None' is deprecated and will be removed in 1.11, at which point the default value will be set to"
            " 100. Set 'alphas=100' to silence this warning.",
            FutureWarning,
        )
    if alphas is None or (isinstance(alphas, str) and alphas == "warn"):
        return 100 if n_alphas == "deprecated" else n_alphas
    return alphas
