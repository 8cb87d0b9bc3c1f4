"""The 2-norm of a feature's coefficients over the tasks, and half its square, where each of these has bounds.

With the bounds, the minimum of H / 2 |w|^2 + l1 |w| - <z, w> is w = clip(s z) for some s >= 0, with
1 / s = H + l1 / |w|. So s is the root of (|w| / s) (1 - s H) = l1, where both factors fall as s grows.
"""

from libc.math cimport INFINITY, fabs, isfinite, sqrt

import numpy as np

cdef double EPS = np.finfo(np.float64).eps
# Newton steps with brackets around them; halvings alone take about as many.
cdef int MAX_STEPS = 100


cdef double within(double s, double z, double lower, double upper) noexcept nogil:
    # Not s * z where a bound is zero: s may be infinite, and z zero.
    if z > 0.0:
        return upper if upper == 0.0 or s * z >= upper else s * z
    if z < 0.0:
        return lower if lower == 0.0 or s * z <= lower else s * z
    return 0.0


cdef double best_scale(
    const double* z, Py_ssize_t n, double l1, double ridge, double lower, double upper, double size_before
) noexcept nogil:
    cdef Py_ssize_t t
    cdef int _
    cdef bint is_met = False
    cdef double size, bound, square = 0.0, unbounded = 0.0, corner = 0.0, nearest = INFINITY, farthest = 0.0
    cdef double low = 0.0, high, s, following, inside, stopped, length, excess
    for t in range(n):
        if (upper if z[t] > 0.0 else lower) != 0.0:
            square += z[t] * z[t]
    length = sqrt(square)
    if not length > l1:
        return 0.0
    # No bound is met ...
    if ridge > 0.0:
        high = (1.0 - l1 / length) / ridge
        for t in range(n):
            is_met |= not lower <= high * z[t] <= upper and (upper if z[t] > 0.0 else lower) != 0.0
        if not is_met:
            return high
    else:
        # ... or every one is.
        for t in range(n):
            size, bound = fabs(z[t]), upper if z[t] > 0.0 else -lower
            if size == 0.0 or bound == 0.0:
                continue
            if bound < INFINITY:
                nearest, farthest = min(nearest, bound / size), max(farthest, bound / size)
                corner += bound * bound
            else:
                unbounded += size * size
        length = sqrt(unbounded)
        if not length < l1:
            return INFINITY
        high = sqrt(corner / ((l1 - length) * (l1 + length)))
        if high >= farthest:
            return high
        # Up to the nearest bound the left side is flat.
        low, high = nearest, farthest
    # It is convex: steps that start or have come below the root stay there.
    s = size_before / (size_before * ridge + l1) if size_before > 0.0 else high
    if not low < s < high:
        s = (1.0 + 4.0 * EPS) * low if ridge == 0.0 else high
    for _ in range(MAX_STEPS):
        inside = stopped = 0.0
        for t in range(n):
            size, bound = fabs(z[t]), upper if z[t] > 0.0 else -lower
            if size == 0.0 or bound == 0.0:
                continue
            if s * size < bound:
                inside += size * size
            else:
                stopped += bound * bound
        stopped /= s * s
        length = sqrt(inside + stopped)
        excess = length * (1.0 - s * ridge) - l1
        if excess > 0.0:
            low = s
        else:
            high = s
        following = s + excess / (stopped / (s * length) * (1.0 - s * ridge) + length * ridge)
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if fabs(following - s) <= 2.0 * EPS * s:
            return following
        s = following
    return s


cdef struct Split:
    # Sum of bounds times what they hold back, and the norm of the rest.
    double held
    double size


cdef Split _split(
    const double* u, double* rest, Py_ssize_t n, double l1, double l2, double lower, double upper, double size_before
) noexcept nogil:
    """The conjugate at u: the least, over all splits of u in two, of the norm's at one and of the bounds' at the other.

    The best rest is clip(s u) / s. Any split gives an upper bound, so the rounding of s harms no certificate.
    """
    cdef Split found = Split(0.0, 0.0)
    cdef Py_ssize_t t
    cdef double s, bound, square = 0.0
    if lower == -INFINITY and upper == INFINITY:
        for t in range(n):
            rest[t] = u[t]
            square += u[t] * u[t]
        found.size = sqrt(square)
        return found
    s = best_scale(u, n, l1, l2, lower, upper, size_before)
    for t in range(n):
        bound = upper if u[t] > 0.0 else lower
        rest[t] = u[t]
        if bound == 0.0:
            rest[t] = 0.0
        elif fabs(bound) < INFINITY and s * fabs(u[t]) > fabs(bound):
            rest[t] = bound / s
        if rest[t] != u[t]:
            found.held += (u[t] - rest[t]) * bound
        square += rest[t] * rest[t]
    found.size = sqrt(square)
    if l2 == 0.0 and 0.0 < s < INFINITY:
        # But for rounding.
        found.size = min(found.size, l1)
    return found


def norms(const double[:, ::1] values):
    """Norms over the tasks, the first axis."""
    cdef Py_ssize_t j, t
    result = np.zeros(values.shape[1])
    cdef double[::1] out = result
    with nogil:
        for t in range(values.shape[0]):
            for j in range(values.shape[1]):
                out[j] += values[t, j] * values[t, j]
        for j in range(values.shape[1]):
            out[j] = sqrt(out[j])
    return result


