"""The rows every oracle runs over: designs, storages, weights and penalties."""

import tempfile
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.utils.fixes import parse_version


def _some_free(n_features):
    """Weights of the penalty, a few of them zero, one infinite."""
    weights = np.random.default_rng(n_features).uniform(0.3, 3.0, n_features)
    if n_features > 1:
        weights[[j for j in (1, 5, n_features // 2 + 1) if j < n_features]] = 0.0
        weights[4:5] = np.inf
    return weights


def _within_reach(X):
    """Bounds on either side, on both, on none, or at zero, that coefficients of y's size meet."""
    scale = X.std(axis=0)
    size = 0.7 / np.where(scale > 1e-12, scale, 1.0)
    j = np.arange(len(size))
    lower, upper = np.where(j % 4 == 0, -size, -np.inf), np.where(j % 3 == 0, size, np.inf)
    lower[j % 5 == 2] = 0.0
    upper[j % 7 == 6] = 0.0
    return lower, upper


@dataclass(frozen=True)
class Penalty:
    """``alpha * sum_j v_j (l1_ratio |w_j| + (1 - l1_ratio)/2 w_j^2)``, maybe on ``w >= 0`` or within other bounds."""

    l1_ratio: float
    positive: bool = False
    weighted: bool = False
    bounded: bool = False
    standardize: bool = False

    def __str__(self):
        sign = "positive" if self.positive else "free"
        terms = [name for name in ("weighted", "bounded", "standardize") if getattr(self, name)]
        return "-".join([f"l1_ratio={self.l1_ratio}", sign, *terms])

    def terms(self, X):
        """The keywords of an estimator or path for features like these."""
        lower, upper = _within_reach(X) if self.bounded else (None, None)
        return {
            "l1_ratio": self.l1_ratio,
            "positive": self.positive,
            "penalty_weights": _some_free(X.shape[1]) if self.weighted else None,
            "lower_bounds": lower,
            "upper_bounds": upper,
            "standardize": self.standardize,
        }


UNIFORM_PENALTIES = [Penalty(l1_ratio, positive) for l1_ratio in (1.0, 0.5, 0.05) for positive in (False, True)]
PENALTIES = [
    *UNIFORM_PENALTIES,
    Penalty(1.0, weighted=True),
    Penalty(0.5, weighted=True, bounded=True),
    Penalty(1.0, bounded=True, standardize=True),
]


def _autoregressive(rng, n_samples, n_features, correlation):
    """Gaussian columns, ``correlation`` between neighbours."""
    X = rng.standard_normal((n_samples, n_features))
    for j in range(1, n_features):
        X[:, j] *= np.sqrt(1 - correlation**2)
        X[:, j] += correlation * X[:, j - 1]
    return X


def _nearly_collinear(rng):
    factors = rng.standard_normal((30, 4))
    return np.tile(factors, 6) + 1e-6 * rng.standard_normal((30, 24))


def _badly_scaled(rng):
    X = rng.standard_normal((40, 25))
    return X * rng.permutation(np.logspace(-6, 6, 25))


def _constant_and_zero_columns(rng):
    X = rng.standard_normal((30, 12))
    X[:, 3] = 0.0
    X[:, 5] = 7.25
    X[:, 8] = 0.1
    return X


def _mostly_zeros(rng):
    return rng.standard_normal((700, 100)) * (rng.uniform(size=(700, 100)) < 0.1)


DESIGNS = {
    "random": lambda rng: rng.standard_normal((40, 60)),
    "correlated": lambda rng: _autoregressive(rng, 50, 40, 0.99),
    "nearly_collinear": _nearly_collinear,
    "duplicated_columns": lambda rng: np.tile(rng.standard_normal((30, 8)), 3),
    "badly_scaled": _badly_scaled,
    "tall": lambda rng: rng.standard_normal((200, 10)),
    "wide": lambda rng: rng.standard_normal((20, 150)),
    "very_wide": lambda rng: _autoregressive(rng, 50, 1500, 0.7),
    "tiny": lambda rng: rng.standard_normal((3, 2)),
    "one_sample": lambda rng: rng.standard_normal((1, 5)),
    "one_feature": lambda rng: rng.standard_normal((30, 1)),
    "constant_and_zero_columns": _constant_and_zero_columns,
    "mostly_zeros": _mostly_zeros,
}

# Where the lasso has several minimisers, or one that rounding moves visibly,
# only predictions and objectives can be compared.
ILL_CONDITIONED = {"correlated", "nearly_collinear", "duplicated_columns"}


def make_data(design):
    """A design by name and a response in which every third of the first 30 columns has a part."""
    rng = np.random.default_rng(sum(map(ord, design)))
    X = DESIGNS[design](rng)
    n_samples, n_features = X.shape
    scale = X.std(axis=0)
    effect = rng.choice([-2.0, -1.0, 1.0, 2.0], size=n_features)
    effect[1::3] = effect[2::3] = effect[30:] = 0.0
    effect[0] = 2.0
    coef = np.divide(effect, scale, out=np.zeros(n_features), where=scale > 1e-12)
    y = 3.0 + X @ coef + rng.standard_normal(n_samples)
    return X, y


def _some_zeros(rng, n_samples):
    weights = rng.uniform(0.1, 3.0, n_samples)
    weights[1::3] = 0.0
    return weights


_WEIGHTS = {
    "none": lambda rng, n_samples: None,
    "random": lambda rng, n_samples: rng.uniform(0.1, 3.0, n_samples),
    "with_zeros": _some_zeros,
    "integers": lambda rng, n_samples: rng.integers(1, 5, n_samples),
}
WEIGHTS = list(_WEIGHTS)


def make_weights(kind, n_samples):
    """Sample weights by name, None for "none"."""
    return _WEIGHTS[kind](np.random.default_rng(n_samples), n_samples)


def _every_other(X):
    roomy = np.full((2 * X.shape[0], 2 * X.shape[1]), np.nan, X.dtype)
    roomy[::2, ::2] = X
    return roomy[::2, ::2]


def _backwards(X):
    return np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def _memory_mapped(X):
    with tempfile.TemporaryFile() as file:
        X.tofile(file)
        file.flush()
        return np.memmap(file, dtype=X.dtype, mode="r", shape=X.shape)


def _wide_indices(A):
    A.indices = A.indices.astype(np.int64)
    A.indptr = A.indptr.astype(np.int64)
    return A


def _read_only_sparse(A):
    for part in (A.data, A.indices, A.indptr):
        part.flags.writeable = False
    return A


def disordered_csc(X):
    """CSC in which every entry is stored twice, by halves, from last to first."""
    A = sparse.csc_array(X)
    data = np.concatenate([np.tile(column[::-1], 2) / 2 for column in np.split(A.data, A.indptr[1:-1])]).astype(X.dtype)
    indices = np.concatenate([np.tile(rows[::-1], 2) for rows in np.split(A.indices, A.indptr[1:-1])])
    return sparse.csc_array((data, indices, 2 * A.indptr), shape=X.shape)


DENSE_STORAGES = {
    "dense_C": np.ascontiguousarray,
    "dense_F": np.asfortranarray,
    "strided": _every_other,
    "negative_strides": _backwards,
    "read_only": _read_only,
    "memory_mapped": _memory_mapped,
}
SPARSE_STORAGES = {
    "csc_array": sparse.csc_array,
    "csc_matrix": sparse.csc_matrix,
    "csr_array": sparse.csr_array,
    "csr_matrix": sparse.csr_matrix,
    "coo_array": sparse.coo_array,
    "coo_matrix": sparse.coo_matrix,
    "csc_int64": lambda X: _wide_indices(sparse.csc_array(X)),
    "csr_int64": lambda X: _wide_indices(sparse.csr_array(X)),
    "csc_read_only": lambda X: _read_only_sparse(sparse.csc_array(X)),
    "csr_read_only": lambda X: _read_only_sparse(sparse.csr_array(X)),
    "csc_disordered": disordered_csc,
}
STORAGES = DENSE_STORAGES | SPARSE_STORAGES
DTYPES = [np.float64, np.float32]

# Libraries of data frames with names that scikit-learn remembers.
FRAMES = [
    "pandas",
    pytest.param(
        "polars",
        marks=pytest.mark.skipif(
            parse_version(sklearn.__version__) < parse_version("1.9"),
            reason="older scikit-learn does not read the names of polars columns",
        ),
    ),
]


def every_pair(*choices):
    """Rows of one from each of the choices, in which any two from different choices meet, and not many more."""
    levels = [range(len(choice)) for choice in choices]
    meetings = {row: set(combinations(enumerate(row), 2)) for row in product(*levels)}
    rows, missing = [], set().union(*meetings.values())
    while missing:
        rows.append(max(meetings, key=lambda row: len(meetings[row] & missing)))
        missing -= meetings[rows[-1]]
    return [tuple(choice[k] for choice, k in zip(choices, row, strict=True)) for row in rows]
