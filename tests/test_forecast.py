"""What is said ahead of the features outside the working set."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_sparsefit.path import cost_model
from sklearn_sparsefit.path.forecast import Forecast
from sklearn_sparsefit.penalty import ElasticNetPenalty, FeatureTerms


def look_ahead(forecast, alphas):
    n_features = 4
    penalty = ElasticNetPenalty(alphas[0], 1.0, FeatureTerms.uniform(n_features))
    return forecast.look_ahead(penalty, alphas, np.ones(n_features, dtype=bool), n_support=0)


def test_features_enter_where_their_lines_meet_the_threshold():
    forecast = Forecast(1.0, np.array([0.9, 0.9, 0.1, -0.5]), 0.02)
    forecast.see(0.9, np.array([0.8, 0.85, 0.1, -0.55]))
    # Lines to 0.7, 0.8, 0.1 and -0.6 at 0.8, to 0.6, 0.75, 0.1 and -0.65 at 0.7.
    assert_array_equal(look_ahead(forecast, [0.8])[1], [1])
    assert_array_equal(look_ahead(forecast, [0.8, 0.65])[1], [1, 3])


def test_a_forecast_tells_where_more_will_enter_than_come(monkeypatch):
    monkeypatch.setattr(cost_model, "MIN_NEWCOMERS", 1)
    monkeypatch.setattr(cost_model, "MAX_NEWCOMERS", 1)
    forecast = Forecast(1.0, np.array([0.9, 0.9, 0.1, -0.5]), 0.02)
    forecast.see(0.9, np.array([0.8, 0.85, 0.1, -0.55]))
    n_ahead, newcomers, n_left_out = look_ahead(forecast, [0.8])
    assert (n_ahead, list(newcomers), n_left_out) == (1, [1], 0)
    n_ahead, newcomers, n_left_out = look_ahead(forecast, [0.65])
    assert (n_ahead, list(newcomers)) == (1, [1]) and n_left_out > 0


def test_of_equal_newcomers_as_many_come_as_may(monkeypatch):
    monkeypatch.setattr(cost_model, "MIN_NEWCOMERS", 2)
    monkeypatch.setattr(cost_model, "MAX_NEWCOMERS", 1)
    n_ahead, newcomers, n_left_out = look_ahead(Forecast(1.0, np.full(4, 0.9), 0.02), [0.8])
    assert n_ahead == 1 and len(newcomers) == 2 and n_left_out > 0


def test_lines_are_those_of_the_features():
    penalty = ElasticNetPenalty(1.0, 1.0, FeatureTerms.uniform(3))
    with pytest.raises(ValueError, match="3 and 2 correlations are not those of 3 features"):
        penalty.entry_alphas(0.5, np.ones(3), 0.6, np.ones(2), 0.0)
