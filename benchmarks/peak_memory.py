"""How much memory a piece of work takes beside what was there before, read off the operating system."""

import ctypes
import resource
import threading
import time
from pathlib import Path


def private_bytes(pid: int | str = "self") -> int:
    """Private memory of a process now (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def give_back() -> None:
    """Return what was freed to the system, where it would hide the next growth."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


class PeakMemory:
    """Highest private memory above that at the start, sampled in a thread."""

    def __init__(self, pid: int | str = "self") -> None:
        self._pid = pid
        self._thread = threading.Thread(target=self._watch)
        self.growth = 0

    def __enter__(self) -> "PeakMemory":
        give_back()
        self._running = True
        self._start = private_bytes(self._pid)
        self._thread.start()
        return self

    def _sample(self) -> None:
        self.growth = max(self.growth, private_bytes(self._pid) - self._start)

    def _watch(self) -> None:
        while self._running:
            self._sample()
            time.sleep(0.002)

    def __exit__(self, *_: object) -> None:
        self._sample()
        self._running = False
        self._thread.join()
