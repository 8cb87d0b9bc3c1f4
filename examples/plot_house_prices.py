"""
House prices: the least error, or one standard error?
=====================================================

A table of houses with 75 columns, of which some matter little and some not at all. The alpha of the
least error keeps two thirds of them, the rule of one standard error one third. What was dropped, and
what did it cost?
"""

# %%
# The houses
# ----------
# They are simulated, so that it is known what matters, and there can be any number of new houses to
# try a model on. The target is the logarithm of the price: its errors are errors in percent. It is
# made of the type and the district of the house, the columns in ``EFFECTS``, one product of two
# columns, and noise of 15 %. The rest is the usual trouble: columns that say once more how large
# the house is or how well it is kept, and others that have nothing to do with its price.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler

from sklearn_sparsefit import CoefficientPathDisplay, CVCurveDisplay, LassoCV

TYPES = {"detached": 0.08, "semi": 0.03, "terraced": 0.0, "flat": -0.04}
DISTRICTS = dict(
    Abbey=0.12, Brook=-0.09, Castle=0.06, Dock=-0.15, East=0.0, Ferry=0.02, Hill=0.15, Island=0.0, Lake=0.04, Mill=-0.06
)
EFFECTS = dict(
    living_area=0.23, lot_area=0.03, garage_area=0.015, bathrooms=0.02, rooms=0.01,
    age=-0.05, since_renovation=-0.02, kitchen=0.03, bathroom=0.02, insulation=0.015, windows=0.01,
    km_centre=-0.06, km_station=-0.02, km_school=-0.015, km_park=-0.008,
)  # fmt: skip
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
SCORES = ["kitchen", "bathroom", "facade", "windows", "floors", "insulation", "wiring", "garden", "stairs", "doors"]
UNRELATED = [
    "house_number", "letters_in_street", "photos_in_advert", "words_in_advert", "days_listed", "viewings",
    "age_of_agent", "moon_phase", "temperature", "shoe_size_of_owner",
]  # fmt: skip


def simulate_houses(n_houses: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)

    def noise(spread):
        return spread * rng.standard_normal(n_houses)

    size, care = noise(1), noise(1)
    district = rng.integers(len(DISTRICTS), size=n_houses)
    area = 120 * np.exp(0.3 * size)
    age = rng.gamma(2, 20, n_houses)
    km = 1 + district + rng.uniform(0, 3, n_houses)
    houses = {
        "district": np.array([*DISTRICTS])[district],
        "type": rng.choice([*TYPES], n_houses),
        "month": rng.choice(MONTHS, n_houses),
        "living_area": area,
        "taxed_area": area * np.exp(noise(0.03)),
        "heated_area": area * np.exp(noise(0.08)),
        "lot_area": 400 * np.exp(0.4 * size + noise(0.4)),
        "garage_area": 20 * np.exp(0.2 * size + noise(0.3)),
        "cellar_area": 40 * np.exp(0.3 * size + noise(0.4)),
        "rooms": np.round(area / 25 + noise(0.7)),
        "bedrooms": np.round(area / 40 + noise(0.7)),
        "bathrooms": np.round(1 + area / 120 + noise(0.4)),
        "age": age,
        "since_renovation": age * rng.beta(2, 2, n_houses),
        "age_of_roof": age * rng.beta(3, 2, n_houses),
        "age_of_boiler": rng.gamma(2, 5, n_houses),
        "km_centre": km,
        "minutes_centre": 8 + 3 * km + noise(2),
    }
    for place in ["school", "station", "park", "shop", "hospital", "motorway", "pub", "airport"]:
        houses[f"km_{place}"] = rng.gamma(2, 1, n_houses) * (1 + km / 10)
    for part in SCORES:
        houses[part] = np.round(5 + 1.5 * care - age / 50 + noise(1.2))
    for name in UNRELATED:
        houses[name] = rng.gamma(4, 1, n_houses)
    houses = pd.DataFrame(houses)

    log_price = 12.6 + houses["type"].map(TYPES) + houses["district"].map(DISTRICTS) + noise(0.15)
    for name, effect in EFFECTS.items():
        values = np.log(houses[name]) if name.endswith("_area") else houses[name]
        log_price += effect * (values - values.mean()) / values.std()
    # A good kitchen is worth more in a house with many rooms.
    log_price += 0.01 * (houses["kitchen"] - 5) * (houses["rooms"] - 5) / 2
    return houses, log_price


