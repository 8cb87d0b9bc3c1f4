"""Bursts of coordinate descent on residuals, one packed column at a time, and where they lead."""

import numpy as np

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport fabs, fmax
from libc.string cimport memcpy
from scipy.linalg.cython_lapack cimport dgesv

from sklearn_sparsefit.design._columns cimport Columns
from sklearn_sparsefit.design._simd cimport WIDTH
from sklearn_sparsefit.penalty._penalty cimport SeparablePenalty

cdef enum:
    # Sweeps of a burst, at most.
    MOST = 5
# Ridge on the Gram of the steps between sweeps, beside its trace, and at least.
cdef double SINGULAR = np.finfo(np.float64).eps, LEAST = np.finfo(np.float64).tiny / SINGULAR

MOST_SWEEPS = MOST


cdef class Levels:
    """What the means of the residuals r are taken to be while coefficients are swept over, for problems side by side.

    These are the ``values``, and the ``rests`` what the means are beside them after a sweep. ``bends`` are m_j^2 / h_j
    for means m_j and squares h_j of the columns about these; if there are none the levels stay where they are.
    """

    cdef readonly object means, sq_norms
    cdef readonly object values, rests
    cdef double[::1] _values, _rests, _last, _rates
    cdef const double[::1] _bends

    def __init__(self, means, sq_norms, bends, values):
        self.means, self.sq_norms, self._bends = means, sq_norms, bends
        self._values = self.values = values
        self._rests = self.rests = np.empty_like(values)
        self._last, self._rates = np.full(len(values), np.nan), np.ones(len(values))

    def follow(self, const double[:, ::1] coefs):
        """Go after the means of the residuals of as many problems."""
        if coefs.shape[1] != self._values.shape[0]:
            raise ValueError(f"Coefficients are those of {coefs.shape[1]} problems, levels of {self._values.shape[0]}.")
        self._follow(coefs)

    cdef void _follow(self, const double[:, ::1] coefs) noexcept nogil:
        """More slowly where they run away."""
        cdef Py_ssize_t j, q, width = coefs.shape[1]
        cdef double[WIDTH] bends
        if self._bends.shape[0] == 0:
            return
        for q in range(width):
            bends[q] = 1.0
        for j in range(coefs.shape[0]):
            for q in range(width):
                bends[q] += self._bends[j] if coefs[j, q] != 0.0 else 0.0
        for q in range(width):
            if fabs(self._rests[q]) > 2.0 * self._last[q]:
                self._rates[q] *= 0.5
            # They may come close by chance.
            self._last[q] = fmax(fabs(self._rests[q]), 0.5 * self._last[q])
            self._values[q] += self._rates[q] * self._rests[q] / bends[q]


