"""The timeline that says which model a run uses.

It is a change log in the lake with one row per decision about a model. The newest row of a model is its status.
"""

from datetime import UTC, datetime
from typing import Any, Literal

import pyarrow as pa
from pydantic import ValidationError

from include.segmentation.errors import DataError, NotReadyError
from include.segmentation.lake.lake import Lake
from include.segmentation.lake.log_columns import SEQ
from include.segmentation.model import FrozenPart
from include.segmentation.model.model import FORMAT, Model

ModelStatus = Literal["candidate", "accepted", "rejected", "retired"]


class TimelineEntry(FrozenPart):
    """A model and the newest decision about it."""

    model: Model
    status: ModelStatus
    decided_by: str
    decided_at: datetime


_SCHEMA = pa.schema(
    [
        ("macro_segment", pa.string()),
        ("model_id", pa.string()),
        ("effective_from", pa.timestamp("us", "UTC")),
        ("status", pa.string()),
        ("decided_by", pa.string()),
        ("decided_at", pa.timestamp("us", "UTC")),
        ("model", pa.string()),
    ]
)


def record_decision(lake: Lake, model: Model, status: ModelStatus, decided_by: str) -> None:
    """Append a decision about a model to the timeline."""
    row = {
        "macro_segment": model.macro_segment,
        "model_id": model.model_id,
        "effective_from": model.effective_from,
        "status": status,
        "decided_by": decided_by,
        "decided_at": datetime.now(UTC),
        "model": model.model_dump_json(),
    }
    log = lake.open_timeline()
    with log.hold_writer_lock():
        log.append(pa.Table.from_pylist([row], schema=_SCHEMA), log.read_state())


def read_timeline(lake: Lake, macro_segment: str) -> list[TimelineEntry]:
    """Read all models of a macro segment with their newest status, ordered by effective_from, then by decision."""
    rows = _read_decisions(lake)
    newest = {row["model_id"]: row for row in sorted(rows, key=lambda row: row[SEQ])}
    return [
        TimelineEntry(
            model=_parse_model(row),
            status=row["status"],
            decided_by=row["decided_by"],
            decided_at=row["decided_at"].astimezone(UTC),
        )
        for row in sorted(newest.values(), key=lambda row: (row["effective_from"], row[SEQ]))
        if row["macro_segment"] == macro_segment
    ]


def _parse_model(row: dict[str, Any]) -> Model:
    try:
        return Model.model_validate_json(row["model"])
    except ValidationError:
        raise DataError(
            f"model '{row['model_id']}' on the timeline has another format; allowed: {FORMAT}; "
            "fit again in a new lake, or read the model with the version that wrote it"
        ) from None


def _read_decisions(lake: Lake) -> list[dict[str, Any]]:
    files = lake.open_timeline().list_files()
    if not files:
        return []
    # DeltaTable.to_pyarrow_table() is not used: its threads abort the process at exit (delta-rs issue 2184).
    with lake.open_engine() as engine:
        return list(engine.execute("SELECT * FROM read_parquet(?)", [files]).fetch_table().to_pylist())


def find_effective_model(lake: Lake, macro_segment: str, as_of: datetime) -> tuple[Model, bool]:
    """Find the accepted model that a run at ``as_of`` uses.

    Returns:
        The model, and whether the run looks ahead: as_of precedes the first model, which then labels it.

    Raises:
        NotReadyError: no model of the macro segment has been accepted yet.
    """
    accepted = [entry.model for entry in read_timeline(lake, macro_segment) if entry.status == "accepted"]
    if not accepted:
        raise NotReadyError(
            f"macro segment '{macro_segment}' has no accepted model; run the fit first "
            "(python -m include.segmentation fit …)"
        )
    past = [model for model in accepted if model.effective_from <= as_of]
    return (past[-1], False) if past else (accepted[0], True)
