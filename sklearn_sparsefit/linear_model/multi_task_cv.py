"""Multi-task lasso and elastic net with alpha chosen by cross-validation."""

from numbers import Real
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._sklearn import Interval
from sklearn_sparsefit._validation import TrainingData, check_between_zero_and_one
from sklearn_sparsefit.linear_model.multi_task_model import MultiTaskModel
from sklearn_sparsefit.linear_model.path_cv import PathCV

Matrix = NDArray[np.float64]


class MultiTaskElasticNetCV(MultiTaskModel, PathCV):
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
        Share of the norm in the penalty, between 0 (ridge) and 1 (lasso); the best of a list is chosen.
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm for each l1_ratio, or the alphas themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept for every task, which is not penalised.
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
        Number of threads, see :class:`LassoCV`.
    random_state : int, RandomState instance, default=None
        Accepted for compatibility: nothing here is random.
    selection : {'cyclic', 'random'}, default='cyclic'
        Accepted for compatibility: the answer, certified, is the same for any order of the coordinates.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature, by array or by name: 0 leaves a feature unpenalised, infinity leaves it
        out. See :class:`ElasticNet`.
    standardize : bool, default=False
        Whether to penalise the coefficients of features divided by their standard deviations, in each fold its own. See
        :class:`ElasticNet`.
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
    coef_ : ndarray of shape (n_tasks, n_features)
        Coefficients, in the dtype of X.
    intercept_ : ndarray of shape (n_tasks,) or float
        Intercepts, 0.0 without.
    dual_gap_ : float
        Duality gap, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken.
    n_passes_ : int
        Times X was read as a whole.
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
        Mean squared error, over held-out rows and tasks, of every alpha on every fold.
    alpha_, alpha_min_, alpha_1se_, alphas_, cv_results_, relax_, l1_ratio_
        As in :class:`ElasticNetCV`.
    coef_path_ : ndarray of shape (n_tasks, n_features, n_alphas)
        Coefficients of the full data at every alpha.
    intercept_path_ : ndarray of shape (n_tasks, n_alphas)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps.
    fold_coef_path_, fold_intercept_path_
        Those of the folds, with ``store_fold_coefs``.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    References
    ----------
    .. [1] Obozinski, G., Taskar, B. and Jordan, M. I. (2010). Joint covariate selection and joint subspace selection
       for multiple classification problems. Statistics and Computing 20.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn_sparsefit import MultiTaskElasticNetCV
    >>> X, y = load_linnerud(return_X_y=True)
    >>> model = MultiTaskElasticNetCV().fit(X, y)
    >>> model.coef_.shape
    (3, 3)
    >>> bool(model.dual_gap_ < 1e-6)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **PathCV._parameter_constraints,
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
        self.standardize = standardize
        self.relax = relax
        self.alpha_rule = alpha_rule
        self.scoring = scoring
        self.store_fold_coefs = store_fold_coefs

    def _target(self, data: TrainingData) -> Matrix:
        return self._tasks(data)

    def _l1_ratios(self) -> list[float]:
        return check_between_zero_and_one(self.l1_ratio, "l1_ratio")


class MultiTaskLassoCV(MultiTaskModel, PathCV):
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
        Every solution's duality gap is at most ``tol`` times the loss of the model without features.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    cv : int, splitter or iterable of (train, test) pairs, default=None
        How to split; None means 5 folds.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
    n_jobs : int, default=None
        Number of threads, see :class:`LassoCV`.
    random_state : int, RandomState instance, default=None
        Accepted for compatibility: nothing here is random.
    selection : {'cyclic', 'random'}, default='cyclic'
        Accepted for compatibility: the answer, certified, is the same for any order of the coordinates.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature, by array or by name: 0 leaves a feature unpenalised, infinity leaves it
        out. See :class:`ElasticNet`.
    standardize : bool, default=False
        Whether to penalise the coefficients of features divided by their standard deviations, in each fold its own. See
        :class:`ElasticNet`.
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
    coef_ : ndarray of shape (n_tasks, n_features)
        Coefficients, in the dtype of X.
    intercept_ : ndarray of shape (n_tasks,) or float
        Intercepts, 0.0 without.
    dual_gap_ : float
        Duality gap, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken.
    n_passes_ : int
        Times X was read as a whole.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error, over held-out rows and tasks, of every alpha on every fold.
    alpha_, alpha_min_, alpha_1se_, alphas_, cv_results_, relax_
        As in :class:`LassoCV`.
    coef_path_ : ndarray of shape (n_tasks, n_features, n_alphas)
        Coefficients of the full data at every alpha.
    intercept_path_ : ndarray of shape (n_tasks, n_alphas)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps.
    fold_coef_path_, fold_intercept_path_
        Those of the folds, with ``store_fold_coefs``.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    References
    ----------
    .. [1] Obozinski, G., Taskar, B. and Jordan, M. I. (2010). Joint covariate selection and joint subspace selection
       for multiple classification problems. Statistics and Computing 20.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn_sparsefit import MultiTaskLassoCV
    >>> X, y = load_linnerud(return_X_y=True)
    >>> model = MultiTaskLassoCV().fit(X, y)
    >>> model.coef_.shape
    (3, 3)
    >>> bool(model.dual_gap_ < 1e-6)
    True
    """

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
        self.standardize = standardize
        self.relax = relax
        self.alpha_rule = alpha_rule
        self.scoring = scoring
        self.store_fold_coefs = store_fold_coefs

    def _target(self, data: TrainingData) -> Matrix:
        return self._tasks(data)

    def _l1_ratios(self) -> list[float]:
        return [1.0]
