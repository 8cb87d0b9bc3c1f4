"""What the parameters of all linear models may be."""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from sklearn_sparsefit._sklearn import Interval, StrOptions
from sklearn_sparsefit.solvers import SOLVERS

# What messages say of relax, which glmnet switches on by TRUE.
RELAX_IS = "relax is a number: 1 is the lasso, 0 least squares on its features"


def one_of(names: Iterable[str]) -> StrOptions:
    """Some strings, which messages name in this order."""
    return StrOptions(dict.fromkeys(names).keys())


class RelaxInterval(Interval):
    """Weights of penalised coefficients; True and False would do the opposite of what they say."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Whether a value is a number in the interval."""
        return not isinstance(val, bool) and super().is_satisfied_by(val)

    def __str__(self) -> str:
        return f"{super().__str__()} ({RELAX_IS})"


PARAMETER_CONSTRAINTS: dict[str, list] = {
    "fit_intercept": ["boolean"],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "copy_X": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "positive": ["boolean"],
    "random_state": ["random_state"],
    "selection": [StrOptions({"cyclic", "random"})],
    "solver": [one_of(SOLVERS)],
    "penalty_weights": ["array-like", dict, None],
    "lower_bounds": [Real, "array-like", dict, None],
    "upper_bounds": [Real, "array-like", dict, None],
    "standardize": ["boolean"],
    "relax": [RelaxInterval(Real, 0, 1, closed="both")],
}
