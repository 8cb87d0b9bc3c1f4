"""The displays show the numbers of the estimator they are given, and nothing lies over anything."""

import subprocess
import sys
from functools import partial
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import LinearConstraint, minimize
from scipy.stats import sem
from sklearn import linear_model
from sklearn.datasets import load_diabetes, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer, make_scorer, mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from sklearn_sparsefit import (
    CoefficientPathDisplay,
    CVCurveDisplay,
    ElasticNetCV,
    Lasso,
    LassoCV,
    MultiTaskElasticNetCV,
    MultiTaskLassoCV,
    SparseLogisticRegressionCV,
    lasso_path,
)
from sklearn_sparsefit.plotting.line_labels import spread

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")

DISPLAYS = [CoefficientPathDisplay, CVCurveDisplay]
CHOSEN, MIN, ONE_SE = r"chosen $\alpha$", r"$\alpha_\mathrm{min}$", r"$\alpha_\mathrm{1se}$"


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def lasso(diabetes):
    return LassoCV(alphas=30).fit(*diabetes)


@pytest.fixture(scope="module")
def enet(diabetes):
    return ElasticNetCV(alphas=20, l1_ratio=[0.5, 0.8, 1.0]).fit(*diabetes)


def alpha_lines(ax):
    """The vertical lines: what the legend calls them, where they stand, how they are drawn."""
    vertical = [line for line in ax.get_lines() if list(line.get_ydata()) == [0, 1] and np.ptp(line.get_xdata()) == 0]
    legend = ax.get_legend()
    assert not vertical or {line.get_label() for line in vertical} <= {text.get_text() for text in legend.get_texts()}
    return {line.get_label().split(" = ")[0]: (line.get_xdata()[0], line.get_linestyle()) for line in vertical}


def names(ax):
    return [text.get_text() for text in ax.texts]


# Coefficient path


def test_path_draws_coef_path_of_each_entering_feature(lasso, diabetes):
    display = CoefficientPathDisplay.from_estimator(lasso)

    entering = np.flatnonzero(lasso.coef_path_.any(axis=1))
    assert [line.get_label() for line in display.lines_] == list(diabetes[0].columns[entering])
    for line, feature in zip(display.lines_, entering, strict=True):
        assert_array_equal(line.get_xdata(), lasso.alphas_)
        assert_array_equal(line.get_ydata(), lasso.coef_path_[feature])
    assert alpha_lines(display.ax_) == {CHOSEN: (lasso.alpha_, "-")}
    assert display.figure_ is display.ax_.figure


def test_features_that_never_enter_are_not_drawn():
    coefs = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 2.0]])
    display = CoefficientPathDisplay(alphas=[3.0, 2.0, 1.0], coefs=coefs).plot()
    assert [line.get_label() for line in display.lines_] == ["x1"]


@pytest.mark.parametrize("n_labels", [0, 1, 3, 10, 100])
def test_names_are_those_of_the_largest_kept_coefficients(lasso, n_labels):
    display = CoefficientPathDisplay.from_estimator(lasso, n_labels=n_labels)
    kept = pd.Series(np.abs(lasso.coef_), lasso.feature_names_in_)
    expected = kept[kept > 0].nlargest(n_labels).index
    assert sorted(names(display.ax_)) == sorted(expected)


@pytest.mark.parametrize(
    "Estimator, label",
    [
        (LassoCV, "Coefficient per standard deviation"),
        (SparseLogisticRegressionCV, "Norm of each feature's coefficients per standard deviation"),
    ],
)
def test_standardised_models_are_drawn_per_standard_deviation(Estimator, label):
    X, y = load_wine(return_X_y=True, as_frame=True)
    model = Estimator(alphas=20, standardize=True, cv=KFold(3, shuffle=True, random_state=0)).fit(X, y)
    display = CoefficientPathDisplay.from_estimator(model, n_labels=3)
    path = np.atleast_3d(model.coef_path_).reshape(-1, 13, 20) * X.std(ddof=0).to_numpy()[:, None]
    sizes = np.linalg.norm(path, axis=0)
    for line in display.lines_:
        assert_allclose(np.abs(line.get_ydata()), sizes[X.columns.get_loc(line.get_label())], atol=1e-12)
    chosen = pd.Series(sizes[:, model.alphas_ == model.alpha_][:, 0], X.columns)
    assert sorted(names(display.ax_)) == sorted(chosen.nlargest(3).index)
    assert display.ax_.get_ylabel() == label


def test_wrong_number_of_scales_is_refused():
    with pytest.raises(ValueError, match=r"scales must have shape \(2,\).*\(3,\)"):
        CoefficientPathDisplay(alphas=[2.0, 1.0], coefs=np.ones((2, 2)), scales=[1.0, 2.0, 3.0]).plot()


@pytest.mark.parametrize("n_labels", [1, 2, 4])
def test_unpenalised_features_are_named_first(diabetes, n_labels):
    X, y = diabetes
    model = LassoCV(penalty_weights={"age": 0, "s6": 0}, alphas=20).fit(X, y)
    display = CoefficientPathDisplay.from_estimator(model, n_labels=n_labels)
    sizes = pd.Series(np.abs(model.coef_), X.columns)
    first = sizes[["age", "s6"]].sort_values(ascending=False).index
    others = sizes.drop(["age", "s6"]).nlargest(4).index
    assert sorted(names(display.ax_)) == sorted([*first, *others][:n_labels])


