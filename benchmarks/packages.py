"""The packages that are compared: how each is asked for a path, over which tolerances, and in which variants."""

import os
import re
import time
from contextlib import redirect_stdout
from importlib.metadata import version
from io import StringIO
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from problem import Matrix, Problem, relative_gaps
from scipy import sparse

N_THREADS = int(os.environ.get("OMP_NUM_THREADS", "2"))
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
LARGEST_GRAM = 5000
FINE_TOLS = (1e-7, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 5e-15, 1e-15, 1e-16, 1e-17, 1e-18)


class Package:
    """One package. ``tols`` go from loose to tight."""

    name: ClassVar[str]
    tols: ClassVar[tuple[float, ...]]
    gains_from_double: ClassVar[bool] = True
    gains_from_lead: ClassVar[bool] = False
    most_repetitions: ClassVar[int] = 50

    def prepare(self, problem: Problem) -> None:
        """Import, compile and warm up, before the clock starts."""
        small = problem.miniature()
        for variant in self.all_variants(small):
            self.run(small, variant, self.tols[0])

    def refusal(self, problem: Problem) -> str | None:
        """Say why the package cannot take the problem."""
        return None

    def variants(self, problem: Problem) -> tuple[str, ...]:
        """Algorithms to try on a problem; the fastest is entered."""
        return ("",)

    def all_variants(self, problem: Problem) -> tuple[str, ...]:
        """The algorithms, and each after a cast to double precision, or with a path that leads to a single alpha."""
        variants = self.variants(problem)
        if problem.X.dtype == np.float32 and self.gains_from_double:
            return tuple(f"{name} double" for name in variants) + variants
        if problem.alpha is not None and self.gains_from_lead:
            return variants + tuple(f"{name} lead" for name in variants)
        return variants

    def fit(self, problem: Problem, variant: str, tol: float) -> Any:
        """Solve for all alphas; returns coefficients of shape (n_features, n_alphas), or of every task."""
        raise NotImplementedError

    def run(self, problem: Problem, variant: str, tol: float) -> tuple[float, Any]:
        """Seconds and coefficients."""
        name = variant.removesuffix(" double").removesuffix(" lead")
        if variant.endswith(" lead"):
            problem = problem.led_in()
        clock = CLOCKS[os.environ.get("BENCHMARK_CLOCK", "wall")]
        begin = clock()
        if variant.endswith(" double"):
            problem = problem.in_double()
        coefs = self.fit(problem, name, tol)
        seconds = clock() - begin
        return seconds, coefs[:, -1:] if variant.endswith(" lead") else coefs

    def worst_gap(self, problem: Problem, coefs: Matrix, variant: str, tol: float) -> float:
        """Relative duality gap of what was returned, infinite where not the whole path was."""
        whole = coefs.shape[-1] == len(problem.alphas)
        return float(relative_gaps(problem, coefs).max()) if whole else float("inf")

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
    gains_from_double = False

    def path(self, problem: Problem, tol: float, **options: Any) -> NDArray:
        """Coefficients by the path function."""
        from sklearn_sparsefit import enet_path

        options |= dict(l1_ratio=problem.l1_ratio, alphas=problem.alphas, tol=tol)
        return enet_path(problem.X, problem.y, **options)[1]

    def estimator(self, problem: Problem, **options: Any) -> Any:
        """The estimator of a single alpha."""
        from sklearn_sparsefit import ElasticNet, Lasso

        alpha, rho = problem.alpha, problem.l1_ratio
        return Lasso(alpha, **options) if rho == 1 else ElasticNet(alpha, l1_ratio=rho, **options)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        if problem.alpha is None:
            return self.path(problem, tol)
        model = self.estimator(problem, fit_intercept=problem.intercept, tol=tol)
        return model.fit(problem.X, problem.y).coef_.reshape(-1, 1)

    def extras(self, problem: Problem, tol: float) -> dict[str, Any]:
        with redirect_stdout(StringIO()) as told:
            self.path(problem, tol, verbose=1)
        return {"passes": int(re.search(r"in (\d+) passes", told.getvalue())[1])}

    def versions(self) -> dict[str, str]:
        import sklearn_sparsefit

        others = ("scikit-learn", "numpy", "scipy")
        return {self.name: sklearn_sparsefit.__version__, **{name: version(name) for name in others}}


