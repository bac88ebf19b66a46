"""The data that the page's script needs: earlier runs, and the table of customers."""

from typing import Any

from include.segmentation.report import formatting
from include.segmentation.report.sections.earlier_runs import EarlierRuns
from include.segmentation.report.sections.macro_segment_view import list_macro_segments
from include.segmentation.report.sections.report_context import ReportContext


def build_page_data(report: ReportContext) -> dict[str, Any]:
    """Build the script's data.

    Each customer is a pseudonym, positions in ``segments`` and values in the order of ``kpis``, so that no name is
    repeated with every customer.
    """
    views = list_macro_segments(report)
    segments = [segment for view in views for segment in view.segments]
    ordinals = {segment.segment_key: ordinal for ordinal, segment in enumerate(segments)}
    kpis = {kpi.name: kpi for view in views for kpi in view.kpis}
    names = list(kpis)
    return {
        "runs": EarlierRuns(report.answers, report.profile.time_zone).list_runs(),
        "macros": [
            {"name": view.name, "label": view.label, "kpis": [names.index(kpi.name) for kpi in view.kpis]}
            for view in views
        ],
        "segments": [{"key": segment.segment_key, "name": segment.name} for segment in segments],
        "kpis": [
            {
                "name": kpi.name,
                "label": kpi.label,
                "unit": kpi.unit,
                "decimals": formatting.count_decimals(kpi.resolution),
            }
            for kpi in kpis.values()
        ],
        "customers": [
            [
                customer.pseudonym,
                [ordinals[customer.segments[view.name]] for view in views],
                [customer.kpis.get(name) for name in names],
            ]
            for customer in report.answers.customers
        ],
    }
