"""From the scores of all folds to a choice, and to the table that GridSearchCV would make of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

# Scores closer than this, relatively, are the same.
ROUNDING = 16 * np.finfo(np.float64).eps

AlphaRule = str | Callable[[dict[str, Any]], int]


@dataclass(frozen=True)
class Scores:
    """Scores, the greater the better, of shape (n_settings, n_alphas, n_folds), and what they belong to.

    A setting is the value of every parameter but alpha; ``alphas`` has shape (n_settings, n_alphas). Scores are in
    units of ``unit`` squared, which the table is not.
    """

    values: NDArray[np.float64]
    settings: list[dict[str, float]]
    alphas: NDArray[np.float64]
    unit: float = 1.0

    @property
    def means(self) -> NDArray[np.float64]:
        """Plain means over the folds, whatever the weights within them; where a score is NaN, minus infinity."""
        means = self.values.mean(axis=2)
        return np.where(np.isnan(means), -np.inf, means)

    @property
    def standard_errors(self) -> NDArray[np.float64]:
        """Standard errors of the means, from the spread between folds; NaN for a single fold."""
        n_folds = self.values.shape[2]
        if n_folds == 1:
            return np.full(self.values.shape[:2], np.nan)
        with np.errstate(over="ignore", invalid="ignore"):
            return self.values.std(axis=2, ddof=1) / np.sqrt(n_folds)

    def best(self) -> tuple[int, int]:
        """Position of the best mean score; of several, that of the largest alpha of the first setting."""
        means = self.means
        if not (means > -np.inf).any():
            raise ValueError("No alpha has a score that is a number on every fold.")
        highest = means.max()
        slack = ROUNDING * abs(highest) if np.isfinite(highest) else 0.0
        row, column = np.unravel_index(np.argmax(means >= highest - slack), means.shape)
        return int(row), int(column)

    def within_one_standard_error(self) -> tuple[int, int]:
        """Position of the largest alpha whose mean score is within one standard error of the best, same setting."""
        row, column = self.best()
        standard_error = self.standard_errors[row, column]
        slack = standard_error if np.isfinite(standard_error) else 0.0
        return row, int(np.argmax(self.means[row] >= self.means[row, column] - slack))

    def choose(self, rule: AlphaRule) -> tuple[int, int]:
        """Position that the rule chooses."""
        if isinstance(rule, str):
            return {"min": self.best, "1se": self.within_one_standard_error}[rule]()
        index = rule(self.table())
        if not isinstance(index, (int, np.integer)) or isinstance(index, bool) or not 0 <= index < self.means.size:
            raise ValueError(f"alpha_rule returned {index!r}, must be an index into cv_results_['params'].")
        row, column = divmod(int(index), self.means.shape[1])
        return row, column

    def table(self) -> dict[str, Any]:
        """One entry for each pair of a setting and an alpha, in the order of ``params``, as ``GridSearchCV`` has it."""
        n_folds = self.values.shape[2]
        flat = self.values.reshape(-1, n_folds) * self.unit * self.unit
        params = [
            {"alpha": float(alpha), **setting}
            for setting, row in zip(self.settings, self.alphas, strict=True)
            for alpha in row
        ]
        means = self.values.mean(axis=2).ravel() * self.unit * self.unit
        return {
            **{f"param_{name}": np.array([entry[name] for entry in params]) for name in params[0]},
            "params": params,
            **{f"split{fold}_test_score": flat[:, fold].copy() for fold in range(n_folds)},
            "mean_test_score": means,
            "std_test_score": self.values.std(axis=2).ravel() * self.unit * self.unit,
            "se_test_score": self.standard_errors.ravel() * self.unit * self.unit,
            "rank_test_score": rankdata(-self.means.ravel(), method="min").astype(np.int32),
        }
