"""The duality gap of a penalised problem."""

import math
from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from sklearn_sparsefit._typing import Vector
from sklearn_sparsefit.penalty import Penalty

HAIR = 4 * np.finfo(np.float64).eps
# By how much dual points are shortened where there is no gap at their full length, first for rounding.
BACKS = (0.0, 1e-14, 1e-12, 1e-9, 1e-6)


class Outside:
    """Some features whose coefficients are zero, their correlations and their penalty.

    None of those that are not among them reaches the threshold. Where the ``largest_magnitude`` is no more than ``l1``
    there is nothing to gain.
    """

    def __init__(self, features: NDArray[np.intp] | slice, correlation: Vector, penalty: Penalty):
        self.features, self.correlation, self.penalty = features, correlation, penalty
        self.largest_magnitude = penalty.largest_magnitude(correlation)

    @cached_property
    def sizes(self) -> Vector:
        """Sizes of the correlations."""
        return self.penalty.sizes(self.correlation)

    @property
    def magnitudes(self) -> Vector:
        """What is held against ``l1``."""
        return self.penalty.magnitudes(self.sizes)

    @property
    def dual_norm(self) -> float:
        """Largest magnitude of what has no bounds: up to ``l1`` the conjugate is finite."""
        if self.penalty.terms.has_nonzero_bounds:
            return self.penalty.dual_norm(self.correlation)
        return self.largest_magnitude


def quadratic_misfit(energy: float) -> Callable[[float], float]:
    """The misfit of weighted least squares, (1 - t)^2 / 2 * energy, for residuals with sum_i s_i r_i^2 = ``energy``."""
    return lambda scale: 0.5 * (1 - scale) ** 2 * energy


def duality_gap(
    loss_misfit: Callable[[float], float],
    coef: Vector,
    correlation: Vector,
    penalty: Penalty,
    outside: Outside | None = None,
    slack: float = 0.0,
    limit: float = np.inf,
) -> float:
    """Duality gap at coefficients with raw predictions z, f their loss, and any r that is orthogonal to what is free.

    Those are the residuals r = -f'(z), or dual points near to them.

    For correlations c = X'(s r) of the features with coefficients w (``correlation``) and of those without
    (``outside``), the dual point t * r gives

        P(w) - D(t r) = misfit(t) + sum_j [penalty(w_j) + conjugate(t c_j) - t w_j c_j],

    where misfit(t) = sum_i s_i [f(z_i) + f*(-t r_i) + t r_i z_i] (``loss_misfit``): a sum of terms that are each at
    least zero (Fenchel-Young), so no digits cancel. The best is taken of t = 1, where the conjugate is finite, and of
    the largest t <= 1 at which it vanishes, everywhere or but where there are bounds (Massias et al. 2018, section 2);
    where the misfit is infinite there, of one a little below.

    Where each correlation of a least squares problem is known up to ``slack`` alone, and the sum of squares up to
    2 slack ||w||_1, the gap is a bound for all that they may be: the terms move by t slack ||w||_1 where the conjugate
    vanishes, by as much again with the bounds in place of w where these bound it, and elsewhere, by the strong
    convexity of a penalty with l2 > 0, the root of their sum S by slack (p / (2 l2))^(1/2).

    Where the penalty's part of the gap is above a limit already, that part may stand for all of it.
    """
    reach = slack * float(np.abs(penalty.sizes(coef)).sum()) if slack else 0.0
    outside_norm = largest_outside = 0.0
    if outside is not None:
        outside_norm, largest_outside = outside.dual_norm, outside.largest_magnitude

    def gap(scale: float) -> float:
        of_penalty = penalty.fenchel_young(coef, correlation, scale)
        if outside is not None and scale * largest_outside > penalty.l1:
            of_penalty += outside.penalty.conjugate(outside.correlation, scale)
        if slack:
            of_penalty = loosened(of_penalty, scale)
        if of_penalty > limit:
            return of_penalty
        return loss_misfit(scale) + (1 - scale) ** 2 * reach + of_penalty

    def best_near(scale: float) -> float:
        # Dual points of models may be a little beyond what the loss has a conjugate for.
        for back in BACKS:
            value = gap(scale * (1.0 - back))
            if value != math.inf:
                return value
        return math.inf

    def loosened(of_penalty: float, scale: float) -> float:
        """Slack is for designs that are known as a whole: nothing is outside."""
        if scale == 1.0 and norm > penalty.l1:
            return (np.sqrt(of_penalty) + slack * np.sqrt(coef.shape[-1] / (2 * penalty.least_curvature))) ** 2
        return of_penalty + scale * (reach + slack * penalty.bounded_reach(scale * correlation, scale * slack))

    reach_of_norms = slack * penalty.terms.steepest
    norm = reach_of_norms + _larger(penalty.dual_norm(correlation), outside_norm)
    largest = norm
    if penalty.terms.has_nonzero_bounds:
        largest = reach_of_norms + _larger(penalty.largest_magnitude(correlation), largest_outside)
    if not math.isfinite(norm + largest_outside):
        return math.nan
    # Weights are multiplied by on one side of a comparison, and divided by on the other.
    threshold = penalty.l1 * (1.0 if penalty.terms.is_uniform else 1 - HAIR)
    scales = [1.0] if norm <= threshold or penalty.l2 > 0 else []
    for size in (norm, largest) if penalty.terms.has_nonzero_bounds else (norm,):
        if size > threshold:
            # A hair below the boundary, so that rounding cannot put the scaled point outside.
            scales.append(penalty.l1 / size * (1 - HAIR))
    gaps = [best_near(scale) for scale in scales]
    return math.nan if any(map(math.isnan, gaps)) else min(gaps)


def _larger(one: float, other: float) -> float:
    """The larger number, NaN if either is; ``np.maximum`` takes a microsecond for that."""
    return one if one > other or math.isnan(one) else other


def least_squares_gap(correlation: Vector, gram: NDArray[np.float64]) -> float:
    """How far unpenalised least squares is above its minimum: c' G^+ c / 2 at correlations c = X'(s r).

    Stands in for the gap where there is no penalty and so no multiple of the residual is dual feasible. Exact but for
    rounding, which decides what counts as the null space of G. Within bounds it is a bound, given the correlations of
    those coefficients alone that may move where these point: the others could only raise the objective.
    """
    scales = np.sqrt(gram.diagonal())
    scales[scales == 0] = np.inf
    eigenvalues, vectors = eigh(gram / scales / scales[:, None])
    kept = eigenvalues > 1e-14 * len(gram)
    components = (correlation / scales) @ vectors[:, kept]
    return 0.5 * float((components**2 @ (1 / eigenvalues[kept])).sum())
