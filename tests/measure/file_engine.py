"""A second engine, to prove the seam: its database is a file on disk, and it answers with whole Arrow tables only.

This module and one line in ``ENGINES`` are all that it takes.
"""

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from include.segmentation.engine.engine import Engine, EngineError, Parameters, QueryResult


class ArrowResult(QueryResult):
    def __init__(self, table: pa.Table) -> None:
        self._rows = iter(zip(*(column.to_pylist() for column in table.columns), strict=True))
        self._table = table

    def fetch_row(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetch_rows(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def fetch_table(self) -> pa.Table:
        return self._table

    def stream_batches(self, batch_rows: int) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self._table.schema, self._table.to_batches(batch_rows))


class FileEngine(Engine):
    statements: list[str] = []  # noqa: RUF012 - of all engines of a test

    def __init__(self, time_zone: str | None = None, threads: int | None = None) -> None:
        self._folder = TemporaryDirectory()
        self._connection = duckdb.connect(str(Path(self._folder.name) / "engine.db"))
        if time_zone:
            self.execute(f"SET TimeZone = '{time_zone}'")
        if threads:
            self.execute(f"SET threads = {threads}")

    def close(self) -> None:
        self._connection.close()
        self._folder.cleanup()

    def execute(self, sql: str, parameters: Parameters | None = None) -> QueryResult:
        self.statements.append(sql)
        with engine_errors():
            return ArrowResult(self._connection.execute(sql, parameters).to_arrow_table())

    def register_table(self, name: str, table: pa.Table) -> None:
        self._connection.register(name, table)

    def drop_registered(self, name: str) -> None:
        self._connection.unregister(name)

    def create_view(self, name: str, select: str) -> None:
        self.execute(f'CREATE OR REPLACE VIEW "{name}" AS {select}')

    def create_table(self, name: str, select: str) -> dict[str, str]:
        self.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
        return self.describe_table(name)

    def describe_table(self, name: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.execute(f"DESCRIBE {name}").fetch_rows()}


@contextmanager
def engine_errors() -> Any:
    try:
        yield
    except duckdb.Error as error:
        raise EngineError(str(error), is_data_error=isinstance(error, duckdb.DataError)) from error
