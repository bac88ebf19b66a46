"""Keyset pages: short statements, fully fetched, that together read every row of a span once.

A page goes on behind the last row of the one before, by the cursor and the whole primary key, so ties of any size are
safe. Bounds and order are the server's: a value is only carried back to it as the text it gave.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from include.segmentation.errors import DataError
from include.segmentation.extract.mysql import MySQL, identifier
from include.segmentation.extract.schema import Column, to_arrow

PAGE_ROWS = 50_000

Position = list[str]
"""The values of the ordering columns of one row."""

Limits = Callable[[str], str]
"""The rows that a statement can hold, as a condition on whatever expression is their cursor."""

Source = Callable[[Limits], str]
"""Gives what stands behind FROM; it may leave out early what is outside the limits, and need not."""


@dataclass(frozen=True)
class Relation:
    """What is read from: a table or a query.

    Attributes:
        columns: everything that is read.
        cursor: the column that grows.
        key: the primary key's columns without the cursor.
    """

    columns: list[Column]
    cursor: Column
    key: list[Column]
    source: Source


@dataclass(frozen=True)
class Span:
    """A stretch of a relation that is read page by page.

    Attributes:
        conditions: SQL that every row of it fulfils.
        order: the columns that order it, unique together; without the cursor where that is NULL.
        low, high: the cursor's lowest and highest value in it, as SQL; None where open.
        after: the row behind which it begins.
    """

    conditions: list[str]
    order: list[Column]
    low: str | None = None
    high: str | None = None
    after: Position | None = None


@dataclass(frozen=True)
class Page:
    """Rows fetched by one statement.

    Attributes:
        last: where the next page goes on; None where the page is empty.
        is_end: whether the span ends here.
    """

    rows: pa.Table
    last: Position | None = field(default=None)
    is_end: bool = True


def read_pages(server: MySQL, relation: Relation, span: Span) -> Iterator[Page]:
    """Read a span; at least one page comes, possibly empty.

    Raises:
        DataError: a value can not be read, or the ordering columns hold NULL.
        UnavailableError, SourceError: the server does not answer, or refuses.
    """
    at = span.after
    while True:
        page = _fetch(server, relation, span, at)
        yield page
        if page.is_end:
            return
        at = page.last


def _fetch(server: MySQL, relation: Relation, span: Span, at: Position | None) -> Page:
    rows = server.rows(page_sql(relation, span, at))
    table = to_arrow(relation.columns, rows)
    names = [column.name for column in relation.columns]
    for column in span.order:
        if table[column.name].null_count:
            raise DataError(f"column '{column.name}' orders the rows but is NULL in {table[column.name].null_count}")
    if not rows:
        return Page(table)
    ends = [(column, rows[-1][names.index(column.name)]) for column in span.order]
    last = [column.position(value) for column, value in ends if value is not None]
    return Page(table, last, is_end=len(rows) < PAGE_ROWS)


def page_sql(relation: Relation, span: Span, at: Position | None) -> str:
    """The statement that fetches the page of a span behind a row."""
    leads = span.order[0] == relation.cursor
    low = relation.cursor.literal(at[0]) if at is not None else span.low
    limits = between(low, span.high) if leads else is_null
    where = [*span.conditions, *([after(span.order, at)] if at is not None else [])]
    return (
        f"SELECT {', '.join(column.selected for column in relation.columns)} "
        f"FROM {relation.source(limits)} "
        f"WHERE {' AND '.join(where)} "
        f"ORDER BY {', '.join(identifier(column.name) for column in span.order)} LIMIT {PAGE_ROWS}"
    )


def between(low: str | None, high: str | None) -> Limits:
    """The limits of a page: cursors from low to high, both included; None is open."""

    def limits(cursor: str) -> str:
        ends = [f"{cursor} >= {low}"] * (low is not None) + [f"{cursor} <= {high}"] * (high is not None)
        return " AND ".join(ends) or "1 = 1"

    return limits


def is_null(cursor: str) -> str:
    """The limits of rows without a cursor."""
    return f"{cursor} IS NULL"


def nowhere(_cursor: str) -> str:
    """The limits of a statement that is only described."""
    return "1 = 0"


def after(order: list[Column], row: Position) -> str:
    """The condition (a, b, c) > row, in the form that every version reads as a range of an index."""
    name, value = identifier(order[0].name), order[0].literal(row[0])
    if len(order) == 1:
        return f"{name} > {value}"
    return f"{name} >= {value} AND ({name} > {value} OR {after(order[1:], row[1:])})"


def up_to(order: list[Column], row: Position) -> str:
    """The condition (a, b, c) <= row, likewise."""
    name, value = identifier(order[0].name), order[0].literal(row[0])
    if len(order) == 1:
        return f"{name} <= {value}"
    return f"{name} <= {value} AND ({name} < {value} OR {up_to(order[1:], row[1:])})"
