"""Extracts of mode ``snapshot``: a small table or query, read whole at every pull and compared with its change log."""

from typing import Any, cast

from include.segmentation.connections import resolve
from include.segmentation.extract.log_comparison import holding
from include.segmentation.extract.log_corrections import Corrections
from include.segmentation.extract.mysql.extract_relation import RowsExtract, check_unique, relation_of
from include.segmentation.extract.mysql.page.keyset import Span
from include.segmentation.extract.mysql.page.page_reader import read_pages
from include.segmentation.extract.mysql.row.mysql_columns import arrow_schema
from include.segmentation.extract.mysql.safe_bound import safe_time
from include.segmentation.extract.mysql.schema_changes import adapted
from include.segmentation.extract.mysql.server.mysql_server import connected
from include.segmentation.profile.sources import MySQLSource
from include.segmentation.run import Run

_CURSOR = {"order": ["(whole)"], "position": []}
"""There is no position; an extract that once gets a cursor must begin a new log, and is told so."""


def pull_snapshot(run: Run, name: str, declared: RowsExtract) -> dict[str, Any]:
    """Read everything and write what is new, has changed or is gone; the caller holds the log's writer.

    Each row is what it was when its page was read, at or after complete_through. A broken pull is begun again.

    Returns:
        ``rows_read``, ``rows_written`` (with deletions), ``rows_deleted``, ``pages`` and ``bound``.
    """
    log = run.lake.log(name)
    source = cast(MySQLSource, run.profile.sources[declared.source])  # a profile gives tables and queries no other
    with connected(resolve(source.connection), source.pace) as server:
        relation = relation_of(run.profile, server, declared)
        through, how = safe_time(server, declared.lag)
        state = adapted(log, log.state(), declared, relation)
        found = Corrections(log, state, declared.primary_key, retracts=False)
        read = pages = 0
        with holding(run.lake, name, declared.primary_key, arrow_schema(relation.columns)) as held:
            for page in read_pages(server, relation, Span(["1 = 1"], [relation.cursor, *relation.key])):
                check_unique(relation, declared, page)
                found.correct(page.rows, held.differing(page.rows))
                held.see(page.rows)
                read, pages = read + page.rows.num_rows, pages + 1
            found.delete(held.unseen("true"))
    through = max(through, found.state.complete_through or through)
    found.commit(cursor=_CURSOR, complete_through=through)
    written = found.missing + found.changed + found.deleted
    return {"rows_read": read, "rows_written": written, "rows_deleted": found.deleted, "pages": pages, "bound": how}