def test_names_without_chosen_alpha_are_those_of_the_largest_coefficients_anywhere():
    coefs = np.array([[0.0, 5.0, 0.0], [0.0, 1.0, 2.0], [0.0, -3.0, -1.0]])
    display = CoefficientPathDisplay(alphas=[3.0, 2.0, 1.0], coefs=coefs).plot(n_labels=2)
    assert names(display.ax_) == ["x0", "x2"]
    assert alpha_lines(display.ax_) == {}


def test_names_where_no_feature_is_chosen_are_those_of_the_largest_coefficients_anywhere():
    rng = np.random.default_rng(0)
    model = LassoCV(alphas=20).fit(rng.standard_normal((60, 30)), rng.standard_normal(60))
    assert not model.coef_.any()
    display = CoefficientPathDisplay.from_estimator(model, n_labels=3)
    largest = pd.Series(np.abs(model.coef_path_).max(axis=1)).nlargest(3).index
    assert sorted(names(display.ax_)) == sorted(f"x{feature}" for feature in largest)


@pytest.mark.parametrize("style", ["default", "grayscale"])
def test_grey_is_for_features_without_name(style):
    with plt.style.context(style):
        coefs = np.outer(np.arange(12, 0, -1), [0.0, 1.0])
        display = CoefficientPathDisplay(alphas=[2.0, 1.0], coefs=coefs).plot(n_labels=10)
        colors = [matplotlib.colors.to_rgb(line.get_color()) for line in display.lines_]
    assert colors[10:] == [(0.8, 0.8, 0.8)] * 2
    if style == "default":
        assert all(len(set(color)) > 1 for color in colors[:10])
    else:
        # A style without colours is used as it is.
        assert colors[:3] == [(0.0, 0.0, 0.0), (0.4, 0.4, 0.4), (0.6, 0.6, 0.6)]


def test_named_lines_look_different():
    display = CoefficientPathDisplay(alphas=[2.0, 1.0], coefs=np.outer(np.arange(15, 0, -1), [0.0, 1.0]))
    lines = display.plot(n_labels=15).lines_
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 15


def test_chosen_alpha_between_grid_points_ranks_by_interpolation():
    # Linear in alpha: at 1.25 the coefficients are 0.25 and 0.3.
    coefs = np.array([[0.0, 1.0], [0.3, 0.3]])
    display = CoefficientPathDisplay(alphas=[1.5, 0.5], coefs=coefs, chosen_alpha=1.25)
    assert names(display.plot(n_labels=1).ax_) == ["x1"]


def test_given_names_replace_those_of_the_estimator(lasso):
    given_names = [f"gene {j}" for j in range(10)]
    display = CoefficientPathDisplay.from_estimator(lasso, feature_names=given_names)
    assert set(names(display.ax_)) <= set(given_names)


def test_names_default_to_x0_x1(diabetes):
    X, y = diabetes
    display = CoefficientPathDisplay.from_estimator(LassoCV(alphas=10).fit(X.to_numpy(), y))
    assert set(names(display.ax_)) <= {f"x{j}" for j in range(10)}


def test_names_are_not_read_as_mathematics():
    display = CoefficientPathDisplay(alphas=[2.0, 1.0], coefs=[[0.0, 1.0]], feature_names=["price in $ and $_{"]).plot()
    display.figure_.canvas.draw()
    assert names(display.ax_) == ["price in $ and $_{"]


def test_path_of_a_pipeline_step_has_the_names_of_the_transformer(diabetes):
    pipeline = make_pipeline(StandardScaler(), LassoCV(alphas=10)).set_output(transform="pandas")
    pipeline.fit(*diabetes)
    display = CoefficientPathDisplay.from_estimator(pipeline[-1])
    assert set(names(display.ax_)) <= set(diabetes[0].columns)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], lambda columns: columns),
        ([StandardScaler()], lambda columns: columns),
        (["passthrough", PolynomialFeatures(interaction_only=True, include_bias=False)],
         lambda columns: [*columns, *map(" ".join, combinations(columns, 2))]),
        # A step that does not tell.
        ([FunctionTransformer(np.asarray)], lambda columns: [f"x{j}" for j in range(len(columns))]),
    ],
)  # fmt: skip
def test_path_of_a_pipeline_has_the_names_that_its_steps_give(diabetes, steps, expected):
    X, y = diabetes
    pipeline = make_pipeline(*steps, LassoCV(alphas=10)).fit(X, y)
    display = CoefficientPathDisplay.from_estimator(pipeline)
    coefs = pd.DataFrame(pipeline[-1].coef_path_, index=expected(X.columns))
    for line in display.lines_:
        assert_array_equal(line.get_ydata(), coefs.loc[line.get_label()])
    assert len(display.lines_) == np.count_nonzero(coefs.any(axis=1))


def test_curve_of_a_pipeline_is_that_of_its_last_step(diabetes):
    pipeline = make_pipeline(StandardScaler(), LassoCV(alphas=10)).fit(*diabetes)
    (line,) = CVCurveDisplay.from_estimator(pipeline).lines_
    assert_allclose(line.get_ydata(), pipeline[-1].mse_path_.mean(axis=1))


