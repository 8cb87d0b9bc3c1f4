"""Sparse logistic regression at one alpha."""

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import check_array, check_scalar, column_or_1d, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from sklearn_sparsefit._sklearn import Interval, StrOptions, fit_context
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData, check_sample_weight
from sklearn_sparsefit.datafit import Binomial, Datafit, Loss, Multinomial
from sklearn_sparsefit.linear_model.generalized_model import GeneralizedModel, GeneralizedSingle
from sklearn_sparsefit.linear_model.parameters import PARAMETER_CONSTRAINTS
from sklearn_sparsefit.path import PathResult
from sklearn_sparsefit.penalty import ElasticNetPenalty, Penalty, SeparateTasksPenalty, multi_task_penalty


@dataclass(frozen=True, kw_only=True)
class ClassifierData(TrainingData):
    """Training data whose targets are numbers of classes.

    Weights are those of samples times those of classes; the former alone are ``given_weight``. A scorer is told of the
    weights that were given.
    """

    classes: NDArray
    given_weight: Vector | None


class LogisticModel(ClassifierMixin, GeneralizedModel):
    """Log-odds of the second of two classes, or scores of several, whose softmax are the probabilities."""

    def _loss(self) -> Loss:
        return Binomial()

    def _penalty_of_tasks(self, of_each: ElasticNetPenalty) -> Penalty:
        return multi_task_penalty(of_each) if self.grouped else SeparateTasksPenalty(of_each)

    def _datafit(self, data: ClassifierData) -> Datafit:
        n_classes = len(data.classes)
        if n_classes == 2:
            return super()._datafit(data)
        return Multinomial(self._target(data), n_classes, data.sample_weight, self.fit_intercept)

    def _encoded(self, y: Any) -> tuple[NDArray, Any]:
        """The classes, and which of them every sample is of; y as it is where others are to complain of it."""
        if y is None:
            return np.empty(0), None
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y", estimator=self)
        check_classification_targets(y)
        classes, codes = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data contains only one class:"
                f" {classes[0]!r}"
            )
        if len(classes) > 2 and self.solver != "auto":
            raise ValueError(
                f"solver={self.solver!r} is for two classes, y has {len(classes)}; 'auto' is for any number."
            )
        return classes, codes.astype(np.float64)

    def _prepared(self, data: TrainingData, classes: NDArray) -> ClassifierData:
        """Training data that know the names of the classes, and what each of these counts."""
        given = data.sample_weight
        codes = data.targets[0].astype(np.intp)
        self._check_classes(codes, data.sample_weight, classes, "Among the samples of positive weight")
        if self.class_weight is not None:
            of_classes = compute_class_weight(
                self.class_weight, classes=classes, y=classes[codes], sample_weight=data.sample_weight
            )
            if of_classes.min() < 0:
                least = int(np.argmin(of_classes))
                raise ValueError(f"class_weight[{classes.tolist()[least]!r}] == {of_classes[least]}, must be >= 0.")
            weights = of_classes[codes] * (1.0 if data.sample_weight is None else data.sample_weight)
            data = replace(data, sample_weight=check_sample_weight(weights, len(weights)))
            self._check_classes(codes, weights, classes, "Among the samples whose class has a positive class_weight")
        return ClassifierData(**vars(data), classes=classes, given_weight=given)

    def _check_classes(self, codes: NDArray, weights: Vector | None, classes: NDArray, where: str) -> None:
        """Refuse samples that count if they are all of one class, or if one of the intercepts would be infinite."""
        counted = np.unique(codes if weights is None else codes[weights > 0])
        if len(counted) == 1:
            raise ValueError(f"{where} there is only one class: {classes.tolist()[counted[0]]!r}")
        if self.fit_intercept and len(counted) < len(classes):
            missing = classes.tolist()[np.setdiff1d(np.arange(len(classes)), counted)[0]]
            raise ValueError(
                f"{where} there is none of class {missing!r}: its intercept would be infinite. More of its samples are"
                " needed, or none, or fit_intercept=False."
            )

    def _remembered_of(self, data: ClassifierData) -> dict[str, Any]:
        return dict(classes_=data.classes, **super()._remembered_of(data))

    def _coefs_of(self, path: PathResult, column: int, data: TrainingData) -> dict[str, Any]:
        found = super()._coefs_of(path, column, data)
        coef = np.atleast_2d(found["coef_"])
        intercept = np.zeros(len(coef), data.dtype)
        intercept[:] = found["intercept_"]
        return dict(coef_=coef, intercept_=intercept)

    def _raw_prediction(self, X: Any) -> NDArray:
        scores = self._samples(X) @ self.coef_.T + self.intercept_
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def _labels(self, scores: NDArray) -> NDArray:
        """The most likely classes, of scores whose second axis is that of the classes where there are several."""
        return self.classes_[(scores > 0).astype(np.intp) if len(self.classes_) == 2 else scores.argmax(axis=1)]

    def _probabilities(self, scores: NDArray) -> NDArray:
        """The probabilities, along the second axis."""
        if len(self.classes_) > 2:
            return softmax(scores, axis=1)
        return np.stack([self._loss().mean(-scores), self._loss().mean(scores)], axis=1)

    def decision_function(self, X: Any) -> NDArray:
        """Log-odds of the second class, or the scores of several.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Of two classes, above zero where the second is the more likely. Of several, the largest where a class is
            the most likely: the logarithm of its probability, up to a number for every sample.
        """
        return self._raw_prediction(X)

    def predict(self, X: Any) -> NDArray:
        """Predict the most likely class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Classes.
        """
        return self._labels(self.decision_function(X))

    def predict_proba(self, X: Any) -> NDArray:
        """Predict the probabilities of all classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return self._probabilities(self.decision_function(X))

    def predict_log_proba(self, X: Any) -> NDArray:
        """Logarithms of the probabilities of all classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        logarithms : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        scores = self.decision_function(X)
        if scores.ndim == 2:
            return log_softmax(scores, axis=1)
        return -np.logaddexp(0.0, np.stack([scores, -scores], axis=1))


