"""The packages that are compared: how each is asked for a problem, over which tolerances, and in which variants."""

import time
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from problem import Problem

N_THREADS = 2
LARGEST_GRAM = 5000


class Package:
    """One package. ``tols`` go from loose to tight."""

    name: ClassVar[str]
    tols: ClassVar[tuple[float, ...]]

    def prepare(self, problem: Problem) -> None:
        """Import, compile and warm up, before the clock starts."""
        small = problem.miniature()
        for variant in self.variants(small):
            self.run(small, variant, self.tols[0])

    def refusal(self, problem: Problem) -> str | None:
        """Say why the package cannot take the problem."""
        return None

    def variants(self, problem: Problem) -> tuple[str, ...]:
        """Algorithms to try on a problem; the fastest is entered."""
        return ("",)

    def fit(self, problem: Problem, variant: str, tol: float) -> Any:
        """Solve for all alphas; returns coefficients of shape (n_features, n_alphas)."""
        raise NotImplementedError

    def run(self, problem: Problem, variant: str, tol: float) -> tuple[float, Any]:
        """Seconds and coefficients."""
        begin = time.perf_counter()
        coefs = self.fit(problem, variant, tol)
        return time.perf_counter() - begin, coefs

    def extras(self, problem: Problem, tol: float) -> dict[str, Any]:
        """What else to enter, measured outside the clock."""
        return {}

    def process(self) -> int | str:
        """The process that does the work."""
        return "self"

    def versions(self) -> dict[str, str]:
        """What runs."""
        return {name: version(name) for name in (self.name, "numpy", "scipy")}

    def close(self) -> None:
        """Stop what was started."""


class SklearnSparsefit(Package):
    """This package."""

    name = "sklearn_sparsefit"
    tols = (1e-4, 1e-6, 1e-8)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from sklearn_sparsefit import ElasticNet, Lasso, enet_path

        X, y, rho = problem.X, problem.y, problem.l1_ratio
        if problem.alpha is None:
            return enet_path(X, y, l1_ratio=rho, alphas=problem.alphas, tol=tol)[1]
        options = dict(fit_intercept=False, tol=tol)
        model = Lasso(problem.alpha, **options) if rho == 1 else ElasticNet(problem.alpha, l1_ratio=rho, **options)
        return model.fit(X, y).coef_[:, None]

    def extras(self, problem: Problem, tol: float) -> dict[str, Any]:
        from sklearn_sparsefit import _validation, linear_model, path

        data = _validation.check_training_data(problem.X, problem.y, None)
        options = path.SolverOptions(tol, 1000, "auto")
        requests = linear_model.base.make_path(
            data, data.targets[0], problem.l1_ratio, False, False, alphas=problem.alphas, options=options
        )
        return {"passes": path.drive(requests, data.design).n_passes}


class ScikitLearn(Package):
    """scikit-learn, with and without its Gram matrix. Its tolerance 5e-7 is the relative gap 1e-6."""

    name = "scikit-learn"
    tols = (1e-4, 1e-5, 1e-6, 4.5e-7, 1e-7, 1e-8, 1e-9)

    def variants(self, problem: Problem) -> tuple[str, ...]:
        gram = not sparse.issparse(problem.X) and problem.X.shape[1] <= LARGEST_GRAM
        return ("gram", "naive") if gram else ("naive",)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from sklearn.linear_model import ElasticNet, Lasso, enet_path

        options = dict(precompute=variant == "gram", max_iter=1_000_000, tol=tol)
        X, y, rho = problem.X, problem.y, problem.l1_ratio
        if problem.alpha is None:
            return enet_path(X, y, l1_ratio=rho, alphas=problem.alphas, **options)[1]
        options["fit_intercept"] = False
        model = Lasso(problem.alpha, **options) if rho == 1 else ElasticNet(problem.alpha, l1_ratio=rho, **options)
        return model.fit(X, y).coef_[:, None]


class Celer(Package):
    """celer's path."""

    name = "celer"
    tols = (1e-4, 1e-5, 1e-6, 4.5e-7, 1e-7, 1e-8, 1e-9, 1e-10)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from celer import celer_path

        return celer_path(
            problem.X, problem.y, "lasso", alphas=problem.alphas, l1_ratio=problem.l1_ratio, tol=tol, max_iter=1000
        )[1]


class Skglm(Package):
    """skglm's path; its tolerance bounds the violation of the optimality conditions, taken relative to alpha_max."""

    name = "skglm"
    tols = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6, 1e-7)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        import skglm

        largest = np.abs(problem.X.T @ problem.y).max() / len(problem.y)
        options = dict(tol=tol * largest, max_iter=1000, fit_intercept=False)
        if problem.l1_ratio == 1:
            model = skglm.Lasso(**options)
        else:
            model = skglm.ElasticNet(l1_ratio=problem.l1_ratio, **options)
        return model.path(problem.X, problem.y, problem.alphas, return_n_iter=False)[1]


class Adelie(Package):
    """adelie's path, with and without the Gram matrix."""

    name = "adelie"
    tols = (1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-14, 1e-16)

    def variants(self, problem: Problem) -> tuple[str, ...]:
        gram = not sparse.issparse(problem.X) and problem.X.shape[1] <= LARGEST_GRAM
        return ("gram", "naive") if gram else ("naive",)

    def fit(self, problem: Problem, variant: str, tol: float) -> Any:
        import adelie

        X, y = problem.X, problem.y
        options = dict(
            alpha=problem.l1_ratio, lmda_path=problem.alphas, tol=tol, early_exit=False, progress_bar=False
        )
        if variant == "gram":
            gram = np.asfortranarray(X.T @ X / len(y))
            return adelie.solver.gaussian_cov(gram, X.T @ y / len(y), n_threads=N_THREADS, **options).betas.T
        make = adelie.matrix.sparse if sparse.issparse(X) else adelie.matrix.dense
        design = make(X, method="naive", n_threads=N_THREADS)
        family = adelie.glm.gaussian(y, dtype=X.dtype)
        return adelie.grpnet(design, family, intercept=False, n_threads=N_THREADS, **options).betas.T


class Pycasso(Package):
    """pycasso's path, of dense X in double precision."""

    name = "pycasso"
    tols = (1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-14, 1e-16)

    def refusal(self, problem: Problem) -> str | None:
        if problem.l1_ratio < 1:
            return "lasso only"
        return "dense only" if sparse.issparse(problem.X) else None

    def variants(self, problem: Problem) -> tuple[str, ...]:
        return ("gram", "naive") if problem.X.shape[1] <= LARGEST_GRAM else ("naive",)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        import pycasso

        solver = pycasso.Solver(
            problem.X,
            problem.y,
            lambdas=problem.alphas,
            useintercept=False,
            standardize=False,
            type_gaussian="covariance" if variant == "gram" else "naive",
            prec=tol,
            max_ite=1_000_000,
        )
        solver.train()
        return solver.coef()["beta"].T
