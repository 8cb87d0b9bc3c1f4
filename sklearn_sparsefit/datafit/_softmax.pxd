# Add to raw predictions of all classes their best offset, which starts where it is, and tell residuals; the loss there.
# ``room`` has three rows, ``edges`` one for each class, ``mean`` is that of the raw predictions of the null model.
cdef double fit_one(
    const double[::1] codes,
    const double[::1] weights,
    const double[::1] mean,
    double[:, ::1] raw,
    double[:, ::1] residual,
    double[::1] offset,
    bint fit_intercept,
    double[:, ::1] room,
    double[:, ::1] edges,
) noexcept nogil

# The weighted mean of the misfits of samples, at a scale of their residuals, in the room of ``room_of``.
cdef double total_misfit(
    const double[::1] codes,
    const double[::1] weights,
    const double[:, ::1] raw,
    double scale,
    double[:, ::1] room,
) noexcept nogil