def test_path_of_several_l1_ratio_is_the_chosen_one(enet):
    display = CoefficientPathDisplay.from_estimator(enet)
    chosen = [0.5, 0.8, 1.0].index(enet.l1_ratio_)
    for line in display.lines_:
        assert_array_equal(line.get_xdata(), enet.alphas_[chosen])


def test_path_from_lasso_path(diabetes):
    X, y = diabetes
    alphas, coefs, _ = lasso_path(X, y - y.mean(), alphas=10)
    display = CoefficientPathDisplay(alphas=alphas, coefs=coefs, feature_names=X.columns).plot()
    assert len(display.lines_) == coefs.any(axis=1).sum()


def test_line_kw_styles_the_named_lines_only(lasso):
    display = CoefficientPathDisplay.from_estimator(lasso, n_labels=2, line_kw={"lw": 4})
    widths = [line.get_linewidth() for line in display.lines_]
    assert widths.count(4) == 2


@pytest.mark.parametrize("shape", [(2,), (3, 5), (5, 2, 3), (1, 3, 5, 2)])
def test_wrong_shape_of_coefs_is_refused(shape):
    display = CoefficientPathDisplay(alphas=[2.0, 1.0], coefs=np.ones(shape))
    with pytest.raises(ValueError, match=r"coefs must have shape .* got \(.*\) and \(2,\)"):
        display.plot()


def test_wrong_number_of_names_is_refused():
    display = CoefficientPathDisplay(alphas=[2.0, 1.0], coefs=np.ones((3, 2)), feature_names="ab")
    with pytest.raises(ValueError, match="2 feature_names for 3 features"):
        display.plot()


def test_legend_stands_clear_of_lines_that_rise_early():
    alphas = np.geomspace(1.0, 0.01, 50)
    coefs = np.exp(-np.linspace(0, 8, 50))[None]
    display = CoefficientPathDisplay(alphas=alphas, coefs=coefs, chosen_alpha=alphas[5]).plot()
    display.figure_.canvas.draw()
    points = display.ax_.transData.transform(np.column_stack([alphas, coefs[0]]))
    assert not display.ax_.get_legend().get_window_extent().count_contains(points)


# Coefficient path of several tasks


@pytest.fixture(scope="module")
def several_tasks(diabetes):
    X, y = diabetes
    # Blood measurements, s1 to s6, from age, sex, bmi and bp, their products, and the progression of the disease.
    inputs = X[["age", "sex", "bmi", "bp"]].assign(bmi_bp=X["bmi"] * X["bp"], progression=y / 1000)
    return inputs, X.filter(regex="^s[1-6]$") * 20


@pytest.fixture(scope="module")
def multi_task(several_tasks):
    return MultiTaskLassoCV(alphas=20, eps=0.01, alpha_rule="1se").fit(*several_tasks)


def test_path_of_several_tasks_is_the_norm_over_them(multi_task):
    display = CoefficientPathDisplay.from_estimator(multi_task)
    norms = np.sqrt(sum(coefs**2 for coefs in multi_task.coef_path_))
    entering = np.flatnonzero(multi_task.coef_path_.any(axis=(0, 2)))
    assert [line.get_label() for line in display.lines_] == list(multi_task.feature_names_in_[entering])
    for line, feature in zip(display.lines_, entering, strict=True):
        assert_array_equal(line.get_xdata(), multi_task.alphas_)
        assert_allclose(line.get_ydata(), norms[feature], rtol=1e-14)
    assert display.ax_.get_ylabel() == "Norm of each feature's coefficients"
    assert alpha_lines(display.ax_) == {CHOSEN: (multi_task.alpha_, "-")}


@pytest.mark.parametrize("n_labels", [1, 2, 10])
def test_named_features_of_several_tasks_are_those_of_the_largest_kept_norms(multi_task, n_labels):
    norms = pd.Series(np.linalg.norm(multi_task.coef_, axis=0), multi_task.feature_names_in_)
    assert 2 <= np.count_nonzero(norms) < len(norms)
    expected = norms[norms > 0].nlargest(n_labels).index
    display = CoefficientPathDisplay.from_estimator(multi_task, n_labels=n_labels)
    assert sorted(names(display.ax_)) == sorted(expected)


MEASUREMENTS = ["s1", "s2", "s3", "s4", "s5", "s6"]


@pytest.mark.parametrize(
    ("task", "task_names", "position", "label"),
    [
        (0, None, 0, "Coefficient for task 0"),
        (np.int64(5), None, 5, "Coefficient for task 5"),
        ("task 5", None, 5, "Coefficient for task 5"),
        (2, MEASUREMENTS, 2, "Coefficient for s3"),
        ("s3", pd.Index(MEASUREMENTS), 2, "Coefficient for s3"),
        ("$f_{", [*"abcde", "$f_{"], 5, "Coefficient for $f_{"),
    ],
)
def test_path_of_one_of_several_tasks(multi_task, task, task_names, position, label):
    display = CoefficientPathDisplay.from_estimator(multi_task, task=task, task_names=task_names, n_labels=2)
    coefs = multi_task.coef_path_[position]
    for line, feature in zip(display.lines_, np.flatnonzero(coefs.any(axis=1)), strict=True):
        assert_array_equal(line.get_ydata(), coefs[feature])
    kept = pd.Series(np.abs(multi_task.coef_[position]), multi_task.feature_names_in_)
    assert sorted(names(display.ax_)) == sorted(kept.nlargest(2).index)
    assert display.ax_.get_ylabel() == label
    display.figure_.canvas.draw()


