"""The stage: one call per target, reading the lake and leaving Parquet artifacts."""

import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from include.segmentation.errors import DataError, ProfileError
from include.segmentation.measure.cohort import MONTH_DAYS, CohortMonth, complete_months
from include.segmentation.measure.kpis import measure_kpis
from include.segmentation.measure.population import ARTIFACT, measure_population
from include.segmentation.measure.sql import render
from include.segmentation.profile import AGE, MacroSegment
from include.segmentation.run import Run

POPULATION = "population"


def measure(run: Run, target: str) -> dict[str, Any]:
    """Measure the population, or every KPI of one macro segment, at the run's as_of.

    Args:
        run: the profile and the as_of.
        target: ``population`` (first) or a macro segment.

    Returns:
        Counts, seconds and the artifact's path. The population leaves ``measure/population.parquet``; a macro segment
        leaves ``measure/<target>.parquet`` (customer_id, age_days, each KPI as DOUBLE, NULL where undefined) and,
        where the profile follows cohorts, ``measure/<target>.cohort.parquet`` with cohort and month before these.

    Raises:
        NotReadyError: an extract is not known to be whole up to as_of.
        ProfileError: the SQL is wrong or does not return what the profile declares.
        DataError: the data contradict the profile, or the population has not been measured.
    """
    began = time.monotonic()
    run.require_complete()
    with run.lake.engine() as connection:
        for extract in run.profile.extracts:
            run.lake.view_accepted(connection, extract)
        if target == POPULATION:
            summary = measure_population(run, connection)
        else:
            summary = _measure_macro(run, connection, target)
    return run.record("measure", target, summary | {"seconds": round(time.monotonic() - began, 3)})


def _measure_macro(run: Run, connection: duckdb.DuckDBPyConnection, target: str) -> dict[str, Any]:
    macro = run.profile.macro_segments.get(target)
    if macro is None:
        allowed = ", ".join([POPULATION, *run.profile.macro_segments])
        raise ProfileError(f"{run.profile.path}: nothing to measure is called '{target}'; allowed are {allowed}")
    path = run.profile.sql_dir / "measure" / f"{target}.sql"
    sql = render(path, macro.kpis, run.as_of)
    _load_population(run, connection)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE population AS "
        "SELECT *, CAST($as_of AS TIMESTAMPTZ) AS as_of FROM everyone_measured",
        {"as_of": run.as_of},
    )
    measure_kpis(connection, macro, sql, path)
    table = _measured(connection, macro)
    summary: dict[str, Any] = {
        "customers": table.num_rows,
        "undefined": {name: table[name].null_count for name, kpi in macro.kpis.items() if kpi.undefined_when},
        "path": run.lake.write_table(run.artifact("measure", f"{target}.parquet"), table),
    }
    if run.profile.cohort_months:
        cohorts = _measure_cohorts(run, connection, target, sql, path)
        run.lake.write_table(run.artifact("measure", f"{target}.cohort.parquet"), cohorts)
        summary["cohort_rows"] = cohorts.num_rows
    return summary


def _load_population(run: Run, connection: duckdb.DuckDBPyConnection) -> None:
    """Fill table ``everyone_measured`` with the population's customer_id in its native type and first_seen."""
    recorded = run.recorded("measure", POPULATION)
    if recorded is None:
        raise DataError(f"run {run.run_id}: the population has not been measured; run measure population first")
    people = run.lake.read_table(run.artifact("measure", ARTIFACT)).select(["customer_id", "first_seen"])
    connection.register("people", people)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE everyone_measured AS "
        f"SELECT CAST(customer_id AS {recorded['customer_id_type']}) AS customer_id, first_seen FROM people"
    )


def _measured(connection: duckdb.DuckDBPyConnection, macro: MacroSegment, head: str = "") -> pa.Table:
    kpis = ", ".join(f'"{name}"' for name in macro.kpis)
    return connection.execute(
        f"SELECT {head}CAST(customer_id AS VARCHAR) AS customer_id, {AGE}, {kpis} FROM measured ORDER BY ALL"
    ).to_arrow_table()


def _measure_cohorts(run: Run, connection: duckdb.DuckDBPyConnection, target: str, sql: str, path: Path) -> pa.Table:
    macro = run.profile.macro_segments[target]
    schema = pa.schema(
        [("cohort", pa.date32()), ("month", pa.int64()), ("customer_id", pa.string()), (AGE, pa.int64())]
    )
    for name in macro.kpis:
        schema = schema.append(pa.field(name, pa.float64()))
    tables = [schema.empty_table()]
    for each in complete_months(run, connection):
        _load_cohort(run, connection, each)
        measure_kpis(connection, macro, sql, path)
        head = f"DATE '{each.cohort}' AS cohort, CAST({each.month} AS BIGINT) AS month, "
        tables.append(_measured(connection, macro, head))
    return pa.concat_tables(tables)


def _load_cohort(run: Run, connection: duckdb.DuckDBPyConnection, each: CohortMonth) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE population AS "
        "SELECT *, first_seen + to_days($days) AS as_of FROM everyone_measured "
        "WHERE first_seen >= $begin AND first_seen < $end",
        {
            "days": MONTH_DAYS * each.month,
            "begin": run.profile.midnight(each.cohort),
            "end": run.profile.midnight(each.following),
        },
    )
