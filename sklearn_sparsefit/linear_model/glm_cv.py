"""Generalised linear models with alpha chosen by cross-validation."""

from numbers import Real
from typing import Any, ClassVar, Self

from numpy.typing import NDArray

from sklearn_sparsefit._sklearn import Interval, fit_context, raise_for_params
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.linear_model.generalized_model import GeneralizedCV
from sklearn_sparsefit.linear_model.glm import GLM_CONSTRAINTS, ElasticNetGLM, GLMModel
from sklearn_sparsefit.linear_model.path_model import ElasticNetPathModel


class ElasticNetGLMCV(ElasticNetPathModel, GLMModel, GeneralizedCV):
    """Generalised linear model with combined L1 and L2 penalties, alpha and l1_ratio chosen by cross-validation.

    For the objective and the families see :class:`ElasticNetGLM`; for paths [1]_. Folds are row weightings: X is not
    copied.

    Parameters
    ----------
    family : {'gaussian', 'huber', 'binomial', 'poisson', 'gamma', 'tweedie'}, default='poisson'
        Distribution of the target, and with it loss and link; see :class:`ElasticNetGLM`.
    l1_ratio : float or list of float, default=0.5
        Share of the L1 penalty, between 0 (ridge, for given ``alphas``) and 1; the best of a list is chosen.
    eps : float, default=None
        Length of the path, ``alpha_min / alpha_max``; None is 1e-3, or 1e-2 where there are more features than samples.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm for each l1_ratio, or the alphas themselves, above 0.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    power : float, default=1.5
        Power of the Tweedie family, between 1 (Poisson) and 2 (gamma).
    delta : float, default=1.35
        Error from which on the Huber loss is linear, in units of y.
    max_iter : int, default=1000
        Largest number of Newton steps per alpha, and at each that is put in between alphas far apart; for
        ``'gaussian'`` of iterations, as in :class:`ElasticNet`.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features.
    cv : int, splitter or iterable of (train, test) pairs, default=None
        Folds; None is 5 of them.
    alpha_rule : {'min', '1se'} or callable, default='min'
        ``'min'``: the best mean score; ``'1se'``: the largest alpha within one standard error of it [2]_; or a
        function from ``cv_results_`` to an index into its ``params``.
    scoring : str or callable, default=None
        What the mean over the folds is taken of; None is minus the mean loss, half the mean deviance, which is faster.
    n_jobs : int, default=None
        Threads that solve; the answers do not depend on it. -1 means all processors.
    verbose : bool or int, default=False
        Whether to print what is done.
    store_fold_coefs : bool, default=False
        Whether to keep the coefficients of every fold at every alpha.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        How the quadratic models of the loss are minimised; see :class:`ElasticNet`.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature: 0 is not penalised, infinity is left out; see :class:`ElasticNet`.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, at most 0; None is none.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, at least 0; None is none.
    standardize : bool, default=False
        Whether to penalise the coefficients of the features divided by their standard deviations, those of the
        training rows of every fold.

    Attributes
    ----------
    alpha_ : float
        The alpha that was chosen.
    alpha_min_ : float
        The alpha with the best mean score.
    alpha_1se_ : float
        The largest alpha, at the l1_ratio of ``alpha_min_``, whose mean score is within one standard error of the best.
    l1_ratio_ : float
        The l1_ratio that was chosen.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        The alphas tried, from the largest, for each l1_ratio.
    loss_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
        Mean loss, half the mean deviance, of every alpha on the held-out rows of every fold.
    cv_results_ : dict of ndarrays
        Scores as :class:`sklearn.model_selection.GridSearchCV` has them, without times, and the standard errors of
        the means, ``se_test_score``; one entry for each pair of l1_ratio and alpha.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the full data at ``alpha_`` and ``l1_ratio_``, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap at ``alpha_``, in units of the objective, computed on all features.
    n_iter_ : int
        Newton steps taken at ``alpha_``; for ``'gaussian'`` iterations.
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
    ElasticNetGLM : At one alpha.
    SparseLogisticRegressionCV : A classifier, with the binomial family's loss.

    References
    ----------
    .. [1] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1).
    .. [2] Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984). Classification and Regression Trees, section
       3.4.3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparsefit import ElasticNetGLMCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((300, 20))
    >>> y = rng.poisson(np.exp(0.5 + X[:, 0] - X[:, 1]))
    >>> model = ElasticNetGLMCV(family="poisson", l1_ratio=1.0, alpha_rule="1se").fit(X, y)
    >>> np.flatnonzero(model.coef_)[:2]
    array([0, 1])
    """

    _parameter_constraints: ClassVar[dict] = {
        **GeneralizedCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
        **GLM_CONSTRAINTS,
    }

    def __init__(
        self,
        *,
        family="poisson",
        l1_ratio=0.5,
        eps=None,
        alphas=100,
        fit_intercept=True,
        power=1.5,
        delta=1.35,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        alpha_rule="min",
        scoring=None,
        n_jobs=None,
        verbose=False,
        store_fold_coefs=False,
        solver="auto",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
    ):
        self.family = family
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.power = power
        self.delta = delta
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.alpha_rule = alpha_rule
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.store_fold_coefs = store_fold_coefs
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None, exposure: Any = None, **params: Any
    ) -> Self:
        """Fit paths on every fold and on the full data, and keep the model of the alpha that is chosen.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never written to.
        y : array-like of shape (n_samples,)
            Target, in the range of the family.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0, in the fits and in each fold's loss, and in ``scoring`` if that takes them. The mean
            over folds is plain. A number means none.
        offset : array-like of shape (n_samples,), default=None
            Known part of the raw predictions; ``scoring`` does not know of it.
        exposure : array-like of shape (n_samples,), default=None
            The same as an offset of ``log(exposure)``, for families with a log link; where both are given they add up.
        **params : dict
            Parameters for the splitter, such as ``groups``, and for the scorer, with metadata routing enabled.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights, the offsets, the alphas or the folds do not fit together or are not finite, y is out
            of the family's range, the intercept would be infinite, in all or in a fold, or ``scoring`` is given
            together with offsets or has no number for the held-out rows of a fold.
        """
        raise_for_params(params, self, "fit")
        if self.scoring is not None and (offset is not None or exposure is not None):
            raise ValueError(f"scoring={self.scoring!r} would predict without offset and exposure; use scoring=None.")
        return self._fit(X, y, sample_weight, params, prepare=lambda data: self._prepared(data, offset, exposure))

    def predict_path(self, X: Any, offset: Any = None, exposure: Any = None) -> NDArray:
        """Predict the mean of the target with the model of every alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        offset : array-like of shape (n_samples,), default=None
            Known part of the raw predictions.
        exposure : array-like of shape (n_samples,), default=None
            The same as an offset of ``log(exposure)``, for families with a log link: means are multiplied by it, and
            are per unit of exposure without.

        Returns
        -------
        means : ndarray of shape (n_samples, n_alphas)
            What :meth:`predict` would be, for the alphas in the order of ``coef_path_``.
        """
        return self._means(self._raw_path(X), offset, exposure)

    def score_path(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None, exposure: Any = None) -> Vector:
        """D^2, the share of the deviance that is explained, of the model of every alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            True values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.
        offset : array-like of shape (n_samples,), default=None
            Known part of the raw predictions.
        exposure : array-like of shape (n_samples,), default=None
            The same as an offset of ``log(exposure)``.

        Returns
        -------
        scores : ndarray of shape (n_alphas,)
            What :meth:`score` would be at every alpha.
        """
        return self._explained(self._raw_path(X), y, sample_weight, offset, exposure)

    def _model_of(self, alpha: float, l1_ratio: float) -> ElasticNetGLM:
        return ElasticNetGLM(
            alpha, l1_ratio=l1_ratio, family=self.family, power=self.power, delta=self.delta,
            fit_intercept=self.fit_intercept,
        )  # fmt: skip
