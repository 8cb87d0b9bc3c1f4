"""Every storage answers a pass and gives its columns alike."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklearn_sparsefit.design import dense, make_design

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


@pytest.fixture(params=[2**24, 64])
def tile(request, monkeypatch):
    """Tiles as they are, and so small that there are many."""
    monkeypatch.setattr(dense, "TILE", request.param)
    monkeypatch.setattr(dense, "CONVERTED_TILE", request.param)
    monkeypatch.setattr(dense, "NARROW", 3)


@pytest.mark.usefixtures("tile")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("storage", STORAGES)
def test_pass_and_columns(storage, dtype):
    stored = STORAGES[storage](X.astype(dtype))
    reference = X.astype(dtype).astype(np.float64)
    design = make_design(stored)
    assert_allclose(design.correlate(R), R @ reference, rtol=1e-12, atol=1e-12)
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
