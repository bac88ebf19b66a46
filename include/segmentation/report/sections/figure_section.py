"""Figures as the page shows them: tables, heatmaps and bars about the business as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.figure import Figure as Drawing

from include.segmentation.profile.figures import Figure, FigureValue
from include.segmentation.report import formatting
from include.segmentation.report.charts import colours, line_charts
from include.segmentation.report.queries.figure_queries import FigureNumber
from include.segmentation.report.sections.table_rows import TableCell

SHARE = "share"
_PSEUDONYMS = "Customers are the pseudonyms of this run."
_HEIGHT = 150.0  # points
_TICKS = 16


@dataclass(frozen=True)
class FigureTable:
    """One figure.

    Attributes:
        heads: of its columns of numbers: the label and the unit.
        rows: what each row is about, and its cells.
        chart: bars in SVG; empty where none are wanted.
    """

    name: str
    label: str
    definition: str
    row_label: str
    heads: list[tuple[str, str]]
    rows: list[tuple[str, list[TableCell]]]
    is_heatmap: bool
    chart: str


def make_figure_tables(found: Sequence[FigureNumber], declared: Mapping[str, Figure]) -> list[FigureTable]:
    """Every figure that the profile declares and the run has measured, in the profile's order."""
    return [
        _table(name, figure, [number for number in found if number.figure == name])
        for name, figure in declared.items()
        if any(number.figure == name for number in found)
    ]


def _table(name: str, figure: Figure, found: Sequence[FigureNumber]) -> FigureTable:
    numbers = {(one.row, one.column, one.measure): one.value for one in found}
    rows = list(dict.fromkeys(one.row for one in found))
    places = {one.column_position: one.column for one in found}
    columns = [places[position] for position in sorted(places)]
    if len(figure.by) == 2:
        heads = [(column, "") for column in columns]
        cells = [(row, [_pair(figure, numbers, row, column) for column in columns]) for row in rows]
    else:
        heads = [(value.label, "" if value.unit == SHARE else value.unit) for value in figure.values.values()]
        cells = [
            (row, [TableCell(_text(numbers.get((row, "", each)), value)) for each, value in figure.values.items()])
            for row in rows
        ]
    return FigureTable(
        name=name,
        label=figure.label,
        definition=f"{figure.definition} {_PSEUDONYMS}" if figure.customers else figure.definition,
        row_label=" \\ ".join(figure.by.values()),
        heads=heads,
        rows=cells,
        is_heatmap=len(figure.by) == 2,
        chart=_bars(figure, rows, numbers) if figure.draw == "bars" else "",
    )


def _pair(figure: Figure, numbers: Mapping[tuple[str, str, str], float | None], row: str, column: str) -> TableCell:
    """The values at a crossing: the first in the cell, the second below it, a share among them as the colour."""
    if not any((row, column, each) in numbers for each in figure.values):
        return TableCell("")
    texts = [_text(numbers.get((row, column, each)), value) for each, value in figure.values.items()]
    share = next((numbers.get((row, column, each)) for each, v in figure.values.items() if v.unit == SHARE), None)
    style = "" if share is None else colours.choose_cell_style(share)
    return TableCell(texts[0], texts[1] if len(texts) > 1 else "", style)


def _text(number: float | None, value: FigureValue) -> str:
    if number is None:
        return formatting.DASH
    return formatting.format_share(number) if value.unit == SHARE else formatting.format_value(number, value.resolution)


def _bars(figure: Figure, rows: Sequence[str], numbers: Mapping[tuple[str, str, str], float | None]) -> str:
    """The first value of each row as a bar."""
    measure, value = next(iter(figure.values.items()))
    heights = [numbers.get((row, "", measure)) or 0.0 for row in rows]
    title = f"{figure.label}: {value.label}. Last: {rows[-1]} {_text(numbers.get((rows[-1], '', measure)), value)}"
    with mpl.rc_context(line_charts.STYLE | {"svg.hashsalt": title}):
        drawing = Drawing(figsize=(line_charts.WIDTH / 72, _HEIGHT / 72))
        axes = drawing.add_axes((0.09, 0.16, 0.9, 0.76))
        axes.bar(range(len(rows)), heights, width=0.7, color=line_charts.DRAWN)
        shown = range(0, len(rows), -(-len(rows) // _TICKS))
        axes.set_xticks(list(shown), [rows[place] for place in shown])
        axes.yaxis.set_major_formatter(lambda height, _: f"{height:,.0f}")
        axes.locator_params(axis="y", nbins=4)
        axes.grid(axis="y", color="#c9d0d8", linewidth=0.5)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0, pad=4, labelsize=8)
        return line_charts.render_svg(drawing, title)
