"""Accelerated proximal gradient on a Gram matrix."""

from libc.math cimport sqrt
from libc.string cimport memcpy
from scipy.linalg.cython_blas cimport daxpy

from sklearn_sparsefit.penalty._penalty cimport SeparablePenalty


def fista(
    const double[:, ::1] gram,
    const double[::1] sq_norms,
    double[::1] coef,
    double[::1] correlation,
    double[:, ::1] work,
    SeparablePenalty penalty,
    double lipschitz,
    double momentum,
    Py_ssize_t n_iter,
):
    """``n_iter`` steps of FISTA (Beck & Teboulle 2009) in the metric diag(G), restarted by the gradient test of
    O'Donoghue & Candes (2015, eq. 11), in place; returns the momentum parameter to go on with.

    ``lipschitz`` bounds the eigenvalues of D^-1/2 G D^-1/2, D = diag(G). ``work`` carries, from one call to the next,
    the previous coefficients, the previous correlations and the offset q of correlation = q - G coef.
    """
    cdef int m = <int> coef.shape[0], one = 1
    cdef Py_ssize_t j, _
    cdef double* previous = &work[0, 0]
    cdef double* previous_correlation = &work[1, 0]
    cdef double* q = &work[2, 0]
    cdef double* w = &coef[0]
    cdef double* g = &correlation[0]
    cdef double t = momentum, t_next, beta, y, new, step, uphill, minus
    with nogil:
        for _ in range(n_iter):
            t_next = 0.5 * (1.0 + sqrt(1.0 + 4.0 * t * t))
            beta = (t - 1.0) / t_next
            uphill = 0.0
            for j in range(m):
                if sq_norms[j] <= 0.0:
                    continue
                step = 1.0 / (lipschitz * sq_norms[j])
                # The correlation is affine in the coefficients: the extrapolated one costs no product.
                y = w[j] + beta * (w[j] - previous[j])
                new = penalty.prox(j, y + step * (g[j] + beta * (g[j] - previous_correlation[j])), step)
                uphill += sq_norms[j] * (y - new) * (new - w[j])
                previous[j] = w[j]
                w[j] = new
            memcpy(previous_correlation, g, m * sizeof(double))
            memcpy(g, q, m * sizeof(double))
            for j in range(m):
                if w[j] != 0.0:
                    minus = -w[j]
                    daxpy(&m, &minus, <double*> &gram[j, 0], &one, g, &one)
            t = 1.0 if uphill > 0.0 else t_next
    return t
