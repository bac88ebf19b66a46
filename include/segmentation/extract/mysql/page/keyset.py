"""Keysets: the conditions and the statement of a page that goes on behind a row.

A page goes on behind the last row of the one before, by the cursor and the whole primary key, so ties of any size are
safe. Bounds and order are the server's: a value is only carried back to it as the text it gave.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from include.segmentation.extract.mysql.row.line_sql import line_sql
from include.segmentation.extract.mysql.row.mysql_columns import Column
from include.segmentation.extract.mysql.server.mysql_server import identifier
from include.segmentation.extract.mysql.table_indexes import Index

Position = list[str]
"""The values of the ordering columns of one row."""

Limits = Callable[[str], str]
"""The rows that a statement can hold, as a condition on whatever expression is their cursor."""

Source = Callable[[Limits], str]
"""Gives what stands behind FROM; it may leave out early what is outside the limits, and need not."""


@dataclass(frozen=True)
class Base:
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
    columns: list[Column]
    cursor: Column
    key: list[Column]
    source: Source
    is_altered: Callable[[], bool]
    looks_ahead: bool = False
    computes_all: bool = False
    base: Base | None = None
    indexes: list[Index] = field(default_factory=list)

    def index(self, order: list[Column]) -> Index | None:
        """The index by which rows can be read in that order."""
        names = [column.name for column in order]
        return next((index for index in self.indexes if index.order[: len(names)] == names), None)


@dataclass(frozen=True)
class Span:
    """A stretch of a relation that is read page by page.

    Attributes:
        conditions: SQL that every row of it fulfils.
        order: the columns that order it, unique together; without the cursor where that is NULL.
        low, high: the cursor's lowest and highest value in it, as SQL; None where open.
        after: the row behind which it begins.
        forces_index: whether its order's index is named also where that does not begin with the cursor.
    """

    conditions: list[str]
    order: list[Column]
    low: str | None = None
    high: str | None = None
    after: Position | None = None
    forces_index: bool = False


def sliced(base: Base, span: Span, rows: int) -> str:
    """The statement that finds the cursor's value so many rows of the base table behind the begin of a span."""
    column = identifier(base.column)
    return (
        f"SELECT {column} FROM {identifier(base.table)} WHERE {between(span.low, span.high)(column)} "
        f"ORDER BY {column} LIMIT 1 OFFSET {rows}"
    )


def divided(relation: Relation, span: Span, at: str) -> tuple[Span, Span]:
    """A span up to a value of the cursor, and what is left of it."""
    cursor, end = identifier(relation.cursor.name), relation.cursor.literal(at)
    return (
        replace(span, conditions=[*span.conditions, f"{cursor} <= {end}"], high=end),
        replace(span, conditions=[*span.conditions, f"{cursor} > {end}"], low=end, after=None),
    )


def page_sql(relation: Relation, span: Span, at: Position | None, rows: int, select: str | None = None) -> str:
    """The statement that fetches the page of a span behind a row: its lines, or another select list.

    The index of its order is forced: MariaDB prefers to sort all of a table rather than to begin at one end of it.
    Where no index says that the order tells rows apart, the page begins with the row that it goes on behind: others
    equal to it are then seen.
    """
    leads = span.order[0] == relation.cursor
    low = relation.cursor.literal(at[0]) if at is not None else span.low
    limits = between(low, span.high) if leads else placeless(relation.cursor)
    again = at is not None and relation.table is None
    where = [*span.conditions, *([after(span.order, at, again)] if at is not None else [])]
    index = relation.index(span.order) if leads or span.forces_index else None
    forced = f"FORCE INDEX ({identifier(index.name)}) " if index else ""
    return (
        f"SELECT {select or line_sql(relation.columns)} FROM {relation.source(limits)} {forced}"
        f"WHERE {' AND '.join(where)} "
        f"ORDER BY {', '.join(identifier(column.name) for column in span.order)} LIMIT {rows + again}"
    )


def between(low: str | None, high: str | None) -> Limits:
    """The limits of a page: cursors from low to high, both included; None is open."""

    def limits(cursor: str) -> str:
        ends = [f"{cursor} >= {low}"] * (low is not None) + [f"{cursor} <= {high}"] * (high is not None)
        return " AND ".join(ends) or "1 = 1"

    return limits


def has_placeless(cursor: Column) -> bool:
    """Whether there can be rows to which a cursor gives no place in its order."""
    return cursor.nullable or cursor.allows_zero_dates


def placeless(cursor: Column) -> Limits:
    """The limits of rows without a place in the cursor's order: it is NULL, or a zero date, which may mean any time."""

    def limits(expression: str) -> str:
        missing = f"{expression} IS NULL"
        return f"({missing} OR {expression} < {cursor.first_date})" if cursor.allows_zero_dates else missing

    return limits


def nowhere(_cursor: str) -> str:
    """The limits of a statement that is only described."""
    return "1 = 0"


def after(order: list[Column], row: Position, again: bool = False) -> str:
    """The condition (a, b, c) > row, or >= row, in the form that every version reads as a range of an index."""
    name, value = identifier(order[0].name), order[0].literal(row[0])
    if len(order) == 1:
        return f"{name} {'>=' if again else '>'} {value}"
    return f"{name} >= {value} AND ({name} > {value} OR {after(order[1:], row[1:], again)})"


def up_to(order: list[Column], row: Position) -> str:
    """The condition (a, b, c) <= row, likewise."""
    name, value = identifier(order[0].name), order[0].literal(row[0])
    if len(order) == 1:
        return f"{name} <= {value}"
    return f"{name} <= {value} AND ({name} < {value} OR {up_to(order[1:], row[1:])})"
