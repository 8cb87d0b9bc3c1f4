"""Cross-validation in the packages that have it, and the accuracy of the paths on its folds."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
from entries import TARGET
from glmnet import Glmnet
from numpy.typing import NDArray
from packages import N_THREADS, Adelie, Celer, Package, ScikitLearn, SklearnSparsefit
from problem import Matrix, Problem


class CrossValidator(Package):
    """Chooses alpha by cross-validation; ``fit`` returns the coefficients for it, as a column."""

    def fold_paths(self, problem: Problem, variant: str, tol: float) -> Iterator[Matrix]:
        """The coefficients on every fold, which ``fit`` computes but does not return, for one l1_ratio."""
        raise NotImplementedError

    def posed(self, fold: Problem, problem: Problem) -> Problem:
        """What the package makes of the problem of a fold."""
        return fold

    def worst_gap(self, problem: Problem, coefs: Matrix, variant: str, tol: float) -> float:
        """Largest relative duality gap over all folds, or the first that is too large."""
        worst = 0.0
        for part in problem.parts():
            for fold, path in zip(part.folds(), self.fold_paths(part, variant, tol), strict=True):
                worst = max(worst, super().worst_gap(self.posed(fold, part), path, variant, tol))
                if worst > TARGET:
                    return worst
        return worst


class SklearnSparsefitCV(CrossValidator, SklearnSparsefit):
    """This package."""

    on_all_rows: type[Package] = SklearnSparsefit

    def _model(self, problem: Problem, tol: float, **options: Any) -> Any:
        from sklearn_sparsefit import ElasticNetCV, LassoCV

        options |= dict(eps=problem.eps, alphas=len(problem.alphas), tol=tol, cv=problem.n_folds, n_jobs=N_THREADS)
        l1_ratios = problem.l1_ratios or problem.l1_ratio
        return LassoCV(**options) if l1_ratios == 1 else ElasticNetCV(l1_ratio=l1_ratios, **options)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        self._fitted = self._model(problem, tol).fit(problem.X, problem.y)
        return self._fitted.coef_.reshape(-1, 1)

    def fold_paths(self, problem: Problem, variant: str, tol: float) -> Iterator[NDArray]:
        yield from self._model(problem, tol, store_fold_coefs=True).fit(problem.X, problem.y).fold_coef_path_

    def extras(self, problem: Problem, tol: float) -> dict[str, Any]:
        paths = [replace(part, n_folds=0) for part in problem.parts()]
        seconds = min(sum(self.on_all_rows().run(path, "", tol)[0] for path in paths) for _ in range(3))
        return {"passes": self._fitted.n_passes_, "path_seconds": seconds}


class _LikeScikitLearn(CrossValidator):
    """Estimators of scikit-learn's kind, which call their attribute ``path`` on every fold."""

    def _model(self, problem: Problem, variant: str, tol: float, **options: Any) -> Any:
        raise NotImplementedError

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        model = self._model(problem, variant, tol, eps=problem.eps, cv=problem.n_folds, n_jobs=N_THREADS)
        return model.fit(problem.X, problem.y).coef_[:, None]

    def fold_paths(self, problem: Problem, variant: str, tol: float) -> Iterator[Matrix]:
        for split in problem.splits():
            model = self._model(problem, variant, tol, eps=problem.eps, cv=[split])
            path, coefs = model.path, []

            def recorded(*arguments: Any, path: Any = path, coefs: list = coefs, **options: Any) -> tuple:
                result = path(*arguments, **options)
                coefs.append(result[1])
                return result

            model.path = recorded
            model.fit(problem.X, problem.y)
            yield coefs[0]


class ScikitLearnCV(_LikeScikitLearn, ScikitLearn):
    """scikit-learn, with and without its Gram matrix."""

    def _model(self, problem: Problem, variant: str, tol: float, **options: Any) -> Any:
        from sklearn.linear_model import ElasticNetCV, LassoCV

        options |= dict(alphas=len(problem.alphas), precompute=variant == "gram", max_iter=100_000, tol=tol)
        l1_ratios = problem.l1_ratios or problem.l1_ratio
        return LassoCV(**options) if l1_ratios == 1 else ElasticNetCV(l1_ratio=l1_ratios, **options)


class CelerCV(_LikeScikitLearn, Celer):
    """celer."""

    def _model(self, problem: Problem, variant: str, tol: float, **options: Any) -> Any:
        import celer

        options |= dict(n_alphas=len(problem.alphas), max_iter=1000, tol=tol)
        l1_ratios = problem.l1_ratios or problem.l1_ratio
        return celer.LassoCV(**options) if l1_ratios == 1 else celer.ElasticNetCV(l1_ratio=l1_ratios, **options)


class AdelieCV(CrossValidator, Adelie):
    """adelie, one l1_ratio after the other."""

    def variants(self, problem: Problem) -> tuple[str, ...]:
        return ("naive",)

    def options(self, problem: Problem, tol: float) -> dict[str, Any]:
        # It starts at the alpha_max of the lasso whatever the l1_ratio, so the l1_ratio goes into the penalty.
        penalty = np.full(problem.X.shape[1], 1 / problem.l1_ratio)
        return super().options(problem, tol) | dict(penalty=penalty)

    def fit(self, problem: Problem, variant: str, tol: float) -> Any:
        import adelie

        design, family = self.design(problem.X), self.family(problem)
        grid = dict(n_folds=problem.n_folds, min_ratio=problem.eps, lmda_path_size=len(problem.alphas))
        results = []
        # It shuffles the rows; unshuffled, its folds are everybody's.
        with mock.patch("numpy.random.choice", lambda n, *_, **__: np.arange(n)):
            for part in problem.parts():
                options = self.options(part, tol)
                results.append((adelie.cv.cv_grpnet(design, family, **grid, **options), options))
        result, options = min(results, key=lambda pair: pair[0].avg_losses.min())
        return result.fit(design, family, **options).betas[-1:].T

    def fold_paths(self, problem: Problem, variant: str, tol: float) -> Iterator[Any]:
        design = self.design(problem.X)
        scaled = replace(problem, alphas=problem.alphas * problem.l1_ratio)
        for train, _ in problem.splits():
            weights = np.bincount(train, minlength=len(problem.y)) / len(train)
            yield self.path(design, self.family(problem, weights), scaled, tol)


class GlmnetCV(CrossValidator, Glmnet):
    """glmnet, one l1_ratio after the other."""

    def posed(self, fold: Problem, problem: Problem) -> Problem:
        """It scales y to unit variance and both penalties like the lasso's: the ridge's is another one then."""
        if problem.loss != "squares":
            return fold
        ridge = (1 - fold.l1_ratio) / fold.y.std()
        share = fold.l1_ratio + ridge
        return replace(fold, alphas=fold.alphas * share, l1_ratio=fold.l1_ratio / share)

    def run(self, problem: Problem, variant: str, tol: float) -> tuple[float, Any]:
        seconds = 0.0
        for part in problem.parts():
            self._write_settings(part)
            seconds += self._time(f"{variant} cv", tol)
        return seconds, self._coefs()

    def fold_paths(self, problem: Problem, variant: str, tol: float) -> Iterator[Any]:
        self._write_settings(problem)
        for number in range(1, problem.n_folds + 1):
            self._ask(f"{variant} fold {number}", tol, 1)
            yield self._coefs()
