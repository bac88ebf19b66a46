"""Every MySQL type with its extremes, through the stage's door: exact, noted, or refused."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4
from zlib import crc32

import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.servers import PASSWORD
from include.segmentation.artifacts import ExtractSummary
from include.segmentation.connections import Address, resolve_address
from include.segmentation.errors import DataError, SourceError
from include.segmentation.extract.mysql.page import page_fetch, page_reader
from include.segmentation.extract.mysql.row.line_sql import write_crc_sql, write_line_sql
from include.segmentation.extract.mysql.row.mysql_columns import list_table_columns
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.profile.mysql_source import ReadPace
from include.segmentation.validate import validate

ODD = {"kind": "table", "source": "mysql", "table": "odd", "mode": "append", "cursor": "id", "primary_key": ["id"]}
FLAG = {"zero_dates": "flag"}
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
    rows = pulls.current("odd", SOURCE_COLUMNS, "id")
    for row, wanted in zip(rows, expected, strict=True):
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


def test_the_servers_checksum_is_that_of_the_line_it_sends(database, shop):
    create_odd(database)
    pulls = shop(database, odd=ODD)
    pulls.pull("odd")
    with connect_mysql(resolve_address("shop"), ReadPace()) as server:
        columns = list_table_columns(server, "odd", None)
        rows = server.fetch_rows(f"SELECT {write_line_sql(columns)}, {write_crc_sql(columns)} FROM odd ORDER BY id")
        whole = server.fetch_rows(
            f"SELECT COUNT(*), BIT_XOR({write_crc_sql(columns)}), SUM({write_crc_sql(columns)}) FROM odd"
        )
    checksums = [crc32(line) for line, _ in rows]
    assert [int(crc) for _, crc in rows] == checksums
    assert pulls.current("odd", "_crc", "id") == [(crc,) for crc in checksums]
    xor = 0
    for crc in checksums:
        xor ^= crc
    assert [int(value) for value in whole[0]] == [MOST + 1, xor, sum(checksums)]


def test_a_line_is_csv_in_one_form(database):
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9) CHARACTER SET latin1, b BLOB, c DATE)")
    database.execute(
        "INSERT INTO t VALUES (1, 'ä,\"', x'0aff', '2025-01-02'), (2, 'NULL', '', NULL), (3, NULL, NULL, NULL)"
    )
    with connect_mysql(address_of(database), ReadPace()) as server:
        lines = server.fetch_rows(f"SELECT {write_line_sql(list_table_columns(server, 't', None))} FROM t ORDER BY id")
    assert [line.decode() for (line,) in lines] == ['1,"ä,""",0AFF,2025-01-02', '2,"NULL",,NULL', "3,NULL,NULL,NULL"]


def test_rows_longer_than_the_server_can_write_as_a_line_are_read_value_for_value(database, shop, monkeypatch):
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 3)
    database.execute("CREATE TABLE odd (id INT PRIMARY KEY, words LONGTEXT, raw LONGBLOB NOT NULL, n INT)")
    for n in range(8):
        words = "NULL" if n == 5 else f"REPEAT('\"ä', {400_000 if n in (2, 7) else 2})"
        database.execute(
            "SET NAMES utf8mb4", f"INSERT INTO odd VALUES ({n}, {words}, REPEAT(x'0D', {900_000 * (n == 4)}), {n})"
        )
    size = database.execute("SELECT @@GLOBAL.max_allowed_packet")[0][0]
    database.execute("SET GLOBAL max_allowed_packet = 1048576")
    try:
        pulls = shop(database, odd=ODD)
        assert pulls.pull("odd")["rows_written"] == 8
        assert pulls.pull("odd")["rows_written"] == 0
    finally:
        database.execute(f"SET GLOBAL max_allowed_packet = {size}")
    long = '"ä' * 400_000
    words = [None if n == 5 else long if n in (2, 7) else '"ä"ä' for n in range(8)]
    raw = [b"\r" * 900_000 * (n == 4) for n in range(8)]
    assert pulls.current("odd", "id, words, raw, n") == [(n, words[n], raw[n], n) for n in range(8)]
    without = [n for n, (crc,) in enumerate(pulls.current("odd", "_crc", "id")) if crc is None]
    assert without == [2, 4, 7]


