"""Newton steps for one alpha after the other, on problems that are so small that all of it stays in the cache."""

import numpy as np

from libc.math cimport fabs, fmax, fmin, isfinite, sqrt
from libc.string cimport memcpy, memset
from scipy.linalg.cython_blas cimport dsyrk

from sklearn_sparsefit.datafit._loss cimport Loss
from sklearn_sparsefit.design._columns cimport Columns
from sklearn_sparsefit.penalty._penalty cimport ElasticNetPenalty
from sklearn_sparsefit.solvers._cholesky cimport SupportFactor
from sklearn_sparsefit.solvers._gram_cd cimport CONVERGED, Progress, descend

cdef extern from "_blocks.h":
    double weighted_sum(const double* weights, const double* x, Py_ssize_t n) nogil

# Of each step at one alpha, by how much of their sum the curvatures of the model may have moved; more steps are no use.
cdef enum:
    MAX_STEPS = 5
cdef double[MAX_STEPS] MOVED = [0.25, 0.1, 0.1, 0.05, 0.05]
# Solutions that a start is extrapolated from, but not to where alpha is so many times as small as at the last.
cdef enum:
    N_KNOWN = 3
cdef double FAR = 1.5
# Features in a model: those whose correlations come so close to the threshold.
cdef double NEAR = 0.9
# See ``Generalized.curvatures``.
cdef double FLAT = 1e-4, SHARE = 1e-3, LOWEST = 1e-20
cdef double RIDGE = 1e-14, CONSTANT = 7.1e-15, HAIR = 1e-15


