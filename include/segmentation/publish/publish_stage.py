"""Publish a run: gates first, then one transaction that either changes every table or none."""

import logging
import time
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from include.segmentation.artifacts import PopulationSummary, PublishSummary
from include.segmentation.errors import DataError, SegmentationError
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.profile import name_grid_columns, name_segment_columns
from include.segmentation.publish import (
    customer_rows,
    dimension_rows,
    distribution_rows,
    grid_rows,
    list_rows,
    people_rows,
)
from include.segmentation.publish.figure_rows import make_figure_definitions, make_figure_rows
from include.segmentation.publish.gates import (
    GateVerdict,
    check_gates,
    find_refusal,
    list_questions,
    list_requested_fits,
    mark_approved,
)
from include.segmentation.publish.persona_rows import make_persona_rows
from include.segmentation.publish.publish_inputs import PublishInputs, read_inputs
from include.segmentation.publish.signal_rows import read_signal_rows
from include.segmentation.run import Run
from include.segmentation.warehouse import table_loading
from include.segmentation.warehouse.connection import Connection, connect_warehouse

_LOGGER = logging.getLogger(__name__)


def publish(run: Run, approved_by: str | None = None) -> dict[str, Any]:
    """Publish a run's artifacts to the profile's warehouse schema.

    Publishing a run again gives the same tables (but for when it happened and what was checked then), and so does
    publishing runs in another order.

    Args:
        run: its stages before have run.
        approved_by: who answers for what gates ask a person.

    Returns:
        run_id, schema, customers, look_ahead, gates (how many verdicts), warnings (how many are no pass),
        fits_asked (macro segments whose drift asks for a fit), rows (published table -> rows of this run), stale (runs
        of the cadence that were compared with another run than the one that is before them now), reach (the last
        ``_seq`` of each extract that was measured), seconds.

    Raises:
        DataError: a gate stops the run, a stage before has not run, or the labels are of a model that is not accepted;
            nothing is published but what the gates said.
        NotApprovedError: a gate asks a person, and nobody has approved; as little is published.
        SourceError: the warehouse refuses.
        UnavailableError: the warehouse can not be reached, or the connection broke; nothing is published.
    """
    started, started_at = time.monotonic(), datetime.now(UTC)
    inputs = read_inputs(run)
    verdicts = mark_approved(check_gates(inputs), approved_by)
    if refused := _refused(inputs, verdicts):
        raise refused
    own_row = dimension_rows.make_run_row(inputs, verdicts, started_at)
    profiles = list(distribution_rows.make_profile_rows(inputs))
    cohorts = list(distribution_rows.make_cohort_rows(inputs)) if run.profile.cohort_months else []
    told = {
        "fct_funnel": people_rows.make_funnel_rows(inputs),
        "fct_segment_demographic": people_rows.make_demographic_rows(inputs),
        "fct_persona": make_persona_rows(inputs),
        "fct_list_reason": list_rows.make_reason_rows(inputs),
        "fct_figure": make_figure_rows(run),
        **grid_rows.make_grid_tables(inputs),
    }
    found_signals = read_signal_rows(run)
    schema = run.profile.warehouse.schema_name
    with connect_warehouse(run.profile) as connection:
        table_loading.lock_schema(connection, schema)
        table_loading.create_tables(connection, schema)
        _add_profile_columns(connection, inputs)
        rows = _publish_dimensions(connection, inputs)
        rows |= _publish_run(connection, inputs, own_row, told | {"fct_segment_profile": profiles})
        rows["fct_cohort_segment"] = _publish_cohorts(connection, run, cohorts)
        rows["fct_signal"] = table_loading.replace_rows(connection, "fct_signal", found_signals, run_id=run.run_id)
        rows["segmentation_check"] = _publish_check(connection, inputs, verdicts, "published")
        stale = _derive(connection, run)
        connection.execute(
            "UPDATE segmentation_run SET finished_at = clock_timestamp(), seconds = %s WHERE run_id = %s",
            [round(time.monotonic() - started, 3), run.run_id],
        )
    measured = PopulationSummary.read_from(run)
    summary = PublishSummary(
        run_id=run.run_id,
        schema=schema,
        customers=own_row["customers"],
        look_ahead=inputs.look_ahead,
        gates=len(verdicts),
        warnings=sum(verdict.verdict != "pass" for verdict in verdicts),
        fits_asked=list_requested_fits(inputs, verdicts),
        rows=rows,
        stale=stale,
        reach=measured.reach if measured else {},
        seconds=round(time.monotonic() - started, 3),
    )
    if stale:
        _LOGGER.warning("%s: runs to be repeated (segment, publish), in this order: %s", run.run_id, ", ".join(stale))
    return summary.write_to(run)


