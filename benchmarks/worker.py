"""Runs one package on one problem, in this process, and writes what it measures line by line.

Called by run.py: ``python worker.py FOLDER PACKAGE SECONDS MOST``. From when it is ready it has these seconds, and the
last algorithm at most so many for each setting; then an alarm ends it. It needs numpy, scipy and the package, nothing
else, so that it also runs in the older environments that some packages need.
"""

import json
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

from entries import TARGET
from lineup import PACKAGES
from packages import Package
from peak_memory import PeakMemory
from problem import Problem

REPEAT_SECONDS = 0.5
NOISE_SECONDS = 0.3


class Log:
    """Lines of JSON: what was measured survives when the process is stopped."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w")

    def write(self, event: str, **entries: Any) -> None:
        self._file.write(json.dumps({"event": event, "clock": time.time(), **entries}) + "\n")
        self._file.flush()


def repeat(package: Package, problem: Problem, variant: str, tol: float, seconds: float) -> float:
    """Best of a few more runs, where they are short."""
    spent = seconds
    for _ in range(package.most_repetitions):
        if spent > REPEAT_SECONDS:
            break
        again = package.run(problem, variant, tol)[0]
        spent += again
        seconds = min(seconds, again)
    return seconds


class Alarm:
    """Ends this process, whatever it is at, when its time is over or a single piece of work takes too long."""

    def __init__(self, limit: float, most: float) -> None:
        self._end = time.monotonic() + limit
        self._most = most
        self.rest()

    def rest(self) -> None:
        """Set the alarm for what is left of the time."""
        self._set(self._end - time.monotonic())

    def piece(self) -> None:
        """Set the alarm for a piece of work."""
        self._set(min(self._end - time.monotonic(), self._most))

    def _set(self, seconds: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))


def try_setting(
    package: Package, problem: Problem, variant: str, tol: float, log: Log, live: list, alarm: Alarm
) -> dict[str, Any]:
    """Measure one setting; short runs that are accurate enough are repeated."""
    log.write("start", variant=variant, tol=tol, live=live)
    if len(live) == 1:
        alarm.piece()
    with PeakMemory(package.process()) as peak:
        seconds, coefs = package.run(problem, variant, tol)
    alarm.rest()
    log.write("timed", variant=variant, tol=tol, live=live, seconds=seconds)
    gap = package.worst_gap(problem, coefs, variant, tol)
    last = coefs[..., -1] != 0 if problem.n_tasks else coefs[:, [-1]] != 0
    nonzeros = int((last.any(axis=1) if problem.n_tasks else last).sum())
    entries = {"gap": gap, "memory": peak.growth, "nonzeros": nonzeros}
    del coefs
    if gap <= TARGET:
        seconds = repeat(package, problem, variant, tol, seconds)
        entries |= package.extras(problem, tol)
    return {"seconds": seconds, **entries}


def measure(package: Package, problem: Problem, log: Log, alarm: Alarm) -> None:
    """Raise the accuracy of every algorithm until it suffices or it cannot be the fastest any more."""
    fastest = float("inf")
    live = list(package.all_variants(problem))
    for tol in package.tols:
        times = {}
        for variant in list(live):
            try:
                entries = try_setting(package, problem, variant, tol, log, live, alarm)
            except Exception as error:
                traceback.print_exc()
                log.write("failed", variant=variant, tol=tol, reason=f"{type(error).__name__}: {error}")
                live.remove(variant)
                continue
            log.write("done", variant=variant, tol=tol, **entries)
            times[variant] = entries["seconds"]
            if entries["gap"] <= TARGET:
                fastest = min(fastest, entries["seconds"])
                live.remove(variant)
        # Generous, because these ran only once; the time limit is for all of them.
        bound = min(2 * fastest, max(NOISE_SECONDS, 3 * min(times.values(), default=0)))
        live = [variant for variant in live if times[variant] <= bound]


def main() -> None:
    """Run and log; a package that is absent or refuses says so."""
    warnings.simplefilter("ignore")
    folder, name = Path(sys.argv[1]), sys.argv[2]
    log = Log(folder / f"{name}.jsonl")
    problem = Problem.load(folder)
    kinds = [kind for kind in PACKAGES[problem.kind] if kind.name == name]
    if not kinds:
        log.write("refused", reason=f"no {problem.kind}")
        return
    package = kinds[0]()
    refusal = package.refusal(problem)
    if refusal:
        log.write("refused", reason=refusal)
        return
    try:
        package.prepare(problem)
    except ImportError as error:
        log.write("absent", reason=str(error))
        return
    log.write("ready", versions={**package.versions(), "Python": sys.version.split()[0]})
    measure(package, problem, log, Alarm(*map(float, sys.argv[3:])))
    signal.setitimer(signal.ITIMER_REAL, 0)
    log.write("end")
    package.close()


if __name__ == "__main__":
    main()
