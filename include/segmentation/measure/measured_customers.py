"""The customers that SQL is run for, and the moment at which each is measured."""

from collections.abc import Mapping
from typing import Any

from include.segmentation.artifacts import MeasureArtifacts, PopulationSummary, TableArtifact
from include.segmentation.engine.engine import Engine
from include.segmentation.errors import DataError
from include.segmentation.measure.window_sql import write_window_moments
from include.segmentation.profile.kpis import Kpi
from include.segmentation.run import Run


def load_customers(run: Run, connection: Engine, population: TableArtifact | None = None) -> None:
    """Fill table ``_people`` with every customer_id, in its native type, and first_seen.

    Args:
        run: its population has been measured.
        connection: the engine that gets the table.
        population: the artifact to read; the run's own population by default.

    Raises:
        DataError: the population has not been measured.
    """
    recorded = PopulationSummary.read_from(run)
    if recorded is None:
        raise DataError(f"run {run.run_id}: the population has not been measured; run measure population first")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _people AS "
        f"SELECT CAST(customer_id AS {recorded.customer_id_type}) AS customer_id, first_seen "
        "FROM read_parquet($population)",
        {"population": (population or MeasureArtifacts(run).locate_population()).uri},
    )


def create_population_table(
    connection: Engine, kpis: Mapping[str, Kpi], as_of: str, who: str, values: dict[str, Any]
) -> None:
    """Fill table ``population``, which the profile's SQL reads, from table ``_people``.

    Args:
        connection: holds ``_people`` (customer_id, first_seen).
        kpis: the begin and end of each of their windows becomes a column.
        as_of: SQL for the moment at which each customer is measured.
        who: SQL for the condition that selects customers.
        values: the parameters of both.
    """
    windows = write_window_moments(kpi.window for kpi in kpis.values())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE population AS SELECT * EXCLUDE (as_of), "
        f"{windows}as_of FROM (SELECT *, CAST({as_of} AS TIMESTAMPTZ) AS as_of FROM _people WHERE {who})",
        values,
    )