def find_questions(run: Run) -> list[str]:
    """What a person has to be asked before a run is published, one sentence each; empty where nothing is.

    Raises:
        DataError: a gate stops the run, whatever a person says, or a stage before has not run.
        SourceError: the warehouse refuses.
        UnavailableError: the warehouse can not be reached.
    """
    inputs = read_inputs(run)
    verdicts = check_gates(inputs)
    refused = _refused(inputs, verdicts)
    if isinstance(refused, DataError):
        raise refused
    return [str(verdict) for verdict in list_questions(verdicts)]


def reject_run(run: Run) -> None:
    """Note that a person has rejected a run, or that nobody has answered for it."""
    with connect_warehouse(run.profile) as connection:
        connection.execute(
            "UPDATE segmentation_check SET status = 'rejected' WHERE run_id = %s AND status = 'waiting'", [run.run_id]
        )


def _refused(inputs: PublishInputs, verdicts: list[GateVerdict]) -> SegmentationError | None:
    """Why the run may not be published, noted in the warehouse where people look; nothing else is changed there."""
    refused = find_refusal(inputs.run, verdicts)
    if refused:
        schema = inputs.run.profile.warehouse.schema_name
        with connect_warehouse(inputs.run.profile) as connection:
            table_loading.lock_schema(connection, schema)
            table_loading.create_tables(connection, schema)
            _publish_check(connection, inputs, verdicts, "stopped" if isinstance(refused, DataError) else "waiting")
    return refused


def _publish_check(connection: Connection, inputs: PublishInputs, verdicts: list[GateVerdict], status: str) -> int:
    row = dimension_rows.make_check_row(inputs, verdicts, status)
    return table_loading.replace_rows(connection, "segmentation_check", [row], run_id=inputs.run.run_id)


def _add_profile_columns(connection: Connection, inputs: PublishInputs) -> None:
    attributes = {
        name: (table_loading.map_column_type(kind), "An attribute of the customer, from population.sql.")
        for name, kind in inputs.attributes.items()
    }
    kpis = {name: ("double precision", _explain(kpi)) for name, kpi in inputs.run.profile.kpis.items()}
    segments = {}
    for macro, declared in inputs.run.profile.macro_segments.items():
        key, name, micro = name_segment_columns(macro)
        segments[key] = ("text", f"The customer's {declared.label} segment; see dim_segment.")
        segments[name] = ("text", f"The alias of the customer's {declared.label} segment, or else its name.")
        segments[micro] = ("text", f"The micro segment inside it; NULL where it is not cut further ({declared.label}).")
        if declared.grid:
            scores, cell = name_grid_columns(macro)
            segments[scores] = ("text", f"The customer's classes in grid {declared.grid.label}; see dim_score_class.")
            segments[cell] = ("text", f"The customer's cell in grid {declared.grid.label}; see dim_grid_cell.")
    table_loading.add_columns(connection, "dim_customer", attributes)
    table_loading.add_columns(connection, "fct_customer_kpi", kpis)
    table_loading.add_columns(connection, "customer_analytics_record", attributes | kpis | segments)


def _explain(kpi: Kpi) -> str:
    undefined = f" NULL when {kpi.undefined_when}." if kpi.undefined_when else ""
    return f"{kpi.label}: {kpi.definition} In {kpi.unit}, {kpi.window}.{undefined}"


def _publish_dimensions(connection: Connection, inputs: PublishInputs) -> dict[str, int]:
    """What follows from the model timeline and the profile alone: written anew as a whole."""
    found = {
        "dim_model": dimension_rows.make_model_rows(inputs),
        "dim_segment": dimension_rows.make_segment_rows(inputs),
        "dim_grid_cell": list(grid_rows.make_cell_rows(inputs)),
        "dim_score_class": list(grid_rows.make_class_rows(inputs)),
        "fct_model_quality": dimension_rows.make_quality_rows(inputs),
    }
    macros = list(inputs.models)
    return {
        **{
            table: table_loading.replace_rows(connection, table, rows, macro_segment=macros)
            for table, rows in found.items()
        },
        "dim_figure": table_loading.replace_rows(connection, "dim_figure", make_figure_definitions(inputs.run)),
    }


