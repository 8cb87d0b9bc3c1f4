r"""
Lasso, ridge and elastic net on correlated features
===================================================

The breast cancer data describe the cell nuclei of 569 tumours. Radius, perimeter and area of a
nucleus say nearly the same, and so do concavity and concave points. How do the three penalties
share out the credit when ten such features predict the size of the largest nuclei?
"""

# %%
# The features
# ------------
# Means over the nuclei of each tumour predict its largest nuclei ("worst area").

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale

from sklearn_sparsefit import CoefficientPathDisplay, ElasticNetCV, enet_path

data = load_breast_cancer(as_frame=True).data
names = [column for column in data if column.startswith("mean")]
X = scale(data[names].to_numpy())
y = scale(data["worst area"].to_numpy())

for name in ["mean perimeter", "mean area", "mean concavity", "mean concave points"]:
    correlations = np.corrcoef(X[:, names.index(name)], X.T)[0, 1:]
    correlations[names.index(name)] = 0
    nearest = np.argmax(np.abs(correlations))
    print(f"{name} and {names[nearest]}: correlation {correlations[nearest]:.3f}")
