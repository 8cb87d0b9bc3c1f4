"""Families of generalised linear models: half the deviance of each, as a function of a raw prediction."""

from libc.math cimport INFINITY, exp, expm1, fabs, fmax, fmin, log, log1p

from math import ceil

import numpy as np
from scipy.special import expit

from sklearn_sparsefit.datafit._loss cimport Loss, at_least_zero

from sklearn_sparsefit.datafit.units import power_of_two

cdef extern from "_blocks.h":
    void exp_rows(const double* z, Py_ssize_t n, double* result) nogil
    void binomial_evaluate(const double* y, const double* z, Py_ssize_t n, double* values, double* derivatives) nogil
    void binomial_look(const double* y, const double* z, Py_ssize_t n, double* derivatives, double* curvatures) nogil
    double sparsefit_divergence(double a, double b) nogil
    void binomial_misfit(
        const double* y, const double* z, const double* slopes, Py_ssize_t n, double* misfits
    ) nogil

# Log-odds whose exponential is finite.
cdef double FAR = 700.0
# How much less smooth each loss is than the one before, on the way to one that is nearly lines.
cdef double SMOOTHER = 8.0


cdef double _xlogx(double x) noexcept nogil:
    return x * log(x) if x > 0.0 else 0.0


cdef double _divergence(double a, double b, double log_b) noexcept nogil:
    """a log(a / b) - a + b of b >= 0, infinite for a < 0."""
    if a < 0.0:
        return INFINITY
    if fabs(a - b) < 0.5 * b:
        return sparsefit_divergence(a, b)
    return at_least_zero(_xlogx(a) - a * log_b - a + b)


cdef class Gaussian(Loss):
    """Half the square of the error."""

    cdef double value(self, double y, double z) noexcept nogil:
        return 0.5 * (y - z) * (y - z)

    cdef double derivative(self, double y, double z) noexcept nogil:
        return z - y

    cdef double curvature(self, double y, double z) noexcept nogil:
        return 1.0

    cdef double misfit(self, double y, double z, double slope) noexcept nogil:
        return 0.5 * (z - y - slope) ** 2

    def unit(self, y):
        """A power of two near the largest target."""
        return power_of_two(float(np.abs(y).max()))


cdef inline bint _is_mixed(double share) noexcept nogil:
    """Whether a share is neither 0 nor 1, in one comparison: which of these is next no processor can foresee."""
    return share * (1.0 - share) != 0.0


cdef class Binomial(Loss):
    """Half the deviance of a share y of successes, between 0 and 1, for raw predictions that are log-odds."""

    cdef double value(self, double y, double z) noexcept nogil:
        # log(1 + exp(z)) - y z, less its minimum, the entropy of y.
        cdef double excess = fmax(z, 0.0) - y * z + log1p(exp(-fabs(z)))
        return at_least_zero(excess + _xlogx(y) + _xlogx(1.0 - y)) if _is_mixed(y) else excess

    cdef double derivative(self, double y, double z) noexcept nogil:
        # (1 - y) p - y (1 - p): nothing cancels.
        cdef double e = exp(-fabs(z))
        return ((1.0 - y) * (1.0 if z > 0.0 else e) - y * (e if z > 0.0 else 1.0)) / (1.0 + e)

    cdef double curvature(self, double y, double z) noexcept nogil:
        cdef double e = exp(-fabs(z))
        return e / ((1.0 + e) * (1.0 + e))

    cdef double misfit(self, double y, double z, double slope) noexcept nogil:
        # The share that belongs to the slope, and minus its entropy for the conjugate.
        cdef double e = exp(-fabs(z)), success = y + slope, failure = (1.0 - y) - slope
        if not fmin(success, failure) >= 0.0:
            return INFINITY
        return at_least_zero(fmax(z, 0.0) - success * z + log1p(e) + _xlogx(success) + _xlogx(failure))

    cdef void look_rows(
        self, const double* y, const double* z, Py_ssize_t n, double* derivatives, double* curvatures
    ) noexcept nogil:
        binomial_look(y, z, n, derivatives, curvatures)

    cdef void evaluate_rows(
        self, const double* y, const double* z, Py_ssize_t n, double* values, double* derivatives
    ) noexcept nogil:
        cdef Py_ssize_t i
        binomial_evaluate(y, z, n, values, derivatives)
        for i in range(n):
            if _is_mixed(y[i]):
                values[i] = at_least_zero(values[i] + _xlogx(y[i]) + _xlogx(1.0 - y[i]))

    cdef void misfit_rows(
        self, const double* y, const double* z, const double* slopes, Py_ssize_t n, double* misfits
    ) noexcept nogil:
        cdef Py_ssize_t i
        binomial_misfit(y, z, slopes, n, misfits)
        for i in range(n):
            if not fabs(z[i]) <= FAR:
                misfits[i] = self.misfit(y[i], z[i], slopes[i])

    def mean(self, raw):
        """Probabilities of success."""
        return expit(raw)

    def invalid(self, y):
        """Shares are between 0 and 1."""
        return None if ((y >= 0) & (y <= 1)).all() else "between 0 and 1"

    def has_intercept(self, y):
        """Not where all are successes, or none is."""
        return bool((y < 1).any() and (y > 0).any())


cdef class _LogLink(Loss):
    """Of a target that is at least zero, for logarithms of its mean."""

    def mean(self, raw):
        """Means."""
        with np.errstate(over="ignore"):
            return np.exp(raw)

    def invalid(self, y):
        """At least zero."""
        return None if (y >= 0).all() else "at least 0"

    def has_intercept(self, y):
        """Not where all are zero."""
        return bool((y > 0).any())


