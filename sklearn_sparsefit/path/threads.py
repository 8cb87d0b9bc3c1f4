"""BLAS threads: one, while a path runs."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_limit = ExitStack()
_n_inside = 0


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Keep BLAS to one thread.

    On thousands of calls of a few microseconds, threads that wait for each other cost more than they save, and on a
    busy machine up to a hundred times more; and with one thread results do not depend on who else is at work. The
    limit holds for the process: of several paths in threads, the first to come in sets it and the last to leave lifts
    it, so that it never changes while one of them is inside BLAS.
    """
    global _n_inside
    with _lock:
        if _n_inside == 0:
            _limit.enter_context(_controller().limit(limits=1, user_api="blas"))
        _n_inside += 1
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            if _n_inside == 0:
                _limit.close()