houses, log_price = simulate_houses(800, seed=0)
new_houses, new_log_price = simulate_houses(5000, seed=1)
print(houses.iloc[:3, :8].round(1).to_string())

# %%
# The pipeline
# ------------
# Categories get a column each: with a penalty, none of them has to be left out. Areas get their
# logarithm, and four columns their products. ``set_output`` lets the names through to the last
# step.


def make_model(**params) -> Pipeline:
    logarithm = FunctionTransformer(np.log, feature_names_out="one-to-one")
    products = make_pipeline(StandardScaler(), PolynomialFeatures(interaction_only=True, include_bias=False))
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["district", "type", "month"]),
        (logarithm, make_column_selector("_area$")),
        (products, ["rooms", "kitchen", "age", "km_centre"]),
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    return make_pipeline(columns, StandardScaler(), LassoCV(**params)).set_output(transform="pandas")


def describe(name: str, model: Pipeline) -> None:
    lasso = model[-1]
    error = np.sqrt(np.mean((model.predict(new_houses) - new_log_price) ** 2))
    kept = np.count_nonzero(lasso.coef_)
    print(f"{name}: alpha {lasso.alpha_:.4f}, keeps {kept} of {lasso.n_features_in_}, error {error:.2%}")


folds = KFold(10, shuffle=True, random_state=0)
models = {rule: make_model(cv=folds, alpha_rule=rule).fit(houses, log_price) for rule in ["min", "1se"]}
for rule, model in models.items():
    describe(rule, model)

# %%
# The errors are root mean squares over 5000 new houses. One fit would do, too: whatever the rule,
# the estimator has ``alpha_min_`` and ``alpha_1se_``, and the coefficients for both in
# ``coef_path_``.
#
# The curve and the path
# ----------------------
# Solid is the alpha with the least error, dotted the largest one within a standard error of it. The
# green line is what cross-validation estimates, the error on new houses; ``predict_path`` gives
# the predictions for all alphas at once. That it lies above the blue one by about a standard error
# is chance. What matters is that both have the same shape.

model = models["min"]
lasso = model[-1]
predictions = lasso.predict_path(model[:-1].transform(new_houses))
new_errors = np.mean((predictions - new_log_price.to_numpy()[:, None]) ** 2, axis=0)

_, axes = plt.subplots(2, 1, sharex=True, figsize=(7, 8), layout="constrained")
curve = CVCurveDisplay.from_estimator(lasso, ax=axes[0])
curve.ax_.plot(lasso.alphas_, new_errors, color="tab:green", label="new houses")
curve.ax_.set_ylim(0.015, 0.045)
curve.ax_.label_outer()
curve.ax_.legend(framealpha=1)
path = CoefficientPathDisplay.from_estimator(lasso, ax=axes[1])
path.ax_.set_ylim(-0.1, 0.24)
path.ax_.axvline(lasso.alpha_1se_, color="black", linestyle=":", linewidth=1)

# %%
# What each of them keeps
# -----------------------
# A coefficient is the change of the price, in percent, when its column grows by one standard
# deviation and all others stay. Names in grey have no part in the price.

in_price = {*EFFECTS, "rooms kitchen"}
in_price |= {f"type_{name}" for name, effect in TYPES.items() if effect}
in_price |= {f"district_{name}" for name, effect in DISTRICTS.items() if effect}

coefs = pd.DataFrame({rule: 100 * model[-1].coef_ for rule, model in models.items()}, lasso.feature_names_in_)
coefs = coefs[(coefs != 0).any(axis=1)].sort_values("min", key=abs)

_, ax = plt.subplots(figsize=(7, 9), layout="constrained")
ax.hlines(coefs.index, coefs["1se"], coefs["min"], color="0.7", linewidth=1)
ax.plot(coefs["min"], coefs.index, "o", color="black", label="min")
ax.plot(coefs["1se"].replace(0, np.nan), coefs.index, "o", color="tab:red", label="1se")
ax.axvline(0, color="black", linewidth=0.8)
for label in ax.get_yticklabels():
    label.set_color("black" if label.get_text() in in_price else "0.6")
