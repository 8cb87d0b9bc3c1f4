"""Several classes by cross-validation, and as scikit-learn's tools meet them."""

import pickle
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import softmax
from sklearn import config_context
from sklearn.base import clone
from sklearn.feature_selection import SelectFromModel
from sklearn.metrics import log_loss, make_scorer
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.utils import compute_class_weight

from registry import make_weights
from sklearn_sparsefit import (
    CoefficientPathDisplay,
    CVCurveDisplay,
    SparseLogisticRegression,
    SparseLogisticRegressionCV,
)
from test_multinomial import CODES, LABELS, X, Y, each_grouping, fit

CV = StratifiedKFold(3, shuffle=True, random_state=0)


@each_grouping
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize(
    "weights, class_weight, lower",
    [("none", None, None), ("random", "balanced", 0.0), ("with_zeros", {"fir": 3.0}, None)],
)
def test_every_fold_is_a_fit_of_its_own(grouped, store, weights, class_weight, lower):
    sample_weight = make_weights(weights, len(Y))
    params = {"grouped": grouped, "standardize": True, "lower_bounds": lower}
    model = SparseLogisticRegressionCV(
        l1_ratio=[0.5, 1.0],
        alphas=3,
        eps=0.1,
        cv=CV,
        tol=1e-12,
        store_fold_coefs=True,
        class_weight=class_weight,
        **params,
    ).fit(store(X), Y, sample_weight=sample_weight)
    of_classes = compute_class_weight(class_weight, classes=LABELS, y=Y, sample_weight=sample_weight)
    total = of_classes[CODES] * (1 if sample_weight is None else sample_weight)
    assert model.coef_path_.shape == (3, 12, 3) and model.intercept_path_.shape == (3, 3)
    assert model.fold_coef_path_.shape == (3, 3, 12, 3) and model.fold_intercept_path_.shape == (3, 3, 3)
    for row, l1_ratio in enumerate([0.5, 1.0]):
        for fold, (train, test) in enumerate(CV.split(X, Y)):
            for number, alpha in enumerate(model.alphas_[row]):
                alone = fit(X[train], Y[train], alpha, sample_weight=total[train], l1_ratio=l1_ratio, **params)
                chances = softmax(X[test] @ alone.coef_.T + alone.intercept_, axis=1)
                losses = -np.log(chances[np.arange(len(test)), CODES[test]])
                expected = np.average(losses, weights=total[test])
                assert_allclose(model.loss_path_[row, number, fold], expected, rtol=1e-5)
                if l1_ratio == model.l1_ratio_:
                    assert_allclose(model.fold_coef_path_[fold, ..., number], alone.coef_, atol=2e-5)
                    assert_allclose(model.fold_intercept_path_[fold, :, number], alone.intercept_, atol=2e-5)
    means = model.loss_path_.mean(axis=2)
    best = np.unravel_index(np.argmin(means), means.shape)
    assert (model.l1_ratio_, model.alpha_) == ([0.5, 1.0][best[0]], model.alphas_[best])
    assert_array_equal(model.coef_path_[..., best[1]], model.coef_)
    assert_array_equal(model.intercept_path_[:, best[1]], model.intercept_)
    alone = fit(X, Y, model.alpha_, sample_weight=total, l1_ratio=model.l1_ratio_, **params)
    assert_allclose(model.coef_, alone.coef_, atol=2e-5)


@each_grouping
@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc_ovr", "neg_log_loss", "roc_auc_ovo_weighted"])
def test_chosen_as_by_grid_search(grouped, scoring):
    model = SparseLogisticRegressionCV(alphas=4, cv=CV, scoring=scoring, tol=1e-9, grouped=grouped).fit(X, Y)
    search = GridSearchCV(
        SparseLogisticRegression(tol=1e-9, grouped=grouped), {"alpha": model.alphas_}, cv=CV, scoring=scoring
    ).fit(X, Y)
    for name in ("mean_test_score", "std_test_score", "split0_test_score", "split2_test_score"):
        assert_allclose(model.cv_results_[name], search.cv_results_[name], rtol=1e-4)
    assert model.alpha_ == search.best_params_["alpha"]
    if scoring == "neg_log_loss":
        assert_allclose(model.cv_results_["mean_test_score"], -model.loss_path_.mean(axis=1), rtol=1e-9)


@pytest.mark.parametrize("scoring", [None, "accuracy"])
def test_one_standard_error(scoring):
    model = SparseLogisticRegressionCV(alphas=25, cv=4, alpha_rule="1se", scoring=scoring).fit(X, Y)
    scores = np.column_stack([model.cv_results_[f"split{k}_test_score"] for k in range(4)])
    means, errors = scores.mean(axis=1), scores.std(axis=1, ddof=1) / 2
    best = int(np.argmax(means))
    assert model.alpha_min_ == model.alphas_[best]
    assert model.alpha_ == model.alpha_1se_ == model.alphas_[means >= means[best] - errors[best]].max()


@each_grouping
@pytest.mark.parametrize("store", [np.asfortranarray, sparse.csc_array, sparse.csr_array])
def test_threads_change_no_bit(grouped, store):
    params = {"l1_ratio": [0.5, 1.0], "alphas": 3, "eps": 0.1, "store_fold_coefs": True, "scoring": "accuracy"}
    alone, together = (
        SparseLogisticRegressionCV(n_jobs=n_jobs, grouped=grouped, **params).fit(store(X), Y) for n_jobs in (1, 3)
    )
    for name in ("loss_path_", "coef_path_", "dual_gap_path_", "fold_coef_path_", "alphas_", "intercept_path_"):
        assert_array_equal(getattr(alone, name), getattr(together, name))
    assert_array_equal(alone.cv_results_["mean_test_score"], together.cv_results_["mean_test_score"])


