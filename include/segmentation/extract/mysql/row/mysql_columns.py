"""Map MySQL columns to lake columns."""

import re
from dataclasses import dataclass, replace

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_mysql_identifier, quote_string
from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer, RawRow, decode_field
from include.segmentation.lake.log_columns import LOG_COLUMNS
from include.segmentation.profile.mistakes import suggest_name

MOMENT = pa.timestamp("us", "UTC")
_UNSIGNED_64 = pa.decimal128(20, 0)
_LARGEST_DECIMAL, _MOST_BITS = 38, 64
_TEXTS = ["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json"]
_TEXTS += ["uuid", "inet4", "inet6"]
_NUMBERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "year", "bit", "decimal", "float", "double")
_PLAIN = {
    **dict.fromkeys(["tinyint", "smallint", "mediumint", "int", "bigint", "year", "time"], pa.int64()),
    **dict.fromkeys(["float", "double"], pa.float64()),
    **dict.fromkeys(_TEXTS, pa.string()),
    **dict.fromkeys(["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"], pa.binary()),
    **dict.fromkeys(["datetime", "timestamp"], MOMENT),
    "date": pa.date32(),
}
"""MySQL type -> lake type. BIGINT UNSIGNED, BIT and DECIMAL depend on their size; TIME is in microseconds."""
_UNORDERED = ("enum", "set", "json", "float", "double", "bit", "time")
"""Types whose order or equality by text differs from the server's: they cannot be in a keyset."""

# Client protocol: field type -> MySQL type. Types 249 to 254 can be texts or bytes.
_FIELD_TYPES = {0: "decimal", 1: "tinyint", 2: "smallint", 3: "int", 4: "float", 5: "double", 7: "timestamp"}
_FIELD_TYPES |= {8: "bigint", 9: "mediumint", 10: "date", 11: "time", 12: "datetime", 13: "year", 16: "bit"}
_FIELD_TYPES |= {242: "vector", 245: "json", 246: "decimal", 255: "geometry"}
_NOT_NULL, _UNSIGNED, _BINARY = 1, 32, 128


@dataclass(frozen=True)
class MySQLColumn:
    """One column of an extract.

    Attributes:
        name: its name.
        mysql: its declared MySQL type.
        type: its type in the lake.
        nullable: whether it may be NULL.
        charset: the character set of a text in a table.
        collation: the collation of such a text.
        is_key: whether it belongs to the primary key.
        is_mojibake: whether it is latin1 with UTF-8 inside, which is repaired.
        allows_zero_dates: whether an invalid date is read as NULL and noted; otherwise it stops the extract.
    """

    name: str
    mysql: str
    type: pa.DataType
    nullable: bool
    charset: str | None = None
    collation: str | None = None
    is_key: bool = False
    is_mojibake: bool = False
    allows_zero_dates: bool = False

    @property
    def kind(self) -> str:
        """The MySQL type without size and sign."""
        return re.split(r"[ (]", self.mysql, maxsplit=1)[0]

    @property
    def is_text(self) -> bool:
        """Whether it holds characters."""
        return self.kind in _TEXTS

    @property
    def is_bytes(self) -> bool:
        """Whether it holds bytes."""
        return bool(self.type == pa.binary())

    @property
    def is_ordered(self) -> bool:
        """Whether a keyset can continue from the text of its value."""
        return self.kind not in _UNORDERED

    @property
    def is_time(self) -> bool:
        """Whether it is a DATE, DATETIME or TIMESTAMP."""
        return bool(self.type in (MOMENT, pa.date32()))

    @property
    def is_whole_number(self) -> bool:
        """Whether it is an integer of any size."""
        return bool(self.type == pa.int64() or (pa.types.is_decimal(self.type) and self.type.scale == 0))

    @property
    def first_date(self) -> str:
        """The SQL literal of the smallest valid date."""
        return quote_string("1970-01-01 00:00:01" if self.kind == "timestamp" else "0001-01-01")

    def format_position(self, raw: bytes) -> str:
        """Format a single value of the server as lines contain it."""
        return raw.hex() if self.is_bytes else raw.decode()

    def write_literal(self, position: str) -> str:
        """Write a value of a line as SQL. Numbers are bare, as a quoted number is compared as a double."""
        if self.is_bytes:
            return f"x'{position}'"
        return position if self.kind in _NUMBERS else quote_string(position)


