"""How much memory a fit takes beside X: every storage in a process of its own, read off the operating system.

Prints, for each way of storing the same X, the growth of private memory during a fit as a share of X. A memory-mapped
X is shared with the page cache and not counted; a copy of it would be.

    python benchmarks/memory.py [--megabytes 400]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from peak_memory import PeakMemory

STORAGES = ("C", "F", "float32", "strided", "memmap")
ESTIMATORS = ("Lasso", "LassoCV")
N_SAMPLES = 1000


def make_data(storage: str, n_features: int, folder: str) -> tuple[np.ndarray, np.ndarray]:
    """The same X, of float64 but for one storage, and y, a sparse combination of its columns with noise."""
    rng = np.random.default_rng(0)
    if storage == "memmap":
        X = np.memmap(Path(folder) / "X.dat", dtype=np.float64, mode="w+", shape=(N_SAMPLES, n_features))
    elif storage == "strided":
        X = np.empty((N_SAMPLES, 2 * n_features))[::-1, ::2]
    else:
        dtype = np.float32 if storage == "float32" else np.float64
        X = np.empty((N_SAMPLES, n_features), dtype=dtype, order="F" if storage == "F" else "C")
    for start in range(0, n_features, 1000):
        stop = min(start + 1000, n_features)
        X[:, start:stop] = rng.standard_normal((N_SAMPLES, stop - start))
    y = 10 * X[:, :20].astype(np.float64).sum(axis=1) + 20 * rng.standard_normal(N_SAMPLES)
    return X, y


def measure(estimator: str, storage: str, megabytes: int) -> None:
    """Fit once and print one row of the table."""
    import sklearn_sparsefit

    itemsize = 4 if storage == "float32" else 8
    n_features = megabytes * 10**6 // (N_SAMPLES * itemsize)
    with tempfile.TemporaryDirectory() as folder:
        X, y = make_data(storage, n_features, folder)
        small = getattr(sklearn_sparsefit, estimator)()
        small.fit(np.asarray(X[:50, :50]), y[:50])
        alpha_max = np.abs(y - y.mean()).mean()
        model = (
            sklearn_sparsefit.Lasso(alpha_max / 50)
            if estimator == "Lasso"
            else sklearn_sparsefit.LassoCV(cv=3, eps=1e-2, alphas=30)
        )
        with PeakMemory() as peak:
            begin = time.perf_counter()
            model.fit(X, y)
            seconds = time.perf_counter() - begin
        size = X.size * X.itemsize
        kept = np.count_nonzero(model.coef_)
        print(
            f"{estimator:8} {storage:8} {N_SAMPLES} x {n_features:6}  X {size / 1e6:6.0f} MB  "
            f"growth {peak.growth / 1e6:6.1f} MB = {peak.growth / size:6.1%} of X  {seconds:6.1f} s  {kept} kept",
            flush=True,
        )


def main() -> None:
    """Run every row in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=400, help="size of X (default: 400)")
    parser.add_argument("--only", nargs=2, metavar=("ESTIMATOR", "STORAGE"), help="one row, in this process")
    arguments = parser.parse_args()
    if arguments.only:
        measure(*arguments.only, arguments.megabytes)
        return
    for estimator in ESTIMATORS:
        for storage in STORAGES:
            command = [sys.executable, __file__, "--megabytes", str(arguments.megabytes), "--only", estimator, storage]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
