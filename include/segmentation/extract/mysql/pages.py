"""Pages of a span, one after the other."""

from collections.abc import Iterator

from include.segmentation.extract.mysql.fetch import Page, fetch
from include.segmentation.extract.mysql.keyset import Relation, Span
from include.segmentation.extract.mysql.server import MySQL

PAGE_ROWS = 50_000


def read_pages(server: MySQL, relation: Relation, span: Span) -> Iterator[Page]:
    """Read a span; at least one page comes, possibly empty.

    Raises:
        DataError: a value can not be read, or the ordering columns hold NULL.
        UnavailableError, SourceError: the server does not answer, or refuses.
    """
    at = span.after
    while True:
        page = fetch(server, relation, span, at, PAGE_ROWS)
        yield page
        if page.is_end:
            return
        at = page.last
