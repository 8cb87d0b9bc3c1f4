"""Multi-task lasso and elastic net with alpha chosen by cross-validation."""

from numbers import Real
from typing import Any, ClassVar, Self

from sklearn_sparsefit._sklearn import Interval
from sklearn_sparsefit._typing import Matrix
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit.linear_model.multi_task_model import MultiTaskModel
from sklearn_sparsefit.linear_model.path_model import ElasticNetPathModel
from sklearn_sparsefit.linear_model.paths import enet_path, lasso_path
from sklearn_sparsefit.linear_model.regression_cv import RegressionCV


class MultiTaskPathCV(MultiTaskModel, RegressionCV):
    """Paths of several tasks, on the full data and on every fold, and the alpha that a rule chooses."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Fit paths on every fold and on the full data, and keep the model of the alpha that is chosen.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never copied or written to.
        y : array-like of shape (n_samples, n_tasks)
            Targets, in units that can be compared: all share one sum of squared errors and one penalty.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0, in the fits and in each fold's error, and in ``scoring`` if that takes them. The mean
            over folds is plain. A number means none.
        **params : dict
            Parameters for the splitter, such as ``groups``, and for the scorer, with metadata routing enabled.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights, the alphas or the folds do not fit together or are not finite, or y has one dimension.
        """
        return super().fit(X, y, sample_weight, **params)

    def _target(self, data: TrainingData) -> Matrix:
        return self._tasks(data)


