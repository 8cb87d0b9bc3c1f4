"""The path engine: everything between two readings of X happens on a small working set.

The engine never touches X. It is a generator that yields requests and is sent the answers, so that the same code serves
one fit in memory, many folds, or data that lie elsewhere.
"""

import math
from collections.abc import Generator
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Fits, Quadratic, power_of_two
from sklearn_sparsefit.design import as_rows
from sklearn_sparsefit.path import cost_model
from sklearn_sparsefit.path.forecast import Forecast, SafeBounds, with_stepping_stones
from sklearn_sparsefit.path.records import (
    EVERYTHING,
    AlphaGrid,
    Correlate,
    CorrelateCentred,
    Features,
    Gather,
    Measure,
    PathResult,
    Predict,
    Problem,
    Request,
    SolverOptions,
    SquaredNorms,
)
from sklearn_sparsefit.path.reports import Reports
from sklearn_sparsefit.path.steps import Evaluation, Step, support_of
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers import (
    Goal,
    Iterate,
    Outside,
    Settling,
    WholeDesign,
    WorkingSet,
    duality_gap,
    has_no_minimum,
    least_squares_gap,
    look,
    make_solver,
)

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
# Of shape (k, n) or, with several tasks, (k, n_tasks, n).
Block = NDArray[np.float64]
PathGenerator: TypeAlias = Generator[Request, Any, PathResult]

