"""Where steps are on their way to some alphas."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Matrix
from sklearn_sparsefit.datafit import Fits
from sklearn_sparsefit.solvers.extrapolation import Track

# The last solutions of a path, with their offsets and raw predictions.
PathTrack: TypeAlias = Track[tuple[float, NDArray[np.float64]]]


@dataclass
class Points:
    """Where some goals are, a row for each: coefficients, their fits and the correlations with the residuals of these.

    The residuals are those of the loss, or dual points near to them.
    """

    coefs: Matrix
    fits: Fits
    correlations: Matrix

    def at(self, rows: Sequence[int]) -> "Points":
        """Copy of some of them."""
        rows = list(rows)
        return Points(self.coefs[rows], self.fits.at(rows), self.correlations[rows])

    def put(self, rows: list[int], others: "Points") -> None:
        """Put others in the place of some of them."""
        self.coefs[rows], self.correlations[rows] = others.coefs, others.correlations
        self.fits.put(rows, others.fits)
