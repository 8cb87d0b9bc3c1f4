"""Paths of several tasks; coefficients have shape (n_features, n_tasks, n_alphas)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from packages import Celer, ScikitLearn, Skglm, SklearnSparsefit
from problem import Problem
from scipy import sparse


class SklearnSparsefitTasks(SklearnSparsefit):
    """This package's path function."""

    def path(self, problem: Problem, tol: float, **options: Any) -> NDArray:
        return np.swapaxes(super().path(problem, tol, **options), 0, 1)


class ScikitLearnTasks(ScikitLearn):
    """scikit-learn's path function, which uses no Gram matrix."""

    def variants(self, problem: Problem) -> tuple[str, ...]:
        return ("",)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from sklearn.linear_model import enet_path

        X, Y = problem.X, problem.y
        options = dict(l1_ratio=problem.l1_ratio, alphas=problem.alphas, max_iter=100_000, tol=tol)
        return np.swapaxes(enet_path(X, Y, **options)[1], 0, 1)


class CelerTasks(Celer):
    """celer's path function of the multi-task lasso, of dense X."""

    def refusal(self, problem: Problem) -> str | None:
        if problem.l1_ratio < 1:
            return "lasso only"
        return "dense only" if sparse.issparse(problem.X) else None

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from celer.homotopy import mtl_path

        X, Y = np.asfortranarray(problem.X), np.asfortranarray(problem.y)
        coefs = mtl_path(X, Y, alphas=problem.alphas, tol=tol, max_iter=1000)[1]
        return np.swapaxes(coefs, 0, 1) if coefs.shape[0] == Y.shape[1] else coefs


class SkglmTasks(Skglm):
    """skglm's block coordinate descent along a path."""

    def refusal(self, problem: Problem) -> str | None:
        return "lasso only" if problem.l1_ratio < 1 else None

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from skglm.datafits import QuadraticMultiTask
        from skglm.penalties import L2_1
        from skglm.solvers import MultiTaskBCD
        from skglm.utils.jit_compilation import compiled_clone

        X, Y = problem.X, np.asfortranarray(problem.y)
        solver = MultiTaskBCD(
            tol=tol * problem.alpha_max, fit_intercept=False, warm_start=True, use_acc=True, max_iter=1000
        )
        datafit, penalty = compiled_clone(QuadraticMultiTask()), compiled_clone(L2_1(1.0))
        coefs = solver.path(X, Y, datafit, penalty, alphas=problem.alphas)[1]
        return coefs if coefs.shape[0] == X.shape[1] else np.swapaxes(coefs, 0, 1)
