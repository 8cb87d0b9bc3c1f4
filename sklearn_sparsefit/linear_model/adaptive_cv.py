"""Adaptive lasso and elastic net with alpha chosen by cross-validation."""

from numbers import Real
from typing import ClassVar

from sklearn_sparsefit._sklearn import Interval
from sklearn_sparsefit.linear_model.adaptive_model import AdaptiveModel
from sklearn_sparsefit.linear_model.path_model import ElasticNetPathModel
from sklearn_sparsefit.linear_model.regression_cv import RegressionCV


class AdaptiveLassoCV(AdaptiveModel, RegressionCV):
    """Lasso with weights from a first stage, alpha chosen by cross-validation.

    Minimises, with sample weights s_i, penalty weights v_j (1 unless given) and u_j = (c / abs(initial_coef_j))^gamma::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2 + alpha * sum_j v_j * u_j * |coef_j|

    Where the first stage finds a large coefficient the penalty is small: features that matter are shrunk less than by
    the plain lasso, and of the others fewer are kept [1]_. The weight is 1 where the coefficient is of typical
    size, c = sum(initial_coef^2) / sum(abs(initial_coef)); a feature whose coefficient is zero is left out.

    The first stage is repeated in each fold, on its training rows alone, so that no held-out row has a part in the
    weights it is predicted with.

    Parameters
    ----------
    first_stage : {'ridge', 'ols', 'elastic_net'}, estimator, dict or array-like of shape (n_features,), default='ridge'
        Where the weights come from. ``'ridge'`` is a light ridge on standardised features, for any number of them;
        ``'ols'`` least squares (of the least norm where that is not unique); ``'elastic_net'`` an
        :class:`ElasticNetCV` with ``standardize=True``, which leaves out the features that it does not keep; an
        estimator with ``coef_`` is fitted as it is; an array holds the coefficients themselves, as does a dict or a
        Series by feature name, which are zero for others. Found from these data, they would carry all rows into every
        fold: use it for coefficients from elsewhere.
    gamma : float, default=1.0
        Exponent of the weights, above 0.
    n_reweightings : int, default=1
        How often weights are found: the second time and from then on from the coefficients of the model before, whose
        alpha cross-validation chooses on the rows at hand (with 5 folds, if ``cv`` is not a number): so many times as
        many paths as there are folds, for each reweighting.
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm, or the alphas themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    max_iter : int, default=1000
        Largest number of iterations per alpha, and at each that is put in between alphas far apart.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features.
    cv : int, splitter or iterable of (train, test) pairs, default=None
        How to split; None means 5 folds.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
    n_jobs : int, default=None
        Number of threads, see :class:`LassoCV`.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        See :class:`ElasticNet`.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weights v_j, by array or by name: 0 leaves a feature unpenalised, infinity leaves it out. See
        :class:`ElasticNet`.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, at most 0; None is none.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, at least 0; None is none.
    standardize : bool, default=False
        Whether penalty and weights are those of features divided by their standard deviations. With ``gamma=1`` and
        a lasso that changes no path but in the scale of alpha.
    relax : float or list of float, default=1.0
        Weight of the penalised coefficients beside that of least squares on the features they keep. See
        :class:`ElasticNet`.
    alpha_rule : {'min', '1se'} or callable, default='min'
        See :class:`LassoCV`.
    scoring : str, callable or None, default=None
        See :class:`LassoCV`.
    store_fold_coefs : bool, default=False
        Whether to keep the coefficients of every fold, as a dense array.

    Attributes
    ----------
    penalty_weights_ : ndarray of shape (n_features,)
        Weights of the absolute values of the coefficients, infinity where a feature was left out.
    coef_ : ndarray of shape (n_features,)
        Coefficients, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap of the weighted problem, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken in the last stage; each one before it, of ``n_reweightings``, counts as one more.
    n_passes_ : int
        Times X was read as a whole, the first stage not counted.
    alpha_, alpha_min_, alpha_1se_, alphas_, mse_path_, cv_results_, relax_
        As in :class:`LassoCV`.
    coef_path_, intercept_path_, dual_gap_path_
        The path on the full data, as in :class:`LassoCV`.
    fold_coef_path_, fold_intercept_path_
        Those of the folds, with ``store_fold_coefs``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    LassoCV : The same without a first stage.

    References
    ----------
    .. [1] Zou, H. (2006). The adaptive lasso and its oracle properties. JASA 101(476).
    .. [2] Buehlmann, P. and van de Geer, S. (2011). Statistics for High-Dimensional Data, section 2.8.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import AdaptiveLassoCV
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = AdaptiveLassoCV(cv=10).fit(X, y)
    >>> list(model.feature_names_in_[model.coef_ != 0])
    ['sex', 'bmi', 'bp', 's1', 's3', 's5', 's6']
    """

    _parameter_constraints: ClassVar[dict] = {
        **RegressionCV._parameter_constraints,
        **AdaptiveModel._adaptive_constraints,
    }

    def __init__(
        self,
        *,
        first_stage="ridge",
        gamma=1.0,
        n_reweightings=1,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        verbose=False,
        n_jobs=None,
        positive=False,
        solver="auto",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
        relax=1.0,
        alpha_rule="min",
        scoring=None,
        store_fold_coefs=False,
    ):
        self.first_stage = first_stage
        self.gamma = gamma
        self.n_reweightings = n_reweightings
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax
        self.alpha_rule = alpha_rule
        self.scoring = scoring
        self.store_fold_coefs = store_fold_coefs


