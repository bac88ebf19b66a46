"""What the KPIs of a macro segment mean."""

from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template


def make_definitions_part(view: MacroSegmentView) -> Part:
    """Show the definition of each KPI."""
    body = render_template(__file__, kpis=view.kpis, day=view.report.day)
    return Part(f"{view.name}-definitions", "What the KPIs mean", body)
