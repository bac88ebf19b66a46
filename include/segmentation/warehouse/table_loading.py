"""The tables in PostgreSQL: made on first use, grown by the profile, loaded by COPY."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg.sql import SQL, Composed, Identifier, Literal

from include.segmentation.errors import DataError

Row = dict[str, Any]
_SQL = Path(__file__).resolve().parents[2] / "sql" / "warehouse"


def lock_schema(connection: psycopg.Connection, schema: str) -> None:
    """Wait until nobody else publishes to the schema, and hold the place until the transaction ends."""
    connection.execute("SET LOCAL work_mem = '128MB'")
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"segmentation.publish.{schema}"])


def fingerprint_tables() -> str:
    """A fingerprint of the tables' declarations, kept with every run."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in _declarations())).hexdigest()[:12]


def create_tables(connection: psycopg.Connection, schema: str) -> None:
    """Make the schema and the published tables where they are missing or the newest run knew older declarations."""
    if _are_made(connection, schema):
        return  # even CREATE … IF NOT EXISTS and COMMENT take locks that maintenance would have to wait for
    # Looked up first: CREATE … IF NOT EXISTS asks for the privilege even where nothing has to be made.
    if not _exists(connection, "SELECT FROM pg_namespace WHERE nspname = %s", schema):
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
    if not _exists(connection, "SELECT FROM pg_extension WHERE extname = %s", "btree_gist"):
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('segmentation.extension', 0))")
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public")
    for file in _declarations():
        connection.execute(file.read_bytes())


def add_columns(connection: psycopg.Connection, table: str, columns: dict[str, tuple[str, str]]) -> None:
    """Give a table the columns that the profile adds: name -> PostgreSQL type and comment.

    Raises:
        DataError: the table has the column with another type.
    """
    found = {
        name: (kind, comment)
        for name, kind, comment in connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
    }
    for name, (kind, comment) in columns.items():
        here, said = found.get(name, (None, None))
        if here is None:
            statement = SQL("ALTER TABLE {} ADD COLUMN {} {}")
            connection.execute(statement.format(Identifier(table), Identifier(name), SQL(kind)))
        elif here != kind:
            raise DataError(
                f"warehouse table {table}: column '{name}' is {here} but the profile now gives {kind}; "
                "rename the one or drop the other; nothing was published"
            )
        if said != comment:
            statement = SQL("COMMENT ON COLUMN {}.{} IS {}")
            connection.execute(statement.format(Identifier(table), Identifier(name), Literal(comment)))


def map_column_type(kind: pa.DataType) -> str:
    """The PostgreSQL type of an Arrow type."""
    for is_kind, name in (
        (pa.types.is_integer, "bigint"),
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_floating, "double precision"),
        (pa.types.is_decimal, "numeric"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "timestamp with time zone"),
    ):
        if is_kind(kind):
            return name
    return "text"


def stage_rows(connection: psycopg.Connection, table: str, rows: pa.RecordBatchReader) -> str:
    """COPY rows into a temporary table that has the rows' columns with their types in ``table``.

    Returns:
        The name of the temporary table, which ends with the transaction.
    """
    staged = f"staged_{table}"
    columns = SQL(", ").join(map(Identifier, rows.schema.names))
    connection.execute(
        SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WHERE false").format(
            Identifier(staged), columns, Identifier(table)
        )
    )
    options = pa.csv.WriteOptions(include_header=False)
    with connection.cursor().copy(SQL("COPY {} FROM STDIN (FORMAT csv)").format(Identifier(staged))) as copy:
        for batch in rows:
            buffer = BytesIO()
            pa.csv.write_csv(batch, buffer, options)
            copy.write(buffer.getvalue())
    return staged


def insert_staged(connection: psycopg.Connection, table: str, staged: str) -> int:
    """Move staged rows into their table; returns how many."""
    return connection.execute(_insert(connection, table, staged)).rowcount


def upsert_staged(connection: psycopg.Connection, table: str, staged: str, key: str, newest_by: str) -> int:
    """Move staged rows into their table, but never over a row that is newer; returns how many were written."""
    others = [name for name in _columns(connection, staged) if name != key]
    change = SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in others)
    statement = SQL("{} ON CONFLICT ({}) DO UPDATE SET {} WHERE {table}.{newest} <= excluded.{newest}").format(
        _insert(connection, table, staged),
        Identifier(key),
        change,
        table=Identifier(table),
        newest=Identifier(newest_by),
    )
    return connection.execute(statement).rowcount


def replace_rows(
    connection: psycopg.Connection, table: str, rows: list[Row] | pa.RecordBatchReader, **where: Any
) -> int:
    """Put rows into a table in place of those whose columns equal ``where`` (all of them without it).

    A list in ``where`` stands for any of its values.

    Returns:
        How many rows were put.
    """
    tests = [
        SQL("{} = ANY({})" if isinstance(value, list) else "{} = {}").format(Identifier(name), Literal(value))
        for name, value in where.items()
    ]
    condition = SQL(" WHERE ") + SQL(" AND ").join(tests) if tests else SQL("")
    connection.execute(SQL("DELETE FROM {}").format(Identifier(table)) + condition)
    if not rows:
        return 0
    batches = pa.Table.from_pylist(rows).to_reader() if isinstance(rows, list) else rows
    return insert_staged(connection, table, stage_rows(connection, table, batches))


def run_derivation(connection: psycopg.Connection, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Run the statements of ``sql/warehouse/derive/<name>.sql`` and return the rows of the last one, if it has any."""
    cursor = psycopg.ClientCursor(connection)
    cursor.execute((_SQL / "derive" / f"{name}.sql").read_bytes(), parameters)
    while cursor.nextset():
        pass
    return cursor.fetchall() if cursor.description else []


def _insert(connection: psycopg.Connection, table: str, staged: str) -> Composed:
    columns = SQL(", ").join(map(Identifier, _columns(connection, staged)))
    return SQL("INSERT INTO {} ({columns}) SELECT {columns} FROM {}").format(
        Identifier(table), Identifier(staged), columns=columns
    )


def _columns(connection: psycopg.Connection, table: str) -> list[str]:
    cursor = connection.execute(SQL("SELECT * FROM {} LIMIT 0").format(Identifier(table)))
    return [column.name for column in cursor.description or []]


def _declarations() -> list[Path]:
    return sorted(_SQL.glob("*.sql"))


def _are_made(connection: psycopg.Connection, schema: str) -> bool:
    names = [file.stem for file in _declarations()]
    query = "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relname = ANY(%s)"
    if connection.execute(query, [schema, names]).fetchone() != (len(names),):
        return False
    newest = SQL("SELECT versions ->> 'tables' FROM {} ORDER BY finished_at DESC LIMIT 1")
    runs = Identifier(schema, "segmentation_run")  # by the search path alone, a forbidden schema would look empty
    return connection.execute(newest.format(runs)).fetchone() == (fingerprint_tables(),)


def _exists(connection: psycopg.Connection, query: LiteralString, value: str) -> bool:
    return connection.execute(query, [value]).fetchone() is not None
