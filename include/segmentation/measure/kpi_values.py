"""The KPIs of one macro segment, checked against their declaration and rounded.

A value is rounded to the nearest multiple of its resolution, and an exact half away from zero. A value within a
billionth of a half counts as a half, so that 0.35 rounds to 0.4 although no binary number equals it.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from include.segmentation.engine.engine import Engine
from include.segmentation.errors import DataError, ProfileError
from include.segmentation.measure.sql_templates import create_table
from include.segmentation.profile.kpis import AGE_COLUMN, Kpi

WHOLE_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
                 "UHUGEINT")  # fmt: skip
NUMBERS = (*WHOLE_NUMBERS, "FLOAT", "DOUBLE", "DECIMAL")
_LARGEST = 1e15
"""Beyond this, doubles cannot represent cents."""
_HALF_TOLERANCE = 1e-9


def compute_kpis(connection: Engine, kpis: Mapping[str, Kpi], sql: str, path: Path) -> None:
    """Fill table ``_measured``: customer_id (native), age_days and every KPI as DOUBLE, one row per population row.

    Args:
        connection: holds table ``population`` (customer_id, first_seen, as_of, the windows' moments) and the
            accepted views.
        kpis: their declarations.
        sql: the rendered file.
        path: the file, for messages.

    Raises:
        ProfileError: the columns are not customer_id and the KPIs, or a KPI is not a number.
        DataError: a customer is missing, unknown or duplicated; a value is not finite or below its minimum; a value
            is NULL where it must not be, or not NULL where it must be.
    """
    types = create_table(connection, "_returned", sql, path)
    _check_columns(types, kpis, path)
    _check_id(connection, types["customer_id"], path)
    _check_customers(connection, path)
    for name, kpi in kpis.items():
        _check_values(connection, name, kpi, path)
    columns = ", ".join(f'{write_rounding_sql(name, kpi.resolution)} AS "{name}"' for name, kpi in kpis.items())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _measured AS "
        f"SELECT p.customer_id, whole_days(p.first_seen, p.as_of) AS {AGE_COLUMN}, {columns} "
        "FROM population AS p INNER JOIN _returned AS f ON f.customer_id = p.customer_id"
    )
    for name, kpi in kpis.items():
        _check_undefined(connection, name, kpi.undefined_when or "false", path)


def _check_columns(types: Mapping[str, str], kpis: Mapping[str, Kpi], path: Path) -> None:
    allowed = ["customer_id", *kpis]
    missing = [name for name in allowed if name not in types]
    if missing:
        raise ProfileError(f"{path}: column {', '.join(missing)} is missing; found {', '.join(types)}")
    unknown = [name for name in types if name not in allowed]
    if unknown:
        raise ProfileError(f"{path}: column {', '.join(unknown)} is not declared; allowed: {', '.join(allowed)}")
    for name in kpis:
        if not types[name].startswith(NUMBERS) or types[name].endswith("]"):
            raise ProfileError(f"{path}: KPI '{name}' is {types[name]}; allowed: numbers")


def _check_id(connection: Engine, id_type: str, path: Path) -> None:
    """Refuse ids that DuckDB would convert to compare them: '01' would be customer 1."""
    allowed = connection.describe_table("population")["customer_id"]
    if id_type != allowed and not (id_type.startswith(NUMBERS) and allowed.startswith(NUMBERS)):
        raise ProfileError(f"{path}: customer_id is {id_type}; allowed: {allowed}, as in population.sql")


def _check_customers(connection: Engine, path: Path) -> None:
    for what, sql in {
        "customers are returned more than once": (
            "SELECT customer_id FROM _returned GROUP BY customer_id HAVING count(*) > 1"
        ),
        "rows are of customers outside the population": (
            "SELECT f.customer_id FROM _returned AS f ANTI JOIN population AS p ON p.customer_id = f.customer_id"
        ),
        "customers of the population are missing": (
            "SELECT p.customer_id FROM population AS p ANTI JOIN _returned AS f ON f.customer_id = p.customer_id"
        ),
    }.items():
        _refuse_rows(connection, sql, f"{path}: {{count}} {what}, such as {{example}}")


def _check_values(connection: Engine, name: str, kpi: Kpi, path: Path) -> None:
    value = f'CAST("{name}" AS DOUBLE)'
    _refuse_rows(
        connection,
        f"SELECT customer_id, {value} FROM _returned WHERE NOT isfinite({value}) OR abs({value}) > {_LARGEST}",
        f"{path}: KPI '{name}' is not finite (or over {_LARGEST:g}) for {{count}} customers, such as {{example}}",
    )
    if kpi.minimum is not None:
        _refuse_rows(
            connection,
            f"SELECT customer_id, {value} FROM _returned WHERE {value} < {kpi.minimum!r}",
            f"{path}: KPI '{name}' is below its minimum {kpi.minimum:g} for {{count}} customers, such as {{example}}",
        )


def _check_undefined(connection: Engine, name: str, condition: str, path: Path) -> None:
    declared = "it declares no undefined_when" if condition == "false" else f"undefined_when is '{condition}'"
    for state, sql in {
        "NULL": f'SELECT customer_id FROM _measured WHERE "{name}" IS NULL AND NOT coalesce({condition}, false)',
        "not NULL": f'SELECT customer_id FROM _measured WHERE "{name}" IS NOT NULL AND coalesce({condition}, false)',
    }.items():
        message = f"{path}: KPI '{name}' is {state} for {{count}} customers, such as {{example}}, but {declared}"
        _refuse_rows(connection, sql, message)


def _refuse_rows(connection: Engine, sql: str, message: str) -> None:
    rows = connection.execute(f"SELECT *, count(*) OVER () FROM ({sql}) ORDER BY ALL LIMIT 1").fetch_rows()
    for customer, *value, count in rows:
        example = f"customer {customer}" + (f" ({value[0]:g})" if value else "")
        raise DataError(message.format(count=count, example=example))


def write_rounding_sql(name: str, resolution: float) -> str:
    """Write the SQL that rounds a column of table ``f``."""
    step = Decimal(repr(resolution))
    places = max(0, -int(step.normalize().as_tuple().exponent))
    units = int(step.scaleb(places))
    value = f'CAST(f."{name}" AS DOUBLE)'
    steps = f"floor(abs({value}) * 1e{places} / {units} + 0.5 + {_HALF_TOLERANCE})"
    return f"sign({value}) * {steps} * {units} / 1e{places} + 0.0"  # never -0.0
