"""What is chosen and kept after cross-validation: rules, scorers, the table of scores, fold coefficients, edges."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.metrics import make_scorer, mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, KFold, LeaveOneOut

from registry import DENSE_STORAGES, FRAMES, SPARSE_STORAGES, make_data, make_weights
from sklearn_sparsefit import ElasticNet, ElasticNetCV, Lasso, LassoCV
from sklearn_sparsefit.datafit import Quadratic
from sklearn_sparsefit.exceptions import ModelWarning
from sklearn_sparsefit.path import cost_model

CV = KFold(4, shuffle=True, random_state=0)
L1_RATIOS = [0.3, 0.8, 1.0]


@pytest.mark.parametrize("Estimator, l1_ratio", [(LassoCV, None), (ElasticNetCV, 0.5), (ElasticNetCV, L1_RATIOS)])
def test_one_standard_error(Estimator, l1_ratio):
    X, y = make_data("random")
    params = {} if l1_ratio is None else {"l1_ratio": l1_ratio}
    model = Estimator(alphas=40, cv=CV, alpha_rule="1se", **params).fit(X, y)
    errors = np.atleast_3d(model.mse_path_.T).T if model.mse_path_.ndim == 2 else model.mse_path_
    alphas = np.broadcast_to(model.alphas_, errors.shape[:2])
    means, standard_errors = errors.mean(axis=2), errors.std(axis=2, ddof=1) / 2
    row, column = np.unravel_index(np.argmin(means), means.shape)
    allowed = means[row] <= means[row, column] + standard_errors[row, column]
    assert model.alpha_min_ == alphas[row, column]
    assert model.alpha_1se_ == alphas[row][allowed].max() > model.alpha_min_
    assert model.alpha_ == model.alpha_1se_
    plain = Estimator(alphas=40, cv=CV, **params).fit(X, y)
    assert plain.alpha_ == plain.alpha_min_ == model.alpha_min_
    assert plain.alpha_1se_ == model.alpha_1se_
    assert np.count_nonzero(model.coef_) < np.count_nonzero(plain.coef_)


def test_rule_of_ones_own():
    X, y = make_data("random")
    seen = {}

    def fewest_within_two_percent(results):
        seen.update(results)
        errors = -results["mean_test_score"]
        return np.flatnonzero(errors <= 1.02 * errors.min())[0]

    model = ElasticNetCV(l1_ratio=L1_RATIOS, alphas=20, cv=CV, alpha_rule=fewest_within_two_percent).fit(X, y)
    chosen = model.cv_results_["params"][fewest_within_two_percent(seen)]
    assert (model.alpha_, model.l1_ratio_) == (chosen["alpha"], chosen["l1_ratio"])
    single = ElasticNet(model.alpha_, l1_ratio=model.l1_ratio_, tol=1e-12).fit(X, y)
    assert_allclose(model.coef_, single.coef_, atol=1e-8)
    for answer in (60, -1, 3.7, True, None, "a"):
        with pytest.raises(ValueError, match=f"alpha_rule returned {answer!r}"):
            LassoCV(alphas=20, alpha_rule=lambda results, answer=answer: answer).fit(X, y)


def test_a_single_split_has_no_standard_error():
    X, y = make_data("random")
    model = LassoCV(alphas=20, cv=[(np.arange(30), np.arange(30, len(y)))]).fit(X, y)
    assert np.isnan(model.cv_results_["se_test_score"]).all()
    assert model.alpha_1se_ == model.alpha_min_


@pytest.mark.parametrize("storage", [np.asarray, SPARSE_STORAGES["csc_array"], SPARSE_STORAGES["csr_matrix"]])
@pytest.mark.parametrize("scoring", [None, "r2", "neg_mean_absolute_error", make_scorer(r2_score), "custom"])
def test_table_is_that_of_grid_search(scoring, storage):
    X, y = make_data("random")
    X = storage(X)

    def sparse_r2(model, X, y):
        return model.score(X, y) - 0.01 * np.count_nonzero(model.coef_)

    scoring = sparse_r2 if scoring == "custom" else scoring
    alphas = np.geomspace(1, 1e-2, 6)
    model = ElasticNetCV(l1_ratio=L1_RATIOS, alphas=alphas, cv=CV, scoring=scoring, tol=1e-12).fit(X, y)
    grid = {"l1_ratio": L1_RATIOS, "alpha": alphas}
    search = GridSearchCV(ElasticNet(tol=1e-12), grid, cv=CV, scoring=scoring or "neg_mean_squared_error").fit(X, y)
    theirs = search.cv_results_
    order = np.lexsort((-theirs["param_alpha"].astype(float), theirs["param_l1_ratio"].astype(float)))
    for name, ours in model.cv_results_.items():
        if name == "se_test_score":
            assert_allclose(ours, theirs["std_test_score"][order] / np.sqrt(3), rtol=1e-6)
        elif name == "params":
            assert ours == [theirs["params"][number] for number in order]
        else:
            assert_allclose(ours, theirs[name][order].astype(float), rtol=1e-7, atol=1e-10)
    best = {"alpha": model.alpha_, "l1_ratio": model.l1_ratio_}
    assert best == search.best_params_
    # The errors are there whatever the score.
    squares = GridSearchCV(ElasticNet(tol=1e-12), grid, cv=CV, scoring="neg_mean_squared_error").fit(X, y)
    assert_allclose(-model.mse_path_.mean(axis=2).ravel(), squares.cv_results_["mean_test_score"][order], rtol=1e-7)


def test_scorer_is_given_the_weights():
    X, y = make_data("random")
    weights = make_weights("random", len(y))
    model = LassoCV(alphas=5, cv=CV, scoring="neg_mean_absolute_error").fit(X, y, sample_weight=weights)
    for fold, (train, test) in enumerate(CV.split(X)):
        for alpha, score in zip(model.alphas_, model.cv_results_[f"split{fold}_test_score"], strict=True):
            alone = Lasso(alpha, tol=1e-12).fit(X[train], y[train], sample_weight=weights[train])
            expected = -mean_absolute_error(y[test], alone.predict(X[test]), sample_weight=weights[test])
            assert_allclose(score, expected, rtol=1e-3)


@pytest.mark.parametrize("frame", FRAMES)
def test_scorer_is_given_a_frame(frame):
    library = pytest.importorskip(frame)
    X, y = make_data("tall")
    names = [f"x{j}" for j in range(X.shape[1])]
    X_frame = library.DataFrame(dict(zip(names, X.T, strict=True)))
    seen = []

    def score(model, X, y):
        seen.append(list(X.columns))
        return model.score(X, y)

    model = LassoCV(alphas=3, cv=3, scoring=score).fit(X_frame, y)
    assert seen == [names] * 9
    for table in (X, X_frame):
        plain = LassoCV(alphas=3, cv=3, scoring="r2").fit(table, y)
        assert_allclose(model.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"], rtol=1e-9)


def test_weights_and_groups_are_routed():
    X, y = make_data("random")
    weights = make_weights("random", len(y))
    groups = np.arange(len(y)) % 7
    with config_context(enable_metadata_routing=True):
        from sklearn.model_selection import GroupKFold

        scorer = make_scorer(mean_absolute_error, greater_is_better=False)
        asks = scorer.set_score_request(sample_weight=True)
        model = LassoCV(alphas=5, cv=GroupKFold(3), scoring=asks).fit(X, y, sample_weight=weights, groups=groups)
        declines = make_scorer(mean_absolute_error, greater_is_better=False).set_score_request(sample_weight=False)
        plain = LassoCV(alphas=5, cv=GroupKFold(3), scoring=declines).fit(X, y, sample_weight=weights, groups=groups)
    assert_array_equal(model.mse_path_, plain.mse_path_)
    assert not np.allclose(model.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])


def test_scores_that_are_no_numbers_are_not_chosen():
    X, y = make_data("random")

    def only_small_models(model, X, y):
        return np.nan if np.count_nonzero(model.coef_) > 3 else model.score(X, y)

    model = LassoCV(alphas=20, cv=CV, scoring=only_small_models).fit(X, y)
    assert np.count_nonzero(model.coef_) <= 3
    with pytest.raises(ValueError, match=r"has no number for fold 0 at any alpha\. Take fewer folds"):
        LassoCV(alphas=20, cv=CV, scoring=lambda model, X, y: np.nan).fit(X, y)
    scores = iter([np.nan, 1.0, 1.0, np.nan])
    with pytest.raises(ValueError, match="No alpha has a score that is a number on every fold"):
        LassoCV(alphas=2, cv=2, scoring=lambda model, X, y: next(scores)).fit(X, y)


@pytest.mark.parametrize("design", ["random", "wide", "correlated", "mostly_zeros"])
@pytest.mark.parametrize("together", [1, 2, 5, 1000])
def test_coefficients_of_every_fold(design, together, monkeypatch):
    X, y = make_data(design)
    monkeypatch.setattr(cost_model, "paths_at_once", lambda *_: together)
    params = {"l1_ratio": [0.5, 0.9], "alphas": 12, "eps": 1e-2, "cv": CV, "tol": 1e-12, "store_fold_coefs": True}
    model = ElasticNetCV(**params).fit(X, y)
    n_features = X.shape[1]
    assert model.fold_coef_path_.shape == (4, n_features, 12)
    assert model.fold_intercept_path_.shape == (4, 12)
    alphas = model.alphas_[params["l1_ratio"].index(model.l1_ratio_)]
    for fold, (train, _) in enumerate(CV.split(X)):
        for number, alpha in enumerate(alphas):
            alone = ElasticNet(alpha, l1_ratio=model.l1_ratio_, tol=1e-13).fit(X[train], y[train])
            assert_allclose(model.fold_coef_path_[fold, :, number], alone.coef_, atol=1e-8 * abs(alone.coef_).max())
            assert_allclose(model.fold_intercept_path_[fold, number], alone.intercept_, rtol=1e-8, atol=1e-8)


def test_fewer_paths_go_together_where_each_holds_columns():
    datafit = Quadratic(np.arange(50_000.0), None, True)
    assert cost_model.paths_at_once(datafit, 300, 1.0, 200, by_moments=True) >= 11
    assert cost_model.paths_at_once(datafit, 300, 1.0, 200, by_moments=False) == 1


# The folds that have the enormous entry are rightly said to be loose.
@pytest.mark.filterwarnings("ignore:Objective did not converge")
@pytest.mark.parametrize("outlier", ["weight", "entry", "target_of_weight_zero"])
def test_what_is_held_out_does_not_matter_however_large(outlier):
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal((60, 8)), np.ones(60)
    y = X[:, :3].sum(axis=1) + 0.5 * rng.standard_normal(60) + 1
    if outlier == "weight":
        weights[3] = 1e200
    elif outlier == "entry":
        X[3, 2] *= 1e150
    else:
        y[3], weights[3] = 1e160, 0.0
    splits = list(KFold(5).split(X))
    model = LassoCV(alphas=[0.1, 0.01], cv=splits, store_fold_coefs=True, tol=1e-10)
    model.fit(X, y, sample_weight=weights)
    alone = Lasso(0.1, tol=1e-10).fit(X[splits[0][0]], y[splits[0][0]])
    assert_allclose(model.fold_coef_path_[0, :, 0], alone.coef_, rtol=1e-7)


@pytest.mark.parametrize("size", [5e-324, 1e-300, 1e307])
def test_size_of_the_weights_does_not_matter(size):
    X, y = make_data("random")
    plain = LassoCV(alphas=10, cv=CV).fit(X, y)
    model = LassoCV(alphas=10, cv=CV).fit(X, y, sample_weight=np.full(len(y), size))
    assert_allclose(model.mse_path_, plain.mse_path_, rtol=1e-9)


def test_infinite_scores():
    X, y = make_data("random")
    model = LassoCV(alphas=[1.0, 0.3, 0.1], cv=CV, scoring=lambda model, X, y: np.inf if model.alpha < 0.5 else 0.0)
    assert model.fit(X, y).alpha_ == 0.3


@pytest.mark.parametrize("scoring", ["neg_max_error", lambda model, X, y: model.score(X, y)])
def test_scorer_that_takes_no_weights(scoring):
    X, y = make_data("random")
    weights = make_weights("random", len(y))
    assert LassoCV(alphas=3, scoring=scoring).fit(X, y, sample_weight=weights).alpha_ > 0


def test_rule_cannot_write_to_the_model():
    X, y = make_data("random")

    def spoil(results):
        results["param_alpha"][:] = -5
        return 1

    model = LassoCV(alphas=5, alpha_rule=spoil).fit(X, y)
    assert (model.alphas_ > 0).all()


def test_fold_coefficients_are_kept_on_request():
    X, y = make_data("random")
    model = LassoCV(alphas=5, store_fold_coefs=True).fit(X, y)
    assert hasattr(model, "fold_coef_path_")
    model.set_params(store_fold_coefs=False).fit(X, y)
    assert not hasattr(model, "fold_coef_path_")
    single = LassoCV(alphas=5, store_fold_coefs=True).fit(X.astype(np.float32), y)
    assert single.fold_coef_path_.dtype == np.float32


@pytest.mark.parametrize("storage", [np.asarray, SPARSE_STORAGES["csc_array"]])
def test_predictions_along_the_path(storage):
    X, y = make_data("random")
    weights = make_weights("random", len(y))
    model = LassoCV(alphas=15).fit(storage(X), y)
    predictions = model.predict_path(storage(X))
    assert predictions.shape == (len(y), 15)
    chosen = list(model.alphas_).index(model.alpha_)
    assert_allclose(predictions[:, chosen], model.predict(X), rtol=1e-12)
    assert_allclose(predictions, X @ model.coef_path_ + model.intercept_path_, rtol=1e-12, atol=1e-12)
    scores = model.score_path(storage(X), y, sample_weight=weights)
    assert_allclose(scores[chosen], model.score(X, y, sample_weight=weights), rtol=1e-12)
    assert scores.shape == (15,)


def test_edge_of_the_grid_is_pointed_out():
    X, y = make_data("random")
    inside = LassoCV(alphas=30, cv=CV)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inside.fit(X, y)
        LassoCV(alphas=[inside.alpha_], cv=CV).fit(X, y)
        # Above alpha_max there is nothing to be found.
        LassoCV(alphas=[100.0, 90.0, 80.0], cv=CV).fit(X, y)
    small, large = 3 * inside.alpha_, inside.alpha_ / 3
    with pytest.warns(UserWarning, match=f"alpha={small:.6g} is the smallest .* extend alphas.$") as record:
        LassoCV(alphas=[10 * small, small], cv=CV).fit(X, y)
    assert record[0].filename == __file__
    with pytest.warns(UserWarning, match=r"is the smallest .* lower eps \(it was 0.8\).$"):
        LassoCV(alphas=5, eps=0.8, cv=CV).fit(X, y)
    with pytest.warns(UserWarning, match=f"alpha={large:.6g} is the largest"):
        LassoCV(alphas=[large, large / 10], cv=CV).fit(X, y)


@pytest.mark.parametrize("storage", ["dense_F", "csr_array"])
@pytest.mark.parametrize(
    ("ratio", "params", "hints"),
    [
        (27, {}, False),
        (33, {}, True),
        (110, {"standardize": True}, False),
        (110, {"penalty_weights": 2 ** np.arange(9.0)}, False),
    ],
)
def test_scales_far_apart_are_pointed_out_at_the_edge(storage, ratio, params, hints):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 9))
    X *= np.geomspace(0.1, 0.1 * ratio, 9) / X.std(axis=0)
    # A constant column has no scale.
    X[:, 4] = 7.0
    model = LassoCV(alphas=[1e3, 1e2], cv=CV, alpha_rule=lambda results: 1, **params)
    with pytest.warns(ModelWarning, match="is the smallest") as record:
        model.fit((DENSE_STORAGES | SPARSE_STORAGES)[storage](X), X[:, 0])
    (warning,) = record
    found = f"deviations from 0.1 to {0.1 * ratio:.2g}): standardize=True" in str(warning.message)
    assert found == ("standardize" in str(warning.message)) == hints


def test_weight_that_is_a_number_means_none():
    X, y = make_data("tall")
    with config_context(enable_metadata_routing=True):
        model = LassoCV(alphas=3, cv=3, scoring=make_scorer(r2_score).set_score_request(sample_weight=True))
        weighted = model.fit(X, y, sample_weight=2.0).mse_path_
        assert_array_equal(weighted, model.fit(X, y).mse_path_)


@pytest.mark.parametrize("size", [1e160, 1e-170])
@pytest.mark.parametrize("rule", ["min", "1se"])
def test_choice_where_squares_over_or_underflow(size, rule):
    X, y = make_data("random")
    model = LassoCV(alphas=20, cv=CV, alpha_rule=rule).fit(X, y * size)
    assert_allclose(model.alpha_ / size, LassoCV(alphas=20, cv=CV, alpha_rule=rule).fit(X, y).alpha_, rtol=1e-9)


@pytest.mark.parametrize("storage", ["dense_F", "csc_array", "csr_array"])
def test_threads_change_no_bit(storage):
    X, y = make_data("mostly_zeros")
    X = np.hstack([X] + [np.roll(X, 7 * k, axis=0) for k in range(1, 30)])
    X = (DENSE_STORAGES | SPARSE_STORAGES)[storage](X)
    params = {"l1_ratio": [0.5, 0.9, 1.0], "alphas": 15, "eps": 0.05, "cv": CV, "store_fold_coefs": True}
    alone, together = (ElasticNetCV(n_jobs=n_jobs, **params).fit(X, y) for n_jobs in (1, 3))
    for name in ("mse_path_", "coef_path_", "dual_gap_path_", "fold_coef_path_", "alphas_"):
        assert_array_equal(getattr(alone, name), getattr(together, name))


def test_leave_one_out():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 60))
    y = X[:, 0] + 0.5 * rng.standard_normal(40)
    model = LassoCV(alphas=5, eps=0.1, cv=LeaveOneOut(), tol=1e-10).fit(X, y)
    assert model.mse_path_.shape == (5, 40)
    for row in range(40):
        others = np.arange(40) != row
        alone = Lasso(model.alphas_[3], tol=1e-12).fit(X[others], y[others])
        assert_allclose(model.mse_path_[3, row], (y[row] - alone.predict(X[[row]])[0]) ** 2, rtol=1e-5)


def test_folds_share_their_passes():
    X, y = make_data("wide")
    X = np.random.default_rng(0).standard_normal((60, 3000))
    y = X[:, :5].sum(axis=1) + np.random.default_rng(1).standard_normal(60)
    passes = [LassoCV(alphas=50, eps=0.05, cv=n_folds).fit(X, y).n_passes_ for n_folds in (2, 10)]
    assert passes[1] < 1.5 * passes[0]
    several = ElasticNetCV(l1_ratio=[0.7, 0.8, 0.9, 1.0], alphas=50, eps=0.05, cv=10).fit(X, y)
    assert several.n_passes_ < 1.5 * passes[1]
