"""A bad call names what was wrong and leaves the estimator as it was."""

import numpy as np
import pytest
from scipy import sparse

from registry import make_data
from sklearn_sparsefit import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    enet_path,
    lasso_path,
)

ESTIMATORS = [Lasso, ElasticNet, LassoCV, ElasticNetCV]
CROSS_VALIDATED = [LassoCV, ElasticNetCV]
PATHS = [lasso_path, enet_path]
X, Y = make_data("tall")
ONES = np.ones(len(Y))


def put(array, value, position=3):
    """A copy with one entry changed."""
    array = array.copy()
    array.flat[position] = value
    return array


BAD_DATA = {
    "X_nan": ({"X": put(X, np.nan)}, "X contains NaN"),
    "X_infinite": ({"X": put(X, -np.inf)}, "X contains infinity"),
    "X_sparse_nan": ({"X": sparse.csr_array(put(X, np.nan))}, "X contains NaN"),
    "X_complex": ({"X": X * 1j}, "Complex data not supported"),
    "X_words": ({"X": np.full(X.shape, "one", object)}, "could not convert string to float"),
    "X_no_rows": ({"X": X[:0], "y": Y[:0]}, "0 sample"),
    "X_no_columns": ({"X": X[:, :0]}, "0 feature"),
    "X_one_dimension": ({"X": X[:, 0]}, "Expected 2D array, got 1D array"),
    "X_three_dimensions": ({"X": X[:, :, None]}, "dim 3"),
    "X_other_length": ({"X": X[:-1]}, r"inconsistent.*\[199, 200\]"),
    "y_nan": ({"y": put(Y, np.nan)}, "y contains NaN"),
    "y_infinite": ({"y": put(Y, np.inf)}, "y contains infinity"),
    "y_complex": ({"y": Y * 1j}, "Complex data not supported"),
    "y_words": ({"y": np.full(len(Y), "one", object)}, "could not convert string to float"),
    "y_none": ({"y": None}, "y cannot be None|requires y to be passed"),
    "y_other_length": ({"y": Y[:-1]}, r"inconsistent.*\[200, 199\]"),
    "weight_other_length": ({"sample_weight": ONES[:-1]}, r"sample_weight.*\(199,\)"),
    "weight_two_dimensions": ({"sample_weight": np.ones((200, 2))}, "[Ss]ample.weight"),
    "weight_nan": ({"sample_weight": put(ONES, np.nan)}, "sample_weight contains NaN"),
    "weight_infinite": ({"sample_weight": put(ONES, np.inf)}, "sample_weight contains infinity"),
    "weight_negative": ({"sample_weight": put(ONES, -2.0)}, r"sample_weight.*-2\.0"),
    "weight_all_zero": ({"sample_weight": 0 * ONES}, r"sample_weight.*zero"),
}
BAD_PARAMS = {
    "tol_negative": ({"tol": -1e-3}, "'tol' parameter.*-0.001"),
    "tol_nan": ({"tol": np.nan}, "'tol' parameter.*nan"),
    "max_iter": ({"max_iter": 0}, "'max_iter' parameter.*Got 0"),
    "max_iter_fraction": ({"max_iter": 2.5}, "'max_iter' parameter.*Got 2.5"),
    "selection": ({"selection": "greedy"}, "'selection' parameter.*'greedy'"),
    "solver": ({"solver": "lars"}, "'solver' parameter.*'auto'.*'lars'"),
    "solver_none": ({"solver": None}, "'solver' parameter.*None"),
    "positive": ({"positive": 2}, "'positive' parameter.*Got 2"),
    "fit_intercept": ({"fit_intercept": "no"}, "'fit_intercept' parameter.*'no'"),
    "precompute": ({"precompute": "maybe"}, "'precompute' parameter.*'maybe'"),
    "gram_shape": ({"precompute": np.eye(3)}, r"precompute.*\(3, 3\).*\(10, 10\)"),
}
BAD_SINGLE = {
    "alpha_negative": ({"alpha": -0.5}, "'alpha' parameter.*-0.5"),
    "alpha_nan": ({"alpha": np.nan}, "'alpha' parameter.*nan"),
    "alpha_infinite": ({"alpha": np.inf}, "'alpha' parameter.*inf"),
    "alpha_none": ({"alpha": None}, "'alpha' parameter.*None"),
}
BAD_CROSS_VALIDATED = {
    "alphas_negative": ({"alphas": [0.1, -0.5]}, r"alphas\[1\].*-0.5"),
    "alphas_nan": ({"alphas": [0.1, np.nan]}, r"alphas\[1\].*nan"),
    "alphas_infinite": ({"alphas": [np.inf, 0.1]}, r"alphas\[0\].*inf"),
    "alphas_word": ({"alphas": [0.1, "1"]}, r"alphas\[1\].*str"),
    "alphas_empty": ({"alphas": []}, r"alphas.*empty|alphas.*at least one"),
    "alphas_zero": ({"alphas": 0}, "'alphas' parameter.*Got 0"),
    "alphas_two_dimensions": ({"alphas": [[0.1], [0.2]]}, "alphas"),
    "eps": ({"eps": 0.0}, "'eps' parameter.*Got 0.0"),
    "cv_one": ({"cv": 1}, "n_splits=1|'cv' parameter.*Got 1"),
    "cv_word": ({"cv": "three"}, "'cv' parameter.*'three'"),
    "cv_empty_train": ({"cv": [([], np.arange(200))]}, r"fold 0.*train|train.*fold 0"),
    "cv_empty_test": (
        {"cv": [(np.arange(9), np.arange(9, 20)), (np.arange(200), [])]},
        r"fold 1.*test|test.*fold 1",
    ),
    "cv_no_folds": ({"cv": []}, r"cv.*fold|cv.*split"),
    "n_jobs": ({"n_jobs": 1.5}, "'n_jobs' parameter.*Got 1.5"),
}
BAD_L1_RATIO = {
    "above": (1.5, r"l1_ratio.*1\.5"),
    "below": (-0.25, r"l1_ratio.*-0\.25"),
    "nan": (np.nan, "l1_ratio.*nan"),
    "word": ("half", "l1_ratio.*'half'"),
    "none": (None, "l1_ratio.*None"),
}


