"""The ratios as a picture."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

Bar = tuple[str, str, float, str, bool]


def draw(bars: list[Bar], path: Path) -> None:
    """One dot for each (family, row, ratio, best peer, whether a bound), in groups, on a logarithmic axis."""
    families = list(dict.fromkeys(bar[0] for bar in bars))
    peers = list(dict.fromkeys(bar[3] for bar in bars))
    colours = dict(zip(peers, plt.get_cmap("tab10").colors, strict=False))
    places, position = [], 0.0
    fig, ax = plt.subplots(figsize=(9, 1.6 + 0.24 * len(bars) + 0.32 * len(families)), layout="constrained")
    for family in families:
        ax.text(0.01, position, family, transform=ax.get_yaxis_transform(), weight="bold", va="center", fontsize=9)
        position += 1
        for bar in (bar for bar in bars if bar[0] == family):
            places.append((position, bar[1]))
            _, _, ratio, peer, bound = bar
            ax.plot([1, ratio], [position, position], color=colours[peer], linewidth=1.5, alpha=0.5, zorder=2)
            ax.plot(ratio, position, marker=">" if bound else "o", color=colours[peer], zorder=3)
            ax.annotate(
                f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}",
                (ratio, position),
                (7 if ratio >= 1 else -7, 0),
                textcoords="offset points",
                ha="left" if ratio >= 1 else "right",
                va="center",
                fontsize=8,
            )
            position += 1
        position += 0.3
    ratios = [bar[2] for bar in bars]
    ax.set(xscale="log", xlim=(min(0.3, min(ratios) / 3), max(20, 3 * max(ratios))), ylim=(position, -0.8))
    for value, style in ((1, "-"), (10, "--")):
        ax.axvline(value, color="0.35", linestyle=style, linewidth=1, zorder=1)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}x")
    ax.set_yticks([place for place, _ in places], [name for _, name in places], fontsize=8)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_xlabel("time of the fastest peer at a relative duality gap of 1e-6, over ours")
    handles = [plt.Line2D([], [], marker="o", linestyle="", color=colours[peer], label=peer) for peer in peers]
    if any(bar[4] for bar in bars):
        handles.append(plt.Line2D([], [], marker=">", linestyle="", color="0.4", label="stopped: at least so much"))
    fig.legend(handles=handles, title="fastest peer", loc="outside upper center", ncols=4, fontsize=8, title_fontsize=8)
    fig.savefig(path, dpi=150)
    plt.close(fig)
