"""What the paths of the folds come to on the rows they were not fitted to."""

import math

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._threads import run_in_threads
from sklearn_sparsefit.cv.folds import Fold
from sklearn_sparsefit.design import Design
from sklearn_sparsefit.path import PathResult
from sklearn_sparsefit.solvers import as_rows

Vector = NDArray[np.float64]

# Numbers in a piece of the held-out rows, of the columns they need, or of their predictions.
PIECE = 2**18


def mean_squared_errors(path: PathResult, fold: Fold, design: Design, target: Vector, unit: float) -> Vector:
    """Weighted mean squared error over the held-out rows (and tasks), for every alpha, in units of ``unit`` squared.

    Rows are summed piece by piece, cut by the shape of the data alone.
    """
    features = path.kept
    coefs = path.coefs_of(features)
    tasks = target.shape[:-1]
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
        predictions = predict(rows).reshape(len(coefs), *tasks, -1)
        residuals = (target[..., rows] - path.intercepts[..., None] - predictions) / unit
        # Summed alike for every alpha: models that are the same have the same error.
        with np.errstate(over="ignore"):
            squares = (residuals**2 * weights[piece]).sum(axis=-1)
        sums[number] = squares.mean(axis=1) if tasks else squares

    run_in_threads(work, range(len(pieces)))
    return sums.sum(axis=0) / weights.sum()
