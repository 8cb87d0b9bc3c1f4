"""Warnings that point at the user's line."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

OURS = {"sklearn_sparsefit", "sklearn", "joblib"}


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of the line that called into this package, or into scikit-learn and joblib on the way here."""
    level = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


@contextmanager
def kept_warnings(kept: dict[str, type[Warning]]) -> Iterator[None]:
    """Keep what is warned of, each once, to warn the user of later."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield
    kept.update({str(warning.message): warning.category for warning in told})
