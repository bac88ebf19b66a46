"""A grid as the page shows it: its classes, its named cells, and the segments of the same customers beside them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.grid_queries import Crossing, GridMetric, PartWorth, ScoreClass
from include.segmentation.report.queries.grid_queries import PublishedCell as Named
from include.segmentation.report.queries.run_queries import PublishedSegment
from include.segmentation.report.sections import worth_section
from include.segmentation.report.sections.table_rows import TableCell


@dataclass(frozen=True)
class GridAnswers:
    """What the warehouse says about the grids of a run."""

    cells: list[Named]
    classes: list[ScoreClass]
    crossings: list[Crossing]
    worth: list[PartWorth]
    metrics: list[GridMetric]


@dataclass(frozen=True)
class CellRow:
    """A named cell: its classes in words, how many customers, and what they are worth."""

    cell: Named
    classes: str
    customers: int
    share: float
    worth: list[TableCell]


@dataclass(frozen=True)
class GridView:
    """One grid.

    Attributes:
        customers: whom it takes.
        sides: the labels of rows and columns.
        columns: the classes of the columns, from the worst to the best.
        rows: the classes of the rows, the best first, each with a cell per column.
        cells: the named cells, in the order of the profile.
        segments: the columns of ``beside``.
        beside: per named cell with customers, how many of them are in each segment.
        verdicts: sentences about both divisions.
        scores: per score its label, its KPI and what each class means, the best first.
    """

    label: str
    customers: int
    sides: tuple[str, str]
    columns: list[int]
    rows: list[tuple[int, list[TableCell]]]
    cells: list[CellRow]
    segments: list[PublishedSegment]
    beside: list[tuple[Named, list[TableCell]]]
    verdicts: list[str]
    scores: list[tuple[str, str, list[tuple[int, str]]]]


def make_grid(
    label: str,
    macro: str,
    found: GridAnswers,
    segments: Sequence[PublishedSegment],
    kpis: Sequence[str],
    said: worth_section.KpiTexts,
) -> GridView | None:
    """Put a macro segment's grid together; None where the run's model has none.

    Args:
        label: what people call it.
        macro: the macro segment.
        found: what the warehouse says.
        segments: those of the macro segment, in the order of the page.
        kpis: those that say what customers are worth.
        said: what the run says of every KPI.
    """
    cells = [cell for cell in found.cells if cell.macro_segment == macro]
    if not cells:
        return None
    classes = [one for one in found.classes if one.macro_segment == macro]
    crossings = [one for one in found.crossings if one.macro_segment == macro]
    money = [one for one in found.worth if one.macro_segment == macro]
    sizes = Counter[str]()
    for one in crossings:
        sizes[one.cell] += one.customers
    everyone = sizes.total()
    labels = {one.score: one.label for one in classes}
    sides = (labels[cells[0].row_score], labels[cells[0].column_score])
    columns = sorted(one.number for one in classes if one.score == cells[0].column_score)
    return GridView(
        label=label,
        customers=everyone,
        sides=sides,
        columns=columns,
        rows=_pairs(cells, classes, columns, crossings, everyone),
        cells=[
            CellRow(
                cell=cell,
                classes=_classes(cell, sides),
                customers=sizes[cell.cell],
                share=sizes[cell.cell] / max(everyone, 1),
                worth=worth_section.make_worth_cells(money, cell.cell, kpis, said),
            )
            for cell in cells
        ],
        segments=[segment for segment in segments if any(one.segment_key == segment.segment_key for one in crossings)],
        beside=_beside([cell for cell in cells if sizes[cell.cell]], segments, crossings),
        verdicts=_verdicts([one for one in found.metrics if one.macro_segment == macro], said),
        scores=_scores(classes, said),
    )


def _pairs(
    cells: Sequence[Named],
    classes: Sequence[ScoreClass],
    columns: Sequence[int],
    crossings: Sequence[Crossing],
    everyone: int,
) -> list[tuple[int, list[TableCell]]]:
    """The grid itself: in each pair of classes how many customers, and the name of its cell."""
    sizes = Counter[tuple[int, int]]()
    for one in crossings:
        sizes[one.row_class, one.column_class] += one.customers
    largest = max(sizes.values(), default=1)

    def pair(row: int, column: int) -> TableCell:
        (cell,) = (c for c in cells if c.row_from <= row <= c.row_to and c.column_from <= column <= c.column_to)
        customers = sizes[row, column]
        share = formatting.format_share(customers / max(everyone, 1))
        return TableCell(
            f"{formatting.format_count(customers)} · {share}",
            cell.label,
            colours.choose_cell_style(customers / largest),
        )

    rows = [one.number for one in classes if one.score == cells[0].row_score]
    return [(row, [pair(row, column) for column in columns]) for row in rows]


def _classes(cell: Named, sides: tuple[str, str]) -> str:
    rows = formatting.format_range(cell.row_from, cell.row_to, 1)
    columns = formatting.format_range(cell.column_from, cell.column_to, 1)
    return f"{sides[0]} {rows}, {sides[1]} {columns}"


def _beside(
    cells: Sequence[Named], segments: Sequence[PublishedSegment], crossings: Sequence[Crossing]
) -> list[tuple[Named, list[TableCell]]]:
    sizes = Counter[tuple[str, str]]()
    for one in crossings:
        sizes[one.cell, one.segment_key] += one.customers
    shown = [s.segment_key for s in segments if any(one.segment_key == s.segment_key for one in crossings)]
    rows = []
    for cell in cells:
        whole = sum(sizes[cell.cell, key] for key in shown)
        rows.append((cell, [_crossing(sizes[cell.cell, key], whole) for key in shown]))
    return rows


def _crossing(customers: int, whole: int) -> TableCell:
    if not customers:
        return TableCell("·")
    share = customers / whole
    return TableCell(
        formatting.format_count(customers), formatting.format_share(share), colours.choose_cell_style(share)
    )


def _verdicts(metrics: Sequence[GridMetric], said: worth_section.KpiTexts) -> list[str]:
    found = {(one.metric, one.kpi): one.value for one in metrics}
    sentences = []
    if ("adjusted_rand_index", "") in found:
        index = found["adjusted_rand_index", ""]
        sentences.append(
            f"Adjusted Rand index of cells and segments: {index:.2f}; 1 would be the same division, 0 is chance."
        )
    for kpi in dict.fromkeys(one.kpi for one in metrics if one.kpi):
        top = {way: found[f"top_30_by_{way}", kpi] for way in ("sorting", "segments", "cells")}
        lift = {way: found[f"lift_of_{way}", kpi] for way in ("segments", "cells")}
        sentences.append(
            f"Sorted by {said[kpi]['label']} alone, the top 30% hold {formatting.format_share(top['sorting'])} of it. "
            f"As many from the best segments hold {formatting.format_share(top['segments'])} "
            f"(lift {lift['segments']:.2f}), from the best cells "
            f"{formatting.format_share(top['cells'])} (lift {lift['cells']:.2f}). "
            "Neither can beat sorting: they tell kinds of customers apart."
        )
    return sentences


def _scores(
    classes: Sequence[ScoreClass], said: worth_section.KpiTexts
) -> list[tuple[str, str, list[tuple[int, str]]]]:
    scores = []
    for name in dict.fromkeys(one.score for one in classes):
        mine = [one for one in classes if one.score == name]
        kpi = said[mine[0].kpi]
        value = _in_words(float(kpi["resolution"]))
        scores.append((mine[0].label, f"{kpi['label']}, {kpi['unit']}", [(one.number, value(one)) for one in mine]))
    return scores


def _in_words(resolution: float) -> Callable[[ScoreClass], str]:
    def said(one: ScoreClass) -> str:
        if one.at_least is None and one.below is None:
            return "nobody"
        if one.at_least is None:
            return f"below {formatting.format_value(one.below or 0, resolution)}"
        if one.below is None:
            return f"{formatting.format_value(one.at_least, resolution)} or more"
        return formatting.format_range(one.at_least, one.below - resolution, resolution)

    return said
