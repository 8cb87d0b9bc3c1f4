"""Warnings and errors: the same calls on scikit-learn's classes and on ours."""

import warnings

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.fixes import parse_version

import sklearn_sparsefit as ours
from registry import make_data

SINGLE = ["Lasso", "ElasticNet"]
CROSS_VALIDATED = ["LassoCV", "ElasticNetCV"]
ESTIMATORS = SINGLE + CROSS_VALIDATED
MULTI_TASK = ["MultiTaskLasso", "MultiTaskElasticNet"]
MULTI_TASK_CV = ["MultiTaskLassoCV", "MultiTaskElasticNetCV"]
since_1_9 = pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"),
    reason="the interface is that of scikit-learn 1.9",
)
ALL = ESTIMATORS + [pytest.param(name, marks=since_1_9) for name in MULTI_TASK + MULTI_TASK_CV]
PATHS = ["lasso_path", "enet_path"]


def both(name):
    return getattr(ours, name), getattr(theirs, name)


def data(name=""):
    X, y = make_data("tall")
    return X, (np.column_stack([y, X[:, 1] - y]) if name.startswith("MultiTask") else y)


@pytest.mark.parametrize("name", CROSS_VALIDATED + MULTI_TASK_CV)
def test_n_alphas_is_gone(name):
    with pytest.raises(TypeError, match="n_alphas"):
        both(name)[0](n_alphas=10)
    X, y = data(name)
    with pytest.raises(InvalidParameterError, match="The 'alphas' parameter"):
        both(name)[0](alphas=None).fit(X, y)


@pytest.mark.parametrize("name", PATHS)
def test_unknown_keyword_of_a_path(name):
    X, y = data()
    for path in both(name):
        with pytest.raises(ValueError, match=r"Unexpected parameters in params.*normalize"):
            path(X, y, normalize=True)


