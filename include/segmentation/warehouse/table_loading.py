"""Loading rows into published tables: by COPY into a temporary table, then by one statement."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg.sql import SQL, Composed, Identifier, Literal

from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.published_table import PublishedTable, Row

_STATEMENTS = Path(__file__).resolve().parents[2] / "sql" / "warehouse" / "derive"


def load_rows(
    connection: Connection, table: PublishedTable, rows: Sequence[Row] | pa.RecordBatchReader, scope: Mapping[str, Any]
) -> int:
    """Load a run's rows into a table in the way that the table declares.

    Args:
        connection: inside a transaction.
        table: the table.
        rows: may leave out columns whose values are in the scope.
        scope: column -> its value in this run, or a list of its values.

    Returns:
        How many rows of the run the table has, or how many were written to a table that keeps the newest row.
    """
    if not isinstance(rows, pa.RecordBatchReader):
        names = {column.name for column in table.columns}
        shared = {name: value for name, value in scope.items() if name in names and not isinstance(value, list)}
        rows = [shared | row for row in rows]
    if table.derivation:
        return _merge_rows(connection, table, rows, scope)
    if table.newest_by:
        return _upsert_rows(connection, table, rows)
    return replace_rows(connection, table.name, rows, **{name: scope[name] for name in table.replaces})


def replace_rows(connection: Connection, table: str, rows: Sequence[Row] | pa.RecordBatchReader, **where: Any) -> int:
    """Replace the rows of a table whose columns equal ``where``, or all rows without ``where``.

    A list in ``where`` stands for any of its values.

    Returns:
        How many rows were inserted.
    """
    tests = [
        SQL("{} = ANY({})" if isinstance(value, list) else "{} = {}").format(Identifier(name), Literal(value))
        for name, value in where.items()
    ]
    condition = SQL(" WHERE ") + SQL(" AND ").join(tests) if tests else SQL("")
    connection.execute(SQL("DELETE FROM {}").format(Identifier(table)) + condition)
    if not rows:
        return 0
    return connection.execute(_write_insert(table, _stage_rows(connection, table, rows))).rowcount


def run_derivation(connection: Connection, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Run the statements of ``sql/warehouse/derive/<name>.sql`` and return the rows of the last one, if it has any."""
    cursor = psycopg.ClientCursor(connection)
    cursor.execute((_STATEMENTS / f"{name}.sql").read_bytes(), parameters)
    while cursor.nextset():
        pass
    return cursor.fetchall() if cursor.description else []


def _merge_rows(
    connection: Connection,
    table: PublishedTable,
    rows: Sequence[Row] | pa.RecordBatchReader,
    scope: Mapping[str, Any],
) -> int:
    if not rows:
        return 0
    _stage_rows(connection, table.name, rows)
    return int(run_derivation(connection, table.derivation, **scope)[0][0])


def _upsert_rows(connection: Connection, table: PublishedTable, rows: Sequence[Row] | pa.RecordBatchReader) -> int:
    columns = _stage_rows(connection, table.name, rows)
    change = SQL(", ").join(
        SQL("{0} = excluded.{0}").format(Identifier(name)) for name in columns if name not in table.primary_key
    )
    statement = SQL("{} ON CONFLICT ({}) DO UPDATE SET {} WHERE {table}.{newest} <= excluded.{newest}").format(
        _write_insert(table.name, columns),
        SQL(", ").join(map(Identifier, table.primary_key)),
        change,
        table=Identifier(table.name),
        newest=Identifier(table.newest_by),
    )
    return connection.execute(statement).rowcount


def _stage_rows(connection: Connection, table: str, rows: Sequence[Row] | pa.RecordBatchReader) -> list[str]:
    """COPY rows into the temporary table ``staged_<table>``, with the types of the table; returns their columns."""
    batches = rows if isinstance(rows, pa.RecordBatchReader) else pa.Table.from_pylist(rows).to_reader()
    names: list[str] = batches.schema.names
    connection.execute(
        SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WHERE false").format(
            Identifier(f"staged_{table}"), SQL(", ").join(map(Identifier, names)), Identifier(table)
        )
    )
    options = pa.csv.WriteOptions(include_header=False)
    copy_rows = SQL("COPY {} FROM STDIN (FORMAT csv)").format(Identifier(f"staged_{table}"))
    with connection.cursor().copy(copy_rows) as copy:
        for batch in batches:
            buffer = BytesIO()
            pa.csv.write_csv(batch, buffer, options)
            copy.write(buffer.getvalue())
    return names


def _write_insert(table: str, columns: Sequence[str]) -> Composed:
    return SQL("INSERT INTO {} ({columns}) SELECT {columns} FROM {}").format(
        Identifier(table), Identifier(f"staged_{table}"), columns=SQL(", ").join(map(Identifier, columns))
    )
