from libc.math cimport INFINITY

# Polynomials go through so many solutions at most.
cdef enum:
    MOST_KNOWN = 4


# The weights of solutions in rows before ``row`` in the polynomial in alpha through them, and which rows they are, the
# latest first; see ``extrapolation``. Rows of no alpha (infinity) count alone, and so does the last where it is far.
cdef inline int lagrange(
    const double[::1] alphas, Py_ssize_t row, int n_known, double far, double stretch, Py_ssize_t* rows, double* weights
) noexcept nogil:
    cdef int n_used = 1, a, b
    cdef Py_ssize_t other = row - 2
    cdef double between, step = alphas[row - 1] - alphas[row]
    rows[0] = row - 1
    if alphas[row] * far > alphas[row - 1]:
        while n_used < n_known and other >= 0 and alphas[other] < INFINITY:
            between = alphas[other] - alphas[rows[n_used - 1]]
            if between > 0.0 and stretch * between >= step:
                rows[n_used] = other
                n_used += 1
            other -= 1
    for a in range(n_used):
        weights[a] = 1.0
        for b in range(n_used):
            if b != a:
                weights[a] *= (alphas[row] - alphas[rows[b]]) / (alphas[rows[a]] - alphas[rows[b]])
    return n_used
