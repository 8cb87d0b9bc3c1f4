"""The one place that warns of loose answers."""

from collections.abc import Iterable

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.path.records import PathResult


def warn_if_loose(paths: Iterable[tuple[str, PathResult]], tol: float, advice: str) -> None:
    """Warn once for all the labelled paths of a fit, naming the alpha with the largest relative gap."""
    n_loose, worst_gap, where = 0, 0.0, ""
    for label, path in paths:
        loose = np.flatnonzero(~path.converged)
        if len(loose) == 0:
            continue
        n_loose += len(loose)
        worst = loose[np.argmax(path.relative_gaps[loose])]
        if path.relative_gaps[worst] >= worst_gap:
            worst_gap = path.relative_gaps[worst]
            where = f"alpha={path.alphas[worst]:.6g}" + (f" of {label}" if label else "")
    if n_loose:
        warn_user(
            f"Objective did not converge. {advice} {n_loose} solution(s) ended above the tolerance; the loosest is at"
            f" {where}, with a relative duality gap of {worst_gap:.3e} (tol={tol:.3g}).",
            ConvergenceWarning,
        )
