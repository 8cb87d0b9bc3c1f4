"""Models of Huber's loss that have its bends: least squares whose targets are shifted where that pays."""

import sys

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.datafit import Fits, Generalized, Quadratic
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms
from sklearn_sparsefit.solvers.base import Iterate, Solver
from sklearn_sparsefit.solvers.gram import GramSolver
from sklearn_sparsefit.solvers.loss_models import LossModels
from sklearn_sparsefit.subproblem.known import RIDGE
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# Targets that are shifted: so many, or as many as there are features if that is more, and twice as many after each step
# that hardly helped; but with the features no more than this.
FEWEST, MOST = 256, 8192
# Shifts further from zero than this, beside what they cost, begin here, lest rounding of them hide the others.
FARTHEST = 1e4


class ShiftedTargets:
    """The shifts of some targets and the features of a working set, and their Gram matrix.

    With a penalty of its own for each, least squares in both has the minimum of the loss (She & Owen 2011): a shift is
    the coefficient of a column that is one in its sample and zero elsewhere. Other samples stay where the loss is
    quadratic, or where it is a line and has no curvature.
    """

    def __init__(self, part: WorkingSet, fits: Fits, row: int, n_shifts: int):
        loss = part.loss
        self._weights = loss.weights
        self._cost, self._curvature = loss.shift_cost()
        sizes = np.abs(loss.errors(fits.raw[row]))
        distances = np.where(self._weights > 0, np.abs(sizes - self._cost), np.inf)
        n_shifts = min(n_shifts, int(np.count_nonzero(self._weights)))
        self._samples = np.sort(np.argpartition(distances, n_shifts - 1)[:n_shifts])
        self._is_bent = sizes <= self._cost
        curvatures = loss.curvatures(fits.raw[row]) / self._curvature
        curvatures[self._samples] = self._weights[self._samples]
        self._is_fixed = self._weights > 0
        self._is_fixed[self._samples] = False
        self._total = float(curvatures.sum())
        features = part.seen_through(loss.model(fits, row, curvatures))
        assert isinstance(features, WorkingSet)
        self._features = features
        # Of the samples whose targets are shifted.
        self._shares = shares = self._weights[self._samples] / self._total
        self._gram = np.diag(shares)
        if loss.fit_intercept:
            self._gram -= np.outer(shares, shares)
        self._norms = self._gram.diagonal().copy()
        self._gram.flat[:: n_shifts + 1] *= 1 + RIDGE
        self._size = n_shifts
        self.shifts = self._correlations = np.empty(n_shifts)

    def __len__(self) -> int:
        return self._size

    @property
    def datafit(self) -> Quadratic:
        """What knows the size of the targets."""
        return self._features.least_squares

    @property
    def sq_norms(self) -> Vector:
        """Those of shifts and features."""
        return np.concatenate([self._norms, self._features.sq_norms])

    @property
    def gram(self) -> Matrix:
        """Products of shifts and features, with spare room past them."""
        return self._gram

    def serves(self, loss: Generalized, raw_prediction: Vector) -> bool:
        """Whether all others are on their pieces of the loss."""
        is_bent = np.abs(loss.errors(raw_prediction)) <= self._cost
        return self._cost == loss.shift_cost()[0] and not ((is_bent != self._is_bent) & self._is_fixed).any()

    def move_to(self, part: WorkingSet, fits: Fits, row: int) -> float:
        """Be about one of the fits, with all features that are there now; return the sum of the curvatures."""
        self._features.follow(part)
        self._extend()
        total, samples = self._curvature * self._total, self._samples
        self._correlations = self._weights[samples] * fits.residuals[row, samples] / total
        errors = part.loss.errors(fits.raw[row])[samples]
        self.shifts = np.copysign(np.clip(np.abs(errors) - self._cost, 0.0, FARTHEST * self._cost), errors)
        return total

    def start(self, iterate: Iterate) -> Iterate:
        """Where the shifts and the coefficients are."""
        return Iterate(
            np.concatenate([self.shifts, iterate.coef]), np.concatenate([self._correlations, iterate.correlation])
        )

    def penalty(self, of_features: ElasticNetPenalty) -> ElasticNetPenalty:
        """The cost of shifts, and the penalty of the features."""
        terms, n_shifts = of_features.terms, len(self.shifts)
        infinite = np.full(n_shifts, np.inf)
        together = FeatureTerms(
            np.concatenate([2 * self._cost * self._shares, 2 * of_features.l1 * terms.l1_weights]),
            np.concatenate([np.zeros(n_shifts), 2 * of_features.l2 * terms.l2_weights]),
            np.concatenate([-infinite, terms.lower]),
            np.concatenate([infinite, terms.upper]),
        )
        return ElasticNetPenalty(1.0, 0.5, together)

    def intercept_shift(self, step: Vector) -> NDArray[np.float64]:
        """How far the best intercept moves with a step of the coefficients, if shifts rest."""
        return self._features.intercept_shift(step)

    def _extend(self) -> None:
        features, n_shifts = self._features, len(self._shares)
        start, total = self._size, n_shifts + len(features)
        if total == start:
            return
        if total > len(self._gram):
            room = total + (total - n_shifts) // 4
            gram = np.empty((room, room))
            gram[:start, :start] = self._gram[:start, :start]
            self._gram = gram
        for block in features.blocks(start - n_shifts):
            rows = slice(n_shifts + block.start, n_shifts + block.stop)
            self._gram[rows, :n_shifts] = features.centred(block)[:, self._samples] * self._shares
            self._gram[:n_shifts, rows] = self._gram[rows, :n_shifts].T
        self._gram[n_shifts:total, n_shifts:total] = features.gram[: len(features), : len(features)]
        self._size = total


class ShiftSolver(Solver):
    """Newton steps on shifts and features."""

    max_gram = sys.maxsize

    def __init__(self) -> None:
        self._on_gram = GramSolver()

    def solve(
        self, targets: ShiftedTargets, penalty: ElasticNetPenalty, iterate: Iterate, gap_tol: float, max_iter: int
    ) -> int:
        """See :class:`Solver`: of the iterate, the coefficients alone."""
        found = targets.start(iterate)
        n_iter = self._on_gram.solve(targets, targets.penalty(penalty), found, gap_tol, max_iter)
        iterate.coef[:] = found.coef[len(targets.shifts) :]
        return n_iter


class ShiftModels(LossModels):
    """Models that are the loss itself, for samples that are near to where it turns into a line."""

    def __init__(self) -> None:
        super().__init__(lambda part: ShiftSolver())
        self._n_shifts = FEWEST

    def move_to(self, part: WorkingSet, fits: Fits, row: int, moved_at_most: float) -> float:
        """See :class:`LossModels`."""
        enough = max(FEWEST, len(part))
        # More than that only while steps hardly help.
        has_helped = moved_at_most > 0
        is_kept = self.model is not None and has_helped and self._n_shifts <= enough
        if not (is_kept and self.model.serves(part.loss, fits.raw[row])):
            self._n_shifts = enough if has_helped else max(enough, 2 * self._n_shifts)
            n_shifts = max(FEWEST, min(self._n_shifts, MOST - len(part)))
            self.model, self.solver = ShiftedTargets(part, fits, row, n_shifts), self._new_solver(part)
        return self.model.move_to(part, fits, row)
