"""Proximal Newton steps of the multinomial loss for one alpha after the other, on problems that stay in the cache."""

import numpy as np

from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport INFINITY, fabs, fmax, fmin, isfinite, isnan, sqrt
from libc.string cimport memset
from scipy.linalg.cython_blas cimport dsyrk, dtrsm
from scipy.linalg.cython_lapack cimport dpotrf

from sklearn_sparsefit.datafit._softmax cimport fit_one, total_misfit
from sklearn_sparsefit.design._columns cimport Columns
from sklearn_sparsefit.penalty._penalty cimport ElasticNetPenalty
from sklearn_sparsefit.solvers._cholesky cimport SupportFactor
from sklearn_sparsefit.solvers._gram_cd cimport CONVERGED, Progress, descend
from sklearn_sparsefit.solvers._small_problems cimport (
    MOST_KNOWN, add_predictions, comes_near, feasible_scale, lagrange, spread
)

from sklearn_sparsefit.datafit import _softmax, multinomial
from sklearn_sparsefit.solvers import base, extrapolation
from sklearn_sparsefit.subproblem import certificate, known

cdef enum:
    # Of one alpha; what these do not suffice for needs shorter ones.
    MAX_STEPS = 8
# By how much of their sum the curvatures of the model may have moved, and by which factor each step lowers the gap.
cdef double MOVED = 0.1, RATE = 0.5
# Iterations, and multiply-adds, on one model.
cdef Py_ssize_t MAX_ITER = 100
cdef double MAX_WORK = base.MAX_WORK
# What these are is said where they come from.
cdef int N_KNOWN = extrapolation.N_KNOWN
cdef double FAR = extrapolation.FAR, STRETCH = extrapolation.STRETCH, NEAR = base.NEAR, HAIR = certificate.HAIR
cdef double RIDGE = known.RIDGE
cdef double FLAT = multinomial.FLAT, LOWEST = multinomial.LOWEST


