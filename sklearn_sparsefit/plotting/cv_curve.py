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
    `l1_ratio`, each has its curve; band and folds are those of the best one.

    It is recommended to use :meth:`from_estimator` to create a display. All parameters are stored
    as attributes.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        The alphas that were tried, of each `l1_ratio` or of all. An alpha of zero has no place on
        a log axis and is left out.

    mse_path : array-like of shape (n_alphas, n_folds) or (n_l1_ratio, n_alphas, n_folds)
        Mean squared error on each left-out fold.

    chosen_alpha : float, default=None
        The alpha that was chosen, marked by a vertical line.

    l1_ratio : array-like of shape (n_l1_ratio,), default=None
        The values of `l1_ratio` that were tried, named in the legend. Needed where there are
        several.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curve.

    figure_ : matplotlib Figure
        Figure containing the curve.

    lines_ : list of matplotlib Line2D
        The mean curve of each `l1_ratio`.

    fold_lines_ : list of matplotlib Line2D
        The curve of each fold.

    fill_between_ : matplotlib PolyCollection
        The band of one standard error on either side of the mean.

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
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.collections import PolyCollection
        from matplotlib.lines import Line2D

        means = mse_paths.mean(axis=2)
        self.lines_ = []
        for curve_alphas, mean, label in zip(alphas, means, labels, strict=True):
            self.lines_ += ax.plot(curve_alphas, mean, label=label, **(line_kw or {}))

        best = means.min(axis=1).argmin()
        color = self.lines_[best].get_color()
        n_folds = mse_paths.shape[2]
        standard_error = mse_paths[best].std(axis=1, ddof=1) / np.sqrt(n_folds)
        band = {"color": color, "alpha": 0.25, "linewidth": 0.0, "label": "± 1 standard error"}
        self.fill_between_ = ax.fill_between(
            alphas[best],
            means[best] - standard_error,
            means[best] + standard_error,
            **{**band, **normalize_kwargs(fill_between_kw, PolyCollection)},
        )
        faint = {"color": color, "alpha": 0.4, "linewidth": 0.6, "zorder": 1.5}
        self.fold_lines_ = ax.plot(
            alphas[best],
            mse_paths[best],
            **{**faint, **normalize_kwargs(fold_line_kw, Line2D)},
        )
        self.fold_lines_[0].set_label("each fold")

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
        """Draw the error by which a cross-validated estimator chose its alpha.

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
        several = np.ndim(estimator.mse_path_) == 3
        display = cls(
            alphas=estimator.alphas_,
            mse_path=estimator.mse_path_,
            chosen_alpha=estimator.alpha_,
            l1_ratio=estimator.l1_ratio if several else None,
        )
        return display.plot(ax, line_kw=line_kw, fold_line_kw=fold_line_kw, fill_between_kw=fill_between_kw)

    def _checked_curves(self) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
        """Alphas (n_curves, n_alphas), errors (n_curves, n_alphas, n_folds), a label for each."""
        alphas = np.asarray(self.alphas, dtype=np.float64)
        mse_paths = np.asarray(self.mse_path, dtype=np.float64)
        if mse_paths.ndim == 2:
            mse_paths = mse_paths[None]
        if (
            mse_paths.ndim != 3
            or mse_paths.shape[2] < 2
            or alphas.shape not in (mse_paths.shape[:2], mse_paths.shape[1:2])
        ):
            raise ValueError(
                "mse_path must have shape (n_alphas, n_folds) or (n_l1_ratio, n_alphas, n_folds), "
                "with at least two folds, and alphas (n_alphas,) or (n_l1_ratio, n_alphas); got "
                f"{np.shape(self.mse_path)} and {alphas.shape}."
            )
        n_curves = len(mse_paths)
        labels = ["mean of the folds"]
        if n_curves > 1:
            labels = [f"l1_ratio = {value:g}" for value in np.atleast_1d(self.l1_ratio)]
        if len(labels) != n_curves:
            raise ValueError(f"got {len(labels)} l1_ratio for {n_curves} curves")
        alphas = np.broadcast_to(alphas, mse_paths.shape[:2])
        positive = (alphas > 0).all(axis=0)
        return alphas[:, positive], mse_paths[:, positive], labels
