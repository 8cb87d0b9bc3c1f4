"""Where X and y come from. Functions return them raw; ``prepared`` or ``two_classes`` makes one problem of them."""

import numpy as np
from numpy.typing import NDArray
from problem import Matrix
from scipy import sparse

Data = tuple[Matrix, NDArray]


def prepared(X: Matrix, y: NDArray, dtype: type = np.float64) -> Data:
    """Centre y and a dense X, so that nobody needs an intercept, and scale y, of all tasks, to mean square one."""
    y = y - y.mean(axis=0)
    y = y / np.sqrt(np.mean(y**2))
    y = np.asfortranarray(y, dtype=dtype)
    if sparse.issparse(X):
        return X.astype(dtype, copy=False), y
    X -= X.mean(axis=0)
    return np.asfortranarray(X, dtype=dtype), y


def two_classes(X: Matrix, y: NDArray, dtype: type = np.float64) -> Data:
    """X as it is, and one where y is above its mean and zero elsewhere."""
    y = (y > y.mean()).astype(dtype)
    return (X.astype(dtype, copy=False) if sparse.issparse(X) else np.asfortranarray(X, dtype=dtype)), y


def simulated(
    n_samples: int,
    n_features: int,
    correlation: float = 0.0,
    n_nonzero: int = 20,
    snr: float = 5.0,
    decay: bool = False,
) -> Data:
    """Gaussian X, neighbours in it correlated (AR(1)); ``n_nonzero`` signals, equal or decaying, of random sign."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_features, n_samples)).T
    for j in range(1, n_features if correlation else 0):
        X[:, j] *= np.sqrt(1 - correlation**2)
        X[:, j] += correlation * X[:, j - 1]
    support = rng.choice(n_features, n_nonzero, replace=False)
    signal = rng.choice((-1.0, 1.0), n_nonzero)
    if decay:
        signal /= np.sqrt(1 + np.arange(n_nonzero))
    y = X[:, support] @ signal
    return X, y + y.std() / np.sqrt(snr) * rng.standard_normal(n_samples)


def several_tasks(X: Matrix, n_tasks: int, n_nonzero: int, snr: float = 5.0) -> Data:
    """Tasks with Gaussian effects of the same ``n_nonzero`` features."""
    rng = np.random.default_rng(1)
    signal = np.zeros((X.shape[1], n_tasks))
    signal[rng.choice(X.shape[1], n_nonzero, replace=False)] = rng.standard_normal((n_nonzero, n_tasks))
    Y = X @ signal
    return X, Y + Y.std() / np.sqrt(snr) * rng.standard_normal(Y.shape)


def simulated_tasks(n_samples: int, n_features: int, correlation: float, n_tasks: int, n_nonzero: int) -> Data:
    """:func:`simulated`, for several tasks."""
    return several_tasks(simulated(n_samples, n_features, correlation)[0], n_tasks, n_nonzero)


def sparse_tasks(n_samples: int, n_features: int, density: float, n_tasks: int, n_nonzero: int) -> Data:
    """:func:`sparse_simulated`, for several tasks."""
    return several_tasks(sparse_simulated(n_samples, n_features, density, n_nonzero)[0], n_tasks, n_nonzero)


def digits_halves() -> Data:
    """The lower halves of scikit-learn's digits from the upper halves, all pixels that vary scaled to unit variance."""
    from sklearn.datasets import load_digits
    from sklearn.preprocessing import StandardScaler

    images = load_digits().images
    halves = [images[:, rows].reshape(len(images), -1) for rows in (slice(0, 4), slice(4, 8))]
    X, Y = (StandardScaler().fit_transform(half[:, half.std(axis=0) > 0]) for half in halves)
    return X, Y


def text_like(n_samples: int = 4000, n_features: int = 55_000, n_entries: int = 900_000, storage: str = "csc") -> Data:
    """Counts of words, few of them frequent (Zipf), in documents of unit norm; y from 200 words of middle rank."""
    rng = np.random.default_rng(0)
    frequency = 1.0 / np.arange(10, n_features + 10)
    words = rng.choice(n_features, n_entries, p=frequency / frequency.sum())
    words[:n_features] = np.arange(n_features)
    counts = sparse.csr_matrix(
        (np.ones(n_entries), (rng.integers(n_samples, size=n_entries), words)), shape=(n_samples, n_features)
    )
    counts.data = 1 + np.log(counts.data)
    lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    X = sparse.csr_matrix(sparse.diags_array(1 / np.maximum(lengths, 1e-12)) @ counts)
    signal = np.zeros(n_features)
    signal[rng.choice(np.arange(50, 3000), 200, replace=False)] = rng.standard_normal(200)
    y = X @ signal
    y += 0.5 * y.std() * rng.standard_normal(n_samples)
    return (X.tocsc() if storage == "csc" else X), y


def sparse_simulated(n_samples: int, n_features: int, density: float, n_nonzero: int, snr: float = 20.0) -> Data:
    """Gaussian entries at random places; ``n_nonzero`` equal signals of random sign."""
    rng = np.random.default_rng(0)
    X = sparse.random(n_samples, n_features, density, format="csc", random_state=rng, data_rvs=rng.standard_normal)
    signal = np.zeros(n_features)
    signal[rng.choice(n_features, n_nonzero, replace=False)] = rng.choice((-1.0, 1.0), n_nonzero)
    y = X @ signal
    return X, y + y.std() / np.sqrt(snr) * rng.standard_normal(n_samples)


def interactions(name: str, degree: int) -> Data:
    """A data set of scikit-learn with the products of its features, all scaled to unit variance."""
    from sklearn import datasets
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X = PolynomialFeatures(degree, include_bias=False).fit_transform(StandardScaler().fit_transform(X))
    return StandardScaler().fit_transform(X), y.astype(np.float64)


def newsgroups() -> Data | None:
    """TF-IDF of the texts in scikit-learn's data folder, one topic against the others; None where they are not."""
    from sklearn.datasets import fetch_20newsgroups
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        texts = fetch_20newsgroups(subset="train", download_if_missing=False)
    except OSError:
        return None
    X = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts.data)
    return X.tocsc(), (texts.target < 6).astype(np.float64)