def test_features_look_the_same_in_the_plots_of_all_tasks_and_of_one():
    # Named are x1 and x2 of all tasks, x0 and x2 of the second.
    coefs = np.array([[[0.0, 1.0], [0.0, 5.0], [0.0, 3.0]], [[0.0, 2.0], [0.0, 0.5], [0.0, 3.0]]])
    display = CoefficientPathDisplay(alphas=[2.0, 1.0], coefs=coefs)
    of_all, of_one = ([line.get_color() for line in display.plot(task=task, n_labels=2).lines_] for task in (None, 1))
    assert of_all[2] == of_one[2]
    assert len({of_all[1], of_all[2], of_one[0]}) == 3
    assert of_all[0] == of_one[1] == "0.8"


def test_one_display_draws_one_task_after_another(several_tasks):
    X, Y = several_tasks
    alphas, coefs, _ = lasso_path(X, Y, alphas=5)
    display = CoefficientPathDisplay(alphas=alphas, coefs=coefs, feature_names=X.columns, task_names=Y.columns)
    for coefs_of_task, name in zip(coefs, Y, strict=True):
        for line in display.plot(task=name).lines_:
            assert_array_equal(line.get_ydata(), coefs_of_task[X.columns.get_loc(line.get_label())])
    norms = np.linalg.norm(coefs, axis=0)
    for line in display.plot().lines_:
        assert_allclose(line.get_ydata(), norms[X.columns.get_loc(line.get_label())], rtol=1e-14)


def test_path_of_several_tasks_and_l1_ratio_is_the_chosen_one(several_tasks):
    # Of fifteen pairs the first with the l1_ratio in the middle.
    model = MultiTaskElasticNetCV(alphas=5, l1_ratio=[0.5, 0.8, 1.0], alpha_rule=lambda results: 5).fit(*several_tasks)
    display = CoefficientPathDisplay.from_estimator(model)
    norms = np.linalg.norm(model.coef_path_, axis=0)
    for line, path in zip(display.lines_, norms[norms.any(axis=1)], strict=True):
        assert_array_equal(line.get_xdata(), model.alphas_[1])
        assert_allclose(line.get_ydata(), path, rtol=1e-14)


def test_one_task_of_a_multi_task_model_is_drawn_as_its_size(several_tasks):
    X, Y = several_tasks
    model = MultiTaskLassoCV(alphas=5).fit(X, Y[["s3"]])
    for line in CoefficientPathDisplay.from_estimator(model).lines_:
        path = model.coef_path_[0, X.columns.get_loc(line.get_label())]
        assert_allclose(line.get_ydata(), np.abs(path), rtol=1e-14)


@pytest.mark.parametrize("task", [6, -1, "s7", ""])
def test_unknown_task_is_refused(multi_task, task):
    with pytest.raises(ValueError, match=rf"^task={task!r} is none of the 6 tasks.*'task 0', 'task 1'"):
        CoefficientPathDisplay.from_estimator(multi_task, task=task)


def test_wrong_number_of_task_names_is_refused(multi_task):
    with pytest.raises(ValueError, match="2 task_names for 6 tasks"):
        CoefficientPathDisplay.from_estimator(multi_task, task_names=["s1", "s2"])


@pytest.mark.parametrize("options", [{"task": 0}, {"task_names": ["y"]}])
def test_task_of_a_path_without_tasks_is_refused(lasso, options):
    with pytest.raises(ValueError, match=r"coefs of shape \(10, 30\) have no tasks"):
        CoefficientPathDisplay.from_estimator(lasso, **options)


# Names beside the lines

heights = st.lists(st.floats(-100, 100), min_size=1, max_size=8)


@given(heights, st.floats(0.1, 50))
def test_spread_is_apart_and_in_order(values, distance):
    result = spread(values, distance)
    order = np.argsort(values, kind="stable")
    assert (np.diff(result[order]) >= distance - 1e-9).all()
    # The centre stays: names do not drift away as a group.
    assert_allclose(result.mean(), np.mean(values), atol=1e-9)


