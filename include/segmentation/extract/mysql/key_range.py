"""Ranges of a primary key in the server's order, and the checksums of their rows on the server.

Bounds are keys that came from the server; only the server compares texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier, quote_mysql_identifier
from include.segmentation.extract.log_comparison import BucketSums
from include.segmentation.extract.mysql.page.keyset import (
    Position,
    Relation,
    limit_between,
    write_after_condition,
    write_up_to_condition,
)
from include.segmentation.extract.mysql.row.line_sql import write_crc_sql
from include.segmentation.extract.mysql.row.mysql_columns import MOMENT, MySQLColumn
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.server.server_load import wait_while_busy
from include.segmentation.extract.page_size import PageSize

_NO_MERGE = "LIMIT 18446744073709551615"
"""Keeps newer servers from merging the derived table, which would compute every line twice."""


@dataclass(frozen=True)
class KeyRange:
    """The keys after one key and up to another, which is included.

    Attributes:
        order: columns of the primary key, unique together (see ``find_walk_order``).
        after: None for no lower bound.
        to: None for no upper bound.
    """

    order: list[MySQLColumn]
    after: Position | None = None
    to: Position | None = None

    @property
    def server_condition(self) -> str:
        """The condition of its rows on the server."""
        ends = [write_after_condition(self.order, self.after)] if self.after is not None else []
        ends += [write_up_to_condition(self.order, self.to)] if self.to is not None else []
        return " AND ".join(ends) or "1 = 1"

    @property
    def lake_condition(self) -> str:
        """The condition of the same rows in the lake; only valid if ``has_same_order``."""
        ends = [_write_lake_comparison(self.order, self.after, ">", ">")] if self.after is not None else []
        ends += [_write_lake_comparison(self.order, self.to, "<", "<=")] if self.to is not None else []
        return " AND ".join(ends) or "true"


def find_walk_order(relation: Relation, key: list[MySQLColumn]) -> list[MySQLColumn]:
    """Find the columns of the primary key to walk along: those of a unique index in its order, if there is one."""
    by_name = {column.name: column for column in key}
    for index in relation.indexes:
        if index.is_unique and index.order and set(index.columns) <= set(by_name):
            return [by_name[name] for name in index.columns]
    return key


def has_same_order(order: list[MySQLColumn]) -> bool:
    """Check that the lake orders these columns as the server does: numbers and times, but not texts with collations."""
    return all(
        (column.is_time and not column.allows_zero_dates) or column.is_whole_number or pa.types.is_decimal(column.type)
        for column in order
    )


def divide_range(server: MySQLServer, relation: Relation, key_range: KeyRange, size: PageSize) -> Iterator[KeyRange]:
    """Divide a range into adjoining ranges of about ``size.rows`` rows; between them wait while the server is busy."""
    keys = ", ".join(quote_mysql_identifier(column.name) for column in key_range.order)
    rest = key_range
    while True:
        wait_while_busy(server)
        keys_at_end = server.fetch_rows(
            f"SELECT {keys} FROM {_write_from(relation, key_range)} WHERE {rest.server_condition} "
            f"ORDER BY {keys} LIMIT {size.rows - 1}, 1"
        )
        if not keys_at_end:
            yield rest
            return
        end = [_format_key(column, value or b"") for column, value in zip(key_range.order, keys_at_end[0], strict=True)]
        yield replace(rest, to=end)
        rest = replace(rest, after=end)


def compute_range_sums(
    server: MySQLServer, relation: Relation, key_range: KeyRange, scope: str, buckets: int, size: PageSize
) -> BucketSums:
    """Sum the checksums of the rows of a range within a scope, in buckets by the remainder of each row's checksum.

    ``size`` learns from it how many rows a statement may take.
    """
    started = perf_counter()
    rows = server.fetch_rows(
        f"SELECT c % {buckets} AS bucket, COUNT(*), BIT_XOR(c), SUM(c) FROM (SELECT "
        f"IF({scope}, COALESCE({write_crc_sql(relation.columns)}, 0), NULL) AS c "
        f"FROM {_write_from(relation, key_range)} WHERE {key_range.server_condition} {_NO_MERGE}) AS crcs "
        "WHERE c IS NOT NULL GROUP BY bucket ORDER BY NULL"
    )
    numbers = [tuple(int(value or 0) for value in row) for row in rows]
    size.learn(size.rows, perf_counter() - started, 1)
    return {bucket: (count, xor, total) for bucket, count, xor, total in numbers}


def write_crc_condition(relation: Relation, buckets: int, chosen: list[int]) -> str:
    """Write the server's condition of the rows whose checksum has one of these remainders."""
    return (
        f"COALESCE({write_crc_sql(relation.columns)}, 0) % {buckets} IN ({', '.join(str(bucket) for bucket in chosen)})"
    )


def _write_from(relation: Relation, key_range: KeyRange) -> str:
    """Write what follows FROM, with an index that servers do not always choose by themselves."""
    index, source = relation.find_index(key_range.order), relation.source(limit_between(None, None))
    return f"{source} FORCE INDEX ({quote_mysql_identifier(index.name)})" if index else source


def _format_key(column: MySQLColumn, raw: bytes) -> str:
    return raw.hex() if column.is_bytes else raw.decode()


def _write_lake_comparison(order: list[MySQLColumn], row: Position, strictly: str, last: str) -> str:
    name, value = quote_identifier(order[0].name), _write_lake_literal(order[0], row[0])
    if len(order) == 1:
        return f"{name} {last} {value}"
    rest = _write_lake_comparison(order[1:], row[1:], strictly, last)
    return f"{name} {strictly}= {value} AND ({name} {strictly} {value} OR {rest})"


def _write_lake_literal(column: MySQLColumn, position: str) -> str:
    if column.type == MOMENT:
        return f"TIMESTAMPTZ '{position}+00'"
    return f"DATE '{position}'" if column.is_time else position
