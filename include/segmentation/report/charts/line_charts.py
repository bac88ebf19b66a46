"""Charts with lines: sizes over time, and the metrics of a fit by number of segments. All inline SVG."""

import html
import io
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from include.segmentation.report import formatting

WIDTH = 640  # points; the page scales the chart to its column
_LABEL_LETTERS = 50
_TEXT_LINE = 11.5  # points
INK, _FAINT, MAIN, _CHOSEN = "#3b4552", "#c9d0d8", "#0b6375", "#b5541c"
_HIGH = 0.6
_LINE: dict[str, Any] = {"linewidth": 1.6, "marker": "o", "markersize": 3.2, "clip_on": False}
STYLE = {
    "svg.fonttype": "none",  # text stays text: small files, searchable, in the page's own font
    "text.parse_math": False,  # a name may hold a $
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": _FAINT,
    "xtick.color": INK,
    "ytick.color": INK,
}


@dataclass(frozen=True)
class TrendLine:
    """One segment's share over time.

    Attributes:
        label: the text at its end.
        is_dashed: distinguishes it from a solid line of the same colour.
        points: (as_of, share) by time.
    """

    label: str
    colour: str
    is_dashed: bool
    points: Sequence[tuple[datetime, float]]


@dataclass(frozen=True)
class EvidenceCurve:
    """One metric by the number of segments.

    Attributes:
        points: (k, value, standard error) by k.
        chosen: the k that the fit chose.
        threshold: the value to stay above, if there is one.
    """

    title: str
    points: Sequence[tuple[int, float, float]]
    chosen: int
    threshold: float | None = None


def write_chart_label(path: str, name: str, share: float) -> str:
    """Write a segment's label in a chart: path and share, then the name in at most two lines."""
    lines = textwrap.wrap(name, _LABEL_LETTERS, max_lines=2, placeholder=" …")
    return "\n".join([f"{path}  {formatting.format_share(share)}", *lines])


