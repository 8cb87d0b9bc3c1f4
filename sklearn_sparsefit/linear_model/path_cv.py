"""What the estimators that choose alpha by cross-validation share."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from sklearn_sparsefit._progress import PathJob, Progress
from sklearn_sparsefit._sklearn import check_method_params, routing_enabled, safe_indexing, score_function
from sklearn_sparsefit._threads import single_threaded_blas
from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData, takes_sample_weight
from sklearn_sparsefit._warnings import kept_warnings, warn_user
from sklearn_sparsefit.cv import Fold, Scores, make_folds, share_moments
from sklearn_sparsefit.design import SomeRows
from sklearn_sparsefit.linear_model.base import SparseLinearModel, make_path
from sklearn_sparsefit.linear_model.model_warnings import warn_if_at_edge, warn_if_interpolated, warn_of
from sklearn_sparsefit.linear_model.parameters import one_of
from sklearn_sparsefit.linear_model.path_model import PATH_MODEL_CONSTRAINTS, PathModel, path_labels
from sklearn_sparsefit.path import PathResult, SharedMoments


@dataclass(frozen=True)
class _FoldPath:
    """The path of one fold for one of the l1_ratios, by their numbers."""

    fold: int
    row: int
    label: str
    result: PathResult


class PathCV(PathModel):
    """Paths on the full data and on every fold, and the alpha (and l1_ratio) that a rule chooses by their scores."""

    _parameter_constraints: ClassVar[dict] = {
        "cv": ["cv_object"],
        "n_jobs": [Integral, None],
        "alpha_rule": [one_of(("min", "1se")), callable],
        "scoring": [one_of(get_scorer_names()), callable, None],
        "store_fold_coefs": ["boolean"],
        **PATH_MODEL_CONSTRAINTS,
    }

    def _fit(self, X: Any, y: Any, sample_weight: Any, params: dict[str, Any], **known: Any) -> Self:
        """Fit; ``known`` is for :meth:`_check`."""
        data, l1_ratios, grids = self._check(X, y, sample_weight, **known)
        relaxes = self._relaxes()
        split_params, score_params = self._route(data, params)
        splits = self._splitter(data).split(data.design.X, self._target(data).T, **split_params)
        folds = make_folds(splits, data.design.shape[0], data.sample_weight)

        unit = self._error_unit(data)

        progress = Progress(self, len(l1_ratios) * (1 + len(folds)), self.verbose)
        measure = share_moments(data.design, folds, len(data.targets))
        with progress.stopped_on_error(), single_threaded_blas():
            (terms,) = self._terms(data, [data.sample_weight])
            full_paths = self._solve_full(data, terms, l1_ratios, grids, measure, progress, self.n_jobs)
            n_alphas = len(full_paths[0].alphas)
            fold_paths, errors, scores = [], *np.empty((2, len(l1_ratios), len(relaxes), n_alphas, len(folds)))
            of_scorer: dict[str, type[Warning]] = {}
            for path in self._solve_folds(data, l1_ratios, full_paths, folds, measure, progress):
                fold = folds[path.fold]
                for number, relax in enumerate(relaxes):
                    place, result = (path.row, number, slice(None), path.fold), path.result.relaxed(relax)
                    errors[place] = self._errors(result, fold, data, unit)
                    if self.scoring is not None:
                        with kept_warnings(of_scorer):
                            scores[place] = self._score(result, fold, data, l1_ratios[path.row], score_params)
                fold_paths.append(path if self.store_fold_coefs else replace(path, result=path.result.without_coefs()))
            if self.scoring is not None:
                self._check_scores(scores, folds, data, of_scorer)
        alphas = np.stack([path.alphas for path in full_paths])
        names = ("l1_ratio",) if relaxes == [1.0] else ("l1_ratio", "relax")
        settings = [dict(zip(names, pair, strict=False)) for pair in product(l1_ratios, relaxes)]
        values = (scores if self.scoring else -errors).reshape(len(settings), n_alphas, len(folds))
        alphas_of_settings = np.repeat(alphas, len(relaxes), axis=0)
        scored = Scores(values, settings, alphas_of_settings, 1.0 if self.scoring else unit)
        setting, column = scored.choose(self.alpha_rule)
        row, relax = setting // len(relaxes), relaxes[setting % len(relaxes)]
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            error_path = np.squeeze(errors) * unit * unit
            cv_results = scored.table()
        self._set_fitted(
            alphas_=alphas if isinstance(self.alphas, Integral) and len(l1_ratios) > 1 else alphas[0],
            alpha_min_=alphas_of_settings[scored.best()],
            alpha_1se_=alphas_of_settings[scored.within_one_standard_error()],
            **{self._error_name: error_path},
            cv_results_=cv_results,
            n_passes_=progress.n_passes + (measure.n_readings if measure else 0),
            **(dict(relax_=relax) if "relax" in vars(self) else {}),
            **self._term_outcome(terms),
            **self._outcome(l1_ratios[row], full_paths[row].relaxed(relax), column, data),
            **self._fold_outcome([path.result.relaxed(relax) for path in fold_paths if path.row == row], data),
        )
        progress.end()
        full_labels = path_labels(l1_ratios, "the full data")
        labelled = [*zip(full_labels, full_paths, strict=True), *((path.label, path.result) for path in fold_paths)]
        warn_of(labelled, full_paths[row], self._feature_options(), data, self.tol)
        of_folds = [(path.fold, path.result) for path in fold_paths]
        warn_if_interpolated(of_folds, folds, terms, self.fit_intercept)
        warn_if_at_edge(full_paths[row], column, terms, self._feature_options(), data, self.alphas)
        for message, category in of_scorer.items():
            warn_user(message, category)
        return self

    # Attribute that holds the errors of every alpha on every fold.
    _error_name: ClassVar[str]

    @abstractmethod
    def _errors(self, result: PathResult, fold: Fold, data: TrainingData, unit: float) -> Vector:
        """Error on the held-out rows, the smaller the better, of every alpha, in units of ``unit`` squared."""

    @abstractmethod
    def _model_of(self, alpha: float, l1_ratio: float) -> SparseLinearModel:
        """A model that a scorer may be asked about, less its coefficients."""

    def _error_unit(self, data: TrainingData) -> float:
        """So that no square over- or underflows before a choice is made."""
        return 1.0

    def _splitter(self, data: TrainingData) -> Any:
        return check_cv(self.cv)

    def _solve_folds(
        self,
        data: TrainingData,
        l1_ratios: list[float],
        full_paths: list[PathResult],
        folds: list[Fold],
        measure: SharedMoments | None,
        progress: Progress,
    ) -> Iterator[_FoldPath]:
        """Solve the paths of all folds, as many together as memory allows."""
        numbers = np.array(list(product(range(len(folds)), range(len(l1_ratios)))))
        for group in self._groups(numbers, data, full_paths):
            weightings = {number: folds[number].train_weight for number, _ in group.tolist()}
            terms = dict(zip(weightings, self._terms(data, list(weightings.values())), strict=True))
            designs = {number: SomeRows(data.design, np.flatnonzero(weightings[number])) for number in weightings}
            datafits = {
                number: self._datafit(data.at(design.rows, weightings[number][design.rows]))
                for number, design in designs.items()
            }
            jobs, options = [], self._options_of(len(group), measure)
            for number, row in group.tolist():
                alphas, label = full_paths[row].alphas, path_labels(l1_ratios, f"fold {number}")[row]
                of_path = terms[number], l1_ratios[row], options, self._penalty_of_tasks
                path = make_path(data, datafits[number], *of_path, alphas=alphas)
                jobs.append(PathJob("fold", label, path, len(alphas), designs[number], measure))
            results = progress.drive(jobs, data.design, self.n_jobs)
            for (number, row), job, result in zip(group.tolist(), jobs, results, strict=True):
                yield _FoldPath(number, row, job.label, result)

    def _score(
        self, result: PathResult, fold: Fold, data: TrainingData, l1_ratio: float, params: dict[str, Any]
    ) -> Vector:
        """What the scorer makes, on the held-out rows, of the model of every alpha."""
        scorer = self._scorer()
        if isinstance(self.scoring, str):
            # Named scorers only predict; looking through thousands of columns for every alpha would take longer.
            data = data.without_names()
        X, y = safe_indexing(data.table, fold.test), self._target_of_scorers(data)[..., fold.test].T
        params = check_method_params(data.design.X, params, fold.test)
        scores = np.empty(len(result.alphas))
        for number, alpha in enumerate(result.alphas):
            model = self._model_of(alpha, l1_ratio)
            model._set_fitted(**self._coefs_of(result, number, data), **model._remembered_of(data))
            try:
                scores[number] = scorer(model, X, y, **params)
            except (AttributeError, ValueError) as error:
                why = self._why_without_score(data, fold)
                kind = "classifiers" if is_classifier(self) else "regressors"
                fails = f" for a fold{why}." if why else f"; is it for {kind}?"
                raise ValueError(f"scoring={self.scoring!r} fails{fails} {error}") from error
        return scores

    def _target_of_scorers(self, data: TrainingData) -> NDArray:
        return self._target(data)

    def _check_scores(
        self, scores: NDArray[np.float64], folds: list[Fold], data: TrainingData, warned_of: Iterable[str]
    ) -> None:
        """Refuse a fold that has no score for any model, so that none has a mean."""
        without = np.flatnonzero(np.isnan(scores).all(axis=(0, 1, 2)))
        if not len(without):
            return
        number = int(without[0])
        raise ValueError(
            f"scoring={self.scoring!r} has no number for fold {number} at any alpha"
            f"{self._why_without_score(data, folds[number])}. Take fewer folds, others or another scoring."
            f" {' '.join(warned_of)}".rstrip()
        )

    def _why_without_score(self, data: TrainingData, fold: Fold) -> str:
        """What the held-out samples of a fold are that a scorer has no number for, if that is known."""
        return ""

    def _scorer(self) -> Any:
        return check_scoring(self._model_of(1.0, 1.0), scoring=self.scoring)

    def _route(self, data: TrainingData, params: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Parameters for the splitter and for the scorer."""
        sample_weight = data.sample_weight
        if not routing_enabled():
            if sample_weight is None or self.scoring is None:
                return {}, {}
            function, _ = score_function(self._scorer())
            return {}, {"sample_weight": sample_weight} if takes_sample_weight(function) else {}
        routed = process_routing(self, "fit", sample_weight=sample_weight, **params)
        return routed.splitter.split, routed.scorer.score if self.scoring is not None else {}

    def _fold_outcome(self, paths: list[PathResult], data: TrainingData) -> dict[str, Any]:
        if not self.store_fold_coefs:
            return {}
        return dict(
            fold_coef_path_=np.stack([path.dense_coefs(data.dtype) for path in paths]),
            fold_intercept_path_=np.stack([path.intercepts.astype(data.dtype).T for path in paths]),
        )

    def get_metadata_routing(self) -> MetadataRouter:
        """Say that ``sample_weight`` stays here and other parameters of :meth:`fit` go to splitter and scorer.

        Returns
        -------
        routing : MetadataRouter
            How metadata are routed.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(splitter=check_cv(self.cv), method_mapping=MethodMapping().add(caller="fit", callee="split"))
        if self.scoring is not None:
            router.add(scorer=self._scorer(), method_mapping=MethodMapping().add(caller="fit", callee="score"))
        return router
