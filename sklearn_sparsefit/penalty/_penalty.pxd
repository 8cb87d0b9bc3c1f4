cdef class Penalty:
    # Minimiser over u of (u - value)^2 / 2 + step * penalty_j(u).
    cdef double prox(self, Py_ssize_t j, double value, double step) noexcept nogil
    # Whether the penalty has a kink at w, or w is at a bound: there a coefficient may rest.
    cdef bint may_rest(self, Py_ssize_t j, double w) noexcept nogil
    # Ends of the piece on that side of zero, on which the penalty is a quadratic ...
    cdef double piece_start(self, Py_ssize_t j, double side) noexcept nogil
    cdef double piece_end(self, Py_ssize_t j, double side) noexcept nogil
    # ... of this slope at w ...
    cdef double slope(self, Py_ssize_t j, double w, double side) noexcept nogil
    # ... and this second derivative, some fixed multiple of a common one.
    cdef double curvature(self, Py_ssize_t j) noexcept nogil
    cdef double common_curvature(self) noexcept nogil


cdef class FeatureTerms:
    cdef const double[::1] _l1
    cdef const double[::1] _l2
    cdef const double[::1] _lower
    cdef const double[::1] _upper
    # What a correlation is multiplied by to be held against the threshold, on either side of zero; zero where that side
    # is closed to the coefficient, and in the second pair where it has a bound there.
    cdef const double[::1] _up
    cdef const double[::1] _down
    cdef const double[::1] _unbounded_up
    cdef const double[::1] _unbounded_down
    cdef readonly bint is_uniform
    cdef readonly bint has_bounds
    # Largest of what correlations are multiplied by.
    cdef readonly double steepest
    cdef readonly double unit


cdef class ElasticNetPenalty(Penalty):
    cdef readonly double alpha
    cdef readonly double l1_ratio
    cdef readonly FeatureTerms terms
    cdef readonly double design_unit
    cdef readonly double target_unit
    cdef double _weight_unit
    cdef readonly double l1
    cdef readonly double l2
