"""The tables that are read, made on the server itself by fixed arithmetic: the same rows on every server."""

from typing import Any

import MySQLdb

from demo.servers import PASSWORD, Server

DATABASE = "bench"
PARTS = {"": 1, "_part": 25}
"""Ending of a table's name -> which part of the rows it has, from the first one on, for a slow way."""
_CHUNK = 1_000_000

_VISITS = """
    visit_id BIGINT NOT NULL PRIMARY KEY, user_id INT NOT NULL, visited_at DATETIME NOT NULL, seconds INT,
    course_id INT NOT NULL, page VARCHAR(40) NOT NULL, paid DECIMAL(10,2), KEY (visited_at, visit_id)"""
_VISIT = """
    i, 1 + CRC32(i) % 1000000, '2024-01-01' + INTERVAL i * 10 SECOND, IF(i % 7 = 0, NULL, CRC32(i * 3) % 5000),
    CRC32(i * 5) % 300, CONCAT('/course/', CRC32(i * 5) % 300, '/lesson/', CRC32(i * 7) % 40),
    IF(i % 9 = 0, (CRC32(i * 11) % 100000) / 100, NULL)"""
_PRICES = range(8)
_ORDERS = f"""
    order_id BIGINT NOT NULL PRIMARY KEY, updated_at DATETIME NOT NULL,
    {", ".join(f"price_{n} DECIMAL({10 + n},{n % 5})" for n in _PRICES)},
    customer VARCHAR(60) NOT NULL, street VARCHAR(200), note TEXT, ordered_on DATE, due_on DATE, paid_at DATETIME,
    KEY (updated_at, order_id)"""
_ORDER = f"""
    i, '2024-01-01' + INTERVAL i * 10 SECOND, {", ".join(f"CRC32(i * {n + 3}) / 100" for n in _PRICES)},
    CONCAT('Customer no. ', i, ' of Zürich'), IF(i % 3 = 0, NULL, CONCAT('An "address", street ', i)),
    REPEAT(CONCAT('lorem ipsum ', i % 97, ' '), 6), '2024-01-01' + INTERVAL i % 900 DAY,
    '2020-01-01' + INTERVAL i % 2000 DAY, '2023-01-01' + INTERVAL i * 7 SECOND"""
TABLES = {"visits": (_VISITS, _VISIT), "orders": (_ORDERS, _ORDER)}


def fill_tables(server: Server, rows: dict[str, int]) -> None:
    """Make the tables with so many rows each, and their parts."""
    run_statements(
        server, f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4", database=""
    )
    digits = ", ".join(f"({digit})" for digit in range(1000))
    run_statements(server, "CREATE TABLE digits (n INT PRIMARY KEY)", f"INSERT INTO digits VALUES {digits}")
    for table, count in rows.items():
        for part, divisor in PARTS.items():
            run_statements(server, f"CREATE TABLE {table}{part} ({TABLES[table][0]}) ENGINE=InnoDB")
            add_rows(server, table, part, 0, count // divisor)
            run_statements(server, f"ANALYZE TABLE {table}{part}")


def add_rows(server: Server, table: str, part: str, first: int, end: int) -> None:
    """Add rows from a number up to, not including, another."""
    values = TABLES[table][1]
    for at in range(first - first % _CHUNK, end, _CHUNK):
        numbers = f"SELECT {at} + a.n * 1000 + b.n AS i FROM digits a, digits b"
        chosen = f"SELECT {values} FROM ({numbers}) AS numbers WHERE i >= {first} AND i < {end} ORDER BY i"
        run_statements(server, f"INSERT INTO {table}{part} {chosen}")


def run_statements(server: Server, *statements: str, database: str = DATABASE) -> list[tuple[Any, ...]]:
    """Run statements and return the rows of the last one."""
    connection = MySQLdb.connect(
        host="127.0.0.1",
        port=server.port,
        user=server.user,
        password=PASSWORD,
        database=database,
        charset="utf8mb4",
        autocommit=True,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = ''")
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())
