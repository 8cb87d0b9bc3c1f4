"""Multinomial logistic regression: one raw prediction for each of several classes."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from sklearn_sparsefit._typing import Block, Matrix, Vector
from sklearn_sparsefit.datafit import _softmax
from sklearn_sparsefit.datafit.base import Fits, Modelled
from sklearn_sparsefit.datafit.units import summing_to_one

EPS = np.finfo(np.float64).eps
# Where the loss of a sample is so much flatter than the mean, its probabilities in a model are mixed with equal ones,
# so that steps stay finite. Hardly where its own class is the likeliest: derivatives are as small as curvatures there,
# and Newton steps of about one, where shorter ones would take thousands.
FLAT, LOWEST = 1e-4, 1e-14
# The sum of curvatures of samples that are all certain of their class.
VANISHED = 1e-40


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
        """The model about another point, given the residuals there."""
        return replace(self, energy=_energy(self.weights, self.probabilities, residual))


class Multinomial(Modelled[SoftmaxModel]):
    """sum_i s_i [log sum_k exp(z_ik + b_k) - (z_ik + b_k at the class k of i)], for classes 0, 1, ...

    Adding a number to the raw predictions of all classes changes nothing: intercepts sum to zero.
    """

    unit = 1.0
    is_relative = True
    has_models = True

    def __init__(self, codes: Vector, n_classes: int, sample_weight: Vector | None = None, fit_intercept: bool = True):
        self.weights = summing_to_one(sample_weight, len(codes))
        self.fit_intercept = fit_intercept
        self.codes = np.ascontiguousarray(codes, dtype=np.float64)
        # Of every sample its own class, in arrays with an axis of these before that of the samples.
        self._own = codes.astype(np.intp), np.arange(len(codes))
        # Rows without weight count for nothing, whatever is in them.
        self._unused = np.flatnonzero(self.weights == 0)
        self.mean = np.zeros(n_classes)
        if fit_intercept:
            self.mean = np.log(np.bincount(self._own[0], self.weights, n_classes))
            self.mean -= self.mean.mean()
        null = self.fit(np.zeros((1, n_classes, len(codes))))
        self.null_residual, self.null_loss = null.residuals[0], float(null.losses[0])
        sizes = np.abs(self.null_residual) + self._variances(null.raw[0]) * np.maximum(np.abs(null.raw[0]), 1.0)
        self.residual_size = float(np.sqrt((sizes**2).sum(axis=0) @ self.weights))

    def fit(self, raw_predictions: Block, offsets: NDArray[np.float64] | None = None) -> Fits:
        """See :class:`Datafit`."""
        raw = np.ascontiguousarray(raw_predictions + self.mean[:, None])
        offsets = np.zeros(raw.shape[:-1]) if offsets is None else offsets.copy()
        return self._fit(raw, offsets, self.fit_intercept)

    def _fit(self, raw: Block, offsets: NDArray[np.float64], fit_intercept: bool) -> Fits:
        """Fits of raw predictions, which are changed in place, from some offsets on."""
        raw[..., self._unused] = 0.0
        residuals, losses = np.empty(raw.shape), np.empty(len(raw))
        _softmax.fit(self.codes, self.weights, self.mean, raw, residuals, losses, offsets, fit_intercept)
        return Fits(residuals, offsets, losses, raw)

    def _of_classes(self, residual: Matrix) -> Matrix:
        """Probabilities, given the residuals."""
        probabilities = -residual
        probabilities[self._own] += 1.0
        return probabilities

    def misfit(self, scale: float, fits: Fits, row: int) -> float:
        """See :class:`Datafit`.

        The conjugate is that of the negative entropy: the misfit is the divergence of q = (1 - t) e_y + t p from p, a
        sum of terms p_k h(q_k / p_k - 1) >= 0 with h(x) = (1 + x) log(1 + x) - x.
        """
        return 0.0 if scale == 1.0 else _softmax.misfit(self.codes, self.weights, fits.raw[row], scale)

    def rise(self, fits: Fits, row: int, change: Matrix) -> float:
        """See :class:`Datafit`."""
        moved = fits.raw[row] + change
        moved[:, self._unused] = 0.0
        losses = _softmax.sample_losses(self.codes, np.stack([fits.raw[row], moved]))
        return float((losses[1] - losses[0]) @ self.weights)

    def curvatures(self, raw_prediction: Matrix) -> Matrix:
        """s_i p_ik (1 - p_ik) of the raw predictions of one fit, or what that is at most if it vanishes for all."""
        curvatures = self.weights * self._variances(raw_prediction)
        return curvatures if curvatures.sum() > VANISHED else self.weights * np.full_like(curvatures, 0.25)

    def _variances(self, raw_prediction: Matrix) -> Matrix:
        """p_ik (1 - p_ik)."""
        raw = raw_prediction[None].copy()
        sizes = np.abs(self._fit(raw, np.zeros(raw.shape[:-1]), False).residuals[0])
        return sizes * (1.0 - sizes)

    def model(self, fits: Fits, row: int, curvatures: Matrix) -> SoftmaxModel:
        """Quadratic model about the raw predictions of one fit, with weights in units of the sum of the curvatures."""
        probabilities = self._of_classes(fits.residuals[row])
        mean, residual = float(curvatures.sum()), np.abs(fits.residuals[row])
        is_flat = (residual * (1.0 - residual)).sum(axis=0) < FLAT * mean
        is_wrong = residual[self._own] > 0.5
        share = mean * np.where(is_flat & is_wrong, FLAT, LOWEST)
        probabilities *= 1.0 - share
        probabilities += share / len(probabilities)
        weights = self.weights / max(mean, np.finfo(np.float64).tiny)
        inverse_root = _inverse_root(probabilities, weights) * self.fit_intercept
        energy = _energy(weights, probabilities, fits.residuals[row])
        return SoftmaxModel(weights, probabilities, inverse_root, float(np.sqrt(2 * self.null_loss)), energy)


def multinomial_losses(codes: Vector, raw: Block) -> NDArray[np.float64]:
    """The loss of every sample, of shape (k, n_samples), for raw predictions of shape (k, n_classes, n_samples)."""
    return _softmax.sample_losses(np.ascontiguousarray(codes), np.ascontiguousarray(raw))


def _energy(weights: Vector, probabilities: Matrix, residual: Matrix) -> float:
    """Residuals sum to zero over the classes, where the inverse of diag(p) - p p' is that of diag(p)."""
    return float(weights @ (residual**2 / probabilities).sum(axis=0))


@cache
def contrasts(n_classes: int) -> Matrix:
    """Orthonormal directions, one per column, of all that sums to zero over the classes."""
    return helmert(n_classes).T.copy()


def _inverse_root(probabilities: Matrix, weights: Vector) -> NDArray[np.float64]:
    """R with R R' the pseudo-inverse of sum_i w_i (diag(p_i) - p_i p_i'), but for equal shifts, which change nothing.

    A root keeps the digits of what is nearly flat, where the inverse itself has huge entries.
    """
    weighted = probabilities * weights
    hessian = np.diag(weighted.sum(axis=1)) - weighted @ probabilities.T
    directions = contrasts(len(hessian))
    hessian = directions.T @ hessian @ directions
    # Where all are certain of their class, rounding is all that is left of it.
    scale = max(float(np.trace(hessian)), EPS * float(weighted.sum()), np.finfo(np.float64).tiny)
    eigenvalues, vectors = np.linalg.eigh(hessian / scale)
    roots = np.zeros(len(hessian))
    kept = eigenvalues > EPS * len(hessian)
    roots[kept] = eigenvalues[kept] ** -0.5
    return directions @ (vectors * roots) / np.sqrt(scale)
