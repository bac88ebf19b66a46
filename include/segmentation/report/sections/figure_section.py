"""Figures about the business as a whole: tables, heatmaps and bars."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from markupsafe import Markup

from include.segmentation.profile.figures import Figure, FigureValue
from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.charts.bar_chart import draw_bars
from include.segmentation.report.queries.figure_queries import FigureNumber
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Part, Sheet
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import TableCell

SHARE = "share"
_PSEUDONYMS = "Customers are shown under this run's pseudonyms."


Numbers: TypeAlias = Mapping[tuple[str, str, str], float | None]
"""(row, column, measure) -> value."""


def make_figures_sheet(report: ReportContext) -> list[Sheet]:
    """Show every figure that the profile declares and the run measured."""
    parts = []
    for name, figure in report.profile.figures.items():
        numbers = [number for number in report.answers.figures if number.figure == name]
        if numbers:
            parts.append(Part(f"figure-{name}", figure.label, _render_figure(figure, numbers)))
    lead = f"The business as a whole, up to {report.day}."
    return [Sheet("figures", "Figures", lead, parts=parts)] if parts else []


def _render_figure(figure: Figure, rows: Sequence[FigureNumber]) -> Markup:
    numbers = {(row.row, row.column, row.measure): row.value for row in rows}
    names = list(dict.fromkeys(row.row for row in rows))
    columns = dict(sorted((row.column_position, row.column) for row in rows)).values()
    is_heatmap = len(figure.by) == 2
    if is_heatmap:
        heads = [(column, "") for column in columns]
        cells = [(name, [_make_pair_cell(figure, numbers, name, column) for column in columns]) for name in names]
    else:
        heads = [(value.label, "" if value.unit == SHARE else value.unit) for value in figure.values.values()]
        cells = [(name, _make_value_cells(figure, numbers, name)) for name in names]
    return render_template(
        __file__,
        label=figure.label,
        definition=f"{figure.definition} {_PSEUDONYMS}" if figure.customers else figure.definition,
        row_label=" \\ ".join(figure.by.values()),
        heads=heads,
        rows=cells,
        is_heatmap=is_heatmap,
        chart=_draw_bars(figure, names, numbers) if figure.draw == "bars" else "",
    )


def _make_value_cells(figure: Figure, numbers: Numbers, row: str) -> list[TableCell]:
    """Make a cell for each value of a row, in a figure with one dimension."""
    values = figure.values.items()
    return [TableCell(_format_number(numbers.get((row, "", key)), value)) for key, value in values]


def _make_pair_cell(figure: Figure, numbers: Numbers, row: str, column: str) -> TableCell:
    """Make a heatmap's cell: the first value, the second below it, coloured by the first that is a share."""
    if not any((row, column, key) in numbers for key in figure.values):
        return TableCell("")
    texts = [_format_number(numbers.get((row, column, key)), value) for key, value in figure.values.items()]
    share = next((numbers.get((row, column, key)) for key, v in figure.values.items() if v.unit == SHARE), None)
    style = "" if share is None else colours.choose_cell_style(share)
    return TableCell(texts[0], texts[1] if len(texts) > 1 else "", style)


def _format_number(number: float | None, value: FigureValue) -> str:
    if number is None:
        return formatting.DASH
    return formatting.format_share(number) if value.unit == SHARE else formatting.format_value(number, value.resolution)


def _draw_bars(figure: Figure, names: Sequence[str], numbers: Numbers) -> str:
    """Draw the first value of each row."""
    measure, value = next(iter(figure.values.items()))
    heights = [numbers.get((name, "", measure)) or 0.0 for name in names]
    last = _format_number(numbers.get((names[-1], "", measure)), value)
    return draw_bars(names, heights, f"{figure.label}: {value.label}. Last: {names[-1]} {last}")
