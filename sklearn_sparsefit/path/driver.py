"""Answers a path's requests from one design in memory."""

from collections.abc import Callable

from sklearn_sparsefit.design import Design
from sklearn_sparsefit.path.engine import PathGenerator
from sklearn_sparsefit.path.records import Correlate, Gather, PathResult, Solved
from sklearn_sparsefit.path.threads import single_threaded_blas


def drive(path: PathGenerator, design: Design, on_solved: Callable[[Solved], None] | None = None) -> PathResult:
    """Run a path to its end; ``on_solved`` hears of every alpha as it is done."""
    with single_threaded_blas():
        answer = None
        while True:
            try:
                request = path.send(answer)
            except StopIteration as stop:
                return stop.value
            match request:
                case Correlate(residuals):
                    answer = design.correlate(residuals)
                case Gather(features, scale, centre):
                    answer = design.columns(features, scale, centre)
                case Solved():
                    answer = None
                    if on_solved is not None:
                        on_solved(request)
