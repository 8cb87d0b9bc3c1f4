"""The cross-validated error as a function of alpha."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparsefit.plotting.alpha_axes import alpha_axes, check_has_path, mark_chosen_alpha

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class CVCurveDisplay:
    """Cross-validated mean squared error along the alphas.

    The curve is the mean over the folds, the band around it one standard error of that mean on
    either side, and the faint lines behind it are the folds themselves. Where there are several
    `l1_ratio`, each has its curve; band and folds are those of the best one. A single split has
    no standard error: its curve stands alone.

    It is recommended to use :meth:`from_estimator` to create a display. All parameters are stored
    as attributes.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        The alphas that were tried, of each `l1_ratio` or of all. An alpha of zero has no place on
        a log axis and is left out.

    mse_path : array-like of shape (n_alphas, n_folds) or (n_l1_ratio, n_alphas, n_folds)
        Mean squared error on each left-out fold. The last axis may be missing where there is one
        fold.

    chosen_alpha : float, default=None
        The alpha that was chosen, marked by a vertical line.

    l1_ratio : array-like of shape (n_l1_ratio,), default=None
        The values of `l1_ratio` that were tried, named in the legend. Needed where there are
        several: their number tells the axes of `mse_path` apart.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curve.

    figure_ : matplotlib Figure
        Figure containing the curve.

    lines_ : list of matplotlib Line2D
        The mean curve of each `l1_ratio`.

    fold_lines_ : list of matplotlib Line2D
        The curve of each fold; empty where there is one fold only.

    fill_between_ : matplotlib PolyCollection or None
        The band of one standard error on either side of the mean; None where there is one fold.

    See Also
    --------
    CoefficientPathDisplay : The coefficients along the same axis.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_sparsefit import CVCurveDisplay, LassoCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> lasso = LassoCV().fit(X, y)
    >>> display = CVCurveDisplay(
    ...     alphas=lasso.alphas_, mse_path=lasso.mse_path_, chosen_alpha=lasso.alpha_
    ... )
    >>> display.plot()
    <...>
    >>> plt.show()
    """

    def __init__(
        self,
        *,
        alphas: ArrayLike,
        mse_path: ArrayLike,
        chosen_alpha: float | None = None,
        l1_ratio: ArrayLike | None = None,
    ):
        self.alphas = alphas
        self.mse_path = mse_path
        self.chosen_alpha = chosen_alpha
        self.l1_ratio = l1_ratio

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        line_kw: dict[str, Any] | None = None,
        fold_line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the mean curves.

        fold_line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the lines of the folds.

        fill_between_kw : dict, default=None
            Keyword arguments of matplotlib's ``fill_between`` for the standard errors.

        Returns
        -------
        display : CVCurveDisplay
            The display itself.
        """
        alphas, mse_paths, labels = self._checked_curves()
        ax = alpha_axes(ax, alphas, type(self))
        means = mse_paths.mean(axis=2)
        self.lines_ = []
        for curve_alphas, mean, label in zip(alphas, means, labels, strict=True):
            self.lines_ += ax.plot(curve_alphas, mean, label=label, **(line_kw or {}))

        self.fill_between_, self.fold_lines_ = None, []
        if mse_paths.shape[2] > 1:
            best = means.min(axis=1).argmin()
            color = self.lines_[best].get_color()
            self._plot_folds(ax, alphas[best], mse_paths[best], color, fold_line_kw, fill_between_kw)

        if self.chosen_alpha is not None:
            mark_chosen_alpha(ax, self.chosen_alpha)
        ax.set_ylabel("Mean squared error on left-out folds")
        ax.legend()
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        ax: "Axes | None" = None,
        line_kw: dict[str, Any] | None = None,
        fold_line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the mean squared error of a cross-validated estimator, and the alpha it chose.

        With `scoring` or another `alpha_rule`, the chosen alpha is not where this error is least.

        Parameters
        ----------
        estimator : estimator instance
            Fitted :class:`~sklearn_sparsefit.LassoCV` or
            :class:`~sklearn_sparsefit.ElasticNetCV`. Of a
            :class:`~sklearn.pipeline.Pipeline`, pass its last step, ``pipeline[-1]``.

        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the mean curves.

        fold_line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the lines of the folds.

        fill_between_kw : dict, default=None
            Keyword arguments of matplotlib's ``fill_between`` for the standard errors.

        Returns
        -------
        display : CVCurveDisplay
            The display that was drawn.

        Examples
        --------
        >>> import matplotlib.pyplot as plt
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_sparsefit import CVCurveDisplay, ElasticNetCV
        >>> X, y = load_diabetes(return_X_y=True)
        >>> enet = ElasticNetCV(l1_ratio=[0.5, 0.9, 1.0]).fit(X, y)
        >>> CVCurveDisplay.from_estimator(enet)
        <...>
        >>> plt.show()
        """
        check_has_path(estimator, "mse_path_", cls)
        display = cls(
            alphas=estimator.alphas_,
            mse_path=estimator.mse_path_,
            chosen_alpha=estimator.alpha_,
            l1_ratio=getattr(estimator, "l1_ratio", None),
        )
        return display.plot(ax, line_kw=line_kw, fold_line_kw=fold_line_kw, fill_between_kw=fill_between_kw)

    def _plot_folds(
        self,
        ax: "Axes",
        alphas: NDArray[np.float64],
        mse_path: NDArray[np.float64],
        color: Any,
        fold_line_kw: dict[str, Any] | None,
        fill_between_kw: dict[str, Any] | None,
    ) -> None:
        """Draw the folds of one curve, and the standard error of their mean around it."""
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.collections import PolyCollection
        from matplotlib.lines import Line2D

        mean = mse_path.mean(axis=1)
        standard_error = mse_path.std(axis=1, ddof=1) / np.sqrt(mse_path.shape[1])
        band = {"color": color, "alpha": 0.25, "linewidth": 0.0, "label": "± 1 standard error"}
        self.fill_between_ = ax.fill_between(
            alphas,
            mean - standard_error,
            mean + standard_error,
            **{**band, **normalize_kwargs(fill_between_kw, PolyCollection)},
        )
        faint = {"color": color, "alpha": 0.4, "linewidth": 0.6, "zorder": 1.5}
        self.fold_lines_ = ax.plot(alphas, mse_path, **{**faint, **normalize_kwargs(fold_line_kw, Line2D)})
        self.fold_lines_[0].set_label("each fold")

    def _checked_curves(self) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
        """Alphas (n_curves, n_alphas), errors (n_curves, n_alphas, n_folds), a label for each."""
        alphas = np.asarray(self.alphas, dtype=np.float64)
        mse_paths = np.asarray(self.mse_path, dtype=np.float64)
        n_curves = 1 if self.l1_ratio is None else np.size(self.l1_ratio)
        grid = (n_curves, *alphas.shape[-1:])
        # Fitted attributes leave out axes of length one, of l1_ratio as of folds.
        if n_curves == 1 and mse_paths.shape[:1] == alphas.shape[-1:]:
            mse_paths = mse_paths[None]
        if mse_paths.ndim == 2:
            mse_paths = mse_paths[:, :, None]
        if mse_paths.ndim != 3 or mse_paths.shape[:2] != grid or alphas.shape not in (grid, grid[1:]):
            raise ValueError(
                "mse_path must have shape (n_alphas, n_folds) or, with several l1_ratio, "
                "(n_l1_ratio, n_alphas, n_folds), and alphas (n_alphas,) or (n_l1_ratio, n_alphas); got "
                f"{np.shape(self.mse_path)} and {alphas.shape} with l1_ratio={self.l1_ratio}."
            )
        labels = ["mean of the folds" if mse_paths.shape[2] > 1 else "left-out fold"]
        if n_curves > 1:
            labels = [f"l1_ratio = {value:g}" for value in np.asarray(self.l1_ratio)]
        alphas = np.broadcast_to(alphas, grid)
        positive = (alphas > 0).all(axis=0)
        return alphas[:, positive], mse_paths[:, positive], labels
