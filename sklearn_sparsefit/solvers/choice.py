"""The cost model: every choice between ways to work, with the measurements that set its constants.

A wrong choice costs time, never correctness.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Datafit, Multinomial, Quadratic
from sklearn_sparsefit.penalty import Penalty, SeparateTasksPenalty
from sklearn_sparsefit.solvers.base import Goal, Iterate, Solver, Starts
from sklearn_sparsefit.solvers.block import BlockSolver
from sklearn_sparsefit.solvers.dual_newton import DualNewtonSolver
from sklearn_sparsefit.solvers.gradient import GradientSolver
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.solvers.prox_grad import ProxGradSolver
from sklearn_sparsefit.solvers.prox_newton import ProxNewtonSolver
from sklearn_sparsefit.solvers.prox_newton_path import ProxNewtonPathSolver
from sklearn_sparsefit.solvers.residual import ResidualSolver, SweepSolver
from sklearn_sparsefit.solvers.softmax import PairSolver, SoftmaxBlockSolver
from sklearn_sparsefit.solvers.whole_design import WholeDesign
from sklearn_sparsefit.solvers.working_set import WorkingSet

# The Gram of so many columns takes 512 MiB.
MAX_GRAM = 8192

# Up to so many features, if there are as many samples, the Gram of a whole design and everything from there takes less
# time than a working set and passes: 20 to 80 % of it on designs of 500 to 20000 samples, for a single alpha as for a
# path. The exception is a single alpha that keeps few of 2000 features (16000 samples, 20 kept: 145 %); with 3000
# features that is 250 %.
MAX_WHOLE = 2000
# Designs this small are taken whole in any case, sparse ones included: what takes time there is Python.
SMALL_DESIGN, FEW_FEATURES = 2**15, 256
# With a ridge every alpha calls for new factors. A support of more than twice as many features as there are samples,
# of which there are at most this many, is better solved for in the dual (300 x 10000 at l1_ratio 0.05, 3500 features:
# 0.7 s in place of 11 s).
MAX_DUAL, SUPPORT_PER_SAMPLE = 500, 2
# With more samples, sweeps down to the tolerance take over where a factor takes more than ten milliseconds and the
# support k is so large that k^2 is more than this times n (2000 x 5000 at l1_ratio 0.5, 2660 features: 2.8 s in place
# of 16 s).
DEAR_FACTOR, SWEEPS_PER_FACTOR = 1000, 300
# If so few iterations of the preferred solver are not enough, it is factors of the Gram after all.
FEW_ITERATIONS = 60

# Models of a loss are solved for by sweeps if there are more columns than this, and these are sparser than that, as
# their Gram matrix has to be made anew now and then; but no longer when so many sweeps were not enough (text,
# 4000 x 50000, 1200 kept: sweeps alone take 0.36 s with an intercept and 2.8 s without, Grams alone 0.9 and 1.0 s).
FEW_COLUMNS, CHEAP_DENSITY, FEW_SWEEPS = 100, 0.1, 50

# Past this share of the tolerated gap, rounding of the moments included, residuals are computed from X.
ROUNDING_SHARE = 0.01

# Up to this density, for several tasks, and from so many alphas on, passes leave out what bounds keep from the
# threshold. That is three of four columns of text (4143 x 54877) at the end of every block of alphas, and nearly
# everything between its ends: 10 to 30 % of a dense path of 100 alphas. The norms that bounds need are one more reading
# of X, as long as a single alpha takes.
BOUNDED_DENSITY, BOUNDED_ALPHAS = 0.3, 10
# So few of the features are read apart from others: that is no reading of X, and not shared with other paths.
FEW_READ = 1 / 8

# Vectors over the samples that every path has of its own: weights, target and what is made of them; of losses that are
# minimised by quadratic models more, and packed columns twice (20000 x 100 of two classes 36 MB, of three 60 MB, 20000
# x 20 of ten 45 MB; it takes the same time with one path as with five).
VECTORS, VECTORS_OF_MODELS = 5, 20
# Sweeps on sparse columns remember so many more: what they extrapolate from, for eight alphas at once.
VECTORS_OF_SWEEPS = 60
# Numbers (64 MB of them) that nobody will miss, however small X is.
SMALL_MEMORY = 2**23

# Alphas solved ahead of one pass: to begin with and at most. A product with 32 columns runs at full speed.
FIRST_WIDTH, MAX_WIDTH = 8, 32
# Newcomers are taken ahead while they are fewer than this share of the support, or than this many; for the next alpha
# alone up to so many times as many. A path of 100 alphas on 200 x 20000 takes 13 passes with a third and 40, 10 with
# these, 8 with 0.6 and 120, the first and the last a tenth more time. With 400 for one alpha, single small alphas took
# twice as long: most of those never stayed.
NEWCOMER_SHARE, MIN_NEWCOMERS, MAX_NEWCOMERS = 1 / 2, 60, 2
# A feature is predicted to enter when its predicted correlation comes this close to the threshold.
MARGIN = 0.02
# Between alphas further apart than this, others are put in as stepping stones.
MAX_RATIO = 2.5


def is_small(shape: tuple[int, int]) -> bool:
    """Whether reading X costs next to nothing."""
    n_samples, n_features = shape
    return n_features <= FEW_FEATURES and n_samples * n_features <= SMALL_DESIGN


def takes_whole(shape: tuple[int, int], density: float) -> bool:
    """Whether the Gram of the whole design is cheaper than a working set and its passes."""
    n_samples, n_features = shape
    return is_small(shape) or n_features <= min(density * MAX_WHOLE, n_samples)


def bounds_pay(density: float, n_tasks: int, n_alphas: int) -> bool:
    """Whether passes that leave out features are shorter for it."""
    return density <= BOUNDED_DENSITY or n_tasks > 1 or n_alphas >= BOUNDED_ALPHAS


def are_few(features: NDArray[np.intp] | slice, n_features: int) -> bool:
    """Whether features are so few that reading them is next to nothing."""
    return not isinstance(features, slice) and len(features) <= FEW_READ * n_features


def affordable_rows(shape: tuple[int, int], n_paths: int = 1, n_tasks: int = 1) -> int:
    """How many rows of X, or of as many numbers, are small: beside X, or as 8 MB. Several tasks have a row each.

    Paths in lockstep have three times as many between them.
    """
    n_samples, n_features = shape
    rows = max(n_samples // 24, 2**20 // n_features) // n_tasks
    return max(1, min(n_paths, 3) * rows // n_paths)


def affordable_width(shape: tuple[int, int], n_paths: int, n_tasks: int) -> int:
    """For how many alphas at a time correlations of all features are small, and residuals of all samples."""
    return min(affordable_rows(shape, n_paths, n_tasks), affordable_rows(shape[::-1], n_paths, n_tasks))


def paths_at_once(datafit: Datafit, n_features: int, density: float, n_kept: int, solver: str) -> int:
    """How many paths go in lockstep that keep so many features at their ends: what they hold is a quarter of X.

    Most of what a pass costs is shared by three or four already.
    """
    n_samples, n_tasks = len(datafit.weights), math.prod(datafit.mean.shape)
    is_quadratic = isinstance(datafit, Quadratic)
    n_vectors = VECTORS if is_quadratic else VECTORS_OF_MODELS
    if datafit.has_models and n_tasks == 1 and density < CHEAP_DENSITY:
        n_vectors += VECTORS_OF_SWEEPS
    held: float = n_vectors * n_tasks * n_samples
    has_gram = n_features <= _solver_of(solver, datafit).max_gram
    if is_quadratic and has_gram and takes_whole((n_samples, n_features), density):
        held += 2 * n_features**2
    else:
        # A working set grows to about twice the support; its columns and Gram have some room to spare. Then the factor,
        # and what is known of all features. Of several classes the Gram is that of pairs of class and feature.
        n_columns = min(2 * n_kept, n_features)
        n_pairs = n_columns * n_tasks if isinstance(datafit, Multinomial) else n_columns
        columns = (1 if is_quadratic else 2) * min(2 * density, 1.0) * n_samples
        held += n_columns * columns + 1.8 * min(n_pairs, MAX_GRAM) ** 2 + 6 * n_tasks * n_features
    return max(1, int(max(density * n_samples * n_features / 4, SMALL_MEMORY) / max(1, held)))


def affords_grams(shape: tuple[int, int], density: float, n_grams: int) -> bool:
    """Whether so many Gram matrices of all features are small beside X."""
    n_samples, n_features = shape
    return n_grams * n_features**2 <= max(density * n_samples * n_features / 4, SMALL_MEMORY / 4)


class AutoSolver(Solver):
    """Newton steps on the Gram; with a ridge and many features, on the dual; sweeps where both factors are dear."""

    max_gram = MAX_GRAM

    def __init__(self) -> None:
        self._on_gram, self._on_dual, self._on_columns = GramSolver(), DualNewtonSolver(), ResidualSolver()

    def solve(
        self, working_set: WorkingSet | WholeDesign, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int
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

    def _preferred(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate) -> Solver:
        """With a ridge, every alpha calls for a new factor: k^3 / 3 multiply-adds."""
        n_support, n_samples = np.count_nonzero(iterate.coef), len(working_set.datafit.weights)
        if penalty.l2 == 0:
            return self._on_gram
        is_curved = working_set.free is None and penalty.least_curvature > 0
        if is_curved and n_samples <= MAX_DUAL and n_support > SUPPORT_PER_SAMPLE * n_samples:
            return self._on_dual
        if n_support > DEAR_FACTOR and n_support**2 > SWEEPS_PER_FACTOR * n_samples:
            return self._on_columns
        return self._on_gram


class MultinomialSolver(Solver):
    """Newton steps on pairs of a class and a feature; gradient steps where these are too many for their Gram."""

    max_gram = MAX_GRAM

    def __init__(self, of_model: type[PairSolver | SoftmaxBlockSolver]) -> None:
        self._of_model = of_model
        self._by_models = ProxNewtonSolver(lambda part: of_model(), MAX_GRAM)
        self._by_gradients = GradientSolver()

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        n_pairs = np.count_nonzero(self._of_model.wanted(penalty, iterate))
        solver = self._by_models if n_pairs <= MAX_GRAM else self._by_gradients
        return solver.solve(working_set, penalty, iterate, gap_tol, max_iter)


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

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        starts = Starts(iterate.coef[None], iterate.correlation[None], working_set.fit(iterate.coef[None]).residuals)
        return self.solve_from(working_set, [Goal(penalty, gap_tol, max_iter)], starts)[0]

    def solve_from(self, working_set: WorkingSet, goals: Sequence[Goal], starts: Starts) -> list[int]:
        """See :class:`Solver`."""
        if not working_set.has_gram:
            return ResidualSolver().solve_from(working_set, goals, starts)
        if self._experience.sweeps_pay:
            some = [replace(goal, max_iter=min(FEW_SWEEPS, goal.max_iter)) for goal in goals]
            n_iters = self._on_columns.solve_from(working_set, some, starts)
            self._experience.sweeps_pay = all(n < goal.max_iter for n, goal in zip(n_iters, some, strict=True))
            if self._experience.sweeps_pay:
                return n_iters
        return self._on_gram.solve_from(working_set, goals, starts)


def _is_sparse(part: WorkingSet) -> bool:
    n_columns, n_samples = len(part), len(part.datafit.weights)
    return n_columns > FEW_COLUMNS and part.columns.n_entries < CHEAP_DENSITY * n_columns * n_samples


SOLVERS: dict[str, type[Solver]] = {"auto": AutoSolver, "cd": ResidualSolver, "prox_grad": ProxGradSolver}


def _solver_of(name: str, datafit: Datafit) -> type[Solver]:
    """The solver of least squares, or of quadratic models of a loss."""
    return BlockSolver if datafit.mean.ndim else SOLVERS[name]


def make_solver(name: str, datafit: Datafit, penalty: Penalty) -> Solver:
    """A fresh solver of a problem, by its public name where there is one task and the loss has second derivatives."""
    if isinstance(datafit, Multinomial):
        return MultinomialSolver(PairSolver if isinstance(penalty, SeparateTasksPenalty) else SoftmaxBlockSolver)
    solver = _solver_of(name, datafit)
    if isinstance(datafit, Quadratic):
        return solver()
    if not datafit.has_models:
        return GradientSolver()

    experience = Experience()

    def of_model(part: WorkingSet) -> Solver:
        return SparseModelSolver(experience) if solver is AutoSolver and _is_sparse(part) else solver()

    return ProxNewtonPathSolver(of_model, solver.max_gram)
