"""The only unsafe door: whatever a user may hand in becomes arrays the floors below can trust, or a clear error."""

import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from difflib import get_close_matches
from inspect import signature
from numbers import Integral, Number, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils import check_array, check_scalar
from sklearn.utils.validation import check_consistent_length, validate_data

from sklearn_sparsefit._sklearn import get_feature_names
from sklearn_sparsefit._typing import Positions, Vector
from sklearn_sparsefit._warnings import warn_user
from sklearn_sparsefit.design import Design, make_design
from sklearn_sparsefit.path import AlphaGrid

X_CHECKS: dict[str, Any] = dict(
    accept_sparse=("csc", "csr"), accept_large_sparse=True, dtype=[np.float64, np.float32], order=None, copy=False
)

# Positive weights of a penalty, so that neither they nor what they are multiplied with over- or underflow.
SMALLEST_WEIGHT, LARGEST_WEIGHT = 1e-100, 1e100

FEATURE_NAMES = ("n_features_in_", "feature_names_in_")


@dataclass(frozen=True)
class TrainingData:
    """A design, targets of shape (n_targets, n_samples) in double precision, and weights or None.

    ``table`` is X for other estimators: as it was passed, if its columns have names. ``names`` holds what scikit-learn
    remembers of X: the number and the names of its features. ``offset`` is the known part of the raw predictions, and
    ``offset_parts`` what it was given as.
    """

    table: Any
    design: Design
    targets: NDArray[np.float64]
    y_ndim: int
    sample_weight: Vector | None
    dtype: np.dtype
    names: dict[str, Any]
    offset: Vector | None = None
    offset_parts: Sequence[str] = ()

    @property
    def coef_shape(self) -> tuple[int, ...]:
        """Shape of coefficients that go with X and y."""
        n_features = self.design.shape[1]
        return (n_features,) if self.y_ndim == 1 else (len(self.targets), n_features)

    def without_names(self) -> Self:
        """The same for those who need not know what features are called."""
        names = {name: value for name, value in self.names.items() if name != "feature_names_in_"}
        return replace(self, table=self.design.X, names=names)

    def at(self, rows: Positions, sample_weight: Vector) -> Self:
        """The same with the targets and offsets of some rows, and other weights: what a loss of these is made of.

        The design stays that of all rows.
        """
        offset = None if self.offset is None else self.offset[rows]
        return replace(self, targets=self.targets[:, rows], offset=offset, sample_weight=sample_weight)


def check_training_data(
    X: Any, y: Any, sample_weight: Any, *, estimator: Any = None, check_input: bool = True
) -> TrainingData:
    """Validate X, y and the weights; the estimator, if any, stays as it is."""
    if sparse.issparse(y):
        raise TypeError(
            "Sparse data was passed for y, but dense data is required. Use '.toarray()' to convert to a dense array."
        )
    names: dict[str, Any] = {}
    passed = X
    if not check_input:
        y = np.asarray(y)
        if not (isinstance(X, np.ndarray) or getattr(X, "format", None) in X_CHECKS["accept_sparse"]):
            raise ValueError(f"With check_input=False, X must be an array or a CSC or CSR matrix, got {type(X)}.")
        if X.dtype not in (np.float64, np.float32):
            raise ValueError(f"With check_input=False, X must be of dtype float64 or float32, got {X.dtype}.")
    else:
        y = _check_y(y, estimator)
        if estimator is None:
            feature_names = get_feature_names(X)
            names = {} if feature_names is None else {"feature_names_in_": feature_names}
            X = check_array(X, input_name="X", **X_CHECKS)
        else:
            # scikit-learn notes the features on the estimator it is given before it has seen all of the data.
            notebook = object.__new__(type(estimator))
            notebook.__dict__.update(vars(estimator))
            X = validate_data(notebook, X, **X_CHECKS)
            names = {name: value for name, value in vars(notebook).items() if name in FEATURE_NAMES}
        if sparse.issparse(X):
            _check_indices(X)
    if y.ndim > 2:
        raise ValueError(f"y must have one or two dimensions, got an array of shape {y.shape}.")
    check_consistent_length(X, y)
    return TrainingData(
        table=passed if hasattr(passed, "columns") else X,
        design=make_design(X),
        targets=np.ascontiguousarray(np.atleast_2d(y.T), dtype=np.float64),
        y_ndim=y.ndim,
        sample_weight=check_sample_weight(sample_weight, X.shape[0]),
        dtype=X.dtype,
        names=names,
    )


