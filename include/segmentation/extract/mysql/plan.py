"""What a server makes of a page: the indexes that a table has, and the plan by which it would read."""

from dataclasses import dataclass

from include.segmentation.extract.mysql.columns import Column
from include.segmentation.extract.mysql.keyset import Relation, Span, after, page_sql
from include.segmentation.extract.mysql.refusals import ServerError
from include.segmentation.extract.mysql.server import MySQL, identifier, quoted

_PLACES = {
    10: {"access": 3, "key": 5, "rows": 8, "extra": 9},
    12: {"access": 4, "key": 6, "rows": 9, "extra": 11},
}
"""Where EXPLAIN has what, by the number of its columns: MySQL to 5.6 and MariaDB, MySQL since 5.7."""


@dataclass(frozen=True)
class Index:
    """An index of a table.

    Attributes:
        columns: those that it names.
        order: by which rows can be read with it; an InnoDB index ends in the primary key, named or not.
        is_unique: whether its columns tell the rows apart: no two are equal, none is NULL.
    """

    name: str
    columns: list[str]
    order: list[str]
    is_unique: bool


@dataclass(frozen=True)
class Plan:
    """How a server would read the rows of a statement over one table, in EXPLAIN's words."""

    access: str
    key: str
    rows: int
    extra: str

    def __str__(self) -> str:
        """In one line."""
        words = [f"type {self.access}", f"key {self.key or 'none'}", f"rows {self.rows:,}", self.extra]
        return ", ".join(word for word in words if word)


def is_view(server: MySQL, table: str) -> bool:
    """Whether a table of the connection's database is a view."""
    return _fact(server, table, "table_type").endswith("VIEW")


def indexes(server: MySQL, table: str) -> list[Index]:
    """The indexes of a table of the connection's database, its primary key first."""
    found = server.rows(
        "SELECT index_name, column_name, non_unique, nullable, sub_part, index_type, collation "
        "FROM information_schema.statistics "
        f"WHERE table_schema = DATABASE() AND table_name = {quoted(table)} "
        "ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index"
    )
    is_innodb = _fact(server, table, "engine") == "InnoDB"
    primary = [_word(row[1]) for row in found if row[0] == b"PRIMARY"] if is_innodb else []
    made = []
    for name in dict.fromkeys(row[0] for row in found):
        parts = [row for row in found if row[0] == name]
        columns = [_word(row[1]) for row in parts]
        is_unique = all(row[2] == b"0" and row[3] != b"YES" for row in parts)
        # No prefixes, no hash, not descending (a MyISAM table that was never analysed says nothing of that).
        is_ordered = all(row[4] is None and row[5] == b"BTREE" and row[6] != b"D" for row in parts)
        order = [*columns, *(column for column in primary if column not in columns)] if is_ordered else []
        made.append(Index(_word(name), columns, order, is_unique))
    return made


def missing_index(server: MySQL, relation: Relation, order: list[Column]) -> str | None:
    """What it costs that no index has the order of a table's pages, in words; None where one has."""
    names = [column.name for column in order]
    if relation.table is None or any(index.order[: len(names)] == names for index in indexes(server, relation.table)):
        return None
    plan = page_plan(server, relation, Span(["1 = 1"], order))
    cost = f"reads and sorts about {plan.rows:,} rows (plan: {plan})" if plan else "reads and sorts what is left"
    return f"{relation.name}: no index is ordered by ({', '.join(names)}), so every page {cost}"


def page_plan(server: MySQL, relation: Relation, span: Span) -> Plan | None:
    """How the server would read a page of a table; None where it does not say."""
    return _explained(server, relation, page_sql(relation, span, span.after, rows=1000))


def estimated_rows(server: MySQL, relation: Relation, span: Span) -> int | None:
    """About how many rows a span of a table has, for next to nothing; None where the server does not say."""
    where = [*span.conditions, *([after(span.order, span.after)] if span.after else [])]
    columns = ", ".join(identifier(column.name) for column in span.order)
    table = identifier(str(relation.table))
    plan = _explained(server, relation, f"SELECT {columns} FROM {table} WHERE {' AND '.join(where)}")
    return plan.rows if plan else None


def _explained(server: MySQL, relation: Relation, sql: str) -> Plan | None:
    if relation.table is None:  # before 5.6 a server computes derived tables and views to explain them
        return None
    try:
        rows = server.ask(f"EXPLAIN {sql}")
    except ServerError:
        return None
    places = _PLACES.get(len(rows[0])) if rows else None
    if places is None:
        return None
    words = {name: _word(rows[0][place]) for name, place in places.items()}
    return Plan(words["access"], words["key"], int(words["rows"] or 0), words["extra"])


def _fact(server: MySQL, table: str, column: str) -> str:
    found = server.rows(
        f"SELECT {column} FROM information_schema.tables "
        f"WHERE table_schema = DATABASE() AND table_name = {quoted(table)}"
    )
    return _word(found[0][0]) if found else ""


def _word(value: bytes | None) -> str:
    return "" if value is None else value.decode()
