"""Losses of one raw prediction, other than its square: what generalised linear models are fitted by.

To add one, write a class with its value, derivative and curvature, and put it into the registry of the tests. What else
a loss says of itself makes it faster, or keeps more digits. One without a curvature leaves that out.
"""

from libc.math cimport INFINITY, NAN, exp, expm1, fabs, fmax, fmin, isfinite, log, log1p

from math import ceil, frexp, ldexp

import numpy as np
from scipy.special import expit

cdef extern from "_blocks.h":
    double weighted_sum(const double* weights, const double* x, Py_ssize_t n) nogil
    void add_shift(const double* z, double shift, Py_ssize_t n, double* shifted) nogil
    void exp_rows(const double* z, Py_ssize_t n, double* result) nogil
    void binomial_evaluate(const double* y, const double* z, Py_ssize_t n, double* values, double* derivatives) nogil
    void binomial_look(const double* y, const double* z, Py_ssize_t n, double* derivatives, double* curvatures) nogil
    double sparsefit_divergence(double a, double b) nogil
    void binomial_misfit(
        const double* y, const double* z, const double* slopes, Py_ssize_t n, double* misfits
    ) nogil

# Rows that are taken at a time, and stay in the cache.
cdef enum:
    BLOCK = 512

# Of a number that is solved for: steps at most, and what is left of one that is rounding.
cdef int MAX_STEPS = 1500
cdef double ROUNDING = 1e-15
cdef double SMALL_STEP = 1e-8
# Log-odds whose exponential is finite.
cdef double FAR = 700.0
# What rounding does to a residual, beside its size and that of the derivative.
cdef double NUDGE = 1e-13
# How much less smooth each loss is than the one before, on the way to one that is nearly lines.
cdef double SMOOTHER = 8.0


cdef double _xlogx(double x) noexcept nogil:
    return x * log(x) if x > 0.0 else 0.0


cdef double _at_least_zero(double x) noexcept nogil:
    """What rounding has taken below zero is zero; NaN stays NaN, which fmax would hide."""
    return 0.0 if x < 0.0 else x


cdef double _divergence(double a, double b, double log_b) noexcept nogil:
    """a log(a / b) - a + b of b >= 0, infinite for a < 0."""
    if a < 0.0:
        return INFINITY
    if fabs(a - b) < 0.5 * b:
        return sparsefit_divergence(a, b)
    return _at_least_zero(_xlogx(a) - a * log_b - a + b)


def _power_of_two(value):
    return ldexp(1.0, frexp(value)[1] - 1) if value > 0.0 else 1.0


