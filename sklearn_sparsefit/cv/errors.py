"""What the paths of the folds come to on the rows they were not fitted to."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._threads import run_in_threads
from sklearn_sparsefit._typing import Positions, Vector
from sklearn_sparsefit.cv.folds import Fold
from sklearn_sparsefit.datafit import Loss, multinomial_losses
from sklearn_sparsefit.design import Design, as_rows
from sklearn_sparsefit.path import PathResult

# Numbers in a piece of the held-out rows, of the columns they need, or of their predictions.
PIECE = 2**18


def mean_squared_errors(path: PathResult, fold: Fold, design: Design, target: Vector, unit: float) -> Vector:
    """Weighted mean squared error over the held-out rows (and tasks), for every alpha, in units of ``unit`` squared."""

    def squares(rows: Positions, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(over="ignore"):
            values = ((target[..., rows] - predictions) / unit) ** 2
            return values.mean(axis=1) if values.ndim == 3 else values

    return _means(path, fold, design, target.shape[:-1], squares)


def mean_losses(
    path: PathResult, fold: Fold, design: Design, loss: Loss, target: Vector, offset: Vector | None, unit: float
) -> Vector:
    """Weighted mean loss over the held-out rows, for every alpha, in units of ``unit`` squared."""
    loss = loss.in_units(unit)

    def values(rows: Positions, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        raw = predictions if offset is None else predictions + offset[rows]
        return loss.values(target[rows] / unit, raw / unit)

    return _means(path, fold, design, (), values)


def mean_multinomial_losses(path: PathResult, fold: Fold, design: Design, codes: Vector) -> Vector:
    """Weighted mean multinomial loss over the held-out rows, for every alpha."""

    def values(rows: Positions, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        return multinomial_losses(codes[rows], predictions)

    return _means(path, fold, design, path.intercepts.shape[1:], values)


def _means(
    path: PathResult,
    fold: Fold,
    design: Design,
    tasks: tuple[int, ...],
    error: Callable[[Positions, NDArray[np.float64]], NDArray[np.float64]],
) -> Vector:
    """Weighted mean, for every alpha, of errors of shape (n_alphas, n_rows) of the predictions of held-out rows.

    Rows are summed piece by piece, cut by the shape of the data alone.
    """
    features = path.kept
    coefs = path.coefs_of(features)
    predict = design.predictor(features, as_rows(coefs))
    # Rows of weight zero count for nothing even where their squares overflow.
    test = fold.test[fold.test_weight > 0]
    weights = fold.weights[test] / fold.test_weight.max()
    length = max(1, PIECE // max(len(features), math.prod(coefs.shape[:-1])))
    pieces = [slice(start, start + length) for start in range(0, len(test), length)]
    sums = np.empty((len(pieces), len(coefs)))

    def work(number: int) -> None:
        piece = pieces[number]
        rows = test[piece]
        predictions = predict(rows).reshape(len(coefs), *tasks, -1) + path.intercepts[..., None]
        # Summed alike for every alpha: models that are the same have the same error.
        sums[number] = (error(rows, np.ascontiguousarray(predictions)) * weights[piece]).sum(axis=-1)

    run_in_threads(work, range(len(pieces)))
    return sums.sum(axis=0) / weights.sum()
