"""A grid of two scores: its classes, its named cells, and the same customers by segment."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.grid_queries import Crossing, GridMetric, PartWorth, PublishedCell, ScoreClass
from include.segmentation.report.queries.run_queries import PublishedSegment
from include.segmentation.report.sections import worth_section
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import TableCell


@dataclass(frozen=True)
class CellRow:
    """A named cell: its classes in words, its customers, and what they are worth."""

    cell: PublishedCell
    classes: str
    customers: int
    share: float
    worth: list[TableCell]


@dataclass(frozen=True)
class _Grid:
    """The grid of one macro segment."""

    view: MacroSegmentView
    cells: list[PublishedCell]

    @cached_property
    def classes(self) -> list[ScoreClass]:
        return [row for row in self.view.answers.grids.classes if row.macro_segment == self.view.name]

    @cached_property
    def crossings(self) -> list[Crossing]:
        return [row for row in self.view.answers.grids.crossings if row.macro_segment == self.view.name]

    @cached_property
    def customers(self) -> int:
        return sum(row.customers for row in self.crossings)

    @property
    def kpis(self) -> worth_section.KpiTexts:
        return self.view.answers.now.kpis

    @property
    def sides(self) -> tuple[str, str]:
        """The labels of rows and columns."""
        labels = {row.score: row.label for row in self.classes}
        return labels[self.cells[0].row_score], labels[self.cells[0].column_score]

    @property
    def columns(self) -> list[int]:
        """The classes of the columns, from the worst to the best."""
        return sorted(row.number for row in self.classes if row.score == self.cells[0].column_score)

    @property
    def segments(self) -> list[PublishedSegment]:
        """The segments that have customers on the grid."""
        keys = {row.segment_key for row in self.crossings}
        return [segment for segment in self.view.segments if segment.segment_key in keys]


def make_grid_part(view: MacroSegmentView) -> Part | None:
    """Show customers by two scores; nothing where the run's model has no grid."""
    cells = [cell for cell in view.answers.grids.cells if cell.macro_segment == view.name]
    if not cells:
        return None
    grid = _Grid(view, cells)
    label = view.declared.grid.label if view.declared.grid else "Grid"
    body = render_template(
        __file__,
        label=label,
        grid=grid,
        kpis=[grid.kpis[kpi] for kpi in view.report.worth_kpis],
        rows=_make_class_rows(grid),
        cell_rows=_make_cell_rows(grid),
        crossing_rows=_make_crossing_rows(grid),
        comparison=_compare_with_segments(grid),
        scores=_list_scores(grid),
    )
    return Part(f"{view.name}-grid", f"{label}: the grid" if view.declared.grid else "The grid", body)


def _make_class_rows(grid: _Grid) -> list[tuple[int, list[TableCell]]]:
    """Make a row per class, the best first: in each pair of classes the customers and the cell's name."""
    sizes = Counter[tuple[int, int]]()
    for row in grid.crossings:
        sizes[row.row_class, row.column_class] += row.customers
    largest = max(sizes.values(), default=1)

    def make_cell(row: int, column: int) -> TableCell:
        (cell,) = (c for c in grid.cells if c.row_from <= row <= c.row_to and c.column_from <= column <= c.column_to)
        customers = sizes[row, column]
        text = f"{formatting.format_count(customers)} · {formatting.format_share(customers / max(grid.customers, 1))}"
        return TableCell(text, cell.label, colours.choose_cell_style(customers / largest))

    rows = [row.number for row in grid.classes if row.score == grid.cells[0].row_score]
    return [(row, [make_cell(row, column) for column in grid.columns]) for row in rows]


