"""The working set: the few features a problem is solved on, packed, with what the kernels ask of them."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.design import Columns

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# A centred column this small beside the column itself is rounding: the column is constant.
CONSTANT = (32 * np.finfo(np.float64).eps) ** 2
# Added to the Gram's diagonal, relative to it, so that rounding leaves no direction of negative curvature. What this
# does to the solution is taken back by going on from true correlations.
RIDGE = 1e-14
# Entries of the dense copy of newcomers that is centred at a time.
CHUNK = 2**21


class WorkingSet:
    """Packed columns seen through one problem's weights and intercept.

    ``sq_norms[j]`` is sum_i s_i (z_ij - mean_j)^2, zero for a constant column. ``gram`` holds the centred, weighted
    products of the columns, with spare room past them; it is given up for good past ``max_gram`` columns.
    """

    def __init__(self, datafit: Quadratic, n_features: int, max_gram: int):
        self.datafit = datafit
        self.features = np.empty(0, dtype=np.intp)
        self.outside = np.ones(n_features, dtype=bool)
        self.columns: Columns | None = None
        self.means = np.empty(0)
        self.sq_norms = np.empty(0)
        self.gram: Matrix | None = np.empty((0, 0))
        self._max_gram = max_gram

    def __len__(self) -> int:
        return len(self.features)

    def append(self, features: NDArray[np.intp], columns: Columns) -> None:
        """Bring in features and extend means, norms and Gram by them."""
        start = len(self)
        self.features = np.concatenate([self.features, features])
        self.outside[features] = False
        if self.columns is None:
            self.columns = columns
        else:
            self.columns.append(columns)
        total = len(self)
        self.means = np.concatenate([self.means, np.zeros(total - start)])
        self.sq_norms = np.concatenate([self.sq_norms, np.zeros(total - start)])
        if total > self._max_gram:
            self.gram = None
        elif total > len(self.gram):
            gram = np.zeros((total + total // 4, total + total // 4))
            gram[:start, :start] = self.gram[:start, :start]
            self.gram = gram
        size = max(1, min(256, CHUNK // self.columns.n_samples))
        for first in range(start, total, size):
            self._measure(first, min(first + size, total))

    def restricted_to(self, positions: NDArray[np.intp]) -> "WorkingSet":
        """Working set of its own, with a Gram, of the features at some positions."""
        part = WorkingSet(self.datafit, len(positions), len(positions))
        part.append(np.arange(len(positions)), self.columns.take(positions))
        return part

    def full_gram(self) -> Matrix:
        """Gram of the whole working set, formed for the purpose where it is not kept."""
        size = len(self)
        gram = self.restricted_to(np.arange(size)).gram if self.gram is None else self.gram
        return gram[:size, :size]

    def _measure(self, start: int, stop: int) -> None:
        weights = self.datafit.weights
        centred = self.columns.densify(start, stop)
        if self.datafit.fit_intercept:
            # The second mean takes away what rounding left of the first.
            for _ in range(2):
                mean = centred @ weights
                centred -= mean[:, None]
                self.means[start:stop] += mean
        weighted = centred * weights
        sq_norms = np.einsum("ji,ji->j", centred, weighted)
        raw_means = self.means[start:stop] + self.columns.shift[start:stop]
        sq_norms[sq_norms <= CONSTANT * raw_means**2] = 0.0
        self.sq_norms[start:stop] = sq_norms
        if self.gram is not None:
            # Centring one side of the product is enough: (z - mean)'(s * c) = z'(s * c) where s'c = 0.
            self.gram[start:stop, :stop] = self.columns.correlate(weighted)[:, :stop]
            self.gram[start:stop, start:stop] = centred @ weighted.T
            self.gram[:start, start:stop] = self.gram[start:stop, :start].T
            diagonal = np.arange(start, stop)
            self.gram[diagonal, diagonal] = (1 + RIDGE) * sq_norms

    def residuals(self, coefs: Matrix) -> tuple[Matrix, Vector]:
        """Residuals of each row of coefficients at its best intercept, and the offset of that intercept."""
        if self.columns is None:
            return self.datafit.residuals(np.zeros((len(coefs), len(self.datafit.target))))
        return self.datafit.residuals(self.columns.predict(coefs))

    def correlations(self, weighted_residuals: Matrix) -> Matrix:
        """Correlation of every column with each row of weighted residuals."""
        if self.columns is None:
            return np.empty((len(weighted_residuals), 0))
        return self.columns.correlate(weighted_residuals)
