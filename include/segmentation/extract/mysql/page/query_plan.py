"""The plan by which a server would read a page, and the cost of a missing index."""

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
"""The places of EXPLAIN's fields, by the number of its columns: MySQL to 5.6 and MariaDB; MySQL since 5.7."""

_LONG = 0.4
"""The share of a table above which the estimate of a range is not reliable."""


@dataclass(frozen=True)
class QueryPlan:
    """The plan of a statement over one table, in the words of EXPLAIN."""

    access: str
    key: str
    rows: int
    extra: str

    def __str__(self) -> str:
        """Format the plan in one line."""
        words = [f"type {self.access}", f"key {self.key or 'none'}", f"rows {self.rows:,}", self.extra]
        return ", ".join(word for word in words if word)


def explain_missing_index(server: MySQLServer, relation: Relation, order: list[MySQLColumn]) -> str | None:
    """Explain the cost if no index has the order of a table's pages; None if one has."""
    if relation.table is None or relation.find_index(order):
        return None
    names = [column.name for column in order]
    plan = explain_page(server, relation, ReadSpan(["1 = 1"], order))
    cost = f"reads and sorts about {plan.rows:,} rows (plan: {plan})" if plan else "reads and sorts what is left"
    return f"{relation.name}: no index is ordered by ({', '.join(names)}), so every page {cost}"


def explain_page(server: MySQLServer, relation: Relation, span: ReadSpan) -> QueryPlan | None:
    """Explain how the server would read a page of a table; None if it does not say."""
    return _read_plan(server, relation, write_page_sql(relation, span, span.after, rows=1000))


def estimate_rows(server: MySQLServer, relation: Relation, span: ReadSpan) -> int | None:
    """Estimate cheaply the number of rows in a span of a table; None if the server does not say.

    InnoDB never estimates a range at more than half of its table, so a long range is the table minus the rows before.
    """
    if relation.table is None:
        return None
    rest = [write_after_condition(span.order, span.after)] if span.after else []
    rows = _estimate_where(server, relation, span, [*span.conditions, *rest])
    whole = estimate_table_rows(server, relation.table)
    if rows is None or rows < _LONG * whole:
        return rows
    earlier = (
        _estimate_where(server, relation, span, [write_up_to_condition(span.order, span.after)]) if span.after else 0
    )
    return max(rows, whole - (earlier or 0))


def _estimate_where(server: MySQLServer, relation: Relation, span: ReadSpan, conditions: list[str]) -> int | None:
    columns = ", ".join(quote_mysql_identifier(column.name) for column in span.order)
    table = quote_mysql_identifier(str(relation.table))
    plan = _read_plan(server, relation, f"SELECT {columns} FROM {table} WHERE {' AND '.join(conditions)}")
    return plan.rows if plan else None


def _read_plan(server: MySQLServer, relation: Relation, sql: str) -> QueryPlan | None:
    if relation.table is None:  # EXPLAIN before 5.6 computes derived tables and views
        return None
    try:
        rows = server.execute_sql(f"EXPLAIN {sql}")
    except ServerError:
        return None
    places = _PLACES.get(len(rows[0])) if rows else None
    if places is None:
        return None
    words = {name: decode_field(rows[0][place]) for name, place in places.items()}
    return QueryPlan(words["access"], words["key"], int(words["rows"] or 0), words["extra"])
