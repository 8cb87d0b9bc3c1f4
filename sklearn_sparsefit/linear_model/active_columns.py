"""What the information criteria ask of a design: residuals and degrees of freedom of fits on some of its features."""

from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solve_triangular

from sklearn_sparsefit._threads import single_threaded_blas
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.datafit.quadratic import power_of_two
from sklearn_sparsefit.design import Design, Moments
from sklearn_sparsefit.linear_model.information_criteria import (
    independent_columns,
    rank,
    shrunk_degrees_of_freedom,
    union,
)
from sklearn_sparsefit.path import Measure, PathResult
from sklearn_sparsefit.solvers import WholeDesign, WorkingSet
from sklearn_sparsefit.solvers.choice import MAX_GRAM

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Positions = NDArray[np.intp]

# The Gram of all columns is kept while it takes no more than so many times their memory.
GRAM_SHARE = 4
# With more columns than so many times the rows, products of rows take less time than those of columns.
ROW_SHARE = 2
# Residuals computed at a time.
CHUNK = 2**21


class MomentsOnce:
    """Answers requests for the moments of X, read once: the paths that ask differ in the penalty alone."""

    def __init__(self, design: Design):
        self._design = design
        self.scale = 1.0
        self.known: Moments | None = None

    def __call__(self, request: Measure) -> Moments:
        """Moments under the weights, and in the units, of the first request."""
        if self.known is None:
            self.scale = request.scale
            self.known = self._design.moments(request.weights, request.target, request.centre, request.scale)
        return self.known


