"""Newton steps on the dual residual: for ridges, where more features are in than there are samples."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.penalty import ElasticNetPenalty
from sklearn_sparsefit.solvers.base import Iterate, Solver
from sklearn_sparsefit.subproblem.root_columns import RootColumns
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# The gradient, relative to the target, of a solution that is right to rounding.
TIGHT = 1e-13
# A step is taken that lowers the objective by this share of what its slope promises, rounding allowed for.
ARMIJO, ROUNDING = 1e-4, 1e-14
# Updates of the kernel matrix after which it is formed anew.
MAX_UPDATES = 200


class DualNewtonSolver(Solver):
    """Semismooth Newton method on the dual (Li, Sun & Toh 2018, section 3.2), in as many dimensions as samples.

    It gives up where the Hessian cannot be factored.

    With columns z_j and target y times the roots of the weights, the dual residual r minimises the smooth

        |r|^2 / 2 - r'y + sum_j penalty^*(z_j'r),    gradient r - y + Z w,    w_j = (penalty^*)'(z_j'r),

    whose Hessian is I + Z_S diag(1/b_S) Z_S' / l2 on the features S with w_j != 0 not at a bound, b_j the weights of
    the squares. For penalties with curvature on every feature. The matrix Z_S diag(1/b_S) Z_S' is updated as features
    come and go, from one alpha to the next.
    """

    max_gram = 0

    def __init__(self) -> None:
        self._columns = RootColumns()
        self._kernel = np.empty((0, 0))
        self._inside = np.empty(0, dtype=bool)
        self._n_updates = 0

    def solve(
        self, working_set: WorkingSet, penalty: ElasticNetPenalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        """See :class:`Solver`."""
        roots = np.sqrt(working_set.datafit.weights)
        target = roots * working_set.least_squares.target
        columns = self._columns.of(working_set)
        self._inside = np.concatenate([self._inside, np.zeros(len(columns) - len(self._inside), dtype=bool)])
        tight = TIGHT * np.linalg.norm(target)
        coef, last = iterate.coef, np.inf
        residual = target - coef @ columns
        correlation = columns @ residual
        n_iter = 0
        while n_iter < max_iter:
            n_iter += 1
            coef = penalty.conjugate_gradient(correlation)
            inside = (coef != 0) & ~penalty.at_bounds(coef)
            image = coef @ columns
            gradient = residual - target + image
            size = float(np.linalg.norm(gradient))
            if size <= tight or (self._is_kernel_of(inside) and size >= 0.5 * last):
                break
            last = size if self._is_kernel_of(inside) else np.inf
            self._update_kernel(columns, inside, penalty.terms.l2_weights)
            hessian = self._kernel / penalty.l2
            hessian.flat[:: len(hessian) + 1] += 1.0
            try:
                factor = cho_factor(hessian, lower=True, check_finite=False)
            except np.linalg.LinAlgError:
                # A ridge lost beside rounding; or rounding has piled up in the kernel, which is then formed anew.
                self._kernel = np.empty((0, 0))
                break
            direction = -cho_solve(factor, gradient, check_finite=False)
            change = columns @ direction
            step = _line_search(penalty, target, (residual, direction), (correlation, change), gradient @ direction)
            residual = residual + step * direction
            correlation = correlation + step * change
        iterate.coef[:] = coef
        iterate.correlation[:] = columns @ (target - coef @ columns)
        return n_iter

    def _is_kernel_of(self, inside: NDArray[np.bool_]) -> bool:
        return len(self._kernel) > 0 and np.array_equal(self._inside, inside)

    def _update_kernel(self, columns: Matrix, inside: NDArray[np.bool_], l2_weights: Vector) -> None:
        changed = np.flatnonzero(inside != self._inside)
        self._n_updates += 1
        if len(self._kernel) == 0 or 2 * len(changed) > np.count_nonzero(inside) or self._n_updates > MAX_UPDATES:
            self._kernel = columns[inside].T @ (columns[inside] / l2_weights[inside, None])
            self._n_updates = 0
        else:
            entering, leaving = changed[inside[changed]], changed[~inside[changed]]
            self._kernel += columns[entering].T @ (columns[entering] / l2_weights[entering, None])
            self._kernel -= columns[leaving].T @ (columns[leaving] / l2_weights[leaving, None])
        self._inside = inside


def _line_search(
    penalty: ElasticNetPenalty,
    target: Vector,
    residual: tuple[Vector, Vector],
    correlation: tuple[Vector, Vector],
    slope: float,
) -> float:
    """Length of the step, halved until it lowers the objective, for residuals and correlations (start, direction)."""

    def objective(step: float) -> float:
        r = residual[0] + step * residual[1]
        return 0.5 * float(r @ r) - float(r @ target) + penalty.conjugate(correlation[0] + step * correlation[1])

    here, step = objective(0.0), 1.0
    while step > 1e-8 and objective(step) > here + ARMIJO * step * slope + ROUNDING * abs(here):
        step *= 0.5
    return step
