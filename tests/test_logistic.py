"""Sparse logistic regression: its objective, scikit-learn's answers, folds fitted one by one, and what y may be."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError, UndefinedMetricWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, make_scorer, precision_score
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, StratifiedKFold, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import compute_class_weight

from registry import DENSE_STORAGES, FRAMES, SPARSE_STORAGES, every_pair, make_weights
from sklearn_sparsefit import SparseLogisticRegression, SparseLogisticRegressionCV, alpha_from_C, logistic_path
from test_bad_input import assert_refused, put
from test_generalized import ROUNDING, GeneralizedProblem, make_glm
from test_losses import LOSSES

BINOMIAL = LOSSES[0]
ESTIMATORS = [SparseLogisticRegression, SparseLogisticRegressionCV]
LABELS = {
    "strings": ["no", "yes"],
    "strings_of_object": np.array(["no", "yes"], object),
    "bools": [False, True],
    "ints": [3, 17],
    "signs": [-1, 1],
    "floats": [-1.0, 1.0],
    "small_ints": np.array([0, 1], np.int8),
}


def data(design="tall", labels=("no", "yes")):
    """A design, labels, and zero or one for each of them."""
    X, codes = make_glm(BINOMIAL, design)
    return X, np.asarray(labels)[codes.astype(int)], codes


def problem_of(X, codes, **params):
    return GeneralizedProblem(X, codes, BINOMIAL.formulas, **params)


def losses(model, X, codes):
    scores = X @ model.coef_[0] + model.intercept_
    return np.logaddexp(0, scores) - codes * scores


def make_quick(Estimator, **params):
    params = {"alphas": 5, "cv": 3} | params if Estimator is SparseLogisticRegressionCV else params
    return Estimator(**params)


# --- The objective ---


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("weights", ["none", "with_zeros"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_gap_is_above_the_suboptimality(store, l1_ratio, weights, fit_intercept):
    for design in ("correlated", "wide"):
        X, y, codes = data(design)
        weights_ = make_weights(weights, len(y))
        terms = {"l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
        for alpha, tol in ((0.1, 1e-4), (0.01, 1e-4), (0.01, 1e-2)):
            model = SparseLogisticRegression(alpha, tol=tol, **terms).fit(store(X), y, sample_weight=weights_)
            best = SparseLogisticRegression(alpha, tol=1e-11, **terms).fit(X, y, sample_weight=weights_)
            problem = problem_of(X, codes, alpha=alpha, sample_weight=weights_, **terms)
            ours, least = (problem.objective(m.coef_[0], m.intercept_[0]) for m in (model, best))
            assert ours - least <= model.dual_gap_ + ROUNDING
            assert 0 <= model.dual_gap_ <= tol * problem.null_objective


@pytest.mark.parametrize("scale", [1e100, 1e-100])
def test_huge_and_tiny_features(scale):
    X, y, _ = data()
    plain = SparseLogisticRegression(0.02, tol=1e-12).fit(X, y)
    scaled = SparseLogisticRegression(0.02 * scale, tol=1e-12).fit(X * scale, y)
    assert_allclose(scaled.coef_ * scale, plain.coef_, rtol=1e-6, atol=1e-12)
    assert_allclose(scaled.intercept_, plain.intercept_, rtol=1e-6)
    cv = SparseLogisticRegressionCV(alphas=8, tol=1e-10)
    losses_ = [clone(cv).fit(X * factor, y).loss_path_ for factor in (1.0, scale)]
    assert_allclose(*losses_, rtol=1e-6)


def test_separable_data_end_finite():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5))
    y = np.where(X[:, 0] + X[:, 1] > 0, "b", "a")
    for l1_ratio in (1.0, 0.5, 0.0):
        model = SparseLogisticRegression(1e-6, l1_ratio=l1_ratio).fit(X, y)
        problem = problem_of(X, y == "b", alpha=1e-6, l1_ratio=l1_ratio)
        gap = problem.dual_gap(model.coef_[0], model.intercept_[0])
        assert np.isfinite(model.coef_).all()
        assert gap <= 1e-4 * problem.null_objective
        assert_array_equal(model.predict(X), y)
    model = SparseLogisticRegressionCV(eps=1e-6, alphas=20).fit(X, y)
    assert np.isfinite(model.loss_path_).all()
    assert (model.dual_gap_path_ <= 1e-4 * np.log(2)).all()


# --- scikit-learn's answers ---


def peer_of(C, l1_ratio, **params):
    peer = LogisticRegression(C=C, l1_ratio=l1_ratio, **params)
    if peer.get_params().get("penalty") == "l2":
        # Before scikit-learn 1.8.
        name = {0.0: "l2", 1.0: "l1"}.get(l1_ratio, "elasticnet")
        peer.set_params(penalty=name, l1_ratio=l1_ratio if name == "elasticnet" else None)
    return peer


def fit_quietly(peer, *args, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tolerances are near rounding
        return peer.fit(*args, **params)


@pytest.mark.parametrize("solver", ["lbfgs", "newton-cholesky"])
@pytest.mark.parametrize("class_weight", [None, "balanced", {"no": 3.0, "yes": 0.5}, {"yes": 2.0}])
@pytest.mark.parametrize("weights", ["none", "random", "with_zeros"])
def test_ridge_agrees_with_logistic_regression(solver, class_weight, weights):
    # lbfgs ends early on more features than samples.
    for design in ("tall", "random") if solver == "newton-cholesky" else ("tall",):
        X, y, codes = data(design)
        sample_weight = make_weights(weights, len(y))
        peer = peer_of(0.7, 0.0, solver=solver, class_weight=class_weight, tol=1e-12, max_iter=10_000)
        fit_quietly(peer, X, y, sample_weight=sample_weight)
        of_classes = compute_class_weight(class_weight, classes=peer.classes_, y=y, sample_weight=sample_weight)
        total = of_classes[codes.astype(int)] * (1 if sample_weight is None else sample_weight)
        alpha = alpha_from_C(0.7, len(y), total)
        model = SparseLogisticRegression(alpha, l1_ratio=0.0, class_weight=class_weight, tol=1e-13)
        model.fit(X, y, sample_weight=sample_weight)
        assert_allclose(model.coef_, peer.coef_, rtol=1e-6, atol=1e-6)
        assert_allclose(model.intercept_, peer.intercept_, rtol=1e-6, atol=1e-6)
        assert_array_equal(model.classes_, peer.classes_)
        assert_allclose(model.predict_proba(X), peer.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_sparse_agrees_with_logistic_regression(l1_ratio, class_weight):
    X, y, _ = data()
    sample_weight = make_weights("random", len(y))
    of_classes = compute_class_weight(class_weight, classes=np.unique(y), y=y, sample_weight=sample_weight)
    alpha = alpha_from_C(0.2, len(y), np.where(y == "no", *of_classes) * sample_weight)
    peer = peer_of(0.2, l1_ratio, solver="saga", class_weight=class_weight, tol=1e-13, max_iter=100_000)
    fit_quietly(peer, X, y, sample_weight=sample_weight)
    model = SparseLogisticRegression(alpha, l1_ratio=l1_ratio, class_weight=class_weight, tol=1e-13)
    model.fit(X, y, sample_weight=sample_weight)
    assert_allclose(model.coef_, peer.coef_, rtol=0, atol=1e-6)
    assert_allclose(model.intercept_, peer.intercept_, rtol=0, atol=1e-6)


@pytest.mark.parametrize("store", [np.asarray, sparse.csr_matrix])
def test_lasso_agrees_with_liblinear(store):
    # Which would penalise an intercept.
    for design in ("tall", "random"):
        X, y, _ = data(design)
        peer = peer_of(0.5, 1.0, solver="liblinear", fit_intercept=False, tol=1e-12, max_iter=100_000)
        fit_quietly(peer, X, y)
        model = SparseLogisticRegression(alpha_from_C(0.5, len(y)), fit_intercept=False, tol=1e-12).fit(store(X), y)
        assert_allclose(model.coef_, peer.coef_, rtol=0, atol=1e-6)
        assert_array_equal(model.intercept_, [0.0])


def test_alpha_from_C_asks_for_a_number():
    with pytest.raises(TypeError, match=r"array of shape \(3,\); of y, pass len\(y\)"):
        alpha_from_C(1.0, np.array([0, 1, 1]))


def test_area_under_the_curve_of_several_classes():
    with pytest.raises(ValueError, match="scoring='roc_auc' is for two classes, y has 3: use 'roc_auc_ovr'"):
        SparseLogisticRegressionCV(scoring="roc_auc").fit(X_TALL, np.arange(200) % 3)


def test_alpha_from_C():
    assert alpha_from_C(2.0, 50) == 0.01
    assert alpha_from_C(2.0, 3, [1.0, 0.0, 4.0]) == 0.1
    assert_array_equal(alpha_from_C([2.0, 0.5], 50), [0.01, 0.04])
    assert_array_equal(alpha_from_C(np.array([[1, 4]]), 3, [1.0, 0.0, 4.0]), [[0.2, 0.05]])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((0.0, 3), "C == 0.0, must be > 0"),
        ((-1.0, 3), "C == -1.0, must be > 0"),
        ((np.inf, 3), "C == inf, must be finite"),
        (([1.0, np.nan], 3), r"C\[1\] == nan, must be finite"),
        (([1.0, -2.0], 3), r"C\[1\] == -2.0, must be > 0"),
        ((1.0, 0), "n_samples == 0"),
        ((1.0, 3, [1.0, 2.0]), r"sample_weight.*\(3,\).*\(2,\)"),
        ((1.0, 3, [1.0, -2.0, 1.0]), r"sample_weight\[1\] == -2.0"),
        ((1.0, 3, [0.0, 0.0, 0.0]), "sample_weight is zero"),
    ],
)
def test_no_alpha_from(args, message):
    with pytest.raises(ValueError, match=message):
        alpha_from_C(*args)


# --- Cross-validation ---


def fold_weights(y, class_weight, sample_weight):
    """What samples count, in training and beyond."""
    of_classes = compute_class_weight(class_weight, classes=np.unique(y), y=y, sample_weight=sample_weight)
    return of_classes[np.unique(y, return_inverse=True)[1]] * (1 if sample_weight is None else sample_weight)


def fits_of_folds(X, y, splits, alphas, weights, **params):
    """The model of each alpha on the training rows of each fold, alone."""
    return [
        [
            SparseLogisticRegression(alpha, tol=1e-12, **params).fit(X[train], y[train], weights[train])
            for train, _ in splits
        ]
        for alpha in alphas
    ]


@pytest.mark.parametrize(
    "storage, weights, class_weight",
    every_pair(
        ["dense_C", "dense_F", "csc_array", "csr_array"],
        ["none", "random", "with_zeros"],
        [None, "balanced", {"yes": 3.0}],
    ),
)
def test_every_fold_is_a_fit_of_its_own(storage, weights, class_weight):
    X, y, codes = data("mostly_zeros" if storage.startswith("c") else "tall")
    X, y, codes = X[:150], y[:150], codes[:150]
    sample_weight = make_weights(weights, len(y))
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    model = SparseLogisticRegressionCV(
        l1_ratio=[0.5, 1.0], alphas=3, eps=0.1, cv=cv, class_weight=class_weight, tol=1e-12, store_fold_coefs=True
    ).fit((DENSE_STORAGES | SPARSE_STORAGES)[storage](X), y, sample_weight=sample_weight)
    splits, total = list(cv.split(X, y)), fold_weights(y, class_weight, sample_weight)
    for row, l1_ratio in enumerate([0.5, 1.0]):
        models = fits_of_folds(X, y, splits, model.alphas_[row], total, l1_ratio=l1_ratio)
        expected = [
            [
                np.average(losses(alone, X[test], codes[test]), weights=total[test])
                for alone, (_, test) in zip(of_alpha, splits, strict=True)
            ]
            for of_alpha in models
        ]
        assert_allclose(model.loss_path_[row], expected, rtol=1e-5)
        if l1_ratio == model.l1_ratio_:
            coefs = [[alone.coef_[0] for alone in of_alpha] for of_alpha in models]
            intercepts = [[alone.intercept_[0] for alone in of_alpha] for of_alpha in models]
            assert_allclose(model.fold_coef_path_, np.moveaxis(coefs, 0, -1), atol=1e-5)
            assert_allclose(model.fold_intercept_path_, np.transpose(intercepts), atol=1e-5)
    means = model.loss_path_.mean(axis=2)
    best = np.unravel_index(np.argmin(means), means.shape)
    assert (model.l1_ratio_, model.alpha_) == ([0.5, 1.0][best[0]], model.alphas_[best])
    alone = SparseLogisticRegression(model.alpha_, l1_ratio=model.l1_ratio_, tol=1e-12).fit(X, y, total)
    assert_allclose(model.coef_, alone.coef_, atol=1e-5)
    assert_allclose(model.intercept_, alone.intercept_, atol=1e-5)
    column = list(model.alphas_[best[0]]).index(model.alpha_)
    assert_array_equal(model.coef_path_[:, column], model.coef_[0])
    assert_array_equal(model.intercept_path_[column], model.intercept_[0])


@pytest.mark.parametrize("cv", [None, 3])
def test_folds_are_stratified(cv):
    X, y, _ = data(labels=("a", "b"))
    # In order, plain folds would be of one class.
    order = np.argsort(y)
    X, y = X[order], y[order]
    model = SparseLogisticRegressionCV(alphas=5, cv=cv).fit(X, y)
    same = SparseLogisticRegressionCV(alphas=5, cv=list(StratifiedKFold(cv or 5).split(X, y))).fit(X, y)
    assert_array_equal(model.loss_path_, same.loss_path_)


# By these names scikit-learn takes 1 for the positive class.
OF_ONE = ["average_precision", "neg_brier_score", "f1"]
OF_ANY = ["roc_auc", "accuracy", "neg_log_loss", "balanced_accuracy"]


@pytest.mark.parametrize(
    "scoring, labels, weights, class_weight",
    [
        *every_pair(OF_ANY, ["strings", "signs", "ints"], ["none", "random"], [None, "balanced"]),
        *every_pair(OF_ONE, ["signs", "bools", "small_ints"], ["none", "random"], [None, "balanced"]),
    ],
)
def test_scores_are_those_of_the_folds(scoring, labels, weights, class_weight):
    X, y, _ = data(labels=LABELS[labels])
    sample_weight = make_weights(weights, len(y))
    cv = StratifiedKFold(3)
    model = SparseLogisticRegressionCV(
        alphas=3, eps=0.05, cv=cv, scoring=scoring, class_weight=class_weight, tol=1e-12
    ).fit(X, y, sample_weight=sample_weight)
    splits = list(cv.split(X, y))
    models = fits_of_folds(X, y, splits, model.alphas_, fold_weights(y, class_weight, sample_weight))
    for fold, (_, test) in enumerate(splits):
        # Weights of classes are for fits and losses alone.
        passed = {} if sample_weight is None else {"sample_weight": sample_weight[test]}
        expected = [get_scorer(scoring)(of_alpha[fold], X[test], y[test], **passed) for of_alpha in models]
        assert_allclose(model.cv_results_[f"split{fold}_test_score"], expected, rtol=1e-5)
    assert model.alpha_ == model.alphas_[np.argmax(model.cv_results_["mean_test_score"])]
    if scoring == "neg_log_loss" and class_weight is None:
        assert_allclose(model.cv_results_["mean_test_score"], -model.loss_path_.mean(axis=1), rtol=1e-10)


def test_class_weights_are_not_routed():
    X, y, _ = data()
    model = SparseLogisticRegressionCV(alphas=3, scoring="accuracy", class_weight="balanced")
    with config_context(enable_metadata_routing=True):
        routed = clone(model).fit(X, y)
    assert_array_equal(routed.cv_results_["mean_test_score"], model.fit(X, y).cv_results_["mean_test_score"])


def test_scorer_is_given_labels_and_models():
    X, y, _ = data()
    seen = set()

    def score(model, X, y):
        seen.update(y)
        assert_array_equal(model.classes_, ["no", "yes"])
        return np.mean(model.predict(X) == y)

    model = SparseLogisticRegressionCV(alphas=5, scoring=score).fit(X, y)
    assert seen == {"no", "yes"}
    accurate = SparseLogisticRegressionCV(alphas=5, scoring="accuracy").fit(X, y)
    assert_array_equal(model.cv_results_["mean_test_score"], accurate.cv_results_["mean_test_score"])
    precise = make_scorer(precision_score, pos_label="no")
    model = SparseLogisticRegressionCV(alphas=[0.1, 0.01], scoring=precise).fit(X, y)
    assert (model.cv_results_["mean_test_score"] > 0.5).all()


@pytest.mark.parametrize(
    ("y", "scoring", "why"),
    [
        (np.r_[1, 1, np.zeros(28)], "roc_auc", "number for fold 2 .* held-out samples are all of class 0.*Only one"),
        (np.r_[1, 1, np.zeros(14), np.full(14, 2)], "neg_log_loss", "a fold, which holds out no samples of class 1"),
    ],
)
def test_a_fold_without_a_score_is_refused(y, scoring, why):
    X = np.random.default_rng(0).standard_normal((30, 4))
    folds = np.arange(30) % 3
    splits = [(folds != number, folds == number) for number in range(3)]
    with pytest.raises(ValueError, match=why):
        SparseLogisticRegressionCV(alphas=3, scoring=scoring, cv=splits).fit(X, y)


def test_a_scorer_is_heard_once():
    X, y, _ = data()
    with pytest.warns(UndefinedMetricWarning) as told:
        SparseLogisticRegressionCV(alphas=[1.0, 0.05, 0.001], scoring="precision_macro").fit(X, y)
    assert [str(warning.message)[:9] for warning in told] == ["Precision"]


@pytest.mark.parametrize("scoring", [None, "roc_auc"])
def test_one_standard_error(scoring):
    X, y, _ = data("random")
    model = SparseLogisticRegressionCV(alphas=30, cv=4, alpha_rule="1se", scoring=scoring).fit(X, y)
    table = model.cv_results_
    scores = (
        -model.loss_path_ if scoring is None else np.column_stack([table[f"split{k}_test_score"] for k in range(4)])
    )
    means, errors = scores.mean(axis=1), scores.std(axis=1, ddof=1) / 2
    best = int(np.argmax(means))
    within = model.alphas_[means >= means[best] - errors[best]]
    assert model.alpha_min_ == model.alphas_[best]
    assert model.alpha_ == model.alpha_1se_ == within.max()
    assert_allclose(table["se_test_score"], errors)


@pytest.mark.parametrize("storage", ["dense_F", "csc_array", "csr_array"])
def test_threads_change_no_bit(storage):
    X, y, _ = data("mostly_zeros")
    X = (DENSE_STORAGES | SPARSE_STORAGES)[storage](X)
    params = {"l1_ratio": [0.5, 1.0], "alphas": 8, "eps": 0.1, "store_fold_coefs": True, "scoring": "roc_auc"}
    alone, together = (SparseLogisticRegressionCV(n_jobs=n_jobs, **params).fit(X, y) for n_jobs in (1, 3))
    for name in ("loss_path_", "coef_path_", "dual_gap_path_", "fold_coef_path_", "alphas_", "intercept_path_"):
        assert_array_equal(getattr(alone, name), getattr(together, name))
    assert_array_equal(alone.cv_results_["mean_test_score"], together.cv_results_["mean_test_score"])


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
def test_predictions_along_the_path(store):
    X, y, _ = data()
    weights = make_weights("random", len(y))
    model = SparseLogisticRegressionCV(alphas=4, eps=0.05, tol=1e-12).fit(X, y)
    labels, chances = model.predict_path(store(X)), model.predict_proba_path(store(X))
    scores = model.score_path(store(X), y, sample_weight=weights)
    assert labels.shape == (len(y), 4) and chances.shape == (len(y), 2, 4) and scores.shape == (4,)
    for number, alpha in enumerate(model.alphas_):
        alone = SparseLogisticRegression(alpha, tol=1e-12).fit(X, y)
        assert_array_equal(labels[:, number], alone.predict(X))
        assert_allclose(chances[..., number], alone.predict_proba(X), rtol=1e-5)
        assert_allclose(scores[number], alone.score(X, y, weights), rtol=1e-12)


def test_groups_are_kept_together():
    X, y, _ = data()
    groups = np.random.default_rng(0).integers(0, 9, len(y))
    weights = make_weights("random", len(y))
    with config_context(enable_metadata_routing=True):
        scoring = make_scorer(precision_score, pos_label="yes", zero_division=0).set_score_request(sample_weight=True)
        model = SparseLogisticRegressionCV(alphas=4, cv=GroupKFold(3), scoring=scoring)
        model.fit(X, y, groups=groups, sample_weight=weights)
    cv = list(GroupKFold(3).split(X, y, groups))
    same = SparseLogisticRegressionCV(
        alphas=4, cv=cv, scoring=make_scorer(precision_score, pos_label="yes", zero_division=0)
    )
    same.fit(X, y, sample_weight=weights)
    assert_array_equal(model.loss_path_, same.loss_path_)
    assert_array_equal(model.cv_results_["mean_test_score"], same.cv_results_["mean_test_score"])
    with pytest.raises(ValueError, match="groups"):
        model.fit(X, y, groups=groups)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("standardize", [False, True])
def test_rows_of_weight_zero_are_no_rows(class_weight, standardize):
    X, y, _ = data()
    weights = make_weights("with_zeros", len(y))
    kept = np.flatnonzero(weights)
    # Whatever their label.
    y[weights == 0] = "no"
    params = {"class_weight": class_weight, "standardize": standardize, "tol": 1e-12}
    ours = SparseLogisticRegression(0.02, **params).fit(X, y, sample_weight=weights)
    without = SparseLogisticRegression(0.02, **params).fit(X[kept], y[kept], sample_weight=weights[kept])
    assert_allclose(ours.coef_, without.coef_, rtol=1e-6, atol=1e-9)
    splits = list(KFold(3).split(kept))
    params |= {"alphas": [0.1, 0.03, 0.01]}
    ours = SparseLogisticRegressionCV(cv=[(kept[a], kept[b]) for a, b in splits], **params)
    without = SparseLogisticRegressionCV(cv=splits, **params)
    ours.fit(X, y, sample_weight=weights)
    without.fit(X[kept], y[kept], sample_weight=weights[kept])
    assert_allclose(ours.loss_path_, without.loss_path_, rtol=1e-6)
    assert_allclose(ours.coef_, without.coef_, rtol=1e-6, atol=1e-9)


def test_grid_search_chooses_the_same():
    X, y, _ = data("random")
    alphas, l1_ratios, cv = np.geomspace(0.3, 0.01, 6), [0.3, 1.0], StratifiedKFold(4)
    for scoring in ("neg_log_loss", "roc_auc"):
        model = SparseLogisticRegressionCV(alphas=alphas, l1_ratio=l1_ratios, cv=cv, scoring=scoring, tol=1e-12)
        model.fit(X, y)
        grid = {"alpha": alphas, "l1_ratio": l1_ratios}
        search = GridSearchCV(SparseLogisticRegression(tol=1e-12), grid, cv=cv, scoring=scoring).fit(X, y)
        table = search.cv_results_
        order = np.lexsort((-table["param_alpha"].astype(float), table["param_l1_ratio"].astype(float)))
        assert model.cv_results_["params"] == [table["params"][number] for number in order]
        assert_allclose(model.cv_results_["mean_test_score"], table["mean_test_score"][order], rtol=1e-6)
        assert_allclose(model.cv_results_["std_test_score"], table["std_test_score"][order], rtol=1e-5, atol=1e-9)


# --- Paths ---


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_path_is_so_many_fits(store, l1_ratio):
    X, y, _ = data("random")
    weights = make_weights("random", len(y))
    params = {"l1_ratio": l1_ratio, "class_weight": "balanced", "standardize": True, "tol": 1e-12}
    alphas, coefs, intercepts, gaps = logistic_path(store(X), y, alphas=6, eps=0.05, sample_weight=weights, **params)
    assert (np.diff(alphas) < 0).all()
    assert not coefs[:, 0].any()
    assert_allclose(alphas[-1] / alphas[0], 0.05)
    for k, alpha in enumerate(alphas):
        model = SparseLogisticRegression(alpha, **params).fit(X, y, sample_weight=weights)
        assert_allclose(coefs[:, k], model.coef_[0], atol=1e-6)
        assert_allclose(intercepts[k], model.intercept_[0], atol=1e-6)
        assert 0 <= gaps[k] <= 1e-12
    chosen = SparseLogisticRegressionCV(alphas=6, eps=0.05, **params).fit(X, y, sample_weight=weights)
    assert_allclose(chosen.alphas_, alphas)
    assert_allclose(chosen.coef_path_, coefs, atol=1e-6)


def test_path_at_given_alphas():
    X, y, _ = data()
    alphas, coefs, intercepts, gaps = logistic_path(X.astype(np.float32), y, alphas=[0.01, 0.1], fit_intercept=False)
    assert_array_equal(alphas, [0.1, 0.01])
    assert coefs.dtype == intercepts.dtype == np.float32
    assert gaps.dtype == np.float64
    assert coefs.shape == (10, 2)
    assert not intercepts.any()


@pytest.mark.parametrize(
    "params, message",
    [
        ({"alphas": [0.1, 0.0]}, r"alphas\[1\] == 0\.0, must be above 0"),
        ({"alphas": [0.1, -1.0]}, r"alphas\[1\].*-1\.0"),
        ({"alphas": 0}, "'alphas' parameter.*Got 0"),
        ({"l1_ratio": 1.5}, "'l1_ratio' parameter.*1.5"),
        ({"l1_ratio": 0.0}, "l1_ratio=0"),
        ({"eps": 0.0}, "'eps' parameter.*0.0"),
        ({"solver": "saga"}, "'solver' parameter.*'saga'"),
        ({"class_weight": "even"}, "'class_weight' parameter.*'even'"),
        ({"sample_weight": np.ones(3)}, r"sample_weight.*\(3,\)"),
        ({"y": np.arange(200) % 3, "solver": "cd"}, "solver='cd'.*has 3"),
        ({"y": np.ones(200)}, "one class: (np.float64\\()?1.0"),
        ({"y": np.ones(7)}, "inconsistent|one class"),
    ],
)
def test_bad_path_arguments(params, message):
    X, y, _ = data()
    with pytest.raises(ValueError, match=message):
        logistic_path(**{"X": X, "y": y} | params)


# --- Labels and predictions ---


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_any_labels(labels, Estimator):
    X, y, codes = data(labels=LABELS[labels])
    model = make_quick(Estimator).fit(X, y)
    plain = make_quick(Estimator).fit(X, codes)
    assert_array_equal(model.coef_, plain.coef_)
    assert_array_equal(model.classes_, np.unique(y))
    assert model.predict(X).dtype == model.classes_.dtype == np.asarray(LABELS[labels]).dtype
    assert_array_equal(model.predict(X) == model.classes_[1], plain.predict(X) == 1)
    assert_allclose(model.score(X, y), np.mean(model.predict(X) == y))
    # Lists hold labels as arrays do; in the other order they are other classes.
    assert_array_equal(make_quick(Estimator).fit(X, list(y)).coef_, model.coef_)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_classes_are_in_order(Estimator):
    X, y, codes = data(labels=("z", "a"))
    model = make_quick(Estimator, tol=1e-10).fit(X, y)
    plain = make_quick(Estimator, tol=1e-10).fit(X, codes)
    assert_array_equal(model.classes_, ["a", "z"])
    assert_allclose(model.coef_, -plain.coef_, rtol=1e-6, atol=1e-8)
    assert_allclose(model.predict_proba(X)[:, ::-1], plain.predict_proba(X), atol=1e-7)
    assert_array_equal(model.predict(X), np.where(plain.predict(X) > 0, "a", "z"))


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_probabilities_at_extreme_scores(Estimator, dtype):
    X, y, _ = data()
    model = make_quick(Estimator).fit(X.astype(dtype), y)
    assert model.coef_.any()
    scores = np.array([-800, -740, -40, -1, 0, 1e-12, 3, 40, 740, 800])
    direction = model.coef_[0] / (model.coef_[0] @ model.coef_[0])
    new = np.outer(scores - model.intercept_[0], direction).astype(dtype)
    decision = model.decision_function(new)
    assert decision.shape == (10,)
    assert_allclose(decision, (new @ model.coef_.T + model.intercept_)[:, 0], rtol=1e-6, atol=1e-6)
    exact = np.longdouble(decision)
    second = np.stack([1 / (1 + np.exp(exact)), 1 / (1 + np.exp(-exact))], axis=1)
    rtol = 1e-13 if dtype == np.float64 else 1e-6
    smallest = np.finfo(dtype).smallest_normal
    assert_allclose(model.predict_proba(new), second.astype(float), rtol=rtol, atol=smallest)
    logarithms = -np.stack([np.log1p(np.exp(exact)), np.log1p(np.exp(-exact))], axis=1)
    assert_allclose(model.predict_log_proba(new), logarithms.astype(float), rtol=rtol, atol=smallest)
    assert_allclose(model.predict_proba(new).sum(axis=1), 1, rtol=rtol)
    assert_array_equal(model.predict(new), model.classes_[(decision > 0).astype(int)])


def test_score_takes_weights():
    X, y, _ = data()
    weights = make_weights("random", len(y))
    model = SparseLogisticRegression(0.05).fit(X, y)
    assert_allclose(model.score(X, y, sample_weight=weights), np.average(model.predict(X) == y, weights=weights))
    assert is_classifier(model)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_column_of_labels_warns(Estimator):
    X, y, _ = data()
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = make_quick(Estimator).fit(X, y[:, None])
    assert_array_equal(model.coef_, make_quick(Estimator).fit(X, y).coef_)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_one_sample_of_each_class(l1_ratio):
    X = np.array([[0.0, 1.0], [2.0, -1.0]])
    model = SparseLogisticRegression(0.1, l1_ratio=l1_ratio, tol=1e-10).fit(X, ["b", "a"])
    problem = problem_of(X, [1.0, 0.0], alpha=0.1, l1_ratio=l1_ratio)
    assert problem.dual_gap(model.coef_[0], model.intercept_[0]) <= 1e-10
    assert_array_equal(model.predict(X), ["b", "a"])


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_rare_class(class_weight):
    X, _, _ = data()
    codes = np.zeros(200)
    codes[17] = 1
    y = np.where(codes > 0, "rare", "common")
    model = SparseLogisticRegression(0.001, class_weight=class_weight, tol=1e-8).fit(X, y)
    weights = fold_weights(y, class_weight, None)
    problem = problem_of(X, codes, alpha=0.001, sample_weight=weights)
    assert 0 <= problem.dual_gap(model.coef_[0], model.intercept_[0]) <= 1e-8 * problem.null_objective
    assert_allclose(np.average(model.predict_proba(X)[:, 1], weights=weights), np.average(codes, weights=weights))
    splits = list(KFold(4).split(X))
    cv = SparseLogisticRegressionCV(alphas=3, cv=splits[1:], class_weight=class_weight)
    assert np.isfinite(cv.fit(X, y).loss_path_).all()
    with pytest.raises(ValueError, match=r"fold 0.*one class: .*common"):
        clone(cv).set_params(cv=splits).fit(X, y)


def test_fold_of_one_class_without_intercept():
    X, _, _ = data()
    y = np.zeros(200)
    y[:50] = 1
    splits = [(np.arange(60, 200), np.arange(60))]
    with pytest.raises(ValueError, match=r"fold 0.*one class: .*0"):
        SparseLogisticRegressionCV(alphas=[0.1, 0.01], cv=splits, fit_intercept=False).fit(X, y)


# --- Calls that cannot be answered ---

X_TALL, Y_TALL, _ = data()
ONES = np.ones(200)
ONE_CLASS = np.full(200, "no")
REFUSED = {
    "X_nan": ({}, {"X": put(X_TALL, np.nan)}, "X contains NaN"),
    "X_infinite": ({}, {"X": put(X_TALL, np.inf)}, "X contains infinity"),
    "X_sparse_nan": ({}, {"X": sparse.csr_array(put(X_TALL, np.nan))}, "X contains NaN"),
    "X_other_length": ({}, {"X": X_TALL[:-1]}, r"inconsistent.*\[199, 200\]"),
    "y_none": ({}, {"y": None}, "y cannot be None|requires y to be passed"),
    "y_nan": ({}, {"y": put(ONES, np.nan)}, "y contains NaN"),
    "y_infinite": ({}, {"y": put(ONES, np.inf)}, "y contains infinity"),
    "y_object_nan": ({}, {"y": put(Y_TALL.astype(object), np.nan)}, "contains NaN"),
    "y_fractions": ({}, {"y": X_TALL[:, 0]}, "Unknown label type: continuous"),
    "y_two_columns": ({}, {"y": np.eye(2)[np.arange(200) % 2]}, r"multilabel-indicator|\(200, 2\)"),
    "solver_of_two_classes": ({"solver": "cd"}, {"y": np.arange(200) % 3}, "solver='cd'.*has 3"),
    "one_class": ({}, {"y": ONE_CLASS}, "at least 2 classes.*one class: .*no"),
    "one_class_of_positive_weight": ({}, {"sample_weight": (Y_TALL == "no") * 1.0}, "weight.*one class: .*no"),
    "class_weight_word": ({"class_weight": "even"}, {}, "'class_weight' parameter.*'even'"),
    "class_weight_negative": ({"class_weight": {"no": -1.0, "yes": 1.0}}, {}, r"class_weight\[.*no.*\] == -1\.0"),
    "class_weight_of_others": ({"class_weight": {"maybe": 2.0}}, {}, "maybe|class"),
    "class_weight_zero": ({"class_weight": {"no": 0.0}}, {}, "class_weight.*one class: .*yes"),
    "weight_negative": ({}, {"sample_weight": put(ONES, -2.0)}, r"sample_weight.*-2\.0"),
    "weight_other_length": ({}, {"sample_weight": ONES[1:]}, r"sample_weight.*\(199,\)"),
    "weight_all_zero": ({}, {"sample_weight": 0 * ONES}, "sample_weight.*zero"),
    "l1_ratio": ({"l1_ratio": 1.5}, {}, r"l1_ratio.*1\.5"),
    "tol": ({"tol": -1.0}, {}, "'tol' parameter.*-1.0"),
    "max_iter": ({"max_iter": 0}, {}, "'max_iter' parameter.*Got 0"),
    "solver": ({"solver": "saga"}, {}, "'solver' parameter.*'saga'"),
    "penalty_weights": ({"penalty_weights": [1.0, -1.0] * 5}, {}, r"penalty_weights\[1\] == -1\.0"),
    "lower_bounds": ({"lower_bounds": 0.5}, {}, r"lower_bounds.* == 0\.5"),
}
REFUSED_SINGLE = {
    "alpha_zero": ({"alpha": 0}, {}, "'alpha' parameter.*Got 0"),
    "alpha_negative": ({"alpha": -0.5}, {}, "'alpha' parameter.*-0.5"),
    "alpha_nan": ({"alpha": np.nan}, {}, "'alpha' parameter.*nan"),
    "alpha_infinite": ({"alpha": np.inf}, {}, "'alpha' parameter.*inf"),
}
REFUSED_CV = {
    "alphas_zero": ({"alphas": [0.1, 0.0]}, {}, r"alphas\[1\] == 0\.0, must be above 0"),
    "scoring_of_regressors": ({"scoring": "r2"}, {}, "scoring='r2' fails; is it for classifiers.*could not convert"),
    "alphas_negative": ({"alphas": [0.1, -0.5]}, {}, r"alphas\[1\].*-0\.5"),
    "alphas_of_ridge": ({"l1_ratio": 0.0}, {}, "l1_ratio=0"),
    "cv_one": ({"cv": 1}, {}, "n_splits=1|'cv' parameter.*Got 1"),
    "scoring_of_others": ({"scoring": "recall_of_birds"}, {}, "'scoring' parameter.*recall_of_birds"),
    "rule": ({"alpha_rule": "best"}, {}, "'alpha_rule' parameter.*'best'"),
    "groups": ({}, {"groups": ONES}, "groups"),
    "fold_of_one_class": (
        {"cv": [(np.flatnonzero(Y_TALL == "no"), np.flatnonzero(Y_TALL == "yes"))]},
        {},
        "fold 0.*one class: .*no",
    ),
}


@pytest.mark.parametrize(
    "Estimator, case",
    [(SparseLogisticRegression, case) for case in REFUSED | REFUSED_SINGLE]
    + [(SparseLogisticRegressionCV, case) for case in REFUSED | REFUSED_CV],
)
def test_refused(Estimator, case):
    params, changed, message = (REFUSED | REFUSED_SINGLE | REFUSED_CV)[case]
    arguments = {"X": X_TALL, "y": Y_TALL} | changed
    assert_refused(make_quick(Estimator).set_params(**params), arguments, message)
    fitted = make_quick(Estimator).fit(X_TALL, Y_TALL)
    assert_refused(fitted.set_params(**params), arguments, message)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_used_the_wrong_way(Estimator):
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        with pytest.raises(NotFittedError):
            getattr(Estimator(), method)(X_TALL)
        with pytest.raises(ValueError, match=r"9 features.*expecting 10"):
            getattr(make_quick(Estimator).fit(X_TALL, Y_TALL), method)(X_TALL[:, :9])


def test_one_convergence_warning():
    X, y, _ = data("correlated")
    with pytest.warns(ConvergenceWarning, match=r"^Objective did not converge.*alpha") as record:
        SparseLogisticRegression(1e-3, max_iter=1, tol=1e-14, solver="cd").fit(X, y)
    assert [warning.category for warning in record] == [ConvergenceWarning]
    assert record[0].filename == __file__


# --- X, frames and other estimators ---


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_storages_agree(Estimator):
    X, y, _ = data("random")
    plain = make_quick(Estimator, tol=1e-10).fit(X, y)
    for name, store in (DENSE_STORAGES | SPARSE_STORAGES).items():
        model = make_quick(Estimator, tol=1e-10).fit(store(X), y)
        assert_allclose(model.coef_, plain.coef_, rtol=1e-5, atol=1e-6, err_msg=name)
        assert_allclose(model.decision_function(store(X)), plain.decision_function(X), atol=1e-5)


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_single_precision(Estimator, store):
    X, y, codes = data("random")
    X = X.astype(np.float32)
    weights = make_weights("random", len(y))
    params = {"store_fold_coefs": True} if Estimator is SparseLogisticRegressionCV else {}
    model = make_quick(Estimator, **params).fit(store(X), y, sample_weight=weights)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32
    assert model.decision_function(X).dtype == np.float32
    assert model.sparse_coef_.shape == (1, X.shape[1])
    alpha = getattr(model, "alpha_", 0.01)
    problem = problem_of(X, codes, alpha=alpha, sample_weight=weights)
    true_gap = problem.dual_gap(model.coef_[0], model.intercept_[0])
    assert true_gap <= model.dual_gap_ + 1e-6 * problem.null_objective
    assert model.dual_gap_ <= 1e-4 * problem.null_objective
    if params:
        assert model.coef_path_.dtype == model.intercept_path_.dtype == np.float32
        assert model.fold_coef_path_.dtype == model.fold_intercept_path_.dtype == np.float32


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_read_only_data_are_left_alone(Estimator):
    X, y, _ = data()
    weights = np.ones(len(y))
    kept = X.copy(), y.copy()
    for array in (X, y, weights):
        array.flags.writeable = False
    make_quick(Estimator, class_weight="balanced", standardize=True).fit(X, y, sample_weight=weights)
    assert_array_equal(X, kept[0])
    assert_array_equal(y, kept[1])


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_standardize_is_a_pipeline(Estimator, l1_ratio):
    X, y, _ = data()
    X = X * np.logspace(-3, 3, 10) + np.arange(10)
    ours = make_quick(Estimator, standardize=True, l1_ratio=l1_ratio, tol=1e-12).fit(X, y)
    scaled = make_pipeline(StandardScaler(), make_quick(Estimator, l1_ratio=l1_ratio, tol=1e-12)).fit(X, y)
    assert_allclose(ours.coef_ * scaled[0].scale_, scaled[1].coef_, rtol=1e-5, atol=1e-6)
    assert_allclose(ours.decision_function(X), scaled.decision_function(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_terms_go_by_name(library, Estimator):
    module = pytest.importorskip(library)
    X, y, codes = data()
    names = [f"x{j}" for j in range(10)]
    frame = module.DataFrame(dict(zip(names, X.T, strict=True)))
    by_name = {"penalty_weights": {"x0": 3.0, "x5": np.inf}, "lower_bounds": {"x3": 0.0}, "upper_bounds": {"x0": 0.1}}
    model = make_quick(Estimator, tol=1e-10, **by_name).fit(frame, module.Series(y))
    terms = {
        "penalty_weights": np.array([3.0, 1, 1, 1, 1, np.inf, 1, 1, 1, 1]),
        "lower_bounds": np.where(np.arange(10) == 3, 0.0, -np.inf),
        "upper_bounds": np.where(np.arange(10) == 0, 0.1, np.inf),
    }
    problem = problem_of(X, codes, alpha=getattr(model, "alpha_", 0.01), **terms)
    assert problem.is_feasible(model.coef_[0])
    assert problem.dual_gap(model.coef_[0], model.intercept_[0]) <= 1e-10 * problem.null_objective
    assert_array_equal(model.feature_names_in_, names)
    assert_array_equal(model.predict(frame), make_quick(Estimator, tol=1e-10, **terms).fit(X, y).predict(X))
    with pytest.raises(ValueError, match=r"penalty_weights names 'X0'.*Did you mean 'x0'"):
        make_quick(Estimator, penalty_weights={"X0": 1.0}).fit(frame, y)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[names[::-1]])


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_clone_and_pickle(Estimator):
    X, y, _ = data()
    model = make_quick(Estimator, l1_ratio=0.5, class_weight={"no": 2.0}, lower_bounds=0.0).fit(X, y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "coef_")
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert vars(again).keys() == vars(model).keys()
    if Estimator is SparseLogisticRegressionCV:
        assert_array_equal(again.coef_path_, model.coef_path_)
    assert_array_equal(copy.fit(X, y).coef_, model.coef_)


def test_alpha_is_the_only_position():
    assert SparseLogisticRegression(0.5).alpha == 0.5
    with pytest.raises(TypeError, match="positional"):
        SparseLogisticRegression(0.5, 1.0)
    with pytest.raises(TypeError, match="positional"):
        SparseLogisticRegressionCV(1.0)


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_selection_of_features(library, Estimator):
    module = pytest.importorskip(library)
    X, y, _ = data()
    frame = module.DataFrame({f"x{j}": column for j, column in enumerate(X.T)})
    params = {"alpha": 0.1} if Estimator is SparseLogisticRegression else {"alpha_rule": "1se"}
    selector = SelectFromModel(make_quick(Estimator, **params), threshold=1e-10)
    pipeline = make_pipeline(StandardScaler(), selector)
    chosen = pipeline.set_output(transform=library).fit_transform(frame, y)
    kept = np.flatnonzero(pipeline[-1].estimator_.coef_[0])
    assert 0 < len(kept) < 10
    assert isinstance(chosen, module.DataFrame)
    assert list(chosen.columns) == [f"x{j}" for j in kept]


def test_scores_of_cross_validation():
    X, y, codes = data()
    cv = StratifiedKFold(4)
    scores = cross_val_score(SparseLogisticRegression(0.03, tol=1e-10), X, y, cv=cv, scoring="neg_log_loss")
    expected = [
        -np.mean(losses(SparseLogisticRegression(0.03, tol=1e-10).fit(X[train], y[train]), X[test], codes[test]))
        for train, test in cv.split(X, y)
    ]
    assert_allclose(scores, expected, rtol=1e-10)
    model = SparseLogisticRegressionCV(alphas=4)
    expected = [clone(model).fit(X[train], y[train]).score(X[test], y[test]) for train, test in cv.split(X, y)]
    assert_array_equal(cross_val_score(model, X, y, cv=cv), expected)


def test_calibration():
    X, y, _ = data()
    calibrated = CalibratedClassifierCV(SparseLogisticRegression(0.1), method="sigmoid", cv=3).fit(X, y)
    probabilities = calibrated.predict_proba(X)
    assert_allclose(probabilities.sum(axis=1), 1)
    # In each fold a monotone function of the decision, so that nothing but its level moves.
    one = CalibratedClassifierCV(SparseLogisticRegression(0.1), method="sigmoid", cv=3, ensemble=False).fit(X, y)
    ours = SparseLogisticRegression(0.1).fit(X, y).decision_function(X)
    assert_array_equal(np.argsort(one.predict_proba(X)[:, 1]), np.argsort(ours))


def test_one_versus_the_rest():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 6))
    y = np.array(["x", "y", "z"])[np.argmax(X[:, :3] + 0.3 * rng.standard_normal((150, 3)), axis=1)]
    several = OneVsRestClassifier(SparseLogisticRegression(0.01, tol=1e-10)).fit(X, y)
    scores = np.column_stack(
        [SparseLogisticRegression(0.01, tol=1e-10).fit(X, y == label).decision_function(X) for label in "xyz"]
    )
    # Which works with scores, or with probabilities where there are any.
    odds = expit(scores)
    assert_array_equal(several.predict(X), np.array(["x", "y", "z"])[np.argmax(scores, axis=1)])
    assert_allclose(several.predict_proba(X), odds / odds.sum(axis=1, keepdims=True), rtol=1e-9)


def test_second_fit_forgets_the_first():
    X, y, _ = data()
    model = SparseLogisticRegressionCV(alphas=5, store_fold_coefs=True).fit(X, y)
    model.set_params(store_fold_coefs=False).fit(X[:, :4], np.where(y == "no", 5, 9))
    fresh = SparseLogisticRegressionCV(alphas=5).fit(X[:, :4], np.where(y == "no", 5, 9))
    assert vars(model).keys() == vars(fresh).keys()
    assert_array_equal(model.coef_path_, fresh.coef_path_)
    assert_array_equal(model.classes_, [5, 9])
