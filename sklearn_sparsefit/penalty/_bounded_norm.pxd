# The s at which w = clip(s z, lower, upper) minimises ridge / 2 |w|^2 + l1 |w| - <z, w> within the bounds, for z of n
# numbers: zero where w is, and infinity where it is no finite s. Looked for from where |w| is ``size_before``, if > 0.
cdef double best_scale(
    const double* z, Py_ssize_t n, double l1, double ridge, double lower, double upper, double size_before
) noexcept nogil

# s z within the bounds.
cdef double within(double s, double z, double lower, double upper) noexcept nogil
