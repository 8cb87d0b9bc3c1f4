"""The path engine: everything between two readings of X happens on a small working set.

The engine never touches X. It is a generator that yields requests and is sent the answers, so that the same code serves
one fit in memory, many folds, or data that lie elsewhere.
"""

import math
from collections.abc import Generator, Iterable
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix, Vector
from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.path import cost_model
from sklearn_sparsefit.path.bounds import SafeBounds
from sklearn_sparsefit.path.forecast import Forecast, with_stepping_stones
from sklearn_sparsefit.path.null_model import NullModel, begin
from sklearn_sparsefit.path.records import (
    EVERYTHING,
    AlphaGrid,
    Features,
    PathResult,
    Problem,
    Request,
    SolverOptions,
    SquaredNorms,
)
from sklearn_sparsefit.path.reports import Reports
from sklearn_sparsefit.path.state import SLACK, PathState, not_finite
from sklearn_sparsefit.path.steps import Evaluation, Step, support_of
from sklearn_sparsefit.solvers import Goal, Solver, make_solver
from sklearn_sparsefit.subproblem import Outside, WholeDesign, WorkingSet, duality_gap, least_squares_gap, look

PathGenerator: TypeAlias = Generator[Request, Any, PathResult]

# Squares of columns that are smaller may have vanished.
UNDERFLOW = 1e-300
# Relative duality gap of stepping stones, and of what will be solved for again as more features come in.
ROUGH_TOL = 1e-3
# An objective this many times that of the null model is no descent from it, rounding allowed for.
DIVERGED = 1.02


def solve_path(
    problem: Problem,
    alphas: Vector | AlphaGrid,
    options: SolverOptions,
    start: Vector | None = None,
    density: float = 1.0,
) -> PathGenerator:
    """Path of a problem over descending alphas, from zero coefficients or from ``start``.

    For each block of alphas: predict who will enter, bring them into the working set, solve the alphas on it one after
    the other, and check them all with one pass. The leading alphas whose optimality conditions hold on every feature
    are done, their duality gaps read off the same pass; violators come in, and the rest of the block is solved again.
    Where the moments of the whole design pay (``density`` is the share of X that is stored), one reading of X gives
    these, and everything else follows from them.
    """
    solver = make_solver(options.solver, problem.datafit, problem.penalty)
    shape = len(problem.datafit.weights), len(problem.penalty.terms)
    n_tasks = math.prod(problem.datafit.mean.shape)

    def wanted(alpha_max: float) -> Vector:
        return alphas.alphas(alpha_max, shape) if isinstance(alphas, AlphaGrid) else alphas

    def takes_moments(alpha_max: float) -> bool:
        if cost_model.is_small(shape):
            return True
        suits_solver = shape[1] <= shape[0] or solver.takes_wide_grams
        if not (suits_solver and cost_model.suits_moments(shape, density, n_tasks)):
            return False
        share = float(wanted(alpha_max)[-1]) / alpha_max if alpha_max > 0 else 1.0
        return cost_model.moments_pay(shape, len(alphas), share, options.n_sharing)

    state, null = yield from begin(problem, solver.max_gram, takes_moments)
    steps = [Step(alpha, index) for index, alpha in enumerate(wanted(null.alpha_max))]
    reports = Reports(state, null, options, steps)
    forecast = Forecast(null.alpha_max, state.penalty.sizes(null.correlation), cost_model.margin(density))
    walk = _Walk(state, null, solver, options, reports, forecast)
    # Where nothing is left to explain, the null model is the answer.
    if start is not None and null.loss > 0 and null.alpha_max > 0:
        n_done = yield from walk.begin_at(start, steps[0])
        steps = steps[n_done:]
    if not cost_model.is_small(state.shape):
        stones = with_stepping_stones([step.alpha for step in steps], walk.forecast.alpha)
        steps = [Step(stone, None) if index is None else steps[index] for stone, index in stones]
    if state.known.outside.any() and cost_model.bounds_pay(state.shape, density, n_tasks, len(steps)):
        yield from walk.begin_bounds()
    yield from walk.go(steps)
    return reports.result()


