"""Multi-task lasso and elastic net of one alpha."""

from typing import Any, ClassVar, Self

from sklearn_sparsefit._sklearn import fit_context
from sklearn_sparsefit._typing import Matrix
from sklearn_sparsefit._validation import TrainingData, check_coef
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.linear_model.multi_task_model import MultiTaskModel
from sklearn_sparsefit.linear_model.single_model import SingleModel
from sklearn_sparsefit.path import PathResult


class MultiTaskElasticNet(MultiTaskModel, SingleModel):
    """Elastic net of several tasks that share their features, certified by its duality gap.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given), over coefficients W of shape
    (n_tasks, n_features), with w_j those of feature j in all tasks::

        1 / (2 * sum_i s_i) * sum_i s_i * ||y_i - intercept - W @ x_i||_2^2
        + alpha * sum_j (l1_ratio * ||w_j||_2 + (1 - l1_ratio) / 2 * ||w_j||_2^2)

    A feature is kept for all tasks or for none [1]_.

    A drop-in replacement for :class:`sklearn.linear_model.MultiTaskElasticNet`.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, in units of the squared error's derivative. ``alpha=0`` is least squares, for which
        :class:`sklearn.linear_model.LinearRegression` is the better tool.
    l1_ratio : float, default=0.5
        Share of the norm in the penalty, between 0 (ridge) and 1 (multi-task lasso) [2]_.
    fit_intercept : bool, default=True
        Whether to fit an intercept for every task, which is not penalised.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    max_iter : int, default=1000
        Largest number of iterations at alpha, and at each larger one that is put in on the way to it.
    tol : float, default=1e-4
        The fit ends when the duality gap is at most ``tol`` times the loss of the model without features,
        ``1 / (2 * sum(s)) * sum_i s_i * ||y_i - mean(y)||_2^2`` (of ``y`` itself without an intercept).
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit.
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
        Whether to penalise the coefficients of features divided by their standard deviations. See
        :class:`ElasticNet`.
    relax : float, default=1.0
        Weight of the penalised coefficients, between 0 and 1; the rest is the weight of least squares, for every task
        and within the bounds, on the features with a coefficient. See :class:`ElasticNet`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_tasks, n_features)
        Coefficients, in the dtype of X.
    intercept_ : ndarray of shape (n_tasks,) or float
        Intercept of every task; the number 0.0 without ``fit_intercept``.
    dual_gap_ : float
        Duality gap [3]_, in units of the objective, computed on all features and tasks: the objective is at most this
        far above its minimum. For float32 X this includes what rounding the coefficients and the intercepts costs.
    n_iter_ : int
        Iterations taken.
    n_passes_ : int
        Times X was read as a whole.
    eps_ : float
        ``tol`` times the sum of squares of all (centred) targets, under weights with a mean of one.
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
    MultiTaskElasticNetCV : Chooses alpha and l1_ratio by cross-validation.
    MultiTaskLasso : The norm alone.

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
    >>> from sklearn_sparsefit import MultiTaskElasticNet
    >>> X, y = load_linnerud(return_X_y=True)
    >>> model = MultiTaskElasticNet(alpha=1.0).fit(X, y)
    >>> model.coef_.shape
    (3, 3)
    >>> bool(model.dual_gap_ < 1e-6)
    True
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        fit_intercept=True,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        random_state=None,
        selection="cyclic",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
        relax=1.0,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never copied or written to.
        y : array-like of shape (n_samples, n_tasks)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0; only their proportions matter. A number means none.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights or the coefficients to start from do not fit together or are not finite, or y has one
            dimension.
        """
        return self._fit(X, y, sample_weight)

    def _targets(self, data: TrainingData) -> list[Matrix]:
        return [self._tasks(data)]

    def _starts(self, data: TrainingData) -> list:
        if not (self.warm_start and hasattr(self, "coef_")):
            return [None]
        return [check_coef(self.coef_, data.coef_shape, "coef_, to start from under warm_start=True,")]

    def _outcome(self, data: TrainingData, paths: list[PathResult]) -> dict[str, Any]:
        outcome = super()._outcome(data, paths)
        if self.fit_intercept:
            outcome["intercept_"] = outcome["intercept_"][0]
        datafit = Quadratic(data.targets, data.sample_weight, self.fit_intercept)
        sum_of_squares = 2 * datafit.null_loss * data.design.shape[0] * datafit.unit * datafit.unit
        return dict(eps_=self.tol * sum_of_squares, **outcome)


class MultiTaskLasso(MultiTaskElasticNet):
    """Lasso of several tasks that share their features, certified by its duality gap.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given), over coefficients W of shape
    (n_tasks, n_features), with w_j those of feature j in all tasks::

        1 / (2 * sum_i s_i) * sum_i s_i * ||y_i - intercept - W @ x_i||_2^2
        + alpha * sum_j ||w_j||_2

    A feature is kept for all tasks or for none [1]_.

    A drop-in replacement for :class:`sklearn.linear_model.MultiTaskLasso`.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, in units of the squared error's derivative. ``alpha=0`` is least squares, for which
        :class:`sklearn.linear_model.LinearRegression` is the better tool.
    fit_intercept : bool, default=True
        Whether to fit an intercept for every task, which is not penalised.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    max_iter : int, default=1000
        Largest number of iterations at alpha, and at each larger one that is put in on the way to it.
    tol : float, default=1e-4
        The fit ends when the duality gap is at most ``tol`` times the loss of the model without features,
        ``1 / (2 * sum(s)) * sum_i s_i * ||y_i - mean(y)||_2^2`` (of ``y`` itself without an intercept).
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit.
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
        Whether to penalise the coefficients of features divided by their standard deviations. See
        :class:`ElasticNet`.
    relax : float, default=1.0
        Weight of the penalised coefficients, between 0 and 1; the rest is the weight of least squares, for every task
        and within the bounds, on the features with a coefficient. See :class:`ElasticNet`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_tasks, n_features)
        Coefficients, in the dtype of X.
    intercept_ : ndarray of shape (n_tasks,) or float
        Intercept of every task; the number 0.0 without ``fit_intercept``.
    dual_gap_ : float
        Duality gap [2]_, in units of the objective, computed on all features and tasks: the objective is at most this
        far above its minimum. For float32 X this includes what rounding the coefficients and the intercepts costs.
    n_iter_ : int
        Iterations taken.
    n_passes_ : int
        Times X was read as a whole.
    eps_ : float
        ``tol`` times the sum of squares of all (centred) targets, under weights with a mean of one.
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
    MultiTaskLassoCV : Chooses alpha by cross-validation.
    Lasso : One task, or several that do not share their features.

    References
    ----------
    .. [1] Obozinski, G., Taskar, B. and Jordan, M. I. (2010). Joint covariate selection and joint subspace selection
       for multiple classification problems. Statistics and Computing 20.
    .. [2] Ndiaye, E., Fercoq, O., Gramfort, A. and Salmon, J. (2015). GAP safe screening rules for sparse multi-task
       and multi-class models. NIPS.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn_sparsefit import MultiTaskLasso
    >>> X, y = load_linnerud(return_X_y=True)
    >>> model = MultiTaskLasso(alpha=1.0).fit(X, y)
    >>> model.coef_.shape
    (3, 3)
    >>> bool(model.dual_gap_ < 1e-6)
    True
    """

    l1_ratio = 1.0

    _parameter_constraints: ClassVar[dict] = {**MultiTaskElasticNet._parameter_constraints}
    _parameter_constraints.pop("l1_ratio")

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        random_state=None,
        selection="cyclic",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
        relax=1.0,
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax
