"""Long fits end at Ctrl-C; threads and their number do not change answers."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from registry import DESIGNS, make_data
from sklearn_sparsefit import ElasticNetCV, LassoCV, lasso_path

LONG_FITS = {
    "one_alpha_cd": "Lasso(1e-9, solver='cd', tol=0, max_iter=10**9).fit(X, y)",
    "one_alpha_prox_grad": "Lasso(1e-9, solver='prox_grad', tol=0, max_iter=10**9).fit(X, y)",
    "one_alpha_auto": "Lasso(1e-9, fit_intercept=False, tol=0, max_iter=10**9).fit(X, y)",
    "path": "lasso_path(X, y, alphas=10**6, eps=1e-9)",
    "cross_validation": "LassoCV(alphas=10**5, eps=1e-9, cv=10, n_jobs=2).fit(X, y)",
}
# Of the processor, whoever else is at work on the machine: the quickest of the fits takes ten when left alone.
SECONDS = 8
PROGRAM = """
import resource, time
import numpy as np
from sklearn_sparsefit import Lasso, LassoCV, lasso_path
rng = np.random.default_rng(0)
X = rng.standard_normal((1500, 8000)).cumsum(axis=1)
y = rng.standard_normal(1500)
resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + {seconds}, resource.RLIM_INFINITY))
print("fitting", flush=True)
{fit}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process")
@pytest.mark.parametrize("fit", LONG_FITS)
def test_interrupt_ends_a_long_fit(fit):
    program = PROGRAM.format(fit=LONG_FITS[fit], seconds=SECONDS)
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "fitting\n"
            time.sleep(1.5)
            assert process.poll() is None, "the fit was over before it could be interrupted"
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert process.returncode != 0


@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array, sparse.csr_array])
def test_fits_in_parallel_threads(store):
    problems = [(store(X), y) for X, y in map(make_data, DESIGNS)]

    def solve(problem):
        return lasso_path(*problem, alphas=20, fit_intercept=True, return_intercept=True)

    alone = [solve(problem) for problem in problems]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(solve, 5 * problems))
    for k, results in enumerate(together):
        for one, other in zip(results, alone[k % len(problems)], strict=True):
            assert_array_equal(one, other)


def test_fits_of_the_same_data_in_parallel_threads():
    X, y = make_data("random")
    alone = LassoCV(alphas=20).fit(X, y)
    with ThreadPoolExecutor(4) as pool:
        fits = pool.map(lambda _: LassoCV(alphas=20).fit(X, y), range(12))
    for model in fits:
        assert_array_equal(model.coef_, alone.coef_)
        assert_array_equal(model.mse_path_, alone.mse_path_)


@pytest.mark.parametrize("n_jobs", [2, 3, -1])
@pytest.mark.parametrize("Estimator", [LassoCV, ElasticNetCV])
@pytest.mark.parametrize("store", [np.asarray, sparse.csc_array, sparse.csr_array])
def test_n_jobs_does_not_change_a_bit(Estimator, n_jobs, store):
    # Large enough that there is something to share out.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 250)) * (rng.uniform(size=(300, 250)) < 0.3)
    y = X[:, :20].sum(axis=1) + rng.standard_normal(300)
    options = {"alphas": 10, "eps": 0.05, "cv": 5}
    one, many = (Estimator(n_jobs=k, **options).fit(store(X), y) for k in (None, n_jobs))
    assert_array_equal(many.alphas_, one.alphas_)
    assert_array_equal(many.mse_path_, one.mse_path_)
    assert_array_equal(many.coef_path_, one.coef_path_)
    assert many.n_passes_ == one.n_passes_
