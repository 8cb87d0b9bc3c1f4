"""Second derivatives by changes of the first."""

import numpy as np

from sklearn_sparsefit._typing import Matrix, Vector

# A gradient that changes by less than this, beside what was expected of a step, says nothing but rounding.
LEAST_BEND = 1e-8


class Secants:
    """Hessian matrix of a convex loss in a few coefficients, by the gradients that are met on the way (BFGS).

    It begins as a multiple of some matrix: such that the first step promises all of the loss, and after that such that
    it agrees with the change of the gradient.
    """

    def __init__(self, metric: Matrix):
        self._metric = metric
        self._hessian: Matrix | None = None
        self._last: tuple[Vector, Vector] | None = None

    def from_elsewhere(self) -> "Secants":
        """What is known, for coefficients that are not reached by a step from the last."""
        other = Secants(self._metric)
        other._hessian = self._hessian
        return other

    def hessian(self, coef: Vector, gradient: Vector, loss: float) -> Matrix:
        """Take note of the gradient at some coefficients."""
        if self._last is not None:
            self._update(coef - self._last[0], gradient - self._last[1])
        self._last = coef.copy(), gradient.copy()
        if self._hessian is not None:
            return self._hessian
        # A step towards the minimum of a model with the Hessian H promises g' H^-1 g / 2.
        promised = 0.5 * float(gradient @ np.linalg.lstsq(self._metric, gradient)[0])
        return self._metric * (promised / loss if promised > 0 and loss > 0 else 1.0)

    def _update(self, step: Vector, change: Vector) -> None:
        bend = float(step @ change)
        if self._hessian is None and bend > 0:
            self._hessian = self._metric * (bend / float(step @ self._metric @ step))
        if self._hessian is None or not bend > LEAST_BEND * float(step @ self._hessian @ step):
            return
        expected = self._hessian @ step
        self._hessian = (
            self._hessian - np.outer(expected, expected) / float(step @ expected) + np.outer(change, change) / bend
        )
