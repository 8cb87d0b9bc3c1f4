cdef class Penalty:
    # Minimiser over u of (u - value)^2 / 2 + step * penalty(u).
    cdef double prox(self, double value, double step) noexcept nogil
    # Derivative of the penalty at w != 0, where it is locally a quadratic ...
    cdef double slope(self, double w) noexcept nogil
    # ... of this second derivative.
    cdef double curvature(self) noexcept nogil


cdef class ElasticNetPenalty(Penalty):
    cdef readonly double alpha
    cdef readonly double l1_ratio
    cdef readonly bint positive
    cdef readonly double design_unit
    cdef readonly double target_unit
    cdef readonly double l1
    cdef readonly double l2
