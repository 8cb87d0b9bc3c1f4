"""One problem in memory and on disk, and the accuracy of an answer to it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from losses import LOSSES
from numpy.typing import NDArray
from scipy import sparse

LEAD = 10
# Of Newton steps by which a model is solved.
ROUNDS = 10

Matrix = NDArray | sparse.csc_matrix | sparse.csr_matrix


@dataclass(frozen=True)
class Problem:
    """Minimise ``1/n sum_i f(y_i, b + x_i w) + alpha (l1_ratio |w|_1 + (1 - l1_ratio)/2 |w|^2)``.

    For every alpha, descending. The loss f is one of ``LOSSES``, and b the intercept, where there is one.

    With several tasks, y has shape (n, n_tasks) and W shape (n_features, n_tasks), and the absolute value of a
    coefficient is the norm of its row.

    With ``n_folds``, choose alpha by cross-validation over contiguous blocks of rows, and with ``l1_ratios`` one of
    those too. ``alphas`` go with ``l1_ratio``; those of another l1_ratio have the same products with it.
    """

    X: Matrix
    y: NDArray
    alphas: NDArray[np.float64]
    l1_ratio: float = 1.0
    loss: str = "squares"
    intercept: bool = False
    n_folds: int = 0
    l1_ratios: tuple[float, ...] = ()

    @classmethod
    def posed(cls, X: Matrix, y: NDArray, shares: NDArray[np.float64], **rest: Any) -> "Problem":
        """The problem whose alphas are these shares of alpha_max."""
        problem = cls(X, y, shares, **rest)
        return replace(problem, alphas=problem.alpha_max * shares)

    @property
    def kind(self) -> str:
        """What a package has to offer for it."""
        if self.n_tasks:
            return "multi-task path"
        words = ["logistic"] * (self.loss == "logistic") + ["cross-validation" if self.n_folds else "path"]
        return " ".join(words)

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
        y = self.y.reshape(len(self.y), -1, 1)
        residuals = LOSSES[self.loss].residuals(y, null_predictions(self))[:, :, 0]
        return float(np.linalg.norm(self.X.T @ residuals, axis=1).max()) / len(y) / self.l1_ratio

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
        if self.loss == "logistic":
            y = (y > 0).astype(y.dtype)
        if self.n_tasks:
            y = np.asfortranarray(np.column_stack([(-1) ** k * np.roll(y, k) for k in range(self.n_tasks)]))
        if sparse.issparse(self.X):
            X = type(self.X)(X)
        small = replace(self, X=X, y=y, n_folds=min(self.n_folds, 3))
        return replace(small, alphas=small.alpha_max * np.geomspace(0.9, 0.1, min(len(self.alphas), 5)))


def null_predictions(problem: Problem) -> NDArray:
    """The raw predictions where all coefficients are zero."""
    y = problem.y.reshape(len(problem.y), -1, 1)
    Z = np.zeros(y.shape)
    return Z + LOSSES[problem.loss].intercepts(y, Z) if problem.intercept else Z


def relative_gaps(problem: Problem, coefs: NDArray | sparse.spmatrix) -> NDArray[np.float64]:
    """Duality gap of the coefficients of every alpha, over the loss of the answer zero, in double precision.

    Coefficients have shape (n_features, n_alphas), or (n_features, n_tasks, n_alphas). The dual points are the
    residual, shrunk until it is feasible for the lasso, and for the elastic net also the residual itself. Of the
    logistic loss they are also what the residual becomes where the coefficients settle (:func:`followed`). An intercept
    is the best for its column.
    """
    problem = problem.in_double()
    X, loss = problem.X, LOSSES[problem.loss]
    n, p = X.shape
    y = problem.y.reshape(n, -1, 1)
    W = np.asarray(coefs.toarray() if sparse.issparse(coefs) else coefs, dtype=np.float64)
    W = W.reshape(p, y.shape[1], -1)
    l1 = problem.alphas * problem.l1_ratio
    l2 = problem.alphas * (1 - problem.l1_ratio)
    Z = (X @ W.reshape(p, -1)).reshape(n, *W.shape[1:])
    if problem.intercept:
        Z += loss.intercepts(y, Z)
    R = loss.residuals(y, Z)
    sizes = np.linalg.norm(W, axis=1)

    def total(values: NDArray) -> NDArray:
        return values.sum(axis=(0, 1)) / n

    def best_dual(R: NDArray) -> NDArray:
        correlations = np.linalg.norm((X.T @ R.reshape(n, -1)).reshape(W.shape), axis=1) / n

        def dual(scale: NDArray) -> NDArray:
            value = -total(loss.conjugates(y, scale * R))
            excess = np.maximum(scale * correlations - l1, 0)
            return value - (excess**2).sum(axis=0) / (2 * l2) if problem.l1_ratio < 1 else value

        best = dual(np.minimum(1, l1 / np.maximum(correlations.max(axis=0), np.finfo(float).tiny)))
        return np.maximum(best, dual(np.ones_like(l1))) if problem.l1_ratio < 1 else best

    primal = total(loss.values(y, Z)) + l1 * sizes.sum(axis=0) + l2 / 2 * (sizes**2).sum(axis=0)
    best = best_dual(R)
    if problem.loss == "logistic":
        best = np.maximum(best, best_dual(followed(problem, W[:, 0], Z[:, 0], R[:, 0], (l1, l2))[:, None]))
    return (primal - best) / total(loss.values(y, null_predictions(problem)))


def followed(
    problem: Problem, W: NDArray, Z: NDArray, R: NDArray, strengths: tuple[NDArray, NDArray]
) -> NDArray[np.float64]:
    """What residuals become where coefficients settle, in the quadratic model of the loss about them.

    Residuals themselves leave a gap of the first order in what is wrong with the coefficients, these one of the second.
    The model is solved by Newton steps with signs held, after which what turns leaves and what violates its optimality
    condition comes in.
    """
    result = R.copy()
    curvatures = LOSSES[problem.loss].curvatures(Z)
    for k, (l1, l2) in enumerate(zip(*strengths, strict=True)):
        w, d, signs = W[:, k], curvatures[:, k], np.sign(W[:, k])
        for _ in range(ROUNDS):
            features = np.flatnonzero((w != 0) | (signs != 0))
            inside = signs[features] != 0
            A = problem.X[:, features]
            A = A.toarray() if sparse.issparse(A) else A
            slopes = A.T @ R[:, k] / len(d) - l1 * signs[features]
            if problem.intercept:
                A = A - d @ A / d.sum()
            hessian = (A.T * d) @ A / len(d)
            slopes = (slopes + hessian @ w[features])[inside]
            hessian.flat[:: len(features) + 1] += l2 + 1e-12 * np.trace(hessian) / max(len(features), 1)
            found = np.zeros(len(features))
            found[inside] = np.linalg.solve(hessian[np.ix_(inside, inside)], slopes)
            result[:, k] = R[:, k] - d * (A @ (found - w[features]))
            correlations = problem.X.T @ result[:, k] / len(d)
            violators = (signs == 0) & (np.abs(correlations) > l1 * (1 + 1e-9))
            turned = features[inside & (found * signs[features] < 0)]
            if not len(turned) and not violators.any():
                break
            signs[turned] = 0
            signs[violators] = np.sign(correlations[violators])
    return result
