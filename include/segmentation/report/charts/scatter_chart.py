"""A picture of a stratum: its customers in the plane of the first two principal components."""

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
_LOADINGS_SHOWN = 3
_QUANTILES = (0.01, 0.99)
_MARGIN = 0.25


@dataclass(frozen=True)
class ScatterChart:
    """The picture of one stratum.

    Attributes:
        silhouettes: a bar per sampled customer, as SVG; empty where the fit stored none.
    """

    stratum: str
    svg: str
    caption: str
    silhouettes: str


@dataclass(frozen=True)
class SegmentMark:
    """The label and colour of a segment in a legend."""

    label: str
    colour: str


def draw_scatter(
    picture: PublishedPicture, marks: Mapping[str, SegmentMark], labels: Mapping[str, str]
) -> ScatterChart:
    """Draw a stratum.

    Args:
        picture: what the fit stored.
        marks: by segment key.
        labels: by KPI.
    """
    title = f"{picture.stratum}: customers in the plane of the first two principal components"
    explained = sum(picture.variance)
    first, second = (_describe_component(n, picture, labels) for n in range(2))
    caption = (
        f"{picture.stratum}: a sample of {len(picture.points)} customers at the fit, in the plane of the first two "
        f"principal components. Component 1: {first}; component 2: {second}. The plane shows {explained:.0%} of the "
        f"variance in the KPIs; the other {1 - explained:.0%} is hidden. Outliers are drawn at the edge."
    )
    if picture.silhouette is not None and picture.silhouette_in_plane is not None:
        caption += (
            f" The silhouette of these segments is {picture.silhouette_in_plane:.3f} in the plane, and "
            f"{picture.silhouette:.3f} in all {len(picture.kpis)} KPIs."
        )
    mine = [marks[key] for key in picture.keys]
    return ScatterChart(picture.stratum, _draw_points(picture, mine, title), caption, _draw_silhouettes(picture, mine))


def _draw_points(picture: PublishedPicture, marks: Sequence[SegmentMark], title: str) -> str:
    points, owners = _clip_outliers(np.array(picture.points)), np.array(picture.segments)
    with mpl.rc_context(line_charts.STYLE | {"svg.hashsalt": title + str(picture.keys)}):
        figure = Figure(figsize=(line_charts.WIDTH / 72, _HEIGHT / 72))
        axes = figure.add_axes((0.075, 0.13, 0.46, 0.85))
        for ordinal, mark in enumerate(marks):
            _draw_segment(axes, ordinal, mark, points[owners == ordinal])
        for ordinal, mark in enumerate(marks):  # numbers lie over all points
            _write_ordinal(axes, ordinal, mark, points[owners == ordinal])
        axes.set_xlabel(f"component 1, {picture.variance[0]:.0%}", fontsize=8.5)
        axes.set_ylabel(f"component 2, {picture.variance[1]:.0%}", fontsize=8.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8, length=2)
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=8.5, labelspacing=0.9)
        return line_charts.render_svg(figure, title)


def _draw_silhouettes(picture: PublishedPicture, marks: Sequence[SegmentMark]) -> str:
    """Draw sorted silhouettes segment by segment (Rousseeuw 1987); bars left of 0 are closer to another segment."""
    if not picture.silhouettes or picture.silhouette is None:
        return ""
    title = f"{picture.stratum}: silhouettes of a sample of customers, segment by segment"
    with mpl.rc_context(line_charts.STYLE | {"svg.hashsalt": title + str(picture.keys)}):
        figure = Figure(figsize=(line_charts.WIDTH / 72, _BARS_HEIGHT / 72))
        axes = figure.add_axes((0.075, 0.13, 0.46, 0.83))
        top, gap = 0.0, _GAP * sum(map(len, picture.silhouettes))
        for mark, falling in zip(marks, picture.silhouettes, strict=True):
            edges = np.repeat(top + np.arange(len(falling) + 1), 2)[1:-1]
            axes.fill_betweenx(edges, 0, np.repeat(falling, 2), color=mark.colour, linewidth=0, label=mark.label)
            top += len(falling) + gap
        axes.axvline(picture.silhouette, color=line_charts.INK, linewidth=1, linestyle="--")
        axes.axvline(0, color=line_charts.INK, linewidth=0.6)
        axes.set_ylim(top - gap, 0)
        axes.set_yticks([])
        axes.set_xlabel(f"silhouette; dashed: mean {picture.silhouette:.3f}", fontsize=8.5)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(labelsize=8, length=2)
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=8.5, labelspacing=0.9)
        return line_charts.render_svg(figure, title)


def _draw_segment(axes: Axes, ordinal: int, mark: SegmentMark, points: NDArray[np.float64]) -> None:
    style: dict[str, Any] = {"color": mark.colour, "marker": _MARKERS[ordinal % len(_MARKERS)], "linestyle": "none"}
    style["markeredgewidth"] = 0
    axes.plot(points[:, 0], points[:, 1], markersize=3.2, alpha=0.65, **style)
    axes.plot([], [], markersize=6, label=mark.label, **style)


def _write_ordinal(axes: Axes, ordinal: int, mark: SegmentMark, points: NDArray[np.float64]) -> None:
    """Write the segment's ordinal at the middle of its points."""
    if len(points):
        box = {"facecolor": "white", "edgecolor": mark.colour, "boxstyle": "round,pad=0.25", "linewidth": 0.8}
        x, y = np.median(points, axis=0)
        axes.text(x, y, f"{ordinal + 1:02d}", ha="center", va="center", fontsize=8.5, weight="bold", bbox=box)


def _clip_outliers(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move the outliers to the edge; otherwise a single one would squash all others into a corner."""
    low, high = np.quantile(points, _QUANTILES, axis=0)
    margin = _MARGIN * (high - low)
    return np.clip(points, low - margin, high + margin)


def _describe_component(component: int, picture: PublishedPicture, labels: Mapping[str, str]) -> str:
    """Describe a component by the KPIs with the largest loadings."""
    loads = np.array(picture.loadings[component])
    most = np.argsort(-np.abs(loads), kind="stable")[:_LOADINGS_SHOWN].tolist()
    return ", ".join(f"{'more' if loads[i] > 0 else 'less'} {labels[picture.kpis[i]]}" for i in most)
