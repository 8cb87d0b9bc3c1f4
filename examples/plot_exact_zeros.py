r"""
Why coefficients become exactly zero
====================================

Two pictures of the same fact. An L1 penalty has a corner at zero, and corners hold on; an L2
penalty is round there, and lets go at once.
"""

# %%
# One feature: the soft threshold
# -------------------------------
# Take one standardised feature of the diabetes data, and targets that follow it with any slope
# from -3 to 3. Least squares finds that slope. The L1 penalty draws it towards zero by
# :math:`\alpha`, and to exactly zero where it is no larger than :math:`\alpha`. The L2 penalty
# divides it by :math:`1 + \alpha`, which is zero only if the slope was.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale

from sklearn_sparsefit import ElasticNet

X, y = load_diabetes(return_X_y=True, as_frame=True)
bmi = scale(X[["bmi"]].to_numpy())
slopes = np.linspace(-3, 3, 61)

_, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
ax.plot(slopes, slopes, color="0.6", linestyle=":", label="least squares")
for l1_ratio, label in [(1.0, "L1"), (0.5, "elastic net, half and half"), (0.0, "L2")]:
    model = ElasticNet(alpha=1.0, l1_ratio=l1_ratio)
    coefs = [model.fit(bmi, slope * bmi[:, 0]).coef_[0] for slope in slopes]
    ax.plot(slopes, coefs, label=rf"{label}, $\alpha = 1$")
ax.axhline(0, color="black", linewidth=0.8)
ax.set(xlabel="slope found by least squares", ylabel="coefficient")
ax.legend()

# %%
# Two features: the diamond and the circle
# ----------------------------------------
# Now the real target, and two features: body mass index and blood pressure. Each ellipse joins
# coefficients with the same squared error; the cross in their middle is least squares. A
# penalised solution lies where an ellipse first touches the set of all coefficients with no more
# penalty than its own. For L1 that set is a diamond, and ellipses tend to meet it at a corner,
# where a coefficient is zero. The disc of L2 has no corners. This is the picture of Tibshirani
# (1996) [1]_, with the numbers of the diabetes data.

Z = scale(X[["bmi", "bp"]].to_numpy())
target = (y - y.mean()).to_numpy()
least_squares = np.linalg.lstsq(Z, target)[0]


def excess_loss(coefs):
    """Half the mean squared error above that of least squares."""
    difference = coefs - least_squares
    return np.einsum("...i,ij,...j", difference, Z.T @ Z / len(Z), difference) / 2


x_grid, y_grid = np.meshgrid(np.linspace(-25, 65, 300), np.linspace(-25, 45, 300))
points = np.stack([x_grid, y_grid], axis=-1)

_, axes = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True, layout="constrained")
for ax, name, l1_ratio, alpha, order in [(axes[0], "L1", 1, 30, 1), (axes[1], "L2", 0, 1.2, 2)]:
    coef = ElasticNet(alpha=alpha, l1_ratio=l1_ratio).fit(Z, target).coef_
    radius = np.linalg.norm(coef, ord=order)
    norms = np.linalg.norm(points, ord=order, axis=-1)
    ax.contourf(x_grid, y_grid, norms, levels=[0, radius], colors=["tab:blue"], alpha=0.3)
    levels = excess_loss(coef) * np.array([0.1, 0.4, 1.0, 1.8])
    ax.contour(x_grid, y_grid, excess_loss(points), levels=levels, colors="0.6", linewidths=1)
    ax.plot(*least_squares, "x", color="black", label="least squares")
    ax.plot(*coef, "o", color="tab:red", label=f"{name}: bmi {coef[0]:.1f}, bp {coef[1]:.1f}")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set(xlabel="coefficient of bmi", aspect="equal", title=f"{name} penalty")
    ax.legend(loc="lower right")
axes[0].set_ylabel("coefficient of bp")

# %%
# The zero is exact, not small: the corner holds as long as the slope of the squared error along
# ``bp`` stays below :math:`\alpha`. That is also what the fit has to satisfy, and what can be
# checked afterwards.

lasso = ElasticNet(alpha=30, l1_ratio=1).fit(Z, target)
slope = Z.T @ (target - lasso.predict(Z)) / len(Z)
print("coefficients      bmi {:8.4f}   bp {:8.4f}".format(*lasso.coef_))
print("slopes of the loss    {:8.4f}      {:8.4f}   alpha = 30".format(*slope))

# %%
# References
# ----------
# .. [1] Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. Journal of the
#    Royal Statistical Society B 58(1), 267-288.
