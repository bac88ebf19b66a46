"""Pages of a span, one after the other, each as large as the time that it may take."""

from collections.abc import Iterator
from time import perf_counter

from include.segmentation.extract.mysql.fetch import Page, fetch
from include.segmentation.extract.mysql.keyset import Relation, Span
from include.segmentation.extract.mysql.server import MySQL
from include.segmentation.extract.mysql.size import PageSize

PAGE_ROWS = 250_000
"""The most rows of a page, however fast they come."""


def read_pages(server: MySQL, relation: Relation, span: Span) -> Iterator[Page]:
    """Read a span; at least one page comes, possibly empty.

    Raises:
        DataError: a value can not be read, or the ordering columns hold NULL.
        UnavailableError, SourceError: the server does not answer, or refuses.
    """
    at = span.after
    size = PageSize(server.pace.page_seconds, PAGE_ROWS)
    while True:
        started = perf_counter()
        page = fetch(server, relation, span, at, size.rows)
        if page.rows.num_rows:
            size.learn(page.rows.num_rows, perf_counter() - started, page.rows.nbytes)
        yield page
        if page.is_end:
            return
        at = page.last
