"""
When not to trust a selection
=============================

The lasso keeps some features and drops others, without a word on how close the decision was. Ask
it again on other patients from the same clinic, and see what stays.
"""

# %%
# One fit, one selection
# ----------------------
# The diabetes data with all products of two features, 65 in all.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_sparsefit import Lasso, LassoCV

X, y = load_diabetes(return_X_y=True, as_frame=True)
products = make_pipeline(PolynomialFeatures(2, include_bias=False), StandardScaler())
X = products.set_output(transform="pandas").fit_transform(X)

chosen = LassoCV(eps=0.005, cv=10).fit(X, y)
kept = chosen.feature_names_in_[chosen.coef_ != 0]
print(f"kept {kept.size} of {X.shape[1]}:", ", ".join(kept))

# %%
# Two hundred more
# ----------------
# New patients cannot be had, but the bootstrap of Efron stands in for them: draw 442 patients with
# replacement, again and again. A sample drawn like that is the same data with integer weights, so
# ``sample_weight`` does it without a copy of ``X``. This is close in spirit to stability selection
# [1]_, and the count of how often each feature is kept is that of the bootstrapped lasso [2]_.

rng = np.random.default_rng(0)
n_samples = len(X)
selections = []
for _ in range(200):
    weights = rng.multinomial(n_samples, np.full(n_samples, 1 / n_samples))
    again = Lasso(alpha=chosen.alpha_).fit(X, y, sample_weight=weights)
    selections.append(again.coef_ != 0)
selections = pd.DataFrame(selections, columns=X.columns)
frequency = selections.mean()

# %%
# Blue bars are features that the first fit kept. Some are kept nearly always: these can be relied
# on. Others are kept about every second time, hardly more often than some that the first fit
# dropped. Which of them a selection contains is little more than a toss of a coin, and neither
# their presence nor their absence is a finding.

shown = frequency.sort_values().tail(30)
colors = ["tab:blue" if name in kept else "0.8" for name in shown.index]
_, ax = plt.subplots(figsize=(6, 7), layout="constrained")
ax.barh(shown.index, shown, color=colors)
ax.set(xlabel="share of bootstrap samples in which the feature is kept", xlim=(0, 1))
ax.margins(y=0.01)
plt.show()

# %%
# Twins
# -----
# A low share does not mean that a feature is of no use. ``sex`` takes two values, so its square
# is the same feature once more, up to shift and scale. Keeping one, the other, or both with the
# coefficient split between them, all comes to the same objective: which of these a fit returns
# means nothing. That it wants at least one of them is what can be relied on.

twins = ["sex", "sex^2"]
print(f"correlation {X['sex'].corr(X['sex^2']):.3f}")
for name in twins:
    print(f"{name} kept in {frequency[name]:.0%}")
print(f"one or the other kept in {selections[twins].any(axis=1).mean():.0%}")

# %%
# So before you drop what is rarely kept, look at what it is correlated with; and to have twins
# kept or dropped together, use the elastic net:
# :ref:`sphx_glr_auto_examples_plot_correlated_features.py`.
#
# References
# ----------
# .. [1] Meinshausen, N. and Bühlmann, P. (2010). Stability selection. Journal of the Royal
#    Statistical Society B 72(4), 417-473.
# .. [2] Bach, F. R. (2008). Bolasso: model consistent Lasso estimation through the bootstrap.
#    Proceedings of the 25th International Conference on Machine Learning, 33-40.
