"""Progress: the tree of tasks that scikit-learn's callbacks are told of."""

from collections import Counter

import pytest

from registry import make_data
from sklearn_sparsefit import (
    ElasticNetCV,
    ElasticNetGLMCV,
    LassoCV,
    SparseLogisticRegressionCV,
    enet_path,
    glm_path,
    lasso_path,
    logistic_path,
)

pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")


class RecordingCallback:
    """Write down every event with the names of the tasks from the root down."""

    def __init__(self):
        self.events = []

    def _record(self, event, context):
        names = []
        while context is not None:
            names.append(context.task_name)
            context = context.parent
        self.events.append((event, *reversed(names)))

    def setup(self, estimator, context):
        self._record("setup", context)

    def on_fit_task_begin(self, estimator, context):
        self._record("begin", context)

    def on_fit_task_end(self, estimator, context):
        self._record("end", context)

    def teardown(self, estimator, context):
        self._record("teardown", context)

    def count(self, event):
        """How often each task, by the names from the root down, had such an event."""
        return Counter(names[1:] for names in self.events if names[0] == event)


def tree_of_cross_validation(n_alphas, n_folds, n_l1_ratios=1):
    """How often each task begins, and ends."""
    return {
        ("fit",): 1,
        ("fit", "full data"): n_l1_ratios,
        ("fit", "full data", "alpha"): n_l1_ratios * n_alphas,
        ("fit", "fold"): n_l1_ratios * n_folds,
        ("fit", "fold", "alpha"): n_l1_ratios * n_folds * n_alphas,
    }


@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
def test_tree_of_cross_validation(Estimator):
    X, y = make_data("tall")
    callback = RecordingCallback()
    model = Estimator(alphas=7, cv=3).set_callbacks(callback)
    assert model.fit(X, y) is model
    events = callback.events
    assert events[:2] == [("setup", "fit"), ("begin", "fit")]
    assert events[-2:] == [("end", "fit"), ("teardown", "fit")]
    expected = tree_of_cross_validation(n_alphas=7, n_folds=3)
    assert callback.count("begin") == callback.count("end") == expected


@pytest.mark.parametrize("Estimator", [ElasticNetGLMCV, SparseLogisticRegressionCV])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_tree_of_other_losses(Estimator, n_jobs):
    X, y = make_data("tall")
    callback = RecordingCallback()
    model = Estimator(l1_ratio=[0.5, 1.0], alphas=7, cv=3, n_jobs=n_jobs).set_callbacks(callback)
    assert model.fit(X, 1 * (y > y.mean())) is model
    expected = tree_of_cross_validation(n_alphas=7, n_folds=3, n_l1_ratios=2)
    assert callback.count("begin") == callback.count("end") == expected
    assert callback.events[-1] == ("teardown", "fit")


def test_tree_with_several_l1_ratios():
    X, y = make_data("tall")
    callback = RecordingCallback()
    ElasticNetCV(l1_ratio=[0.3, 0.6], alphas=4, cv=2).set_callbacks(callback).fit(X, y)
    expected = tree_of_cross_validation(n_alphas=4, n_folds=2, n_l1_ratios=2)
    assert callback.count("begin") == callback.count("end") == expected


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_tree_does_not_depend_on_threads(n_jobs):
    X, y = make_data("random")
    callback = RecordingCallback()
    LassoCV(alphas=10, cv=6, n_jobs=n_jobs).set_callbacks(callback).fit(X, y)
    expected = tree_of_cross_validation(n_alphas=10, n_folds=6)
    assert callback.count("begin") == callback.count("end") == expected


def test_callbacks_do_not_change_the_answer():
    X, y = make_data("random")
    plain = LassoCV(alphas=10).fit(X, y)
    watched = LassoCV(alphas=10).set_callbacks(RecordingCallback()).fit(X, y)
    assert (watched.coef_ == plain.coef_).all()
    assert (watched.mse_path_ == plain.mse_path_).all()


@pytest.mark.parametrize("path", [lasso_path, enet_path, logistic_path, glm_path])
def test_path_functions_take_callbacks(path):
    X, y = make_data("tall")
    callback = RecordingCallback()
    path(X, 1 * (y > y.mean()), alphas=6, callbacks=[callback])
    assert callback.events[0] == ("setup", "fit")
    assert callback.events[-1] == ("teardown", "fit")
    expected = {("fit",): 1, ("fit", "alpha"): 6}
    assert callback.count("begin") == callback.count("end") == expected


def test_teardown_follows_a_failure():
    class Failing(RecordingCallback):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("enough")

    X, y = make_data("tall")
    callback = Failing()
    model = LassoCV(alphas=5).set_callbacks(callback)
    with pytest.raises(RuntimeError, match="enough"):
        model.fit(X, y)
    assert callback.events[-1] == ("teardown", "fit")
    assert not hasattr(model, "coef_")


def test_only_callbacks_are_taken():
    with pytest.raises(TypeError, match="callbacks must be instances"):
        LassoCV().set_callbacks("progress")


def test_progress_bar(capsys):
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    X, y = make_data("tall")
    LassoCV(alphas=5, cv=3).set_callbacks(ProgressBar()).fit(X, y)
    shown = capsys.readouterr().out
    assert "LassoCV - fit" in shown
    assert "100%" in shown
