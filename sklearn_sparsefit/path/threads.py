"""BLAS threads: one, while a path runs."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from threadpoolctl import ThreadpoolController


class _BlasLimit:
    """The limit on BLAS threads that all running paths share.

    threadpoolctl lets only the thread that set a limit lift it, but the path that ends last may be in another thread
    than the one that began first: so one thread, the keeper, does both.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="sparsefit-blas")
        self._limits = ExitStack()
        self._n_inside = 0
        self._controller: ThreadpoolController | None = None

    def enter(self) -> None:
        """Set the limit, unless another path has."""
        with self._lock:
            if self._n_inside == 0:
                self._keeper.submit(self._set).result()
            self._n_inside += 1

    def leave(self) -> None:
        """Lift the limit, unless another path needs it."""
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                self._keeper.submit(self._limits.close).result()

    def _set(self) -> None:
        if self._controller is None:
            self._controller = ThreadpoolController()
        self._limits.enter_context(self._controller.limit(limits=1, user_api="blas"))


_limit = _BlasLimit()


def _after_fork() -> None:
    """The keeper does not come along into a forked process."""
    global _limit
    _limit = _BlasLimit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Keep BLAS to one thread.

    On thousands of calls of a few microseconds, threads that wait for each other cost more than they save, and on a
    busy machine up to a hundred times more; and with one thread results do not depend on who else is at work. The
    limit holds for the process: of several paths in threads, the first to come in sets it and the last to leave lifts
    it, so that it never changes while one of them is inside BLAS.
    """
    limit = _limit
    limit.enter()
    try:
        yield
    finally:
        limit.leave()
