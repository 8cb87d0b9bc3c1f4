"""The rows of the benchmark."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from designs import (
    Data,
    digits_halves,
    interactions,
    newsgroups,
    prepared,
    simulated,
    simulated_tasks,
    sparse_simulated,
    sparse_tasks,
    text_like,
    two_classes,
)
from problem import Problem


@dataclass(frozen=True)
class Row:
    """A problem: its data, loss, penalty and alphas, a path of 100 down to ``eps * alpha_max`` or that single one.

    With ``n_folds``, cross-validation of that path, and of those of several ``l1_ratios``. ``patience`` multiplies the
    time limit, where the peers need long.
    """

    name: str
    family: str
    data: Callable[[], Data | None]
    l1_ratio: float = 1.0
    eps: float = 1e-2
    single: bool = False
    loss: str = "squares"
    intercept: bool = False
    dtype: type = np.float64
    quick: bool = False
    patience: float = 1.0
    n_folds: int = 0
    l1_ratios: tuple[float, ...] = ()

    def problem(self) -> Problem | None:
        """Make the data; None where it is not on this machine."""
        data = self.data()
        if data is None:
            return None
        X, y = (two_classes if self.loss == "logistic" else prepared)(*data, dtype=self.dtype)
        shares = np.array([self.eps]) if self.single else np.geomspace(1.0, self.eps, 100)
        return Problem.posed(
            X,
            y,
            shares,
            l1_ratio=self.l1_ratio,
            loss=self.loss,
            intercept=self.intercept,
            n_folds=self.n_folds,
            l1_ratios=self.l1_ratios,
        )


diabetes = partial(interactions, "diabetes")
cancer = partial(interactions, "breast_cancer")
digits = partial(interactions, "digits", 1)
tiny = partial(simulated, 50, 30, n_nonzero=5)
wide = partial(simulated, 200, 20_000)
weak = partial(simulated, 200, 10_000, 0.5, n_nonzero=200, snr=0.5, decay=True)
correlated = partial(simulated, 300, 10_000, 0.95)
nearly_equal = partial(simulated, 300, 10_000, 0.99)
tall = partial(simulated, 100_000, 200, 0.5)
less_tall = partial(simulated, 20_000, 500, 0.5, n_nonzero=100)
square = partial(simulated, 2000, 2000, n_nonzero=100)
square_correlated = partial(simulated, 2000, 2000, 0.95, n_nonzero=100)
dense_support = partial(simulated, 2000, 5000, n_nonzero=1500, snr=20.0)
dense_support_correlated = partial(simulated, 2000, 5000, 0.5, n_nonzero=1500, snr=20.0)
sparse_support = partial(sparse_simulated, 3000, 20_000, 0.01, n_nonzero=1500)
text_csr = partial(text_like, storage="csr")
wide_tasks = partial(simulated_tasks, 200, 5000, 0.5, n_tasks=10, n_nonzero=20)
tall_tasks = partial(simulated_tasks, 1000, 300, 0.5, n_tasks=12, n_nonzero=40)
tasks_of_sparse = partial(sparse_tasks, 2000, 10_000, 0.01, n_tasks=5, n_nonzero=50)
ten_fold = partial(Row, family="cross-validation", intercept=True, n_folds=10, patience=10)
noisy_wide = partial(simulated, 200, 20_000, 0.5, snr=1.4)
noisy_square = partial(simulated, 2000, 2000, 0.5, snr=1.4)
noisy_tall = partial(simulated, 50_000, 200, 0.5, snr=1.4)
noisy_less_tall = partial(simulated, 20_000, 200, 0.5, snr=1.4)
short_texts = partial(text_like, n_features=50_000, n_entries=370_000)
logistic = partial(Row, family="logistic", loss="logistic", intercept=True)
logistic_ten_fold = partial(logistic, family="logistic cross-validation", n_folds=10)

ROWS = (
    Row("diabetes 442x10", "tiny", partial(diabetes, 1), eps=1e-3, quick=True),
    Row("diabetes 442x10, alpha_max/10", "tiny", partial(diabetes, 1), eps=0.1, single=True),
    Row("50x30", "tiny", tiny, eps=1e-3),
    Row("50x30, alpha_max/10", "tiny", tiny, eps=0.1, single=True, quick=True),
    Row("50x30, alpha_max/100", "tiny", tiny, single=True),
    Row("diabetes 442x65", "real", partial(diabetes, 2), eps=1e-3),
    Row("diabetes 442x285", "real", partial(diabetes, 3), quick=True),
    Row("diabetes 442x285, l1_ratio .5", "real", partial(diabetes, 3), l1_ratio=0.5),
    Row("breast cancer 569x495", "real", partial(cancer, 2)),
    Row("breast cancer 569x495, l1_ratio .05", "real", partial(cancer, 2), l1_ratio=0.05),
    Row("digits 1797x64", "real", digits, eps=1e-3),
    Row("20 newsgroups", "real", newsgroups),
    Row("wide 200x20000", "wide", wide, quick=True),
    Row("wide 200x20000, to alpha_max/1000", "wide", wide, eps=1e-3),
    Row("wide 200x20000, l1_ratio .5", "wide", wide, l1_ratio=0.5),
    Row("wide 200x20000, l1_ratio .05", "wide", wide, l1_ratio=0.05),
    Row("wide 200x20000, float32", "wide", wide, dtype=np.float32),
    Row("wide 200x10000, weak signals", "wide", weak),
    Row("wide 300x10000, AR .95", "wide correlated", correlated),
    Row("wide 300x10000, AR .95, to alpha_max/1000", "wide correlated", correlated, eps=1e-3),
    Row("wide 300x10000, AR .95, l1_ratio .5", "wide correlated", correlated, l1_ratio=0.5),
    Row("wide 300x10000, AR .99", "wide correlated", nearly_equal),
    Row("tall 100000x200, AR .5", "tall", tall),
    Row("tall 20000x500, AR .5, to alpha_max/1000", "tall", less_tall, eps=1e-3),
    Row("tall 20000x500, AR .5, l1_ratio .5", "tall", less_tall, l1_ratio=0.5),
    Row("tall 20000x500, AR .5, float32", "tall", less_tall, dtype=np.float32),
    Row("square 2000x2000", "square", square),
    Row("square 2000x2000, AR .95", "square", square_correlated),
    Row("square 2000x2000, AR .95, l1_ratio .5", "square", square_correlated, l1_ratio=0.5),
    Row("2000x5000, large support", "large support", dense_support, patience=4),
    Row("2000x5000, AR .5, large support", "large support", dense_support_correlated, patience=4),
    Row("sparse 3000x20000, 1 %", "large support", sparse_support, patience=4),
    Row("text-like 4000x55000", "sparse", text_like, patience=2),
    Row("text-like 4000x55000, l1_ratio .5", "sparse", text_like, l1_ratio=0.5, patience=2),
    Row("text-like 4000x55000, CSR", "sparse", text_csr, patience=2),
    Row("text-like 4000x55000, alpha_max/10", "single alpha", text_like, eps=0.1, single=True),
    Row("text-like 4000x55000, alpha_max/100", "single alpha", text_like, single=True),
    Row("wide 200x20000, alpha_max/10", "single alpha", wide, eps=0.1, single=True, quick=True),
    Row("wide 200x20000, alpha_max/100", "single alpha", wide, single=True),
    Row("wide 300x10000, AR .95, alpha_max/100", "single alpha", correlated, single=True),
    Row("tall 20000x500, AR .5, alpha_max/10", "single alpha", less_tall, eps=0.1, single=True),
    Row("tall 20000x500, AR .5, alpha_max/100", "single alpha", less_tall, single=True),
    Row("square 2000x2000, alpha_max/10", "single alpha", square, eps=0.1, single=True),
    Row("square 2000x2000, AR .95, alpha_max/100", "single alpha", square_correlated, single=True),
    Row("200x5000, 10 tasks, to alpha_max/10", "multi-task", wide_tasks, eps=0.1, quick=True, patience=2),
    Row("200x5000, 10 tasks", "multi-task", wide_tasks, patience=4),
    Row("1000x300, 12 tasks", "multi-task", tall_tasks, patience=2),
    Row("1000x300, 12 tasks, l1_ratio .5", "multi-task", tall_tasks, l1_ratio=0.5, patience=2),
    Row("digits 1797x30, 30 tasks", "multi-task", digits_halves, patience=2),
    Row("sparse 2000x10000, 1 %, 5 tasks, to alpha_max/10", "multi-task", tasks_of_sparse, eps=0.1, patience=4),
    ten_fold("diabetes 442x285, 10-fold", data=partial(diabetes, 3), quick=True),
    ten_fold("breast cancer 569x495, 10-fold", data=partial(cancer, 2)),
    ten_fold("wide 200x20000, 10-fold", data=wide),
    ten_fold("wide 200x20000, 6 l1_ratios, 10-fold", data=wide, l1_ratios=(0.1, 0.5, 0.7, 0.9, 0.95, 1.0), patience=40),
    ten_fold("wide 300x10000, AR .95, 10-fold", data=correlated),
    ten_fold("tall 100000x200, AR .5, 10-fold", data=tall),
    ten_fold("tall 20000x500, AR .5, to alpha_max/1000, 10-fold", data=less_tall, eps=1e-3),
    ten_fold("square 2000x2000, 10-fold", data=square),
    ten_fold("text-like 4000x55000, 10-fold", data=text_like, patience=20),
    ten_fold("200x1000, leave-one-out", data=partial(simulated, 200, 1000), n_folds=200),
    logistic("breast cancer 569x495", data=partial(cancer, 2), quick=True),
    logistic("20 newsgroups", data=newsgroups),
    logistic("wide 200x20000", data=noisy_wide, quick=True),
    logistic("wide 200x20000, no intercept", data=noisy_wide, intercept=False),
    logistic("wide 200x20000, l1_ratio .5", data=noisy_wide, l1_ratio=0.5),
    logistic("square 2000x2000", data=noisy_square, patience=5),
    logistic("tall 50000x200", data=noisy_tall, patience=3),
    logistic("text-like 4000x50000", data=short_texts),
    logistic("text-like 4000x50000, no intercept", data=short_texts, intercept=False, patience=3),
    logistic("text-like 4000x50000, alpha_max/10", data=short_texts, eps=0.1, single=True, quick=True),
    logistic("text-like 4000x50000, alpha_max/100", data=short_texts, single=True),
    logistic_ten_fold("breast cancer 569x495, 10-fold", data=partial(cancer, 2), quick=True),
    logistic_ten_fold("wide 200x20000, 10-fold", data=noisy_wide, patience=4),
    logistic_ten_fold("tall 20000x200, 10-fold", data=noisy_less_tall, patience=8),
    logistic_ten_fold("text-like 4000x50000, 10-fold", data=short_texts, patience=8),
)
