"""Read a span page by page; the size of each page fits the time that it may take."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from time import perf_counter

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.errors import SegmentationError, SourceError
from include.segmentation.extract.mysql.page.keyset import (
    BaseCursor,
    ReadSpan,
    Relation,
    divide_span,
    limit_between,
    write_slice_sql,
)
from include.segmentation.extract.mysql.page.page_fetch import Page, PageLines, fetch_page
from include.segmentation.extract.mysql.page.query_plan import estimate_rows, explain_missing_index, explain_page
from include.segmentation.extract.mysql.schema_changes import check_unaltered
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.server.server_errors import OverlongError
from include.segmentation.extract.mysql.server.server_load import wait_while_busy
from include.segmentation.extract.page_size import PageSize
from include.segmentation.extract.prefetch import prefetch_items
from include.segmentation.extract.read_progress import ReadProgress

_log = logging.getLogger(__name__)

PAGE_ROWS = 250_000
"""The most rows of a page, however fast they come."""
COMPUTED_ROWS, COMPUTED_FIRST_ROWS, COMPUTED_BYTES = 1_000_000, 50_000, 16 * 1024 * 1024
"""The most rows, the first rows and the most bytes where every page computes all rows: few large pages."""
_ALL_ROWS = 2**62


def read_pages(server: MySQLServer, relation: Relation, span: ReadSpan) -> Iterator[Page]:
    """Read a span, as at least one page, which may be empty.

    Before a page it waits while the server is busy. A page that takes too long is ended on the server and read again
    as a smaller one. The next page is fetched while the caller works on the current one.

    Raises:
        AlteredError: the columns have changed since reading began; no page with the new columns is returned.
        DataError: a value cannot be read, or an ordering column is NULL.
        UnavailableError: the server does not answer, stays busy, or is too slow for the smallest page.
        SourceError: the server refuses, or is too slow for the smallest page because an index is missing.
    """
    progress = ReadProgress(relation.name, lambda: estimate_rows(server, relation, span))
    for page in map(PageLines.parse_page, prefetch_items(_fetch_pages(server, relation, span))):
        yield page
        progress.count_rows(page.rows.num_rows)
    progress.finish()


def _fetch_pages(server: MySQLServer, relation: Relation, span: ReadSpan) -> Iterator[PageLines]:
    rest: ReadSpan | None = span
    size = _make_size(server, relation)
    while rest:
        wait_while_busy(server)
        try:
            lines, rest = _fetch_next(server, relation, rest, size)
        except SourceError:  # perhaps a column was dropped
            check_unaltered(relation)
            raise
        check_unaltered(relation)
        yield lines


def _make_size(server: MySQLServer, relation: Relation) -> PageSize:
    if relation.computes_all:
        seconds = server.pace.statement_seconds / 4
        return PageSize(seconds, COMPUTED_ROWS, COMPUTED_FIRST_ROWS, COMPUTED_BYTES)
    return PageSize(server.pace.page_seconds, PAGE_ROWS)


def _fetch_next(
    server: MySQLServer, relation: Relation, span: ReadSpan, size: PageSize
) -> tuple[PageLines, ReadSpan | None]:
    """Fetch the next page of a span, and return it with the rest of the span."""
    base = relation.base if span.order[0] == relation.cursor else None
    while True:
        started = perf_counter()
        try:
            lines, rest = (partial(_fetch_slice, base) if base else _fetch_limited)(server, relation, span, size)
        except OverlongError as error:
            if size.is_smallest:
                raise _explain_slowness(server, relation, span, size.rows, error) from error
            _log.warning("%s: a page of %d rows took too long, smaller ones follow", relation.name, size.rows)
            size.shrink()
            continue
        rows = size.rows if base else lines.count
        if rows:
            size.learn(rows, perf_counter() - started, lines.size)
        return lines, rest


def _fetch_limited(
    server: MySQLServer, relation: Relation, span: ReadSpan, size: PageSize
) -> tuple[PageLines, ReadSpan | None]:
    lines = fetch_page(server, relation, span, span.after, size.rows, size.most_bytes)
    return lines, None if lines.is_end else replace(span, after=lines.last)


def _fetch_slice(
    base: BaseCursor, server: MySQLServer, relation: Relation, span: ReadSpan, size: PageSize
) -> tuple[PageLines, ReadSpan | None]:
    """Fetch the page of a number of base rows; LIMIT alone would compute all rows up to the end of the span."""
    ends = server.fetch_rows(write_slice_sql(base, span, size.rows))
    at = relation.cursor.format_position(ends[0][0] or b"") if ends else None
    part, rest = (span, None) if at is None else divide_span(relation, span, at)
    base.check(limit_between(part.low, part.high)(quote_mysql_identifier(base.column)))
    lines = fetch_page(server, relation, part, part.after, _ALL_ROWS)
    if not lines.is_end:  # it was cut, because its rows are wide
        return lines, replace(span, after=lines.last)
    return replace(lines, is_end=rest is None), rest


def _explain_slowness(
    server: MySQLServer, relation: Relation, span: ReadSpan, rows: int, error: OverlongError
) -> SegmentationError:
    """Explain why the smallest page takes too long: an index is missing, or the server has too much to do."""
    words = f"{rows} rows take longer than {server.pace.statement_seconds} s (pace.statement_seconds)"
    missing_index = explain_missing_index(server, relation, span.order)
    if missing_index:
        return SourceError(f"{missing_index}; {words}")
    return OverlongError(
        f"{relation.name}: {words}; plan: {explain_page(server, relation, span) or 'unknown'}; {error}"
    )
