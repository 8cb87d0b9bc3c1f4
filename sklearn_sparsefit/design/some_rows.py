"""Some rows of a design, for those who know no others."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix, Positions, Vector
from sklearn_sparsefit.design._columns import DenseColumns, SparseColumns
from sklearn_sparsefit.design.compressed import SparseDesign
from sklearn_sparsefit.design.dense import DenseDesign
from sklearn_sparsefit.design.moments import Moments


class SomeRows:
    """What a design answers about some of its rows, in order: X stays as it is, and the others count for nothing."""

    def __init__(self, whole: DenseDesign | SparseDesign, rows: Positions):
        self.whole, self.rows = whole, rows

    def correlate(self, residuals: Matrix, features: Positions | slice = slice(None)) -> Matrix:
        """See :class:`DenseDesign`."""
        return self.whole.correlate(spread(residuals, self), features)

    def sq_norms(self, weights: Vector, scale: float) -> Vector | None:
        """See :class:`DenseDesign`."""
        return self.whole.sq_norms(spread(weights, self), scale)

    def correlate_centred(self, residuals: Matrix, means: Vector, scale: float) -> Matrix:
        """See :class:`DenseDesign`."""
        return self.whole.correlate_centred(spread(residuals, self), means, scale)

    def predict(self, coefs: Matrix, means: Vector, scale: float) -> Matrix:
        """See :class:`DenseDesign`."""
        return np.take(self.whole.predict(coefs, means, scale), self.rows, axis=1)

    def moments(self, weights: Vector, target: Vector, centre: bool, scale: float) -> Moments:
        """See :class:`DenseDesign`: of these rows as a class, so that no others are read."""
        weights, target = spread(weights, self), spread(target, self)
        return self.whole.partial_moments(weights, target, centre, scale, [self.rows]).combine(np.ones(1))

    def columns(self, features: Positions, scale: float, centre: Vector | None) -> DenseColumns | SparseColumns:
        """See :class:`DenseDesign`."""
        return self.whole.columns(features, scale, centre, self.rows)


def spread(vectors: NDArray[np.float64], over: DenseDesign | SparseDesign | SomeRows) -> NDArray[np.float64]:
    """Vectors over the rows that are known of a design as vectors over all of them, zero elsewhere."""
    if not isinstance(over, SomeRows):
        return vectors
    spread = np.zeros((*vectors.shape[:-1], over.whole.shape[0]))
    spread[..., over.rows] = vectors
    return spread
