"""Every choice between solvers, with the measurements that set its constants.

A wrong choice costs time, never correctness.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_sparsefit.datafit import Datafit, Generalized, Multinomial, Quadratic
from sklearn_sparsefit.penalty import ElasticNetPenalty, Penalty, SeparateTasksPenalty
from sklearn_sparsefit.solvers.base import Goal, Iterate, Solutions, Solver, Starts
from sklearn_sparsefit.solvers.block import BlockSolver
from sklearn_sparsefit.solvers.dual_newton import DualNewtonSolver
from sklearn_sparsefit.solvers.gradient import BURST, GradientSolver
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.solvers.loss_models import LossModels
from sklearn_sparsefit.solvers.prox_grad import ProxGradSolver
from sklearn_sparsefit.solvers.prox_newton import ProxNewtonSolver
from sklearn_sparsefit.solvers.prox_newton_path import ProxNewtonPathSolver
from sklearn_sparsefit.solvers.residual import ResidualSolver, SweepSolver
from sklearn_sparsefit.solvers.shifted_targets import ShiftModels
from sklearn_sparsefit.solvers.softmax import PairSolver, SoftmaxBlockSolver
from sklearn_sparsefit.solvers.softmax_in_turn import SoftmaxInTurn
from sklearn_sparsefit.solvers.steps_in_turn import StepsInTurn
from sklearn_sparsefit.subproblem.whole_design import WholeDesign
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# The Gram of so many columns takes 512 MiB.
MAX_GRAM = 8192
# With a ridge every alpha calls for new factors. A support of more than twice as many features as there are samples,
# of which there are at most this many, is better solved for in the dual (300 x 10000 at l1_ratio 0.05, 3500 features:
# 0.7 s in place of 11 s).
MAX_DUAL, SUPPORT_PER_SAMPLE = 500, 2
# With more samples, sweeps down to the tolerance take over where a factor takes more than ten milliseconds and the
# support k is so large that k^2 is more than this times n (2000 x 5000 at l1_ratio 0.5, 2660 features: 2.8 s in place
# of 16 s).
DEAR_FACTOR, SWEEPS_PER_FACTOR = 1000, 300
# Models of more pairs of a class and a feature than this take longer than gradient steps with a ridge, half as many
# steps as pairs (three classes, 100 x 1000, l1_ratio 0: 0.02 s in place of 2 s, and 0.36 s where columns share factors;
# 500 x 1000 at l1_ratio 0.1: 0.05 s in place of 0.6 s).
MANY_PAIRS, STEPS_PER_PAIR = 1000, 0.5
# If so few iterations of the preferred solver are not enough, it is factors of the Gram after all.
FEW_ITERATIONS = 60

# Models of a loss are solved for by sweeps if there are more columns than this, and these are sparser than that, as
# their Gram matrix has to be made anew now and then; but no longer when so many sweeps were not enough, or one for so
# many columns if that is more, as a Gram takes longer then. (Paths of 60 alphas: 3000 x 20000, 1 % stored, 2200 kept,
# 1.0 s with at most 200 sweeps and 3.5 s with 50; 4000 x 1000, 5 % stored, 900 kept, 4.7 s with 100, 8.7 with 200.)
FEW_COLUMNS, CHEAP_DENSITY, FEW_SWEEPS, COLUMNS_PER_SWEEP = 100, 0.1, 50, 10


class AutoSolver(Solver):
    """Newton steps on the Gram; with a ridge and many features, on the dual; sweeps where both factors are dear."""

    max_gram = MAX_GRAM
    takes_wide_grams = True

    def __init__(self) -> None:
        self._on_gram, self._on_dual, self._on_columns = GramSolver(), DualNewtonSolver(), ResidualSolver()

    def solve(
        self,
        working_set: WorkingSet | WholeDesign,
        penalty: ElasticNetPenalty,
        iterate: Iterate,
        gap_tol: float,
        max_iter: int,
    ) -> int:
        """See :class:`Solver`."""
        if isinstance(working_set, WholeDesign):
            return self._on_gram.solve(working_set, penalty, iterate, gap_tol, max_iter)
        if not working_set.has_gram:
            return self._on_columns.solve(working_set, penalty, iterate, gap_tol, max_iter)
        n_iter = 0
        preferred = self._preferred(working_set, penalty, iterate)
        if preferred is not self._on_gram:
            n_iter = preferred.solve(working_set, penalty, iterate, gap_tol, min(FEW_ITERATIONS, max_iter))
            if working_set.duality_gap(iterate.coef, iterate.correlation, penalty) <= gap_tol:
                return n_iter
        return n_iter + self._on_gram.solve(working_set, penalty, iterate, gap_tol, max_iter - n_iter)

    def solve_from(self, working_set: WorkingSet, goals: Sequence[Goal], starts: Starts) -> list[int]:
        """See :class:`Solver`."""
        if working_set.has_gram and all(goal.penalty.l2 == 0 for goal in goals):
            return self._on_gram.solve_from(working_set, goals, starts)
        return super().solve_from(working_set, goals, starts)

    def _preferred(self, working_set: WorkingSet, penalty: ElasticNetPenalty, iterate: Iterate) -> Solver:
        """With a ridge, every alpha calls for a new factor: k^3 / 3 multiply-adds."""
        if penalty.l2 == 0:
            return self._on_gram
        # A ridge alone keeps all, from a cold start on.
        n_support = len(iterate.coef) if penalty.l1 == 0 else np.count_nonzero(iterate.coef)
        n_samples = len(working_set.datafit.weights)
        is_curved = working_set.free is None and penalty.least_curvature > 0
        if is_curved and n_samples <= MAX_DUAL and n_support > SUPPORT_PER_SAMPLE * n_samples:
            return self._on_dual
        if n_support > DEAR_FACTOR and n_support**2 > SWEEPS_PER_FACTOR * n_samples:
            return self._on_columns
        return self._on_gram


class MultinomialSolver(Solver):
    """Newton steps on pairs of a class and a feature, or on whole features; gradient steps where these are too many.

    Small problems take them in a compiled loop. With a ridge, gradient steps go first where there are many.
    """

    max_gram = MAX_GRAM

    def __init__(self, of_model: type[PairSolver | SoftmaxBlockSolver]) -> None:
        self._of_model = of_model
        self._by_models = ProxNewtonSolver(LossModels(lambda part: of_model()), MAX_GRAM)
        self._by_gradients = GradientSolver()
        self._in_turn = SoftmaxInTurn()

    def solve_each(self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate) -> Solutions:
        """See :class:`Solver`."""
        parts: list[Any] = [np.empty((0, *iterate.coef.shape))]
        n_iters: list[int] = []
        while len(n_iters) < len(goals):
            left, n_tried = goals[len(n_iters) :], 0
            if self._in_turn.pay(working_set, left):
                found, n_steps = self._in_turn.solve(working_set, left, iterate)
                parts.append(found)
                n_iters += n_steps[: len(found)]
                if len(found) == len(left):
                    break
                left, n_tried = left[len(found) :], n_steps[len(found)]
            goal = left[0]
            n_more = self.solve(working_set, goal.penalty, iterate, goal.gap_tol, goal.max_iter - n_tried)
            parts.append(iterate.coef[None].copy())
            n_iters.append(n_tried + n_more)
        return Solutions(np.concatenate(parts), n_iters)

    def solve(self, working_set: WorkingSet, penalty: Any, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        n_iter = self._solve(working_set, penalty, iterate, gap_tol, max_iter)
        if isinstance(penalty, SeparateTasksPenalty):
            # An alpha beside which all is rounding may have let them go.
            iterate.coef[:] = penalty.centred(iterate.coef)
        return n_iter

    def _solve(self, working_set: WorkingSet, penalty: Any, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        n_pairs = iterate.coef.size
        if n_pairs > MANY_PAIRS:
            n_pairs = int(np.count_nonzero(self._of_model.wanted(penalty, iterate)))
        if n_pairs > MAX_GRAM:
            return self._descend(working_set, penalty, iterate, gap_tol, max_iter)
        n_iter = 0
        if n_pairs > MANY_PAIRS and penalty.l2 > 0 and working_set.free is None:
            at_most = min(int(STEPS_PER_PAIR * n_pairs) // BURST, max_iter // 2)
            n_iter = self._descend(working_set, penalty, iterate, gap_tol, at_most)
            if working_set.duality_gap(iterate.coef, iterate.correlation, penalty) <= gap_tol:
                return n_iter
        return n_iter + self._by_models.solve(working_set, penalty, iterate, gap_tol, max_iter - n_iter)

    def _descend(self, working_set: WorkingSet, penalty: Any, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """Iterations of a burst of gradient steps each, which take no longer than a Newton step."""
        n_steps = self._by_gradients.solve(working_set, penalty, iterate, gap_tol, BURST * max_iter)
        return math.ceil(n_steps / BURST)


class ShiftingSolver(Solver):
    """Shifts of targets; quadratic models where every alpha calls for a dear factor, or there is no Gram."""

    max_gram = MAX_GRAM

    def __init__(self, by_models: Solver) -> None:
        self._by_shifts, self._by_models = ProxNewtonSolver(ShiftModels(), MAX_GRAM), by_models

    def solve(self, working_set: WorkingSet, penalty: Any, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        return self._preferred(working_set, penalty, iterate).solve(working_set, penalty, iterate, gap_tol, max_iter)

    def solve_each(self, working_set: WorkingSet, goals: Sequence[Goal], iterate: Iterate) -> Solutions:
        """See :class:`Solver`."""
        if not goals:
            return super().solve_each(working_set, goals, iterate)
        return self._preferred(working_set, goals[0].penalty, iterate).solve_each(working_set, goals, iterate)

    def _preferred(self, working_set: WorkingSet, penalty: Any, iterate: Iterate) -> Solver:
        is_dear = penalty.l2 > 0 and np.count_nonzero(iterate.coef) > DEAR_FACTOR
        return self._by_shifts if working_set.has_gram and not is_dear else self._by_models


@dataclass
class Experience:
    """What the models of a path have taught so far."""

    sweeps_pay: bool = True


class SparseModelSolver(Solver):
    """Sweeps on sparse columns while few are enough, and from then on Newton steps on the Gram."""

    max_gram = MAX_GRAM

    def __init__(self, experience: Experience):
        self._on_gram, self._on_columns = GramSolver(), SweepSolver()
        self._experience = experience

    def solve(
        self, working_set: WorkingSet, penalty: ElasticNetPenalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        """See :class:`Solver`."""
        goal = Goal(penalty, gap_tol, max_iter)
        return self.solve_from(working_set, [goal], Starts.of(working_set, iterate))[0]

    def solve_from(
        self, working_set: WorkingSet, goals: Sequence[Goal[ElasticNetPenalty]], starts: Starts
    ) -> list[int]:
        """See :class:`Solver`."""
        if not working_set.has_gram:
            return ResidualSolver().solve_from(working_set, goals, starts)
        if self._experience.sweeps_pay:
            enough = max(FEW_SWEEPS, len(working_set) // COLUMNS_PER_SWEEP)
            some = [replace(goal, max_iter=min(enough, goal.max_iter)) for goal in goals]
            n_iters = self._on_columns.solve_from(working_set, some, starts)
            self._experience.sweeps_pay = all(n < goal.max_iter for n, goal in zip(n_iters, some, strict=True))
            if self._experience.sweeps_pay:
                return n_iters
        return self._on_gram.solve_from(working_set, goals, starts)


def _is_sparse(part: WorkingSet) -> bool:
    n_columns, n_samples = len(part), len(part.datafit.weights)
    return n_columns > FEW_COLUMNS and part.columns.n_entries < CHEAP_DENSITY * n_columns * n_samples


SOLVERS: dict[str, type[Solver]] = {"auto": AutoSolver, "cd": ResidualSolver, "prox_grad": ProxGradSolver}


def solver_of(name: str, datafit: Datafit) -> type[Solver]:
    """The solver of least squares, or of quadratic models of a loss."""
    return BlockSolver if datafit.mean.ndim else SOLVERS[name]


def make_solver(name: str, datafit: Datafit, penalty: Penalty) -> Solver:
    """A fresh solver of a problem, by its public name where there is one task and the loss has second derivatives."""
    if isinstance(datafit, Multinomial):
        return MultinomialSolver(PairSolver if isinstance(penalty, SeparateTasksPenalty) else SoftmaxBlockSolver)
    solver = solver_of(name, datafit)
    if isinstance(datafit, Quadratic):
        return solver()
    if not datafit.has_models:
        return GradientSolver()

    experience = Experience()

    def of_model(part: WorkingSet) -> Solver:
        return SparseModelSolver(experience) if solver is AutoSolver and _is_sparse(part) else solver()

    by_models = ProxNewtonPathSolver(of_model, solver.max_gram, StepsInTurn() if solver is AutoSolver else None)
    has_shifts = isinstance(datafit, Generalized) and datafit.has_shifts
    return ShiftingSolver(by_models) if solver is AutoSolver and has_shifts else by_models
