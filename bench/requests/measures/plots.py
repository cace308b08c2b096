"""Plots as SVG, for pages of either colour: no background, and nothing black or white."""

import dataclasses

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

HEADROOM = 1.1
GREY = "#808080"
COLOURS = ("#2f7ed8", "#d9822b", "#2a9d62", "#b14ac0")
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "bench", "font.family": "sans-serif",
         "text.color": GREY, "axes.edgecolor": GREY, "axes.labelcolor": GREY,
         "xtick.color": GREY, "ytick.color": GREY}


@dataclasses.dataclass
class Line:
    name: str
    points: list  # of (x, y)


def plot(path, lines, across, upwards):
    """x is logarithmic, y begins at nought."""
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(7, 3.5))
        for line, colour in zip(lines, COLOURS):
            axes.plot(*zip(*line.points), marker="o", color=colour, label=line.name)
        axes.set_xscale("log")
        axes.set_ylim(0, HEADROOM * max(y for line in lines for _, y in line.points))
        points = sorted({x for line in lines for x, _ in line.points})
        axes.set_xticks(points, [f"{x:,}".replace(",", " ") for x in points])
        axes.minorticks_off()
        axes.set_xlabel(across)
        axes.set_ylabel(upwards)
        axes.grid(color=GREY, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower right")
        figure.savefig(path, transparent=True, bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)
