"""Lasso and elastic net with alpha chosen by cross-validation."""

from abc import abstractmethod
from dataclasses import replace
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv
from sklearn.utils import column_or_1d
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from sklearn_sparsefit._progress import PathJob, Progress
from sklearn_sparsefit._sklearn import Interval, StrOptions, fit_context, raise_for_params, routing_enabled
from sklearn_sparsefit._validation import TrainingData, check_alphas, check_gram, check_l1_ratios, check_training_data
from sklearn_sparsefit.cv import Fold, make_folds, run_jobs
from sklearn_sparsefit.linear_model.base import PARAMETER_CONSTRAINTS, SparseLinearRegressor, make_path, path_attributes
from sklearn_sparsefit.linear_model.paths import enet_path, lasso_path
from sklearn_sparsefit.path import AlphaGrid, PathResult, Solved, warn_if_loose

Vector = NDArray[np.float64]


class _PathCV(SparseLinearRegressor):
    """Paths on the full data and on every fold; the alpha (and l1_ratio) with the least mean squared error."""

    _parameter_constraints: ClassVar[dict] = {
        "eps": [Interval(Real, 0, None, closed="neither")],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
        "cv": ["cv_object"],
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
        **PARAMETER_CONSTRAINTS,
    }

    @abstractmethod
    def _l1_ratios(self) -> list[float]:
        """The l1_ratios to choose from."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Fit paths on every fold and on the full data, and keep the model of the best alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never copied or written to.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights, at least 0, in the fits and in each fold's mean squared error. The mean over folds is plain. A
            number means none.
        **params : dict
            Parameters for the splitter, such as ``groups``, with metadata routing enabled.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights, the alphas or the folds do not fit together or are not finite.
        """
        raise_for_params(params, self, "fit")
        data = check_training_data(X, y, sample_weight, estimator=self)
        if len(data.targets) > 1:
            raise ValueError(f"For multi-task outputs, use MultiTask{type(self).__name__}")
        target = column_or_1d(data.targets[0] if data.y_ndim == 1 else data.targets.T, warn=True)
        l1_ratios = self._l1_ratios()
        grids = [check_alphas(self.alphas, self.eps, l1_ratio) for l1_ratio in l1_ratios]
        check_gram(self.precompute, data, self.fit_intercept)
        split_params = {}
        if routing_enabled():
            split_params = process_routing(self, "fit", sample_weight=sample_weight, **params).splitter.split
        splits = check_cv(self.cv).split(data.design.X, target, **split_params)
        folds = make_folds(splits, len(target), data.sample_weight)

        progress = Progress(self, len(l1_ratios) * (1 + len(folds)), self.verbose)
        with progress.stopped_on_error():
            full_paths = self._full_paths(data, l1_ratios, grids, progress)
            fold_paths, errors = self._fold_paths(
                data, l1_ratios, [path.alphas for path in full_paths], folds, progress
            )
        # The mean over folds is plain, whatever the weights within them.
        best = np.unravel_index(np.argmin(errors.mean(axis=2)), errors.shape[:2])
        labelled = [*zip(_labels(l1_ratios, "the full data"), full_paths, strict=True), *fold_paths]
        alphas = np.stack([path.alphas for path in full_paths])
        self._set_fitted(
            alphas_=alphas if isinstance(self.alphas, Integral) and len(l1_ratios) > 1 else alphas[0],
            mse_path_=np.squeeze(errors),
            n_passes_=sum(path.n_passes for _, path in labelled),
            **self._outcome(l1_ratios[best[0]], full_paths[best[0]], best[1], data),
        )
        progress.end()
        warn_if_loose(labelled, self.tol)
        return self

    def _full_paths(
        self, data: TrainingData, l1_ratios: list[float], grids: list[Vector | AlphaGrid], progress: Progress
    ) -> list[PathResult]:
        jobs = []
        for l1_ratio, grid, label in zip(l1_ratios, grids, _labels(l1_ratios, "full data"), strict=True):
            n_alphas = grid.n_alphas if isinstance(grid, AlphaGrid) else len(grid)
            job = PathJob("full data", label, self._path(data, l1_ratio, grid), data.design, n_alphas)
            jobs.append(partial(progress.drive, len(jobs), job))
        return run_jobs(jobs, self.n_jobs)

    def _fold_paths(
        self,
        data: TrainingData,
        l1_ratios: list[float],
        grids: list[Vector],
        folds: list[Fold],
        progress: Progress,
    ) -> tuple[list[tuple[str, PathResult]], NDArray[np.float64]]:
        """Labelled paths, and mean squared errors of shape (n_l1_ratios, n_alphas, n_folds)."""
        errors = np.empty((len(l1_ratios), len(grids[0]), len(folds)))
        labels, jobs = [], []
        for number, fold in enumerate(folds):
            fold_data = replace(data, sample_weight=fold.train_weight)
            for row, label in enumerate(_labels(l1_ratios, f"fold {number}")):

                def score(solved: Solved, row=row, number=number, fold=fold) -> None:
                    errors[row, solved.index, number] = fold.mean_squared_error(solved.residual)

                path = self._path(fold_data, l1_ratios[row], grids[row], residuals=True)
                job = PathJob("fold", label, path, data.design, len(grids[row]), score)
                labels.append(label)
                jobs.append(partial(progress.drive, len(l1_ratios) + len(jobs), job))
        return list(zip(labels, run_jobs(jobs, self.n_jobs), strict=True)), errors

    def _path(self, data: TrainingData, l1_ratio: float, alphas: Vector | AlphaGrid, residuals: bool = False):
        options = replace(self._options(), residuals=residuals)
        return make_path(
            data, data.targets[0], l1_ratio, self.positive, self.fit_intercept, alphas=alphas, options=options
        )

    def _outcome(self, l1_ratio: float, path: PathResult, best: int, data: TrainingData) -> dict[str, Any]:
        return path_attributes(path, best, data, self.fit_intercept)

    def get_metadata_routing(self) -> MetadataRouter:
        """Say that ``sample_weight`` stays here and other parameters of :meth:`fit` go to the splitter.

        Returns
        -------
        routing : MetadataRouter
            How metadata are routed.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(splitter=check_cv(self.cv), method_mapping=MethodMapping().add(caller="fit", callee="split"))
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        return tags


def _labels(l1_ratios: list[float], what: str) -> list[str]:
    return [what] if len(l1_ratios) == 1 else [f"{what}, l1_ratio={l1_ratio:g}" for l1_ratio in l1_ratios]


class LassoCV(_PathCV):
    """Lasso with alpha chosen by cross-validation, every solution certified by its duality gap.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given)::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2 + alpha * ||coef||_1

    A drop-in replacement for :class:`sklearn.linear_model.LassoCV`. Folds are row weightings: X is not copied.

    Parameters
    ----------
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
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
    cv : int, splitter or iterable of (train, test) pairs, default=None
        How to split; None means 5 folds.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
    n_jobs : int, default=None
        Number of threads to work in; the results do not depend on it. None means 1, -1 all cores.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    random_state : int, RandomState instance, default=None
        Accepted for compatibility: nothing here is random.
    selection : {'cyclic', 'random'}, default='cyclic'
        Accepted for compatibility: the answer, certified, is the same for any order of the coordinates.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        See :class:`ElasticNet`.

    Attributes
    ----------
    alpha_ : float
        The alpha with the least mean squared error.
    alphas_ : ndarray of shape (n_alphas,)
        The alphas tried, from the largest.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error of every alpha on every fold.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the full data at ``alpha_``, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap at ``alpha_``, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken at ``alpha_``.
    n_passes_ : int
        Times X was read as a whole, over all paths.
    coef_path_ : ndarray of shape (n_features, n_alphas)
        Coefficients of the full data at every alpha.
    intercept_path_ : ndarray of shape (n_alphas,)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps, in units of the objective, computed on all features.
    sparse_coef_ : sparse matrix of shape (1, n_features) or (n_targets, n_features)
        Sparse representation of ``coef_``.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    ElasticNetCV : L1 and L2 penalties together.
    CVCurveDisplay : Draws the error along the path.
    CoefficientPathDisplay : Draws the coefficients along the path.

    References
    ----------
    .. [1] Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. JRSS B 58.
    .. [2] Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
       coordinate descent. Journal of Statistical Software 33(1).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import LassoCV
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = LassoCV(cv=10).fit(X, y)
    >>> list(model.feature_names_in_[model.coef_ != 0])
    ['sex', 'bmi', 'bp', 's1', 's3', 's5', 's6']
    >>> bool(model.dual_gap_path_.max() < 1e-8)
    True
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        cv=None,
        verbose=False,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
        solver="auto",
    ):
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.solver = solver

    def _l1_ratios(self) -> list[float]:
        return [1.0]