@cython.final
cdef class Sweeps:
    """Sweeps over a working set for one problem, or WIDTH that differ in target and strength.

    Their coefficients stand side by side, and so do their residuals v = s * (y - Zw). Each burst ends at the mixture of
    its sweeps at which their steps would come to rest if these shrank along fixed directions, where the objective is
    lower for it, or at its last sweep (Anderson extrapolation; Bertrand & Massias 2021, algorithm 3). Levels are mixed
    alike.
    """

    cdef Columns columns
    cdef SeparablePenalty penalty
    cdef Levels levels
    cdef const double[::1] weights, strengths, means, sq_norms
    cdef bint fit_intercept
    # Where the problems are at the beginning of a burst and after each sweep.
    cdef double[:, :, ::1] coefs, residuals
    cdef double[:, ::1] past_levels

    def __init__(
        self,
        Columns columns,
        const double[::1] weights,
        bint fit_intercept,
        SeparablePenalty penalty,
        const double[::1] strengths,
        Levels levels,
    ):
        width = len(strengths)
        if width not in (1, WIDTH):
            raise ValueError(f"{width} problems stand side by side, which must be one or {WIDTH}.")
        shape = len(weights), len(levels.means), len(levels.sq_norms), len(levels.values)
        if shape != (columns.n_samples, columns.n_columns, columns.n_columns, width) or columns.n_columns == 0:
            raise ValueError(
                f"Weights, means, squares and levels, {shape}, are not those of {columns.n_samples} samples,"
                f" {columns.n_columns} columns and {width} problems."
            )
        self.columns, self.weights, self.fit_intercept = columns, weights, fit_intercept
        self.penalty, self.strengths = penalty, strengths
        self.levels, self.means, self.sq_norms = levels, levels.means, levels.sq_norms
        self.coefs = np.empty((MOST + 1, columns.n_columns, width))
        self.residuals = np.empty((MOST + 1, columns.n_samples, width))
        self.past_levels = np.empty((MOST + 1, width))

    def burst(self, double[:, ::1] coefs, double[:, ::1] weighted_residuals, int n_sweeps):
        """Go through some sweeps, and to where they lead, in place: there is a row for each problem.

        The residuals follow from those that are given, step by step, and are not centred.
        """
        cdef Py_ssize_t width = self.strengths.shape[0]
        cdef int turn
        if not 0 < n_sweeps <= MOST:
            raise ValueError(f"n_sweeps == {n_sweeps}, must be from 1 to {MOST}.")
        if (
            len(coefs) > width or len(weighted_residuals) > width
            or coefs.shape[1] != self.means.shape[0] or weighted_residuals.shape[1] != self.weights.shape[0]
        ):
            raise ValueError("Coefficients or residuals are not those of the columns, samples or problems.")
        _lay(coefs, self.coefs)
        _lay(weighted_residuals, self.residuals)
        self.past_levels[0] = self.levels._values
        for turn in range(1, n_sweeps + 1):
            PyErr_CheckSignals()
            with nogil:
                self._sweep(turn)
                self.levels._follow(self.coefs[turn])
            self.past_levels[turn] = self.levels._values
        with nogil:
            # So that the compiler knows either width.
            if width == 1:
                self._mix(n_sweeps, 1)
            else:
                self._mix(n_sweeps, WIDTH)
        self.levels._values[:] = self.past_levels[0]
        _take(self.coefs, coefs)
        _take(self.residuals, weighted_residuals)

    cdef void _sweep(self, int turn) noexcept nogil:
        """The next sweep.

        With correlation_j = (z_j - mean_j)'v + mean_j * level = z_j'v - mean_j * rest and the rest sum(v) - level,
        columns need no centring.
        """
        cdef Py_ssize_t i, j, q, width = self.strengths.shape[0]
        cdef const double* before = &self.coefs[turn - 1, 0, 0]
        cdef double* after = &self.coefs[turn, 0, 0]
        cdef double* v = &self.residuals[turn, 0, 0]
        cdef double[WIDTH] rests, sums, steps
        cdef double h, mean
        cdef bint moves
        memcpy(v, &self.residuals[turn - 1, 0, 0], self.weights.shape[0] * width * sizeof(double))
        for q in range(width):
            rests[q] = -self.levels._values[q]
        for i in range(self.weights.shape[0]):
            for q in range(width):
                rests[q] += v[i * width + q]
        for j in range(self.means.shape[0]):
            h, mean = self.sq_norms[j], self.means[j]
            if h <= 0.0:
                for q in range(width):
                    after[j * width + q] = before[j * width + q]
                continue
            self.columns.gather(j, v, width, sums)
            moves = False
            for q in range(width):
                after[j * width + q] = self.penalty.prox(
                    j, before[j * width + q] + (sums[q] - mean * rests[q]) / h, self.strengths[q] / h
                )
                steps[q] = before[j * width + q] - after[j * width + q]
                rests[q] += steps[q] * mean
                moves = moves or steps[q] != 0.0
            if moves:
                self.columns.scatter(j, steps, &self.weights[0], width, v)
        for q in range(width):
            self.levels._rests[q] = rests[q]

    cdef inline void _mix(self, int n_sweeps, Py_ssize_t width) noexcept nogil:
        """Put the mixtures, where these are better, or else what the last sweep led to, at the beginning."""
        cdef Py_ssize_t n = self.weights.shape[0], k = self.means.shape[0], j, q
        cdef double* w = &self.coefs[0, 0, 0]
        cdef double[MOST * WIDTH] shares
        cdef double[WIDTH] here, there
        _find_shares(w, k * width, &self.past_levels[0, 0], n_sweeps, width, shares)
        _find_losses(
            &self.residuals[0, 0, 0], &self.weights[0], n, self.fit_intercept, n_sweeps, width, shares, here, there
        )
        _put_mixtures(w, k * width, n_sweeps, width, shares)
        for q in range(width):
            here[q] += self.strengths[q] * self.penalty.value_within(w + n_sweeps * k * width + q, k, width)
            there[q] += self.strengths[q] * self.penalty.value_within(w + q, k, width)
            if not there[q] < here[q]:
                _keep_last(shares, n_sweeps, q)
                for j in range(k):
                    w[j * width + q] = w[(n_sweeps * k + j) * width + q]
        _put_mixtures(&self.past_levels[0, 0], width, n_sweeps, width, shares)
        _put_mixtures(&self.residuals[0, 0, 0], n * width, n_sweeps, width, shares)


cdef inline void _lay(const double[:, ::1] rows, double[:, :, ::1] values) noexcept nogil:
    """Lay rows side by side, at the beginning; other problems are at zero."""
    cdef Py_ssize_t i, q
    values[0, :, :] = 0.0
    for q in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            values[0, i, q] = rows[q, i]


cdef inline void _take(const double[:, :, ::1] values, double[:, ::1] rows) noexcept nogil:
    """The rows that stand side by side at the beginning."""
    cdef Py_ssize_t i, q
    for q in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            rows[q, i] = values[0, i, q]


