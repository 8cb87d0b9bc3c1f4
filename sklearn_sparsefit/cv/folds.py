"""Folds: how often every row counts in training, and which rows are held out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Vector


@dataclass(frozen=True)
class Fold:
    """One split: how often each row is drawn for training, and the held-out rows with their weights."""

    counts: NDArray[np.unsignedinteger]
    weights: Vector
    test: NDArray[np.intp]

    @property
    def train_weight(self) -> Vector:
        """Weight of every row in training, zero where held out."""
        return self.weights * self.counts

    @property
    def test_weight(self) -> Vector:
        """Weights of the held-out rows."""
        return self.weights[self.test]


def make_folds(splits: Iterable[tuple[Any, Any]], n_samples: int, sample_weight: Vector | None) -> list[Fold]:
    """Folds from the index pairs (or masks) of any splitter; a row that is drawn twice counts twice."""
    weights = np.ones(n_samples) if sample_weight is None else sample_weight
    folds = []
    for number, split in enumerate(splits):
        try:
            train, test = (_as_rows(part, n_samples) for part in split)
        except (IndexError, TypeError, ValueError) as error:
            raise ValueError(f"cv gives fold {number} no pair of row numbers or masks: {error}.") from error
        for part, rows in (("training", train), ("test", test)):
            if len(rows) == 0:
                raise ValueError(f"cv gives fold {number} no {part} samples; every fold needs both kinds.")
        counts = np.bincount(train, minlength=n_samples)
        # In single bytes: K folds of n rows may be many.
        folds.append(Fold(counts.astype(np.min_scalar_type(counts.max())), weights, test))
    if not folds:
        raise ValueError("cv gives no folds; it must yield at least one (train, test) pair.")
    train_weights, test_weights = (fold.train_weight for fold in folds), (fold.test_weight for fold in folds)
    for part, weightings in (("training", train_weights), ("test", test_weights)):
        for number, part_weight in enumerate(weightings):
            if not part_weight.any():
                raise ValueError(f"sample_weight leaves fold {number} only {part} samples of weight zero.")
    return folds


def _as_rows(part: Any, n_samples: int) -> NDArray[np.intp]:
    """Row numbers from indices, possibly negative, or from a mask."""
    part = np.asarray(part)
    return np.arange(n_samples)[part if part.size else part.astype(np.intp)]
