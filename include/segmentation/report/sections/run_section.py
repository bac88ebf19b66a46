"""About the run: its models and versions, the checks before publishing, and how complete its data are."""

from dataclasses import dataclass
from typing import Any

from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Sheet
from include.segmentation.report.sections.section_template import render_template

_VERDICTS = {"stop": "stopped", "ask": "needed approval", "warn": "warning", "pass": "passed"}
"""Verdict -> its words, the most serious first."""


@dataclass(frozen=True)
class GateRow:
    """One check before publishing.

    Attributes:
        verdict: pass, warn, ask or stop.
        verdict_text: the verdict in words, and who approved.
        scope: the macro segment, or the whole run.
        finding: what the check measured.
        allowed: the limit; empty where there is none.
    """

    name: str
    verdict: str
    verdict_text: str
    scope: str
    finding: str
    allowed: str


def make_run_sheet(report: ReportContext) -> list[Sheet]:
    """Show what the run was made from and what was checked."""
    now = report.answers.now
    complete_through = {
        extract: str(at)[:16].replace("T", " ") if at else "never extracted"
        for extract, at in sorted(now.complete_through.items())
    }
    body = render_template(
        __file__,
        report=report,
        now=now,
        summary=summarise_gates(now.gates),
        gates=_make_gate_rows(now.gates),
        complete_through=complete_through,
    )
    return [Sheet("run", "About this run", body=body)]


def summarise_gates(gates: list[dict[str, Any]]) -> str:
    """Summarise how many checks warned or needed approval."""
    notable = sum(gate["verdict"] != "pass" for gate in gates)
    if not notable:
        return "All checks before publishing passed."
    return f"{notable} of {len(gates)} checks before publishing raised a warning or needed approval."


def _make_gate_rows(gates: list[dict[str, Any]]) -> list[GateRow]:
    order = list(_VERDICTS)
    return [
        GateRow(
            name=str(gate["name"]).replace("_", " "),
            verdict=str(gate["verdict"]),
            verdict_text=_describe_verdict(gate),
            scope=str(gate["macro_segment"]) or "the run",
            finding=str(gate["found"]),
            allowed=str(gate.get("allowed") or ""),
        )
        for gate in sorted(gates, key=lambda gate: order.index(gate["verdict"]))
    ]


def _describe_verdict(gate: dict[str, Any]) -> str:
    text = _VERDICTS[gate["verdict"]]
    return f"{text}, approved by {gate['approved_by']}" if gate.get("approved_by") else text
