"""One problem in memory and on disk, and the accuracy of an answer to it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

LEAD = 10

Matrix = NDArray | sparse.csc_matrix | sparse.csr_matrix


@dataclass(frozen=True)
class Problem:
    """Minimise ``1/(2n) |y - X w|^2 + alpha (l1_ratio |w|_1 + (1 - l1_ratio)/2 |w|^2)`` for every alpha, descending.

    With several tasks, y has shape (n, n_tasks) and W shape (n_features, n_tasks), and the absolute value of a
    coefficient is the norm of its row.

    With ``n_folds``, choose alpha by cross-validation over contiguous blocks of rows, and with ``l1_ratios`` one of
    those too. ``alphas`` go with ``l1_ratio``; those of another l1_ratio have the same products with it.
    """

    X: Matrix
    y: NDArray
    alphas: NDArray[np.float64]
    l1_ratio: float
    intercept: bool = False
    n_folds: int = 0
    l1_ratios: tuple[float, ...] = ()

    @property
    def n_tasks(self) -> int:
        """The number of tasks, none for the lasso of one target."""
        return self.y.shape[1] if self.y.ndim == 2 else 0

    @property
    def alpha(self) -> float | None:
        """The only alpha, or None for a path."""
        return float(self.alphas[0]) if len(self.alphas) == 1 else None

    @cached_property
    def alpha_max(self) -> float:
        """The smallest alpha whose answer is zero."""
        return alpha_max(self.X, self.y, self.l1_ratio)

    @property
    def eps(self) -> float:
        """The last alpha over the first."""
        return float(self.alphas[-1] / self.alphas[0])

    def parts(self) -> list["Problem"]:
        """A problem for each l1_ratio."""
        return [
            replace(self, alphas=self.alphas * self.l1_ratio / l1_ratio, l1_ratio=l1_ratio, l1_ratios=())
            for l1_ratio in self.l1_ratios or (self.l1_ratio,)
        ]

    @property
    def fold_of_row(self) -> NDArray[np.intp]:
        """The fold in which each row is held out, in blocks, as scikit-learn's KFold has them."""
        return np.sort(np.arange(len(self.y)) % max(self.n_folds, 1))

    def splits(self) -> list[tuple[NDArray, NDArray]]:
        """Rows to train on and rows held out, of every fold."""
        held_out = [self.fold_of_row == number for number in range(self.n_folds)]
        return [(np.flatnonzero(~rows), np.flatnonzero(rows)) for rows in held_out]

    def folds(self) -> Iterator["Problem"]:
        """The path on the training rows of every fold."""
        for train, _ in self.splits():
            yield replace(self, X=self.X[train], y=self.y[train], n_folds=0)

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
        rest = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "X"}
        np.savez(folder / "rest.npz", **rest)

    @classmethod
    def load(cls, folder: Path) -> "Problem":
        """Read from a folder."""
        dense = folder / "X.npy"
        X = np.load(dense) if dense.exists() else sparse.load_npz(folder / "X.npz")
        with np.load(folder / "rest.npz") as rest:
            values = {name: rest[name] if rest[name].ndim else rest[name].item() for name in rest.files}
        return cls(X, **values | {"l1_ratios": tuple(values["l1_ratios"].tolist())})

    def miniature(self) -> "Problem":
        """Tiny problem of the same kind, to be solved before the clock starts."""
        rng = np.random.default_rng(0)
        X = np.asfortranarray(rng.standard_normal((30, 12)), dtype=self.X.dtype)
        y = X[:, :3].sum(axis=1) + rng.standard_normal(30).astype(self.X.dtype)
        if self.n_tasks:
            y = np.asfortranarray(np.column_stack([(-1) ** k * np.roll(y, k) for k in range(self.n_tasks)]))
        if sparse.issparse(self.X):
            X = type(self.X)(X)
        top = alpha_max(X, y, self.l1_ratio)
        alphas = top * np.geomspace(0.9, 0.1, min(len(self.alphas), 5))
        return replace(self, X=X, y=y, alphas=alphas, n_folds=min(self.n_folds, 3))


def alpha_max(X: Matrix, y: NDArray, l1_ratio: float) -> float:
    """The smallest alpha whose answer is zero."""
    correlations = X.T @ y
    norms = np.linalg.norm(correlations, axis=1) if y.ndim == 2 else np.abs(correlations)
    return float(norms.max()) / len(y) / l1_ratio


def relative_gaps(problem: Problem, coefs: NDArray | sparse.spmatrix) -> NDArray[np.float64]:
    """Duality gap of every column of ``coefs``, over the objective of the answer zero, in double precision.

    The dual points are the residual, shrunk until it is feasible for the lasso, and for the elastic net also the
    residual itself. An intercept is the best for its column.
    """
    problem = problem.in_double()
    X, y = problem.X, problem.y
    W = coefs.toarray() if sparse.issparse(coefs) else coefs
    W = np.asarray(W, dtype=np.float64)
    n = len(y)
    l1 = problem.alphas * problem.l1_ratio
    l2 = problem.alphas * (1 - problem.l1_ratio)
    R = y[:, None] - X @ W
    if problem.intercept:
        y = y - y.mean()
        R -= R.mean(axis=0)
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


def relative_gaps_of_tasks(problem: Problem, coefs: NDArray) -> NDArray[np.float64]:
    """The same of coefficients of shape (n_features, n_tasks, n_alphas)."""
    problem = problem.in_double()
    X, Y = problem.X, problem.y
    n, rho = len(Y), problem.l1_ratio
    gaps = []
    for alpha, W in zip(problem.alphas, np.moveaxis(np.asarray(coefs, dtype=np.float64), -1, 0), strict=True):
        l1, l2 = alpha * rho, alpha * (1 - rho)
        R = Y - X @ W
        sizes = np.linalg.norm(W, axis=1)
        norms = np.linalg.norm(X.T @ R, axis=1) / n
        primal = np.vdot(R, R) / (2 * n) + l1 * sizes.sum() + l2 / 2 * sizes @ sizes
        scales = [min(1.0, l1 / max(norms.max(), np.finfo(float).tiny))] + [1.0] * (rho < 1)
        duals = []
        for scale in scales:
            excess = np.maximum(scale * norms - l1, 0) if rho < 1 else np.zeros(1)
            loss = (2 * scale * np.vdot(Y, R) - scale**2 * np.vdot(R, R)) / (2 * n)
            duals.append(loss - (excess @ excess / (2 * l2) if rho < 1 else 0.0))
        gaps.append(primal - max(duals))
    return np.array(gaps) / (np.vdot(Y, Y) / (2 * n))
