"""Every storage answers a pass and gives its columns alike."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from threadpoolctl import threadpool_limits

from sklearn_sparsefit.design import SomeRows, _columns, _sparse_pass, lines, make_design, tiles
from sklearn_sparsefit.design import moments as moments_module

RNG = np.random.default_rng(0)
X = RNG.standard_normal((37, 23)) * (RNG.uniform(size=(37, 23)) < 0.4)
R = RNG.standard_normal((5, 37))
MEAN = np.full(37, 1 / 37)


def duplicated(X):
    """CSC with every entry split in two, rows unsorted."""
    X = sparse.csc_array(X)
    halves = sparse.coo_array(
        (
            np.tile(X.data / 2, 2),
            (np.tile(X.indices, 2)[::-1], np.tile(np.repeat(np.arange(23), np.diff(X.indptr)), 2)[::-1]),
        ),
        shape=X.shape,
    )
    order = np.argsort(halves.col, kind="stable")
    indptr = 2 * X.indptr
    return sparse.csc_array((np.tile(X.data / 2, 2)[::-1][order], halves.row[order], indptr), shape=X.shape)


def long_indices(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def locked(X):
    X.setflags(write=False)
    return X


STORAGES = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "reversed": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
    "read_only": lambda X: locked(X.copy()),
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
    "csc_int64": lambda X: long_indices(sparse.csc_array(X)),
    "csr_int64": lambda X: long_indices(sparse.csr_array(X)),
    "csc_duplicates": duplicated,
}


@pytest.fixture(params=["one_piece", "many_pieces"])
def pieces(request, monkeypatch):
    """Pieces as they are, and so small that there are many."""
    if request.param == "many_pieces":
        for module, name, size in (
            (tiles, "SMALL_PRODUCT", 0),
            (tiles, "TILE", 64),
            (tiles, "TILE_ROWS", 3),
            (tiles, "MAX_SUMS", 4),
            (tiles, "BUFFER", 256),
            (lines, "PIECE", 10),
            (moments_module, "TILE", 64),
            (moments_module, "MIN_ROWS", 1),
            (moments_module, "MEMORY_SHARE", 0.3),
            (moments_module, "ROUND", 5000),
            (moments_module, "SHIFT_ROWS", 2),
        ):
            monkeypatch.setattr(module, name, size)


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("storage", STORAGES)
def test_pass_and_columns(storage, dtype):
    stored = STORAGES[storage](X.astype(dtype))
    reference = X.astype(dtype).astype(np.float64)
    design = make_design(stored)
    for residuals in (R, R[:1], np.tile(R, (4, 1))[:17], R[:0]):
        assert_allclose(design.correlate(residuals), residuals @ reference, rtol=1e-12, atol=1e-12)
    features = np.array([4, 0, 22])
    for centre in (None, MEAN):
        columns = design.columns(features, 0.5, centre)
        packed = columns.densify(0, 3) + columns.shift[:, None]
        assert_allclose(packed, 0.5 * reference[:, features].T, rtol=1e-14, atol=1e-14)
        assert columns.n_columns == 3
        coefs = RNG.standard_normal((2, 3))
        assert_allclose(columns.predict(coefs), coefs @ columns.densify(0, 3), atol=1e-12)
        assert_allclose(columns.correlate(R), R @ columns.densify(0, 3).T, atol=1e-12)


@pytest.mark.parametrize("storage", ["C", "csc", "csr"])
def test_columns_grow_and_are_taken_from(storage):
    design = make_design(STORAGES[storage](X))
    columns = design.columns(np.array([1, 2]), 1.0, MEAN)
    for feature in range(3, 20):
        columns.append(design.columns(np.array([feature]), 1.0, MEAN))
    together = design.columns(np.arange(1, 20), 1.0, MEAN)
    assert_allclose(columns.densify(0, 19), together.densify(0, 19), rtol=1e-12, atol=1e-14)
    assert_allclose(columns.shift, together.shift, rtol=1e-12, atol=1e-14)
    some = np.array([17, 3])
    assert_array_equal(columns.take(some).densify(0, 2), columns.densify(0, 19)[some])


@pytest.mark.parametrize("storage", ["C", "F", "csc", "csr"])
def test_a_pass_does_not_write_to_x(storage):
    stored = STORAGES[storage](X.copy())
    before = stored.copy()
    design = make_design(stored)
    design.correlate(R)
    design.columns(np.array([3, 1]), 2.0, MEAN)
    difference = stored - before
    assert abs(difference).sum() == 0


def long_double(X):
    return np.asarray(X.todense() if sparse.issparse(X) else X).astype(np.longdouble)


def expected_moments(stored, weights, target, centre, scale):
    """Straightforwardly, in extended precision, on the rows that count."""
    used = weights > 0
    Z = long_double(scale) * long_double(stored)[used]
    s, t = weights[used].astype(np.longdouble), target[used].astype(np.longdouble)
    means = s @ Z / s.sum() if centre else np.zeros(Z.shape[1], dtype=np.longdouble)
    Z = Z - means
    return means, (Z.T * s) @ Z, Z.T @ (s * t)


def centred_target(weights):
    target = RNG.standard_normal(len(weights))
    return target - weights @ target / weights.sum()


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("centre", [True, False])
def test_moments(storage, dtype, centre):
    stored = STORAGES[storage](X.astype(dtype))
    weights = RNG.uniform(size=37) * (RNG.uniform(size=37) < 0.7)
    weights /= weights.sum()
    target = centred_target(weights)
    means, gram, correlation = expected_moments(X.astype(dtype), weights, target, centre, 0.3)
    moments = make_design(stored).moments(weights, target, centre, 0.3)
    assert_allclose(moments.means, means.astype(float), rtol=1e-13, atol=1e-15)
    assert_allclose(moments.gram, gram.astype(float), rtol=1e-13, atol=1e-15)
    assert_allclose(moments.correlation, correlation.astype(float), rtol=1e-13, atol=1e-15)
    assert_array_equal(moments.gram, moments.gram.T)


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("storage", STORAGES)
def test_centred_products(storage, dtype):
    design = make_design(STORAGES[storage](X.astype(dtype)))
    means = RNG.standard_normal(23)
    Z = 0.3 * X.astype(dtype).astype(float) - means
    coefs = RNG.standard_normal((3, 23))
    for k in (0, 1, 3):
        assert_allclose(design.predict(coefs[:k], means, 0.3), coefs[:k] @ Z.T, rtol=1e-12, atol=1e-13)
        assert_allclose(design.correlate_centred(R[:k], means, 0.3), R[:k] @ Z, rtol=1e-12, atol=1e-13)


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("storage", STORAGES)
def test_columns_with_huge_means_keep_their_digits(storage):
    shifted = RNG.standard_normal((37, 23)) + 1e8 * RNG.standard_normal(23)
    design = make_design(STORAGES[storage](shifted))
    weights = RNG.uniform(size=37)
    weights /= weights.sum()
    target = centred_target(weights)
    _, gram, correlation = expected_moments(shifted, weights, target, True, 1.0)
    moments = design.moments(weights, target, True, 1.0)
    assert_allclose(moments.gram, gram.astype(float), rtol=1e-13, atol=1e-14)
    assert_allclose(moments.correlation, correlation.astype(float), rtol=1e-13, atol=1e-14)
    Z = long_double(shifted) - moments.means
    coefs = RNG.standard_normal((2, 23))
    assert_allclose(design.predict(coefs, moments.means, 1.0), (coefs @ Z.T).astype(float), rtol=1e-13, atol=1e-13)
    assert_allclose(design.correlate_centred(R, moments.means, 1.0), (R @ Z).astype(float), rtol=1e-13, atol=1e-13)


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("centre", [True, False])
def test_rows_of_weight_zero_count_for_nothing(storage, centre):
    wild = X.copy()
    wild[[0, 5, 36]] = 1e300 * RNG.standard_normal((3, 23))
    weights = np.full(37, 1 / 34)
    weights[[0, 5, 36]] = 0
    target = centred_target(weights)
    target[5] = 1e300
    means, gram, correlation = expected_moments(X, weights, target, centre, 1e20)
    moments = make_design(STORAGES[storage](wild)).moments(weights, target, centre, 1e20)
    assert_allclose(moments.means, means.astype(float), rtol=1e-13, atol=1e5)
    assert_allclose(moments.gram, gram.astype(float), rtol=1e-13, atol=1e25)
    assert_allclose(moments.correlation, correlation.astype(float), rtol=1e-13, atol=1e5)


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("storage", STORAGES)
def test_constant_columns_have_no_variance_but_rounding(storage):
    constant = np.tile(RNG.standard_normal(23) * 10.0 ** np.arange(-11, 12), (37, 1))
    weights = RNG.uniform(size=37)
    weights /= weights.sum()
    moments = make_design(STORAGES[storage](constant)).moments(weights, centred_target(weights), True, 1.0)
    assert np.all(np.diag(moments.gram) <= (1e-15 * moments.means) ** 2)
    assert_allclose(moments.means, constant[0], rtol=1e-15)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1), (3000, 3), (2500, 150), (300, 400)])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array, sparse.csr_array])
def test_shapes(shape, order, store):
    some = np.asarray(RNG.standard_normal(shape), order=order)
    design = make_design(store(some))
    weights = np.full(shape[0], 1 / shape[0])
    target = centred_target(weights)
    _, gram, correlation = expected_moments(some, weights, target, True, 1.0)
    moments = design.moments(weights, target, True, 1.0)
    assert_allclose(moments.gram, gram.astype(float), rtol=1e-12, atol=1e-14)
    assert_allclose(moments.correlation, correlation.astype(float), rtol=1e-12, atol=1e-14)
    residuals = RNG.standard_normal((9, shape[0]))
    assert_allclose(design.correlate(residuals), residuals @ some, rtol=1e-11, atol=1e-11)
    columns = design.columns(np.empty(0, dtype=np.intp), 1.0, weights)
    assert columns.n_columns == 0
    assert columns.predict(np.empty((2, 0))).shape == (2, shape[0])
    assert columns.correlate(residuals).shape == (9, 0)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_memory_map_is_read_where_it_lies(order, dtype, tmp_path):
    large = np.memmap(tmp_path / "X", dtype=dtype, mode="w+", shape=(1500, 900), order=order)
    large[:] = RNG.standard_normal(large.shape)
    large.flush()
    design = make_design(np.memmap(tmp_path / "X", dtype=dtype, mode="r", shape=(1500, 900), order=order))
    residuals = RNG.standard_normal((3, 1500))
    assert_allclose(design.correlate(residuals), residuals @ large.astype(float), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("store", [np.asarray, np.asfortranarray, sparse.csc_array, sparse.csr_array])
def test_the_number_of_threads_does_not_change_a_bit(store, dtype, monkeypatch):
    monkeypatch.setattr("sklearn_sparsefit._threads.cpu_count", lambda: 64)
    monkeypatch.setattr("sklearn_sparsefit._threads._limit._libraries", None)
    some = RNG.standard_normal((5000, 300)) * (RNG.uniform(size=(5000, 300)) < 0.5)
    design = make_design(store(some.astype(dtype)))
    weights = np.full(5000, 1 / 5000)
    residuals, coefs = RNG.standard_normal((17, 5000)), RNG.standard_normal((17, 300))
    answers = []
    for n_threads in (1, 2, 5):
        with threadpool_limits(n_threads, user_api="blas"):
            moments = design.moments(weights, residuals[0], False, 1.0)
            columns = design.columns(np.arange(200), 1.0, None)
            answers.append(
                [
                    design.correlate(residuals),
                    design.predict(coefs, coefs[0], 0.5),
                    design.correlate_centred(residuals, coefs[0], 0.5),
                    moments.gram,
                    moments.correlation,
                    columns.correlate(residuals),
                    columns.predict(coefs[:, :200]),
                    columns.products(weights, np.zeros(200), slice(100, 200)),
                ]
            )
    for other in answers[1:]:
        for one, another in zip(answers[0], other, strict=True):
            assert_array_equal(one, another)


@pytest.mark.parametrize("mean", [0.0, 3.0, 1e3, 1e6])
@pytest.mark.parametrize("start", [0, 4])
@pytest.mark.parametrize("n_samples", [50, 20000])
def test_products_of_packed_columns(mean, start, n_samples, monkeypatch):
    monkeypatch.setattr(_columns, "LARGE_PRODUCT", 1)
    rng, shape = np.random.default_rng(0), (n_samples, 9)
    X = (rng.standard_normal(shape) + mean) * (rng.uniform(size=shape) < (0.3 if mean < 1e3 else 1.0))
    weights = rng.uniform(size=n_samples) * (np.arange(n_samples) % 5 > 0)
    weights /= weights.sum()
    centred = np.asarray(X, np.longdouble) - np.asarray(weights, np.longdouble) @ np.asarray(X, np.longdouble)
    expected = (centred[:, start:8] * weights[:, None]).T @ centred[:, :8]
    sizes = np.sqrt(np.outer(weights @ centred[:, start:8] ** 2, weights @ centred[:, :8] ** 2))
    for stored in (X, np.asfortranarray(X), sparse.csc_array(X), sparse.csr_array(X)):
        columns = make_design(stored).columns(np.arange(9), 1.0, weights)
        means, _ = columns.moments(weights, True, slice(0, 9))
        found = columns.products(weights, means, slice(start, 8))
        assert (abs(found - expected) <= 1e-14 * (1 + mean) * sizes).all()


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("n_lines", [1, 3, 4, 9])
@pytest.mark.parametrize("length", [1, 3, 5, 1023, 1024, 2051])
def test_products_with_few_vectors(n_lines, length, monkeypatch):
    monkeypatch.setattr(tiles, "SMALL_PRODUCT", 0)
    rng = np.random.default_rng(0)
    # Part of a larger array, so that lines are apart, and what lies between them is no number.
    whole = np.full((n_lines, length + 3), np.nan)
    whole[:, :length] = rng.standard_normal((n_lines, length))
    for X in (whole[:, :length], whole[:, :length].T):
        for k in (1, 2, 3, 4):
            vectors = rng.standard_normal((k, len(X)))
            assert_allclose(tiles.multiply(vectors, X), np.einsum("ki,ij->kj", vectors, X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("storage", STORAGES)
def test_some_rows_are_a_design_of_these(storage):
    rows, features = np.array([0, 2, 3, 11, 30, 36]), np.array([4, 0, 22, 7])
    some, Z = SomeRows(make_design(STORAGES[storage](X)), rows), 2.0 * X[rows]
    residuals, coefs = RNG.standard_normal((3, 6)), RNG.standard_normal((2, 23))
    weights, target = RNG.dirichlet(np.ones(6)), RNG.standard_normal(6)
    target -= weights @ target
    means = weights @ Z
    close = partial(assert_allclose, rtol=1e-12, atol=1e-13)
    close(some.correlate(residuals, features), residuals @ X[rows][:, features])
    close(some.correlate(residuals), residuals @ X[rows])
    close(some.correlate_centred(residuals, means, 2.0), residuals @ (Z - means))
    close(some.predict(coefs, means, 2.0), coefs @ (Z - means).T)
    moments = some.moments(weights, target, True, 2.0)
    close(moments.means, means)
    close(moments.gram, (Z - means).T @ (weights[:, None] * (Z - means)))
    close(moments.correlation, (weights * target) @ Z)
    if storage != "csc_duplicates":
        close(some.sq_norms(weights, 2.0), weights @ Z**2)
    for centre in (None, weights):
        columns = some.columns(features, 2.0, centre)
        close(columns.densify(0, 4) + columns.shift[:, None], Z[:, features].T)
        columns.append(columns.take(np.array([1])))
        close(columns.densify(0, 5) + columns.shift[:, None], Z[:, features[[0, 1, 2, 3, 1]]].T)
        close(columns.correlate(residuals), residuals @ columns.densify(0, 5).T)


@pytest.mark.parametrize("n_vectors", [1, 3, 8, 11])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("store", [sparse.csc_array, sparse.csr_array])
def test_products_with_sparse_lines_of_any_length(store, dtype, index, n_vectors):
    rng = np.random.default_rng(0)
    # The first k entries of line k, for both ways to cut it into lines.
    X = np.tril(rng.standard_normal((12, 12)), -1).astype(dtype)
    stored = store(X)
    stored.indices, stored.indptr = stored.indices.astype(index), stored.indptr.astype(index)
    vectors, some = rng.standard_normal((n_vectors, 12)), np.array([11, 0, 4, 5])
    design = make_design(stored)
    assert_allclose(design.correlate(vectors), vectors @ X, atol=1e-14)
    assert_allclose(design.correlate(vectors, some), vectors @ X[:, some], atol=1e-14)
    columns = design.columns(some, 1.0, None)
    assert_allclose(columns.correlate(vectors), vectors @ X[:, some], atol=1e-14)
    assert_allclose(columns.predict(vectors[:, :4]), vectors[:, :4] @ X[:, some].T, atol=1e-14)


@pytest.mark.parametrize("mean", [0.0, 1.0, 1e3, 1e8])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 1.0])
def test_moments_of_sparse_columns(mean, share):
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((400, 7)) + mean) * (rng.uniform(size=(400, 7)) < share)
    X[:3, 0] = 1e200
    weights = rng.uniform(size=400) * (np.arange(400) % 5 > 0)
    weights /= weights.sum()
    columns = make_design(sparse.csc_array(X)).columns(np.arange(7), 1.0, None)
    s, Z = weights.astype(np.longdouble), X.astype(np.longdouble)
    for about_mean in (True, False):
        means, squares = columns.moments(weights, about_mean, slice(0, 7))
        exact = s @ Z / s.sum() if about_mean else np.zeros(7)
        assert (abs(means - exact) <= 1e-15 * np.sqrt(s @ Z**2)).all()
        # The rounding of the mean, squared, and of the sum of weights.
        rounding = 1e-13 * (s @ (Z - exact) ** 2) + (1e-15 * exact) ** 2
        assert (abs(squares - s @ (Z - exact) ** 2)[1:] <= rounding[1:]).all()
        assert not np.isfinite(squares[0])


def test_products_are_of_what_is_there():
    data, indices, indptr = np.ones(3), np.arange(3, dtype=np.int32), np.arange(4)
    vectors, result = np.ones((1, 3, 1)), np.empty((1, 3))
    with pytest.raises(ValueError, match="No sums of lines 0 to 4"):
        _sparse_pass.gather(data, indices, indptr[:-1], indptr[1:], vectors, result, 0, 4)
    with pytest.raises(ValueError, match="No sums of lines 0 to 3"):
        _sparse_pass.gather(data, indices, indptr[:-1], indptr[1:], vectors, np.empty((2, 3)), 0, 3)
    with pytest.raises(ValueError, match="No sums over lines 0 to 4"):
        _sparse_pass.scatter(data, indices, indptr, vectors[0], np.zeros((3, 1)), 0, 4)
    with pytest.raises(ValueError, match="No sums over lines 0 to 3"):
        _sparse_pass.scatter(data, indices, indptr, vectors[0], np.zeros((3, 8)), 0, 3)
