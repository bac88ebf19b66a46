"""What a change log holds now, beside what a server has: checksums, differences, and what is gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.lake.change_log import CRC_COLUMN, DELETED, OBSERVED_AT, SEQ, UNREADABLE, ZERO_DATES
from include.segmentation.lake.lake import Lake

BucketSums = dict[int, tuple[int, int, int]]
"""Bucket -> how many rows, the XOR and the sum of their checksums."""

_SERVERS_OWN = [(CRC_COLUMN, pa.int64()), (ZERO_DATES, pa.string()), (UNREADABLE, pa.string())]

_PLACE, _TIMES, _IS_MOVED = OBSERVED_AT, SEQ, DELETED
"""A row's place in its page, how often its key is held, whether ``sums`` leave it out: names that no source's column
has."""


class RowDifferences(NamedTuple):
    """The rows of a page that a log does not hold like that, by their place in the page."""

    missing: pa.Array
    changed: pa.Array


class LoggedRows:
    """The current rows of one change log, read once."""

    def __init__(self, engine: Engine, key: list[str], schema: pa.Schema) -> None:
        """Wrap an engine whose table ``_held`` has the rows; see ``holding``."""
        self._engine = engine
        self._key = key
        self._key_schema = pa.schema([schema.field(name) for name in key])
        self._columns = schema.names
        self._keys = ", ".join(quote_identifier(name) for name in key)
        engine.execute(f"CREATE TEMP TABLE _seen AS SELECT {self._keys} FROM _held LIMIT 0")

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._number("SELECT count(*) FROM _held")

    def compute_sums(self, where: str, buckets: int) -> BucketSums:
        """The checksums of the rows of a condition, in buckets by the remainder of each row's own checksum."""
        crc = _crc(quote_identifier(CRC_COLUMN))
        found = self._engine.execute(
            f"SELECT {crc} % {buckets}, count(*), bit_xor({crc}), sum({crc}) "
            f"FROM _held WHERE NOT {_IS_MOVED} AND {where} GROUP BY 1"
        )
        return {bucket: (count, xor, total) for bucket, count, xor, total in found.fetch_rows()}

    def find_differing(self, page: pa.Table) -> RowDifferences:
        """Compare a page by the columns that it shares with what was read; keys seen before are left out."""
        values = [
            quote_identifier(name) for name in page.column_names if name in self._columns and name not in self._key
        ]
        same = " AND ".join(
            [f"held.{_TIMES} = 1", *(f"page.{name} IS NOT DISTINCT FROM held.{name}" for name in values)]
        )
        chosen = ", ".join([self._keys, f"count(*) AS {_TIMES}", *(f"any_value({name}) AS {name}" for name in values)])
        self._engine.register_table("_page", page.append_column(_PLACE, pa.array(range(page.num_rows), pa.int64())))
        found = self._engine.execute(
            f"""
            WITH held AS (SELECT {chosen} FROM _held SEMI JOIN _page USING ({self._keys}) GROUP BY {self._keys})
            SELECT page.{_PLACE} AS place, held.{_TIMES} IS NOT NULL AS is_held
            FROM _page AS page LEFT JOIN held USING ({self._keys}) ANTI JOIN _seen USING ({self._keys})
            WHERE ({same}) IS NOT TRUE ORDER BY place
            """
        ).fetch_table()
        self._engine.drop_registered("_page")
        is_held = found["is_held"].combine_chunks()
        rows = found["place"].combine_chunks()
        return RowDifferences(missing=rows.filter(pa.compute.invert(is_held)), changed=rows.filter(is_held))

    def mark_seen(self, page: pa.Table) -> None:
        """Remember that a server has the keys of a page."""
        self._engine.register_table("_page", page)
        self._engine.execute(f"INSERT INTO _seen SELECT {self._keys} FROM _page")
        self._engine.drop_registered("_page")

    def find_unseen(self, where: str) -> pa.Table:
        """The keys of the rows of a condition that were not seen; what was seen is forgotten."""
        keys = self._engine.execute(
            f"SELECT DISTINCT {self._keys} FROM _held ANTI JOIN _seen USING ({self._keys}) WHERE {where}"
        ).fetch_table()
        self._engine.execute("DELETE FROM _seen")
        return keys.cast(self._key_schema)  # times in UTC, whatever the engine's time zone

    def _number(self, sql: str) -> int:
        found = self._engine.execute(sql).fetch_row()
        return int(found[0]) if found else 0


@contextmanager
def load_logged_rows(
    lake: Lake,
    extract: str,
    key: list[str],
    schema: pa.Schema,
    moved: pa.Table | None = None,
    by: list[str] | None = None,
) -> Iterator[LoggedRows]:
    """Read the current rows of a log.

    Args:
        lake: where the log is; one that was never written holds nothing.
        extract: whose log.
        key: the columns of the primary key.
        schema: the source's columns that are to be read, with those of the key; a log may lack some.
        moved: keys that ``sums`` leaves out.
        by: the columns by which ``sums`` will be asked for many ranges.
    """
    read = pa.schema([*schema, *_SERVERS_OWN])
    with lake.open_engine() as engine:
        engine.register_table("_nothing", read.empty_table())
        table = lake.open_log(extract).load_table()
        rows = "SELECT * FROM _nothing"
        if table is not None:
            lake.create_current_view(engine, extract)
            held = [field.name for field in pa.schema(table.schema()) if field.name in read.names]
            columns = ", ".join(quote_identifier(name) for name in held)
            rows += f" UNION ALL BY NAME SELECT {columns} FROM {quote_identifier(extract)}"
        keys = ", ".join(quote_identifier(name) for name in key)
        engine.register_table("_moved", moved if moved is not None else read.empty_table())
        order = f"ORDER BY {', '.join(quote_identifier(name) for name in by)}" if by else ""
        engine.execute(
            f"CREATE TEMP TABLE _held AS SELECT *, ({keys}) IN (SELECT {keys} FROM _moved) AS {_IS_MOVED} "
            f"FROM ({rows}) {order}"
        )
        yield LoggedRows(engine, key, read)


def write_bucket_condition(buckets: int, chosen: list[int]) -> str:
    """The condition of the rows whose checksum has one of these remainders."""
    return f"{_crc(quote_identifier(CRC_COLUMN))} % {buckets} IN ({', '.join(str(bucket) for bucket in chosen)})"


def _crc(column: str) -> str:
    return f"coalesce({column}, 0)"  # a row of a log that was written before there were any