def _make_cell_rows(grid: _Grid) -> list[CellRow]:
    sizes = Counter[str]()
    for row in grid.crossings:
        sizes[row.cell] += row.customers
    worth: list[PartWorth] = [row for row in grid.view.answers.grids.worth if row.macro_segment == grid.view.name]
    return [
        CellRow(
            cell=cell,
            classes=_describe_classes(cell, grid.sides),
            customers=sizes[cell.cell],
            share=sizes[cell.cell] / max(grid.customers, 1),
            worth=worth_section.make_worth_cells(worth, cell.cell, grid.view.report.worth_kpis, grid.kpis),
        )
        for cell in grid.cells
    ]


def _describe_classes(cell: PublishedCell, sides: tuple[str, str]) -> str:
    rows = formatting.format_range(cell.row_from, cell.row_to, 1)
    columns = formatting.format_range(cell.column_from, cell.column_to, 1)
    return f"{sides[0]} {rows}, {sides[1]} {columns}"


def _make_crossing_rows(grid: _Grid) -> list[tuple[str, list[TableCell]]]:
    """Make a row per named cell with customers: how many of them are in each segment."""
    sizes = Counter[tuple[str, str]]()
    for row in grid.crossings:
        sizes[row.cell, row.segment_key] += row.customers
    rows = []
    for cell in grid.cells:
        customers = [sizes[cell.cell, segment.segment_key] for segment in grid.segments]
        if sum(customers):
            rows.append((cell.label, [_make_crossing_cell(number, sum(customers)) for number in customers]))
    return rows


def _make_crossing_cell(customers: int, whole: int) -> TableCell:
    if not customers:
        return TableCell("·")
    share = customers / whole
    style = colours.choose_cell_style(share)
    return TableCell(formatting.format_count(customers), formatting.format_share(share), style)


def _compare_with_segments(grid: _Grid) -> list[str]:
    """Compare the cells with the segments, a sentence per measure."""
    metrics: list[GridMetric] = [row for row in grid.view.answers.grids.metrics if row.macro_segment == grid.view.name]
    values = {(row.metric, row.kpi): row.value for row in metrics}
    sentences = []
    if ("adjusted_rand_index", "") in values:
        index = values["adjusted_rand_index", ""]
        sentences.append(
            f"Adjusted Rand index of cells and segments: {index:.2f} (1: the same grouping; 0: no more alike than "
            "chance)."
        )
    for kpi in dict.fromkeys(row.kpi for row in metrics if row.kpi):
        top = {way: values[f"top_30_by_{way}", kpi] for way in ("sorting", "segments", "cells")}
        lift = {way: values[f"lift_of_{way}", kpi] for way in ("segments", "cells")}
        sentences.append(
            f"If customers are sorted by {grid.kpis[kpi]['label']} alone, the top 30% hold "
            f"{formatting.format_share(top['sorting'])} of it. As many customers from the best segments hold "
            f"{formatting.format_share(top['segments'])} (lift {lift['segments']:.2f}); from the best cells, "
            f"{formatting.format_share(top['cells'])} (lift {lift['cells']:.2f}). "
            "Neither can beat sorting; their purpose is to tell kinds of customers apart."
        )
    return sentences


def _list_scores(grid: _Grid) -> list[tuple[str, str, list[tuple[int, str]]]]:
    """List per score its label, its KPI and what each class means, the best class first."""
    scores = []
    for name in dict.fromkeys(row.score for row in grid.classes):
        classes = [row for row in grid.classes if row.score == name]
        kpi = grid.kpis[classes[0].kpi]
        texts = [(row.number, _describe_class(row, float(kpi["resolution"]))) for row in classes]
        scores.append((classes[0].label, f"{kpi['label']}, {kpi['unit']}", texts))
    return scores


def _describe_class(row: ScoreClass, resolution: float) -> str:
    if row.at_least is None and row.below is None:
        return "nobody"
    if row.at_least is None:
        return f"below {formatting.format_value(row.below or 0, resolution)}"
    if row.below is None:
        return f"{formatting.format_value(row.at_least, resolution)} or more"
    return formatting.format_range(row.at_least, row.below - resolution, resolution)
