"""What a table is: a view or not, how large, and its indexes."""

from dataclasses import dataclass

from include.segmentation.common.sql_quoting import quote_string
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer, decode_field


@dataclass(frozen=True)
class TableIndex:
    """An index of a table.

    Attributes:
        name: ``PRIMARY`` for the primary key.
        columns: those that it names.
        order: by which rows can be read with it; an InnoDB index ends in the primary key, named or not.
        is_unique: whether its columns tell the rows apart: no two are equal, none is NULL.
    """

    name: str
    columns: list[str]
    order: list[str]
    is_unique: bool


def is_view(server: MySQLServer, table: str) -> bool:
    """Whether a table of the connection's database is a view."""
    return _fact(server, table, "table_type").endswith("VIEW")


def estimate_table_rows(server: MySQLServer, table: str) -> int:
    """About how many rows a table has."""
    return int(_fact(server, table, "table_rows") or 0)


def list_indexes(server: MySQLServer, table: str) -> list[TableIndex]:
    """The indexes of a table of the connection's database, its primary key first."""
    found = server.fetch_rows(
        "SELECT index_name, column_name, non_unique, nullable, sub_part, index_type, collation "
        "FROM information_schema.statistics "
        f"WHERE table_schema = DATABASE() AND table_name = {quote_string(table)} "
        "ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index"
    )
    is_innodb = _fact(server, table, "engine") == "InnoDB"
    primary = [decode_field(row[1]) for row in found if row[0] == b"PRIMARY"] if is_innodb else []
    made = []
    for name in dict.fromkeys(row[0] for row in found):
        parts = [row for row in found if row[0] == name]
        columns = [decode_field(row[1]) for row in parts]
        is_unique = all(row[2] == b"0" and row[3] != b"YES" for row in parts)
        # No prefixes, no hash, not descending (a MyISAM table that was never analysed says nothing of that).
        is_ordered = all(row[4] is None and row[5] == b"BTREE" and row[6] != b"D" for row in parts)
        order = [*columns, *(column for column in primary if column not in columns)] if is_ordered else []
        made.append(TableIndex(decode_field(name), columns, order, is_unique))
    return made


def _fact(server: MySQLServer, table: str, column: str) -> str:
    found = server.fetch_rows(
        f"SELECT {column} FROM information_schema.tables "
        f"WHERE table_schema = DATABASE() AND table_name = {quote_string(table)}"
    )
    return decode_field(found[0][0]) if found else ""
