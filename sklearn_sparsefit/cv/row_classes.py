"""Rows that every fold draws equally often: what a cross-validation needs to know the moments of."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.cv.folds import Fold
from sklearn_sparsefit.design import Design, Rows
from sklearn_sparsefit.path import SharedMoments, cost_model


def share_moments(design: Design, folds: list[Fold], n_tasks: int) -> SharedMoments | None:
    """Share the moments where paths ask for them and the classes are few enough; None elsewhere."""
    if not cost_model.suits_moments(design.shape, design.density, n_tasks):
        return None
    labels = label_rows(folds)
    if not cost_model.affords_grams(design.shape, design.density, int(labels.max()) + 1):
        return None
    order = np.argsort(labels, kind="stable")
    classes = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return SharedMoments(design, [_as_slice(rows) for rows in classes], 1 + len(folds))


def label_rows(folds: list[Fold]) -> NDArray[np.intp]:
    """The class of each row: those that every fold draws equally often."""
    labels = np.zeros(len(folds[0].counts), dtype=np.intp)
    n_classes = 1
    for fold in folds:
        # Two labels, the class so far and the count, in one number; its rank is the new label.
        n_counts = int(fold.counts.max()) + 1
        labels *= n_counts
        labels += fold.counts
        present = np.zeros(n_classes * n_counts, dtype=bool)
        present[labels] = True
        labels = (np.cumsum(present) - 1)[labels]
        n_classes = int(np.count_nonzero(present))
    return labels


def _as_slice(rows: NDArray[np.intp]) -> Rows:
    """Rows without a gap are read as they lie."""
    return slice(int(rows[0]), int(rows[-1]) + 1) if rows[-1] - rows[0] == len(rows) - 1 else rows
