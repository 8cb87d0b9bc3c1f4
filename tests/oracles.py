"""Independent answers, in plain numpy and extended precision.

Nothing here is shared with the package: the objective, the duality gap and the
optimality conditions are written once more, from the definitions.
"""

from itertools import product

import numpy as np


class ElasticNetProblem:
    """One problem: data and penalty.

    The objective is ``1/(2 sum s) sum_i s_i (y_i - b - x_i w)^2
    + alpha (l1_ratio |w|_1 + (1 - l1_ratio)/2 |w|_2^2)``.
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
    ):
        self.X = np.asarray(X, np.longdouble)
        self.y = np.asarray(y, np.longdouble)
        weights = np.ones(len(self.y)) if sample_weight is None else sample_weight
        weights = np.asarray(weights, np.longdouble)
        self.weights = weights / weights.sum()
        self.l1 = np.longdouble(alpha) * l1_ratio
        self.l2 = np.longdouble(alpha) * (1.0 - l1_ratio)
        self.fit_intercept = fit_intercept
        self.positive = positive

    def residual(self, coef, intercept):
        return self.y - self.X @ np.asarray(coef, np.longdouble) - intercept

    def objective(self, coef, intercept):
        coef = np.asarray(coef, np.longdouble)
        loss = self.weights @ self.residual(coef, intercept) ** 2 / 2
        return loss + self.l1 * abs(coef).sum() + self.l2 * (coef @ coef) / 2

    @property
    def null_objective(self):
        """The objective of zero coefficients and the best intercept."""
        offset = self.weights @ self.y if self.fit_intercept else 0
        return self.weights @ (self.y - offset) ** 2 / 2

    def _excess(self, correlation):
        """By how much each correlation exceeds what the l1 penalty allows."""
        bound = correlation if self.positive else abs(correlation)
        return np.maximum(bound - self.l1, 0)

    def _largest_feasible_scale(self, correlation):
        """The longest multiple of the residual whose correlations l1 allows."""
        largest = max((correlation if self.positive else abs(correlation)).max(), 0)
        return self.l1 / largest if largest > 0 else np.inf

    def dual_gap(self, coef, intercept):
        """Objective minus a dual value along the residual, on all features."""
        coef = np.asarray(coef, np.longdouble)
        theta = self.residual(coef, intercept)
        if self.fit_intercept:
            theta = theta - self.weights @ theta
        correlation = self.X.T @ (self.weights * theta)
        linear, energy = self.weights @ (theta * self.y), self.weights @ theta**2

        def dual(scale):
            value = scale * linear - scale**2 * energy / 2
            if self.l2 > 0:
                value -= (self._excess(scale * correlation) ** 2).sum() / (2 * self.l2)
            return value

        if self.l2 > 0:
            ridge_as_rows = correlation - self.l2 * coef
            scales = [1, min(1, self._largest_feasible_scale(ridge_as_rows))]
        elif energy > 0:
            scales = [max(0, min(linear / energy, self._largest_feasible_scale(correlation)))]
        else:
            scales = [0]
        return self.objective(coef, intercept) - max(map(dual, scales))

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
        best = np.sign(linear) * self._excess(linear)
        best[moving] /= curvature[moving]
        steps = np.sqrt(curvature) * abs(best - coef)
        drift = abs(self.weights @ residual) if self.fit_intercept else 0
        worst = max([drift, *steps])
        return float(worst / np.sqrt(2 * self.null_objective)) if worst else 0.0

    def brute_force_minimum(self):
        """The least objective over all sign patterns, each one a linear system."""
        columns = np.sqrt(self.weights)[:, None] * np.c_[self.X, np.ones(len(self.y))]
        columns = columns.astype(float)
        target = (np.sqrt(self.weights) * self.y).astype(float)
        n_features = self.X.shape[1]
        signs = (0, 1) if self.positive else (0, 1, -1)
        best = self.null_objective
        for pattern in product(signs, repeat=n_features):
            kept = np.flatnonzero(np.append(pattern, self.fit_intercept))
            if not kept.size:
                continue
            gram = columns[:, kept].T @ columns[:, kept]
            penalised = kept < n_features
            gram += np.diag(float(self.l2) * penalised)
            linear = columns[:, kept].T @ target
            linear -= float(self.l1) * np.append(pattern, 0)[kept]
            solution = np.zeros(n_features + 1)
            solution[kept] = np.linalg.lstsq(gram, linear)[0]
            if (solution[:-1] * pattern >= 0).all():
                best = min(best, self.objective(solution[:-1], solution[-1]))
        return best


def largest_alpha(X, y, *, l1_ratio, sample_weight, fit_intercept, positive):
    """The least alpha at which every coefficient is zero."""
    problem = ElasticNetProblem(X, y, alpha=0, sample_weight=sample_weight, fit_intercept=fit_intercept)
    offset = problem.weights @ problem.y if fit_intercept else 0
    correlation = problem.X.T @ (problem.weights * (problem.y - offset))
    if not positive:
        correlation = abs(correlation)
    return float(max(correlation.max(), 0) / l1_ratio)
