"""Cross-validation is nothing but the folds fitted one by one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)

from oracles import ElasticNetProblem
from registry import DENSE_STORAGES, DESIGNS, SPARSE_STORAGES, make_data
from sklearn_sparsefit import ElasticNet, ElasticNetCV, LassoCV, enet_path

N_SAMPLES = 48
FOLDS = np.arange(N_SAMPLES) % 4
SPLITTERS = {
    "number": 4,
    "KFold": KFold(4),
    "shuffled_KFold": KFold(4, shuffle=True, random_state=0),
    "RepeatedKFold": RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
    "TimeSeriesSplit": TimeSeriesSplit(4),
    "ShuffleSplit": ShuffleSplit(4, test_size=0.3, random_state=0),
    "part_of_the_rows": ShuffleSplit(3, test_size=0.2, train_size=0.5, random_state=0),
    "PredefinedSplit": PredefinedSplit(np.where(FOLDS == 3, -1, FOLDS)),
    "LeaveOneOut": LeaveOneOut(),
    "index_pairs": [(np.flatnonzero(k != FOLDS), np.flatnonzero(k == FOLDS)) for k in range(4)],
    "index_lists": [(list(range(0, 30)), list(range(30, 48))), (list(range(10, 48)), [0, 3, 5])],
    "unsorted_indices": [(np.arange(40)[::-1], [47, 40, 44]), (np.arange(8, 48), [7, 0])],
    "overlapping": [(np.arange(40), np.arange(20, 48)), (np.arange(48), np.arange(48))],
    "repeated_indices": [(np.tile(np.arange(24), 2), np.repeat(np.arange(24, 48), 2))],
    "boolean_masks": [(k != FOLDS, k == FOLDS) for k in range(4)],
}


def data():
    X, y = make_data("tall")
    return X[:N_SAMPLES], y[:N_SAMPLES]


def splits_of(cv, X, y):
    """The train and test indices; duplicates and order count as they do in indexing."""
    if isinstance(cv, int):
        cv = KFold(cv)
    return cv if isinstance(cv, list) else list(cv.split(X, y))


def expected_mse(X, y, splits, alphas, sample_weight=None, **params):
    """Weighted mean squared errors, the path of each fold fitted alone on its own rows."""
    weights = np.ones(len(y)) if sample_weight is None else sample_weight
    errors = np.empty((len(alphas), len(splits)))
    for k, (train, test) in enumerate(splits):
        _, coefs, _, intercepts = enet_path(
            X[train],
            y[train],
            alphas=alphas,
            sample_weight=weights[train],
            return_intercept=True,
            tol=1e-12,
            **{"fit_intercept": True} | params,
        )
        residuals = y[test, None] - X[test] @ coefs - intercepts
        errors[:, k] = np.average(residuals**2, axis=0, weights=weights[test])
    return errors


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("splitter", SPLITTERS)
def test_every_fold_is_a_fit_of_its_own(splitter, weighted):
    X, y = data()
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y)) if weighted else None
    cv = SPLITTERS[splitter]
    model = LassoCV(alphas=6, cv=cv, tol=1e-10).fit(X, y, sample_weight=weights)
    splits = splits_of(cv, X, y)
    expected = expected_mse(X, y, splits, model.alphas_, weights, l1_ratio=1.0)
    assert_allclose(model.mse_path_.reshape(expected.shape), expected, rtol=1e-6)
    assert model.alpha_ == model.alphas_[np.argmin(expected.mean(axis=1))]


@pytest.mark.parametrize("storage", ["dense_C", "dense_F", "memory_mapped", "csc_array", "coo_array", "csr_matrix"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("positive", [True, False])
def test_every_l1_ratio_on_every_storage(storage, fit_intercept, positive):
    X, y = make_data("mostly_zeros")
    stored = (DENSE_STORAGES | SPARSE_STORAGES)[storage](X)
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y))
    l1_ratios = [0.2, 0.7, 1.0]
    params = {"fit_intercept": fit_intercept, "positive": positive}
    model = ElasticNetCV(alphas=5, eps=0.02, l1_ratio=l1_ratios, cv=3, tol=1e-10, **params)
    model.fit(stored, y, sample_weight=weights)
    splits = list(KFold(3).split(X))
    assert model.alphas_.shape == (3, 5)
    assert model.mse_path_.shape == (3, 5, 3)
    for l1_ratio, alphas, errors in zip(l1_ratios, model.alphas_, model.mse_path_, strict=True):
        expected = expected_mse(X, y, splits, alphas, weights, l1_ratio=l1_ratio, **params)
        assert_allclose(errors, expected, rtol=1e-6)
    means = model.mse_path_.mean(axis=2)
    best = np.unravel_index(np.argmin(means), means.shape)
    assert model.l1_ratio_ == l1_ratios[best[0]]
    assert model.alpha_ == model.alphas_[best]


@pytest.mark.parametrize("design", sorted(set(DESIGNS) - {"one_sample", "tiny"}))
@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
def test_folds_of_every_design(Estimator, design):
    X, y = make_data(design)
    model = Estimator(alphas=8, eps=1e-2, cv=3, tol=1e-10).fit(X, y)
    l1_ratio = 1.0 if Estimator is LassoCV else 0.5
    expected = expected_mse(X, y, list(KFold(3).split(X)), model.alphas_, l1_ratio=l1_ratio)
    # Where a lasso has several answers, they differ on rows it was not fitted to.
    if design != "duplicated_columns":
        assert_allclose(model.mse_path_, expected, rtol=1e-3 if design == "nearly_collinear" else 1e-5)
    problem = ElasticNetProblem(X, y, alpha=model.alpha_, l1_ratio=l1_ratio)
    assert problem.relative(problem.dual_gap(model.coef_, model.intercept_)) <= 1e-10
    assert problem.relative(model.dual_gap_) <= 1e-10


@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
@pytest.mark.parametrize("weighted", [False, True])
def test_final_fit_is_the_estimator_at_the_chosen_alpha(Estimator, weighted):
    X, y = make_data("random")
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y)) if weighted else None
    model = Estimator(alphas=15, tol=1e-12).fit(X, y, sample_weight=weights)
    single = ElasticNet(model.alpha_, l1_ratio=getattr(model, "l1_ratio_", 1.0), tol=1e-12)
    single.fit(X, y, sample_weight=weights)
    assert_allclose(model.coef_, single.coef_, rtol=1e-7, atol=1e-10)
    assert_allclose(model.intercept_, single.intercept_, rtol=1e-8)


@pytest.mark.parametrize("design", ["random", "correlated", "wide", "mostly_zeros"])
def test_grid_search_chooses_the_same(design):
    X, y = make_data(design)
    l1_ratios, alphas = [0.3, 0.6, 1.0], np.geomspace(1, 1e-3, 8)
    cv = KFold(4, shuffle=True, random_state=0)
    model = ElasticNetCV(alphas=alphas, l1_ratio=l1_ratios, cv=cv, tol=1e-8).fit(X, y)
    search = GridSearchCV(
        ElasticNet(tol=1e-8),
        {"l1_ratio": l1_ratios, "alpha": alphas},
        cv=cv,
        scoring="neg_mean_squared_error",
    ).fit(X, y)
    assert model.alpha_ == search.best_params_["alpha"]
    assert model.l1_ratio_ == search.best_params_["l1_ratio"]
    assert_allclose(model.mse_path_.mean(axis=2).min(), -search.best_score_, rtol=1e-6)
    assert_allclose(model.coef_, search.best_estimator_.coef_, rtol=1e-4, atol=1e-6)


def test_groups_are_kept_together():
    X, y = data()
    groups = np.random.default_rng(0).integers(0, 8, len(y))
    with config_context(enable_metadata_routing=True):
        model = LassoCV(alphas=6, cv=GroupKFold(3), tol=1e-10).fit(X, y, groups=groups)
    splits = list(GroupKFold(3).split(X, y, groups))
    expected = expected_mse(X, y, splits, model.alphas_, l1_ratio=1.0)
    assert_allclose(model.mse_path_, expected, rtol=1e-6)


def test_splitter_sees_the_data_once():
    seen = []

    class Watching(KFold):
        def split(self, X, y=None, groups=None):
            seen.append((X.shape, y.shape))
            return super().split(X, y, groups)

    X, y = data()
    ElasticNetCV(l1_ratio=[0.5, 1.0], alphas=3, cv=Watching(3)).fit(X, y)
    assert seen == [(X.shape, y.shape)]


def test_splits_may_come_from_a_generator():
    X, y = data()
    generated = LassoCV(alphas=5, cv=KFold(3).split(X)).fit(X, y)
    assert_array_equal(generated.mse_path_, LassoCV(alphas=5, cv=3).fit(X, y).mse_path_)


def test_own_grid_reaches_below_what_held_out_rows_allow():
    X, y = make_data("wide")
    alphas = [10.0, 1e-1, 1e-3, 1e-5]
    model = LassoCV(alphas=alphas, cv=5, tol=1e-10).fit(X, y)
    expected = expected_mse(X, y, list(KFold(5).split(X)), alphas, l1_ratio=1.0)
    assert_array_equal(model.alphas_, alphas)
    assert_allclose(model.mse_path_, expected, rtol=1e-4)


@pytest.mark.parametrize("solver", ["auto", "cd", "prox_grad"])
def test_solvers_choose_the_same(solver):
    X, y = make_data("random")
    model = LassoCV(alphas=10, cv=3, solver=solver, tol=1e-6, max_iter=1_000_000).fit(X, y)
    reference = LassoCV(alphas=10, cv=3, tol=1e-12).fit(X, y)
    assert model.alpha_ == reference.alpha_
    assert_allclose(model.mse_path_, reference.mse_path_, rtol=1e-2)
