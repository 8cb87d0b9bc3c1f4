"""A loss of one raw prediction, other than its square: best intercepts, residuals and misfits of all samples.

Families of generalised linear models are in ``_families.pyx``. To add one, write a class with its value, derivative and
curvature, and put it into the registry of the tests. What else a loss says of itself makes it faster, or keeps more
digits. One without a curvature leaves that out.
"""

from libc.math cimport INFINITY, NAN, fabs, fmax, isfinite

import numpy as np

cdef extern from "_blocks.h":
    enum:
        BLOCK "SPARSEFIT_BLOCK"
    double weighted_sum(const double* weights, const double* x, Py_ssize_t n) nogil
    void add_shift(const double* z, double shift, Py_ssize_t n, double* shifted) nogil

# Of a number that is solved for: steps at most, and what is left of one that is rounding.
cdef int MAX_STEPS = 1500
cdef double ROUNDING = 1e-15
cdef double SMALL_STEP = 1e-8
# A slope that a loss does not have up to there, in units of its target and raw prediction, it does not have.
cdef double FAR = 1e100


cdef struct Search:
    # For the root of an increasing function: what it lies between, the length of the last step, that of the next one
    # where no end is known yet, and whether there is nothing left to find.
    double lower, upper, last, width
    bint is_done


cdef Search search_from(double start) noexcept nogil:
    cdef Search search
    search.lower, search.upper, search.last, search.is_done = -INFINITY, INFINITY, 2.0, False
    # Not lost beside a start in large units.
    search.width = fmax(1.0, 1e-3 * fabs(start))
    return search


cdef double towards_root(Search* search, double at, double height, double steepness) noexcept nogil:
    """Where to look next for the root of an increasing function, from where it has this height and steepness.

    Newton steps at most half as long as the step before; where these lead too far or get no shorter, steps that
    double, and halving once it is known what the root lies between.
    """
    cdef double step, new
    cdef bint is_shorter
    if height == 0.0:
        search.is_done = True
        return at
    if height > 0.0:
        search.upper = at
    else:
        search.lower = at
    step = -height / steepness
    new = at + step
    # Steps that get no shorter are rounding a little earlier.
    is_shorter = fabs(step) <= 0.5 * search.last
    search.is_done = fabs(step) <= (1.0 if is_shorter else 64.0) * ROUNDING * fmax(fabs(at), 1.0)
    is_shorter = is_shorter and search.lower < new < search.upper
    # The error of a Newton step is about its square.
    if is_shorter and fabs(step) <= SMALL_STEP * fmax(fabs(at), 1.0) and search.last <= 1.0:
        search.is_done = True
    if search.is_done:
        return new
    if not is_shorter:
        if isfinite(search.upper - search.lower):
            new = 0.5 * (search.lower + search.upper)
        else:
            new = at - search.width if height > 0.0 else at + search.width
            search.width *= 2.0
    search.is_done = new == at
    search.last = fabs(new - at)
    return new


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

        That is f(z) - f(v) - f'(v) (z - v) where f'(v) is the slope, at a v that is searched for from z on.
        """
        cdef double value = self.value(y, z), derivative = self.derivative(y, z), curvature = 0.0
        cdef double far = FAR * fmax(1.0, fmax(fabs(y), fabs(z))), shift = 0.0, v = z, last, excess
        cdef Search search = search_from(shift)
        cdef int _turn
        if slope == 0.0 or not isfinite(value + derivative):
            return value if value < INFINITY else INFINITY
        if self.derivative(y, far) < slope if slope > derivative else self.derivative(y, -far) > slope:
            return INFINITY
        for _turn in range(MAX_STEPS):
            self.look(y, v, &derivative, &curvature)
            excess = derivative - slope
            # The misfit is flat in v: nothing but rounding is to gain.
            if excess * (excess / curvature) <= 0.1 * ROUNDING * value:
                break
            shift = towards_root(&search, shift, excess, curvature)
            last, v = v, z + shift
            if not isfinite(v):
                return INFINITY
            if search.is_done or v == last:
                break
        return at_least_zero(value - self.value(y, v) - slope * (z - v))

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
        """The b that minimises sum_i s_i f(y_i, z_i + b), from some b on."""
        cdef Search search = search_from(shift)
        cdef double slope, bend
        cdef double[BLOCK] shifted, derivatives, curvatures
        cdef Py_ssize_t block, first, n
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
            shift = towards_root(&search, shift, slope, bend)
            if search.is_done:
                break
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

    cdef double total_misfit(
        self,
        const double[::1] y,
        const double[::1] weights,
        const double[::1] raw,
        const double[::1] residuals,
        double scale,
    ) noexcept nogil:
        cdef Py_ssize_t i, block, first, n
        cdef double[BLOCK] slopes, misfits
        cdef double total = 0.0
        for block in range((y.shape[0] + BLOCK - 1) // BLOCK):
            first = block * BLOCK
            n = min(BLOCK, y.shape[0] - first)
            for i in range(n):
                slopes[i] = -scale * residuals[first + i]
            self.misfit_rows(&y[first], &raw[first], slopes, n, misfits)
            total += weighted_sum(&weights[first], misfits, n)
            if total == INFINITY:
                break
        return total

    def misfits(
        self,
        const double[::1] y,
        const double[::1] weights,
        const double[::1] raw,
        const double[::1] residuals,
        double scale,
    ):
        """sum_i s_i [f(z_i) + f*(-t r_i) + t r_i z_i] at a scale t of the residuals r."""
        cdef double total
        with nogil:
            total = self.total_misfit(y, weights, raw, residuals, scale)
        return total

    def _looked(self, const double[::1] y, const double[::1] raw):
        cdef Py_ssize_t block, first, n
        results = np.empty((2, y.shape[0]))
        cdef double[:, ::1] out = results
        with nogil:
            for block in range((y.shape[0] + BLOCK - 1) // BLOCK):
                first = block * BLOCK
                n = min(BLOCK, y.shape[0] - first)
                self.look_rows(&y[first], &raw[first], n, &out[0, first], &out[1, first])
        return results

    def derivatives(self, y, raw):
        """f'(y_i, z_i)."""
        return self._looked(y, raw)[0]

    def curvatures(self, y, raw):
        """f''(y_i, z_i)."""
        return self._looked(y, raw)[1]

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

    def residuals(self, const double[::1] y, const double[:, ::1] raw):
        """-f'(y_i, z_ki) of rows of raw predictions."""
        cdef Py_ssize_t k, i, block, first, n
        cdef double[BLOCK] curvatures
        result = np.empty((raw.shape[0], raw.shape[1]))
        cdef double[:, ::1] out = result
        with nogil:
            for k in range(raw.shape[0]):
                for block in range((raw.shape[1] + BLOCK - 1) // BLOCK):
                    first = block * BLOCK
                    n = min(BLOCK, raw.shape[1] - first)
                    self.look_rows(&y[first], &raw[k, first], n, &out[k, first], curvatures)
                    for i in range(first, first + n):
                        out[k, i] = -out[k, i]
        return result

    def unit(self, y):
        """What targets and raw predictions are measured in, by default as they are; the loss is in its square."""
        return 1.0

    def in_units(self, unit):
        """The loss of targets and raw predictions in other units."""
        return self

    def shift_cost(self):
        """The cost and the c of a loss f(y, z) = c min_o [(y - o - z)^2 / 2 + cost |o|], with shifts o; else None."""
        return None

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
