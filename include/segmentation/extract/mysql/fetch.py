"""One page: one statement, its rows fetched whole."""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from include.segmentation.errors import DataError
from include.segmentation.extract.mysql.columns import Column
from include.segmentation.extract.mysql.keyset import Position, Relation, Span, page_sql
from include.segmentation.extract.mysql.parse import parse, split
from include.segmentation.extract.mysql.render import line, values_sql
from include.segmentation.extract.mysql.server import MySQL
from include.segmentation.extract.mysql.size import PAGE_BYTES

MOST_BYTES = 2 * PAGE_BYTES
"""A page is cut here, where its rows turn out to be wider than those before it."""


@dataclass(frozen=True)
class Page:
    """Rows fetched by one statement.

    Attributes:
        last: where the next page goes on; None where the page is empty.
        is_end: whether the span ends here.
        noticed: what was found odd in its values (see ``parse.py``), with how often.
    """

    rows: pa.Table
    last: Position | None = field(default=None)
    is_end: bool = True
    noticed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Lines:
    """A page as the server wrote it.

    Attributes:
        order: the columns that order it.
        crcs: the checksums of lines that the server could not write by itself; None where all of them are its own.
        last, is_end: as of a ``Page``.
    """

    columns: list[Column]
    order: list[Column]
    lines: list[bytes]
    crcs: list[int | None] | None
    last: Position | None
    is_end: bool

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(map(len, self.lines))

    def page(self) -> Page:
        """The page in the types of the lake.

        Raises:
            DataError: a date is none where that is not allowed, or what orders the rows can not be read.
        """
        parsed = parse(self.columns, self.lines, self.crcs)
        for column in self.order:
            missing = parsed.rows[column.name].null_count
            if missing and not column.allows_zero_dates:
                raise DataError(
                    f"column '{column.name}' orders the rows, but is NULL or can not be read in {missing} of "
                    f"{len(self.lines)} rows of a page"
                )
        return Page(parsed.rows, self.last, self.is_end, parsed.noticed)


def fetch(server: MySQL, relation: Relation, span: Span, at: Position | None, limit: int) -> Lines:
    """Fetch the page of a span behind a row, of at most ``limit`` rows and about ``MOST_BYTES``.

    Raises:
        UnavailableError, SourceError: the server does not answer, or refuses.
    """
    rows, is_whole = server.read(page_sql(relation, span, at, limit), MOST_BYTES)
    lines, crcs = [line for (line,) in rows if line is not None], None
    if len(lines) < len(rows):
        lines, crcs, is_whole = _too_long(server, relation, span, at, limit)
    last = _last(relation, span, lines)
    return Lines(relation.columns, span.order, lines, crcs, last, is_end=is_whole and len(lines) < limit)


def _too_long(
    server: MySQL, relation: Relation, span: Span, at: Position | None, limit: int
) -> tuple[list[bytes], list[int | None], bool]:
    """The same page again, value for value, where a line is too long for the server to write."""
    rows, is_whole = server.read(page_sql(relation, span, at, limit, values_sql(relation.columns)), MOST_BYTES)
    lines = [line(relation.columns, values) for _, *values in rows]
    return lines, [None if crc is None else int(crc) for crc, *_ in rows], is_whole


def _last(relation: Relation, span: Span, lines: list[bytes]) -> Position | None:
    if not lines:
        return None
    fields = dict(zip(relation.columns, split(relation.columns, lines[-1:]), strict=True))
    return [fields[column][0].as_py().decode(errors="replace") for column in span.order]