cdef class SmallSoftmax:
    """Steps on quadratic models of the loss, kept while their curvatures serve.

    Pairs of a class and a feature stand class by class in everything that is flat.
    """

    cdef const double[::1] codes, weights, mean
    cdef bint fit_intercept
    cdef Py_ssize_t n_classes
    cdef Columns columns
    # Of the features about the weights of the samples.
    cdef const double[::1] means, norms
    # The model: its probabilities, the curvatures s_i p_ik (1 - p_ik) and their sum, the squares of its pairs, zero for
    # all that are not in it, and their Gram.
    cdef bint has_model
    cdef double[:, ::1] probabilities, shares
    cdef double[::1] sq_norms
    cdef double[:, ::1] gram
    cdef SupportFactor factor
    # Room to work in: over classes and samples, over classes, over pairs, and rows of a pair, or an intercept.
    cdef double[:, ::1] raw, residual, curvatures, of_classes, edges, looks, spare, rows, products
    cdef double[::1] weighted, column, ones, of_model
    cdef Py_ssize_t[:, ::1] active

    def __init__(self, codes, Py_ssize_t n_classes, weights, mean, bint fit_intercept):
        self.codes, self.weights, self.mean, self.n_classes = codes, weights, mean, n_classes
        self.fit_intercept = fit_intercept
        self.raw, self.residual, self.curvatures, self.probabilities, self.shares = np.empty(
            (5, n_classes, len(codes))
        )
        self.weighted, self.column = np.empty((2, len(codes)))
        self.ones = np.ones(len(codes))
        self.of_classes, self.edges = np.empty((3, n_classes)), np.empty((n_classes, n_classes))
        self.looks = _softmax.room_of(n_classes)
        self.sq_norms = np.empty(0)
        self.has_model = False

    def _take(self, Columns columns, means, norms):
        cdef Py_ssize_t n_pairs = self.n_classes * columns.n_columns
        self.columns, self.means, self.norms = columns, means, norms
        # Pairs are numbered anew where features have come in.
        if n_pairs != self.sq_norms.shape[0]:
            self.sq_norms, self.of_model = np.zeros((2, n_pairs))
            self.gram = np.zeros((n_pairs, n_pairs))
            self.products = np.empty((n_pairs + self.n_classes, n_pairs + self.n_classes))
            self.rows = np.empty((n_pairs + self.n_classes, self.n_classes * self.codes.shape[0]))
            self.spare, self.active = np.empty((7, n_pairs)), np.empty((2, n_pairs), dtype=np.intp)
            self.factor = SupportFactor()
            self.factor.reserve(n_pairs, n_pairs)
            self.has_model = False

    def solve_each(
        self,
        Columns columns,
        means,
        norms,
        goals,
        const double[::1] alphas,
        double[:, ::1] coefs,
        double[:, ::1] correlations,
        double[:, ::1] offsets,
    ):
        """Solve for goals, with penalties of pairs, in the last rows of all arrays, from what stands before them.

        Coefficients and correlations are those of pairs, offsets of classes. Returns how many of the leading goals a
        few steps suffice for, and the steps of all that were tried. The first row may be of no alpha (infinity).
        """
        cdef Py_ssize_t row, n_known = len(alphas) - len(goals)
        cdef ElasticNetPenalty penalty, scaled
        cdef double gap_tol, gap, last
        cdef int n_steps, max_steps
        self._take(columns, means, norms)
        taken = []
        for row in range(n_known, len(alphas)):
            goal = goals[row - n_known]
            penalty, gap_tol, max_steps = goal.penalty, goal.gap_tol, min(MAX_STEPS, goal.max_iter)
            scaled = penalty.with_alpha(penalty.alpha)
            PyErr_CheckSignals()
            with nogil:
                self._start(penalty, alphas, coefs, offsets, row)
                n_steps, last = 0, INFINITY
                while True:
                    gap = self._look(penalty, coefs[row], correlations[row], offsets[row])
                    # One step at least, lest a loose tolerance leave the answer of another alpha as it is.
                    if n_steps > 0 and gap <= gap_tol:
                        break
                    if n_steps == max_steps or not gap < INFINITY or not gap <= RATE * last:
                        gap = INFINITY
                        break
                    last = gap if n_steps > 0 else INFINITY
                    n_steps += 1
                    if not self._step(penalty, scaled, coefs[row], correlations[row]):
                        gap = INFINITY
                        break
            taken.append(n_steps)
            if gap == INFINITY:
                return row - n_known, taken
        return len(goals), taken

    cdef void _start(
        self,
        ElasticNetPenalty penalty,
        const double[::1] alphas,
        double[:, ::1] coefs,
        double[:, ::1] offsets,
        Py_ssize_t row,
    ) noexcept nogil:
        """Where the polynomial in alpha through the last solutions leads (Lagrange)."""
        cdef Py_ssize_t j
        cdef int a
        cdef Py_ssize_t[MOST_KNOWN] rows
        cdef double[MOST_KNOWN] parts
        coefs[row, :] = 0.0
        offsets[row] = offsets[row - 1]
        for a in range(lagrange(alphas, row, N_KNOWN, FAR, STRETCH, rows, parts)):
            for j in range(coefs.shape[1]):
                coefs[row, j] += parts[a] * coefs[rows[a], j]
        for j in range(coefs.shape[1]):
            # What has left zero stays on its side.
            if coefs[row - 1, j] * coefs[row, j] <= 0.0:
                coefs[row, j] = coefs[row - 1, j]
            coefs[row, j] = fmin(fmax(coefs[row, j], penalty.terms._lower[j]), penalty.terms._upper[j])

    cdef double _look(
        self, ElasticNetPenalty penalty, const double[::1] w, double[::1] correlations, double[::1] offset
    ) noexcept nogil:
        """Residuals at the best intercepts and their correlations; the duality gap (see ``duality_gap``)."""
        cdef Py_ssize_t i, j, k, n = self.codes.shape[0], n_features = self.columns.n_columns
        cdef double scale, gap
        for k in range(self.n_classes):
            self.raw[k, :] = self.mean[k]
            add_predictions(self.columns, &w[k * n_features], &self.weights[0], &self.ones[0], &self.raw[k, 0])
        if not isfinite(fit_one(
            self.codes, self.weights, self.mean, self.raw, self.residual, offset, self.fit_intercept, self.of_classes,
            self.edges,
        )):
            return INFINITY
        for k in range(self.n_classes):
            for i in range(n):
                self.weighted[i] = self.weights[i] * self.residual[k, i]
            for j in range(n_features):
                self.columns.gather(j, &self.weighted[0], 1, &correlations[k * n_features + j])
        scale = feasible_scale(penalty, correlations, HAIR)
        if isnan(scale):
            return INFINITY
        gap = penalty.excess_of(w, correlations, scale)
        if scale < 1.0:
            gap += total_misfit(self.codes, self.weights, self.raw, scale, self.looks)
        return gap

    cdef bint _step(
        self, ElasticNetPenalty penalty, ElasticNetPenalty scaled, double[::1] w, const double[::1] correlations
    ) noexcept nogil:
        """Go to the minimum of a model about where it was last looked, in place; False where there is none to be had.

        With curvatures of the sum C the model is sum_i s_i <dz_i, H_i dz_i> / (2 C) - sum_i s_i <r_i, dz_i> / C plus
        the penalty over C, for steps dz of the raw predictions, H_i = diag(p_i) - p_i p_i', with intercepts at their
        best.
        """
        cdef Py_ssize_t i, k, n = self.codes.shape[0]
        cdef double total = 0.0, p, size = 0.0
        cdef Progress progress
        for k in range(self.n_classes):
            for i in range(n):
                p = fabs(self.residual[k, i])
                self.curvatures[k, i] = self.weights[i] * p * (1.0 - p)
                total += self.curvatures[k, i]
                size += self.weights[i] * p + self.curvatures[k, i] * fabs(self.raw[k, i])
        if not (isfinite(total) and total > 0.0):
            return False
        scaled.measure(penalty, total)
        for k in range(w.shape[0]):
            self.of_model[k] = correlations[k] / total
        if not self._serves(total, w, scaled) and not self._renew(total, w, scaled):
            return False
        progress = descend(
            self.gram, self.sq_norms, w, self.of_model, scaled, size / total, MAX_ITER, MAX_WORK, self.factor,
            self.active, self.spare,
        )
        return progress.status == CONVERGED

    cdef bint _serves(self, double total, const double[::1] w, ElasticNetPenalty scaled) noexcept nogil:
        """Whether the model has all pairs that call for it, and curvatures whose proportions have hardly moved."""
        cdef Py_ssize_t i, k
        cdef double distance = 0.0
        if not self.has_model:
            return False
        for k in range(w.shape[0]):
            if self.sq_norms[k] == 0.0 and comes_near(scaled, k, w[k], self.of_model[k], 1.0):
                return False
        for k in range(self.n_classes):
            for i in range(self.codes.shape[0]):
                distance += fabs(self.curvatures[k, i] - total * self.shares[k, i])
        return distance <= MOVED * total

    cdef bint _renew(self, double total, const double[::1] w, ElasticNetPenalty scaled) noexcept nogil:
        """Make the model anew, of what has a coefficient or comes near to one; False where it has no intercepts.

        H_i = F_i F_i' with entries (delta_kl - p_ik) p_il^(1/2), so that products of pairs are those of rows with an
        entry for every sample and class l. What the best intercepts take of them is eliminated, but for those of the
        last class: equal shifts change nothing.
        """
        cdef Py_ssize_t i, j, k, a, pair, n = self.codes.shape[0], n_features = self.columns.n_columns
        cdef double one = 1.0, zero = 0.0, minus = -1.0, share, p, is_flat
        cdef int n_levels = <int> (self.n_classes - 1 if self.fit_intercept else 0), m = n_levels, n_pairs, info
        cdef int length = <int> (self.n_classes * n), ld = <int> self.products.shape[0]
        cdef Py_ssize_t[::1] members = self.active[0]
        cdef double* corner
        cdef bint is_packed
        for i in range(n):
            is_flat = 0.0
            for k in range(self.n_classes):
                p = fabs(self.residual[k, i])
                is_flat += p * (1.0 - p)
            # See ``Multinomial.model``.
            share = LOWEST * total
            if is_flat < FLAT * total and self.residual[<Py_ssize_t> self.codes[i], i] > 0.5:
                share = FLAT * total
            for k in range(self.n_classes):
                p = (1.0 if self.codes[i] == k else 0.0) - self.residual[k, i]
                self.probabilities[k, i] = (1.0 - share) * p + share / self.n_classes
                self.shares[k, i] = self.curvatures[k, i] / total
        for k in range(n_levels):
            self._row(k, self.ones, total, &self.rows[k, 0])
        self.factor.forget()
        self.sq_norms[:] = 0.0
        self.gram[:, :] = 0.0
        for j in range(n_features):
            is_packed = False
            for k in range(self.n_classes):
                pair = k * n_features + j
                if self.norms[j] > 0.0 and comes_near(scaled, pair, w[pair], self.of_model[pair], NEAR):
                    if not is_packed:
                        self._centre(j)
                        is_packed = True
                    members[m - n_levels] = pair
                    self._row(k, self.column, total, &self.rows[m, 0])
                    m += 1
        n_pairs = m - n_levels
        if n_pairs == 0:
            self.has_model = True
            return True
        dsyrk("U", "T", &m, &length, &one, &self.rows[0, 0], &length, &zero, &self.products[0, 0], &ld)
        corner = &self.products[n_levels, n_levels]
        if n_levels:
            # In Fortran's order: the upper triangle of the levels, what stands right of it, and the rest.
            dpotrf("U", &n_levels, &self.products[0, 0], &ld, &info)
            if info != 0:
                return False
            dtrsm(
                "L", "U", "T", "N", &n_levels, &n_pairs, &one, &self.products[0, 0], &ld, &self.products[n_levels, 0],
                &ld,
            )
            dsyrk("U", "T", &n_pairs, &n_levels, &minus, &self.products[n_levels, 0], &ld, &one, corner, &ld)
        for a in range(n_pairs):
            self.sq_norms[members[a]] = fmax(self.products[n_levels + a, n_levels + a], 0.0)
        spread(self.products, n_levels, members, n_pairs, self.sq_norms, RIDGE, self.gram)
        self.has_model = True
        return True

    cdef void _centre(self, Py_ssize_t j) noexcept nogil:
        """Make ``column`` that of a feature, about its mean."""
        cdef Py_ssize_t i
        cdef double one = 1.0
        memset(&self.column[0], 0, self.column.shape[0] * sizeof(double))
        self.columns.scatter(j, &one, &self.ones[0], 1, &self.column[0])
        for i in range(self.column.shape[0]):
            self.column[i] -= self.means[j]

    cdef void _row(self, Py_ssize_t k, const double[::1] column, double total, double* row) noexcept nogil:
        """Of a class and a column, (s_i p_il / C)^(1/2) (delta_kl - p_ik) x_i for every class l and sample i."""
        cdef Py_ssize_t i, other, n = self.codes.shape[0]
        for other in range(self.n_classes):
            for i in range(n):
                row[other * n + i] = sqrt(self.weights[i] * self.probabilities[other, i] / total) * column[i] * (
                    (1.0 if other == k else 0.0) - self.probabilities[k, i]
                )
