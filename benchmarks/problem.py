"""One problem in memory and on disk, and the accuracy of an answer to it."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

LEAD = 10

Matrix = NDArray | sparse.csc_matrix | sparse.csr_matrix


@dataclass(frozen=True)
class Problem:
    """Minimise ``1/(2n) |y - X w|^2 + alpha (l1_ratio |w|_1 + (1 - l1_ratio)/2 |w|^2)`` for every alpha, descending."""

    X: Matrix
    y: NDArray
    alphas: NDArray[np.float64]
    l1_ratio: float

    @property
    def alpha(self) -> float | None:
        """The only alpha, or None for a path."""
        return float(self.alphas[0]) if len(self.alphas) == 1 else None

    @cached_property
    def alpha_max(self) -> float:
        """The smallest alpha whose answer is zero."""
        return alpha_max(self.X, self.y, self.l1_ratio)

    def led_in(self) -> "Problem":
        """A short path that leads to the last alpha."""
        return replace(self, alphas=np.geomspace(self.alpha_max, self.alphas[-1], LEAD))

    def in_double(self) -> "Problem":
        """The same in double precision."""
        return replace(self, X=self.X.astype(np.float64, copy=False), y=self.y.astype(np.float64, copy=False))

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        if sparse.issparse(self.X):
            sparse.save_npz(folder / "X.npz", self.X, compressed=False)
        else:
            np.save(folder / "X.npy", self.X)
        np.savez(folder / "rest.npz", y=self.y, alphas=self.alphas, l1_ratio=self.l1_ratio)

    @classmethod
    def load(cls, folder: Path) -> "Problem":
        """Read from a folder."""
        dense = folder / "X.npy"
        X = np.load(dense) if dense.exists() else sparse.load_npz(folder / "X.npz")
        with np.load(folder / "rest.npz") as rest:
            return cls(X, rest["y"], rest["alphas"], float(rest["l1_ratio"]))

    def miniature(self) -> "Problem":
        """Tiny problem of the same kind, to be solved before the clock starts."""
        rng = np.random.default_rng(0)
        X = np.asfortranarray(rng.standard_normal((30, 12)), dtype=self.X.dtype)
        y = X[:, :3].sum(axis=1) + rng.standard_normal(30).astype(self.X.dtype)
        if sparse.issparse(self.X):
            X = type(self.X)(X)
        top = float(np.abs(X.T @ y).max()) / len(y) / self.l1_ratio
        return Problem(X, y, top * np.geomspace(0.9, 0.1, min(len(self.alphas), 5)), self.l1_ratio)


def alpha_max(X: Matrix, y: NDArray, l1_ratio: float) -> float:
    """The smallest alpha whose answer is zero."""
    return float(np.abs(X.T @ y).max()) / len(y) / l1_ratio


def relative_gaps(problem: Problem, coefs: NDArray | sparse.spmatrix) -> NDArray[np.float64]:
    """Duality gap of every column of ``coefs``, over the objective of the answer zero, in double precision.

    The dual points are the residual, shrunk until it is feasible for the lasso, and for the elastic net also the
    residual itself.
    """
    problem = problem.in_double()
    X, y = problem.X, problem.y
    W = coefs.toarray() if sparse.issparse(coefs) else coefs
    W = np.asarray(W, dtype=np.float64)
    n = len(y)
    l1 = problem.alphas * problem.l1_ratio
    l2 = problem.alphas * (1 - problem.l1_ratio)
    R = y[:, None] - X @ W
    correlations = np.abs(X.T @ R) / n
    primal = (R**2).sum(axis=0) / (2 * n) + l1 * np.abs(W).sum(axis=0) + l2 / 2 * (W**2).sum(axis=0)

    def dual(scale: NDArray) -> NDArray:
        value = (2 * scale * (y @ R) - scale**2 * (R**2).sum(axis=0)) / (2 * n)
        excess = np.maximum(scale * correlations - l1, 0)
        return value - (excess**2).sum(axis=0) / (2 * l2) if problem.l1_ratio < 1 else value

    feasible = np.minimum(1, l1 / np.maximum(correlations.max(axis=0), np.finfo(float).tiny))
    best = dual(feasible)
    if problem.l1_ratio < 1:
        best = np.maximum(best, dual(np.ones_like(feasible)))
    return (primal - best) / (y @ y / (2 * n))
