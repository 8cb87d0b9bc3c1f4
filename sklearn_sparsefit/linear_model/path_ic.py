"""What the estimators that choose alpha by an information criterion share."""

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.model_selection import check_cv

from sklearn_sparsefit._progress import Progress
from sklearn_sparsefit._sklearn import Interval, StrOptions, fit_context, safe_indexing
from sklearn_sparsefit._threads import single_threaded_blas
from sklearn_sparsefit._typing import Matrix
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.criteria import CRITERIA, ActiveColumns, information_criterion
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.exceptions import ModelWarning
from sklearn_sparsefit.linear_model.elastic_net_cv import LassoCV
from sklearn_sparsefit.linear_model.model_warnings import warn_if_at_edge, warn_of
from sklearn_sparsefit.linear_model.parameters import PARAMETER_CONSTRAINTS, one_of
from sklearn_sparsefit.linear_model.path_model import PATH_MODEL_CONSTRAINTS, RegressionPath
from sklearn_sparsefit.path import PathResult, SharedMoments
from sklearn_sparsefit.penalty import FeatureTerms

# Residuals this small beside y are rounding.
EXACT = 1e-14


class PathIC(RegressionPath):
    """Paths on the full data; the alpha (and l1_ratio) with the least value of an information criterion."""

    _parameter_constraints: ClassVar[dict] = {
        "criterion": [one_of(CRITERIA)],
        "noise_variance": [Interval(Real, 0, None, closed="neither"), StrOptions({"cv"}), None],
        "ebic_gamma": [Interval(Real, 0, None, closed="left")],
        **PATH_MODEL_CONSTRAINTS,
        "relax": PARAMETER_CONSTRAINTS["relax"],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit a path (for each l1_ratio), and keep the model with the least value of the criterion.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples: dense in any order or sparse, float32 or float64; read, never copied or written to.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : float or array-like of shape (n_samples,), default=None
            How often each row counts, at least 0: a row of weight 2 is the same as two rows, and the number of samples
            is the sum of the weights. So their scale matters here. Weights that are inverse variances should be divided
            by their mean. A number means none.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights or the alphas do not fit together or are not finite; if there are fewer than two
            samples, or too few to estimate the noise variance; if no alpha leaves enough of them for
            ``criterion="aicc"``.
        """
        data, l1_ratios, grids = self._check(X, y, sample_weight)
        self._check_n_samples(data)

        moments = SharedMoments(data.design, [slice(0, data.design.shape[0])], len(l1_ratios))
        progress = Progress(self, len(l1_ratios), self.verbose)
        labels = [""] if len(l1_ratios) == 1 else [f"l1_ratio={l1_ratio:g}" for l1_ratio in l1_ratios]
        with progress.stopped_on_error(), single_threaded_blas():
            (terms,) = self._terms(data, [data.sample_weight])
            paths = self._solve_full(data, terms, l1_ratios, grids, moments, progress, None)
            n_passes = progress.n_passes + moments.n_readings
            noise_variance, criterion, df = self._criteria(data, terms, l1_ratios, paths, moments)
        row, column = np.unravel_index(np.argmin(criterion), criterion.shape)
        alphas = np.stack([path.alphas for path in paths])
        self._set_fitted(
            alphas_=alphas if isinstance(self.alphas, Integral) and len(l1_ratios) > 1 else alphas[0],
            criterion_=criterion if len(l1_ratios) > 1 else criterion[0],
            df_path_=df if len(l1_ratios) > 1 else df[0],
            noise_variance_=noise_variance,
            n_passes_=n_passes,
            **self._term_outcome(terms),
            **self._outcome(l1_ratios[row], paths[row].relaxed(self.relax), int(column), data),
        )
        progress.end()
        warn_of(zip(labels, paths, strict=True), paths[row], self._feature_options(), data, self.tol)
        warn_if_at_edge(paths[row], int(column), terms, self._feature_options(), data, self.alphas)
        return self

    def _check_n_samples(self, data: TrainingData) -> None:
        """Refuse what cannot be fitted before it is."""
        n_samples, n_features = _n_samples(data), data.design.shape[1]
        found = f"n_samples={n_samples:g}"
        if data.sample_weight is not None:
            found += " (the sum of sample_weight, which counts how often each row is there)"
        if not np.isfinite(n_samples):
            raise ValueError("sample_weight counts how often each row is there, but it sums to infinity.")
        if n_samples < 2:
            raise ValueError(f"An information criterion needs at least 2 samples, got {found}.")
        if self.noise_variance is None and n_samples <= n_features + self.fit_intercept:
            raise ValueError(
                f"noise_variance=None estimates the noise variance by least squares, which takes more samples than"
                f" coefficients: got {found} and n_features={n_features}"
                f"{' and an intercept' if self.fit_intercept else ''}. Pass a number, or noise_variance='cv'."
            )
        weights, n_folds = data.sample_weight, check_cv().n_splits
        n_rows = data.design.shape[0] if weights is None else np.count_nonzero(weights)
        if self.noise_variance == "cv" and n_rows < n_folds:
            raise ValueError(
                f"noise_variance='cv' cross-validates in {n_folds} folds, which takes at least as many samples, got"
                f" {n_rows}{'' if weights is None else ' of positive weight'}. Pass a number as noise_variance."
            )

    def _criteria(
        self,
        data: TrainingData,
        terms: FeatureTerms,
        l1_ratios: list[float],
        paths: list[PathResult],
        moments: SharedMoments,
    ) -> tuple[float, Matrix, Matrix]:
        """Noise variance, and criterion and degrees of freedom of shape (n_l1_ratios, n_alphas)."""
        design, n_samples = data.design, _n_samples(data)
        datafit = Quadratic(data.targets[0], data.sample_weight, self.fit_intercept)
        everything = None
        if moments.n_readings or self.noise_variance is None:
            everything = ActiveColumns.all(design, datafit, moments)
        energies, df = np.empty((2, len(paths), len(paths[0].alphas)))
        for row, (l1_ratio, path) in enumerate(zip(l1_ratios, paths, strict=True)):
            features = path.kept if l1_ratio > 0 else np.arange(design.shape[1])
            columns = everything or ActiveColumns.some(design, datafit, features)
            energies[row] = columns.energies(path.relaxed(self.relax))
            df[row] = self.relax * columns.degrees_of_freedom(path, l1_ratio, terms)
            if self.relax < 1:
                df[row] += (1 - self.relax) * columns.degrees_of_freedom(path, 1.0, terms)
        # In units in which y is of order one, so that no square over- or underflows.
        noise_variance = self._noise_variance(data, datafit, everything)
        criterion = information_criterion(
            self.criterion,
            n_samples * energies,
            df,
            noise_variance=noise_variance,
            n_samples=n_samples,
            n_features=design.shape[1],
            fit_intercept=self.fit_intercept,
            ebic_gamma=self.ebic_gamma,
        )
        if np.isinf(criterion).all():
            raise ValueError(
                f"criterion='aicc' is infinite at every alpha: with n_samples={n_samples:g} the model with the fewest"
                f" degrees of freedom, {df.min():g} beside the intercept, has too many. Use another criterion."
            )
        criterion += 2 * n_samples * np.log(datafit.unit)
        if isinstance(self.noise_variance, Real):
            return float(self.noise_variance), criterion, df
        with np.errstate(over="ignore", under="ignore"):
            return float(noise_variance * np.square(datafit.unit)), criterion, df

    def _noise_variance(self, data: TrainingData, datafit: Quadratic, everything: ActiveColumns | None) -> float:
        """In units of ``datafit.unit`` squared."""
        limits = np.finfo(np.float64)
        if isinstance(self.noise_variance, Real):
            return float(np.clip(float(self.noise_variance) / datafit.unit / datafit.unit, limits.tiny, limits.max))
        n_samples = _n_samples(data)
        if self.noise_variance is None:
            fit = "The least-squares fit"
            assert everything is not None
            energy, df = everything.least_squares()
        else:
            fit = "The lasso that cross-validation chooses"
            model = LassoCV(
                eps=self.eps,
                fit_intercept=self.fit_intercept,
                positive=self.positive,
                penalty_weights=self.penalty_weights,
                lower_bounds=self.lower_bounds,
                upper_bounds=self.upper_bounds,
                standardize=self.standardize,
                max_iter=self.max_iter,
                tol=self.tol,
                solver=self.solver,
            )
            X, y, weights = data.table, data.targets[0], data.sample_weight
            if weights is not None and not weights.all():
                # Folds are made of the rows that count.
                rows = np.flatnonzero(weights)
                X, y, weights = safe_indexing(X, rows), y[rows], weights[rows]
            with warnings.catch_warnings():
                # The user has not chosen that grid's ends, and hears of what else there is to say from this model.
                warnings.simplefilter("ignore", ModelWarning)
                model.fit(X, y, weights)
            energy, df = ActiveColumns.some(data.design, datafit, np.flatnonzero(model.coef_)).fit_of(model.coef_)
        n_left = n_samples - df - self.fit_intercept
        if n_left <= 0:
            raise ValueError(
                f"{fit} uses up all samples: {df} degrees of freedom{' and an intercept' if self.fit_intercept else ''}"
                f" with n_samples={n_samples:g} leave none to estimate the noise variance. Pass a number as"
                " noise_variance."
            )
        rounding = (EXACT * np.sqrt(datafit.weights @ (data.targets[0] / datafit.unit) ** 2)) ** 2
        if energy <= rounding:
            warn_user(
                f"{fit} leaves no residuals but rounding: y is constant, or a linear function of X. The noise variance"
                " is taken to be that of rounding, and the criterion follows the residuals. You might want to pass a"
                " number as noise_variance.",
                ModelWarning,
            )
            return max(rounding, float(limits.tiny))
        return n_samples * energy / n_left


def _n_samples(data: TrainingData) -> float:
    with np.errstate(over="ignore"):
        return float(data.design.shape[0] if data.sample_weight is None else data.sample_weight.sum())
