"""The elastic-net penalty with weights and bounds for every feature."""

from libc.math cimport INFINITY, NAN, fabs, isfinite

import numpy as np

from sklearn_sparsefit.penalty._feature_terms cimport FeatureTerms

cdef extern from "_simd.h":
    void entries_along_lines(
        const double* now, const double* before, const double* up, const double* down, Py_ssize_t n,
        double alpha, double apart, double per_alpha, double* out
    ) nogil


cdef double _largest(
    const double* values, const double* up, const double* down, Py_ssize_t n
) noexcept nogil:
    """Largest of up * value and -down * value, at least 0; NaN if not all are finite.

    In eight lanes: compilers turn these into vector registers.
    """
    cdef double[8] top
    cdef double[8] odd
    cdef double high, low
    cdef Py_ssize_t j, lane
    for lane in range(8):
        top[lane] = odd[lane] = 0.0
    for j in range(0, n - n % 8, 8):
        for lane in range(8):
            high = values[j + lane] * up[j + lane]
            low = -values[j + lane] * down[j + lane]
            high = low if low > high else high
            top[lane] = high if high > top[lane] else top[lane]
            odd[lane] += values[j + lane] - values[j + lane]
    for j in range(n - n % 8, n):
        top[0] = max(top[0], values[j] * up[j], -values[j] * down[j])
        odd[0] += values[j] - values[j]
    for lane in range(1, 8):
        top[0] = max(top[0], top[lane])
        odd[0] += odd[lane]
    return NAN if odd[0] != 0.0 else top[0]


cdef class SeparablePenalty:
    """A separable penalty, one coordinate at a time, as the kernels see it."""

    cdef double prox(self, Py_ssize_t j, double value, double step) noexcept nogil:
        return value

    cdef double value_within(self, const double* w, Py_ssize_t n, Py_ssize_t apart) noexcept nogil:
        return INFINITY

    cdef bint may_rest(self, Py_ssize_t j, double w) noexcept nogil:
        return False

    cdef double piece_start(self, Py_ssize_t j, double side) noexcept nogil:
        return -INFINITY

    cdef double piece_end(self, Py_ssize_t j, double side) noexcept nogil:
        return INFINITY

    cdef double slope(self, Py_ssize_t j, double w, double side) noexcept nogil:
        return 0.0

    cdef double curvature(self, Py_ssize_t j) noexcept nogil:
        return 0.0

    cdef double common_curvature(self) noexcept nogil:
        return 0.0


cdef double _conjugate(double excess, double l2, double bound) noexcept nogil:
    """Supremum over 0 <= w <= bound of excess * w - l2 / 2 * w^2."""
    if excess <= 0.0 or bound == 0.0:
        return 0.0
    if excess >= l2 * bound:
        return (excess - 0.5 * l2 * bound) * bound
    # Without curvature there was a bound.
    return excess * excess / (2.0 * l2) if l2 > 0.0 else INFINITY


