"""Extracts of mode ``snapshot``: each pull reads the whole (small) table or query and compares it with the log."""

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
"""A snapshot has no position. An extract that later gets a cursor must begin a new log; ``find_position`` says so."""


def pull_snapshot(run: Run, name: str, declared: RowsExtract) -> dict[str, Any]:
    """Read everything and write new rows, changes and deletions; the caller holds the log's writer.

    Each row is as it was when its page was read, at or after complete_through. A pull that breaks starts again.

    Returns:
        ``rows_read``, ``rows_written`` (with deletions), ``rows_deleted``, ``pages`` and ``bound``.
    """
    log = run.lake.open_log(name)
    source = cast(MySQLSource, run.profile.sources[declared.source])  # the only source of tables and queries
    with connect_mysql(resolve_address(source.connection), source.pace) as server:
        relation = find_relation(run.profile, server, declared)
        through, how = find_safe_time(server, declared.lag)
        state = adapt_log(log, log.read_state(), declared, relation)
        corrections = LogCorrections(log, state, declared.primary_key, retracts=False)
        rows_read = pages = 0
        with load_logged_rows(run.lake, name, declared.primary_key, build_arrow_schema(relation.columns)) as logged:
            for page in read_pages(server, relation, ReadSpan(["1 = 1"], [relation.cursor, *relation.key])):
                check_unique(relation, declared, page)
                corrections.add_rows(page.rows, logged.find_differing(page.rows))
                logged.mark_seen(page.rows)
                rows_read, pages = rows_read + page.rows.num_rows, pages + 1
            corrections.add_deletions(logged.find_unseen("true"))
    through = max(through, corrections.state.complete_through or through)
    corrections.commit(cursor=_CURSOR, complete_through=through)
    rows_written = corrections.missing + corrections.changed + corrections.deleted
    counts = {"rows_read": rows_read, "rows_written": rows_written, "rows_deleted": corrections.deleted, "pages": pages}
    return {**counts, "bound": how}