def _check_indices(X: Any) -> None:
    """Refuse a CSC or CSR matrix that points to where there is nothing."""
    indices, n_lines = X.indices[: X.nnz], X.shape[0 if X.format == "csc" else 1]
    if X.nnz and (indices.min() < 0 or indices.max() >= n_lines or (np.diff(X.indptr) < 0).any()):
        raise ValueError(
            f"X is a sparse matrix of shape {X.shape} whose indices or indptr do not fit this; its check_format() says"
            " more."
        )


def _check_y(y: Any, estimator: Any) -> NDArray:
    if y is None:
        caller = "A path" if estimator is None else f"This {type(estimator).__name__} estimator"
        raise ValueError(f"{caller} requires y to be passed, but the target y is None.")
    if type(y) is np.ndarray and y.dtype == np.float64 and y.ndim == 1 and np.isfinite(y).all():
        # As check_array would have it, but in a tenth of the time: on small data that is noticed.
        return y
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y", estimator=estimator)
    return y.astype(np.float64) if y.dtype.kind in "OUS" else y


def check_sample_weight(sample_weight: Any, n_samples: int) -> Vector | None:
    """Weights as a new float array; a single number, or None, means none."""
    if sample_weight is None or isinstance(sample_weight, Number):
        return None
    weights = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weights.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must be a number or a 1-D array of shape ({n_samples},), got an array of shape"
            f" {weights.shape}."
        )
    if weights.min() < 0:
        first = int(np.argmin(weights))
        raise ValueError(
            f"Negative values in data passed to `sample_weight`: sample_weight[{first}] == {weights[first]},"
            " must be >= 0."
        )
    if weights.max() == 0:
        raise ValueError("sample_weight is zero for every sample; at least one weight must be positive.")
    return weights


def check_rows(values: Any, name: str, n_samples: int) -> Vector:
    """One number for every sample, as a float array."""
    if np.ndim(values) == 0:
        raise ValueError(f"{name} must be of shape ({n_samples},), one number for each sample, got {values!r}.")
    rows = check_array(values, ensure_2d=False, dtype=np.float64, input_name=name)
    if rows.shape != (n_samples,):
        raise ValueError(f"{name} must be of shape ({n_samples},), one number for each sample, got {rows.shape}.")
    return rows


def takes_sample_weight(function: Callable) -> bool:
    """Whether a function may be called with ``sample_weight``."""
    parameters = signature(function).parameters.values()
    return any(p.name == "sample_weight" or p.kind is p.VAR_KEYWORD for p in parameters)


def check_alphas(alphas: Any, eps: float | None, l1_ratio: float) -> Vector | AlphaGrid:
    """A number of alphas or the alphas themselves, sorted from the largest."""
    if eps is not None and eps > 1:
        raise ValueError(f"eps == {eps}, must be <= 1: it is the smallest alpha over the largest.")
    if isinstance(alphas, Integral):
        if l1_ratio == 0:
            raise ValueError(
                "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a grid by providing"
                " your estimator with the appropriate `alphas=` argument."
            )
        return AlphaGrid(int(alphas), eps)
    for index, alpha in enumerate(alphas):
        if not (isinstance(alpha, Real) and 0 <= float(alpha) < np.inf):
            check_scalar(alpha, f"alphas[{index}]", Real, min_val=0.0, include_boundaries="left")
            raise ValueError(f"alphas[{index}] == {alpha}, must be finite.")
    if len(alphas) == 0:
        raise ValueError("alphas is empty; it must hold at least one value.")
    return np.sort(np.asarray(alphas, dtype=np.float64))[::-1].copy()


