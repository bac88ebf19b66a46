"""The parts of a profile's demo: where the rows come from, the tables they fill, the runs and the checks."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from demo.mysql import open_database, replace_table
from include.segmentation.lake.lake import Lake
from include.segmentation.warehouse.connection import Connection

TablesByName = Mapping[str, pa.Table]
SourceCounts = dict[str, int | Decimal]
ShowProgress = Callable[[str], object]


@dataclass(frozen=True)
class SourceTable:
    """One table of a source.

    Attributes:
        columns: the body of CREATE TABLE, in the order of the columns of the rows.
        indexes: column lists such as ``visited_at, visit_id``.
    """

    columns: str
    indexes: tuple[str, ...] = ()


def _run_no_services(_: int | None) -> AbstractContextManager[dict[str, str]]:
    return nullcontext({})


@dataclass(frozen=True)
class ProfileDemo:
    """The demo of one profile.

    Attributes:
        tables: the tables of its MySQL database.
        read: returns the rows by table, ordered by primary key. Its arguments are a file or None, the number of
            customers to generate (None: the demo's default), and a callback that reports ignored columns. It
            raises ``DataFileError`` for an unusable file, before an earlier demo is removed.
        counts: a SELECT of one row that runs on MySQL and DuckDB; lake and source must return the same values.
        runs: the DAG runs in order: a DAG of the profile and an as_of. The extraction covers all data.
        claims: pairs of a figure that the originals reported and the figure in the warehouse.
        figures: a SELECT of one row on the warehouse, printed as a table; empty for no table.
        services: runs further servers for a number of customers; yields the environment that points at them.
    """

    tables: Mapping[str, SourceTable]
    read: Callable[[Path | None, int | None, ShowProgress], TablesByName]
    counts: str
    runs: Sequence[tuple[str, date]]
    claims: Callable[[Connection], Sequence[tuple[str, str]]]
    figures: str = ""
    services: Callable[[int | None], AbstractContextManager[dict[str, str]]] = _run_no_services

    def fill_source(self, uri: str, rows: TablesByName, progress: ShowProgress = lambda _: None) -> SourceCounts:
        """Load the rows; replace existing tables.

        Args:
            uri: ``mysql://user:password@host:port/database``; the database is created if it is missing.
            rows: the result of ``read``.
            progress: receives a line about each table.

        Returns:
            The result of ``counts`` on the server.

        Raises:
            FillError: the server rejected or changed a row.
        """
        with open_database(uri) as connection:
            for name, table in self.tables.items():
                progress(f"Loading {rows[name].num_rows:,} {name.replace('_', ' ')}")
                replace_table(connection, name, table.columns, rows[name], table.indexes)
            with connection.cursor() as cursor:
                cursor.execute(self.counts)
                return _named(cursor.description, cursor.fetchone())

    def count_lake_rows(self, lake: Lake) -> SourceCounts:
        """Return the result of ``counts`` on the current rows of the lake."""
        with lake.open_engine() as engine:
            for name in self.tables:
                lake.create_current_view(engine, name)
            (row,) = engine.execute(self.counts).fetch_table().to_pylist()
            return dict(row)


def _named(description: Sequence[Sequence[object]] | None, row: Sequence[int | Decimal] | None) -> SourceCounts:
    return dict(zip([str(column[0]) for column in description or ()], row or (), strict=True))
