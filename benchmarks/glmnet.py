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
    """glmnet, for least squares with its covariance and its naive updates; without standardisation or early stops."""

    name = "glmnet"
    tols = FINE_TOLS
    gains_from_double = False
    gains_from_lead = True
    most_repetitions = 2

    def prepare(self, problem: Problem) -> None:
        if shutil.which("Rscript") is None:
            raise ModuleNotFoundError("Rscript")
        self._folder = Path(tempfile.mkdtemp())
        self._write_problem(problem)
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

    def _write(self, name: str, values: Any, dtype: type) -> None:
        np.asarray(values, dtype=dtype).ravel(order="F").tofile(self._folder / f"{name}.bin")

    def _write_settings(self, problem: Problem) -> None:
        self._write("settings", (*problem.alphas, problem.l1_ratio), np.float64)

    def _write_problem(self, problem: Problem) -> None:
        X, nnz = problem.X, -1
        if sparse.issparse(X):
            X = X.tocsc()
            nnz = X.nnz
            self._write("data", X.data, np.float64)
            self._write("indices", X.indices, np.int32)
            self._write("indptr", X.indptr, np.int32)
        else:
            self._write("X", X, np.float64)
        flags = problem.intercept, problem.loss == "logistic"
        self._write("shape", (*X.shape, len(problem.alphas), nnz, *flags), np.int32)
        self._write("y", problem.y, np.float64)
        self._write("folds", problem.fold_of_row + 1, np.int32)
        self._write("lead", problem.led_in().alphas, np.float64)
        self._write_settings(problem)

    def variants(self, problem: Problem) -> tuple[str, ...]:
        gram = problem.loss == "squares" and problem.X.shape[1] <= LARGEST_GRAM
        return ("covariance", "naive") if gram else ("naive",)

    def run(self, problem: Problem, variant: str, tol: float) -> tuple[float, Any]:
        seconds, coefs = self._time(variant, tol), self._coefs()
        return seconds, coefs[:, -1:] if variant.endswith(" lead") else coefs

    def _time(self, request: str, tol: float) -> float:
        seconds = self._ask(request, tol, 1)
        return self._ask(request, tol, 20) if seconds < 0.02 else seconds  # R's clock counts milliseconds

    def _coefs(self) -> sparse.csc_matrix:
        parts = self._read("data", np.float64), self._read("indices", np.int32), self._read("indptr", np.int32)
        return sparse.csc_matrix(parts, shape=tuple(self._read("shape", np.int32)))

    def _ask(self, request: str, tol: float, repetitions: int) -> float:
        self._process.stdin.write(f"{tol:g} {repetitions} {request}\n")
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
