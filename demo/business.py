"""What a demo of a profile is: where its rows come from, the tables they fill, what is run and what is checked."""

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
        columns: the body of CREATE TABLE, in the order of the rows' columns.
        indexes: column lists such as ``visited_at, visit_id``.
    """

    columns: str
    indexes: tuple[str, ...] = ()


def _nothing_else(_: int | None) -> AbstractContextManager[dict[str, str]]:
    return nullcontext({})


@dataclass(frozen=True)
class ProfileDemo:
    """The demo of one profile.

    Attributes:
        tables: what its MySQL database holds.
        read: the rows by table, ordered by primary key, from a file (a path) or generated (so many customers; as many
            as the demo has where that is None). It tells what it leaves out, and raises ``DataFileError`` for what it
            can not take: it is called before anything of an earlier demo is removed.
        counts: one SELECT of one row that MySQL and DuckDB answer alike; the lake has to give what the source gave.
        runs: the DAG runs in order, each a DAG of the profile and an as_of; the extraction reaches the end of the data.
        claims: what the originals reported, each beside what the warehouse says.
        figures: one SELECT of one row on the warehouse, for numbers worth a table of their own; none where empty.
        services: what else has to run, made for so many customers; gives the environment that points at it.
    """

    tables: Mapping[str, SourceTable]
    read: Callable[[Path | None, int | None, ShowProgress], TablesByName]
    counts: str
    runs: Sequence[tuple[str, date]]
    claims: Callable[[Connection], Sequence[tuple[str, str]]]
    figures: str = ""
    services: Callable[[int | None], AbstractContextManager[dict[str, str]]] = _nothing_else

    def fill_source(self, uri: str, rows: TablesByName, progress: ShowProgress = lambda _: None) -> SourceCounts:
        """Load the rows; tables of an earlier filling are replaced.

        Args:
            uri: ``mysql://user:password@host:port/database``; the database is made when missing.
            rows: as ``read`` gave them.
            progress: told what is being done.

        Returns:
            ``counts`` as the server answers.

        Raises:
            FillError: the server did not take every row as it was given.
        """
        with open_database(uri) as connection:
            for name, table in self.tables.items():
                progress(f"Loading {rows[name].num_rows:,} {name.replace('_', ' ')}")
                replace_table(connection, name, table.columns, rows[name], table.indexes)
            with connection.cursor() as cursor:
                cursor.execute(self.counts)
                return _named(cursor.description, cursor.fetchone())

    def count_lake_rows(self, lake: Lake) -> SourceCounts:
        """``counts`` as the current rows of the lake answer."""
        with lake.open_engine() as engine:
            for name in self.tables:
                lake.create_current_view(engine, name)
            (row,) = engine.execute(self.counts).fetch_table().to_pylist()
            return dict(row)


def _named(description: Sequence[Sequence[object]] | None, row: Sequence[int | Decimal] | None) -> SourceCounts:
    return dict(zip([str(column[0]) for column in description or ()], row or (), strict=True))
