"""Pull the new rows of a MySQL table or query into a change log, page by page.

A pull reads three parts in this order: the rows from the last position back to the lag, the rows whose cursor is NULL
or a zero date, and the rows after the last position up to the safe bound. Only the last part moves the position. Rows
that the log already has are not written again. A first load of a table may use another order (see ``first_load.py``).
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.connections import resolve_address
from include.segmentation.extract.load_hours import require_open_hours
from include.segmentation.extract.mysql.extract_relation import (
    RowsExtract,
    check_unique,
    find_position,
    find_relation,
    list_order_columns,
)
from include.segmentation.extract.mysql.first_load import begin_first_load, resume_first_load
from include.segmentation.extract.mysql.page.keyset import (
    Position,
    ReadSpan,
    Relation,
    can_lack_place,
    limit_to_placeless,
    write_up_to_condition,
)
from include.segmentation.extract.mysql.page.page_fetch import Page
from include.segmentation.extract.mysql.page.page_reader import read_pages
from include.segmentation.extract.mysql.safe_bound import SafeBound, find_integer_bound, find_time_bound
from include.segmentation.extract.mysql.schema_changes import AlteredError, adapt_log
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.unlogged_rows import drop_logged_rows, drop_rows_logged_without_cursor
from include.segmentation.lake.change_log import LogState
from include.segmentation.profile.mysql_source import MySQLSource
from include.segmentation.profile.profile_part import HourRange
from include.segmentation.run import Run

_log = logging.getLogger(__name__)

_REREAD_REASONS = ("computed", "reordered")
"""Why a log may hold rows after its position: it was computed in the lake before (see ``lake_computation.py``), or the
order of the rows has changed (see ``schema_changes.py``). Until a pull ends, its rows are compared with the log."""


def pull_rows(run: Run, name: str, declared: RowsExtract) -> dict[str, Any]:
    """Pull one table or query; the caller holds the log's writer.

    Returns:
        ``rows_read``, ``rows_written``, ``pages``, ``bound``, and the counts of odd values, if any (see
        ``line_parser.py``).

    Raises:
        RetryLaterError: a first load is outside its hours; the next pull continues after the last page.
    """
    log = run.lake.open_log(name)
    source = cast(MySQLSource, run.profile.sources[declared.source])  # the only source of tables and queries
    hours = source.pace.first_load if log.read_state().complete_through is None else None
    require_open_hours(hours, run.profile.time_zone)
    counts = Counter({"rows_read": 0, "rows_written": 0, "pages": 0})
    with connect_mysql(resolve_address(source.connection), source.pace) as server:
        while True:
            try:
                bound = _pull_to_bound(run, name, declared, server, hours, counts)
                return {**counts, "bound": bound.how}
            except AlteredError as altered:
                _log.warning("%s; the rest is read with the new columns, earlier pages stay", altered)


def _pull_to_bound(
    run: Run, name: str, declared: RowsExtract, server: MySQLServer, hours: HourRange | None, counts: Counter[str]
) -> SafeBound:
    """Continue after the last page, up to the safe bound."""
    log = run.lake.open_log(name)
    relation = find_relation(run.profile, server, declared)
    state = adapt_log(log, log.read_state(), declared, relation)
    position = find_position(relation, state)
    resumed = resume_first_load(relation, state)
    bound = resumed.bound if resumed else _find_bound(server, relation, declared, state)
    load = resumed or begin_first_load(server, relation, state, bound)
    for page in _reread_pages(server, relation, declared, position):
        rows = drop_logged_rows(run.lake, name, declared, page.rows)
        _count_page(counts, page, rows)
        if rows.num_rows:
            state = log.append(rows, state)
    for page in read_pages(server, relation, load.span if load else _build_new_span(relation, position, bound)):
        check_unique(relation, declared, page)
        position = page.last or position
        rows = _drop_written(run, name, declared, relation, state, page)
        _count_page(counts, page, rows)
        next_state = (
            load.advance_state(state, page) if load else _advance_state(state, relation, position, bound, page.is_end)
        )
        state = log.append(rows, next_state)
        if not page.is_end:
            require_open_hours(hours, run.profile.time_zone)
    if resumed:  # its bound is that of its start: read the rows since then too
        return _pull_to_bound(run, name, declared, server, None, counts)
    return bound


def _find_bound(server: MySQLServer, relation: Relation, declared: RowsExtract, state: LogState) -> SafeBound:
    if relation.cursor.is_time:
        return find_time_bound(server, relation.cursor, declared.lag)
    polls = state.cursor["polls"] if state.cursor else []
    return find_integer_bound(server, str(declared.table), relation.cursor, declared.lag, polls)  # type: ignore[union-attr]


def _reread_pages(
    server: MySQLServer, relation: Relation, declared: RowsExtract, position: Position | None
) -> Iterator[Page]:
    """Read again what earlier pulls may have missed: rows within the lag, and rows without a cursor."""
    if position and relation.looks_ahead:
        yield from read_pages(
            server,
            relation,
            ReadSpan([write_up_to_condition(list_order_columns(relation), position)], list_order_columns(relation)),
        )
    elif position and relation.cursor.is_time and declared.lag > timedelta(0):
        yield from read_pages(server, relation, _build_lag_span(server, relation, position, declared.lag))
    if can_lack_place(relation.cursor):
        missing = limit_to_placeless(relation.cursor)(quote_mysql_identifier(relation.cursor.name))
        yield from read_pages(server, relation, ReadSpan([missing], relation.key))


def _build_lag_span(server: MySQLServer, relation: Relation, position: Position, lag: timedelta) -> ReadSpan:
    reached = relation.cursor.write_literal(position[0])
    low = relation.cursor.write_literal(
        server.fetch_value(f"SELECT CAST({reached} - INTERVAL {int(lag.total_seconds())} SECOND AS CHAR)")
        or position[0]
    )
    conditions = [
        f"{quote_mysql_identifier(relation.cursor.name)} >= {low}",
        write_up_to_condition(list_order_columns(relation), position),
    ]
    return ReadSpan(conditions, list_order_columns(relation), low=low, high=reached)


def _build_new_span(relation: Relation, position: Position | None, bound: SafeBound) -> ReadSpan:
    cursor = relation.cursor
    low = cursor.write_literal(position[0]) if position else cursor.first_date if cursor.allows_zero_dates else None
    conditions = [bound.condition]
    if cursor.allows_zero_dates and not position:
        conditions.append(f"{quote_mysql_identifier(cursor.name)} >= {low}")
    return ReadSpan(conditions, list_order_columns(relation), low=low, high=bound.limit, after=position)


def _drop_written(
    run: Run, name: str, declared: RowsExtract, relation: Relation, state: LogState, page: Page
) -> pa.Table:
    """Drop the rows of a page after the position that the log already has: usually none."""
    if _has_rows_after_position(state):
        return drop_logged_rows(run.lake, name, declared, page.rows)
    if declared.mode == "append" and can_lack_place(relation.cursor):  # a row may have got its cursor since
        return drop_rows_logged_without_cursor(run.lake, name, declared, page.rows)
    return page.rows


def _has_rows_after_position(state: LogState) -> bool:
    """Whether the log may have rows after its position."""
    return any(state.cursor.get(reason) for reason in _REREAD_REASONS) if state.cursor else False


def _advance_state(
    state: LogState, relation: Relation, position: Position | None, bound: SafeBound, is_end: bool
) -> LogState:
    """Return the state after a page. complete_through only moves at the end of the span, and never backwards."""
    through = state.complete_through
    if is_end and bound.complete_through and (through is None or bound.complete_through > through):
        through = bound.complete_through
    polls = bound.polls if is_end else (state.cursor or {}).get("polls", [])
    order = [column.name for column in list_order_columns(relation)]
    cursor: dict[str, Any] = {"order": order, "position": position, "polls": polls}
    if state.cursor and not is_end:
        cursor |= {reason: True for reason in _REREAD_REASONS if state.cursor.get(reason)}
    return replace(state, cursor=cursor, complete_through=through)


def _count_page(counts: Counter[str], page: Page, written_rows: pa.Table) -> None:
    counts["rows_read"] += page.rows.num_rows
    counts["rows_written"] += written_rows.num_rows
    counts["pages"] += 1
    counts.update(page.noticed)
