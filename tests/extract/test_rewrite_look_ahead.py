"""Mode append refuses windows whose value changes when later rows arrive; no server is needed."""

import pyarrow as pa
import pytest

from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.query_extract import refuse_look_ahead
from include.segmentation.extract.mysql.row.mysql_columns import MOMENT, MySQLColumn
from include.segmentation.extract.rewrite.native_windows import is_miscomputed_by_mariadb, replace_shift_defaults
from include.segmentation.extract.rewrite.query_levels import BaseTable, QueryLevel, build_level
from include.segmentation.extract.rewrite.query_parsing import parse_query
from include.segmentation.extract.rewrite.value_kinds import make_column_kind
from include.segmentation.profile.mysql_source import QueryExtract

COLUMNS = [
    MySQLColumn("id", "bigint(20)", pa.int64(), False),
    MySQLColumn("user_id", "bigint(20)", pa.int64(), False),
    MySQLColumn("at", "datetime", MOMENT, False),
    MySQLColumn("n", "int(11)", pa.int64(), True),
]
EVENTS = BaseTable(
    "events", {column.name: make_column_kind(column) for column in COLUMNS}, [frozenset(["id"])], {"key": ["id"]}
)


def build_events_level(sql: str) -> QueryLevel:
    return build_level(parse_query(sql), lambda _: EVENTS)


def check_look_ahead(window: str, mode: str, sql: str = "SELECT id, at, {} AS x FROM events") -> bool:
    extract = QueryExtract(kind="query", source="mysql", query="e.sql", mode=mode, cursor="at", primary_key=["id"])
    return refuse_look_ahead("e.sql", extract, build_events_level(sql.format(window)))


@pytest.mark.parametrize(
    "window",
    [
        "SUM(n) OVER (ORDER BY at, id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)",
        "SUM(n) OVER (ORDER BY at, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        "SUM(n) OVER (PARTITION BY user_id ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        "SUM(n) OVER (PARTITION BY user_id)",
        "COUNT(*) OVER (ORDER BY at, id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)",
        "LAST_VALUE(n) OVER (ORDER BY at, id ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING)",
        "LAST_VALUE(n) OVER (ORDER BY at, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        "LAST_VALUE(n) OVER (ORDER BY at, id RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        "LEAD(n) OVER (ORDER BY at, id)",
        "LAG(n) OVER (ORDER BY at DESC, id DESC)",
        "LAG(n) OVER (ORDER BY n, id)",
        "RANK() OVER (PARTITION BY user_id ORDER BY n)",
    ],
)
def test_a_window_over_later_rows_is_refused_in_mode_append(window: str) -> None:
    nested = f"SELECT id, at, {{}} AS x FROM (SELECT id, at, {window} AS y FROM events) AS e"
    for sql in ("SELECT id, at, {} AS x FROM events", nested):
        with pytest.raises(SourceError, match=r"^e.sql: .*; mode append is for rows that never change; allowed: merge"):
            check_look_ahead("y" if sql == nested else window, "append", sql)
    assert check_look_ahead(window, "merge")  # merge reads everything again


@pytest.mark.parametrize(
    "window",
    [
        "SUM(n) OVER (ORDER BY at)",
        "SUM(n) OVER (PARTITION BY user_id ORDER BY at, id ROWS UNBOUNDED PRECEDING)",
        "SUM(n) OVER (ORDER BY at, id ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING)",
        "LAST_VALUE(n) OVER (ORDER BY at, id)",
        "FIRST_VALUE(n) OVER (ORDER BY at, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        "LAG(n, 2) OVER (PARTITION BY user_id ORDER BY at, id)",
        "ROW_NUMBER() OVER (ORDER BY at, id)",
    ],
)
def test_a_window_over_earlier_rows_is_allowed_in_mode_append(window: str) -> None:
    assert not check_look_ahead(window, "append")


def test_the_cursor_is_followed_through_renamed_columns() -> None:
    sql = "SELECT id, seen AS at, x FROM (SELECT id, at AS seen, {} AS x FROM events) AS e"
    assert not check_look_ahead("LAG(n) OVER (ORDER BY at, id)", "append", sql)
    assert check_look_ahead("LAG(n) OVER (ORDER BY n, id)", "merge", sql)


@pytest.mark.parametrize(
    ("windows", "is_miscomputed"),
    [
        ("COUNT(*) OVER (), SUM(n) OVER (PARTITION BY user_id), SUM(n) OVER (ORDER BY at)", True),
        ("COUNT(*) OVER (), SUM(n) OVER (PARTITION BY user_id)", False),
        ("SUM(n) OVER (ORDER BY at), SUM(n) OVER (ORDER BY at, id), SUM(n) OVER (ORDER BY at, id, n)", False),
        ("COUNT(*) OVER (), SUM(n) OVER (PARTITION BY user_id), SUM(n) OVER (PARTITION BY `events`.USER_ID)", False),
    ],
)
def test_only_three_different_windows_confuse_mariadb(windows: str, is_miscomputed: bool) -> None:
    assert is_miscomputed_by_mariadb(parse_query(f"SELECT {windows} FROM events")) is is_miscomputed


def test_a_default_becomes_a_case_on_the_missing_row() -> None:
    tree = replace_shift_defaults(parse_query("SELECT LAG(n, 2, 7) OVER (ORDER BY at) AS x FROM events"))
    assert tree.sql("mysql") == (
        "SELECT CASE WHEN LAG(1, 2) OVER (ORDER BY at) IS NULL THEN 7 ELSE LAG(n, 2) OVER (ORDER BY at) END AS x "
        "FROM events"
    )