def draw_trend(lines: Sequence[TrendLine], zone: str, title: str) -> str:
    """Draw shares over the runs: one line per segment, labelled at its end.

    Args:
        lines: at least one, each with at least one point.
        zone: the time zone of the dates.
        title: the chart's name for screen readers.
    """
    moments = sorted({moment for line in lines for moment, _ in line.points})
    label_height = _measure_label_height(line.label for line in lines)
    height = max(190.0, label_height * len(lines) + 56)
    with mpl.rc_context(STYLE | {"svg.hashsalt": title}):
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        axes = figure.add_axes((36 / WIDTH, 38 / height, 0.5, (height - 50) / height))
        top = 1.08 * max(share for line in lines for _, share in line.points) or 1.0
        axes.set_ylim(0, top)
        for line in lines:
            times, shares = zip(*line.points, strict=True)
            axes.plot(date2num(times), shares, color=line.colour, linestyle="--" if line.is_dashed else "-", **_LINE)
        ticks = moments[:: -(-len(moments) // 6)]
        axes.set_xticks(date2num(ticks), [formatting.format_tick(moment, zone) for moment in ticks])
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        style_axes(axes)
        axes.tick_params(length=0, pad=6)
        ends = [line.points[-1][1] / top for line in lines]
        for line, end, place in zip(lines, ends, spread_labels(ends, label_height / (height - 50)), strict=True):
            axes.annotate(
                line.label,
                xy=(date2num(line.points[-1][0]), end * top),
                xytext=(1.06, place),
                textcoords="axes fraction",
                va="center",
                fontsize=8.5,
                linespacing=1.25,
                color=line.colour,
                annotation_clip=False,
                arrowprops={
                    **{"arrowstyle": "-", "color": line.colour, "linewidth": 0.5},
                    **{"relpos": (0, 0.5), "shrinkA": 1, "shrinkB": 3},
                },
            )
        return render_svg(figure, title)


def spread_labels(places: Sequence[float], gap: float) -> list[float]:
    """Move labels as little as possible so that they are ``gap`` apart and, where they fit, inside 0 to 1.

    Args:
        places: the wanted place of each label, 0 to 1.
        gap: the smallest distance between two labels.

    Returns:
        A place for each label, in the order of ``places``.
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    spread = [places[i] for i in order]
    for i in range(1, len(spread)):
        spread[i] = max(spread[i], spread[i - 1] + gap)
    ceiling = max(1.0, gap * (len(spread) - 1))
    for i in reversed(range(len(spread))):
        spread[i] = min(spread[i], ceiling - gap * (len(spread) - 1 - i))
    return [place for _, place in sorted(zip(order, spread, strict=True))]


def draw_evidence_curves(curves: Sequence[EvidenceCurve], silhouettes: Mapping[str, float], title: str) -> str:
    """Draw curves side by side with the chosen k, and the silhouette of every segment.

    Args:
        curves: at least one.
        silhouettes: by the label of the bar; empty for no bars.
        title: the chart's name for screen readers.
    """
    height, top, bottom = 152.0, 30.0, 20.0
    panels = len(curves) + bool(silhouettes)
    width = WIDTH / max(panels, 3)
    with mpl.rc_context(STYLE | {"svg.hashsalt": title}):
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        places = [
            ((panel * width + 30) / WIDTH, bottom / height, (width - 44) / WIDTH, (height - top - bottom) / height)
            for panel in range(panels)
        ]
        for place, curve in zip(places, curves, strict=False):
            axes = figure.add_axes(place)
            _title_panel(axes, curve.title)
            _draw_curve(axes, curve)
        if silhouettes:
            axes = figure.add_axes(places[-1])
            _title_panel(axes, "Silhouette of each segment")
            _draw_bars(axes, silhouettes)
        return render_svg(figure, title)


def _title_panel(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=8.5, color=INK, x=-0.2, pad=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, pad=4, labelsize=8)


def style_axes(axes: Axes) -> None:
    """Draw faint horizontal grid lines below the data, and no frame."""
    axes.grid(axis="y", color=_FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _draw_curve(axes: Axes, curve: EvidenceCurve) -> None:
    ks, values, errors = zip(*curve.points, strict=True)
    axes.errorbar(ks, values, yerr=errors, color=MAIN, elinewidth=1, **_LINE)
    axes.set_xlim(ks[0] - 0.4, ks[-1] + 0.4)
    axes.set_xticks(ks, [str(k) for k in ks])
    low = min(0.0, *values)
    axes.set_ylim(low, max(1.0, *values) if curve.threshold or low + max(values) > _HIGH else max(values) * 1.25)
    style_axes(axes)
    axes.locator_params(axis="y", nbins=4)
    if curve.threshold is not None:
        axes.axhline(curve.threshold, color=_CHOSEN, linewidth=1, linestyle="--")
    for k, value in zip(ks, values, strict=True):
        if k == curve.chosen:
            axes.plot([k], [value], marker="o", markersize=7, color=_CHOSEN, clip_on=False, zorder=5)


def _draw_bars(axes: Axes, silhouettes: Mapping[str, float]) -> None:
    rows = range(len(silhouettes))
    axes.barh(list(rows), list(silhouettes.values()), height=0.55, color=MAIN)
    axes.set_yticks(list(rows), list(silhouettes))
    axes.set_ylim(len(silhouettes) - 0.4, -0.6)
    axes.set_xlim(min(0.0, *silhouettes.values()), max(0.5, *silhouettes.values()) * 1.2)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    for row, value in zip(rows, silhouettes.values(), strict=True):
        axes.annotate(f"{value:.2f}", (max(value, 0), row), (3, 0), textcoords="offset points", va="center", fontsize=8)


def _measure_label_height(labels: Iterable[str]) -> float:
    """Measure the points between two labels, by the label with the most lines."""
    return _TEXT_LINE * max(text.count("\n") + 1 for text in labels) + 6


def render_svg(figure: Figure, title: str) -> str:
    """Render a figure as an inline SVG element with a name, without prolog, date or unused ids."""
    stream = io.StringIO()
    figure.savefig(
        stream, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")), transparent=True
    )
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<(metadata|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    return text.replace("<svg ", f'<svg class="chart" role="img" aria-label="{html.escape(title)}" ', 1)
