"""What correlations are at most where they are not read."""

import math

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix, Vector
from sklearn_sparsefit.path._bounds import limits
from sklearn_sparsefit.path.records import Features
from sklearn_sparsefit.penalty import Penalty

# The bounds' own rounding, and that of the correlations they start from.
ROUNDING = 1e-9
# Directions in which residuals differ by so little, in squares, are left out.
SINGULAR = 1e-12


class SafeBounds:
    """What the magnitudes of correlations are at most at some residuals, given those at others.

    For any numbers a_k, with r = sum_k a_k r_k + e, |x_j'r| <= |sum_k a_k x_j'r_k| + ||x_j|| ||e||. One residual with
    a = 1 makes the bounds of El Ghaoui et al. (2012); least squares over several makes e small, as the residuals of a
    path leave the span of earlier ones slowly.
    """

    def __init__(
        self, penalty: Penalty, norms: Vector, weights: Vector, most: int, residuals: Block, correlations: Block
    ):
        self._penalty, self._norms, self._weights, self._most = penalty, norms, weights, most
        self._residuals, self._correlations = residuals, np.ascontiguousarray(correlations)

    def at(self, features: Features, residuals: Block, correlations: Block) -> "SafeBounds":
        """Bounds for some features, from their correlations at these residuals, too; the last ``most`` are kept."""
        penalty = self._penalty if isinstance(features, slice) else self._penalty.at(features)
        kept = slice(max(0, len(self._residuals) + len(residuals) - self._most), None)
        residuals = np.concatenate([self._residuals[kept], residuals])
        correlations = np.concatenate([self._correlations[kept][..., features], correlations])
        return SafeBounds(penalty, self._norms[features], self._weights, self._most, residuals, correlations)

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")
    def may_reach(self, thresholds: Vector, residuals: Block) -> NDArray[np.intp]:
        """Which features may reach a threshold, at the residual that belongs to it."""
        shares, distances = self._places(residuals)
        # From here on in units of the thresholds.
        shares, distances = shares / thresholds[:, None], distances / thresholds
        n_known, *tasks, n_features = self._correlations.shape
        correlations = self._correlations.reshape(n_known, math.prod(tasks), n_features)
        some = np.flatnonzero(_reach(self._penalty.reaches(limits(shares, distances, correlations, self._norms))))
        if not self._penalty.terms.has_bounds:
            return some
        # Where a side of zero is closed, not all of a correlation counts.
        penalty, reached = self._penalty.at(some), np.zeros(len(some), dtype=bool)
        reaches = penalty.reaches(self._norms[some])
        for correlation, distance in zip(
            np.tensordot(shares, self._correlations[..., some], 1), distances, strict=True
        ):
            reached |= _reach(penalty.magnitudes(penalty.sizes(correlation)) + distance * reaches)
        return some[reached]

    @np.errstate(over="ignore", invalid="ignore")
    def nearest(self, residuals: Block) -> Block:
        """Correlations with what is closest to some residuals of what is known."""
        return np.tensordot(self._places(residuals)[0], self._correlations, 1)

    def _places(self, residuals: Block) -> tuple[Matrix, Vector]:
        """The numbers a_k of each residual, and the length of e."""
        known, wanted = (block.reshape(len(block), -1) for block in (self._residuals, residuals))
        # In this order rows of weight zero count for nothing even where their squares overflow.
        weighted = (self._residuals * self._weights).reshape(len(known), -1)
        products = weighted @ known.T
        shares = np.zeros((len(wanted), len(known)))
        if np.isfinite(products).all():
            shares[:] = np.linalg.lstsq(products, weighted @ wanted.T, rcond=SINGULAR)[0].T
        rests = (wanted - shares @ known).reshape(residuals.shape)
        squares = (rests * self._weights * rests).reshape(len(rests), -1).sum(axis=1)
        lengths = np.sqrt(squares) + ROUNDING * np.abs(shares) @ np.sqrt(products.diagonal())
        return shares, (1 + ROUNDING) * lengths


def _reach(magnitudes: Vector) -> NDArray[np.bool_]:
    return ~(magnitudes < 1 - ROUNDING)
