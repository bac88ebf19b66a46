"""The first load of a table: it reads by the primary key, the order in which InnoDB stores the rows.

With the index of the cursor the server looks up each row separately. That costs twice as much, and far more if the
table is larger than the server's memory. So the load first finds its target: the last row below the safe bound, in the
order of the cursor. It reads all rows up to the target by the primary key. At the end the target becomes the position;
until then the log has none. A load that breaks continues towards the same target.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.extract_relation import list_order_columns
from include.segmentation.extract.mysql.page.keyset import Position, ReadSpan, Relation, write_up_to_condition
from include.segmentation.extract.mysql.page.page_fetch import Page, read_position
from include.segmentation.extract.mysql.row.line_sql import write_line_sql
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn
from include.segmentation.extract.mysql.safe_bound import SafeBound
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.server.server_errors import OverlongError
from include.segmentation.lake.change_log import LogState

_FIRST = "first"
"""The key, in the cursor of a log's state, of a first load that has not ended."""


@dataclass(frozen=True)
class FirstLoad:
    """A first load.

    Attributes:
        relation: the table.
        key: the columns of the primary key, in its order.
        target: the position after the load.
        last_key: the key of the last row that was read.
        bound: the safe bound at the start of the load.
    """

    relation: Relation
    key: list[MySQLColumn]
    target: Position
    last_key: Position | None
    bound: SafeBound

    @property
    def span(self) -> ReadSpan:
        """The rows that are left to read."""
        conditions = [
            write_up_to_condition(list_order_columns(self.relation), self.target),
            *_write_date_conditions(self.relation.cursor),
        ]
        return ReadSpan(conditions, self.key, after=self.last_key, forces_index=True)

    def advance_state(self, state: LogState, page: Page) -> LogState:
        """Return the state after a page."""
        order, bound = _list_names(list_order_columns(self.relation)), self.bound
        if page.is_end:
            cursor = {"order": order, "position": self.target, "polls": bound.polls}
            return replace(state, cursor=cursor, complete_through=bound.complete_through)
        through = bound.complete_through.isoformat() if bound.complete_through else None
        begin = {"how": bound.how, "through": through, "polls": bound.polls}
        first = {"key": _list_names(self.key), "at": page.last, "target": self.target, "bound": begin}
        return replace(state, cursor={"order": order, "position": None, "polls": [], _FIRST: first})


def begin_first_load(server: MySQLServer, relation: Relation, state: LogState, bound: SafeBound) -> FirstLoad | None:
    """Begin the first load of an empty log; None if the primary key has the order of the cursor, or does not help."""
    key, order = _list_primary_key(relation), list_order_columns(relation)
    if state.cursor is not None or bound.limit is None or not key or key == order:
        return None
    try:
        rows = server.fetch_rows(
            f"SELECT {write_line_sql(order)} FROM {quote_mysql_identifier(str(relation.table))} "
            f"WHERE {' AND '.join([bound.condition, *_write_date_conditions(relation.cursor)])} "
            f"ORDER BY {', '.join(f'{quote_mysql_identifier(column.name)} DESC' for column in order)} LIMIT 1"
        )
    except OverlongError:  # no index, or a locked table: reading by the cursor reports it
        return None
    target = read_position(order, order, rows[0][0]) if rows else None
    return FirstLoad(relation, key, target, None, bound) if target else None


def resume_first_load(relation: Relation, state: LogState) -> FirstLoad | None:
    """Resume the first load that a log's state records; None if there is none.

    Raises:
        SourceError: it began with another cursor or primary key.
    """
    first: dict[str, Any] | None = state.cursor.get(_FIRST) if state.cursor else None
    if first is None or state.cursor.get("reordered"):  # then all rows are read by the cursor and compared
        return None
    key = _list_primary_key(relation)
    current, recorded = (
        [_list_names(list_order_columns(relation)), _list_names(key)],
        [state.cursor["order"], first["key"]],
    )
    if current != recorded:
        raise SourceError(
            f"its first load began with cursor and primary_key {recorded[0]}, read by {recorded[1]}; now they are "
            f"{current[0]} and {current[1]}; restore the old ones, or rename the extract to begin a new log"
        )
    begin = first["bound"]
    through = datetime.fromisoformat(begin["through"]) if begin["through"] else None
    bound = SafeBound("1 = 1", None, through, begin["how"], begin["polls"])
    return FirstLoad(relation, key, first["target"], first["at"], bound)


def _list_primary_key(relation: Relation) -> list[MySQLColumn]:
    """List the columns of the table's primary key in its order, if the extract has the same key; otherwise none."""
    ordered = {column.name: column for column in list_order_columns(relation)}
    primary = next((index for index in relation.indexes if index.name == "PRIMARY" and index.order), None)
    if not primary or not {column.name for column in relation.key} <= set(primary.columns) <= set(ordered):
        return []
    return [ordered[name] for name in primary.columns]


def _write_date_conditions(cursor: MySQLColumn) -> list[str]:
    """Write the condition that excludes zero dates, if the cursor may have them."""
    return [f"{quote_mysql_identifier(cursor.name)} >= {cursor.first_date}"] * cursor.allows_zero_dates


def _list_names(columns: list[MySQLColumn]) -> list[str]:
    return [column.name for column in columns]
