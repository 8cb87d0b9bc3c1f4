"""
Choosing alpha, and reading the curve that chose it
===================================================

Cross-validation picks the alpha with the least mean error on left-out folds. The picture of that
error says how much the pick is worth.
"""

# %%
# The curve
# ---------
# Ten measurements of 442 patients are to predict how far their diabetes progresses. At the left
# the penalty is strong, and the model misses what there is to learn. At the right it is weak, and
# the model is all but least squares. The band is one standard error of the mean over the folds;
# the faint lines are the folds themselves. They lie far apart, for some patients are harder to
# predict than others, but they bend at similar alphas, which is what matters here. The solid
# vertical line is the chosen alpha; the dotted one is explained below.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from sklearn_sparsefit import CoefficientPathDisplay, CVCurveDisplay, LassoCV

X, y = load_diabetes(return_X_y=True, as_frame=True)
X = StandardScaler().set_output(transform="pandas").fit_transform(X)

lasso = LassoCV(cv=10).fit(X, y)
CVCurveDisplay.from_estimator(lasso)

# %%
# How sure is the choice?
# -----------------------
# The bottom of the curve is flat: alphas over a wide range predict about as well, and which of
# them is chosen depends on how the folds happened to be drawn. Draw them forty times.

choices = []
for seed in range(40):
    folds = KFold(10, shuffle=True, random_state=seed)
    choice = LassoCV(cv=folds).fit(X, y)
    choices.append((choice.alpha_, np.count_nonzero(choice.coef_), choice.mse_path_.mean(1).min()))
alphas, counts, errors = np.transpose(choices)

_, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
ax.scatter(alphas, counts, alpha=0.4)
ax.set(xscale="log", xlabel=r"chosen $\alpha$", ylabel="features kept")
ax.set_xlim(lasso.alphas_[0], lasso.alphas_[-1])
ax.yaxis.get_major_locator().set_params(integer=True)
print(f"alpha from {alphas.min():.2f} to {alphas.max():.2f}")
print(f"features kept from {counts.min():.0f} to {counts.max():.0f}")
print(f"least mean squared error from {errors.min():.0f} to {errors.max():.0f}")

# %%
# The alphas differ by a factor of more than twenty, the errors by three percent: for predicting,
# any of them will do. But the number of features is not something that this curve can tell.
#
# A simpler model, nearly as good
# -------------------------------
# The rule of one standard error, from Breiman et al. (1984) [1]_, takes the largest alpha whose
# error is within one standard error of the least: a simpler model, for an increase that is no
# larger than the error itself is uncertain.

simpler = LassoCV(cv=10, alpha_rule="1se").fit(X, y)
for rule, model in [("least error", lasso), ("one standard error", simpler)]:
    kept = model.feature_names_in_[model.coef_ != 0]
    print(f"{rule}: alpha {model.alpha_:.2f}, keeps {', '.join(kept)}")

# %%
# Every fit has both alphas, whichever it was told to choose, and the path has the coefficients for
# all of them.

results = lasso.cv_results_
best = results["mean_test_score"].argmax()
limit = results["se_test_score"][best] - results["mean_test_score"][best]

_, axes = plt.subplots(2, 1, sharex=True, figsize=(6.4, 7), layout="constrained")
curve = CVCurveDisplay.from_estimator(lasso, ax=axes[0])
curve.ax_.axhline(limit, color="tab:red", linewidth=1, label="one standard error above the least")
curve.ax_.legend(framealpha=1)
curve.ax_.label_outer()
path = CoefficientPathDisplay.from_estimator(lasso, ax=axes[1])
path.ax_.axvline(lasso.alpha_1se_, color="black", linestyle=":", linewidth=1)
plt.show()

# %%
# Simpler does not mean better, or more certain:
# :ref:`sphx_glr_auto_examples_plot_house_prices.py` shows both rules where the truth is known.
#
# References
# ----------
# .. [1] Breiman, L., Friedman, J. H., Olshen, R. A. and Stone, C. J. (1984). Classification and
#    Regression Trees. Wadsworth. Section 3.4.3.
