"""Features that are free of the penalty: least squares, whatever the others do."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, qr
from scipy.optimize import lsq_linear

from sklearn_sparsefit._typing import Block, Matrix, Positions, Vector
from sklearn_sparsefit.subproblem.independence import independent_columns
from sklearn_sparsefit.subproblem.secants import Secants

# Where features are nearly combinations of others than this, the first solution has few digits.
DELICATE = 1e-8
# Smaller eigenvalues of the Gram matrix of features within bounds are rounding.
FLAT = 4 * np.finfo(np.float64).eps


class FreeFeatures:
    """Least squares within bounds on the free features among those that are known, given their Gram matrix.

    Of several tasks each is a problem of its own: a row of coefficients, and of correlations.

    A certificate takes the correlations of free features for zero, but where a bound holds the coefficient against its
    correlation, as it takes the residuals to sum to zero: ``settled`` says where that is so. Constant features stay at
    zero; so do, if there are no bounds, combinations of other free features, until ``minimum_norm`` gives each its
    share.
    """

    def __init__(self, positions: Positions, gram: Matrix, lower: Vector, upper: Vector):
        self.is_bounded = bool(np.isfinite(lower).any() or np.isfinite(upper).any())
        kept = np.sort(independent_columns(gram.copy())[0])
        dependent = np.setdiff1d(np.arange(len(positions)), kept)
        self.dependent = positions[dependent]
        if self.is_bounded:
            kept = np.flatnonzero(gram.diagonal())
        self._all = positions
        self._without_bounds = np.isinf(lower) & np.isinf(upper)
        self.positions = positions[kept]
        self.norms = np.sqrt(gram.diagonal()[kept])
        self._lower, self._upper = lower[kept], upper[kept]
        of_kept = gram[np.ix_(kept, kept)]
        # What is known of the second derivatives of a loss that does not tell them.
        self.secants = Secants(of_kept)
        # Of the features divided by their norms, so that scales do not matter.
        self._gram = of_kept / self.norms / self.norms[:, None]
        # What each of the dependent features is made of, and what it takes over of coefficients, for the least norm.
        self._to_dependent: Matrix | None = None
        if len(kept) and len(dependent) and not self.is_bounded:
            products = gram[np.ix_(kept, dependent)] / self.norms[:, None]
            self._shares = np.linalg.solve(self._gram, products).T / self.norms
            self._to_dependent = _least_norm(self._shares)
        smallest = np.linalg.eigvalsh(self._gram)[0] if len(kept) else 1.0
        self.is_delicate = bool(smallest < DELICATE)
        # How far the dual point that is meant may be from the one that was computed, for correlations off by one.
        least = self.norms.min(initial=np.inf)
        self.sensitivity = float(np.sqrt(len(kept) / smallest) / least) if smallest > 0 else np.inf

    def under(self, gram: Matrix) -> "FreeFeatures":
        """Those of the features that are not combinations of others, on their Gram matrix under other weights.

        It may be that of several tasks, one after the other.
        """
        n_tasks = len(gram) // max(1, len(self._lower))
        lower, upper = np.tile(self._lower, n_tasks), np.tile(self._upper, n_tasks)
        return FreeFeatures(np.arange(len(gram)), gram, lower, upper)

    def seen_through(self, gram: Matrix) -> "FreeFeatures":
        """The same on their Gram matrix under the weights of a model."""
        return FreeFeatures(self.positions, gram, self._lower, self._upper)

    def fit(self, correlation: Matrix) -> Matrix:
        """Coefficients of least squares, given the correlations at zero."""
        if not self.is_bounded:
            return np.linalg.solve(self._gram, (correlation / self.norms).T).T / self.norms
        goals = np.empty(correlation.shape)
        for row in np.ndindex(correlation.shape[:-1]):
            goals[row] = self._goal_within_bounds(np.zeros(correlation.shape[-1]), correlation[row])
        return goals

    def _goal_within_bounds(self, coef: Vector, correlation: Vector) -> Vector:
        eigenvalues, vectors = np.linalg.eigh(self._gram)
        some = eigenvalues > FLAT * len(eigenvalues) * eigenvalues.max(initial=0.0)
        if not some.any():
            return coef
        roots = np.sqrt(eigenvalues[some])
        # Least squares minimises |A w - b|^2 with A'A = G and A'b = q.
        A, b = roots[:, None] * vectors[:, some].T, (correlation / self.norms @ vectors[:, some]) / roots
        bounds = (self._lower - coef) * self.norms, (self._upper - coef) * self.norms
        found = lsq_linear(A, b, bounds, method="bvls", tol=1e-15)
        # Exactly at its bound, whatever rounding made of it.
        goal = np.where(found.active_mask > 0, self._upper, coef + found.x / self.norms)
        return np.where(found.active_mask < 0, self._lower, np.clip(goal, self._lower, self._upper))

    def settled(self, coefs: Matrix, correlations: Matrix) -> Matrix:
        """Where rows of coefficients are to go so that their correlations vanish, but those held at bounds."""
        if not self.is_bounded:
            return coefs + correlations / self.norms @ np.linalg.inv(self._gram) / self.norms
        goals = np.empty(coefs.shape)
        for row in np.ndindex(coefs.shape[:-1]):
            goals[row] = self._goal(coefs[row], correlations[row])
        return goals

    def _goal(self, coef: Vector, correlation: Vector) -> Vector:
        gram = self._gram * self.norms * self.norms[:, None]
        inside = np.flatnonzero(~self.are_held(coef, correlation))
        goal = coef.copy()
        part = self._gram[np.ix_(inside, inside)]
        step = np.linalg.lstsq(part, correlation[inside] / self.norms[inside], FLAT * len(part))[0]
        goal[inside] += step / self.norms[inside]
        left = correlation - gram @ (goal - coef)
        left[inside] = 0.0
        is_within = ((self._lower <= goal) & (goal <= self._upper)).all()
        if is_within and (self.are_held(goal, left) | (left == 0)).all():
            return goal
        return self._goal_within_bounds(coef, correlation)

    def size_of_predictions(self, coefs: Matrix) -> float:
        """Largest sum_j |w_j| ||x_j|| of rows of coefficients w: rounding of raw predictions is seen beside that."""
        return float((np.abs(coefs) @ self.norms).max())

    def are_held(self, coefs: Matrix, correlations: Matrix) -> NDArray[np.bool_]:
        """Which coefficients are at a bound that their correlation holds them at."""
        return (coefs >= self._upper) & (correlations > 0) | (coefs <= self._lower) & (correlations < 0)

    def flattest_ratio(self, hessian: Matrix, inside: NDArray[np.bool_]) -> float:
        """Smallest ratio of the second derivatives of a loss to those of least squares, in features inside bounds."""
        if not inside.any():
            return np.inf
        n_tasks = inside.size // len(self.norms)
        norms, gram = np.tile(self.norms, n_tasks), np.kron(np.eye(n_tasks), self._gram)
        some = np.ix_(inside.ravel(), inside.ravel())
        return float(eigh((hessian / norms / norms[:, None])[some], gram[some], eigvals_only=True)[0])

    def minimum_norm(self, coefs: Block) -> Block:
        """The same predictions, up to a constant, by free features with coefficients of the least 2-norm."""
        if self._to_dependent is None:
            return coefs
        coefs = coefs.copy()
        taken = coefs[..., self.positions] @ self._to_dependent
        coefs[..., self.dependent] += taken
        # Whatever rounding made of that, the predictions stay the same.
        coefs[..., self.positions] -= taken @ self._shares
        return coefs

    def centred(self, coefs: Block) -> Block:
        """Coefficients of several tasks less the means over these, where there are no bounds."""
        coefs = coefs.copy()
        unbounded = self._all[self._without_bounds]
        coefs[..., unbounded] -= coefs[..., unbounded].mean(axis=-2, keepdims=True)
        return coefs


def _least_norm(shares: Matrix) -> Matrix:
    """S (1 + S'S)^-1, transposed, for S the shares that some have in others: where these move with the least norm."""
    rows = np.vstack([np.eye(shares.shape[1]), shares])
    # Short rows keep their digits if they come last.
    order = np.argsort(-np.abs(rows).max(axis=1))
    basis = np.empty(rows.shape)
    basis[order] = qr(rows[order], mode="economic", pivoting=True)[0]
    own, others = np.split(basis, [shares.shape[1]])
    return own @ others.T