ax.set(xlabel="coefficient, in percent of the price")
ax.margins(y=0.01)
ax.legend(loc="lower right")
plt.show()

kept = {rule: set(coefs.index[coefs[rule] != 0]) for rule in models}
for rule, names in kept.items():
    print(f"{rule}: {len(names & in_price)} columns that are in the price, {len(names - in_price)} that are not")
print("in the price, dropped by 1se alone:", *sorted((kept["min"] - kept["1se"]) & in_price))
print("in the price, dropped by both:", *sorted(in_price - kept["min"]))
print("not in the price, kept by 1se:", *sorted(kept["1se"] - in_price))

# %%
# What ``1se`` drops is mostly what it should: months, distances, details of the advert. The columns
# in the price that go as well have the smallest effects there. This is what the rule is for: a list
# that somebody has to read, measure or explain, for which a slightly larger error is a fair price.
#
# When it misleads
# ----------------
# **It does not predict as well.** On new houses the error is larger by a quarter of a percent. That
# sounds like nothing, but 15 % is noise that no model can predict, and of the squared error above
# that, ``1se`` leaves three quarters more than ``min``. What costs is that it shrinks the columns it
# keeps, not that it drops the others. Least squares on the kept columns is as good as ``min``, with
# half as many:

columns = sorted(kept["1se"])
prepare = models["1se"][:-1]
refit = LinearRegression().fit(prepare.transform(houses)[columns], log_price)
error = np.sqrt(np.mean((refit.predict(prepare.transform(new_houses)[columns]) - new_log_price) ** 2))
print(f"least squares on the columns of 1se: error {error:.2%}")

# %%
# That went well here; where columns are more and noisier, it need not. And the standard errors of
# such a refit are wrong, since the same houses chose its columns: see :doc:`/user_guide/trust`.
#
# **"Within one standard error" is not "cannot be told apart".** The standard error says how sure the
# height of the curve is. A fold with a few odd houses has a large error at every alpha. That makes
# the standard error large, but says nothing about which alpha is better. The differences between
# alphas, fold by fold, are much surer. A rule may be any function of ``cv_results_``, and this one
# takes the standard error of the differences:


def as_good_as_the_best(results: dict) -> int:
    scores = np.array([results[f"split{fold}_test_score"] for fold in range(10)])
    losses = scores[:, [scores.mean(axis=0).argmax()]] - scores
    standard_errors = losses.std(axis=0, ddof=1) / np.sqrt(10)
    return np.flatnonzero(losses.mean(axis=0) <= standard_errors)[0]


describe("differences", make_model(cv=folds, alpha_rule=as_good_as_the_best).fit(houses, log_price))

# %%
# By this rule, ten folds can very well tell the model of ``1se`` from the best one.
#
# **It is no test.** The shoe size of the owner is in the model, and four columns that are in the
# price are not. The heated area is there as a near twin of the living area, and takes a part of its
# credit. :ref:`sphx_glr_auto_examples_plot_selection_stability.py` shows how to find such guests.
#
# **The standard error is itself an estimate,** from ten numbers here, and it depends on the folds.
# With each district as a fold, the question is another one: how well are houses predicted in a
# district without a sale so far? The error is larger, and so is its standard error, because
# districts differ.

districts = [*GroupKFold(10).split(houses, groups=houses["district"])]
models = {"random folds": models["1se"], "districts": make_model(cv=districts, alpha_rule="1se")}
models["districts"].fit(houses, log_price)
for name, model in models.items():
    results = model[-1].cv_results_
    best = results["mean_test_score"].argmax()
    print(f"{name}: least error {-results['mean_test_score'][best]:.4f} ± {results['se_test_score'][best]:.4f}")
    describe("    1se", model)

# %%
# The rule answers with another model, though the houses are the same. So choose the folds first,
# for the question you have, and then the rule. :doc:`/user_guide/choosing_alpha` tells more of both.