def list_table_columns(server: MySQLServer, table: str, only: list[str] | None) -> list[MySQLColumn]:
    """List the columns of a table, all or the selected ones, in the table's order.

    Raises:
        SourceError: the table or a column does not exist, or the lake does not support a column's type.
    """
    descriptions = _describe_columns(server, table)
    for name in only or []:
        if name not in descriptions:
            names = ", ".join(descriptions)
            raise SourceError(
                f"table '{table}' has no column '{name}'; found: {names}{suggest_name(name, descriptions)}"
            )
    columns = []
    for name, row in descriptions.items():
        if only is None or name in only:
            kind, declared, nullable = (decode_field(value).lower() for value in row[1:4])
            column = _build_column(name, kind, declared, nullable == "yes", int(row[4] or 0), int(row[5] or 0))
            columns.append(
                replace(column, charset=decode_field(row[6]) or None, collation=decode_field(row[7]) or None)
            )
    return columns


def list_column_names(server: MySQLServer, table: str) -> list[str]:
    """List the names of a table's columns, even of types that the lake does not support.

    Raises:
        SourceError: the table does not exist.
    """
    return list(_describe_columns(server, table))


def _describe_columns(server: MySQLServer, table: str) -> dict[str, RawRow]:
    """Fetch the server's description of each column."""
    rows = server.fetch_rows(
        "SELECT column_name, data_type, column_type, is_nullable, numeric_precision, numeric_scale, "
        "character_set_name, collation_name "
        f"FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = {quote_string(table)} "
        "ORDER BY ordinal_position"
    )
    if not rows:
        tables = server.fetch_rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
        )
        names = [decode_field(row[0]) for row in tables]
        raise SourceError(
            f"table '{table}' does not exist, or user '{server.address.user}' may not read it; found: "
            f"{', '.join(names) or 'no tables'}{suggest_name(table, names)}"
        )
    return {decode_field(row[0]): row for row in rows}


def list_query_columns(server: MySQLServer, sql: str) -> list[MySQLColumn]:
    """List the columns of a SELECT, from the server's description of its (empty) result.

    Raises:
        SourceError: the server refuses the SELECT, or the lake does not support a column's type.
    """
    described = server.describe_query(sql)
    unclear = [name for name, field_type, *_, flags in described if field_type not in _FIELD_TYPES and flags & _BINARY]
    byte_columns = _find_byte_columns(server, sql, unclear)
    columns = []
    for name, field_type, _, _, length, scale, _, flags in described:
        kind = _FIELD_TYPES.get(field_type, "blob" if name in byte_columns else "text")
        unsigned = bool(flags & _UNSIGNED)
        precision = length - (scale > 0) - (not unsigned) if kind == "decimal" else length  # a point, a sign
        declared = f"decimal({precision},{scale})" if kind == "decimal" else kind + " unsigned" * unsigned
        columns.append(_build_column(name, kind, declared, not flags & _NOT_NULL, precision, scale))
    return columns


def _find_byte_columns(server: MySQLServer, sql: str, names: list[str]) -> set[str]:
    """Find the columns of a SELECT that hold bytes; texts with a binary collation look the same in its description."""
    if not names:
        return set()
    # MAX gives one row even for an empty result.
    charsets = ", ".join(f"CHARSET(MAX({quote_mysql_identifier(name)}))" for name in names)
    (names_of_charsets,) = server.fetch_rows(f"SELECT {charsets} FROM ({sql}) AS described")
    return {name for name, charset in zip(names, names_of_charsets, strict=True) if charset == b"binary"}


def build_arrow_schema(columns: list[MySQLColumn]) -> pa.Schema:
    """Build the lake's schema of the columns."""
    return pa.schema([(column.name, column.type) for column in columns])


def _build_column(name: str, kind: str, declared: str, nullable: bool, precision: int, scale: int) -> MySQLColumn:
    if name.lower() in LOG_COLUMNS:
        raise SourceError(f"column '{name}' has a name that the lake reserves; leave it out of columns")
    if kind == "decimal":
        arrow = pa.decimal128(precision, scale) if precision <= _LARGEST_DECIMAL else pa.string()
    elif kind == "bit":
        arrow = _UNSIGNED_64 if precision == _MOST_BITS else pa.int64()
    elif kind == "bigint" and "unsigned" in declared:
        arrow = _UNSIGNED_64
    elif kind in _PLAIN:
        arrow = _PLAIN[kind]
    else:
        raise SourceError(
            f"column '{name}' is of type {declared}, which the lake does not support; leave it out of columns"
        )
    return MySQLColumn(name, declared, arrow, nullable)
