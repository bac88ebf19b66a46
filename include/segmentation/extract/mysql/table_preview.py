"""Preview a MySQL table: what its server says about it, and a few of its rows."""

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
_SAMPLE_ROWS = 1000
"""Rows from each end of a table."""
_SCAN_ROWS = 200_000
"""The most rows that may be scanned for the first and last time without an index."""
_TEXT_LENGTH = 64
"""How many characters of a text are read."""
_FIRST_DAY = "1971-01-01"
"""Earlier times stand for no time: 0000-00-00, 1900-01-01, 1970-01-01."""


@dataclass(frozen=True)
class SampledColumn:
    """A column and a sample of its values.

    Attributes:
        column: what the server says about it.
        is_set_on_update: whether the server sets it at every update (ON UPDATE CURRENT_TIMESTAMP).
        values: the sampled values as text, without NULL; bytes in hexadecimal; long values cut short.
        nulls: how many sampled values were NULL.
        first, last: for a time, the first and last plausible value (from 1971 until now) as text; empty if none.
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
    """A preview of a table.

    Attributes:
        rows: about how many rows it has.
        sampled: how many rows were sampled: the first and the last by its key.
        keys: the columns of each unique key, the primary key first.
        indexes: all indexes.
        left_out: column -> why the lake cannot hold it.
    """

    table: str
    rows: int
    sampled: int
    columns: list[SampledColumn]
    keys: list[list[str]]
    indexes: list[TableIndex]
    left_out: dict[str, str]


def preview_table(connection: str, table: str) -> TablePreview:
    """Preview a table with a few short statements. Its first and last rows come from indexes, not from a scan.

    Args:
        connection: the id of a connection to MySQL or MariaDB.
        table: a table in the connection's database.

    Raises:
        UnavailableError: the server does not answer now.
        SourceError: the connection is unknown or refused; the table does not exist, is a view, or has no key.
    """
    with connect_mysql(resolve_address(connection), _PACE) as server:
        names = list_column_names(server, table)
        if is_view(server, table):
            raise SourceError(f"table '{table}': found a view; allowed: a table, such as one behind it")
        indexes = list_indexes(server, table)
        columns, left_out = _list_columns(server, table, names)
        ordered = {column.name for column in columns if column.is_ordered}
        keys = [index.columns for index in indexes if index.is_unique and ordered.issuperset(index.columns)]
        if not keys:
            raise SourceError(
                f"table '{table}': found no primary or unique key without NULL whose columns can be read in order; add "
                "one, or read the table through a query"
            )
        rows = estimate_table_rows(server, table)
        sample = _read_sample(server, table, columns, keys[0])
        set_on_update = _find_set_on_update(server, table)
        leading = {index.columns[0] for index in indexes}
        samples = []
        for position, column in enumerate(columns):
            values = [row[position] for row in sample]
            texts = [value.decode("utf-8", "replace") for value in values if value is not None]
            is_cheap = rows <= _SCAN_ROWS or column.name in leading
            first, last = _find_ends(server, table, column, is_cheap, texts) if column.is_time else ("", "")
            nulls = len(values) - len(texts)
            samples.append(SampledColumn(column, column.name in set_on_update, texts, nulls, first, last))
    return TablePreview(table, max(rows, len(sample)), len(sample), samples, keys, indexes, left_out)


def _list_columns(server: MySQLServer, table: str, names: list[str]) -> tuple[list[MySQLColumn], dict[str, str]]:
    columns, left_out = [], {}
    for name in names:
        try:
            columns += list_table_columns(server, table, [name])
        except SourceError as error:
            left_out[name] = str(error)
    return columns, left_out


def _find_set_on_update(server: MySQLServer, table: str) -> set[str]:
    rows = server.fetch_rows(
        "SELECT column_name FROM information_schema.columns "
        f"WHERE table_schema = DATABASE() AND table_name = {quote_string(table)} AND extra LIKE '%on update%'"
    )
    return {(row[0] or b"").decode() for row in rows}


def _read_sample(
    server: MySQLServer, table: str, columns: list[MySQLColumn], key: list[str]
) -> list[tuple[bytes | None, ...]]:
    """Read the first and the last rows by a key, each once."""
    values = ", ".join(map(_write_value, columns))
    sample: dict[tuple[bytes | None, ...], tuple[bytes | None, ...]] = {}
    for direction in ("", " DESC"):
        order = ", ".join(quote_mysql_identifier(name) + direction for name in key)
        own = ", ".join(quote_mysql_identifier(name) for name in key)
        for row in server.fetch_rows(
            f"SELECT {own}, {values} FROM {quote_mysql_identifier(table)} ORDER BY {order} LIMIT {_SAMPLE_ROWS}"
        ):
            sample[row[: len(key)]] = row[len(key) :]
    return list(sample.values())


def _write_value(column: MySQLColumn) -> str:
    name = quote_mysql_identifier(column.name)
    if column.is_bytes:
        return f"HEX(LEFT({name}, {_TEXT_LENGTH}))"
    return f"LEFT({name}, {_TEXT_LENGTH})" if column.is_text else name


def _find_ends(
    server: MySQLServer, table: str, column: MySQLColumn, is_cheap: bool, texts: list[str]
) -> tuple[str, str]:
    """Return the first and the last plausible time of a column: of all rows, or of the sampled ones."""
    if not is_cheap:
        now = server.fetch_value("SELECT UTC_TIMESTAMP()") or ""
        plausible = [value for value in texts if _FIRST_DAY <= value <= now]
        return (min(plausible), max(plausible)) if plausible else ("", "")
    name = quote_mysql_identifier(column.name)
    ((first, last),) = server.fetch_rows(
        f"SELECT MIN({name}), MAX({name}) FROM {quote_mysql_identifier(table)} "
        f"WHERE {name} >= {quote_string(_FIRST_DAY)} AND {name} <= UTC_TIMESTAMP()"
    )
    return (first or b"").decode(), (last or b"").decode()
