"""The limits of what Google Analytics reports."""

from typing import Any

from include.segmentation.report.formatting import DASH, format_count, format_share
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Sheet
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import TableCell


def make_analytics_sheet(report: ReportContext) -> list[Sheet]:
    """Show the limits of each Google Analytics report; nothing without such reports."""
    analytics = report.answers.now.analytics
    if not analytics:
        return []
    rows = [(name, _make_cells(quality)) for name, quality in sorted(analytics.items())]
    lead = f"For each report: the days up to {report.day}, and on how many of them Google limited the data."
    return [Sheet("analytics", "Google Analytics: limits of the data", lead, render_template(__file__, rows=rows))]


def _make_cells(quality: dict[str, Any]) -> list[TableCell]:
    empty, sampled, coverage = quality["empty_days"], quality["sampled_share"], quality["coverage"]
    return [
        TableCell(format_count(quality["days"]), f"{format_count(empty)} without rows" if empty else ""),
        TableCell(format_count(quality["rows"])),
        TableCell(_format_days(quality["thresholded_days"])),
        TableCell(
            _format_days(quality["sampled_days"]),
            f"at least {format_share(sampled)} of events used" if sampled is not None and sampled < 1 else "",
        ),
        TableCell(_format_days(quality["other_row_days"])),
        TableCell(_format_days(quality["truncated_days"]), (quality["truncated"] or "").replace("_", " ").lower()),
        TableCell(
            format_share(coverage["share"]),
            f"{format_share(coverage['least'])} to {format_share(coverage['most'])} a day",
        )
        if coverage
        else TableCell(DASH),
    ]


def _format_days(days: int) -> str:
    return format_count(days) if days else DASH
