"""How far a fit has come: told to scikit-learn's callbacks, where there are any, and printed if asked for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from sklearn_sparsefit._sklearn import CallbackSupportMixin, callback_context, has_callbacks, with_callbacks
from sklearn_sparsefit.design import Design, SomeRows
from sklearn_sparsefit.path import Measuring, PathGenerator, PathResult, Run, Solved, drive_together


@dataclass(frozen=True)
class PathJob:
    """A path to run: what it is of, in a word (``task``) and in full (``label``), and the design it knows."""

    task: str
    label: str
    path: PathGenerator
    n_alphas: int
    design: Design | SomeRows
    measure: Measuring | None = None


class Progress:
    """Progress of a fit that runs some paths on behalf of an estimator.

    With callbacks the tree of tasks is ``fit``, below it one task for each path and below that one for each alpha.
    """

    def __init__(self, estimator: Any, n_subtasks: int = 0, verbose: int = 0):
        self.n_passes = 0
        self._estimator = estimator
        self._verbose = int(verbose)
        self._stopped = False
        self._n_begun = 0
        self._has_callbacks = has_callbacks(estimator)
        self._context = callback_context(estimator, n_subtasks)
        if self._context is not None:
            self._context.call_on_fit_task_begin(estimator=estimator)

    def drive(self, jobs: list[PathJob], design: Design, n_jobs: int | None) -> list[PathResult]:
        """Run some of the paths together to their ends, in any number of threads."""
        contexts = [self._begin(job) for job in jobs] if self._has_callbacks else [None] * len(jobs)
        results = self._drive(jobs, contexts, design, n_jobs)
        for context in contexts:
            if context is not None:
                context.call_on_fit_task_end(estimator=self._estimator)
        return results

    def drive_only(self, job: PathJob, design: Design) -> PathResult:
        """Run the one path of this fit to its end; its alphas come right below ``fit``."""
        return self._drive([job], [self._context if self._has_callbacks else None], design, None)[0]

    def _begin(self, job: PathJob) -> Any:
        context = self._context.subcontext(
            task_name=job.task, task_id=self._n_begun, max_subtasks=job.n_alphas, sequential_subtasks=False
        )
        self._n_begun += 1
        context.call_on_fit_task_begin(estimator=self._estimator)
        return context

    def _drive(self, jobs: list[PathJob], contexts: list[Any], design: Design, n_jobs: int | None) -> list[PathResult]:
        runs = [
            Run(job.path, job.design, partial(self._on_solved, job, context), job.measure)
            for job, context in zip(jobs, contexts, strict=True)
        ]
        results, n_passes = drive_together(runs, design, n_jobs)
        self.n_passes += n_passes
        if self._verbose:
            for job, result in zip(jobs, results, strict=True):
                print(f"{job.label}: {job.n_alphas} alphas, largest relative dual gap {result.relative_gaps.max():.1e}")
            print(f"{len(jobs)} path(s) in {n_passes} passes over X")
        return results

    def _on_solved(self, job: PathJob, context: Any, solved: Solved) -> None:
        if self._stopped:
            raise RuntimeError("Another path of this fit was interrupted.")
        if context is not None:
            task = context.subcontext(task_name="alpha", task_id=solved.index)
            task.call_on_fit_task_begin(estimator=self._estimator)
            task.call_on_fit_task_end(estimator=self._estimator)
        if self._verbose > 1:
            progress = f"alpha {solved.index + 1}/{job.n_alphas} = {solved.alpha:.6g}"
            print(f"{job.label}: {progress}, dual gap {solved.dual_gap:.1e}")

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

    def __init__(self, callbacks: Sequence[Any] | None):
        if callbacks:
            self.set_callbacks(*callbacks)

    @with_callbacks
    def run(self, job: PathJob, design: Design, verbose: int) -> PathResult:
        """Run the path to its end."""
        progress = Progress(self, job.n_alphas, verbose)
        result = progress.drive_only(job, design)
        progress.end()
        return result
