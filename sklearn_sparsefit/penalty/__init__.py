"""Penalties: what a coefficient costs.

A penalty is separable over features. The kernels see it one coordinate at a time (``prox``, ``slope``,
``curvature``); the engine sees it whole (``value``, ``magnitudes``, ``conjugate``). It never sees X or y.
"""

from sklearn_sparsefit.penalty._feature_terms import FeatureTerms
from sklearn_sparsefit.penalty._penalty import ElasticNetPenalty
from sklearn_sparsefit.penalty.base import Penalty
from sklearn_sparsefit.penalty.multi_task import BoundedMultiTaskPenalty, MultiTaskPenalty, multi_task_penalty
from sklearn_sparsefit.penalty.separate_tasks import SeparateTasksPenalty

__all__ = [
    "BoundedMultiTaskPenalty",
    "ElasticNetPenalty",
    "FeatureTerms",
    "MultiTaskPenalty",
    "Penalty",
    "SeparateTasksPenalty",
    "multi_task_penalty",
]