class _Walk:
    """From one alpha to the next, a block of them at a time."""

    def __init__(
        self,
        state: PathState,
        null: NullModel,
        solver: Solver,
        options: SolverOptions,
        reports: Reports,
        forecast: Forecast,
    ):
        self.state, self.null, self.solver, self.options, self.reports = state, null, solver, options, reports
        self.gap_tol = null.gap_tol(options.tol)
        self.width = cost_model.FIRST_WIDTH
        self.forecast = forecast
        self.bounds: SafeBounds | None = None

    def begin_at(self, start: Vector, step: Step) -> Generator[Request, Any, int]:
        """Go to the coefficients ``start``; if they solve the first alpha as they are, say so."""
        state, terms = self.state, self.state.penalty.terms
        coef = np.clip(start / (state.unit * state.datafit.unit), terms.lower, terms.upper)
        support = support_of(coef)
        yield from state.bring_in(support[state.known.outside[support]])
        # No solver moves the coefficient of a constant column.
        state.iterate.coef[:] = np.where(state.known.sq_norms > 0, coef[..., state.known.features], 0.0)
        evaluation = yield from self._evaluate([step], state.iterate.coef[None])
        (seen,), gaps = yield from self._check([step], evaluation)
        state.go_to(evaluation.coefs[0], evaluation.inside[0], evaluation.fits.residuals[0])
        largest = max(state.inner.largest_magnitude(evaluation.inside[0]), seen.largest_magnitude)
        self.forecast.start_from(state.alpha_max(largest), seen.sizes)
        if not gaps[0] <= self.gap_tol:
            return 0
        step.gap = gaps[0]
        yield from self.reports.add([step], evaluation)
        return 1

    def begin_bounds(self) -> Generator[Request, Any, None]:
        """Bound the correlations from those of the null model on, where that pays."""
        weights = self.state.datafit.weights
        sq_norms = yield SquaredNorms(weights, self.state.unit)
        if sq_norms is not None:
            norms, shape = np.sqrt(np.maximum(sq_norms, UNDERFLOW)), self.state.shape
            max_known = cost_model.max_known(shape, self.options.n_together, math.prod(self.state.tasks))
            null = self.null.residual[None], self.null.correlation[None]
            self.bounds = SafeBounds(self.state.penalty, norms, weights, max_known, *null)

    def go(self, steps: list[Step]) -> Generator[Request, Any, None]:
        """See :func:`solve_path`."""
        while steps:
            n_ahead, newcomers, n_left_out = self._look_ahead(steps)
            yield from self.state.bring_in(newcomers)
            block, steps = steps[:n_ahead], steps[n_ahead:]
            # None are for several alphas.
            block[0].awaits_features = n_left_out > 0
            while block:
                evaluation = yield from self._evaluate(block, *self._solve(block))
                evaluation = yield from self._without_divergence(block, evaluation)
                seen, gaps = yield from self._check(block, evaluation)
                n_done, newcomers = yield from self._accept(block, evaluation, seen, gaps)
                # Large, and not needed while the next ones are made.
                del seen
                wider = min(2 * self.width, cost_model.MAX_WIDTH)
                self.width = wider if n_done == len(block) else max(2, self.width // 2)
                # Go on from the last coefficients that were looked at, with true correlations in place of the solver's.
                last = min(n_done, len(block) - 1)
                self.state.go_to(evaluation.coefs[last], evaluation.inside[last], evaluation.fits.residuals[last])
                yield from self.state.bring_in(newcomers)
                block = block[n_done:]
                for step in block[1:]:
                    # Solved from an iterate that was not final: that work is lost, and so does not count.
                    step.n_iter = 0

    def _look_ahead(self, steps: list[Step]) -> tuple[int, NDArray[np.intp], int]:
        """How many alphas to take on, which features to bring in for them, and how many are foreseen but left out."""
        nobody = np.empty(0, dtype=np.intp)
        if isinstance(self.state.known, WholeDesign):
            return len(steps), nobody, 0
        affordable = cost_model.affordable_width(self.state.shape, self.options.n_together, math.prod(self.state.tasks))
        width = max(2, min(self.width, affordable))
        if not self.state.known.outside.any():
            return min(width, len(steps)), nobody, 0
        alphas = [step.alpha for step in steps[:width]]
        n_support = len(support_of(self.state.iterate.coef))
        return self.forecast.look_ahead(self.state.penalty, alphas, self.state.known.outside, n_support)

    def _solve(self, block: list[Step]) -> tuple[Matrix, Fits | None]:
        """Solutions of each alpha of the block on the working set, each from the one before; fits that are known."""
        known = self.state.known
        coefs = self.null.coefs(len(block), len(known))
        n_null = sum(self.null.is_minimum_at(step.alpha) for step in block)
        goals = [self._goal(step) for step in block[n_null:]]
        found = self.solver.solve_each(known, goals, self.state.iterate)
        for step, n_iter in zip(block[n_null:], found.n_iters, strict=True):
            step.n_iter += n_iter
        coefs[n_null:] = found.coefs
        fits = found.fits
        if n_null and fits is not None:
            fits = Fits.together([self.state.working_set.fit(coefs[:n_null]), fits])
        return coefs, fits

    def _goal(self, step: Step) -> Goal:
        is_rough = step.index is None or step.awaits_features
        gap_tol = max(0.25 * self.gap_tol, ROUGH_TOL * self.null.loss * is_rough)
        return Goal(self.state.inner_at(step.alpha), gap_tol, self.options.max_iter - step.n_iter, step.gap)

    def _evaluate(
        self, block: list[Step], coefs: Matrix, fits: Fits | None = None
    ) -> Generator[Request, Any, Evaluation]:
        """What rows of coefficients come to, from their fits where these are known."""
        known = self.state.known
        if isinstance(known, WorkingSet):
            to_gain = np.zeros(len(block))
            if fits is None:
                seen = look(known, coefs)
                fits, inside, to_gain = seen.fits, seen.correlations, seen.to_gain
            else:
                inside = known.correlations(self.state.datafit.weights * fits.residuals)
            is_rounding = fits.losses <= self.null.least_gap
            fits.residuals[is_rounding] = inside[is_rounding] = 0.0
            fits.losses[is_rounding] = 0.0
            return Evaluation(coefs, fits, inside, np.zeros(len(block)), to_gain)
        rows = np.arange(len(block))
        if cost_model.is_small(self.state.shape):
            # All of it is about to be looked at closely.
            evaluation = Evaluation.by_moments(coefs, np.empty_like(coefs), np.empty(len(block)))
        else:
            inside = known.settled_correlations(coefs)
            evaluation = Evaluation.by_moments(coefs, inside, known.losses(coefs, inside))
            evaluation.slacks = np.array([known.slack(coef) for coef in coefs])
            evaluation.gaps = self._gaps(block, evaluation, [])
            rows = np.flatnonzero(~(evaluation.gaps <= cost_model.ROUNDING_SHARE * self.gap_tol))
        if len(rows):
            yield from self.state.look_closely(evaluation, rows)
        return evaluation

    def _without_divergence(self, block: list[Step], evaluation: Evaluation) -> Generator[Request, Any, Evaluation]:
        """Put the null model in place of what is worse than the null model.

        Where rounding leaves the Gram of nearly collinear columns a direction of negative curvature, a small alpha may
        not hold the coefficients back.
        """
        values = [
            self.state.inner_at(step.alpha).value(coef) for step, coef in zip(block, evaluation.coefs, strict=True)
        ]
        diverged = evaluation.fits.losses + values > DIVERGED * self.state.datafit.null_loss
        if not diverged.any():
            return evaluation
        evaluation.coefs[diverged] = self.null.coefs(1, len(self.state.known))
        return (yield from self._evaluate(block, evaluation.coefs))

    def _check(
        self, block: list[Step], evaluation: Evaluation
    ) -> Generator[Request, Any, tuple[list[Outside], Vector]]:
        """Read what may reach a threshold outside the working set, for every alpha; with it come the duality gaps."""
        residuals, outside = evaluation.fits.residuals, self.state.known.outside
        if not outside.any():
            seen = self._seen(block, np.empty(0, dtype=np.intp), repeat(np.zeros((*self.state.tasks, 0))))
        elif self.bounds is None:
            correlations = yield from self._look_outside(residuals, EVERYTHING)
            seen = self._seen(block, EVERYTHING, correlations)
        else:
            seen = yield from self._look_where_needed(self.bounds, block, residuals)
        gaps = self._gaps(block, evaluation, seen) if evaluation.gaps is None else evaluation.gaps
        if np.isnan(gaps).any():
            raise not_finite()
        return seen, gaps

    def _look_where_needed(
        self, bounds: SafeBounds, block: list[Step], residuals: Block
    ) -> Generator[Request, Any, list[Outside]]:
        """Read at the end of a block what safe bounds leave of all its alphas, and on the way what is left by then.

        Where that is not little, everything is read at the end, and known to the bounds from there on. Few features are
        read at the last two alphas, as forecasts go by these.
        """
        thresholds = np.array([self.state.inner_at(step.alpha).l1 for step in block])
        features = self._few_or_all(bounds.may_reach(thresholds, residuals))
        n_ends = 1 if isinstance(features, slice) else 2
        ends, way = slice(-n_ends, None), slice(0, -n_ends)
        correlations = yield from self._look_outside(residuals[ends], features)
        seen = self._seen(block[ends], features, correlations)
        closer = bounds.with_more(features, residuals[ends], correlations)
        if isinstance(features, slice):
            self.bounds = closer
        if block[way]:
            needed = closer.may_reach(thresholds[way], residuals[way])
            features = self._few_or_all(needed if isinstance(features, slice) else features[needed])
            correlations = yield from self._look_outside(residuals[way], features)
            seen = [*self._seen(block[way], features, correlations), *seen]
        return seen

    def _few_or_all(self, features: NDArray[np.intp]) -> Features:
        """Those that are outside the working set, or everything where these are not few."""
        outside = self.state.known.outside
        features = features[outside[features]]
        return features if cost_model.are_few(len(features), len(outside)) else EVERYTHING

    def _look_outside(self, residuals: Block, features: Features) -> Generator[Request, Any, Block]:
        """Correlations of features outside the working set; those inside are better known from its columns.

        (These are centred in double precision.)
        """
        if not isinstance(features, slice) and len(features) == 0:
            return np.zeros((*residuals.shape[:-1], 0))
        correlations = yield from self.state.correlate(residuals, features)
        if isinstance(features, slice):
            correlations[..., ~self.state.known.outside] = 0.0
        return correlations

    def _seen(self, block: list[Step], features: Features, correlations: Iterable[Matrix]) -> list[Outside]:
        penalty = self.state.penalty if isinstance(features, slice) else self.state.penalty.at(features)
        pairs = zip(block, correlations, strict=False)
        return [Outside(features, correlation, penalty.with_alpha(step.alpha)) for step, correlation in pairs]

    def _sizes(self, residuals: Block, seen: list[Outside]) -> list[Vector]:
        """Sizes of all correlations outside the working set, near enough where they were not read."""
        if self.bounds is None or not seen:
            return [there.sizes for there in seen]
        sizes = [self.state.penalty.sizes(correlation) for correlation in self.bounds.projected(residuals)]
        for at_alpha, there in zip(sizes, seen, strict=True):
            at_alpha[there.features] = there.sizes
        return sizes

    def _gaps(self, block: list[Step], evaluation: Evaluation, seen: list[Outside]) -> Vector:
        gaps = np.empty(len(block))
        for row, step in enumerate(block):
            coef, inside = evaluation.coefs[row], evaluation.inside[row]
            slack, penalty = evaluation.slacks[row], self.state.inner_at(step.alpha)
            if penalty.l1 + penalty.l2 > 0:
                misfit = self.state.datafit.misfit_of(evaluation.fits, row)
                gaps[row] = duality_gap(misfit, coef, inside, penalty, seen[row] if seen else None, slack)
                gaps[row] += evaluation.to_gain[row]
            elif slack == 0:
                movable = inside * penalty.may_move(coef, inside)
                gaps[row] = least_squares_gap(movable, self.state.known.full_gram())
            else:
                gaps[row] = np.inf
        return gaps

    def _accept(
        self, block: list[Step], evaluation: Evaluation, seen: list[Outside], gaps: Vector
    ) -> Generator[Request, Any, tuple[int, NDArray[np.intp]]]:
        """Report the leading alphas that are done; return how many, and the features that others need or will."""
        newcomers = np.zeros(self.state.shape[1], dtype=bool)
        n_done = 0
        for row, step in enumerate(block):
            penalty, there = self.state.inner_at(step.alpha), seen[row]
            threshold = (1 + SLACK) * penalty.l1
            is_optimal_outside = there.largest_magnitude <= threshold
            if not is_optimal_outside:
                wanted = there.magnitudes > (1 - cost_model.NEXT) * threshold
                newcomers[there.features] |= wanted
            if step.awaits_features:
                n_few = cost_model.FEW_WANTED * len(support_of(evaluation.coefs[row]))
                step.awaits_features = not is_optimal_outside and int(np.count_nonzero(wanted)) > n_few
            step.gap = gaps[row]
            done = step.index is None or step.n_iter >= self.options.max_iter
            if is_optimal_outside:
                done |= step.gap <= self.gap_tol or not step.gap < 0.5 * step.settled_gap
                step.settled_gap = step.gap
            if done and n_done == row:
                n_done += 1
        yield from self.reports.add(block[:n_done], evaluation)
        last = slice(max(0, n_done - 2), n_done)
        sizes = self._sizes(evaluation.fits.residuals[last], seen[last])
        for step, at_step in zip(block[last], sizes, strict=True):
            self.forecast.see(step.alpha, at_step)
        return n_done, np.flatnonzero(newcomers)
