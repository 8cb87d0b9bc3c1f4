"""The model that a path begins with."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Quadratic, power_of_two
from sklearn_sparsefit.path import cost_model
from sklearn_sparsefit.path.records import EVERYTHING, Problem, Request
from sklearn_sparsefit.path.state import SLACK, PathState, correlate, not_finite
from sklearn_sparsefit.path.steps import Evaluation
from sklearn_sparsefit.subproblem import WorkingSet, has_no_minimum, look

# Residuals this small beside the target are rounding; so is a loss this small that would fall for ever.
EXACT, VANISHED = 64 * np.finfo(np.float64).eps, 1e-12


@dataclass(frozen=True)
class NullModel:
    """No coefficients but those of the features that are free of the penalty: the minimum from ``alpha_max`` on.

    ``coef`` has those of all features that were known then, ``residual`` is what they leave of the target, where
    residuals are known, ``correlation`` that of every feature with it, and ``loss`` its loss. A gap of ``least_gap``
    is what rounding leaves where free features fit the target exactly, and one of ``rounding_gap`` what that of their
    predictions does, which large and opposed coefficients magnify; ``has_no_minimum`` says that the loss falls for ever
    in these.
    """

    coef: NDArray[np.float64]
    residual: NDArray[np.float64]
    correlation: NDArray[np.float64]
    loss: float
    alpha_max: float
    least_gap: float = 0.0
    rounding_gap: float = 0.0
    has_no_minimum: bool = False

    def gap_tol(self, tol: float) -> float:
        """The largest duality gap that is small enough, beside the loss."""
        return max(tol * self.loss, self.least_gap, self.rounding_gap)

    def is_minimum_at(self, alpha: float) -> bool:
        """Whether no feature enters at some alpha."""
        return alpha >= (1 - SLACK) * self.alpha_max

    def coefs(self, n_rows: int, n_known: int) -> NDArray[np.float64]:
        """Rows of the coefficients, of all features that are known by now."""
        coefs = np.zeros((n_rows, *self.coef.shape[:-1], n_known))
        coefs[..., : self.coef.shape[-1]] = self.coef
        return coefs


def begin(
    problem: Problem, max_gram: int, takes_moments: Callable[[float], bool]
) -> Generator[Request, Any, tuple[PathState, NullModel]]:
    """Fit the null model of a problem, whose correlations set the unit of X and the largest alpha of interest.

    Designs are taken whole where that is cheaper. Whether by their moments is asked before free features are fitted, of
    the alpha_max that there would be if they were not free.
    """
    datafit = problem.datafit
    correlations = yield from correlate((datafit.weights * datafit.null_residual)[None], EVERYTHING)
    largest = float(np.abs(correlations).max(initial=0.0))
    if not np.isfinite(largest):
        raise not_finite()
    unit = 1.0 / max(power_of_two(largest), 2.0**-1000)
    state = PathState(problem, unit, max_gram)
    correlation = correlations[0]
    correlation *= unit
    alpha_max = _alpha_max(state, correlation, largest * unit)
    yield from _take_whole(state, max_gram, lambda: takes_moments(alpha_max))
    free = state.penalty.terms.free
    if len(free):
        return state, (yield from _fit_free(state, free, largest * unit))
    return state, NullModel(state.iterate.coef.copy(), datafit.null_residual, correlation, datafit.null_loss, alpha_max)


def _take_whole(state: PathState, max_gram: int, takes_moments: Callable[[], bool]) -> Generator[Request, Any, None]:
    """Take a design whole, if that is cheaper."""
    n_features, datafit = state.shape[1], state.datafit
    if not isinstance(datafit, Quadratic):
        if cost_model.works_on_all(state.shape):
            yield from state.bring_in(np.arange(n_features))
    elif n_features > max_gram:
        if cost_model.is_small(state.shape):
            yield from state.bring_in(np.arange(n_features))
    elif takes_moments():
        yield from state.measure(datafit)


def _fit_free(state: PathState, features: NDArray[np.intp], largest: float) -> Generator[Request, Any, NullModel]:
    """Fit the features that are free of the penalty; what they leave is the null model's.

    ``largest`` is the largest correlation of the target.
    """
    yield from state.bring_in(features[state.known.outside[features]])
    known, datafit = state.known, state.datafit
    positions = np.flatnonzero(np.isin(known.features, features))
    free = known.set_free(positions, state.inner.terms)
    coef = np.zeros((*state.tasks, len(known)))
    if isinstance(datafit, Quadratic):
        coef[..., free.positions] = free.fit(state.iterate.correlation[..., free.positions])
    residual, falls_for_ever = datafit.null_residual, False
    if isinstance(known, WorkingSet):
        settled = look(known, coef[None])
        residual, loss, inside = settled.fits.residuals[0], float(settled.fits.losses[0]), settled.correlations[0]
        falls_for_ever = has_no_minimum(known, coef, settled)
        correlations = yield from state.correlate(residual[None], EVERYTHING)
        correlation = correlations[0]
        correlation[..., known.features] = inside
    else:
        correlations = known.settled_correlations(coef[None])
        seen = Evaluation.by_moments(coef[None], correlations, known.losses(coef[None], correlations))
        if free.is_delicate or cost_model.is_small(state.shape):
            yield from state.look_closely(seen, np.arange(1))
        coef, inside, loss = seen.coefs[0], seen.inside[0], float(seen.fits.losses[0])
        correlation = inside
    state.go_to(coef, inside, residual)
    loss = min(loss, datafit.null_loss)
    least_gap = (VANISHED if falls_for_ever else EXACT**2) * datafit.null_loss
    rounding = EXACT * free.size_of_predictions(coef[..., free.positions])
    rounding_gap = min(0.5 * rounding**2, VANISHED * datafit.null_loss)
    if loss <= least_gap:
        # An exact fit: what is left is rounding, as for a constant target.
        residual, correlation, loss, largest = np.zeros_like(residual), np.zeros_like(correlation), 0.0, 0.0
    alpha_max = _alpha_max(state, correlation, largest)
    return NullModel(coef.copy(), residual, correlation, loss, alpha_max, least_gap, rounding_gap, falls_for_ever)


def _alpha_max(state: PathState, correlation: NDArray[np.float64], largest: float) -> float:
    """Where no feature has a chance to enter, the grid is that of the problem without bounds, ``largest`` its end."""
    return state.alpha_max(state.penalty.largest_magnitude(correlation) or largest)
