"""Compare the current rows of a change log with those of a server: checksums, differences, deletions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.lake.change_log import CRC_COLUMN, DELETED, OBSERVED_AT, SEQ, UNREADABLE, ZERO_DATES
from include.segmentation.lake.lake import Lake

BucketSums = dict[int, tuple[int, int, int]]
"""Bucket -> the number of its rows, and the XOR and the sum of their checksums."""

_ROW_NOTES = [(CRC_COLUMN, pa.int64()), (ZERO_DATES, pa.string()), (UNREADABLE, pa.string())]

_PLACE, _COPIES, _IS_LEFT_OUT = OBSERVED_AT, SEQ, DELETED
"""A row's place in its page, how often its key is logged, whether it is left out of sums. The names are reserved: no
column of a source has them."""


class RowDifferences(NamedTuple):
    """The rows of a page that differ from the log, by their place in the page."""

    missing: pa.Array
    changed: pa.Array


class LoggedRows:
    """The current rows of one change log, loaded once."""

    def __init__(self, engine: Engine, key: list[str], schema: pa.Schema) -> None:
        """Wrap an engine whose table ``_logged`` has the rows; see ``load_logged_rows``."""
        self._engine = engine
        self._key = key
        self._key_schema = pa.schema([schema.field(name) for name in key])
        self._columns = schema.names
        self._keys = ", ".join(quote_identifier(name) for name in key)
        engine.execute(f"CREATE TEMP TABLE _seen AS SELECT {self._keys} FROM _logged LIMIT 0")

    @property
    def count(self) -> int:
        """The number of rows."""
        (count,) = self._engine.execute("SELECT count(*) FROM _logged").fetch_rows()[0]
        return int(count)

    def compute_sums(self, where: str, buckets: int) -> BucketSums:
        """Sum the checksums of the rows of a condition, in buckets by the remainder of each row's checksum."""
        crc = _write_crc(quote_identifier(CRC_COLUMN))
        sums = self._engine.execute(
            f"SELECT {crc} % {buckets}, count(*), bit_xor({crc}), sum({crc}) "
            f"FROM _logged WHERE NOT {_IS_LEFT_OUT} AND {where} GROUP BY 1"
        )
        return {bucket: (count, xor, total) for bucket, count, xor, total in sums.fetch_rows()}

    def find_differing(self, page: pa.Table) -> RowDifferences:
        """Compare a page by the columns that were loaded; keys that were marked as seen are left out."""
        values = [
            quote_identifier(name) for name in page.column_names if name in self._columns and name not in self._key
        ]
        same = " AND ".join(
            [f"logged.{_COPIES} = 1", *(f"page.{name} IS NOT DISTINCT FROM logged.{name}" for name in values)]
        )
        chosen = ", ".join([self._keys, f"count(*) AS {_COPIES}", *(f"any_value({name}) AS {name}" for name in values)])
        self._engine.register_table("_page", page.append_column(_PLACE, pa.array(range(page.num_rows), pa.int64())))
        differing = self._engine.execute(
            f"""
            WITH logged AS (SELECT {chosen} FROM _logged SEMI JOIN _page USING ({self._keys}) GROUP BY {self._keys})
            SELECT page.{_PLACE} AS place, logged.{_COPIES} IS NOT NULL AS is_logged
            FROM _page AS page LEFT JOIN logged USING ({self._keys}) ANTI JOIN _seen USING ({self._keys})
            WHERE ({same}) IS NOT TRUE ORDER BY place
            """
        ).fetch_table()
        self._engine.drop_registered("_page")
        is_logged = differing["is_logged"].combine_chunks()
        rows = differing["place"].combine_chunks()
        return RowDifferences(missing=rows.filter(pa.compute.invert(is_logged)), changed=rows.filter(is_logged))

    def mark_seen(self, page: pa.Table) -> None:
        """Mark the keys of a page as seen on the server."""
        self._engine.register_table("_page", page)
        self._engine.execute(f"INSERT INTO _seen SELECT {self._keys} FROM _page")
        self._engine.drop_registered("_page")

    def find_unseen(self, where: str) -> pa.Table:
        """Return the keys of the rows of a condition that were not seen, and clear the marks."""
        keys = self._engine.execute(
            f"SELECT DISTINCT {self._keys} FROM _logged ANTI JOIN _seen USING ({self._keys}) WHERE {where}"
        ).fetch_table()
        self._engine.execute("DELETE FROM _seen")
        return keys.cast(self._key_schema)  # times in UTC, whatever the engine's zone


@contextmanager
def load_logged_rows(
    lake: Lake,
    extract: str,
    key: list[str],
    schema: pa.Schema,
    left_out: pa.Table | None = None,
    sort_columns: list[str] | None = None,
) -> Iterator[LoggedRows]:
    """Load the current rows of a log.

    Args:
        lake: where the log is; a log that was never written has no rows.
        extract: the name of the log's extract.
        key: the columns of the primary key.
        schema: the columns to load, with those of the key; the log may lack some.
        left_out: keys that ``compute_sums`` leaves out.
        sort_columns: the columns of the ranges that ``compute_sums`` will sum.
    """
    loaded = pa.schema([*schema, *_ROW_NOTES])
    with lake.open_engine() as engine:
        engine.register_table("_nothing", loaded.empty_table())
        table = lake.open_log(extract).load_table()
        rows = "SELECT * FROM _nothing"
        if table is not None:
            lake.create_current_view(engine, extract)
            names = [field.name for field in pa.schema(table.schema()) if field.name in loaded.names]
            columns = ", ".join(quote_identifier(name) for name in names)
            rows += f" UNION ALL BY NAME SELECT {columns} FROM {quote_identifier(extract)}"
        keys = ", ".join(quote_identifier(name) for name in key)
        engine.register_table("_left_out", left_out if left_out is not None else loaded.empty_table())
        order = f"ORDER BY {', '.join(quote_identifier(name) for name in sort_columns)}" if sort_columns else ""
        engine.execute(
            f"CREATE TEMP TABLE _logged AS SELECT *, ({keys}) IN (SELECT {keys} FROM _left_out) AS {_IS_LEFT_OUT} "
            f"FROM ({rows}) {order}"
        )
        yield LoggedRows(engine, key, loaded)


def write_bucket_condition(buckets: int, chosen: list[int]) -> str:
    """Write the condition of the rows whose checksum has one of these remainders."""
    return f"{_write_crc(quote_identifier(CRC_COLUMN))} % {buckets} IN ({', '.join(str(bucket) for bucket in chosen)})"


def _write_crc(column: str) -> str:
    return f"coalesce({column}, 0)"  # rows written before checksums existed have none
