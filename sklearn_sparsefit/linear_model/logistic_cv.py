"""Sparse logistic regression with alpha chosen by cross-validation."""

from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score
from sklearn.model_selection import check_cv

from sklearn_sparsefit._sklearn import Interval, StrOptions, fit_context, raise_for_params
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit.cv import Fold, mean_multinomial_losses
from sklearn_sparsefit.linear_model.generalized_model import GeneralizedCV
from sklearn_sparsefit.linear_model.logistic import ClassifierData, LogisticModel, SparseLogisticRegression
from sklearn_sparsefit.linear_model.path_model import ElasticNetPathModel
from sklearn_sparsefit.path import PathResult


class SparseLogisticRegressionCV(ElasticNetPathModel, LogisticModel, GeneralizedCV):
    """Logistic regression with combined L1 and L2 penalties, alpha and l1_ratio chosen by cross-validation.

    For the objective see :class:`SparseLogisticRegression`; for paths [1]_. Folds are row weightings: X is not copied.
    The ``Cs`` of :class:`sklearn.linear_model.LogisticRegressionCV` are ``alphas`` by :func:`alpha_from_C`.

    Parameters
    ----------
    l1_ratio : float or list of float, default=1.0
        Share of the L1 penalty, between 0 (ridge, for given ``alphas``) and 1; the best of a list is chosen.
    eps : float, default=None
        Length of the path, ``alpha_min / alpha_max``; None is 1e-3, or 1e-2 where there are more features than samples.
    alphas : int or array-like, default=100
        Number of alphas, evenly spaced in the logarithm for each l1_ratio, or the alphas themselves, above 0.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is not penalised.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, as in :class:`sklearn.linear_model.LogisticRegression`, from the full data; they
        multiply those of samples, in the fits and in each fold's loss.
    grouped : bool, default=False
        Whether a feature is kept for all classes or for none, where there are more than two.
    max_iter : int, default=1000
        Largest number of Newton steps per alpha, and at each that is put in between alphas far apart.
    tol : float, default=1e-4
        Every solution's duality gap is at most ``tol`` times the loss of the model without features.
    cv : int, splitter or iterable of (train, test) pairs, default=None
        Folds, stratified where these are a number; None is 5 of them.
    alpha_rule : {'min', '1se'} or callable, default='min'
        ``'min'``: the best mean score; ``'1se'``: the largest alpha within one standard error of it [2]_; or a
        function from ``cv_results_`` to an index into its ``params``.
    scoring : str or callable, default=None
        What the mean over the folds is taken of; None is minus the mean loss, the log loss, which is faster.
    n_jobs : int, default=None
        Threads that solve; the answers do not depend on it. -1 means all processors.
    verbose : bool or int, default=False
        Whether to print what is done.
    store_fold_coefs : bool, default=False
        Whether to keep the coefficients of every fold at every alpha.
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
        Mean loss, the log loss, of every alpha on the held-out rows of every fold.
    cv_results_ : dict of ndarrays
        Scores as :class:`sklearn.model_selection.GridSearchCV` has them, without times, and the standard errors of
        the means, ``se_test_score``; one entry for each pair of l1_ratio and alpha.
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients of the full data at ``alpha_`` and ``l1_ratio_``, of every class where there are more than two, in
        the dtype of X.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts, zero without one.
    dual_gap_ : float
        Duality gap at ``alpha_``, in units of the objective, computed on all features.
    n_iter_ : int
        Newton steps taken at ``alpha_``.
    n_passes_ : int
        Times X was read as a whole; several paths share each reading.
    coef_path_ : ndarray of shape (n_features, n_alphas) or (n_classes, n_features, n_alphas)
        Coefficients of the full data at every alpha, for ``l1_ratio_``.
    intercept_path_ : ndarray of shape (n_alphas,) or (n_classes, n_alphas)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps, in units of the objective, computed on all features.
    fold_coef_path_ : ndarray of shape (n_folds, n_features, n_alphas) or (n_folds, n_classes, n_features, n_alphas)
        Coefficients of every fold at every alpha, for ``l1_ratio_``; with ``store_fold_coefs``.
    fold_intercept_path_ : ndarray of shape (n_folds, n_alphas) or (n_folds, n_classes, n_alphas)
        Their intercepts.
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
    SparseLogisticRegression : At one alpha.
    CVCurveDisplay : Draws the losses along the path.
    CoefficientPathDisplay : Draws the coefficients along the path.

    References
    ----------
    .. [1] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1).
    .. [2] Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984). Classification and Regression Trees, section
       3.4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_sparsefit import SparseLogisticRegressionCV
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> model = SparseLogisticRegressionCV(standardize=True, alpha_rule="1se").fit(X, y)
    >>> model.score(X, y) > 0.97
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **GeneralizedCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "grouped": ["boolean"],
    }

    def __init__(
        self,
        *,
        l1_ratio=1.0,
        eps=None,
        alphas=100,
        fit_intercept=True,
        class_weight=None,
        grouped=False,
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
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.grouped = grouped
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
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Fit paths on every fold and on the full data, and keep the model of the alpha that is chosen.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never written to.
        y : array-like of shape (n_samples,)
            Two classes or more, by any labels.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0, in the fits and in each fold's loss, and in ``scoring`` if that takes them. The mean
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
            If X, y, the weights, the alphas or the folds do not fit together or are not finite, or y, in all or in the
            training rows of a fold, has a single class, or some class is missing there, or if ``scoring`` has no number
            for the held-out rows of a fold.
        """
        raise_for_params(params, self, "fit")
        classes, codes = self._encoded(y)
        if self.scoring == "roc_auc" and len(classes) > 2:
            raise ValueError(
                f"scoring='roc_auc' is for two classes, y has {len(classes)}: use 'roc_auc_ovr', the mean over each of"
                " them against the rest, or 'roc_auc_ovo'."
            )
        return self._fit(X, codes, sample_weight, params, prepare=lambda data: self._prepared(data, classes))

    def predict_path(self, X: Any) -> NDArray:
        """Predict the most likely class with the model of every alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        labels : ndarray of shape (n_samples, n_alphas)
            Classes, for the alphas in the order of ``coef_path_``.
        """
        return self._labels(self._raw_path(X))

    def predict_proba_path(self, X: Any) -> NDArray:
        """Predict the probabilities of all classes with the model of every alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes, n_alphas)
            In the order of ``classes_``, for the alphas in the order of ``coef_path_``.
        """
        return self._probabilities(self._raw_path(X))

    def score_path(self, X: Any, y: Any, sample_weight: Any = None) -> Vector:
        """Accuracy of the model of every alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            True classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        scores : ndarray of shape (n_alphas,)
            What :meth:`score` would be at every alpha.
        """
        return np.array([accuracy_score(y, labels, sample_weight=sample_weight) for labels in self.predict_path(X).T])

    def _splitter(self, data: TrainingData) -> Any:
        return check_cv(self.cv, data.targets[0], classifier=True)

    def _check_fold(self, data: ClassifierData, number: int, train_weight: Vector) -> None:
        where = f"Among the training samples of fold {number} that count"
        self._check_classes(data.targets[0].astype(np.intp), train_weight, data.classes, where)

    def _errors(self, result: PathResult, fold: Fold, data: ClassifierData, unit: float) -> Vector:
        if len(data.classes) == 2:
            return super()._errors(result, fold, data, unit)
        return mean_multinomial_losses(result, fold, data.design, self._target(data))

    def _route(self, data: ClassifierData, params: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        return super()._route(replace(data, sample_weight=data.given_weight), params)

    def _target_of_scorers(self, data: ClassifierData) -> NDArray:
        # Scorers are given labels, which the model predicts, not their numbers.
        return data.classes[self._target(data).astype(np.intp)]

    def _why_without_score(self, data: ClassifierData, fold: Fold) -> str:
        held_out = np.unique(self._target(data)[fold.test]).astype(np.intp)
        missing = np.setdiff1d(np.arange(len(data.classes)), held_out)
        if len(held_out) == 1:
            return f", whose held-out samples are all of class {data.classes.tolist()[held_out[0]]!r}"
        if len(missing):
            return f", which holds out no samples of class {data.classes.tolist()[missing[0]]!r}"
        return ""

    def _model_of(self, alpha: float, l1_ratio: float) -> SparseLogisticRegression:
        return SparseLogisticRegression(alpha, l1_ratio=l1_ratio, fit_intercept=self.fit_intercept)
