"""Settings shared by all tests."""

import pytest
from hypothesis import HealthCheck, settings

from sklearn_sparsefit.path import cost_model

settings.register_profile(
    "deterministic",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("deterministic")


def pytest_configure(config):
    # Before scikit-learn 1.8, parametrize_with_checks hands pytest a generator.
    config.addinivalue_line("filterwarnings", "ignore:Passing a non-Collection iterable:DeprecationWarning")


@pytest.fixture(scope="module")
def bounded_passes():
    """Passes that leave out features on small designs, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost_model, "FEW_NUMBERS", 0)
        patch.setattr(cost_model, "FEATURES_PER_KNOWN", 1)
        yield
