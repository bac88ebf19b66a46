"""Keyset pagination: the conditions and the statement of a page that continues after a row.

A page continues after the last row of the page before, by the cursor and the whole primary key, so ties of any size are
safe. Only the server compares values; they are sent back as the text that it returned.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.extract.mysql.row.line_sql import write_line_sql
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn
from include.segmentation.extract.mysql.table_indexes import TableIndex

Position = list[str]
"""The values of the ordering columns of one row, as text."""

PageLimits = Callable[[str], str]
"""Writes the limits of a statement's rows, as a condition on the expression of their cursor."""

WriteSourceSql = Callable[[PageLimits], str]
"""Writes what follows FROM. It may leave out rows outside the limits early."""


@dataclass(frozen=True)
class BaseCursor:
    """The column of a base table that a query uses as its cursor, so a page computes only its own rows.

    Attributes:
        table: the base table.
        column: its column.
        check: raises an error if the rows of a condition on the base table would take too long to compute.
    """

    table: str
    column: str
    check: Callable[[str], None]


@dataclass(frozen=True)
class Relation:
    """A table or a query that is read.

    Attributes:
        name: its name in messages.
        table: the table; None for a query or a view, as a server may compute these just to explain them.
        columns: the columns that are read.
        cursor: the column that grows.
        key: the columns of the primary key without the cursor.
        source: writes what follows FROM.
        is_altered: asks the server whether the columns have changed.
        looks_ahead: whether later rows change earlier ones, so that all rows are read repeats.
        computes_all: whether every statement computes all rows, however few it fetches.
        base: the base table that divides the rows into pages, so no statement computes more; None for LIMIT alone.
        indexes: the indexes of the table.
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
        """Find an index that can read rows in an order."""
        names = [column.name for column in order]
        return next((index for index in self.indexes if index.order[: len(names)] == names), None)


@dataclass(frozen=True)
class ReadSpan:
    """A part of a relation that is read page by page.

    Attributes:
        conditions: SQL that is true for its rows.
        order: the ordering columns, unique together; without the cursor if that is NULL.
        low, high: the lowest and highest cursor, as SQL; None for no limit.
        after: the row after which it begins.
        forces_index: whether to force the index of the order even if the order does not begin with the cursor.
    """

    conditions: list[str]
    order: list[MySQLColumn]
    low: str | None = None
    high: str | None = None
    after: Position | None = None
    forces_index: bool = False


def write_slice_sql(base: BaseCursor, span: ReadSpan, rows: int) -> str:
    """Write the statement that finds the cursor at a number of base rows after the start of a span."""
    column = quote_mysql_identifier(base.column)
    return (
        f"SELECT {column} FROM {quote_mysql_identifier(base.table)} WHERE {limit_between(span.low, span.high)(column)} "
        f"ORDER BY {column} LIMIT 1 OFFSET {rows}"
    )


def divide_span(relation: Relation, span: ReadSpan, at: str) -> tuple[ReadSpan, ReadSpan]:
    """Divide a span at a value of the cursor, which belongs to the first part."""
    cursor, end = quote_mysql_identifier(relation.cursor.name), relation.cursor.write_literal(at)
    return (
        replace(span, conditions=[*span.conditions, f"{cursor} <= {end}"], high=end),
        replace(span, conditions=[*span.conditions, f"{cursor} > {end}"], low=end, after=None),
    )


def write_page_sql(
    relation: Relation, span: ReadSpan, at: Position | None, rows: int, select: str | None = None
) -> str:
    """Write the statement that fetches the page of a span after a row, with its lines or another select list.

    It forces the index of its order, as MariaDB would rather sort the whole table than start at one end of it. Without
    a table there is no unique index; then the page repeats the row that it continues after, to detect equal rows.
    """
    has_cursor_first = span.order[0] == relation.cursor
    low = relation.cursor.write_literal(at[0]) if at is not None else span.low
    limits = limit_between(low, span.high) if has_cursor_first else limit_to_placeless(relation.cursor)
    repeats = at is not None and relation.table is None
    where = [*span.conditions, *([write_after_condition(span.order, at, repeats)] if at is not None else [])]
    index = relation.find_index(span.order) if has_cursor_first or span.forces_index else None
    hint = f"FORCE INDEX ({quote_mysql_identifier(index.name)}) " if index else ""
    return (
        f"SELECT {select or write_line_sql(relation.columns)} FROM {relation.source(limits)} {hint}"
        f"WHERE {' AND '.join(where)} "
        f"ORDER BY {', '.join(quote_mysql_identifier(column.name) for column in span.order)} LIMIT {rows + repeats}"
    )


def limit_between(low: str | None, high: str | None) -> PageLimits:
    """Limit a page to cursors from low to high, both included; None for no limit."""

    def write_limits(cursor: str) -> str:
        ends = [f"{cursor} >= {low}"] * (low is not None) + [f"{cursor} <= {high}"] * (high is not None)
        return " AND ".join(ends) or "1 = 1"

    return write_limits


def can_lack_place(cursor: MySQLColumn) -> bool:
    """Check whether a cursor may be NULL or a zero date, so that its row has no place in the order."""
    return cursor.nullable or cursor.allows_zero_dates


def limit_to_placeless(cursor: MySQLColumn) -> PageLimits:
    """Limit a page to rows without a place in the order: their cursor is NULL or a zero date."""

    def write_limits(expression: str) -> str:
        missing = f"{expression} IS NULL"
        return f"({missing} OR {expression} < {cursor.first_date})" if cursor.allows_zero_dates else missing

    return write_limits


def limit_to_nothing(_cursor: str) -> str:
    """Limit a statement to no rows, to describe its columns."""
    return "1 = 0"


def write_after_condition(order: list[MySQLColumn], row: Position, repeats: bool = False) -> str:
    """Write the condition (a, b, c) > row, or >= row, in a form that every version reads as a range of an index."""
    name, value = quote_mysql_identifier(order[0].name), order[0].write_literal(row[0])
    if len(order) == 1:
        return f"{name} {'>=' if repeats else '>'} {value}"
    return f"{name} >= {value} AND ({name} > {value} OR {write_after_condition(order[1:], row[1:], repeats)})"


def write_up_to_condition(order: list[MySQLColumn], row: Position) -> str:
    """Write the condition (a, b, c) <= row, in the same form."""
    name, value = quote_mysql_identifier(order[0].name), order[0].write_literal(row[0])
    if len(order) == 1:
        return f"{name} <= {value}"
    return f"{name} <= {value} AND ({name} < {value} OR {write_up_to_condition(order[1:], row[1:])})"