def test_a_page_whose_rows_turn_out_to_be_wide_is_cut(database, shop, monkeypatch):
    monkeypatch.setattr(page_fetch, "CUT", 0.05)  # 200 kB
    database.execute("CREATE TABLE odd (id INT PRIMARY KEY, words LONGTEXT)")
    sizes = [3 if n < 500 else 20_000 for n in range(900)]
    database.insert("odd", [(n, "x" * size) for n, size in enumerate(sizes)])
    pulls = shop(database, odd=ODD)
    pulled = pulls.pull("odd")
    assert pulled["rows_written"] == 900
    assert pulled["pages"] >= 7  # of 64 rows and more; one page of 1,000 rows otherwise
    assert pulls.current("odd", "id, length(words)", "id") == list(enumerate(sizes))


ZERO = (
    "CREATE TABLE odd (id INT PRIMARY KEY, d DATE, m DATETIME(1), s TIMESTAMP NULL, made DATETIME NOT NULL, KEY (made))"
)
ZEROS = [
    "(0, '0000-00-00', '0000-00-00', '0000-00-00', '2025-01-01')",
    "(1, '2025-00-10', '2025-02-30 10:00:00.5', '2025-01-01', '2025-01-02')",
    "(2, '0000-05-01', '2025-02-28', NULL, '2025-01-02')",
    "(3, '2025-02-28', NULL, NULL, '2025-01-03')",
]


def test_dates_that_are_none_are_noted_where_the_source_allows_them(database, shop):
    database.execute(ZERO, LOOSE, f"INSERT INTO odd VALUES {', '.join(ZEROS)}")
    pulls = shop(database, mysql=FLAG, odd=ODD | {"cursor": "made"})
    pulled = pulls.pull("odd")
    assert (pulled["rows_written"], pulled["zero_dates"]) == (4, 6)
    notes = [json.loads(text or "{}") for (text,) in pulls.current("odd", "_zero_dates", "id")]
    assert notes == [
        {"d": "0000-00-00", "m": "0000-00-00 00:00:00.0", "s": "0000-00-00 00:00:00"},
        {"d": "2025-00-10", "m": "2025-02-30 10:00:00.5"},
        {"d": "0000-05-01"},
        {},
    ]
    assert pulls.current("odd", "d, m, s, _unreadable", "id") == [
        (None, None, None, None),
        (None, None, at(2025, 1, 1), None),
        (None, at(2025, 2, 28), None, None),
        (date(2025, 2, 28), None, None, None),
    ]


@pytest.mark.parametrize("row", range(3))
def test_dates_that_are_none_stop_the_extract_otherwise(database, shop, row):
    database.execute(ZERO, LOOSE, f"INSERT INTO odd VALUES {ZEROS[row]}, {ZEROS[3]}")
    pulls = shop(database, odd=ODD | {"cursor": "made"})
    with pytest.raises(
        DataError, match=r"column 'd' \(date\): 1 of 2 .* such as \d{4}-\d\d-\d\d; .*'zero_dates: flag'"
    ):
        pulls.pull("odd")
    assert pulls.run.lake.open_log("odd").load_table() is None


@pytest.mark.parametrize("kind", ["DATETIME NOT NULL", "DATETIME NULL", "TIMESTAMP NULL", "DATE NOT NULL"])
def test_rows_whose_cursor_is_a_zero_date_are_not_lost(database, shop, kind, monkeypatch):
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 2)
    database.execute(f"CREATE TABLE odd (id INT PRIMARY KEY, made {kind}, n INT, KEY (made, id))")
    nothing = "NULL" if kind.endswith(" NULL") and "NOT" not in kind else "'0000-00-00'"
    days = ["'2025-01-01'", "'0000-00-00'", "'2025-01-03'", nothing, "'2025-01-02'"]
    database.execute(LOOSE, *(f"INSERT INTO odd VALUES ({n}, {day}, {n})" for n, day in enumerate(days)))
    pulls = shop(database, mysql=FLAG, odd=ODD | {"cursor": "made", "lag": "1s"})
    assert pulls.pull("odd")["rows_written"] == 5
    assert pulls.pull("odd")["rows_written"] == 0
    database.execute(LOOSE, "INSERT INTO odd VALUES (5, '0000-00-00', 5), (6, '2025-01-04', 6)")
    assert pulls.pull("odd")["rows_written"] == 2
    assert pulls.current("odd", "id, n", "id") == [(n, n) for n in range(7)]
    assert pulls.written("odd") == 7


