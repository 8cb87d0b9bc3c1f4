"""Proximal Newton steps for one alpha after the other, on problems that are small enough to stay in the cache."""

import numpy as np

from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport INFINITY, fabs, fmax, fmin, isfinite

from sklearn_sparsefit.datafit._loss cimport Loss
from sklearn_sparsefit.design._columns cimport Columns
from sklearn_sparsefit.penalty._penalty cimport ElasticNetPenalty
from sklearn_sparsefit.solvers._gram_cd cimport CONVERGED, FACTOR_TOO_SMALL, Progress, descend
from sklearn_sparsefit.solvers._small_model cimport SmallModel
from sklearn_sparsefit.solvers._small_problems cimport MOST_KNOWN, add_predictions, feasible_scale, lagrange

from sklearn_sparsefit.datafit import generalized
from sklearn_sparsefit.solvers import base, extrapolation
from sklearn_sparsefit.subproblem import certificate

cdef extern from "_blocks.h":
    double weighted_sum(const double* weights, const double* x, Py_ssize_t n) nogil

cdef enum:
    # Of one alpha; what these do not suffice for needs shorter ones.
    MAX_STEPS = 5
# By how much of their sum the curvatures of the model may have moved at each step.
cdef double[MAX_STEPS] MOVED = [0.25, 0.1, 0.1, 0.05, 0.05]
# Iterations, and multiply-adds, on one model.
cdef Py_ssize_t MAX_ITER = 100
cdef double MAX_WORK = base.MAX_WORK
# By how much dual points are shortened in turn where there is no gap at their full length.
cdef enum:
    N_BACKS = 5
cdef double[N_BACKS] BACKS = certificate.BACKS
# What these are is said where they come from.
cdef int N_KNOWN = extrapolation.N_KNOWN
cdef double FAR = extrapolation.FAR, STRETCH = extrapolation.STRETCH, HAIR = certificate.HAIR
cdef double FLAT = generalized.FLAT, SHARE = generalized.SHARE, LOWEST = generalized.LOWEST


