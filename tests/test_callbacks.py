"""Progress: the tree of tasks that scikit-learn's callbacks are told of."""

import pytest

from registry import make_data
from sklearn_sparsefit import ElasticNetCV, LassoCV, enet_path, lasso_path

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

    def count(self, event, *names):
        """How many events of a kind came from tasks below the given ones."""
        return sum(e[: 1 + len(names)] == (event, *names) for e in self.events)


@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
def test_tree_of_cross_validation(Estimator):
    X, y = make_data("tall")
    callback = RecordingCallback()
    model = Estimator(alphas=7, cv=3).set_callbacks(callback)
    assert model.fit(X, y) is model
    events = callback.events
    assert events[0] == ("setup", "fit")
    assert events[1] == ("begin", "fit")
    assert events[-2] == ("end", "fit")
    assert events[-1] == ("teardown", "fit")
    for event in ("begin", "end"):
        whole_tasks = [e[1:] for e in events if e[0] == event]
        assert whole_tasks.count(("fit", "fold")) == 3
        assert whole_tasks.count(("fit", "full data")) == 1
        assert callback.count(event, "fit", "fold") == 3 * (1 + 7)
        assert callback.count(event, "fit", "full data") == 1 + 7


def test_tree_with_several_l1_ratios():
    X, y = make_data("tall")
    callback = RecordingCallback()
    ElasticNetCV(l1_ratio=[0.3, 0.6], alphas=4, cv=3).set_callbacks(callback).fit(X, y)
    leaves = [e for e in callback.events if e[0] == "end" and "fold" in e and e[-1] != "fold"]
    assert len(leaves) >= 2 * 3 * 4
    assert callback.count("begin") == callback.count("end")


def test_callbacks_do_not_change_the_answer():
    X, y = make_data("random")
    plain = LassoCV(alphas=10).fit(X, y)
    watched = LassoCV(alphas=10).set_callbacks(RecordingCallback()).fit(X, y)
    assert (watched.coef_ == plain.coef_).all()
    assert (watched.mse_path_ == plain.mse_path_).all()


@pytest.mark.parametrize("path", [lasso_path, enet_path])
def test_path_functions_take_callbacks(path):
    X, y = make_data("tall")
    callback = RecordingCallback()
    path(X, y, alphas=6, callbacks=[callback])
    kinds = [e[0] for e in callback.events]
    assert kinds[0] == "setup"
    assert kinds[-1] == "teardown"
    assert kinds.count("setup") == kinds.count("teardown") == 1
    assert kinds.count("begin") == kinds.count("end") == 1 + 6


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
