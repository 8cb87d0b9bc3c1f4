"""How much memory a fit takes beside X: every storage in a process of its own, read off the operating system.

Prints, for each way of storing the same X, and for cross-validation with few and with many folds, the growth of private
memory during a fit as a share of X. A memory-mapped X is shared with the page cache and not counted; a copy of it
would be.

    python benchmarks/memory.py [--megabytes 400]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import numpy as np
from peak_memory import PeakMemory

STORAGES = ("C", "F", "float32", "strided", "memmap")
# Storage, samples and folds; no folds are a Lasso at one alpha.
CASES = [
    *product(STORAGES, [1000], [0, 5]),
    ("F", 1000, 10),
    *product(["F"], [200], [5, 10, 200]),
]


def make_data(storage: str, n_samples: int, n_features: int, folder: str) -> tuple[np.ndarray, np.ndarray]:
    """The same X, of float64 but for one storage, and y, a sparse combination of its columns with noise."""
    rng = np.random.default_rng(0)
    if storage == "memmap":
        X = np.memmap(Path(folder) / "X.dat", dtype=np.float64, mode="w+", shape=(n_samples, n_features))
    elif storage == "strided":
        X = np.empty((n_samples, 2 * n_features))[::-1, ::2]
    else:
        dtype = np.float32 if storage == "float32" else np.float64
        X = np.empty((n_samples, n_features), dtype=dtype, order="F" if storage == "F" else "C")
    for start in range(0, n_features, 1000):
        stop = min(start + 1000, n_features)
        X[:, start:stop] = rng.standard_normal((n_samples, stop - start))
    y = 10 * X[:, :20].astype(np.float64).sum(axis=1) + 20 * rng.standard_normal(n_samples)
    return X, y


def measure(storage: str, n_samples: int, n_folds: int, megabytes: int) -> None:
    """Fit once and print one row of the table."""
    from sklearn_sparsefit import Lasso, LassoCV

    itemsize = 4 if storage == "float32" else 8
    n_features = megabytes * 10**6 // (n_samples * itemsize)
    with tempfile.TemporaryDirectory() as folder:
        X, y = make_data(storage, n_samples, n_features, folder)
        LassoCV().fit(np.asarray(X[:50, :50]), y[:50])
        model = LassoCV(cv=n_folds, eps=1e-2) if n_folds else Lasso(np.abs(y - y.mean()).mean() / 50)
        with PeakMemory() as peak:
            begin = time.perf_counter()
            model.fit(X, y)
            seconds = time.perf_counter() - begin
        size = X.size * X.itemsize
        kept = np.count_nonzero(model.coef_)
        print(
            f"{storage:8} {n_samples:4} x {n_features:6}, {n_folds:3} folds  X {size / 1e6:6.0f} MB  "
            f"growth {peak.growth / 1e6:6.1f} MB = {peak.growth / size:6.1%} of X  {seconds:6.1f} s  {kept} kept",
            flush=True,
        )


def main() -> None:
    """Run every row in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=400, help="size of X (default: 400)")
    parser.add_argument("--only", nargs=3, metavar=("STORAGE", "SAMPLES", "FOLDS"), help="one row, in this process")
    arguments = parser.parse_args()
    if arguments.only:
        storage, *numbers = arguments.only
        measure(storage, *map(int, numbers), arguments.megabytes)
        return
    for case in CASES:
        command = [sys.executable, __file__, "--megabytes", str(arguments.megabytes), "--only", *map(str, case)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
