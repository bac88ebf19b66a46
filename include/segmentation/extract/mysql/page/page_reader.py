"""Pages of a span, one after the other, each as large as the time that it may take."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from time import perf_counter

from include.segmentation.errors import SegmentationError, SourceError
from include.segmentation.extract.mysql.page.keyset import Base, Relation, Span, between, divided, sliced
from include.segmentation.extract.mysql.page.page_fetch import Lines, Page, fetch
from include.segmentation.extract.mysql.page.query_plan import estimated_rows, missing_index, page_plan
from include.segmentation.extract.mysql.schema_changes import check_unaltered
from include.segmentation.extract.mysql.server.mysql_server import MySQL, identifier
from include.segmentation.extract.mysql.server.server_errors import OverlongError
from include.segmentation.extract.mysql.server.server_load import wait_while_busy
from include.segmentation.extract.page_size import PageSize
from include.segmentation.extract.prefetch import ahead
from include.segmentation.extract.read_progress import Progress

_log = logging.getLogger(__name__)

PAGE_ROWS = 250_000
"""The most rows of a page, however fast they come."""
COMPUTED_ROWS, COMPUTED_FIRST_ROWS, COMPUTED_BYTES = 1_000_000, 50_000, 16 * 1024 * 1024
"""The same, the first and the most bytes, where a page computes all rows: few large pages, whatever they take."""
_ALL_ROWS = 2**62


def read_pages(server: MySQL, relation: Relation, span: Span) -> Iterator[Page]:
    """Read a span; at least one page comes, possibly empty.

    Between pages the server is left alone while it is busy. A page that takes longer than a statement may is ended on
    the server and read again as a smaller one. While the caller deals with a page, the next one is fetched.

    Raises:
        AlteredError: other columns are there than when reading began; no such page comes.
        DataError: a value can not be read, or the ordering columns hold NULL.
        UnavailableError: the server does not answer, stays busy, or is too slow for the smallest page.
        SourceError: the server refuses, or is too slow for the smallest page for want of an index.
    """
    progress = Progress(relation.name, lambda: estimated_rows(server, relation, span))
    for page in map(Lines.page, ahead(_fetched(server, relation, span))):
        yield page
        progress.read(page.rows.num_rows)
    progress.end()


def _fetched(server: MySQL, relation: Relation, span: Span) -> Iterator[Lines]:
    rest: Span | None = span
    size = _size(server, relation)
    while rest:
        wait_while_busy(server)
        try:
            lines, rest = _lines(server, relation, rest, size)
        except SourceError:  # perhaps of a column that is gone
            check_unaltered(relation)
            raise
        check_unaltered(relation)
        yield lines


def _size(server: MySQL, relation: Relation) -> PageSize:
    if relation.computes_all:
        seconds = server.pace.statement_seconds / 4
        return PageSize(seconds, COMPUTED_ROWS, COMPUTED_FIRST_ROWS, COMPUTED_BYTES)
    return PageSize(server.pace.page_seconds, PAGE_ROWS)


def _lines(server: MySQL, relation: Relation, span: Span, size: PageSize) -> tuple[Lines, Span | None]:
    """The next page of a span, and what is left of the span behind it."""
    base = relation.base if span.order[0] == relation.cursor else None
    while True:
        started = perf_counter()
        try:
            lines, rest = (partial(_slice, base) if base else _page)(server, relation, span, size)
        except OverlongError as error:
            if size.is_smallest:
                raise _too_slow(server, relation, span, size.rows, error) from error
            _log.warning("%s: a page of %d rows took too long, smaller ones follow", relation.name, size.rows)
            size.shrink()
            continue
        rows = size.rows if base else lines.count
        if rows:
            size.learn(rows, perf_counter() - started, lines.size)
        return lines, rest


def _page(server: MySQL, relation: Relation, span: Span, size: PageSize) -> tuple[Lines, Span | None]:
    lines = fetch(server, relation, span, span.after, size.rows, size.most_bytes)
    return lines, None if lines.is_end else replace(span, after=lines.last)


def _slice(base: Base, server: MySQL, relation: Relation, span: Span, size: PageSize) -> tuple[Lines, Span | None]:
    """The page of so many rows of the base table: LIMIT alone would compute all rows up to the end of the span."""
    found = server.rows(sliced(base, span, size.rows))
    at = relation.cursor.position(found[0][0] or b"") if found else None
    part, rest = (span, None) if at is None else divided(relation, span, at)
    base.check(between(part.low, part.high)(identifier(base.column)))
    lines = fetch(server, relation, part, part.after, _ALL_ROWS)
    if not lines.is_end:  # it was cut, as its rows are wide
        return lines, replace(span, after=lines.last)
    return replace(lines, is_end=rest is None), rest


def _too_slow(server: MySQL, relation: Relation, span: Span, rows: int, error: OverlongError) -> SegmentationError:
    """Why the smallest page takes too long: an index is missing, or the server has too much to do."""
    words = f"{rows} rows take longer than {server.pace.statement_seconds} s (pace.statement_seconds)"
    lacking = missing_index(server, relation, span.order)
    if lacking:
        return SourceError(f"{lacking}; {words}")
    return OverlongError(f"{relation.name}: {words}; plan: {page_plan(server, relation, span) or 'unknown'}; {error}")
