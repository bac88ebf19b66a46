"""Reconcile corrects and reports what pulls cannot see; a second reconcile has nothing to correct."""

from datetime import UTC, datetime, timedelta

import pytest

from include.segmentation.__main__ import main
from include.segmentation.artifacts import ReconcileSummary
from include.segmentation.errors import DataError, NotReadyError, ProfileError, SourceError
from include.segmentation.extract import log_corrections
from include.segmentation.extract.mysql import row_reconciliation as module
from include.segmentation.lake.change_log import ChangeLog

EVENTS = {
    "kind": "table",
    "source": "mysql",
    "table": "events",
    "mode": "append",
    "cursor": "at",
    "primary_key": ["id"],
    "lag": "1h",
}
START = datetime(2025, 1, 1)
NOTHING = {"missing": 0, "changed": 0, "deleted": 0, "rows_fetched": 0, "differing": 0}


def select_corrections(summary):
    return {what: summary[what] for what in ("missing", "changed", "deleted")}


def events(count, first=0):
    return [(i, START + timedelta(minutes=i), f"n{i}") for i in range(first, first + count)]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(module, "RANGE_ROWS", 200)
    monkeypatch.setattr(module, "PART_ROWS", 20)
    monkeypatch.setattr(module, "_BUCKET_ROWS", 20)


CREATE = "CREATE TABLE events (id BIGINT PRIMARY KEY, at DATETIME NULL, n VARCHAR(20), KEY (at, id)) ENGINE="


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM"])
@pytest.mark.parametrize("mode", ["append", "merge"])
def test_it_corrects_what_pulls_cannot_see(database, shop, small, mode, engine):
    database.execute(CREATE + engine)
    database.insert("events", events(1000))
    pulls = shop(database, events=EVENTS | {"mode": mode})
    pulls.pull()
    state = pulls.run.lake.open_log("events").read_state()
    database.execute(
        "DELETE FROM events WHERE id BETWEEN 100 AND 104",
        "UPDATE events SET n = 'silent' WHERE id IN (7, 700)",
        "INSERT INTO events VALUES (5000, '2025-01-01 00:00:30', 'older than the lag'), (-1, NULL, 'no time')",
        "UPDATE events SET at = NULL WHERE id = 9",
    )
    noticed = datetime.now(UTC)
    summary = pulls.reconcile()
    assert select_corrections(summary) == {"missing": 2, "changed": 3, "deleted": 5}
    assert (summary["method"], summary["rows_compared"]) == ("ranges", 997)
    assert 5 <= summary["rows_fetched"] <= 5 * 20
    assert summary["differing"] < summary["compared"]
    assert ReconcileSummary.read_from(pulls.run, "events").to_dict() == summary
    rows = database.execute("SELECT id, at, n FROM events")
    assert pulls.current(columns='id, "at", n') == sorted((i, at and at.replace(tzinfo=UTC), n) for i, at, n in rows)
    with pulls.run.lake.open_engine() as engine:
        pulls.run.lake.create_log_view(engine, "events")
        gone = engine.execute("SELECT id, _observed_at FROM events WHERE _deleted").fetch_table().to_pylist()
    assert {row["id"] for row in gone} == set(range(100, 105)) | ({7, 9, 700} if mode == "append" else set())
    assert all(row["_observed_at"] >= noticed for row in gone)
    after = pulls.run.lake.open_log("events").read_state()
    assert (after.cursor, after.complete_through) == (state.cursor, state.complete_through)
    assert pulls.reconcile().items() >= NOTHING.items()
    assert pulls.pull()["rows_written"] == 0
    assert pulls.reconcile().items() >= NOTHING.items()


def rows_read(database):
    return sum(int(count) for _, count in database.execute("SHOW GLOBAL STATUS LIKE 'Handler_read%next'"))


@pytest.mark.parametrize("key", ["BIGINT", "VARCHAR(20)"])
def test_the_server_reads_its_table_in_ranges_and_sends_nothing_where_nothing_differs(database, shop, small, key):
    database.execute(f"CREATE TABLE events (id {key} PRIMARY KEY, at DATETIME, n INT, KEY (at, id)) ENGINE=InnoDB")
    database.insert("events", [(i, START + timedelta(minutes=i % 50), i) for i in range(3000)])
    pulls = shop(database, events=EVENTS)
    pulls.pull()
    before = rows_read(database)
    summary = pulls.reconcile()
    read = rows_read(database) - before
    assert summary["compared"] >= 15
    assert summary.items() >= NOTHING.items()
    assert read < 4 * 3000  # for bounds, for checksums, for adding those up; and what else is looked up


