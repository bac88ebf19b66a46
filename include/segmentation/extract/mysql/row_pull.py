"""Pull the new rows of a MySQL table or query into a change log, page by page.

A pull reads in order: rows behind the last position down to the lag again, rows whose cursor is NULL or a zero date,
and then everything beyond the last position up to the safe bound. Only the last kind moves the position. Whatever the
log already holds unchanged is not written again. A first load of a table may go another way (see ``first.py``).
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pyarrow as pa

from include.segmentation.connections import resolve
from include.segmentation.extract.load_hours import keep_hours
from include.segmentation.extract.mysql.extract_relation import (
    RowsExtract,
    check_unique,
    order_of,
    position_of,
    relation_of,
)
from include.segmentation.extract.mysql.first_load import begun, resumed
from include.segmentation.extract.mysql.page.keyset import Position, Relation, Span, has_placeless, placeless, up_to
from include.segmentation.extract.mysql.page.page_fetch import Page
from include.segmentation.extract.mysql.page.page_reader import read_pages
from include.segmentation.extract.mysql.safe_bound import Bound, integer_bound, time_bound
from include.segmentation.extract.mysql.schema_changes import AlteredError, adapted
from include.segmentation.extract.mysql.server.mysql_server import MySQL, connected, identifier
from include.segmentation.extract.unlogged_rows import not_held_without_cursor, unseen
from include.segmentation.lake.change_log import State
from include.segmentation.profile.profile_part import Hours
from include.segmentation.profile.sources import MySQLSource
from include.segmentation.run import Run

_log = logging.getLogger(__name__)

_MORE = ("computed", "reordered")
"""Why a log may hold rows beyond its position: it was computed in the lake before (see ``computed.py``), or the order
of its source's rows has changed (see ``drift.py``). Until a pull has come to its end, what it reads is compared."""


def pull_rows(run: Run, name: str, declared: RowsExtract) -> dict[str, Any]:
    """Pull one table or query; the caller holds the log's writer.

    Returns:
        ``rows_read``, ``rows_written``, ``pages``, ``bound``, and how many odd values were found, where any (see
        ``parse.py``).

    Raises:
        LaterError: a first load is outside its hours; the next pull goes on behind the last page.
    """
    log = run.lake.log(name)
    source = cast(MySQLSource, run.profile.sources[declared.source])  # a profile gives tables and queries no other
    hours = source.pace.first_load if log.state().complete_through is None else None
    keep_hours(hours, run.profile.time_zone)
    counts = Counter({"rows_read": 0, "rows_written": 0, "pages": 0})
    with connected(resolve(source.connection), source.pace) as server:
        while True:
            try:
                bound = _pull(run, name, declared, server, hours, counts)
                return {**counts, "bound": bound.how}
            except AlteredError as altered:
                _log.warning("%s; what was read stays, and the rest is read with its new columns", altered)


def _pull(
    run: Run, name: str, declared: RowsExtract, server: MySQL, hours: Hours | None, counts: Counter[str]
) -> Bound:
    """Go on behind the last page, up to the safe bound."""
    log = run.lake.log(name)
    relation = relation_of(run.profile, server, declared)
    state = adapted(log, log.state(), declared, relation)
    position = position_of(relation, state)
    rest = resumed(relation, state)
    bound = rest.bound if rest else _bound(server, relation, declared, state)
    load = rest or begun(server, relation, state, bound)
    for page in _again(server, relation, declared, position):
        rows = unseen(run.lake, name, declared, page.rows)
        _count(counts, page, rows)
        if rows.num_rows:
            state = log.append(rows, state)
    for page in read_pages(server, relation, load.span if load else _new(relation, position, bound)):
        check_unique(relation, declared, page)
        position = page.last or position
        rows = _unwritten(run, name, declared, relation, state, page)
        _count(counts, page, rows)
        moved = load.moved(state, page) if load else _moved(state, relation, position, bound, page.is_end)
        state = log.append(rows, moved)
        if not page.is_end:
            keep_hours(hours, run.profile.time_zone)
    if rest:  # its bound was that of its begin: go on with what has come since
        return _pull(run, name, declared, server, None, counts)
    return bound


