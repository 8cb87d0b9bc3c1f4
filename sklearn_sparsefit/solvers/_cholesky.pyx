"""Cholesky factor of a support's Gram, kept from one alpha to the next as features enter and leave."""

import numpy as np

from libc.math cimport hypot
from libc.string cimport memcpy, memset
from scipy.linalg.cython_blas cimport dgemm, dsyrk, dtrsm, dtrsv
from scipy.linalg.cython_lapack cimport dpotrf

from sklearn_sparsefit.penalty._penalty cimport SeparablePenalty

# Added to the diagonal, relative to it, where the Gram of the support cannot be factored as it is.
cdef double RIDGE = 1e-12
# Taking out this share of the features costs as much as a new factor.
cdef double SHARE = 0.1
# Features taken out at a time, and columns of the factor that are rotated before the rows below are.
cdef int BLOCK = 32, PANEL = 32


cdef class SupportFactor:
    """L L' = G_SS + diag(curvatures) of an ordered support S.

    Features leave by rotations and enter at the end, many at once. It starts afresh when more leave than that is worth
    doing for, or when the curvatures have changed.
    """

    def __init__(self):
        self.size = self.capacity = 0
        self.is_fresh = False
        self.work = 0.0
        self._common_curvature = float("nan")
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
            self.room = np.empty(room)
            self._stays, self._order = np.empty((2, room), dtype=np.intc)
            self._leaving, self._below = np.empty((BLOCK, room)), np.empty((PANEL + BLOCK, room))
            self._rotations = np.empty((PANEL + BLOCK, PANEL + BLOCK))
            self.capacity = room

    cdef bint match(
        self, const double[:, ::1] gram, const Py_ssize_t* positions, int n_positions, SeparablePenalty penalty
    ) noexcept nogil:
        cdef int row, a, n_leaving = self.size
        cdef double ridge = 0.0
        cdef bint is_same = self.size > 0 and penalty.common_curvature() == self._common_curvature
        for row in range(self.size):
            self._stays[row] = 0
        for a in range(n_positions):
            row = <int> self._row_of[positions[a]]
            if row >= 0:
                self._stays[row] = 1
                n_leaving -= 1
        if is_same and n_leaving <= 1 + SHARE * n_positions:
            while n_leaving > 0:
                n_leaving -= self._remove_some()
            if self._insert(gram, positions, n_positions, penalty, 0.0):
                return True
        self._common_curvature = penalty.common_curvature()
        while ridge < 1e-2:
            self.forget()
            if self._insert(gram, positions, n_positions, penalty, ridge):
                return True
            ridge = RIDGE if ridge == 0.0 else 100 * ridge
        return False

    cdef bint _insert(
        self,
        const double[:, ::1] gram,
        const Py_ssize_t* positions,
        int n_positions,
        SeparablePenalty penalty,
        double ridge,
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
            block[<Py_ssize_t> (k + a) * ld + a] += (
                penalty.curvature(self.members[k + a]) + ridge * row[self.members[k + a]]
            )
        if k > 0:
            dtrsm("R", "L", "T", "N", &n_new, &k, &one, &self._values[0, 0], &ld, block, &ld)
            dsyrk("L", "N", &n_new, &k, &minus, block, &ld, &one, corner, &ld)
        dpotrf("L", &n_new, corner, &ld, &info)
        if info != 0:
            return False
        for a in range(n_new):
            self._row_of[self.members[k + a]] = k + a
        self.work += 0.1 * (n_new * (<double> k * k + <double> k * n_new) + <double> n_new * n_new * n_new / 3.0)
        self.size = k + n_new
        self.is_fresh = k == 0
        return True

    cdef int _remove_some(self) noexcept nogil:
        """Take out up to BLOCK of the rows that do not stay; returns how many.

        Without the columns V that leave, what they gave to the rows that stay must be added back: the factor of
        L L' + V V' is [L V] Q, with rotations Q that make it lower triangular (Golub & Van Loan, Matrix Computations,
        section 6.5.4). They are found panel by panel and applied to the rows below as one product.
        """
        cdef int a, c, row, last, first = -1, n_out = 0, n_kept = 0, k = self.size, ld = self.capacity
        cdef double* factor = &self._values[0, 0]
        cdef double* v = &self._leaving[0, 0]
        cdef double* column
        for row in range(k):
            if not self._stays[row] and n_out < BLOCK:
                self._row_of[self.members[row]] = -1
                # What it gave to rows before it is nothing.
                memset(v + <Py_ssize_t> n_out * ld, 0, n_kept * sizeof(double))
                self._order[row] = -1 - n_out
                n_out += 1
                if first < 0:
                    first = n_kept
            else:
                self._order[row] = n_kept
                self.members[n_kept] = self.members[row]
                self._stays[n_kept] = self._stays[row]
                self._row_of[self.members[n_kept]] = n_kept
                n_kept += 1
        for c in range(k):
            column = factor + <Py_ssize_t> c * ld
            a = self._order[c]
            if a < 0:
                self._compress(column, v + <Py_ssize_t> (-1 - a) * ld, c + 1, k)
            else:
                self._compress(column, factor + <Py_ssize_t> a * ld, max(c, first), k)
        self.work += <double> n_kept * n_kept
        self.size = n_kept
        self.is_fresh = False
        while first < n_kept:
            last = min(first + PANEL, n_kept)
            self._rotate(first, last, n_out)
            first = last
        return n_out

    cdef void _compress(self, const double* column, double* to, int start, int stop) noexcept nogil:
        # Entries of rows that stay, moved to where these are now.
        cdef int row
        for row in range(start, stop):
            if self._order[row] >= 0:
                to[self._order[row]] = column[row]

    cdef void _rotate(self, int first, int last, int n_out) noexcept nogil:
        cdef int c, a, i, width = last - first, total = last - first + n_out, n_below = self.size - last
        cdef int ld = self.capacity, room = PANEL + BLOCK
        cdef double r, cosine, sine, x, zero = 0.0, one = 1.0
        cdef double* v = &self._leaving[0, 0]
        cdef double* q = &self._rotations[0, 0]
        cdef double* panel = &self._values[0, 0] + <Py_ssize_t> first * ld
        cdef double* below = &self._below[0, 0]
        cdef double* left
        cdef double* right
        memset(q, 0, <Py_ssize_t> room * room * sizeof(double))
        for c in range(total):
            q[c * room + c] = 1.0
        for c in range(width):
            left = panel + <Py_ssize_t> c * ld
            for a in range(n_out):
                right = v + <Py_ssize_t> a * ld
                if right[first + c] == 0.0:
                    continue
                r = hypot(left[first + c], right[first + c])
                cosine, sine = left[first + c] / r, right[first + c] / r
                for i in range(first + c, last):
                    x = left[i]
                    left[i] = cosine * x + sine * right[i]
                    right[i] = cosine * right[i] - sine * x
                for i in range(total):
                    x = q[c * room + i]
                    q[c * room + i] = cosine * x + sine * q[(width + a) * room + i]
                    q[(width + a) * room + i] = cosine * q[(width + a) * room + i] - sine * x
        if n_below == 0:
            return
        dgemm("N", "N", &n_below, &total, &width, &one, panel + last, &ld, q, &room, &zero, below, &ld)
        dgemm("N", "N", &n_below, &total, &n_out, &one, v + last, &ld, q + width, &room, &one, below, &ld)
        for c in range(width):
            memcpy(panel + <Py_ssize_t> c * ld + last, below + <Py_ssize_t> c * ld, n_below * sizeof(double))
        for a in range(n_out):
            memcpy(v + <Py_ssize_t> a * ld + last, below + <Py_ssize_t> (width + a) * ld, n_below * sizeof(double))

    cdef void forget(self) noexcept nogil:
        cdef int row
        for row in range(self.size):
            self._row_of[self.members[row]] = -1
        self.size = 0

    cdef void solve(self, double* v) noexcept nogil:
        cdef int one = 1
        self.work += <double> self.size * self.size
        dtrsv("L", "N", "N", &self.size, &self._values[0, 0], &self.capacity, v, &one)
        dtrsv("L", "T", "N", &self.size, &self._values[0, 0], &self.capacity, v, &one)
