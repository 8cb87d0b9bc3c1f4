"""
All third-degree interactions of the diabetes data
==================================================

How far will a patient's diabetes have progressed in a year? Ten measurements were taken of each of
442 patients [1]_. Products of up to three of them make 285 features, nearly as many as there are
patients to learn from, and many nearly the same: a job for the lasso [2]_, which keeps few.

Run as a script, this example also writes its picture to ``diabetes_interactions.png``.
"""

# %%
# Fit
# ---
# The pipeline is the one you would write for scikit-learn; only the import of ``LassoCV`` is new.
# ``set_output`` lets the names of the features through to the last step. The path ends at a
# hundredth of the alpha at which it begins: beyond lie models of a hundred features and more.

import warnings

import matplotlib.pyplot as plt
import pandas as pd
from sklearn import linear_model
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_sparsefit import CoefficientPathDisplay, CVCurveDisplay, LassoCV

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)


def with_interactions(regressor) -> Pipeline:
    interactions = PolynomialFeatures(degree=3, include_bias=False)
    pipeline = make_pipeline(interactions, StandardScaler(), regressor)
    return pipeline.set_output(transform="pandas")


pipeline = with_interactions(LassoCV(eps=0.01)).fit(X_train, y_train)
lasso = pipeline[-1]

coef = pd.Series(lasso.coef_, lasso.feature_names_in_)
kept = coef[coef != 0].sort_values(key=abs, ascending=False)
print(f"chosen alpha: {lasso.alpha_:.4f}")
print(f"kept {kept.size} of {coef.size} features:")
print(kept.to_string(float_format="{:8.3f}".format))

# %%
# Certificate
# -----------
# The duality gap bounds how much lower the objective could still be. It is in the units of the
# objective; the relative gap divides it by the objective of a model that keeps no feature.

null_objective = y_train.var(ddof=0) / 2
print(f"duality gap: {lasso.dual_gap_:.1e}, relative: {lasso.dual_gap_ / null_objective:.1e}")
worst = lasso.dual_gap_path_.max()
print(f"worst on the path: {worst:.1e}, relative: {worst / null_objective:.1e}")

# %%
# Beside scikit-learn
# -------------------
# The same pipeline, with the same parameters, and a count of the warnings that it gives.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", ConvergenceWarning)
    reference = with_interactions(linear_model.LassoCV(eps=0.01)).fit(X_train, y_train)

print(f"test R2: {pipeline.score(X_test, y_test):.4f}")
print(f"test R2 of scikit-learn's LassoCV: {reference.score(X_test, y_test):.4f}")
print(f"its alpha: {reference[-1].alpha_:.4f}, its duality gap: {reference[-1].dual_gap_:.1e}")
print(f"its ConvergenceWarnings, over all folds and alphas: {len(caught)}")

# %%
# Picture
# -------
# Left: read from left to right, the penalty weakens and features enter one after another. The
# names are those of the largest coefficients at the chosen alpha. Right: the error on patients
# left out of the fit, whose minimum chose that alpha.

figure, (path_ax, curve_ax) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
CoefficientPathDisplay.from_estimator(lasso, ax=path_ax)
CVCurveDisplay.from_estimator(lasso, ax=curve_ax)
figure.savefig("diabetes_interactions.png", dpi=150)
print("picture: diabetes_interactions.png")

# %%
# References
# ----------
# .. [1] Efron, B., Hastie, T., Johnstone, I. and Tibshirani, R. (2004). Least angle regression.
#    The Annals of Statistics 32(2), 407-499.
# .. [2] Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. Journal of the
#    Royal Statistical Society B 58(1), 267-288.
