"""The population: the customers who are measured."""

from datetime import datetime

import pyarrow as pa

from include.segmentation.artifacts import PopulationSummary, TableArtifact
from include.segmentation.engine.engine import Engine
from include.segmentation.errors import DataError, ProfileError
from include.segmentation.measure.kpi_values import NUMBERS, WHOLE_NUMBERS
from include.segmentation.measure.sql_templates import create_table, render_sql
from include.segmentation.profile.identifiers import require_sql_name
from include.segmentation.profile.mistakes import list_allowed
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run

POPULATION = "population"
_FIXED = ("customer_id", "first_seen", "last_seen", "source_rows")
_UTC = pa.timestamp("us", "UTC")
_MOMENTS = ("DATE", "TIMESTAMP")
_TYPES = {"first_seen": _MOMENTS, "last_seen": _MOMENTS, "source_rows": WHOLE_NUMBERS}
_TYPES["customer_id"] = (*WHOLE_NUMBERS, "DECIMAL", "VARCHAR", "UUID", "BLOB")
"""The beginnings of the allowed types of the fixed columns."""
_ATTRIBUTE = (*NUMBERS, "BOOLEAN", "VARCHAR", "UUID", *_MOMENTS, "TIME")


def measure_population(run: Run, connection: Engine, as_of: datetime, artifact: TableArtifact) -> PopulationSummary:
    """Write every identified customer first seen before ``as_of``, with their attributes.

    Raises:
        ProfileError: ``population.sql`` is wrong or does not return what it must.
        DataError: a customer is returned twice or without first_seen, or there are no customers.
    """
    path = run.profile.sql_dir / "measure" / "population.sql"
    types = create_everyone_table(run.profile, connection, as_of)
    attributes = [column for column in types if column not in _FIXED]
    _check_rows(connection, str(path))
    table = _read_population(connection, as_of, attributes)
    if not table.num_rows:
        raise DataError(f"{path}: the population is empty: no customer was first seen before as_of {as_of.isoformat()}")
    unknown = connection.execute("SELECT sum(source_rows) FROM _everyone WHERE customer_id IS NULL").fetch_row()
    return PopulationSummary(
        customers=table.num_rows,
        unknown_rows=int((unknown and unknown[0]) or 0),
        attributes=attributes,
        customer_id_type=types["customer_id"],
        path=artifact.write_table(table),
    )


def create_everyone_table(profile: Profile, connection: Engine, as_of: datetime) -> dict[str, str]:
    """Run ``population.sql`` into table ``_everyone``.

    Returns:
        The type of every column, by name, in order.

    Raises:
        ProfileError: the file is wrong or does not return what it must.
        DataError: it fails on the data.
    """
    path = profile.sql_dir / "measure" / "population.sql"
    types = create_table(connection, "_everyone", render_sql(path, {}, as_of), path)
    missing = [column for column in _FIXED if column not in types]
    if missing:
        raise ProfileError(f"{path}: column {', '.join(missing)} is missing; found {', '.join(types)}")
    for column in types:
        if column not in _FIXED:
            _check_attribute(profile, column, str(path))
    attributes = [column for column in types if column not in _FIXED]
    for dimension in profile.demographics:
        if dimension not in attributes:
            raise ProfileError(
                f"{profile.path}: demographics.{dimension}: {path} returns no such attribute; "
                f"{list_allowed(dimension, attributes)}"
            )
    for column, kind in types.items():
        kinds = _TYPES.get(column, _ATTRIBUTE)
        if not kind.startswith(kinds) or kind.endswith("]"):
            raise ProfileError(f"{path}: column {column} is {kind}; allowed: {', '.join(kinds)}")
    return types


def _check_attribute(profile: Profile, column: str, path: str) -> None:
    reserved = profile.reserved_columns | dict.fromkeys(profile.kpis, "a KPI")
    try:
        if require_sql_name(column) in reserved:
            raise ValueError(f"{reserved[column]}; allowed: any other name")
    except ValueError as error:
        raise ProfileError(f"{path}: column '{column}' cannot be an attribute: {error}") from None


def _check_rows(connection: Engine, path: str) -> None:
    duplicates = connection.execute(
        "SELECT customer_id, count(*) FROM _everyone GROUP BY customer_id HAVING count(*) > 1 ORDER BY customer_id"
    ).fetch_rows()
    if duplicates:
        raise DataError(
            f"{path}: {len(duplicates)} customers are returned more than once, such as {duplicates[0][0]!s}"
        )
    undated = connection.execute(
        "SELECT customer_id FROM _everyone WHERE customer_id IS NOT NULL AND first_seen IS NULL ORDER BY customer_id"
    ).fetch_rows()
    if undated:
        raise DataError(f"{path}: {len(undated)} customers have no first_seen, such as {undated[0][0]!s}")
    for column in ("first_seen", "last_seen"):
        beyond = connection.execute(
            f"SELECT customer_id FROM _everyone WHERE customer_id IS NOT NULL AND {column} "
            "NOT BETWEEN TIMESTAMPTZ '0001-01-01 00:00:00+00' AND TIMESTAMPTZ '9999-12-31 23:59:59+00' "
            "ORDER BY customer_id"
        ).fetch_rows()
        if beyond:
            raise DataError(
                f"{path}: {column} of {len(beyond)} customers, such as {beyond[0][0]!s}, is not a time of the years "
                "1 to 9999"
            )


def _read_population(connection: Engine, as_of: datetime, attributes: list[str]) -> pa.Table:
    more = "".join(f', "{name}"' for name in attributes)
    table = connection.execute(
        "SELECT CAST(customer_id AS VARCHAR) AS customer_id, CAST(first_seen AS TIMESTAMPTZ) AS first_seen, "
        "CAST(last_seen AS TIMESTAMPTZ) AS last_seen, "
        f"whole_days(first_seen, $as_of) AS age_days{more} "
        "FROM _everyone WHERE customer_id IS NOT NULL AND first_seen < $as_of ORDER BY 1",
        {"as_of": as_of},
    ).fetch_table()
    schema = pa.schema(
        [field.with_type(_UTC) if pa.types.is_timestamp(field.type) else field for field in table.schema]
    )
    return table.cast(schema)
