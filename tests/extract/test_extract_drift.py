"""Changed columns of a source: what a log adopts, what stops the extract, and that no page mixes two meanings."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from include.segmentation.errors import SourceError, UnavailableError
from include.segmentation.extract import reconcile_extract
from include.segmentation.extract.mysql.page import page_reader
from include.segmentation.extract.mysql.schema_changes import ColumnChanges, compare_columns
from include.segmentation.lake.change_log import ChangeLog

WIDER = [
    ("tinyint(4)", "smallint(6)"),
    ("int(11)", "bigint(20)"),
    ("int(11)", "int(10) unsigned"),
    ("int(11)", "bigint(20) unsigned"),
    ("int(10) unsigned", "bigint(20)"),
    ("varchar(10)", "varchar(20)"),
    ("char(10)", "varchar(10)"),
    ("char(10)", "char(11)"),
    ("varchar(255)", "text"),
    ("varchar(60)", "tinytext"),
    ("varchar(20000)", "text"),
    ("tinytext", "mediumtext"),
    ("tinytext", "varchar(255)"),
    ("binary(4)", "varbinary(4)"),
    ("varbinary(300)", "blob"),
    ("decimal(10,2)", "decimal(20,2)"),
    ("decimal(10,2)", "decimal(12,4)"),
    ("decimal(10,2) unsigned", "decimal(10,2)"),
    ("float", "double"),
    ("double(10,2)", "double"),
    ("bit(1)", "bit(64)"),
    ("datetime", "datetime(6)"),
    ("time(3)", "time(6)"),
    ("enum('a','b')", "enum('a','b','c')"),
    ("enum('a','b')", "enum('0','b','a')"),
    ("enum('it''s','a,b')", "enum('a,b','it''s','x')"),
    ("set('a','b')", "set('a','b','c')"),
]
SAME = [
    ("int(11)", "int"),
    ("int(10) unsigned", "int unsigned"),
    ("year(4)", "year"),
    ("decimal(10,2)", "decimal(10,2)"),
]
NOT_WIDER = [
    ("bigint(20)", "int(11)"),
    ("int(10) unsigned", "int(11)"),
    ("bigint(20) unsigned", "bigint(20)"),
    ("varchar(20)", "varchar(10)"),
    ("varchar(10)", "char(10)"),
    ("varchar(255)", "tinytext"),
    ("text", "varchar(20000)"),
    ("varchar(10)", "varbinary(10)"),
    ("text", "blob"),
    ("binary(4)", "binary(8)"),
    ("varbinary(4)", "binary(4)"),
    ("decimal(10,2)", "decimal(10,3)"),
    ("decimal(10,2)", "decimal(12,1)"),
    ("decimal(10,2)", "double"),
    ("double", "float"),
    ("double", "double(10,2)"),
    ("datetime(6)", "datetime"),
    ("date", "datetime"),
    ("timestamp", "datetime"),
    ("int(11)", "varchar(11)"),
    ("enum('a','b')", "enum('a','c')"),
    ("enum('a','b')", "varchar(10)"),
    ("set('a','b')", "set('b','a')"),
    ("longtext", "json"),
]


@pytest.mark.parametrize(("old", "new"), WIDER)
def test_a_type_that_holds_every_value_is_wider(old, new):
    assert compare_columns({"x": old}, {"x": new}, set()) == ColumnChanges([], ["x"])


@pytest.mark.parametrize(("old", "new"), SAME)
def test_two_ways_to_declare_a_type_are_one(old, new):
    assert (
        compare_columns({"x": old}, {"x": new}, set())
        == compare_columns({"x": new}, {"x": old}, set())
        == ColumnChanges([], [])
    )


@pytest.mark.parametrize(("old", "new"), NOT_WIDER)
def test_a_type_that_lacks_a_value_is_another_one(old, new):
    with pytest.raises(SourceError, match=r"'x' was .*, is ") as raised:
        compare_columns({"x": old}, {"x": new}, set())
    assert f"'x' was {old}, is {new}" in str(raised.value)


def test_order_does_not_matter_and_new_columns_are_added():
    old = {"id": "int(11)", "n": "int(11)"}
    assert compare_columns(old, {"m": "text", "n": "bigint(20)", "id": "int(11)"}, set()) == ColumnChanges(["m"], ["n"])


def test_every_change_is_in_one_message_and_a_rename_is_guessed():
    old = {"id": "int(11)", "n": "int(11)", "note": "text", "at": "date"}
    new = {"id": "int(11)", "amount": "int", "total": "int(11)", "at": "datetime"}
    with pytest.raises(SourceError) as raised:
        compare_columns(old, new, set())
    assert str(raised.value) == (
        "the source's columns have changed: 'n' was int(11), is absent (renamed to 'amount' or 'total'?); "
        "'note' was text, is absent; 'at' was date, is datetime; 'amount' was absent, is int; "
        "'total' was absent, is int(11); allowed: new and wider columns"
    )


def test_what_the_profile_leaves_out_may_go():
    assert compare_columns({"id": "int(11)", "n": "int(11)"}, {"id": "int(11)"}, {"n"}) == ColumnChanges([], [])


EVENTS = {
    "kind": "table",
    "source": "mysql",
    "table": "events",
    "mode": "append",
    "cursor": "at",
    "primary_key": ["id"],
}
CREATE_EVENTS = "CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NOT NULL, n INT, KEY (at, id)) ENGINE=InnoDB"
START = datetime(2025, 1, 1)


def events(*ids: int) -> list[tuple]:
    return [(i, START + timedelta(minutes=i), i) for i in ids]


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 10)


@pytest.fixture
def between_pages(monkeypatch):
    """Do something once, when a given number of pages has been committed."""

    def arrange(commits: int, act: Callable[[], object]) -> None:
        append, done = ChangeLog.append, []

        def appending(self, *arguments, **more):
            state = append(self, *arguments, **more)
            done.append(1)
            if len(done) == commits:
                act()
            return state

        monkeypatch.setattr(ChangeLog, "append", appending)

    return arrange


def test_a_new_column_is_added_and_older_rows_have_none(database, shop):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(1, 2))
    pulls = shop(database, events=EVENTS)
    pulls.pull()
    database.execute("ALTER TABLE events ADD COLUMN size INT NOT NULL DEFAULT 7 AFTER id")
    assert pulls.pull()["rows_written"] == 0
    assert pulls.current(columns="id, n, size") == [(1, 1, None), (2, 2, None)]
    database.execute("INSERT INTO events (id, at, n, size) VALUES (3, '2025-01-02', 3, 8)")
    assert pulls.pull()["rows_written"] == 1
    assert pulls.current(columns="id, n, size") == [(1, 1, None), (2, 2, None), (3, 3, 8)]


def test_a_new_column_comes_with_the_next_version_of_a_row(database, shop):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(1, 2))
    pulls = shop(database, events=EVENTS | {"mode": "merge"})
    pulls.pull()
    database.execute(
        "ALTER TABLE events ADD COLUMN note TEXT", "UPDATE events SET note = 'x', at = '2025-01-03' WHERE id = 1"
    )
    pulls.pull()
    assert pulls.current(columns="id, note") == [(1, "x"), (2, None)]


def test_types_grow_whether_the_lake_has_room_or_not(database, shop):
    database.execute(
        "CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NOT NULL, price DECIMAL(10,2), wide DECIMAL(38,2),"
        " ratio FLOAT, word CHAR(5), kind ENUM('a'), bits BIT(8), KEY (at, id)) ENGINE=InnoDB DEFAULT CHARSET=utf8",
        "INSERT INTO events VALUES (1, '2025-01-01', -1.50, 0.10, 0.5, 'ü', 'a', b'101')",
    )
    pulls = shop(database, events=EVENTS | {"lag": "0s"})
    before = pulls.pull()
    state = pulls.run.lake.open_log("events").read_state()
    database.execute(
        "ALTER TABLE events MODIFY id BIGINT UNSIGNED, MODIFY at DATETIME(6) NOT NULL, MODIFY price DECIMAL(20,3),"
        " MODIFY wide DECIMAL(40,2), MODIFY ratio DOUBLE, MODIFY word TEXT, MODIFY kind ENUM('b','a'),"
        " MODIFY bits BIT(64)",
        "INSERT INTO events VALUES (18446744073709551615, '2025-01-01 00:00:00.000001', 12345678901234567.125,"
        " 12345678901234567890123456789012345678.25, 0.25, 'more than that', 'b', ~0)",
    )
    assert pulls.pull()["rows_written"] == 1
    after = pulls.run.lake.open_log("events").read_state()
    assert (after.seq, after.cursor["order"]) == (2, state.cursor["order"])
    assert after.complete_through >= datetime.fromisoformat(before["complete_through"])
    assert pulls.current(columns='* EXCLUDE ("at", _observed_at, _crc, _zero_dates, _unreadable)') == [
        (Decimal(1), Decimal("-1.500"), "0.10", 0.5, "ü", "a", Decimal(5), 1, False),
        (
            Decimal(18446744073709551615),
            Decimal("12345678901234567.125"),
            "12345678901234567890123456789012345678.25",
            0.25,
            "more than that",
            "b",
            Decimal(18446744073709551615),
            2,
            False,
        ),
    ]
    assert pulls.pull()["rows_written"] == 0


def test_what_stops_an_extract_leaves_its_log_as_it_was(database, shop):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(1))
    pulls = shop(database, events=EVENTS)
    pulls.pull()
    log = pulls.run.lake.open_log("events")
    state, schema = log.read_state(), log.read_schema()
    database.execute("ALTER TABLE events CHANGE n amount INT, MODIFY id SMALLINT, ADD COLUMN new INT FIRST")
    database.insert("events", [(1, 2, START, 2)])
    with pytest.raises(SourceError) as raised:
        pulls.pull()
    for words in (
        r"shop.yaml: extracts.events: the source's columns have changed: ",
        r"'n' was int(11), is absent (renamed to 'new' or 'amount'?)",
        r"'id' was int(11), is smallint(6)",
    ):
        assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not isinstance(raised.value, UnavailableError)
    assert (log.read_state(), log.read_schema()) == (state, schema)


def test_the_profile_may_leave_a_column_out_that_is_gone_and_take_it_up_again(database, shop):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(1))
    shop(database, events=EVENTS).pull()
    database.execute("ALTER TABLE events CHANGE n amount INT")
    database.insert("events", [(2, START + timedelta(minutes=2), 20)])
    pulls = shop(database, events=EVENTS | {"columns": ["id", "at", "amount"]})
    assert pulls.pull()["rows_written"] == 1
    assert pulls.current(columns="id, n, amount") == [(1, 1, None), (2, None, 20)]
    database.execute("ALTER TABLE events CHANGE amount n INT")
    with pytest.raises(SourceError, match=r"table 'events' has no column 'amount'; found: id, at, n"):
        pulls.pull()
    database.insert("events", [(3, START + timedelta(minutes=3), 30)])
    pulls = shop(database, events=EVENTS | {"columns": ["id", "at", "n"]})
    assert pulls.pull()["rows_written"] == 1
    assert pulls.current(columns="id, n, amount") == [(1, 1, None), (2, None, 20), (3, 30, None)]


def test_a_snapshot_takes_up_new_columns_too(database, shop):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(1, 2))
    pulls = shop(database, events={k: v for k, v in EVENTS.items() if k != "cursor"} | {"mode": "snapshot"})
    pulls.pull()
    database.execute("ALTER TABLE events ADD COLUMN note VARCHAR(5) NOT NULL DEFAULT 'x', MODIFY n BIGINT UNSIGNED")
    pulls.pull()
    assert pulls.current(columns="id, n, note") == [(1, Decimal(1), "x"), (2, Decimal(2), "x")]
    database.execute("ALTER TABLE events DROP COLUMN note")
    with pytest.raises(SourceError, match=r"'note' was varchar\(5\), is absent"):
        pulls.pull()


def test_reconcile_brings_the_values_of_a_new_column(database, shop):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(1, 2))
    pulls = shop(database, events=EVENTS)
    pulls.pull()
    database.execute("ALTER TABLE events ADD COLUMN size INT NOT NULL DEFAULT 7, MODIFY n DECIMAL(12,1)")
    with pytest.raises(SourceError, match=r"'n' was int\(11\), is decimal\(12,1\)"):
        reconcile_extract(pulls.run, "events")
    database.execute("ALTER TABLE events MODIFY n BIGINT UNSIGNED")
    assert reconcile_extract(pulls.run, "events")["changed"] == 2
    assert pulls.current(columns="id, n, size") == [(1, Decimal(1), 7), (2, Decimal(2), 7)]
    assert reconcile_extract(pulls.run, "events")["changed"] == 0


ALTERATIONS = {
    "DROP COLUMN n": "'n' was int(11), is absent",
    "CHANGE n m INT": "'n' was int(11), is absent (renamed to 'm'?)",
    "MODIFY n VARCHAR(20)": "'n' was int(11), is varchar(20)",
    "DROP COLUMN n, ADD COLUMN n DATE": "'n' was int(11), is date",
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_an_alter_between_two_pages_stops_the_pull_behind_the_last_good_one(
    database, shop, small_pages, between_pages, alteration
):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(*range(50)))
    pulls = shop(database, events=EVENTS)
    between_pages(2, lambda: database.execute(f"ALTER TABLE events {alteration}"))
    with pytest.raises(SourceError) as raised:
        pulls.pull()
    assert ALTERATIONS[alteration] in str(raised.value)
    read = pulls.current(columns="id, n")
    assert read == [(i, i) for i in range(len(read))]
    assert 20 <= len(read) <= 30  # a page that was under way may have been whole


def test_an_alter_between_two_pages_that_the_log_can_take_is_taken_up_there(database, shop, small_pages, between_pages):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(*range(50)))
    pulls = shop(database, events=EVENTS)
    altering = "ALTER TABLE events ADD COLUMN size INT NOT NULL DEFAULT 7, MODIFY n BIGINT UNSIGNED, MODIFY id BIGINT"
    between_pages(2, lambda: database.execute(altering))
    pulled = pulls.pull()
    assert (pulled["rows_written"], pulled["complete_through"] is not None) == (50, True)
    rows = pulls.current(columns="id, n, size")
    assert [row[:2] for row in rows] == [(i, Decimal(i)) for i in range(50)]
    without = [size for _, _, size in rows].count(None)
    assert 20 <= without <= 30
    assert [size for _, _, size in rows] == [None] * without + [7] * (50 - without)
    assert pulls.written() == 50
    assert pulls.pull()["rows_written"] == 0


def test_rows_that_are_ordered_otherwise_since_are_neither_lost_nor_doubled(database, shop, small_pages, between_pages):
    database.execute(
        "CREATE TABLE events (code VARCHAR(5) COLLATE latin1_german1_ci PRIMARY KEY, at DATETIME NOT NULL, n INT,"
        " KEY (at, code)) ENGINE=InnoDB DEFAULT CHARSET=latin1"
    )
    codes = [letter + more for letter in "aBcDeFgH" for more in "xYz"]
    database.insert("events", [(code, START, i) for i, code in enumerate(codes)])
    pulls = shop(database, events=EVENTS | {"primary_key": ["code"], "lag": "0s"})
    altering = "ALTER TABLE events MODIFY code VARCHAR(5) COLLATE latin1_bin"
    between_pages(1, lambda: database.execute(altering))
    pulls.pull()
    assert pulls.current(columns="code, n") == [(code, codes.index(code)) for code in sorted(codes)]
    assert pulls.written() == len(codes)
    assert pulls.pull()["rows_read"] == 0


def test_a_statement_that_names_a_column_just_gone_is_explained_by_the_change(database, shop, monkeypatch):
    database.execute(CREATE_EVENTS)
    pulls = shop(database, events=EVENTS)
    pulls.pull()
    real = page_reader.fetch_page

    def too_late(*arguments):
        database.execute("ALTER TABLE events CHANGE n m INT")
        monkeypatch.setattr(page_reader, "fetch_page", real)
        return real(*arguments)

    monkeypatch.setattr(page_reader, "fetch_page", too_late)
    with pytest.raises(SourceError, match=r"'n' was int\(11\), is absent \(renamed to 'm'\?\)"):
        pulls.pull()