cdef class SmallNewton:
    """Steps on quadratic models of a loss. A model is kept while it serves, from one alpha to the next too.

    It has the curvatures of the loss for weights, and the Gram of the features near the threshold.
    """

    cdef Loss loss
    cdef Columns columns
    cdef const double[::1] y, weights, offset, shifts
    cdef bint fit_intercept
    # The model: the shares of its samples in the curvatures, the means and squares of its features about these, zero
    # for features that are not in it, and their Gram.
    cdef bint has_model
    cdef double[::1] shares, means, sq_norms
    cdef double[:, ::1] gram
    cdef SupportFactor factor
    # Room to work in: over the samples, over the features, over both.
    cdef double[::1] curvatures, weighted, before, ones, correlation, last
    cdef double[:, ::1] spare, centred, products
    cdef Py_ssize_t[:, ::1] active

    def __init__(self, Loss loss, y, weights, offset, bint fit_intercept):
        cdef Py_ssize_t n = len(y)
        self.loss, self.y, self.weights, self.offset, self.fit_intercept = loss, y, weights, offset, fit_intercept
        self.has_model = False
        self.curvatures, self.weighted, self.before, self.shares = np.empty((4, n))
        self.ones = np.ones(n)

    def _reserve(self, Columns columns):
        cdef Py_ssize_t k = columns.n_columns, room
        self.columns, self.shifts = columns, columns.shift
        if self.sq_norms is None or k > self.sq_norms.shape[0]:
            room = k + k // 2
            self.means, self.sq_norms, self.correlation, self.last = np.zeros((4, room))
            self.gram, self.products = np.zeros((2, room, room))
            self.spare, self.active = np.empty((7, room)), np.empty((2, room), dtype=np.intp)
            self.centred = np.empty((room, self.y.shape[0]))
            self.factor = SupportFactor()
            self.factor.reserve(room, room)
            self.has_model = False

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
        """Solve the goals in turn, in the last rows of all arrays; those before them are known, the latest last.

        Residuals are dual points near to those of the loss. Returns how many goals few steps suffice for, and the steps
        that each of these took, and the one after them.
        """
        cdef Py_ssize_t n_known = len(alphas) - len(goals), row, k = columns.n_columns
        cdef ElasticNetPenalty penalty, of_model
        cdef double gap_tol
        cdef int n_steps, max_steps
        cdef bint is_solved
        self._reserve(columns)
        taken = []
        for row in range(n_known, len(alphas)):
            goal = goals[row - n_known]
            penalty, gap_tol = goal.penalty, goal.gap_tol
            max_steps = min(MAX_STEPS, goal.max_iter)
            of_model = penalty.with_alpha(penalty.alpha)
            with nogil:
                self._start(penalty, alphas, coefs, raw, offsets, row)
                n_steps = 0
                is_solved = False
                while not is_solved and n_steps < max_steps:
                    if not self._step(
                        penalty, of_model, MOVED[n_steps],
                        coefs[row], raw[row], &offsets[row], residuals[row], correlations[row],
                    ):
                        break
                    n_steps += 1
                    is_solved = (
                        self._gap(penalty, coefs[row], raw[row], residuals[row], correlations[row]) <= gap_tol
                    )
            taken.append(n_steps)
            if not is_solved:
                return row - n_known, taken
        return len(goals), taken

    cdef void _start(
        self, ElasticNetPenalty penalty, const double[::1] alphas, double[:, ::1] coefs, double[:, ::1] raw,
        double[::1] offsets, Py_ssize_t row,
    ) noexcept nogil:
        """Where the polynomial in alpha through the last solutions leads (Lagrange)."""
        cdef Py_ssize_t first = row - 1, a, b, i, j
        cdef double weight, within
        cdef bint is_cut = False
        while row - first < N_KNOWN and first > 0 and alphas[row] * FAR > alphas[row - 1]:
            first -= 1
        coefs[row, :] = 0.0
        raw[row, :] = 0.0
        offsets[row] = 0.0
        for a in range(first, row):
            weight = 1.0
            for b in range(first, row):
                if b != a:
                    weight *= (alphas[row] - alphas[b]) / (alphas[a] - alphas[b])
            for j in range(coefs.shape[1]):
                coefs[row, j] += weight * coefs[a, j]
            for i in range(raw.shape[1]):
                raw[row, i] += weight * raw[a, i]
            offsets[row] += weight * offsets[a]
        if penalty.terms.has_bounds:
            for j in range(coefs.shape[1]):
                within = fmin(fmax(coefs[row, j], penalty.terms._lower[j]), penalty.terms._upper[j])
                is_cut = is_cut or within != coefs[row, j]
                coefs[row, j] = within
            if is_cut:
                self._predict(coefs[row], offsets[row], raw[row])

    cdef void _predict(self, const double[::1] w, double offset, double[::1] z) noexcept nogil:
        cdef Py_ssize_t i, j
        for i in range(z.shape[0]):
            z[i] = self.offset[i] + offset
        for j in range(w.shape[0]):
            if w[j] != 0.0:
                self.columns.scatter(j, &w[j], &self.ones[0], 1, &z[0])
        for i in range(z.shape[0]):
            if self.weights[i] == 0.0:
                z[i] = 0.0

    cdef double _look(self, const double[::1] z, double[::1] residuals) noexcept nogil:
        """Residuals, and the curvatures times the weights; the sum of these."""
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

    cdef bint _serves(self, double total, double moved, const double[::1] w) noexcept nogil:
        """Whether the model is near enough."""
        cdef Py_ssize_t i, j
        cdef double distance = 0.0
        if not self.has_model:
            return False
        for j in range(w.shape[0]):
            if w[j] != 0.0 and self.sq_norms[j] == 0.0:
                return False
        for i in range(self.shares.shape[0]):
            distance += fabs(self.curvatures[i] - total * self.shares[i])
        return distance <= moved * total

    cdef void _renew(self, const double[::1] w, const double[::1] correlation, ElasticNetPenalty of_model) noexcept nogil:
        """Make the model that of the shares."""
        cdef Py_ssize_t i, j, a, b, n = self.shares.shape[0]
        cdef double one = 1.0, zero = 0.0, mean, rest, square, root
        cdef int m = 0, length = <int> n, ld = <int> self.products.shape[0]
        cdef double* row
        cdef Py_ssize_t* members = &self.active[0, 0]
        for i in range(n):
            self.before[i] = sqrt(self.shares[i])
        self.factor.forget()
        for j in range(w.shape[0]):
            self.sq_norms[j] = 0.0
            memset(&self.gram[j, 0], 0, w.shape[0] * sizeof(double))
            if w[j] == 0.0 and not fabs(correlation[j]) > NEAR * of_model.l1 * of_model.terms._l1[j]:
                continue
            row = &self.centred[m, 0]
            memset(row, 0, n * sizeof(double))
            self.columns.scatter(j, &one, &self.ones[0], 1, row)
            mean = 0.0
            if self.fit_intercept:
                mean = weighted_sum(&self.shares[0], row, n)
                for i in range(n):
                    row[i] -= mean
                rest = weighted_sum(&self.shares[0], row, n)
                mean += rest
                for i in range(n):
                    row[i] -= rest
            square = 0.0
            for i in range(n):
                row[i] *= self.before[i]
                square += row[i] * row[i]
            if sqrt(square) <= CONSTANT * fabs(mean + self.shifts[j]):
                continue
            self.means[j], self.sq_norms[j] = mean, square
            members[m] = j
            m += 1
        if m:
            dsyrk("U", "T", &m, &length, &one, &self.centred[0, 0], &length, &zero, &self.products[0, 0], &ld)
        for a in range(m):
            for b in range(a):
                self.gram[members[a], members[b]] = self.gram[members[b], members[a]] = self.products[a, b]
            self.gram[members[a], members[a]] = (1.0 + RIDGE) * self.sq_norms[members[a]]
        self.has_model = True

    cdef bint _step(
        self, ElasticNetPenalty penalty, ElasticNetPenalty of_model, double moved,
        double[::1] w, double[::1] z, double* offset, double[::1] residuals, double[::1] correlations,
    ) noexcept nogil:
        """To the minimum of the model; the dual point there, and its correlations."""
        cdef Py_ssize_t i, j, n = z.shape[0], k = w.shape[0]
        cdef double total = self._look(z, residuals), shift = 0.0, rest = 0.0, size = 0.0
        cdef bint serves
        cdef Progress progress
        if not (isfinite(total) and total > 0.0):
            return False
        serves = self._serves(total, moved, w)
        if not serves:
            for i in range(n):
                self.shares[i] = self.curvatures[i] / total
        if self.fit_intercept:
            shift = weighted_sum(&self.weights[0], &residuals[0], n) / total
        for i in range(n):
            self.weighted[i] = self.weights[i] * residuals[i] / total - shift * self.shares[i]
            size += self.weights[i] * fabs(residuals[i]) / total + self.shares[i] * fabs(z[i])
        of_model.l1, of_model.l2 = penalty.l1 / total, penalty.l2 / total
        for j in range(k):
            if not serves or self.sq_norms[j] > 0.0:
                self.columns.gather(j, &self.weighted[0], 1, &self.correlation[j])
        if not serves:
            self._renew(w, self.correlation, of_model)
        self.last[:k] = w
        progress = descend(
            self.gram, self.sq_norms, w, self.correlation, of_model, size, 100, 1e9, self.factor, self.active, self.spare
        )
        if progress.status != CONVERGED:
            return False
        offset[0] += shift
        for j in range(k):
            if w[j] != self.last[j]:
                offset[0] -= (w[j] - self.last[j]) * self.means[j]
        self.before[:] = z
        self._predict(w, offset[0], z)
        for i in range(n):
            if self.weights[i] > 0.0:
                residuals[i] -= total * self.shares[i] / self.weights[i] * (z[i] - self.before[i])
        if self.fit_intercept:
            rest = weighted_sum(&self.weights[0], &residuals[0], n)
        for i in range(n):
            if self.weights[i] > 0.0:
                residuals[i] -= rest * self.shares[i] / self.weights[i]
            self.weighted[i] = self.weights[i] * residuals[i]
        for j in range(k):
            if self.sq_norms[j] > 0.0:
                correlations[j] = total * self.correlation[j]
            else:
                self.columns.gather(j, &self.weighted[0], 1, &correlations[j])
                if fabs(correlations[j]) > penalty.l1 * penalty.terms._l1[j]:
                    self.has_model = False
        return True

    cdef double _gap(
        self, ElasticNetPenalty penalty, const double[::1] w, const double[::1] z, const double[::1] residuals,
        const double[::1] correlations,
    ) noexcept nogil:
        """See ``duality_gap``."""
        cdef double norm = penalty.norm_of(correlations), scale = 1.0
        if penalty.l2 == 0.0 and norm > penalty.l1:
            scale = penalty.l1 / norm * (1.0 - HAIR)
        return (
            self.loss.total_misfit(self.y, self.weights, z, residuals, scale)
            + penalty.excess_of(w, correlations, scale)
        )
