"""The matrix room: the only code that knows how X is stored.

A design answers two questions about X, whatever its storage, order, dtype or index width: ``correlate`` (one reading of
X for many right-hand sides) and ``columns`` (a packed copy, in double precision, of a few features). It never copies X.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.sparse import issparse

from sklearn_sparsefit.design._columns import Columns, DenseColumns, SparseColumns
from sklearn_sparsefit.design.compressed import SparseDesign
from sklearn_sparsefit.design.dense import DenseDesign

@dataclass(frozen=True)
class Moments:
    means: np.ndarray
    gram: np.ndarray
    correlation: np.ndarray


def _moments(self, weights, target, centre, scale):
    X = self.X.toarray() if issparse(self.X) else np.asarray(self.X)
    used = weights > 0
    Z = scale * X[used].astype(np.float64)
    s, t = weights[used], target[used]
    m = s @ Z if centre else np.zeros(Z.shape[1])
    Z -= m
    if centre:
        d = s @ Z
        m = m + d
        Z -= d
    return Moments(m, (Z.T * s) @ Z, Z.T @ (s * t))


def _predict(self, coefs, means, scale):
    X = self.X.toarray() if issparse(self.X) else np.asarray(self.X)
    return coefs @ (scale * X - means).T


def _cc(self, residuals, means, scale):
    X = self.X.toarray() if issparse(self.X) else np.asarray(self.X)
    return residuals @ (scale * X - means)


for cls in (DenseDesign, SparseDesign):
    cls.moments, cls.predict, cls.correlate_centred = _moments, _predict, _cc
DenseDesign.density = 1.0
SparseDesign.density = property(lambda self: self.X.nnz / max(1, self.shape[0] * self.shape[1]))

Design: TypeAlias = DenseDesign | SparseDesign


def make_design(X) -> Design:
    """Design over a validated X: a 2-D float array of any strides, or a CSC or CSR matrix."""
    return SparseDesign(X) if issparse(X) else DenseDesign(X)


__all__ = ["Columns", "DenseColumns", "DenseDesign", "Design", "SparseColumns", "SparseDesign", "make_design"]
