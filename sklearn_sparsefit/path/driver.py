"""Answers the requests of paths from one design in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from sklearn_sparsefit._threads import run_jobs, single_threaded_blas
from sklearn_sparsefit._typing import Matrix, Positions
from sklearn_sparsefit.design import Design, Moments, SomeRows
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
    """A path on its way over a design, or some rows of it, and who hears of every alpha that is done.

    ``measure``, if any, answers requests for moments in place of the design. Passes may be shared with other paths;
    other readings of X are this path's alone.
    """

    path: PathGenerator
    on_solved: Callable[[Solved], None] | None = None
    measure: Measuring | None = None
    rows: Positions | None = None
    answer: Any = None
    n_shared: int = 0
    n_alone: int = 0
    result: PathResult | None = None

    def advance(self, design: Design) -> Correlate | None:
        """Go on until the path wants a pass over X, which one, or ends."""
        some = None if self.rows is None else SomeRows(design, self.rows)
        seen = some or design
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
                    self.answer = _correlate(seen, residuals, features)
                case Correlate(residuals):
                    self.n_shared += 1
                    return request if some is None else replace(request, residuals=some.spread(residuals))
                case SquaredNorms(weights, scale):
                    self.answer = seen.sq_norms(weights, scale)
                case Gather(features, scale, centre):
                    self.answer = seen.columns(features, scale, centre)
                case Measure(weights, target, _, centre, scale):
                    if self.measure is None:
                        self.answer = seen.moments(weights, target, centre, scale)
                        self.n_alone += 1
                    elif some is None:
                        self.answer = self.measure(request)
                    else:
                        of_all = replace(request, weights=some.spread(weights), target=some.spread(target))
                        self.answer = self.measure(of_all)
                case Predict(coefs, means, scale):
                    self.answer = seen.predict(coefs, means, scale)
                    self.n_alone += 1
                case CorrelateCentred(residuals, means, scale):
                    self.answer = seen.correlate_centred(residuals, means, scale)
                    self.n_alone += 1


def drive(path: PathGenerator, design: Design, on_solved: Callable[[Solved], None] | None = None) -> PathResult:
    """Run one path to its end."""
    return drive_together([Run(path, on_solved)], design)[0][0]


def drive_together(runs: Sequence[Run], design: Design, n_jobs: int | None = None) -> tuple[list[PathResult], int]:
    """Run paths to their ends in lockstep: each goes on, in ``n_jobs`` threads, until all want a pass, and share it.

    Returns their results and how often X was read for them.
    """
    live, n_shared = list(runs), 0
    with single_threaded_blas():
        while live:
            wanted = run_jobs([partial(run.advance, design) for run in live], n_jobs)
            waiting = [(run, request) for run, request in zip(live, wanted, strict=True) if request is not None]
            if waiting:
                _share_pass(waiting, design)
                n_shared += 1
            live = [run for run, _ in waiting]
    results = [run.result for run in runs if run.result is not None]
    return results, n_shared + sum(run.n_alone for run in runs)


def _share_pass(waiting: list[tuple[Run, Correlate]], design: Design) -> None:
    """Answer what several paths want to know of X with one reading of it."""
    correlations = _correlate(design, np.concatenate([request.residuals for _, request in waiting]), EVERYTHING)
    stop = 0
    for run, request in waiting:
        start, stop = stop, stop + len(request.residuals)
        run.answer = correlations[start:stop]


def _correlate(design: Design | SomeRows, residuals: Matrix, features: Features) -> Matrix:
    with np.errstate(over="ignore", invalid="ignore"):
        return design.correlate(residuals, features)
