"""Pages of a span, one after the other, each as large as the time that it may take."""

import logging
from collections.abc import Iterator
from time import perf_counter

from include.segmentation.errors import SegmentationError, SourceError
from include.segmentation.extract.mysql.ahead import ahead
from include.segmentation.extract.mysql.busy import wait_while_busy
from include.segmentation.extract.mysql.drift import check_unaltered
from include.segmentation.extract.mysql.fetch import Lines, Page, fetch
from include.segmentation.extract.mysql.keyset import Position, Relation, Span
from include.segmentation.extract.mysql.plan import estimated_rows, missing_index, page_plan
from include.segmentation.extract.mysql.progress import Progress
from include.segmentation.extract.mysql.refusals import OverlongError
from include.segmentation.extract.mysql.server import MySQL
from include.segmentation.extract.mysql.size import PageSize

_log = logging.getLogger(__name__)

PAGE_ROWS = 250_000
"""The most rows of a page, however fast they come."""


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
    for lines in ahead(_fetched(server, relation, span)):
        yield lines.page()
        progress.read(len(lines.lines))
    progress.end()


def _fetched(server: MySQL, relation: Relation, span: Span) -> Iterator[Lines]:
    at = span.after
    size = PageSize(server.pace.page_seconds, PAGE_ROWS)
    while True:
        wait_while_busy(server)
        try:
            lines = _lines(server, relation, span, at, size)
        except SourceError:  # perhaps of a column that is gone
            check_unaltered(relation)
            raise
        check_unaltered(relation)
        yield lines
        if lines.is_end:
            return
        at = lines.last


def _lines(server: MySQL, relation: Relation, span: Span, at: Position | None, size: PageSize) -> Lines:
    while True:
        started = perf_counter()
        try:
            lines = fetch(server, relation, span, at, size.rows)
        except OverlongError as error:
            if size.is_smallest:
                raise _too_slow(server, relation, span, size.rows, error) from error
            _log.warning("%s: a page of %d rows took too long, smaller ones follow", relation.name, size.rows)
            size.shrink()
            continue
        if lines.lines:
            size.learn(len(lines.lines), perf_counter() - started, lines.size)
        return lines


def _too_slow(server: MySQL, relation: Relation, span: Span, rows: int, error: OverlongError) -> SegmentationError:
    """Why the smallest page takes too long: an index is missing, or the server has too much to do."""
    words = f"{rows} rows take longer than {server.pace.statement_seconds} s (pace.statement_seconds)"
    lacking = missing_index(server, relation, span.order)
    if lacking:
        return SourceError(f"{lacking}; {words}")
    return OverlongError(f"{relation.name}: {words}; plan: {page_plan(server, relation, span) or 'unknown'}; {error}")
