"""Us beside the other packages, at equal accuracy; see README.md for what is measured and how.

python benchmarks/run.py [--quick] [--rows REGEX] [--peers adelie,celer] [--peer-python adelie=/path/to/bin/python]
"""

import argparse
import contextlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from entries import make_entry, read_log
from lineup import NAMES
from report import Measured, write_report
from rows import ROWS, Row

HERE = Path(__file__).parent
US = "sklearn_sparsefit"
PREPARATION = 120.0  # seconds, for compilation
MUCH_SLOWER = 3.0  # than the fastest peer, where a setting may be stopped before the package's time is over
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return {
        "CPU": model,
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "date": time.strftime("%Y-%m-%d"),
    }


def run_worker(folder: Path, package: str, python: str, limit: float, most: float) -> list[dict]:
    """Run one package on the problem in the folder, in a process group that ends with the worker."""
    errors = folder / f"{package}.txt"
    with errors.open("w") as file:
        process = subprocess.Popen(
            [python, str(HERE / "worker.py"), str(folder), package, str(limit), str(most)],
            env=os.environ | {"TMPDIR": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=True,
        )
        try:
            status = process.wait(limit + PREPARATION)
        except subprocess.TimeoutExpired:
            status = -signal.SIGALRM
        finally:
            clock = time.time()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    events = read_log(folder / f"{package}.jsonl")
    if status == -signal.SIGALRM:
        # How much of the processor it had since is not known.
        clock = events[-1]["clock"] if events and os.environ["BENCHMARK_CLOCK"] == "cpu" else clock
        return [*events, {"event": "stopped", "clock": clock}]
    if status:
        reason = (errors.read_text().strip() or "no message").splitlines()[-1]
        return [*events, {"event": "failed", "reason": reason}]
    return events


def run_row(row: Row, packages: list[str], pythons: dict[str, str], limit: float) -> dict[str, list[dict]]:
    """Make the data once and run every package on it; what each of them logged."""
    problem = row.problem()
    events: dict[str, list[dict]] = {}
    if problem is None:
        return events
    with tempfile.TemporaryDirectory() as folder:
        problem.save(Path(folder))
        del problem
        fastest = float("inf")
        for package in packages:
            python = pythons.get(package, sys.executable)
            most = max(limit, MUCH_SLOWER * fastest)
            events[package] = run_worker(Path(folder), package, python, limit * row.patience, most)
            entry = make_entry(package, events[package])
            if package != US and entry.status == "reached":
                fastest = min(fastest, entry.seconds)
            text = entry.reason if entry.seconds is None else f"{entry.seconds:.4g} s, gap {entry.gap}"
            print(f"  {package:18} {entry.status:8} {text}", flush=True)
    return events


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few small rows")
    parser.add_argument("--rows", default="", metavar="REGEX", help="rows whose family or name matches")
    parser.add_argument("--peers", metavar="LIST", help="names with commas between (default: all that are installed)")
    parser.add_argument("--peer-python", action="append", default=[], metavar="NAME=PATH", help="Python for a peer")
    parser.add_argument("--output", type=Path, default=HERE / "results", metavar="DIR")
    parser.add_argument("--limit", type=float, default=30.0, help="seconds for a package on a row (default: 30)")
    parser.add_argument("--threads", type=int, default=2, help="for everybody (default: 2)")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu for a machine with other work")
    parser.add_argument("--report-only", action="store_true", help="write the tables again from raw.json in DIR")
    return parser.parse_args()


def main() -> None:
    """Run the chosen rows and write the report, again after each row."""
    arguments = parse()
    arguments.output.mkdir(parents=True, exist_ok=True)
    saved = arguments.output / "raw.json"
    if arguments.report_only:
        record = json.loads(saved.read_text())
        write_report([Measured.from_events(**row) for row in record["rows"]], record["about"], arguments.output)
        return
    peers = arguments.peers.split(",") if arguments.peers else [name for name in NAMES if name != US]
    unknown = set(peers) - set(NAMES)
    if unknown:
        raise SystemExit(f"Unknown peers {sorted(unknown)}; there are {sorted(NAMES)}.")
    pythons = dict(item.split("=", 1) for item in arguments.peer_python)
    chosen = [
        row
        for row in ROWS
        if re.search(arguments.rows, f"{row.family}: {row.name}") and (row.quick or not arguments.quick)
    ]
    os.environ.update(dict.fromkeys(THREADS, str(arguments.threads)), BENCHMARK_CLOCK=arguments.clock)
    rows: list[dict] = []
    about = {"machine": machine(), "versions": {}}
    about |= {name: getattr(arguments, name) for name in ("limit", "threads", "clock")}
    for number, row in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {row.family}: {row.name}", flush=True)
        events = run_row(row, [US, *peers], pythons, arguments.limit)
        if not events:
            continue
        about["versions"] |= {
            package: lines[0]["versions"] for package, lines in events.items() if lines and "versions" in lines[0]
        }
        rows.append({"name": row.name, "family": row.family, "events": events})
        saved.write_text(json.dumps({"about": about, "rows": rows}, indent=1))
        write_report([Measured.from_events(**row) for row in rows], about, arguments.output)
    print((arguments.output / "table.txt").read_text() if rows else "No row matches.")


if __name__ == "__main__":
    main()
