from sklearn_sparsefit.penalty._feature_terms cimport FeatureTerms


cdef class SeparablePenalty:
    # Minimiser over u of (u - value)^2 / 2 + step * penalty_j(u).
    cdef double prox(self, Py_ssize_t j, double value, double step) noexcept nogil
    # Penalty of n coefficients that stand so many numbers apart; infinite where one is beyond its bounds, or no number.
    cdef double value_within(self, const double* w, Py_ssize_t n, Py_ssize_t apart) noexcept nogil
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


cdef class ElasticNetPenalty(SeparablePenalty):
    cdef readonly double alpha
    cdef readonly double l1_ratio
    cdef readonly FeatureTerms terms
    cdef readonly double design_unit
    cdef readonly double target_unit
    cdef double _weight_unit
    cdef readonly double l1
    cdef readonly double l2

    # Be another penalty of the same terms, in an objective that is measured in some unit, where there is no interpreter
    # to make a new one.
    cdef void measure(self, ElasticNetPenalty other, double unit) noexcept nogil
    cdef double _sum(self, const double* w, Py_ssize_t n, Py_ssize_t apart) noexcept nogil
    # The dual norm of correlations, and their Fenchel-Young terms beside coefficients.
    cdef double norm_of(self, const double[::1] correlation) noexcept nogil
    cdef double excess_of(self, const double[::1] w, const double[::1] correlation, double scale) noexcept nogil
