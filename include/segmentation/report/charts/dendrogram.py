"""A tree of customers: strata, segments and micro segments, or personas, each with its share.

Strata are rules of the profile. Inside a stratum or a segment, branches are joined pair by pair as the model stored
it: by Ward's method (1963) on their size-weighted means.
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from include.segmentation.report import formatting
from include.segmentation.report.charts import line_charts

_STEP = 58.0  # points from one level to the next
_LETTER, _LINE, _GAP = 4.5, 11.5, 6.0  # points
_MOST_LINES = 2


@dataclass(frozen=True)
class DendrogramJoin:
    """Two branches that are joined.

    Attributes:
        left, right: children by position from 0; from the number of children on, earlier joins by their order.
        height: the share of the customers' spread that is lost by this and all earlier joins.
    """

    left: int
    right: int
    height: float


@dataclass(frozen=True)
class DendrogramBranch:
    """A group of customers, and the groups inside it.

    Attributes:
        share: of all customers, 0 to 1.
        joins: which children are alike; empty where rules divide them.
    """

    label: str
    share: float
    children: Sequence["DendrogramBranch"] = field(default=())
    joins: Sequence[DendrogramJoin] = field(default=())

    def order_children(self) -> list[int]:
        """Order the children so that those that join first are next to each other."""
        nodes = [[place] for place in range(len(self.children))]
        for join in self.joins:
            first, second = sorted([nodes[join.left], nodes[join.right]])
            nodes.append([*first, *second])
        return nodes[-1] if self.joins else [place for node in nodes for place in node]


@dataclass
class _Row:
    """A branch with its position, in points from the upper left."""

    branch: DendrogramBranch
    x: float
    y: float
    text: str
    children: list["_Row"]


def draw_dendrogram(root: DendrogramBranch, title: str) -> str:
    """Draw the tree as SVG; every branch is on its own line, to the right of its parent.

    Args:
        root: all customers.
        title: the chart's name for screen readers.
    """
    placed, height = _place_branch(root, 0, 0.0)
    with mpl.rc_context(line_charts.STYLE | {"svg.hashsalt": title}):
        figure = Figure(figsize=(line_charts.WIDTH / 72, height / 72))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, line_charts.WIDTH)
        axes.set_ylim(height, 0)
        for row in _walk_rows(placed):
            axes.text(row.x + 4, row.y, row.text, va="center", fontsize=8.5, linespacing=1.25)
            _draw_lines(axes, row)
        return line_charts.render_svg(figure, title)


def _place_branch(branch: DendrogramBranch, level: int, top: float) -> tuple[_Row, float]:
    """Place a branch and all branches inside it; return also where they end."""
    x = level * _STEP
    text = f"{formatting.format_share(branch.share)}  {branch.label}"
    lines = textwrap.wrap(text, int((line_charts.WIDTH - x) / _LETTER), max_lines=_MOST_LINES, placeholder=" …")
    bottom = top + _LINE * len(lines) + _GAP
    row = _Row(branch, x, (top + bottom) / 2, "\n".join(lines), [])
    for place in branch.order_children():
        child, bottom = _place_branch(branch.children[place], level + 1, bottom)
        row.children.append(child)
    return row, bottom


def _walk_rows(row: _Row) -> Iterator[_Row]:
    yield row
    for child in row.children:
        yield from _walk_rows(child)


def _draw_lines(axes: Axes, row: _Row) -> None:
    """Draw the lines from a branch to its children: straight where rules divide them, else through the joins."""
    if not row.children:
        return
    order = row.branch.order_children()
    ends = {place: (child.x, child.y, child.branch.share) for place, child in zip(order, row.children, strict=True)}
    trunk = row.x + 12
    highest = max((join.height for join in row.branch.joins), default=0.0) or 1.0
    for number, join in enumerate(row.branch.joins, start=len(ends)):
        (x, y, share), (other_x, other_y, other_share) = ends.pop(join.left), ends.pop(join.right)
        at = row.x + _STEP - 4 - (_STEP - 26) * join.height / highest
        _draw_line(axes, [x, at, at, other_x], [y, y, other_y, other_y])
        ends[number] = (at, (y + other_y) / 2, share + other_share)
        if number < 2 * len(row.children) - 2:  # all of them together have their share beside their name
            style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 6.5}
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}
            axes.text(at, (y + other_y) / 2, formatting.format_share(share + other_share), bbox=box, **style)
    for x, y, _ in ends.values():
        _draw_line(axes, [trunk, x], [y, y])
    _draw_line(axes, [trunk, trunk], [row.y + _LINE / 2 + 1, max(y for _, y, _ in ends.values())])


def _draw_line(axes: Axes, xs: list[float], ys: list[float]) -> None:
    axes.plot(xs, ys, color=line_charts.MAIN, linewidth=1.1, zorder=0)