class AdaptiveElasticNetCV(ElasticNetPathModel, AdaptiveModel, RegressionCV):
    """Elastic net with weights from a first stage, alpha and l1_ratio chosen by cross-validation.

    Minimises, with sample weights s_i, penalty weights v_j (1 unless given) and u_j = (c / abs(initial_coef_j))^gamma::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2
        + alpha * sum_j v_j * (l1_ratio * u_j * |coef_j| + (1 - l1_ratio) / 2 * coef_j^2)

    Where the first stage finds a large coefficient the penalty is small: features that matter are shrunk less than by
    the plain elastic net, and of the others fewer are kept [1]_, [2]_. The weight is 1 where the coefficient is of
    typical size, c = sum(initial_coef^2) / sum(abs(initial_coef)); a feature whose coefficient is zero is left out. The
    weights u_j are on the L1 part alone [2]_.

    The first stage is repeated in each fold, on its training rows alone, so that no held-out row has a part in the
    weights it is predicted with.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share of the L1 penalty, between 0 (ridge) and 1 (lasso); the best of a list is chosen.
    first_stage : {'ridge', 'ols', 'elastic_net'}, estimator, dict or array-like of shape (n_features,), default='ridge'
        Where the weights come from. ``'ridge'`` is a light ridge on standardised features, for any number of them;
        ``'ols'`` least squares (of the least norm where that is not unique); ``'elastic_net'`` an
        :class:`ElasticNetCV` with ``standardize=True``, which leaves out the features that it does not keep; an
        estimator with ``coef_`` is fitted as it is; an array holds the coefficients themselves, as does a dict or a
        Series by feature name, which are zero for others. Found from these data, they would carry all rows into every
        fold: use it for coefficients from elsewhere.
    gamma : float, default=1.0
        Exponent of the weights, above 0.
    n_reweightings : int, default=1
        How often weights are found: the second time and from then on from the coefficients of the model before, whose
        alpha cross-validation chooses on the rows at hand (with 5 folds, if ``cv`` is not a number): so many times as
        many paths as there are folds, for each reweighting.
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm for each l1_ratio, or the alphas themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    max_iter : int, default=1000
        Largest number of iterations per alpha, and at each that is put in between alphas far apart.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features.
    cv : int, splitter or iterable of (train, test) pairs, default=None
        How to split; None means 5 folds.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
    n_jobs : int, default=None
        Number of threads, see :class:`LassoCV`.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        See :class:`ElasticNet`.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weights v_j, by array or by name: 0 leaves a feature unpenalised, infinity leaves it out. See
        :class:`ElasticNet`.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, at most 0; None is none.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, at least 0; None is none.
    standardize : bool, default=False
        Whether penalty and weights are those of features divided by their standard deviations. With ``gamma=1`` and
        a lasso that changes no path but in the scale of alpha.
    relax : float or list of float, default=1.0
        Weight of the penalised coefficients beside that of least squares on the features they keep. See
        :class:`ElasticNet`.
    alpha_rule : {'min', '1se'} or callable, default='min'
        See :class:`LassoCV`.
    scoring : str, callable or None, default=None
        See :class:`LassoCV`.
    store_fold_coefs : bool, default=False
        Whether to keep the coefficients of every fold, as a dense array.

    Attributes
    ----------
    penalty_weights_ : ndarray of shape (n_features,)
        Weights of the absolute values of the coefficients, infinity where a feature was left out.
    coef_ : ndarray of shape (n_features,)
        Coefficients, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap of the weighted problem, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken in the last stage; each one before it, of ``n_reweightings``, counts as one more.
    n_passes_ : int
        Times X was read as a whole, the first stage not counted.
    alpha_, alpha_min_, alpha_1se_, alphas_, mse_path_, cv_results_, relax_, l1_ratio_
        As in :class:`ElasticNetCV`.
    coef_path_, intercept_path_, dual_gap_path_
        The path on the full data, as in :class:`ElasticNetCV`.
    fold_coef_path_, fold_intercept_path_
        Those of the folds, with ``store_fold_coefs``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    ElasticNetCV : The same without a first stage.

    References
    ----------
    .. [1] Zou, H. (2006). The adaptive lasso and its oracle properties. JASA 101(476).
    .. [2] Zou, H. and Zhang, H. H. (2009). On the adaptive elastic-net with a diverging number of parameters. Annals of
           Statistics 37(4).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import AdaptiveElasticNetCV
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = AdaptiveElasticNetCV(l1_ratio=[0.9, 0.99], cv=10).fit(X, y)
    >>> list(model.feature_names_in_[model.coef_ != 0])
    ['sex', 'bmi', 'bp', 's1', 's3', 's4', 's5', 's6']
    """

    _parameter_constraints: ClassVar[dict] = {
        **RegressionCV._parameter_constraints,
        **AdaptiveModel._adaptive_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        first_stage="ridge",
        gamma=1.0,
        n_reweightings=1,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        verbose=False,
        n_jobs=None,
        positive=False,
        solver="auto",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
        relax=1.0,
        alpha_rule="min",
        scoring=None,
        store_fold_coefs=False,
    ):
        self.l1_ratio = l1_ratio
        self.first_stage = first_stage
        self.gamma = gamma
        self.n_reweightings = n_reweightings
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax
        self.alpha_rule = alpha_rule
        self.scoring = scoring
        self.store_fold_coefs = store_fold_coefs
