cdef class Columns:
    cdef readonly Py_ssize_t n_samples
    cdef readonly Py_ssize_t n_columns
    # sum_i z_ij v_i
    cdef double dot(self, Py_ssize_t j, const double* v) noexcept nogil
    # v_i += step * s_i * z_ij
    cdef void add_weighted(self, Py_ssize_t j, double step, const double* s, double* v) noexcept nogil


cdef class DenseColumns(Columns):
    cdef object _buffer
    cdef double[:, ::1] _values
    cdef readonly object shift


cdef class SparseColumns(Columns):
    cdef double[::1] _data
    cdef int[::1] _indices
    cdef long long[::1] _indptr
