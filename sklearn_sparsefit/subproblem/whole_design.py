"""A design that is known by its moments alone."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix, Vector
from sklearn_sparsefit.datafit import Fits, Quadratic
from sklearn_sparsefit.design import CONSTANT, Moments, as_rows
from sklearn_sparsefit.subproblem.known import RIDGE, Known
from sklearn_sparsefit.subproblem.settling import settle_by_gram


class WholeDesign(Known):
    """All features of a design, known by their moments under one problem's weights: a working set that never grows.

    Residuals stay unknown, but losses and correlations follow from q = X'(s y) and the Gram matrix G.
    """

    datafit: Quadratic

    def __init__(self, datafit: Quadratic, moments: Moments, correlation: Matrix):
        self.datafit = datafit
        self.features = np.arange(len(moments.means))
        self.outside = np.zeros(len(moments.means), dtype=bool)
        self.means = np.zeros(len(moments.means))
        self.correlation = correlation
        # Several problems may share the moments: they all raise the diagonal alike.
        self._moments = moments
        sq_norms = np.where(np.sqrt(moments.sq_norms) <= CONSTANT * np.abs(moments.means), 0.0, moments.sq_norms)
        self.sq_norms = sq_norms
        self.gram.flat[:: len(sq_norms) + 1] = (1 + RIDGE) * sq_norms
        self._norms = np.sqrt(sq_norms)

    @property
    def gram(self) -> Matrix:
        """Gram of all features."""
        return self._moments.gram

    @property
    def shift(self) -> Vector:
        """Means of the columns of X."""
        return self._moments.means

    def gram_of(self, positions: NDArray[np.intp]) -> Matrix:
        """Copy of the Gram of the features at some positions."""
        return self.gram.take(positions, axis=0).take(positions, axis=1)

    def full_gram(self) -> Matrix:
        """Gram of all features."""
        return self.gram

    def rise(self, fits: Fits, row: int, move: Matrix, shift: Matrix, correlation: Matrix) -> float:
        """See :meth:`WorkingSet.rise`; all that it needs of the fits is in the correlations."""
        return 0.5 * float(np.vdot(move @ self.gram, move) + np.vdot(shift, shift)) - float(np.vdot(correlation, move))

    def correlations_at(self, coefs: Block) -> Block:
        """Q - G w for each row of coefficients."""
        return self.correlation - coefs @ self.gram

    def settled_correlations(self, coefs: Block) -> Block:
        """Correlations of rows of coefficients, whose free features are settled in place."""
        correlations = self.correlations_at(coefs)
        if self.free is not None:
            settle_by_gram(self.free, coefs, correlations, self.gram)
        return correlations

    def losses(self, coefs: Block, correlations: Block) -> Vector:
        """sum_i s_i r_i^2 = sum_i s_i y_i^2 - w'(q + c), halved, for rows of coefficients w and correlations c."""
        length = coefs[0].size
        rows = coefs.reshape(-1, length)
        explained = np.einsum("kj,kj->k", rows, (self.correlation + correlations).reshape(-1, length))
        return np.maximum(0.0, self.datafit.null_loss - 0.5 * explained)

    def slack(self, coef: Vector) -> float:
        """How far rounding may have taken the correlations from what they are.

        A sum of m products is right to m / 2 ulps of the product of the norms: m is what the moments say for those, and
        the number of features for G w. So c_j is off by at most m ulps / 2 * ||x_j|| (||y|| + sum_k ||x_k|| |w_k|).
        """
        largest = float(self._norms.max(initial=0.0))
        size = np.sqrt(2 * self.datafit.null_loss) + float(self._norms @ np.sqrt((as_rows(coef) ** 2).sum(axis=0)))
        slack = 2.0**-53 * (self._moments.n_terms + coef.shape[-1]) * largest * size
        return slack if self.free is None else slack * (1 + largest * self.free.sensitivity)
