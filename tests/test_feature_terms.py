"""Weights, bounds and scales of single features, and least squares on what they keep."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import lsq_linear
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_sparsefit
from oracles import ElasticNetProblem, standard_deviations
from registry import disordered_csc, make_data, make_weights
from sklearn_sparsefit import (
    AdaptiveLasso,
    AdaptiveLassoCV,
    ElasticNet,
    ElasticNetCV,
    ElasticNetGLM,
    ElasticNetIC,
    Lasso,
    LassoCV,
    LassoIC,
    MultiTaskElasticNet,
    MultiTaskLassoCV,
    SparseLogisticRegression,
    SparseLogisticRegressionCV,
    enet_path,
    lasso_path,
)
from sklearn_sparsefit.exceptions import ModelWarning

ALL = [Lasso, ElasticNet, LassoCV, ElasticNetCV, LassoIC, ElasticNetIC]
STORES = {
    "dense_C": np.ascontiguousarray,
    "dense_F": np.asfortranarray,
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
    "csc_disordered": disordered_csc,
}
# "tall" is known as a whole, "mostly_zeros" too if dense; the others by working sets.
DESIGNS = ["tall", "random", "wide", "mostly_zeros"]
SOLVERS = ["auto", "cd", "prox_grad"]
ignore_dependent = pytest.mark.filterwarnings("ignore:Features with penalty weight 0:UserWarning")


def make(Estimator, **params):
    """An estimator that fits quickly, at one alpha or a few."""
    return Estimator(**({"alpha": 0.1} if Estimator in (Lasso, ElasticNet) else {"alphas": 4, "eps": 0.05}) | params)


def half_way(X, y, **options):
    """An alpha at which some features have entered."""
    return 0.2 * enet_path(X, y, alphas=1, fit_intercept=True, **{"l1_ratio": 1.0} | options)[0][0]


def least_squares(X, y, sample_weight=None, fit_intercept=True, bounds=(-np.inf, np.inf)):
    """Coefficients, of the least norm, and intercept of weighted least squares within bounds."""
    weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
    share = weights / weights.sum() * bool(fit_intercept)
    root = np.sqrt(weights)
    A, b = root[:, None] * (X - share @ X), root * (y - share @ y)
    is_free = np.isinf(bounds).all()
    coef = np.linalg.lstsq(A, b)[0] if is_free else lsq_linear(A, b, bounds, method="bvls", tol=1e-15).x
    return coef, share @ (y - X @ coef)


def awkward(rng):
    """Columns of many scales and means, two of them constant, one without an effect of its own."""
    X = rng.standard_normal((60, 10)) * np.logspace(-4, 4, 10)
    X[:, 2] = 3.7
    X[:, 5] = 0.0
    X[:, 7] = 1e8 + rng.standard_normal(60)
    X[:, 8] -= 1e3
    y = 3 + StandardScaler().fit_transform(X) @ rng.permutation([2.0, -1.5, 1, 0, 0, 0, 0.5, 3, 0, -1])
    return X, y + 0.3 * rng.standard_normal(60)


class TestStandardize:
    """As after a StandardScaler, of which nothing is left in the coefficients."""

    @staticmethod
    def peer(model, X, y, weights):
        """Coefficients and intercept, on X as it is, of a pipeline that standardises."""
        scales = np.asarray(standard_deviations(X, np.ones(len(y)) if weights is None else weights), float)
        # Centred in extended precision; without an intercept only the scales count.
        centre = np.average(X.astype(np.longdouble), axis=0, weights=weights) if model.fit_intercept else 0
        Z = ((X - centre) / scales).astype(float)
        inner = clone(model).set_params(standardize=False).fit(Z, y, sample_weight=weights)
        return inner, inner.coef_ / scales, scales

    @pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("kind", ["none", "random", "with_zeros"])
    @pytest.mark.parametrize("store", STORES)
    def test_equals_standardised_columns(self, store, kind, fit_intercept, l1_ratio):
        X, y = awkward(np.random.default_rng(0))
        if not fit_intercept:
            X[:, 7] -= 1e8  # would be an intercept
        weights = make_weights(kind, len(y))
        for alpha in (0.5, 0.1, 0.01):
            model = ElasticNet(alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept, tol=1e-11, standardize=True)
            inner, coef, scales = self.peer(model, X, y, weights)
            model.fit(STORES[store](X), y, sample_weight=weights)
            assert_allclose(scales * model.coef_, scales * coef, rtol=0, atol=1e-6)
            assert_allclose(model.dual_gap_, inner.dual_gap_, atol=1e-10)
            if fit_intercept:
                residuals = y - X.astype(np.longdouble) @ model.coef_ - model.intercept_
                assert abs(np.average(residuals, weights=weights)) <= 1e-6

    @pytest.mark.parametrize("size", [1e-300, 1e160])
    @pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
    @pytest.mark.parametrize(
        "Estimator",
        [ElasticNet, ElasticNetCV, ElasticNetIC, ElasticNetGLM, SparseLogisticRegression, SparseLogisticRegressionCV],
    )
    def test_deviations_whose_squares_are_no_numbers(self, Estimator, l1_ratio, size):
        X, y = make_data("tall")
        if "GLM" in Estimator.__name__:
            y = np.abs(y)
        elif "Logistic" in Estimator.__name__:
            y = np.digitize(y, [1, 4])
        options = {"l1_ratio": l1_ratio, "standardize": True, "tol": 1e-9, "penalty_weights": [0, 2, *[1] * 8]}
        options |= {"alphas": 3} if hasattr(Estimator(), "alphas") else {"alpha": 0.1}
        plain = Estimator(**options, lower_bounds=-0.5, upper_bounds=1.0).fit(X, y)
        scaled = Estimator(**options, lower_bounds=-0.5 / size, upper_bounds=1.0 / size).fit(X * size, y)
        assert plain.coef_.any()
        assert_allclose(scaled.coef_ * size, plain.coef_, rtol=1e-6, atol=1e-8)
        assert_allclose(scaled.intercept_, plain.intercept_, rtol=1e-6)

    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("design", DESIGNS)
    def test_equals_a_pipeline(self, design, weighted):
        X, y = make_data(design)
        weights = make_weights("with_zeros", len(y)) if weighted else None
        pipeline = make_pipeline(StandardScaler(), Lasso(0.2, tol=1e-12))
        pipeline.fit(X, y, **{f"{name}__sample_weight": weights for name in ("standardscaler", "lasso")})
        model = Lasso(0.2, tol=1e-12, standardize=True).fit(X, y, sample_weight=weights)
        assert_allclose(model.coef_, pipeline[-1].coef_ / pipeline[0].scale_, rtol=1e-8, atol=1e-10)
        assert_allclose(model.predict(X), pipeline.predict(X), rtol=1e-9, atol=1e-9)

    @pytest.mark.parametrize("store", STORES)
    def test_float32(self, store):
        X, y = make_data("mostly_zeros")
        X = (X * np.logspace(-3, 3, X.shape[1])).astype(np.float32)
        reference = Lasso(0.05, tol=1e-12, standardize=True).fit(X.astype(float), y)
        model = Lasso(0.05, tol=1e-8, standardize=True).fit(STORES[store](X), y.astype(np.float32))
        assert model.coef_.dtype == np.float32
        assert_allclose(model.coef_ * X.std(axis=0), reference.coef_ * X.std(axis=0), atol=1e-4)

    @pytest.mark.parametrize("store", ["dense_C", "csr"])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_every_fold_standardises_by_itself(self, store, weighted):
        X, y = make_data("tall")
        X = X[:60] * np.logspace(-2, 2, 10)
        y = y[:60]
        X[:20] *= 30  # the scales differ much between folds
        weights = make_weights("random", len(y)) if weighted else None
        alphas = np.geomspace(1, 1e-2, 6)
        folds = KFold(3)
        search = GridSearchCV(
            make_pipeline(StandardScaler(), Lasso(tol=1e-12)),
            {"lasso__alpha": alphas},
            cv=folds,
            scoring="neg_mean_squared_error",
        )
        if weighted:
            expected = np.empty((6, 3))
            for k, (train, test) in enumerate(folds.split(X)):
                for row, alpha in enumerate(alphas):
                    pipeline = make_pipeline(StandardScaler(), Lasso(alpha, tol=1e-12))
                    names = ("standardscaler", "lasso")
                    pipeline.fit(X[train], y[train], **{f"{name}__sample_weight": weights[train] for name in names})
                    errors = (y[test] - pipeline.predict(X[test])) ** 2
                    expected[row, k] = np.average(errors, weights=weights[test])
        else:
            search.fit(X, y)
            expected = -np.stack([search.cv_results_[f"split{k}_test_score"] for k in range(3)], axis=1)
        model = LassoCV(alphas=alphas, cv=folds, tol=1e-12, standardize=True)
        model.fit(STORES[store](X), y, sample_weight=weights)
        assert_allclose(model.mse_path_, expected, rtol=1e-8)
        if not weighted:
            assert model.alpha_ == search.best_params_["lasso__alpha"]
            best = search.best_estimator_
            assert_allclose(model.coef_, best[-1].coef_ / best[0].scale_, rtol=1e-8, atol=1e-10)

    @pytest.mark.parametrize("Estimator", ALL)
    @pytest.mark.parametrize("store", ["csc", "csr"])
    def test_sparse_stays_sparse(self, Estimator, store):
        rng = np.random.default_rng(0)
        X = sparse.random(20_000, 400, density=0.002, random_state=rng, format=store)
        y = X @ np.r_[np.ones(5), np.zeros(395)] + 0.1 * rng.standard_normal(X.shape[0])
        peaks = []
        for standardize, alpha in ((False, 1e-4), (True, 3e-3)):
            model = make(Estimator, standardize=standardize)
            if hasattr(model, "alpha"):
                model.set_params(alpha=alpha)
            tracemalloc.start()
            try:
                model.fit(X, y)
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
            assert model.coef_.any()
        dense = 8 * X.shape[0] * X.shape[1]
        if Estimator in (LassoCV, ElasticNetCV):
            # Folds hold residuals of as many alphas as they look at together, which are more with other scales.
            assert peaks[1] < 0.6 * dense
        else:
            assert peaks[1] < peaks[0] + dense / 20

    def test_constant_columns_stay_at_zero(self):
        X, y = make_data("constant_and_zero_columns")
        model = ElasticNet(0.01, standardize=True).fit(X, y)
        assert not model.coef_[[3, 5, 8]].any()
        assert np.count_nonzero(model.coef_) > 5

    @pytest.mark.parametrize("Estimator", [LassoIC, ElasticNetIC])
    def test_information_criteria(self, Estimator):
        X, y = make_data("tall")
        X = X * np.logspace(-2, 2, 10)
        scales = X.std(axis=0)
        model = Estimator(standardize=True, alphas=10, tol=1e-12).fit(X, y)
        peer = Estimator(alphas=10, tol=1e-12).fit(X / scales, y)
        assert_allclose(model.criterion_, peer.criterion_, rtol=1e-9)
        assert_allclose(model.coef_ * scales, peer.coef_, atol=1e-9)

    @pytest.mark.parametrize(
        "name",
        [
            name
            for name in sklearn_sparsefit.__all__
            if "standardize" in getattr(getattr(sklearn_sparsefit, name), "_parameter_constraints", {})
        ],
    )
    def test_scales_are_kept(self, name):
        X, y = make_data("tall")
        X = np.column_stack([X * np.logspace(-2, 2, 10) + 1, np.ones(len(y))])
        weights = make_weights("random", len(y))
        target = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
        if name.startswith("MultiTask"):
            target = np.column_stack([target, y])
        model = getattr(sklearn_sparsefit, name)(standardize=True).fit(X, target, sample_weight=weights)
        assert_allclose(model.scales_, np.append(standard_deviations(X[:, :10], weights), 1.0), rtol=1e-10)
        model.set_params(standardize=False).fit(X, target)
        assert not hasattr(model, "scales_")


class TestPenaltyWeights:
    """Weighted penalties are those of scaled columns; at the ends there is least squares, and there is nothing."""

    @pytest.mark.parametrize("store", ["dense_C", "csc", "csr"])
    @pytest.mark.parametrize("design", DESIGNS)
    def test_lasso_of_scaled_columns(self, design, store):
        X, y = make_data(design)
        v = np.random.default_rng(1).uniform(0.2, 4, X.shape[1])
        weights = make_weights("random", len(y))
        options = {"alphas": 6, "eps": 1e-2, "tol": 1e-12, "fit_intercept": True, "sample_weight": weights}
        alphas, coefs, _ = lasso_path(STORES[store](X), y, penalty_weights=v, **options)
        alphas_, coefs_, _ = lasso_path(STORES[store](X / v), y, **options)
        assert_allclose(alphas, alphas_, rtol=1e-12)
        assert_allclose(coefs * v[:, None], coefs_, atol=1e-7)

    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    @pytest.mark.parametrize("design", DESIGNS)
    def test_infinite_is_left_out(self, design, l1_ratio, solver):
        X, y = make_data(design)
        v = np.random.default_rng(1).uniform(0.2, 4, X.shape[1])
        v[[0, 3]] = np.inf
        kept = np.isfinite(v)
        alpha = half_way(X[:, kept], y, l1_ratio=l1_ratio)
        options = {"l1_ratio": l1_ratio, "tol": 1e-9, "solver": solver, "max_iter": 100_000}
        model = ElasticNet(alpha, penalty_weights=v, **options).fit(X, y)
        peer = ElasticNet(alpha, penalty_weights=v[kept], **options).fit(X[:, kept], y)
        assert not model.coef_[~kept].any()
        assert_allclose(model.coef_[kept], peer.coef_, atol=1e-5 if solver != "auto" else 1e-8)

    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("store", ["dense_C", "csc", "csr"])
    @pytest.mark.parametrize("design", DESIGNS)
    def test_zero_is_projected_out(self, design, store, fit_intercept):
        X, y = make_data(design)
        free = np.array([1, 2, 6])
        rest = np.setdiff1d(np.arange(X.shape[1]), free)
        v = np.ones(X.shape[1])
        v[free] = 0
        weights = make_weights("random", len(y))
        F = np.sqrt(weights)[:, None] * np.c_[X[:, free], np.ones((len(y), int(fit_intercept)))]
        Q = np.linalg.qr(F)[0]
        left = [A - Q @ (Q.T @ A) for A in (np.sqrt(weights)[:, None] * X[:, rest], np.sqrt(weights) * y)]
        scale = np.sqrt(len(y) / weights.sum())
        options = {"alphas": 5, "eps": 0.02, "tol": 1e-12}
        alphas, coefs, _, intercepts = lasso_path(
            STORES[store](X),
            y,
            penalty_weights=v,
            sample_weight=weights,
            fit_intercept=fit_intercept,
            return_intercept=True,
            **options,
        )
        alphas_, coefs_, _ = lasso_path(scale * left[0], scale * left[1], **options)
        assert_allclose(alphas, alphas_, rtol=1e-10)
        assert_allclose(coefs[rest], coefs_, atol=1e-7)
        for coef, intercept in zip(coefs.T, intercepts, strict=True):
            found, offset = least_squares(X[:, free], y - X[:, rest] @ coef[rest], weights, fit_intercept)
            assert_allclose(coef[free], found, atol=1e-8)
            assert_allclose(intercept, offset, atol=1e-8)

    @pytest.mark.parametrize("names", [False, True])
    @pytest.mark.parametrize("store", ["dense_C", "csc"])
    @pytest.mark.parametrize("design", ["tall", "wide"])
    def test_dependent_ones_are_named_and_of_least_norm(self, design, store, names):
        X, y = make_data(design)
        X[:, 0] = 5.0
        X[:, 3] = 2 * X[:, 1] - X[:, 2] + 1
        X[:, 4] = X[:, 6]
        free = np.array([0, 1, 2, 3, 4, 6])
        rest = np.setdiff1d(np.arange(X.shape[1]), free)
        v = np.ones(X.shape[1])
        v[free] = 0
        data, labels = STORES[store](X), [str(j) for j in range(X.shape[1])]
        if names:
            labels = [f"f{j}" for j in range(X.shape[1])]
            data = (
                pd.DataFrame(X, columns=labels)
                if store == "dense_C"
                else pd.DataFrame.sparse.from_spmatrix(data, columns=labels)
            )
        alpha = half_way(X[:, rest], y)
        with pytest.warns(UserWarning, match="penalty weight 0 are combinations") as caught:
            model = Lasso(alpha, penalty_weights=v, tol=1e-12).fit(data, y)
        assert len(caught) == 1
        found = set(str(caught[0].message).split(": ")[1].split(". ")[0].split(", "))
        assert len(found) == 3  # the constant, one of the three, one of the two
        assert labels[0] in found
        assert len(found & {labels[j] for j in (1, 2, 3)}) == 1
        assert len(found & {labels[4], labels[6]}) == 1
        coef, intercept = least_squares(X[:, free], y - X[:, rest] @ model.coef_[rest])
        assert_allclose(model.coef_[free], coef, atol=1e-8)
        assert_allclose(model.intercept_, intercept, atol=1e-8)
        # The same predictions as without those that are not needed.
        independent = Lasso(alpha, penalty_weights=np.delete(v, [0, 3, 4]), tol=1e-12).fit(
            np.delete(X, [0, 3, 4], 1), y
        )
        assert_allclose(model.predict(data), independent.predict(np.delete(X, [0, 3, 4], 1)), atol=1e-7)

    @pytest.mark.parametrize("fit_intercept", [True, False])
    def test_dependent_ones_of_many_scales_keep_the_predictions(self, fit_intercept):
        rng = np.random.default_rng(0)
        scales = 10.0 ** np.array([-6, 6, 0, 4, -3, 2, 0])
        X = rng.standard_normal((5, 7)) * scales
        y = rng.standard_normal(5)
        with pytest.warns(ModelWarning, match="combinations.*theirs are those with the least norm"):
            model = ElasticNet(1.0, fit_intercept=fit_intercept, penalty_weights=[0, 0, 0, 0, 0, 0, 1]).fit(X, y)
        # They fit all.
        assert_allclose(X.astype(np.longdouble) @ model.coef_ + model.intercept_, y, rtol=0, atol=1e-13)
        # Of the least norm: orthogonal to all that changes no prediction, in units in which that can be told.
        centred = X[:, :6] - fit_intercept * X[:, :6].mean(axis=0)
        null = np.linalg.svd(centred / scales[:6])[2][np.linalg.matrix_rank(centred / scales[:6]) :] / scales[:6]
        null /= np.linalg.norm(null, axis=1)[:, None]
        assert_allclose(null @ model.coef_[:6], 0, atol=1e-6 * np.abs(model.coef_).max())

    @pytest.mark.parametrize("seed", range(3))
    def test_nearly_dependent_ones_fit_all_but_rounding(self, seed):
        """Without a warning."""
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((5, 8)) + 1e4, rng.standard_normal((5, 3))
        model = MultiTaskElasticNet(
            1.0, fit_intercept=False, penalty_weights=np.repeat([0.0, 1.0], [5, 3]), tol=1e-12
        ).fit(X, y)
        left = y - X.astype(np.longdouble) @ model.coef_.T
        assert 0.1 * (left**2).sum() <= model.dual_gap_ <= 1e-18

    def test_dependent_ones_within_bounds_have_no_least_norm(self):
        X, y = make_data("tall")
        X[:, 4] = X[:, 6]
        v = np.where(np.isin(np.arange(10), [4, 6]), 0.0, 1.0)
        with pytest.warns(ModelWarning, match="combinations.*within their bounds may have the same predictions"):
            Lasso(0.1, penalty_weights=v, lower_bounds=-1.0).fit(X, y)

    @pytest.mark.parametrize("Estimator", ALL)
    def test_dependent_ones_are_warned_of_once(self, Estimator):
        X, y = make_data("tall")
        X[:, 4] = X[:, 6]
        v = np.where(np.isin(np.arange(10), [4, 6]), 0.0, 1.0)
        params = {"noise_variance": 1.0} if Estimator in (LassoIC, ElasticNetIC) else {}
        with pytest.warns(UserWarning, match="combinations") as caught:
            model = make(Estimator, penalty_weights=v, **params).fit(X, y)
        assert sum("combinations" in str(warning.message) for warning in caught) == 1
        assert_allclose(model.coef_[4], model.coef_[6], rtol=1e-9)

    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
    @pytest.mark.parametrize("design", DESIGNS)
    def test_alpha_max_comes_after_the_free_ones(self, design, l1_ratio, fit_intercept):
        X, y = make_data(design)
        v = np.random.default_rng(2).uniform(0.5, 2, X.shape[1])
        v[[0, 3]] = 0
        penalised = v > 0
        options = {"l1_ratio": l1_ratio, "penalty_weights": v, "fit_intercept": fit_intercept, "tol": 1e-12}
        alphas, coefs, _ = enet_path(X, y, alphas=3, **options)
        assert not coefs[penalised, 0].any()
        coef, _ = least_squares(X[:, ~penalised], y, fit_intercept=fit_intercept)
        assert_allclose(coefs[~penalised, 0], coef, rtol=1e-10)
        assert ElasticNet(alphas[0] * (1 - 1e-7), **options).fit(X, y).coef_[penalised].any()

    @ignore_dependent
    @pytest.mark.parametrize("store", ["dense_C", "csc"])
    @pytest.mark.parametrize("design", ["tall", "random", "wide"])
    def test_exact_fit_by_free_features(self, design, store):
        X, y = make_data(design)
        y = 2 + X[:, [1, 4]] @ [3.0, -2.0]
        v = np.ones(X.shape[1])
        v[[1, 4]] = 0
        expected = np.zeros(X.shape[1])
        expected[[1, 4]] = 3, -2
        for alpha in (1.0, 1e-3, 1e-9):
            model = Lasso(alpha, penalty_weights=v).fit(STORES[store](X), y)
            assert_allclose(model.coef_, expected, atol=1e-9)
            assert_allclose(model.intercept_, 2, atol=1e-9)
        alphas, coefs, _ = lasso_path(STORES[store](X), y, alphas=5, penalty_weights=v, fit_intercept=True)
        assert np.isfinite(alphas).all()
        assert_allclose(coefs, np.tile(expected[:, None], 5), atol=1e-9)
        model = LassoCV(alphas=5, cv=3, penalty_weights=v).fit(STORES[store](X), y)
        assert_allclose(model.coef_, expected, atol=1e-9)

    @ignore_dependent
    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("design", ["tall", "random", "wide", "one_sample", "tiny", "constant_and_zero_columns"])
    def test_all_free_is_least_squares(self, design, fit_intercept, solver):
        X, y = make_data(design)
        weights = make_weights("random", len(y))
        model = Lasso(0.1, penalty_weights=np.zeros(X.shape[1]), fit_intercept=fit_intercept, solver=solver)
        model.fit(X, y, sample_weight=weights)
        coef, intercept = least_squares(X, y, weights, fit_intercept)
        assert_allclose(model.coef_, coef, atol=1e-7)
        assert_allclose(model.intercept_, intercept, atol=1e-7)

    @pytest.mark.parametrize("Estimator", ALL)
    @pytest.mark.parametrize("store", ["dense_C", "csr"])
    def test_all_left_out_is_the_mean(self, Estimator, store):
        X, y = make_data("tall")
        params = {"noise_variance": 1.0} if Estimator in (LassoIC, ElasticNetIC) else {}
        with pytest.warns(ModelWarning, match="Every feature is left out"):
            model = make(Estimator, penalty_weights=np.full(10, np.inf), **params).fit(STORES[store](X), y)
        assert not model.coef_.any()
        assert_allclose(model.intercept_, y.mean(), rtol=1e-12)

    @ignore_dependent
    @pytest.mark.parametrize("n_free", [19, 20, 40])
    def test_as_many_free_ones_as_samples(self, n_free):
        X, y = make_data("wide")
        v = np.ones(X.shape[1])
        v[:n_free] = 0
        model = Lasso(0.1, penalty_weights=v).fit(X, y)
        assert_allclose(model.predict(X), y, atol=1e-8)
        assert not model.coef_[n_free:].any()
        coef, _ = least_squares(X[:, :n_free], y)
        assert_allclose(model.coef_[:n_free], coef, atol=1e-7)

    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("design", ["tall", "random", "wide"])
    def test_free_ones_within_bounds(self, design, solver):
        X, y = make_data(design)
        v, lower, upper = np.ones(X.shape[1]), np.full(X.shape[1], -np.inf), np.full(X.shape[1], np.inf)
        free = np.array([0, 1, 3, 6, 8])
        v[free] = 0
        lower[free], upper[free] = [-0.5, 0, -np.inf, -0.1, 0], [0.5, np.inf, 0, 0.1, 0]
        bounds = {"penalty_weights": v, "lower_bounds": lower, "upper_bounds": upper}
        alpha = half_way(X, y, **bounds)
        model = Lasso(alpha, solver=solver, tol=1e-9, max_iter=100_000, **bounds).fit(X, y)
        problem = ElasticNetProblem(X, y, alpha=alpha, **bounds)
        assert problem.is_feasible(model.coef_)
        assert problem.relative(problem.dual_gap(model.coef_, model.intercept_)) <= 1e-9
        only = Lasso(1e3 * alpha, solver=solver, tol=1e-9, **bounds).fit(X, y)
        inside = free[:4]
        coef, _ = least_squares(X[:, inside], y, bounds=(lower[inside], upper[inside]))
        assert_allclose(only.coef_[inside], coef, atol=1e-7)
        assert np.count_nonzero(only.coef_) <= 4

    @ignore_dependent
    @pytest.mark.parametrize("solver", SOLVERS)
    def test_free_twins_within_bounds(self, solver):
        rng = np.random.default_rng(2)
        X = rng.standard_normal((400, 20))
        X[:, 1] = X[:, 0] + 1e-7 * X[:, 1]
        y = 2 * X[:, 5] - X[:, 6] - 0.06 * X[:, 0] + 0.5 * rng.standard_normal(400)
        v, lower = np.where(np.arange(20) < 2, 0.0, 1.0), np.where(np.arange(20) < 2, -0.1, -np.inf)
        model = Lasso(10.0, solver=solver, tol=1e-8, fit_intercept=False, penalty_weights=v, lower_bounds=lower)
        model.fit(X, y)
        # What is left to gain by as much more of one as less of the other, as far as the bound of that.
        exchange = X[:, 1] - X[:, 0]
        slope = exchange @ (y - X @ model.coef_) / 400
        length = min(abs(slope) / (exchange @ exchange / 400), model.coef_[int(slope < 0)] + 0.1)
        assert abs(slope) * length - 0.5 * length**2 * (exchange @ exchange) / 400 <= model.dual_gap_ + 1e-16

    @ignore_dependent
    @pytest.mark.parametrize("bounded", [False, True])
    @pytest.mark.parametrize("store", ["dense_C", "csc"])
    @pytest.mark.parametrize("n_samples", [40, 4000])
    def test_free_ones_of_many_scales(self, n_samples, store, bounded):
        rng = np.random.default_rng(0)
        scales = np.array([1e-6, 1.0, 1e6, 1e-3])
        X = rng.standard_normal((n_samples, 4)) * scales
        y = X @ (np.array([2, 1, 1, -1]) / scales) + rng.standard_normal(n_samples)
        upper = np.array([np.inf, 0.5, np.inf, np.inf])
        params = {"upper_bounds": upper} if bounded else {}
        model = Lasso(0.1, penalty_weights=np.zeros(4), **params).fit(STORES[store](X), y)
        bounds = (np.full(4, -np.inf), upper * scales if bounded else np.full(4, np.inf))
        coef, intercept = least_squares(X / scales, y, bounds=bounds)
        assert_allclose(model.coef_ * scales, coef, atol=1e-9)
        assert_allclose(model.intercept_, intercept, atol=1e-9)


class TestBounds:
    """Bounds hold, exactly, and positive=True is one of them."""

    @pytest.mark.parametrize("Estimator", ALL)
    @pytest.mark.parametrize("design", ["tall", "random", "wide"])
    def test_positive_bit_for_bit(self, Estimator, design):
        X, y = make_data(design)
        params = {"noise_variance": 1.0} if Estimator in (LassoIC, ElasticNetIC) else {}
        for standardize in (False, True):
            model = make(Estimator, positive=True, standardize=standardize, **params).fit(X, y)
            same = make(Estimator, lower_bounds=0, standardize=standardize, **params).fit(X, y)
            assert_array_equal(model.coef_, same.coef_)
            assert_array_equal(*(getattr(m, "coef_path_", m.coef_) for m in (model, same)))
            assert model.intercept_ == same.intercept_
            assert model.dual_gap_ == same.dual_gap_

    def test_positive_path_bit_for_bit(self):
        X, y = make_data("random")
        for one, other in zip(
            lasso_path(X, y, alphas=20, positive=True), lasso_path(X, y, alphas=20, lower_bounds=0.0), strict=True
        ):
            assert_array_equal(one, other)

    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    @pytest.mark.parametrize("design", DESIGNS)
    def test_zero_and_zero_is_left_out(self, design, l1_ratio):
        X, y = make_data(design)
        lower, upper = np.full((2, X.shape[1]), np.inf) * [[-1], [1]]
        lower[[0, 3]] = upper[[0, 3]] = 0
        alpha = half_way(X, y, l1_ratio=l1_ratio) / 2
        model = ElasticNet(alpha, l1_ratio=l1_ratio, lower_bounds=lower, upper_bounds=upper, tol=1e-12).fit(X, y)
        peer = ElasticNet(alpha, l1_ratio=l1_ratio, tol=1e-12).fit(np.delete(X, [0, 3], 1), y)
        assert_allclose(np.delete(model.coef_, [0, 3]), peer.coef_, atol=1e-8)
        assert not model.coef_[[0, 3]].any()

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("design", DESIGNS)
    def test_scalars_hold(self, design, solver, dtype):
        X, y = make_data(design)
        X, y = X.astype(dtype), y.astype(dtype)
        alpha = half_way(X, y)
        tol = 1e-5 if dtype == np.float32 else 1e-8
        model = Lasso(alpha, lower_bounds=-0.3, upper_bounds=0.7, solver=solver, tol=tol, max_iter=100_000).fit(X, y)
        low, high = dtype(-0.3), dtype(0.7)
        assert low <= model.coef_.min() < 0
        assert model.coef_.max() == high  # exactly
        problem = ElasticNetProblem(X, y, alpha=alpha, lower_bounds=low, upper_bounds=high)
        assert problem.relative(problem.dual_gap(model.coef_, model.intercept_)) <= 2 * tol

    def test_far_bounds_change_nothing(self):
        X, y = make_data("random")
        model = Lasso(0.05, tol=1e-12).fit(X, y)
        bounded = Lasso(0.05, tol=1e-12, lower_bounds=-1e6, upper_bounds=1e6).fit(X, y)
        assert_allclose(bounded.coef_, model.coef_, atol=1e-9)

    @pytest.mark.parametrize("design", ["tall", "random", "wide"])
    def test_warm_start(self, design):
        X, y = make_data(design)
        alpha = half_way(X, y)
        params = {"lower_bounds": -0.2, "upper_bounds": np.where(np.arange(X.shape[1]) % 2, 0.4, np.inf)}
        cold = Lasso(alpha, tol=1e-11, **params).fit(X, y)
        warm = Lasso(alpha / 3, tol=1e-11, warm_start=True).fit(X, y)  # outside the bounds to come
        assert abs(warm.coef_).max() > 0.4
        warm.set_params(alpha=alpha, **params).fit(X, y)
        assert_allclose(warm.coef_, cold.coef_, atol=1e-7)
        assert warm.coef_.min() >= -0.2
        again = clone(warm).set_params(warm_start=True)
        again.coef_ = warm.coef_
        again.fit(X, y)
        assert_allclose(again.coef_, cold.coef_, atol=1e-7)

    def test_coef_init_outside_the_bounds(self):
        X, y = make_data("random")
        options = {"alphas": [0.3, 0.05], "lower_bounds": -0.1, "upper_bounds": 0.2, "tol": 1e-12}
        _, coefs, _ = lasso_path(X, y, **options)
        _, warm, _ = lasso_path(X, y, coef_init=np.full(X.shape[1], 5.0), **options)
        assert_allclose(warm, coefs, atol=1e-8)


class TestRelax:
    """Least squares on what the penalty keeps, and all that lies between."""

    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("store", ["dense_C", "csc", "csr"])
    @pytest.mark.parametrize("design", DESIGNS)
    def test_least_squares_on_the_support(self, design, store, fit_intercept, weighted):
        X, y = make_data(design)
        weights = make_weights("with_zeros", len(y)) if weighted else None
        options = {"fit_intercept": fit_intercept, "sample_weight": weights, "return_intercept": True, "tol": 1e-10}
        alphas = np.array([0.8, 0.5, 0.3]) * lasso_path(X, y, alphas=1, **options)[0][0]
        penalised, relaxed, between = (
            lasso_path(STORES[store](X), y, alphas=alphas, relax=g, **options) for g in (1, 0, 0.25)
        )
        assert np.count_nonzero(penalised[1][:, -1]) >= 2
        for k in range(3):
            support = np.flatnonzero(penalised[1][:, k])
            coef, intercept = least_squares(X[:, support], y, weights, fit_intercept)
            assert_array_equal(np.flatnonzero(relaxed[1][:, k]), support)
            assert_allclose(relaxed[1][support, k], coef, rtol=1e-8, atol=1e-9)
            assert_allclose(relaxed[3][k], intercept, rtol=1e-8, atol=1e-9)
        assert_array_equal(relaxed[2], penalised[2])  # the gaps are those of the penalised
        for one, other, mean in zip(penalised, relaxed, between, strict=True):
            assert_allclose(mean, 0.25 * one + 0.75 * other, rtol=1e-12, atol=1e-14)

    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("design", ["tall", "random", "wide", "badly_scaled"])
    def test_of_every_solver(self, design, solver):
        X, y = make_data(design)
        alpha = half_way(X, y, standardize=True)
        params = {"solver": solver, "standardize": True, "tol": 1e-7, "max_iter": 100_000}
        support = np.flatnonzero(Lasso(alpha, **params).fit(X, y).coef_)
        model = Lasso(alpha, relax=0.0, **params).fit(X, y)
        coef, _ = least_squares(X[:, support] / X[:, support].std(axis=0), y)
        assert_allclose(model.coef_[support] * X[:, support].std(axis=0), coef, atol=1e-7)

    @pytest.mark.parametrize("store", STORES)
    def test_float32(self, store):
        X, y = make_data("random")
        X, y = X.astype(np.float32), y.astype(np.float32)
        model = Lasso(0.3, relax=0.0).fit(STORES[store](X), y)
        support = np.flatnonzero(model.coef_)
        coef, intercept = least_squares(X[:, support].astype(float), y.astype(float))
        assert model.coef_.dtype == np.float32
        assert_allclose(model.coef_[support], coef, rtol=1e-5)
        assert_allclose(model.intercept_, intercept, rtol=1e-5)

    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("store", ["dense_C", "csc"])
    @pytest.mark.parametrize("design", DESIGNS)
    def test_within_bounds(self, design, store, weighted):
        X, y = make_data(design)
        weights = make_weights("random", len(y)) if weighted else None
        lower, upper = np.full((2, X.shape[1]), [[-0.8], [1.1]])
        lower[1::4], upper[2::5] = -np.inf, np.inf
        bounds = {"lower_bounds": lower, "upper_bounds": upper}
        alpha = 2 * half_way(X, y, **bounds)
        support = np.flatnonzero(Lasso(alpha, tol=1e-10, **bounds).fit(STORES[store](X), y, weights).coef_)
        model = Lasso(alpha, tol=1e-10, relax=0.0, **bounds).fit(STORES[store](X), y, weights)
        coef, _ = least_squares(X[:, support], y, weights, bounds=(lower[support], upper[support]))
        assert (np.isin(coef, [-0.8, 1.1])).any()
        assert_allclose(model.coef_[support], coef, atol=1e-7)
        assert (lower <= model.coef_).all()
        assert (model.coef_ <= upper).all()

    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    @pytest.mark.parametrize("design", DESIGNS)
    def test_with_free_features(self, design, l1_ratio):
        X, y = make_data(design)
        v = np.ones(X.shape[1])
        v[[0, 2]] = 0
        alpha = 2 * half_way(X, y, l1_ratio=l1_ratio, penalty_weights=v)
        params = {"l1_ratio": l1_ratio, "penalty_weights": v, "tol": 1e-10}
        support = np.flatnonzero(ElasticNet(alpha, **params).fit(X, y).coef_)
        assert {0, 2} < set(support)
        model = ElasticNet(alpha, relax=0.0, **params).fit(X, y)
        coef, _ = least_squares(X[:, support], y)
        assert_allclose(model.coef_[support], coef, atol=1e-8)

    def test_more_features_kept_than_samples(self):
        X, y = make_data("wide")
        model = ElasticNet(1e-2, l1_ratio=0.05, relax=0.0).fit(X, y)
        assert np.count_nonzero(model.coef_) > len(y)
        assert np.isfinite(model.coef_).all()
        assert_allclose(model.predict(X), y, atol=1e-6)

    @pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
    @pytest.mark.parametrize("design", ["tall", "random"])
    def test_every_fold_of_a_list(self, Estimator, design):
        X, y = make_data(design)
        weights = make_weights("random", len(y))
        relaxes, folds = [1.0, 0.3, 0.0], KFold(3)
        ratios = {"l1_ratio": [0.5, 0.9]} if Estimator is ElasticNetCV else {}
        # Each keeps fewer features than a fold has rows: least squares has one answer.
        alphas = [0.6, 0.3] if design == "tall" else [2.5, 1.5]
        model = Estimator(alphas=alphas, cv=folds, relax=relaxes, tol=1e-11, standardize=True, **ratios)
        model.fit(X, y, sample_weight=weights)
        results = {name: np.asarray(values) for name, values in model.cv_results_.items()}
        rows = len(results["param_alpha"])
        assert rows == 2 * 3 * len(ratios.get("l1_ratio", [1]))
        expected = np.empty((rows, 3))
        for k, (train, test) in enumerate(folds.split(X)):
            for row in range(rows):
                l1_ratio = results["param_l1_ratio"][row] if ratios else 1.0
                single = ElasticNet(
                    results["param_alpha"][row],
                    l1_ratio=l1_ratio,
                    relax=results["param_relax"][row],
                    tol=1e-11,
                    standardize=True,
                ).fit(X[train], y[train], weights[train])
                expected[row, k] = np.average((y[test] - single.predict(X[test])) ** 2, weights=weights[test])
        found = np.stack([results[f"split{k}_test_score"] for k in range(3)], axis=1)
        assert_allclose(-found, expected, rtol=1e-7)
        best = np.argmin(expected.mean(axis=1))
        assert (model.alpha_, model.relax_) == (results["param_alpha"][best], results["param_relax"][best])
        single = ElasticNet(
            model.alpha_,
            l1_ratio=getattr(model, "l1_ratio_", 1.0),
            relax=model.relax_,
            tol=1e-11,
            standardize=True,
        ).fit(X, y, weights)
        assert_allclose(model.coef_, single.coef_, atol=1e-7)
        assert_allclose(model.intercept_, single.intercept_, atol=1e-7)
        assert model.coef_path_.shape == (X.shape[1], 2)

    @pytest.mark.parametrize("scoring", [None, "neg_mean_absolute_error"])
    def test_one_number_in_cross_validation(self, scoring):
        X, y = make_data("random")
        one = LassoCV(alphas=5, cv=3, relax=0.5, scoring=scoring).fit(X, y)
        listed = LassoCV(alphas=5, cv=3, relax=[0.5], scoring=scoring).fit(X, y)
        assert one.relax_ == listed.relax_ == 0.5
        assert_array_equal(one.mse_path_, listed.mse_path_)
        assert_array_equal(one.coef_, listed.coef_)

    @pytest.mark.parametrize("Estimator", [LassoIC, ElasticNetIC])
    def test_information_criteria(self, Estimator):
        """The criterion is that of the penalised path; the coefficients are relaxed."""
        X, y = make_data("tall")
        penalised, relaxed = (Estimator(alphas=20, relax=g, tol=1e-11).fit(X, y) for g in (1.0, 0.0))
        for path, alpha in zip(relaxed.coef_path_.T, relaxed.alphas_, strict=True):
            l1_ratio = getattr(relaxed, "l1_ratio_", 1.0)
            single = ElasticNet(alpha, l1_ratio=l1_ratio, relax=0.0, tol=1e-11).fit(X, y)
            assert_allclose(path, single.coef_, atol=1e-8)
        support = np.flatnonzero(relaxed.coef_)
        assert_allclose(relaxed.coef_[support], least_squares(X[:, support], y)[0], atol=1e-9)
        assert penalised.coef_.shape == relaxed.coef_.shape


ROWS = {
    "weights": {"penalty_weights": True},
    "bounds": {"lower_bounds": True, "upper_bounds": True},
    "standardize": {"standardize": True},
    "all": {"penalty_weights": True, "lower_bounds": True, "upper_bounds": True, "standardize": True, "relax": 0.5},
}


def terms_of(row, n_features):
    """Keywords, with numbers for what a row has: two free features, one left out, bounds on either side."""
    rng = np.random.default_rng(n_features)
    v = rng.uniform(0.5, 2, n_features)
    v[[1, 4]], v[2] = 0, np.inf
    lower, upper = rng.choice([-np.inf, -0.25, 0], n_features), rng.choice([np.inf, 0.5], n_features)
    values = {"penalty_weights": v, "lower_bounds": lower, "upper_bounds": upper}
    return {name: values.get(name, value) for name, value in ROWS[row].items()}


class TestInvariance:
    """What must not change the answer, or must change it in a known way."""

    @pytest.mark.parametrize("log2_X, log2_y", [(0, -54), (60, 0), (-30, 30), (-31, -29)])
    @pytest.mark.parametrize("store", ["dense_C", "csc"])
    @pytest.mark.parametrize("row", ROWS)
    @pytest.mark.parametrize("design", ["tall", "random", "wide"])
    def test_powers_of_two_scale_exactly(self, design, row, store, log2_X, log2_y):
        X, y = make_data(design)
        terms = terms_of(row, X.shape[1])
        options = {"alphas": 5, "eps": 0.02, "fit_intercept": True, "return_intercept": True}
        alphas, coefs, gaps, intercepts = lasso_path(STORES[store](X), y, **options, **terms)
        scaled = dict(terms)
        for name in terms.keys() & {"lower_bounds", "upper_bounds"}:
            scaled[name] = np.ldexp(terms[name], log2_y - log2_X)
        X, y = np.ldexp(X, log2_X), np.ldexp(y, log2_y)
        alphas_, coefs_, gaps_, intercepts_ = lasso_path(STORES[store](X), y, **options, **scaled)
        # Standardised features have no units.
        assert_array_equal(alphas_, np.ldexp(alphas, log2_y + (0 if terms.get("standardize") else log2_X)))
        assert_array_equal(coefs_, np.ldexp(coefs, log2_y - log2_X))
        assert_array_equal(intercepts_, np.ldexp(intercepts, log2_y))
        assert_array_equal(gaps_, np.ldexp(gaps, 2 * log2_y))

    @pytest.mark.parametrize("factor", [1e-3, 7.0])
    @pytest.mark.parametrize("row", ["weights", "all"])
    def test_scaled_weights_are_a_scaled_alpha(self, row, factor):
        X, y = make_data("random")
        terms = terms_of(row, X.shape[1])
        alpha = half_way(X, y, **terms)
        model = ElasticNet(alpha, tol=1e-12, **terms).fit(X, y)
        terms["penalty_weights"] = terms["penalty_weights"] * factor
        scaled = ElasticNet(alpha / factor, tol=1e-12, **terms).fit(X, y)
        assert_allclose(scaled.coef_, model.coef_, atol=1e-8)

    @pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
    @pytest.mark.parametrize("row", ROWS)
    @pytest.mark.parametrize("design", DESIGNS)
    def test_permuting_features(self, design, row, l1_ratio):
        X, y = make_data(design)
        terms = terms_of(row, X.shape[1])
        order = np.random.default_rng(0).permutation(X.shape[1])
        permuted = {name: value[order] if np.ndim(value) else value for name, value in terms.items()}
        # With more features than samples least squares on them has several answers.
        eps = 0.4 if design == "wide" and row == "all" else 0.05
        options = {"l1_ratio": l1_ratio, "alphas": 5, "eps": eps, "tol": 1e-11, "fit_intercept": True}
        alphas, coefs, _ = enet_path(X, y, **options, **terms)
        alphas_, coefs_, _ = enet_path(X[:, order], y, **options, **permuted)
        assert_allclose(alphas_, alphas, rtol=1e-11)
        assert_allclose(coefs_, coefs[order], atol=1e-6)

    @pytest.mark.parametrize("row", ROWS)
    @pytest.mark.parametrize("store", ["dense_C", "csr"])
    def test_weights_of_rows_are_repeated_rows(self, row, store):
        X, y = make_data("tall")
        X, y = X[:60], y[:60]
        weights = np.random.default_rng(0).integers(0, 3, 60)
        options = {"alphas": 5, "eps": 0.05, "tol": 1e-12, "fit_intercept": True} | terms_of(row, X.shape[1])
        weighted = lasso_path(STORES[store](X), y, sample_weight=weights, **options)
        repeated = lasso_path(STORES[store](np.repeat(X, weights, axis=0)), np.repeat(y, weights), **options)
        for one, other in zip(weighted[:2], repeated[:2], strict=True):
            assert_allclose(one, other, rtol=1e-8, atol=1e-8)

    @pytest.mark.parametrize("row", ROWS)
    @pytest.mark.parametrize("Estimator", [Lasso, ElasticNet])
    def test_several_targets(self, Estimator, row):
        X, y = make_data("random")
        Y = np.c_[y, y[::-1], X[:, 0] - y]
        params = {"alpha": 0.1, "tol": 1e-10} | terms_of(row, X.shape[1])
        together = Estimator(**params).fit(X, Y)
        assert together.coef_.shape == (3, X.shape[1])
        for k in range(3):
            alone = Estimator(**params).fit(X, Y[:, k])
            assert_array_equal(together.coef_[k], alone.coef_)
            assert together.intercept_[k] == alone.intercept_
            assert together.dual_gap_[k] == alone.dual_gap_

    @pytest.mark.parametrize("Estimator", ALL)
    def test_clone_pickle_and_params(self, Estimator):
        X, y = make_data("tall")
        terms = terms_of("all", X.shape[1])
        params = {"noise_variance": 1.0} if Estimator in (LassoIC, ElasticNetIC) else {}
        model = make(Estimator, **terms, **params)
        for name, value in terms.items():
            assert model.get_params()[name] is value
        before = {name: np.copy(value) for name, value in terms.items()}
        copied = clone(model).fit(X, y)
        model.fit(X, y)
        assert_array_equal(copied.coef_, model.coef_)
        loaded = pickle.loads(pickle.dumps(model))
        assert_array_equal(loaded.predict(X), model.predict(X))
        for name, value in before.items():
            assert_array_equal(terms[name], value)
        assert "penalty_weights" in repr(clone(model))

    @pytest.mark.parametrize("Estimator", ALL)
    @pytest.mark.parametrize("row", ROWS)
    def test_cross_validation_and_criteria_keep_the_terms(self, Estimator, row):
        X, y = make_data("tall")
        terms = terms_of(row, X.shape[1])
        params = {"noise_variance": 1.0} if Estimator in (LassoIC, ElasticNetIC) else {}
        model = make(Estimator, tol=1e-11, **terms, **params).fit(X, y)
        alpha = getattr(model, "alpha_", model.get_params().get("alpha"))
        l1_ratio = 0.5 if issubclass(Estimator, (ElasticNetCV, ElasticNetIC)) or Estimator is ElasticNet else 1.0
        if Estimator in (Lasso, LassoCV, LassoIC):
            l1_ratio = 1.0
        single = ElasticNet(alpha, l1_ratio=getattr(model, "l1_ratio_", l1_ratio), tol=1e-11, **terms).fit(X, y)
        assert_allclose(model.coef_, single.coef_, atol=1e-8)
        assert_allclose(model.intercept_, single.intercept_, atol=1e-8)

    @pytest.mark.parametrize("row", ["weights", "bounds", "all"])
    def test_every_fold_is_a_fit_of_its_own(self, row):
        X, y = make_data("tall")
        X, y = X[:60], y[:60]
        terms = terms_of(row, X.shape[1])
        model = LassoCV(alphas=5, eps=0.05, cv=KFold(4), tol=1e-11, **terms).fit(X, y)
        for k, (train, test) in enumerate(KFold(4).split(X)):
            _, coefs, _, intercepts = lasso_path(
                X[train], y[train], alphas=model.alphas_, fit_intercept=True, return_intercept=True, tol=1e-11, **terms
            )
            errors = ((y[test, None] - X[test] @ coefs - intercepts) ** 2).mean(axis=0)
            assert_allclose(model.mse_path_[:, k], errors, rtol=1e-7)


NAMES = [f"f{j}" for j in range(10)]
NAMED_TERMS = {
    "penalty_weights": {"f3": 0.0, "f0": 2.5, "f7": np.inf},
    "lower_bounds": {"f1": -0.1},
    "upper_bounds": {"f2": 0.0, "f0": 0.5},
}
LISTED_TERMS = {
    "penalty_weights": [2.5, 1, 1, 0, 1, 1, 1, np.inf, 1, 1],
    "lower_bounds": [-np.inf, -0.1] + 8 * [-np.inf],
    "upper_bounds": [0.5, np.inf, 0.0] + 7 * [np.inf],
}
BAD = {
    "unknown_name": ({"penalty_weights": {"f1": 1.0, "height": 2.0}}, "penalty_weights.*'height'"),
    "unknown_bound": ({"upper_bounds": {"weight": 2.0}}, "upper_bounds.*'weight'"),
    "negative": ({"penalty_weights": [1] * 9 + [-0.5]}, r"penalty_weights\['?f?9'?\].*-0\.5"),
    "negative_by_name": ({"penalty_weights": {"f4": -2.0}}, r"penalty_weights\['f4'\].*-2"),
    "nan": ({"penalty_weights": [1] * 8 + [np.nan, 1]}, r"penalty_weights\['?f?8'?\].*nan"),
    "minus_infinity": ({"penalty_weights": [-np.inf] + 9 * [1]}, r"penalty_weights\['?f?0'?\].*-inf"),
    "short": ({"penalty_weights": np.ones(9)}, r"penalty_weights.*\(10,\).*\(9,\)"),
    "two_dimensions": ({"penalty_weights": np.ones((10, 1))}, r"penalty_weights.*\(10,\).*\(10, 1\)"),
    "words": ({"penalty_weights": ["one"] * 10}, r"penalty_weights\['?f?0'?\] == 'one', must be a number"),
    "word_by_name": ({"penalty_weights": {"f2": "abc"}}, r"penalty_weights\['f2'\] == 'abc', must be a number"),
    "none_by_name": ({"penalty_weights": {"f2": None}}, r"penalty_weights\['f2'\] == None, must be a number"),
    "list_by_name": ({"upper_bounds": {"f2": [1, 2]}}, r"upper_bounds\['f2'\] == \[1, 2\], must be a number"),
    "missing_by_name": ({"lower_bounds": {"f2": pd.NA}}, r"lower_bounds\['f2'\] == <NA>, must be a number"),
    "none": ({"lower_bounds": [-1] * 9 + [None]}, r"lower_bounds\['?f?9'?\] == None, must be a number"),
    "digits": ({"penalty_weights": [1] * 9 + ["2"]}, r"penalty_weights\['?f?9'?\] == '2', must be a number"),
    "nested": ({"penalty_weights": [1] * 9 + [[2]]}, r"penalty_weights\['?f?9'?\] == \[2\], must be a number"),
    "complex": ({"upper_bounds": np.full(10, 2j)}, r"upper_bounds\['?f?0'?\] == .*2j.*, must be a number"),
    "too_small": (
        {"penalty_weights": [1] * 9 + [1e-308]},
        r"penalty_weights\['?f?9'?\] == 1e-308.*0 .*1e-100 and 1e\+100",
    ),
    "too_large": (
        {"penalty_weights": {"f3": 1e308}},
        r"penalty_weights\['f3'\] == 1e\+308.*infinity.*1e-100 and 1e\+100",
    ),
    "number": ({"penalty_weights": 2.0}, "'penalty_weights' parameter"),
    "lower_positive": ({"lower_bounds": 0.25}, r"lower_bounds\[.*0\.25"),
    "lower_positive_array": ({"lower_bounds": [0] * 9 + [0.5]}, r"lower_bounds\['?f?9'?\].*0\.5"),
    "lower_nan": ({"lower_bounds": np.nan}, "lower_bounds.*nan"),
    "lower_short": ({"lower_bounds": [-1.0, -2.0]}, r"lower_bounds.*\(10,\).*\(2,\)"),
    "upper_negative": ({"upper_bounds": -0.75}, r"upper_bounds\[.*-0\.75"),
    "upper_by_name": ({"upper_bounds": {"f6": -3.0}}, r"upper_bounds\['f6'\].*-3"),
    "upper_word": ({"upper_bounds": "one"}, "'upper_bounds' parameter.*'one'"),
    "series_in_other_order": (
        {"penalty_weights": pd.Series([1.0] * 9 + [0.0], index=range(9, -1, -1))},
        r"penalty_weights is a Series whose index, \[9, 8, .*names of features \(strings\) nor 0, 1, 2.*Give an array",
    ),
    "series_of_some": ({"lower_bounds": pd.Series({3: 0.0, 2: 0.0})}, r"lower_bounds is a Series.*\[3, 2\]"),
    "series_of_mixed_labels": ({"upper_bounds": pd.Series({"f0": 0.0, 1: 0.0})}, r"upper_bounds.*\['f0', 1\]"),
    "series_short": ({"upper_bounds": pd.Series(np.ones(9))}, r"upper_bounds.*\(10,\).*\(9,\)"),
    "standardize": ({"standardize": "yes"}, "'standardize' parameter.*'yes'"),
    "relax_above": ({"relax": 1.5}, r"relax.*1\.5"),
    "relax_below": ({"relax": -0.5}, r"relax.*-0\.5"),
    "relax_nan": ({"relax": np.nan}, "relax.*nan"),
    "relax_word": ({"relax": "half"}, "'relax' parameter.*'half'"),
}


class TestNamesAndErrors:
    """A dict goes by name; what does not fit is refused by name and value."""

    @staticmethod
    def data():
        X, y = make_data("tall")
        return pd.DataFrame(X, columns=NAMES), y

    @pytest.mark.parametrize("Estimator", ALL)
    def test_dicts(self, Estimator):
        X, y = self.data()
        params = {"noise_variance": 1.0} if Estimator in (LassoIC, ElasticNetIC) else {}
        named = make(Estimator, **NAMED_TERMS, **params).fit(X, y)
        listed = make(Estimator, **LISTED_TERMS, **params).fit(X, y)
        assert_array_equal(named.coef_, listed.coef_)
        # By name, whatever the order.
        order = np.arange(10)[::-1]
        turned = make(Estimator, tol=1e-12, **NAMED_TERMS, **params).fit(X.iloc[:, order], y)
        straight = make(Estimator, tol=1e-12, **NAMED_TERMS, **params).fit(X, y)
        assert_allclose(turned.coef_[order], straight.coef_, atol=1e-8)

    @pytest.mark.parametrize("path", [lasso_path, enet_path])
    def test_dicts_in_path_functions(self, path):
        X, y = self.data()
        for one, other in zip(
            path(X, y, alphas=4, **NAMED_TERMS), path(X.to_numpy(), y, alphas=4, **LISTED_TERMS), strict=True
        ):
            assert_array_equal(one, other)

    def test_empty_dicts_say_nothing(self):
        X, y = self.data()
        model = Lasso(0.1, penalty_weights={}, lower_bounds={}, upper_bounds={}).fit(X, y)
        assert_allclose(model.coef_, Lasso(0.1).fit(X, y).coef_, rtol=1e-9)

    @pytest.mark.parametrize("case", BAD)
    @pytest.mark.parametrize("Estimator", ALL)
    def test_errors_name_parameter_and_value(self, Estimator, case):
        params, message = BAD[case]
        X, y = self.data()
        fixed = {"noise_variance": 1.0} if Estimator in (LassoIC, ElasticNetIC) else {}
        model = make(Estimator, **fixed).fit(X, y)
        model.set_params(**params)
        before = dict(vars(model))
        with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
            model.fit(X, y)
        after = vars(model)
        assert after.keys() == before.keys()
        for name, value in before.items():
            assert after[name] is value, name

    @pytest.mark.parametrize("case", BAD)
    @pytest.mark.parametrize("path", [lasso_path, enet_path])
    def test_errors_of_path_functions(self, path, case):
        params, message = BAD[case]
        X, y = self.data()
        with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
            path(X, y, alphas=3, **params)

    @pytest.mark.parametrize("name", ["penalty_weights", "lower_bounds", "upper_bounds"])
    @pytest.mark.parametrize("as_path", [False, True])
    def test_dict_without_names(self, name, as_path):
        X, y = make_data("tall")
        with pytest.raises(ValueError, match=f"{name}.*by feature name.*no feature names.*set_output"):
            if as_path:
                lasso_path(X, y, alphas=3, **{name: {"f1": 0.0}})
            else:
                Lasso(**{name: {"f1": 0.0}}).fit(X, y)

    @pytest.mark.parametrize(
        "given, columns, similar",
        [
            ("Age", ["age", "sex"], "'age'"),
            ("age", ["scale__age", "scale__sex"], "'scale__age'"),
            ("scale__age", ["age", "sex"], "'age'"),
            ("agee", ["sex", "age", "bmi"], "'age'"),
            ("age", ["one__age", "two__age"], "'one__age' or 'two__age'"),
            ("weight", ["age", "sex"], None),
        ],
    )
    def test_similar_names_are_suggested(self, given, columns, similar):
        X, y = make_data("tall")
        with pytest.raises(ValueError, match=f"penalty_weights names '{given}'") as caught:
            Lasso(penalty_weights={given: 0.0}).fit(pd.DataFrame(X[:, : len(columns)], columns=columns), y)
        assert str(caught.value).partition("Did you mean ")[2].rstrip("?") == (similar or "")

    @pytest.mark.parametrize("name", ["penalty_weights", "lower_bounds", "upper_bounds"])
    def test_series_go_by_name(self, name):
        X, y = self.data()
        terms = pd.Series({"f7": 0.0, "f2": 0.0})
        by_name = Lasso(0.1, **{name: terms}).fit(X, y)
        by_dict = Lasso(0.1, **{name: terms.to_dict()}).fit(X, y)
        assert_array_equal(by_name.coef_, by_dict.coef_)
        # Without an index of its own a Series is an array.
        one_each = np.r_[np.zeros(3), np.ones(7)] * (-1 if name == "lower_bounds" else 1)
        by_place = [Lasso(0.1, **{name: kind(one_each)}).fit(X, y).coef_ for kind in (pd.Series, np.array)]
        assert_array_equal(*by_place)

    @pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
    def test_relax_lists(self, Estimator):
        X, y = self.data()
        for relax, message in ([[0.5, 1.5], r"relax.*1\.5"], [[], "relax"], [[0.5, np.nan], "relax.*nan"]):
            with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
                make(Estimator, relax=relax).fit(X, y)

    @pytest.mark.parametrize("relax", [True, False, [True], [0.5, False], np.array([True])])
    @pytest.mark.parametrize("Estimator", [*ALL, AdaptiveLasso, AdaptiveLassoCV])
    def test_relax_is_no_boolean(self, Estimator, relax):
        X, y = self.data()
        with pytest.raises(ValueError, match="relax is a number: 1 is the lasso, 0 least squares on its features"):
            Estimator(relax=relax).fit(X, y)

    @pytest.mark.parametrize("Estimator", [Lasso, ElasticNet, LassoIC, ElasticNetIC])
    def test_relax_is_one_number_elsewhere(self, Estimator):
        X, y = self.data()
        with pytest.raises(ValueError, match="'relax' parameter"):
            make(Estimator, relax=[0.5, 1.0]).fit(X, y)


@pytest.mark.parametrize("Estimator", ALL)
def test_defaults_are_what_they_were(Estimator):
    X, y = make_data("tall")
    explicit = {"penalty_weights": np.ones(10), "lower_bounds": -np.inf, "upper_bounds": np.inf, "relax": 1}
    params = {"noise_variance": 1.0, "tol": 1e-11} if Estimator in (LassoIC, ElasticNetIC) else {"tol": 1e-11}
    model, same = make(Estimator, **params).fit(X, y), make(Estimator, **explicit, **params).fit(X, y)
    assert_allclose(model.coef_, same.coef_, atol=1e-9)


@pytest.mark.parametrize("left_out", [0, 5, 10])
@pytest.mark.parametrize("Estimator", [*ALL, MultiTaskLassoCV, AdaptiveLasso, AdaptiveLassoCV])
@pytest.mark.filterwarnings("ignore:The model has no penalised feature")
def test_penalty_without_effect_is_warned_of_once(Estimator, left_out):
    X, y = make_data("tall")
    weights = np.r_[np.zeros(10 - left_out), np.full(left_out, np.inf)]
    y = np.c_[y, y[::-1]] if Estimator is MultiTaskLassoCV else y
    with pytest.warns(ModelWarning, match="alpha has no effect") as caught:
        Estimator(penalty_weights=weights).fit(X, y)
    assert ("left out" in str(caught[-1].message)) == (left_out == 10)
    assert sum("no effect" in str(warning.message) for warning in caught) == 1


def test_noise_variance_from_folds_repeats_no_warning():
    X, y = make_data("tall")
    with pytest.warns(ModelWarning, match="alpha has no effect") as caught:
        LassoIC(noise_variance="cv", penalty_weights=np.zeros(10)).fit(X, y)
    assert len(caught) == 1


def test_path_without_effect_is_warned_of_once():
    X, y = make_data("tall")
    with pytest.warns(ModelWarning, match="alpha has no effect") as caught:
        lasso_path(X, y, alphas=3, penalty_weights=np.zeros(10))
    assert len(caught) == 1


def test_no_advice_to_try_other_alphas_where_these_change_nothing():
    X, y = make_data("tall")
    alphas = np.array([1e3, 1e2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LassoCV(penalty_weights=np.r_[0.0, np.ones(X.shape[1] - 1)], alphas=alphas).fit(X, y)
    assert model.alpha_ == 1e3
    assert list(np.flatnonzero(model.coef_)) == [0]


@pytest.mark.parametrize("size", [1e-100, 1e100])
def test_weights_of_any_size_change_alpha_alone(size):
    X, y = make_data("tall")
    weights = np.random.default_rng(0).uniform(0.5, 2, X.shape[1])
    weights = np.clip(weights * size, 1e-100, 1e100)
    model = ElasticNetCV(penalty_weights=weights, tol=1e-10).fit(X, y)
    same = ElasticNetCV(penalty_weights=weights / size, tol=1e-10).fit(X, y)
    assert_allclose(model.coef_, same.coef_, rtol=1e-8, atol=1e-12)
    assert_allclose(model.alpha_ * size, same.alpha_, rtol=1e-8)


def warnings_of(model, X, y):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    return [str(warning.message) for warning in caught]


class TestWeightsFarApart:
    """Rounding is seen in the certificate, and a warning says so, where some weights are tiny beside others."""

    @pytest.mark.parametrize("share", [1e-10, 1e-50, 1e-100])
    def test_named_where_the_gap_is_loose(self, share):
        X, y = make_data("tall")
        weights = np.r_[share, np.ones(9)]
        model = Lasso(0.1 * np.std(y), penalty_weights=weights, tol=1e-8)
        (loose,) = warnings_of(model, pd.DataFrame(X, columns=NAMES), y)
        assert loose.startswith("Objective did not converge")
        assert "penalty weights, those of f0, are so small" in loose
        # The answer is as good as it would be without a penalty on that feature.
        free = Lasso(model.alpha, penalty_weights=np.r_[0.0, np.ones(9)], tol=1e-12).fit(X, y)
        assert_allclose(model.coef_, free.coef_, atol=1e-7)

    @pytest.mark.parametrize("weight", [1e10, 1e100])
    def test_large_ones_are_like_infinity(self, weight):
        X, y = make_data("tall")
        model = Lasso(0.1 * np.std(y), penalty_weights=np.r_[weight, np.ones(9)], tol=1e-10)
        assert warnings_of(model, X, y) == []
        assert_allclose(model.coef_[1:], Lasso(model.alpha, tol=1e-10).fit(X[:, 1:], y).coef_, atol=1e-8)

    def test_within_the_documented_factor_all_is_well(self):
        X, y = make_data("tall")
        assert warnings_of(Lasso(0.1 * np.std(y), penalty_weights=np.r_[1e-9, np.ones(9)]), X, y) == []

    def test_those_left_out_do_not_count(self):
        X, y = make_data("nearly_collinear")
        weights = np.r_[np.full(X.shape[1] - 1, 1e-12), np.inf]
        found = warnings_of(Lasso(1e9, penalty_weights=weights, solver="cd", max_iter=1, tol=1e-12), X, y)
        assert len(found) == 1
        assert found[0].startswith("Objective did not converge")
        assert "penalty weights" not in found[0]


class TestFoldsWithoutResiduals:
    """Where free features fit the training rows, alpha makes no difference, and one warning says so."""

    @pytest.mark.parametrize("n_jobs", [None, 2])
    @pytest.mark.parametrize("fit_intercept", [True, False])
    def test_warned_of_once(self, fit_intercept, n_jobs):
        X, y = make_data("tall")
        X, y = X[:13], y[:13]
        # Folds of 8, 9 and 9 training rows.
        n_free = 9 - fit_intercept
        weights = np.r_[np.zeros(n_free), np.ones(10 - n_free)]
        params = dict(cv=3, fit_intercept=fit_intercept, n_jobs=n_jobs)
        (found,) = warnings_of(LassoCV(penalty_weights=weights, **params), X, y)
        assert "weight 0 fit the training rows exactly" in found
        assert "in 3 of 3 folds" in found
        weights[n_free - 1] = 1.0
        model = LassoCV(penalty_weights=weights, **params)
        (found,) = (message for message in warnings_of(model, X, y) if "exactly" in message)
        assert "in 1 of 3 folds" in found
        changes = np.ptp(model.mse_path_, axis=0) > 1e-8 * model.mse_path_.max(axis=0)
        assert list(changes) == [False, True, True]
        weights[n_free - 2] = 1.0
        assert not any("exactly" in message for message in warnings_of(model, X, y))

    def test_bounds_may_keep_residuals(self):
        X, y = make_data("tall")
        X, y = X[:13], y[:13]
        model = LassoCV(penalty_weights=np.r_[np.zeros(9), 1.0], lower_bounds=np.zeros(10), cv=3)
        assert not any("exactly" in message for message in warnings_of(model, X, y))

    def test_several_tasks(self):
        X, y = make_data("tall")
        X, y = X[:12], np.c_[y, y[::-1]][:12]
        model = MultiTaskLassoCV(penalty_weights=np.r_[np.zeros(8), 1.0, 1.0], cv=3)
        (found,) = warnings_of(model, X, y)
        assert "in 3 of 3 folds" in found
