cdef class Columns:
    cdef readonly Py_ssize_t n_samples
    cdef readonly Py_ssize_t n_columns
    # sums[q] = sum_i z_ij v_iq, for vectors that are one, or WIDTH side by side
    cdef void gather(self, Py_ssize_t j, const double* v, Py_ssize_t width, double* sums) noexcept nogil
    # v_iq += steps[q] * s_i * z_ij
    cdef void scatter(
        self, Py_ssize_t j, const double* steps, const double* s, Py_ssize_t width, double* v
    ) noexcept nogil


cdef class DenseColumns(Columns):
    cdef object _buffer
    cdef double[:, ::1] _values
    cdef readonly object shift


cdef class SparseColumns(Columns):
    cdef double[::1] _data
    cdef int[::1] _indices
    cdef long long[::1] _indptr