class ElasticNetCV(_PathCV):
    """Elastic net with alpha and l1_ratio chosen by cross-validation, certified by duality gaps.

    Minimises, with weights s_i (1 unless ``sample_weight`` is given)::

        1 / (2 * sum_i s_i) * sum_i s_i * (y_i - intercept - x_i @ coef)^2
        + alpha * (l1_ratio * ||coef||_1 + (1 - l1_ratio) / 2 * ||coef||_2^2)

    A drop-in replacement for :class:`sklearn.linear_model.ElasticNetCV`. Folds are row weightings: X is not copied.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share of the L1 penalty, between 0 (ridge) and 1 (lasso); the best of a list is chosen.
    eps : float, default=1e-3
        Length of the path, ``alpha_min / alpha_max``.
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
    cv : int, splitter or iterable of (train, test) pairs, default=None
        How to split; None means 5 folds.
    copy_X : bool, default=True
        Accepted for compatibility: X is neither copied nor written to.
    verbose : bool or int, default=False
        1 prints a line for each path, 2 one for each alpha.
    n_jobs : int, default=None
        Number of threads to work in; the results do not depend on it. None means 1, -1 all cores.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    random_state : int, RandomState instance, default=None
        Accepted for compatibility: nothing here is random.
    selection : {'cyclic', 'random'}, default='cyclic'
        Accepted for compatibility: the answer, certified, is the same for any order of the coordinates.
    solver : {'auto', 'cd', 'prox_grad'}, default='auto'
        See :class:`ElasticNet`.

    Attributes
    ----------
    alpha_ : float
        The alpha with the least mean squared error.
    l1_ratio_ : float
        The l1_ratio with the least mean squared error.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        The alphas tried, from the largest, for each l1_ratio.
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
        Mean squared error of every alpha on every fold.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the full data at ``alpha_`` and ``l1_ratio_``, in the dtype of X.
    intercept_ : float
        Intercept, 0.0 without one.
    dual_gap_ : float
        Duality gap at ``alpha_``, in units of the objective, computed on all features.
    n_iter_ : int
        Iterations taken at ``alpha_``.
    n_passes_ : int
        Times X was read as a whole, over all paths.
    coef_path_ : ndarray of shape (n_features, n_alphas)
        Coefficients of the full data at every alpha, for ``l1_ratio_``.
    intercept_path_ : ndarray of shape (n_alphas,)
        Their intercepts.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Their duality gaps, in units of the objective, computed on all features.
    sparse_coef_ : sparse matrix of shape (1, n_features) or (n_targets, n_features)
        Sparse representation of ``coef_``.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    LassoCV : The L1 penalty alone.
    CVCurveDisplay : Draws the error along the path.
    CoefficientPathDisplay : Draws the coefficients along the path.

    References
    ----------
    .. [1] Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net. JRSS B 67.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import ElasticNetCV
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = ElasticNetCV(l1_ratio=[0.5, 0.9, 1.0], cv=10).fit(X, y)
    >>> model.l1_ratio_
    1.0
    """

    path = staticmethod(enet_path)
    _parameter_constraints: ClassVar[dict] = {
        **_PathCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        cv=None,
        copy_X=True,
        verbose=False,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
        solver="auto",
    ):
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.solver = solver

    def _l1_ratios(self) -> list[float]:
        return check_l1_ratios(self.l1_ratio)

    def _outcome(self, l1_ratio: float, path: PathResult, best: int, data: TrainingData) -> dict[str, Any]:
        return dict(l1_ratio_=l1_ratio, **super()._outcome(l1_ratio, path, best, data))
