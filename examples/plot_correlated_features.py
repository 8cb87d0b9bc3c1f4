"""
Lasso, elastic net and ridge on correlated features
===================================================

Radius, perimeter and area of a cell nucleus say nearly the same. How do the three penalties share
out the credit between them?
"""

# %%
# The data
# --------
# The breast cancer data describe the cell nuclei of 569 tumours. Ten means over all nuclei of a
# tumour are to predict the area of its largest ones.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from sklearn_sparsefit import CoefficientPathDisplay, CVCurveDisplay, ElasticNetCV, enet_path

data = load_breast_cancer(as_frame=True).data
scaled = StandardScaler().set_output(transform="pandas").fit_transform(data)
X = scaled[[name for name in scaled if name.startswith("mean")]]
y = scaled["worst area"]

print(X[["mean radius", "mean perimeter", "mean area"]].corr().round(3))

# %%
# Three paths
# -----------
# The lasso gives all the credit to the one feature that is nearest to the target; its near twins
# stay out until the penalty is very weak, and then take the opposite sign. The elastic net lets
# the twins in together and shrinks them towards each other: Zou and Hastie (2005) [1]_ call it
# the grouping effect. Ridge keeps everything, always.
#
# An alpha means something else for each penalty, so only the shapes compare.

paths = {
    "lasso": enet_path(X, y, l1_ratio=1, alphas=100),
    "elastic net, l1_ratio = 0.5": enet_path(X, y, l1_ratio=0.5, alphas=100),
    "ridge": enet_path(X, y, l1_ratio=0, alphas=np.geomspace(100, 0.01, 100)),
}
for name, (alphas, coefs, _) in paths.items():
    display = CoefficientPathDisplay(alphas=alphas, coefs=coefs, feature_names=X.columns)
    display.plot(n_labels=6).ax_.set_title(name)

# %%
# How many coefficients are other than zero, early and late on the path?

for name, (_, coefs, _) in paths.items():
    counts = np.count_nonzero(coefs[:, [10, 50, 99]], axis=0)
    print(f"{name:28} {counts} of {len(coefs)}")

# %%
# Which mixture predicts best?
# ----------------------------
# Cross-validation can answer that too: given a list, :class:`~sklearn_sparsefit.ElasticNetCV`
# tries every ``l1_ratio``. Each has its curve; the band and the faint lines of the folds belong to
# the one that is chosen.

l1_ratio = [0.1, 0.5, 0.9, 1.0]
enet = ElasticNetCV(l1_ratio=l1_ratio, cv=10).fit(X, y)
CVCurveDisplay.from_estimator(enet)
plt.show()

errors = enet.mse_path_.mean(axis=2).min(axis=1)
print(pd.Series(errors, pd.Index(l1_ratio, name="l1_ratio"), name="least error").round(4))
print(f"chosen: l1_ratio {enet.l1_ratio_}, alpha {enet.alpha_:.2g}")

# %%
# The minima differ by far less than the band is wide, so on these data the choice is not about
# prediction. Take the lasso for a short list, the elastic net for one that does not hide that its
# features have near twins.
#
# References
# ----------
# .. [1] Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net.
#    Journal of the Royal Statistical Society B 67(2), 301-320.
