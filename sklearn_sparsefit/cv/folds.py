"""Folds and the threads they run in."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Fold:
    """One split: ``train_weight`` of every row, zero where held out, and the held-out rows with their weights."""

    train_weight: Vector
    test: NDArray[np.intp]
    test_weight: Vector

    def mean_squared_error(self, residual: Vector) -> float:
        """Weighted mean squared error over the held-out rows."""
        return float(self.test_weight @ residual[self.test] ** 2 / self.test_weight.sum())


def make_folds(splits: Iterable[tuple[Any, Any]], n_samples: int, sample_weight: Vector | None) -> list[Fold]:
    """Folds from the index pairs (or masks) of any splitter; a row that is drawn twice counts twice."""
    weights = np.ones(n_samples) if sample_weight is None else sample_weight
    folds = []
    for number, split in enumerate(splits):
        train, test = (_as_rows(part, n_samples) for part in split)
        for part, rows in (("training", train), ("test", test)):
            if len(rows) == 0:
                raise ValueError(f"cv gives fold {number} no {part} samples; every fold needs both kinds.")
        folds.append(Fold(weights * np.bincount(train, minlength=n_samples), test, weights[test]))
    if not folds:
        raise ValueError("cv gives no folds; it must yield at least one (train, test) pair.")
    for part, of_fold in (("training", lambda fold: fold.train_weight), ("test", lambda fold: fold.test_weight)):
        for number, fold in enumerate(folds):
            if not of_fold(fold).any():
                raise ValueError(f"sample_weight leaves fold {number} only {part} samples of weight zero.")
    return folds


def _as_rows(part: Any, n_samples: int) -> NDArray[np.intp]:
    """Row numbers from indices, possibly negative, or from a mask."""
    part = np.asarray(part)
    return np.arange(n_samples)[part if part.size else part.astype(np.intp)]


def run_jobs(jobs: list[Callable[[], Result]], n_jobs: int | None) -> list[Result]:
    """Run the jobs in threads and return what they return, in their order."""
    n_threads = min(effective_n_jobs(n_jobs), len(jobs))
    if n_threads == 1:
        return [job() for job in jobs]
    results: dict[int, Result] = {}
    errors: list[BaseException] = []
    numbered = iter(enumerate(jobs))
    lock = threading.Lock()

    def work() -> None:
        while not errors:
            with lock:
                number, job = next(numbered, (None, None))
            if job is None:
                return
            try:
                results[number] = job()
            except BaseException as error:
                errors.append(error)

    # Daemons: after Ctrl-C neither the caller nor the end of the process waits for what is still running.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException as error:
        errors.append(error)
        raise
    if errors:
        raise errors[0]
    return [results[number] for number in range(len(jobs))]