cdef class Poisson(_LogLink):
    """Half the deviance of counts, for logarithms of their mean."""

    cdef double value(self, double y, double z) noexcept nogil:
        cdef double distance = z - log(y) if y > 0.0 else INFINITY
        # Near the minimum, of large counts, the terms all but cancel.
        if fabs(distance) < 1.0:
            return at_least_zero(y * (expm1(distance) - distance))
        return at_least_zero(exp(z) - y * z + _xlogx(y) - y)

    cdef double derivative(self, double y, double z) noexcept nogil:
        return exp(z) - y

    cdef double curvature(self, double y, double z) noexcept nogil:
        return exp(z)

    cdef void look_rows(
        self, const double* y, const double* z, Py_ssize_t n, double* derivatives, double* curvatures
    ) noexcept nogil:
        cdef Py_ssize_t i
        exp_rows(z, n, curvatures)
        for i in range(n):
            derivatives[i] = curvatures[i] - y[i]

    cdef double misfit(self, double y, double z, double slope) noexcept nogil:
        # The divergence of the mean that belongs to the slope.
        cdef double mean = exp(z)
        return _divergence(y + slope, mean, z) if mean < INFINITY else INFINITY


cdef class Gamma(_LogLink):
    """Half the deviance of the gamma distribution, for logarithms of the mean: y exp(-z) + z - log(y) - 1."""

    cdef double value(self, double y, double z) noexcept nogil:
        cdef double distance = log(y) - z
        return at_least_zero(expm1(distance) - distance)

    cdef double derivative(self, double y, double z) noexcept nogil:
        return 1.0 - exp(log(y) - z)

    cdef double curvature(self, double y, double z) noexcept nogil:
        return exp(log(y) - z)

    cdef double misfit(self, double y, double z, double slope) noexcept nogil:
        # The same of y / mean.
        cdef double distance = log(y) - z, ratio = exp(distance)
        return _divergence(1.0 - slope, ratio, distance) if ratio < INFINITY else INFINITY

    def invalid(self, y):
        """Above zero."""
        return None if (y > 0).all() else "above 0"


cdef class Tweedie(_LogLink):
    """Half the deviance of the Tweedie distribution of a power between 1 and 2, for logarithms of the mean.

    exp((2 - p) z) / (2 - p) + y exp((1 - p) z) / (p - 1), less its minimum y^(2 - p) / ((p - 1) (2 - p)).
    """

    cdef readonly double power

    def __init__(self, double power):
        self.power = power

    cdef double value(self, double y, double z) noexcept nogil:
        cdef double p = self.power, total = exp((2.0 - p) * z) / (2.0 - p)
        if y > 0.0:
            total += y * exp((1.0 - p) * z) / (p - 1.0) - y ** (2.0 - p) / ((p - 1.0) * (2.0 - p))
        return at_least_zero(total)

    cdef double derivative(self, double y, double z) noexcept nogil:
        return exp((2.0 - self.power) * z) - (y * exp((1.0 - self.power) * z) if y > 0.0 else 0.0)

    cdef double curvature(self, double y, double z) noexcept nogil:
        cdef double p = self.power
        return (2.0 - p) * exp((2.0 - p) * z) + ((p - 1.0) * y * exp((1.0 - p) * z) if y > 0.0 else 0.0)

    def __reduce__(self):
        return type(self), (self.power,)


cdef class Huber(Loss):
    """Half the square of an error up to ``delta``, and beyond that delta times its size, less delta^2 / 2.

    With a ``bend`` less than one, a smoother loss that has the same slopes on lines that begin at delta / bend.
    """

    cdef readonly double delta, bend

    def __init__(self, double delta, double bend=1.0):
        self.delta, self.bend = delta, bend

    cdef double value(self, double y, double z) noexcept nogil:
        cdef double size = fabs(y - z), slope = fmin(self.bend * size, self.delta)
        return slope * (size - 0.5 * slope / self.bend)

    cdef double derivative(self, double y, double z) noexcept nogil:
        # Of NaN, NaN.
        cdef double slope = self.bend * (z - y)
        return self.delta if slope > self.delta else -self.delta if slope < -self.delta else slope

    cdef double curvature(self, double y, double z) noexcept nogil:
        return self.bend if self.bend * fabs(y - z) <= self.delta else 0.0

    cdef double misfit(self, double y, double z, double slope) noexcept nogil:
        # The square of what is between the slopes, and where the loss is a line what that takes off it.
        cdef double error = z - y, steepness = self.derivative(y, z), left = steepness - slope
        if fabs(slope) > self.delta:
            return INFINITY
        return at_least_zero(0.5 * left * left / self.bend + left * (error - steepness / self.bend))

    def shift_cost(self):
        """Errors are shifted to ``delta / bend`` (She & Owen 2011)."""
        return self.delta / self.bend, self.bend

    def bounding_curvatures(self, y, raw):
        """Of the parabolas about y that touch the loss."""
        return self.delta / np.maximum(np.abs(y - raw), self.delta / self.bend)

    def smoother(self, y, raw):
        """Wide ones about as many errors as are outside, and from one to the next SMOOTHER times less so."""
        ratio = float(np.median(np.abs(y - raw))) / self.delta
        n_steps = ceil(log(ratio) / log(SMOOTHER)) if ratio > 1.0 else 0
        return [Huber(self.delta, self.bend * SMOOTHER**-step) for step in range(n_steps, 0, -1)]

    def unit(self, y):
        """A power of two near delta, which says what is small and what is large, or near the target if that is less."""
        return power_of_two(min(self.delta, float(np.abs(y).max()) or self.delta))

    def in_units(self, unit):
        """Another delta."""
        return Huber(self.delta / unit, self.bend)

    def __reduce__(self):
        return type(self), (self.delta, self.bend)