class SparseLogisticRegression(LogisticModel, GeneralizedSingle):
    """Logistic regression with combined L1 and L2 penalties, certified by its duality gap.

    The model of ``LogisticRegression(C=C, l1_ratio=l1_ratio)`` has the ``alpha`` of :func:`alpha_from_C`,
    ``1 / (C * sum(s))``.

    Minimises, with weights s_i (1 unless ``sample_weight`` or ``class_weight`` is given), y_i = 1 for samples of the
    second class and 0 for others, and z_i = intercept + x_i @ coef [1]_::

        1 / sum_i s_i * sum_i s_i * (log(1 + exp(z_i)) - y_i * z_i)
        + alpha * (l1_ratio * ||coef||_1 + (1 - l1_ratio) / 2 * ||coef||_2^2)

    Of more than two classes each has coefficients and an intercept, and with z_ik those of class k and y_i the class
    of sample i the loss is multinomial [1]_, the penalty the sum of those of the classes::

        1 / sum_i s_i * sum_i s_i * (log(sum_k exp(z_ik)) - z_i,y_i)
        + alpha * sum_k (l1_ratio * ||coef_k||_1 + (1 - l1_ratio) / 2 * ||coef_k||_2^2)

    With ``grouped`` the 2-norm of a feature's coefficients, over the classes, takes the place of the absolute values:
    a feature is kept for all classes or for none.

    Intercepts are not penalised; those of several classes sum to zero. As the loss is a mean, alpha does not depend on
    the number of samples.

    Parameters
    ----------
    alpha : float, default=0.01
        Strength of the penalty, above 0. From ``max_j |mean((y - mean(y)) * x_j)| / l1_ratio`` on, no feature is kept;
        with several classes the largest over these counts, with ``grouped`` the 2-norm over them.
    l1_ratio : float, default=1.0
        Share of the L1 penalty, between 0 (ridge) and 1.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, as in :class:`sklearn.linear_model.LogisticRegression`; they multiply those of samples.
    grouped : bool, default=False
        Whether a feature is kept for all classes or for none, where there are more than two.
    max_iter : int, default=1000
        Largest number of Newton steps at alpha, and at each larger one that is put in on the way to it. (Where more
        than 8192 pairs of class and feature matter, these are gradient steps, of which more are needed.)
    tol : float, default=1e-4
        The fit ends when the duality gap is at most ``tol`` times the loss of the model without features.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        How the quadratic models of the loss are minimised; see :class:`ElasticNet`. More than two classes have
        ``'auto'`` alone.
    penalty_weights : array-like of shape (n_features,) or dict, default=None
        Weight of the penalty of every feature: 0 is not penalised, infinity is left out; see :class:`ElasticNet`.
    lower_bounds : float, array-like of shape (n_features,) or dict, default=None
        Lower bounds of the coefficients, of a feature in all classes, at most 0; None is none.
    upper_bounds : float, array-like of shape (n_features,) or dict, default=None
        Upper bounds of the coefficients, of a feature in all classes, at least 0; None is none.
    standardize : bool, default=False
        Whether to penalise the coefficients of the features divided by their standard deviations; those that are
        reported are of the features as they are.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients of the log-odds of ``classes_[1]``, or of every class where there are more than two, in the dtype
        of X.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts, zero without one.
    dual_gap_ : float
        Duality gap of the coefficients, in units of the objective, computed on all features.
    n_iter_ : int
        Newton steps taken at alpha.
    n_passes_ : int
        Times X was read as a whole.
    sparse_coef_ : sparse matrix of the shape of ``coef_``
        Sparse representation of ``coef_``.
    scales_ : ndarray of shape (n_features,)
        What ``standardize=True`` divided the features by: their standard deviations, 1 where constant; else not there.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    SparseLogisticRegressionCV : Chooses alpha by cross-validation.
    logistic_path : Models of many alphas.

    References
    ----------
    .. [1] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1), eq. 14 and section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_sparsefit import SparseLogisticRegression
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> model = SparseLogisticRegression(alpha=0.05, standardize=True).fit(X, y)
    >>> model.feature_names_in_[np.flatnonzero(model.coef_)].tolist()
    ['mean concave points', 'worst radius', 'worst texture', 'worst concave points']
    """

    _parameter_constraints: ClassVar[dict] = {
        **PARAMETER_CONSTRAINTS,
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "grouped": ["boolean"],
    }

    def __init__(
        self,
        alpha=0.01,
        *,
        l1_ratio=1.0,
        fit_intercept=True,
        class_weight=None,
        grouped=False,
        max_iter=1000,
        tol=1e-4,
        solver="auto",
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.grouped = grouped
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.penalty_weights = penalty_weights
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never written to.
        y : array-like of shape (n_samples,)
            Two classes or more, by any labels.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0; only their proportions matter. A number means none.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y or the weights do not fit together or are not finite, y has a single class, a class has no sample
            that counts, or ``solver`` is not ``'auto'`` for more than two classes.
        """
        classes, codes = self._encoded(y)
        return self._fit(X, codes, sample_weight, lambda data: self._prepared(data, classes))


def alpha_from_C(C: ArrayLike, n_samples: int, sample_weight: ArrayLike | None = None) -> float | Vector:
    """The alpha of a model whose :class:`sklearn.linear_model.LogisticRegression` has some ``C``.

    That sums the losses of the samples, ``C * sum_i s_i f_i + penalty``, where models here take their mean.

    Parameters
    ----------
    C : float or array-like
        Inverse strength of the penalty, or several of them, such as the ``Cs`` of
        :class:`sklearn.linear_model.LogisticRegressionCV`.
    n_samples : int
        Number of samples it is fitted to.
    sample_weight : array-like of shape (n_samples,), default=None
        Their weights, at least 0, times those of their classes, if there are any.

    Returns
    -------
    alpha : float or ndarray of the shape of C
        ``1 / (C * sum(sample_weight))``, with weights of one in place of none.

    Raises
    ------
    ValueError
        If C is not above 0 and finite, there are no samples, or the weights are not so many numbers of at least 0.
    TypeError
        If C or ``n_samples`` are no numbers.

    Examples
    --------
    >>> from sklearn_sparsefit import alpha_from_C
    >>> alpha_from_C(1.0, 100)
    0.01
    >>> alpha_from_C([0.1, 1.0, 10.0], 100)
    array([0.1  , 0.01 , 0.001])
    """
    for place, price in np.ndenumerate(C):
        name = f"C{list(place)}" if place else "C"
        check_scalar(price, name, Real, min_val=0.0, include_boundaries="neither")
        if not np.isfinite(price):
            raise ValueError(f"{name} == {price}, must be finite: models here have a penalty.")
    if np.ndim(n_samples):
        raise TypeError(f"n_samples must be a number, got an array of shape {np.shape(n_samples)}; of y, pass len(y).")
    check_scalar(n_samples, "n_samples", Integral, min_val=1)
    weights = check_sample_weight(sample_weight, n_samples)
    alphas = 1.0 / (np.asarray(C, dtype=np.float64) * (n_samples if weights is None else weights.sum()))
    return alphas if alphas.ndim else float(alphas)
