"""Compare the current rows of a change log with what a server has: checksums, different rows, and deleted ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.lake.lake import Lake
from include.segmentation.lake.log_columns import CRC_COLUMN, DELETED, OBSERVED_AT, SEQ, UNREADABLE, ZERO_DATES

BucketSums = dict[int, tuple[int, int, int]]
"""Bucket -> number of rows, and the XOR and the sum of their checksums."""

_COMPARED_LOG_COLUMNS = [(CRC_COLUMN, pa.int64()), (ZERO_DATES, pa.string()), (UNREADABLE, pa.string())]

_PLACE, _COPIES, _IS_MOVED = OBSERVED_AT, SEQ, DELETED
"""A row's place in its page, how many rows have its key, and whether ``compute_sums`` leaves it out. No column of a
source has these names."""


class RowDifferences(NamedTuple):
    """Places in a page of the rows that a log lacks, and of those that it holds with other values."""

    missing: pa.Array
    changed: pa.Array


class LoggedRows:
    """The current rows of one change log, read once. See ``load_logged_rows``."""

    def __init__(self, engine: Engine, key: list[str], schema: pa.Schema) -> None:
        """Wrap an engine whose table ``_logged`` has the rows."""
        self._engine = engine
        self._key = key
        self._key_schema = pa.schema([schema.field(name) for name in key])
        self._columns = schema.names
        self._keys = ", ".join(quote_identifier(name) for name in key)
        engine.execute(f"CREATE TEMP TABLE _seen AS SELECT {self._keys} FROM _logged LIMIT 0")

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self._engine.execute("SELECT count(*) FROM _logged").fetch_rows()[0][0])

    def compute_sums(self, where: str, buckets: int) -> BucketSums:
        """Sum the checksums of the rows that meet a condition, in buckets by the remainder of each row's checksum."""
        crc = _write_crc(quote_identifier(CRC_COLUMN))
        rows = self._engine.execute(
            f"SELECT {crc} % {buckets}, count(*), bit_xor({crc}), sum({crc}) "
            f"FROM _logged WHERE NOT {_IS_MOVED} AND {where} GROUP BY 1"
        ).fetch_rows()
        return {bucket: (count, xor, total) for bucket, count, xor, total in rows}

    def find_differing(self, page: pa.Table) -> RowDifferences:
        """Compare a page with the log by the columns that both have. Keys that were marked as seen are left out."""
        values = [
            quote_identifier(name) for name in page.column_names if name in self._columns and name not in self._key
        ]
        same = " AND ".join(
            [f"logged.{_COPIES} = 1", *(f"page.{name} IS NOT DISTINCT FROM logged.{name}" for name in values)]
        )
        columns = [self._keys, f"count(*) AS {_COPIES}", *(f"any_value({name}) AS {name}" for name in values)]
        self._engine.register_table("_page", page.append_column(_PLACE, pa.array(range(page.num_rows), pa.int64())))
        differences = self._engine.execute(
            f"""
            WITH logged AS (
                SELECT {", ".join(columns)} FROM _logged SEMI JOIN _page USING ({self._keys}) GROUP BY {self._keys}
            )
            SELECT page.{_PLACE} AS place, logged.{_COPIES} IS NOT NULL AS is_logged
            FROM _page AS page LEFT JOIN logged USING ({self._keys}) ANTI JOIN _seen USING ({self._keys})
            WHERE ({same}) IS NOT TRUE ORDER BY place
            """
        ).fetch_table()
        self._engine.drop_registered("_page")
        is_logged = differences["is_logged"].combine_chunks()
        places = differences["place"].combine_chunks()
        return RowDifferences(missing=places.filter(pa.compute.invert(is_logged)), changed=places.filter(is_logged))

    def mark_seen(self, page: pa.Table) -> None:
        """Remember that the server has the keys of a page."""
        self._engine.register_table("_page", page)
        self._engine.execute(f"INSERT INTO _seen SELECT {self._keys} FROM _page")
        self._engine.drop_registered("_page")

    def find_unseen(self, where: str) -> pa.Table:
        """Return the keys of the rows that meet a condition and were not seen; then forget what was seen."""
        keys = self._engine.execute(
            f"SELECT DISTINCT {self._keys} FROM _logged ANTI JOIN _seen USING ({self._keys}) WHERE {where}"
        ).fetch_table()
        self._engine.execute("DELETE FROM _seen")
        return keys.cast(self._key_schema)  # times in UTC, whatever the engine's time zone


@contextmanager
def load_logged_rows(
    lake: Lake,
    extract: str,
    key: list[str],
    schema: pa.Schema,
    moved: pa.Table | None = None,
    by: list[str] | None = None,
) -> Iterator[LoggedRows]:
    """Load the current rows of a log into an engine.

    Args:
        lake: the lake that has the log. A log that was never written has no rows.
        extract: the extract of the log.
        key: the columns of the primary key.
        schema: the source's columns to load, including the key. Columns that the log lacks are NULL.
        moved: keys that ``compute_sums`` leaves out.
        by: the columns whose ranges ``compute_sums`` will be called with.
    """
    columns = pa.schema([*schema, *_COMPARED_LOG_COLUMNS])
    with lake.open_engine() as engine:
        engine.register_table("_nothing", columns.empty_table())
        table = lake.open_log(extract).load_table()
        rows = "SELECT * FROM _nothing"
        if table is not None:
            lake.create_current_view(engine, extract)
            names = [field.name for field in pa.schema(table.schema()) if field.name in columns.names]
            selected = ", ".join(quote_identifier(name) for name in names)
            rows += f" UNION ALL BY NAME SELECT {selected} FROM {quote_identifier(extract)}"
        keys = ", ".join(quote_identifier(name) for name in key)
        engine.register_table("_moved", moved if moved is not None else columns.empty_table())
        order = f"ORDER BY {', '.join(quote_identifier(name) for name in by)}" if by else ""
        engine.execute(
            f"CREATE TEMP TABLE _logged AS SELECT *, ({keys}) IN (SELECT {keys} FROM _moved) AS {_IS_MOVED} "
            f"FROM ({rows}) {order}"
        )
        yield LoggedRows(engine, key, columns)


def write_bucket_condition(buckets: int, selected: list[int]) -> str:
    """Write the condition that a row's checksum falls into one of the selected buckets."""
    return f"{_write_crc(quote_identifier(CRC_COLUMN))} % {buckets} IN ({', '.join(map(str, selected))})"


def _write_crc(column: str) -> str:
    return f"coalesce({column}, 0)"  # old rows of a log may have no checksum
