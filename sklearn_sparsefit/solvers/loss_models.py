"""Quadratic models of a loss on a working set, kept while they serve."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.solvers.base import Solver
from sklearn_sparsefit.subproblem.working_set import WorkingSet

# When there are so many times as many features at hand as are wanted, and some, they are chosen anew.
WASTE, FEW = 2, 50
# They are copied where they are less than this share of all features of X, or so few numbers; else all are at hand.
COPIED_SHARE, SMALL_COPY = 1 / 4, 2**22
# Of designs of few features and so few numbers, all features are at hand from the start.
SMALL = 2**15


class LossModels:
    """The features at hand, the working set of a model on these, and the solver of models.

    A model has the curvatures of the loss for weights. Its Gram matrix, and the factors that the solver has of that,
    are kept while the curvatures have hardly moved. As they have to be made anew now and then, only those features of
    the working set are at hand that are near the threshold.
    """

    # Of the model, once there is one.
    solver: Solver

    def __init__(self, new_solver: Callable[[WorkingSet], Solver]):
        self._new_solver = new_solver
        self._at_hand: WorkingSet | None = None
        # A working set, or pairs of a class and a feature.
        self.model: Any = None
        self.curvatures = np.empty(0)

    @staticmethod
    def is_small(working_set: WorkingSet) -> bool:
        """Whether models of all features cost less than to choose some of them."""
        n_features, n_samples = len(working_set), len(working_set.datafit.weights)
        return n_features <= FEW and n_features * n_samples <= SMALL and not working_set.outside.any()

    def at_hand(
        self, working_set: WorkingSet, near: NDArray[np.bool_], needed: NDArray[np.bool_]
    ) -> tuple[WorkingSet, NDArray[np.intp]]:
        """Features of a working set, among them all that are needed, with others that are near; and their positions."""
        n_near, n_features = np.count_nonzero(near), len(working_set.outside)
        if n_near > COPIED_SHARE * n_features and n_near * len(working_set.datafit.weights) > SMALL_COPY:
            self.take_whole(working_set)
            return working_set, np.arange(len(working_set))
        if self._at_hand in (None, working_set) or len(self._at_hand) > WASTE * n_near + FEW:
            self._at_hand, self.model = working_set.part(np.flatnonzero(near)), None
            return self._at_hand, self._at_hand.features
        missing = needed & self._at_hand.outside[: len(working_set)]
        if missing.any():
            positions = np.flatnonzero(near & self._at_hand.outside[: len(working_set)])
            self._at_hand.append(positions, working_set.columns.take(positions))
        return self._at_hand, self._at_hand.features

    def take_whole(self, working_set: WorkingSet) -> None:
        """Have all features at hand."""
        if self._at_hand is not working_set:
            self._at_hand, self.model = working_set, None

    def move_to(self, part: WorkingSet, fits: Fits, row: int, moved_at_most: float) -> float:
        """Be about the raw predictions of one of the fits; return the sum of the curvatures there.

        A model keeps the proportions of its curvatures while these have moved by no more than a share of their sum.
        """
        curvatures = part.modelled.curvatures(fits.raw[row])
        total = float(curvatures.sum())
        if self._is_near(curvatures, total, moved_at_most):
            self.model.follow(part)
            self.model.move_to(part.datafit, fits, row, self.curvatures)
        else:
            self.curvatures = curvatures
            self.model = part.seen_through(part.modelled.model(fits, row, curvatures))
            self.solver = self._new_solver(part)
        return total

    def steepness(self, weights: Vector) -> Vector:
        """Curvatures of a sample of weight one."""
        return np.divide(self.curvatures, weights, out=np.zeros_like(weights), where=weights > 0)

    def _is_near(self, curvatures: Vector, total: float, moved_at_most: float) -> bool:
        if self.model is None or moved_at_most == 0 or not self.model.knows_products:
            return False
        self.curvatures = self.curvatures * (total / self.curvatures.sum())
        return bool(np.abs(curvatures - self.curvatures).sum() <= moved_at_most * total)
