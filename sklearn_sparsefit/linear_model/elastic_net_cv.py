"""Lasso and elastic net with alpha chosen by cross-validation."""

from numbers import Real
from typing import ClassVar

from sklearn_sparsefit._sklearn import Interval
from sklearn_sparsefit.linear_model.path_model import ElasticNetPathModel
from sklearn_sparsefit.linear_model.paths import enet_path, lasso_path
from sklearn_sparsefit.linear_model.regression_cv import RegressionCV


class LassoCV(RegressionCV):
    """Lasso with alpha chosen by cross-validation, every solution certified by its duality gap.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given)::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2 + alpha * ||coef||_1

    A drop-in replacement for :class:`sklearn.linear_model.LassoCV`. Folds are row weightings: X is not copied.

    Parameters
    ----------
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm, or the alphas themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), default='auto'
        Accepted for compatibility: Gram matrices are formed as they are needed. One that is passed is checked.
    max_iter : int, default=1000
        Largest number of iterations per alpha, and at each that is put in between alphas far apart.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    cv : int, splitter or iterable of (train, test) pairs, default=None
        How to split; None means 5 folds.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
    n_jobs : int, default=None
        Number of threads in which the folds go on between readings of X, which use as many as BLAS may; the results do
        not depend on it. None means 1, -1 all cores.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    random_state : int, RandomState instance, default=None
        Accepted for compatibility: nothing here is random.
    selection : {'cyclic', 'random'}, default='cyclic'
        Accepted for compatibility: the answer, certified, is the same for any order of the coordinates.
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
        Whether to penalise the coefficients of features divided by their standard deviations, in each fold its own. See
        :class:`ElasticNet`.
    relax : float or list of float, default=1.0
        Weight of the penalised coefficients beside that of least squares on the features they keep (the relaxed lasso,
        see :class:`ElasticNet`); the best of a list is chosen.
    alpha_rule : {'min', '1se'} or callable, default='min'
        ``'min'``: the best mean score over the folds. ``'1se'``: the largest alpha whose mean score is within one
        standard error of the best [3]_: fewer features for an error that cannot be told from the least; of a single
        split, which has no standard error, the best. A callable
        is given ``cv_results_`` and returns an index into its ``params``.
    scoring : str, callable or None, default=None
        Scorer, the greater the better, of the models on held-out rows; None is the mean squared error, the fastest.
        ``sample_weight``, if any, is handed on to it; with metadata routing, if it asks for it.
    store_fold_coefs : bool, default=False
        Whether to keep the coefficients of every fold, as a dense array.

    Attributes
    ----------
    alpha_ : float
        The alpha that ``alpha_rule`` chose.
    alpha_min_ : float
        The alpha with the best mean score.
    alpha_1se_ : float
        The largest alpha whose mean score is within one standard error of the best.
    relax_ : float
        The weight of the penalised coefficients that was chosen with ``alpha_``.
    alphas_ : ndarray of shape (n_alphas,)
        The alphas tried, from the largest.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error of every alpha on every fold; where ``relax`` is a list, with an axis for its values before
        that of the alphas.
    cv_results_ : dict of ndarrays
        Scores as :class:`sklearn.model_selection.GridSearchCV` has them, without times; one entry for each alpha
        (with each value of a list of ``relax``): ``params``, ``param_alpha``, ``param_l1_ratio`` (always 1),
        ``split0_test_score`` and so on, ``mean_test_score``, ``std_test_score``, ``rank_test_score``, and the standard
        errors of the means, ``se_test_score``.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the full data at ``alpha_``, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap at ``alpha_``, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken at ``alpha_``.
    n_passes_ : int
        Times X was read as a whole; several paths share each reading.
    coef_path_ : ndarray of shape (n_features, n_alphas)
        Coefficients of the full data at every alpha.
    intercept_path_ : ndarray of shape (n_alphas,)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps, in units of the objective, computed on all features.
    fold_coef_path_ : ndarray of shape (n_folds, n_features, n_alphas)
        Coefficients of every fold at every alpha, with ``store_fold_coefs``.
    fold_intercept_path_ : ndarray of shape (n_folds, n_alphas)
        Their intercepts.
    sparse_coef_ : sparse matrix of shape (1, n_features)
        Sparse representation of ``coef_``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    ElasticNetCV : L1 and L2 penalties together.
    CVCurveDisplay : Draws the error along the path.
    CoefficientPathDisplay : Draws the coefficients along the path.

    References
    ----------
    .. [1] Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. JRSS B 58.
    .. [2] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1).
    .. [3] Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984). Classification and Regression Trees, section
       3.4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import LassoCV
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = LassoCV(cv=10).fit(X, y)
    >>> list(model.feature_names_in_[model.coef_ != 0])
    ['sex', 'bmi', 'bp', 's1', 's3', 's5', 's6']
    >>> bool(model.dual_gap_path_.max() < 1e-8)
    True
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        cv=None,
        verbose=False,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
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
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax
        self.alpha_rule = alpha_rule
        self.scoring = scoring
        self.store_fold_coefs = store_fold_coefs


class ElasticNetCV(ElasticNetPathModel, RegressionCV):
    """Elastic net with alpha and l1_ratio chosen by cross-validation, certified by duality gaps.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given)::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2
        + alpha * (l1_ratio * ||coef||_1 + (1 - l1_ratio) / 2 * ||coef||_2^2)

    A drop-in replacement for :class:`sklearn.linear_model.ElasticNetCV`. Folds are row weightings: X is not copied.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share of the L1 penalty, between 0 (ridge) and 1 (lasso); the best of a list is chosen.
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm for each l1_ratio, or the alphas themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), default='auto'
        Accepted for compatibility: Gram matrices are formed as they are needed. One that is passed is checked.
    max_iter : int, default=1000
        Largest number of iterations per alpha, and at each that is put in between alphas far apart.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features.
    cv : int, splitter or iterable of (train, test) pairs, default=None
        How to split; None means 5 folds.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
    n_jobs : int, default=None
        Number of threads in which the folds go on between readings of X, which use as many as BLAS may; the results do
        not depend on it. None means 1, -1 all cores.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    random_state : int, RandomState instance, default=None
        Accepted for compatibility: nothing here is random.
    selection : {'cyclic', 'random'}, default='cyclic'
        Accepted for compatibility: the answer, certified, is the same for any order of the coordinates.
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
        Whether to penalise the coefficients of features divided by their standard deviations, in each fold its own. See
        :class:`ElasticNet`.
    relax : float or list of float, default=1.0
        Weight of the penalised coefficients beside that of least squares on the features they keep (the relaxed lasso,
        see :class:`ElasticNet`); the best of a list is chosen.
    alpha_rule : {'min', '1se'} or callable, default='min'
        ``'min'``: the best mean score over the folds. ``'1se'``: the largest alpha whose mean score is within one
        standard error of the best, at the same l1_ratio [2]_: fewer features for an error that cannot be told from the
        least; of a single split, which has no standard error, the best. A callable
        is given ``cv_results_`` and returns an index into its ``params``.
    scoring : str, callable or None, default=None
        Scorer, the greater the better, of the models on held-out rows; None is the mean squared error, the fastest.
        ``sample_weight``, if any, is handed on to it; with metadata routing, if it asks for it.
    store_fold_coefs : bool, default=False
        Whether to keep the coefficients of every fold, as a dense array.

    Attributes
    ----------
    alpha_ : float
        The alpha that ``alpha_rule`` chose.
    alpha_min_ : float
        The alpha with the best mean score.
    alpha_1se_ : float
        The largest alpha, at the l1_ratio of ``alpha_min_``, whose mean score is within one standard error of the best.
    l1_ratio_ : float
        The l1_ratio with the best mean score, or the one that a callable ``alpha_rule`` chose.
    relax_ : float
        The weight of the penalised coefficients that was chosen with ``alpha_``.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        The alphas tried, from the largest, for each l1_ratio.
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
        Mean squared error of every alpha on every fold; where ``relax`` is a list, with an axis for its values before
        that of the alphas.
    cv_results_ : dict of ndarrays
        Scores as :class:`sklearn.model_selection.GridSearchCV` has them, without times; one entry for each alpha (of
        each l1_ratio, with each value of a list of ``relax``): ``params``, ``param_alpha``, ``param_l1_ratio``,
        ``split0_test_score`` and so on, ``mean_test_score``, ``std_test_score``, ``rank_test_score``, and the standard
        errors of the means, ``se_test_score``.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the full data at ``alpha_`` and ``l1_ratio_``, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap at ``alpha_``, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken at ``alpha_``.
    n_passes_ : int
        Times X was read as a whole; several paths share each reading.
    coef_path_ : ndarray of shape (n_features, n_alphas)
        Coefficients of the full data at every alpha, for ``l1_ratio_``.
    intercept_path_ : ndarray of shape (n_alphas,)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps, in units of the objective, computed on all features.
    fold_coef_path_ : ndarray of shape (n_folds, n_features, n_alphas)
        Coefficients of every fold at every alpha, for ``l1_ratio_``; with ``store_fold_coefs``.
    fold_intercept_path_ : ndarray of shape (n_folds, n_alphas)
        Their intercepts.
    sparse_coef_ : sparse matrix of shape (1, n_features)
        Sparse representation of ``coef_``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    LassoCV : The L1 penalty alone.
    CVCurveDisplay : Draws the error along the path.
    CoefficientPathDisplay : Draws the coefficients along the path.

    References
    ----------
    .. [1] Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net. JRSS B 67.
    .. [2] Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984). Classification and Regression Trees, section
       3.4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import ElasticNetCV
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = ElasticNetCV(l1_ratio=[0.5, 0.9, 1.0], cv=10).fit(X, y)
    >>> model.l1_ratio_
    1.0
    """

    path = staticmethod(enet_path)
    _parameter_constraints: ClassVar[dict] = {
        **RegressionCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        cv=None,
        copy_X=True,
        verbose=False,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
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
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax
        self.alpha_rule = alpha_rule
        self.scoring = scoring
        self.store_fold_coefs = store_fold_coefs
