"""Every MySQL type with its extremes, through the stage's door: exact, noted, or refused; never bent."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.segmentation.connections import resolve
from include.segmentation.errors import DataError, SourceError
from include.segmentation.extract.mysql import fetch, pages
from include.segmentation.extract.mysql.columns import table_columns
from include.segmentation.extract.mysql.render import crc_sql, line_sql
from include.segmentation.extract.mysql.server import connected
from include.segmentation.sources import Pace

ODD = {"kind": "table", "source": "mysql", "table": "odd", "mode": "append", "cursor": "id", "primary_key": ["id"]}
OLD = {"id": 1}
SOURCE_COLUMNS = "COLUMNS(name -> name[1] <> '_')"
LOOSE = "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'"


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def seconds(whole: int, micros: int = 0) -> int:
    return whole * 1_000_000 + micros


# Column -> its declaration, and pairs of what is inserted (as SQL) and what has to be read, all written by hand.
TYPES: dict[str, tuple[str, list[tuple[str, object]]]] = {
    "tiny": ("TINYINT", [("-128", -128), ("127", 127)]),
    "flag": ("TINYINT(1)", [("2", 2), ("-1", -1)]),
    "tiny_u": ("TINYINT UNSIGNED", [("255", 255)]),
    "small": ("SMALLINT", [("-32768", -32768)]),
    "small_u": ("SMALLINT UNSIGNED", [("65535", 65535)]),
    "medium": ("MEDIUMINT", [("-8388608", -8388608)]),
    "medium_u": ("MEDIUMINT UNSIGNED", [("16777215", 16777215)]),
    "whole": ("INT", [("-2147483648", -2147483648), ("2147483647", 2147483647)]),
    "whole_u": ("INT UNSIGNED", [("4294967295", 4294967295)]),
    "padded": ("INT(8) ZEROFILL", [("42", 42)]),
    "big": ("BIGINT", [("-9223372036854775808", -(2**63)), ("9223372036854775807", 2**63 - 1)]),
    "big_u": ("BIGINT UNSIGNED", [("18446744073709551615", Decimal(2**64 - 1)), ("0", Decimal(0))]),
    "price": ("DECIMAL(12,3)", [("-123456789.125", Decimal("-123456789.125")), ("0.5", Decimal("0.500"))]),
    "price_u": ("DECIMAL(8,2) UNSIGNED ZEROFILL", [("7.1", Decimal("7.10"))]),
    "fraction": ("DECIMAL(30,30)", [("-0." + "9" * 30, Decimal("-0." + "9" * 30))]),
    "wide": ("DECIMAL(38,10)", [("-" + "9" * 28 + "." + "9" * 10, Decimal("-" + "9" * 28 + "." + "9" * 10))]),
    "widest": ("DECIMAL(65,30)", [("9" * 35 + "." + "1" * 30, "9" * 35 + "." + "1" * 30), ("-1", "-1." + "0" * 30)]),
    "single": (
        "FLOAT",
        [
            ("0.1", 0.10000000149011612),
            ("3.4028234663852886e38", 3.4028234663852886e38),
            ("1.17549435e-38", 1.1754943508222875e-38),
            ("16777216", 16777216.0),
        ],
    ),
    "single_fixed": ("FLOAT(7,2)", [("12345.67", 12345.669921875)]),
    "ratio": (
        "DOUBLE",
        [
            ("0.1", 0.1),
            ("-1.7976931348623157e308", -1.7976931348623157e308),
            ("2.2250738585072014e-308", 2.2250738585072014e-308),
            ("9007199254740993", 9007199254740992.0),
            ("0.30000000000000004", 0.30000000000000004),
        ],
    ),
    "ratio_fixed": ("DOUBLE(10,3)", [("1.005", 1.005)]),
    "bit_1": ("BIT(1)", [("b'1'", 1), ("b'0'", 0)]),
    "bit_10": ("BIT(10)", [("b'1000000001'", 513)]),
    "bit_63": ("BIT(63)", [("9223372036854775807", 2**63 - 1)]),
    "bit_64": ("BIT(64)", [("18446744073709551615", Decimal(2**64 - 1)), ("44", Decimal(44)), ("10", Decimal(10))]),
    "day": ("DATE", [("'1000-01-01'", date(1000, 1, 1)), ("'9999-12-31'", date(9999, 12, 31))]),
    "moment": ("DATETIME", [("'2025-01-01 10:00:00'", at(2025, 1, 1, 10)), ("'0001-01-01'", at(1, 1, 1))]),
    "moment_6": (
        "DATETIME(6)",
        [
            ("'9999-12-31 23:59:59.999999'", at(9999, 12, 31, 23, 59, 59, 999999)),
            ("'1969-12-31 23:59:59.000001'", at(1969, 12, 31, 23, 59, 59, 1)),
        ],
    ),
    "stamp": (
        "TIMESTAMP NULL",
        [("'1970-01-01 00:00:01'", at(1970, 1, 1, 0, 0, 1)), ("'2038-01-19 03:14:07'", at(2038, 1, 19, 3, 14, 7))],
    ),
    "stamp_3": ("TIMESTAMP(3) NULL", [("'2025-03-30 02:30:00.125'", at(2025, 3, 30, 2, 30, 0, 125000))]),
    "spent": (
        "TIME",
        [
            ("'-838:59:59'", -seconds(3_020_399)),
            ("'838:59:59'", seconds(3_020_399)),
            ("'-00:00:01'", -seconds(1)),
            ("'00:00:00'", 0),
            ("'25:00:00'", seconds(90_000)),
        ],
    ),
    "spent_6": (
        "TIME(6)",
        [
            ("'-00:00:00.000001'", -1),
            ("'-100:00:01.5'", -seconds(360_001, 500_000)),
            ("'10:00:00.01'", seconds(36_000, 10_000)),
        ],
    ),
    "spent_2": ("TIME(2)", [("'00:00:01.05'", seconds(1, 50_000))]),
    "yr": ("YEAR", [("0", 0), ("1901", 1901), ("2155", 2155)]),
    "fixed": ("CHAR(10)", [("'NULL'", "NULL"), ("'a b'", "a b"), ("' x'", " x")]),
    "words": (
        "TEXT",
        [
            ("''", ""),
            ("'ünï ☃ 𝄞'", "ünï ☃ 𝄞"),
            ('\'a,b"c""d\'', 'a,b"c""d'),
            ("CONCAT('a', CHAR(0), CHAR(10), CHAR(13), CHAR(13,10), CHAR(9), CHAR(92), 'N')", "a\0\n\r\r\n\t\\N"),
            ("'NULL'", "NULL"),
            ("'\"'", '"'),
            ("CONCAT(CHAR(10), ',')", "\n,"),
        ],
    ),
    "latin": ("VARCHAR(20) CHARACTER SET latin1", [("'é€'", "é€"), ("x'81FF'", "\x81ÿ")]),
    "utf8_3": ("VARCHAR(20) CHARACTER SET utf8 COLLATE utf8_bin", [("'ß☃'", "ß☃")]),
    "utf8_4": ("VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", [("'𝄞😀'", "𝄞😀")]),
    "utf16": ("VARCHAR(20) CHARACTER SET utf16", [("'𝄞'", "𝄞")]),
    "japanese": ("VARCHAR(20) CHARACTER SET sjis", [("'表示'", "表示")]),
    "long_words": ("LONGTEXT CHARACTER SET latin1", [("REPEAT('ä', 100000)", "ä" * 100_000)]),
    "raw": ("VARBINARY(10)", [("x'00FF270A0D2C22'", b"\0\xff'\n\r,\""), ("''", b""), ("'NULL'", b"NULL")]),
    "raw_fixed": ("BINARY(4)", [("x'00FF'", b"\0\xff\0\0")]),
    "blob_": ("LONGBLOB", [("REPEAT(x'FE', 70000)", b"\xfe" * 70_000)]),
    "choice": ("ENUM('a','b,\"c\"','ü')", [("'b,\"c\"'", 'b,"c"'), ("'ü'", "ü"), ("0", "")]),
    "choices": ("SET('x','y','ü z')", [("'x,ü z'", "x,ü z"), ("''", "")]),
}
MOST = max(len(values) for _, values in TYPES.values())


def create_odd(database) -> list[tuple]:
    """Fill table ``odd``: row n holds the nth value of every column, and NULL where it has no more."""
    columns = ", ".join(f"{name} {declared}" for name, (declared, _) in TYPES.items())
    database.execute(f"CREATE TABLE odd (id INT PRIMARY KEY, {columns})")
    expected = []
    for n in range(MOST + 1):  # the last row is all NULL
        pairs = [values[n] if n < len(values) else ("NULL", None) for _, values in TYPES.values()]
        inserted = ", ".join(sql for sql, _ in pairs)
        database.execute("SET NAMES utf8mb4", LOOSE, f"INSERT INTO odd VALUES ({n}, {inserted})")
        expected.append((n, *[value for _, value in pairs]))
    return expected


def test_every_type_is_read_value_for_value(database, shop):
    expected = create_odd(database)
    pulls = shop(database, odd=ODD)
    pulled = pulls.pull("odd")
    assert pulled["rows_written"] == len(expected)
    assert not {"zero_dates", "unreadable", "mojibake_kept"} & set(pulled)
    found = pulls.current("odd", SOURCE_COLUMNS, "id")
    for row, wanted in zip(found, expected, strict=True):
        for name, value, want in zip(["id", *TYPES], row, wanted, strict=True):
            assert (name, value, type(value)) == (name, want, type(want))
    assert pulls.current("odd", "_zero_dates, _unreadable") == [(None, None)] * len(expected)


def test_a_query_reads_the_same_values(database, shop):
    expected = create_odd(database)
    database.execute("ALTER TABLE odd ADD COLUMN seen DATETIME NOT NULL DEFAULT '2025-01-01'")
    query = {"kind": "query", "source": "mysql", "query": "odd.sql", "mode": "append", "cursor": "seen"}
    pulls = shop(database, queries={"odd.sql": "SELECT * FROM odd"}, odd=query | {"primary_key": ["id"]})
    assert pulls.pull("odd")["rows_written"] == len(expected)
    assert pulls.current("odd", ", ".join(["id", *TYPES]), "id") == expected
