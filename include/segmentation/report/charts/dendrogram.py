"""The segments of a macro segment as a tree: everyone, strata, segments, micro segments, each with its share.

Strata are rules of the profile. The parts of a stratum, and those of a segment, are joined pair by pair as the model
has frozen it: by Ward's criterion (1963) between their size-weighted means.
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
    """Two neighbours in the tree.

    Attributes:
        left, right: children by their place from 0; from the number of children on, earlier joins by their order.
        height: the share of the customers' spread that is lost by this and all earlier joins.
    """

    left: int
    right: int
    height: float


@dataclass(frozen=True)
class DendrogramBranch:
    """Some customers, and what they are divided into.

    Attributes:
        share: of everyone, 0 to 1.
        joins: which children are alike; none where they are told apart by rules.
    """

    label: str
    share: float
    children: Sequence["DendrogramBranch"] = field(default=())
    joins: Sequence[DendrogramJoin] = field(default=())

    def in_order(self) -> list[int]:
        """The children, those that join first beside each other."""
        nodes = [[place] for place in range(len(self.children))]
        for join in self.joins:
            first, second = sorted([nodes[join.left], nodes[join.right]])
            nodes.append([*first, *second])
        return nodes[-1] if self.joins else [place for node in nodes for place in node]


@dataclass
class _Row:
    """A branch with its place on the drawing, in points from the upper left."""

    branch: DendrogramBranch
    x: float
    y: float
    text: str
    children: list["_Row"]


def draw_dendrogram(root: DendrogramBranch, title: str) -> str:
    """The tree as SVG, every branch on a line of its own, to the right of what it is a part of.

    Args:
        root: everyone.
        title: what a screen reader says.
    """
    placed, height = _placed(root, 0, 0.0)
    with mpl.rc_context(line_charts.STYLE | {"svg.hashsalt": title}):
        figure = Figure(figsize=(line_charts.WIDTH / 72, height / 72))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, line_charts.WIDTH)
        axes.set_ylim(height, 0)
        for row in _all(placed):
            axes.text(row.x + 4, row.y, row.text, va="center", fontsize=8.5, linespacing=1.25)
            _lines(axes, row)
        return line_charts.render_svg(figure, title)


def _placed(branch: DendrogramBranch, level: int, top: float) -> tuple[_Row, float]:
    """The branch and all below it, and where they end."""
    x = level * _STEP
    said = f"{formatting.format_share(branch.share)}  {branch.label}"
    lines = textwrap.wrap(said, int((line_charts.WIDTH - x) / _LETTER), max_lines=_MOST_LINES, placeholder=" …")
    bottom = top + _LINE * len(lines) + _GAP
    row = _Row(branch, x, (top + bottom) / 2, "\n".join(lines), [])
    for place in branch.in_order():
        child, bottom = _placed(branch.children[place], level + 1, bottom)
        row.children.append(child)
    return row, bottom


def _all(row: _Row) -> Iterator[_Row]:
    yield row
    for child in row.children:
        yield from _all(child)


def _lines(axes: Axes, row: _Row) -> None:
    """From a branch to its children: straight where they are apart by rules, else by way of the joins."""
    if not row.children:
        return
    order = row.branch.in_order()
    ends = {place: (child.x, child.y, child.branch.share) for place, child in zip(order, row.children, strict=True)}
    trunk = row.x + 12
    highest = max((join.height for join in row.branch.joins), default=0.0) or 1.0
    for number, join in enumerate(row.branch.joins, start=len(ends)):
        (x, y, share), (other_x, other_y, other_share) = ends.pop(join.left), ends.pop(join.right)
        at = row.x + _STEP - 4 - (_STEP - 26) * join.height / highest
        _line(axes, [x, at, at, other_x], [y, y, other_y, other_y])
        ends[number] = (at, (y + other_y) / 2, share + other_share)
        if number < 2 * len(row.children) - 2:  # all of them together have their share beside their name
            style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 6.5}
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}
            axes.text(at, (y + other_y) / 2, formatting.format_share(share + other_share), bbox=box, **style)
    for x, y, _ in ends.values():
        _line(axes, [trunk, x], [y, y])
    _line(axes, [trunk, trunk], [row.y + _LINE / 2 + 1, max(y for _, y, _ in ends.values())])


def _line(axes: Axes, xs: list[float], ys: list[float]) -> None:
    axes.plot(xs, ys, color=line_charts.DRAWN, linewidth=1.1, zorder=0)