def check_above_zero(alphas: Any) -> None:
    """Refuse alphas of zero or less: without a penalty nothing holds the coefficients of separable data."""
    for index, alpha in enumerate([] if isinstance(alphas, Integral) else alphas):
        if isinstance(alpha, Real) and alpha <= 0:
            raise ValueError(f"alphas[{index}] == {alpha}, must be above 0; scikit-learn has models without a penalty.")


def check_between_zero_and_one(values: Any, name: str, note: str = "") -> list[float]:
    """One number between 0 and 1 or several, as a list; the message ends with the note."""
    values = [values] if np.ndim(values) == 0 else list(values)
    for index, value in enumerate(values):
        if isinstance(value, bool) or not (isinstance(value, Real) and 0 <= float(value) <= 1):
            raise ValueError(f"{name}[{index}] == {value!r}, must be a number between 0 and 1{note}.")
    if not values:
        raise ValueError(f"{name} is empty; it must hold at least one value.")
    return [float(value) for value in values]


def check_per_feature(
    values: Any,
    name: str,
    default: float,
    n_features: int,
    feature_names: NDArray | None,
    *,
    lowest: float = -np.inf,
    highest: float = np.inf,
) -> Vector:
    """One number for every feature, as a new array: from a number, an array, or a dict (or Series) by feature name."""
    if hasattr(values, "to_dict") and hasattr(values, "index"):
        labels = list(values.index)
        if all(isinstance(label, str) for label in labels):
            values = values.to_dict()
        elif labels != list(range(len(labels))):
            raise ValueError(
                f"{name} is a {type(values).__name__} whose index, {reprlib.repr(labels)}, is neither names of features"
                " (strings) nor 0, 1, 2, ... in order. Give an array, one number for each feature in the order of X's"
                " columns, or give X's columns names that are strings and index by these."
            )
    result = np.full(n_features, default)
    if values is None:
        return result
    if isinstance(values, Mapping):
        if feature_names is None:
            raise ValueError(
                f"{name} goes by feature name, but X has no feature names that are strings. Transformers give it some"
                ' after set_output(transform="pandas").'
            )
        positions = {feature: position for position, feature in enumerate(feature_names)}
        for feature, value in values.items():
            if feature not in positions:
                similar = _similar(str(feature), positions)
                hint = f" Did you mean {' or '.join(map(repr, similar))}?" if similar else ""
                raise ValueError(f"{name} names {feature!r}, which is not a feature of X.{hint}")
            result[positions[feature]] = _check_number(value, _of_feature(name, positions[feature], feature_names))
    elif not isinstance(values, Sized):
        result[:] = _check_number(values, name)
    else:
        # Lists may hold anything; numbers of arrays need not be looked at one by one.
        array = np.asarray(values) if hasattr(values, "__array__") else np.asarray(values, dtype=object)
        if array.shape != (n_features,):
            raise ValueError(
                f"{name} must be of shape ({n_features},), one number for each feature, got {array.shape}."
            )
        if array.dtype.kind in "biuf":
            result[:] = array
        else:
            for feature, value in enumerate(array):
                result[feature] = _check_number(value, _of_feature(name, feature, feature_names))
    wrong = np.flatnonzero(~((lowest <= result) & (result <= highest)))
    if len(wrong):
        limits = [
            text
            for text, limit in ((f"at least {lowest:g}", lowest), (f"at most {highest:g}", highest))
            if np.isfinite(limit)
        ]
        wanted = " and ".join(limits) or "a number"
        raise ValueError(f"{_of_feature(name, wrong[0], feature_names)} == {result[wrong[0]]}, must be {wanted}.")
    return result


