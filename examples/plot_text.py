"""
Which words give a statistician away?
=====================================

Is a function about statistics, judging by its documentation? The texts are those of SciPy's own functions, which are
installed with this package. Each is a row of a sparse matrix with a column for every word, and the lasso keeps a few
dozen of several thousand words.
"""

# %%
# The texts
# ---------
# Public functions of SciPy have a text. Those of ``scipy.stats`` are the one class, those of the other modules the
# other. Code examples and references are cut off, and the words "scipy", "stats" and the name of the function itself,
# which only say where it lives. Distributions, whose texts are all made from one template, are left out.

import importlib
import inspect
import re

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, log_loss
from sklearn.model_selection import train_test_split

from sklearn_sparsefit import CoefficientPathDisplay, CVCurveDisplay, SparseLogisticRegressionCV

MODULES = ["cluster.hierarchy", "fft", "integrate", "interpolate", "linalg", "ndimage", "optimize", "signal", "sparse"]
MODULES += ["sparse.csgraph", "sparse.linalg", "spatial", "spatial.distance", "special", "stats"]
END = re.compile(r"^\s*(Examples|References|See Also)\s*\n\s*---", re.MULTILINE)


def read_texts() -> dict[str, tuple[str, str]]:
    """Module and text by the name of the function; each text once, though some functions have several names."""
    texts = {}
    for module_name in MODULES:
        module = importlib.import_module(f"scipy.{module_name}")
        for name in sorted(module.__all__):
            function = getattr(module, name)
            text = inspect.getdoc(function) or ""
            if not callable(function) or inspect.isclass(function) or hasattr(function, "pdf") or len(text) < 200:
                continue
            text = re.sub(rf"\b(scipy|stats|{re.escape(name)})\b", " ", END.split(text)[0])
            texts.setdefault(text, (f"{module_name}.{name}", module_name))
    return {name: (module, text) for text, (name, module) in texts.items()}


functions = read_texts()
names = np.array(list(functions))
texts = np.array([text for _, text in functions.values()])
y = np.where([module == "stats" for module, _ in functions.values()], "statistics", "other")
print(f"{len(y)} functions, {100 * np.mean(y == 'statistics'):.0f} % of them about statistics")

# %%
# Words as sparse columns
# -----------------------
# TF-IDF gives rows of length one: a word counts the more the rarer it is in other texts. Its columns stay as they are:
# standardised, a word that is in five texts would cost as little as a common one.

split = train_test_split(texts, y, names, test_size=0.3, stratify=y, random_state=0)
train_texts, test_texts, train_y, test_y, train_names, test_names = split
words = TfidfVectorizer(min_df=5, token_pattern=r"\b[a-z]{3,}\b", sublinear_tf=True)
X, test_X = words.fit_transform(train_texts), words.transform(test_texts)
print(f"{X.shape[0]} x {X.shape[1]}, {100 * X.nnz / np.prod(X.shape):.1f} % of it not zero")

# Texts can be told apart without error in the end, where the loss is small: a tolerance relative to it has to be, too.
model = SparseLogisticRegressionCV(alpha_rule="1se", cv=10, eps=2e-3, tol=1e-6).fit(X, train_y)
dense = LogisticRegression(C=10, max_iter=1000).fit(X, train_y)
for name, fitted in [("L1, one standard error", model), ("L2, C=10", dense)]:
    loss = log_loss(test_y, fitted.predict_proba(test_X))
    n_words = np.count_nonzero(fitted.coef_)
    print(f"{name}: {n_words} words, log loss {loss:.3f}, {100 * fitted.score(test_X, test_y):.1f} % right")
print(f"duality gap at the chosen alpha: {model.dual_gap_:.1e}")

# %%
# Most functions are not about statistics, so a model that says "other" of each would be right quite often. The table
# tells the classes apart.

print(classification_report(test_y, model.predict(test_X), digits=2))

# %%
# The words that are kept
# -----------------------
# To the right those that raise the odds of statistics, to the left those that lower them.

vocabulary = words.get_feature_names_out()
coef = model.coef_[0]
largest = np.argsort(-np.abs(coef))[:30]
shown = largest[np.argsort(coef[largest])]

figure, axes = plt.subplots(1, 2, figsize=(12, 7.5), width_ratios=[1, 1.4], layout="constrained")
axes[0].barh(np.arange(len(shown)), coef[shown], color=np.where(coef[shown] > 0, "tab:blue", "tab:orange"))
axes[0].set_yticks(np.arange(len(shown)), vocabulary[shown], fontsize=9)
axes[0].margins(y=0.01)
axes[0].set(xlabel="coefficient", title="words with the largest weights")
path = CoefficientPathDisplay.from_estimator(model, feature_names=vocabulary, n_labels=12, ax=axes[1])
path.ax_.set_title("the path")

# %%
# Where it fails
# --------------
# The texts whose class surprised the model most.

chances = model.predict_proba(test_X)[:, 1]
surprise = np.where(test_y == "statistics", 1 - chances, chances)
for j in np.argsort(-surprise)[:6]:
    print(f"{test_names[j]}: {100 * chances[j]:.0f} % statistics")

# %%
# The curve
# ---------

curve = CVCurveDisplay.from_estimator(model)
plt.show()

# %%
# Most of the words are about statistics. Some are not: "nan" comes from an argument that functions of this module
# share, and "out" from one that functions of another have. The model takes whatever tells *these* texts apart, and a
# good score on texts by the same authors says nothing of others. Reading the words shows it, which is a reason to have
# few.
#
# The ridge penalty does a little better with all words. Often it does, with text: many words have a small part in it.
# What the lasso has to offer is a list that can be read.
