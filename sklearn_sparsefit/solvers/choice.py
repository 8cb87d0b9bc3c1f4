"""Which solver: the one place that decides, from the size of the working set."""

from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.solvers.base import Iterate, Solver
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.solvers.prox_grad import ProxGradSolver
from sklearn_sparsefit.solvers.residual import ResidualSolver
from sklearn_sparsefit.solvers.working_set import WorkingSet


class AutoSolver:
    """Gram coordinate descent while the working set has a Gram, residual coordinate descent past that."""

    # The Gram of so many columns takes 128 MiB, its factor as much again.
    max_gram = 4096

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
