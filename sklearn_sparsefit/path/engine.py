"""The path engine: everything between two readings of X happens on a small working set.

The engine never touches X. It is a generator that yields requests and is sent the answers, so that the same code serves
one fit in memory, many folds, or data that lie elsewhere.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_sparsefit.datafit.quadratic import power_of_two
from sklearn_sparsefit.path.records import (
    AlphaGrid,
    Correlate,
    Gather,
    PathResult,
    Problem,
    Request,
    Solved,
    SolverOptions,
)
from sklearn_sparsefit.solvers import Iterate, WorkingSet, duality_gap, least_squares_gap, make_solver

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
PathGenerator: TypeAlias = Generator[Request, Any, PathResult]

# A design of so few entries and features goes into the working set whole, and is then never read again.
SMALL_DESIGN, FEW_FEATURES = 2**18, 256
# Alphas solved ahead of one pass: to begin with and at most.
FIRST_WIDTH, MAX_WIDTH = 8, 32
# Newcomers are taken ahead while they are fewer than this share of the support, or than this many.
NEWCOMER_SHARE, MIN_NEWCOMERS = 1 / 3, 40
# A feature is predicted to enter when its predicted correlation comes this close to the threshold.
MARGIN = 0.02
# A correlation may exceed the threshold by this much, relatively, before it counts: rounding.
SLACK = 1e-12
# An objective this many times that of the null model is no descent from it, rounding allowed for.
DIVERGED = 1.02
# Between alphas further apart than this, others are put in as stepping stones.
MAX_RATIO = 2.5


@dataclass
class _Step:
    """One alpha on the way; a stepping stone has no index."""

    alpha: float
    index: int | None
    n_iter: int = 0
    gap: float = np.inf
    # The gap when last no feature outside violated: one that halves no more is as small as it gets.
    settled_gap: float = np.inf
    coef: Vector = field(default_factory=lambda: np.empty(0))


@dataclass
class _Check:
    """What a pass said of the iterates of one block, a row for each."""

    residuals: Matrix
    offsets: Vector
    inside: Matrix
    outside: Matrix
    gaps: Vector


def solve_path(
    problem: Problem,
    n_features: int,
    alphas: Vector | AlphaGrid,
    options: SolverOptions,
    start: Vector | None = None,
) -> PathGenerator:
    """Path of a problem over descending alphas, from zero coefficients or from ``start``.

    For each block of alphas: predict who will enter, bring them into the working set, solve the alphas on it one after
    the other, and check them all with one pass. The leading alphas whose optimality conditions hold on every feature
    are done, their duality gaps read off the same pass; violators come in, and the rest of the block is solved again.
    """
    return _Engine(problem, n_features, options).run(alphas, start)


class _Engine:
    def __init__(self, problem: Problem, n_features: int, options: SolverOptions):
        self.datafit = problem.datafit
        self.penalty = problem.penalty
        self.options = options
        self.n_features = n_features
        self.solver = make_solver(options.solver)
        self.working_set = WorkingSet(self.datafit, n_features, self.solver.max_gram)
        self.iterate = Iterate(np.empty(0), np.empty(0))
        self.n_passes = 0
        self.width = FIRST_WIDTH
        # The last two alphas done, with the correlations of the features outside the working set there.
        self.trail: list[tuple[float, Vector]] = []
        self.unit = 1.0
        # From this alpha on no feature enters.
        self.null_alpha = np.inf
        self.gap_tol = options.tol * self.datafit.null_loss

    def run(self, alphas: Vector | AlphaGrid, start: Vector | None) -> PathGenerator:
        """Begin at the null model, whose correlations set the units and the largest alpha of interest."""
        correlation = (yield from self._pass(self.datafit.weights * self.datafit.target))[0]
        largest = _finite(np.abs(correlation).max(initial=0.0))
        self.unit = 1.0 / max(power_of_two(largest), 2.0**-1000)
        correlation *= self.unit
        self.penalty = self.penalty.in_units(self.unit, self.datafit.unit)
        # Where the sign constraint leaves no feature a chance, the grid is that of the unconstrained problem.
        alpha_max = self._alpha_at(self.penalty.dual_norm(correlation) or largest * self.unit)
        if isinstance(alphas, AlphaGrid):
            alphas = alphas.alphas(alpha_max)
        self.trail = [(alpha_max, correlation)]
        self.null_alpha = (1 - SLACK) * alpha_max

        steps = [_Step(alpha, index) for index, alpha in enumerate(alphas)]
        reports = _Reports(self, steps)
        if largest == 0:
            start = None
        if self.n_features <= FEW_FEATURES and self.n_features * len(self.datafit.target) <= SMALL_DESIGN:
            yield from self._bring_in(np.arange(self.n_features))
        if start is not None:
            n_done = yield from self._begin_at(start, steps, reports)
            steps = steps[n_done:]
        yield from self._walk(self._with_stepping_stones(steps), reports)
        return reports.result()

    def _begin_at(self, start: Vector, steps: list[_Step], reports: "_Reports") -> Generator[Request, Any, int]:
        """Go to the coefficients ``start``; if they solve the first alpha as they are, say so."""
        coef = start / (self.unit * self.datafit.unit)
        support = np.flatnonzero(coef)
        yield from self._bring_in(support[self.working_set.outside[support]])
        # No solver moves the coefficient of a constant column.
        self.iterate.coef[:] = np.where(self.working_set.sq_norms > 0, coef[self.working_set.features], 0.0)
        coefs = self.iterate.coef[None]
        check = yield from self._check(steps[:1], coefs, *self.working_set.residuals(coefs))
        self.iterate.correlation[:] = check.inside[0]
        norm = max(self.penalty.dual_norm(check.inside[0]), self.penalty.dual_norm(check.outside[0]))
        self.trail = [(self._alpha_at(norm), check.outside[0])]
        if not check.gaps[0] <= self.gap_tol:
            return 0
        steps[0].coef, steps[0].gap = self.iterate.coef.copy(), check.gaps[0]
        yield from reports.add(steps[0], check, 0)
        return 1

    def _alpha_at(self, dual_norm: float) -> float:
        return self.penalty.alpha_max(dual_norm) if self.penalty.l1_ratio > 0 else np.inf

    def _with_stepping_stones(self, steps: list[_Step]) -> list[_Step]:
        """Alphas no further apart than MAX_RATIO, unless the working set holds everything anyway."""
        if not self.working_set.outside.any():
            return steps
        way: list[_Step] = []
        alpha = self.trail[-1][0]
        for step in steps:
            if 0 < step.alpha < alpha / MAX_RATIO and np.isfinite(alpha):
                n_stones = int(np.ceil(np.log(alpha / step.alpha) / np.log(MAX_RATIO))) - 1
                # Not geomspace(alpha, ...): times a power of two, the stones must scale exactly.
                stones = alpha * np.geomspace(1.0, step.alpha / alpha, n_stones + 2)[1:-1]
                way += [_Step(float(stone), None) for stone in stones]
            way.append(step)
            alpha = step.alpha
        return way

    def _walk(self, steps: list[_Step], reports: "_Reports") -> Generator[Request, Any, None]:
        while steps:
            n_ahead, newcomers = self._look_ahead(steps)
            yield from self._bring_in(newcomers)
            block, steps = steps[:n_ahead], steps[n_ahead:]
            while block:
                coefs = self._solve(block)
                residuals, offsets = self._without_divergence(block, coefs)
                check = yield from self._check(block, coefs, residuals, offsets)
                n_done, newcomers = yield from self._accept(block, coefs, check, reports)
                self.width = min(2 * self.width, MAX_WIDTH) if n_done == len(block) else max(2, self.width // 2)
                # Go on from the last coefficients that were looked at, with true correlations in place of the solver's.
                last = min(n_done, len(block) - 1)
                self.iterate = Iterate(coefs[last].copy(), check.inside[last].copy())
                yield from self._bring_in(newcomers)
                block = block[n_done:]
                for step in block[1:]:
                    # Solved from an iterate that was not final: that work is lost, and so does not count.
                    step.n_iter = 0

    def _look_ahead(self, steps: list[_Step]) -> tuple[int, NDArray[np.intp]]:
        """How many alphas to take on, and which features to bring in for them.

        Between two changes of the support the correlations are affine in alpha: they are continued along the line
        through the last two.
        """
        outside = self.working_set.outside
        if not outside.any():
            return min(self.width, len(steps)), np.empty(0, dtype=np.intp)
        alpha, correlation = self.trail[-1]
        slope: Vector | float = 0.0
        if len(self.trail) == 2 and self.trail[0][0] > alpha:
            slope = (correlation - self.trail[0][1]) / (alpha - self.trail[0][0])
        n_support = np.count_nonzero(self.iterate.coef)
        few = max(MIN_NEWCOMERS, int(NEWCOMER_SHARE * n_support))
        chosen = np.zeros(self.n_features, dtype=bool)
        for n_ahead, step in enumerate(steps[: self._affordable_width()]):
            step_back = min(step.alpha - alpha, 0.0) if np.isfinite(alpha) else 0.0
            reach = self.penalty.magnitude(correlation + slope * step_back)
            wanted = chosen | (outside & (reach > (1 - MARGIN) * self.penalty.with_alpha(step.alpha).l1))
            n_wanted = np.count_nonzero(wanted)
            if n_ahead == 0 and n_wanted > 10 * few:
                wanted &= reach >= np.partition(reach[wanted], -10 * few)[-10 * few]
            elif n_ahead > 0 and n_wanted > few:
                return n_ahead, np.flatnonzero(chosen)
            chosen = wanted
        return n_ahead + 1, np.flatnonzero(chosen)

    def _affordable_width(self) -> int:
        """The answer to a pass, one row of n_features per alpha, is kept small: beside X, or at a few MB."""
        small = max(len(self.datafit.target) // 24, 2**20 // self.n_features)
        return max(2, min(self.width, small))

    def _bring_in(self, features: NDArray[np.intp]) -> Generator[Request, Any, None]:
        if len(features) == 0:
            return
        columns = yield Gather(features, self.unit, self.datafit.weights if self.datafit.fit_intercept else None)
        self.working_set.append(features, columns)
        coef = np.concatenate([self.iterate.coef, np.zeros(len(self.working_set) - len(self.iterate.coef))])
        residuals, _ = self.working_set.residuals(coef[None])
        self.iterate = Iterate(coef, self.working_set.correlations(self.datafit.weights * residuals)[0])

    def _solve(self, block: list[_Step]) -> Matrix:
        """Coefficients of each alpha of the block on the working set, each from the one before."""
        coefs = np.zeros((len(block), len(self.working_set)))
        for row, step in enumerate(block):
            if step.alpha >= self.null_alpha:
                continue
            step.n_iter += self.solver.solve(
                self.working_set,
                self.penalty.with_alpha(step.alpha),
                self.iterate,
                0.25 * self.gap_tol,
                self.options.max_iter - step.n_iter,
            )
            coefs[row] = self.iterate.coef
        return coefs

    def _without_divergence(self, block: list[_Step], coefs: Matrix) -> tuple[Matrix, Vector]:
        """Zero, in place, what is worse than the null model; return the residuals and offsets of what is left.

        Where rounding leaves the Gram of nearly collinear columns a direction of negative curvature, a small alpha may
        not hold the coefficients back.
        """
        residuals, offsets = self.working_set.residuals(coefs)
        objectives = self.datafit.losses(residuals)
        objectives += [self.penalty.with_alpha(step.alpha).value(coef) for step, coef in zip(block, coefs, strict=True)]
        diverged = objectives > DIVERGED * self.datafit.null_loss
        if not diverged.any():
            return residuals, offsets
        coefs[diverged] = 0.0
        return self.working_set.residuals(coefs)

    def _pass(self, weighted_residuals: Matrix) -> Generator[Request, Any, Matrix]:
        self.n_passes += 1
        with np.errstate(over="ignore", invalid="ignore"):
            return (yield Correlate(np.atleast_2d(weighted_residuals) * self.unit))

    def _check(
        self, block: list[_Step], coefs: Matrix, residuals: Matrix, offsets: Vector
    ) -> Generator[Request, Any, _Check]:
        """One pass for the whole block: true correlations on all features, and with them the duality gaps."""
        weighted = self.datafit.weights * residuals
        inside = self.working_set.correlations(weighted)
        outside = np.zeros((len(block), 0))
        if self.working_set.outside.any():
            outside = yield from self._pass(weighted)
            # Those of the working set are better known from its columns, which are centred in double precision.
            outside[:, self.working_set.features] = 0.0
        energies = 2 * self.datafit.losses(residuals)
        gaps = np.empty(len(block))
        for row, step in enumerate(block):
            penalty = self.penalty.with_alpha(step.alpha)
            if penalty.l1 == penalty.l2 == 0:
                gaps[row] = least_squares_gap(inside[row], self.working_set.full_gram())
            else:
                gaps[row] = duality_gap(energies[row], coefs[row], inside[row], penalty, outside[row])
            _finite(gaps[row])
        return _Check(residuals, offsets, inside, outside, gaps)

    def _accept(
        self, block: list[_Step], coefs: Matrix, check: _Check, reports: "_Reports"
    ) -> Generator[Request, Any, tuple[int, NDArray[np.intp]]]:
        """Report the leading alphas that are done; return how many, and the features that others need."""
        violators = np.zeros(self.n_features, dtype=bool)
        n_done = 0
        for row, step in enumerate(block):
            violates = np.zeros(0, dtype=bool)
            if check.outside.shape[1]:
                threshold = (1 + SLACK) * self.penalty.with_alpha(step.alpha).l1
                violates = self.penalty.magnitude(check.outside[row]) > threshold
                violators |= violates
            if n_done < row:
                continue
            step.gap = check.gaps[row]
            done = step.index is None or step.n_iter >= self.options.max_iter
            if not violates.any():
                done |= step.gap <= self.gap_tol or not step.gap < 0.5 * step.settled_gap
                step.settled_gap = step.gap
            if done:
                n_done += 1
                if check.outside.shape[1]:
                    self.trail = [*self.trail[-1:], (step.alpha, check.outside[row])]
                if step.index is not None:
                    step.coef = coefs[row]
                    yield from reports.add(step, check, row)
        return n_done, np.flatnonzero(violators)


class _Reports:
    """Collects the alphas that are done, back in the user's units."""

    def __init__(self, engine: _Engine, steps: list[_Step]):
        self._engine = engine
        self._steps = steps
        self._intercepts = np.zeros(len(steps))

    def add(self, step: _Step, check: _Check, row: int) -> Generator[Request, Any, None]:
        engine, datafit = self._engine, self._engine.datafit
        residual, offset = check.residuals[row], check.offsets[row]
        if engine.options.dtype != np.float64:
            residual, offset = self._round(step, residual)
        shift = 0.0 if engine.working_set.columns is None else float(engine.working_set.columns.shift @ step.coef)
        if datafit.fit_intercept:
            intercept = datafit.unit * (datafit.mean + offset - shift)
            self._intercepts[step.index] = engine.options.dtype(intercept)
            # An intercept off by e adds e^2 / 2: the residuals are centred.
            step.gap += 0.5 * ((self._intercepts[step.index] - intercept) / datafit.unit) ** 2
        yield Solved(step.index, step.alpha, datafit.unit * residual, step.gap * datafit.unit * datafit.unit)

    def _round(self, step: _Step, residual: Vector) -> tuple[Vector, float]:
        """Round the coefficients and add to the gap what that costs; return the residual and the offset there."""
        engine = self._engine
        penalty = engine.penalty.with_alpha(step.alpha)
        rounded = step.coef.astype(engine.options.dtype).astype(np.float64)
        residuals, offsets = engine.working_set.residuals(rounded[None])
        objectives = engine.datafit.losses(np.stack([residual, residuals[0]]))
        objectives += [penalty.value(step.coef), penalty.value(rounded)]
        step.gap = max(0.0, step.gap + objectives[1] - objectives[0])
        step.coef = rounded
        return residuals[0], offsets[0]

    def result(self) -> PathResult:
        engine, steps = self._engine, self._steps
        coef_unit = engine.unit * engine.datafit.unit
        supports = [np.flatnonzero(step.coef) for step in steps]
        features = np.concatenate([engine.working_set.features[support] for support in supports])
        values = np.concatenate([coef_unit * step.coef[support] for step, support in zip(steps, supports, strict=True)])
        ends = np.concatenate([[0], np.cumsum([len(support) for support in supports])])
        shape = (engine.n_features, len(steps))
        gaps = np.array([step.gap for step in steps])
        null_loss = engine.datafit.null_loss
        return PathResult(
            alphas=np.array([step.alpha for step in steps]),
            coefs=sparse.csc_array((values, features, ends), shape=shape),
            intercepts=self._intercepts,
            dual_gaps=gaps * engine.datafit.unit * engine.datafit.unit,
            relative_gaps=gaps / null_loss if null_loss > 0 else gaps,
            n_iters=np.array([step.n_iter for step in steps]),
            converged=gaps <= engine.gap_tol,
            n_passes=engine.n_passes,
        )


def _finite(value: float) -> float:
    if not np.isfinite(value):
        raise ValueError(
            "Coordinate descent iterations resulted in non-finite parameter values. The input data may contain large"
            " values and need to be preprocessed."
        )
    return float(value)
