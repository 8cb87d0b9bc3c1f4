"""Generalised linear models with an elastic-net penalty, at one alpha."""

from collections.abc import Sequence
from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import column_or_1d

from sklearn_sparsefit._sklearn import Interval, fit_context
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData, check_rows, check_sample_weight
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.datafit import Loss
from sklearn_sparsefit.exceptions import ModelWarning
from sklearn_sparsefit.linear_model.families import FAMILIES, check_offset, check_target, in_unit_of_loss
from sklearn_sparsefit.linear_model.generalized_model import GeneralizedModel, GeneralizedSingle
from sklearn_sparsefit.linear_model.parameters import PARAMETER_CONSTRAINTS, one_of

GLM_CONSTRAINTS: dict[str, list] = {
    "family": [one_of(FAMILIES)],
    **{name: [interval] for family in FAMILIES.values() for name, interval in family.parameters.items()},
}


class GLMModel(RegressorMixin, GeneralizedModel):
    """A linear model of what the link makes of the mean of a target."""

    # What of offset and exposure the fit was given.
    _fitted_with: Sequence[str]

    def _loss(self) -> Loss:
        return FAMILIES[self.family].loss_of(self)

    def _prepared(self, data: TrainingData, offset: Any, exposure: Any) -> TrainingData:
        """Training data with offsets, targets checked."""
        if data.y_ndim == 2:
            column_or_1d(data.targets.T, warn=True)
        loss, target = self._loss(), self._target(data)
        check_target(loss, target, self.family)
        FAMILIES[self.family].warn_of_target(loss, target)
        known = check_offset(offset, exposure, data.design.shape[0], self.family)
        return replace(data, offset=known, offset_parts=_given(offset, exposure))

    def _remembered_of(self, data: TrainingData) -> dict[str, Any]:
        return dict(_fitted_with=data.offset_parts, **super()._remembered_of(data))

    def predict(self, X: Any, offset: Any = None, exposure: Any = None) -> NDArray:
        """Predict the mean of the target.

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
        mean : ndarray of shape (n_samples,)
            Predicted means: probabilities for the binomial family, counts for Poisson's.
        """
        raw = self._raw_prediction(X)[:, None]
        return self._means(raw, offset, exposure)[:, 0]

    def score(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None, exposure: Any = None) -> float:
        """D^2, the share of the deviance that is explained.

        ``1 - D(y, predictions) / D(y, best constant)``, for the deviance D of the family (twice the mean loss); for the
        gaussian family that is R^2. The constant is added to the offsets, if there are any.

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
        score : float
            At most 1; 0 for a model that predicts the best constant.
        """
        raw = self._raw_prediction(X)[:, None]
        return float(self._explained(raw, y, sample_weight, offset, exposure)[0])

    def _means(self, raw: NDArray, offset: Any, exposure: Any) -> NDArray:
        """Means of the target, by raw predictions of shape (n_samples, n_models) and what is known besides."""
        known = check_offset(offset, exposure, len(raw), self.family)
        return self._loss().mean(raw if known is None else raw + known[:, None])

    def _explained(self, raw: NDArray, y: Any, sample_weight: Any, offset: Any, exposure: Any) -> Vector:
        """D^2 of models, by raw predictions of shape (n_samples, n_models) and what is known besides."""
        target = check_rows(column_or_1d(y), "y", len(raw))
        loss, weights = self._loss(), check_sample_weight(sample_weight, len(raw))
        check_target(loss, target, self.family)
        known = check_offset(offset, exposure, len(raw), self.family)
        _warn_of_score_without(self._fitted_with, _given(offset, exposure))
        datafit = in_unit_of_loss(loss, target, weights, fit_intercept=True, offset=known)
        raw = raw if known is None else raw + known[:, None]
        errors = datafit.losses(raw.T / datafit.unit)
        if datafit.null_loss == 0:
            return np.where(errors == 0, 1.0, 0.0)
        return 1 - errors / datafit.null_loss

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # Searches ask before parameters are checked.
        family = FAMILIES.get(str(self.family))
        tags.target_tags.positive_only = family is not None and family.is_positive
        return tags


def _given(offset: Any, exposure: Any) -> list[str]:
    return [name for name, values in (("offset", offset), ("exposure", exposure)) if values is not None]


def _warn_of_score_without(fitted_with: Sequence[str], scored_with: Sequence[str]) -> None:
    """Warn if less is known of the samples a model is scored on than it was fitted with.

    Each can stand for the other, as the logarithm of an exposure is an offset.
    """
    if len(scored_with) >= len(fitted_with):
        return
    missing = [name for name in fitted_with if name not in scored_with]
    instead = " and ".join({"offset": "an offset of 0", "exposure": "an exposure of 1"}[name] for name in missing)
    request = ", ".join(f"{name}=True" for name in fitted_with)
    warn_user(
        f"The model was fitted with {' and '.join(fitted_with)}, and is scored without {' and '.join(missing)}: its"
        f" predictions are then for {instead}. Give score the {' and '.join(missing)} of the samples. Searches,"
        " cross-validation and a Pipeline too hand these on, after sklearn.set_config(enable_metadata_routing=True), to"
        f" a model, or last step, with set_fit_request({request}).set_score_request({request}).",
        ModelWarning,
    )


