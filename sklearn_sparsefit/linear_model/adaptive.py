"""Adaptive lasso and elastic net of one alpha."""

from typing import Any, ClassVar, Self

from sklearn.utils import column_or_1d

from sklearn_sparsefit._sklearn import fit_context
from sklearn_sparsefit.linear_model.adaptive_model import AdaptiveModel
from sklearn_sparsefit.linear_model.single_model import SingleModel


class AdaptiveFit(AdaptiveModel, SingleModel):
    """An adaptive model of one alpha and one target."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the first stage, and the model with the weights that come from it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0, in both stages; only their proportions matter. A number means none.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights or the parameters do not fit together or are not finite.
        """
        if getattr(y, "ndim", 1) == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return self._fit(X, y, sample_weight)


class AdaptiveLasso(AdaptiveFit):
    """Lasso with weights from a first stage.

    Minimises, with sample weights s_i, penalty weights v_j (1 unless given) and u_j = (c / abs(initial_coef_j))^gamma::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2 + alpha * sum_j v_j * u_j * |coef_j|

    Where the first stage finds a large coefficient the penalty is small: features that matter are shrunk less than by
    the plain lasso, and of the others fewer are kept [1]_. The weight is 1 where the coefficient is of typical
    size, c = sum(initial_coef^2) / sum(abs(initial_coef)); a feature whose coefficient is zero is left out.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty.
    first_stage : {'ridge', 'ols', 'elastic_net'}, estimator, dict or array-like of shape (n_features,), default='ridge'
        Where the weights come from. ``'ridge'`` is a light ridge on standardised features, for any number of them;
        ``'ols'`` least squares (of the least norm where that is not unique); ``'elastic_net'`` an
        :class:`ElasticNetCV` with ``standardize=True``, which leaves out the features that it does not keep; an
        estimator with ``coef_`` is fitted as it is; an array holds the coefficients themselves, as does a dict or a
        Series by feature name, which are zero for others.
    gamma : float, default=1.0
        Exponent of the weights, above 0.
    n_reweightings : int, default=1
        How often weights are found: the second time and from then on from the coefficients of the model before, at the
        same alpha.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    max_iter : int, default=1000
        Largest number of iterations at alpha, and at each larger one that is put in on the way to it.
    tol : float, default=1e-4
        The duality gap is at most ``tol`` times the loss of the model without features.
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
    relax : float, default=1.0
        Weight of the penalised coefficients beside that of least squares on the features they keep. See
        :class:`ElasticNet`.

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
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    Lasso : The same without a first stage.

    References
    ----------
    .. [1] Zou, H. (2006). The adaptive lasso and its oracle properties. JASA 101(476).
    .. [2] Buehlmann, P. and van de Geer, S. (2011). Statistics for High-Dimensional Data, section 2.8.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import AdaptiveLasso
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = AdaptiveLasso(alpha=1.0).fit(X, y)
    >>> list(model.feature_names_in_[model.coef_ != 0])
    ['bmi', 's5']
    """

    _parameter_constraints: ClassVar[dict] = {
        **SingleModel._parameter_constraints,
        **AdaptiveModel._adaptive_constraints,
    }
    l1_ratio = 1.0

    def __init__(
        self,
        alpha=1.0,
        *,
        first_stage="ridge",
        gamma=1.0,
        n_reweightings=1,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-4,
        positive=False,
        solver="auto",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
        relax=1.0,
    ):
        self.alpha = alpha
        self.first_stage = first_stage
        self.gamma = gamma
        self.n_reweightings = n_reweightings
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.positive = positive
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax


class AdaptiveElasticNet(AdaptiveFit):
    """Elastic net with weights from a first stage.

    Minimises, with sample weights s_i, penalty weights v_j (1 unless given) and u_j = (c / abs(initial_coef_j))^gamma::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2
        + alpha * sum_j v_j * (l1_ratio * u_j * |coef_j| + (1 - l1_ratio) / 2 * coef_j^2)

    Where the first stage finds a large coefficient the penalty is small: features that matter are shrunk less than by
    the plain elastic net, and of the others fewer are kept [1]_, [2]_. The weight is 1 where the coefficient is of
    typical size, c = sum(initial_coef^2) / sum(abs(initial_coef)); a feature whose coefficient is zero is left out. The
    weights u_j are on the L1 part alone [2]_.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, between 0 (ridge) and 1 (lasso).
    first_stage : {'ridge', 'ols', 'elastic_net'}, estimator, dict or array-like of shape (n_features,), default='ridge'
        Where the weights come from. ``'ridge'`` is a light ridge on standardised features, for any number of them;
        ``'ols'`` least squares (of the least norm where that is not unique); ``'elastic_net'`` an
        :class:`ElasticNetCV` with ``standardize=True``, which leaves out the features that it does not keep; an
        estimator with ``coef_`` is fitted as it is; an array holds the coefficients themselves, as does a dict or a
        Series by feature name, which are zero for others.
    gamma : float, default=1.0
        Exponent of the weights, above 0.
    n_reweightings : int, default=1
        How often weights are found: the second time and from then on from the coefficients of the model before, at the
        same alpha.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    max_iter : int, default=1000
        Largest number of iterations at alpha, and at each larger one that is put in on the way to it.
    tol : float, default=1e-4
        The duality gap is at most ``tol`` times the loss of the model without features.
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
    relax : float, default=1.0
        Weight of the penalised coefficients beside that of least squares on the features they keep. See
        :class:`ElasticNet`.

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
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    ElasticNet : The same without a first stage.

    References
    ----------
    .. [1] Zou, H. (2006). The adaptive lasso and its oracle properties. JASA 101(476).
    .. [2] Zou, H. and Zhang, H. H. (2009). On the adaptive elastic-net with a diverging number of parameters. Annals of
           Statistics 37(4).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import AdaptiveElasticNet
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = AdaptiveElasticNet(alpha=0.05, l1_ratio=0.9).fit(X, y)
    >>> list(model.feature_names_in_[model.coef_ != 0])
    ['age', 'sex', 'bmi', 'bp', 's3', 's4', 's5', 's6']
    """

    _parameter_constraints: ClassVar[dict] = {
        **SingleModel._parameter_constraints,
        **AdaptiveModel._adaptive_constraints,
    }

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        first_stage="ridge",
        gamma=1.0,
        n_reweightings=1,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-4,
        positive=False,
        solver="auto",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
        relax=1.0,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.first_stage = first_stage
        self.gamma = gamma
        self.n_reweightings = n_reweightings
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.positive = positive
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax
