"""The answers of a path, back in the user's units."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix, Positions
from sklearn_sparsefit.path.null_model import NullModel
from sklearn_sparsefit.path.records import PathResult, Solved, SolverOptions
from sklearn_sparsefit.path.relaxation import Relaxation
from sklearn_sparsefit.path.state import PathState
from sklearn_sparsefit.path.steps import Evaluation, Step
from sklearn_sparsefit.subproblem import WholeDesign


@dataclass(frozen=True)
class _Supports:
    """Positions of the features in several supports, one after the other: from indptr[k] to indptr[k + 1]."""

    rows: Positions
    positions: Positions
    indptr: list[int]

    @classmethod
    def of(cls, coefs: Block) -> Self:
        """What is not zero in any task, for coefficients with a row for each alpha."""
        rows, positions = np.nonzero(coefs if coefs.ndim == 2 else coefs.any(axis=1))
        return cls(rows, positions, np.searchsorted(rows, np.arange(len(coefs) + 1)).tolist())

    def coefs(self, coefs: Block) -> NDArray[np.float64]:
        """What is there, of all supports: of shape (n_positions,) or (n_tasks, n_positions)."""
        return np.moveaxis(coefs, -1, 1)[self.rows, self.positions].T

    def of_each(self, values: NDArray) -> Iterator[NDArray]:
        """The parts, along the last axis, of what there is for all positions."""
        return (values[..., first:last] for first, last in pairwise(self.indptr))


class Reports:
    """Collects the alphas that are done."""

    def __init__(self, state: PathState, null: NullModel, options: SolverOptions, steps: list[Step]):
        self._state, self._null, self._options, self._steps = state, null, options, steps
        self._coef_unit = state.unit * state.datafit.unit
        self._intercepts, self._relaxed_intercepts = np.zeros((2, len(steps), *state.tasks))
        self._relaxation = Relaxation(options.max_iter) if options.relaxes else None

    def add(self, steps: list[Step], evaluation: Evaluation) -> Iterator[Solved]:
        """Take in alphas, those of the leading rows of an evaluation, but for stepping stones.

        Their duality gaps are from now on those of the rounded answers.
        """
        rows = [row for row, step in enumerate(steps) if step.index is not None]
        steps = [steps[row] for row in rows]
        indices = [step.index for step in steps if step.index is not None]
        if not steps:
            return
        known, datafit, dtype = self._state.known, self._state.datafit, self._options.dtype
        # No copies where nothing is left out.
        some = slice(len(rows)) if rows[-1] == len(rows) - 1 else rows
        found, inside, offsets = evaluation.coefs[some], evaluation.inside[some], evaluation.fits.offsets[some]
        exact = known.minimum_norm(found)
        coefs = exact.astype(dtype, copy=False).astype(np.float64, copy=False)
        supports = self._keep(steps, coefs)

        def intercepts_of(coefs: Block) -> Matrix:
            at_means = offsets - (coefs - found) @ known.means
            intercepts = datafit.unit * (datafit.mean + at_means - coefs @ known.shift)
            return intercepts - intercepts.mean(axis=-1, keepdims=True) if datafit.is_relative else intercepts

        if self._relaxation is not None:
            relaxed = self._relax(self._relaxation, steps, supports, found, inside)
            if datafit.fit_intercept:
                self._relaxed_intercepts[indices] = intercepts_of(relaxed)
        shifts = np.zeros(offsets.shape)
        if datafit.fit_intercept:
            intercepts = intercepts_of(coefs)
            self._intercepts[indices] = intercepts.astype(dtype)
            shifts = (self._intercepts[indices] - intercepts) / datafit.unit
        for k, (index, step) in enumerate(zip(indices, steps, strict=True)):
            if dtype != np.float64:
                rise = known.rise(evaluation.fits, rows[k], coefs[k] - exact[k], shifts[k], inside[k])
                penalty = self._state.inner_at(step.alpha)
                step.gap = max(0.0, step.gap + rise + penalty.value(coefs[k]) - penalty.value(exact[k]))
            yield Solved(index, step.alpha, float(step.gap) * datafit.unit * datafit.unit)

    def _keep(self, steps: list[Step], coefs: Block) -> _Supports:
        """Keep what is not zero of rows of coefficients; return where among the known features that is."""
        supports = _Supports.of(coefs)
        features = supports.of_each(self._state.known.features[supports.positions])
        for step, support, values in zip(steps, features, self._in_units_of_data(coefs, supports), strict=True):
            step.support, step.values = support, values
        return supports

    def _relax(
        self, relaxation: Relaxation, steps: list[Step], supports: _Supports, coefs: Block, correlations: Block
    ) -> Block:
        """Keep, and return, what the same features have without penalty."""
        known = self._state.known
        relaxed = np.empty_like(coefs)
        for row, step in enumerate(steps):
            penalty = self._state.inner_at(step.alpha)
            relaxed[row] = relaxation.fit(known, penalty, coefs[row], correlations[row])
        relaxed = known.minimum_norm(relaxed)
        for step, values in zip(steps, self._in_units_of_data(relaxed, supports), strict=True):
            step.relaxed_values = values
        return relaxed

    def _in_units_of_data(self, coefs: Block, supports: _Supports) -> Iterator[Matrix]:
        """What each row of coefficients has on its support."""
        with np.errstate(over="ignore"):
            return supports.of_each(self._coef_unit * supports.coefs(coefs))

    def result(self) -> PathResult:
        """All alphas together."""
        known, unit, steps = self._state.known, self._state.datafit.unit, self._steps
        gaps = np.array([step.gap for step in steps])
        null_loss = self._null.loss
        with np.errstate(over="ignore"):
            dual_gaps = gaps * unit * unit
        return PathResult(
            n_features=self._state.shape[1],
            alphas=np.array([step.alpha for step in steps]),
            supports=[step.support for step in steps],
            values=self._finite([step.values for step in steps]),
            intercepts=self._intercepts,
            dual_gaps=dual_gaps,
            relative_gaps=gaps / null_loss if null_loss > 0 else gaps,
            n_iters=np.array([step.n_iter for step in steps]),
            # Where there is nothing to explain, nothing is left but the rounding of the intercept.
            converged=(gaps <= self._null.gap_tol(self._options.tol)) | (null_loss == 0),
            relaxed_values=[] if self._relaxation is None else self._finite([step.relaxed_values for step in steps]),
            has_no_minimum=self._null.has_no_minimum,
            relaxed_intercepts=self._relaxed_intercepts,
            by_moments=isinstance(known, WholeDesign),
            dependent=known.features[known.free.dependent] if known.free is not None else np.empty(0, dtype=np.intp),
        )

    def _finite(self, values: list[Matrix]) -> list[Matrix]:
        """The values, if they are numbers of the type that is asked for."""
        if np.abs(np.concatenate(values, axis=-1)).max(initial=0.0) > np.finfo(self._options.dtype).max:
            raise ValueError(
                f"Some coefficients are too large for {self._options.dtype.__name__}: X is too small beside y."
                " Multiply X by some number."
            )
        return values
