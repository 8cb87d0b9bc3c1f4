"""Names written beside the ends of lines, none over another."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.isotonic import isotonic_regression

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

FONT_SIZE = 8.0
LINE_SPACING = 1.4
POINTS_PER_INCH = 72.0
# Between the frame of the axes and a name, in points.
GAP = 14.0
# What names leave of the width of a subplot, however long they are.
MIN_WIDTH = 0.4


def spread(heights: ArrayLike, distance: float) -> NDArray[np.float64]:
    """Heights nearest to the given ones, in least squares, that are all ``distance`` apart.

    Once ``distance`` is taken off for each height below, "apart" means "not decreasing", and the
    nearest such sequence is the isotonic regression. Equal heights keep their order.
    """
    heights = np.asarray(heights, dtype=np.float64)
    order = np.argsort(heights, kind="stable")
    steps = distance * np.arange(heights.size)
    result = np.empty_like(heights)
    result[order] = isotonic_regression(heights[order] - steps) + steps
    return result


def label_line_ends(ax: "Axes", lines: "list[Line2D]") -> None:
    """Write each line's label at the right of the axes, in the colour of the line it leads to."""
    if not lines:
        return
    from matplotlib.transforms import offset_copy

    figure: Any = ax.figure
    ends = np.array([(np.asarray(line.get_xdata())[-1], np.asarray(line.get_ydata())[-1]) for line in lines])
    # The heights in points are known only once the layout and the limits are.
    figure.canvas.figure.draw_without_rendering()
    pixels_per_point = figure.dpi / POINTS_PER_INCH
    heights = ax.transData.transform(ends)[:, 1] / pixels_per_point
    shifts = spread(heights, LINE_SPACING * FONT_SIZE) - heights
    names = [
        ax.annotate(
            str(line.get_label()),
            xy=end,
            xytext=(1.0, end[1]),
            textcoords=offset_copy(ax.get_yaxis_transform(), figure, GAP, shift, units="points"),
            verticalalignment="center",
            fontsize=FONT_SIZE,
            color=line.get_color(),
            annotation_clip=False,
            parse_math=False,
            arrowprops={
                "arrowstyle": "-",
                "color": line.get_color(),
                "linewidth": 0.5,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0.0, 0.5),
            },
        )
        for line, end, shift in zip(lines, ends, shifts, strict=True)
    ]
    # Layout engines make room for what lies beside axes.
    if ax.figure.get_layout_engine() is None and ax.get_subplotspec() is not None:
        make_room(ax, max(name.get_window_extent().x1 for name in names))


def make_room(ax: "Axes", right: float) -> None:
    """Narrow axes beside which there is something up to a pixel, so that it ends where their subplot does.

    A colour bar makes its room in this way, too. Axes above and below that share alpha stay as wide as these.
    """
    figure: Any = ax.figure
    spec: Any = ax.get_subplotspec()
    subplot = spec.get_position(figure)
    excess = figure.transSubfigure.inverted().transform((right, 0.0))[0] - subplot.x1
    before = ax.get_position()
    width = min(before.width, max(before.width - excess, MIN_WIDTH * subplot.width))
    for other in ax.get_shared_x_axes().get_siblings(ax):
        place = other.get_position()
        if other.figure is figure and (place.x0, place.x1) == (before.x0, before.x1):
            other.set_position((place.x0, place.y0, width, place.height))
            # Where a position is set, matplotlib takes it that axes are not to be laid out again.
            other.set_in_layout(True)
