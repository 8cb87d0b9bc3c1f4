from libc.math cimport INFINITY, NAN, fabs, isfinite

import numpy as np


cdef double _largest(const double* values, Py_ssize_t n, bint positive) noexcept nogil:
    """Largest value that is positive, or absolute value; NaN if not all are finite.

    In eight lanes: compilers turn these into vector registers.
    """
    cdef double[8] top
    cdef double[8] odd
    cdef double size
    cdef Py_ssize_t j, lane
    for lane in range(8):
        top[lane] = odd[lane] = 0.0
    for j in range(0, n - n % 8, 8):
        for lane in range(8):
            size = values[j + lane] if positive else fabs(values[j + lane])
            top[lane] = size if size > top[lane] else top[lane]
            odd[lane] += size - size
    for j in range(n - n % 8, n):
        size = values[j] if positive else fabs(values[j])
        top[0] = size if size > top[0] else top[0]
        odd[0] += size - size
    for lane in range(1, 8):
        top[0] = max(top[0], top[lane])
        odd[0] += odd[lane]
    return NAN if odd[0] != 0.0 else top[0]


cdef class Penalty:
    """A separable penalty, one coordinate at a time for the kernels and whole for the engine."""

    cdef double prox(self, double value, double step) noexcept nogil:
        return value

    cdef double slope(self, double w) noexcept nogil:
        return 0.0

    cdef double curvature(self) noexcept nogil:
        return 0.0


