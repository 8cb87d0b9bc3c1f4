"""Where a path is, and what it asks of X."""

import math
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.design import as_rows
from sklearn_sparsefit.path import cost_model
from sklearn_sparsefit.path.records import (
    Correlate,
    CorrelateCentred,
    Features,
    Gather,
    Measure,
    Predict,
    Problem,
    Request,
)
from sklearn_sparsefit.path.steps import Evaluation
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers import Iterate
from sklearn_sparsefit.subproblem import Settling, WholeDesign, WorkingSet

# A correlation may exceed the threshold by this much, relatively, before it counts: rounding.
SLACK = 1e-12


class PathState:
    """The features that are known of a problem, their penalty, and the last coefficients of these.

    X is multiplied by ``unit``, as it is for the penalty.
    """

    def __init__(self, problem: Problem, unit: float, max_gram: int):
        self.datafit = problem.datafit
        self.unit = unit
        self.shape = (len(problem.datafit.weights), len(problem.penalty.terms))
        # Coefficients and correlations of several tasks have an axis for these before that of the features.
        self.tasks = problem.datafit.mean.shape
        self.known: WorkingSet | WholeDesign = WorkingSet(self.datafit, self.shape[1], max_gram)
        self.iterate = Iterate(*np.empty((2, *self.tasks, 0)))
        # The residuals, or a dual point near to them, that the correlations of the iterate are those of.
        self._residual = problem.datafit.null_residual
        # Of all features.
        self.penalty = problem.penalty.in_units(unit, self.datafit.unit)
        self._know(self.penalty.at(self.known.features))

    @property
    def working_set(self) -> WorkingSet:
        """What is known, where that is not a whole design."""
        assert isinstance(self.known, WorkingSet)
        return self.known

    def _know(self, inner: Penalty) -> None:
        """Have the penalty of the features that are known, in their order; at no strength so far."""
        self.inner = inner
        self._inner_at: dict[float, Penalty] = {}

    def inner_at(self, alpha: float) -> Penalty:
        """The penalty of the features that are known, at some strength: for all who ask the same one."""
        if alpha not in self._inner_at:
            self._inner_at[alpha] = self.inner.with_alpha(alpha)
        return self._inner_at[alpha]

    def go_to(self, coef: Matrix, correlation: Matrix, residual: Matrix) -> None:
        """Go on from other coefficients, the correlations there, and the residuals that these are those of."""
        self.iterate, self._residual = Iterate(coef.copy(), correlation.copy()), residual.copy()

    def alpha_max(self, largest_magnitude: float) -> float:
        """Smallest alpha at which no coefficient enters, given the largest magnitude of the correlations."""
        return self.penalty.alpha_max(largest_magnitude) if self.penalty.l1_ratio > 0 else np.inf

    def bring_in(self, features: NDArray[np.intp]) -> Generator[Request, Any, None]:
        """Take features into the working set, with coefficients of zero."""
        if len(features) == 0:
            return
        columns = yield Gather(features, self.unit, self.datafit.weights if self.datafit.fit_intercept else None)
        known = self.working_set
        known.append(features, columns)
        self._know(self.penalty.at(known.features))
        n_new = len(known) - self.iterate.coef.shape[-1]
        coef = np.concatenate([self.iterate.coef, np.zeros((*self.tasks, n_new))], axis=-1)
        self.iterate = Iterate(coef, known.correlations(self.datafit.weights * self._residual[None])[0])

    def measure(self, datafit: Quadratic) -> Generator[Request, Any, None]:
        """Take the design whole, by its moments."""
        target = as_rows(datafit.target)
        moments = yield Measure(datafit.weights, target[0], datafit.unit, datafit.fit_intercept, self.unit)
        correlation = moments.correlation
        if self.tasks:
            correlation = yield CorrelateCentred(datafit.weights * target, moments.means, self.unit)
        self.known = WholeDesign(datafit, moments, correlation)
        self._know(self.penalty)
        self.iterate = Iterate(np.zeros(correlation.shape), correlation.copy())

    def correlate(self, residuals: Block, features: Features) -> Generator[Request, Any, Block]:
        """Read the correlations of some features with rows of residuals."""
        return (yield from correlate(self.datafit.weights * residuals, features, self.unit))

    def look_closely(self, evaluation: Evaluation, rows: NDArray[np.intp]) -> Generator[Request, Any, None]:
        """Residuals in place of moments, for some rows of an evaluation."""
        evaluation.gaps = None
        width = cost_model.affordable_rows(self.shape[::-1], n_tasks=math.prod(self.tasks))
        for some in (rows[first : first + width] for first in range(0, len(rows), width)):
            means = self.known.shift
            coefs = evaluation.coefs[some]
            settling = Settling(self.known, coefs)
            while True:
                predictions = yield Predict(as_rows(coefs), means, self.unit)
                predictions = predictions.reshape(*coefs.shape[:-1], -1)
                fits = self.datafit.fit(predictions)
                inside = yield CorrelateCentred(as_rows(self.datafit.weights * fits.residuals), means, self.unit)
                inside = inside.reshape(coefs.shape)
                if settling.ends_at(fits, inside):
                    break
            evaluation.coefs[some], evaluation.inside[some] = coefs, inside
            evaluation.fits.losses[some], evaluation.fits.offsets[some] = fits.losses, fits.offsets
            evaluation.slacks[some], evaluation.to_gain[some] = 0.0, settling.to_gain


def correlate(weighted_residuals: Block, features: Features, unit: float = 1.0) -> Generator[Request, Any, Block]:
    """Read the correlations of some features of X times ``unit`` with rows of weighted residuals."""
    # Not around the yield: in lockstep it may be another thread, with a context of its own, that goes on.
    with np.errstate(over="ignore", invalid="ignore"):
        residuals = weighted_residuals * unit
    correlations = yield Correlate(as_rows(residuals), features)
    return correlations.reshape(*residuals.shape[:-1], -1)


def not_finite() -> ValueError:
    """What to raise where numbers have left the range of what is finite."""
    return ValueError(
        "Coordinate descent iterations resulted in non-finite parameter values. The input data may contain large"
        " values and need to be preprocessed."
    )
