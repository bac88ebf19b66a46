"""A glance at a table of MySQL: what its server says about it, and a few of its rows."""

from dataclasses import dataclass, field

from include.segmentation.common.sql_quoting import quote_mysql_identifier, quote_string
from include.segmentation.connections import resolve_address
from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn, list_column_names, list_table_columns
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.table_indexes import TableIndex, estimate_table_rows, is_view, list_indexes
from include.segmentation.profile.mysql_source import ReadPace

_PACE = ReadPace(statement_seconds=10)
_SAMPLED = 1000
"""Rows from each end of a table."""
_SCANNED = 200_000
"""So many rows may be looked through for the first and last time where no index knows it."""
_TEXT = 64
"""Characters of a text that are looked at."""
_FIRST_DAY = "1971-01-01"
"""Earlier times are stand-ins for none: 0000-00-00, 1900-01-01, 1970-01-01."""


@dataclass(frozen=True)
class SampledColumn:
    """A column and what was seen of it.

    Attributes:
        column: what the server says of it.
        moves: whether the server itself sets it at every update (ON UPDATE CURRENT_TIMESTAMP).
        values: the sampled values as text, without NULL; bytes as hexadecimal digits, long ones cut short.
        nulls: how many of the sampled were NULL.
        first, last: of a time, as text: the bounds of the plausible ones, from 1971 until now; empty where none is.
    """

    column: MySQLColumn
    is_set_on_update: bool = False
    values: list[str] = field(default_factory=list)
    nulls: int = 0
    first: str = ""
    last: str = ""

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name


@dataclass(frozen=True)
class TablePreview:
    """What a glance at a table shows.

    Attributes:
        rows: about how many it has.
        sampled: how many were looked at: the first and the last by its key.
        keys: the columns of each index that tells rows apart, the primary key first.
        indexes: all of them.
        left_out: the columns that the lake can not hold, and why.
    """

    table: str
    rows: int
    sampled: int
    columns: list[SampledColumn]
    keys: list[list[str]]
    indexes: list[TableIndex]
    left_out: dict[str, str]


def preview_table(connection: str, table: str) -> TablePreview:
    """Look at a table by a few short statements: indexes, not the table, say where its ends are.

    Args:
        connection: the id of a connection to MySQL or MariaDB.
        table: one of the connection's database.

    Raises:
        UnavailableError: the server does not answer now.
        SourceError: the connection is unknown or refused; the table does not exist, is a view, or has no key.
    """
    with connect_mysql(resolve_address(connection), _PACE) as server:
        names = list_column_names(server, table)
        if is_view(server, table):
            raise SourceError(f"table '{table}' is a view; allowed is a table, such as one behind it")
        found = list_indexes(server, table)
        columns, left_out = _columns(server, table, names)
        held = {column.name for column in columns if column.is_ordered}
        keys = [index.columns for index in found if index.is_unique and held.issuperset(index.columns)]
        if not keys:
            raise SourceError(
                f"table '{table}' has no key: no primary or unique key without NULL, of columns that can be read in "
                "order, tells its rows apart; add one, or read it as a query"
            )
        rows = estimate_table_rows(server, table)
        sample = _sample(server, table, columns, keys[0])
        moving = _moving(server, table)
        leading = {index.columns[0] for index in found}
        seen = []
        for position, column in enumerate(columns):
            values = [row[position] for row in sample]
            known = [value.decode("utf-8", "replace") for value in values if value is not None]
            is_cheap = rows <= _SCANNED or column.name in leading
            first, last = _ends(server, table, column, is_cheap, known) if column.is_time else ("", "")
            seen.append(SampledColumn(column, column.name in moving, known, len(values) - len(known), first, last))
    return TablePreview(table, max(rows, len(sample)), len(sample), seen, keys, found, left_out)


def _columns(server: MySQLServer, table: str, names: list[str]) -> tuple[list[MySQLColumn], dict[str, str]]:
    columns, left_out = [], {}
    for name in names:
        try:
            columns += list_table_columns(server, table, [name])
        except SourceError as error:
            left_out[name] = str(error)
    return columns, left_out


def _moving(server: MySQLServer, table: str) -> set[str]:
    found = server.fetch_rows(
        "SELECT column_name FROM information_schema.columns "
        f"WHERE table_schema = DATABASE() AND table_name = {quote_string(table)} AND extra LIKE '%on update%'"
    )
    return {(row[0] or b"").decode() for row in found}


def _sample(
    server: MySQLServer, table: str, columns: list[MySQLColumn], key: list[str]
) -> list[tuple[bytes | None, ...]]:
    """The first and the last rows by a key, each once."""
    values = ", ".join(map(_value, columns))
    found: dict[tuple[bytes | None, ...], tuple[bytes | None, ...]] = {}
    for direction in ("", " DESC"):
        order = ", ".join(quote_mysql_identifier(name) + direction for name in key)
        own = ", ".join(quote_mysql_identifier(name) for name in key)
        for row in server.fetch_rows(
            f"SELECT {own}, {values} FROM {quote_mysql_identifier(table)} ORDER BY {order} LIMIT {_SAMPLED}"
        ):
            found[row[: len(key)]] = row[len(key) :]
    return list(found.values())


def _value(column: MySQLColumn) -> str:
    name = quote_mysql_identifier(column.name)
    if column.is_bytes:
        return f"HEX(LEFT({name}, {_TEXT}))"
    return f"LEFT({name}, {_TEXT})" if column.is_text else name


def _ends(server: MySQLServer, table: str, column: MySQLColumn, is_cheap: bool, known: list[str]) -> tuple[str, str]:
    """The first and the last plausible time of a column: of all rows, or of the sampled ones."""
    if not is_cheap:
        now = server.fetch_value("SELECT UTC_TIMESTAMP()") or ""
        plausible = [value for value in known if _FIRST_DAY <= value <= now]
        return (min(plausible), max(plausible)) if plausible else ("", "")
    name = quote_mysql_identifier(column.name)
    ((first, last),) = server.fetch_rows(
        f"SELECT MIN({name}), MAX({name}) FROM {quote_mysql_identifier(table)} "
        f"WHERE {name} >= {quote_string(_FIRST_DAY)} AND {name} <= UTC_TIMESTAMP()"
    )
    return (first or b"").decode(), (last or b"").decode()
