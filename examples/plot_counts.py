"""
Claims per policy year: counts with an exposure
===============================================

Some motor policies ran for a whole year, others for a month, and a month has fewer claims. What a Poisson model makes
of the exposure, and what happens to a model that does not know of it.
"""

# %%
# The policies
# ------------
# They are made up. Claims per year fall with the driver's age up to fifty and rise after it, rise with the power of the
# car, and differ between two of the regions and the rest. Young drivers come and go: their policies ran for a shorter
# time. Thirty more columns have nothing to do with claims.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import d2_tweedie_score

from sklearn_sparsefit import CVCurveDisplay, ElasticNetGLMCV

REGIONS = ["coast", "hills", "north", "plain", "south", "town"]
IN_REGION = {"town": 0.5, "hills": -0.4}


def simulate_policies(n_policies: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 80, n_policies)
    power = rng.gamma(8, 10, n_policies)
    region = rng.choice(REGIONS, n_policies)
    exposure = rng.beta(0.6 + (age - 18) / 10, 2.5) * 0.97 + 0.03
    log_rate = -1.6 + 0.0012 * (age - 50) ** 2 - 0.008 * (age - 50) + 0.006 * (power - 80)
    log_rate = log_rate + pd.Series(region).map(IN_REGION).fillna(0.0).to_numpy()
    claims = rng.poisson(exposure * np.exp(log_rate))
    columns = {"age": (age - 50) / 10, "age squared": ((age - 50) / 10) ** 2, "power": (power - 80) / 30}
    columns |= {name: (region == name).astype(float) for name in REGIONS}
    columns |= {f"unrelated {j:02}": rng.standard_normal(n_policies) for j in range(30)}
    known = pd.DataFrame({"age": age, "rate": np.exp(log_rate)})
    return pd.DataFrame(columns), claims, exposure, known


X, claims, exposure, known = simulate_policies(6000, seed=0)
new_X, new_claims, new_exposure, new_known = simulate_policies(20000, seed=1)
print(f"{claims.sum()} claims in {exposure.sum():.0f} policy years; no claim: {100 * np.mean(claims == 0):.0f} %")

# %%
# Three models
# ------------
# The first ignores the exposure, the second has it as ``exposure``, an offset of its logarithm. The third keeps age
# whatever it costs, with a ``penalty_weights`` of zero: a tariff has to have it. D² is the share of the deviance that
# is explained, here on new policies and with their exposures, so that all three are asked for the same: the claims of
# each policy while it ran.

params = dict(family="poisson", l1_ratio=1.0, alphas=30)
free = {"age": 0, "age squared": 0}
models = {
    "exposure ignored": ElasticNetGLMCV(**params).fit(X, claims),
    "exposure": ElasticNetGLMCV(**params).fit(X, claims, exposure=exposure),
    "exposure, age kept": ElasticNetGLMCV(**params, penalty_weights=free).fit(X, claims, exposure=exposure),
}
for name, model in models.items():
    kept = X.columns[model.coef_ != 0]
    d2 = model.score(new_X, new_claims, exposure=None if name == "exposure ignored" else new_exposure)
    print(f"{name}: D2 {d2:.3f}, age {model.coef_[0]:.3f}, age squared {model.coef_[1]:.3f}")
    unrelated = kept.str.startswith("unrelated")
    print("   keeps", ", ".join(kept[~unrelated]), f"and {unrelated.sum()} unrelated")
print(f"the truth: D2 {d2_tweedie_score(new_claims, new_exposure * new_known['rate'], power=1):.3f}")

# %%
# Claims in a whole year
# ----------------------
# What each model expects of a policy that runs for one year, by age; of the first, that is what it says without knowing
# better.

ages = np.arange(20, 80, 4)
group = np.digitize(new_known["age"], ages)
size = np.bincount(group)
middle = np.bincount(group, new_known["age"]) / size
claims_per_year = np.bincount(group, new_claims) / np.bincount(group, new_exposure)

figure, axes = plt.subplots(1, 2, figsize=(12, 5), width_ratios=[1.2, 1], layout="constrained")
axes[0].plot(middle, np.bincount(group, new_known["rate"]) / size, color="black", linewidth=3, label="truth")
axes[0].scatter(middle, claims_per_year, color="0.5", s=25, label="new policies: claims over years")
for (name, model), style in zip(models.items(), [":", "--", "-"], strict=True):
    axes[0].plot(middle, np.bincount(group, model.predict(new_X)) / size, style, label=name)
axes[0].set(xlabel="age of the driver", ylabel="claims in a whole year", ylim=(0, None))
axes[0].legend()
curve = CVCurveDisplay.from_estimator(models["exposure, age kept"], ax=axes[1])
plt.show()

# %%
# Without the exposure, short policies look like careful driving: young drivers, whose policies are the shortest, seem
# to be far better than they are, and so does everybody, as no policy is taken to last a year. With it, both the level
# and the shape are right. The penalty on age costs little here, for the effect is strong; without it there is nothing
# to explain about a shrunken tariff. What its coefficient says still depends on what else is in the model:
# :doc:`/user_guide/penalty_weights`.
#
# All three keep columns that have nothing to do with claims, as the alpha of the least error does:
# :doc:`/user_guide/trust`. And all D² are small, that of the truth too: whether somebody has an accident within a year
# is mostly chance. A tariff is judged by whether its averages are right, as in the picture, and D² tells which of two
# tariffs is nearer to that, on the same policies: :doc:`/user_guide/glm`.
