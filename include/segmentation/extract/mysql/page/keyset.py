"""Keysets: the conditions and the statement of a page that goes on behind a row.

A page goes on behind the last row of the one before, by the cursor and the whole primary key, so ties of any size are
safe. Bounds and order are the server's: a value is only carried back to it as the text it gave.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.extract.mysql.row.line_sql import write_line_sql
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn
from include.segmentation.extract.mysql.table_indexes import TableIndex

Position = list[str]
"""The values of the ordering columns of one row."""

PageLimits = Callable[[str], str]
"""The rows that a statement can hold, as a condition on whatever expression is their cursor."""

WriteSourceSql = Callable[[PageLimits], str]
"""Gives what stands behind FROM; it may leave out early what is outside the limits, and need not."""


@dataclass(frozen=True)
class BaseCursor:
    """The column of a base table that a query passes on as its cursor, such that a page computes only its own rows.

    Attributes:
        check: refuses to compute the rows of a condition on the base table, where that would take too long.
    """

    table: str
    column: str
    check: Callable[[str], None]


@dataclass(frozen=True)
class Relation:
    """What is read from: a table or a query.

    Attributes:
        name: what it is called in messages.
        table: the table; None for a query or a view, which a server may compute just to explain it.
        columns: everything that is read.
        cursor: the column that grows.
        key: the primary key's columns without the cursor.
        is_altered: asks the server whether its columns are no longer these.
        looks_ahead: whether rows that were read change when later ones come, so that all have to be read again.
        computes_all: whether every statement computes all rows, however few it fetches.
        base: where to find out how far so many rows go, so that no statement computes more; None for LIMIT alone.
        indexes: those of the table.
    """

    name: str
    table: str | None
    columns: list[MySQLColumn]
    cursor: MySQLColumn
    key: list[MySQLColumn]
    source: WriteSourceSql
    is_altered: Callable[[], bool]
    looks_ahead: bool = False
    computes_all: bool = False
    base: BaseCursor | None = None
    indexes: list[TableIndex] = field(default_factory=list)

    def find_index(self, order: list[MySQLColumn]) -> TableIndex | None:
        """The index by which rows can be read in that order."""
        names = [column.name for column in order]
        return next((index for index in self.indexes if index.order[: len(names)] == names), None)


@dataclass(frozen=True)
class ReadSpan:
    """A stretch of a relation that is read page by page.

    Attributes:
        conditions: SQL that every row of it fulfils.
        order: the columns that order it, unique together; without the cursor where that is NULL.
        low, high: the cursor's lowest and highest value in it, as SQL; None where open.
        after: the row behind which it begins.
        forces_index: whether its order's index is named also where that does not begin with the cursor.
    """

    conditions: list[str]
    order: list[MySQLColumn]
    low: str | None = None
    high: str | None = None
    after: Position | None = None
    forces_index: bool = False


def write_slice_sql(base: BaseCursor, span: ReadSpan, rows: int) -> str:
    """The statement that finds the cursor's value so many rows of the base table behind the begin of a span."""
    column = quote_mysql_identifier(base.column)
    return (
        f"SELECT {column} FROM {quote_mysql_identifier(base.table)} WHERE {limit_between(span.low, span.high)(column)} "
        f"ORDER BY {column} LIMIT 1 OFFSET {rows}"
    )


def divide_span(relation: Relation, span: ReadSpan, at: str) -> tuple[ReadSpan, ReadSpan]:
    """A span up to a value of the cursor, and what is left of it."""
    cursor, end = quote_mysql_identifier(relation.cursor.name), relation.cursor.write_literal(at)
    return (
        replace(span, conditions=[*span.conditions, f"{cursor} <= {end}"], high=end),
        replace(span, conditions=[*span.conditions, f"{cursor} > {end}"], low=end, after=None),
    )


def write_page_sql(
    relation: Relation, span: ReadSpan, at: Position | None, rows: int, select: str | None = None
) -> str:
    """The statement that fetches the page of a span behind a row: its lines, or another select list.

    The index of its order is forced: MariaDB prefers to sort all of a table rather than to begin at one end of it.
    Where no index says that the order tells rows apart, the page begins with the row that it goes on behind: others
    equal to it are then seen.
    """
    leads = span.order[0] == relation.cursor
    low = relation.cursor.write_literal(at[0]) if at is not None else span.low
    limits = limit_between(low, span.high) if leads else limit_to_placeless(relation.cursor)
    again = at is not None and relation.table is None
    where = [*span.conditions, *([write_after_condition(span.order, at, again)] if at is not None else [])]
    index = relation.find_index(span.order) if leads or span.forces_index else None
    forced = f"FORCE INDEX ({quote_mysql_identifier(index.name)}) " if index else ""
    return (
        f"SELECT {select or write_line_sql(relation.columns)} FROM {relation.source(limits)} {forced}"
        f"WHERE {' AND '.join(where)} "
        f"ORDER BY {', '.join(quote_mysql_identifier(column.name) for column in span.order)} LIMIT {rows + again}"
    )


def limit_between(low: str | None, high: str | None) -> PageLimits:
    """The limits of a page: cursors from low to high, both included; None is open."""

    def limits(cursor: str) -> str:
        ends = [f"{cursor} >= {low}"] * (low is not None) + [f"{cursor} <= {high}"] * (high is not None)
        return " AND ".join(ends) or "1 = 1"

    return limits


def can_lack_place(cursor: MySQLColumn) -> bool:
    """Whether there can be rows to which a cursor gives no place in its order."""
    return cursor.nullable or cursor.allows_zero_dates


def limit_to_placeless(cursor: MySQLColumn) -> PageLimits:
    """The limits of rows without a place in the cursor's order: it is NULL, or a zero date, which may mean any time."""

    def limits(expression: str) -> str:
        missing = f"{expression} IS NULL"
        return f"({missing} OR {expression} < {cursor.first_date})" if cursor.allows_zero_dates else missing

    return limits


def limit_to_nothing(_cursor: str) -> str:
    """The limits of a statement that is only described."""
    return "1 = 0"


def write_after_condition(order: list[MySQLColumn], row: Position, again: bool = False) -> str:
    """The condition (a, b, c) > row, or >= row, in the form that every version reads as a range of an index."""
    name, value = quote_mysql_identifier(order[0].name), order[0].write_literal(row[0])
    if len(order) == 1:
        return f"{name} {'>=' if again else '>'} {value}"
    return f"{name} >= {value} AND ({name} > {value} OR {write_after_condition(order[1:], row[1:], again)})"


def write_up_to_condition(order: list[MySQLColumn], row: Position) -> str:
    """The condition (a, b, c) <= row, likewise."""
    name, value = quote_mysql_identifier(order[0].name), order[0].write_literal(row[0])
    if len(order) == 1:
        return f"{name} <= {value}"
    return f"{name} <= {value} AND ({name} < {value} OR {write_up_to_condition(order[1:], row[1:])})"
