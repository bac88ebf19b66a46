"""The value of customers: totals, their shares, and the mean per customer."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.grid_queries import PartWorth
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import TableCell

KpiTexts: TypeAlias = Mapping[str, Mapping[str, Any]]
"""KPI -> its definition at the run: label, unit, resolution."""


def make_worth_part(view: MacroSegmentView) -> Part | None:
    """Show the value of each segment; nothing where the profile names no KPI for it."""
    kpis = view.report.worth_kpis
    if not kpis:
        return None
    body = render_template(
        __file__,
        view=view,
        lead=describe_worth(view),
        kpis=[view.answers.now.kpis[kpi] for kpi in kpis],
        rows=[view.make_row(size, make_segment_cells(view, size.segment_key)) for size in view.sizes],
    )
    return Part(f"{view.name}-worth", "What each segment is worth", body)


def make_segment_cells(view: MacroSegmentView, key: str) -> list[TableCell]:
    """Make the cells of a segment: total, share and mean of each KPI."""
    own = [worth for worth in view.answers.worth if worth.macro_segment == view.name]
    return make_worth_cells(own, key, view.report.worth_kpis, view.answers.now.kpis)


def make_worth_cells(
    worth: Sequence[PartWorth], part: str, kpis: Sequence[str], definitions: KpiTexts
) -> list[TableCell]:
    """Make three cells per KPI: the total, its share and the mean per customer.

    Args:
        worth: the rows of one macro segment.
        part: the key of a segment, or the name of a cell.
        kpis: the KPIs that measure value.
        definitions: of every KPI at the run.
    """
    by_kpi = {row.kpi: row for row in worth if row.part == part}
    return [cell for kpi in kpis for cell in _make_kpi_cells(by_kpi.get(kpi), float(definitions[kpi]["resolution"]))]


def describe_worth(view: MacroSegmentView) -> str:
    """Describe the segments with the largest share of a KPI, one sentence per segment."""
    names = {segment.segment_key: segment.name for segment in view.segments}
    own = [row for row in view.answers.worth if row.macro_segment == view.name and row.part in names]
    kpis = view.report.worth_kpis
    customers = sum(row.customers for row in own if row.kpi == kpis[0])
    shares: dict[str, list[str]] = {}
    sizes = {}
    for kpi in kpis:
        measured = [row for row in own if row.kpi == kpi and row.share_of_total is not None]
        if measured:
            top = max(measured, key=lambda row: row.share_of_total or 0)
            label = view.answers.now.kpis[kpi]["label"]
            sizes[top.part] = formatting.format_share(top.customers / customers)
            shares.setdefault(top.part, []).append(f"{formatting.format_share(top.share_of_total or 0)} of {label}")
    return " ".join(
        f"“{names[key]}” is {sizes[key]} of the customers and holds {' and '.join(texts)}."
        for key, texts in shares.items()
    )


def _make_kpi_cells(worth: PartWorth | None, resolution: float) -> list[TableCell]:
    if worth is None or worth.total is None or worth.mean is None:
        note = formatting.SUPPRESSED if worth and worth.customers else ""
        return [TableCell(formatting.DASH, note), TableCell(formatting.DASH), TableCell(formatting.DASH)]
    return [
        TableCell(formatting.format_value(worth.total, 1)),
        make_share_cell(worth.share_of_total),
        TableCell(formatting.format_value(worth.mean, resolution)),
    ]


def make_share_cell(share: float | None) -> TableCell:
    """Make a cell coloured by its share; a dash where it is undefined."""
    if share is None:
        return TableCell(formatting.DASH)
    return TableCell(formatting.format_share(share), style=colours.choose_cell_style(share))
