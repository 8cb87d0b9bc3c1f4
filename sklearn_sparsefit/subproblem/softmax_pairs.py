"""Quadratic models of the multinomial loss: pairs of a class and a feature, and their Gram matrix."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix, Positions, Vector
from sklearn_sparsefit.datafit import Fits, Multinomial, SoftmaxModel
from sklearn_sparsefit.design import CHUNK
from sklearn_sparsefit.subproblem.known import RIDGE
from sklearn_sparsefit.subproblem.softmax_blocks import Packed, SoftmaxBlocks, shift_of_means


class SoftmaxPairs:
    """Pairs of a class and a feature of a working set, and their Gram matrix under a model of the multinomial loss.

    Pairs a = (k, j) and b = (l, h) have the product sum_i w_i x_ij x_ih ([k = l] p_ik - p_ik p_il), less what the best
    intercepts take of it.
    """

    def __init__(self, working_set: Packed, model: SoftmaxModel):
        self.datafit = model
        self.working_set = working_set
        self._places = np.full((len(model.probabilities), 0), -1)
        self.classes, self.positions = np.empty((2, 0), dtype=np.intp)
        self._gram = np.empty((0, 0))
        # Of pairs (k, j) the row k of sum_i w_i x_ij H_i, x_j about its mean, times the root that intercepts move by.
        self._moments = np.empty((0, model.inverse_root.shape[1]))
        self.sq_norms = np.empty(0)
        self._blocks: SoftmaxBlocks | None = None
        self.follow(working_set)

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def knows_products(self) -> bool:
        """Whether there is a Gram that is worth keeping."""
        return len(self) > 0 or self._blocks is not None

    @property
    def gram(self) -> Matrix:
        """Products of the pairs so far, with spare room past them."""
        return self._gram

    def follow(self, working_set: Packed) -> None:
        """Take note of the features that have come in."""
        n_new = len(working_set) - self._places.shape[1]
        if n_new == 0:
            return
        self._places = np.pad(self._places, ((0, 0), (0, n_new)), constant_values=-1)

    def move_to(self, loss: Multinomial, fits: Fits, row: int, curvatures: Matrix) -> None:
        """Be a model about another point, with the same curvatures."""
        self.datafit = self.datafit.about(fits.residuals[row])
        if self._blocks is not None:
            self._blocks.datafit = self.datafit

    def bring_in(self, wanted: NDArray[np.bool_]) -> None:
        """Bring in pairs, given as a mask of shape (n_classes, n_features)."""
        classes, positions = np.ascontiguousarray(np.nonzero(wanted & (self._places < 0)))
        size = max(1, CHUNK // len(self.datafit.weights))
        for start in range(0, len(classes), size):
            self._extend(classes[start : start + size], positions[start : start + size])

    def blocks(self, directions: Matrix) -> SoftmaxBlocks:
        """All classes of all features, along some directions, the same ones each time."""
        if self._blocks is None:
            self._blocks = SoftmaxBlocks(self.working_set, self.datafit, directions)
        self._blocks.follow()
        return self._blocks

    def full_gram(self) -> Matrix:
        """Gram of all pairs of the working set, class by class."""
        n_pairs = self._places.size
        gram = self.blocks(np.eye(len(self._places))).gram
        return gram.transpose(1, 0, 3, 2).reshape(n_pairs, n_pairs)

    def intercept_shift(self, step: Matrix) -> Vector:
        """How far the model's best intercepts move with a step of shape (n_classes, n_features) in what is known."""
        if self._blocks is not None:
            return self._blocks.intercept_shift(step)
        shift = -self.datafit.inverse_root @ (step[self.classes, self.positions] @ self._moments)
        return shift - shift_of_means(step, self.working_set)

    def _extend(self, classes: Positions, positions: Positions) -> None:
        model, columns, means = self.datafit, self.working_set.columns, self.working_set.means
        start, total = len(self), len(self) + len(classes)
        self.classes = np.concatenate([self.classes, classes])
        self.positions = np.concatenate([self.positions, positions])
        self._places[classes, positions] = np.arange(start, total)
        if total > len(self._gram):
            gram = np.empty((total + total // 4, total + total // 4))
            gram[:start, :start] = self._gram[:start, :start]
            self._gram = gram
        new = slice(start, total)
        weighted = columns.take(positions).densify(0, len(positions))
        weighted -= means[positions, None]
        weighted *= model.weights * model.probabilities[classes]
        moments = -weighted @ model.probabilities.T
        moments[np.arange(len(classes)), classes] += weighted.sum(axis=1)
        moments = moments @ model.inverse_root
        self._moments = np.concatenate([self._moments, moments])
        for k in range(len(model.probabilities)):
            # Pairs come class by class: those of earlier ones have had their products with these.
            first, last = np.searchsorted(classes, [k, k + 1])
            old = np.flatnonzero(self.classes[:start] == k)
            for above, pairs in ((0, old), (first, np.arange(start + first, start + last))):
                if len(pairs) == 0:
                    continue
                rows = weighted[above:] * -model.probabilities[k]
                own = slice(first - above, last - above)
                np.multiply(weighted[first:last], 1.0 - model.probabilities[k], out=rows[own])
                here = self.positions[pairs]
                products = columns.take(here).correlate(rows)
                self._gram[start + above : total, pairs] = products - rows.sum(axis=1)[:, None] * means[here]
        block = np.tril(self._gram[new, new])
        self._gram[new, new] = block + np.tril(block, -1).T
        self._gram[new, :total] -= moments @ self._moments.T
        self._gram[:start, new] = self._gram[new, :start].T
        block = self._gram[new, new]
        norms = block.diagonal() * (self.working_set.sq_norms[positions] > 0)
        self.sq_norms = np.concatenate([self.sq_norms, np.maximum(norms, 0.0)])
        diagonal = np.arange(start, total)
        self._gram[diagonal, diagonal] = (1 + RIDGE) * self.sq_norms[new]