def test_a_zero_date_in_the_primary_key_stops_the_extract_whatever_the_policy(database, shop):
    database.execute("CREATE TABLE odd (id INT, made DATE NOT NULL, PRIMARY KEY (made, id))")
    database.execute(LOOSE, "INSERT INTO odd VALUES (1, '0000-00-00')")
    pulls = shop(database, mysql=FLAG, odd=ODD | {"cursor": "made", "primary_key": ["made", "id"]})
    with pytest.raises(DataError, match=r"column 'made' \(date\): 1 of 1 .*not in a primary key"):
        pulls.pull("odd")


LOST = "x'61EDA080'"  # half of a surrogate pair: servers take it for UTF-8
LOST_TEXT = r"a\xed\xa0\x80"


def test_unreadable_values_wait_in_quarantine_until_they_are_corrected(database, shop):
    database.execute(
        "CREATE TABLE odd (id INT PRIMARY KEY, words VARCHAR(9) CHARACTER SET utf8, n INT, changed DATETIME NOT NULL)",
        f"INSERT INTO odd VALUES (1, 'ä', 1, '2025-01-01'), (2, {LOST}, 2, '2025-01-01'), (3, NULL, 3, '2025-01-01')",
    )
    pulls = shop(database, odd=ODD | {"cursor": "changed", "mode": "merge"})
    assert pulls.pull("odd") == ExtractSummary.read_from(pulls.run, "odd").to_dict()
    assert ExtractSummary.read_from(pulls.run, "odd").pulled["unreadable"] == 1
    assert pulls.current("odd", "id, words, n, _unreadable") == [
        (1, "ä", 1, None),
        (2, None, 2, json.dumps({"words": LOST_TEXT})),
        (3, None, 3, None),
    ]
    assert validate(pulls.run)["extracts"]["odd"] == {"validated": 3, "quarantined": 1, "warned": 0}
    assert accepted(pulls) == [(1, "ä", 1), (3, None, 3)]
    (record,) = DeltaTable(pulls.run.lake.open_quarantine("odd").uri).to_pyarrow_table().to_pylist()
    assert (record["expectation"], record["severity"]) == ("readable", "quarantine")
    assert record["reason"] == rf"words is {LOST_TEXT}; must be readable"
    assert json.loads(record["key"]) == {"id": 2}
    assert json.loads(record["raw"]) == {"id": 2, "words": LOST_TEXT, "n": 2, "changed": "2025-01-01 00:00:00+00:00"}

    database.execute("UPDATE odd SET words = 'corrected', changed = '2025-01-02' WHERE id = 2")
    assert "unreadable" not in pulls.pull("odd")
    validate(pulls.run)
    assert accepted(pulls) == [(1, "ä", 1), (2, "corrected", 2), (3, None, 3)]


def test_an_unreadable_key_stops_the_extract(database, shop):
    database.execute(
        "CREATE TABLE odd (id VARCHAR(9) CHARACTER SET utf8 PRIMARY KEY, made DATETIME NOT NULL)",
        f"INSERT INTO odd VALUES ('a', '2025-01-01'), ({LOST}, '2025-01-01')",
    )
    with pytest.raises(DataError, match="column 'id' orders the rows, but is NULL or cannot be read in 1 of 2 rows"):
        shop(database, odd=ODD | {"cursor": "made"}).pull("odd")


def test_a_latin1_column_that_holds_utf8_is_read_as_what_it_means_where_declared(database, shop):
    database.execute(
        "CREATE TABLE odd (id INT PRIMARY KEY, a VARCHAR(40) CHARACTER SET latin1, b VARCHAR(40) CHARACTER SET latin1)"
    )
    meant = ["Zürich", "€ ☃ 𝄞 Á", "plain", "", None]
    for n, text in enumerate(meant):
        value = "NULL" if text is None else f"x'{text.encode().hex()}'"
        database.execute(f"INSERT INTO odd VALUES ({n}, {value}, {value})")
    database.execute("INSERT INTO odd VALUES (5, x'5AFC', x'5AFC'), (6, x'C3', x'C3')")
    pulls = shop(database, odd=ODD | {"mojibake": ["a"]})
    pulled = pulls.pull("odd")
    assert pulled["mojibake_kept"] == 2
    assert pulls.current("odd", "a", "id") == [(text,) for text in [*meant, "Zü", "Ã"]]
    plain = ["ZÃ¼rich", "\xe2\u201a\xac \xe2\u02dc\u0192 \xf0\x9d\u201e\u017e \xc3\x81", "plain", "", None, "Zü", "Ã"]
    assert pulls.current("odd", "b", "id") == [(text,) for text in plain]


