"""Bars over the rows of a figure."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

from include.segmentation.report.charts import line_charts

_HEIGHT = 150.0  # points
_TICKS = 16


def draw_bars(names: Sequence[str], heights: Sequence[float], title: str) -> str:
    """Draw a bar per row as SVG.

    Args:
        names: what stands below the bars; every n-th where there are many.
        heights: one per name.
        title: the chart's name for screen readers.
    """
    with mpl.rc_context(line_charts.STYLE | {"svg.hashsalt": title}):
        figure = Figure(figsize=(line_charts.WIDTH / 72, _HEIGHT / 72))
        axes = figure.add_axes((0.09, 0.16, 0.9, 0.76))
        axes.bar(range(len(names)), heights, width=0.7, color=line_charts.MAIN)
        ticks = range(0, len(names), -(-len(names) // _TICKS))
        axes.set_xticks(list(ticks), [names[place] for place in ticks])
        axes.yaxis.set_major_formatter(lambda height, _: f"{height:,.0f}")
        axes.locator_params(axis="y", nbins=4)
        line_charts.style_axes(axes)
        axes.tick_params(length=0, pad=4, labelsize=8)
        return line_charts.render_svg(figure, title)
