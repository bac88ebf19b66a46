"""Figures: numbers about the business as a whole at as_of, from the profile's SQL, in one table."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.artifacts import FigureSummary, MeasureArtifacts
from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.errors import DataError, ProfileError
from include.segmentation.measure.kpi_values import NUMBERS, write_rounding_sql
from include.segmentation.measure.measured_customers import create_population_table, load_customers
from include.segmentation.measure.sql_templates import create_table, render_sql, write_moment
from include.segmentation.profile.figures import FIGURES, Figure
from include.segmentation.run import Run

_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("figure", "row", "column", "measure")),
        *((name, pa.int64()) for name in ("row_position", "column_position")),
        ("value", pa.float64()),
    ]
)


def measure_figures(run: Run, connection: Engine) -> FigureSummary:
    """Measure every figure of the profile and write one table with a row per value.

    Raises:
        ProfileError: the SQL is wrong, never uses as_of, or does not return what is declared.
        DataError: two rows of a figure have the same words, or a row has none; a value is not finite; the
            population has not been measured.
    """
    load_customers(run, connection)
    create_population_table(connection, {}, "$as_of", "true", {"as_of": run.as_of})
    tables = [_SCHEMA.empty_table()]
    for name, figure in run.profile.figures.items():
        path = run.profile.sql_dir / FIGURES / f"{name}.sql"
        tables.append(compute_figure(connection, name, figure, render_figure(path, run.as_of), path))
        _check_finite(tables[-1], path)
    table = pa.concat_tables(tables)
    return FigureSummary(
        figures=len(run.profile.figures),
        rows=table.num_rows,
        path=MeasureArtifacts(run).locate_figures().write_table(table),
    )


def render_figure(path: Path, as_of: datetime) -> str:
    """Fill in ``{{ as_of }}``.

    Raises:
        ProfileError: the template is wrong, or does not use as_of, so that a run of the past would see later rows.
    """
    sql = render_sql(path, {}, as_of)
    if write_moment(as_of) not in sql:
        raise ProfileError(
            f"{path}: does not use as_of, so a run of the past would see later rows; "
            "add a condition on the time of what is counted, such as ordered_at < {{ as_of }}"
        )
    return sql


def compute_figure(connection: Engine, name: str, figure: Figure, sql: str, path: Path) -> pa.Table:
    """Compute one figure. Rows keep the order of the SQL; columns are sorted.

    Args:
        connection: holds table ``population`` (customer_id, first_seen, as_of) and the accepted views.
        name: its name in the profile.
        figure: its declaration.
        sql: the rendered file.
        path: the file, for messages.

    Raises:
        ProfileError: the SQL is wrong, or its columns are not the declared ones.
        DataError: two rows have the same words, or a row has none.
    """
    _check_columns(create_table(connection, "_figure", sql, path), figure, path)
    _check_words(connection, figure, path)
    row, *rest = map(quote_identifier, figure.by)
    column, order = (f"CAST({rest[0]} AS VARCHAR)", f"dense_rank() OVER (ORDER BY {rest[0]})") if rest else ("''", "1")
    parts = [
        f"SELECT '{name}' AS figure, CAST({row} AS VARCHAR) AS row, {column} AS column, '{measure}' AS measure, "
        f"dense_rank() OVER (ORDER BY first_row) AS row_position, {order} AS column_position, "
        f"{write_rounding_sql(measure, value.resolution)} AS value "
        f"FROM (SELECT *, min(rowid) OVER (PARTITION BY {row}) AS first_row FROM _figure) AS f"
        for measure, value in figure.values.items()
    ]
    query = f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY row_position, column_position, measure"
    return connection.execute(query).fetch_table().cast(_SCHEMA)


def _check_columns(types: dict[str, str], figure: Figure, path: Path) -> None:
    declared = [*figure.by, *figure.values]
    if list(types) != declared:
        raise ProfileError(f"{path}: found columns {', '.join(types)}; allowed: {', '.join(declared)}, in this order")
    for name in figure.values:
        if not types[name].startswith(NUMBERS) or types[name].endswith("]"):
            raise ProfileError(f"{path}: value '{name}' is {types[name]}; allowed: numbers")


def _check_words(connection: Engine, figure: Figure, path: Path) -> None:
    words = ", ".join(map(quote_identifier, figure.by))
    for name in figure.by:
        (nulls,) = connection.execute(f'SELECT count(*) FROM _figure WHERE "{name}" IS NULL').fetch_rows()[0]
        if nulls:
            raise DataError(f"{path}: column {name} is NULL in {nulls} rows; NULL is not allowed")
    duplicate = connection.execute(
        f"SELECT {words} FROM _figure GROUP BY {words} HAVING count(*) > 1 ORDER BY {words} LIMIT 1"
    ).fetch_row()
    if duplicate:
        raise DataError(f"{path}: found more than one row for {', '.join(map(str, duplicate))}; allowed: one")


def _check_finite(figure: pa.Table, path: Path) -> None:
    """Refuse infinite values. This does not apply to empty tables, where every share is 0 / 0."""
    infinite = figure.filter(pc.invert(pc.is_finite(figure["value"])))  # without NULL
    if infinite.num_rows:
        names = infinite["measure"].to_pylist()
        raise DataError(
            f"{path}: value '{names[0]}' is not finite in {names.count(names[0])} rows; allowed: numbers and NULL; "
            "divide by nullif(x, 0)"
        )
