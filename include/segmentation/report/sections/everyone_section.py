"""All customers, across the macro segments."""

from collections.abc import Sequence

from include.segmentation.report import formatting
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import ReportPart, Sheet


def make_everyone_sheet(report: ReportContext, makers: Sequence[ReportPart]) -> list[Sheet]:
    """Show the parts about all customers; nothing where none of them has anything to show."""
    parts = [part for make_part in makers if (part := make_part(report))]
    lead = f"All {formatting.format_count(report.answers.now.customers)} customers, across the macro segments."
    return [Sheet("people", "All customers", lead, parts=parts)] if parts else []