def _publish_run(
    connection: Connection,
    inputs: PublishInputs,
    own_row: dimension_rows.Row,
    told: dict[str, list[dimension_rows.Row]],
) -> dict[str, int]:
    """What belongs to this run only, in place of what it published before."""
    run = inputs.run
    here = {"cadence": run.cadence, "as_of": run.as_of}
    sizes = [row | here | {"run_id": run.run_id} for row in distribution_rows.make_size_rows(inputs)]
    told = {table: [row | here for row in found] for table, found in told.items()}
    rows = {
        "segmentation_run": table_loading.replace_rows(connection, "segmentation_run", [own_row], run_id=run.run_id),
        "fct_customer_kpi": table_loading.replace_rows(
            connection, "fct_customer_kpi", customer_rows.read_kpis(inputs), **here
        ),
        "fct_segment_label": table_loading.replace_rows(
            connection, "fct_segment_label", customer_rows.read_labels(inputs), **here
        ),
        "fct_segment_size": table_loading.replace_rows(connection, "fct_segment_size", sizes, **here),
        "fct_list_member": table_loading.replace_rows(
            connection, "fct_list_member", list_rows.read_members(inputs), **here
        ),
        **{table: table_loading.replace_rows(connection, table, found, **here) for table, found in told.items()},
        "dim_customer": _publish_customers(connection, inputs),
    }
    if run.is_primary and _neighbours(connection, run)[1] is None:
        record = customer_rows.read_record(inputs)
        rows["customer_analytics_record"] = table_loading.replace_rows(connection, "customer_analytics_record", record)
    return rows


def _publish_customers(connection: Connection, inputs: PublishInputs) -> int:
    """A customer's row is as of the newest run that saw them: an older run only adds whom no newer one knows."""
    staged = table_loading.stage_rows(connection, "dim_customer", customer_rows.read_attributes(inputs))
    return table_loading.upsert_staged(connection, "dim_customer", staged, key="customer_id", newest_by="as_of")


def _publish_cohorts(connection: Connection, run: Run, cohorts: list[distribution_rows.Row]) -> int:
    """A cohort's month comes as a whole from the newest run: an older run only adds months that no newer one has."""
    if not cohorts:
        return 0
    rows = pa.Table.from_pylist([row | {"as_of": run.as_of} for row in cohorts])
    table_loading.stage_rows(connection, "fct_cohort_segment", rows.to_reader())
    return int(table_loading.run_derivation(connection, "fct_cohort_segment", as_of=run.as_of)[0][0])


def _derive(connection: Connection, run: Run) -> list[str]:
    """What follows from several runs: movement to this run and from it to the next, membership, KPI validity.

    Returns:
        The runs of the cadence that are stale.
    """
    before, after = _neighbours(connection, run)
    connection.execute("ANALYZE fct_segment_label, fct_customer_kpi")  # else joins are planned for a handful of rows
    for as_of, previous in [(run.as_of, before)] + ([(after, run.as_of)] if after else []):
        here = {"cadence": run.cadence, "as_of": as_of, "before": previous}
        table_loading.run_derivation(connection, "movement", **here)
        table_loading.run_derivation(connection, "fct_segment_migration", **here)
        _refuse_what_does_not_add_up(run, as_of, table_loading.run_derivation(connection, "check", **here))
        if run.is_primary:
            table_loading.run_derivation(connection, "fct_segment_event", **here)
    if run.is_primary:
        table_loading.run_derivation(
            connection, "fct_segment_membership", cadence=run.cadence, as_of=run.as_of, before=before
        )
    table_loading.run_derivation(connection, "dim_kpi")
    return [run_id for (run_id,) in table_loading.run_derivation(connection, "is_stale", cadence=run.cadence)]


def _refuse_what_does_not_add_up(run: Run, as_of: datetime, wrong: list[tuple[Any, ...]]) -> None:
    for macro, what, found, expected in wrong:
        raise DataError(
            f"{run.run_id}: macro segment '{macro}': {what} add up to {found} but {expected} are expected "
            f"at {as_of:%Y-%m-%d}; nothing was published"
        )


def _neighbours(connection: Connection, run: Run) -> tuple[datetime | None, datetime | None]:
    """The published as_ofs of the same cadence right before and right after the run's."""
    row = connection.execute(
        "SELECT max(as_of) FILTER (WHERE as_of < %(as_of)s), min(as_of) FILTER (WHERE as_of > %(as_of)s) "
        "FROM segmentation_run WHERE cadence = %(cadence)s",
        {"as_of": run.as_of, "cadence": run.cadence},
    ).fetchone()
    return row or (None, None)
