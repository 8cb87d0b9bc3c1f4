"""Cholesky factor of a support's Gram, kept from one alpha to the next as features enter and leave."""

import numpy as np

from libc.math cimport hypot
from libc.string cimport memcpy, memmove
from scipy.linalg.cython_blas cimport dsyrk, dtrsm, dtrsv
from scipy.linalg.cython_lapack cimport dpotrf

# Added to the diagonal, relative to it, where the Gram of the support cannot be factored as it is.
cdef double RIDGE = 1e-12
# Rotations move memory where a factorisation works in cache: k^3 / 30 of them cost as much as a new factor.
cdef double ROTATIONS = 30.0


cdef class SupportFactor:
    """L L' = G_SS + curvature of an ordered support S.

    Features leave by rotations and enter, all at once, at the end, unless it is cheaper to start afresh: when many
    leave, or when the curvature has changed.
    """

    def __init__(self):
        self.size = self.capacity = 0
        self.is_fresh = False
        self._curvature = float("nan")
        self._row_of = np.empty(0, dtype=np.intp)

    def reserve(self, n_members, n_positions):
        """Make room for supports of ``n_members`` out of a working set of ``n_positions``."""
        cdef Py_ssize_t known = self._row_of.shape[0]
        if n_positions > known:
            row_of = np.full(n_positions + n_positions // 4, -1, dtype=np.intp)
            row_of[:known] = self._row_of
            self._row_of = row_of
        if n_members > self.capacity:
            room = n_members + n_members // 4 + 16
            values, members = np.zeros((room, room)), np.empty(room, dtype=np.intp)
            if self.size:
                values[: self.size, : self.size] = self._values[: self.size, : self.size]
                members[: self.size] = self.members[: self.size]
            self._values, self.members = values, members
            self._kept, self.room = np.empty(room, dtype=np.intp), np.empty(room)
            self.capacity = room

    cdef bint match(
        self, const double[:, ::1] gram, const Py_ssize_t* positions, int n_positions, double curvature
    ) noexcept nogil:
        cdef int row, a
        cdef double rotations = 0.0, k = n_positions, ridge = 0.0
        for row in range(self.size):
            self._kept[row] = 0
        for a in range(n_positions):
            if self._row_of[positions[a]] >= 0:
                self._kept[self._row_of[positions[a]]] = 1
        for row in range(self.size):
            if not self._kept[row]:
                rotations += <double> (self.size - row) * (self.size - row)
        if self.size > 0 and curvature == self._curvature and rotations <= k * k * k / ROTATIONS + k * k:
            for row in range(self.size - 1, -1, -1):
                if not self._kept[row]:
                    self.delete(row)
            if self._insert(gram, positions, n_positions, 0.0):
                return True
        self._curvature = curvature
        while ridge < 1e-2:
            self.forget()
            if self._insert(gram, positions, n_positions, ridge):
                return True
            ridge = RIDGE if ridge == 0.0 else 100 * ridge
        return False

    cdef bint _insert(
        self, const double[:, ::1] gram, const Py_ssize_t* positions, int n_positions, double ridge
    ) noexcept nogil:
        # With L for the k members so far, B = G_new,old L^-T and the factor of G_new,new - B B' go below it.
        cdef int a, c, k = self.size, n_new = 0, info, ld = self.capacity
        cdef double one = 1.0, minus = -1.0
        cdef double* block
        cdef double* corner
        cdef const double* row
        for a in range(n_positions):
            if self._row_of[positions[a]] < 0:
                self.members[k + n_new] = positions[a]
                n_new += 1
        if n_new == 0:
            return True
        block = &self._values[0, 0] + k
        corner = block + <Py_ssize_t> k * ld
        for a in range(n_new):
            row = &gram[self.members[k + a], 0]
            for c in range(k + a + 1):
                block[<Py_ssize_t> c * ld + a] = row[self.members[c]]
            block[<Py_ssize_t> (k + a) * ld + a] += self._curvature + ridge * row[self.members[k + a]]
        if k > 0:
            dtrsm("R", "L", "T", "N", &n_new, &k, &one, &self._values[0, 0], &ld, block, &ld)
            dsyrk("L", "N", &n_new, &k, &minus, block, &ld, &one, corner, &ld)
        dpotrf("L", &n_new, corner, &ld, &info)
        if info != 0:
            return False
        for a in range(n_new):
            self._row_of[self.members[k + a]] = k + a
        self.size = k + n_new
        self.is_fresh = k == 0
        return True

    cdef void delete(self, int hit) noexcept nogil:
        # Without its column, what the row's part v below the diagonal gave must be added back: L L' + v v', by
        # rotations (Golub & Van Loan, Matrix Computations, section 6.5.4).
        cdef int i, c, k = self.size, ld = self.capacity, q = k - 1 - hit
        cdef double r, cosine, sine
        cdef double* v = &self.room[0]
        cdef double* column
        cdef double* factor = &self._values[0, 0]
        self._row_of[self.members[hit]] = -1
        memcpy(v, factor + <Py_ssize_t> hit * ld + hit + 1, q * sizeof(double))
        for c in range(hit):
            column = factor + <Py_ssize_t> c * ld
            memmove(column + hit, column + hit + 1, q * sizeof(double))
        for c in range(hit, k - 1):
            column = factor + <Py_ssize_t> c * ld + c
            memmove(column, column + ld + 1, (k - 1 - c) * sizeof(double))
            self.members[c] = self.members[c + 1]
            self._row_of[self.members[c]] = c
        for c in range(q):
            column = factor + <Py_ssize_t> (hit + c) * ld + hit
            r = hypot(column[c], v[c])
            cosine = r / column[c]
            sine = v[c] / column[c]
            column[c] = r
            for i in range(c + 1, q):
                column[i] = (column[i] + sine * v[i]) / cosine
                v[i] = cosine * v[i] - sine * column[i]
        self.size = k - 1
        self.is_fresh = False

    cdef void forget(self) noexcept nogil:
        cdef int row
        for row in range(self.size):
            self._row_of[self.members[row]] = -1
        self.size = 0

    cdef void solve(self, double* v) noexcept nogil:
        cdef int one = 1
        dtrsv("L", "N", "N", &self.size, &self._values[0, 0], &self.capacity, v, &one)
        dtrsv("L", "T", "N", &self.size, &self._values[0, 0], &self.capacity, v, &one)