class MultiTaskElasticNetCV(ElasticNetPathModel, MultiTaskPathCV):
    """Elastic net of several tasks that share their features, alpha and l1_ratio chosen by cross-validation.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given), over coefficients W of shape
    (n_tasks, n_features), with w_j those of feature j in all tasks::

        1 / (2 * sum_i s_i) * sum_i s_i * ||y_i - intercept - W @ x_i||_2^2
        + alpha * sum_j (l1_ratio * ||w_j||_2 + (1 - l1_ratio) / 2 * ||w_j||_2^2)

    A feature is kept for all tasks or for none [1]_. Folds are row weightings: X is not copied.

    A drop-in replacement for :class:`sklearn.linear_model.MultiTaskElasticNetCV`.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share of the norm in the penalty, between 0 (ridge) and 1 (multi-task lasso) [2]_; the best of a list is chosen.
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm for each l1_ratio, or the alphas themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept for every task, which is not penalised.
    max_iter : int, default=1000
        Largest number of iterations per alpha, and at each that is put in between alphas far apart.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features. See
        :class:`MultiTaskElasticNet`.
    cv : int, splitter or iterable of (train, test) pairs, default=None
        How to split; None means 5 folds.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
    n_jobs : int, default=None
        Number of threads in which the folds go on between readings of X, which use as many as BLAS may; the results do
        not depend on it. None means 1, -1 all cores.
    random_state : int, RandomState instance, default=None
        Accepted for compatibility: nothing here is random.
    selection : {'cyclic', 'random'}, default='cyclic'
        Accepted for compatibility: the answer, certified, is the same for any order of the coordinates.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature, for all tasks, by array or by name: 0 leaves a feature unpenalised,
        infinity leaves it out. See :class:`ElasticNet`.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, those of a feature in all tasks, at most 0; None is none. A dict or a Series
        holds bounds by feature name.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, of a feature in all tasks, at least 0; None is none.
    standardize : bool, default=False
        Whether to penalise the coefficients of features divided by their standard deviations, in each fold its own. See
        :class:`ElasticNet`.
    relax : float or list of float, default=1.0
        Weight of the penalised coefficients beside that of least squares, for every task, on the features they keep
        (see :class:`ElasticNet`); the best of a list is chosen.
    alpha_rule : {'min', '1se'} or callable, default='min'
        ``'min'``: the best mean score over the folds. ``'1se'``: the largest alpha whose mean score is within one
        standard error of the best, at the same l1_ratio. A callable is given ``cv_results_`` and returns an index into
        its ``params``. See :class:`ElasticNetCV`.
    scoring : str, callable or None, default=None
        Scorer, the greater the better, of the models on held-out rows; None is the mean squared error over rows and
        tasks, the fastest. ``sample_weight``, if any, is handed on to it; with metadata routing, if it asks for it.
    store_fold_coefs : bool, default=False
        Whether to keep the coefficients of every fold, as a dense array.

    Attributes
    ----------
    coef_ : ndarray of shape (n_tasks, n_features)
        Coefficients of the full data at ``alpha_`` and ``l1_ratio_``, in the dtype of X.
    intercept_ : ndarray of shape (n_tasks,) or float
        Intercept of every task; the number 0.0 without ``fit_intercept``.
    dual_gap_ : float
        Duality gap at ``alpha_`` [3]_, in units of the objective, computed on all features and tasks.
    n_iter_ : int
        Iterations taken at ``alpha_``.
    n_passes_ : int
        Times X was read as a whole; several paths share each reading.
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
        Mean squared error, over held-out rows and tasks, of every alpha on every fold; where ``relax`` is a list, with
        an axis for its values before that of the alphas.
    alpha_ : float
        The alpha that ``alpha_rule`` chose.
    alpha_min_ : float
        The alpha with the best mean score.
    alpha_1se_ : float
        The largest alpha, at the l1_ratio of ``alpha_min_``, whose mean score is within one standard error of the best.
    l1_ratio_ : float
        The l1_ratio with the best mean score, or the one that a callable ``alpha_rule`` chose.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        The alphas tried, from the largest, for each l1_ratio.
    relax_ : float
        The weight of the penalised coefficients that was chosen with ``alpha_``.
    cv_results_ : dict of ndarrays
        Scores of all that was tried, see :class:`ElasticNetCV`.
    coef_path_ : ndarray of shape (n_tasks, n_features, n_alphas)
        Coefficients of the full data at every alpha, for ``l1_ratio_``.
    intercept_path_ : ndarray of shape (n_tasks, n_alphas)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps, in units of the objective, computed on all features and tasks.
    fold_coef_path_ : ndarray of shape (n_folds, n_tasks, n_features, n_alphas)
        Coefficients of every fold at every alpha, for ``l1_ratio_``; with ``store_fold_coefs``.
    fold_intercept_path_ : ndarray of shape (n_folds, n_tasks, n_alphas)
        Their intercepts.
    sparse_coef_ : sparse matrix of shape (n_tasks, n_features)
        Sparse representation of ``coef_``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    MultiTaskLassoCV : The norm alone.
    CVCurveDisplay : Draws the error along the path.
    CoefficientPathDisplay : Draws the norms of the coefficients along the path, or those for one task.

    References
    ----------
    .. [1] Obozinski, G., Taskar, B. and Jordan, M. I. (2010). Joint covariate selection and joint subspace selection
       for multiple classification problems. Statistics and Computing 20.
    .. [2] Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net. JRSS B 67.
    .. [3] Ndiaye, E., Fercoq, O., Gramfort, A. and Salmon, J. (2015). GAP safe screening rules for sparse multi-task
       and multi-class models. NIPS.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn_sparsefit import MultiTaskElasticNetCV
    >>> X, y = load_linnerud(return_X_y=True)
    >>> model = MultiTaskElasticNetCV().fit(X, y)
    >>> model.coef_.shape
    (3, 3)
    >>> bool(model.dual_gap_ < 1e-6)
    True
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
        max_iter=1000,
        tol=1e-4,
        cv=None,
        copy_X=True,
        verbose=0,
        n_jobs=None,
        random_state=None,
        selection="cyclic",
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
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax
        self.alpha_rule = alpha_rule
        self.scoring = scoring
        self.store_fold_coefs = store_fold_coefs


class MultiTaskLassoCV(MultiTaskPathCV):
    """Lasso of several tasks that share their features, alpha chosen by cross-validation.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given), over coefficients W of shape
    (n_tasks, n_features), with w_j those of feature j in all tasks::

        1 / (2 * sum_i s_i) * sum_i s_i * ||y_i - intercept - W @ x_i||_2^2
        + alpha * sum_j ||w_j||_2

    A feature is kept for all tasks or for none [1]_. Folds are row weightings: X is not copied.

    A drop-in replacement for :class:`sklearn.linear_model.MultiTaskLassoCV`.

    Parameters
    ----------
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm, or the alphas themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept for every task, which is not penalised.
    max_iter : int, default=1000
        Largest number of iterations per alpha, and at each that is put in between alphas far apart.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features. See
        :class:`MultiTaskLasso`.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    cv : int, splitter or iterable of (train, test) pairs, default=None
        How to split; None means 5 folds.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
    n_jobs : int, default=None
        Number of threads in which the folds go on between readings of X, which use as many as BLAS may; the results do
        not depend on it. None means 1, -1 all cores.
    random_state : int, RandomState instance, default=None
        Accepted for compatibility: nothing here is random.
    selection : {'cyclic', 'random'}, default='cyclic'
        Accepted for compatibility: the answer, certified, is the same for any order of the coordinates.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature, for all tasks, by array or by name: 0 leaves a feature unpenalised,
        infinity leaves it out. See :class:`ElasticNet`.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, those of a feature in all tasks, at most 0; None is none. A dict or a Series
        holds bounds by feature name.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, of a feature in all tasks, at least 0; None is none.
    standardize : bool, default=False
        Whether to penalise the coefficients of features divided by their standard deviations, in each fold its own. See
        :class:`ElasticNet`.
    relax : float or list of float, default=1.0
        Weight of the penalised coefficients beside that of least squares, for every task, on the features they keep
        (see :class:`ElasticNet`); the best of a list is chosen.
    alpha_rule : {'min', '1se'} or callable, default='min'
        ``'min'``: the best mean score over the folds. ``'1se'``: the largest alpha whose mean score is within one
        standard error of the best. A callable is given ``cv_results_`` and returns an index into its ``params``. See
        :class:`LassoCV`.
    scoring : str, callable or None, default=None
        Scorer, the greater the better, of the models on held-out rows; None is the mean squared error over rows and
        tasks, the fastest. ``sample_weight``, if any, is handed on to it; with metadata routing, if it asks for it.
    store_fold_coefs : bool, default=False
        Whether to keep the coefficients of every fold, as a dense array.

    Attributes
    ----------
    coef_ : ndarray of shape (n_tasks, n_features)
        Coefficients of the full data at ``alpha_``, in the dtype of X.
    intercept_ : ndarray of shape (n_tasks,) or float
        Intercept of every task; the number 0.0 without ``fit_intercept``.
    dual_gap_ : float
        Duality gap at ``alpha_`` [2]_, in units of the objective, computed on all features and tasks.
    n_iter_ : int
        Iterations taken at ``alpha_``.
    n_passes_ : int
        Times X was read as a whole; several paths share each reading.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error, over held-out rows and tasks, of every alpha on every fold; where ``relax`` is a list, with
        an axis for its values before that of the alphas.
    alpha_ : float
        The alpha that ``alpha_rule`` chose.
    alpha_min_ : float
        The alpha with the best mean score.
    alpha_1se_ : float
        The largest alpha whose mean score is within one standard error of the best.
    alphas_ : ndarray of shape (n_alphas,)
        The alphas tried, from the largest.
    relax_ : float
        The weight of the penalised coefficients that was chosen with ``alpha_``.
    cv_results_ : dict of ndarrays
        Scores of all that was tried, see :class:`LassoCV`.
    coef_path_ : ndarray of shape (n_tasks, n_features, n_alphas)
        Coefficients of the full data at every alpha.
    intercept_path_ : ndarray of shape (n_tasks, n_alphas)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps, in units of the objective, computed on all features and tasks.
    fold_coef_path_ : ndarray of shape (n_folds, n_tasks, n_features, n_alphas)
        Coefficients of every fold at every alpha; with ``store_fold_coefs``.
    fold_intercept_path_ : ndarray of shape (n_folds, n_tasks, n_alphas)
        Their intercepts.
    sparse_coef_ : sparse matrix of shape (n_tasks, n_features)
        Sparse representation of ``coef_``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    MultiTaskElasticNetCV : The norm and half its square together.
    CVCurveDisplay : Draws the error along the path.
    CoefficientPathDisplay : Draws the norms of the coefficients along the path, or those for one task.

    References
    ----------
    .. [1] Obozinski, G., Taskar, B. and Jordan, M. I. (2010). Joint covariate selection and joint subspace selection
       for multiple classification problems. Statistics and Computing 20.
    .. [2] Ndiaye, E., Fercoq, O., Gramfort, A. and Salmon, J. (2015). GAP safe screening rules for sparse multi-task
       and multi-class models. NIPS.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn_sparsefit import MultiTaskLassoCV
    >>> X, y = load_linnerud(return_X_y=True)
    >>> model = MultiTaskLassoCV().fit(X, y)
    >>> model.coef_.shape
    (3, 3)
    >>> bool(model.dual_gap_ < 1e-6)
    True
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        cv=None,
        verbose=False,
        n_jobs=None,
        random_state=None,
        selection="cyclic",
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
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax
        self.alpha_rule = alpha_rule
        self.scoring = scoring
        self.store_fold_coefs = store_fold_coefs