class ElasticNetGLM(GLMModel, GeneralizedSingle):
    """Generalised linear model with combined L1 and L2 penalties, certified by its duality gap.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given) and raw predictions
    z_i = offset_i + intercept + x_i @ coef::

        1 / sum_i s_i * sum_i s_i * f(y_i, z_i)
        + alpha * (l1_ratio * ||coef||_1 + (1 - l1_ratio) / 2 * ||coef||_2^2)

    where f is half the deviance of the family [1]_ [2]_, less none of its terms, so that f is zero where the
    prediction is perfect:

    ============  ==================  =========  ==================================================
    family        targets             link       f(y, z), but for what does not depend on z
    ============  ==================  =========  ==================================================
    "gaussian"    any                 identity   (y - z)^2 / 2
    "huber"       any                 identity   the same up to ``|y - z| = delta``, then linear [3]_
    "binomial"    0 to 1              logit      log(1 + exp(z)) - y z
    "poisson"     at least 0          log        exp(z) - y z
    "gamma"       above 0             log        y exp(-z) + z
    "tweedie"     at least 0          log        exp((2 - p) z) / (2 - p) + y exp((1 - p) z) / (p - 1), p = ``power``
    ============  ==================  =========  ==================================================

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, above 0, in units of the loss over those of coefficients: of y for ``'gaussian'``,
        ``'huber'`` and ``'poisson'``, none for ``'binomial'`` and ``'gamma'``, ``y ** (2 - power)`` for ``'tweedie'``,
        each times that of X. From some alpha on no feature is kept: ``alphas_[0]`` of an :class:`ElasticNetGLMCV` of
        the same family and l1_ratio, on the same data.
    family : {'gaussian', 'huber', 'binomial', 'poisson', 'gamma', 'tweedie'}, default='poisson'
        Distribution of the target, and with it loss and link.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, between 0 (ridge) and 1.
    power : float, default=1.5
        Power of the Tweedie family [4]_, between 1 (Poisson) and 2 (gamma).
    delta : float, default=1.35
        Error from which on the Huber loss is linear, in units of y.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    max_iter : int, default=1000
        Largest number of Newton steps at alpha, and at each larger one that is put in on the way to it; for
        ``'gaussian'`` of iterations, as in :class:`ElasticNet`.
    tol : float, default=1e-4
        The fit ends when the duality gap is at most ``tol`` times the loss of the model without features.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        How the quadratic models of the loss are minimised; see :class:`ElasticNet`.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature: 0 is not penalised, infinity is left out; see :class:`ElasticNet`.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, at most 0; None is none.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, at least 0; None is none.
    standardize : bool, default=False
        Whether to penalise the coefficients of the features divided by their standard deviations; those that are
        reported are of the features as they are.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Coefficients, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap of the coefficients, in units of the objective, computed on all features.
    n_iter_ : int
        Newton steps taken at alpha; for ``'gaussian'`` iterations.
    n_passes_ : int
        Times X was read as a whole.
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
    ElasticNetGLMCV : Chooses alpha by cross-validation.
    glm_path : Models of many alphas.
    SparseLogisticRegression : A classifier, with the binomial family's loss.
    sklearn.linear_model.PoissonRegressor : The ridge penalty alone.

    References
    ----------
    .. [1] McCullagh, P. and Nelder, J. A. (1989). Generalized Linear Models, 2nd edition.
    .. [2] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1).
    .. [3] Huber, P. J. (1964). Robust estimation of a location parameter. Annals of Mathematical Statistics 35(1).
    .. [4] Jørgensen, B. and de Souza, M. C. P. (1994). Fitting Tweedie's compound Poisson model to insurance claims
       data. Scandinavian Actuarial Journal 1994(1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparsefit import ElasticNetGLM
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 30))
    >>> y = rng.poisson(np.exp(0.5 + X[:, 0] - X[:, 1]))
    >>> model = ElasticNetGLM(alpha=1.0, family="poisson", l1_ratio=1.0).fit(X, y)
    >>> np.flatnonzero(model.coef_)
    array([0, 1])
    """

    _parameter_constraints: ClassVar[dict] = {
        **PARAMETER_CONSTRAINTS,
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        **GLM_CONSTRAINTS,
    }

    def __init__(
        self,
        alpha=1.0,
        *,
        family="poisson",
        l1_ratio=0.5,
        power=1.5,
        delta=1.35,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-4,
        solver="auto",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
    ):
        self.alpha = alpha
        self.family = family
        self.l1_ratio = l1_ratio
        self.power = power
        self.delta = delta
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None, exposure: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never written to.
        y : array-like of shape (n_samples,)
            Target, in the range of the family. For Poisson's, rates ``y / exposure`` with ``sample_weight=exposure``
            are the same as counts ``y`` with ``exposure`` and ``mean(exposure)`` times their alpha.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0; only their proportions matter. A number means none.
        offset : array-like of shape (n_samples,), default=None
            Known part of the raw predictions, in their units (logarithms for a log link).
        exposure : array-like of shape (n_samples,), default=None
            The same as an offset of ``log(exposure)``, for families with a log link: what the mean of a count is
            proportional to. Both together add up, to ``offset + log(exposure)``: means are multiplied by
            ``exp(offset) * exposure``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights or the offsets do not fit together, are not finite or out of the family's range, or the
            intercept would be infinite.
        """
        return self._fit(X, y, sample_weight, lambda data: self._prepared(data, offset, exposure))