@pytest.mark.parametrize("column", ["u", "n", "missing"])
def test_only_texts_in_latin1_are_declared_as_mojibake(mariadb_database, shop, column):
    mariadb_database.execute("CREATE TABLE odd (id INT PRIMARY KEY, n INT, u TEXT, l TEXT CHARACTER SET latin1)")
    with pytest.raises(SourceError, match=rf"mojibake '{column}'; allowed: texts in latin1 \(l"):
        shop(mariadb_database, odd=ODD | {"mojibake": [column]}).pull("odd")


def test_a_key_that_is_not_mojibake_throughout_is_refused(database, shop):
    database.execute(
        "CREATE TABLE odd (code VARCHAR(9) CHARACTER SET latin1 PRIMARY KEY, seen DATETIME)",
        "INSERT INTO odd VALUES (x'e9', '2025-01-01'), (x'c3a9', '2025-01-02')",
    )
    declared = {"kind": "table", "source": "mysql", "table": "odd", "mode": "merge", "cursor": "seen"}
    pulls = shop(database, odd=declared | {"primary_key": ["code"], "mojibake": ["code"]})
    with pytest.raises(DataError, match=r"column 'code' \(varchar\(9\).*\): 1 of 2 values are no UTF-8"):
        pulls.pull("odd")


def test_a_type_without_a_place_in_the_lake_is_refused(database, shop):
    database.execute("CREATE TABLE odd (id INT PRIMARY KEY, spot POINT, made DATETIME)")
    with pytest.raises(SourceError, match="'spot' is of type point, which the lake does not support; leave it out"):
        shop(database, odd=ODD).pull("odd")
    query = {"kind": "query", "source": "mysql", "query": "odd.sql", "mode": "append", "cursor": "made"}
    query_pulls = shop(database, queries={"odd.sql": "SELECT * FROM odd"}, odd=query | {"primary_key": ["id"]})
    with pytest.raises(SourceError, match="column 'spot' is of type geometry, which the lake does not support"):
        query_pulls.pull("odd")
    assert shop(database, odd=ODD | {"columns": ["id", "made"]}).pull("odd")["rows_written"] == 0


SPECIAL = st.sampled_from(
    ["NULL", "\\N", "", ",", '"', '""', "\n", "\r", "\r\n", "\0", "\\", "😀", "ä", "'", "\ufeff", " "]
)
TEXT = st.lists(SPECIAL | st.characters(codec="utf-8"), max_size=6).map("".join)
VALUES = {
    "words": ("VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", TEXT),
    "raw": ("VARBINARY(20)", st.binary(max_size=20)),
    "whole": ("BIGINT", st.integers(-(2**63), 2**63 - 1)),
    "price": ("DECIMAL(20,6)", st.decimals(-(10**13), 10**13, places=6)),
    "ratio": ("DOUBLE", st.floats(allow_nan=False, allow_infinity=False)),
    "day": ("DATE", st.dates()),
    "moment": ("DATETIME(6)", st.datetimes(timezones=st.just(UTC))),
}
ROWS = st.lists(st.tuples(*[values | st.none() for _, values in VALUES.values()]), min_size=1, max_size=8)


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_any_values_are_read_as_they_are(database, shop, rows):
    columns = ", ".join(f"{name} {declared}" for name, (declared, _) in VALUES.items())
    name = f"odd_{uuid4().hex[:12]}"
    database.execute(f"CREATE TABLE {name} (id INT PRIMARY KEY, {columns})")
    places = ", ".join(["%s"] * (len(VALUES) + 1))
    with database.connect(charset="utf8mb4", binary_prefix=True) as connection:
        cursor = connection.cursor()
        for n, row in enumerate(rows):
            plain = [value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row]
            cursor.execute(f"INSERT INTO {name} VALUES ({places})", (n, *plain))
    pulls = shop(database, **{name: ODD | {"table": name}})
    pulls.pull(name)
    assert pulls.current(name, ", ".join(["id", *VALUES]), "id") == [(n, *row) for n, row in enumerate(rows)]


def accepted(pulls) -> list[tuple]:
    with pulls.run.lake.open_engine() as engine:
        pulls.run.lake.create_accepted_view(engine, "odd")
        return engine.execute("SELECT id, words, n FROM odd ORDER BY 1").fetch_rows()


def address_of(database):
    server = database.server
    return Address("shop", "mysql", "127.0.0.1", server.port, server.user, PASSWORD, database.name)
