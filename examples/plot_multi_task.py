"""
One list of features for ten outputs
====================================

Fitted one by one, ten outputs have ten lists of features. The multi-task lasso keeps a feature for all
of them or for none. What does the shorter list cost?
"""

# %%
# The data
# --------
# The breast cancer data have ten measurements of the cell nuclei of a tumour, each three times: the mean over the
# nuclei, its standard error, and the mean of the three largest ("worst"). The ten worst are to be predicted from the
# other twenty, their squares and their products, 230 features, with a hundred tumours to learn from.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_sparsefit import CoefficientPathDisplay, LassoCV, MultiTaskLassoCV

data = load_breast_cancer(as_frame=True).data
inputs, outputs = data.iloc[:, :20], data.iloc[:, 20:]
scaled = StandardScaler().set_output(transform="pandas").fit_transform(inputs)
products = PolynomialFeatures(2, include_bias=False).set_output(transform="pandas")
X = products.fit_transform(scaled)
# The outputs have different units. They share one penalty and one sum of errors, so they are put on one scale.
Y = StandardScaler().set_output(transform="pandas").fit_transform(outputs)
print(X.shape, Y.shape)

# %%
# Together and one by one
# -----------------------
# Both choose alpha by the rule of one standard error, for short lists.

params = dict(standardize=True, alphas=30, eps=0.03, cv=5, alpha_rule="1se")
warnings.filterwarnings("ignore", message="The chosen alpha")


def fit_both(seed):
    """The joint model, and the coefficients and test errors of it and of ten single ones."""
    X_train, X_test, Y_train, Y_test = train_test_split(X, Y, train_size=100, random_state=seed)
    joint = MultiTaskLassoCV(**params).fit(X_train, Y_train)
    single = [LassoCV(**params).fit(X_train, Y_train[name]) for name in Y]
    predictions = [joint.predict(X_test), np.column_stack([model.predict(X_test) for model in single])]
    coefs = [joint.coef_, np.array([model.coef_ for model in single])]
    return joint, coefs, [np.mean((Y_test - prediction) ** 2) for prediction in predictions]


results = [fit_both(seed) for seed in range(5)]
for title, number in [("together", 0), ("one by one", 1)]:
    n_kept = np.mean([np.count_nonzero(coefs[number].any(axis=0)) for _, coefs, _ in results])
    n_nonzero = np.mean([np.count_nonzero(coefs[number]) for _, coefs, _ in results])
    error = np.mean([errors[number] for *_, errors in results])
    print(f"{title:10}: {n_kept:.0f} features in use, {n_nonzero:.0f} coefficients, error {error:.3f}")

# %%
# As means of five splits: half the features in use, three times the coefficients, the same error, in shares of the
# outputs' variances. Which is simpler depends on what a feature costs. Where each must be measured, it is the
# first; where each equation is to be read, the second.

# %%
# The picture
# -----------
# Rows are the features that either keeps on the first split, columns the outputs. Joint rows are filled or empty as a
# whole.

deviations = X.std(ddof=0).to_numpy()
joint, coefs, _ = results[0]
coefs = [coef * deviations for coef in coefs]
used = [coef.any(axis=0) for coef in coefs]
shown = np.flatnonzero(used[0] | used[1])
shown = shown[np.lexsort([-np.linalg.norm(coefs[1][:, shown], axis=0), ~used[0][shown]])]
limit = np.quantile(np.abs(coefs[1][coefs[1] != 0]), 0.9)

figure, axes = plt.subplots(1, 2, figsize=(10, 11), sharey=True, layout="constrained")
for ax, coef, title in zip(axes, coefs, ["together", "one by one"], strict=True):
    values = np.where(coef != 0, coef, np.nan)[:, shown].T
    image = ax.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="none")
    ax.set_title(f"{title}: {np.count_nonzero(coef.any(axis=0))} features")
    ax.set_xticks(range(len(Y.columns)), Y.columns, rotation=60, ha="right", fontsize=8)
    ax.set_yticks(range(len(shown)), X.columns[shown], fontsize=7)
    ax.set_xticks(np.arange(len(Y.columns) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(shown) + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="lightgrey", linewidth=0.4)
    ax.tick_params(which="minor", length=0)
figure.colorbar(image, ax=axes, shrink=0.4, extend="both", label="coefficient, in standard deviations")
plt.show()

# %%
# To the right, most features serve one or two outputs: any of several collinear products would do, and each output
# takes another. To the left the outputs agree, but no row can say that a feature is of no use for one of them. For that
# see the columns one by one.

# %%
# The path
# --------
# The lines of a path of several outputs are norms, of the coefficients of one feature for all outputs: these leave zero
# together. Below are the coefficients for one output alone, along the same path.

display = CoefficientPathDisplay(
    alphas=joint.alphas_,
    coefs=joint.coef_path_ * deviations[:, None],
    feature_names=X.columns,
    task_names=Y.columns,
    chosen_alpha=joint.alpha_,
)
figure, axes = plt.subplots(2, 1, figsize=(8, 9), sharex=True, layout="constrained")
axes[0].set_ylim(-0.05, 1.1)
display.plot(axes[0], n_labels=8)
display.plot(axes[1], task="worst symmetry", n_labels=8)
plt.show()

# %%
# What says most of the worst symmetry is the mean symmetry, which says little of the other outputs. It comes late: the
# compactness, which most outputs want, has been used in its place. At the chosen alpha the two are even.

symmetry = Y.columns.get_loc("worst symmetry")
for title, coef in zip(["together", "one by one"], coefs, strict=True):
    effects = {name: coef[symmetry, X.columns.get_loc(name)] for name in ["mean symmetry", "mean compactness"]}
    print(f"{title:10}:", ", ".join(f"{name} {effect:.2f}" for name, effect in effects.items()))

# %%
# :doc:`/user_guide/multi_task` says when to share and when not to.