@pytest.mark.parametrize("name", PATHS)
def test_deprecated_alphas_of_a_path(name):
    X, y = data()
    path = both(name)[0]
    with pytest.warns(FutureWarning, match="'n_alphas' was deprecated in 1.9"):
        assert len(path(X, y, n_alphas=7)[0]) == 7
    with pytest.warns(FutureWarning, match="'alphas=None' is deprecated"):
        assert len(path(X, y, alphas=None)[0]) == 100
    assert len(path(X, y)[0]) == 100


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.filterwarnings("ignore:Coordinate descent with no regularization:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_alpha_zero_warns(name):
    X, y = data()
    for Estimator in both(name):
        with pytest.warns(UserWarning, match="With alpha=0, this algorithm does not converge"):
            Estimator(alpha=0).fit(X, y)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_one_convergence_warning(name):
    X, y = make_data("correlated")
    params = {"alphas": 5} if name in CROSS_VALIDATED else {"alpha": 1e-3}
    model = both(name)[0](max_iter=1, tol=1e-14, solver="cd", **params)
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        model.fit(X, y)
    record = [warning for warning in record if not str(warning.message).startswith("The chosen alpha")]
    assert [w.category for w in record] == [ConvergenceWarning]
    message = str(record[0].message)
    assert message.startswith("Objective did not converge.")
    assert "alpha" in message
    assert "gap" in message
    assert ("fold" in message) == (name in CROSS_VALIDATED)
    assert record[0].filename == __file__


@pytest.mark.parametrize("name", PATHS)
def test_one_convergence_warning_of_a_path(name):
    X, y = make_data("correlated")
    with pytest.warns(ConvergenceWarning, match="^Objective did not converge.*alpha") as record:
        both(name)[0](X, y, max_iter=1, tol=1e-14, solver="cd", alphas=10)
    assert len(record) == 1


@pytest.mark.parametrize("name", CROSS_VALIDATED)
def test_column_vector_warns(name):
    X, y = data()
    messages = []
    for Estimator in both(name):
        with pytest.warns(DataConversionWarning) as record:
            Estimator(alphas=3).fit(X, y[:, None])
        messages.append(str(record[0].message))
    assert messages[0] == messages[1]


BAD_CALLS = {
    "alpha": ("Lasso", {"alpha": -1.0}, {}),
    "alpha_type": ("Lasso", {"alpha": "much"}, {}),
    "l1_ratio": ("ElasticNet", {"l1_ratio": 1.5}, {}),
    "l1_ratio_cv": ("ElasticNetCV", {"l1_ratio": -0.5}, {}),
    "tol": ("Lasso", {"tol": -1}, {}),
    "max_iter": ("ElasticNetCV", {"max_iter": 0}, {}),
    "selection": ("Lasso", {"selection": "greedy"}, {}),
    "fit_intercept": ("Lasso", {"fit_intercept": "yes"}, {}),
    "precompute": ("Lasso", {"precompute": "auto"}, {}),
    "positive": ("LassoCV", {"positive": 3}, {}),
    "eps": ("LassoCV", {"eps": 0}, {}),
    "cv": ("LassoCV", {"cv": 1}, {}),
    "random_state": ("Lasso", {"random_state": -1}, {}),
    "alphas_sign": ("LassoCV", {"alphas": [0.1, -1.0]}, {}),
    "alphas_type": ("ElasticNetCV", {"alphas": [0.1, "1"]}, {}),
    "y_length": ("Lasso", {}, {"y": np.ones(3)}),
    "y_nan": ("Lasso", {}, {"y": np.full(200, np.nan)}),
    "y_nan_cv": ("LassoCV", {}, {"y": np.full(200, np.nan)}),
    "y_none": ("Lasso", {}, {"y": None}),
    "y_two_targets_cv": ("LassoCV", {}, {"y": np.ones((200, 2))}),
    "X_1d": ("Lasso", {}, {"X": np.ones(200)}),
    "X_inf": ("LassoCV", {}, {"X": np.full((200, 2), np.inf)}),
    "weight_nan": ("LassoCV", {}, {"sample_weight": np.full(200, np.nan)}),
    "groups_without_routing": ("LassoCV", {}, {"groups": np.ones(200)}),
    "tasks_alpha": ("MultiTaskLasso", {"alpha": -1.0}, {}),
    "tasks_l1_ratio": ("MultiTaskElasticNet", {"l1_ratio": 1.5}, {}),
    "tasks_l1_ratio_cv": ("MultiTaskElasticNetCV", {"l1_ratio": -0.5}, {}),
    "tasks_tol": ("MultiTaskLasso", {"tol": -1}, {}),
    "tasks_max_iter": ("MultiTaskElasticNetCV", {"max_iter": 0}, {}),
    "tasks_selection": ("MultiTaskLasso", {"selection": "greedy"}, {}),
    "tasks_eps": ("MultiTaskLassoCV", {"eps": 0}, {}),
    "tasks_y_length": ("MultiTaskLasso", {}, {"y": np.ones((3, 2))}),
    "tasks_y_nan": ("MultiTaskLasso", {}, {"y": np.full((200, 2), np.nan)}),
    "tasks_y_nan_cv": ("MultiTaskLassoCV", {}, {"y": np.full((200, 2), np.nan)}),
    "tasks_y_none": ("MultiTaskLasso", {}, {"y": None}),
    "tasks_y_one_target": ("MultiTaskElasticNet", {}, {"y": np.ones(200)}),
    "tasks_groups_without_routing": ("MultiTaskLassoCV", {}, {"groups": np.ones(200)}),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_same_error(case):
    name, params, changed = BAD_CALLS[case]
    X, y = data(name)
    arguments = {"X": X, "y": y} | changed
    errors = []
    for Estimator in both(name):
        with pytest.raises((ValueError, TypeError)) as info:
            Estimator(**params).fit(**arguments)
        errors.append(info)
    assert errors[0].type is errors[1].type
    assert str(errors[0].value).splitlines()[0] == str(errors[1].value).splitlines()[0]


CLASSIFIED = np.arange(200) % 2
BAD_CLASSES = {
    "class_weight": ({"class_weight": "even"}, {}),
    "class_weight_of_others": ({"class_weight": {7: 2.0}}, {}),
    "tol": ({"tol": -1}, {}),
    "one_class": ({}, {"y": np.ones(200, int)}),
    "y_nan": ({}, {"y": np.full(200, np.nan)}),
    "y_none": ({}, {"y": None}),
    "y_fractions": ({}, {"y": np.linspace(0, 1, 200)}),
    "y_length": ({}, {"y": np.arange(3) % 2}),
    "X_1d": ({}, {"X": np.ones(200)}),
    "X_inf": ({}, {"X": np.full((200, 2), np.inf)}),
    "weight_nan": ({}, {"sample_weight": np.full(200, np.nan)}),
}


@since_1_9
@pytest.mark.parametrize("case", BAD_CLASSES)
def test_same_error_of_classifiers(case):
    params, changed = BAD_CLASSES[case]
    arguments = {"X": data()[0], "y": CLASSIFIED} | changed
    messages = []
    for Estimator in (ours.SparseLogisticRegression, theirs.LogisticRegression):
        with pytest.raises((ValueError, TypeError)) as info:
            Estimator(**params).fit(**arguments)
        messages.append(str(info.value).splitlines()[0].replace("SparseLogistic", "Logistic"))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(3,), (200, 2)])
def test_weights_of_another_shape_are_a_value_error(name, shape):
    X, y = data(name)
    for Estimator in both(name):
        with pytest.raises(ValueError, match=r"[Ss]ample.weight"):
            Estimator().fit(X, y, sample_weight=np.ones(shape))


@pytest.mark.parametrize("name", ALL)
def test_sparse_target_is_a_type_error(name):
    X, y = data()
    for Estimator in both(name):
        with pytest.raises(TypeError, match=r"[Ss]parse"):
            Estimator().fit(X, sparse.csr_array(y[:, None]))


@pytest.mark.parametrize("name", ALL)
def test_using_an_estimator_the_wrong_way(name):
    X, y = data(name)
    messages = []
    for Estimator in both(name):
        with pytest.raises(NotFittedError) as info:
            Estimator().predict(X)
        messages.append(str(info.value))
        with pytest.raises(ValueError, match="features") as info:
            Estimator().fit(X, y).predict(X[:, :-1])
        messages.append(str(info.value))
    assert messages[:2] == messages[2:]


@pytest.mark.parametrize("name", SINGLE)
def test_gram_matrix_with_an_intercept_is_ignored_aloud(name):
    X, y = data()
    X = X + 1.0
    with pytest.warns(UserWarning, match="Gram matrix was provided but X was centered"):
        model = both(name)[0](0.1, precompute=X.T @ X, tol=1e-10).fit(X, y)
    assert_allclose(model.coef_, both(name)[0](0.1, tol=1e-10).fit(X, y).coef_, rtol=1e-7)
