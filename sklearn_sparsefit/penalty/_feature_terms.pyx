"""What the penalty of every feature has of its own: weights and bounds."""

import numpy as np


cdef class FeatureTerms:
    """Of every feature the weights of its L1 and L2 terms and the bounds of its coefficient, lower <= 0 <= upper.

    A feature without an L1 weight has none for L2 either, and is free of the penalty; one whose bounds are both zero is
    left out. Weights are those of coefficients times ``unit``, whose square may be no number.
    """

    def __init__(self, l1_weights, l2_weights, lower, upper, double unit=1.0):
        l1_weights, l2_weights, lower, upper = (
            np.ascontiguousarray(values, dtype=np.float64) for values in (l1_weights, l2_weights, lower, upper)
        )
        self._l1, self._l2, self._lower, self._upper = l1_weights, l2_weights, lower, upper
        with np.errstate(divide="ignore", over="ignore"):
            inverse = np.where(l1_weights > 0, 1.0 / l1_weights, 0.0)
        up, down = np.where(upper > 0, inverse, 0.0), np.where(lower < 0, inverse, 0.0)
        bounded_above, bounded_below = (upper > 0) & (upper < np.inf), (lower < 0) & (lower > -np.inf)
        self._up = self._unbounded_up = up
        self._down = self._unbounded_down = down
        self.steepest = max(up.max(initial=0.0), down.max(initial=0.0))
        self.unit = unit
        self.is_uniform = False
        left_out, unbounded = (lower == 0) & (upper == 0), (lower == -np.inf) & (upper == np.inf)
        self.has_bounds = not (left_out | unbounded).all()
        self.has_nonzero_bounds = bool(bounded_above.any() or bounded_below.any())
        if self.has_nonzero_bounds:
            self._unbounded_up = np.where(bounded_above, 0.0, up)
            self._unbounded_down = np.where(bounded_below, 0.0, down)

    @classmethod
    def uniform(cls, Py_ssize_t n_features, bint positive=False):
        """Weights of one, and no bounds; coefficients of at least zero if ``positive``."""
        cdef FeatureTerms terms = cls.__new__(cls)
        ones, infinite = np.ones(n_features), np.full(n_features, np.inf)
        closed = np.zeros(n_features) if positive else None
        terms._l1 = terms._l2 = terms._up = terms._unbounded_up = ones
        terms._down = terms._unbounded_down = closed if positive else ones
        terms._lower, terms._upper = closed if positive else -infinite, infinite
        terms.is_uniform = True
        terms.has_bounds, terms.has_nonzero_bounds = positive, False
        terms.steepest = terms.unit = 1.0
        return terms

    def __len__(self):
        return self._l1.shape[0]

    @property
    def l1_weights(self):
        """Weights of the absolute values."""
        return np.asarray(self._l1)

    @property
    def l2_weights(self):
        """Weights of the squares."""
        return np.asarray(self._l2)

    @property
    def lower(self):
        """Lower bounds, at most zero."""
        return np.asarray(self._lower)

    @property
    def upper(self):
        """Upper bounds, at least zero."""
        return np.asarray(self._upper)

    @property
    def free(self):
        """Features that are free of the penalty, and not left out."""
        if self.is_uniform:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero((self.l1_weights == 0) & ((self.lower < 0) | (self.upper > 0)))

    def at(self, features):
        """Terms of some features, in that order; one may come more than once."""
        cdef FeatureTerms terms = FeatureTerms.__new__(FeatureTerms)
        if self.is_uniform and len(features) <= len(self):
            features = slice(len(features))
        terms._l1, terms._l2 = self.l1_weights[features], self.l2_weights[features]
        terms._lower, terms._upper = self.lower[features], self.upper[features]
        terms._up, terms._down = np.asarray(self._up)[features], np.asarray(self._down)[features]
        terms._unbounded_up = np.asarray(self._unbounded_up)[features]
        terms._unbounded_down = np.asarray(self._unbounded_down)[features]
        terms.is_uniform, terms.steepest, terms.unit = self.is_uniform, self.steepest, self.unit
        terms.has_bounds, terms.has_nonzero_bounds = self.has_bounds, self.has_nonzero_bounds
        return terms

    def scaled(self, double factor):
        """Terms of coefficients that are divided by some factor: the same weights, other bounds."""
        if self.is_uniform:
            return self
        return FeatureTerms(self.l1_weights, self.l2_weights, self.lower / factor, self.upper / factor, self.unit)

    def only(self, features):
        """The same terms, but that all other features are left out."""
        lower, upper = np.zeros((2, len(self)))
        lower[features], upper[features] = self.lower[features], self.upper[features]
        return FeatureTerms(self.l1_weights, self.l2_weights, lower, upper, self.unit)
