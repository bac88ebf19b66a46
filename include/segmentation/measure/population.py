"""The population: who is measured."""

from typing import Any

import duckdb
import pyarrow as pa

from include.segmentation.errors import DataError, ProfileError
from include.segmentation.measure.sql import create_table, render
from include.segmentation.run import Run

POPULATION = "population"
_FIXED = ("customer_id", "first_seen", "last_seen", "source_rows")
_UTC = pa.timestamp("us", "UTC")


def measure_population(run: Run, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Write everyone identified and first seen before as_of, with their attributes.

    Raises:
        ProfileError: ``population.sql`` is wrong or does not return what it has to.
        DataError: a customer comes twice or without first_seen, or nobody is there.
    """
    path = run.profile.sql_dir / "measure" / "population.sql"
    types = create_table(connection, "everyone", render(path, {}, run.as_of), path)
    missing = [column for column in _FIXED if column not in types]
    if missing:
        raise ProfileError(f"{path}: column {', '.join(missing)} is missing; found {', '.join(types)}")
    _check_rows(connection, str(path))
    attributes = [column for column in types if column not in _FIXED]
    table = _select(run, connection, attributes)
    if not table.num_rows:
        raise DataError(f"{path}: the population is empty: nobody was first seen before as_of {run.as_of.isoformat()}")
    unknown = connection.execute("SELECT sum(source_rows) FROM everyone WHERE customer_id IS NULL").fetchone()
    return {
        "customers": table.num_rows,
        "unknown_rows": int((unknown and unknown[0]) or 0),
        "attributes": attributes,
        "customer_id_type": types["customer_id"],
        "path": run.lake.write_table(run.artifact("measure", f"{POPULATION}.parquet"), table),
    }


def _check_rows(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    twice = connection.execute(
        "SELECT customer_id, count(*) FROM everyone GROUP BY customer_id HAVING count(*) > 1 ORDER BY customer_id"
    ).fetchall()
    if twice:
        raise DataError(f"{path}: {len(twice)} customers come more than once, such as {twice[0][0]!s}")
    blank = connection.execute(
        "SELECT customer_id FROM everyone WHERE customer_id IS NOT NULL AND first_seen IS NULL ORDER BY customer_id"
    ).fetchall()
    if blank:
        raise DataError(f"{path}: {len(blank)} customers have no first_seen, such as {blank[0][0]!s}")


def _select(run: Run, connection: duckdb.DuckDBPyConnection, attributes: list[str]) -> pa.Table:
    more = "".join(f', "{name}"' for name in attributes)
    table = connection.execute(
        "SELECT CAST(customer_id AS VARCHAR) AS customer_id, CAST(first_seen AS TIMESTAMPTZ) AS first_seen, "
        "CAST(last_seen AS TIMESTAMPTZ) AS last_seen, "
        f"whole_days(first_seen, $as_of) AS age_days{more} "
        "FROM everyone WHERE customer_id IS NOT NULL AND first_seen < $as_of ORDER BY 1",
        {"as_of": run.as_of},
    ).to_arrow_table()
    schema = pa.schema(
        [field.with_type(_UTC) if pa.types.is_timestamp(field.type) else field for field in table.schema]
    )
    return table.cast(schema)