@given(heights, st.floats(0.1, 50))
def test_spread_is_nearest(values, distance):
    values = np.sort(values)
    result = spread(values, distance)
    n = len(values)
    if n == 1:
        assert_allclose(result, values)
        return
    oracle = minimize(
        lambda z: np.sum((z - values) ** 2),
        x0=values[0] + distance * np.arange(n),
        jac=lambda z: 2 * (z - values),
        method="SLSQP",
        constraints=LinearConstraint(np.diff(np.eye(n), axis=0), distance, np.inf),
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert_allclose(result, oracle.x, atol=1e-4 * (1 + distance))


def test_spread_leaves_heights_alone_that_are_apart_already():
    assert_allclose(spread([5.0, 1.0, 3.0], 2.0), [5.0, 1.0, 3.0])


@pytest.mark.parametrize("figsize", [(4, 3), (6.4, 4.8), (5, 9)])
@pytest.mark.parametrize("n_columns", [1, 2])
def test_names_overlap_neither_each_other_nor_the_axes(figsize, n_columns):
    rng = np.random.default_rng(0)
    coefs = np.cumsum(0.01 * rng.standard_normal((12, 50)), axis=1)
    coefs[:6, -1] = 0.0
    figure, axes = plt.subplots(1, n_columns, figsize=figsize, layout="constrained", squeeze=False)
    CoefficientPathDisplay(alphas=np.geomspace(1, 0.01, 50), coefs=coefs).plot(axes[0, 0])

    figure.canvas.draw()
    frame = axes[0, 0].get_window_extent()
    boxes = [matplotlib.text.Text.get_window_extent(text) for text in axes[0, 0].texts]
    boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 10
    for lower, upper in pairwise(boxes):
        assert lower.y1 <= upper.y0
    for box in boxes:
        assert box.x0 > frame.x1
        assert 0 <= box.x1 <= figure.bbox.x1


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("subfigures", [False, True])
def test_names_keep_to_their_subplot_without_a_layout(lasso, position, subfigures):
    figure = plt.figure(figsize=(10, 6))
    parent = figure.subfigures(1, 2)[1] if subfigures else figure
    axes = parent.subplots(2, 2, sharex="col")
    for ax in axes.flat:
        CVCurveDisplay(alphas=lasso.alphas_, test_scores=np.zeros((30, 1))).plot(ax)
    path_ax, above, beside = axes[1, position], axes[0, position], axes[1, 1 - position]
    right, width = path_ax.get_window_extent().x1, beside.get_position().width
    for _ in range(2):
        CoefficientPathDisplay.from_estimator(lasso, feature_names=[f"a long name {j}" for j in range(10)], ax=path_ax)
        figure.canvas.draw()
        boxes = [text.get_window_extent() for text in path_ax.texts]
        assert max(box.x1 for box in boxes) == pytest.approx(right, abs=1)
    assert above.get_position().width == path_ax.get_position().width < width == beside.get_position().width
    # What is saved with a tight box, as in notebooks, has them all.
    assert all(ax.get_in_layout() for ax in axes.flat)


# Cross-validation curve


def test_curve_is_mean_with_standard_errors_over_the_folds(lasso):
    display = CVCurveDisplay.from_estimator(lasso)

    (line,) = display.lines_
    mean = lasso.mse_path_.mean(axis=1)
    assert_array_equal(line.get_xdata(), lasso.alphas_)
    assert_allclose(line.get_ydata(), mean)

    edges = {tuple(vertex) for vertex in np.round(display.fill_between_.get_paths()[0].vertices, 8)}
    error = sem(lasso.mse_path_, axis=1)
    for bound in (mean - error, mean + error):
        points = np.round(np.column_stack([lasso.alphas_, bound]), 8)
        assert {tuple(point) for point in points} <= edges

    assert len(display.fold_lines_) == lasso.mse_path_.shape[1]
    for fold_line, fold in zip(display.fold_lines_, lasso.mse_path_.T, strict=True):
        assert_array_equal(fold_line.get_ydata(), fold)

    assert display.ax_.get_ylabel() == "Mean squared error on left-out folds"
    assert display.figure_ is display.ax_.figure


def test_chosen_alpha_stands_at_the_minimum_of_the_curve(lasso):
    (line,) = CVCurveDisplay.from_estimator(lasso).lines_
    assert line.get_xdata()[line.get_ydata().argmin()] == lasso.alpha_


def test_alphas_of_both_rules_are_marked(lasso, diabetes):
    assert lasso.alpha_1se_ > lasso.alpha_min_
    ax = CVCurveDisplay.from_estimator(lasso).ax_
    assert alpha_lines(ax) == {CHOSEN: (lasso.alpha_min_, "-"), ONE_SE: (lasso.alpha_1se_, ":")}

    simpler = LassoCV(alphas=30, alpha_rule="1se").fit(*diabetes)
    ax = CVCurveDisplay.from_estimator(simpler).ax_
    assert alpha_lines(ax) == {CHOSEN: (lasso.alpha_1se_, "-"), MIN: (lasso.alpha_min_, ":")}

    strongest = LassoCV(alphas=30, alpha_rule=lambda results: 0).fit(*diabetes)
    ax = CVCurveDisplay.from_estimator(strongest).ax_
    assert alpha_lines(ax) == {
        CHOSEN: (lasso.alphas_[0], "-"),
        MIN: (lasso.alpha_min_, ":"),
        ONE_SE: (lasso.alpha_1se_, "-."),
    }


def test_alpha_that_both_rules_choose_is_marked_once(diabetes):
    lasso = LassoCV(alphas=10, cv=ShuffleSplit(1, random_state=0)).fit(*diabetes)
    assert lasso.alpha_1se_ == lasso.alpha_min_
    assert alpha_lines(CVCurveDisplay.from_estimator(lasso).ax_) == {CHOSEN: (lasso.alpha_, "-")}


def own_score(estimator, X, y):
    return estimator.score(X, y)


@pytest.mark.parametrize(
    ("scoring", "score_name"),
    [
        ("r2", "r2"),
        ("neg_mean_absolute_error", "neg_mean_absolute_error"),
        (get_scorer("neg_mean_absolute_error"), "neg_mean_absolute_error"),
        (make_scorer(r2_score), "r2_score"),
        (own_score, "own_score"),
        (partial(own_score), "Score"),
    ],
)
def test_curve_of_a_scorer_is_the_mean_of_its_scores(diabetes, scoring, score_name):
    lasso = LassoCV(alphas=10, cv=3, scoring=scoring).fit(*diabetes)
    display = CVCurveDisplay.from_estimator(lasso)
    (line,) = display.lines_
    assert_allclose(line.get_ydata(), lasso.cv_results_["mean_test_score"])
    for fold, fold_line in enumerate(display.fold_lines_):
        assert_array_equal(fold_line.get_ydata(), lasso.cv_results_[f"split{fold}_test_score"])
    assert line.get_xdata()[line.get_ydata().argmax()] == lasso.alpha_
    assert display.ax_.get_ylabel() == f"{score_name} on left-out folds"


# 12 folds: split10 is after split9, not after split1.
def test_scores_of_several_l1_ratio_and_folds_of_the_chosen(diabetes):
    enet = ElasticNetCV(alphas=5, l1_ratio=[0.5, 0.8, 1.0], cv=12, scoring="neg_mean_absolute_error").fit(*diabetes)
    display = CVCurveDisplay.from_estimator(enet)
    results = enet.cv_results_
    for l1_ratio, alphas, line in zip(enet.l1_ratio, enet.alphas_, display.lines_, strict=True):
        assert_array_equal(line.get_xdata(), alphas)
        assert_allclose(line.get_ydata(), results["mean_test_score"][results["param_l1_ratio"] == l1_ratio])
    assert len(display.fold_lines_) == 12
    for fold, line in enumerate(display.fold_lines_):
        chosen = results["param_l1_ratio"] == enet.l1_ratio_
        assert_array_equal(line.get_ydata(), results[f"split{fold}_test_score"][chosen])


def test_single_split_of_a_scorer_is_a_curve_without_band(diabetes):
    lasso = LassoCV(alphas=5, cv=ShuffleSplit(1, random_state=0), scoring="r2").fit(*diabetes)
    display = CVCurveDisplay.from_estimator(lasso)
    assert_array_equal(display.lines_[0].get_ydata(), lasso.cv_results_["split0_test_score"])
    assert display.fill_between_ is None


def test_band_and_folds_are_those_of_the_chosen_l1_ratio(diabetes):
    # Of fifteen pairs the first with the l1_ratio in the middle, which is not the best.
    enet = ElasticNetCV(alphas=5, l1_ratio=[0.5, 0.8, 1.0], alpha_rule=lambda results: 5).fit(*diabetes)
    display = CVCurveDisplay.from_estimator(enet)
    for fold_line, fold in zip(display.fold_lines_, enet.mse_path_[1].T, strict=True):
        assert_array_equal(fold_line.get_xdata(), enet.alphas_[1])
        assert_array_equal(fold_line.get_ydata(), fold)
        assert fold_line.get_color() == display.lines_[1].get_color()


def test_several_curves_of_which_none_is_chosen_have_no_band():
    display = CVCurveDisplay(alphas=[2.0, 1.0], test_scores=np.ones((3, 2, 5)), l1_ratio=[0.5, 0.8, 1.0]).plot()
    assert len(display.lines_) == 3
    assert display.fill_between_ is None
    assert display.fold_lines_ == []
    assert display.ax_.get_ylabel() == "Score on left-out folds"


def test_one_curve_per_l1_ratio_and_folds_of_the_best(enet):
    display = CVCurveDisplay.from_estimator(enet)
    labels = [line.get_label() for line in display.lines_]
    assert labels == ["l1_ratio = 0.5", "l1_ratio = 0.8", "l1_ratio = 1"]
    for line, alphas, mse in zip(display.lines_, enet.alphas_, enet.mse_path_, strict=True):
        assert_array_equal(line.get_xdata(), alphas)
        assert_allclose(line.get_ydata(), mse.mean(axis=1))
    best = [0.5, 0.8, 1.0].index(enet.l1_ratio_)
    assert_array_equal(display.fold_lines_[0].get_ydata(), enet.mse_path_[best, :, 0])


def test_one_grid_of_alphas_may_serve_several_l1_ratio(diabetes):
    enet = ElasticNetCV(alphas=[1.0, 0.1, 0.01], l1_ratio=[0.5, 1.0]).fit(*diabetes)
    for line in CVCurveDisplay.from_estimator(enet).lines_:
        assert_array_equal(line.get_xdata(), [1.0, 0.1, 0.01])
    for line in CoefficientPathDisplay.from_estimator(enet).lines_:
        assert_array_equal(line.get_xdata(), [1.0, 0.1, 0.01])


def test_styles_of_folds_and_band_accept_aliases(lasso):
    display = CVCurveDisplay.from_estimator(lasso, fold_line_kw={"c": "red"}, fill_between_kw={"lw": 3})
    assert {line.get_color() for line in display.fold_lines_} == {"red"}
    assert display.fill_between_.get_linewidth() == 3


@pytest.mark.parametrize("n_alphas", [3, 20])
def test_single_split_is_a_curve_without_band(diabetes, n_alphas):
    split = ShuffleSplit(1, random_state=0)
    lasso = LassoCV(alphas=n_alphas, cv=split).fit(*diabetes)
    display = CVCurveDisplay.from_estimator(lasso)
    (line,) = display.lines_
    assert_array_equal(line.get_ydata(), lasso.mse_path_)
    assert display.fill_between_ is None
    assert display.fold_lines_ == []
    assert not display.ax_.collections


# As many l1_ratio as alphas: only their number tells the axes apart.
@pytest.mark.parametrize("alphas", [3, [1.0, 0.1, 0.01]])
def test_single_split_of_several_l1_ratio(diabetes, alphas):
    enet = ElasticNetCV(alphas=alphas, l1_ratio=[0.5, 0.8, 1.0], cv=ShuffleSplit(1, random_state=0)).fit(*diabetes)
    assert enet.mse_path_.shape == (3, 3)
    display = CVCurveDisplay.from_estimator(enet)
    assert [line.get_label() for line in display.lines_] == ["l1_ratio = 0.5", "l1_ratio = 0.8", "l1_ratio = 1"]
    for line, mse in zip(display.lines_, enet.mse_path_, strict=True):
        assert_array_equal(line.get_ydata(), mse)
    assert display.fill_between_ is None


@pytest.mark.parametrize("l1_ratio", [0.5, [0.5]])
def test_as_many_folds_as_alphas_of_one_l1_ratio(diabetes, l1_ratio):
    enet = ElasticNetCV(alphas=3, l1_ratio=l1_ratio, cv=3).fit(*diabetes)
    display = CVCurveDisplay.from_estimator(enet)
    (line,) = display.lines_
    assert_allclose(line.get_ydata(), enet.mse_path_.mean(axis=1))
    assert len(display.fold_lines_) == 3


@pytest.mark.parametrize("shape", [(), (3,), (3, 4), (3, 2, 5), (1, 2, 3, 4)])
def test_wrong_shape_of_test_scores_is_refused(shape):
    display = CVCurveDisplay(alphas=[2.0, 1.0], test_scores=np.ones(shape))
    with pytest.raises(ValueError, match="test_scores must have shape"):
        display.plot()


def test_wrong_number_of_l1_ratio_is_refused():
    display = CVCurveDisplay(alphas=[2.0, 1.0], test_scores=np.ones((3, 2, 5)), l1_ratio=[0.5, 1.0])
    with pytest.raises(ValueError, match=r"\(3, 2, 5\) and \(2,\) with l1_ratio=\[0.5, 1.0\]"):
        display.plot()


def test_chosen_l1_ratio_that_was_not_tried_is_refused():
    display = CVCurveDisplay(
        alphas=[2.0, 1.0], test_scores=np.ones((2, 2, 5)), l1_ratio=[0.5, 1.0], chosen_l1_ratio=0.7
    )
    with pytest.raises(ValueError, match=r"chosen_l1_ratio=0.7 is none of l1_ratio=\[0.5, 1.0\]"):
        display.plot()


# Both


@pytest.mark.parametrize("display", DISPLAYS)
def test_alpha_falls_from_left_to_right_on_a_log_axis(display, lasso):
    _, axes = plt.subplots(1, 2, sharex=True)
    # Drawn twice on shared axes: the direction must not flip back.
    display.from_estimator(lasso, ax=axes[0])
    display.from_estimator(lasso, ax=axes[1])
    assert axes[0].get_xscale() == "log"
    left, right = axes[0].get_xlim()
    assert left > right


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("chosen", [0, -1])
def test_chosen_alpha_at_either_end_stands_clear_of_the_frame(display, chosen):
    alphas = np.geomspace(1.0, 0.03, 10)
    values = {"coefs": np.ones((2, 10))} if display is CoefficientPathDisplay else {"test_scores": np.ones((10, 2))}
    ax = display(alphas=alphas, chosen_alpha=alphas[chosen], **values).plot().ax_
    position = ax.transAxes.inverted().transform(ax.transData.transform([(alphas[chosen], 1.0)]))[0, 0]
    assert 0.02 < (position if chosen == 0 else 1.0 - position) < 0.03


@pytest.mark.parametrize("weakest", [0.9, 0.5, 0.3, 0.15, 0.1, 0.05, 0.02, 0.01, 0.001])
@pytest.mark.parametrize("strongest", [1.0, 2.7, 0.083])
def test_tick_labels_of_alpha_are_at_least_two_and_do_not_collide(strongest, weakest):
    _, ax = plt.subplots(figsize=(3, 3), layout="constrained")
    alphas = strongest * np.geomspace(1.0, weakest, 10)
    display = CVCurveDisplay(alphas=alphas, test_scores=np.ones((10, 2))).plot(ax)
    display.figure_.canvas.draw()
    left, right = ax.get_xlim()
    ticks = [*ax.xaxis.get_major_ticks(), *ax.xaxis.get_minor_ticks()]
    labels = [tick.label1 for tick in ticks if tick.label1.get_text() and right <= tick.get_loc() <= left]
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.x0)
    assert len(boxes) >= 2
    for before, after in pairwise(boxes):
        assert before.x1 < after.x0


