"""What the tables mean: segments by validity, models, KPIs and the run itself, as rows."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from include.segmentation import __version__
from include.segmentation.engine import open_engine
from include.segmentation.lake.change_log import ChangeLog
from include.segmentation.model.model import Model, SegmentDefinition
from include.segmentation.profile.macro_segments import MacroSegment, SegmentAnnotation
from include.segmentation.publish.ga4_coverage import read_report_limits
from include.segmentation.publish.gates import GateVerdict
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse import table_loading

Row = dict[str, Any]
_LIBRARIES = ("deltalake", "duckdb", "numpy", "psycopg", "pyarrow", "scikit-learn")


def make_segment_rows(inputs: PublishInputs) -> list[Row]:
    """Every version of every segment of the accepted models; a version lasts until a model changes or drops it."""
    rows: list[Row] = []
    for macro, timeline in inputs.timelines.items():
        standing: dict[str, Row] = {}
        for model in (entry.model for entry in timeline if entry.status == "accepted"):
            brought = _segments(model, inputs.run.profile.macro_segments[macro])
            for key in [key for key, row in standing.items() if _meaning(row) != _meaning(brought.get(key))]:
                ended = standing.pop(key) | {"valid_to": model.effective_from, "is_current": False}
                if key not in brought or ended["valid_from"] < model.effective_from:  # else another fit of the same day
                    rows.append(ended)
            standing = brought | standing
        rows += standing.values()
    return rows


def make_model_rows(inputs: PublishInputs) -> list[Row]:
    """Every model of the profile's macro segments."""
    return [
        {
            "model_id": entry.model.model_id,
            "macro_segment": macro,
            "effective_from": entry.model.effective_from,
            "status": entry.status,
            "decided_by": entry.decided_by,
            "decided_at": entry.decided_at,
            "customers": entry.model.customers,
            "segments": len(entry.model.list_segments()),
            "model": entry.model.model_dump_json(),
        }
        for macro, timeline in inputs.timelines.items()
        for entry in timeline
    ]


def make_quality_rows(inputs: PublishInputs) -> list[Row]:
    """The evidence of every model."""
    return [
        {"model_id": entry.model.model_id, "macro_segment": macro} | evidence.model_dump()
        for macro, timeline in inputs.timelines.items()
        for entry in timeline
        for evidence in entry.model.evidence
    ]


def make_run_row(inputs: PublishInputs, verdicts: list[GateVerdict], started_at: datetime) -> Row:
    """The run's own row; publishing fills in when it ended."""
    run = inputs.run
    logs = {extract: run.lake.open_log(extract).read_state() for extract in run.profile.extracts}
    through = {extract: state.complete_through for extract, state in logs.items()}
    (customers,) = inputs.fetch_one("SELECT count(*) FROM population")
    return {
        "run_id": run.run_id,
        "profile": run.profile.profile,
        "cadence": run.cadence,
        "as_of": run.as_of,
        "is_primary": run.is_primary,
        "status": "published",
        "look_ahead": inputs.look_ahead,
        "customers": customers,
        "unknown_rows": inputs.unknown_rows,
        "rows": json.dumps(inputs.rows),
        "quarantined": sum(_held_rows(run.lake.open_quarantine(extract)) for extract in run.profile.extracts),
        "complete_through": json.dumps({name: at.isoformat() if at else None for name, at in through.items()}),
        "models": json.dumps({macro: model.model_id for macro, model in inputs.models.items()}),
        "follows": json.dumps({macro: said.follows for macro, said in inputs.labelled.items() if said.follows}),
        "fingerprints": json.dumps({macro: said.fingerprint for macro, said in inputs.labelled.items()}),
        "is_stale": False,
        "kpis": json.dumps(_kpis(inputs)),
        "analytics": json.dumps(read_report_limits(run)),
        "gates": _as_json(verdicts),
        "drift": json.dumps(inputs.drift),
        "versions": json.dumps(_versions()),
        "started_at": started_at,
        "finished_at": datetime.now(UTC),
        "seconds": 0.0,
    }


def make_check_row(inputs: PublishInputs, verdicts: list[GateVerdict], status: str) -> Row:
    """What the gates said of a run, whatever became of it."""
    run = inputs.run
    return {
        "run_id": run.run_id,
        "cadence": run.cadence,
        "as_of": run.as_of,
        "status": status,
        "gates": _as_json(verdicts),
        "checked_at": datetime.now(UTC),
    }


def _as_json(verdicts: list[GateVerdict]) -> str:
    """Verdicts as they are stored."""
    return json.dumps([asdict(verdict) for verdict in verdicts])


def _segments(model: Model, declared: MacroSegment) -> dict[str, Row]:
    strata = {stratum.name: stratum for stratum in declared.strata}
    rows = {}
    for stratum in model.strata:
        profile = strata.get(stratum.name)
        whole = {
            "valid_from": model.effective_from,
            "valid_to": None,
            "is_current": True,
            "macro_segment": model.macro_segment,
            "stratum": stratum.name,
            "stratum_label": stratum.label,
            "parent_key": None,
            "recommended_action": profile.recommended_action if profile else "",
            "owner": profile.owner if profile else "",
            "model_id": model.model_id,
        }
        for segment in stratum.segments:
            row = rows[segment.key] = whole | _said(segment, declared)
            rows |= {part.key: row | {"parent_key": segment.key} | _said(part, declared) for part in segment.parts}
    return rows


def _said(segment: SegmentDefinition, declared: MacroSegment) -> Row:
    """What is said of one segment; an action and an owner only where people name them for its key."""
    person = declared.segments.get(segment.key, SegmentAnnotation())
    fields = ("path", "name", "description", "rule_sql", "rule_words", "fidelity")
    found = {"segment_key": segment.key, "alias": person.alias or None}
    found |= {name: getattr(segment, name) for name in fields}
    own = {"recommended_action": person.recommended_action, "owner": person.owner}
    return found | {name: text for name, text in own.items() if text}


def _meaning(row: Row | None) -> Row | None:
    """What a version says, without when and by which model it came."""
    return row and {name: value for name, value in row.items() if name not in ("valid_from", "model_id")}


def _held_rows(quarantine: ChangeLog) -> int:
    """A row that failed several expectations stands in quarantine several times."""
    files = quarantine.list_files()
    if not files:
        return 0
    with open_engine() as engine:
        row = engine.execute("SELECT count(DISTINCT source_seq) FROM read_parquet(?)", [files]).fetch_row()
    return int(row[0]) if row else 0


def _versions() -> Row:
    own = {"code": __version__, "tables": table_loading.fingerprint_tables()}
    return own | {library: version(library) for library in _LIBRARIES}


def _kpis(inputs: PublishInputs) -> Row:
    told = {"label", "definition", "unit", "resolution", "direction", "rule_only", "undefined_when"}
    told |= {"matures_after", "goal", "indicator", "owner"}
    profile = inputs.run.profile
    return {
        name: kpi.model_dump(include=told)
        | {"window": str(kpi.window), "macro_segment": profile.kpi_macro_segments[name]}
        for name, kpi in profile.kpis.items()
    }