cdef class SmallNewton:
    """Steps on quadratic models of a loss of raw predictions with known offsets."""

    cdef Loss loss
    cdef const double[::1] y, weights, offset
    cdef bint fit_intercept
    cdef Columns columns
    cdef SmallModel model
    # Room to work in: for vectors over the samples, and over the features.
    cdef double[::1] curvatures, weighted, before, ones, correlation, last
    cdef double[:, ::1] spare
    cdef Py_ssize_t[:, ::1] active

    def __init__(self, Loss loss, y, weights, offset, bint fit_intercept):
        self.loss, self.y, self.weights, self.offset, self.fit_intercept = loss, y, weights, offset, fit_intercept
        self.curvatures, self.weighted, self.before = np.empty((3, len(y)))
        self.ones, self.correlation = np.ones(len(y)), np.empty(0)
        self.model = SmallModel(weights, fit_intercept)

    def _see(self, Columns columns):
        cdef Py_ssize_t room = self.model.see(columns)
        self.columns = columns
        if room > self.correlation.shape[0]:
            self.correlation, self.last = np.empty((2, room))
            self.spare, self.active = np.empty((7, room)), np.empty((2, room), dtype=np.intp)

    def solve_each(
        self,
        Columns columns,
        goals,
        const double[::1] alphas,
        double[:, ::1] coefs,
        double[:, ::1] raw,
        double[::1] offsets,
        double[:, ::1] residuals,
        double[:, ::1] correlations,
    ):
        """Solve for goals in the last rows of all arrays, from what stands in those before them, the latest last.

        Residuals are dual points: those of the model where its last step leads. Returns how many of the leading goals
        a few steps suffice for, and the steps of all that were tried. The first row may be of no alpha (infinity).
        """
        cdef Py_ssize_t row, n_known = len(alphas) - len(goals)
        cdef ElasticNetPenalty penalty, of_model
        cdef Py_ssize_t n_wanted
        cdef double gap_tol, gap
        cdef int n_steps, max_steps
        cdef bint is_there, is_solved
        self._see(columns)
        taken = []
        for row in range(n_known, len(alphas)):
            goal = goals[row - n_known]
            penalty, gap_tol, max_steps = goal.penalty, goal.gap_tol, min(MAX_STEPS, goal.max_iter)
            of_model = penalty.with_alpha(penalty.alpha)
            with nogil:
                self._start(penalty, alphas, coefs, raw, offsets, row)
            n_steps, is_solved = 0, False
            while n_steps < max_steps and not is_solved:
                PyErr_CheckSignals()
                n_wanted = self.model.n_wanted
                with nogil:
                    is_there = self._step(
                        penalty, of_model, MOVED[n_steps],
                        coefs[row], raw[row], &offsets[row], residuals[row], correlations[row],
                    )
                    if is_there:
                        gap = self._gap(penalty, coefs[row], raw[row], residuals[row], correlations[row])
                        n_steps, is_solved = n_steps + 1, gap <= gap_tol
                if self.model.n_wanted > n_wanted:
                    self.model.make_room()
                elif not is_there:
                    break
            taken.append(n_steps)
            if not is_solved:
                return row - n_known, taken
        return len(goals), taken

    cdef void _start(
        self,
        ElasticNetPenalty penalty,
        const double[::1] alphas,
        double[:, ::1] coefs,
        double[:, ::1] raw,
        double[::1] offsets,
        Py_ssize_t row,
    ) noexcept nogil:
        """Where the polynomial in alpha through the last solutions leads (Lagrange)."""
        cdef Py_ssize_t i, j
        cdef double within
        cdef bint is_cut = False
        cdef int a
        cdef Py_ssize_t[MOST_KNOWN] rows
        cdef double[MOST_KNOWN] parts
        coefs[row, :] = 0.0
        raw[row, :] = 0.0
        offsets[row] = 0.0
        for a in range(lagrange(alphas, row, N_KNOWN, FAR, STRETCH, rows, parts)):
            for j in range(coefs.shape[1]):
                coefs[row, j] += parts[a] * coefs[rows[a], j]
            for i in range(raw.shape[1]):
                raw[row, i] += parts[a] * raw[rows[a], i]
            offsets[row] += parts[a] * offsets[rows[a]]
        if penalty.terms.has_bounds:
            for j in range(coefs.shape[1]):
                within = fmin(fmax(coefs[row, j], penalty.terms._lower[j]), penalty.terms._upper[j])
                is_cut = is_cut or within != coefs[row, j]
                coefs[row, j] = within
            if is_cut:
                self._predict(coefs[row], offsets[row], raw[row])

    cdef void _predict(self, const double[::1] w, double offset, double[::1] z) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(z.shape[0]):
            z[i] = self.offset[i] + offset
        add_predictions(self.columns, &w[0], &self.weights[0], &self.ones[0], &z[0])

    cdef bint _step(
        self,
        ElasticNetPenalty penalty,
        ElasticNetPenalty of_model,
        double moved,
        double[::1] w,
        double[::1] z,
        double* offset,
        double[::1] residuals,
        double[::1] correlations,
    ) noexcept nogil:
        """Go to the minimum of a model, in place; False where there is none to be had.

        With residuals r, shares d that sum to one, and curvatures of the sum C, the model is

            sum_i d_i (r_i / (C d_i / s_i) - dz_i)^2 / 2 + penalty / C

        of steps dz of the raw predictions, with the shift of the intercept at its best. Its residuals r - (C d / s) dz
        satisfy the optimality conditions: they are the dual point.
        """
        cdef Py_ssize_t i, j, n = z.shape[0], k = w.shape[0]
        cdef double total = self._look(z, residuals), shift = 0.0, rest = 0.0, size = 0.0
        cdef bint serves
        cdef Progress progress
        if not (isfinite(total) and total > 0.0):
            return False
        serves = self.model.serves(self.curvatures, total, moved, w)
        if not serves:
            self.model.take(self.curvatures, total)
        if self.fit_intercept:
            shift = weighted_sum(&self.weights[0], &residuals[0], n) / total
        for i in range(n):
            self.weighted[i] = self.weights[i] * residuals[i] / total - shift * self.model.shares[i]
            size += self.weights[i] * fabs(residuals[i]) / total + self.model.shares[i] * fabs(z[i])
        for j in range(k):
            if not serves or self.model.sq_norms[j] > 0.0:
                self.columns.gather(j, &self.weighted[0], 1, &self.correlation[j])
        of_model.measure(penalty, total)
        if not serves and not self.model.renew(w, self.correlation, of_model):
            return False
        self.last[:k] = w
        self.before[:] = z
        progress = descend(
            self.model.gram, self.model.sq_norms, w, self.correlation, of_model, size, MAX_ITER, MAX_WORK,
            self.model.factor, self.active, self.spare,
        )
        if progress.status != CONVERGED:
            w[:] = self.last[:k]
            if progress.status == FACTOR_TOO_SMALL:
                self.model.n_wanted = 2 * progress.n_active
            return False
        offset[0] += shift
        for j in range(k):
            if w[j] != self.last[j]:
                offset[0] -= (w[j] - self.last[j]) * self.model.means[j]
        self._predict(w, offset[0], z)
        for i in range(n):
            residuals[i] -= total * self.model.steepness[i] * (z[i] - self.before[i])
        if self.fit_intercept:
            # What rounding has left of the sum; columns with large means would magnify it.
            rest = weighted_sum(&self.weights[0], &residuals[0], n)
        for i in range(n):
            residuals[i] -= rest * self.model.steepness[i]
            self.weighted[i] = self.weights[i] * residuals[i]
        for j in range(k):
            if self.model.sq_norms[j] > 0.0:
                correlations[j] = total * self.correlation[j]
            else:
                self.columns.gather(j, &self.weighted[0], 1, &correlations[j])
                if fabs(correlations[j]) > penalty.l1 * penalty.terms._l1[j]:
                    self.model.is_there = False
        return True

    cdef double _look(self, const double[::1] z, double[::1] residuals) noexcept nogil:
        """Residuals, and curvatures times the weights, raised where they are flat; the sum of these.

        As in ``Generalized.curvatures``, but that no parabola bounds them.
        """
        cdef Py_ssize_t i, n = z.shape[0]
        cdef double mean, least, total = 0.0
        self.loss.look_rows(&self.y[0], &z[0], n, &residuals[0], &self.curvatures[0])
        mean = weighted_sum(&self.weights[0], &self.curvatures[0], n)
        for i in range(n):
            if self.weights[i] == 0.0:
                residuals[i] = self.curvatures[i] = 0.0
                continue
            if self.curvatures[i] < FLAT * mean:
                least = fmin(fmax(SHARE * fabs(residuals[i]), LOWEST * mean), FLAT * mean)
                self.curvatures[i] = fmax(self.curvatures[i], least)
            residuals[i] = -residuals[i]
            self.curvatures[i] *= self.weights[i]
            total += self.curvatures[i]
        return total

    cdef double _gap(
        self,
        ElasticNetPenalty penalty,
        const double[::1] w,
        const double[::1] z,
        const double[::1] residuals,
        const double[::1] correlations,
    ) noexcept nogil:
        """See ``duality_gap``: an upper bound of it."""
        cdef double scale = feasible_scale(penalty, correlations, HAIR), shorter, gap = INFINITY
        cdef int turn
        for turn in range(N_BACKS):
            shorter = scale * (1.0 - BACKS[turn])
            gap = self.loss.total_misfit(self.y, self.weights, z, residuals, shorter)
            if gap < INFINITY:
                gap += penalty.excess_of(w, correlations, shorter)
                break
        return gap
