"""Axes on which alpha runs from strong to weak regularization."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# Room between either end of the path and the frame, as a share of the path's length: a line that
# marks the first or the last alpha stays clear of the frame.
MARGIN = 0.025


def alpha_axes(ax: "Axes | None", alphas: NDArray[np.float64], caller: type) -> "Axes":
    """Prepare ``ax``, or new axes, with alpha on a log scale, falling from left to right."""
    positive = alphas[alphas > 0]
    if np.unique(positive).size < 2:
        raise ValueError(
            f"{caller.__name__} draws along alpha on a log scale, which takes at least two "
            f"different positive alphas; got alphas={alphas}."
        )
    if isinstance(ax, np.ndarray):
        raise ValueError(f"ax must be one Axes, got an array of them of shape {ax.shape}: pass one of these.")
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f"{caller.__name__}.plot needs matplotlib: pip install matplotlib") from error

    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    ax.set_xscale("log", nonpositive="mask")
    ratio = positive.max() / positive.min()
    ax.set_xlim(positive.max() * ratio**MARGIN, positive.min() / ratio**MARGIN)
    if ratio < 100:
        _label_short_axis(ax, ratio)
    ax.set_xlabel(r"$\alpha$ (weaker regularization $\rightarrow$)")
    return ax


def _label_short_axis(ax: "Axes", ratio: float) -> None:
    """Label an axis on which powers of ten are too few with some round numbers that do not collide."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

    if ratio < 5:
        ax.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    else:
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if ratio < 10 else (1.0, 3.0)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def mark_alpha(
    ax: "Axes", alpha: float, name: str = r"chosen $\alpha$", linestyle: str = "-", note: str = ""
) -> "Line2D":
    """Draw an alpha as a vertical line whose label tells its name and its value, and ends with the note."""
    return ax.axvline(alpha, color="black", linestyle=linestyle, linewidth=1.0, label=f"{name} = {alpha:.3g}{note}")
