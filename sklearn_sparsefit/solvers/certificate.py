"""The duality gap of a penalised weighted least squares problem."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from sklearn_sparsefit.penalty import Penalty

Vector = NDArray[np.float64]

NOTHING = np.empty(0)


def duality_gap(
    energy: float,
    coef: Vector,
    correlation: Vector,
    penalty: Penalty,
    outside: Vector = NOTHING,
    slack: float = 0.0,
) -> float:
    """Duality gap at coefficients whose residual r has sum_i s_i r_i^2 = ``energy``.

    For correlations c = X'(s r) of the features with coefficients w (``correlation``) and of those without
    (``outside``), the dual point t * r gives

        P(w) - D(t r) = (1 - t)^2 / 2 * energy + sum_j [penalty(w_j) + conjugate(t c_j) - t w_j c_j],

    a sum of terms that are each at least zero (Fenchel-Young), so no digits cancel. The best is taken of t = 1, where
    the conjugate is finite, and of the largest t <= 1 at which it vanishes (Massias et al. 2018, section 2).

    Where each correlation is known up to ``slack`` alone, and the energy up to 2 slack ||w||_1, the gap is a bound for
    all that they may be: the terms move by t slack ||w||_1 where the conjugate vanishes, and elsewhere, by the strong
    convexity of a penalty with l2 > 0, the root of their sum S by slack (p / (2 l2))^(1/2).
    """
    reach = slack * float(np.abs(coef).sum()) if slack else 0.0

    def gap(scale: float) -> float:
        misfit = penalty.fenchel_young(coef, correlation, scale)
        if scale * outside_norm > penalty.l1:
            misfit += penalty.conjugate(outside, scale)
        if slack and scale == 1.0 and norm > penalty.l1:
            misfit = (np.sqrt(misfit) + slack * np.sqrt((len(coef) + len(outside)) / (2 * penalty.l2))) ** 2
        else:
            misfit += scale * reach
        return 0.5 * (1 - scale) ** 2 * (energy + 2 * reach) + misfit

    outside_norm = penalty.dual_norm(outside)
    norm = slack + np.maximum(penalty.dual_norm(correlation), outside_norm)
    if not (np.isfinite(norm) and np.isfinite(energy)):
        return np.nan
    if norm <= penalty.l1:
        return gap(1.0)
    # A hair below the boundary, so that rounding cannot put the scaled point outside.
    feasible = gap(penalty.l1 / norm * (1 - 4 * np.finfo(np.float64).eps))
    return min(gap(1.0), feasible) if penalty.l2 > 0 else feasible


def least_squares_gap(correlation: Vector, gram: NDArray[np.float64]) -> float:
    """How far unpenalised least squares is above its minimum: c' G^+ c / 2 at correlations c = X'(s r).

    Stands in for the gap where there is no penalty and so no multiple of the residual is dual feasible. Exact but for
    rounding, which decides what counts as the null space of G.
    """
    scales = np.sqrt(gram.diagonal())
    scales[scales == 0] = np.inf
    eigenvalues, vectors = eigh(gram / scales / scales[:, None])
    kept = eigenvalues > 1e-14 * len(gram)
    components = (correlation / scales) @ vectors[:, kept]
    return 0.5 * float(components**2 @ (1 / eigenvalues[kept]))
