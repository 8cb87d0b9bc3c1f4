"""Some rows of a design, for those who know no others."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix, Positions, Vector
from sklearn_sparsefit.design._columns import DenseColumns, SparseColumns
from sklearn_sparsefit.design.compressed import SparseDesign
from sklearn_sparsefit.design.dense import DenseDesign
from sklearn_sparsefit.design.moments import Moments


class SomeRows:
    """What a design answers about some of its rows: X stays as it is, and the others count for nothing."""

    def __init__(self, whole: DenseDesign | SparseDesign, rows: Positions):
        self._whole, self._rows = whole, rows

    def spread(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Vectors over these rows as vectors over all rows, zero elsewhere."""
        spread = np.zeros((*vectors.shape[:-1], self._whole.shape[0]))
        spread[..., self._rows] = vectors
        return spread

    def correlate(self, residuals: Matrix, features: Positions | slice) -> Matrix:
        """See :class:`DenseDesign`."""
        return self._whole.correlate(self.spread(residuals), features)

    def sq_norms(self, weights: Vector, scale: float) -> Vector | None:
        """See :class:`DenseDesign`."""
        return self._whole.sq_norms(self.spread(weights), scale)

    def correlate_centred(self, residuals: Matrix, means: Vector, scale: float) -> Matrix:
        """See :class:`DenseDesign`."""
        return self._whole.correlate_centred(self.spread(residuals), means, scale)

    def predict(self, coefs: Matrix, means: Vector, scale: float) -> Matrix:
        """See :class:`DenseDesign`."""
        return np.take(self._whole.predict(coefs, means, scale), self._rows, axis=1)

    def moments(self, weights: Vector, target: Vector, centre: bool, scale: float) -> Moments:
        """See :class:`DenseDesign`."""
        return self._whole.moments(self.spread(weights), self.spread(target), centre, scale)

    def columns(self, features: Positions, scale: float, centre: Vector | None) -> DenseColumns | SparseColumns:
        """See :class:`DenseDesign`."""
        return self._whole.columns(features, scale, None if centre is None else self.spread(centre)).at(self._rows)
