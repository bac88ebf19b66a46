"""A sheet for each macro segment."""

from collections.abc import Sequence

from include.segmentation.report import formatting
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView, list_macro_segments
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import MacroSegmentPart, Sheet
from include.segmentation.report.sections.section_template import render_template


def make_macro_segment_sheets(report: ReportContext, makers: Sequence[MacroSegmentPart]) -> list[Sheet]:
    """Show each macro segment: its parts, after a warning where names no longer fit."""
    return [
        Sheet(
            id=view.name,
            title=view.label,
            lead=_describe_macro_segment(view),
            body=render_template(__file__, warnings=_list_name_warnings(view)),
            parts=[part for make_part in makers if (part := make_part(view))],
        )
        for view in list_macro_segments(report)
    ]


def _describe_macro_segment(view: MacroSegmentView) -> str:
    now = view.answers.now
    text = f"{len(view.sizes)} segments, {formatting.format_count(now.customers)} customers"
    if view.answers.before is not None:
        moved = sum(move.customers for move in view.movers)
        text += f"; {formatting.format_count(moved)} moved to another segment since {view.report.day_before}"
    return f"{text}. {'New model' if view.is_refitted else 'Model'}: {now.models[view.name]}."


def _list_name_warnings(view: MacroSegmentView) -> list[str]:
    """List the names and aliases that no longer fit the customers of their segment."""
    return [
        str(gate["found"])
        for gate in view.answers.now.gates
        if (gate["name"], gate["macro_segment"]) == ("names_agree", view.name) and gate["verdict"] != "pass"
    ]