TEXT_KEYS = ["a", "B", "ä", "Z", "o'k", "\\", "öl", "zz", "", "é", "a b", '"q"', "x,y", "ß"]


@pytest.mark.parametrize("collation", ["latin1_german2_ci", "utf8_swedish_ci", "utf8_bin"])
def test_texts_as_keys_are_left_to_the_server(database, shop, small, collation):
    charset = collation.split("_")[0]
    database.execute(
        "CREATE TABLE events (shop INT, code VARCHAR(10), raw VARBINARY(4), at DATETIME NOT NULL, n INT,"
        f" PRIMARY KEY (shop, code, raw), KEY (at)) ENGINE=InnoDB DEFAULT CHARSET={charset} COLLATE={collation}"
    )
    raws = [b"\xff", b"'", b"\x00", b""]
    rows = [(s, code, raw, START, 0) for s in range(12) for code in TEXT_KEYS for raw in raws]
    database.insert("events", rows)
    pulls = shop(database, events=EVENTS | {"mode": "merge", "primary_key": ["shop", "code", "raw"], "lag": "0s"})
    pulls.pull()
    assert pulls.reconcile().items() >= NOTHING.items()
    database.execute(
        "UPDATE events SET code = 'A' WHERE code = 'a' AND shop = 3",
        "UPDATE events SET code = 'B  ' WHERE code = 'B' AND shop = 4",
        "UPDATE events SET n = 1 WHERE code = 'ä' AND shop = 5",
        "DELETE FROM events WHERE code = 'ß' AND shop = 6",
        "INSERT INTO events VALUES (6, 'Öl2', x'00ff', '2024-12-31', 7)",
    )
    summary = pulls.reconcile()
    assert (summary["method"], summary["rows_compared"]) == ("buckets", len(rows) - 3)
    assert select_corrections(summary) == {"missing": 4 + 4 + 1, "changed": 4, "deleted": 4 + 4 + 4}
    assert summary["rows_fetched"] < len(rows)
    now = database.execute("SELECT shop, CONVERT(code USING utf8mb4), raw, n FROM events")
    assert sorted(pulls.current(columns="shop, code, raw, n")) == sorted(now)
    assert pulls.reconcile().items() >= NOTHING.items()


def test_keys_of_several_numbers_and_times_are_compared_by_range(database, shop, small):
    database.execute(
        "CREATE TABLE events (day DATE, slot DATETIME, no BIGINT UNSIGNED, part DECIMAL(5, 2), at DATETIME NOT NULL,"
        " PRIMARY KEY (day, slot, no, part)) ENGINE=InnoDB"
    )
    top = 2**64 - 1
    rows = [
        (START + timedelta(days=d), START + timedelta(hours=h), top - no, f"{part / 4:.2f}", START)
        for d in range(3)
        for h in range(10)
        for no in range(5)
        for part in range(-2, 2)
    ]
    database.insert("events", rows)
    # Named in another order than the index has; a pull does not mind, and a walk goes along the index.
    pulls = shop(database, events=EVENTS | {"primary_key": ["part", "slot", "no", "day"]}, time_zone="Asia/Tokyo")
    pulls.pull()
    assert pulls.reconcile().items() >= NOTHING.items() | {("method", "ranges"), ("rows_compared", 600)}
    database.execute(f"DELETE FROM events WHERE no = {top} AND part = 0.25 AND slot < '2025-01-01 03:00:00'")
    summary = pulls.reconcile()
    assert select_corrections(summary) == {"missing": 0, "changed": 0, "deleted": 9}
    assert summary["rows_fetched"] <= 9 * 20
    assert len(pulls.current()) == 591


def test_an_event_whose_time_comes_late_is_not_doubled(database, shop, small):
    database.execute(CREATE + "InnoDB")
    database.insert("events", [*events(50), (77, None, "n")])
    pulls = shop(database, events=EVENTS)
    pulls.pull()
    database.insert("events", events(50, first=100))
    database.execute("UPDATE events SET at = '2025-03-01' WHERE id = 77")
    assert pulls.pull()["rows_written"] == 50
    assert sum(row[0] == 77 for row in pulls.current()) == 1
    assert select_corrections(pulls.reconcile()) == {"missing": 0, "changed": 1, "deleted": 0}
    assert pulls.current(columns='"at"', order='"at" DESC')[0] == (datetime(2025, 3, 1, tzinfo=UTC),)
    assert len(pulls.current()) == 101


