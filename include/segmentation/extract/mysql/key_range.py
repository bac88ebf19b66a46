"""Stretches of a primary key, as the server orders it, and the checksums of their rows there.

Bounds are keys that the server has given; nothing but the server compares texts.
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
"""Keeps newer servers from writing every line twice: they would put a derived table's expression where it is used."""


@dataclass(frozen=True)
class KeyRange:
    """The keys behind one and up to another, which is included; None is open.

    Attributes:
        order: columns of the primary key that tell the rows apart (see ``walked``).
    """

    order: list[MySQLColumn]
    behind: Position | None = None
    to: Position | None = None

    @property
    def server_condition(self) -> str:
        """Its rows, as a condition on the server."""
        ends = [write_after_condition(self.order, self.behind)] if self.behind is not None else []
        ends += [write_up_to_condition(self.order, self.to)] if self.to is not None else []
        return " AND ".join(ends) or "1 = 1"

    @property
    def lake_condition(self) -> str:
        """The same rows, as a condition in the lake; only where ``is_ordered_alike``."""
        ends = [_compared(self.order, self.behind, ">", ">")] if self.behind is not None else []
        ends += [_compared(self.order, self.to, "<", "<=")] if self.to is not None else []
        return " AND ".join(ends) or "true"


def find_walk_order(relation: Relation, key: list[MySQLColumn]) -> list[MySQLColumn]:
    """The columns of the primary key to walk along: those of a unique index, in its order, where there is one."""
    by_name = {column.name: column for column in key}
    for index in relation.indexes:
        if index.is_unique and index.order and set(index.columns) <= set(by_name):
            return [by_name[name] for name in index.columns]
    return key


def has_same_order(order: list[MySQLColumn]) -> bool:
    """Whether the lake orders these columns as the server does: numbers and times, not texts with their collations."""
    return all(
        (column.is_time and not column.allows_zero_dates) or column.is_whole_number or pa.types.is_decimal(column.type)
        for column in order
    )


def divide_range(server: MySQLServer, relation: Relation, stretch: KeyRange, size: PageSize) -> Iterator[KeyRange]:
    """Cut a stretch into smaller ones that adjoin each other, of about as many rows as ``size`` says each time.

    Between them the server is left alone while it is busy.
    """
    keys = ", ".join(quote_mysql_identifier(column.name) for column in stretch.order)
    at = stretch
    while True:
        wait_while_busy(server)
        found = server.fetch_rows(
            f"SELECT {keys} FROM {_by_index(relation, stretch)} WHERE {at.server_condition} "
            f"ORDER BY {keys} LIMIT {size.rows - 1}, 1"
        )
        if not found:
            yield at
            return
        end = [_word(column, value or b"") for column, value in zip(stretch.order, found[0], strict=True)]
        yield replace(at, to=end)
        at = replace(at, behind=end)


def compute_range_sums(
    server: MySQLServer, relation: Relation, stretch: KeyRange, scope: str, buckets: int, size: PageSize
) -> BucketSums:
    """The checksums of the rows of a stretch that are within a scope, in buckets by the remainder of each row's own.

    ``size`` learns from it how many rows a statement may take.
    """
    started = perf_counter()
    found = server.fetch_rows(
        f"SELECT c % {buckets} AS bucket, COUNT(*), BIT_XOR(c), SUM(c) FROM (SELECT "
        f"IF({scope}, COALESCE({write_crc_sql(relation.columns)}, 0), NULL) AS c "
        f"FROM {_by_index(relation, stretch)} WHERE {stretch.server_condition} {_NO_MERGE}) AS crcs "
        "WHERE c IS NOT NULL GROUP BY bucket ORDER BY NULL"
    )
    numbers = [tuple(int(value or 0) for value in row) for row in found]
    size.learn(size.rows, perf_counter() - started, 1)
    return {bucket: (count, xor, total) for bucket, count, xor, total in numbers}


def write_crc_condition(relation: Relation, buckets: int, chosen: list[int]) -> str:
    """The condition, on the server, of the rows whose checksum has one of these remainders."""
    return (
        f"COALESCE({write_crc_sql(relation.columns)}, 0) % {buckets} IN ({', '.join(str(bucket) for bucket in chosen)})"
    )


def _by_index(relation: Relation, stretch: KeyRange) -> str:
    """What stands behind FROM to walk along an index, which servers do not always choose by themselves."""
    index, source = relation.find_index(stretch.order), relation.source(limit_between(None, None))
    return f"{source} FORCE INDEX ({quote_mysql_identifier(index.name)})" if index else source


def _word(column: MySQLColumn, raw: bytes) -> str:
    return raw.hex() if column.is_bytes else raw.decode()


def _compared(order: list[MySQLColumn], row: Position, strictly: str, last: str) -> str:
    name, value = quote_identifier(order[0].name), _literal(order[0], row[0])
    if len(order) == 1:
        return f"{name} {last} {value}"
    rest = _compared(order[1:], row[1:], strictly, last)
    return f"{name} {strictly}= {value} AND ({name} {strictly} {value} OR {rest})"


def _literal(column: MySQLColumn, position: str) -> str:
    if column.type == MOMENT:
        return f"TIMESTAMPTZ '{position}+00'"
    return f"DATE '{position}'" if column.is_time else position
