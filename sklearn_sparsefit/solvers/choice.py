"""The cost model: every choice between ways to work, with the measurements that set its constants.

A wrong choice costs time, never correctness.
"""

from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers.base import Iterate, Solver
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.solvers.prox_grad import ProxGradSolver
from sklearn_sparsefit.solvers.residual import ResidualSolver
from sklearn_sparsefit.solvers.working_set import WorkingSet

# The Gram of so many columns takes 512 MiB.
MAX_GRAM = 8192

# The Gram of a whole design of p features costs p / 2 multiply-adds per entry of X; a path of k alphas without it, one
# for each of about 1.3 k columns of its passes, and another for each column of its residuals. Reading X from memory
# takes as long as about ten multiply-adds per entry, and a single cold alpha needs some five passes.
COLUMNS_PER_ALPHA, COLUMNS_PER_PATH = 3, 64
# Designs this small are taken whole in any case, sparse ones included: what takes time there is Python.
SMALL_DESIGN, FEW_FEATURES = 2**18, 256
# The share of the tolerated gap that rounding of the moments may take up before residuals are computed from X.
ROUNDING_SHARE = 0.01

# Alphas solved ahead of one pass: to begin with and at most. A product with 32 columns runs at full speed.
FIRST_WIDTH, MAX_WIDTH = 8, 32
# Newcomers are taken ahead while they are fewer than this share of the support, or than this many.
NEWCOMER_SHARE, MIN_NEWCOMERS = 1 / 3, 40
# A feature is predicted to enter when its predicted correlation comes this close to the threshold.
MARGIN = 0.02
# Between alphas further apart than this, others are put in as stepping stones.
MAX_RATIO = 2.5


def is_small(shape: tuple[int, int]) -> bool:
    """Whether reading X costs next to nothing."""
    n_samples, n_features = shape
    return n_features <= FEW_FEATURES and n_samples * n_features <= SMALL_DESIGN


def takes_whole(shape: tuple[int, int], density: float, n_alphas: int) -> bool:
    """Whether the Gram of the whole design is cheaper than a working set and its passes."""
    n_samples, n_features = shape
    if is_small(shape):
        return True
    return n_features <= min(density * (COLUMNS_PER_PATH + COLUMNS_PER_ALPHA * n_alphas), n_samples / 8)


def affordable_rows(shape: tuple[int, int]) -> int:
    """How many rows of X, or of as many numbers, are small: beside X, or as 8 MB."""
    n_samples, n_features = shape
    return max(1, n_samples // 24, 2**20 // n_features)


class AutoSolver:
    """Gram coordinate descent while the working set has a Gram, residual coordinate descent past that."""

    max_gram = MAX_GRAM

    def __init__(self) -> None:
        self._with_gram, self._without_gram = GramSolver(), ResidualSolver()

    def solve(self, working_set: WorkingSet, penalty: Penalty, iterate: Iterate, gap_tol: float, max_iter: int) -> int:
        """See :class:`Solver`."""
        solver = self._without_gram if working_set.gram is None else self._with_gram
        return solver.solve(working_set, penalty, iterate, gap_tol, max_iter)


SOLVERS: dict[str, type[Solver]] = {"auto": AutoSolver, "cd": ResidualSolver, "prox_grad": ProxGradSolver}


def make_solver(name: str) -> Solver:
    """A fresh solver by its public name."""
    return SOLVERS[name]()
