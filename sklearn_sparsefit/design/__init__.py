"""The matrix room: the only code that knows how X is stored.

A design answers questions about X, whatever its storage, order, dtype or index width: ``correlate`` (one reading of X
for many right-hand sides), ``columns`` (a packed copy, in double precision, of a few features) and ``moments`` (means
and Gram of all of them); ``predict`` and ``correlate_centred``, for designs of few features, keep the digits of columns
with large means. It never copies X.
"""

from typing import Any, TypeAlias

from scipy.sparse import issparse

from sklearn_sparsefit.design._columns import DenseColumns, SparseColumns
from sklearn_sparsefit.design._sparse_pass import WIDTH
from sklearn_sparsefit.design.blocks import as_rows
from sklearn_sparsefit.design.compressed import SparseDesign
from sklearn_sparsefit.design.dense import DenseDesign
from sklearn_sparsefit.design.moments import Moments, PartialMoments, Rows
from sklearn_sparsefit.design.scales import CONSTANT
from sklearn_sparsefit.design.some_rows import SomeRows, spread
from sklearn_sparsefit.design.tiles import CHUNK

Design: TypeAlias = DenseDesign | SparseDesign
Columns: TypeAlias = DenseColumns | SparseColumns


def make_design(X: Any) -> Design:
    """Design over a validated X: a 2-D float array of any strides, or a CSC or CSR matrix."""
    return SparseDesign(X) if issparse(X) else DenseDesign(X)


__all__ = [
    "CHUNK",
    "CONSTANT",
    "WIDTH",
    "Columns",
    "DenseColumns",
    "DenseDesign",
    "Design",
    "Moments",
    "PartialMoments",
    "Rows",
    "SomeRows",
    "SparseColumns",
    "SparseDesign",
    "as_rows",
    "make_design",
    "spread",
]
