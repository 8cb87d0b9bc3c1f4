"""Threads: BLAS has one while a path runs, and the package shares out its own work."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass
from itertools import product
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from joblib import cpu_count, effective_n_jobs
from threadpoolctl import ThreadpoolController

Piece = TypeVar("Piece")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _BlasLibrary:
    """One loaded BLAS; ``per_thread`` where a limit may hold for no thread but the one that set it."""

    get: Callable[[], int]
    set: Callable[[int], None]
    per_thread: bool


def _blas_libraries() -> Iterator[_BlasLibrary]:
    for controller in ThreadpoolController().select(user_api="blas").lib_controllers:
        api = controller.internal_api
        per_thread = api != "mkl" and not (api == "openblas" and controller.threading_layer != "openmp")
        set_num_threads = controller.set_num_threads
        if api == "openblas" and not per_thread:
            # Newer versions of threadpoolctl let one thread at a time set this limit, but paths come and go in many.
            library = getattr(controller, "dynlib", None)
            for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):
                set_num_threads = getattr(library, f"{prefix}openblas_set_num_threads{suffix}", set_num_threads)
        yield _BlasLibrary(controller.get_num_threads, set_num_threads, per_thread)


class _BlasLimit:
    """The limit on BLAS threads that all running paths share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._libraries: list[_BlasLibrary] | None = None
        self._allowed: list[int] = []
        self._n_inside = 0
        # How often each thread is inside.
        self._depths = threading.local()
        self._n_cpus = 1
        self.n_threads = 1

    def enter(self) -> None:
        """Set the limit; the first to come in notes how many threads there were before."""
        with self._lock:
            if self._libraries is None:
                self._libraries = list(_blas_libraries())
                self._n_cpus = cpu_count()
            first = self._n_inside == 0
            if first:
                self._allowed = [library.get() for library in self._libraries]
                self.n_threads = min(self._n_cpus, max(self._allowed, default=self._n_cpus))
            self._depths.inside = getattr(self._depths, "inside", 0) + 1
            self._set([1] * len(self._libraries), first, True)
            self._n_inside += 1

    def leave(self) -> None:
        """Lift the limit, unless another path needs it."""
        with self._lock:
            self._n_inside -= 1
            self._depths.inside -= 1
            self._set(self._allowed, self._n_inside == 0, self._depths.inside == 0)

    def hold_this_thread(self) -> None:
        """Set the limit for a thread that never leaves."""
        self._set([1] * len(self._allowed), False, True)

    def _set(self, numbers: list[int], everywhere: bool, here: bool) -> None:
        for library, number in zip(self._libraries or [], numbers, strict=True):
            if here if library.per_thread else everywhere:
                library.set(number)


class _Job(Generic[Piece]):
    """Pieces of work that several threads take from one queue."""

    def __init__(self, work: Callable[[Piece], None], pieces: Iterable[Piece]):
        self._work = work
        self._pieces = deque(pieces)
        self._errors: list[BaseException] = []
        self._changed = threading.Condition()
        self._n_helpers = 0
        self._is_open = True

    def run(self, pool: "_Pool", n_helpers: int) -> None:
        """Work, with help, until nothing is left."""
        try:
            pool.ask_for_help(self, n_helpers)
            self._work_through()
        finally:
            with self._changed:
                self._is_open = False
                self._pieces.clear()
                while self._n_helpers:
                    self._changed.wait()
        if self._errors:
            raise self._errors[0]

    def help(self) -> None:
        """Work in another thread; a helper who comes too late finds the job closed, and nobody waits for it."""
        with self._changed:
            if not self._is_open:
                return
            self._n_helpers += 1
        try:
            self._work_through()
        except BaseException as error:
            self._errors.append(error)
            self._pieces.clear()
        finally:
            with self._changed:
                self._n_helpers -= 1
                self._changed.notify()

    def _work_through(self) -> None:
        while True:
            try:
                piece = self._pieces.popleft()
            except IndexError:
                return
            self._work(piece)


class _Pool:
    """Threads that help with whatever job comes, as many as were ever wanted for one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[tuple[Context, _Job[Any]]] = SimpleQueue()
        self._n_threads = 0

    def ask_for_help(self, job: _Job[Any], n_helpers: int) -> None:
        with self._lock:
            for _ in range(self._n_threads, n_helpers):
                threading.Thread(target=self._help, name="sparsefit-pool", daemon=True).start()
                self._n_threads += 1
        for _ in range(n_helpers):
            # A context of its own for each: numpy's errstate must hold there too.
            self._jobs.put((copy_context(), job))

    def _help(self) -> None:
        _limit.hold_this_thread()
        while True:
            context, job = self._jobs.get()
            context.run(job.help)
            # While it waits, the thread must not keep the data of its last job alive.
            del context, job


_limit = _BlasLimit()
_pool = _Pool()


def _after_fork() -> None:
    """No thread comes along into a forked process, and a lock may come along shut."""
    global _limit, _pool
    _limit = _BlasLimit()
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def single_threaded_blas() -> Iterator[int]:
    """Keep BLAS to one thread, and say how many it was allowed.

    On thousands of calls of a few microseconds, threads that wait for each other cost more than they save, and on a
    busy machine up to a hundred times more; and with one thread results do not depend on who else is at work. The
    limit holds for the process: of several paths in threads, the first to come in sets it and the last to leave lifts
    it, so that it never changes while one of them is inside BLAS.
    """
    limit = _limit
    limit.enter()
    try:
        yield limit.n_threads
    finally:
        limit.leave()


def run_in_threads(work: Callable[[Piece], None], pieces: Iterable[Piece]) -> None:
    """Call ``work(piece)`` for every piece, in as many threads as BLAS was allowed, this one among them.

    For results that depend on nothing but their input, pieces must be cut by the shape of the data alone and each must
    write to a place of its own. Pieces should be short: after an error or Ctrl-C no new one is begun, but those that
    others are at are waited for.
    """
    pieces = list(pieces)
    if len(pieces) == 1:
        work(pieces[0])
        return
    with single_threaded_blas() as n_threads:
        n_helpers = min(n_threads, len(pieces)) - 1
        if n_helpers <= 0:
            for piece in pieces:
                work(piece)
            return
        _Job(work, pieces).run(_pool, n_helpers)


def run_jobs(jobs: list[Callable[[], Result]], n_jobs: int | None) -> list[Result]:
    """Run long jobs in ``n_jobs`` threads of their own and return what they return, in their order.

    After an error or Ctrl-C nobody waits for the jobs that others are at.
    """
    n_threads = min(effective_n_jobs(n_jobs), len(jobs)) if len(jobs) > 1 else 1
    if n_threads == 1:
        return [job() for job in jobs]
    results: dict[int, Result] = {}
    errors: list[BaseException] = []
    numbered = iter(enumerate(jobs))
    lock = threading.Lock()
    done: SimpleQueue[None] = SimpleQueue()

    def work() -> None:
        try:
            with single_threaded_blas():
                while not errors:
                    with lock:
                        job = next(numbered, None)
                    if job is None:
                        return
                    number, run = job
                    results[number] = run()
        except BaseException as error:
            errors.append(error)
        finally:
            done.put(None)

    for _ in range(n_threads):
        # Daemons, and nobody joins them: after an error, or Ctrl-C, none that is still at work is waited for.
        threading.Thread(target=copy_context().run, args=(work,), daemon=True).start()
    try:
        for _ in range(n_threads):
            done.get()
            if errors:
                raise errors[0]
    except BaseException as error:
        errors.append(error)
        raise
    return [results[number] for number in range(len(jobs))]
