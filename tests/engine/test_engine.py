"""What callers rely on of every engine."""

from collections.abc import Iterator
from datetime import date

import pyarrow as pa
import pytest

from include.segmentation.engine import open_engine
from include.segmentation.engine.duckdb_engine import evaluate_select, list_reserved_words
from include.segmentation.engine.engine import Engine, EngineError

NUMBERS = pa.table({"n": [1, 2, 3], "word": ["one", "two", None]})


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine() as opened:
        yield opened


def test_rows_come_one_by_one_or_all_or_as_arrow(engine: Engine) -> None:
    engine.register_table("numbers", NUMBERS)
    result = engine.execute("SELECT n, word FROM numbers ORDER BY n")
    assert result.fetch_row() == (1, "one")
    assert result.fetch_rows() == [(2, "two"), (3, None)]
    assert result.fetch_row() is None
    assert engine.execute("SELECT * FROM numbers ORDER BY n").fetch_table() == NUMBERS
    batches = list(engine.execute("SELECT * FROM range(5000)").stream_batches(2048))
    assert sum(batch.num_rows for batch in batches) == 5000
    assert max(batch.num_rows for batch in batches) <= 2048


def test_parameters_stand_by_position_or_by_name(engine: Engine) -> None:
    assert engine.execute("SELECT ? + 1", [1]).fetch_row() == (2,)
    assert engine.execute("SELECT $one + $two", {"one": 1, "two": 2}).fetch_row() == (3,)


def test_views_and_tables_are_replaced_by_those_of_the_same_name(engine: Engine) -> None:
    for number in (1, 2):
        engine.create_view("a view", f"SELECT {number} AS n")
        assert engine.create_table("copy", f"SELECT {number} AS n, 'x' AS word") == {"n": "INTEGER", "word": "VARCHAR"}
        assert engine.execute('SELECT v.n, copy.n FROM "a view" AS v, copy').fetch_rows() == [(number, number)]
    assert engine.describe_table('"a view"') == {"n": "INTEGER"}


def test_a_registered_table_can_be_forgotten(engine: Engine) -> None:
    engine.register_table("numbers", NUMBERS)
    engine.drop_registered("numbers")
    with pytest.raises(EngineError, match="numbers does not exist"):
        engine.execute("SELECT * FROM numbers")


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "DROP TABLE x", "", "INSERT INTO t VALUES (1)"])
def test_a_table_is_made_of_one_select(engine: Engine, sql: str) -> None:
    with pytest.raises(EngineError, match="statements; allowed: one SELECT") as refusal:
        engine.create_table("t", sql)
    assert not refusal.value.is_data_error


@pytest.mark.parametrize(
    ("sql", "is_data_error"),
    [
        ("SELECT nothing", False),
        ("SELEC 1", False),
        ("SELECT CAST(word AS INTEGER) FROM numbers", True),
        ("SELECT CAST(n + 1000 AS TINYINT) FROM numbers", True),
    ],
)
def test_errors_tell_wrong_sql_from_wrong_data(engine: Engine, sql: str, is_data_error: bool) -> None:
    engine.register_table("numbers", NUMBERS)
    with pytest.raises(EngineError) as refusal:
        engine.execute(sql).fetch_table()
    assert refusal.value.is_data_error == is_data_error


def test_dates_are_of_the_engines_time_zone() -> None:
    moment = "CAST(TIMESTAMPTZ '2025-01-31 23:30:00+00' AS DATE)"
    with open_engine(time_zone="Europe/Vienna") as vienna, open_engine(time_zone="UTC") as utc:
        assert vienna.execute(f"SELECT {moment}").fetch_row() == (date(2025, 2, 1),)
        assert utc.execute(f"SELECT {moment}").fetch_row() == (date(2025, 1, 31),)


def test_the_number_of_threads_is_kept() -> None:
    with open_engine(threads=1) as engine:
        assert engine.execute("SELECT current_setting('threads')").fetch_row() == (1,)


def test_engines_share_nothing() -> None:
    with open_engine() as one, open_engine() as other:
        one.create_table("mine", "SELECT 1 AS n")
        with pytest.raises(EngineError, match="mine does not exist"):
            other.execute("SELECT * FROM mine")


def test_an_unknown_kind_of_engine_is_refused() -> None:
    with pytest.raises(KeyError, match="abacus"):
        open_engine("abacus")


def test_a_select_without_tables_needs_no_engine() -> None:
    assert evaluate_select("SELECT n FROM (VALUES (1), (2)) AS t(n) ORDER BY n") == [(1,), (2,)]
    with pytest.raises(EngineError):
        evaluate_select("SELECT * FROM nothing")


def test_reserved_words_are_those_that_need_quotes() -> None:
    words = list_reserved_words()
    assert {"select", "table", "left"} <= set(words)
    assert "customer" not in words