def test_what_pulls_have_not_reached_is_left_to_them(database, shop, small):
    database.execute(CREATE + "InnoDB")
    database.insert("events", events(500))
    pulls = shop(database, events=EVENTS | {"mode": "merge"})
    pulls.pull()
    database.execute("UPDATE events SET at = '2025-03-01', n = 'moved' WHERE id % 3 = 0")
    database.insert("events", [(i, datetime(2025, 4, 1), "new") for i in range(1000, 1100)])
    assert pulls.reconcile().items() >= NOTHING.items()
    assert len(pulls.current()) == 500
    assert pulls.pull()["rows_written"] == 100 + 167
    assert pulls.reconcile().items() >= NOTHING.items() | {("rows_compared", 600)}


def test_an_event_whose_time_moved_on_is_neither_lost_nor_doubled(database, shop, small):
    database.execute(CREATE + "InnoDB")
    database.insert("events", events(500))
    pulls = shop(database, events=EVENTS)
    pulls.pull()
    database.execute("UPDATE events SET at = '2025-03-01' WHERE id = 77")
    assert select_corrections(pulls.reconcile()) == {"missing": 0, "changed": 0, "deleted": 1}
    pulls.pull()
    database.execute("UPDATE events SET at = '2025-04-01' WHERE id = 78")
    pulls.pull()  # doubled: to a pull it is a new event
    assert len(pulls.current()) == 501
    pulls.reconcile()
    assert [row[0] for row in pulls.current()] == list(range(500))
    assert pulls.reconcile().items() >= NOTHING.items()


def test_an_empty_table_and_one_that_was_emptied(database, shop, small):
    database.execute(CREATE + "InnoDB")
    pulls = shop(database, events=EVENTS)
    with pytest.raises(NotReadyError, match="first load"):
        pulls.reconcile()
    pulls.pull()
    assert pulls.reconcile().items() >= NOTHING.items()
    database.insert("events", events(700))
    pulls.pull()
    database.execute("DELETE FROM events")
    assert select_corrections(pulls.reconcile()) == {"missing": 0, "changed": 0, "deleted": 700}
    assert pulls.current() == []
    assert pulls.reconcile().items() >= NOTHING.items()
    database.insert("events", events(10))
    assert select_corrections(pulls.reconcile()) == {"missing": 10, "changed": 0, "deleted": 0}


def test_only_tables_and_queries_with_a_cursor_are_reconciled(database, shop):
    database.execute(CREATE + "InnoDB")
    whole = {"kind": "table", "source": "mysql", "table": "events", "mode": "snapshot", "primary_key": ["id"]}
    with pytest.raises(ProfileError, match="extract 'whole'; allowed: events"):
        shop(database, events=EVENTS, whole=whole).reconcile("whole")


@pytest.mark.parametrize("mode", ["append", "merge"])
def test_a_query_is_read_again_whole(database, shop, mode):
    database.execute(CREATE + "InnoDB")
    database.insert("events", events(300))
    query = "SELECT id, at, LENGTH(n) AS long_n FROM events WHERE id <> 5 AND {{ page('at') }}"
    declared = {"kind": "query", "source": "mysql", "query": "named.sql", "cursor": "at", "primary_key": ["id"]}
    pulls = shop(database, queries={"named.sql": query}, named=declared | {"mode": mode, "lag": "1m"})
    pulls.pull("named")
    assert select_corrections(pulls.reconcile("named")) == {"missing": 0, "changed": 0, "deleted": 0}
    database.execute(
        "DELETE FROM events WHERE id < 3",
        "UPDATE events SET n = 'much longer' WHERE id = 10",
        "UPDATE events SET at = '2025-03-01' WHERE id = 11",
        "INSERT INTO events VALUES (1000, '2025-01-01 00:10:00', 'late')",
    )
    summary = pulls.reconcile("named")
    # In append mode the event that has moved on is deleted here and comes again with the next pull.
    assert select_corrections(summary) == {"missing": 1, "changed": 1, "deleted": 3 if mode == "merge" else 4}
    assert (summary["method"], summary["rows_fetched"], summary["rows_compared"]) == ("whole", 296, 296)
    pulls.pull("named")
    now = database.execute("SELECT id, LENGTH(n) FROM events WHERE id <> 5 ORDER BY id")
    assert pulls.current("named", "id, long_n") == list(now)
    assert select_corrections(pulls.reconcile("named")) == {"missing": 0, "changed": 0, "deleted": 0}