def check_penalty_weights(values: Any, n_features: int, feature_names: NDArray | None) -> Vector:
    """Weights of the penalty, as a new array: zero, infinite, or far from over- and underflow."""
    name = "penalty_weights"
    weights = check_per_feature(values, name, 1.0, n_features, feature_names, lowest=0.0)
    is_ordinary = (weights >= SMALLEST_WEIGHT) & (weights <= LARGEST_WEIGHT)
    extreme = np.flatnonzero(~(is_ordinary | (weights == 0) | np.isinf(weights)))
    if len(extreme):
        raise ValueError(
            f"{_of_feature(name, extreme[0], feature_names)} == {weights[extreme[0]]}, must be 0 (unpenalised),"
            f" infinity (left out) or between {SMALLEST_WEIGHT:g} and {LARGEST_WEIGHT:g}."
        )
    return weights


def _check_number(value: Any, name: str) -> float:
    if not isinstance(value, Real):
        raise ValueError(f"{name} == {value!r}, must be a number.")
    return float(value)


def _of_feature(name: str, feature: int, feature_names: NDArray | None) -> str:
    return f"{name}[{feature if feature_names is None else repr(feature_names[feature])}]"


def _similar(name: str, names: Iterable[str]) -> list[str]:
    """The names most like this one, whatever their case and the transformers that they came through."""
    plain = {known: known.rpartition("__")[2].casefold() for known in names}
    close = get_close_matches(name.rpartition("__")[2].casefold(), set(plain.values()))
    return sorted((known for known in plain if plain[known] in close), key=lambda known: close.index(plain[known]))[:3]


def check_coef(coef: ArrayLike, shape: tuple[int, ...], name: str) -> Vector:
    """Initial coefficients, copied, of exactly this shape."""
    start = np.array(coef, dtype=np.float64)
    if start.shape != shape:
        raise ValueError(f"{name} has shape {start.shape}, but X and y call for {shape}.")
    if not np.isfinite(start).all():
        raise ValueError(f"{name} contains NaN or infinity; initial coefficients must be finite.")
    return start


def check_product(Xy: Any, data: TrainingData) -> None:
    """Refuse a precomputed X.T @ y of the wrong shape; it has no other use."""
    if Xy is not None and np.shape(Xy) not in ((data.design.shape[1],), (data.design.shape[1], len(data.targets))):
        raise ValueError(f"Xy has shape {np.shape(Xy)}, but X.T @ y has shape {(data.design.shape[1],)}.")


def check_gram(precompute: Any, data: TrainingData, fit_intercept: bool) -> None:
    """Refuse a precomputed Gram that is not that of X.

    One of its columns is recomputed. The engine reads X no more often for having the Gram, so this is all its use.
    """
    if isinstance(precompute, (str, bool)) or sparse.issparse(data.design.X):
        return
    gram = check_array(precompute, dtype=np.float64, input_name="precompute")
    n_samples, n_features = data.design.shape
    if gram.shape != (n_features, n_features):
        raise ValueError(
            f"precompute has shape {gram.shape}, but the Gram matrix of X has shape {(n_features, n_features)}."
        )
    weights = np.ones(n_samples) if data.sample_weight is None else data.sample_weight
    weights = weights * (n_samples / weights.sum())
    if fit_intercept and not np.allclose(data.design.correlate(weights[None] / n_samples), 0.0):
        warn_user(
            "Gram matrix was provided but X was centered to fit intercept: recomputing Gram matrix.",
        )
        return
    feature = n_features // 2
    column = np.asarray(data.design.X[:, feature], dtype=np.float64)
    expected = data.design.correlate((weights * column)[None])[0]
    rtol = 1e-4 if data.dtype == np.float32 else 1e-7
    wrong = np.flatnonzero(~np.isclose(gram[feature], expected, rtol=rtol, atol=rtol * np.abs(expected).max()))
    if len(wrong):
        raise ValueError(
            "Gram matrix passed in via 'precompute' parameter did not pass validation - please check that it was"
            f" computed properly. For element ({feature},{wrong[0]}) we computed {expected[wrong[0]]} but the"
            f" user-supplied value was {gram[feature, wrong[0]]}."
        )
