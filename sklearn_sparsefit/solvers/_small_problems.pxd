# What the compiled steps of losses of one raw prediction and of several classes share.

from libc.math cimport INFINITY, NAN, fabs, isfinite

from sklearn_sparsefit.design._columns cimport Columns
from sklearn_sparsefit.penalty._penalty cimport ElasticNetPenalty

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


# Add to z the raw predictions of coefficients; rows without weight count for nothing, whatever is in them.
cdef inline void add_predictions(
    Columns columns, const double* w, const double* weights, const double* ones, double* z
) noexcept nogil:
    cdef Py_ssize_t i, j
    for j in range(columns.n_columns):
        if w[j] != 0.0:
            columns.scatter(j, &w[j], ones, 1, z)
    for i in range(columns.n_samples):
        if weights[i] == 0.0:
            z[i] = 0.0


# Whether a coefficient is other than zero, or its correlation comes so near to the threshold.
cdef inline bint comes_near(
    ElasticNetPenalty penalty, Py_ssize_t j, double w, double correlation, double near
) noexcept nogil:
    return w != 0.0 or fabs(correlation) > near * penalty.l1 * penalty.terms._l1[j]


# The largest scale, up to one, at which the conjugate is finite, a hair below the boundary; NaN where none is.
cdef inline double feasible_scale(
    ElasticNetPenalty penalty, const double[::1] correlations, double hair
) noexcept nogil:
    cdef double norm = penalty.norm_of(correlations)
    if not isfinite(norm):
        return NAN
    if penalty.l2 == 0.0 and norm > penalty.l1 * (1.0 - hair):
        return penalty.l1 / norm * (1.0 - hair)
    return 1.0


# Put products of some members, the lower triangle of which begins at a row and column, and their squares into a Gram.
cdef inline void spread(
    const double[:, ::1] products, Py_ssize_t first, const Py_ssize_t[::1] members, Py_ssize_t n_members,
    const double[::1] sq_norms, double ridge, double[:, ::1] gram
) noexcept nogil:
    cdef Py_ssize_t a, b, j
    for a in range(n_members):
        j = members[a]
        for b in range(a):
            gram[j, members[b]] = gram[members[b], j] = products[first + a, first + b]
        gram[j, j] = (1.0 + ridge) * sq_norms[j]