def test_a_query_computed_in_the_lake_has_nothing_to_be_compared_with(mysql56_database, shop):
    mysql56_database.execute("CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NOT NULL, n INT NOT NULL, KEY (at))")
    mysql56_database.insert("events", [(i, at, i % 3) for i, at, _ in events(50)])
    query = "SELECT id, at, ROW_NUMBER() OVER (PARTITION BY n ORDER BY at, id) AS r FROM events"
    ranked = {"kind": "query", "source": "mysql", "query": "ranked.sql", "mode": "merge", "cursor": "at"}
    pulls = shop(
        mysql56_database,
        queries={"ranked.sql": query},
        events=EVENTS | {"mode": "merge"},
        ranked=ranked | {"primary_key": ["id"]},
    )
    pulls.pull("ranked")
    assert pulls.reconcile("ranked").items() >= NOTHING.items() | {("method", "computed"), ("compared", 0)}
    mysql56_database.execute("DELETE FROM events WHERE id = 7")
    pulls.reconcile("events")
    pulls.pull("ranked")
    assert [key for (key,) in pulls.current("ranked", "id")] == [i for i in range(50) if i != 7]


def test_a_log_that_is_to_be_read_anew_is_left_alone(database, shop, small):
    database.execute(
        "CREATE TABLE events (code VARCHAR(20) COLLATE latin1_bin PRIMARY KEY, at DATETIME NOT NULL)"
        " DEFAULT CHARSET=latin1 ENGINE=InnoDB"
    )
    database.insert("events", [(f"k{i}", START) for i in range(50)])
    pulls = shop(database, events=EVENTS | {"primary_key": ["code"]})
    pulls.pull()
    database.execute("ALTER TABLE events MODIFY code VARCHAR(20) COLLATE latin1_german1_ci")
    with pytest.raises(NotReadyError, match="reconcile after it"):
        pulls.reconcile()
    pulls.pull()
    assert pulls.reconcile().items() >= NOTHING.items() | {("rows_compared", 50)}
    assert pulls.written() == 50


def test_rows_with_a_zero_date_as_their_time_are_compared_too(database, shop, small):
    database.execute(CREATE + "InnoDB")
    database.insert("events", events(100))
    database.execute(
        "SET sql_mode = ''", "INSERT INTO events VALUES (500, '0000-00-00', 'a'), (501, '2025-00-00', 'b')"
    )
    pulls = shop(database, mysql={"zero_dates": "flag"}, events=EVENTS | {"mode": "merge"})
    pulls.pull()
    assert pulls.reconcile().items() >= NOTHING.items() | {("rows_compared", 102)}
    database.execute(
        "SET sql_mode = ''",
        "UPDATE events SET at = '2024-00-00' WHERE id = 501",
        "DELETE FROM events WHERE id = 500",
        "INSERT INTO events VALUES (502, '0000-00-00', 'c')",
    )
    assert select_corrections(pulls.reconcile()) == {"missing": 1, "changed": 1, "deleted": 1}
    assert pulls.current(columns="id, _zero_dates")[100:] == [
        (501, '{"at": "2024-00-00 00:00:00"}'),
        (502, '{"at": "0000-00-00 00:00:00"}'),
    ]
    assert pulls.reconcile().items() >= NOTHING.items()


def test_a_row_that_changes_between_checksum_and_fetch_does_not_become_wrong(database, shop, small, monkeypatch):
    database.execute("CREATE TABLE events (id VARCHAR(9) PRIMARY KEY, at DATETIME NULL, n INT) ENGINE=InnoDB")
    database.insert("events", [(f"k{i}", START, 0) for i in range(300)])
    pulls = shop(database, events=EVENTS | {"mode": "merge"})
    pulls.pull()
    database.execute("UPDATE events SET n = 1 WHERE id = 'k7'", "DELETE FROM events WHERE id = 'k8'")
    meanwhile = ["UPDATE events SET n = 2 WHERE id = 'k7'", "INSERT INTO events VALUES ('k8', '2025-01-01', 3)"]
    walk, walks = module.divide_range, []

    def busy(*arguments):
        walks.append(arguments)
        if len(walks) == 2:  # the checksums are known, the rows that differ are about to be fetched
            database.execute(*meanwhile)
        return walk(*arguments)

    monkeypatch.setattr(module, "divide_range", busy)
    summary = pulls.reconcile()
    assert len(walks) == 2
    assert (summary["method"], summary["deleted"]) == ("buckets", 0)
    assert set(pulls.current(columns="id, n")) >= {(f"k{i}", 0) for i in range(300)} - {("k7", 0), ("k8", 0)}
    assert len(pulls.current()) == 300
    pulls.reconcile()
    assert pulls.current(columns="id, n", order="id") == list(database.execute("SELECT id, n FROM events ORDER BY id"))


