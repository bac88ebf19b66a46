"""The lists: who is eligible, and why."""

from collections.abc import Sequence

from include.segmentation.report import formatting
from include.segmentation.report.queries.grid_queries import PublishedReason
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Part, Sheet
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import TableCell
from include.segmentation.report.sections.worth_section import make_share_cell


def make_lists_sheet(report: ReportContext) -> list[Sheet]:
    """Show every list of the run."""
    reasons = report.answers.reasons
    parts = [
        _make_list(report, [reason for reason in reasons if reason.list == name])
        for name in dict.fromkeys(reason.list for reason in reasons)
    ]
    return [Sheet("lists", "Lists", parts=parts)] if parts else []


def _make_list(report: ReportContext, reasons: Sequence[PublishedReason]) -> Part:
    first, kpis = reasons[0], report.worth_kpis
    body = render_template(
        __file__,
        list=first,
        size=_describe_size(report, [reason for reason in reasons if reason.is_eligible]),
        kpis=[report.answers.now.kpis[kpi] for kpi in kpis],
        rows=[(reason, [_make_cell(reason, kpi) for kpi in kpis]) for reason in reasons],
    )
    return Part(f"list-{first.list}", first.list_label, body)


def _describe_size(report: ReportContext, eligible: Sequence[PublishedReason]) -> str:
    """Describe how many customers are eligible, and what they are worth."""
    customers, share = sum(reason.customers for reason in eligible), sum(reason.share for reason in eligible)
    sentence = f"{formatting.format_count(customers)} customers are eligible, {formatting.format_share(share)} of all"
    totals = []
    for kpi in report.worth_kpis:
        shares = [part for reason in eligible if (part := _find_share(reason, kpi)) is not None]
        if shares:
            totals.append(f"{formatting.format_share(sum(shares))} of {report.answers.now.kpis[kpi]['label']}")
    if not totals:
        return f"{sentence}."
    is_incomplete = any(reason.customers and not reason.worth for reason in eligible)
    gap = f" (not counting reasons with {formatting.SUPPRESSED} customers)" if is_incomplete else ""
    return f"{sentence}, with {' and '.join(totals)}{gap}."


def _make_cell(reason: PublishedReason, kpi: str) -> TableCell:
    if reason.customers and not reason.worth:
        return TableCell(formatting.DASH, formatting.SUPPRESSED)
    return make_share_cell(_find_share(reason, kpi))


def _find_share(reason: PublishedReason, kpi: str) -> float | None:
    """Find the share of a KPI that a reason's customers hold; None where undefined or suppressed."""
    return reason.worth.get(kpi, {}).get("share_of_total")
