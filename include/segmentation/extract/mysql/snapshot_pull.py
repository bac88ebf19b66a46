"""Extracts of mode ``snapshot``: a small table or query, read whole at every pull and compared with its change log."""

from typing import Any, cast

from include.segmentation.connections import resolve_address
from include.segmentation.extract.log_comparison import load_logged_rows
from include.segmentation.extract.log_corrections import LogCorrections
from include.segmentation.extract.mysql.extract_relation import RowsExtract, check_unique, find_relation
from include.segmentation.extract.mysql.page.keyset import ReadSpan
from include.segmentation.extract.mysql.page.page_reader import read_pages
from include.segmentation.extract.mysql.row.mysql_columns import build_arrow_schema
from include.segmentation.extract.mysql.safe_bound import find_safe_time
from include.segmentation.extract.mysql.schema_changes import adapt_log
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.profile.mysql_source import MySQLSource
from include.segmentation.run import Run

_CURSOR = {"order": ["(whole)"], "position": []}
"""There is no position; an extract that once gets a cursor must begin a new log, and is told so."""


def pull_snapshot(run: Run, name: str, declared: RowsExtract) -> dict[str, Any]:
    """Read everything and write what is new, has changed or is gone; the caller holds the log's writer.

    Each row is what it was when its page was read, at or after complete_through. A broken pull is begun again.

    Returns:
        ``rows_read``, ``rows_written`` (with deletions), ``rows_deleted``, ``pages`` and ``bound``.
    """
    log = run.lake.open_log(name)
    source = cast(MySQLSource, run.profile.sources[declared.source])  # a profile gives tables and queries no other
    with connect_mysql(resolve_address(source.connection), source.pace) as server:
        relation = find_relation(run.profile, server, declared)
        through, how = find_safe_time(server, declared.lag)
        state = adapt_log(log, log.read_state(), declared, relation)
        found = LogCorrections(log, state, declared.primary_key, retracts=False)
        read = pages = 0
        with load_logged_rows(run.lake, name, declared.primary_key, build_arrow_schema(relation.columns)) as held:
            for page in read_pages(server, relation, ReadSpan(["1 = 1"], [relation.cursor, *relation.key])):
                check_unique(relation, declared, page)
                found.add_rows(page.rows, held.find_differing(page.rows))
                held.mark_seen(page.rows)
                read, pages = read + page.rows.num_rows, pages + 1
            found.add_deletions(held.find_unseen("true"))
    through = max(through, found.state.complete_through or through)
    found.commit(cursor=_CURSOR, complete_through=through)
    written = found.missing + found.changed + found.deleted
    return {"rows_read": read, "rows_written": written, "rows_deleted": found.deleted, "pages": pages, "bound": how}
