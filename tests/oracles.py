"""Independent answers, in plain numpy and extended precision.

Nothing here is shared with the package: the objective, the duality gap and the
optimality conditions are written once more, from the definitions.
"""

from functools import cached_property
from itertools import product

import numpy as np


def standard_deviations(X, weights):
    """Weighted standard deviations of the columns in extended precision, 1 where one is constant."""
    X, weights = np.asarray(X, np.longdouble), np.asarray(weights, np.longdouble)
    rows = X[weights > 0]
    share = weights[weights > 0] / weights.sum()
    scales = np.sqrt(share @ (rows - share @ rows) ** 2)
    scales[(rows == rows[0]).all(axis=0)] = 1
    return scales


class ElasticNetProblem:
    """One problem: data and penalty.

    The objective is ``1/(2 sum s) sum_i s_i (y_i - b - x_i w)^2
    + alpha sum_j v_j (l1_ratio |w_j| + (1 - l1_ratio)/2 w_j^2)``
    for coefficients within bounds; with an infinite weight v_j they are zero.
    """

    def __init__(
        self,
        X,
        y,
        *,
        alpha,
        l1_ratio=1.0,
        sample_weight=None,
        fit_intercept=True,
        positive=False,
        penalty_weights=None,
        lower_bounds=None,
        upper_bounds=None,
        standardize=False,
    ):
        self.X = np.asarray(X, np.longdouble)
        self.y = np.asarray(y, np.longdouble)
        weights = np.ones(len(self.y)) if sample_weight is None else sample_weight
        weights = np.asarray(weights, np.longdouble)
        self.weights = weights / weights.sum()
        self.lower = self._per_feature(lower_bounds, -np.inf)
        self.upper = self._per_feature(upper_bounds, np.inf)
        if positive:
            self.lower = np.maximum(self.lower, 0)
        factors = self._per_feature(penalty_weights, 1)
        left_out = np.isinf(factors)
        self.lower[left_out] = self.upper[left_out] = 0
        factors[left_out] = 1
        scales = standard_deviations(self.X, self.weights) if standardize else 1
        self.l1_weights = factors * scales
        self.l1 = np.longdouble(alpha) * l1_ratio * self.l1_weights
        self.l2 = np.longdouble(alpha) * (1.0 - l1_ratio) * factors * scales**2
        self.fit_intercept = fit_intercept
        self.free = (self.l1_weights == 0) & (self.lower < self.upper)
        # Of the correlations above and below l1: those that no coefficient but an infinite one answers.
        self.forbids_above = (self.l2 == 0) & (self.upper == np.inf)
        self.forbids_below = (self.l2 == 0) & (self.lower == -np.inf)

    def _per_feature(self, values, default):
        return np.array(np.broadcast_to(default if values is None else values, self.X.shape[1]), np.longdouble)

    def residual(self, coef, intercept):
        return self.y - self.X @ np.asarray(coef, np.longdouble) - intercept

    def objective(self, coef, intercept):
        coef = np.asarray(coef, np.longdouble)
        loss = self.weights @ self.residual(coef, intercept) ** 2 / 2
        return loss + self.l1 @ abs(coef) + self.l2 @ coef**2 / 2

    def is_feasible(self, coef, slack=0.0):
        return bool(((self.lower - slack <= coef) & (coef <= self.upper + slack)).all())

    def _left_by(self, values, features):
        """What the weighted least squares fit of some features and the intercept leaves of values, or rows of them."""
        root = np.sqrt(self.weights)
        columns = list((root[:, None] * self.X[:, features]).T)
        if self.fit_intercept:
            columns.insert(0, root)
        basis = []
        for column in columns:
            rest = column.copy()
            for other in 2 * basis:
                rest = rest - (other @ rest) * other
            size, of = np.sqrt(rest @ rest), np.sqrt(column @ column)
            if size > 1e-14 * of:
                basis.append(rest / size)
        rest = root * values
        for other in 2 * basis:
            rest = rest - np.multiply.outer(rest @ other, other)
        return np.divide(rest, root, out=np.zeros_like(rest), where=root > 0)

    @cached_property
    def null_residual(self):
        """What the features free of the penalty and the intercept leave of y.

        Every one of them is tried inside its bounds and at each.
        """
        root = np.sqrt(self.weights)
        features = np.flatnonzero(self.free)
        columns = dict(zip(features, root * self._left_by(self.X.T[features], []), strict=True))
        ends = [{None} | {end for end in (self.lower[j], self.upper[j]) if np.isfinite(end)} for j in features]
        residuals = []
        for held in product(*ends):
            inside = features[[end is None for end in held]]
            rest = self.y - sum(end * self.X[:, j] for end, j in zip(held, features, strict=True) if end is not None)
            A = np.array([columns[j] for j in inside], np.longdouble).reshape(len(inside), len(self.y))
            norms = np.sqrt((A**2).sum(axis=1))
            norms[norms == 0] = 1
            A, target = (A.T / norms).astype(float), (root * self._left_by(rest, [])).astype(float)
            coef = np.linalg.lstsq(A, target)[0] / norms
            slack = 1e-9 * abs(coef).max(initial=0)
            if ((self.lower[inside] - slack <= coef) & (coef <= self.upper[inside] + slack)).all():
                residuals.append(self._left_by(rest, inside))
        return min(residuals, key=lambda residual: self.weights @ residual**2)

    @cached_property
    def _smallest_loss(self):
        """About what rounding leaves of an exact fit."""
        offset = self.weights @ self.y if self.fit_intercept else 0
        return 1e-18 * (self.weights @ (self.y - offset) ** 2) / 2

    @property
    def is_exact(self):
        """Whether what is free of the penalty fits y but for rounding."""
        return bool(self.weights @ self.null_residual**2 / 2 <= self._smallest_loss)

    @cached_property
    def null_objective(self):
        """The objective without any penalised coefficient; rounding counts for no less than it may be."""
        return max(self.weights @ self.null_residual**2 / 2, self._smallest_loss)

    def conjugate(self, correlation):
        """Suprema of correlation * w - penalty(w) over the w within bounds; infinite ones are not asked for."""
        bound = np.where(correlation > 0, self.upper, -self.lower)
        excess = np.maximum(abs(correlation) - self.l1, 0)
        best = np.minimum(np.divide(excess, self.l2, out=np.full_like(excess, np.inf), where=self.l2 > 0), bound)
        best[excess == 0] = 0
        return (excess - self.l2 * best / 2) * best

    def _largest_feasible_scale(self, correlation, above, below):
        """The longest multiple of correlations that l1 allows those features, on either side."""
        counts = (correlation > 0) & above | (correlation < 0) & below
        return (self.l1[counts] / abs(correlation[counts])).min(initial=np.inf)

    def dual_gap(self, coef, intercept):
        """Objective minus a dual value along the residual, on all features.

        The residual is made orthogonal to the free features inside their bounds, and to those that would otherwise go
        to infinity, and to the intercept.
        """
        coef = np.asarray(coef, np.longdouble)
        residual = self.residual(coef, intercept)
        held = self.free & (self.lower < coef) & (coef < self.upper)
        while True:
            theta = self._left_by(residual, held)
            correlation = self.X.T @ (self.weights * theta)
            correlation[held] = 0
            infinite = self.free & ((correlation > 0) & self.forbids_above | (correlation < 0) & self.forbids_below)
            if not infinite.any():
                break
            held |= infinite
        linear, energy = self.weights @ (theta * self.y), self.weights @ theta**2

        def dual(scale):
            return scale * linear - scale**2 * energy / 2 - self.conjugate(scale * correlation).sum()

        # A hair inside, so that rounding makes no conjugate infinite.
        longest = (1 - np.longdouble(1e-18)) * self._largest_feasible_scale(
            correlation, self.forbids_above, self.forbids_below
        )
        within = self._largest_feasible_scale(correlation, self.upper > 0, self.lower < 0)
        ridge_as_rows = self._largest_feasible_scale(correlation - self.l2 * coef, self.upper > 0, self.lower < 0)
        best = linear / energy if energy > 0 else 0
        scales = [max(0, min(scale, longest)) for scale in (1, best, min(best, within), min(1, ridge_as_rows))]
        return self.objective(coef, intercept) - max(dual(scale) for scale in scales)

    def relative(self, gap):
        """A gap, or a difference of objectives, beside the null objective."""
        return float(gap / self.null_objective) if gap else 0.0

    def kkt_distance(self, coef, intercept):
        """How far from its own optimum, given all others, each coefficient is.

        Measured by the weighted norm of what its column would add to the predictions, beside
        that of y. A coordinate step shows that the square is at most the relative suboptimality.
        """
        coef = np.asarray(coef, np.longdouble)
        residual = self.residual(coef, intercept)
        curvature = self.weights @ self.X**2 + self.l2
        linear = self.X.T @ (self.weights * residual) + (curvature - self.l2) * coef
        moving = curvature > 0
        best = np.sign(linear) * np.maximum(abs(linear) - self.l1, 0)
        best[moving] /= curvature[moving]
        best = np.clip(best, self.lower, self.upper)
        steps = np.sqrt(curvature) * abs(best - coef)
        drift = abs(self.weights @ residual) if self.fit_intercept else 0
        worst = max([drift, *steps])
        return float(worst / np.sqrt(2 * self.null_objective)) if worst else 0.0

    def _pieces(self, j):
        """What a coefficient may do: stay at zero or a bound, or be free on one side, where its penalty has a slope."""
        held = {(0.0, float(value)) for value in (0, self.lower[j], self.upper[j]) if np.isfinite(value)}
        sides = [side for side, may_go in ((1, self.upper[j] > 0), (-1, self.lower[j] < 0)) if may_go]
        return held | {(float(side * self.l1[j]), None) for side in sides}

    def brute_force_minimum(self):
        """The least objective over all sign patterns and bounds that are met, each one a linear system."""
        columns = np.sqrt(self.weights)[:, None] * np.c_[self.X, np.ones(len(self.y))]
        columns = columns.astype(float)
        target = (np.sqrt(self.weights) * self.y).astype(float)
        n_features = self.X.shape[1]
        best = np.inf
        for pattern in product(*map(self._pieces, range(n_features))):
            solution = np.array([value or 0.0 for _, value in pattern] + [0.0])
            slopes = np.array([slope for slope, _ in pattern] + [0.0])
            kept = np.flatnonzero([value is None for _, value in pattern] + [self.fit_intercept])
            if kept.size:
                gram = columns[:, kept].T @ columns[:, kept]
                gram += np.diag(np.append(self.l2, 0).astype(float)[kept])
                linear = columns[:, kept].T @ (target - columns @ solution) - slopes[kept]
                solution[kept] = np.linalg.lstsq(gram, linear)[0]
            if self.is_feasible(solution[:-1]):
                best = min(best, self.objective(solution[:-1], solution[-1]))
        return best


def largest_alpha(X, y, *, l1_ratio, **terms):
    """The least alpha at which every penalised coefficient is zero; none if those without a penalty fit y."""
    problem = ElasticNetProblem(X, y, alpha=0, l1_ratio=l1_ratio, **terms)
    if problem.is_exact:
        return 0.0
    correlation = problem.X.T @ (problem.weights * problem.null_residual)
    allowed = (correlation > 0) & (problem.upper > 0) | (correlation < 0) & (problem.lower < 0)
    penalised = allowed & (problem.l1_weights > 0)
    return float((abs(correlation[penalised]) / problem.l1_weights[penalised]).max(initial=0) / l1_ratio)
