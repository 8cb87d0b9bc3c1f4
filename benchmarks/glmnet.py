"""glmnet, in an R process of its own. X goes to it in files; only the call of glmnet is timed, by R."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from packages import FINE_TOLS, LARGEST_GRAM, Package
from problem import Problem
from scipy import sparse

SCRIPT = Path(__file__).with_name("glmnet.R")


class Glmnet(Package):
    """glmnet with its covariance and its naive updates, without standardisation and without early stops."""

    name = "glmnet"
    tols = FINE_TOLS
    gains_from_double = False
    gains_from_lead = True
    most_repetitions = 2

    def prepare(self, problem: Problem) -> None:
        if shutil.which("Rscript") is None:
            raise ModuleNotFoundError("Rscript")
        self._folder = Path(tempfile.mkdtemp())
        self._write(problem)
        self._process = subprocess.Popen(
            ["Rscript", "--vanilla", str(SCRIPT), str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        greeting = self._process.stdout.readline().split()
        if not greeting:
            raise ModuleNotFoundError("R package glmnet")
        self._versions = {"glmnet": greeting[0], "R": ".".join(greeting[1:])}

    def _write(self, problem: Problem) -> None:
        def write(name: str, values: Any, dtype: type) -> None:
            np.asarray(values, dtype=dtype).ravel(order="F").tofile(self._folder / f"{name}.bin")

        X, nnz = problem.X, -1
        if sparse.issparse(X):
            X = X.tocsc()
            nnz = X.nnz
            write("data", X.data, np.float64)
            write("indices", X.indices, np.int32)
            write("indptr", X.indptr, np.int32)
        else:
            write("X", X, np.float64)
        write("shape", (*X.shape, len(problem.alphas), nnz), np.int32)
        write("y", problem.y, np.float64)
        write("lead", problem.led_in().alphas, np.float64)
        write("settings", (*problem.alphas, problem.l1_ratio), np.float64)

    def variants(self, problem: Problem) -> tuple[str, ...]:
        return ("covariance", "naive") if problem.X.shape[1] <= LARGEST_GRAM else ("naive",)

    def run(self, problem: Problem, variant: str, tol: float) -> tuple[float, Any]:
        seconds = self._ask(variant, tol, 1)
        if seconds < 0.02:  # R's clock counts milliseconds
            seconds = self._ask(variant, tol, 20)
        n_features, n_alphas = self._read("shape", np.int32)
        parts = self._read("data", np.float64), self._read("indices", np.int32), self._read("indptr", np.int32)
        coefs = sparse.csc_matrix(parts, shape=(n_features, n_alphas))
        return seconds, coefs[:, -1:] if variant.endswith(" lead") else coefs

    def _ask(self, variant: str, tol: float, repetitions: int) -> float:
        self._process.stdin.write(f"{tol:g} {repetitions} {variant}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("R has stopped")
        return float(answer)

    def _read(self, name: str, dtype: type) -> np.ndarray:
        return np.fromfile(self._folder / f"beta_{name}.bin", dtype=dtype)

    def process(self) -> int | str:
        return self._process.pid

    def versions(self) -> dict[str, str]:
        return self._versions

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        shutil.rmtree(self._folder)
