"""What the page's script works with: the runs before, and the table of customers."""

from collections.abc import Sequence
from typing import Any

from include.segmentation.report import formatting
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.sections.macro_segment_section import MacroSegmentSection
from include.segmentation.report.sections.past_run_figures import PastRunTexts
from include.segmentation.report.sections.table_rows import ReportedKpi


def build_page_data(sections: Sequence[MacroSegmentSection], answers: Answers, past: PastRunTexts) -> dict[str, Any]:
    """The runs as texts by day; and the customers: pseudonym, ordinals of their segments, values of their KPIs.

    Ordinals are those of ``segments`` and ``kpis``, so that no name is repeated with every customer.
    """
    keys = [size.segment_key for section in sections for size in section.sizes]
    ordinals = {key: ordinal for ordinal, key in enumerate(keys)}
    kpis = {kpi.name: kpi for section in sections for kpi in section.kpis}
    names = list(kpis)
    return {
        "runs": past.list_runs(),
        "macros": [
            {"name": section.name, "label": section.label, "kpis": [names.index(kpi.name) for kpi in section.kpis]}
            for section in sections
        ],
        "segments": [{"key": key, "name": answers.segments[key].name} for key in keys],
        "kpis": [_column(kpi) for kpi in kpis.values()],
        "customers": [
            [
                customer.pseudonym,
                [ordinals[customer.segments[section.name]] for section in sections],
                [customer.kpis.get(name) for name in names],
            ]
            for customer in answers.customers
        ],
    }


def _column(kpi: ReportedKpi) -> dict[str, Any]:
    return {
        "name": kpi.name,
        "label": kpi.label,
        "unit": kpi.unit,
        "decimals": formatting.count_decimals(kpi.resolution),
    }