@pytest.mark.parametrize("mode", ["append", "merge"])
def test_a_broken_reconcile_is_repeated(database, shop, small, monkeypatch, mode):
    database.execute(CREATE + "InnoDB")
    database.insert("events", events(1000))
    pulls = shop(database, events=EVENTS | {"mode": mode})
    pulls.pull()
    database.execute("UPDATE events SET n = 'silent' WHERE id % 5 = 0", "DELETE FROM events WHERE id % 7 = 0")
    monkeypatch.setattr(log_corrections, "_COMMIT_ROWS", 40)
    append, commits = ChangeLog.append, []

    def breaking(log, *arguments):
        if len(commits) == 3:
            raise DataError("no disk")
        commits.append(append(log, *arguments))
        return commits[-1]

    with monkeypatch.context() as patched:
        patched.setattr(ChangeLog, "append", breaking)
        with pytest.raises(DataError, match="no disk"):
            pulls.reconcile()
    left = pulls.current(columns="id, n")
    assert len({key for key, _ in left}) == len(left)
    pulls.reconcile()
    assert pulls.current(columns="id, n") == list(database.execute("SELECT id, n FROM events ORDER BY id"))
    assert pulls.reconcile().items() >= NOTHING.items()


def test_after_a_new_column_everything_is_fetched_once(database, shop, small):
    database.execute(CREATE + "InnoDB")
    database.insert("events", events(300))
    pulls = shop(database, events=EVENTS)
    pulls.pull()
    database.execute("ALTER TABLE events ADD COLUMN note VARCHAR(9) DEFAULT 'x'")
    pulls.pull()
    assert select_corrections(pulls.reconcile()) == {"missing": 0, "changed": 300, "deleted": 0}
    assert pulls.current(columns="id, n, note") == [(i, n, "x") for i, _, n in events(300)]
    assert pulls.reconcile().items() >= NOTHING.items()
    database.execute("ALTER TABLE events DROP COLUMN n")
    with pytest.raises(SourceError, match="'n'"):
        pulls.reconcile()


def test_the_command_prints_a_table(database, shop, capsys):
    database.execute(CREATE + "InnoDB")
    database.insert("events", events(100))
    pulls = shop(database, events=EVENTS, again=EVENTS | {"mode": "merge"})
    for name in ("events", "again"):
        pulls.pull(name)
    database.execute("DELETE FROM events WHERE id > 90", "UPDATE events SET n = '' WHERE id = 5")
    folder = str(pulls.run.profile.path.parent)
    assert main(["reconcile", "--profile", "shop", "--profiles-dir", folder, "--as-of", "2025-06-01"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    tables = [dict(zip(heading.split(), line.split(), strict=True)) for line in lines]
    assert [(t["extract"], t["rows_compared"], t["changed"], t["deleted"]) for t in tables] == [
        ("again", "91", "1", "9"),
        ("events", "91", "1", "9"),
    ]


def test_a_key_whose_text_is_repaired_is_found_again(database, shop, small, monkeypatch):
    database.execute(
        "CREATE TABLE events (code VARCHAR(20) PRIMARY KEY, at DATETIME, n INT) DEFAULT CHARSET=latin1 ENGINE=InnoDB"
    )
    broken = [f"CONVERT(CONVERT(CONVERT('{w}' USING utf8) USING binary) USING latin1)" for w in ("äö", "ü", "a")]
    values = ", ".join(f"({word}, '2025-01-01', 0)" for word in broken)
    with database.connect(charset="utf8mb4") as connection:
        connection.cursor().execute(f"INSERT INTO events VALUES {values}")
    pulls = shop(database, events=EVENTS | {"mode": "merge", "primary_key": ["code"], "mojibake": ["code"]})
    pulls.pull()
    assert pulls.current(columns="code") == [("a",), ("äö",), ("ü",)]
    database.execute("UPDATE events SET at = '2025-05-01', n = 1 WHERE n = 0 AND code <> 'a'")
    monkeypatch.setattr(
        module, "_fetch_keys_after", lambda *_: None
    )  # as if the rows had moved on after the look at those
    assert select_corrections(pulls.reconcile()) == {"missing": 0, "changed": 0, "deleted": 0}
    assert len(pulls.current()) == 3
    database.execute("DELETE FROM events WHERE n = 1")
    assert select_corrections(pulls.reconcile()) == {"missing": 0, "changed": 0, "deleted": 2}
