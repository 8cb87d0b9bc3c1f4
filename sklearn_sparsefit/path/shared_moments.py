"""The moments of a design under the weightings of many paths, from one reading of X."""

import threading
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit.design import Design, Moments, PartialMoments, Rows
from sklearn_sparsefit.path.records import Measure

# A target whose size is this share of the unit in which it was read has lost digits that rounding is not reckoned with.
SMALL_TARGET = 1 / 64
# Units, or weights, this far apart are not brought together: squares might over- or underflow.
FAR_APART = 2.0**300
# What multiples, and sums over classes, add to the number of terms that rounding is reckoned by.
EXTRA_TERMS = 8


@dataclass(frozen=True)
class _Reading:
    """What was read for the first request: sums over each class, and in each the number of a row that counts."""

    request: Measure
    partial: PartialMoments
    examples: NDArray[np.intp]
    counts: NDArray[np.bool_]

    def multiples(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """What other weights are, class by class, of those that were read."""
        return np.where(self.counts, weights[self.examples] / self.request.weights[self.examples], 0.0)


class SharedMoments:
    """Answers requests for moments under weights that on each class of rows are some multiple of the first ones.

    X is read once, for the moments of every class; those of a path are sums of them. Problems that differ in the
    penalty alone share theirs. So many paths are expected to ask.
    """

    def __init__(self, design: Design, classes: list[Rows], n_sharing: int):
        self.n_readings, self.n_sharing = 0, n_sharing
        self._design = design
        self._classes = classes
        self._reading: _Reading | None = None
        self._known: WeakValueDictionary[tuple, Moments] = WeakValueDictionary()
        # Paths over the same weights follow each other: the next one needs what the last had.
        self._last: Moments | None = None
        self._lock = threading.Lock()

    def __call__(self, request: Measure) -> Moments:
        """Moments as the request has it."""
        with self._lock:
            if self._reading is None:
                self._reading = self._read(request)
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                multiples = self._reading.multiples(request.weights)
            key = multiples.tobytes(), request.scale, request.target_unit
            moments = self._known.get(key)
            if moments is None:
                moments = self._known[key] = self._combine(self._reading, request, multiples)
            self._last = moments
            return moments

    def _read(self, request: Measure) -> _Reading:
        weights = request.weights
        examples = np.array(
            [
                rows.start + np.argmax(weights[rows]) if isinstance(rows, slice) else rows[np.argmax(weights[rows])]
                for rows in self._classes
            ]
        )
        counts = weights[examples] > 0
        examples[~counts] = np.argmax(weights)
        self.n_readings += 1
        partial = self._design.partial_moments(weights, request.target, request.centre, request.scale, self._classes)
        return _Reading(request, partial, examples, counts)

    def _combine(self, reading: _Reading, request: Measure, multiples: NDArray[np.float64]) -> Moments:
        """Sums over the classes, in the units of the request: powers of two, all of them."""
        first = reading.request
        ratio, growth = request.scale / first.scale, first.target_unit / request.target_unit
        factors = np.append(multiples[multiples > 0], ratio)
        is_near = factors.min() > 1 / FAR_APART and factors.max() < FAR_APART
        # Rows whose weight was rounded to zero in the first request may count in this one.
        if not (is_near and abs(multiples @ reading.partial.weights - 1) < 1e-6):
            self.n_readings += 1
            return self._design.moments(request.weights, request.target, request.centre, request.scale)
        moments = reading.partial.combine(multiples)
        means = ratio * moments.means
        weighted = request.weights * request.target
        if np.sqrt(weighted @ request.target) < SMALL_TARGET * growth:
            self.n_readings += 1
            correlation = self._design.correlate_centred(weighted[None], means, request.scale)[0]
        else:
            correlation = ratio * growth * moments.correlation
        return replace(
            moments,
            means=means,
            gram=np.multiply(moments.gram, ratio * ratio, out=moments.gram),
            sq_norms=ratio * ratio * moments.sq_norms,
            correlation=correlation,
            n_terms=moments.n_terms + EXTRA_TERMS,
        )
