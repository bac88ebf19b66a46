"""A heatmap of the KPIs' medians."""

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.run_queries import SegmentSize
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import ReportedKpi, TableCell


def make_heatmap_part(view: MacroSegmentView) -> Part:
    """Show the median of each KPI in each segment."""
    rows = [view.make_row(size, [_make_cell(view, size, kpi) for kpi in view.shown_kpis]) for size in view.sizes]
    return Part(f"{view.name}-kpis", "KPIs at a glance", render_template(__file__, view=view, rows=rows))


def _make_cell(view: MacroSegmentView, size: SegmentSize, kpi: ReportedKpi) -> TableCell:
    """Colour a median by its place between the smallest and the largest median of the KPI."""
    median = view.find_median(size, kpi)
    if median is None:
        return view.make_spread_cell(size, kpi)
    medians = [m for other in view.sizes if (m := view.find_median(other, kpi)) is not None]
    low, high, here = (kpi.scale_value(value) for value in (min(medians), max(medians), median))
    position = (here - low) / (high - low) if high > low else 0.0
    return TableCell(formatting.format_value(median, kpi.resolution), style=colours.choose_cell_style(position))
