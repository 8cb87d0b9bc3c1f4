"""Features that are free of the penalty: least squares, whatever the others do."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orth
from scipy.optimize import lsq_linear

from sklearn_sparsefit.solvers.independence import dependence_tolerance, independent_columns

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Positions = NDArray[np.intp]


class FreeFeatures:
    """Least squares within bounds on the free features among those that are known, given their Gram matrix.

    A certificate takes the correlations of free features that are not at a bound for zero, as it takes the residuals to
    sum to zero: ``moves`` says what makes them so. Constant features stay at zero; so do, if there are no bounds,
    combinations of other free features, until ``minimum_norm`` gives each its share.
    """

    def __init__(self, positions: Positions, gram: Matrix, lower: Vector, upper: Vector):
        self._is_bounded = bool(np.isfinite(lower).any() or np.isfinite(upper).any())
        kept = np.sort(independent_columns(gram.copy())[0])
        dependent = np.setdiff1d(np.arange(len(positions)), kept)
        self.dependent = positions[dependent]
        self._null_space = np.zeros((len(positions), 0))
        if self._is_bounded:
            kept = np.flatnonzero(gram.diagonal())
        elif len(dependent):
            combinations = np.zeros((len(positions), len(dependent)))
            combinations[dependent, np.arange(len(dependent))] = 1.0
            combinations[kept] = -np.linalg.solve(gram[np.ix_(kept, kept)], gram[np.ix_(kept, dependent)])
            self._null_space = orth(combinations)
        self._all = positions
        self.positions = positions[kept]
        self._gram = gram[np.ix_(kept, kept)]
        self._lower, self._upper = lower[kept], upper[kept]
        smallest = np.linalg.eigvalsh(self._gram)[0] if len(kept) else 1.0
        # How far the dual point that is meant may be from the one that was computed, for correlations off by one.
        self.sensitivity = float(np.sqrt(len(kept) / smallest)) if smallest > 0 else np.inf

    def fit(self, correlation: Vector) -> Vector:
        """Coefficients of least squares, given the correlations at zero."""
        if not self._is_bounded:
            return np.linalg.solve(self._gram, correlation.T).T
        eigenvalues, vectors = np.linalg.eigh(self._gram)
        some = eigenvalues > dependence_tolerance(len(eigenvalues)) * eigenvalues.max(initial=0.0)
        roots = np.sqrt(eigenvalues[some])
        # Least squares minimises |A w - b|^2 with A'A = G and A'b = q.
        A, b = roots[:, None] * vectors[:, some].T, (correlation @ vectors[:, some]) / roots
        return lsq_linear(A, b, (self._lower, self._upper), method="bvls", tol=1e-15).x

    def moves(self, coefs: Matrix, correlations: Matrix) -> Matrix:
        """What to add to rows of coefficients so that the correlations of those inside their bounds vanish."""
        if not self._is_bounded:
            return correlations @ np.linalg.inv(self._gram)
        moves = np.zeros_like(coefs)
        for move, coef, correlation in zip(moves, coefs, correlations, strict=True):
            inside = np.flatnonzero(self.are_inside(coef))
            move[inside] = np.linalg.lstsq(self._gram[np.ix_(inside, inside)], correlation[inside])[0]
            move[:] = np.clip(coef + move, self._lower, self._upper) - coef
        return moves

    def are_inside(self, coefs: Matrix) -> NDArray[np.bool_]:
        """Which coefficients are not at a bound."""
        return (self._lower < coefs) & (coefs < self._upper)

    def minimum_norm(self, coef: Vector) -> Vector:
        """The same predictions, up to a constant, by free features with coefficients of the least 2-norm."""
        if self._null_space.shape[1] == 0:
            return coef
        coef = coef.copy()
        coef[..., self._all] -= coef[..., self._all] @ self._null_space @ self._null_space.T
        return coef
