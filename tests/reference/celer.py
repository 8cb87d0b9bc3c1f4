"""Writes celer.json: data made of sines, and what celer makes of them.

    python -P tests/reference/celer.py tests/reference/celer.json

The values that are kept are those of the celer that the file names. With -P this file is not taken for celer itself.
"""

import json
import sys
from itertools import product

import celer
import numpy as np
from celer.homotopy import mtl_path

TIGHT = dict(tol=1e-15, max_iter=1000, max_epochs=100_000)
# Shares of alpha_max, the smallest alpha that keeps no feature.
SHARES = [0.5, 0.1, 0.02]
# Repeated over the features. celer leaves out a feature of infinite weight and refuses a weight of zero.
WEIGHTS = [0.5, 2.0, 1.0, np.inf, 1.5, 0.1, 3.0]
SETTINGS = [{}, {"weights": WEIGHTS}, {"positive": True}, {"weights": WEIGHTS, "positive": True}]


def make_data(n_samples, n_features):
    """Features, a third of them zeros, and three tasks, with few digits for a small file."""
    i, j = np.arange(1, n_samples + 1)[:, None], np.arange(1, n_features + 1)
    X = np.sin(0.7 * i + 1.9 * j) + np.sin(0.013 * i * j**2 + j) + 0.5 * np.sin(5.3 * i)
    X = np.where(abs(X) < 0.5, 0.0, X + 0.3) * np.resize([1, 3, 0.5], n_features)
    task = np.arange(1, 4)
    effects = np.sin(2.3 * j[:, None] + task) * (j[:, None] % 3 == 1) * (j[:, None] <= 10)
    Y = 2 + X @ effects + 0.8 * np.sin(11.7 * i * task + 0.3 * i**2)
    return np.asfortranarray(X.round(3)), np.asfortranarray(Y.round(3))


def one_task(X, y, l1_ratio, fit_intercept, setting):
    """Elastic net of one task: alphas, the coefficients of each, and the intercepts."""
    weights = np.resize(setting.get("weights", [1.0]), X.shape[1])
    correlations = X.T @ (y - fit_intercept * y.mean()) / len(y) / weights
    alpha_max = max(correlations if "positive" in setting else abs(correlations)) / l1_ratio
    alphas = (np.array(SHARES) * alpha_max).round(4)
    options = setting | dict(weights=weights, l1_ratio=l1_ratio, fit_intercept=fit_intercept)
    models = [celer.ElasticNet(alpha, **options, **TIGHT).fit(X, y) for alpha in alphas]
    return alphas, [model.coef_ for model in models], [model.intercept_ for model in models]


def several_tasks(X, Y, fit_intercept):
    """Lasso of several tasks: alphas, the coefficients of each, and the intercepts."""
    X_mean, Y_mean = fit_intercept * X.mean(axis=0), fit_intercept * Y.mean(axis=0)
    # What celer.MultiTaskLasso does; that itself does not run with recent scikit-learn.
    centred = np.asfortranarray(X - X_mean), np.asfortranarray(Y - Y_mean)
    alpha_max = np.linalg.norm(centred[0].T @ centred[1], axis=1).max() / len(Y)
    alphas = (np.array(SHARES) * alpha_max).round(4)
    coefs = np.moveaxis(mtl_path(*centred, alphas=alphas, **TIGHT)[1], -1, 0)
    return alphas, coefs, Y_mean - coefs @ X_mean


def as_case(options, alphas, coefs, intercepts):
    """What is written of a problem, without digits that nobody compares."""
    answer = dict(alphas=alphas, coefs=np.round(coefs, 10), intercepts=np.round(intercepts, 10))
    return options | {name: (values + 0.0).tolist() for name, values in answer.items()}


data = {"tall": make_data(40, 8), "wide": make_data(20, 30)}
cases = []
for (name, (X, Y)), fit_intercept in product(data.items(), [True, False]):
    for l1_ratio, setting in product([1.0, 0.5], SETTINGS):
        answer = one_task(X, Y[:, 0], l1_ratio, fit_intercept, setting)
        cases.append(as_case(dict(data=name, l1_ratio=l1_ratio, fit_intercept=fit_intercept) | setting, *answer))
    answer = several_tasks(X, Y, fit_intercept)
    cases.append(as_case(dict(data=name, n_tasks=Y.shape[1], fit_intercept=fit_intercept), *answer))

arrays = {name: dict(X=X.tolist(), Y=Y.tolist()) for name, (X, Y) in data.items()}
with open(sys.argv[1], "w") as target:
    lines = ",\n".join(json.dumps(case) for case in cases)
    target.write(f'{{"celer": "{celer.__version__}",\n"data": {json.dumps(arrays)},\n"cases": [\n{lines}\n]}}\n')
