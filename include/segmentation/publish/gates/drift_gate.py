"""The drift gate: compares a run's customers with those of the fit, less what the same season did a year earlier."""

from typing import Any

from include.segmentation.profile.gates import DriftGate
from include.segmentation.publish.gates.gate_verdict import GateVerdict
from include.segmentation.publish.publish_inputs import PublishInputs

_MEASURES_SHOWN = 3


def check_drift(inputs: PublishInputs) -> list[GateVerdict]:
    """Check that no measure, less its value a year earlier, exceeds its threshold."""
    verdicts = []
    for macro in inputs.models:
        rows = [row for row in inputs.drift if row["macro_segment"] == macro]
        if rows:
            verdicts.append(_judge_macro_segment(inputs, macro, rows))
    return verdicts


def list_requested_fits(inputs: PublishInputs, verdicts: list[GateVerdict]) -> list[str]:
    """List the macro segments whose drift asks for a fit and that have no newer candidate."""
    if not inputs.run.profile.gates.drift.asks_for_fit:
        return []
    drifted = [verdict.macro_segment for verdict in verdicts if verdict.name == "drift" and verdict.verdict != "pass"]
    return [macro for macro in drifted if not _find_candidate(inputs, macro)]


def _judge_macro_segment(inputs: PublishInputs, macro: str, rows: list[dict[str, Any]]) -> GateVerdict:
    gate = inputs.run.profile.gates.drift
    over = sorted(
        (row for row in rows if _compute_excess(inputs, row) > _find_threshold(gate, row)),
        key=lambda row: -row["value"],
    )
    if not over:
        most = [
            max((row for row in rows if row["metric"] == metric), key=_read_value) for metric in _list_metrics(rows)
        ]
        summary = "; ".join(_describe_measure(inputs, row) for row in most)
        return GateVerdict.make_pass("drift", macro, f"customers resemble those of the fit: {summary}")
    summary = "; ".join(_describe_measure(inputs, row) for row in over[:_MEASURES_SHOWN])
    more = f" and {len(over) - _MEASURES_SHOWN} more" if len(over) > _MEASURES_SHOWN else ""
    allowed = ", ".join(f"{_NAMES[metric]} up to {getattr(gate, metric):g}" for metric in _list_metrics(over))
    return GateVerdict("drift", macro, gate.verdict, f"{summary}{more}{_write_advice(inputs, macro)}", allowed)


def _write_advice(inputs: PublishInputs, macro: str) -> str:
    run = inputs.run
    if not run.profile.gates.drift.asks_for_fit:
        return ""
    candidate = _find_candidate(inputs, macro)
    if candidate:
        return f"; model {candidate} is waiting to be accepted or rejected"
    command = f"python -m include.segmentation fit --profile {run.profile.profile} --as-of {run.as_of_name}"
    return f"; run a fit ({command})"


def _find_candidate(inputs: PublishInputs, macro: str) -> str:
    """Find the newest candidate fitted after the model of the run; empty if there is none."""
    since = inputs.models[macro].effective_from
    waiting = [
        entry.model.model_id
        for entry in inputs.timelines[macro]
        if entry.status == "candidate" and entry.model.effective_from > since
    ]
    return waiting[-1] if waiting else ""


_NAMES = {"psi": "PSI", "js": "Jensen-Shannon divergence", "inertia_gain": "gain of a refit"}


def _describe_measure(inputs: PublishInputs, row: dict[str, Any]) -> str:
    kpis = inputs.run.profile.macro_segments[row["macro_segment"]].kpis
    label = f" of {kpis[row['kpi']].label}" if row["kpi"] in kpis else ""
    where = f" in '{row['stratum']}'" if row["stratum"] else " of the sizes"
    year_ago = _find_value_a_year_ago(inputs, row)
    compared = "" if year_ago is None else f" ({year_ago:.2f} a year before)"
    return f"{_NAMES[row['metric']]}{label}{where} {row['value']:.2f}{compared}"


def _compute_excess(inputs: PublishInputs, row: dict[str, Any]) -> float:
    """Subtract last year's value: a season is not drift."""
    return float(row["value"]) - (_find_value_a_year_ago(inputs, row) or 0.0)


def _find_value_a_year_ago(inputs: PublishInputs, row: dict[str, Any]) -> float | None:
    past = inputs.past.year_ago
    same = [old for old in past.drift if _strip_value(old) == _strip_value(row)] if past else []
    return float(same[0]["value"]) if same else None


def _strip_value(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in row if name != "value"}


def _find_threshold(gate: DriftGate, row: dict[str, Any]) -> float:
    return float(getattr(gate, row["metric"]))


def _read_value(row: dict[str, Any]) -> float:
    return float(row["value"])


def _list_metrics(rows: list[dict[str, Any]]) -> list[str]:
    return [metric for metric in _NAMES if any(row["metric"] == metric for row in rows)]
