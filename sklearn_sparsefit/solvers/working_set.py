"""What a problem is solved on: the few features of a working set, packed, or the moments of a whole design."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.datafit import Datafit, Fits, Generalized, Quadratic, QuadraticModel, SoftmaxModel
from sklearn_sparsefit.design import Columns, Moments
from sklearn_sparsefit.penalty import FeatureTerms, Penalty
from sklearn_sparsefit.solvers.certificate import duality_gap
from sklearn_sparsefit.solvers.free_features import FreeFeatures
from sklearn_sparsefit.solvers.secants import Secants
from sklearn_sparsefit.solvers.softmax_pairs import SoftmaxPairs

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
# Of shape (k, n) or, with several tasks, (k, n_tasks, n).
Block = NDArray[np.float64]

# A centred column this small beside the column itself is rounding: the column is constant.
CONSTANT = 32 * np.finfo(np.float64).eps
# Added to the Gram's diagonal, relative to it, so that rounding leaves no direction of negative curvature. What this
# does to the solution is taken back by going on from true correlations.
RIDGE = 1e-14
# Correlations this small, beside the norms of column and target, are rounding; free features that are nearly
# combinations of others take a few solutions, each for what the last has left, to come there.
SETTLED, REFINEMENTS = 16 * np.finfo(np.float64).eps, 5
# Losses that are not quadratic take as many steps as Newton's method does from far away, or down an exponential. What is
# left that is more than this share is no rounding.
NEWTON_STEPS, UNSETTLED = 100, 1e-9
# Where steps leave more than this share of what was left, that is rounding.
SLOWEST = 0.8
# A loss that is so much flatter than at zero has no minimum.
FLATTER = 1e-8
# Entries of the dense copy of newcomers that is centred at a time.
CHUNK = 2**21


def as_rows(block: Block) -> Matrix:
    """The vectors of a block, one below the other."""
    return np.ascontiguousarray(block).reshape(math.prod(block.shape[:-1]), block.shape[-1])


class Known(ABC):
    """Features that are known, and among them those that are free of the penalty."""

    features: NDArray[np.intp]
    sq_norms: Vector
    means: Vector
    free: FreeFeatures | None = None

    @abstractmethod
    def gram_of(self, positions: NDArray[np.intp]) -> Matrix:
        """Copy of the Gram matrix of the features at some positions."""

    def set_free(self, positions: NDArray[np.intp], terms: FeatureTerms) -> FreeFeatures:
        """Leave the features at some positions to least squares."""
        gram = self.gram_of(positions)
        np.fill_diagonal(gram, self.sq_norms[positions])
        self.free = FreeFeatures(positions, gram, terms.lower[positions], terms.upper[positions])
        # No solver moves them.
        self.sq_norms[self.free.dependent] = 0.0
        return self.free

    def minimum_norm(self, coef: Vector) -> Vector:
        """The same predictions, up to a number (for each sample), by free features with the least 2-norm."""
        if self.free is None:
            return coef
        coef = self.free.minimum_norm(coef)
        return self.free.centred(coef) if self.datafit.is_relative else coef

    def goals(self, coefs: Block, correlations: Block) -> Block:
        """Where the correlations of free features vanish."""
        return self.free.settled(coefs[..., self.free.positions], correlations[..., self.free.positions])

    def settle(self, coefs: Block, correlations: Block) -> Block:
        """Move free features, in place, to where their correlations vanish; return by how much, for each row."""
        before, goals = coefs[..., self.free.positions], self.goals(coefs, correlations)
        coefs[..., self.free.positions] = goals
        return goals - before

    def to_gain(self, coefs: Block, correlations: Block, goals: Block) -> Vector:
        """What free features may take off each loss.

        A step s to the minimum of a quadratic, along correlations c, gains c's / 2; for ever down an exponential, c's.
        Where its curvature was raised, steps are shorter: so twice that.
        """
        positions = self.free.positions
        gains = (goals - coefs[..., positions]) * correlations[..., positions]
        return 2.0 * gains.reshape(len(coefs), -1).sum(axis=1)

    def hold(self, coefs: Block, correlations: Block) -> None:
        """Take correlations of settled features, in place, for what they are but for rounding: zero."""
        positions = self.free.positions
        correlations[..., positions] *= self.free.are_held(coefs[..., positions], correlations[..., positions])
        correlations[..., self.free.dependent] = 0.0

    def unsettled(self, coefs: Block, correlations: Block) -> float:
        """The largest of what is to be taken for zero, beside the norm of its column."""
        left = correlations[..., self.free.positions] / self.free.norms
        left *= ~self.free.are_held(coefs[..., self.free.positions], left)
        return float(np.abs(left).max(initial=0.0))

    def is_settled(self, coefs: Block, correlations: Block) -> bool:
        """Whether what is to be taken for zero is as small as rounding makes it."""
        return self.unsettled(coefs, correlations) <= SETTLED * self.datafit.residual_size


class WorkingSet(Known):
    """Packed columns seen through one problem's weights and intercept.

    ``sq_norms[j]`` is sum_i s_i (z_ij - mean_j)^2, zero for a constant column. Past ``max_gram`` columns there is no
    Gram.
    """

    def __init__(self, datafit: Datafit, n_features: int, max_gram: int):
        self.datafit = datafit
        self.features = np.empty(0, dtype=np.intp)
        self.outside = np.ones(n_features, dtype=bool)
        self.columns: Columns | None = None
        self.means = np.empty(0)
        self.sq_norms = np.empty(0)
        self._gram = np.empty((0, 0))
        self._n_in_gram = 0
        self._max_gram = max_gram
        self._secants: Secants | None = None

    def __len__(self) -> int:
        return len(self.features)

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
        for block in self.blocks(start):
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
        if self.columns is None:
            self.columns = columns
        else:
            self.columns.append(columns)
        self._measure(features)

    def seen_through(self, model: Quadratic | SoftmaxModel) -> "WorkingSet | SoftmaxPairs":
        """The same columns, and those that are yet to come in, under the weights of a model of the loss."""
        if isinstance(model, SoftmaxModel):
            return SoftmaxPairs(self, model)
        other = WorkingSet(model, len(self.outside), self._max_gram)
        other.follow(self)
        return other

    def move_to(self, loss: Generalized, fits: Fits, row: int, curvatures: Vector) -> None:
        """Make the target that of a model about one of the fits, with the same curvatures."""
        self.datafit = loss.model(fits, row, curvatures, self.datafit)

    def aim_at(self, coef: Vector, residual: Vector) -> None:
        """Have the target that leaves some residual at some coefficients."""
        # Of the columns alone: a target that held this working set would keep it, and its Gram, alive.
        coef, residual, columns, known = coef.copy(), residual.copy(), self.columns, self.datafit

        def target() -> Vector:
            return residual + columns.predict(coef[None])[0]

        self.datafit = QuadraticModel(target, known.weights, known.fit_intercept, known)

    def intercept_shift(self, step: Vector) -> NDArray[np.float64]:
        """How far the best intercept of least squares moves with a step of the coefficients."""
        return -(step @ self.means)

    def follow(self, other: "WorkingSet") -> None:
        """Take note of what has come in where these columns are from."""
        self.columns = other.columns
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
        size = max(1, min(256, CHUNK // self.columns.n_samples)) if self.columns else 1
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
        return np.empty(0) if self.columns is None else self.columns.shift

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
        """Copy of the Gram matrix of the features at some positions."""
        return self.restricted_to(positions).full_gram().copy()

    def full_gram(self) -> Matrix:
        """Gram of the whole working set, formed for the purpose where it is not kept."""
        size = len(self)
        gram = self.gram if self.has_gram else self.restricted_to(np.arange(size)).gram
        return gram[:size, :size]

    def fit(self, coefs: Block, offsets: Matrix | None = None) -> Fits:
        """What rows of coefficients come to at their best intercepts, looked for from some offsets on."""
        shape = (*coefs.shape[:-1], len(self.datafit.weights))
        if self.columns is None:
            return self.datafit.fit(np.zeros(shape), offsets)
        return self.datafit.fit(self.columns.predict(as_rows(coefs)).reshape(shape), offsets)

    def fit_at(self, coefs: Block, offsets: Vector) -> Fits:
        """What rows of coefficients come to at known offsets."""
        return self.datafit.fit_at(self.columns.predict(coefs), offsets)

    def correlations(self, weighted_residuals: Block) -> Block:
        """Correlation of every column with each row of weighted residuals."""
        shape = (*weighted_residuals.shape[:-1], len(self))
        if self.columns is None:
            return np.empty(shape)
        return self.columns.correlate(as_rows(weighted_residuals)).reshape(shape)

    def look(self, coefs: Block, offsets: Matrix | None = None) -> tuple[Fits, Block]:
        """What rows of coefficients, whose free features are settled in place, come to, and their correlations."""
        fits = self.fit(coefs, offsets)
        correlations = self.correlations(self.datafit.weights * fits.residuals)
        if self.free is None:
            return fits, correlations
        is_quadratic = isinstance(self.datafit, Quadratic)
        if not is_quadratic:
            hessian_at = self._by_curvatures if self.datafit.has_models else self._by_secants(len(coefs))
        left, size = np.inf, self.datafit.residual_size
        for n_left in range(REFINEMENTS if is_quadratic else NEWTON_STEPS, -1, -1):
            before, left_before, left = coefs[..., self.free.positions], left, self.unsettled(coefs, correlations)
            goals = (
                self.goals(coefs, correlations) if is_quadratic else self._goals(coefs, fits, correlations, hessian_at)
            )
            # Large and opposed coefficients leave more rounding, of which a step only makes other rounding.
            if left <= SETTLED * size or SLOWEST * left_before < left <= UNSETTLED * size or not n_left:
                break
            if is_quadratic:
                coefs[..., self.free.positions] = goals
            else:
                self._approach(coefs, goals, fits)
            if np.array_equal(before, coefs[..., self.free.positions]):
                break
            fits = self.fit(coefs, fits.offsets)
            correlations = self.correlations(self.datafit.weights * fits.residuals)
        # What is far from settled is not taken for zero, and no certificate is given.
        if is_quadratic or left <= UNSETTLED * size:
            fits.to_gain = self.to_gain(coefs, correlations, goals)
            self.hold(coefs, correlations)
        return fits, correlations

    def _by_curvatures(self, row: int, coef: Vector, fits: Fits, correlation: Vector) -> Matrix:
        """Second derivatives of the loss in the free features, about one of the fits."""
        curvatures = self.datafit.curvatures(fits.raw[row])
        model = self.restricted_to(self.free.positions).seen_through(self.datafit.model(fits, row, curvatures))
        return float(curvatures.sum()) * model.full_gram()

    def has_no_minimum(self, coef: Vector, fits: Fits, correlation: Vector) -> bool:
        """Whether the loss falls for ever in free features that are settled, as where they tell classes apart.

        It is flat then where they are, beside what it is at zero.
        """
        if not self.datafit.has_models or self.free.is_delicate:
            return False
        positions = self.free.positions
        inside = ~self.free.are_held(coef[..., positions], correlation[..., positions])
        if self.datafit.is_relative:
            # Whatever the last task's are, those of the others are beside them.
            inside[-1] = False
        hessian = self._by_curvatures(0, coef, fits, correlation)
        null = self.datafit.curvatures(self.datafit.fit(np.zeros((1, *fits.raw[0].shape))).raw[0])
        return self.free.flattest_ratio(hessian, inside) <= FLATTER * float(null.sum())

    def _by_secants(self, n_rows: int) -> Callable[[int, Vector, Fits, Vector], Matrix]:
        """The same for a loss without, one row of coefficients at a time."""
        if self._secants is None:
            self._secants = Secants(self.gram_of(self.free.positions))
        secants = [self._secants.from_elsewhere() for _ in range(n_rows)]
        self._secants = secants[-1]
        return lambda row, coef, fits, correlation: secants[row].hessian(coef, -correlation, float(fits.losses[row]))

    def _goals(self, coefs: Block, fits: Fits, correlations: Block, hessian_at: Callable[..., Matrix]) -> Block:
        """Where Newton steps in the free features of rows of coefficients lead."""
        positions = self.free.positions
        goals = coefs[..., positions]
        for row, coef in enumerate(coefs):
            here, inside = coef[..., positions].ravel(), correlations[row][..., positions].ravel()
            hessian = hessian_at(row, here, fits, inside)
            if self.datafit.is_relative and not self.free.is_bounded:
                # Whatever the last task's are, those of the others are beside them.
                hessian = hessian[: -len(positions), : -len(positions)]
            free, goal = self.free.under(hessian), here.copy()
            goal[free.positions] = free.settled(here[None, free.positions], inside[None, free.positions])[0]
            goals[row] = goal.reshape(goals[row].shape)
        return goals

    def _approach(self, coefs: Block, goals: Block, fits: Fits) -> None:
        """Go to the goals of free features, in place, as far as that lowers the loss."""
        positions = self.free.positions
        for row, (coef, goal) in enumerate(zip(coefs, goals, strict=True)):
            here = coef[..., positions]
            # What rounding of raw predictions may make of the loss.
            rounding = CONSTANT * self.datafit.residual_size * float((np.abs(goal) @ self.free.norms).max())
            for length in 0.5 ** np.arange(30):
                coef[..., positions] = here + length * (goal - here)
                loss = self.fit(coef[None], fits.offsets[row : row + 1]).losses[0]
                if loss <= (1 + CONSTANT) * fits.losses[row] + rounding:
                    break
            else:
                coef[..., positions] = here

    def duality_gap(self, coef: Vector, correlation: Vector, penalty: Penalty) -> float:
        """Duality gap of the problem on the working set alone."""
        fits = self.fit(coef[None])
        return duality_gap(self.datafit.misfit_of(fits, 0), coef, correlation, penalty)

    def rise(self, fits: Fits, row: int, move: Matrix, shift: Matrix, correlation: Matrix) -> float:
        """By how much the loss rises, from one of the fits, when coefficients move and the centred intercept shifts."""
        change = np.zeros((*move.shape[:-1], len(self.datafit.weights))) + shift[..., None]
        if self.columns is not None:
            change += self.columns.predict(as_rows(move)).reshape(change.shape) - (move @ self.means)[..., None]
        return self.datafit.rise(fits, row, change)


class RootColumns:
    """The centred columns of a working set that grows, times the roots of the weights, one per row."""

    def __init__(self) -> None:
        self._columns = np.empty((0, 0))
        self._n_columns = 0

    def of(self, working_set: WorkingSet) -> Matrix:
        """All columns so far."""
        roots = np.sqrt(working_set.datafit.weights)
        known, total = self._n_columns, len(working_set)
        if total > len(self._columns):
            columns = np.empty((total + total // 4, len(roots)))
            if known:
                columns[:known] = self._columns[:known]
            self._columns = columns
        for block in working_set.blocks(known):
            self._columns[block] = working_set.centred(block) * roots
            self._columns[block][working_set.sq_norms[block] == 0] = 0.0
        self._n_columns = total
        return self._columns[:total]


class WholeDesign(Known):
    """All features of a design, known by their moments under one problem's weights: a working set that never grows.

    Residuals stay unknown, but losses and correlations follow from q = X'(s y) and the Gram matrix G.
    """

    def __init__(self, datafit: Quadratic, moments: Moments, correlation: Matrix):
        self.datafit = datafit
        self.features = np.arange(len(moments.means))
        self.outside = np.zeros(len(moments.means), dtype=bool)
        self.shift = moments.means
        self.means = np.zeros(len(moments.means))
        self.correlation = correlation
        # Several problems may share the moments: they all raise the diagonal alike.
        self._moments = moments
        self.gram = moments.gram
        sq_norms = np.where(np.sqrt(moments.sq_norms) <= CONSTANT * np.abs(moments.means), 0.0, moments.sq_norms)
        self.sq_norms = sq_norms
        self.gram.flat[:: len(sq_norms) + 1] = (1 + RIDGE) * sq_norms
        self._norms = np.sqrt(sq_norms)

    def __len__(self) -> int:
        return len(self.features)

    def gram_of(self, positions: NDArray[np.intp]) -> Matrix:
        """Copy of the Gram matrix of the features at some positions."""
        return self.gram[np.ix_(positions, positions)]

    def full_gram(self) -> Matrix:
        """Gram of all features."""
        return self.gram

    def rise(self, fits: Fits, row: int, move: Matrix, shift: Matrix, correlation: Matrix) -> float:
        """See :meth:`WorkingSet.rise`; all that it needs of the fits is in the correlations."""
        return 0.5 * float(np.vdot(move @ self.gram, move) + np.vdot(shift, shift)) - float(np.vdot(correlation, move))

    def correlations(self, coefs: Block) -> Block:
        """Q - G w for each row of coefficients."""
        return self.correlation - coefs @ self.gram

    def look(self, coefs: Block) -> Block:
        """Correlations of rows of coefficients, whose free features are settled in place."""
        correlations = self.correlations(coefs)
        if self.free is not None:
            self.settle_by_moments(coefs, correlations)
        return correlations

    def settle_by_moments(self, coefs: Block, correlations: Block) -> Vector:
        """Settle free features of rows of coefficients, in place; return what that takes off the losses."""
        found = correlations[..., self.free.positions].copy()
        moves = self.settle(coefs, correlations)
        correlations -= moves @ self.gram[self.free.positions]
        taken = moves * (found + correlations[..., self.free.positions])
        self.hold(coefs, correlations)
        return taken.reshape(len(coefs), -1).sum(axis=1)

    def losses(self, coefs: Block, correlations: Block) -> Vector:
        """sum_i s_i r_i^2 = sum_i s_i y_i^2 - w'(q + c), halved, for rows of coefficients w and correlations c."""
        length = coefs[0].size
        rows = coefs.reshape(-1, length)
        explained = np.einsum("kj,kj->k", rows, (self.correlation + correlations).reshape(-1, length))
        return np.maximum(0.0, self.datafit.null_loss - 0.5 * explained)

    def slack(self, coef: Vector) -> float:
        """How far rounding may have taken the correlations from what they are.

        A sum of m products is right to m / 2 ulps of the product of the norms: m is what the moments say for those, and
        the number of features for G w. So c_j is off by at most m ulps / 2 * ||x_j|| (||y|| + sum_k ||x_k|| |w_k|).
        """
        largest = float(self._norms.max(initial=0.0))
        size = np.sqrt(2 * self.datafit.null_loss) + float(self._norms @ np.sqrt((as_rows(coef) ** 2).sum(axis=0)))
        slack = 2.0**-53 * (self._moments.n_terms + coef.shape[-1]) * largest * size
        return slack if self.free is None else slack * (1 + largest * self.free.sensitivity)
