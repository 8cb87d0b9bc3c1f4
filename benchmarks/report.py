"""The tables, as text and as Markdown, and what is drawn from the entries."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from entries import TARGET, Entry, make_entry
from picture import draw

US = "sklearn_sparsefit"
FOOT = f"""
ratio: time of the fastest peer over ours. A peer is entered at its fastest setting whose worst relative duality gap
over the path, and over all folds, computed from its coefficients in double precision, is at most {TARGET:g}; with *
where none is, with its best gap and no part in the ratio. '>' marks a package that was stopped, at the time limit
({{limit:g}} s, or a multiple) or at three times the time of another: it takes longer than its last setting had, and a
ratio to it is a lower bound. '-': not applicable or not installed; 'cut short': it does not return the whole path;
'failed': see raw.json. MB: growth of private memory while solving. passes: times X was read. x path: time of our
cross-validation over that of our path on all rows. Compilation is left out of all times: every process solves a tiny
problem first. Threads for everybody: {{threads}}; clock: {{clock}}. For least squares X (where dense) and y are centred
beforehand, and an intercept is fitted in cross-validation alone; for logistic regression nothing is centred, and an
intercept is fitted but where the row says not.
"""


@dataclass(frozen=True)
class Measured:
    """One row, measured."""

    name: str
    family: str
    entries: dict[str, Entry]

    @classmethod
    def from_events(cls, name: str, family: str, events: dict[str, list[dict]]) -> "Measured":
        """Enter every package."""
        return cls(name, family, {package: make_entry(package, log) for package, log in events.items()})

    @property
    def us(self) -> Entry:
        """Our entry."""
        return self.entries[US]

    @property
    def best_peer(self) -> Entry | None:
        """The fastest peer at the target; one that was stopped counts with the time it had then."""
        peers = (e for e in self.entries.values() if e.package != US and e.status in ("reached", "stopped"))
        return min((e for e in peers if e.seconds), key=lambda entry: entry.seconds, default=None)

    @property
    def ratio(self) -> float | None:
        """Time of the best peer over ours."""
        if self.us.status != "reached" or self.best_peer is None:
            return None
        return self.best_peer.seconds / self.us.seconds


def seconds_text(seconds: float) -> str:
    """Three digits, in ms below a second."""
    if seconds >= 100:
        return f"{seconds:.0f} s"
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def entry_text(entry: Entry) -> str:
    """Time and gap of an entry."""
    if entry.status in ("refused", "absent"):
        return "-"
    if entry.seconds is None:
        return entry.status
    if entry.gap == float("inf"):
        return "cut short"
    mark = {"stopped": "> ", "missed": "* "}.get(entry.status, "")
    gap = "" if entry.status == "stopped" or entry.gap is None else f" ({entry.gap:.0e})"
    return f"{mark}{seconds_text(entry.seconds)}{gap}"


def memory_text(entry: Entry | None) -> str:
    """Megabytes."""
    return "-" if entry is None or entry.memory is None else f"{entry.memory / 1e6:.0f}"


def ratio_text(row: Measured) -> str:
    """The ratio, marked where it is a bound."""
    if row.ratio is None:
        return "-"
    return f"{'> ' if row.best_peer.status == 'stopped' else ''}{row.ratio:.3g}"


def geometric_mean(rows: list[Measured]) -> float:
    """Geometric mean of the ratios there are."""
    ratios = [row.ratio for row in rows if row.ratio is not None]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else float("nan")


def make_cells(rows: list[Measured], peers: list[str]) -> list[list[str]]:
    """The table, its head first, without columns that would be empty."""
    head = ["row", "nonzeros", "us", "passes", "x path", "MB", *peers, "best peer", "its MB", "ratio"]
    cells = [head]
    for row in rows:
        best = row.best_peer
        cells.append(
            [
                row.name,
                str(row.us.nonzeros or "-"),
                entry_text(row.us),
                str(row.us.passes or "-"),
                f"{row.us.seconds / row.us.path_seconds:.2g}" if row.us.path_seconds else "-",
                memory_text(row.us),
                *(entry_text(row.entries[peer]) for peer in peers),
                best.package if best else "-",
                memory_text(best),
                ratio_text(row),
            ]
        )
    columns = [column for column in zip(*cells, strict=True) if set(column[1:]) != {"-"}]
    return [list(row) for row in zip(*columns, strict=True)]


def as_text(cells: list[list[str]]) -> str:
    """Columns aligned, names to the left and numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in cells
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def as_markdown(cells: list[list[str]]) -> str:
    """A Markdown table."""
    rule = [":--"] + ["--:"] * (len(cells[0]) - 1)
    escaped = [[cell.replace("*", "\\*").replace("_", "\\_") for cell in row] for row in cells]
    return "\n".join("| " + " | ".join(row) + " |" for row in [escaped[0], rule, *escaped[1:]])


def make_summary(rows: list[Measured]) -> list[str]:
    """Geometric means and the rows that disappoint."""
    lines = [f"geometric mean of the ratios: {geometric_mean(rows):.3g} over {len(rows)} rows, lower bounds included"]
    for family in dict.fromkeys(row.family for row in rows):
        members = [row for row in rows if row.family == family]
        lines.append(f"    {family:16} {geometric_mean(members):8.3g}   ({len(members)} rows)")
    slow = [f"{row.name} ({ratio_text(row)})" for row in rows if row.ratio is not None and row.ratio < 2]
    lines.append("rows below 2, or not known to be above (>): " + ("; ".join(slow) or "none"))
    missed = [f"{row.name} ({row.us.status})" for row in rows if row.us.status != "reached"]
    return [*lines, "rows where we miss the accuracy: " + ("; ".join(missed) or "none")]


def make_about(about: dict) -> list[str]:
    """The machine and the versions."""
    lines = [", ".join(f"{key}: {value}" for key, value in about["machine"].items())]
    for package, versions in about["versions"].items():
        lines.append(f"{package}: " + ", ".join(f"{name} {number}" for name, number in versions.items()))
    return lines


def write_report(rows: list[Measured], about: dict, folder: Path) -> None:
    """Write table.txt, table.md and ratios.png."""
    present = [n for n in rows[0].entries if n != US and any(row.entries[n].seconds is not None for row in rows)]
    cells = make_cells(rows, present)
    foot = FOOT.format(limit=about["limit"], threads=about["threads"], clock=about["clock"])
    summary, machine = make_summary(rows), make_about(about)
    (folder / "table.txt").write_text("\n".join([as_text(cells), foot, *summary, "", *machine]) + "\n")
    parts = [as_markdown(cells), foot.replace("*", "\\*"), "```text", *summary, "```", "", "  \n".join(machine)]
    (folder / "table.md").write_text("\n".join(parts) + "\n")
    bars = [(r.family, r.name, r.ratio, r.best_peer.package, r.best_peer.status == "stopped") for r in rows if r.ratio]
    if bars:
        draw(bars, folder / "ratios.png")
