"""The funnel: how far customers got, in total and by segment."""

from include.segmentation.profile.demographics import EVERYONE
from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.people_queries import PublishedStep
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import TableCell

_TITLE = "How far customers got"


def make_funnel_part(report: ReportContext) -> Part | None:
    """Show the funnel of all customers; nothing where it was not measured."""
    steps = _list_steps(report.answers, EVERYONE)
    if not steps:
        return None
    return Part("people-funnel", _TITLE, render_template(__file__, steps=steps, day=report.day, view=None))


def make_segment_funnel_part(view: MacroSegmentView) -> Part | None:
    """Show the funnel of each segment; nothing where it was not measured."""
    steps = _list_steps(view.answers, EVERYONE)
    if not steps:
        return None
    rows = [
        view.make_row(size, [_make_cell(step) for step in _list_steps(view.answers, size.segment_key)])
        for size in view.sizes
    ]
    return Part(f"{view.name}-funnel", _TITLE, render_template(__file__, steps=steps, view=view, rows=rows))


def _list_steps(answers: Answers, key: str) -> list[PublishedStep]:
    return [step for step in answers.funnel if step.segment_key == key]


def _make_cell(step: PublishedStep) -> TableCell:
    """Make the cell of a step: the share of the segment, and of those at the step before."""
    if step.share is None:
        return TableCell(formatting.DASH, formatting.SUPPRESSED)
    small = "" if step.conversion is None else f"{formatting.format_share(step.conversion)} of previous"
    return TableCell(formatting.format_share(step.share), small, colours.choose_cell_style(step.share))
