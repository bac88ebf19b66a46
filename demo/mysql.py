"""Load Arrow tables into MySQL or MariaDB quickly: LOAD DATA LOCAL INFILE first, indexes afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import MySQLdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv


class FillError(Exception):
    """The server rejected or changed a row; the message names the table and the reason."""


@contextmanager
def open_database(uri: str) -> Iterator[MySQLdb.Connection]:
    """Connect to the database of ``mysql://user:password@host:port/database``; create it if missing."""
    parts = urlsplit(uri)
    name = parts.path.lstrip("/")
    connection = MySQLdb.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        charset="utf8mb4",
        local_infile=True,
        init_command="SET time_zone = '+00:00'",
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
            cursor.execute(f"USE `{name}`")
        yield connection
    finally:
        connection.close()


def replace_table(
    connection: MySQLdb.Connection, name: str, columns: str, rows: pa.Table, indexes: tuple[str, ...] = ()
) -> int:
    """Create the table with these rows, replacing an existing one; return the number of loaded rows.

    Args:
        connection: a connection to the database.
        name: the table's name; an existing table is dropped.
        columns: the body of CREATE TABLE, in the order of the columns of the rows.
        rows: the rows, ordered by primary key. NULL and "" both become NULL.
        indexes: column lists such as ``visited_at, visit_id``; added after loading, which is faster.

    Raises:
        FillError: the server rejected or changed a value.
    """
    with connection.cursor() as cursor, _as_csv(rows) as file:
        cursor.execute(f"DROP TABLE IF EXISTS `{name}`")
        cursor.execute(f"CREATE TABLE `{name}` ({columns}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
        nullable = [column for column in rows.column_names if rows[column].null_count]
        fields = ", ".join(f"@{column}" if column in nullable else f"`{column}`" for column in rows.column_names)
        nulls = ", ".join(f"`{column}` = NULLIF(@{column}, '')" for column in nullable)
        loaded = cursor.execute(
            f"LOAD DATA LOCAL INFILE %s INTO TABLE `{name}` CHARACTER SET utf8mb4 "
            r"""FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY '' LINES TERMINATED BY '\n' """
            f"({fields})" + (f" SET {nulls}" if nulls else ""),
            [str(file)],
        )
        cursor.execute("SHOW WARNINGS LIMIT 1")
        complaint = cursor.fetchone()
        if complaint or loaded != rows.num_rows:
            raise FillError(
                f"table {name}: {loaded:,} of {rows.num_rows:,} rows arrived; {complaint or 'no reason reported'}"
            )
        connection.commit()
        if indexes:
            cursor.execute(f"ALTER TABLE `{name}` " + ", ".join(f"ADD INDEX ({index})" for index in indexes))
    return int(loaded)


@contextmanager
def _as_csv(rows: pa.Table) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        texts = [_decimals_as_text(column) for column in rows.columns]
        pa_csv.write_csv(pa.table(texts, names=rows.column_names), file, pa_csv.WriteOptions(include_header=False))
        yield file


def _decimals_as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.string()) if pa.types.is_decimal(column.type) else column