@pytest.mark.parametrize("display", DISPLAYS)
def test_drawn_in_a_subfigure(display, lasso):
    subfigure = plt.figure(layout="constrained").subfigures(1, 2)[0]
    drawn = display.from_estimator(lasso, ax=subfigure.subplots())
    assert drawn.figure_ is subfigure


@pytest.mark.parametrize("display", DISPLAYS)
def test_one_of_several_axes_is_asked_for(display, lasso):
    with pytest.raises(ValueError, match=r"one Axes, got an array of them of shape \(2,\)"):
        display.from_estimator(lasso, ax=plt.subplots(1, 2)[1])


@pytest.mark.parametrize("display", DISPLAYS)
def test_not_fitted(display):
    with pytest.raises(NotFittedError):
        display.from_estimator(LassoCV())


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize(
    "estimator",
    [Lasso(), Ridge(), GridSearchCV(Lasso(), {"alpha": [1.0]})],
)
def test_estimator_without_path_is_named(display, estimator, diabetes):
    estimator.fit(*diabetes)
    with pytest.raises(TypeError, match=rf"{type(estimator).__name__} has no .*best_estimator_"):
        display.from_estimator(estimator)


@pytest.mark.parametrize("wrap", [lambda model: model, make_pipeline])
def test_lasso_cv_of_scikit_learn_is_refused(diabetes, wrap):
    with pytest.raises(TypeError, match=r"of sklearn_sparsefit, .*; LassoCV has no 'alpha_1se_'"):
        CVCurveDisplay.from_estimator(wrap(linear_model.LassoCV(cv=3)).fit(*diabetes))


