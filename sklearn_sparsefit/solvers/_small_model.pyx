"""Quadratic models of a loss on problems that are small enough to stay in the cache."""

import numpy as np

from libc.math cimport fabs, sqrt
from libc.string cimport memset
from scipy.linalg.cython_blas cimport ddot, dsyrk

from sklearn_sparsefit.design._columns cimport Columns
from sklearn_sparsefit.design._simd cimport scale_line
from sklearn_sparsefit.penalty._penalty cimport ElasticNetPenalty
from sklearn_sparsefit.solvers._cholesky cimport SupportFactor
from sklearn_sparsefit.solvers._small_problems cimport comes_near, spread

from sklearn_sparsefit.design import CONSTANT as CONSTANT_COLUMN
from sklearn_sparsefit.solvers import base
from sklearn_sparsefit.subproblem import known

cdef extern from "_blocks.h":
    double weighted_sum(const double* weights, const double* x, Py_ssize_t n) nogil

# Below this density products of two columns take less time than they do in one product of all (4000 samples, 16 entries
# in each of 50 columns: 0.1 ms, 0.3 together).
cdef double SPARSE = 1 / 16
# Features that there is room for to begin with.
cdef Py_ssize_t FIRST_ROOM = 64
# What these are is said where they come from.
cdef double NEAR = base.NEAR, RIDGE = known.RIDGE, CONSTANT = CONSTANT_COLUMN


cdef class SmallModel:
    """A model with the curvatures of the loss for weights, and the Gram of the features near the threshold.

    It is kept while these serve, from one alpha to the next and where columns have come in after those that were there.
    """

    def __init__(self, weights, bint fit_intercept):
        self.weights, self.fit_intercept = weights, fit_intercept
        self.shares, self.roots, self.steepness = np.empty((3, len(weights)))
        self.ones = np.ones(len(weights))
        self.sq_norms, self.centred = np.empty(0), np.empty((0, len(weights)))
        self.factor = SupportFactor()
        self.n_wanted = FIRST_ROOM
        self.is_there = False

    def see(self, Columns columns):
        """Be about these columns; the number of those that there is room for."""
        cdef Py_ssize_t room = columns.n_columns + columns.n_columns // 4
        self.columns, self.column_shifts = columns, columns.shift
        self.is_sparse = columns.n_entries < SPARSE * self.weights.shape[0] * columns.n_columns
        if columns.n_columns > self.sq_norms.shape[0]:
            self.means, self.sq_norms = np.zeros((2, room))
            self.gram = np.zeros((room, room))
            self.is_there = False
        self.make_room()
        return self.sq_norms.shape[0]

    def make_room(self):
        """For as many features as are wanted."""
        if self.n_wanted > self.centred.shape[0]:
            self.centred = np.empty((self.n_wanted, self.weights.shape[0]))
            self.products = np.empty((self.n_wanted, self.n_wanted))
            self.members = np.empty(self.n_wanted, dtype=np.intp)
            self.is_there = False
        self.factor.reserve(self.n_wanted, self.sq_norms.shape[0])

    cdef bint serves(
        self, const double[::1] curvatures, double total, double moved, const double[::1] w
    ) noexcept nogil:
        cdef Py_ssize_t i, j
        cdef double distance = 0.0
        if not self.is_there:
            return False
        for j in range(w.shape[0]):
            if w[j] != 0.0 and self.sq_norms[j] == 0.0:
                return False
        for i in range(self.shares.shape[0]):
            distance += fabs(curvatures[i] - total * self.shares[i])
        return distance <= moved * total

    cdef void take(self, const double[::1] curvatures, double total) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(self.shares.shape[0]):
            self.shares[i] = curvatures[i] / total
            self.roots[i] = sqrt(self.shares[i])
            self.steepness[i] = self.shares[i] / self.weights[i] if self.weights[i] > 0.0 else 0.0

    cdef bint renew(
        self, const double[::1] w, const double[::1] correlation, ElasticNetPenalty penalty
    ) noexcept nogil:
        cdef Py_ssize_t j, k = w.shape[0]
        cdef double one = 1.0, zero = 0.0, square
        cdef int m = 0, n = <int> self.shares.shape[0], ld = <int> self.products.shape[0]
        self.factor.forget()
        for j in range(k):
            self.sq_norms[j] = 0.0
            memset(&self.gram[j, 0], 0, k * sizeof(double))
            if comes_near(penalty, j, w[j], correlation[j], NEAR):
                if m == self.centred.shape[0]:
                    self.n_wanted = 2 * m
                    self.is_there = False
                    return False
                square = self._centre(j, &self.centred[m, 0])
                # But for what is constant.
                if sqrt(square) > CONSTANT * fabs(self.means[j] + self.column_shifts[j]):
                    self.sq_norms[j] = square
                    self.members[m] = j
                    m += 1
        if self.is_sparse:
            self._multiply_in_turn(m)
        elif m:
            dsyrk("U", "T", &m, &n, &one, &self.centred[0, 0], &n, &zero, &self.products[0, 0], &ld)
        spread(self.products, 0, self.members, m, self.sq_norms, RIDGE, self.gram)
        self.is_there = True
        return True

    cdef void _multiply_in_turn(self, int m) noexcept nogil:
        """Products of the members, their lower triangle, for each of which one of two is centred."""
        cdef Py_ssize_t n = self.roots.shape[0]
        cdef int a, b
        cdef double rest
        for a in range(m):
            scale_line(&self.centred[a, 0], n, &self.roots[0])
            # What rounding has left of one mean meets the other, which may be large.
            rest = weighted_sum(&self.ones[0], &self.centred[a, 0], n)
            for b in range(a + 1):
                self.columns.gather(self.members[b], &self.centred[a, 0], 1, &self.products[a, b])
                self.products[a, b] -= rest * self.means[self.members[b]]

    cdef double _centre(self, Py_ssize_t j, double* column) noexcept nogil:
        """A copy of a column about its mean, times the roots of the shares; its square. Takes note of the mean."""
        cdef int n = <int> self.shares.shape[0], unit = 1, _turn
        cdef Py_ssize_t i
        cdef double mean, one = 1.0
        memset(column, 0, n * sizeof(double))
        self.columns.scatter(j, &one, &self.ones[0], 1, column)
        self.means[j] = 0.0
        if self.fit_intercept:
            # Twice, for what rounding left of the first.
            for _turn in range(2):
                mean = weighted_sum(&self.shares[0], column, n)
                self.means[j] += mean
                for i in range(n):
                    column[i] -= mean
        scale_line(column, n, &self.roots[0])
        return ddot(&n, column, &unit, column, &unit)
