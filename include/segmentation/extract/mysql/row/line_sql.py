"""The SQL by which a server writes a row as one line of CSV, with the same bytes on every version.

Fields are separated by commas. Numbers, dates and times are bare. Texts are UTF-8 in double quotes, with quotes
doubled. Bytes are hexadecimal digits. NULL is the bare word NULL. FLOAT and DOUBLE have all digits, BIT is a number.
Columns of different character sets mix, because every text becomes UTF-8 and then bytes.

A line that is longer than the server's max_allowed_packet is NULL, and so is its checksum.
"""

from collections.abc import Sequence

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn

NULL_FIELD = b"NULL"


def write_line_sql(columns: list[MySQLColumn]) -> str:
    """Write the expression of a row's line."""
    fields = ", ',', ".join(_write_field(column) for column in columns)
    return f"CONCAT({fields})"


def write_crc_sql(columns: list[MySQLColumn]) -> str:
    """Write the expression of a row's checksum: the CRC32 of its line."""
    return f"CRC32({write_line_sql(columns)})"


def write_values_sql(columns: list[MySQLColumn]) -> str:
    """Write the select list for rows with too long lines: the checksum and each value."""
    return ", ".join([write_crc_sql(columns), *(_write_value(column) for column in columns)])


def join_values(columns: list[MySQLColumn], values: Sequence[bytes | None]) -> bytes:
    """Join the values of a row, as selected by ``write_values_sql``, to its line."""
    return b",".join(
        NULL_FIELD if value is None else _format_field(column, value)
        for column, value in zip(columns, values, strict=True)
    )


def _write_field(column: MySQLColumn) -> str:
    name, value = quote_mysql_identifier(column.name), _write_value(column)
    if column.is_text:
        # CAST AS CHAR converts to the connection's character set, UTF-8. CONCAT is NULL if a part is NULL.
        value = f"CONCAT('\"', REPLACE(CAST(CAST({name} AS CHAR) AS BINARY), '\"', '\"\"'), '\"')"
    elif column.is_bytes:
        value = f"HEX({name})"
    elif column.nullable:
        return f"IFNULL({value}, 'NULL')"
    return (
        f"IF({name} IS NULL, 'NULL', {value})" if column.nullable else value
    )  # a line that is too long must not look like NULL


def _write_value(column: MySQLColumn) -> str:
    """Write the expression whose text is exact."""
    name = quote_mysql_identifier(column.name)
    if column.kind == "bit":
        return f"{name} + 0"  # without it: raw bits
    return f"{name} * 1e0" if column.kind in ("float", "double") else name  # without it: six or the declared digits


def _format_field(column: MySQLColumn, value: bytes) -> bytes:
    if column.is_text:
        return b'"' + value.replace(b'"', b'""') + b'"'
    return value.hex().upper().encode() if column.is_bytes else value