def test_alpha_zero_has_no_place_on_a_log_axis():
    path = CoefficientPathDisplay(alphas=[1.0, 0.1, 0.0], coefs=[[0.0, 1.0, 2.0]]).plot()
    assert_array_equal(path.lines_[0].get_ydata(), [0.0, 1.0])
    curve = CVCurveDisplay(alphas=[1.0, 0.1, 0.0], test_scores=np.ones((3, 2))).plot()
    assert_array_equal(curve.lines_[0].get_xdata(), [1.0, 0.1])


@pytest.mark.parametrize(
    "display",
    [
        CoefficientPathDisplay(alphas=[1.0], coefs=[[1.0]]),
        CoefficientPathDisplay(alphas=[1.0, 0.0], coefs=[[1.0, 2.0]]),
        CVCurveDisplay(alphas=[1.0, 1.0], test_scores=np.ones((2, 5))),
    ],
)
def test_one_alpha_is_no_path(display):
    with pytest.raises(ValueError, match="at least two different positive alphas"):
        display.plot()


@pytest.mark.parametrize("display", DISPLAYS)
def test_estimator_with_one_alpha_is_no_path(display, diabetes):
    with pytest.raises(ValueError, match="at least two different positive alphas"):
        display.from_estimator(LassoCV(alphas=[1.0]).fit(*diabetes))


