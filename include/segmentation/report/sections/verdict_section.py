"""What the gates said, and how customers have drifted, as rows of tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.segmentation.profile.gates import DriftGate
from include.segmentation.report import formatting
from include.segmentation.report.queries.model_queries import RunDrift as Measured
from include.segmentation.report.sections.table_rows import ReportedKpi

_ORDER = ("stop", "ask", "warn", "pass")
_MEASURES = {"js": "the sizes", "psi": "a KPI's shift", "inertia_gain": "what a refit would gain"}
_WORDS = {"pass": "passed", "warn": "warning", "ask": "asked", "stop": "stopped"}


@dataclass(frozen=True)
class GateRow:
    """One verdict.

    Attributes:
        verdict: pass, warn, ask or stop.
        said: the verdict in words, and who answered.
        where: the macro segment; the whole run where it is none.
    """

    name: str
    verdict: str
    said: str
    where: str
    found: str
    allowed: str


@dataclass(frozen=True)
class DriftMeasure:
    """One figure of drift.

    Attributes:
        name: what was measured, inside a sentence.
        small: what it is of, where that is one of several.
        is_over: whether it is above what the profile allows.
    """

    name: str
    text: str
    small: str
    is_over: bool


@dataclass(frozen=True)
class DriftRow:
    """One run: the divergence of the sizes, the largest shift of a KPI, the most that a refit of a stratum gains."""

    day: str
    model: str
    measures: list[DriftMeasure]


def make_gate_rows(verdicts: list[dict[str, Any]]) -> list[GateRow]:
    """Every verdict, those that say something first."""
    return [
        GateRow(
            name=str(found["name"]).replace("_", " "),
            verdict=str(found["verdict"]),
            said=_said(found),
            where=str(found["macro_segment"]) or "the run",
            found=str(found["found"]),
            allowed=str(found.get("allowed") or ""),
        )
        for found in sorted(verdicts, key=lambda each: _ORDER.index(each["verdict"]))
    ]


def summarise_gates(found: list[GateRow]) -> str:
    """How many checks there were, and how many of them say something."""
    loud = sum(gate.verdict != "pass" for gate in found)
    if not loud:
        return "All checks before publishing passed."
    return f"{loud} of {len(found)} checks before publishing warn or had to be approved."


def make_drift_rows(
    macro: str, runs: list[Measured], kpis: Mapping[str, ReportedKpi], thresholds: DriftGate, zone: str
) -> list[DriftRow]:
    """The runs that measured drift of a macro segment, the newest first."""
    found = []
    for run in runs:
        rows = [row for row in run.drift if row["macro_segment"] == macro]
        if rows:
            measures = [_most(rows, metric, kpis, thresholds) for metric in _MEASURES]
            found.append(DriftRow(formatting.format_day(run.as_of, zone), run.models.get(macro, ""), measures))
    return found


def _said(found: dict[str, Any]) -> str:
    word = _WORDS[found["verdict"]]
    return f"{word}, approved by {found['approved_by']}" if found.get("approved_by") else word


def _most(
    rows: list[dict[str, Any]], metric: str, kpis: Mapping[str, ReportedKpi], thresholds: DriftGate
) -> DriftMeasure:
    """The largest value of a metric."""
    of_metric = [row for row in rows if row["metric"] == metric]
    if not of_metric:
        return DriftMeasure(_MEASURES[metric], formatting.DASH, "", False)
    most = max(of_metric, key=lambda row: row["value"])
    value, label = float(most["value"]), kpis[most["kpi"]].label if most["kpi"] in kpis else ""
    text = formatting.format_share(value) if metric == "inertia_gain" else f"{value:.2f}"
    where = ", ".join(part for part in (label, most["stratum"]) if part)
    return DriftMeasure(_MEASURES[metric], text, where, value > getattr(thresholds, metric))
