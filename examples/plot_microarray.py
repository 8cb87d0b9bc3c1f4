"""
Two kinds of tumour, and thousands of genes
===========================================

A hundred and fifty patients and four thousand genes: which few genes tell one kind of tumour from the other? What
cross-validation makes of such data, what it keeps, and what that is worth on new patients.
"""

# %%
# The patients
# ------------
# They are made up, so that it is known which genes matter. Genes come in blocks of twenty that go together. In six of
# the blocks one gene changes the odds of the second kind of tumour; the nineteen others of the block go with it, and
# have no effect of their own. All other blocks have nothing to do with the tumour.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

from sklearn_sparsefit import CoefficientPathDisplay, CVCurveDisplay, SparseLogisticRegressionCV

N_BLOCKS, BLOCK = 200, 20
EFFECTS = {f"g{block:03}_01": effect for block, effect in enumerate([3.0, -3.0, 2.5, -2.5, 1.5, -1.5])}
COLORS = {"has an effect": "black", "same block as one that has": "tab:blue", "neither": "tab:orange"}


def simulate_patients(n_patients: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    common = np.repeat(rng.standard_normal((n_patients, N_BLOCKS)), BLOCK, axis=1)
    genes = 0.8 * common + 0.6 * rng.standard_normal(common.shape)
    names = [f"g{block:03}_{gene:02}" for block in range(N_BLOCKS) for gene in range(1, BLOCK + 1)]
    patients = pd.DataFrame(genes, columns=names)
    log_odds = sum(effect * patients[gene] for gene, effect in EFFECTS.items())
    return patients, np.where(rng.random(n_patients) < 1 / (1 + np.exp(-log_odds)), "B", "A")


X, y = simulate_patients(150, seed=0)
new_X, new_y = simulate_patients(5000, seed=1)
print(pd.Series(y).value_counts().to_dict())

# %%
# Two alphas from one cross-validation
# ------------------------------------
# The folds are stratified: each has both kinds in the same proportion. The path is fitted once, with a certified
# duality gap at every alpha; ``alpha_rule`` says which of its alphas ``coef_`` is taken from.

params = dict(cv=10, eps=0.05, standardize=True)
models = {
    "least log loss": SparseLogisticRegressionCV(**params).fit(X, y),
    "one standard error": SparseLogisticRegressionCV(**params, alpha_rule="1se").fit(X, y),
}


def kind(name: str) -> str:
    if name in EFFECTS:
        return "has an effect"
    return "same block as one that has" if int(name[1:4]) < len(EFFECTS) else "neither"


def report(rule: str, model: SparseLogisticRegressionCV) -> None:
    kept = pd.Series(model.feature_names_in_[model.coef_[0] != 0])
    counts = kept.map(kind).value_counts()
    new_patients = new_X[model.feature_names_in_]
    chances = model.predict_proba(new_patients)[:, 1]
    print(f"{rule}: alpha {model.alpha_:.3f}, {len(kept)} genes kept")
    print("  ", ", ".join(f"{counts.get(name, 0)} {name}" for name in COLORS))
    print(f"   new patients: log loss {log_loss(new_y, chances):.3f}, area under the ROC curve", end=" ")
    print(f"{roc_auc_score(new_y, chances):.3f}, {100 * model.score(new_patients, new_y):.0f} % right")


for rule, model in models.items():
    report(rule, model)

# %%
# Of the 45 genes that are kept at the least log loss, 37 have nothing to do with the tumour. That is not a failure of
# the solver or of the folds: a little of many such genes costs next to nothing on left-out patients. The alpha of one
# standard error keeps 4 of them, and the same 4 genes that have an effect.
#
# What that alpha shrinks too much can be given back by a second model, of the genes on its list alone, as the relaxed
# lasso does for squares (:doc:`/user_guide/relaxed_lasso`). On new patients its probabilities are the best of the
# three. Its own cross-validation is not to be believed: the patients it leaves out had a part in the choice of genes.

short_list = X.columns[models["one standard error"].coef_[0] != 0]
refit = SparseLogisticRegressionCV(cv=10, standardize=True, alpha_rule="1se").fit(X[short_list], y)
report("refit on the short list", refit)
print(f"   left-out patients: log loss {refit.loss_path_.mean(axis=1).min():.3f}")

# %%
# The curve and the path
# ----------------------
# A model without genes has a log loss of about 0.69, the logarithm of 2. The dotted line is the alpha of one standard
# error.

least = models["least log loss"]
figure, axes = plt.subplots(2, 1, sharex=True, figsize=(7.5, 8), layout="constrained")
curve = CVCurveDisplay.from_estimator(least, ax=axes[0])
curve.ax_.label_outer()
path = CoefficientPathDisplay.from_estimator(least, ax=axes[1], n_labels=8)
path.ax_.axvline(least.alpha_1se_, color="black", linestyle=":", linewidth=1)
print(f"largest duality gap of the path: {least.dual_gap_path_.max():.1e}")

# %%
# What is kept
# ------------
# Coefficients of the genes divided by their standard deviations; the true ones are crosses.

deviations = X.std(ddof=0).to_numpy()
kinds = X.columns.map(kind)
coefs = {rule: model.coef_[0] * deviations for rule, model in models.items()}
either = np.flatnonzero(np.any([coef != 0 for coef in coefs.values()], axis=0))
shown = sorted(either, key=lambda j: (-list(COLORS).index(kinds[j]), np.abs(coefs["least log loss"][j])))

_, ax = plt.subplots(figsize=(7.5, 0.19 * len(shown) + 1.5), layout="constrained")
places = np.arange(len(shown))
colors = [COLORS[kinds[j]] for j in shown]
for (rule, coef), marker in zip(coefs.items(), ["o", "D"], strict=True):
    values = np.where(coef != 0, coef, np.nan)[shown]
    ax.scatter(values, places, s=22, marker=marker, edgecolors=colors, facecolors="none" if marker == "o" else colors)
    filled = "none" if marker == "o" else "black"
    ax.scatter([], [], s=22, marker=marker, edgecolors="black", facecolors=filled, label=rule)
truth = [EFFECTS.get(X.columns[j], np.nan) * deviations[j] for j in shown]
ax.scatter(truth, places, s=30, marker="x", color="tab:red", label="truth")
ax.axvline(0, color="black", linewidth=0.6)
ax.set_yticks(places, X.columns[shown], fontsize=8)
for label, color in zip(ax.get_yticklabels(), colors, strict=True):
    label.set_color(color)
for name, color in COLORS.items():
    ax.plot([], [], color=color, label=name)
ax.grid(axis="y", linewidth=0.3)
ax.set(xlabel="coefficient of standardised genes", ylim=(-1, len(shown)))
ax.legend(fontsize=8)
plt.show()

# %%
# The four strongest genes are kept by both, and the two weak ones by neither, nor any other gene of their blocks. A
# list from either alpha is one to check, not a finding:
# :ref:`sphx_glr_auto_examples_plot_selection_stability.py`.
#
# All coefficients are far too small: that is the price for finding anything among four thousand genes. On new patients
# the shorter list puts more of them in the right order, and on the right side, but has the larger log loss. Its
# probabilities are too near to one half. Where these are to be used, refit as above, or calibrate them on patients that
# had no part in the fit; where only the order counts, choose by it, with ``scoring="roc_auc"``:
# :doc:`/user_guide/logistic`.
