"""What a user is warned of once a model is fitted."""

from collections.abc import Iterable
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit._validation import TrainingData
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.cv import Fold
from sklearn_sparsefit.exceptions import ModelWarning
from sklearn_sparsefit.linear_model.feature_terms import FeatureOptions
from sklearn_sparsefit.path import PathResult, warn_if_loose
from sklearn_sparsefit.penalty import FeatureTerms

# Features that a warning names.
MOST_NAMED = 10
# Rounding adds about this much to a relative gap, times the largest penalty weight, over the smallest that is positive.
# At tolerances below the second, other rounding is as likely the reason.
ROUNDING, SMALLEST_TOL = 100 * np.finfo(np.float64).eps, 1e-8
# Standard deviations of features whose ratio is above this hardly compare: the features between them enter over half
# the decades of a grid of the usual length, 1e3.
FAR_APART = 30


def warn_of(
    paths: Iterable[tuple[str, PathResult]], kept: PathResult, options: FeatureOptions, data: TrainingData, tol: float
) -> None:
    """Warn of loose answers among the labelled paths of a fit, and of what features without a penalty make of it."""
    terms = options.check(data)
    may_move = (terms.lower < 0) | (terms.upper > 0)
    weights = np.where(may_move, terms.l1_weights, 0.0)
    paths = list(paths)
    warn_if_loose(paths, tol, _advice(weights, data.names, tol))
    unbounded = [label or "the data" for label, path in paths if path.has_no_minimum]
    if unbounded:
        free = np.flatnonzero(may_move & (weights == 0))
        warn_user(
            f"Perfect separation in {unbounded[0]}"
            + f" and {len(unbounded) - 1} other path(s)" * (len(unbounded) > 1)
            + f": features with penalty weight 0 ({_listed(free, data.names)}) tell apart without error the classes, or"
            " a group that is all of one class, or all zeros. Their best coefficients are infinite; those returned are"
            " finite, with a loss as close to its infimum as can be told. Give these features a penalty weight above 0"
            " or bounds, or leave them out.",
            ModelWarning,
        )
    if not may_move.any():
        warn_user(
            "Every feature is left out, by an infinite penalty weight or bounds of 0, so alpha has no effect: all"
            " coefficients are 0.",
            ModelWarning,
        )
    elif not weights.any():
        warn_user(
            "Features with penalty weight 0 are all that the model may keep, so alpha has no effect. Give those that"
            " are to be chosen from a weight above 0, or use a model without a penalty.",
            ModelWarning,
        )
    if len(kept.dependent):
        is_bounded = np.isfinite(terms.lower[terms.free]).any() or np.isfinite(terms.upper[terms.free]).any()
        if is_bounded:
            which = "Other coefficients within their bounds may have the same predictions."
        else:
            which = "Of all coefficients with the same predictions theirs are those with the least norm."
        warn_user(
            "Features with penalty weight 0 are combinations of others of them or of the intercept (constant):"
            f" {_listed(kept.dependent, data.names)}. {which}",
            ModelWarning,
        )


def warn_if_at_edge(
    path: PathResult,
    chosen: int,
    terms: FeatureTerms,
    options: FeatureOptions,
    data: TrainingData,
    alphas: Any,
) -> None:
    """Warn where the best alpha may lie beyond the grid: at its small end, or at a large end below alpha_max.

    The advice goes by ``alphas`` as they were asked for, by number or by value.
    """
    chosen_alpha, largest, smallest = path.alphas[[chosen, 0, -1]]
    penalised = terms.l1_weights > 0
    if not (penalised & ((terms.lower < 0) | (terms.upper > 0))).any():
        return
    if 0 < chosen_alpha == smallest < largest:
        advice = "the smallest that was tried; smaller ones may do better: "
        advice += f"lower eps (it was {smallest / largest:.3g})" if isinstance(alphas, Integral) else "extend alphas"
        advice += _advice_on_scales(options, data)
    elif smallest < chosen_alpha == largest and penalised[path.supports[0]].any():
        advice = "the largest that was tried; larger ones may do better: extend alphas"
    else:
        return
    warn_user(f"The chosen alpha={chosen_alpha:.6g} is {advice}.", ModelWarning)


def warn_if_interpolated(
    paths: Iterable[tuple[int, PathResult]], folds: list[Fold], terms: FeatureTerms, fit_intercept: bool
) -> None:
    """Warn where features that are not penalised fit the training rows of folds exactly; paths have their numbers."""
    n_free = np.count_nonzero(np.isinf(terms.lower[terms.free]) & np.isinf(terms.upper[terms.free]))
    interpolated = {
        number
        for number, path in paths
        if n_free - len(path.dependent) + fit_intercept >= np.count_nonzero(folds[number].train_weight)
    }
    if n_free and interpolated:
        warn_user(
            "Features with penalty weight 0 fit the training rows exactly, being as many as these, in"
            f" {len(interpolated)} of {len(folds)} folds: their errors are the same at every alpha, and say nothing of"
            " which is best.",
            ModelWarning,
        )


def _advice(weights: Vector, names: dict[str, Any], tol: float) -> str:
    """What may help where answers are loose."""
    too_small = np.flatnonzero((weights > 0) & (weights * max(tol, SMALLEST_TOL) < ROUNDING * weights.max()))
    if len(too_small) == 0:
        return "You might want to increase the number of iterations (max_iter), scale the features or raise alpha."
    return (
        f"Some penalty weights, those of {_listed(too_small, names)}, are so small beside the largest that rounding may"
        " keep the duality gap above the tolerance, however many iterations are taken. A weight of 0 would leave these"
        " unpenalised; infinity would leave out those with the largest."
    )


def _advice_on_scales(options: FeatureOptions, data: TrainingData) -> str:
    """What may help where features whose weights nobody chose are on scales far apart."""
    if options.standardize or options.penalty_weights is not None:
        return ""
    (scales,) = replace(options, standardize=True).scales(data, [data.sample_weight])
    # Constant columns have none, and are given a one.
    scales = scales[scales != 1]
    if not len(scales) or scales.max() <= FAR_APART * scales.min():
        return ""
    return (
        f". The features are on scales far apart (standard deviations from {scales.min():.2g} to {scales.max():.2g}):"
        " standardize=True may do better still"
    )


def _listed(features: NDArray[np.intp], names: dict[str, Any]) -> str:
    """Names of features, or their numbers, the first few of them."""
    found = names["feature_names_in_"][features] if "feature_names_in_" in names else features
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(str(name) for name in found[:MOST_NAMED]) + more