def sizes(const double[:, ::1] values, const double[::1] lower, const double[::1] upper, double room):
    """Norms over the tasks, the first axis, of what points to a side of zero on which there is more than ``room``."""
    cdef Py_ssize_t j, t
    cdef double up, down, value
    result = np.zeros(values.shape[1])
    cdef double[::1] out = result
    with nogil:
        for t in range(values.shape[0]):
            for j in range(values.shape[1]):
                up, down = 1.0 if upper[j] > room else 0.0, 1.0 if -lower[j] > room else 0.0
                # NaN stays NaN.
                value = values[t, j] * (up if values[t, j] > 0.0 else down)
                out[j] += value * value
        for j in range(values.shape[1]):
            out[j] = sqrt(out[j])
    return result


def prox(const double[:, :] values, const double[::1] steps, const double[:, ::1] terms):
    """Minimiser w of |w - v|^2 / 2 + step * penalty(w) for every feature's values v, with a step for each."""
    cdef Py_ssize_t j, t, n_tasks = values.shape[0]
    cdef double s, l1, ridge
    cdef double[::1] v = np.empty(n_tasks)
    result = np.empty((n_tasks, values.shape[1]))
    cdef double[:, ::1] out = result
    with nogil:
        for j in range(values.shape[1]):
            for t in range(n_tasks):
                v[t] = values[t, j]
            l1, ridge = steps[j] * terms[0, j], 1.0 + steps[j] * terms[1, j]
            s = best_scale(&v[0], n_tasks, l1, ridge, terms[2, j], terms[3, j], 0.0)
            for t in range(n_tasks):
                out[t, j] = within(s, v[t], terms[2, j], terms[3, j])
    return result


def conjugate(const double[:, :] correlation, double scale, const double[:, ::1] terms):
    """Fenchel conjugate at ``scale * correlation``, summed; ``terms`` are l1, l2 and the bounds of all features."""
    cdef Py_ssize_t j, t, n_tasks = correlation.shape[0]
    cdef double total = 0.0, excess
    cdef double[:, ::1] room = np.empty((2, n_tasks))
    cdef Split split
    with nogil:
        for j in range(correlation.shape[1]):
            for t in range(n_tasks):
                room[0, t] = scale * correlation[t, j]
            split = _split(
                &room[0, 0], &room[1, 0], n_tasks, terms[0, j], terms[1, j], terms[2, j], terms[3, j], 0.0
            )
            excess = split.size - terms[0, j]
            total += split.held
            if excess > 0.0:
                total += excess * excess / (2.0 * terms[1, j]) if terms[1, j] > 0.0 else INFINITY
    return total


def fenchel_young(
    const double[:, :] coef, const double[:, :] correlation, double scale, const double[:, ::1] terms
):
    """sum_j penalty(w_j) + conjugate(u_j) - <w_j, u_j> at u = scale * correlation, in terms that are >= 0.

    What bounds hold back of u counts by how far w is from the bounds. For the rest, a, it is the term of the norms and
    what the directions are apart: <w, a> = |w| |a| - |w| |a| |w / |w| - a / |a||^2 / 2.
    """
    cdef Py_ssize_t j, t, n_tasks = correlation.shape[0]
    cdef double total = 0.0, l1, l2, excess, size, square, apart, u, bound
    cdef double[:, ::1] room = np.empty((2, n_tasks))
    cdef Split split
    with nogil:
        for j in range(correlation.shape[1]):
            l1, l2 = terms[0, j], terms[1, j]
            for t in range(n_tasks):
                room[0, t] = scale * correlation[t, j]
            square = 0.0
            for t in range(n_tasks):
                square += coef[t, j] * coef[t, j]
            size = sqrt(square)
            split = _split(&room[0, 0], &room[1, 0], n_tasks, l1, l2, terms[2, j], terms[3, j], size)
            for t in range(n_tasks):
                u = room[0, t] - room[1, t]
                if u != 0.0:
                    bound = terms[3, j] if u > 0.0 else terms[2, j]
                    total += (bound - coef[t, j]) * u
            excess = split.size - l1
            if excess > 0.0:
                if l2 == 0.0:
                    total = INFINITY
                    break
                total += (excess - l2 * size) * (excess - l2 * size) / (2.0 * l2)
            else:
                total += size * -excess + 0.5 * l2 * square
            if size > 0.0 and split.size > 0.0:
                apart = 0.0
                for t in range(n_tasks):
                    u = coef[t, j] / size - room[1, t] / split.size
                    apart += u * u
                total += 0.5 * size * split.size * apart
    return total


def reach(const double[:, :] correlation, double slack, const double[:, ::1] terms):
    """How steep the conjugate is at most, summed over the features, where correlations may be off by ``slack``.

    For u off by d, <u + d, w> is at most <u, w> + |d| |w|: the conjugate rises by no more than if l1 were lower by
    ``slack``, that is, by ``slack`` times the norm of the maximiser then.
    """
    cdef Py_ssize_t j, t, n_tasks = correlation.shape[0]
    cdef double total = 0.0, l1, l2, s, square, value, lower, upper
    cdef double[::1] u = np.empty(n_tasks)
    with nogil:
        for j in range(correlation.shape[1]):
            l1, l2, lower, upper, square = terms[0, j] - slack, terms[1, j], terms[2, j], terms[3, j], 0.0
            for t in range(n_tasks):
                u[t] = correlation[t, j]
            s = best_scale(&u[0], n_tasks, max(l1, 0.0), l2, lower, upper, 0.0)
            for t in range(n_tasks):
                if l1 <= 0.0:
                    # Any direction may be the best. Where there is no curvature, there is a bound or no correlation.
                    value = max(upper if isfinite(upper) else 0.0, -lower if isfinite(lower) else 0.0)
                    if l2 > 0.0:
                        value = (fabs(u[t]) - l1) / l2
                else:
                    value = within(s, u[t], lower, upper) if s > 0.0 else 0.0
                square += value * value
            total += sqrt(square)
    return total
