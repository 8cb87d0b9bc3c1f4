"""Answers a path's requests from one design in memory."""

from collections.abc import Callable

from sklearn_sparsefit._threads import single_threaded_blas
from sklearn_sparsefit.design import Design
from sklearn_sparsefit.path.engine import PathGenerator
from sklearn_sparsefit.path.records import (
    Correlate,
    CorrelateCentred,
    Gather,
    Measure,
    PathResult,
    Predict,
    Solved,
    SquaredNorms,
)


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
                case Correlate(residuals, features):
                    answer = design.correlate(residuals, features)
                case SquaredNorms(weights, scale):
                    answer = design.sq_norms(weights, scale)
                case Gather(features, scale, centre):
                    answer = design.columns(features, scale, centre)
                case Measure(weights, target, centre, scale):
                    answer = design.moments(weights, target, centre, scale)
                case Predict(coefs, means, scale):
                    answer = design.predict(coefs, means, scale)
                case CorrelateCentred(residuals, means, scale):
                    answer = design.correlate_centred(residuals, means, scale)
                case Solved():
                    answer = None
                    if on_solved is not None:
                        on_solved(request)
