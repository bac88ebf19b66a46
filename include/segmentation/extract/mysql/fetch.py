"""One page: one statement, its rows fetched whole."""

from dataclasses import dataclass, field

import pyarrow as pa

from include.segmentation.errors import DataError
from include.segmentation.extract.mysql.columns import to_arrow
from include.segmentation.extract.mysql.keyset import Position, Relation, Span, page_sql
from include.segmentation.extract.mysql.server import MySQL


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


def fetch(server: MySQL, relation: Relation, span: Span, at: Position | None, limit: int) -> Page:
    """Fetch the page of a span behind a row, of at most ``limit`` rows.

    Raises:
        DataError: a value can not be read, or the ordering columns hold NULL.
        UnavailableError, SourceError: the server does not answer, or refuses.
    """
    rows = server.rows(page_sql(relation, span, at, limit))
    table = to_arrow(relation.columns, rows)
    names = [column.name for column in relation.columns]
    for column in span.order:
        if table[column.name].null_count:
            raise DataError(f"column '{column.name}' orders the rows but is NULL in {table[column.name].null_count}")
    if not rows:
        return Page(table)
    ends = [(column, rows[-1][names.index(column.name)]) for column in span.order]
    last = [column.position(value) for column, value in ends if value is not None]
    return Page(table, last, is_end=len(rows) < limit)
