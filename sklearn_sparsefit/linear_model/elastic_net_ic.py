"""Lasso and elastic net with alpha chosen by an information criterion."""

from numbers import Real
from typing import ClassVar

from sklearn_sparsefit._sklearn import Interval
from sklearn_sparsefit.linear_model.path_ic import PathIC
from sklearn_sparsefit.linear_model.path_model import ElasticNetPathModel
from sklearn_sparsefit.linear_model.paths import enet_path, lasso_path


class LassoIC(PathIC):
    """Lasso with alpha chosen by an information criterion, every solution certified by its duality gap.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given)::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2
        + alpha * ||coef||_1

    The alpha is the one with the least value of a criterion [1]_. With n = sum_i s_i, p features, residual sum of
    squares RSS = sum_i s_i * (y_i - intercept - x_i @ coef)^2 and variance of the noise s2, this is::

        n * log(2 * pi * s2) + RSS / s2 + charge(df)

        aic   2 * df
        aicc  2 * df + 2 * K * (K + 1) / (n - K - 1),  K = df + fit_intercept + 1
        bic   log(n) * df
        ebic  log(n) * df + 2 * ebic_gamma * log(binomial(p, df))

    The degrees of freedom df are the rank of the columns with a coefficient (centred if there is an intercept) [2]_:
    their number, unless some are combinations of others. The intercept is not among them: all models have it, so that
    it changes no choice by aic, bic or ebic. In K it counts as one, and the noise variance as another; where
    K + 1 >= n, the correction is infinite.

    One path on the full data is all that is fitted, where cross-validation needs another for every fold.

    Parameters
    ----------
    criterion : {'aic', 'aicc', 'bic', 'ebic'}, default='aic'
        What to charge for degrees of freedom. ``'aic'`` aims at prediction; ``'aicc'`` is the same, corrected for few
        samples [3]_. ``'bic'`` aims at the features that matter, and keeps fewer; ``'ebic'`` [4]_ looks for them among
        very many, and keeps fewer still.
    noise_variance : float, 'cv' or None, default=None
        Variance s2 of the noise, in units of y squared. None: the unbiased estimate from the least-squares fit on all
        features, its residual sum of squares over ``n - rank(X) - fit_intercept``, whether or not ``positive``; this
        takes n > n_features + fit_intercept. ``'cv'``: the residual sum of squares over ``n - df - fit_intercept`` at
        the alpha that :class:`LassoCV` chooses with the same ``eps`` and its default folds [5]_, which takes five times
        as long as the path: where there is a cross-validated model already, pass the variance of its residuals. Where
        these residuals are rounding (y is constant, or a linear function of X), s2 is that of rounding,
        ``1e-28 * mean(y^2)``, with a warning: of models that differ in RSS the criterion then takes the one with the
        least, and of constant y the mean.
    ebic_gamma : float, default=1.0
        Weight of the number of models in ``criterion='ebic'``, at least 0, where that is ``'bic'``.
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``; not the machine precision that it is in ``LassoLarsIC``.
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
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
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
        :class:`ElasticNet`. The degrees of freedom do not count the choice of these features, which least squares makes
        more of: below 1, noise is kept more often.

    Attributes
    ----------
    alpha_ : float
        The alpha with the least criterion, the largest such.
    alphas_ : ndarray of shape (n_alphas,)
        The alphas tried, from the largest.
    criterion_ : ndarray of shape (n_alphas,)
        Value of the criterion at every alpha.
    df_path_ : ndarray of shape (n_alphas,)
        Degrees of freedom at every alpha, the intercept not counted.
    noise_variance_ : float
        The noise variance in the criterion, in units of y squared.
    coef_ : ndarray of shape (n_features,)
        Coefficients at ``alpha_``, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap at ``alpha_``, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken at ``alpha_``.
    n_passes_ : int
        Times X was read as a whole to solve the path.
    coef_path_ : ndarray of shape (n_features, n_alphas)
        Coefficients at every alpha.
    intercept_path_ : ndarray of shape (n_alphas,)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps, in units of the objective, computed on all features.
    sparse_coef_ : sparse matrix of shape (1, n_features)
        Sparse representation of ``coef_``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    Warns
    -----
    ModelWarning
        If the chosen alpha is the smallest of the grid, where that has several, and not zero; if the residuals that the
        noise variance is estimated from are rounding.

    See Also
    --------
    LassoCV : Chooses alpha by cross-validation.
    ElasticNetIC : L1 and L2 penalties together.
    CoefficientPathDisplay : Draws the coefficients along the path.

    References
    ----------
    .. [1] Zou, H., Hastie, T. and Tibshirani, R. (2007). On the "degrees of freedom" of the lasso. Annals of Statistics
       35(5), section 4.
    .. [2] Tibshirani, R. J. and Taylor, J. (2012). Degrees of freedom in lasso problems. Annals of Statistics 40(2).
    .. [3] Hurvich, C. M. and Tsai, C.-L. (1989). Regression and time series model selection in small samples.
       Biometrika 76(2).
    .. [4] Chen, J. and Chen, Z. (2008). Extended Bayesian information criteria for model selection with large model
       spaces. Biometrika 95(3).
    .. [5] Reid, S., Tibshirani, R. and Friedman, J. (2016). A study of error variance estimation in lasso regression.
       Statistica Sinica 26(1).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import LassoIC
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = LassoIC("bic").fit(X, y)
    >>> list(model.feature_names_in_[model.coef_ != 0])
    ['sex', 'bmi', 'bp', 's1', 's3', 's5', 's6']
    >>> int(model.df_path_[model.criterion_.argmin()])
    7
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        criterion="aic",
        *,
        noise_variance=None,
        ebic_gamma=1.0,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        verbose=False,
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
        self.criterion = criterion
        self.noise_variance = noise_variance
        self.ebic_gamma = ebic_gamma
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.verbose = verbose
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax


class ElasticNetIC(ElasticNetPathModel, PathIC):
    """Elastic net with alpha and l1_ratio chosen by an information criterion, certified by duality gaps.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given)::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2
        + alpha * (l1_ratio * ||coef||_1 + (1 - l1_ratio) / 2 * ||coef||_2^2)

    Alpha and l1_ratio are those with the least value of a criterion [1]_. With n = sum_i s_i, p features, residual sum
    of squares RSS = sum_i s_i * (y_i - intercept - x_i @ coef)^2 and variance of the noise s2, this is::

        n * log(2 * pi * s2) + RSS / s2 + charge(df)

        aic   2 * df
        aicc  2 * df + 2 * K * (K + 1) / (n - K - 1),  K = df + fit_intercept + 1
        bic   log(n) * df
        ebic  log(n) * df + 2 * ebic_gamma * log(binomial(p, df))

    With S = diag(s) / n and A the columns with a coefficient (centred if there is an intercept), the degrees of freedom
    are the trace of the hat matrix [2]_::

        df = trace(A (A' S A + alpha * (1 - l1_ratio) * I)^-1 A' S)

    For ``l1_ratio=1`` this is the rank of A. The intercept is not among them: all models have it, so that it changes no
    choice by aic, bic or ebic. In K it counts as one, and the noise variance as another; where K + 1 >= n, the
    correction is infinite.

    One path on the full data for each l1_ratio is all that is fitted, where cross-validation needs another for every
    fold.

    Parameters
    ----------
    criterion : {'aic', 'aicc', 'bic', 'ebic'}, default='aic'
        What to charge for degrees of freedom. ``'aic'`` aims at prediction; ``'aicc'`` is the same, corrected for few
        samples [3]_. ``'bic'`` aims at the features that matter, and keeps fewer; ``'ebic'`` [4]_ looks for them among
        very many, and keeps fewer still.
    noise_variance : float, 'cv' or None, default=None
        Variance s2 of the noise, in units of y squared. None: the unbiased estimate from the least-squares fit on all
        features, its residual sum of squares over ``n - rank(X) - fit_intercept``, whether or not ``positive``; this
        takes n > n_features + fit_intercept. ``'cv'``: the residual sum of squares over ``n - df - fit_intercept`` at
        the alpha that :class:`LassoCV` chooses with the same ``eps`` and its default folds [5]_, which takes five times
        as long as the path: where there is a cross-validated model already, pass the variance of its residuals. Where
        these residuals are rounding (y is constant, or a linear function of X), s2 is that of rounding,
        ``1e-28 * mean(y^2)``, with a warning: of models that differ in RSS the criterion then takes the one with the
        least, and of constant y the mean.
    ebic_gamma : float, default=1.0
        Weight of the number of models in ``criterion='ebic'``, at least 0, where that is ``'bic'``.
    l1_ratio : float or list of float, default=0.5
        Share of the L1 penalty, between 0 (ridge) and 1 (lasso); the best of a list is chosen.
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``; not the machine precision that it is in ``LassoLarsIC``.
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
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
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
        :class:`ElasticNet`. The degrees of freedom do not count the choice of these features, which least squares makes
        more of: below 1, noise is kept more often.

    Attributes
    ----------
    alpha_ : float
        The alpha with the least criterion, the largest such.
    l1_ratio_ : float
        The l1_ratio with the least criterion.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        The alphas tried, from the largest, for each l1_ratio.
    criterion_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        Value of the criterion at every alpha.
    df_path_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        Degrees of freedom at every alpha, the intercept not counted.
    noise_variance_ : float
        The noise variance in the criterion, in units of y squared.
    coef_ : ndarray of shape (n_features,)
        Coefficients at ``alpha_`` and ``l1_ratio_``, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap at ``alpha_``, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken at ``alpha_``.
    n_passes_ : int
        Times X was read as a whole to solve the paths.
    coef_path_ : ndarray of shape (n_features, n_alphas)
        Coefficients at every alpha, for ``l1_ratio_``.
    intercept_path_ : ndarray of shape (n_alphas,)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps, in units of the objective, computed on all features.
    sparse_coef_ : sparse matrix of shape (1, n_features)
        Sparse representation of ``coef_``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    Warns
    -----
    ModelWarning
        If the chosen alpha is the smallest of the grid, where that has several, and not zero; if the residuals that the
        noise variance is estimated from are rounding.

    See Also
    --------
    ElasticNetCV : Chooses alpha and l1_ratio by cross-validation.
    LassoIC : The L1 penalty alone.
    CoefficientPathDisplay : Draws the coefficients along the path.

    References
    ----------
    .. [1] Zou, H., Hastie, T. and Tibshirani, R. (2007). On the "degrees of freedom" of the lasso. Annals of Statistics
       35(5), section 4.
    .. [2] Tibshirani, R. J. and Taylor, J. (2012). Degrees of freedom in lasso problems. Annals of Statistics 40(2).
    .. [3] Hurvich, C. M. and Tsai, C.-L. (1989). Regression and time series model selection in small samples.
       Biometrika 76(2).
    .. [4] Chen, J. and Chen, Z. (2008). Extended Bayesian information criteria for model selection with large model
       spaces. Biometrika 95(3).
    .. [5] Reid, S., Tibshirani, R. and Friedman, J. (2016). A study of error variance estimation in lasso regression.
       Statistica Sinica 26(1).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import ElasticNetIC
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = ElasticNetIC("bic", l1_ratio=[0.5, 0.9, 1.0]).fit(X, y)
    >>> model.l1_ratio_
    1.0
    """

    path = staticmethod(enet_path)
    _parameter_constraints: ClassVar[dict] = {
        **PathIC._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }

    def __init__(
        self,
        criterion="aic",
        *,
        noise_variance=None,
        ebic_gamma=1.0,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        verbose=False,
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
        self.criterion = criterion
        self.noise_variance = noise_variance
        self.ebic_gamma = ebic_gamma
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.verbose = verbose
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.relax = relax