@pytest.mark.parametrize("display", DISPLAYS)
def test_missing_matplotlib_is_named(display, lasso, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=rf"{display.__name__}.plot needs matplotlib: pip"):
        display.from_estimator(lasso)


def test_importing_the_package_does_not_import_matplotlib():
    check = "import sys, sklearn_sparsefit; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("l1_ratio", [0.9, [0.5, 0.9]])
def test_cv_curves_of_every_relax_and_l1_ratio(diabetes, l1_ratio):
    relaxes = [0.0, 0.5, 1.0]
    model = ElasticNetCV(relax=relaxes, l1_ratio=l1_ratio, alphas=8, cv=4).fit(*diabetes)
    display = CVCurveDisplay.from_estimator(model)
    settings = [(ratio, relax) for ratio in np.atleast_1d(l1_ratio) for relax in relaxes]
    results = model.cv_results_
    several = np.ndim(l1_ratio) > 0
    for (ratio, relax), line in zip(settings, display.lines_, strict=True):
        rows = (results["param_l1_ratio"] == ratio) & (results["param_relax"] == relax)
        assert_array_equal(line.get_xdata(), results["param_alpha"][rows])
        assert_allclose(line.get_ydata(), -results["mean_test_score"][rows])
        assert line.get_label() == (f"l1_ratio = {ratio:g}, " if several else "") + f"relax = {relax:g}"
    chosen = settings.index((model.l1_ratio_, model.relax_))
    assert {line.get_color() for line in display.fold_lines_} == {display.lines_[chosen].get_color()}
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert f"{CHOSEN} = {model.alpha_:.3g}\n({display.lines_[chosen].get_label()})" in texts


@pytest.mark.parametrize("layout", ["constrained", None])
def test_legend_of_a_crowded_picture_is_beside_the_curves(layout):
    # Whatever the corner, some fold is there.
    scores = np.linspace(0, 1, 25) * np.ones((30, 1))
    _, ax = plt.subplots(layout=layout)
    display = CVCurveDisplay(alphas=np.geomspace(1, 1e-3, 30), test_scores=scores, chosen_alpha=0.1).plot(ax)
    display.figure_.draw_without_rendering()
    box = ax.get_legend().get_window_extent()
    assert ax.get_window_extent().x1 < box.x0 < box.x1 <= display.figure_.bbox.x1


def test_cv_curve_of_several_tasks_is_the_mean_over_held_out_rows_and_tasks(several_tasks):
    X, Y = several_tasks
    splits = list(KFold(3).split(X))
    display = CVCurveDisplay.from_estimator(MultiTaskLassoCV(alphas=[0.1, 0.01], cv=splits, tol=1e-10).fit(X, Y))
    for alpha, drawn in zip([0.1, 0.01], display.lines_[0].get_ydata(), strict=True):
        errors = []
        for train, test in splits:
            reference = linear_model.MultiTaskLasso(alpha, tol=1e-10, max_iter=100_000).fit(
                X.iloc[train], Y.iloc[train]
            )
            errors.append(mean_squared_error(Y.iloc[test], reference.predict(X.iloc[test])))
        assert_allclose(drawn, np.mean(errors), rtol=1e-6)
