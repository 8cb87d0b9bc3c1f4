"""Answers the requests of paths from one design in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from sklearn_sparsefit._threads import run_jobs, single_threaded_blas
from sklearn_sparsefit._typing import Matrix
from sklearn_sparsefit.design import Design, Moments, SomeRows, spread
from sklearn_sparsefit.path.engine import PathGenerator
from sklearn_sparsefit.path.records import (
    EVERYTHING,
    Correlate,
    CorrelateCentred,
    Features,
    Gather,
    Measure,
    PathResult,
    Predict,
    Solved,
    SquaredNorms,
)

Measuring: TypeAlias = Callable[[Measure], Moments]


@dataclass
class Run:
    """A path on its way over a design, or some rows of one, and who hears of every alpha that is done.

    ``measure``, if any, answers requests for moments in place of the design. Passes may be shared with other paths;
    other readings of X are this path's alone.
    """

    path: PathGenerator
    design: Design | SomeRows
    on_solved: Callable[[Solved], None] | None = None
    measure: Measuring | None = None
    answer: Any = None
    n_shared: int = 0
    n_alone: int = 0
    result: PathResult | None = None

    def advance(self) -> Correlate | None:
        """Go on until the path wants a pass over X, which one, or ends."""
        while True:
            try:
                request = self.path.send(self.answer)
            except StopIteration as stop:
                self.result = replace(stop.value, n_passes=self.n_shared + self.n_alone)
                return None
            self.answer = None
            match request:
                case Solved():
                    if self.on_solved is not None:
                        self.on_solved(request)
                case Correlate(residuals, features) if not isinstance(features, slice):
                    self.answer = _correlate(self.design, residuals, features)
                case Correlate():
                    self.n_shared += 1
                    return request
                case SquaredNorms(weights, scale):
                    self.answer = self.design.sq_norms(weights, scale)
                case Gather(features, scale, centre):
                    self.answer = self.design.columns(features, scale, centre)
                case Measure(weights, target, _, centre, scale):
                    if self.measure is not None:
                        weights, target = (spread(vector, self.design) for vector in (weights, target))
                        self.answer = self.measure(replace(request, weights=weights, target=target))
                    else:
                        self.answer = self.design.moments(weights, target, centre, scale)
                        self.n_alone += 1
                case Predict(coefs, means, scale):
                    self.answer = self.design.predict(coefs, means, scale)
                    self.n_alone += 1
                case CorrelateCentred(residuals, means, scale):
                    self.answer = self.design.correlate_centred(residuals, means, scale)
                    self.n_alone += 1


def drive(path: PathGenerator, design: Design, on_solved: Callable[[Solved], None] | None = None) -> PathResult:
    """Run one path to its end."""
    return drive_together([Run(path, design, on_solved)], design)[0][0]


def drive_together(runs: Sequence[Run], design: Design, n_jobs: int | None = None) -> tuple[list[PathResult], int]:
    """Run paths over a design to their ends: each goes on, in ``n_jobs`` threads, until all want a pass, and share it.

    Returns their results and how often X was read for them.
    """
    live, n_shared = list(runs), 0
    with single_threaded_blas():
        while live:
            wanted = run_jobs([run.advance for run in live], n_jobs)
            waiting = [(run, request) for run, request in zip(live, wanted, strict=True) if request is not None]
            if waiting:
                _share_pass(waiting, design)
                n_shared += 1
            live = [run for run, _ in waiting]
    results = [run.result for run in runs if run.result is not None]
    return results, n_shared + sum(run.n_alone for run in runs)


def _share_pass(waiting: list[tuple[Run, Correlate]], design: Design) -> None:
    """Answer what several paths want to know of X with one reading of it."""
    stops = np.cumsum([len(request.residuals) for _, request in waiting]).tolist()
    parts = [slice(*ends) for ends in pairwise([0, *stops])]
    residuals = np.zeros((stops[-1], design.shape[0]))
    for part, (run, request) in zip(parts, waiting, strict=True):
        residuals[part, run.design.rows] = request.residuals
    correlations = _correlate(design, residuals, EVERYTHING)
    for part, (run, _) in zip(parts, waiting, strict=True):
        run.answer = correlations[part]


def _correlate(design: Design | SomeRows, residuals: Matrix, features: Features) -> Matrix:
    with np.errstate(over="ignore", invalid="ignore"):
        return design.correlate(residuals, features)
