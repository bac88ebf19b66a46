"""DuckDB as an engine: embedded, in memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine, EngineError, Parameters, QueryResult

if TYPE_CHECKING:
    import pyarrow as pa

_DATA_ERRORS = (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException)


class DuckDBResult(QueryResult):
    """The rows of a DuckDB statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def fetch_row(self) -> tuple[Any, ...] | None:
        """Return the next row, or None if there is none."""
        with _translate_errors():
            row: tuple[Any, ...] | None = self._connection.fetchone()
        return row

    def fetch_rows(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        with _translate_errors():
            return list(self._connection.fetchall())

    def fetch_table(self) -> "pa.Table":
        """Return all rows as an Arrow table."""
        with _translate_errors():
            return self._connection.to_arrow_table()

    def stream_batches(self, batch_rows: int) -> "pa.RecordBatchReader":
        """Return a reader that gives the rows in batches of at most ``batch_rows``."""
        return self._connection.to_arrow_reader(batch_rows)


class DuckDBEngine(Engine):
    """A DuckDB database in memory."""

    def __init__(self, time_zone: str | None = None, threads: int | None = None, **settings: Any) -> None:
        """Open the engine; ``settings`` are further settings of DuckDB."""
        if threads is not None:
            settings["threads"] = threads
        self._connection = duckdb.connect(config=settings)
        if time_zone is not None:
            self._connection.execute("SET TimeZone = ?", [time_zone])

    def close(self) -> None:
        """Close the database and drop everything in it."""
        self._connection.close()

    def execute(self, sql: str, parameters: Parameters | None = None) -> QueryResult:
        """Run one statement."""
        with _translate_errors():
            return DuckDBResult(self._connection.execute(sql, parameters))

    def register_table(self, name: str, table: "pa.Table") -> None:
        """Make an Arrow table readable under a name."""
        self._connection.register(name, table)

    def drop_registered(self, name: str) -> None:
        """Forget a registered Arrow table."""
        self._connection.unregister(name)

    def create_view(self, name: str, select: str) -> None:
        """Create a view, or replace the one of that name."""
        self.execute(f"CREATE OR REPLACE VIEW {quote_identifier(name)} AS {select}")

    def create_table(self, name: str, select: str) -> dict[str, str]:
        """Run one SELECT into a temporary table, or replace the one of that name."""
        with _translate_errors():
            statements = self._connection.extract_statements(select)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise EngineError(f"found {len(statements)} statements; allowed: one SELECT", is_data_error=False)
        self.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
        return self.describe_table(name)

    def describe_table(self, name: str) -> dict[str, str]:
        """Return the type of every column of a table or view, by name, in order."""
        return {row[0]: row[1] for row in self.execute(f"DESCRIBE {name}").fetch_rows()}


def evaluate_select(sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a SELECT that reads no table.

    All calls of a process share one database, because opening one takes longer. Each has its own cursor, so threads may
    call it.
    """
    with _translate_errors(), _open_shared_database(os.getpid()).cursor() as cursor:
        return list(cursor.execute(sql).fetchall())


def list_reserved_words() -> list[str]:
    """List the keywords of DuckDB's SQL that an identifier needs quotes for."""
    sql = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    return [word for (word,) in evaluate_select(sql)]


@cache
def _open_shared_database(process_id: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001 - a fork needs its own
    return duckdb.connect()


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Raise DuckDB's errors as `EngineError`."""
    try:
        yield
    except duckdb.Error as error:
        raise EngineError(str(error), is_data_error=isinstance(error, _DATA_ERRORS)) from error
