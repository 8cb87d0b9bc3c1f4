"""The coefficients as functions of alpha."""

from collections.abc import Iterator
from itertools import cycle
from operator import index
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparsefit._validation import check_penalty_weights
from sklearn_sparsefit.plotting.alpha_axes import alpha_axes, mark_alpha
from sklearn_sparsefit.plotting.fitted import fitted_model, names_of_features
from sklearn_sparsefit.plotting.line_labels import label_line_ends

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class CoefficientPathDisplay:
    """Coefficients along a regularization path.

    One line per feature that ever enters the model, with alpha on a log axis that falls from left
    to right: reading on, features enter one after another. Features that are not penalised and the
    most important others are drawn in colour and named at the ends of their lines; the rest stay
    grey. Of several tasks that share their features, the lines are the Euclidean norms over the
    tasks of the coefficients of each feature, which are zero together, or the coefficients for one
    of the tasks.

    It is recommended to use :meth:`from_estimator` to create a display from a fitted
    :class:`~sklearn_sparsefit.LassoCV`, :class:`~sklearn_sparsefit.MultiTaskLassoCV` or another
    estimator with a path, and the constructor for the results of
    :func:`~sklearn_sparsefit.lasso_path` or :func:`~sklearn_sparsefit.enet_path`. All parameters
    are stored as attributes.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        The alphas of the path, in descending order. An alpha of zero has no place on a log axis
        and is left out.

    coefs : array-like of shape (n_features, n_alphas) or (n_tasks, n_features, n_alphas)
        Coefficients along the path.

    feature_names : array-like of shape (n_features,), default=None
        Names of the features. If None, "x0", "x1", ... are used.

    task_names : array-like of shape (n_tasks,), default=None
        Names of the tasks, of a path with several. If None, "task 0", "task 1", ... are used.

    chosen_alpha : float, default=None
        The alpha of the model that was chosen, marked by a vertical line.

    unpenalised : array-like of bool of shape (n_features,), default=None
        Which features are not penalised: they are named before others. If None, all are penalised.

    scales : array-like of shape (n_features,), default=None
        Standard deviations of the features. Coefficients times these, which compare between
        features, are drawn and ranked. If None, the coefficients as they are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the path.

    figure_ : matplotlib Figure
        Figure containing the path.

    lines_ : list of matplotlib Line2D
        One line per feature with a coefficient other than zero somewhere on the path, in the
        order of the features. The label of each line is the feature's name.

    See Also
    --------
    CVCurveDisplay : The cross-validated score along the same axis.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import CoefficientPathDisplay, lasso_path
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> alphas, coefs, _ = lasso_path(X, y - y.mean(), alphas=100)
    >>> display = CoefficientPathDisplay(alphas=alphas, coefs=coefs, feature_names=X.columns)
    >>> display.plot()
    <...>
    >>> plt.show()
    """

    def __init__(
        self,
        *,
        alphas: ArrayLike,
        coefs: ArrayLike,
        feature_names: ArrayLike | None = None,
        task_names: ArrayLike | None = None,
        chosen_alpha: float | None = None,
        unpenalised: ArrayLike | None = None,
        scales: ArrayLike | None = None,
    ):
        self.alphas = alphas
        self.coefs = coefs
        self.feature_names = feature_names
        self.task_names = task_names
        self.chosen_alpha = chosen_alpha
        self.unpenalised = unpenalised
        self.scales = scales

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        task: int | str | None = None,
        n_labels: int = 10,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the path.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure with constrained layout is created, which leaves
            room for the names at the right; give your own figure ``layout="constrained"`` too.

        task : int or str, default=None
            The task, by position or by name, whose coefficients are drawn. If None, those of all
            tasks are, as their norm for every feature. Only for paths with several tasks.

        n_labels : int, default=10
            Number of features to name: those that are not penalised, then those with the largest
            absolute coefficient, or norm, at `chosen_alpha` or, where there is none or no feature
            is kept at it, anywhere on the path. Features with a coefficient of zero there are not
            named. Sizes of coefficients compare only between features on one scale, or with
            `scales`.

        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the lines of the named features.

        Returns
        -------
        display : CoefficientPathDisplay
            The display itself.
        """
        alphas, coefs, names, quantity = self._checked_path(task)
        ax = alpha_axes(ax, alphas, type(self))
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        named = self._named(alphas, coefs, n_labels)
        # Features that are named in the plot of all tasks look the same in those of single ones.
        named_of_all = self._named(*self._checked_path(None)[:2], n_labels)
        styles = dict(zip(dict.fromkeys([*named_of_all, *named]), _styles(), strict=False))

        ax.axhline(0.0, color="black", zorder=2.5)
        grey = {"color": "0.8", "linewidth": 0.8, "zorder": 1.5}
        line_kw = normalize_kwargs(line_kw or {}, Line2D)
        self.lines_, named_lines = [], []
        for feature in np.flatnonzero(coefs.any(axis=1)).tolist():
            style = {**styles[feature], **line_kw} if feature in named else grey
            (line,) = ax.plot(alphas, coefs[feature], label=names[feature], **style)
            self.lines_.append(line)
            if feature in named:
                named_lines.append(line)

        ax.set_ylabel(quantity, parse_math=False)
        if self.chosen_alpha is not None:
            chosen_line = mark_alpha(ax, self.chosen_alpha)
            ax.legend(handles=[chosen_line])
        label_line_ends(ax, named_lines)

        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        feature_names: ArrayLike | None = None,
        task_names: ArrayLike | None = None,
        task: int | str | None = None,
        n_labels: int = 10,
        ax: "Axes | None" = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the path of an estimator that chose its alpha, on its full training data.

        Of an :class:`~sklearn_sparsefit.ElasticNetCV` with several `l1_ratio`, the path is that of
        the chosen one. With ``standardize=True``, coefficients per standard deviation of their
        features (`scales_`) are drawn and ranked: in the units of the features they do not compare.

        Parameters
        ----------
        estimator : estimator instance
            Fitted :class:`~sklearn_sparsefit.LassoCV`, :class:`~sklearn_sparsefit.ElasticNetCV`,
            one of their multi-task or adaptive relatives, :class:`~sklearn_sparsefit.LassoIC`,
            :class:`~sklearn_sparsefit.ElasticNetIC`,
            :class:`~sklearn_sparsefit.SparseLogisticRegressionCV`, of which several classes are
            tasks, or :class:`~sklearn_sparsefit.ElasticNetGLMCV`, or a fitted
            :class:`~sklearn.pipeline.Pipeline` that ends with one of them.

        feature_names : array-like of shape (n_features,), default=None
            Names of the features. If None, the estimator's `feature_names_in_`, or those that the
            steps before it in a pipeline give, or, where there are none, "x0", "x1", ... are used.

        task_names : array-like of shape (n_tasks,), default=None
            Names of the tasks, such as ``Y.columns``. If None, the classes of a classifier or
            "task 0", "task 1", ... are used.

        task : int or str, default=None
            The task, by position or by name, whose coefficients are drawn. If None, those of all
            tasks are, as their norm for every feature. Only for paths with several tasks.

        n_labels : int, default=10
            Number of features to name: those with a penalty weight of 0, then those with the
            largest absolute coefficient, or norm, in the chosen model. Features that it does not
            keep are not named, unless it keeps none: then those with the largest anywhere on the
            path are.

        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure with constrained layout is created, which leaves
            room for the names at the right; give your own figure ``layout="constrained"`` too.

        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the lines of the named features.

        Returns
        -------
        display : CoefficientPathDisplay
            The display that was drawn.

        Examples
        --------
        >>> import matplotlib.pyplot as plt
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_sparsefit import CoefficientPathDisplay, LassoCV
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> lasso = LassoCV().fit(X, y)
        >>> CoefficientPathDisplay.from_estimator(lasso)
        <...>
        >>> plt.show()
        """
        model = fitted_model(estimator, "coef_path_", cls)
        alphas = np.asarray(model.alphas_)
        if alphas.ndim == 2:
            chosen = np.flatnonzero(np.asarray(model.l1_ratio) == model.l1_ratio_)[0]
            alphas = alphas[chosen]
        if task_names is None and np.ndim(model.coef_path_) == 3:
            task_names = getattr(model, "classes_", None)
        names_in = getattr(model, "feature_names_in_", None)
        weights = check_penalty_weights(model.penalty_weights, model.n_features_in_, names_in)
        display = cls(
            alphas=alphas,
            coefs=model.coef_path_,
            feature_names=names_of_features(estimator) if feature_names is None else feature_names,
            task_names=task_names,
            chosen_alpha=model.alpha_,
            unpenalised=weights == 0,
            scales=getattr(model, "scales_", None),
        )
        return display.plot(ax, task=task, n_labels=n_labels, line_kw=line_kw)

    def _checked_path(self, task: int | str | None) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str], str]:
        """Positive alphas in descending order, what is drawn there of every feature, the names of both."""
        alphas = np.asarray(self.alphas, dtype=np.float64)
        coefs = np.asarray(self.coefs, dtype=np.float64)
        if alphas.ndim != 1 or coefs.ndim not in (2, 3) or coefs.shape[-1] != alphas.size:
            raise ValueError(
                "coefs must have shape (n_features, n_alphas) or, with several tasks, (n_tasks, n_features, n_alphas), "
                f"and alphas (n_alphas,); got {coefs.shape} and {alphas.shape}."
            )
        names = _names(self.feature_names, "feature", coefs.shape[-2], "x")
        if self.scales is not None:
            coefs = coefs * self._checked_scales(coefs.shape[-2])[:, None]
        values, quantity = self._values(coefs, task)
        if self.scales is not None:
            quantity += " per standard deviation"
        descending = np.argsort(-alphas, kind="stable")
        descending = descending[alphas[descending] > 0]
        return alphas[descending], values[:, descending], names, quantity

    def _checked_scales(self, n_features: int) -> NDArray[np.float64]:
        scales = np.asarray(self.scales, dtype=np.float64)
        if scales.shape != (n_features,):
            raise ValueError(f"scales must have shape ({n_features},), one for each feature, got {scales.shape}.")
        return scales

    def _values(self, coefs: NDArray[np.float64], task: int | str | None) -> tuple[NDArray[np.float64], str]:
        """What is drawn of every feature at every alpha, and what it is called."""
        if coefs.ndim == 2:
            if task is not None or self.task_names is not None:
                raise ValueError(f"coefs of shape {coefs.shape} have no tasks; leave out task and task_names.")
            return coefs, "Coefficient"
        names = _names(self.task_names, "task", len(coefs), "task ")
        if task is None:
            return np.linalg.norm(coefs, axis=0), "Norm of each feature's coefficients"
        if isinstance(task, str) and task in names:
            task = names.index(task)
        if isinstance(task, str) or not 0 <= index(task) < len(coefs):
            raise ValueError(f"task={task!r} is none of the {len(coefs)} tasks, by position or by name: {names}.")
        return coefs[task], f"Coefficient for {names[task]}"

    def _named(self, alphas: NDArray[np.float64], coefs: NDArray[np.float64], n_labels: int) -> list[int]:
        """The features to name, in their order."""
        importance = self._importance(alphas, coefs)
        comes_first = np.zeros(len(coefs), dtype=bool) if self.unpenalised is None else np.asarray(self.unpenalised)
        ranked = np.lexsort((-importance, ~comes_first))[:n_labels]
        return np.sort(ranked[importance[ranked] > 0]).tolist()

    def _importance(self, alphas: NDArray[np.float64], coefs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Absolute coefficients at the chosen alpha or, without any, their maxima over the path."""
        if self.chosen_alpha is not None:
            # Lasso paths are piecewise linear in alpha, others nearly so from one alpha to the next.
            at_chosen = [np.interp(self.chosen_alpha, alphas[::-1], path[::-1]) for path in coefs]
            if np.any(at_chosen):
                return np.abs(at_chosen)
        return np.abs(coefs).max(axis=1)


def _names(given: Any, kind: str, number: int, prefix: str) -> list[str]:
    """The names that are given, or numbered ones."""
    if given is None:
        return [f"{prefix}{position}" for position in range(number)]
    names = [str(name) for name in given]
    if len(names) != number:
        raise ValueError(f"got {len(names)} {kind}_names for {number} {kind}s")
    return names


def _styles() -> Iterator[dict[str, Any]]:
    """The colours of matplotlib's cycle, but for greys, which mean "not named"; each time around with other dashes."""
    from matplotlib import rcParams
    from matplotlib.colors import to_rgb

    colors = rcParams["axes.prop_cycle"].by_key().get("color", ["black"])
    colors = [color for color in colors if len(set(to_rgb(color))) > 1] or colors
    return ({"color": color, "linestyle": dashes} for dashes in cycle(["-", "--", "-.", ":"]) for color in colors)
