"""The engine: runs SQL in DuckDB's dialect over Arrow tables and Parquet files, and answers in Arrow.

This folder is the one door to SQL. Nothing outside it imports DuckDB.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import duckdb

from include.segmentation.common.sql_quoting import quote_identifier

if TYPE_CHECKING:
    import pyarrow as pa

_DATA_ERRORS = (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException)

Parameters = Mapping[str, Any] | Sequence[Any]


class EngineError(Exception):
    """A statement failed.

    Attributes:
        is_data_error: whether the values in the data caused the failure; otherwise the SQL itself is wrong.
    """

    def __init__(self, message: str, *, is_data_error: bool) -> None:
        super().__init__(message)
        self.is_data_error = is_data_error


class QueryResult:
    """The rows that a statement returns."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def fetch_row(self) -> tuple[Any, ...] | None:
        """Return the first row, or None if there is none."""
        with _engine_errors():
            row: tuple[Any, ...] | None = self._connection.fetchone()
        return row

    def fetch_rows(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        with _engine_errors():
            return list(self._connection.fetchall())

    def fetch_table(self) -> "pa.Table":
        """Return all rows as an Arrow table."""
        with _engine_errors():
            return self._connection.to_arrow_table()

    def stream_batches(self, batch_rows: int) -> "pa.RecordBatchReader":
        """Return a reader that gives the rows in batches of at most ``batch_rows``."""
        return self._connection.to_arrow_reader(batch_rows)


class Engine:
    """An embedded DuckDB database in memory. Use it as a context manager to close it."""

    def __init__(self, time_zone: str | None = None, threads: int | None = None, **settings: Any) -> None:
        """Open the engine.

        Args:
            time_zone: an IANA name that DuckDB computes dates in; the machine's where absent.
            threads: how many threads it may use; one gives sums of floats that never change.
            settings: further settings of DuckDB.
        """
        if threads is not None:
            settings["threads"] = threads
        self._connection = duckdb.connect(config=settings)
        if time_zone is not None:
            self._connection.execute("SET TimeZone = ?", [time_zone])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the engine and drop everything in it."""
        self._connection.close()

    def execute(self, sql: str, parameters: Parameters | None = None) -> QueryResult:
        """Run one statement.

        Raises:
            EngineError: the statement fails.
        """
        with _engine_errors():
            return QueryResult(self._connection.execute(sql, parameters))

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
        """Run one SELECT into a temporary table.

        Returns:
            The type of every column, by name, in order.

        Raises:
            EngineError: the text is not exactly one SELECT, or it fails.
        """
        with _engine_errors():
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

    All calls share one database, because opening one takes longer; each has its own cursor, so threads may call it.
    """
    with _engine_errors(), _open_shared_database().cursor() as cursor:
        return list(cursor.execute(sql).fetchall())


def list_reserved_words() -> list[str]:
    """List the keywords that an identifier needs quotes for."""
    sql = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    return [word for (word,) in evaluate_select(sql)]


@cache
def _open_shared_database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@contextmanager
def _engine_errors() -> Iterator[None]:
    """Turn DuckDB's errors into ours."""
    try:
        yield
    except duckdb.Error as error:
        raise EngineError(str(error), is_data_error=isinstance(error, _DATA_ERRORS)) from error