cdef class ElasticNetPenalty(Penalty):
    """alpha * (l1_ratio * |w| + (1 - l1_ratio) / 2 * w^2), restricted to w >= 0 where ``positive``."""

    def __init__(
        self, double alpha, double l1_ratio=1.0, bint positive=False, *, design_unit=1.0, target_unit=1.0
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.positive = positive
        self.design_unit = design_unit
        self.target_unit = target_unit
        self.l1 = alpha * l1_ratio * (self.design_unit / self.target_unit)
        self.l2 = alpha * (1.0 - l1_ratio) * self.design_unit * self.design_unit

    def with_alpha(self, double alpha):
        """The same shape at another strength."""
        return ElasticNetPenalty(
            alpha, self.l1_ratio, self.positive, design_unit=self.design_unit, target_unit=self.target_unit
        )

    def in_units(self, double design_unit, double target_unit):
        """The same penalty for the problem of ``X * design_unit`` and ``y / target_unit``.

        Its coefficients are w / (design_unit * target_unit) and its objective the old one over target_unit^2.
        """
        return ElasticNetPenalty(
            self.alpha, self.l1_ratio, self.positive, design_unit=design_unit, target_unit=target_unit
        )

    def alpha_max(self, double dual_norm):
        """Smallest alpha at which no coefficient enters, given the dual norm of the correlations at w = 0."""
        return dual_norm / (self.l1_ratio * self.design_unit) * self.target_unit

    cdef double prox(self, double value, double step) noexcept nogil:
        cdef double excess = fabs(value) - step * self.l1
        if excess <= 0.0 or (self.positive and value < 0.0):
            return 0.0
        excess /= 1.0 + step * self.l2
        return excess if value > 0.0 else -excess

    cdef double slope(self, double w) noexcept nogil:
        return (self.l1 if w > 0.0 else -self.l1) + self.l2 * w

    cdef double curvature(self) noexcept nogil:
        return self.l2

    def apply_prox(self, double[::1] values, double step):
        """Prox of every value, as a new array."""
        cdef Py_ssize_t j
        result = np.empty(values.shape[0])
        cdef double[::1] out = result
        for j in range(values.shape[0]):
            out[j] = self.prox(values[j], step)
        return result

    def value(self, const double[::1] w):
        """Penalty of the coefficients ``w``."""
        cdef double l1_norm = 0.0, squares = 0.0
        cdef Py_ssize_t j
        for j in range(w.shape[0]):
            l1_norm += fabs(w[j])
            squares += w[j] * w[j]
        return self.l1 * l1_norm + 0.5 * self.l2 * squares

    def is_feasible(self, const double[::1] w):
        """Whether the penalty of ``w`` is finite."""
        cdef Py_ssize_t j
        for j in range(w.shape[0]):
            if not isfinite(w[j]) or (self.positive and w[j] < 0.0):
                return False
        return True

    def magnitude(self, correlation):
        """What is held against ``l1``: a zero coefficient is optimal where magnitude <= l1."""
        return np.maximum(correlation, 0.0) if self.positive else np.abs(correlation)

    def dual_norm(self, const double[::1] correlation):
        """Largest magnitude of a vector of correlations, 0 if it is empty, NaN if not all are finite."""
        cdef double largest
        if correlation.shape[0] == 0:
            return 0.0
        with nogil:
            largest = _largest(&correlation[0], correlation.shape[0], self.positive)
        return largest

    def entry_alphas(
        self,
        const double[::1] alphas,
        const double[::1] correlation,
        const double[::1] alphas_before,
        const double[::1] correlation_before,
        double margin,
    ):
        """Alphas at which zero coefficients enter if their correlations go on along a line.

        That is, come as near to ``l1`` as (1 - margin) times; the line runs through the correlations at two alphas.
        At least the last alpha where that is so already (infinity if the line then leaves it); negative where it
        will never be.
        """
        cdef double per_alpha = (1.0 - margin) * self.l1_ratio * (self.design_unit / self.target_unit)
        cdef double c, slope, entry, rise, side
        cdef Py_ssize_t j
        cdef int turn
        result = np.empty(correlation.shape[0])
        cdef double[::1] out = result
        with nogil:
            for j in range(correlation.shape[0]):
                slope = 0.0
                if alphas[j] < alphas_before[j]:
                    slope = (correlation[j] - correlation_before[j]) / (alphas[j] - alphas_before[j])
                c = correlation[j]
                entry = -1.0
                # side * (c + slope * (alpha - alphas[j])) >= per_alpha * alpha, on either side of zero.
                for turn in range(1 if self.positive else 2):
                    side = 1.0 - 2.0 * turn
                    rise = side * slope - per_alpha
                    if rise < 0.0:
                        entry = max(entry, side * (slope * alphas[j] - c) / rise)
                    elif side * c > per_alpha * alphas[j]:
                        entry = INFINITY
                out[j] = entry
        return result

    def conjugate(self, const double[::1] correlation, double scale=1.0):
        """Fenchel conjugate at ``scale * correlation``, summed: sum_j (|u_j| - l1)_+^2 / (2 l2)."""
        cdef double total = 0.0, excess
        cdef Py_ssize_t j
        for j in range(correlation.shape[0]):
            excess = scale * (correlation[j] if self.positive else fabs(correlation[j])) - self.l1
            if excess > 0.0:
                if self.l2 == 0.0:
                    return float("inf")
                total += excess * excess / (2.0 * self.l2)
        return total

    def conjugate_gradient(self, const double[::1] correlation):
        """Minimiser w of penalty(w) - w'u for each correlation u, the gradient of the conjugate; for l2 > 0."""
        cdef Py_ssize_t j
        cdef double u, excess
        result = np.zeros(correlation.shape[0])
        cdef double[::1] out = result
        for j in range(correlation.shape[0]):
            u = correlation[j]
            excess = (u if self.positive else fabs(u)) - self.l1
            if excess > 0.0:
                out[j] = excess / self.l2 if u > 0.0 else -excess / self.l2
        return result

    def fenchel_young(self, const double[::1] w, const double[::1] correlation, double scale=1.0):
        """sum_j penalty(w_j) + conjugate(u_j) - w_j u_j at u = scale * correlation, term by term >= 0.

        Where w and u agree in sign and |u| > l1, the three parts of a term nearly cancel; there they are the square
        (|u| - l1 - l2 |w|)^2 / (2 l2).
        """
        cdef double total = 0.0, u, size, excess
        cdef Py_ssize_t j
        for j in range(w.shape[0]):
            u = scale * correlation[j]
            size = fabs(w[j])
            if w[j] < 0.0 or (w[j] == 0.0 and u < 0.0 and not self.positive):
                u = -u
            # Now w >= 0 and, but for an infeasible w < 0 that no solver hands in, so is the side on which u counts.
            if u > self.l1:
                if self.l2 == 0.0:
                    return float("inf")
                excess = u - self.l1 - self.l2 * size
                total += excess * excess / (2.0 * self.l2)
            else:
                total += size * (self.l1 - u) + 0.5 * self.l2 * size * size
                if -u > self.l1 and not self.positive:
                    if self.l2 == 0.0:
                        return float("inf")
                    total += (-u - self.l1) * (-u - self.l1) / (2.0 * self.l2)
        return total
