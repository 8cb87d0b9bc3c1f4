# What lines of a compressed matrix are gathered and scattered by, whatever their values and positions are stored in.
ctypedef void (*GatherLines)(
    const void* values, const void* positions, const long long* starts, const long long* stops, Py_ssize_t n_lines,
    const double* vectors, Py_ssize_t width, double* out, Py_ssize_t k, Py_ssize_t apart
) noexcept nogil
ctypedef void (*ScatterLines)(
    const void* values, const void* positions, const long long* starts, Py_ssize_t n_lines,
    const double* vectors, Py_ssize_t width, double* out
) noexcept nogil

cdef extern from "_simd.h" nogil:
    const int WIDTH "SPARSEFIT_WIDTH"
    const int FEW_VECTORS "SPARSEFIT_FEW"
    void widen(const float* x, Py_ssize_t n, double* out) noexcept
    void shift_line(double* z, Py_ssize_t n, double scale, const double* shift, double offset) noexcept
    void centre_line(double* z, Py_ssize_t n, const double* shift, double factor) noexcept
    void dots_of_lines(
        const double* lines, Py_ssize_t apart, Py_ssize_t n_lines, Py_ssize_t n, const double* vectors,
        Py_ssize_t vectors_apart, Py_ssize_t k, double* out, Py_ssize_t out_apart
    ) noexcept
    void sums_of_lines(
        const double* lines, Py_ssize_t apart, Py_ssize_t n_lines, Py_ssize_t n, const double* vectors,
        Py_ssize_t vectors_apart, Py_ssize_t k, double* out, Py_ssize_t out_apart
    ) noexcept
    void scale_line(double* z, Py_ssize_t n, const double* factor) noexcept
    double square_of_product(const double* x, const double* weights, Py_ssize_t n, double centre) noexcept
    void add_squares(const double* x, Py_ssize_t n, double factor, double* out) noexcept
    GatherLines gather_double_int_lines, gather_double_long_lines, gather_float_int_lines, gather_float_long_lines
    ScatterLines scatter_double_int_lines, scatter_double_long_lines, scatter_float_int_lines, scatter_float_long_lines
