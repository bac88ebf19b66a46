"""How far the customers of each run are from those of the fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.segmentation.profile.gates import DriftGate
from include.segmentation.report import formatting
from include.segmentation.report.queries.model_queries import RunDrift
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import ReportedKpi

_MEASURES = {"js": "segment sizes", "psi": "the shift of a KPI", "inertia_gain": "the gain from a refit"}


@dataclass(frozen=True)
class DriftMeasure:
    """One measure of drift.

    Attributes:
        name: what was measured, inside a sentence.
        source: the KPI and stratum with the largest value; empty where there is only one.
        is_over: whether it exceeds the profile's limit.
    """

    name: str
    text: str
    source: str
    is_over: bool


@dataclass(frozen=True)
class DriftRow:
    """One run: the divergence of the sizes, the largest shift of a KPI, and the largest gain from a refit."""

    day: str
    model: str
    measures: list[DriftMeasure]


def make_drift_part(view: MacroSegmentView) -> Part:
    """Show how far customers have drifted since the fit."""
    limits = view.report.profile.gates.drift
    rows = [row for run in view.answers.drifts if (row := _make_row(run, view, limits))]
    over = [measure.name for measure in rows[0].measures if measure.is_over] if rows else []
    summary = f"Above the profile's limits: {', '.join(over)}." if over else "Within the profile's limits."
    body = render_template(__file__, label=view.label, rows=rows, summary=summary, limits=limits)
    return Part(f"{view.name}-drift", "Drift since the fit", body)


def _make_row(run: RunDrift, view: MacroSegmentView, limits: DriftGate) -> DriftRow | None:
    values = [row for row in run.drift if row["macro_segment"] == view.name]
    if not values:
        return None
    kpis = {kpi.name: kpi for kpi in view.kpis}
    measures = [_find_largest(values, metric, kpis, limits) for metric in _MEASURES]
    day = formatting.format_day(run.as_of, view.report.profile.time_zone)
    return DriftRow(day, run.models.get(view.name, ""), measures)


def _find_largest(
    values: list[dict[str, Any]], metric: str, kpis: Mapping[str, ReportedKpi], limits: DriftGate
) -> DriftMeasure:
    of_metric = [row for row in values if row["metric"] == metric]
    if not of_metric:
        return DriftMeasure(_MEASURES[metric], formatting.DASH, "", False)
    largest = max(of_metric, key=lambda row: row["value"])
    value, label = float(largest["value"]), kpis[largest["kpi"]].label if largest["kpi"] in kpis else ""
    text = formatting.format_share(value) if metric == "inertia_gain" else f"{value:.2f}"
    source = ", ".join(part for part in (label, largest["stratum"]) if part)
    return DriftMeasure(_MEASURES[metric], text, source, value > getattr(limits, metric))
