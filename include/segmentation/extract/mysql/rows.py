"""Pull the new rows of a MySQL table or query into a change log, page by page.

A pull reads in order: rows behind the last position down to the lag again, rows whose cursor is NULL, and then
everything beyond the last position up to the safe bound. Only the last kind moves the position. Whatever the log
already holds unchanged is not written again.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pyarrow as pa

from include.segmentation.changelog import ChangeLog, State
from include.segmentation.connections import resolve
from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.bound import Bound, integer_bound, time_bound
from include.segmentation.extract.mysql.columns import arrow_schema
from include.segmentation.extract.mysql.fetch import Page
from include.segmentation.extract.mysql.hours import keep_hours
from include.segmentation.extract.mysql.keyset import Position, Relation, Span, up_to
from include.segmentation.extract.mysql.pages import read_pages
from include.segmentation.extract.mysql.relation import RowsExtract, check_unique, order_of, position_of, relation_of
from include.segmentation.extract.mysql.server import MySQL, connected, identifier
from include.segmentation.extract.mysql.unseen import unseen
from include.segmentation.run import Run
from include.segmentation.sources import MySQLSource


def pull_rows(run: Run, name: str, declared: RowsExtract) -> dict[str, Any]:
    """Pull one table or query; the caller holds the log's writer.

    Returns:
        ``rows_read``, ``rows_written``, ``pages`` and ``bound``.

    Raises:
        LaterError: a first load is outside its hours; the next pull goes on behind the last page.
    """
    log = run.lake.log(name)
    state = log.state()
    source = cast(MySQLSource, run.profile.sources[declared.source])  # a profile gives tables and queries no other
    hours = source.pace.first_load if state.complete_through is None else None
    keep_hours(hours, run.profile.time_zone)
    with connected(resolve(source.connection), source.pace) as server:
        relation = relation_of(run, server, declared)
        _check_schema(log, relation)
        position = position_of(relation, state)
        bound = _bound(server, relation, declared, state)
        counts = {"rows_read": 0, "rows_written": 0, "pages": 0}
        for page in _again(server, relation, declared, position):
            rows = unseen(run.lake, name, declared, page.rows)
            _count(counts, page, rows)
            if rows.num_rows:
                state = log.append(rows, state)
        for page in read_pages(server, relation, _new(relation, position, bound)):
            check_unique(declared, page)
            position = page.last or position
            _count(counts, page, page.rows)
            state = log.append(page.rows, _moved(state, relation, position, bound, page.is_end))
            if not page.is_end:
                keep_hours(hours, run.profile.time_zone)
    return {**counts, "bound": bound.how}


def _check_schema(log: ChangeLog, relation: Relation) -> None:
    """Refuse a source whose columns are no longer those of the log.

    Raises:
        SourceError: with the columns that differ, old and new.
    """
    held = log.schema()
    if held is None:
        return
    old, new = dict(zip(held.names, held.types, strict=True)), arrow_schema(relation.columns)
    now = dict(zip(new.names, new.types, strict=True))
    changed = [
        f"'{name}' was {old.get(name, 'absent')}, is {now.get(name, 'absent')}"
        for name in dict.fromkeys([*old, *now])
        if old.get(name) != now.get(name)
    ]
    if changed:
        raise SourceError(f"the source's columns have changed: {'; '.join(changed)}")


def _bound(server: MySQL, relation: Relation, declared: RowsExtract, state: State) -> Bound:
    if relation.cursor.is_time:
        return time_bound(server, relation.cursor, declared.lag)
    polls = state.cursor["polls"] if state.cursor else []
    return integer_bound(server, str(declared.table), relation.cursor, declared.lag, polls)  # type: ignore[union-attr]


def _again(server: MySQL, relation: Relation, declared: RowsExtract, position: Position | None) -> Iterator[Page]:
    """Rows that earlier pulls have passed by or could not place: down to the lag, and without a cursor."""
    if position and relation.cursor.is_time and declared.lag > timedelta(0):
        yield from read_pages(server, relation, _lagging(server, relation, position, declared.lag))
    if relation.cursor.nullable:
        missing = [f"{identifier(relation.cursor.name)} IS NULL"]
        yield from read_pages(server, relation, Span(missing, relation.key))


def _lagging(server: MySQL, relation: Relation, position: Position, lag: timedelta) -> Span:
    reached = relation.cursor.literal(position[0])
    low = relation.cursor.literal(
        server.value(f"SELECT CAST({reached} - INTERVAL {int(lag.total_seconds())} SECOND AS CHAR)") or position[0]
    )
    conditions = [f"{identifier(relation.cursor.name)} >= {low}", up_to(order_of(relation), position)]
    return Span(conditions, order_of(relation), low=low, high=reached)


def _new(relation: Relation, position: Position | None, bound: Bound) -> Span:
    low = relation.cursor.literal(position[0]) if position else None
    return Span([bound.condition], order_of(relation), low=low, high=bound.limit, after=position)


def _moved(state: State, relation: Relation, position: Position | None, bound: Bound, is_end: bool) -> State:
    """The state behind a page: the position moves with every page, complete_through at the end, never backwards."""
    through = state.complete_through
    if is_end and bound.complete_through and (through is None or bound.complete_through > through):
        through = bound.complete_through
    polls = bound.polls if is_end else (state.cursor or {}).get("polls", [])
    order = [column.name for column in order_of(relation)]
    return replace(state, cursor={"order": order, "position": position, "polls": polls}, complete_through=through)


def _count(counts: dict[str, int], page: Page, written: pa.Table) -> None:
    counts["rows_read"] += page.rows.num_rows
    counts["rows_written"] += written.num_rows
    counts["pages"] += 1