def assert_refused(model, arguments, message):
    """The call fails with this message and every attribute is the object it was."""
    before = dict(vars(model))
    arrays = {k: v.copy() for k, v in before.items() if isinstance(v, np.ndarray)}
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
        model.fit(**{"X": X, "y": Y} | arguments)
    after = vars(model)
    assert after.keys() == before.keys()
    for name, value in before.items():
        assert after[name] is value, name
    for name, array in arrays.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name)


def make_fitted(Estimator):
    return Estimator(warm_start=True).fit(X, Y) if Estimator in (Lasso, ElasticNet) else Estimator(alphas=5).fit(X, Y)


@pytest.mark.parametrize("case", BAD_DATA)
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_bad_data(Estimator, case):
    assert_refused(make_fitted(Estimator), *BAD_DATA[case])
    assert_refused(Estimator(), *BAD_DATA[case])


@pytest.mark.parametrize("case", BAD_PARAMS)
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_bad_parameter(Estimator, case):
    params, message = BAD_PARAMS[case]
    assert_refused(make_fitted(Estimator).set_params(**params), {}, message)


@pytest.mark.parametrize("case", BAD_SINGLE)
@pytest.mark.parametrize("Estimator", [Lasso, ElasticNet])
def test_bad_alpha(Estimator, case):
    params, message = BAD_SINGLE[case]
    assert_refused(make_fitted(Estimator).set_params(**params), {}, message)


@pytest.mark.parametrize("case", BAD_CROSS_VALIDATED)
@pytest.mark.parametrize("Estimator", CROSS_VALIDATED)
def test_bad_grid_or_split(Estimator, case):
    params, message = BAD_CROSS_VALIDATED[case]
    assert_refused(make_fitted(Estimator).set_params(**params), {}, message)


@pytest.mark.parametrize("case", BAD_L1_RATIO)
def test_bad_l1_ratio(case):
    l1_ratio, message = BAD_L1_RATIO[case]
    for Estimator in (ElasticNet, ElasticNetCV):
        assert_refused(make_fitted(Estimator).set_params(l1_ratio=l1_ratio), {}, message)
    assert_refused(make_fitted(ElasticNetCV).set_params(l1_ratio=[0.5, l1_ratio]), {}, message)
    with pytest.raises((ValueError, TypeError), match=message):
        enet_path(X, Y, l1_ratio=l1_ratio)


