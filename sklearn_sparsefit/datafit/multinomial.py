"""Multinomial logistic regression: one raw prediction for each of several classes."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from sklearn_sparsefit.datafit.base import Block, Datafit, Fits, Vector
from sklearn_sparsefit.datafit.quadratic import summing_to_one

# Of shape (n_classes, n_samples).
Matrix = NDArray[np.float64]

EPS = np.finfo(np.float64).eps
# Where the loss of a sample is so much flatter than the mean, its probabilities in a model are mixed with equal ones,
# so that steps stay finite. Hardly where its own class is the likeliest: derivatives are as small as curvatures there,
# and Newton steps of about one, where shorter ones would take thousands.
FLAT, LOWEST = 1e-4, 1e-14
# Mean residuals from which on raw predictions whose means are those of the null model may be a better start.
FAR = 0.1
# Newton steps to the best intercepts, each halved until the loss is lower by this share of what it promises; and
# derivatives that are next to nothing.
MAX_STEPS, MAX_HALVINGS, ARMIJO, NEARLY = 100, 30, 1e-4, 1e-10

# (1 + x) log(1 + x) - x is taken from its series up to here.
NEAR = 0.1
SERIES = [0.0, 0.0, *((-1.0) ** n / (n * (n - 1)) for n in range(2, 18))]


@dataclass
class SoftmaxModel:
    """Quadratic model of the multinomial loss: sample i has the Hessian w_i (diag(p_i) - p_i p_i').

    Steps v of the raw predictions shift the best intercepts by -M^+ sum_i w_i H_i v_i, M = sum_i w_i H_i, where M^+ is
    R R', R being the ``inverse_root`` (zero without intercepts).
    """

    weights: Vector
    probabilities: Matrix
    inverse_root: NDArray[np.float64]
    residual_size: float
    # sum_i w_i <r_i, H_i^+ r_i>, for residuals r_i at the point that it is about.
    energy: float

    def about(self, residual: Matrix) -> "SoftmaxModel":
        """The same about another point, given the residuals there."""
        return replace(self, energy=_energy(self.weights, self.probabilities, residual))


class Multinomial(Datafit):
    """sum_i s_i [log sum_k exp(z_ik + b_k) - (z_ik + b_k at the class k of i)], for classes 0, 1, ...

    Adding a number to the raw predictions of all classes changes nothing: intercepts sum to zero.
    """

    unit = 1.0
    is_relative = True
    has_models = True

    def __init__(self, codes: Vector, n_classes: int, sample_weight: Vector | None = None, fit_intercept: bool = True):
        self.weights = summing_to_one(sample_weight, len(codes))
        self.fit_intercept = fit_intercept
        self._codes = codes.astype(np.intp)
        # Rows without weight count for nothing, whatever is in them.
        self._unused = np.flatnonzero(self.weights == 0)
        self._rows = np.arange(len(codes))
        self.mean = np.zeros(n_classes)
        if fit_intercept:
            self.mean = np.log(np.bincount(self._codes, self.weights, n_classes))
            self.mean -= self.mean.mean()
        null = self.fit(np.zeros((1, n_classes, len(codes))))
        self.null_residual, self.null_loss = null.residuals[0], float(null.losses[0])
        sizes = np.abs(self.null_residual) + self._variances(null.raw[0]) * np.maximum(np.abs(null.raw[0]), 1.0)
        self.residual_size = float(np.sqrt((sizes**2).sum(axis=0) @ self.weights))

    def fit(self, raw_predictions: Block, offsets: NDArray[np.float64] | None = None) -> Fits:
        """See :class:`Datafit`."""
        raw = raw_predictions + self.mean[:, None]
        raw[..., self._unused] = 0.0
        offsets = np.zeros(raw.shape[:-1]) if offsets is None else offsets.copy()
        residuals, losses = np.empty(raw.shape), np.empty(len(raw))
        for row in range(len(raw)):
            residuals[row], losses[row] = self._at_best_intercepts(raw[row], offsets[row])
        return Fits(residuals, offsets, losses, raw + offsets[..., None])

    def _at_best_intercepts(self, raw: Matrix, offset: Vector) -> tuple[Matrix, float]:
        """Residuals and loss at the best intercepts, which are found by Newton steps, in place."""
        residual, loss = self._residual(raw + offset[:, None])
        if not self.fit_intercept:
            return residual, loss
        gradient = residual @ self.weights
        if np.abs(gradient).max() > FAR:
            centred = self.mean - raw @ self.weights
            centred -= centred.mean()
            there = self._residual(raw + centred[:, None])
            if there[1] < loss:
                offset[:] = centred
                residual, loss = there
                gradient = residual @ self.weights
        rounding = 4 * EPS * (1.0 + float(self.weights @ np.abs(raw + offset[:, None]).max(axis=0)))
        spread = 1.0 + float(np.ptp(raw + offset[:, None], axis=0).max())
        for _ in range(MAX_STEPS):
            # Where the loss is nearly linear, a step is held to spread over gradient; at the end it is Newton's.
            held = float(np.abs(gradient).max()) ** 2 / spread
            root = _inverse_root(self._of_classes(residual), self.weights, held)
            step = root @ (root.T @ gradient)
            step -= step.mean()
            promised = ARMIJO * float(gradient @ step)
            for length in 0.5 ** np.arange(MAX_HALVINGS):
                moved, moved_loss = self._residual(raw + (offset + length * step)[:, None])
                if moved_loss <= loss - length * promised + rounding:
                    break
            else:
                break
            largest, gradient = np.abs(gradient).max(), moved @ self.weights
            # A few digits from the best, a step that gains nothing says that rounding is all that is left.
            if largest <= NEARLY and not np.abs(gradient).max() < 0.5 * largest:
                break
            offset += length * step
            residual, loss = moved, moved_loss
            if np.abs(gradient).max() <= EPS:
                break
        return residual, loss

    def _residual(self, raw: Matrix) -> tuple[Matrix, float]:
        """Minus the derivatives, [k is the class of i] - p_ik, and the loss."""
        others, rest, behind = _against_own(self._codes, raw)
        total = np.exp(-behind) + rest
        residual = others / -total
        residual[self._codes, self._rows] = rest / total
        return residual, float(self.weights @ _losses(rest, behind))

    def _of_classes(self, residual: Matrix) -> Matrix:
        """Probabilities, given the residuals."""
        probabilities = -residual
        probabilities[self._codes, self._rows] += 1.0
        return probabilities

    def misfit(self, scale: float, fits: Fits, row: int) -> float:
        """See :class:`Datafit`.

        The conjugate is that of the negative entropy: the misfit is the divergence of q = (1 - t) e_y + t p from p, a
        sum of terms p_k h(q_k / p_k - 1) >= 0 with h(x) = (1 + x) log(1 + x) - x.
        """
        if scale == 1.0:
            return 0.0
        _, rest, behind = _against_own(self._codes, fits.raw[row])
        own = np.exp(-behind)
        total = own + rest
        others, gained = rest / total, (1.0 - scale) * rest
        is_near = gained <= NEAR * own
        near = own / total * _about_one(np.divide(gained, own, out=np.zeros_like(own), where=is_near))
        mixed = (own + gained) / total
        far = mixed * (np.log(mixed) + _losses(rest, behind)) - gained / total
        if scale > 1.0 - NEAR:
            shrunken = float(_about_one(scale - 1.0))
        else:
            shrunken = scale * np.log(scale) + 1.0 - scale if scale > 0 else 1.0
        return float(self.weights @ (np.where(is_near, near, far) + others * shrunken))

    def rise(self, fits: Fits, row: int, change: Matrix) -> float:
        """See :class:`Datafit`."""
        moved = fits.raw[row] + change
        moved[:, self._unused] = 0.0
        return self._residual(moved)[1] - self._residual(fits.raw[row])[1]

    def curvatures(self, raw_prediction: Matrix) -> Matrix:
        """s_i p_ik (1 - p_ik) of the raw predictions of one fit, or what that is at most if it vanishes for all."""
        curvatures = self.weights * self._variances(raw_prediction)
        return curvatures if curvatures.any() else self.weights * np.full_like(curvatures, 0.25)

    def _variances(self, raw_prediction: Matrix) -> Matrix:
        """p_ik (1 - p_ik)."""
        residual, _ = self._residual(raw_prediction)
        return np.abs(residual) * (1.0 - np.abs(residual))

    def model(self, fits: Fits, row: int, curvatures: Matrix) -> SoftmaxModel:
        """Quadratic model about the raw predictions of one fit, with weights in units of the sum of the curvatures."""
        probabilities = self._of_classes(fits.residuals[row])
        mean, residual = float(curvatures.sum()), np.abs(fits.residuals[row])
        is_flat = (residual * (1.0 - residual)).sum(axis=0) < FLAT * mean
        is_wrong = residual[self._codes, self._rows] > 0.5
        share = mean * np.where(is_flat & is_wrong, FLAT, LOWEST)
        probabilities *= 1.0 - share
        probabilities += share / len(probabilities)
        weights = self.weights / max(mean, np.finfo(np.float64).tiny)
        inverse_root = _inverse_root(probabilities, weights) * self.fit_intercept
        energy = _energy(weights, probabilities, fits.residuals[row])
        return SoftmaxModel(weights, probabilities, inverse_root, float(np.sqrt(2 * self.null_loss)), energy)


def multinomial_losses(codes: Vector, raw: Block) -> NDArray[np.float64]:
    """The loss of every sample, of shape (k, n_samples), for raw predictions of shape (k, n_classes, n_samples)."""
    _, rest, behind = _against_own(codes.astype(np.intp), raw)
    return _losses(rest, behind)


def _against_own(codes: NDArray[np.intp], raw: Block) -> tuple[Block, NDArray[np.float64], NDArray[np.float64]]:
    """exp(z - max z) with zero at the samples' own classes, the sums of these, and what the own ones are behind."""
    behind = raw.max(axis=-2)
    others = np.exp(raw - behind[..., None, :])
    own = codes, np.arange(len(codes))
    behind -= raw[..., *own]
    others[..., *own] = 0.0
    return others, others.sum(axis=-2), behind


def _losses(rest: NDArray[np.float64], behind: NDArray[np.float64]) -> NDArray[np.float64]:
    # Where the own class is the largest its exponential is 1, and the loss may be much smaller than that.
    return behind + np.where(behind == 0, np.log1p(rest), np.log(np.exp(-behind) + rest))


def _about_one(x: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """(1 + x) log(1 + x) - x for |x| <= NEAR, by its series."""
    return np.polynomial.polynomial.polyval(x, SERIES)


def _energy(weights: Vector, probabilities: Matrix, residual: Matrix) -> float:
    """Residuals sum to zero over the classes, where the inverse of diag(p) - p p' is that of diag(p)."""
    return float(weights @ (residual**2 / probabilities).sum(axis=0))


@cache
def contrasts(n_classes: int) -> Matrix:
    """Orthonormal directions, one per column, of all that sums to zero over the classes."""
    return helmert(n_classes).T.copy()


def _inverse_root(probabilities: Matrix, weights: Vector, held: float = 0.0) -> NDArray[np.float64]:
    """R with R R' the pseudo-inverse of sum_i w_i (diag(p_i) - p_i p_i') + held 1, but for equal shifts.

    These change nothing. A root keeps the digits of what is nearly flat, where the inverse itself has huge entries.
    """
    weighted = probabilities * weights
    hessian = np.diag(weighted.sum(axis=1)) - weighted @ probabilities.T
    directions = contrasts(len(hessian))
    hessian = directions.T @ hessian @ directions + held * np.eye(len(hessian) - 1)
    scale = max(float(np.trace(hessian)), np.finfo(np.float64).tiny)
    eigenvalues, vectors = np.linalg.eigh(hessian / scale)
    roots = np.zeros(len(hessian))
    kept = eigenvalues > EPS * len(hessian)
    roots[kept] = eigenvalues[kept] ** -0.5
    return directions @ (vectors * roots) / np.sqrt(scale)
