"""A first load of a table reads it by its primary key, in which InnoDB keeps the rows, and not by the cursor.

By the cursor's index every row is looked up by itself, which costs the server twice as much, and far more where the
table is larger than its memory. So before the first page the row is found at which the load will have arrived: the last
one below the safe bound, in the order of the cursor. What is not behind it is read by the primary key, and only at the
end it becomes the position; until then the log has none. A load that breaks goes on towards the same row.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.extract_relation import order_of
from include.segmentation.extract.mysql.page.keyset import Position, Relation, Span, up_to
from include.segmentation.extract.mysql.page.page_fetch import Page, position
from include.segmentation.extract.mysql.row.line_sql import line_sql
from include.segmentation.extract.mysql.row.mysql_columns import Column
from include.segmentation.extract.mysql.safe_bound import Bound
from include.segmentation.extract.mysql.server.mysql_server import MySQL, identifier
from include.segmentation.extract.mysql.server.server_errors import OverlongError
from include.segmentation.lake.change_log import State

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
    key: list[Column]
    target: Position
    at: Position | None
    bound: Bound

    @property
    def span(self) -> Span:
        """What is left to read."""
        conditions = [up_to(order_of(self.relation), self.target), *_placed(self.relation.cursor)]
        return Span(conditions, self.key, after=self.at, forces_index=True)

    def moved(self, state: State, page: Page) -> State:
        """The state behind a page."""
        order, bound = _names(order_of(self.relation)), self.bound
        if page.is_end:
            cursor = {"order": order, "position": self.target, "polls": bound.polls}
            return replace(state, cursor=cursor, complete_through=bound.complete_through)
        through = bound.complete_through.isoformat() if bound.complete_through else None
        begin = {"how": bound.how, "through": through, "polls": bound.polls}
        first = {"key": _names(self.key), "at": page.last, "target": self.target, "bound": begin}
        return replace(state, cursor={"order": order, "position": None, "polls": [], _FIRST: first})


def begun(server: MySQL, relation: Relation, state: State, bound: Bound) -> FirstLoad | None:
    """The first load of a log that nothing was read into, where its table has a primary key of another order."""
    key, order = _primary_key(relation), order_of(relation)
    if state.cursor is not None or bound.limit is None or not key or key == order:
        return None
    try:
        found = server.rows(
            f"SELECT {line_sql(order)} FROM {identifier(str(relation.table))} "
            f"WHERE {' AND '.join([bound.condition, *_placed(relation.cursor)])} "
            f"ORDER BY {', '.join(f'{identifier(column.name)} DESC' for column in order)} LIMIT 1"
        )
    except OverlongError:  # an index is missing, or the table locked: pages by the cursor say so
        return None
    target = position(order, order, found[0][0]) if found else None
    return FirstLoad(relation, key, target, None, bound) if target else None


def resumed(relation: Relation, state: State) -> FirstLoad | None:
    """The first load that a log's state says has not ended.

    Raises:
        SourceError: it was begun with another cursor or primary key.
    """
    first: dict[str, Any] | None = state.cursor.get(_FIRST) if state.cursor else None
    if first is None or state.cursor.get("reordered"):  # then all is read and compared by the cursor
        return None
    key = _primary_key(relation)
    now, then = [_names(order_of(relation)), _names(key)], [state.cursor["order"], first["key"]]
    if now != then:
        raise SourceError(
            f"its first load was begun with cursor and primary_key {then[0]}, read by {then[1]}, and they are {now[0]} "
            f"and {now[1]}; put the old ones back, or give the extract a new name to begin a new log"
        )
    begin = first["bound"]
    through = datetime.fromisoformat(begin["through"]) if begin["through"] else None
    bound = Bound("1 = 1", None, through, begin["how"], begin["polls"])
    return FirstLoad(relation, key, first["target"], first["at"], bound)


def _primary_key(relation: Relation) -> list[Column]:
    """The columns of the table's primary key in its order, where they are those that tell the extract's rows apart."""
    of_order = {column.name: column for column in order_of(relation)}
    primary = next((index for index in relation.indexes if index.name == "PRIMARY" and index.order), None)
    if not primary or not {column.name for column in relation.key} <= set(primary.columns) <= set(of_order):
        return []
    return [of_order[name] for name in primary.columns]


def _placed(cursor: Column) -> list[str]:
    """The condition of rows with a place in the cursor's order, where there may be others at its begin."""
    return [f"{identifier(cursor.name)} >= {cursor.first_date}"] * cursor.allows_zero_dates


def _names(columns: list[Column]) -> list[str]:
    return [column.name for column in columns]
