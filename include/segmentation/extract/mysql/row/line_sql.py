"""How a server writes a row: as one line of CSV, the same bytes on every version, fetched as a single text.

Fields are parted by commas. Numbers, dates and times stand bare, as the server writes them; texts in UTF-8 between
double quotes, with quotes inside doubled; bytes as hexadecimal digits; NULL as the bare word NULL. FLOAT and DOUBLE are
written in full, BIT as a number. Columns of different character sets mix, as every text becomes UTF-8 and then bytes.

A line that the server can not write, because it is longer than its max_allowed_packet, is NULL, and so is its checksum.
"""

from collections.abc import Sequence

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn

NULL_FIELD = b"NULL"


def write_line_sql(columns: list[MySQLColumn]) -> str:
    """The expression that writes a row as a line."""
    fields = ", ',', ".join(_field(column) for column in columns)
    return f"CONCAT({fields})"


def write_crc_sql(columns: list[MySQLColumn]) -> str:
    """The expression of a row's checksum: the CRC32 of its line."""
    return f"CRC32({write_line_sql(columns)})"


def write_values_sql(columns: list[MySQLColumn]) -> str:
    """The select list for rows whose line is too long: the checksum, and every value by itself."""
    return ", ".join([write_crc_sql(columns), *(_value(column) for column in columns)])


def join_values(columns: list[MySQLColumn], values: Sequence[bytes | None]) -> bytes:
    """The line of a row, from what ``values_sql`` has selected behind the checksum."""
    return b",".join(
        NULL_FIELD if value is None else _as_field(column, value) for column, value in zip(columns, values, strict=True)
    )


def _field(column: MySQLColumn) -> str:
    name, value = quote_mysql_identifier(column.name), _value(column)
    if column.is_text:
        # By way of the connection's character set, which is UTF-8. CONCAT as a whole is NULL where a part is.
        value = f"CONCAT('\"', REPLACE(CAST(CAST({name} AS CHAR) AS BINARY), '\"', '\"\"'), '\"')"
    elif column.is_bytes:
        value = f"HEX({name})"
    elif column.nullable:
        return f"IFNULL({value}, 'NULL')"
    return f"IF({name} IS NULL, 'NULL', {value})" if column.nullable else value  # too long must not look like NULL


def _value(column: MySQLColumn) -> str:
    """What the server writes exactly as text."""
    name = quote_mysql_identifier(column.name)
    if column.kind == "bit":
        return f"{name} + 0"  # otherwise raw bits
    return f"{name} * 1e0" if column.kind in ("float", "double") else name  # otherwise six digits, or the declared ones


def _as_field(column: MySQLColumn, value: bytes) -> bytes:
    if column.is_text:
        return b'"' + value.replace(b'"', b'""') + b'"'
    return value.hex().upper().encode() if column.is_bytes else value
