"""How far a fit has come: told to scikit-learn's callbacks, where there are any, and printed if asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sklearn_sparsefit._sklearn import CallbackSupportMixin, with_callbacks
from sklearn_sparsefit.design import Design
from sklearn_sparsefit.path import PathGenerator, PathResult, Solved, drive


class Progress:
    """Progress of a fit made of ``n_paths`` paths, on behalf of an estimator.

    With callbacks the tree of tasks is ``fit`` -> one task for each path -> one for each alpha.
    """

    def __init__(self, estimator: Any, n_paths: int = 0, verbose: int = 0):
        self._estimator = estimator
        self._verbose = int(verbose)
        self._stopped = False
        self._context = None
        if hasattr(estimator, "_init_callback_context"):
            self._context = estimator._init_callback_context(max_subtasks=n_paths, sequential_subtasks=False)
            self._context.call_on_fit_task_begin(estimator=estimator)

    def drive(
        self,
        label: str,
        path_id: int,
        path: PathGenerator,
        design: Design,
        n_alphas: int,
        observe: Callable[[Solved], None] | None = None,
    ) -> PathResult:
        """Run one of the paths to its end, in any thread; ``observe`` too hears of every alpha."""
        context = None
        if getattr(self._estimator, "_skl_callbacks", None):
            context = self._context.subcontext(task_name=label, task_id=path_id, max_subtasks=n_alphas)
            context.call_on_fit_task_begin(estimator=self._estimator)

        def on_solved(solved: Solved) -> None:
            if self._stopped:
                raise RuntimeError("Another path of this fit was interrupted.")
            if observe is not None:
                observe(solved)
            if context is not None:
                task = context.subcontext(task_name="alpha")
                task.call_on_fit_task_begin(estimator=self._estimator)
                task.call_on_fit_task_end(estimator=self._estimator)
            if self._verbose > 1:
                print(f"{label}: alpha {solved.index + 1}/{n_alphas} = {solved.alpha:.6g}, gap {solved.dual_gap:.1e}")

        result = drive(path, design, on_solved)
        if context is not None:
            context.call_on_fit_task_end(estimator=self._estimator)
        if self._verbose:
            gap = result.relative_gaps.max()
            print(f"{label}: {n_alphas} alphas, {result.n_passes} passes over X, largest relative dual gap {gap:.1e}")
        return result

    @contextmanager
    def stopped_on_error(self) -> Iterator[None]:
        """Let an error or Ctrl-C in one thread end the paths in all of them."""
        try:
            yield
        except BaseException:
            self._stopped = True
            raise

    def end(self) -> None:
        """The fit is done."""
        if self._context is not None:
            self._context.call_on_fit_task_end(estimator=self._estimator)


class PathTask(CallbackSupportMixin):
    """A path function at work: what callbacks hang on to where there is no estimator."""

    @with_callbacks
    def drive(self, path: PathGenerator, design: Design, n_alphas: int, verbose: int) -> PathResult:
        """Run the path to its end."""
        progress = Progress(self, n_paths=1, verbose=verbose)
        result = progress.drive("path", 0, path, design, n_alphas)
        progress.end()
        return result
