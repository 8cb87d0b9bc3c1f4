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
    # Whether a feature that is not left out has a bound, be it zero; and one that lets it be other than zero, where the
    # conjugate is finite.
    cdef readonly bint has_bounds
    cdef readonly bint has_nonzero_bounds
    # Largest of what correlations are multiplied by.
    cdef readonly double steepest
    cdef readonly double unit
