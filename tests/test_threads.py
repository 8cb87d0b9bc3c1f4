"""The package's threads: who works, what they leave behind, and what BLAS is allowed."""

import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_sparsefit import _threads
from sklearn_sparsefit._threads import run_in_threads, run_jobs, single_threaded_blas


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


@pytest.fixture(params=[1, 2, 3])
def allowed(request, monkeypatch):
    """A number of threads that BLAS is allowed, whatever the machine has."""
    monkeypatch.setattr("sklearn_sparsefit._threads.cpu_count", lambda: 64)
    monkeypatch.setattr("sklearn_sparsefit._threads._limit._libraries", None)
    with threadpool_limits(request.param, user_api="blas"):
        yield request.param


def test_every_piece_is_done_once_in_as_many_threads_as_blas_was_allowed(allowed):
    done, threads = [], set()
    barrier = threading.Barrier(allowed)

    def work(piece):
        if piece < allowed:
            barrier.wait(timeout=30)
        done.append(piece)
        threads.add(threading.get_ident())

    run_in_threads(work, range(50))
    assert sorted(done) == list(range(50))
    assert len(threads) == allowed
    assert threading.get_ident() in threads


@pytest.mark.parametrize("n_pieces", [0, 1])
def test_few_pieces_are_done_here(n_pieces):
    threads = []
    run_in_threads(lambda _: threads.append(threading.get_ident()), range(n_pieces))
    assert threads == n_pieces * [threading.get_ident()]


@pytest.mark.usefixtures("allowed")
def test_an_error_reaches_the_caller_and_ends_the_rest():
    begun = []

    def work(piece):
        begun.append(piece)
        if piece == 3:
            raise ArithmeticError("piece 3")
        time.sleep(1e-3)

    with pytest.raises(ArithmeticError, match="piece 3"):
        run_in_threads(work, range(10**4))
    n_begun = len(begun)
    assert n_begun < 100
    time.sleep(0.02)
    assert len(begun) == n_begun


@pytest.mark.usefixtures("allowed")
def test_numpy_error_state_holds_in_all_threads():
    def work(_):
        time.sleep(1e-3)
        np.array([1e300]) * np.array([1e300])

    with np.errstate(over="ignore"):
        run_in_threads(work, range(20))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        run_in_threads(work, range(20))


@pytest.mark.usefixtures("allowed")
def test_work_within_work_and_from_many_threads():
    def count(n):
        totals = np.zeros(8)

        def outer(i):
            parts = np.zeros(5)

            def inner(j):
                parts[j] = n * i + j

            run_in_threads(inner, range(5))
            totals[i] = parts.sum()

        run_in_threads(outer, range(8))
        return totals.sum()

    before = blas_threads()
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(count, range(60))) == [5 * 28 * n + 80 for n in range(60)]
    assert blas_threads() == before


def test_blas_has_one_thread_inside_and_its_own_number_after():
    before = blas_threads()
    seen = []
    with single_threaded_blas():
        with single_threaded_blas():
            pass
        run_in_threads(lambda _: seen.append(blas_threads()), range(4))
        assert blas_threads() == [1] * len(before)
    assert seen == 4 * [[1] * len(before)]
    assert blas_threads() == before


def test_the_last_to_leave_lifts_the_limit_from_whatever_thread():
    before = blas_threads()
    first_is_in, first_may_leave = threading.Event(), threading.Event()

    def first():
        with single_threaded_blas():
            first_is_in.set()
            first_may_leave.wait(timeout=30)

    thread = threading.Thread(target=first)
    thread.start()
    first_is_in.wait(timeout=30)
    with single_threaded_blas():
        first_may_leave.set()
        thread.join()
        assert blas_threads() == [1] * len(before)
    assert blas_threads() == before


@pytest.mark.usefixtures("allowed")
def test_the_data_of_a_job_are_let_go():
    data = np.zeros(10)
    gone = weakref.ref(data)

    def work(_, data=data):
        time.sleep(1e-3)

    run_in_threads(work, range(10))
    del data, work
    for _ in range(1000):
        if gone() is None:
            return
        time.sleep(1e-3)
    pytest.fail("a thread keeps the data")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_threads_of_its_own():
    program = """
import os, time
from sklearn_sparsefit._threads import run_in_threads
done = []
def work(piece):
    done.append(piece)
    time.sleep(1e-3)
run_in_threads(work, range(20))
child = os.fork()
run_in_threads(work, range(20))
if child:
    assert os.waitpid(child, 0)[1] == 0
assert len(done) == 40
"""
    subprocess.run([sys.executable, "-P", "-W", "ignore", "-c", program], check=True, timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process")
def test_interrupt_ends_all_threads():
    program = """
import time
from sklearn_sparsefit._threads import run_in_threads
begun = []
def work(piece):
    begun.append(piece)
    time.sleep(0.05)
print("working", flush=True)
try:
    run_in_threads(work, range(10**4))
except KeyboardInterrupt:
    n_begun = len(begun)
    time.sleep(0.3)
    assert len(begun) == n_begun
    print("interrupted")
"""
    with subprocess.Popen([sys.executable, "-P", "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "working\n"
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert output == "interrupted\n"


@pytest.mark.parametrize("per_thread", [False, True])
def test_an_inner_limit_leaves_the_outer_one_in_place(per_thread):
    number = [4]
    limit = _threads._BlasLimit()
    limit._libraries = [_threads._BlasLibrary(lambda: number[0], lambda n: number.__setitem__(0, n), per_thread)]
    limit.enter()
    limit.enter()
    limit.leave()
    assert number == [1]
    limit.leave()
    assert number == [4]


def test_an_error_does_not_wait_for_other_jobs():
    go_on = threading.Event()

    def fail():
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        run_jobs([go_on.wait, fail], 2)
    go_on.set()


def test_jobs_run_in_the_context_of_their_caller():
    with np.errstate(over="raise"):
        assert [state["over"] for state in run_jobs([np.geterr, np.geterr], 2)] == ["raise", "raise"]