@pytest.mark.parametrize("side", ["train", "test"])
@pytest.mark.parametrize("Estimator", CROSS_VALIDATED)
def test_fold_without_weight_is_named(Estimator, side):
    weights = ONES.copy()
    second = np.arange(len(Y)) // 50 == 1
    weights[second if side == "test" else ~second] = 0
    model = make_fitted(Estimator).set_params(cv=4)
    assert_refused(model, {"sample_weight": weights}, "sample_weight.*fold 1.*zero")


@pytest.mark.parametrize("Estimator", CROSS_VALIDATED)
@pytest.mark.parametrize("split", [([10**6], [0]), ([0.5, 1.5], [0]), (np.ones(3, bool), [0])])
def test_fold_that_is_no_pair_of_rows(Estimator, split):
    model = make_fitted(Estimator).set_params(cv=[(np.arange(50), np.arange(50, 60)), split])
    assert_refused(model, {}, "cv gives fold 1 no pair")


@pytest.mark.parametrize("Estimator", CROSS_VALIDATED)
def test_scorer_of_classifiers(Estimator):
    assert_refused(make_fitted(Estimator).set_params(scoring="roc_auc"), {}, "scoring='roc_auc'.*regressors")


@pytest.mark.parametrize("Estimator", [Lasso, ElasticNet])
def test_warm_start_from_foreign_coefficients(Estimator):
    for coef in (np.ones(9), np.ones((2, 10)), put(np.ones(10), np.nan)):
        model = make_fitted(Estimator)
        model.coef_ = coef
        assert_refused(model, {}, "coef_")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "params, message",
    [
        ({"alphas": [1.0, -0.5]}, r"alphas\[1\].*-0.5"),
        ({"alphas": [np.nan]}, r"alphas\[0\].*nan"),
        ({"alphas": []}, "alphas.*empty|alphas.*at least one"),
        ({"alphas": 0}, "'alphas' parameter.*Got 0"),
        ({"eps": -1.0}, "'eps' parameter.*-1.0"),
        ({"eps": 1.5}, r"eps == 1\.5, must be <= 1"),
        ({"coef_init": np.ones(9)}, r"coef_init.*\(9,\).*\(10,\)"),
        ({"coef_init": put(np.ones(10), np.nan)}, "coef_init.*NaN"),
        ({"coef_init": ["a"] * 10}, "coef_init|could not convert"),
        ({"tol": -1.0}, "tol.*-1.0"),
        ({"max_iter": 0}, "max_iter.*0"),
        ({"selection": "greedy"}, "selection.*random.*cyclic|selection.*cyclic.*random"),
        ({"solver": "lars"}, "solver.*'lars'"),
        ({"sample_weight": put(ONES, -2.0)}, r"sample_weight.*-2\.0"),
        ({"sample_weight": ONES[1:]}, r"sample_weight.*\(199,\)"),
        ({"sample_weight": 0 * ONES}, "sample_weight.*zero"),
        ({"precompute": np.eye(3)}, r"precompute.*\(3, 3\).*\(10, 10\)"),
        ({"Xy": np.ones(3)}, r"Xy.*\(3,\).*\(10,\)"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_bad_path_arguments(path, params, message):
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
        path(X, Y, **{"alphas": 5} | params)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("case", [case for case in BAD_DATA if case != "y_none"])
def test_bad_path_data(path, case):
    arguments, message = BAD_DATA[case]
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
        path(**{"X": X, "y": Y, "alphas": 5} | arguments)


def test_wrong_features_at_prediction():
    model = Lasso().fit(X, Y)
    with pytest.raises(ValueError, match=r"9 features.*expecting 10"):
        model.predict(X[:, :9])


@pytest.mark.parametrize("store", [sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("part, value", [("indices", 10**6), ("indices", -5), ("indptr", 10**6)])
def test_sparse_matrices_that_point_beyond_their_ends(store, part, value):
    X = store(np.eye(12)[:, :8] + 1.0)
    getattr(X, part)[3] = value
    for call in (Lasso().fit, lasso_path):
        with pytest.raises(ValueError, match=r"\(12, 8\).*indices or indptr"):
            call(X, np.arange(12.0))
