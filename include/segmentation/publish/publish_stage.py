"""Publish a run: gates first, then one transaction that either changes every table or none."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from include.segmentation.artifacts import PopulationSummary, PublishSummary
from include.segmentation.errors import DataError, SegmentationError
from include.segmentation.publish import tables
from include.segmentation.publish.gates import (
    GateVerdict,
    check_gates,
    find_refusal,
    list_questions,
    list_requested_fits,
    mark_approved,
)
from include.segmentation.publish.past_runs import find_neighbours
from include.segmentation.publish.publish_inputs import PublishInputs, read_inputs
from include.segmentation.publish.run_rows import make_check_row, make_run_row
from include.segmentation.publish.tables.segmentation_check import SEGMENTATION_CHECK
from include.segmentation.publish.tables.segmentation_run import SEGMENTATION_RUN
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection, connect_warehouse
from include.segmentation.warehouse.published_table import Row, discover_tables
from include.segmentation.warehouse.schema import lock_schema, prepare_schema
from include.segmentation.warehouse.table_loading import load_rows, run_derivation

_LOGGER = logging.getLogger(__name__)


def publish(run: Run, approved_by: str | None = None) -> dict[str, Any]:
    """Publish a run's artifacts to the profile's warehouse schema.

    Publishing a run again gives the same tables, except for the times of publishing and the verdicts. So does
    publishing runs in another order.

    Args:
        run: the earlier stages have run.
        approved_by: the person who approves what gates ask.

    Returns:
        run_id, schema, customers, look_ahead, gates (number of verdicts), warnings (verdicts other than pass),
        fits_asked (macro segments whose drift asks for a fit), rows (published table -> rows of this run), stale (runs
        of the cadence whose previous run has changed since), reach (the last ``_seq`` of each extract that was
        measured), seconds.

    Raises:
        DataError: a gate stops the run, an earlier stage has not run, or the labels come from a model that is not
            accepted. Only the verdicts are written.
        NotApprovedError: a gate asks, and nobody has approved. Only the verdicts are written.
        SourceError: the warehouse refuses.
        UnavailableError: the warehouse cannot be reached, or the connection broke. Nothing is published.
    """
    started, started_at = time.monotonic(), datetime.now(UTC)
    inputs = read_inputs(run)
    verdicts = mark_approved(check_gates(inputs), approved_by)
    if refusal := _note_refusal(inputs, verdicts):
        raise refusal
    run_row = make_run_row(inputs, verdicts, started_at)
    rows = _make_rows(inputs) | {
        SEGMENTATION_RUN.name: [run_row],
        SEGMENTATION_CHECK.name: [make_check_row(inputs, verdicts, "published")],
    }
    with _open_transaction(inputs) as connection:
        row_counts = _load_tables(connection, inputs, rows)
        stale = _derive_tables(connection, run)
        connection.execute(
            "UPDATE segmentation_run SET finished_at = clock_timestamp(), seconds = %s WHERE run_id = %s",
            [round(time.monotonic() - started, 3), run.run_id],
        )
    measured = PopulationSummary.read_from(run)
    summary = PublishSummary(
        run_id=run.run_id,
        schema=run.profile.warehouse.schema_name,
        customers=run_row["customers"],
        look_ahead=inputs.look_ahead,
        gates=len(verdicts),
        warnings=sum(verdict.verdict != "pass" for verdict in verdicts),
        fits_asked=list_requested_fits(inputs, verdicts),
        rows=row_counts,
        stale=stale,
        reach=measured.reach if measured else {},
        seconds=round(time.monotonic() - started, 3),
    )
    if stale:
        _LOGGER.warning("%s: repeat these runs (segment, publish), in this order: %s", run.run_id, ", ".join(stale))
    return summary.write_to(run)


def find_questions(run: Run) -> list[str]:
    """Find what a person has to answer before a run is published, one sentence each.

    Raises:
        DataError: a gate stops the run, whatever a person says, or an earlier stage has not run.
        SourceError: the warehouse refuses.
        UnavailableError: the warehouse cannot be reached.
    """
    inputs = read_inputs(run)
    verdicts = check_gates(inputs)
    refusal = _note_refusal(inputs, verdicts)
    if isinstance(refusal, DataError):
        raise refusal
    return [str(verdict) for verdict in list_questions(verdicts)]


def reject_run(run: Run) -> None:
    """Note that a person has rejected a run, or that nobody has answered."""
    with connect_warehouse(run.profile) as connection:
        connection.execute(
            "UPDATE segmentation_check SET status = 'rejected' WHERE run_id = %s AND status = 'waiting'", [run.run_id]
        )


def _note_refusal(inputs: PublishInputs, verdicts: list[GateVerdict]) -> SegmentationError | None:
    """Return why the run may not be published, and write it to segmentation_check, where people look."""
    refusal = find_refusal(inputs.run, verdicts)
    if refusal:
        check = make_check_row(inputs, verdicts, "stopped" if isinstance(refusal, DataError) else "waiting")
        with _open_transaction(inputs) as connection:
            load_rows(connection, SEGMENTATION_CHECK, [check], _make_scope(inputs))
    return refusal


@contextmanager
def _open_transaction(inputs: PublishInputs) -> Iterator[Connection]:
    """Bring the schema up to date, then begin a transaction in which nobody else publishes to it."""
    profile = inputs.run.profile
    published_tables = discover_tables(tables)
    columns = {
        table.name: table.list_profile_columns(inputs) for table in published_tables if table.list_profile_columns
    }
    prepare_schema(profile, published_tables, columns)
    with connect_warehouse(profile) as connection:
        lock_schema(connection, profile.warehouse.schema_name)
        yield connection


def _make_scope(inputs: PublishInputs) -> dict[str, Any]:
    """Make the values of the columns that say which rows belong to a run."""
    run = inputs.run
    return {"cadence": run.cadence, "as_of": run.as_of, "run_id": run.run_id, "macro_segment": list(inputs.models)}


def _make_rows(inputs: PublishInputs) -> dict[str, list[Row]]:
    """Make the rows of all tables that are small enough to be held in memory."""
    return {table.name: list(table.make_rows(inputs)) for table in discover_tables(tables) if table.make_rows}


def _load_tables(connection: Connection, inputs: PublishInputs, rows: dict[str, list[Row]]) -> dict[str, int]:
    """Load every table that is not derived from others; returns table -> rows of this run."""
    scope, row_counts = _make_scope(inputs), {}
    for table in discover_tables(tables):
        if table.is_due and not table.is_due(connection, inputs):
            continue
        if table.stream_rows:
            row_counts[table.name] = load_rows(connection, table, table.stream_rows(inputs), scope)
        elif table.name in rows:
            row_counts[table.name] = load_rows(connection, table, rows[table.name], scope)
    return row_counts


def _derive_tables(connection: Connection, run: Run) -> list[str]:
    """Derive what follows from several runs: moves to this run and from it to the next, membership, KPI validity.

    Returns:
        The runs of the cadence that are stale.
    """
    before, after = find_neighbours(connection, run)
    connection.execute("ANALYZE fct_segment_label, fct_customer_kpi")  # or joins are planned for a handful of rows
    steps = [(run.as_of, before)] + ([(after, run.as_of)] if after else [])
    for as_of, previous in steps:
        step = {"cadence": run.cadence, "as_of": as_of, "before": previous}
        run_derivation(connection, "movement", **step)
        run_derivation(connection, "fct_segment_migration", **step)
        _check_sums(run, as_of, run_derivation(connection, "check", **step))
        if run.is_primary:
            run_derivation(connection, "fct_segment_event", **step)
    if run.is_primary:
        run_derivation(connection, "fct_segment_membership", cadence=run.cadence, as_of=run.as_of, before=before)
    run_derivation(connection, "dim_kpi")
    return [run_id for (run_id,) in run_derivation(connection, "is_stale", cadence=run.cadence)]


def _check_sums(run: Run, as_of: datetime, mismatches: list[tuple[Any, ...]]) -> None:
    for macro, counted, total, expected in mismatches:
        raise DataError(
            f"{run.run_id}: macro segment '{macro}': {counted} add up to {total} but {expected} are expected "
            f"at {as_of:%Y-%m-%d}; nothing was published"
        )