# Values are those at the beginning of a burst and after each of its n sweeps, ``size`` numbers each time, one problem
# beside the other. Of the shares of sweeps in the mixtures there are WIDTH for each sweep.

cdef inline void _find_shares(
    const double* coefs, Py_ssize_t size, const double* levels, int n, Py_ssize_t width, double* shares
) noexcept nogil:
    """Shares c, summing to one, with the least sum_a c_a d_a of the steps d_a of the sweeps: c ~ (D'D)^-1 1."""
    cdef double[MOST * MOST * WIDTH] products
    cdef double[MOST * MOST] system
    cdef double[MOST] found
    cdef double trace, total
    cdef int[MOST] pivots
    cdef int a, b, one = 1, info
    cdef Py_ssize_t q
    for a in range(MOST * MOST * WIDTH):
        products[a] = 0.0
    _add_products(coefs, size, n, width, products)
    _add_products(levels, width, n, width, products)
    for q in range(width):
        trace = 0.0
        for a in range(n):
            trace += products[(a * MOST + a) * WIDTH + q]
        for a in range(n):
            found[a] = 1.0
            for b in range(n):
                system[a * n + b] = products[(max(a, b) * MOST + min(a, b)) * WIDTH + q]
            # Lest steps that are all in one direction, or none at all, make them singular.
            system[a * n + a] += SINGULAR * trace + LEAST
        dgesv(&n, &one, system, &n, pivots, found, &n, &info)
        total = 0.0
        for a in range(n):
            total += found[a]
        for a in range(n):
            shares[a * WIDTH + q] = found[a] / total
        if info != 0:
            _keep_last(shares, n, q)


cdef inline void _keep_last(double* shares, int n, Py_ssize_t q) noexcept nogil:
    cdef int a
    for a in range(n):
        shares[a * WIDTH + q] = 1.0 if a == n - 1 else 0.0


cdef inline void _add_products(
    const double* values, Py_ssize_t size, int n, Py_ssize_t width, double* products
) noexcept nogil:
    """Inner products of the steps."""
    cdef double[MOST * WIDTH] steps
    cdef Py_ssize_t i, q
    cdef int a, b
    for i in range(size // width):
        for a in range(n):
            for q in range(width):
                steps[a * WIDTH + q] = values[(a + 1) * size + i * width + q] - values[a * size + i * width + q]
        for a in range(n):
            for b in range(a + 1):
                for q in range(width):
                    products[(a * MOST + b) * WIDTH + q] += steps[a * WIDTH + q] * steps[b * WIDTH + q]


cdef inline void _put_mixtures(
    double* values, Py_ssize_t size, int n, Py_ssize_t width, const double* shares
) noexcept nogil:
    """Put the mixtures at the beginning, about the last values: what rests, as at a bound, stays exactly there."""
    cdef Py_ssize_t i, q
    cdef double[WIDTH] mixed
    cdef const double* last = values + n * size
    cdef int a
    for i in range(size // width):
        for q in range(width):
            mixed[q] = last[i * width + q]
        for a in range(n - 1):
            for q in range(width):
                mixed[q] += shares[a * WIDTH + q] * (values[(a + 1) * size + i * width + q] - last[i * width + q])
        for q in range(width):
            values[i * width + q] = mixed[q]


cdef inline void _find_losses(
    const double* residuals, const double* weights, Py_ssize_t n_samples, bint centred, int n, Py_ssize_t width,
    const double* shares, double* of_last, double* of_mixtures
) noexcept nogil:
    """Half the weighted squares of residuals, which are given times the weights, about their means or not.

    Weights sum to one; rows without weight count for nothing.
    """
    cdef Py_ssize_t i, q, size = n_samples * width
    cdef double[WIDTH] sums, mixed_sums, mixed
    cdef double last
    cdef int a
    for q in range(width):
        of_last[q] = of_mixtures[q] = sums[q] = mixed_sums[q] = 0.0
    for i in range(n_samples):
        if weights[i] == 0.0:
            continue
        for q in range(width):
            mixed[q] = 0.0
        for a in range(n):
            for q in range(width):
                mixed[q] += shares[a * WIDTH + q] * residuals[(a + 1) * size + i * width + q]
        for q in range(width):
            last = residuals[n * size + i * width + q]
            sums[q] += last
            mixed_sums[q] += mixed[q]
            of_last[q] += last * (last / weights[i])
            of_mixtures[q] += mixed[q] * (mixed[q] / weights[i])
    for q in range(width):
        of_last[q] = 0.5 * (of_last[q] - (sums[q] * sums[q] if centred else 0.0))
        of_mixtures[q] = 0.5 * (of_mixtures[q] - (mixed_sums[q] * mixed_sums[q] if centred else 0.0))
