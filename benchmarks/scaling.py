"""What twice the features and twice the samples cost us: a path of 100 alphas on simulated data, size after size.

python benchmarks/scaling.py [--doublings 5] [--output DIR]
"""

import argparse
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from designs import prepared, simulated
from matplotlib import pyplot as plt
from problem import Problem

N_SAMPLES, FIRST_N_FEATURES = 500, 2000
N_FEATURES, FIRST_N_SAMPLES = 1000, 2000
REPETITIONS = 3

Series = list[tuple[int, float]]


def seconds(n_samples: int, n_features: int) -> float:
    """Best time of a path down to alpha_max/100."""
    from sklearn_sparsefit import lasso_path

    X, y = prepared(*simulated(n_samples, n_features, correlation=0.5, n_nonzero=50))
    alphas = Problem.posed(X, y, np.geomspace(1.0, 1e-2, 100)).alphas
    times = []
    for _ in range(REPETITIONS):
        begin = time.perf_counter()
        lasso_path(X, y, alphas=alphas, tol=1e-6)
        times.append(time.perf_counter() - begin)
    return min(times)


def lines(title: str, series: Series) -> list[str]:
    """A table of sizes, times and what each doubling costs."""
    table = [title]
    previous = None
    for size, value in series:
        growth = "" if previous is None else f"   x {value / previous:.2f}"
        table.append(f"{size:10}  {value:8.3f} s{growth}")
        previous = value
    return table


def draw(panels: dict[str, Series], path: Path) -> None:
    """Times against sizes, with lines along which twice the size takes twice the time."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
    for ax, (title, series) in zip(axes, panels.items(), strict=True):
        sizes, times = np.array(series).T
        ax.loglog(sizes, times, marker="o", label="measured")
        ax.loglog(
            sizes, times[0] * sizes / sizes[0], color="0.6", linestyle="--", label="twice the size, twice the time"
        )
        ax.set(title=title, xlabel=title.split(",")[0])
        ax.set_xticks(sizes, [f"{size / 1000:g}k" for size in sizes])
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].yaxis.set_major_formatter("{x:g}")
    axes[0].set_ylabel("seconds for a path of 100 alphas")
    axes[0].legend(frameon=False)
    fig.savefig(path, dpi=150)
    plt.close(fig)


def main() -> None:
    """Measure both, write scaling.txt and scaling.png."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--doublings", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("results"), metavar="DIR")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    seconds(50, 50)
    factors = [2**k for k in range(arguments.doublings + 1)]
    panels = {
        f"features, {N_SAMPLES} samples": [
            (FIRST_N_FEATURES * f, seconds(N_SAMPLES, FIRST_N_FEATURES * f)) for f in factors
        ],
        f"samples, {N_FEATURES} features": [
            (FIRST_N_SAMPLES * f, seconds(FIRST_N_SAMPLES * f, N_FEATURES)) for f in factors
        ],
    }
    text = "\n".join(line for title, series in panels.items() for line in lines(title, series))
    print(text)
    (arguments.output / "scaling.txt").write_text(text + "\n")
    draw(panels, arguments.output / "scaling.png")


if __name__ == "__main__":
    main()
