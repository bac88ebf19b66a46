"""Rows about the run itself: what it was made from, and its verdicts."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version

from include.segmentation import __version__
from include.segmentation.publish import tables
from include.segmentation.publish.ga4_coverage import read_report_limits
from include.segmentation.publish.gates import GateVerdict
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Row, discover_tables, fingerprint_tables

_LIBRARIES = ("deltalake", "duckdb", "numpy", "psycopg", "pyarrow", "scikit-learn")


def make_run_row(inputs: PublishInputs, verdicts: list[GateVerdict], started_at: datetime) -> Row:
    """Make the run's row in segmentation_run; publishing fills in when it ended."""
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
        "quarantined": sum(_count_quarantined(inputs, extract) for extract in run.profile.extracts),
        "complete_through": json.dumps({name: at.isoformat() if at else None for name, at in through.items()}),
        "models": json.dumps({macro: model.model_id for macro, model in inputs.models.items()}),
        "follows": json.dumps({macro: labels.follows for macro, labels in inputs.labelled.items() if labels.follows}),
        "fingerprints": json.dumps({macro: labels.fingerprint for macro, labels in inputs.labelled.items()}),
        "is_stale": False,
        "kpis": json.dumps(_describe_kpis(inputs)),
        "analytics": json.dumps(read_report_limits(run)),
        "gates": _write_verdicts(verdicts),
        "drift": json.dumps(inputs.drift),
        "versions": json.dumps(_list_versions()),
        "started_at": started_at,
        "finished_at": datetime.now(UTC),
        "seconds": 0.0,
    }


def make_check_row(inputs: PublishInputs, verdicts: list[GateVerdict], status: str) -> Row:
    """Make the run's row in segmentation_check."""
    run = inputs.run
    return {
        "run_id": run.run_id,
        "cadence": run.cadence,
        "as_of": run.as_of,
        "status": status,
        "gates": _write_verdicts(verdicts),
        "checked_at": datetime.now(UTC),
    }


def _write_verdicts(verdicts: list[GateVerdict]) -> str:
    """Write verdicts as they are stored."""
    return json.dumps([asdict(verdict) for verdict in verdicts])


def _count_quarantined(inputs: PublishInputs, extract: str) -> int:
    """Count rows once that failed several expectations."""
    files = inputs.run.lake.open_quarantine(extract).list_files()
    if not files:
        return 0
    row = inputs.engine.execute("SELECT count(DISTINCT source_seq) FROM read_parquet(?)", [files]).fetch_row()
    return int(row[0]) if row else 0


def _list_versions() -> Row:
    own = {"code": __version__, "tables": fingerprint_tables(discover_tables(tables))}
    return own | {library: version(library) for library in _LIBRARIES}


def _describe_kpis(inputs: PublishInputs) -> Row:
    fields = {"label", "definition", "unit", "resolution", "direction", "rule_only", "undefined_when"}
    fields |= {"matures_after", "goal", "indicator", "owner"}
    profile = inputs.run.profile
    return {
        name: kpi.model_dump(include=fields)
        | {"window": str(kpi.window), "macro_segment": profile.kpi_macro_segments[name]}
        for name, kpi in profile.kpis.items()
    }
