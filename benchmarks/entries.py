"""From what was logged of one package on one row to its entry in the table."""

import json
from dataclasses import dataclass
from pathlib import Path

TARGET = 1e-6


@dataclass(frozen=True)
class Entry:
    """What a package is entered with.

    ``status`` is "reached" (the target), "missed" (not at any setting; the most accurate is entered), "stopped" (at the
    time limit; ``seconds`` is a lower bound), "failed", "refused" or
    "absent".
    """

    package: str
    status: str
    seconds: float | None = None
    gap: float | None = None
    memory: int | None = None
    setting: str = ""
    passes: int | None = None
    nonzeros: int | None = None
    path_seconds: float | None = None
    reason: str = ""


def read_log(path: Path) -> list[dict]:
    """Events of one worker; its last line may be cut off."""
    events = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            events.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return events


def at_least(events: list[dict]) -> float:
    """How long a stopped package would take: no less than at its last setting, for the best algorithm still tried."""
    start, stop = events[-2:]
    elapsed = start.get("seconds", stop["clock"] - start["clock"])
    bounds = {event["variant"]: event["seconds"] for event in events if event["event"] == "done"}
    bounds[start["variant"]] = max(elapsed, bounds.get(start["variant"], 0.0))
    return min(bounds.get(variant, elapsed) for variant in start["live"])


def make_entry(package: str, events: list[dict]) -> Entry:
    """Choose the setting to enter."""
    done = [event for event in events if event["event"] == "done"]
    memory = max((event["memory"] for event in done), default=None)
    reached = [event for event in done if event["gap"] <= TARGET]
    kinds = [event["event"] for event in events[-2:]]
    if reached or (done and kinds[-1] == "end"):
        fastest = min(reached, key=lambda event: event["seconds"], default=None)
        event = fastest or min(done, key=lambda event: event["gap"])
        return Entry(
            package,
            "reached" if reached else "missed",
            event["seconds"],
            event["gap"],
            memory,
            f"{event['variant']} {event['tol']:g}".strip(),
            event.get("passes"),
            event["nonzeros"],
            event.get("path_seconds"),
        )
    if kinds in (["start", "stopped"], ["timed", "stopped"]):
        gap = min((event["gap"] for event in done), default=None)
        return Entry(package, "stopped", at_least(events) or None, gap, memory)
    reasons = [event["reason"] for event in events if "reason" in event]
    status = kinds[-1] if kinds[-1] in ("refused", "absent") else "failed"
    return Entry(package, status, reason=(reasons or ["stopped before it began"])[0])
