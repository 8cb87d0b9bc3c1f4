cdef inline double at_least_zero(double x) noexcept nogil:
    """What rounding has taken below zero is zero; NaN stays NaN, which fmax would hide."""
    return 0.0 if x < 0.0 else x


cdef class Loss:
    cdef double value(self, double y, double z) noexcept nogil
    cdef double derivative(self, double y, double z) noexcept nogil
    cdef double curvature(self, double y, double z) noexcept nogil
    cdef void look(self, double y, double z, double* derivative, double* curvature) noexcept nogil
    cdef void evaluate(self, double y, double z, double* value, double* derivative) noexcept nogil
    cdef double misfit(self, double y, double z, double slope) noexcept nogil
    cdef void look_rows(
        self, const double* y, const double* z, Py_ssize_t n, double* derivatives, double* curvatures
    ) noexcept nogil
    cdef void evaluate_rows(
        self, const double* y, const double* z, Py_ssize_t n, double* values, double* derivatives
    ) noexcept nogil
    cdef void misfit_rows(
        self, const double* y, const double* z, const double* slopes, Py_ssize_t n, double* misfits
    ) noexcept nogil
    cdef double _best_shift(
        self, const double[::1] y, const double[::1] weights, const double[::1] z, double shift
    ) noexcept nogil
    # sum_i s_i [f(z_i) + f*(-t r_i) + t r_i z_i] at a scale t of the residuals r.
    cdef double total_misfit(
        self,
        const double[::1] y,
        const double[::1] weights,
        const double[::1] raw,
        const double[::1] residuals,
        double scale,
    ) noexcept nogil
