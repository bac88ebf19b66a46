"""What a server makes of a page: the plan by which it would read, and what a missing index costs."""

from dataclasses import dataclass

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.extract.mysql.page.keyset import (
    ReadSpan,
    Relation,
    write_after_condition,
    write_page_sql,
    write_up_to_condition,
)
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer, decode_field
from include.segmentation.extract.mysql.server.server_errors import ServerError
from include.segmentation.extract.mysql.table_indexes import estimate_table_rows

_PLACES = {
    10: {"access": 3, "key": 5, "rows": 8, "extra": 9},
    12: {"access": 4, "key": 6, "rows": 9, "extra": 11},
}
"""Where EXPLAIN has what, by the number of its columns: MySQL to 5.6 and MariaDB, MySQL since 5.7."""

_LONG = 0.4
"""The share of a table from which on a range's estimate says no more than that it is long."""


@dataclass(frozen=True)
class QueryPlan:
    """How a server would read the rows of a statement over one table, in EXPLAIN's words."""

    access: str
    key: str
    rows: int
    extra: str

    def __str__(self) -> str:
        """In one line."""
        words = [f"type {self.access}", f"key {self.key or 'none'}", f"rows {self.rows:,}", self.extra]
        return ", ".join(word for word in words if word)


def explain_missing_index(server: MySQLServer, relation: Relation, order: list[MySQLColumn]) -> str | None:
    """What it costs that no index has the order of a table's pages, in words; None where one has."""
    if relation.table is None or relation.find_index(order):
        return None
    names = [column.name for column in order]
    plan = explain_page(server, relation, ReadSpan(["1 = 1"], order))
    cost = f"reads and sorts about {plan.rows:,} rows (plan: {plan})" if plan else "reads and sorts what is left"
    return f"{relation.name}: no index is ordered by ({', '.join(names)}), so every page {cost}"


def explain_page(server: MySQLServer, relation: Relation, span: ReadSpan) -> QueryPlan | None:
    """How the server would read a page of a table; None where it does not say."""
    return _explained(server, relation, write_page_sql(relation, span, span.after, rows=1000))


def estimate_rows(server: MySQLServer, relation: Relation, span: ReadSpan) -> int | None:
    """About how many rows a span of a table has, for next to nothing; None where the server does not say.

    InnoDB estimates no range at more than half of its table, so a long one is the table without what is before it.
    """
    if relation.table is None:
        return None
    beyond = [write_after_condition(span.order, span.after)] if span.after else []
    rows = _rows_where(server, relation, span, [*span.conditions, *beyond])
    whole = estimate_table_rows(server, relation.table)
    if rows is None or rows < _LONG * whole:
        return rows
    passed = _rows_where(server, relation, span, [write_up_to_condition(span.order, span.after)]) if span.after else 0
    return max(rows, whole - (passed or 0))


def _rows_where(server: MySQLServer, relation: Relation, span: ReadSpan, conditions: list[str]) -> int | None:
    columns, table = (
        ", ".join(quote_mysql_identifier(column.name) for column in span.order),
        quote_mysql_identifier(str(relation.table)),
    )
    plan = _explained(server, relation, f"SELECT {columns} FROM {table} WHERE {' AND '.join(conditions)}")
    return plan.rows if plan else None


def _explained(server: MySQLServer, relation: Relation, sql: str) -> QueryPlan | None:
    if relation.table is None:  # before 5.6 a server computes derived tables and views to explain them
        return None
    try:
        rows = server.execute(f"EXPLAIN {sql}")
    except ServerError:
        return None
    places = _PLACES.get(len(rows[0])) if rows else None
    if places is None:
        return None
    words = {name: decode_field(rows[0][place]) for name, place in places.items()}
    return QueryPlan(words["access"], words["key"], int(words["rows"] or 0), words["extra"])
