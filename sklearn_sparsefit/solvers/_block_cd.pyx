"""Block coordinate descent on a Gram matrix, for coefficients that several tasks share."""

from libc.math cimport fmax, sqrt


def sweep(
    const double[:, ::1] gram,
    const double[::1] sq_norms,
    const Py_ssize_t[::1] positions,
    const double[::1] l1,
    const double[::1] l2,
    double[:, ::1] coef,
    double[:, ::1] correlation,
    double[::1] room,
    Py_ssize_t n_sweeps,
):
    """Sweeps over the features at some positions, in place; returns the largest move of the last of them.

    Every step is the minimum over one feature's coefficients w_j of all tasks: with u = w_j + c_j / h, the new ones are
    u (1 - l1_j / (h |u|))_+ / (1 + l2_j / h). ``coef`` and ``correlation`` have shape (n_features, n_tasks), and
    correlations are kept up to date at these positions alone. Moves are in units of the prediction.
    """
    cdef Py_ssize_t a, b, j, k, t, n_tasks = coef.shape[1], _
    cdef double h, norm, factor, change, largest = 0.0, g
    cdef double* move = &room[0]
    cdef double* c
    with nogil:
        for _ in range(n_sweeps):
            largest = 0.0
            for a in range(positions.shape[0]):
                j = positions[a]
                h = sq_norms[j]
                if h <= 0.0:
                    continue
                norm = 0.0
                for t in range(n_tasks):
                    move[t] = coef[j, t] + correlation[j, t] / h
                    norm += move[t] * move[t]
                norm = sqrt(norm)
                factor = 0.0
                if h * norm > l1[j]:
                    factor = (1.0 - l1[j] / (h * norm)) / (1.0 + l2[j] / h)
                change = 0.0
                for t in range(n_tasks):
                    move[t] = factor * move[t] - coef[j, t]
                    change += move[t] * move[t]
                if change == 0.0:
                    continue
                largest = fmax(largest, sqrt(change * h))
                for t in range(n_tasks):
                    coef[j, t] += move[t]
                for b in range(positions.shape[0]):
                    k = positions[b]
                    g = gram[j, k]
                    c = &correlation[k, 0]
                    for t in range(n_tasks):
                        c[t] -= g * move[t]
    return largest
