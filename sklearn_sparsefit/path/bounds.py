"""What correlations are at most where they are not read."""

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix, Vector
from sklearn_sparsefit.path._bounds import limits
from sklearn_sparsefit.path.records import Features
from sklearn_sparsefit.penalty import Penalty

# The bounds' own rounding, and that of the correlations they start from.
ROUNDING = 1e-9
# Directions in which residuals of length one differ by so little, in squares, are left out.
SINGULAR = 1e-12


class SafeBounds:
    """What the magnitudes of correlations are at most at some residuals, given those at others.

    For any numbers a_k, with r = sum_k a_k r_k + e, |x_j'r| <= |sum_k a_k x_j'r_k| + ||x_j|| ||e||. One residual with
    a = 1 makes the bounds of El Ghaoui et al. (2012); least squares over several makes e small, as the residuals of a
    path leave the span of earlier ones slowly.
    """

    def __init__(
        self, penalty: Penalty, norms: Vector, weights: Vector, max_known: int, residuals: Block, correlations: Block
    ):
        self._penalty, self._norms, self._weights, self._max_known = penalty, norms, weights, max_known
        self._residuals, self._correlations = residuals, np.ascontiguousarray(correlations)

    def with_more(self, features: Features, residuals: Block, correlations: Block) -> "SafeBounds":
        """Bounds for some features that know their correlations at these residuals, too, and not the oldest ones."""
        penalty = self._penalty if isinstance(features, slice) else self._penalty.at(features)
        kept = slice(max(0, len(self._residuals) + len(residuals) - self._max_known), None)
        residuals = np.concatenate([self._residuals[kept], residuals])
        correlations = np.concatenate([self._correlations[kept][..., features], correlations])
        return SafeBounds(penalty, self._norms[features], self._weights, self._max_known, residuals, correlations)

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")
    def may_reach(self, thresholds: Vector, residuals: Block) -> NDArray[np.intp]:
        """Which features may reach a threshold, at the residual that belongs to it."""
        shares, distances = self._project(residuals)
        # From here on in units of the thresholds.
        shares, distances = shares / thresholds[:, None], distances / thresholds
        n_known, *tasks, n_features = self._correlations.shape
        correlations = self._correlations.reshape(n_known, math.prod(tasks), n_features)
        some = np.flatnonzero(_reach(self._penalty.reaches(limits(shares, distances, correlations, self._norms))))
        # No magnitude is more than the norm over the tasks; some are less, as where a side of zero is closed.
        penalty = self._penalty.at(some)
        projected = np.tensordot(shares, self._correlations[..., some], 1)
        sizes = np.array([penalty.sizes(correlation) for correlation in projected])
        reaches = np.outer(distances, penalty.reaches(self._norms[some]))
        return some[_reach(penalty.magnitudes(sizes) + reaches).any(axis=0)]

    @np.errstate(over="ignore", invalid="ignore")
    def projected(self, residuals: Block) -> Block:
        """Correlations with what is closest to some residuals in the span of those that are known."""
        return np.tensordot(self._project(residuals)[0], self._correlations, 1)

    @cached_property
    def _products(self) -> tuple[Matrix, Matrix]:
        """The residuals that are known times the weights, one below the other, and their inner products."""
        # In this order rows of weight zero count for nothing even where their squares overflow.
        weighted = (self._residuals * self._weights).reshape(len(self._residuals), -1)
        return weighted, weighted @ self._residuals.reshape(weighted.shape).T

    def _project(self, residuals: Block) -> tuple[Matrix, Vector]:
        """The numbers a_k of each residual, by least squares, and the length of e."""
        weighted, products = self._products
        known, wanted = (block.reshape(len(block), -1) for block in (self._residuals, residuals))
        lengths = np.sqrt(products.diagonal())
        scales = np.where(lengths > 0, lengths, 1.0)
        shares = np.zeros((len(wanted), len(known)))
        if np.isfinite(products).all():
            scaled = products / np.outer(scales, scales), (weighted @ wanted.T) / scales[:, None]
            shares[:] = np.linalg.lstsq(*scaled, rcond=SINGULAR)[0].T / scales
        rests = (wanted - shares @ known).reshape(residuals.shape)
        distances = np.sqrt((rests * self._weights * rests).reshape(len(rests), -1).sum(axis=1))
        return shares, (1 + ROUNDING) * (distances + ROUNDING * np.abs(shares) @ lengths)


def _reach(magnitudes: NDArray[np.float64]) -> NDArray[np.bool_]:
    return ~(magnitudes < 1 - ROUNDING)
