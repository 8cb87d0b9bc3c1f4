"""The cross-validated score as a function of alpha."""

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparsefit._sklearn import score_function
from sklearn_sparsefit.plotting.alpha_axes import alpha_axes, mark_alpha
from sklearn_sparsefit.plotting.fitted import fitted_model
from sklearn_sparsefit.plotting.line_labels import make_room

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class CVCurveDisplay:
    """Cross-validated scores along the alphas.

    The curve is the mean over the folds, the band around it one standard error of that mean on
    either side, and the faint lines behind it are the folds themselves. Where there are several
    `l1_ratio` or `relax`, each pair of them has its curve; band and folds are those of the chosen
    one. A single split has no standard error: its curve stands alone.

    It is recommended to use :meth:`from_estimator` to create a display. All parameters are stored
    as attributes.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,) or (n_curves, n_alphas)
        The alphas that were tried, of each curve or of all. An alpha of zero has no place on
        a log axis and is left out.

    test_scores : array-like of shape (n_alphas, n_folds) or (n_curves, n_alphas, n_folds)
        Score, or error, on each left-out fold.

    score_name : str, default="Score"
        The name of the score, for the label of the y axis.

    chosen_alpha : float, default=None
        The alpha that was chosen, marked by a solid vertical line.

    other_alphas : dict of str to float, default=None
        Alphas to compare with the chosen one, by their names in the legend, marked by dotted and
        dash-dotted vertical lines.

    l1_ratio : float or array-like of shape (n_curves,), default=None
        The `l1_ratio` of each curve, named in the legend where there are several.

    chosen_l1_ratio : float, default=None
        The one of `l1_ratio` that was chosen. If None, there are folds and a band only where there
        is a single `l1_ratio`.

    relax : float or array-like of shape (n_curves,), default=None
        The `relax` of each curve, named in the legend where there are several.

    chosen_relax : float, default=None
        The one of `relax` that was chosen. If None, there are folds and a band only where there
        is a single `relax`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curve.

    figure_ : matplotlib Figure
        Figure containing the curve.

    lines_ : list of matplotlib Line2D
        The mean curves.

    fold_lines_ : list of matplotlib Line2D
        The chosen curve on each fold; empty where there is one fold only or no curve is chosen.

    fill_between_ : matplotlib PolyCollection or None
        The band of one standard error on either side of the mean; None where `fold_lines_` is empty.

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
    ...     alphas=lasso.alphas_,
    ...     test_scores=lasso.mse_path_,
    ...     score_name="Mean squared error",
    ...     chosen_alpha=lasso.alpha_,
    ...     other_alphas={"one standard error": lasso.alpha_1se_},
    ... )
    >>> display.plot()
    <...>
    >>> plt.show()
    """

    def __init__(
        self,
        *,
        alphas: ArrayLike,
        test_scores: ArrayLike,
        score_name: str = "Score",
        chosen_alpha: float | None = None,
        other_alphas: Mapping[str, float] | None = None,
        l1_ratio: ArrayLike | None = None,
        chosen_l1_ratio: float | None = None,
        relax: ArrayLike | None = None,
        chosen_relax: float | None = None,
    ):
        self.alphas = alphas
        self.test_scores = test_scores
        self.score_name = score_name
        self.chosen_alpha = chosen_alpha
        self.other_alphas = other_alphas
        self.l1_ratio = l1_ratio
        self.chosen_l1_ratio = chosen_l1_ratio
        self.relax = relax
        self.chosen_relax = chosen_relax

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
        alphas, scores, labels, chosen = self._checked_curves()
        ax = alpha_axes(ax, alphas, type(self))
        means = scores.mean(axis=2)
        self.lines_: list[Any] = []
        for curve_alphas, mean, label in zip(alphas, means, labels, strict=True):
            self.lines_ += ax.plot(curve_alphas, mean, label=label, **(line_kw or {}))

        self.fill_between_: Any = None
        self.fold_lines_: list[Any] = []
        if chosen is not None and scores.shape[2] > 1:
            color = self.lines_[chosen].get_color()
            self._plot_folds(ax, alphas[chosen], scores[chosen], color, fold_line_kw, fill_between_kw)

        if self.chosen_alpha is not None:
            note = f"\n({labels[chosen]})" if len(labels) > 1 and chosen is not None else ""
            mark_alpha(ax, self.chosen_alpha, note=note)
        for (name, alpha), linestyle in zip((self.other_alphas or {}).items(), cycle([":", "-."]), strict=False):
            mark_alpha(ax, alpha, name, linestyle)
        ax.set_ylabel(f"{self.score_name} on left-out folds")
        self._place_legend(ax)
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
        """Draw the scores by which a cross-validated estimator chose its alpha.

        These are those of its `scoring`, the greater the better, or, where that is None, mean
        squared errors or mean losses. Beside the chosen alpha, `alpha_min_` and `alpha_1se_` are marked where they
        differ from it; a callable `alpha_rule` may have chosen another `l1_ratio` than theirs.

        Parameters
        ----------
        estimator : estimator instance
            Fitted :class:`~sklearn_sparsefit.LassoCV`, :class:`~sklearn_sparsefit.ElasticNetCV`,
            one of their multi-task or adaptive relatives,
            :class:`~sklearn_sparsefit.SparseLogisticRegressionCV` or
            :class:`~sklearn_sparsefit.ElasticNetGLMCV`, or a fitted
            :class:`~sklearn.pipeline.Pipeline` that ends with one of them.

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
        model = fitted_model(estimator, "alpha_1se_", cls)
        l1_ratio: Any = getattr(model, "l1_ratio", None)
        relax, alphas = getattr(model, "relax", 1.0), model.alphas_
        n_l1_ratios, n_relaxes = np.size(l1_ratio), np.size(relax)
        test_scores = _test_scores(model).reshape(n_l1_ratios * n_relaxes, alphas.shape[-1], -1)
        if n_l1_ratios > 1 and n_relaxes > 1:
            # A curve for every pair.
            l1_ratio, relax = np.repeat(l1_ratio, n_relaxes), np.tile(relax, n_l1_ratios)
            alphas = np.repeat(alphas, n_relaxes, axis=0) if alphas.ndim == 2 else alphas
        named_alphas = {r"$\alpha_\mathrm{min}$": model.alpha_min_, r"$\alpha_\mathrm{1se}$": model.alpha_1se_}
        display = cls(
            alphas=alphas,
            test_scores=test_scores,
            score_name=_score_name(model),
            chosen_alpha=model.alpha_,
            other_alphas={name: alpha for name, alpha in named_alphas.items() if alpha != model.alpha_},
            l1_ratio=l1_ratio,
            chosen_l1_ratio=getattr(model, "l1_ratio_", None),
            relax=relax,
            chosen_relax=getattr(model, "relax_", None),
        )
        return display.plot(ax, line_kw=line_kw, fold_line_kw=fold_line_kw, fill_between_kw=fill_between_kw)

    def _plot_folds(
        self,
        ax: "Axes",
        alphas: NDArray[np.float64],
        scores: NDArray[np.float64],
        color: Any,
        fold_line_kw: dict[str, Any] | None,
        fill_between_kw: dict[str, Any] | None,
    ) -> None:
        """Draw the folds of one curve, and the standard error of their mean around it."""
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.collections import PolyCollection
        from matplotlib.lines import Line2D

        mean = scores.mean(axis=1)
        standard_error = scores.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])
        band = {"color": color, "alpha": 0.25, "linewidth": 0.0, "label": "± 1 standard error"}
        self.fill_between_ = ax.fill_between(
            alphas,
            mean - standard_error,
            mean + standard_error,
            **{**band, **normalize_kwargs(fill_between_kw or {}, PolyCollection)},
        )
        faint = {"color": color, "alpha": 0.4, "linewidth": 0.6, "zorder": 1.5}
        self.fold_lines_ = ax.plot(alphas, scores, **{**faint, **normalize_kwargs(fold_line_kw or {}, Line2D)})
        self.fold_lines_[0].set_label("each fold")

    def _checked_curves(self) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str], int | None]:
        """Alphas (n_curves, n_alphas), scores (n_curves, n_alphas, n_folds), their labels, which is chosen."""
        alphas = np.asarray(self.alphas, dtype=np.float64)
        scores = np.asarray(self.test_scores, dtype=np.float64)
        tried: dict[str, Any] = {"l1_ratio": self.l1_ratio, "relax": self.relax}
        several = {name: np.asarray(values).tolist() for name, values in tried.items() if np.size(values) > 1}
        n_curves = max(map(len, several.values()), default=1)
        grid = (n_curves, *alphas.shape[-1:])
        if scores.ndim == 2:
            scores = scores[None]
        is_shape = scores.ndim == 3 and scores.shape[:2] == grid and alphas.shape in (grid, grid[1:])
        if not is_shape or any(len(values) != n_curves for values in several.values()):
            raise ValueError(
                "test_scores must have shape (n_alphas, n_folds) or, with several l1_ratio or relax, "
                "(n_curves, n_alphas, n_folds), and alphas (n_alphas,) or (n_curves, n_alphas); got "
                f"{np.shape(self.test_scores)} and {alphas.shape} with l1_ratio={tried['l1_ratio']},"
                f" relax={tried['relax']}."
            )
        chosen: int | None
        if not several:
            labels, chosen = ["mean of the folds" if scores.shape[2] > 1 else "left-out fold"], 0
        else:
            settings = list(zip(*several.values(), strict=True))
            labels = [
                ", ".join(f"{name} = {value:g}" for name, value in zip(several, setting, strict=True))
                for setting in settings
            ]
            chosen = self._chosen(several, settings)
        alphas = np.broadcast_to(alphas, grid)
        positive = (alphas > 0).all(axis=0)
        return alphas[:, positive], scores[:, positive], labels, chosen

    def _chosen(self, several: dict[str, list[float]], settings: list[tuple[float, ...]]) -> int | None:
        """Which of several curves is that of the chosen parameters, if these are known."""
        chosen = []
        for name, values in several.items():
            value = getattr(self, f"chosen_{name}")
            if value is None:
                return None
            if value not in values:
                raise ValueError(f"chosen_{name}={value} is none of {name}={list(dict.fromkeys(values))}.")
            chosen.append(value)
        return settings.index(tuple(chosen))

    def _place_legend(self, ax: "Axes") -> None:
        """Put the legend where it covers no curve, beside the axes if need be."""
        legend = ax.legend(framealpha=1.0)
        ax.figure.canvas.figure.draw_without_rendering()
        box = legend.get_window_extent()
        curves = [line.get_path().transformed(line.get_transform()) for line in [*self.lines_, *self.fold_lines_]]
        if any(curve.intersects_bbox(box, filled=False) for curve in curves):
            legend = ax.legend(framealpha=1.0, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small")
            if ax.figure.get_layout_engine() is None and ax.get_subplotspec() is not None:
                make_room(ax, legend.get_window_extent().x1)


def _test_scores(estimator: Any) -> NDArray[np.float64]:
    """What the alpha was chosen by, of each l1_ratio, alpha and fold, in this order."""
    if estimator.scoring is None:
        return estimator.mse_path_ if hasattr(estimator, "mse_path_") else estimator.loss_path_
    columns = [column for key, column in estimator.cv_results_.items() if key.startswith("split")]
    return np.stack(columns, axis=-1)


def _score_name(estimator: Any) -> str:
    """The name of a scorer; where it changes the sign of its function, with "neg_" as scikit-learn has it."""
    scoring = estimator.scoring
    if scoring is None and hasattr(estimator, "mse_path_"):
        return "Mean squared error"
    if scoring is None:
        return "Log loss" if hasattr(estimator, "classes_") else "Half the mean deviance"
    if isinstance(scoring, str):
        return scoring
    function, sign = score_function(scoring)
    name = getattr(function, "__name__", "Score")
    return f"neg_{name}" if sign < 0 else name
