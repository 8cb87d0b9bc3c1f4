"""The Gram matrix of all classes of some features under a model of the multinomial loss."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.datafit import SoftmaxModel
from sklearn_sparsefit.design import CHUNK, Columns
from sklearn_sparsefit.subproblem.known import RIDGE

# Of shape (n_features, n_directions, n_features, n_directions).
Blocks = NDArray[np.float64]


class Packed(Protocol):
    """Features whose columns are packed, their means, and squared norms, zero for those that are not to move."""

    means: Vector
    sq_norms: Vector

    @property
    def columns(self) -> Columns:
        """One for each feature."""

    def __len__(self) -> int: ...


class SoftmaxBlocks:
    """Products of all features of a working set, along some orthonormal directions of the classes, Q.

    Features j and h have the block Q' (sum_i w_i x_ij x_ih H_i) Q, less what the best intercepts take of it. As the
    rows of H_i = diag(p_i) - p_i p_i' sum to zero, the products weighted by w_i p_ik p_il, for k < l, are enough.
    """

    def __init__(self, working_set: Packed, model: SoftmaxModel, directions: Matrix):
        self.datafit = model
        # A step of all classes alike, which changes nothing.
        self.equal = directions.sum(axis=0)
        # A bound on the curvature of the loss in any direction.
        self.sq_norms = np.empty(0)
        self._working_set, self._directions = working_set, directions
        n_directions = len(self.equal)
        self.gram = np.empty((0, n_directions, 0, n_directions))
        # Of features about their means, in every direction, sum_i w_i x_ij H_i, times the root that intercepts move by.
        self._moments = np.empty((0, n_directions, model.inverse_root.shape[1]))
        self.follow()

    def __len__(self) -> int:
        return len(self.gram)

    def follow(self) -> None:
        """Take in the features that have come in."""
        start, total = len(self), len(self._working_set)
        if start == total:
            return
        n_directions = len(self.equal)
        gram = np.empty((total, n_directions, total, n_directions))
        gram[:start, :, :start] = self.gram
        size = max(1, CHUNK // max(len(self.datafit.weights), len(self._directions) ** 2 * total))
        for first in range(start, total, size):
            new = slice(first, min(first + size, total))
            rows = self._rows(new)
            gram[new, :, : new.stop] = rows
            gram[: new.start, :, new] = rows[:, :, : new.start].transpose(2, 3, 0, 1)
        each = np.arange(start, total)
        own = gram[each, :, each, :]
        norms = np.linalg.eigvalsh(own)[:, -1]
        movable = (norms > 0) & (self._working_set.sq_norms[start:] > 0)
        # Some features are not to move.
        self.sq_norms = np.concatenate([self.sq_norms, norms * movable])
        diagonal = np.einsum("jaa->ja", own)
        diagonal[:] = (1 + RIDGE) * np.maximum(diagonal, 0.0) * movable[:, None]
        gram[each, :, each, :] = own
        self.gram = gram

    def intercept_shift(self, step: Matrix) -> Vector:
        """How far the model's best intercepts move with a step of shape (n_classes, n_features)."""
        shift = -self.datafit.inverse_root @ np.tensordot(step.T @ self._directions, self._moments, 2)
        return shift - shift_of_means(step, self._working_set)

    def _rows(self, new: slice) -> Blocks:
        """Blocks of some features with all up to these."""
        model, columns, directions = self.datafit, self._working_set.columns, self._directions
        n_classes, means = len(directions), self._working_set.means
        products = np.zeros((n_classes, n_classes, new.stop - new.start, new.stop))
        moments = np.zeros((n_classes, n_classes, new.stop - new.start))
        centred = columns.densify(new.start, new.stop)
        centred -= means[new, None]
        for k in range(n_classes):
            for other in range(k):
                weights = model.weights * model.probabilities[k] * model.probabilities[other]
                summands = columns.products(weights, means, new), centred @ weights
                for sums, more in zip((products, moments), summands, strict=True):
                    sums[k, k] += more
                    sums[other, other] += more
                    sums[k, other] = sums[other, k] = -more
        along = np.tensordot(directions, products, (0, 0))
        along = np.tensordot(along, directions, (1, 0)).transpose(1, 0, 2, 3)
        moments = np.tensordot(np.tensordot(moments, directions, (0, 0)), model.inverse_root, (0, 0))
        self._moments = np.concatenate([self._moments, moments])
        return along - np.tensordot(moments, self._moments, (2, 2))


def shift_of_means(step: Matrix, working_set: Packed) -> Vector:
    """What a step adds to the mean raw predictions of the classes, beside their mean over these."""
    shift = step @ working_set.means
    return shift - shift.mean()
