"""The picture of a stratum: its customers in the plane of the first two principal components, and what that hides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from include.segmentation.report.charts import line_charts
from include.segmentation.report.queries.model_queries import PublishedPicture

_HEIGHT, _BARS_HEIGHT = 330, 250  # points
_GAP = 0.02  # between two segments, of all bars
_MARKERS = "os^DvPX*"
_LOADS = 3
_SHOWN = (0.01, 0.99)
_ROOM = 0.25


@dataclass(frozen=True)
class ScatterChart:
    """One stratum as the page shows it.

    Attributes:
        silhouettes: a bar for each of some customers, as SVG; empty where the fit kept none.
    """

    stratum: str
    svg: str
    caption: str
    silhouettes: str


@dataclass(frozen=True)
class SegmentMark:
    """How a segment is drawn.

    Attributes:
        label: what the legend says.
    """

    label: str
    colour: str


def draw_scatter(
    drawing: PublishedPicture, marks: Mapping[str, SegmentMark], labels: Mapping[str, str]
) -> ScatterChart:
    """Draw a stratum.

    Args:
        drawing: what the fit froze.
        marks: by segment key.
        labels: the words for each KPI.
    """
    title = f"{drawing.stratum}: customers in the plane of the first two principal components"
    held = sum(drawing.variance)
    made = "; ".join(f"component {n + 1} is {_made_of(n, drawing, labels)}" for n in range(2))
    caption = (
        f"{drawing.stratum}: every n-th customer at the fit ({len(drawing.points)} of them), where what the KPIs have "
        f"in common puts them; {made}. The plane holds {held:.0%} of how the customers differ; the other "
        f"{1 - held:.0%} can not be seen. Who lies far out is drawn at the edge."
    )
    if drawing.silhouette is not None and drawing.silhouette_in_plane is not None:
        caption += (
            f" In the plane the silhouette of these segments is {drawing.silhouette_in_plane:.3f}; between the "
            f"customers themselves, in all {len(drawing.kpis)} KPIs, it is {drawing.silhouette:.3f}."
        )
    mine = [marks[key] for key in drawing.keys]
    return ScatterChart(drawing.stratum, _svg(drawing, mine, title), caption, _silhouettes(drawing, mine))


def _svg(drawing: PublishedPicture, marks: Sequence[SegmentMark], title: str) -> str:
    points, owners = _within(np.array(drawing.points)), np.array(drawing.segments)
    with mpl.rc_context(line_charts.STYLE | {"svg.hashsalt": title + str(drawing.keys)}):
        figure = Figure(figsize=(line_charts.WIDTH / 72, _HEIGHT / 72))
        axes = figure.add_axes((0.075, 0.13, 0.46, 0.85))
        for ordinal, mark in enumerate(marks):
            _segment(axes, ordinal, mark, points[owners == ordinal])
        for ordinal, mark in enumerate(marks):  # numbers lie over all points
            _number(axes, ordinal, mark, points[owners == ordinal])
        axes.set_xlabel(f"component 1, {drawing.variance[0]:.0%}", fontsize=8.5)
        axes.set_ylabel(f"component 2, {drawing.variance[1]:.0%}", fontsize=8.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8, length=2)
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=8.5, labelspacing=0.9)
        return line_charts.render_svg(figure, title)


def _silhouettes(drawing: PublishedPicture, marks: Sequence[SegmentMark]) -> str:
    """Sorted silhouettes, segment below segment (Rousseeuw 1987): what lies left of 0 is nearer to another segment."""
    if not drawing.silhouettes or drawing.silhouette is None:
        return ""
    title = f"{drawing.stratum}: the silhouette of every n-th customer, segment by segment"
    with mpl.rc_context(line_charts.STYLE | {"svg.hashsalt": title + str(drawing.keys)}):
        figure = Figure(figsize=(line_charts.WIDTH / 72, _BARS_HEIGHT / 72))
        axes = figure.add_axes((0.075, 0.13, 0.46, 0.83))
        top, gap = 0.0, _GAP * sum(map(len, drawing.silhouettes))
        for mark, falling in zip(marks, drawing.silhouettes, strict=True):
            edges = np.repeat(top + np.arange(len(falling) + 1), 2)[1:-1]
            axes.fill_betweenx(edges, 0, np.repeat(falling, 2), color=mark.colour, linewidth=0, label=mark.label)
            top += len(falling) + gap
        axes.axvline(drawing.silhouette, color=line_charts.INK, linewidth=1, linestyle="--")
        axes.axvline(0, color=line_charts.INK, linewidth=0.6)
        axes.set_ylim(top - gap, 0)
        axes.set_yticks([])
        axes.set_xlabel(f"silhouette; dashed: the mean of all, {drawing.silhouette:.3f}", fontsize=8.5)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(labelsize=8, length=2)
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=8.5, labelspacing=0.9)
        return line_charts.render_svg(figure, title)


def _segment(axes: Axes, ordinal: int, mark: SegmentMark, points: NDArray[np.float64]) -> None:
    style: dict[str, Any] = {"color": mark.colour, "marker": _MARKERS[ordinal % len(_MARKERS)], "linestyle": "none"}
    style["markeredgewidth"] = 0
    axes.plot(points[:, 0], points[:, 1], markersize=3.2, alpha=0.65, **style)
    axes.plot([], [], markersize=6, label=mark.label, **style)


def _number(axes: Axes, ordinal: int, mark: SegmentMark, points: NDArray[np.float64]) -> None:
    """The segment's ordinal, where the middle of its points is."""
    if len(points):
        box = {"facecolor": "white", "edgecolor": mark.colour, "boxstyle": "round,pad=0.25", "linewidth": 0.8}
        x, y = np.median(points, axis=0)
        axes.text(x, y, f"{ordinal + 1:02d}", ha="center", va="center", fontsize=8.5, weight="bold", bbox=box)


def _within(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points, those of the farthest few moved to the edge: one of them would squash all others into a corner."""
    low, high = np.quantile(points, _SHOWN, axis=0)
    room = _ROOM * (high - low)
    return np.clip(points, low - room, high + room)


def _made_of(component: int, drawing: PublishedPicture, labels: Mapping[str, str]) -> str:
    """More or less of the KPIs that load on a component most."""
    loads = np.array(drawing.loadings[component])
    most = np.argsort(-np.abs(loads), kind="stable")[:_LOADS].tolist()
    return ", ".join(f"{'more' if loads[i] > 0 else 'less'} {labels[drawing.kpis[i]]}" for i in most)