class ActiveColumns:
    """Some features of a design, or all of them, seen through the weights and the intercept of one datafit.

    Energies are weighted means of squared residuals at the best intercept, in units of ``datafit.unit`` squared.
    """

    def __init__(self, design: Design, datafit: Quadratic, known: WorkingSet | WholeDesign, scale: float):
        self._design = design
        self._datafit = datafit
        self._known = known
        self._scale = scale

    @classmethod
    def some(cls, design: Design, datafit: Quadratic, features: Positions) -> Self:
        """Some features, sorted, gathered from X."""
        scale = _scale_of(design, datafit, features)
        known = WorkingSet(datafit, design.shape[1], min(GRAM_SHARE * design.shape[0], MAX_GRAM))
        if len(features):
            known.append(features, design.columns(features, scale, datafit.weights if datafit.fit_intercept else None))
        return cls(design, datafit, known, scale)

    @classmethod
    def all(cls, design: Design, datafit: Quadratic, moments: MomentsOnce) -> Self:
        """All features, known by their moments, unless X is sparse and nobody has asked for these."""
        if moments.known is None:
            everything = np.arange(design.shape[1])
            if sparse.issparse(design.X):
                return cls.some(design, datafit, everything)
            scale = _scale_of(design, datafit, everything)
            moments(Measure(datafit.weights, datafit.target, datafit.unit, datafit.fit_intercept, scale))
        return cls(design, datafit, WholeDesign(datafit, moments.known), moments.scale)

    def energies(self, path: PathResult) -> Vector:
        """Energy at every alpha of a path on these features."""
        known, datafit = self._known, self._datafit
        coefs = np.zeros((len(path.alphas), len(known)))
        for row, support, values in zip(coefs, path.supports, path.values, strict=True):
            row[np.searchsorted(known.features, support)] = values / self._scale / datafit.unit
        if isinstance(known, WorkingSet):
            height = max(1, CHUNK // self._design.shape[0])
            parts = (known.residuals(coefs[row : row + height])[0] for row in range(0, len(coefs), height))
            return np.concatenate([2 * datafit.losses(part) for part in parts])
        # On from the smallest alpha, where the energy is least: nothing cancels.
        energy, correlation = self._look(coefs[-1])
        moves = coefs - coefs[-1]
        energies = energy - 2 * (moves @ correlation) + np.einsum("kj,kj->k", moves @ known.gram, moves)
        return np.maximum(0.0, energies)

    def least_squares(self) -> tuple[float, int]:
        """Energy of the least-squares fit, and the rank of the columns."""
        everything = np.arange(len(self._known))
        kept, factor = independent_columns(self._correlations(everything))
        norms = np.sqrt(self._known.sq_norms[kept])
        coef = np.zeros(len(everything))
        energy, correlation = self._look(coef)
        # The second step takes back what rounding of the Gram did to the first.
        for _ in range(2):
            step = solve_triangular(factor, correlation[kept] / norms, lower=True)
            coef[kept] += solve_triangular(factor, step, lower=True, trans=1) / norms
            energy, correlation = self._look(coef)
        return energy, len(kept)

    def fit_of(self, coef: NDArray) -> tuple[float, int]:
        """Energy of the fit with some coefficients of all features, and the rank of the columns."""
        values = coef[self._known.features].astype(np.float64)
        energy, _ = self._look(values / self._scale / self._datafit.unit)
        return energy, rank(self._correlations(np.arange(len(values))))

    def _look(self, coef: Vector) -> tuple[float, Vector]:
        """Energy of the residuals of one vector of coefficients, and their correlations, from X itself."""
        known, datafit = self._known, self._datafit
        if isinstance(known, WorkingSet):
            residuals, _ = known.residuals(coef[None])
            correlations = known.correlations(datafit.weights * residuals)
        else:
            residuals, _ = datafit.residuals(self._design.predict(coef[None], known.shift, self._scale))
            correlations = self._design.correlate_centred(datafit.weights * residuals, known.shift, self._scale)
        return 2 * float(datafit.losses(residuals)[0]), correlations[0]

    def degrees_of_freedom(self, path: PathResult, l1_ratio: float, positive: bool) -> Vector:
        """Degrees of freedom at every alpha, the intercept not counted."""
        supports = [np.searchsorted(self._known.features, support) for support in path.supports]
        if l1_ratio == 0 and not positive:
            # A coefficient that nothing holds at zero is there by accident.
            supports = [np.flatnonzero(self._known.sq_norms)] * len(supports)
        with single_threaded_blas():
            if l1_ratio == 1:
                return np.array(self._ranks(supports), dtype=np.float64)
            return np.fromiter(self._shrunk(supports, path.alphas * (1 - l1_ratio)), np.float64)

    def _ranks(self, supports: Sequence[Positions]) -> list[int]:
        """Ranks of all supports: where the columns of several together are independent, so are those of each."""
        together = union(supports)
        if len(supports) == 1:
            return [rank(self._correlations(together))]
        if len(together) <= self._design.shape[0]:
            found = rank(self._correlations(together))
            if found == len(together):
                return [len(support) for support in supports]
            if all(len(support) == len(together) for support in supports):
                return [found] * len(supports)
        half = len(supports) // 2
        return self._ranks(supports[:half]) + self._ranks(supports[half:])

    def _shrunk(self, supports: Sequence[Positions], ridges: Vector) -> Iterator[float]:
        """Traces of the hat matrices, from the products of columns or those of rows, whichever are fewer."""
        last: Positions | None = None
        for support, ridge in zip(supports, ridges, strict=True):
            if last is None or not np.array_equal(support, last):
                by_rows = len(support) > ROW_SHARE * self._design.shape[0] and isinstance(self._known, WorkingSet)
                if by_rows:
                    products = self._kernel(support)
                    norms = np.full(len(products), np.sqrt(products.diagonal().max()))
                    products /= norms[0] ** 2
                else:
                    products, norms = self._correlations(support), np.sqrt(self._known.sq_norms[support])
                last = support
            if ridge > 0:
                with np.errstate(over="ignore"):
                    yield shrunk_degrees_of_freedom(products, (self._scale * np.sqrt(ridge) / norms) ** 2)
            else:
                yield rank(self._correlations(support))

    def _correlations(self, positions: Positions) -> Matrix:
        """Gram matrix of some columns divided by their norms."""
        known = self._known
        if isinstance(known, WorkingSet) and not known.has_gram:
            gram = known.restricted_to(positions).full_gram()
        else:
            gram = known.full_gram()[np.ix_(positions, positions)]
        sq_norms = known.sq_norms[positions]
        norms = np.sqrt(np.where(sq_norms > 0, sq_norms, 1.0))
        correlations = gram / norms
        correlations /= norms[:, None]
        np.fill_diagonal(correlations, sq_norms > 0)
        return correlations

    def _kernel(self, positions: Positions) -> Matrix:
        """Products of the weighted rows of some columns."""
        part = self._known.restricted_to(positions)
        kernel = np.zeros((self._design.shape[0],) * 2)
        for block in part.blocks(0):
            centred = part.centred(block) * np.sqrt(self._datafit.weights)
            kernel += centred.T @ centred
        return kernel


def _scale_of(design: Design, datafit: Quadratic, features: Positions) -> float:
    """What to multiply X by for correlations of order one: a power of two."""
    correlations = design.correlate((datafit.weights * datafit.target)[None], features)
    return 1.0 / max(power_of_two(np.abs(correlations).max(initial=0.0)), 2.0**-1000)
