"""
The adaptive lasso beside the plain one
=======================================

The lasso shrinks all coefficients alike, and lets noise in to make up for that. With weights from a
first stage, large coefficients are shrunk less and small ones more. Here both are seen on simulated
data, of which the truth is known.
"""

# %%
# Ten features of two hundred
# ---------------------------
# Neighbours among the features are correlated. Ten of them, far apart, have an effect on the target;
# these effects are all 1. Most of what is left is noise, and there are only 100 samples.

import matplotlib.pyplot as plt
import numpy as np

from sklearn_sparsefit import AdaptiveLassoCV, LassoCV

rng = np.random.default_rng(0)
n_samples, n_features = 100, 200
X = rng.standard_normal((n_samples, n_features))
for j in range(1, n_features):
    X[:, j] = 0.5 * X[:, j - 1] + np.sqrt(0.75) * X[:, j]
effects = np.zeros(n_features)
effects[::20] = 1.0
y = X @ effects + rng.standard_normal(n_samples)
matters = effects != 0

models = {
    "lasso": LassoCV(cv=10, eps=0.01).fit(X, y),
    "adaptive lasso": AdaptiveLassoCV(cv=10, eps=0.01).fit(X, y),
}
for name, model in models.items():
    kept = model.coef_ != 0
    print(f"{name}: keeps {np.sum(kept & matters)} of the 10 that matter, {np.sum(kept & ~matters)} of the 190 others")

# %%
# Coefficients along the path
# ---------------------------
# Blue are the features that matter, grey the others. The solid line is the alpha with the least
# error on left-out folds, the dotted one that of the rule of one standard error; the dashed line is
# the size of the true effects. Read the paths from left to right, as the penalty becomes weaker. In
# the plain lasso there is a crowd of grey features where the blue ones come near their size. In the
# adaptive lasso most of that crowd comes later. But not all: two grey features look as if they
# mattered, to the first stage as to the second, and enter before some of the blue ones.

_, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    ax.plot(model.alphas_, model.coef_path_[~matters].T, color="0.7", linewidth=0.8)
    ax.plot(model.alphas_, model.coef_path_[matters].T, color="tab:blue", linewidth=1.5)
    ax.axhline(1, color="black", linestyle="--", linewidth=0.8)
    ax.axvline(model.alpha_min_, color="black", linewidth=1)
    ax.axvline(model.alpha_1se_, color="black", linestyle=":", linewidth=1)
    ax.set(title=name, xscale="log", xlabel=r"$\alpha$", xlim=(model.alphas_[0], model.alphas_[-1]))
axes[0].set_ylabel("coefficient")
plt.show()

# %%
# The alphas of the two are not on one scale, for the adaptive ones are multiplied by weights.
#
# How sure is that?
# -----------------
# One data set shows what can happen. Draw ten more targets, with as much noise, twice and four times.


def counts(noise, model, seed):
    """How many features that matter, and how many others, a model keeps of new data."""
    rng = np.random.default_rng(seed)
    y = X @ effects + noise * rng.standard_normal(n_samples)
    kept = model.fit(X, y).coef_ != 0
    return np.sum(kept & matters), np.sum(kept & ~matters)


for noise in [1.0, 2.0, 4.0]:
    for name, model in [("lasso", LassoCV(eps=0.01)), ("adaptive lasso", AdaptiveLassoCV(eps=0.01))]:
        true, false = np.mean([counts(noise, model, seed) for seed in range(10)], axis=0)
        print(f"noise {noise:g}, {name}: {true:.1f} that matter, {false:.1f} others")

# %%
# With little noise fewer others are kept, and nothing is lost. With much noise the first stage knows
# little, and the adaptive lasso drops more of the features that matter, too: its weights cannot be
# better than what they come from.
