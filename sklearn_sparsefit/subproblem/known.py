"""Features that are known to a solver."""

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix, Vector
from sklearn_sparsefit.datafit import Datafit, Fits
from sklearn_sparsefit.penalty import FeatureTerms
from sklearn_sparsefit.subproblem.free_features import FreeFeatures

# Added to the Gram's diagonal, relative to it, so that rounding leaves no direction of negative curvature. What this
# does to the solution is taken back by going on from true correlations.
RIDGE = 1e-14


class HasSize(Protocol):
    """Least squares, beside whose target rounding is seen."""

    residual_size: float


class HasGram(Protocol):
    """What is asked of features, or others with a Gram, by what goes by their Gram alone."""

    @property
    def datafit(self) -> HasSize:
        """The loss."""

    @property
    def gram(self) -> NDArray[np.float64]:
        """Their products, perhaps with spare room past them."""

    @property
    def sq_norms(self) -> Vector:
        """Zero for what is not to move."""

    def __len__(self) -> int: ...


class Known(ABC):
    """Features that are known, and among them those that are free of the penalty.

    ``outside`` says of all features which are not known.
    """

    datafit: Datafit
    features: NDArray[np.intp]
    outside: NDArray[np.bool_]
    sq_norms: Vector
    means: Vector
    free: FreeFeatures | None = None

    def __len__(self) -> int:
        return len(self.features)

    @property
    @abstractmethod
    def gram(self) -> Matrix:
        """The centred, weighted products of the features, perhaps with spare room past them."""

    @property
    @abstractmethod
    def shift(self) -> Vector:
        """What the columns are short of those of X."""

    @abstractmethod
    def full_gram(self) -> Matrix:
        """Gram of all features that are known."""

    @abstractmethod
    def rise(self, fits: Fits, row: int, move: Matrix, shift: Matrix, correlation: Matrix) -> float:
        """By how much the loss rises, from one of the fits, when coefficients move and the centred intercept shifts."""

    @abstractmethod
    def gram_of(self, positions: NDArray[np.intp]) -> Matrix:
        """Gram of the features at some positions, for the caller to keep."""

    def products_of(self, positions: NDArray[np.intp]) -> Matrix:
        """The same without what the diagonal is raised by."""
        gram = self.gram_of(positions)
        np.fill_diagonal(gram, self.sq_norms[positions])
        return gram

    def set_free(self, positions: NDArray[np.intp], terms: FeatureTerms) -> FreeFeatures:
        """Leave the features at some positions to least squares."""
        gram = self.products_of(positions)
        self.free = FreeFeatures(positions, gram, terms.lower[positions], terms.upper[positions])
        # No solver moves them.
        self.sq_norms[self.free.dependent] = 0.0
        return self.free

    def minimum_norm(self, coefs: Block) -> Block:
        """Rows with the same predictions, up to a number (for each sample), by free features with the least 2-norm."""
        if self.free is None:
            return coefs
        coefs = self.free.minimum_norm(coefs)
        return self.free.centred(coefs) if self.datafit.is_relative else coefs
