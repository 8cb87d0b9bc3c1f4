"""How far a fit has come: told to scikit-learn's callbacks, where there are any, and printed if asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sklearn_sparsefit._sklearn import CallbackSupportMixin, with_callbacks
from sklearn_sparsefit.design import Design
from sklearn_sparsefit.path import PathGenerator, PathResult, Solved, drive


@dataclass(frozen=True)
class PathJob:
    """A path to run: what it is a path of, in a word (``task``) and in full (``label``), and who looks on."""

    task: str
    label: str
    path: PathGenerator
    design: Design
    n_alphas: int
    observe: Callable[[Solved], None] | None = None


class Progress:
    """Progress of a fit that runs some paths on behalf of an estimator.

    With callbacks the tree of tasks is ``fit``, below it one task for each path and below that one for each alpha.
    """

    def __init__(self, estimator: Any, n_subtasks: int = 0, verbose: int = 0):
        self._estimator = estimator
        self._verbose = int(verbose)
        self._stopped = False
        self._context = None
        self._has_callbacks = bool(getattr(estimator, "_skl_callbacks", None))
        if hasattr(estimator, "_init_callback_context"):
            self._context = estimator._init_callback_context(max_subtasks=n_subtasks, sequential_subtasks=False)
            self._context.call_on_fit_task_begin(estimator=estimator)

    def drive(self, path_id: int, job: PathJob) -> PathResult:
        """Run one of the paths to its end, in any thread."""
        if not self._has_callbacks:
            return self._drive(job, None)
        context = self._context.subcontext(
            task_name=job.task, task_id=path_id, max_subtasks=job.n_alphas, sequential_subtasks=False
        )
        context.call_on_fit_task_begin(estimator=self._estimator)
        result = self._drive(job, context)
        context.call_on_fit_task_end(estimator=self._estimator)
        return result

    def drive_only(self, job: PathJob) -> PathResult:
        """Run the one path of this fit to its end; its alphas come right below ``fit``."""
        return self._drive(job, self._context if self._has_callbacks else None)

    def _drive(self, job: PathJob, context: Any) -> PathResult:
        def on_solved(solved: Solved) -> None:
            if self._stopped:
                raise RuntimeError("Another path of this fit was interrupted.")
            if context is not None:
                task = context.subcontext(task_name="alpha", task_id=solved.index)
                task.call_on_fit_task_begin(estimator=self._estimator)
                task.call_on_fit_task_end(estimator=self._estimator)
            if job.observe is not None:
                job.observe(solved)
            if self._verbose > 1:
                progress = f"alpha {solved.index + 1}/{job.n_alphas} = {solved.alpha:.6g}"
                print(f"{job.label}: {progress}, dual gap {solved.dual_gap:.1e}")

        result = drive(job.path, job.design, on_solved)
        if self._verbose:
            work = f"{job.n_alphas} alphas in {result.n_passes} passes over X"
            print(f"{job.label}: {work}, largest relative dual gap {result.relative_gaps.max():.1e}")
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


class RegularizationPath(CallbackSupportMixin):
    """A path function at work: what callbacks hang on to where there is no estimator."""

    @with_callbacks
    def run(self, job: PathJob, verbose: int) -> PathResult:
        """Run the path to its end."""
        progress = Progress(self, job.n_alphas, verbose)
        result = progress.drive_only(job)
        progress.end()
        return result
