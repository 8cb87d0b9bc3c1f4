"""The layout of the package is the table of docs/architecture.md, and imports go downward in it."""

import re
from pathlib import Path

import pytest

import sklearn_sparsefit

PACKAGE = Path(sklearn_sparsefit.__file__).parent
ARCHITECTURE = Path(__file__).parents[1] / "docs" / "architecture.md"
IMPORTED = re.compile(r"^\s*from sklearn_sparsefit(?:\.(\w+)[.\w]*)? import", re.MULTILINE)


def rows():
    """The rooms of the table, those of each row together, from the roof down."""
    house = ARCHITECTURE.read_text("utf-8").partition("## The house")[2].partition("\n**")[0]
    cells = [line.split("|")[2] for line in house.splitlines() if line.startswith("|")]
    return [rooms for rooms in map(re.compile(r"`(\w+)`").findall, cells) if rooms]


FLOORS = {room: floor for floor, rooms in enumerate(reversed(rows())) for room in rooms}


def sources(room):
    path = PACKAGE / room
    return path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]


def test_every_room_is_in_the_table():
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__"} == set(FLOORS) - {"sklearn_sparsefit"}


@pytest.mark.parametrize("room", [room for room in FLOORS if room != "sklearn_sparsefit"])
def test_imports_go_downward(room):
    for path in sources(room):
        for other in IMPORTED.findall(path.read_text("utf-8")):
            assert other == room or FLOORS[other or "sklearn_sparsefit"] < FLOORS[room], path
