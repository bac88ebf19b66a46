"""A first load of a table reads it by its primary key, in which InnoDB keeps the rows, and not by the cursor.

By the cursor's index every row is looked up by itself, which costs the server twice as much, and far more where the
table is larger than its memory. So before the first page the row is found at which the load will have arrived: the last
one below the safe bound, in the order of the cursor. What is not behind it is read by the primary key, and only at the
end it becomes the position; until then the log has none. A load that breaks goes on towards the same row.
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
"""Where the cursor of a log's state keeps a first load that has not ended."""


@dataclass(frozen=True)
class FirstLoad:
    """A first load.

    Attributes:
        key: the primary key's columns, in its order.
        target: the position at the end.
        at: the key of the last row that was read.
        bound: that of its begin.
    """

    relation: Relation
    key: list[MySQLColumn]
    target: Position
    at: Position | None
    bound: SafeBound

    @property
    def span(self) -> ReadSpan:
        """What is left to read."""
        conditions = [
            write_up_to_condition(list_order_columns(self.relation), self.target),
            *_placed(self.relation.cursor),
        ]
        return ReadSpan(conditions, self.key, after=self.at, forces_index=True)

    def advance(self, state: LogState, page: Page) -> LogState:
        """The state behind a page."""
        order, bound = _names(list_order_columns(self.relation)), self.bound
        if page.is_end:
            cursor = {"order": order, "position": self.target, "polls": bound.polls}
            return replace(state, cursor=cursor, complete_through=bound.complete_through)
        through = bound.complete_through.isoformat() if bound.complete_through else None
        begin = {"how": bound.how, "through": through, "polls": bound.polls}
        first = {"key": _names(self.key), "at": page.last, "target": self.target, "bound": begin}
        return replace(state, cursor={"order": order, "position": None, "polls": [], _FIRST: first})


def begin_first_load(server: MySQLServer, relation: Relation, state: LogState, bound: SafeBound) -> FirstLoad | None:
    """The first load of a log that nothing was read into, where its table has a primary key of another order."""
    key, order = _primary_key(relation), list_order_columns(relation)
    if state.cursor is not None or bound.limit is None or not key or key == order:
        return None
    try:
        found = server.fetch_rows(
            f"SELECT {write_line_sql(order)} FROM {quote_mysql_identifier(str(relation.table))} "
            f"WHERE {' AND '.join([bound.condition, *_placed(relation.cursor)])} "
            f"ORDER BY {', '.join(f'{quote_mysql_identifier(column.name)} DESC' for column in order)} LIMIT 1"
        )
    except OverlongError:  # an index is missing, or the table locked: pages by the cursor say so
        return None
    target = read_position(order, order, found[0][0]) if found else None
    return FirstLoad(relation, key, target, None, bound) if target else None


def resume_first_load(relation: Relation, state: LogState) -> FirstLoad | None:
    """The first load that a log's state says has not ended.

    Raises:
        SourceError: it was begun with another cursor or primary key.
    """
    first: dict[str, Any] | None = state.cursor.get(_FIRST) if state.cursor else None
    if first is None or state.cursor.get("reordered"):  # then all is read and compared by the cursor
        return None
    key = _primary_key(relation)
    now, then = [_names(list_order_columns(relation)), _names(key)], [state.cursor["order"], first["key"]]
    if now != then:
        raise SourceError(
            f"its first load was begun with cursor and primary_key {then[0]}, read by {then[1]}, and they are {now[0]} "
            f"and {now[1]}; put the old ones back, or give the extract a new name to begin a new log"
        )
    begin = first["bound"]
    through = datetime.fromisoformat(begin["through"]) if begin["through"] else None
    bound = SafeBound("1 = 1", None, through, begin["how"], begin["polls"])
    return FirstLoad(relation, key, first["target"], first["at"], bound)


def _primary_key(relation: Relation) -> list[MySQLColumn]:
    """The columns of the table's primary key in its order, where they are those that tell the extract's rows apart."""
    of_order = {column.name: column for column in list_order_columns(relation)}
    primary = next((index for index in relation.indexes if index.name == "PRIMARY" and index.order), None)
    if not primary or not {column.name for column in relation.key} <= set(primary.columns) <= set(of_order):
        return []
    return [of_order[name] for name in primary.columns]


def _placed(cursor: MySQLColumn) -> list[str]:
    """The condition of rows with a place in the cursor's order, where there may be others at its begin."""
    return [f"{quote_mysql_identifier(cursor.name)} >= {cursor.first_date}"] * cursor.allows_zero_dates


def _names(columns: list[MySQLColumn]) -> list[str]:
    return [column.name for column in columns]