cdef class ElasticNetPenalty(SeparablePenalty):
    """alpha * sum_j (l1_ratio * a_j * |w_j| + (1 - l1_ratio) / 2 * b_j * w_j^2), restricted to bounds of every w_j.

    Weights a_j and b_j and the bounds are the ``terms``.
    """

    def __init__(
        self, double alpha, double l1_ratio, FeatureTerms terms not None, *, design_unit=1.0, target_unit=1.0
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.terms = terms
        self.design_unit = design_unit
        self.target_unit = target_unit
        self._weight_unit = design_unit * terms.unit
        self.l1 = alpha * l1_ratio * (self._weight_unit / self.target_unit)
        self.l2 = alpha * (1.0 - l1_ratio) * self._weight_unit * self._weight_unit

    def _with(self, alpha, terms):
        return ElasticNetPenalty(
            alpha, self.l1_ratio, terms, design_unit=self.design_unit, target_unit=self.target_unit
        )

    def with_alpha(self, double alpha):
        """The same shape at another strength."""
        return self._with(alpha, self.terms)

    cdef void measure(self, ElasticNetPenalty other, double unit) noexcept nogil:
        self.alpha, self.l1, self.l2 = other.alpha / unit, other.l1 / unit, other.l2 / unit

    def at(self, features):
        """The penalty of some features, in that order."""
        return self._with(self.alpha, self.terms.at(features))

    def only(self, features):
        """No strength, and no place for any but some features: least squares, within the bounds."""
        return self._with(0.0, self.terms.only(features))

    def in_units(self, double design_unit, double target_unit):
        """The same penalty for the problem of ``X * design_unit`` and ``y / target_unit``.

        Its coefficients are w / (design_unit * target_unit) and its objective the old one over target_unit^2.
        """
        terms = self.terms.scaled(design_unit / self.design_unit * target_unit / self.target_unit)
        return ElasticNetPenalty(self.alpha, self.l1_ratio, terms, design_unit=design_unit, target_unit=target_unit)

    def alpha_max(self, double largest_magnitude):
        """Smallest alpha at which no coefficient enters, given the largest magnitude of the correlations at w = 0."""
        return largest_magnitude / (self.l1_ratio * self._weight_unit) * self.target_unit

    @property
    def least_curvature(self):
        """Least curvature of any feature that is not free."""
        if self.terms.is_uniform or self.l2 == 0.0:
            return self.l2
        return self.l2 * self.terms.l2_weights.min(initial=np.inf, where=self.terms.l1_weights > 0)

    def bounded_reach(self, correlation, slack):
        """How steep the conjugate is, summed over the features that may be at a bound: the sum of these bounds."""
        if not self.terms.has_nonzero_bounds:
            return 0.0
        finite = [np.where(np.isfinite(bound), np.abs(bound), 0.0) for bound in (self.terms.lower, self.terms.upper)]
        return np.maximum(*finite).sum(where=np.abs(correlation) + slack > self.l1 * self.terms.l1_weights)

    cdef double prox(self, Py_ssize_t j, double value, double step) noexcept nogil:
        cdef double excess = fabs(value) - step * self.l1 * self.terms._l1[j]
        if excess <= 0.0:
            return 0.0
        excess /= 1.0 + step * self.l2 * self.terms._l2[j]
        if value > 0.0:
            return min(excess, self.terms._upper[j])
        return max(-excess, self.terms._lower[j])

    cdef double value_within(self, const double* w, Py_ssize_t n, Py_ssize_t apart) noexcept nogil:
        cdef Py_ssize_t j
        for j in range(n):
            if not (isfinite(w[j * apart]) and self.terms._lower[j] <= w[j * apart] <= self.terms._upper[j]):
                return INFINITY
        return self._sum(w, n, apart)

    cdef double _sum(self, const double* w, Py_ssize_t n, Py_ssize_t apart) noexcept nogil:
        cdef double l1_norm = 0.0, squares = 0.0
        cdef Py_ssize_t j
        for j in range(n):
            l1_norm += self.terms._l1[j] * fabs(w[j * apart])
            squares += self.terms._l2[j] * w[j * apart] * w[j * apart]
        return self.l1 * l1_norm + 0.5 * self.l2 * squares

    cdef bint may_rest(self, Py_ssize_t j, double w) noexcept nogil:
        if w == 0.0 and self.l1 * self.terms._l1[j] > 0.0:
            return True
        return w == self.terms._lower[j] or w == self.terms._upper[j]

    cdef double piece_start(self, Py_ssize_t j, double side) noexcept nogil:
        return 0.0 if side > 0.0 and self.l1 * self.terms._l1[j] > 0.0 else self.terms._lower[j]

    cdef double piece_end(self, Py_ssize_t j, double side) noexcept nogil:
        return 0.0 if side < 0.0 and self.l1 * self.terms._l1[j] > 0.0 else self.terms._upper[j]

    cdef double slope(self, Py_ssize_t j, double w, double side) noexcept nogil:
        return side * self.l1 * self.terms._l1[j] + self.l2 * self.terms._l2[j] * w

    cdef double curvature(self, Py_ssize_t j) noexcept nogil:
        return self.l2 * self.terms._l2[j]

    cdef double common_curvature(self) noexcept nogil:
        return self.l2

    def apply_prox(self, const double[::1] values, steps):
        """Prox of every value, as a new array, with a step that all share or one for each."""
        cdef Py_ssize_t j
        cdef const double[::1] each = np.ascontiguousarray(np.broadcast_to(steps, values.shape[0]), dtype=np.float64)
        result = np.empty(values.shape[0])
        cdef double[::1] out = result
        for j in range(values.shape[0]):
            out[j] = self.prox(j, values[j], each[j])
        return result

    def value(self, const double[::1] w):
        """Penalty of the coefficients ``w``, within their bounds or not."""
        return self._sum(&w[0], w.shape[0], 1) if w.shape[0] else 0.0

    def sizes(self, correlation):
        """The correlations themselves: what is foretold, and told from both sides of zero."""
        return correlation

    def magnitudes(self, sizes):
        """What is held against ``l1``: a zero coefficient is optimal where its magnitude <= l1."""
        return np.maximum(sizes * np.asarray(self.terms._up), -sizes * np.asarray(self.terms._down))

    def reaches(self, norms):
        """How much magnitudes change at most, given how much the correlations do."""
        return norms * np.maximum(self.terms._up, self.terms._down)

    def largest_magnitude(self, const double[::1] correlation):
        """Largest magnitude of a vector of correlations, 0 if it is empty, NaN if not all are finite."""
        cdef double largest
        if correlation.shape[0] == 0:
            return 0.0
        with nogil:
            largest = _largest(&correlation[0], &self.terms._up[0], &self.terms._down[0], correlation.shape[0])
        return largest

    cdef double norm_of(self, const double[::1] correlation) noexcept nogil:
        if correlation.shape[0] == 0:
            return 0.0
        return _largest(
            &correlation[0], &self.terms._unbounded_up[0], &self.terms._unbounded_down[0], correlation.shape[0]
        )

    def dual_norm(self, const double[::1] correlation):
        """Largest magnitude where there is no bound: up to ``l1``, and with l2 > 0 beyond, the conjugate is finite."""
        cdef double largest
        with nogil:
            largest = self.norm_of(correlation)
        return largest

    def entry_alphas(
        self,
        double alpha,
        const double[::1] correlation,
        double alpha_before,
        const double[::1] correlation_before,
        double margin,
    ):
        """Alphas at which zero coefficients enter if their correlations go on along a line.

        That is, when their magnitude comes as near to ``l1`` as (1 - margin) times; the line runs through the
        correlations at two alphas. At least the last alpha where that is so already (infinity if the line then leaves
        it); negative where it will never be.
        """
        cdef double per_alpha = (1.0 - margin) * self.l1_ratio * (self._weight_unit / self.target_unit)
        cdef Py_ssize_t n_features = correlation.shape[0]
        result = np.empty(n_features)
        cdef double[::1] out = result
        if not n_features == correlation_before.shape[0] == len(self.terms):
            lengths = f"{n_features} and {correlation_before.shape[0]}"
            raise ValueError(f"{lengths} correlations are not those of {len(self.terms)} features.")
        with nogil:
            if n_features:
                entries_along_lines(
                    &correlation[0], &correlation_before[0], &self.terms._up[0], &self.terms._down[0], n_features,
                    alpha, alpha_before - alpha, per_alpha, &out[0],
                )
        return result

    def conjugate(self, const double[::1] correlation, double scale=1.0):
        """Fenchel conjugate at ``scale * correlation``, summed.

        Where there is no bound that is (|u_j| - l1 a_j)_+^2 / (2 l2 b_j).
        """
        cdef double total = 0.0, size, bound
        cdef Py_ssize_t j
        for j in range(correlation.shape[0]):
            size, bound = scale * correlation[j], self.terms._upper[j]
            if size < 0.0:
                size, bound = -size, -self.terms._lower[j]
            total += _conjugate(size - self.l1 * self.terms._l1[j], self.l2 * self.terms._l2[j], bound)
        return total

    def conjugate_gradient(self, const double[::1] correlation):
        """Minimiser w of penalty(w) - w'u for each correlation u, the gradient of the conjugate; for l2 > 0."""
        cdef Py_ssize_t j
        cdef double u, excess
        result = np.zeros(correlation.shape[0])
        cdef double[::1] out = result
        for j in range(correlation.shape[0]):
            u = correlation[j]
            excess = fabs(u) - self.l1 * self.terms._l1[j]
            if excess > 0.0:
                excess /= self.l2 * self.terms._l2[j]
                out[j] = min(excess, self.terms._upper[j]) if u > 0.0 else max(-excess, self.terms._lower[j])
        return result

    def may_move(self, w, correlation):
        """Which coefficients are not at a bound that their correlation holds them at."""
        held_up, held_down = (w >= self.terms.upper) & (correlation > 0), (w <= self.terms.lower) & (correlation < 0)
        return ~(held_up | held_down)

    def at_bounds(self, w):
        """Which coefficients are at a bound that is not zero."""
        return (w != 0) & ((w == self.terms.lower) | (w == self.terms.upper))

    cdef double excess_of(self, const double[::1] w, const double[::1] correlation, double scale) noexcept nogil:
        cdef double total = 0.0, u, l1, l2, size, bound, other_bound, excess
        cdef Py_ssize_t j
        for j in range(w.shape[0]):
            u, l1, l2 = scale * correlation[j], self.l1 * self.terms._l1[j], self.l2 * self.terms._l2[j]
            size, bound, other_bound = w[j], self.terms._upper[j], -self.terms._lower[j]
            if size < 0.0 or (size == 0.0 and u < 0.0):
                u, size, bound, other_bound = -u, -size, other_bound, bound
            # Now w >= 0, and if it is zero, so is the side on which u counts.
            excess = u - l1
            if excess > 0.0 and bound > 0.0:
                if excess >= l2 * bound:
                    total += (bound - size) * (excess - 0.5 * l2 * (bound + size))
                elif l2 > 0.0:
                    total += (excess - l2 * size) * (excess - l2 * size) / (2.0 * l2)
                else:
                    return INFINITY
            else:
                total += size * -excess + 0.5 * l2 * size * size if size != 0.0 else 0.0
                total += _conjugate(-u - l1, l2, other_bound)
        return total

    def fenchel_young(self, const double[::1] w, const double[::1] correlation, double scale=1.0):
        """sum_j penalty(w_j) + conjugate(u_j) - w_j u_j at u = scale * correlation, term by term >= 0.

        With w >= 0 and e = u - l1 a, the three parts of a term nearly cancel where e > 0; there they are the square
        (e - l2 b w)^2 / (2 l2 b), or (h - w) (e - l2 b (h + w) / 2) if the supremum is at a bound h.
        """
        cdef double total
        with nogil:
            total = self.excess_of(w, correlation, scale)
        return total