class ScikitLearn(Package):
    """scikit-learn, with and without its Gram matrix. Its tolerance 5e-7 is the relative gap 1e-6."""

    name = "scikit-learn"
    tols = (1e-4, 1e-5, 1e-6, 4.5e-7, 1e-7, 1e-8, 1e-9)

    def variants(self, problem: Problem) -> tuple[str, ...]:
        gram = not sparse.issparse(problem.X) and problem.X.shape[1] <= LARGEST_GRAM
        return ("gram", "naive") if gram else ("naive",)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        from sklearn.linear_model import ElasticNet, Lasso, enet_path

        options = dict(precompute=variant == "gram", max_iter=100_000, tol=tol)
        X, y, rho = problem.X, problem.y, problem.l1_ratio
        if problem.alpha is None:
            return enet_path(X, y, l1_ratio=rho, alphas=problem.alphas, **options)[1]
        options["fit_intercept"] = False
        model = Lasso(problem.alpha, **options) if rho == 1 else ElasticNet(problem.alpha, l1_ratio=rho, **options)
        return model.fit(X, y).coef_[:, None]


class Celer(Package):
    """celer."""

    name = "celer"
    tols = (1e-4, 1e-6, 4.5e-7, 1e-7, 1e-8, 1e-9, 3e-10, 1e-10, 1e-11, 1e-12)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        import celer

        X, y, rho = problem.X, problem.y, problem.l1_ratio
        options = dict(tol=tol, max_iter=1000)
        if problem.alpha is None:
            alphas = problem.alphas.astype(X.dtype)
            return celer.celer_path(X, y, "lasso", alphas=alphas, l1_ratio=rho, **options)[1]
        options |= dict(alpha=problem.alpha, fit_intercept=False)
        model = celer.Lasso(**options) if rho == 1 else celer.ElasticNet(l1_ratio=rho, **options)
        return model.fit(X, y).coef_[:, None]


class Skglm(Package):
    """skglm; its tolerance bounds the violation of the optimality conditions, taken relative to alpha_max."""

    name = "skglm"
    tols = (1e-2, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7, 1e-8)

    def fit(self, problem: Problem, variant: str, tol: float) -> NDArray:
        import skglm

        X, y, rho = problem.X, problem.y, problem.l1_ratio
        options = dict(tol=tol * problem.alpha_max * rho, max_iter=1000, fit_intercept=False)
        if problem.alpha is not None:
            options |= dict(alpha=problem.alpha)
        model = skglm.Lasso(**options) if rho == 1 else skglm.ElasticNet(l1_ratio=rho, **options)
        if problem.alpha is None:
            return model.path(X, y, problem.alphas, return_n_iter=False)[1]
        return model.fit(X, y).coef_[:, None]


class Adelie(Package):
    """adelie's path; of least squares with and without the Gram matrix."""

    name = "adelie"
    gains_from_lead = True
    tols = FINE_TOLS

    def variants(self, problem: Problem) -> tuple[str, ...]:
        gram = problem.loss == "squares" and not sparse.issparse(problem.X) and problem.X.shape[1] <= LARGEST_GRAM
        return ("gram", "naive") if gram else ("naive",)

    def fit(self, problem: Problem, variant: str, tol: float) -> Any:
        import adelie

        X, y = problem.X, problem.y
        if variant == "gram":
            gram = np.asfortranarray(X.T @ X / len(y))
            options = dict(alpha=problem.l1_ratio, tol=tol, n_threads=N_THREADS, progress_bar=False)
            return adelie.solver.gaussian_cov(
                gram, X.T @ y / len(y), lmda_path=problem.alphas, early_exit=False, **options
            ).betas.T
        return self.path(self.design(X), self.family(problem), problem, tol)

    def design(self, X: Matrix) -> Any:
        """X as the package wants it."""
        import adelie

        make = adelie.matrix.sparse if sparse.issparse(X) else adelie.matrix.dense
        return make(X, method="naive", n_threads=N_THREADS)

    def family(self, problem: Problem, weights: NDArray | None = None) -> Any:
        """The loss of y."""
        import adelie

        make = {"squares": adelie.glm.gaussian, "logistic": adelie.glm.binomial}[problem.loss]
        return make(problem.y, weights=weights, dtype=problem.X.dtype.type)

    def options(self, problem: Problem, tol: float) -> dict[str, Any]:
        """Of every call."""
        options = dict(alpha=problem.l1_ratio, tol=tol, n_threads=N_THREADS, progress_bar=False)
        return options | (dict(irls_tol=tol) if problem.loss == "logistic" else {})

    def path(self, design: Any, family: Any, problem: Problem, tol: float) -> Any:
        """Coefficients of a path, whatever it explains."""
        import adelie

        options = dict(intercept=problem.intercept, lmda_path=problem.alphas, early_exit=False)
        return adelie.grpnet(design, family, **options, **self.options(problem, tol)).betas.T


class Pycasso(Package):
    """pycasso's path, of dense X in double precision. It ends paths early, and cannot be told not to."""

    name = "pycasso"
    gains_from_double = False
    gains_from_lead = True
    tols = FINE_TOLS

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
