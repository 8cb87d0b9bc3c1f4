"""Penalties: what a coefficient costs.

A penalty is separable over coefficients. The kernels see it one coordinate at a time (``prox``, ``slope``,
``curvature``); the engine sees it whole (``value``, ``magnitude``, ``conjugate``). It never sees X or y.
"""

from sklearn_sparsefit.penalty._penalty import ElasticNetPenalty, Penalty

__all__ = ["ElasticNetPenalty", "Penalty"]
