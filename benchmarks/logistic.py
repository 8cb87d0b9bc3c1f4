"""Logistic regression in the packages that have functions of their own for it."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from cross_validation import CrossValidator, SklearnSparsefitCV
from numpy.typing import NDArray
from packages import N_THREADS, Celer, Package, ScikitLearn, Skglm, SklearnSparsefit
from problem import Matrix, Problem
from scipy import sparse


def by_rows(X: Matrix) -> Matrix:
    """X as solvers that go from sample to sample read it."""
    return X.tocsr() if sparse.issparse(X) else np.ascontiguousarray(X)


class SklearnSparsefitLogistic(SklearnSparsefit):
    """This package's path function, or its estimator at a single alpha."""

    tols = (1e-4, 1e-5, 4e-6, 1e-6, 1e-7, 1e-8)

    def path(self, problem: Problem, tol: float, **options: Any) -> NDArray:
        from sklearn_sparsefit import logistic_path

        options |= dict(l1_ratio=problem.l1_ratio, alphas=problem.alphas, fit_intercept=problem.intercept, tol=tol)
        return logistic_path(problem.X, problem.y, **options)[1]

    def estimator(self, problem: Problem, **options: Any) -> Any:
        from sklearn_sparsefit import SparseLogisticRegression

        return SparseLogisticRegression(problem.alpha, l1_ratio=problem.l1_ratio, **options)


class ScikitLearnLogistic(ScikitLearn):
    """scikit-learn, by liblinear, which begins from zero at every alpha; by saga where that cannot take the problem."""

    tols = (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)

    def variants(self, problem: Problem) -> tuple[str, ...]:
        return ("saga",) if problem.intercept or problem.l1_ratio < 1 else ("liblinear",)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from sklearn.linear_model import LogisticRegression

        X, n_samples = by_rows(problem.X), len(problem.y)
        options = dict(l1_ratio=problem.l1_ratio, fit_intercept=problem.intercept, warm_start=variant == "saga")
        model = LogisticRegression(solver=variant, tol=tol, max_iter=100_000, random_state=0, **options)
        fits = (model.set_params(C=1 / (alpha * n_samples)).fit(X, problem.y) for alpha in problem.alphas)
        return np.column_stack([fitted.coef_[0] for fitted in fits])


class CelerLogistic(Celer):
    """celer's path function with proximal Newton steps, as its estimator has them; its loss is a sum."""

    tols = (1e-5, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13)

    def refusal(self, problem: Problem) -> str | None:
        if problem.intercept:
            return "no intercept"
        return "lasso only" if problem.l1_ratio < 1 else None

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from celer.homotopy import celer_path

        signs = 2 * problem.y - 1
        options = dict(alphas=problem.alphas * len(signs), tol=tol, use_PN=True, max_iter=1000)
        return celer_path(problem.X, signs, "logreg", **options)[1]


class SkglmLogistic(Skglm):
    """skglm's proximal Newton steps, as its estimator has them; it has no path of them, so the loop is written here."""

    tols = (1e-4, 1e-5, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8, 1e-9)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from skglm.datafits import Logistic
        from skglm.penalties import L1_plus_L2
        from skglm.solvers import ProxNewton
        from skglm.utils.jit_compilation import compiled_clone

        X, signs, n_features = problem.X, 2 * problem.y - 1, problem.X.shape[1]
        datafit, penalty = compiled_clone(Logistic()), compiled_clone(L1_plus_L2(1.0, problem.l1_ratio))
        tol *= problem.alpha_max * problem.l1_ratio
        solver = ProxNewton(tol=tol, fit_intercept=problem.intercept, warm_start=True, max_iter=100)
        w, predictions = np.zeros(n_features + problem.intercept), np.zeros(len(signs))
        coefs = np.zeros((n_features, len(problem.alphas)), order="F")
        for k, alpha in enumerate(problem.alphas):
            penalty.alpha = alpha
            solver.p0 = max(10, np.count_nonzero(w[:n_features]))
            w = solver.solve(X, signs, datafit, penalty, w, predictions)[0]
            predictions = X @ w[:n_features] + w[n_features:].sum()
            coefs[:, k] = w[:n_features]
        return coefs


class Liblinear(Package):
    """liblinear by its own interface, where it can leave the intercept free; from zero at every alpha."""

    name = "liblinear"
    tols = (1e-2, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)

    def refusal(self, problem: Problem) -> str | None:
        return "lasso only" if problem.l1_ratio < 1 else None

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from liblinear import liblinearutil

        X, y = problem.X, problem.y
        data = liblinearutil.problem(y, by_rows(X), bias=1.0 if problem.intercept else -1.0)
        coefs = np.empty((X.shape[1], len(problem.alphas)), order="F")
        for k, alpha in enumerate(problem.alphas):
            free = "-B 1 -R" if problem.intercept else ""
            model = liblinearutil.train(data, f"-s 6 -q -c {1 / (alpha * len(y)):.17g} -e {tol:g} {free}")
            # Coefficients are those of the label that comes first.
            sign = 1 if model.get_labels()[0] == 1 else -1
            coefs[:, k] = sign * np.ctypeslib.as_array(model.w, (X.shape[1],))
        return coefs

    def versions(self) -> dict[str, str]:
        return {name: version(name) for name in ("liblinear-official", "numpy", "scipy")}


class SklearnSparsefitLogisticCV(SklearnSparsefitCV):
    """This package."""

    tols = SklearnSparsefitLogistic.tols
    on_all_rows = SklearnSparsefitLogistic

    def _model(self, problem: Problem, tol: float, **options: Any) -> Any:
        from sklearn_sparsefit import SparseLogisticRegressionCV

        options |= dict(eps=problem.eps, alphas=len(problem.alphas), tol=tol, cv=problem.splits(), n_jobs=N_THREADS)
        return SparseLogisticRegressionCV(l1_ratio=problem.l1_ratios or problem.l1_ratio, **options)


class ScikitLearnLogisticCV(CrossValidator, ScikitLearnLogistic):
    """scikit-learn, with saga, which starts where the alpha before ended."""

    def posed(self, fold: Problem, problem: Problem) -> Problem:
        """It adds losses up, so with fewer samples the same C is another alpha."""
        return replace(fold, alphas=fold.alphas * len(problem.y) / len(fold.y))

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from sklearn.linear_model import LogisticRegressionCV

        options = dict(Cs=1 / (problem.alphas * len(problem.y)), l1_ratios=(problem.l1_ratio,), solver=variant)
        options |= dict(tol=tol, max_iter=100_000, random_state=0, cv=problem.splits(), n_jobs=N_THREADS)
        model = LogisticRegressionCV(scoring="neg_log_loss", use_legacy_attributes=False, **options)
        self._fitted = model.fit(by_rows(problem.X), problem.y)
        return self._fitted.coef_.T

    def fold_paths(self, problem: Problem, variant: str, tol: float) -> Iterator[NDArray]:
        n_features = problem.X.shape[1]
        for coefs in self._fitted.coefs_paths_:
            yield coefs.reshape(len(problem.alphas), -1)[:, :n_features].T
