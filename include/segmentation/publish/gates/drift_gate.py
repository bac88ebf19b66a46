"""The gate of drift: the customers of a run beside those that its model was fitted on, and those of a year before."""

from typing import Any

from include.segmentation.profile.gates import DriftGate
from include.segmentation.publish.gates.gate_verdict import GateVerdict
from include.segmentation.publish.publish_inputs import PublishInputs

_MOST_SAID = 3


def check_drift(inputs: PublishInputs) -> list[GateVerdict]:
    """No measure is over its threshold, after what it was at the same time a year before; where it was measured."""
    found = []
    for macro in inputs.models:
        rows = [row for row in inputs.drift if row["macro_segment"] == macro]
        if rows:
            found.append(_judge(inputs, macro, rows))
    return found


def list_requested_fits(inputs: PublishInputs, verdicts: list[GateVerdict]) -> list[str]:
    """The macro segments whose drift asks for a fit: those of which no newer model waits for an answer."""
    if not inputs.run.profile.gates.drift.asks_for_fit:
        return []
    drifted = [verdict.macro_segment for verdict in verdicts if verdict.name == "drift" and verdict.verdict != "pass"]
    return [macro for macro in drifted if not _candidate(inputs, macro)]


def _judge(inputs: PublishInputs, macro: str, rows: list[dict[str, Any]]) -> GateVerdict:
    gate = inputs.run.profile.gates.drift
    over = sorted((row for row in rows if _excess(inputs, row) > _threshold(gate, row)), key=lambda row: -row["value"])
    if not over:
        most = [max((row for row in rows if row["metric"] == metric), key=_value) for metric in _metrics(rows)]
        said = "; ".join(_words(inputs, row) for row in most)
        return GateVerdict.make_pass("drift", macro, f"customers are like those of the fit: {said}")
    said = "; ".join(_words(inputs, row) for row in over[:_MOST_SAID])
    more = f" and {len(over) - _MOST_SAID} more" if len(over) > _MOST_SAID else ""
    allowed = ", ".join(f"{_NAMES[metric]} up to {getattr(gate, metric):g}" for metric in _metrics(over))
    return GateVerdict("drift", macro, gate.verdict, f"{said}{more}{_advice(inputs, macro)}", allowed)


def _advice(inputs: PublishInputs, macro: str) -> str:
    run = inputs.run
    if not run.profile.gates.drift.asks_for_fit:
        return ""
    candidate = _candidate(inputs, macro)
    if candidate:
        return f"; model {candidate} waits for an answer (accept or reject)"
    command = f"python -m include.segmentation fit --profile {run.profile.profile} --as-of {run.as_of_name}"
    return f"; a fit is asked for ({command})"


def _candidate(inputs: PublishInputs, macro: str) -> str:
    """The newest candidate fitted after the model of the run; empty where there is none."""
    since = inputs.models[macro].effective_from
    waiting = [
        entry.model.model_id
        for entry in inputs.timelines[macro]
        if entry.status == "candidate" and entry.model.effective_from > since
    ]
    return waiting[-1] if waiting else ""


_NAMES = {"psi": "PSI", "js": "Jensen-Shannon divergence", "inertia_gain": "gain of a refit"}


def _words(inputs: PublishInputs, row: dict[str, Any]) -> str:
    kpis = inputs.run.profile.macro_segments[row["macro_segment"]].kpis
    label = f" of {kpis[row['kpi']].label}" if row["kpi"] in kpis else ""
    where = f" in '{row['stratum']}'" if row["stratum"] else " of the sizes"
    year_ago = _year_ago(inputs, row)
    compared = "" if year_ago is None else f" ({year_ago:.2f} a year before)"
    return f"{_NAMES[row['metric']]}{label}{where} {row['value']:.2f}{compared}"


def _excess(inputs: PublishInputs, row: dict[str, Any]) -> float:
    """A season that was as strong a year before is no drift."""
    return float(row["value"]) - (_year_ago(inputs, row) or 0.0)


def _year_ago(inputs: PublishInputs, row: dict[str, Any]) -> float | None:
    past = inputs.past.year_ago
    same = [old for old in past.drift if _place(old) == _place(row)] if past else []
    return float(same[0]["value"]) if same else None


def _place(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in row if name != "value"}


def _threshold(gate: DriftGate, row: dict[str, Any]) -> float:
    return float(getattr(gate, row["metric"]))


def _value(row: dict[str, Any]) -> float:
    return float(row["value"])


def _metrics(rows: list[dict[str, Any]]) -> list[str]:
    return [metric for metric in _NAMES if any(row["metric"] == metric for row in rows)]