def _bound(server: MySQL, relation: Relation, declared: RowsExtract, state: State) -> Bound:
    if relation.cursor.is_time:
        return time_bound(server, relation.cursor, declared.lag)
    polls = state.cursor["polls"] if state.cursor else []
    return integer_bound(server, str(declared.table), relation.cursor, declared.lag, polls)  # type: ignore[union-attr]


def _again(server: MySQL, relation: Relation, declared: RowsExtract, position: Position | None) -> Iterator[Page]:
    """Rows that earlier pulls have passed by or could not place: down to the lag, and without a cursor."""
    if position and relation.looks_ahead:
        yield from read_pages(server, relation, Span([up_to(order_of(relation), position)], order_of(relation)))
    elif position and relation.cursor.is_time and declared.lag > timedelta(0):
        yield from read_pages(server, relation, _lagging(server, relation, position, declared.lag))
    if has_placeless(relation.cursor):
        missing = placeless(relation.cursor)(identifier(relation.cursor.name))
        yield from read_pages(server, relation, Span([missing], relation.key))


def _lagging(server: MySQL, relation: Relation, position: Position, lag: timedelta) -> Span:
    reached = relation.cursor.literal(position[0])
    low = relation.cursor.literal(
        server.value(f"SELECT CAST({reached} - INTERVAL {int(lag.total_seconds())} SECOND AS CHAR)") or position[0]
    )
    conditions = [f"{identifier(relation.cursor.name)} >= {low}", up_to(order_of(relation), position)]
    return Span(conditions, order_of(relation), low=low, high=reached)


def _new(relation: Relation, position: Position | None, bound: Bound) -> Span:
    cursor = relation.cursor
    low = cursor.literal(position[0]) if position else cursor.first_date if cursor.allows_zero_dates else None
    conditions = [bound.condition]
    if cursor.allows_zero_dates and not position:
        conditions.append(f"{identifier(cursor.name)} >= {low}")
    return Span(conditions, order_of(relation), low=low, high=bound.limit, after=position)


def _unwritten(run: Run, name: str, declared: RowsExtract, relation: Relation, state: State, page: Page) -> pa.Table:
    """The rows of a page behind the position that the log does not hold: nearly always all of them."""
    if _holds_more(state):
        return unseen(run.lake, name, declared, page.rows)
    if declared.mode == "append" and has_placeless(relation.cursor):  # a cursor may have come since, and moved the row
        return not_held_without_cursor(run.lake, name, declared, page.rows)
    return page.rows


def _holds_more(state: State) -> bool:
    """Whether the log may hold rows beyond its position, by one of ``_MORE``."""
    return any(state.cursor.get(why) for why in _MORE) if state.cursor else False


def _moved(state: State, relation: Relation, position: Position | None, bound: Bound, is_end: bool) -> State:
    """The state behind a page: the position moves with every page, complete_through at the end, never backwards."""
    through = state.complete_through
    if is_end and bound.complete_through and (through is None or bound.complete_through > through):
        through = bound.complete_through
    polls = bound.polls if is_end else (state.cursor or {}).get("polls", [])
    order = [column.name for column in order_of(relation)]
    cursor: dict[str, Any] = {"order": order, "position": position, "polls": polls}
    if state.cursor and not is_end:
        cursor |= {why: True for why in _MORE if state.cursor.get(why)}
    return replace(state, cursor=cursor, complete_through=through)


def _count(counts: Counter[str], page: Page, written: pa.Table) -> None:
    counts["rows_read"] += page.rows.num_rows
    counts["rows_written"] += written.num_rows
    counts["pages"] += 1
    counts.update(page.noticed)