# A correlation may exceed the threshold by this much, relatively, before it counts: rounding.
SLACK = 1e-12
# Residuals this small beside the target are rounding; so is a loss this small that would fall for ever.
EXACT, VANISHED = 64 * np.finfo(np.float64).eps, 1e-12
# Squares of columns that are smaller may have vanished.
UNDERFLOW = 1e-300
# Relative duality gap of stepping stones.
STONE_TOL = 1e-3
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
    Where the moments of the whole design are cheap (``density`` is the share of X that is stored), one reading of X
    gives these, and everything else follows from them.
    """
    return _Engine(problem, options, density).run(alphas, start)


class _Engine:
    def __init__(self, problem: Problem, options: SolverOptions, density: float):
        n_features = len(problem.penalty.terms)
        self.datafit = problem.datafit
        # Of all features, and of those that are known, in their order.
        self.penalty = self.inner = problem.penalty
        self.options = options
        self.shape = (len(problem.datafit.weights), n_features)
        # Coefficients and correlations of several tasks have an axis for these before that of the features.
        self.tasks = problem.datafit.mean.shape
        self.density = density
        self.solver = make_solver(options.solver, self.datafit, self.penalty)
        self.working_set: WorkingSet | WholeDesign = WorkingSet(self.datafit, n_features, self.solver.max_gram)
        self.iterate = Iterate(*np.empty((2, *self.tasks, 0)))
        self.width = cost_model.FIRST_WIDTH
        self.bounds: SafeBounds | None = None
        self.unit = 1.0
        # From this alpha on no feature enters: those known have these coefficients, and this is the loss.
        self.null_alpha = np.inf
        self.null_coef = np.empty((*self.tasks, 0))
        self.null_loss = self.datafit.null_loss
        # What rounding leaves where features that are free of the penalty fit the target exactly, and what that of
        # their predictions, which large and opposed coefficients magnify, leaves of the gap.
        self.least_gap = self.rounding_gap = 0.0
        # Whether the features that are free of the penalty leave the loss without a minimum.
        self.has_no_minimum = False

    def run(self, alphas: Vector | AlphaGrid, start: Vector | None) -> PathGenerator:
        """Begin at the null model, whose correlations set the units and the largest alpha of interest."""
        _, correlations = yield from self._pass((self.datafit.weights * self.datafit.null_residual)[None], EVERYTHING)
        correlation = correlations[0]
        largest = _finite(np.abs(correlation).max(initial=0.0))
        self.unit = 1.0 / max(power_of_two(largest), 2.0**-1000)
        correlation *= self.unit
        self.penalty = self.penalty.in_units(self.unit, self.datafit.unit)
        self.inner = self.penalty.at(self.working_set.features)
        yield from self._begin_with_all()
        residual = self.datafit.null_residual
        free = self.penalty.terms.free
        if len(free):
            residual, correlation = yield from self._begin_with_free(free)
        # Where no feature has a chance to enter, the grid is that of the problem without bounds.
        if self.null_loss == 0:
            largest = 0.0
        alpha_max = self._alpha_at(self.penalty.largest_magnitude(correlation) or largest * self.unit)
        if isinstance(alphas, AlphaGrid):
            alphas = alphas.alphas(alpha_max, self.shape)
        self.forecast = Forecast(alpha_max, self.penalty.sizes(correlation))
        self.null_alpha = (1 - SLACK) * alpha_max

        steps = [Step(alpha, index) for index, alpha in enumerate(alphas)]
        reports = Reports(self.datafit, (self.null_loss, self.gap_tol), self.options, self.unit, steps)
        if start is not None and largest > 0:
            n_done = yield from self._begin_at(start, steps[0], reports)
            steps = steps[n_done:]
        if not cost_model.is_small(self.shape):
            stones = with_stepping_stones([step.alpha for step in steps], self.forecast.alpha)
            steps = [Step(stone, None) if index is None else steps[index] for stone, index in stones]
        if self.working_set.outside.any() and cost_model.bounds_pay(self.density, math.prod(self.tasks), len(steps)):
            yield from self._begin_bounds(correlation, residual)
        yield from self._walk(steps, reports)
        return reports.result(self.working_set, self.shape[1], self.has_no_minimum)

    @property
    def gap_tol(self) -> float:
        return max(self.options.tol * self.null_loss, self.least_gap, self.rounding_gap)

    def _begin_bounds(self, correlation: Vector, residual: Vector) -> Generator[Request, Any, None]:
        """Bound the correlations from those of the null model on, where that pays."""
        sq_norms = yield SquaredNorms(self.datafit.weights, self.unit)
        if sq_norms is not None:
            sizes, weights = self.penalty.sizes(correlation), self.datafit.weights
            norms = np.sqrt(np.maximum(sq_norms, UNDERFLOW))
            self.bounds = SafeBounds(self.penalty, norms, weights, sizes, residual)

    def _inner(self, step: Step) -> Penalty:
        """The penalty of the features that are known, at the strength of a step."""
        return self.inner.with_alpha(step.alpha)

    def _begin_with_all(self) -> Generator[Request, Any, None]:
        """Take a design whole, if that is cheaper."""
        n_features = self.shape[1]
        if not cost_model.takes_whole(self.shape, self.density):
            return
        if n_features > self.solver.max_gram or not isinstance(self.datafit, Quadratic):
            if cost_model.is_small(self.shape):
                yield from self._bring_in(np.arange(n_features))
            return
        datafit = self.datafit
        target = as_rows(datafit.target)
        moments = yield Measure(datafit.weights, target[0], datafit.unit, datafit.fit_intercept, self.unit)
        correlation = moments.correlation
        if self.tasks:
            correlation = yield CorrelateCentred(datafit.weights * target, moments.means, self.unit)
        self.working_set = WholeDesign(datafit, moments, correlation)
        self.inner = self.penalty
        self.null_coef = np.zeros((*self.tasks, n_features))
        self.iterate = Iterate(self.null_coef.copy(), correlation.copy())

    def _begin_with_free(self, free: NDArray[np.intp]) -> Generator[Request, Any, tuple[Vector, Vector]]:
        """Fit the features that are free of the penalty; what they leave is the null model's.

        Returns its residual, where residuals are known, and its correlations.
        """
        known = self.working_set
        yield from self._bring_in(free[known.outside[free]])
        positions = np.flatnonzero(np.isin(known.features, free))
        fit = known.set_free(positions, self.inner.terms)
        coef = np.zeros((*self.tasks, len(known)))
        if isinstance(self.datafit, Quadratic):
            coef[..., fit.positions] = fit.fit(self.iterate.correlation[..., fit.positions])
        residual = self.datafit.null_residual
        if isinstance(known, WorkingSet):
            settled = look(known, coef[None])
            residual, loss, inside = settled.fits.residuals[0], float(settled.fits.losses[0]), settled.correlations
            self.has_no_minimum = has_no_minimum(known, coef, settled)
            _, correlations = yield from self._pass((self.datafit.weights * residual)[None], EVERYTHING)
            correlation = correlations[0]
            correlation[..., known.features] = inside[0]
        else:
            coefs = coef[None]
            inside = known.settled_correlations(coefs)
            seen = self._by_moments(coefs, inside, known.losses(coefs, inside))
            if fit.is_delicate or cost_model.is_small(self.shape):
                yield from self._look_closely(seen, np.arange(1))
            inside, loss = seen.inside, float(seen.fits.losses[0])
            coef, correlation = coefs[0], inside[0]
        self.iterate = Iterate(coef, inside[0].copy())
        self.null_coef = coef.copy()
        self.null_loss = min(loss, self.datafit.null_loss)
        self.least_gap = (VANISHED if self.has_no_minimum else EXACT**2) * self.datafit.null_loss
        size = float((np.abs(coef[..., fit.positions]) @ fit.norms).max())
        self.rounding_gap = min(0.5 * (EXACT * size) ** 2, VANISHED * self.datafit.null_loss)
        if self.null_loss <= self.least_gap:
            # An exact fit: what is left is rounding, as for a constant target.
            residual, correlation, self.null_loss = np.zeros_like(residual), np.zeros_like(correlation), 0.0
        return residual, correlation

    def _begin_at(self, start: Vector, step: Step, reports: Reports) -> Generator[Request, Any, int]:
        """Go to the coefficients ``start``; if they solve the first alpha as they are, say so."""
        terms = self.penalty.terms
        coef = np.clip(start / (self.unit * self.datafit.unit), terms.lower, terms.upper)
        support = support_of(coef)
        yield from self._bring_in(support[self.working_set.outside[support]])
        # No solver moves the coefficient of a constant column.
        self.iterate.coef[:] = np.where(self.working_set.sq_norms > 0, coef[..., self.working_set.features], 0.0)
        evaluation = yield from self._evaluate([step], self.iterate.coef[None])
        (seen,), gaps = yield from self._check([step], evaluation)
        self.iterate.correlation[:] = evaluation.inside[0]
        largest = max(self.inner.largest_magnitude(evaluation.inside[0]), seen.largest_magnitude)
        self.forecast = Forecast(self._alpha_at(largest), seen.sizes)
        if not gaps[0] <= self.gap_tol:
            return 0
        step.gap = gaps[0]
        yield reports.add(step, evaluation, 0, self.working_set, self._inner(step))
        return 1

    def _alpha_at(self, largest_magnitude: float) -> float:
        return self.penalty.alpha_max(largest_magnitude) if self.penalty.l1_ratio > 0 else np.inf

    def _walk(self, steps: list[Step], reports: Reports) -> Generator[Request, Any, None]:
        while steps:
            n_ahead, newcomers = self._look_ahead(steps)
            yield from self._bring_in(newcomers)
            block, steps = steps[:n_ahead], steps[n_ahead:]
            while block:
                evaluation = yield from self._evaluate(block, *self._solve(block))
                evaluation = yield from self._without_divergence(block, evaluation)
                seen, gaps = yield from self._check(block, evaluation)
                n_done, newcomers = yield from self._accept(block, evaluation, seen, gaps, reports)
                # Large, and not needed while the next ones are made.
                del seen
                wider = min(2 * self.width, cost_model.MAX_WIDTH)
                self.width = wider if n_done == len(block) else max(2, self.width // 2)
                # Go on from the last coefficients that were looked at, with true correlations in place of the solver's.
                last = min(n_done, len(block) - 1)
                self.iterate = Iterate(evaluation.coefs[last].copy(), evaluation.inside[last].copy())
                yield from self._bring_in(newcomers)
                block = block[n_done:]
                for step in block[1:]:
                    # Solved from an iterate that was not final: that work is lost, and so does not count.
                    step.n_iter = 0

    def _look_ahead(self, steps: list[Step]) -> tuple[int, NDArray[np.intp]]:
        """How many alphas to take on, and which features to bring in for them."""
        nobody = np.empty(0, dtype=np.intp)
        if isinstance(self.working_set, WholeDesign):
            return len(steps), nobody
        affordable = cost_model.affordable_width(self.shape, self.options.n_together, math.prod(self.tasks))
        width = max(2, min(self.width, affordable))
        if not self.working_set.outside.any():
            return min(width, len(steps)), nobody
        alphas = [step.alpha for step in steps[:width]]
        n_support = len(support_of(self.iterate.coef))
        return self.forecast.look_ahead(self.penalty, alphas, self.working_set.outside, n_support)

    def _bring_in(self, features: NDArray[np.intp]) -> Generator[Request, Any, None]:
        if len(features) == 0:
            return
        columns = yield Gather(features, self.unit, self.datafit.weights if self.datafit.fit_intercept else None)
        self.working_set.append(features, columns)
        self.inner = self.penalty.at(self.working_set.features)
        n_new = len(self.working_set) - self.iterate.coef.shape[-1]
        coef = np.concatenate([self.iterate.coef, np.zeros((*self.tasks, n_new))], axis=-1)
        residuals = self.working_set.fit(coef[None]).residuals
        self.iterate = Iterate(coef, self.working_set.correlations(self.datafit.weights * residuals)[0])

    def _solve(self, block: list[Step]) -> tuple[Matrix, Fits | None]:
        """Solutions of each alpha of the block on the working set, each from the one before; fits that are known."""
        coefs, known = self._null_coefs(len(block)), self.working_set
        n_null = sum(step.alpha >= self.null_alpha for step in block)
        goals = [self._goal(step) for step in block[n_null:]]
        found = self.solver.solve_each(known, goals, self.iterate)
        for step, n_iter in zip(block[n_null:], found.n_iters, strict=True):
            step.n_iter += n_iter
        coefs[n_null:] = found.coefs
        fits = found.fits
        if n_null and fits is not None:
            fits = Fits.together([known.fit(coefs[:n_null]), fits])
        return coefs, fits

    def _goal(self, step: Step) -> Goal:
        is_stone = step.index is None
        gap_tol = max(0.25 * self.gap_tol, STONE_TOL * self.null_loss * is_stone)
        return Goal(self._inner(step), gap_tol, self.options.max_iter - step.n_iter)

    def _null_coefs(self, n_rows: int) -> Matrix:
        coefs = np.zeros((n_rows, *self.tasks, len(self.working_set)))
        coefs[..., : self.null_coef.shape[-1]] = self.null_coef
        return coefs

    def _evaluate(
        self, block: list[Step], coefs: Matrix, fits: Fits | None = None
    ) -> Generator[Request, Any, Evaluation]:
        """What rows of coefficients come to, from their fits where these are known."""
        known = self.working_set
        if isinstance(known, WorkingSet):
            to_gain = np.zeros(len(block))
            if fits is None:
                seen = look(known, coefs)
                fits, inside, to_gain = seen.fits, seen.correlations, seen.to_gain
            else:
                inside = known.correlations(self.datafit.weights * fits.residuals)
            is_rounding = fits.losses <= self.least_gap
            fits.residuals[is_rounding] = inside[is_rounding] = 0.0
            fits.losses[is_rounding] = 0.0
            return Evaluation(coefs, fits, inside, np.zeros(len(block)), to_gain)
        rows = np.arange(len(block))
        if cost_model.is_small(self.shape):
            # All of it is about to be looked at closely.
            evaluation = self._by_moments(coefs, np.empty_like(coefs), np.empty(len(block)))
        else:
            inside = known.settled_correlations(coefs)
            evaluation = self._by_moments(coefs, inside, known.losses(coefs, inside))
            evaluation.slacks = np.array([known.slack(coef) for coef in coefs])
            evaluation.gaps = self._gaps(block, evaluation, [])
            rows = np.flatnonzero(~(evaluation.gaps <= cost_model.ROUNDING_SHARE * self.gap_tol))
        if len(rows):
            yield from self._look_closely(evaluation, rows)
        return evaluation

    def _by_moments(self, coefs: Matrix, inside: Matrix, losses: Vector) -> Evaluation:
        """Rows of coefficients on a whole design."""
        nothing = np.empty((len(coefs), 0))
        fits = Fits(nothing, np.zeros((len(coefs), *self.tasks)), losses, nothing)
        return Evaluation(coefs, fits, inside, *np.zeros((2, len(coefs))))

    def _look_closely(self, evaluation: Evaluation, rows: NDArray[np.intp]) -> Generator[Request, Any, None]:
        """Residuals in place of moments, for some rows of a block."""
        evaluation.gaps = None
        width = cost_model.affordable_rows(self.shape[::-1], n_tasks=math.prod(self.tasks))
        for some in (rows[first : first + width] for first in range(0, len(rows), width)):
            means = self.working_set.shift
            coefs = evaluation.coefs[some]
            settling = Settling(self.working_set, coefs)
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

    def _without_divergence(self, block: list[Step], evaluation: Evaluation) -> Generator[Request, Any, Evaluation]:
        """Put the null model in place of what is worse than the null model.

        Where rounding leaves the Gram of nearly collinear columns a direction of negative curvature, a small alpha may
        not hold the coefficients back.
        """
        values = [self._inner(step).value(coef) for step, coef in zip(block, evaluation.coefs, strict=True)]
        diverged = evaluation.fits.losses + values > DIVERGED * self.datafit.null_loss
        if not diverged.any():
            return evaluation
        evaluation.coefs[diverged] = self._null_coefs(1)
        return (yield from self._evaluate(block, evaluation.coefs))

    def _pass(self, weighted_residuals: Block, features: Features) -> Generator[Request, Any, tuple[Features, Block]]:
        # Not around the yield: in lockstep it may be another thread, with a context of its own, that goes on.
        with np.errstate(over="ignore", invalid="ignore"):
            residuals = weighted_residuals * self.unit
        features, correlations = yield Correlate(as_rows(residuals), features)
        return features, correlations.reshape(*residuals.shape[:-1], -1)

    def _check(
        self, block: list[Step], evaluation: Evaluation
    ) -> Generator[Request, Any, tuple[list[Outside], Vector]]:
        """Read what may reach a threshold outside the working set, for every alpha; with it come the duality gaps."""
        residuals, outside = evaluation.fits.residuals, self.working_set.outside
        if not outside.any():
            seen = [self._seen(step, np.empty(0, dtype=np.intp), np.zeros((*self.tasks, 0))) for step in block]
        elif self.bounds is None:
            features, correlations = yield from self._look_outside(residuals, EVERYTHING)
            seen = [self._seen(*pair) for pair in zip(block, repeat(features), correlations)]
        else:
            seen = yield from self._look_where_needed(block, residuals)
        gaps = self._gaps(block, evaluation, seen) if evaluation.gaps is None else evaluation.gaps
        if np.isnan(gaps).any():
            _finite(np.nan)
        return seen, gaps

    def _look_where_needed(self, block: list[Step], residuals: Block) -> Generator[Request, Any, list[Outside]]:
        """Read at the last residual of a block what safe bounds leave, and of the others what these two leave then."""
        outside, penalties = self.working_set.outside, [self.penalty.with_alpha(step.alpha) for step in block]
        features = np.flatnonzero(outside & self.bounds.ahead(penalties[-1], residuals[-1]))
        features, correlations = yield from self._look_outside(residuals[-1:], features)
        last = self._seen(block[-1], features, correlations[0])
        self.bounds.read_end(features, last.magnitudes)
        if len(block) == 1:
            return [last]
        features = self.bounds.on_the_way(penalties[:-1], residuals[:-1])
        features, correlations = yield from self._look_outside(residuals[:-1], features[outside[features]])
        return [*(self._seen(*one) for one in zip(block, repeat(features), correlations)), last]

    def _look_outside(self, residuals: Block, features: Features) -> Generator[Request, Any, tuple[Features, Block]]:
        """Correlations of features outside the working set; those inside are better known from its columns.

        (These are centred in double precision.)
        """
        if features is not EVERYTHING and len(features) == 0:
            return features, np.zeros((*residuals.shape[:-1], 0))
        features, correlations = yield from self._pass(self.datafit.weights * residuals, features)
        outside = self.working_set.outside
        correlations[..., ~outside if features is EVERYTHING else np.flatnonzero(~outside[features])] = 0.0
        return features, correlations

    def _seen(self, step: Step, features: Features, correlation: Matrix) -> Outside:
        penalty = self.penalty if features is EVERYTHING else self.penalty.at(features)
        return Outside(features, correlation, penalty.with_alpha(step.alpha))

    def _gaps(self, block: list[Step], evaluation: Evaluation, seen: list[Outside]) -> Vector:
        gaps = np.empty(len(block))
        for row, step in enumerate(block):
            coef, inside = evaluation.coefs[row], evaluation.inside[row]
            slack, penalty = evaluation.slacks[row], self._inner(step)
            if penalty.l1 + penalty.l2 > 0:
                misfit = self.datafit.misfit_of(evaluation.fits, row)
                gaps[row] = duality_gap(misfit, coef, inside, penalty, seen[row] if seen else None, slack)
                gaps[row] += evaluation.to_gain[row]
            elif slack == 0:
                movable = inside * penalty.may_move(coef, inside)
                gaps[row] = least_squares_gap(movable, self.working_set.full_gram())
            else:
                gaps[row] = np.inf
        return gaps

    def _accept(
        self, block: list[Step], evaluation: Evaluation, seen: list[Outside], gaps: Vector, reports: Reports
    ) -> Generator[Request, Any, tuple[int, NDArray[np.intp]]]:
        """Report the leading alphas that are done; return how many, and the features that others need."""
        violates = np.zeros(self.shape[1], dtype=bool)
        n_done = 0
        for row, step in enumerate(block):
            penalty, there = self._inner(step), seen[row]
            threshold = (1 + SLACK) * penalty.l1
            is_optimal_outside = there.largest_magnitude <= threshold
            if not is_optimal_outside:
                violates[there.features] |= there.magnitudes > threshold
            step.gap = gaps[row]
            done = step.index is None or step.n_iter >= self.options.max_iter
            if is_optimal_outside:
                done |= step.gap <= self.gap_tol or not step.gap < 0.5 * step.settled_gap
                step.settled_gap = step.gap
            if done and n_done == row:
                n_done += 1
                if step.index is not None:
                    yield reports.add(step, evaluation, row, self.working_set, penalty)
        for row in range(max(0, n_done - 2), n_done):
            self.forecast.see(block[row].alpha, seen[row].features, seen[row].sizes)
        if self.bounds is not None:
            last = min(n_done, len(block) - 1)
            self.bounds.go_to(evaluation.fits.residuals[last], seen[last].features, seen[last].magnitudes)
        return n_done, np.flatnonzero(violates)


def _finite(value: float) -> float:
    if not np.isfinite(value):
        raise ValueError(
            "Coordinate descent iterations resulted in non-finite parameter values. The input data may contain large"
            " values and need to be preprocessed."
        )
    return float(value)
