"""The kind, the size and the indexes of a table."""

from dataclasses import dataclass

from include.segmentation.common.sql_quoting import quote_string
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer, decode_field


@dataclass(frozen=True)
class TableIndex:
    """An index of a table.

    Attributes:
        name: ``PRIMARY`` for the primary key.
        columns: its declared columns.
        order: the order in which it can read rows; every InnoDB index ends in the primary key. Empty if it has none.
        is_unique: whether its columns identify a row: unique and never NULL.
    """

    name: str
    columns: list[str]
    order: list[str]
    is_unique: bool


def is_view(server: MySQLServer, table: str) -> bool:
    """Check whether a table of the connection's database is a view."""
    return _read_table_field(server, table, "table_type").endswith("VIEW")


def estimate_table_rows(server: MySQLServer, table: str) -> int:
    """Estimate the number of rows of a table."""
    return int(_read_table_field(server, table, "table_rows") or 0)


def list_indexes(server: MySQLServer, table: str) -> list[TableIndex]:
    """List the indexes of a table of the connection's database, the primary key first."""
    rows = server.fetch_rows(
        "SELECT index_name, column_name, non_unique, nullable, sub_part, index_type, collation "
        "FROM information_schema.statistics "
        f"WHERE table_schema = DATABASE() AND table_name = {quote_string(table)} "
        "ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index"
    )
    is_innodb = _read_table_field(server, table, "engine") == "InnoDB"
    primary = [decode_field(row[1]) for row in rows if row[0] == b"PRIMARY"] if is_innodb else []
    indexes = []
    for name in dict.fromkeys(row[0] for row in rows):
        parts = [row for row in rows if row[0] == name]
        columns = [decode_field(row[1]) for row in parts]
        is_unique = all(row[2] == b"0" and row[3] != b"YES" for row in parts)
        # No prefixes, no hash, not descending (unknown for a MyISAM table that was never analysed).
        is_ordered = all(row[4] is None and row[5] == b"BTREE" and row[6] != b"D" for row in parts)
        order = [*columns, *(column for column in primary if column not in columns)] if is_ordered else []
        indexes.append(TableIndex(decode_field(name), columns, order, is_unique))
    return indexes


def _read_table_field(server: MySQLServer, table: str, column: str) -> str:
    rows = server.fetch_rows(
        f"SELECT {column} FROM information_schema.tables "
        f"WHERE table_schema = DATABASE() AND table_name = {quote_string(table)}"
    )
    return decode_field(rows[0][0]) if rows else ""
