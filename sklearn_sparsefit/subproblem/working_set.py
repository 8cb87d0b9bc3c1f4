"""What a problem is solved on: the few features of a working set, packed."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Block, Matrix, Vector
from sklearn_sparsefit.datafit import Datafit, Fits, Generalized, Modelled, Quadratic, QuadraticModel, SoftmaxModel
from sklearn_sparsefit.design import CHUNK, CONSTANT, Columns, as_rows
from sklearn_sparsefit.penalty import Penalty
from sklearn_sparsefit.subproblem.certificate import duality_gap
from sklearn_sparsefit.subproblem.known import RIDGE, Known
from sklearn_sparsefit.subproblem.softmax_pairs import SoftmaxPairs

# Columns whose products with all others are formed at a time.
PRODUCTS_AT_ONCE = 256


class WorkingSet(Known):
    """Packed columns seen through one problem's weights and intercept.

    ``sq_norms[j]`` is sum_i s_i (z_ij - mean_j)^2, zero for a constant column. Past ``max_gram`` columns there is no
    Gram.
    """

    def __init__(self, datafit: Datafit, n_features: int, max_gram: int):
        self.datafit = datafit
        self.features = np.empty(0, dtype=np.intp)
        self.outside = np.ones(n_features, dtype=bool)
        self._columns: Columns | None = None
        self.means = np.empty(0)
        self.sq_norms = np.empty(0)
        self._gram = np.empty((0, 0))
        self._n_in_gram = 0
        self._max_gram = max_gram

    @property
    def columns(self) -> Columns:
        """The packed columns, once there are any."""
        assert self._columns is not None
        return self._columns

    @property
    def least_squares(self) -> Quadratic:
        """The loss, if it is quadratic."""
        assert isinstance(self.datafit, Quadratic)
        return self.datafit

    @property
    def loss(self) -> Generalized:
        """The loss, if it is that of one raw prediction."""
        assert isinstance(self.datafit, Generalized)
        return self.datafit

    @property
    def modelled(self) -> Modelled[QuadraticModel | SoftmaxModel]:
        """The loss, if models can be made of it."""
        assert isinstance(self.datafit, Modelled)
        return self.datafit

    @property
    def has_gram(self) -> bool:
        """Whether there are few enough columns for a Gram."""
        return len(self) <= self._max_gram

    @property
    def knows_products(self) -> bool:
        """Whether a Gram has been asked for: what took time and is worth keeping."""
        return self._n_in_gram > 0

    @property
    def gram(self) -> Matrix:
        """The centred, weighted products of the columns, brought up to date, with spare room past them."""
        start, total = self._n_in_gram, len(self)
        if total > len(self._gram):
            room = max(total, min(total + total // 4, self._max_gram))
            gram = np.empty((room, room))
            gram[:start, :start] = self._gram[:start, :start]
            self._gram = gram
        for first in range(start, total, PRODUCTS_AT_ONCE):
            block = slice(first, min(first + PRODUCTS_AT_ONCE, total))
            products = self.columns.products(self.datafit.weights, self.means, block)
            self._gram[block, : block.stop] = products
            self._gram[: block.start, block] = products[:, : block.start].T
            diagonal = np.arange(block.start, block.stop)
            self._gram[diagonal, diagonal] = (1 + RIDGE) * self.sq_norms[block]
        self._n_in_gram = total
        return self._gram

    def append(self, features: NDArray[np.intp], columns: Columns) -> None:
        """Bring in features, and measure their means and norms."""
        self.outside[features] = False
        if self._columns is None:
            self._columns = columns
        else:
            self._columns.append(columns)
        self._measure(features)

    def seen_through(self, model: Quadratic | SoftmaxModel) -> "WorkingSet | SoftmaxPairs":
        """The same columns, and those that are yet to come in, under the weights of a model of the loss."""
        if isinstance(model, SoftmaxModel):
            return SoftmaxPairs(self, model)
        other = WorkingSet(model, len(self.outside), self._max_gram)
        other.follow(self)
        if self.free is not None:
            other.free = self.free.seen_through(other.products_of(self.free.positions))
        return other

    @contextmanager
    def under(self, datafit: Datafit) -> Iterator[None]:
        """Have another loss of the same samples for a while."""
        own, self.datafit = self.datafit, datafit
        try:
            yield
        finally:
            self.datafit = own

    def move_to(self, loss: Generalized, fits: Fits, row: int, curvatures: Vector) -> None:
        """Make the target that of a model about one of the fits, with the same curvatures."""
        self.datafit = loss.model(fits, row, curvatures, self.least_squares)

    def aim_at(self, coef: Vector, weighted_residual: Vector) -> None:
        """Have the target that leaves some residual at some coefficients."""
        # Of the columns alone: a target that held this working set would keep it, and its Gram, alive.
        coef, weighted_residual = coef.copy(), weighted_residual.copy()
        columns, known = self.columns, self.least_squares

        def target() -> Vector:
            return known.unweighted(weighted_residual) + columns.predict(coef[None])[0]

        self.datafit = QuadraticModel(target, known.weights, known.fit_intercept, known.residual_size, known)

    def intercept_shift(self, step: Vector) -> NDArray[np.float64]:
        """How far the best intercept of least squares moves with a step of the coefficients."""
        return -(step @ self.means)

    def follow(self, other: "WorkingSet") -> None:
        """Take note of what has come in where these columns are from."""
        self._columns = other._columns
        self._measure(other.features[len(self) :])

    def _measure(self, features: NDArray[np.intp]) -> None:
        start = len(self)
        self.features = np.concatenate([self.features, features])
        self.means = np.concatenate([self.means, np.zeros(len(features))])
        self.sq_norms = np.concatenate([self.sq_norms, np.zeros(len(features))])
        for block in self.blocks(start):
            means, sq_norms = self.columns.moments(self.datafit.weights, self.datafit.fit_intercept, block)
            sq_norms[np.sqrt(sq_norms) <= CONSTANT * np.abs(means + self.columns.shift[block])] = 0.0
            self.means[block], self.sq_norms[block] = means, sq_norms

    def blocks(self, start: int) -> Iterator[slice]:
        """The columns from ``start`` on, a few at a time."""
        size = 1 if self._columns is None else max(1, min(256, CHUNK // self.columns.n_samples))
        for first in range(start, len(self), size):
            yield slice(first, min(first + size, len(self)))

    def centred(self, block: slice) -> Matrix:
        """Dense copy of some columns, one per row, less their means as far as these are known."""
        columns = self.columns.densify(block.start, block.stop)
        columns -= self.means[block, None]
        return columns

    @property
    def shift(self) -> Vector:
        """What the packed columns are short of those of X."""
        return np.empty(0) if self._columns is None else self.columns.shift

    def part(self, positions: NDArray[np.intp]) -> "WorkingSet":
        """Working set of its own of the features at some positions, to which others of this one may be appended."""
        part = WorkingSet(self.datafit, len(self.outside), self._max_gram)
        part.append(positions, self.columns.take(positions))
        return part

    def restricted_to(self, positions: NDArray[np.intp]) -> "WorkingSet":
        """Working set of its own, with a Gram, of the features at some positions."""
        part = WorkingSet(self.datafit, len(positions), len(positions))
        part.append(np.arange(len(positions)), self.columns.take(positions))
        return part

    def gram_of(self, positions: NDArray[np.intp]) -> Matrix:
        """Gram of the features at some positions, formed for the purpose."""
        return self.restricted_to(positions).gram

    def full_gram(self) -> Matrix:
        """Gram of the whole working set, formed for the purpose where it is not kept."""
        size = len(self)
        return self.gram[:size, :size] if self.has_gram else self.gram_of(np.arange(size))

    def fit(self, coefs: Block, offsets: Matrix | None = None) -> Fits:
        """What rows of coefficients come to at their best intercepts, looked for from some offsets on."""
        shape = (*coefs.shape[:-1], len(self.datafit.weights))
        if self._columns is None:
            return self.datafit.fit(np.zeros(shape), offsets)
        return self.datafit.fit(self.columns.predict(as_rows(coefs)).reshape(shape), offsets)

    def raw_at(self, coefs: Block, offsets: Vector) -> Block:
        """Raw predictions of rows of coefficients at known offsets."""
        return self.loss.raw_at(self.columns.predict(coefs), offsets)

    def correlations(self, weighted_residuals: Block) -> Block:
        """Correlation of every column with each row of weighted residuals."""
        shape = (*weighted_residuals.shape[:-1], len(self))
        if self._columns is None:
            return np.empty(shape)
        return self.columns.correlate(as_rows(weighted_residuals)).reshape(shape)

    def duality_gap(self, coef: Vector, correlation: Vector, penalty: Penalty) -> float:
        """Duality gap of the problem on the working set alone."""
        fits = self.fit(coef[None])
        return duality_gap(self.datafit.misfit_of(fits, 0), coef, correlation, penalty)

    def rise(self, fits: Fits, row: int, move: Matrix, shift: Matrix, correlation: Matrix) -> float:
        """By how much the loss rises, from one of the fits, when coefficients move and the centred intercept shifts."""
        change = np.zeros((*move.shape[:-1], len(self.datafit.weights))) + shift[..., None]
        if self._columns is not None:
            change += self.columns.predict(as_rows(move)).reshape(change.shape) - (move @ self.means)[..., None]
        return self.datafit.rise(fits, row, change)
