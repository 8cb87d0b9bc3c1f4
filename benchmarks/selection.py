"""Which features are found, with a first stage and without: simulations like those of Zou and Zhang (2009), section 5.

python benchmarks/selection.py [--repetitions 100] [--output DIR]
"""

import argparse
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLES = (100, 200, 400)
CORRELATIONS = (0.5, 0.75)
EFFECT, NOISE = 3.0, 6.0
# Measures, and how many digits of them are shown.
MEASURES = {"found exactly, %": 0, "true features kept": 2, "false features kept": 2, "model error": 2}

Setting = tuple[float, int]


def size(n_samples: int) -> tuple[int, int]:
    """Number of features, and how many of them have an effect."""
    n_features = int(4 * np.sqrt(n_samples)) - 5
    return n_features, 3 * (n_features // 9)


def covariance(n_features: int, correlation: float) -> NDArray:
    """That of an autoregressive series."""
    return correlation ** np.abs(np.subtract.outer(np.arange(n_features), np.arange(n_features)))


def simulated(n_samples: int, correlation: float, seed: int) -> tuple[NDArray, NDArray, NDArray]:
    """X, y and the true coefficients."""
    rng = np.random.default_rng([n_samples, int(100 * correlation), seed])
    n_features, n_true = size(n_samples)
    X = rng.multivariate_normal(np.zeros(n_features), covariance(n_features, correlation), n_samples, method="cholesky")
    truth = np.where(np.arange(n_features) < n_true, EFFECT, 0.0)
    return X, X @ truth + NOISE * rng.standard_normal(n_samples), truth


def models() -> dict[str, tuple[object, tuple[str, ...]]]:
    """Estimators by what they are called, and the rules by which their alphas are chosen."""
    from sklearn_sparsefit import AdaptiveElasticNetCV, AdaptiveLassoCV, ElasticNetCV, LassoCV

    both = ("min", "1se")
    return {
        "lasso": (LassoCV(), both),
        "elastic net": (ElasticNetCV(l1_ratio=0.9), both),
        "adaptive lasso, ridge": (AdaptiveLassoCV(), both),
        "adaptive lasso, ols": (AdaptiveLassoCV(first_stage="ols"), both),
        "adaptive lasso, ols, gamma=3": (AdaptiveLassoCV(first_stage="ols", gamma=3), both),
        "adaptive elastic net, gamma=3": (
            AdaptiveElasticNetCV(l1_ratio=0.9, first_stage="elastic_net", gamma=3),
            both,
        ),
    }


def outcomes(n_samples: int, correlation: float, seed: int) -> Iterator[tuple[str, list[float]]]:
    """What each model and rule makes of one simulated data set."""
    X, y, truth = simulated(n_samples, correlation, seed)
    true, sigma = truth != 0, covariance(len(truth), correlation)
    for name, (model, rules) in models().items():
        model.fit(X, y)
        for rule in rules:
            alpha = model.alpha_1se_ if rule == "1se" else model.alpha_min_
            coef = model.coef_path_[:, np.flatnonzero(model.alphas_ == alpha)[0]]
            kept, error = coef != 0, coef - truth
            found = 100.0 * (kept == true).all()
            yield f"{name}, {rule}", [found, (kept & true).sum(), (kept & ~true).sum(), error @ sigma @ error]


def tables(results: dict[Setting, dict[str, NDArray]]) -> str:
    """Means with their standard errors, a table in Markdown for each measure."""
    columns = [f"rho={correlation}, n={n_samples}" for correlation, n_samples in results]
    lines = []
    for number, (measure, digits) in enumerate(MEASURES.items()):
        lines += ["", f"| {measure} | " + " | ".join(columns) + " |", "|---|" + "--:|" * len(columns)]
        for name in next(iter(results.values())):
            cells = []
            for measured in results.values():
                values = measured[name][:, number]
                error = values.std(ddof=1) / np.sqrt(len(values))
                cells.append(f"{values.mean():.{digits}f} ± {error:.{digits}f}")
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines[1:])


def main() -> None:
    """Simulate, print the table and write selection.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("results"), metavar="DIR")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    # With so strong effects the best alpha is sometimes the smallest of the grid.
    warnings.filterwarnings("ignore", "The chosen alpha")
    results: dict[Setting, dict[str, NDArray]] = {}
    for setting in product(CORRELATIONS, SAMPLES):
        measured: dict[str, list[list[float]]] = {}
        for seed in range(arguments.repetitions):
            for name, values in outcomes(setting[1], setting[0], seed):
                measured.setdefault(name, []).append(values)
        results[setting] = {name: np.array(values, dtype=float) for name, values in measured.items()}
        print(f"{setting} done", flush=True)
        (arguments.output / "selection.md").write_text(tables(results) + "\n")
    print(tables(results))


if __name__ == "__main__":
    main()
