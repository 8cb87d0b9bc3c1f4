"""The answers of a path, back in the user's units."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.path.null_model import NullModel
from sklearn_sparsefit.path.records import PathResult, Solved, SolverOptions
from sklearn_sparsefit.path.relaxation import Relaxation
from sklearn_sparsefit.path.state import PathState
from sklearn_sparsefit.path.steps import Evaluation, Step, support_of


class Reports:
    """Collects the alphas that are done."""

    def __init__(self, state: PathState, null: NullModel, options: SolverOptions, steps: list[Step]):
        self._state, self._null, self._options, self._steps = state, null, options, steps
        self._coef_unit = state.unit * state.datafit.unit
        self._intercepts, self._relaxed_intercepts = np.zeros((2, len(steps), *state.tasks))
        self._relaxation = Relaxation(options.max_iter) if options.relaxes else None

    def add(self, step: Step, evaluation: Evaluation, row: int) -> Solved:
        """Take in one alpha; its duality gap is from now on that of the rounded answer."""
        assert step.index is not None
        known, penalty = self._state.known, self._state.inner_at(step.alpha)
        datafit, dtype = self._state.datafit, self._options.dtype
        found, correlation = evaluation.coefs[row], evaluation.inside[row]
        exact = known.minimum_norm(found)
        step.coef = exact.astype(dtype).astype(np.float64)

        def intercept_of(coef: Vector) -> Vector:
            offset = evaluation.fits.offsets[row] - (coef - found) @ known.means
            intercept = datafit.unit * (datafit.mean + offset - coef @ known.shift)
            return intercept - intercept.mean() if datafit.is_relative else intercept

        if self._relaxation is not None:
            step.relaxed_coef = known.minimum_norm(self._relaxation.fit(known, penalty, found, correlation))
            if datafit.fit_intercept:
                self._relaxed_intercepts[step.index] = intercept_of(step.relaxed_coef)
        shift = np.zeros(datafit.mean.shape)
        if datafit.fit_intercept:
            intercept = intercept_of(step.coef)
            self._intercepts[step.index] = intercept.astype(dtype)
            shift = (self._intercepts[step.index] - intercept) / datafit.unit
        if dtype != np.float64:
            rise = known.rise(evaluation.fits, row, step.coef - exact, shift, correlation)
            step.gap = max(0.0, step.gap + rise + penalty.value(step.coef) - penalty.value(exact))
        return Solved(step.index, step.alpha, float(step.gap) * datafit.unit * datafit.unit)

    def result(self) -> PathResult:
        """All alphas together, their coefficients in the order of the features that are known."""
        known, unit = self._state.known, self._state.datafit.unit
        features, steps = known.features, self._steps
        supports = [support_of(step.coef) for step in steps]
        pairs = list(zip(steps, supports, strict=True))
        relaxed_values = []
        if self._relaxation is not None:
            relaxed_values = self._in_units_of_data([step.relaxed_coef[..., support] for step, support in pairs])
        gaps = np.array([step.gap for step in steps])
        null_loss = self._null.loss
        with np.errstate(over="ignore"):
            dual_gaps = gaps * unit * unit
        return PathResult(
            n_features=self._state.shape[1],
            alphas=np.array([step.alpha for step in steps]),
            supports=[features[support] for support in supports],
            values=self._in_units_of_data([step.coef[..., support] for step, support in pairs]),
            intercepts=self._intercepts,
            dual_gaps=dual_gaps,
            relative_gaps=gaps / null_loss if null_loss > 0 else gaps,
            n_iters=np.array([step.n_iter for step in steps]),
            # Where there is nothing to explain, nothing is left but the rounding of the intercept.
            converged=(gaps <= self._null.gap_tol(self._options.tol)) | (null_loss == 0),
            relaxed_values=relaxed_values,
            has_no_minimum=self._null.has_no_minimum,
            relaxed_intercepts=self._relaxed_intercepts,
            dependent=features[known.free.dependent] if known.free is not None else np.empty(0, dtype=np.intp),
        )

    def _in_units_of_data(self, coefs: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        with np.errstate(over="ignore"):
            values = [self._coef_unit * coef for coef in coefs]
        if np.abs(np.concatenate(values, axis=-1)).max(initial=0.0) > np.finfo(self._options.dtype).max:
            raise ValueError(
                f"Some coefficients are too large for {self._options.dtype.__name__}: X is too small beside y."
                " Multiply X by some number."
            )
        return values