cdef class Loss:
    """f(y, z) >= 0 of a target y and a raw prediction z: convex and differentiable in z, zero at its infimum.

    For generalised linear models that is half the deviance, as a function of what the link makes of the mean.
    """

    cdef double value(self, double y, double z) noexcept nogil:
        """f(y, z)."""
        return 0.0

    cdef double derivative(self, double y, double z) noexcept nogil:
        """First derivative in z."""
        return 0.0

    cdef double curvature(self, double y, double z) noexcept nogil:
        """Second derivative in z, at least zero; NaN if there is none: no Newton step is taken then, but halving."""
        return NAN

    cdef void look(self, double y, double z, double* derivative, double* curvature) noexcept nogil:
        """Both derivatives."""
        derivative[0], curvature[0] = self.derivative(y, z), self.curvature(y, z)

    cdef void evaluate(self, double y, double z, double* value, double* derivative) noexcept nogil:
        """Value and first derivative."""
        value[0], derivative[0] = self.value(y, z), self.derivative(y, z)

    cdef double misfit(self, double y, double z, double slope) noexcept nogil:
        """f(z) + f*(slope) - slope z, at least zero; infinite where f has no such slope.

        That is f(z) - f(v) - f'(v) (z - v) where f'(v) is the slope. It is searched for by steps that double, and then
        by Newton steps, or where these lead too far by halving.
        """
        cdef double value = self.value(y, z), steepness = self.derivative(y, z)
        cdef double sign = 1.0 if steepness > slope else -1.0
        cdef double near = z, far = z, width = 1.0, v, new, error
        cdef int _turn
        if slope == 0.0 or not isfinite(value + steepness):
            return value if value < INFINITY else INFINITY
        if slope == steepness:
            return 0.0
        while isfinite(far) and sign * (self.derivative(y, far) - slope) > 0.0:
            near, far, width = far, far - sign * width, 2.0 * width
        if not isfinite(far):
            return INFINITY
        v = near
        for _turn in range(MAX_STEPS):
            error = self.derivative(y, v) - slope
            if sign * error >= 0.0:
                near = v
            if sign * error <= 0.0:
                far = v
            new = v - error / self.curvature(y, v)
            if not (new - near) * (new - far) <= 0.0:
                new = 0.5 * (near + far)
            if fabs(new - v) <= ROUNDING * fmax(fabs(v), 1.0):
                break
            v = new
        return _at_least_zero(value - self.value(y, v) - slope * (z - v))

    cdef void look_rows(
        self, const double* y, const double* z, Py_ssize_t n, double* derivatives, double* curvatures
    ) noexcept nogil:
        """Both derivatives of some rows."""
        cdef Py_ssize_t i
        for i in range(n):
            self.look(y[i], z[i], &derivatives[i], &curvatures[i])

    cdef void evaluate_rows(
        self, const double* y, const double* z, Py_ssize_t n, double* values, double* derivatives
    ) noexcept nogil:
        """Values and first derivatives of some rows."""
        cdef Py_ssize_t i
        for i in range(n):
            self.evaluate(y[i], z[i], &values[i], &derivatives[i])

    cdef void misfit_rows(
        self, const double* y, const double* z, const double* slopes, Py_ssize_t n, double* misfits
    ) noexcept nogil:
        """Misfits of some rows."""
        cdef Py_ssize_t i
        for i in range(n):
            misfits[i] = self.misfit(y[i], z[i], slopes[i])

    cdef double _best_shift(
        self, const double[::1] y, const double[::1] weights, const double[::1] z, double shift
    ) noexcept nogil:
        """The b that minimises sum_i s_i f(y_i, z_i + b), from some b on.

        Newton steps at most half as long as the step before; where these lead too far or get no shorter, steps that
        double, and halving once it is known what the minimum lies between.
        """
        cdef double lower = -INFINITY, upper = INFINITY, last = 2.0, slope, bend, step, new
        # Not lost beside a shift in large units.
        cdef double width = fmax(1.0, 1e-3 * fabs(shift))
        cdef double[BLOCK] shifted, derivatives, curvatures
        cdef Py_ssize_t block, first, n
        cdef bint is_shorter
        cdef int _turn
        for _turn in range(MAX_STEPS):
            slope = bend = 0.0
            for block in range((y.shape[0] + BLOCK - 1) // BLOCK):
                first = block * BLOCK
                n = min(BLOCK, y.shape[0] - first)
                add_shift(&z[first], shift, n, shifted)
                self.look_rows(&y[first], shifted, n, derivatives, curvatures)
                slope += weighted_sum(&weights[first], derivatives, n)
                bend += weighted_sum(&weights[first], curvatures, n)
            if slope == 0.0:
                break
            if slope > 0.0:
                upper = shift
            else:
                lower = shift
            step = -slope / bend
            new = shift + step
            # Steps that get no shorter are rounding a little earlier.
            is_shorter = fabs(step) <= 0.5 * last
            if fabs(step) <= (1.0 if is_shorter else 64.0) * ROUNDING * fmax(fabs(shift), 1.0):
                return new
            # The error of a Newton step is about its square.
            if is_shorter and lower < new < upper and fabs(step) <= SMALL_STEP * fmax(fabs(shift), 1.0) and last <= 1.0:
                return new
            if not (lower < new < upper and is_shorter):
                if isfinite(upper - lower):
                    new = 0.5 * (lower + upper)
                else:
                    new = shift - width if slope > 0.0 else shift + width
                    width *= 2.0
            if new == shift:
                break
            last = fabs(new - shift)
            shift = new
        return shift

    def fit(
        self,
        const double[::1] y,
        const double[::1] weights,
        double[:, ::1] raw,
        double[:, ::1] residuals,
        double[::1] losses,
        double[::1] shifts,
        bint fit_intercept,
    ):
        """Add to rows of raw predictions their best shifts, which start where they are; tell residuals and losses.

        With an intercept residuals sum to zero: what the search has left of their sum, and columns with large means
        would magnify, is taken from those of its sign, which stay slopes that the loss has.
        """
        cdef Py_ssize_t k, i, block, first, n
        cdef double[BLOCK] values
        cdef double rest, of_its_sign, kept
        with nogil:
            for k in range(raw.shape[0]):
                losses[k] = rest = of_its_sign = 0.0
                if fit_intercept:
                    shifts[k] = self._best_shift(y, weights, raw[k], shifts[k])
                for block in range((y.shape[0] + BLOCK - 1) // BLOCK):
                    first = block * BLOCK
                    n = min(BLOCK, y.shape[0] - first)
                    add_shift(&raw[k, first], shifts[k], n, &raw[k, first])
                    self.evaluate_rows(&y[first], &raw[k, first], n, values, &residuals[k, first])
                    losses[k] += weighted_sum(&weights[first], values, n)
                    rest += weighted_sum(&weights[first], &residuals[k, first], n)
                if not fit_intercept:
                    rest = 0.0
                for i in range(y.shape[0]):
                    residuals[k, i] = -residuals[k, i]
                    if weights[i] > 0.0 and residuals[k, i] * rest < 0.0:
                        of_its_sign -= weights[i] * residuals[k, i]
                if rest != 0.0 and isfinite(rest):
                    kept = fmax(0.0, 1.0 - rest / of_its_sign)
                    for i in range(y.shape[0]):
                        if residuals[k, i] * rest < 0.0:
                            residuals[k, i] *= kept

    def misfits(
        self,
        const double[::1] y,
        const double[::1] weights,
        const double[::1] raw,
        const double[::1] residuals,
        double scale,
    ):
        """sum_i s_i [f(z_i) + f*(-t r_i) + t r_i z_i] at a scale t of the residuals r.

        Residuals that rounding has taken beyond the slopes that there are count for the nearest. Rounding is that of a
        sample's own residual and derivative: what others are says nothing of it.
        """
        cdef Py_ssize_t i, block, first, n
        cdef double[BLOCK] slopes, misfits
        cdef double total = 0.0, nudge
        with nogil:
            for block in range((y.shape[0] + BLOCK - 1) // BLOCK):
                first = block * BLOCK
                n = min(BLOCK, y.shape[0] - first)
                for i in range(n):
                    slopes[i] = -scale * residuals[first + i]
                self.misfit_rows(&y[first], &raw[first], slopes, n, misfits)
                for i in range(n):
                    if misfits[i] == INFINITY:
                        nudge = NUDGE * (fabs(slopes[i]) + fabs(self.derivative(y[first + i], raw[first + i])))
                        misfits[i] = fmin(
                            self.misfit(y[first + i], raw[first + i], slopes[i] + nudge),
                            self.misfit(y[first + i], raw[first + i], slopes[i] - nudge),
                        )
                total += weighted_sum(&weights[first], misfits, n)
        return total

    def derivatives(self, const double[::1] y, const double[::1] raw):
        """f'(y_i, z_i)."""
        cdef Py_ssize_t block, first, n
        cdef double[BLOCK] curvatures
        result = np.empty(y.shape[0])
        cdef double[::1] out = result
        with nogil:
            for block in range((y.shape[0] + BLOCK - 1) // BLOCK):
                first = block * BLOCK
                n = min(BLOCK, y.shape[0] - first)
                self.look_rows(&y[first], &raw[first], n, &out[first], curvatures)
        return result

    def curvatures(self, const double[::1] y, const double[::1] raw):
        """f''(y_i, z_i)."""
        cdef Py_ssize_t block, first, n
        cdef double[BLOCK] derivatives
        result = np.empty(y.shape[0])
        cdef double[::1] out = result
        with nogil:
            for block in range((y.shape[0] + BLOCK - 1) // BLOCK):
                first = block * BLOCK
                n = min(BLOCK, y.shape[0] - first)
                self.look_rows(&y[first], &raw[first], n, derivatives, &out[first])
        return result

    def values(self, const double[::1] y, const double[:, ::1] raw):
        """f(y_i, z_ki) of rows of raw predictions."""
        cdef Py_ssize_t k, block, first, n
        cdef double[BLOCK] derivatives
        result = np.empty((raw.shape[0], raw.shape[1]))
        cdef double[:, ::1] out = result
        with nogil:
            for k in range(raw.shape[0]):
                for block in range((raw.shape[1] + BLOCK - 1) // BLOCK):
                    first = block * BLOCK
                    n = min(BLOCK, raw.shape[1] - first)
                    self.evaluate_rows(&y[first], &raw[k, first], n, &out[k, first], derivatives)
        return result

    def unit(self, y):
        """What targets and raw predictions are measured in, by default as they are; the loss is in its square."""
        return 1.0

    def in_units(self, unit):
        """The loss of targets and raw predictions in other units."""
        return self

    def bounding_curvatures(self, y, raw):
        """Of parabolas that touch the loss at raw predictions and are nowhere below, to begin with where it is flat."""
        return np.ones_like(raw)

    def smoother(self, y, raw):
        """Losses that are less nearly lines where these raw predictions are, the smoothest first, if that is far."""
        return []

    def mean(self, raw):
        """What raw predictions mean for the target: the inverse of the link."""
        return raw

    def invalid(self, y):
        """What targets must be, if some of these are not, or None."""
        return None

    def has_intercept(self, y):
        """Whether such targets leave the intercept of the null model finite."""
        return True

    def __reduce__(self):
        return type(self), ()


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
        return _power_of_two(float(np.abs(y).max()))


cdef class Binomial(Loss):
    """Half the deviance of a share y of successes, between 0 and 1, for raw predictions that are log-odds."""

    cdef double value(self, double y, double z) noexcept nogil:
        # log(1 + exp(z)) - y z, less its minimum, the entropy of y.
        cdef double excess = fmax(z, 0.0) - y * z + log1p(exp(-fabs(z)))
        return excess if y == 0.0 or y == 1.0 else _at_least_zero(excess + _xlogx(y) + _xlogx(1.0 - y))

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
        return _at_least_zero(fmax(z, 0.0) - success * z + log1p(e) + _xlogx(success) + _xlogx(failure))

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
            if not (y[i] == 0.0 or y[i] == 1.0):
                values[i] = _at_least_zero(values[i] + _xlogx(y[i]) + _xlogx(1.0 - y[i]))

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
            return _at_least_zero(y * (expm1(distance) - distance))
        return _at_least_zero(exp(z) - y * z + _xlogx(y) - y)

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
        return _at_least_zero(expm1(distance) - distance)

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

    def __init__(self, double power):
        self.power = power

    cdef double value(self, double y, double z) noexcept nogil:
        cdef double p = self.power, total = exp((2.0 - p) * z) / (2.0 - p)
        if y > 0.0:
            total += y * exp((1.0 - p) * z) / (p - 1.0) - y ** (2.0 - p) / ((p - 1.0) * (2.0 - p))
        return _at_least_zero(total)

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
        return _at_least_zero(0.5 * left * left / self.bend + left * (error - steepness / self.bend))

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
        return _power_of_two(min(self.delta, float(np.abs(y).max()) or self.delta))

    def in_units(self, unit):
        """Another delta."""
        return Huber(self.delta / unit, self.bend)

    def __reduce__(self):
        return type(self), (self.delta, self.bend)
