"""The coefficients as functions of alpha."""

from collections.abc import Iterator
from itertools import cycle
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparsefit.plotting.alpha_axes import alpha_axes, check_has_path, mark_alpha
from sklearn_sparsefit.plotting.line_labels import label_line_ends

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class CoefficientPathDisplay:
    """Coefficients along a regularization path.

    One line per feature that ever enters the model, with alpha on a log axis that falls from left
    to right: reading on, features enter one after another. The most important features are drawn
    in colour and named at the ends of their lines; the others stay grey.

    It is recommended to use :meth:`from_estimator` to create a display from a fitted
    :class:`~sklearn_sparsefit.LassoCV` or :class:`~sklearn_sparsefit.ElasticNetCV`, and the
    constructor for the results of :func:`~sklearn_sparsefit.lasso_path` or
    :func:`~sklearn_sparsefit.enet_path`. All parameters are stored as attributes.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        The alphas of the path, in descending order. An alpha of zero has no place on a log axis
        and is left out.

    coefs : array-like of shape (n_features, n_alphas)
        Coefficients along the path.

    feature_names : array-like of shape (n_features,), default=None
        Names of the features. If None, "x0", "x1", ... are used.

    chosen_alpha : float, default=None
        The alpha of the model that was chosen, marked by a vertical line.

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
        chosen_alpha: float | None = None,
    ):
        self.alphas = alphas
        self.coefs = coefs
        self.feature_names = feature_names
        self.chosen_alpha = chosen_alpha

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        n_labels: int = 10,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the path.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure with constrained layout is created, which leaves
            room for the names at the right; give your own figure ``layout="constrained"`` too.

        n_labels : int, default=10
            Number of features to name: those with the largest absolute coefficient at
            `chosen_alpha` or, where there is none or no feature is kept at it, anywhere on the
            path. Features with a coefficient of zero there are not named. Sizes of coefficients compare only between
            features on one scale.

        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the lines of the named features.

        Returns
        -------
        display : CoefficientPathDisplay
            The display itself.
        """
        alphas, coefs, names = self._checked_path()
        ax = alpha_axes(ax, alphas, type(self))
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        importance = self._importance(alphas, coefs)
        ranked = np.argsort(-importance, kind="stable")[:n_labels]
        named = set(ranked[importance[ranked] > 0].tolist())

        ax.axhline(0.0, color="black", zorder=2.5)
        grey = {"color": "0.8", "linewidth": 0.8, "zorder": 1.5}
        line_kw = normalize_kwargs(line_kw, Line2D)
        colors = _colors()
        self.lines_, named_lines = [], []
        for feature in np.flatnonzero(coefs.any(axis=1)):
            style = {"color": next(colors), **line_kw} if feature in named else grey
            (line,) = ax.plot(alphas, coefs[feature], label=names[feature], **style)
            self.lines_.append(line)
            if feature in named:
                named_lines.append(line)

        ax.set_ylabel("Coefficient")
        if self.chosen_alpha is not None:
            chosen_line = mark_alpha(ax, self.chosen_alpha)
            ax.legend(handles=[chosen_line], loc="upper left")
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
        n_labels: int = 10,
        ax: "Axes | None" = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the path of a cross-validated estimator on its full training data.

        Of an :class:`~sklearn_sparsefit.ElasticNetCV` with several `l1_ratio`, the path is that of
        the chosen one.

        Parameters
        ----------
        estimator : estimator instance
            Fitted :class:`~sklearn_sparsefit.LassoCV` or
            :class:`~sklearn_sparsefit.ElasticNetCV`. Of a
            :class:`~sklearn.pipeline.Pipeline`, pass its last step, ``pipeline[-1]``.

        feature_names : array-like of shape (n_features,), default=None
            Names of the features. If None, the estimator's `feature_names_in_` or, where it has
            none, "x0", "x1", ... are used.

        n_labels : int, default=10
            Number of features to name: those with the largest absolute coefficient in the chosen
            model. Features that it does not keep are not named, unless it keeps none: then those
            with the largest absolute coefficient anywhere on the path are.

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
        check_has_path(estimator, "coef_path_", cls)
        alphas = np.asarray(estimator.alphas_)
        if alphas.ndim == 2:
            chosen = np.flatnonzero(np.asarray(estimator.l1_ratio) == estimator.l1_ratio_)[0]
            alphas = alphas[chosen]
        if feature_names is None:
            feature_names = getattr(estimator, "feature_names_in_", None)
        display = cls(
            alphas=alphas,
            coefs=estimator.coef_path_,
            feature_names=feature_names,
            chosen_alpha=estimator.alpha_,
        )
        return display.plot(ax, n_labels=n_labels, line_kw=line_kw)

    def _checked_path(self) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
        """Positive alphas in descending order, the coefficients there, and a name for each."""
        alphas = np.asarray(self.alphas, dtype=np.float64)
        coefs = np.asarray(self.coefs, dtype=np.float64)
        if alphas.ndim != 1 or coefs.ndim != 2 or coefs.shape[1] != alphas.size:
            raise ValueError(
                "coefs must have shape (n_features, n_alphas) and alphas (n_alphas,); got "
                f"{coefs.shape} and {alphas.shape}. Of a path with several targets, draw one: "
                "coefs[target]."
            )
        n_features = len(coefs)
        names = [f"x{feature}" for feature in range(n_features)]
        if self.feature_names is not None:
            names = [str(name) for name in self.feature_names]
        if len(names) != n_features:
            raise ValueError(f"got {len(names)} feature_names for {n_features} features")
        descending = np.argsort(-alphas, kind="stable")
        descending = descending[alphas[descending] > 0]
        return alphas[descending], coefs[:, descending], names

    def _importance(self, alphas: NDArray[np.float64], coefs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Absolute coefficients at the chosen alpha or, without any, their maxima over the path."""
        if self.chosen_alpha is not None:
            # Lasso paths are piecewise linear in alpha.
            at_chosen = [np.interp(self.chosen_alpha, alphas[::-1], path[::-1]) for path in coefs]
            if np.any(at_chosen):
                return np.abs(at_chosen)
        return np.abs(coefs).max(axis=1)


def _colors() -> Iterator[Any]:
    """The colours of matplotlib's cycle, over and over, but for greys: those mean "not named"."""
    from matplotlib import rcParams
    from matplotlib.colors import to_rgb

    colors = rcParams["axes.prop_cycle"].by_key().get("color", ["black"])
    return cycle([color for color in colors if len(set(to_rgb(color))) > 1] or colors)
