"""What the information criteria ask of a design: residuals and degrees of freedom of fits on some of its features."""

from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solve_triangular

from sklearn_sparsefit._typing import Matrix, Positions, Vector
from sklearn_sparsefit.criteria.information_criteria import shrunk_degrees_of_freedom
from sklearn_sparsefit.datafit import Quadratic, power_of_two
from sklearn_sparsefit.design import CHUNK, Design
from sklearn_sparsefit.path import Measure, PathResult, SharedMoments
from sklearn_sparsefit.penalty import FeatureTerms
from sklearn_sparsefit.solvers.choice import MAX_GRAM
from sklearn_sparsefit.subproblem import WholeDesign, WorkingSet
from sklearn_sparsefit.subproblem.independence import independent_columns, rank

# The Gram of all columns is kept while it takes no more than so many times their memory.
GRAM_SHARE = 4


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
    def all(cls, design: Design, datafit: Quadratic, moments: SharedMoments) -> Self:
        """All features, known by their moments, unless X is sparse and nobody has asked for these."""
        if moments.n_readings == 0 and sparse.issparse(design.X):
            return cls.some(design, datafit, np.arange(design.shape[1]))
        scale = _scale_of(design, datafit, slice(None))
        known = moments(Measure(datafit.weights, datafit.target, datafit.unit, datafit.fit_intercept, scale))
        return cls(design, datafit, WholeDesign(datafit, known, known.correlation), scale)

    def energies(self, path: PathResult) -> Vector:
        """Energy at every alpha of a path on these features."""
        known, datafit = self._known, self._datafit
        coefs = path.coefs_of(known.features) / self._scale / datafit.unit
        if isinstance(known, WorkingSet):
            height = max(1, CHUNK // self._design.shape[0])
            parts = (known.fit(coefs[row : row + height]) for row in range(0, len(coefs), height))
            return np.concatenate([2 * part.losses for part in parts])
        # On from the smallest alpha, where the energy is least: nothing cancels.
        energy, correlation = self._look(coefs[-1])
        moves = coefs - coefs[-1]
        energies = energy - 2 * (moves @ correlation) + np.einsum("kj,kj->k", moves @ known.gram, moves)
        return np.maximum(0.0, energies)

    def least_squares(self) -> tuple[float, int]:
        """Energy of the least-squares fit, and the rank of the columns."""
        known, datafit = self._known, self._datafit
        everything = np.arange(len(known))
        kept, factor = independent_columns(self._gram(everything))
        norms = np.sqrt(known.sq_norms[kept])

        def step(correlation: Vector) -> Vector:
            half = solve_triangular(factor, correlation[kept] / norms, lower=True)
            return solve_triangular(factor, half, lower=True, trans=1) / norms

        if isinstance(known, WorkingSet):
            correlation = known.correlations((datafit.weights * datafit.target)[None])[0]
        else:
            correlation = known.correlation
        coef = np.zeros(len(everything))
        coef[kept] = step(correlation)
        # What rounding of the Gram has left of the correlations is worth a second step.
        energy, correlation = self._look(coef)
        return max(0.0, energy - float(correlation[kept] @ step(correlation))), len(kept)

    def fit_of(self, coef: NDArray) -> tuple[float, int]:
        """Energy of the fit with some coefficients of all features, and the rank of the columns."""
        values = coef[self._known.features].astype(np.float64)
        energy, _ = self._look(values / self._scale / self._datafit.unit)
        return energy, rank(self._gram(np.arange(len(values))))

    def _look(self, coef: Vector) -> tuple[float, Vector]:
        """Energy of the residuals of one vector of coefficients, and their correlations, from X itself."""
        known, datafit = self._known, self._datafit
        if isinstance(known, WorkingSet):
            fits = known.fit(coef[None])
            correlations = known.correlations(datafit.weights * fits.residuals)
        else:
            fits = datafit.fit(self._design.predict(coef[None], known.shift, self._scale))
            correlations = self._design.correlate_centred(datafit.weights * fits.residuals, known.shift, self._scale)
        return 2 * float(fits.losses[0]), correlations[0]

    def degrees_of_freedom(self, path: PathResult, l1_ratio: float, terms: FeatureTerms) -> Vector:
        """Degrees of freedom at every alpha, the intercept not counted: a coefficient at a bound has none."""
        supports = []
        for support, values in zip(path.supports, path.values, strict=True):
            inside = (terms.lower[support] < values) & (values < terms.upper[support])
            supports.append(np.searchsorted(self._known.features, support[inside]))
        if l1_ratio == 0 and terms.is_uniform and terms.lower.max(initial=-np.inf) < 0:
            # A coefficient that nothing holds at zero is there by accident.
            supports = [np.flatnonzero(self._known.sq_norms)] * len(supports)
        if l1_ratio == 1:
            return np.array(self._ranks(supports), dtype=np.float64)
        ridges = (self._scale * terms.unit * np.sqrt(path.alphas * (1 - l1_ratio))) ** 2
        return np.fromiter(self._shrunk(supports, ridges, terms.l2_weights[self._known.features]), np.float64)

    def _ranks(self, supports: Sequence[Positions]) -> list[int]:
        """Ranks of all supports: where the columns of several together are independent, so are those of each."""
        together = _union(supports)
        if len(supports) == 1:
            return [rank(self._gram(together))]
        if len(together) <= self._design.shape[0]:
            found = rank(self._gram(together))
            if found == len(together):
                return [len(support) for support in supports]
            if all(len(support) == len(together) for support in supports):
                return [found] * len(supports)
        half = len(supports) // 2
        return self._ranks(supports[:half]) + self._ranks(supports[half:])

    def _shrunk(self, supports: Sequence[Positions], ridges: Vector, l2_weights: Vector) -> Iterator[float]:
        """Traces of the hat matrices, from the products of columns or those of rows, whichever are fewer."""
        rows: _RowProducts | None = None
        is_uniform = bool((l2_weights == 1).all())
        for support, ridge in zip(supports, ridges, strict=True):
            if ridge == 0:
                yield rank(self._gram(support))
            elif is_uniform and isinstance(self._known, WorkingSet) and len(support) > self._design.shape[0]:
                rows = rows or _RowProducts(self._known, self._datafit)
                yield shrunk_degrees_of_freedom(rows.of(support), np.full(self._design.shape[0], ridge))
            else:
                yield shrunk_degrees_of_freedom(self._gram(support), ridge * l2_weights[support])

    def _gram(self, positions: Positions) -> Matrix:
        """Copy of the Gram matrix of some columns."""
        known = self._known
        if isinstance(known, WorkingSet) and known.has_gram:
            gram = known.full_gram().take(positions, axis=0).take(positions, axis=1)
        else:
            gram = known.gram_of(positions)
        np.fill_diagonal(gram, known.sq_norms[positions])
        return gram


class _RowProducts:
    """Products of the weighted rows of some columns of a working set, brought up to date from one set to the next."""

    def __init__(self, known: WorkingSet, datafit: Quadratic):
        self._known = known
        self._root_weights = np.sqrt(datafit.weights)
        self._inside = np.zeros(len(known), dtype=bool)
        self._products = np.zeros((len(datafit.weights),) * 2)
        self._taken_away = 0.0

    def of(self, positions: Positions) -> Matrix:
        """Copy of the products of these columns."""
        inside = np.zeros_like(self._inside)
        inside[positions] = True
        leaving = np.flatnonzero(self._inside & ~inside)
        self._taken_away += self._known.sq_norms[leaving].sum()
        if self._taken_away > self._known.sq_norms[positions].sum():
            # Rounding of what was taken away would be more than that of what is left.
            self._products[:] = 0.0
            self._inside[:] = False
            self._taken_away = 0.0
            leaving = leaving[:0]
        self._add(np.flatnonzero(inside & ~self._inside), 1.0)
        self._add(leaving, -1.0)
        self._inside = inside
        return self._products.copy()

    def _add(self, positions: Positions, sign: float) -> None:
        if len(positions) == 0:
            return
        part = self._known.restricted_to(positions)
        for block in part.blocks(0):
            weighted = part.centred(block) * self._root_weights
            self._products += sign * (weighted.T @ weighted)


def _scale_of(design: Design, datafit: Quadratic, features: Positions | slice) -> float:
    """What to multiply X by for correlations of order one: a power of two."""
    correlations = design.correlate((datafit.weights * datafit.target)[None], features)
    return 1.0 / max(power_of_two(np.abs(correlations).max(initial=0.0)), 2.0**-1000)


def _union(supports: Sequence[Positions]) -> Positions:
    """All features of some supports, sorted."""
    return np.unique(np.concatenate([np.empty(0, dtype=np.intp), *supports]))
