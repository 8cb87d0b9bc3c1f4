"""The moments of a design under the weightings of all folds, from one reading of X."""

import threading
from dataclasses import replace
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.cv.folds import Fold
from sklearn_sparsefit.design import Design, Moments, PartialMoments, Rows, cut
from sklearn_sparsefit.path import Measure
from sklearn_sparsefit.solvers import choice

# A target this many times smaller than that of the first request has lost digits in the sums over that one.
LOST = 4.0
# What the multiples, and the sums over parts, add to the number of terms that rounding is reckoned by.
EXTRA_TERMS = 8


class SharedMoments:
    """Answers for all folds what the moments of X are.

    Rows that are drawn equally often in every fold form a class. X is read once, for the moments of every class under
    the weights of the first request, the full data's; those of a fold are sums of them.
    """

    def __init__(self, design: Design, parts: list[Rows]):
        self._design = design
        self._parts = parts
        self._first: Measure | None = None
        self._partial: PartialMoments | None = None
        # Problems that differ in the penalty alone share their moments while one of them needs these.
        self._known: WeakValueDictionary[bytes, Moments] = WeakValueDictionary()
        self._lock = threading.Lock()

    def __call__(self, request: Measure) -> Moments:
        """Moments under the weights of the request, which on every class are some multiple of the first ones."""
        with self._lock:
            if self._partial is None:
                self._read(request)
            multiples = request.weights[self._examples] / self._first.weights[self._examples]
            multiples[~self._counts] = 0.0
            key = multiples.tobytes()
            moments = self._known.get(key)
            if moments is None:
                moments = self._known[key] = self._combine(request, multiples)
            return moments

    def _read(self, request: Measure) -> None:
        self._first = request
        weights = request.weights
        self._examples = np.array([_first_row(rows, np.argmax(weights[rows])) for rows in self._parts])
        self._counts = weights[self._examples] > 0
        self._examples[~self._counts] = np.argmax(weights)
        self._partial = self._design.partial_moments(
            weights, request.target, request.centre, request.scale, self._parts
        )

    def _combine(self, request: Measure, multiples: NDArray[np.float64]) -> Moments:
        """Sums over the classes, in the units of the request: powers of two, all of them."""
        moments = self._partial.combine(multiples)
        ratio = request.scale / self._first.scale
        growth = self._first.target_unit / request.target_unit
        means, correlation = ratio * moments.means, ratio * growth * moments.correlation
        if growth >= LOST:
            weighted = (request.weights * request.target)[None]
            correlation = self._design.correlate_centred(weighted, means, request.scale)[0]
        return replace(
            moments,
            means=means,
            gram=np.multiply(moments.gram, ratio * ratio, out=moments.gram),
            sq_norms=ratio * ratio * moments.sq_norms,
            correlation=correlation,
            n_terms=int(LOST) * moments.n_terms + EXTRA_TERMS,
        )


def share_moments(design: Design, folds: list[Fold]) -> SharedMoments | None:
    """Share the moments where paths ask for them and the classes are few enough; None elsewhere."""
    shape = design.shape
    if not choice.takes_whole(shape, design.density):
        return None
    labels = _label_rows(folds)
    n_classes = int(labels.max()) + 1
    if not choice.affords_grams(shape, n_classes):
        return None
    order = np.argsort(labels, kind="stable")
    classes = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    length = choice.part_length(shape, n_classes)
    return SharedMoments(design, [part for rows in classes for part in cut(_as_slice(rows), length)])


def _label_rows(folds: list[Fold]) -> NDArray[np.intp]:
    """The class of each row: those that every fold draws equally often."""
    labels = np.zeros(len(folds[0].counts), dtype=np.intp)
    n_classes = 1
    for fold in folds:
        # Two labels, the class so far and the count, in one number; its rank is the new label.
        values, counts = np.unique(fold.counts, return_inverse=True)
        pairs = labels * len(values) + counts
        present = np.zeros(n_classes * len(values), dtype=np.intp)
        present[pairs] = 1
        labels = (np.cumsum(present) - 1)[pairs]
        n_classes = int(present.sum())
    return labels


def _as_slice(rows: NDArray[np.intp]) -> Rows:
    """Rows without a gap are read as they lie."""
    return slice(int(rows[0]), int(rows[-1]) + 1) if rows[-1] - rows[0] == len(rows) - 1 else rows


def _first_row(rows: Rows, position: np.intp) -> int:
    return int(rows.start + position) if isinstance(rows, slice) else int(rows[position])
