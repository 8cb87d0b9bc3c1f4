"""The answers of a path, back in the user's units."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.path.records import PathResult, Solved, SolverOptions
from sklearn_sparsefit.path.steps import Evaluation, Step
from sklearn_sparsefit.solvers import WholeDesign, WorkingSet

Vector = NDArray[np.float64]


class Reports:
    """Collects the alphas that are done; ``design_unit`` is what X was multiplied by."""

    def __init__(self, datafit: Quadratic, options: SolverOptions, design_unit: float, steps: list[Step]):
        self._datafit = datafit
        self._options = options
        self._coef_unit = design_unit * datafit.unit
        self._steps = steps
        self._intercepts = np.zeros(len(steps))

    def add(self, step: Step, evaluation: Evaluation, row: int, known: WorkingSet | WholeDesign) -> Solved:
        """Take in one alpha; its duality gap is from now on that of the rounded answer."""
        datafit = self._datafit
        offset = evaluation.offsets[row]
        if self._options.dtype != np.float64:
            offset += self._round(step, evaluation.inside[row], known)
        if datafit.fit_intercept:
            intercept = datafit.unit * (datafit.mean + offset - float(known.shift @ step.coef))
            self._intercepts[step.index] = self._options.dtype(intercept)
            # An intercept off by e adds e^2 / 2: the residuals are centred.
            step.gap += 0.5 * ((self._intercepts[step.index] - intercept) / datafit.unit) ** 2
        return Solved(step.index, step.alpha, float(step.gap) * datafit.unit * datafit.unit)

    def _round(self, step: Step, correlation: Vector, known: WorkingSet | WholeDesign) -> float:
        """Round the coefficients and add to the gap what that costs; return what it adds to the intercept."""
        exact = step.coef
        step.coef = exact.astype(self._options.dtype).astype(np.float64)
        move = step.coef - exact
        cost = 0.5 * known.energy(move) - correlation @ move
        cost += step.penalty.value(step.coef) - step.penalty.value(exact)
        step.gap = max(0.0, step.gap + cost)
        return -float(known.means @ move)

    def result(self, features: NDArray[np.intp], n_features: int) -> PathResult:
        """All alphas together; ``features`` are those that the coefficients belong to."""
        steps = self._steps
        supports = [np.flatnonzero(step.coef) for step in steps]
        gaps = np.array([step.gap for step in steps])
        null_loss = self._datafit.null_loss
        with np.errstate(over="ignore"):
            dual_gaps = gaps * self._datafit.unit * self._datafit.unit
        return PathResult(
            n_features=n_features,
            alphas=np.array([step.alpha for step in steps]),
            supports=[features[support] for support in supports],
            values=[self._coef_unit * step.coef[support] for step, support in zip(steps, supports, strict=True)],
            intercepts=self._intercepts,
            dual_gaps=dual_gaps,
            relative_gaps=gaps / null_loss if null_loss > 0 else gaps,
            n_iters=np.array([step.n_iter for step in steps]),
            converged=gaps <= self._options.tol * null_loss,
        )