def test_folds_are_stratified():
    order = np.argsort(Y)
    model = SparseLogisticRegressionCV(alphas=4).fit(X[order], Y[order])
    same = SparseLogisticRegressionCV(alphas=4, cv=list(StratifiedKFold(5).split(X, Y[order]))).fit(X[order], Y[order])
    assert_array_equal(model.loss_path_, same.loss_path_)


def test_weights_are_routed():
    weights = make_weights("with_zeros", len(Y))
    scorer = make_scorer(log_loss, greater_is_better=False, response_method="predict_proba")
    model = SparseLogisticRegressionCV(alphas=5, eps=1e-2, cv=CV)
    with config_context(enable_metadata_routing=True):
        routed = clone(model).set_params(scoring=scorer.set_score_request(sample_weight=True))
        routed.fit(X, Y, sample_weight=weights)
        scores = cross_val_score(
            SparseLogisticRegression().set_fit_request(sample_weight=True).set_score_request(sample_weight=False),
            X,
            Y,
            cv=CV,
            params={"sample_weight": weights},
        )
    inside = clone(model).fit(X, Y, sample_weight=weights)
    assert_allclose(routed.cv_results_["mean_test_score"], -inside.loss_path_.mean(axis=1), rtol=1e-9)
    expected = []
    for train, test in CV.split(X, Y):
        alone = SparseLogisticRegression().fit(X[train], Y[train], weights[train])
        expected.append(np.mean(alone.predict(X[test]) == Y[test]))
    assert_allclose(scores, expected)


def test_predictions():
    for model in (fit(X, Y), SparseLogisticRegressionCV(alphas=5, grouped=True).fit(X, Y)):
        scores, chances, logarithms = model.decision_function(X), model.predict_proba(X), model.predict_log_proba(X)
        assert scores.shape == chances.shape == logarithms.shape == (120, 3)
        assert_allclose(scores, X @ model.coef_.T + model.intercept_)
        assert_allclose(chances.sum(axis=1), 1, rtol=1e-14)
        assert_allclose(chances, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))
        assert_allclose(logarithms, np.log(chances), rtol=1e-12, atol=1e-14)
        assert_array_equal(model.predict(X), LABELS[scores.argmax(axis=1)])
        assert model.score(X, Y) == np.mean(model.predict(X) == Y)
    model.coef_ = model.coef_ * 1e4
    assert np.isfinite(model.predict_log_proba(X)).all() and np.isfinite(model.predict_proba(X)).all()
    assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@each_grouping
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_predictions_along_the_path(grouped, store):
    weights = make_weights("random", len(Y))
    model = SparseLogisticRegressionCV(alphas=4, eps=0.05, tol=1e-12, grouped=grouped).fit(X, Y)
    labels, chances = model.predict_path(store(X)), model.predict_proba_path(store(X))
    scores = model.score_path(store(X), Y, sample_weight=weights)
    assert labels.shape == (120, 4) and chances.shape == (120, 3, 4) and scores.shape == (4,)
    for number, alpha in enumerate(model.alphas_):
        alone = fit(X, Y, alpha, grouped=grouped)
        assert_array_equal(labels[:, number], alone.predict(X))
        assert_allclose(chances[..., number], alone.predict_proba(X), rtol=1e-5)
        assert_allclose(scores[number], alone.score(X, Y, weights), rtol=1e-12)


@each_grouping
def test_copies(grouped):
    model = SparseLogisticRegressionCV(alphas=5, grouped=grouped)
    assert clone(model).get_params()["grouped"] is grouped
    model.fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert_array_equal(again.sparse_coef_.toarray(), model.coef_)
    assert_array_equal(clone(model).fit(X, Y).coef_, model.coef_)


@each_grouping
def test_selection_of_named_columns(grouped):
    frame = pytest.importorskip("pandas").DataFrame(X, columns=[f"x{j}" for j in range(12)])
    selector = SelectFromModel(SparseLogisticRegression(0.1, grouped=grouped), threshold=1e-10).set_output(
        transform="pandas"
    )
    kept = selector.fit_transform(frame, Y)
    names = frame.columns[np.abs(selector.estimator_.coef_).max(axis=0) > 0]
    assert 0 < len(names) < 12 and list(kept.columns) == list(names)


def test_displays():
    plt = pytest.importorskip("matplotlib.pyplot")
    model = SparseLogisticRegressionCV(alphas=8).fit(X, Y)
    display = CoefficientPathDisplay.from_estimator(model)
    kept = np.flatnonzero(model.coef_path_.any(axis=(0, 2)))
    norms = np.linalg.norm(model.coef_path_, axis=0)[kept]
    assert_allclose([line.get_ydata() for line in display.lines_], norms)
    display = CoefficientPathDisplay.from_estimator(model, task_names=model.classes_, task="fir")
    of_fir = model.coef_path_[2]
    assert_allclose([line.get_ydata() for line in display.lines_], of_fir[of_fir.any(axis=1)])
    assert "fir" in display.ax_.get_ylabel()
    assert CVCurveDisplay.from_estimator(model).ax_ is not None
    plt.close("all")


def test_memory_is_that_of_few_alphas_at_a_time():
    rng = np.random.default_rng(0)
    tall = rng.standard_normal((30_000, 6))
    codes = (tall @ rng.standard_normal((6, 8)) + rng.gumbel(size=(30_000, 8))).argmax(axis=1)
    tracemalloc.start()
    try:
        SparseLogisticRegressionCV(alphas=10, eps=0.5, cv=2).fit(tall, codes)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Of numbers for every class and sample.
    assert peak < 50 * 8 * codes.size * 8
