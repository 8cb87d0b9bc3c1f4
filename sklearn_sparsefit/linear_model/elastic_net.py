"""Lasso and elastic net at one alpha."""

from typing import Any, ClassVar, Self

from sklearn.utils import metadata_routing

from sklearn_sparsefit._sklearn import fit_context
from sklearn_sparsefit.linear_model.single_model import SingleModel


class ElasticNet(SingleModel):
    """Linear regression with combined L1 and L2 penalties, certified by its duality gap.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given)::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2
        + alpha * (l1_ratio * ||coef||_1 + (1 - l1_ratio) / 2 * ||coef||_2^2)

    A drop-in replacement for :class:`sklearn.linear_model.ElasticNet`.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, in units of the squared error's derivative. ``alpha=0`` is least squares, for which
        :class:`sklearn.linear_model.LinearRegression` is the better tool.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, between 0 (ridge) and 1 (lasso).
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Accepted for compatibility: Gram matrices are formed as they are needed. One that is passed is checked.
    max_iter : int, default=1000
        Largest number of iterations at alpha, and at each larger one that is put in on the way to it.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    tol : float, default=1e-4
        The fit ends when the duality gap is at most ``tol`` times the loss of the model without features,
        ``1 / (2 * sum(s)) * sum(s * (y - mean(y))^2)`` (of ``y`` itself without an intercept). The default solver
        usually ends far below.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    random_state : int, RandomState instance, default=None
        Accepted for compatibility: nothing here is random.
    selection : {'cyclic', 'random'}, default='cyclic'
        Accepted for compatibility: the answer, certified, is the same for any order of the coordinates.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        ``'auto'``: coordinate descent on the Gram matrix of a working set, finished by Newton steps; on residuals where
        that Gram would be too large. ``'cd'``: coordinate descent on residuals with Anderson extrapolation.
        ``'prox_grad'``: accelerated proximal gradient.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight v_j of the penalty of every feature, at least 0; None is 1 for all. With 0 a feature is not penalised;
        with infinity it is left out; other weights lie between 1e-100 and 1e100, best within a factor of 1e9 of each
        other (``tol / 2e-14``, to be exact), as rounding is seen in the certificate of those much smaller than the
        largest. A dict, or a Series with names in its index, holds weights by feature name, and the others are 1. They
        are taken as they are, not scaled to a mean of one.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, at most 0; None is none. A dict or a Series holds bounds by feature
        name.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, at least 0.
    standardize : bool, default=False
        Whether to penalise the coefficients that features have when they are divided by their (weighted) standard
        deviations, as after a :class:`~sklearn.preprocessing.StandardScaler`. ``coef_`` and the bounds are those of the
        features as they are, which are neither copied nor, if sparse, densified.
    relax : float, default=1.0
        Weight of the penalised coefficients, between 0 and 1; the rest is the weight of least squares, within the
        bounds, on the features with a coefficient [4]_. ``dual_gap_`` is that of the penalised coefficients.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept, 0.0 without one.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap, in units of the objective, computed on all features: the objective is at most this far above its
        minimum. For float32 X this includes what rounding the coefficients and the intercept costs.
    n_iter_ : int or list of int
        Iterations taken; with several targets, of each.
    n_passes_ : int or list of int
        Times X was read as a whole; with several targets, for each.
    sparse_coef_ : sparse matrix of shape (1, n_features) or (n_targets, n_features)
        Sparse representation of ``coef_``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    ElasticNetCV : Chooses alpha and l1_ratio by cross-validation.
    Lasso : The L1 penalty alone.

    References
    ----------
    .. [1] Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net. JRSS B 67.
    .. [2] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1), eq. 5.
    .. [3] Massias, M., Gramfort, A. and Salmon, J. (2018). Celer: a fast solver for the lasso with dual extrapolation.
       ICML, section 2.
    .. [4] Hastie, T., Tibshirani, R. and Tibshirani, R. J. (2020). Best subset, forward stepwise or lasso? Analysis and
       recommendations based on extensive comparisons. Statistical Science 35(4).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import ElasticNet
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = ElasticNet(alpha=0.1, l1_ratio=0.9).fit(X, y)
    >>> model.coef_.round(1)
    array([ 23.6,  -3. , 133.4,  92.6,  21. ,   8.3, -76. ,  73.5, 120.6,
            67.9])
    >>> bool(model.dual_gap_ < 1e-9)
    True
    """

    # Skipping the checks is no business of a pipeline's.
    __metadata_request__fit: ClassVar[dict] = {"check_input": metadata_routing.UNUSED}

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        fit_intercept=True,
        precompute=False,
        max_iter=1000,
        copy_X=True,
        tol=1e-4,
        warm_start=False,
        positive=False,
        random_state=None,
        selection="cyclic",
        solver="auto",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
        relax=1.0,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, check_input: bool = True) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never copied or written to.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets; several are fitted one by one.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0; only their proportions matter. A number means none.
        check_input : bool, default=True
            Whether to check X and y; without, X must be a float32 or float64 array or CSC or CSR matrix.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights or the coefficients to start from do not fit together or are not finite.
        """
        return self._fit(X, y, sample_weight, check_input)


class Lasso(ElasticNet):
    """Linear regression with an L1 penalty, certified by its duality gap.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given)::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2 + alpha * ||coef||_1

    A drop-in replacement for :class:`sklearn.linear_model.Lasso`.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, in units of the squared error's derivative. ``alpha=0`` is least squares, for which
        :class:`sklearn.linear_model.LinearRegression` is the better tool.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Accepted for compatibility: Gram matrices are formed as they are needed. One that is passed is checked.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    max_iter : int, default=1000
        Largest number of iterations at alpha, and at each larger one that is put in on the way to it.
    tol : float, default=1e-4
        The fit ends when the duality gap is at most ``tol`` times the loss of the model without features,
        ``1 / (2 * sum(s)) * sum(s * (y - mean(y))^2)`` (of ``y`` itself without an intercept). The default solver
        usually ends far below.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit.
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
        Whether to penalise the coefficients of features divided by their standard deviations. See
        :class:`ElasticNet`.
    relax : float, default=1.0
        Weight of the penalised coefficients beside that of least squares on the features they keep. See
        :class:`ElasticNet`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in the dtype of X.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept, 0.0 without one.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap, in units of the objective, computed on all features: the objective is at most this far above its
        minimum. For float32 X this includes what rounding the coefficients and the intercept costs.
    n_iter_ : int or list of int
        Iterations taken; with several targets, of each.
    n_passes_ : int or list of int
        Times X was read as a whole; with several targets, for each.
    sparse_coef_ : sparse matrix of shape (1, n_features) or (n_targets, n_features)
        Sparse representation of ``coef_``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    LassoCV : Chooses alpha by cross-validation.
    ElasticNet : L1 and L2 penalties together.

    References
    ----------
    .. [1] Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. JRSS B 58.
    .. [2] Massias, M., Gramfort, A. and Salmon, J. (2018). Celer: a fast solver for the lasso with dual extrapolation.
       ICML, section 2.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import Lasso
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = Lasso(alpha=1.0).fit(X, y)
    >>> list(model.feature_names_in_[model.coef_ != 0])
    ['bmi', 'bp', 's5']
    >>> bool(model.dual_gap_ < 1e-9)
    True
    """

    _parameter_constraints: ClassVar[dict] = {**ElasticNet._parameter_constraints}
    _parameter_constraints.pop("l1_ratio")

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        precompute=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        positive=False,
        random_state=None,
        selection="cyclic",
        solver="auto",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
        relax=1.0,
    ):
        super().__init__(
            alpha=alpha,
            l1_ratio=1.0,
            fit_intercept=fit_intercept,
            precompute=precompute,
            max_iter=max_iter,
            copy_X=copy_X,
            tol=tol,
            warm_start=warm_start,
            positive=positive,
            random_state=random_state,
            selection=selection,
            solver=solver,
            penalty_weights=penalty_weights,
            lower_bounds=lower_bounds,
            upper_bounds=upper_bounds,
            standardize=standardize,
            relax=relax,
        )
