"""MySQL and MariaDB, through the stage's door: nothing lost, nothing doubled, values exact."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import sleep

import pytest

from demo.servers import PASSWORD, find_free_port
from include.segmentation.artifacts import ExtractSummary
from include.segmentation.errors import DataError, ProfileError, SourceError, UnavailableError
from include.segmentation.extract.mysql.page import page_reader
from include.segmentation.extract.mysql.safe_bound import BY_TRANSACTIONS
from include.segmentation.lake.change_log import ChangeLog

EVENTS = {
    "kind": "table",
    "source": "mysql",
    "table": "events",
    "mode": "append",
    "cursor": "at",
    "primary_key": ["id"],
}
USERS = {
    "kind": "table",
    "source": "mysql",
    "table": "users",
    "mode": "merge",
    "cursor": "updated_at",
    "primary_key": ["id"],
}
CREATE_EVENTS = "CREATE TABLE events (id BIGINT PRIMARY KEY, at DATETIME NOT NULL, n INT, KEY (at, id)) ENGINE=InnoDB"
CREATE_USERS = "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20), updated_at DATETIME, KEY (updated_at, id))"
START = datetime(2025, 1, 1)


def events(count, first=0, every=1):
    return [(i, START + timedelta(minutes=i // every), i) for i in range(first, first + count)]


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 10)


def test_rows_arrive_once_and_a_second_pull_writes_nothing(database, shop):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(100))
    pulls = shop(database, events=EVENTS)
    first = pulls.pull()
    assert (first["rows_read"], first["rows_written"]) == (100, 100)
    assert first["bound"].startswith("open transactions")
    assert first["complete_through"] == pulls.run.lake.open_log("events").read_state().complete_through.isoformat()
    assert ExtractSummary.read_from(pulls.run, "events").to_dict() == first
    again = pulls.pull()
    assert again["rows_written"] == 0
    assert pulls.current(columns='id, "at", n') == [(i, at.replace(tzinfo=UTC), n) for i, at, n in events(100)]
    assert pulls.written() == 100


def test_ties_larger_than_a_page_lose_nothing(database, shop, small_pages):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(95, every=40))
    pulls = shop(database, events=EVENTS)
    assert pulls.pull()["pages"] == 10
    assert [row[0] for row in pulls.current(columns="id")] == list(range(95))
    database.insert("events", events(30, first=95, every=40))
    assert pulls.pull()["rows_written"] == 30
    assert [row[0] for row in pulls.current(columns="id")] == list(range(125))


def test_composite_and_collated_keys_are_ordered_by_the_server(database, shop, small_pages):
    database.execute(
        "CREATE TABLE events (shop INT, code VARCHAR(10), raw VARBINARY(4), at DATETIME(3) NOT NULL,"
        " PRIMARY KEY (shop, code, raw)) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_german2_ci"
    )
    codes = ["a", "B", "ä", "Z", "o'k", "\\", "öl", "zz", "", "é"]
    rows = [(shop_, code, raw, START) for shop_ in (2, 10, 9) for code in codes for raw in (b"\xff", b"'", b"\x00")]
    database.insert("events", rows)
    pulls = shop(database, events=EVENTS | {"primary_key": ["shop", "code", "raw"]})
    assert pulls.pull()["rows_written"] == len(rows)
    assert sorted(pulls.current(columns="shop, code, raw")) == sorted(row[:3] for row in rows)
    assert pulls.pull()["rows_written"] == 0


def test_updated_rows_appear_once_as_current(database, shop):
    database.execute(CREATE_USERS)
    database.insert("users", [(i, "old", START) for i in range(50)])
    pulls = shop(database, users=USERS)
    pulls.pull("users")
    database.execute("UPDATE users SET name = 'new', updated_at = '2025-03-01 00:00:00' WHERE id < 5")
    # within the lag and without moving the cursor: seen by the re-read
    database.execute("UPDATE users SET name = 'silent' WHERE id = 4")
    assert pulls.pull("users")["rows_written"] == 5
    database.execute("UPDATE users SET name = 'silent too' WHERE id = 3")
    assert pulls.pull("users")["rows_written"] == 1
    assert pulls.pull("users")["rows_written"] == 0
    names = dict(pulls.current("users", columns="id, name"))
    assert names == dict.fromkeys(range(5, 50), "old") | {0: "new", 1: "new", 2: "new", 3: "silent too", 4: "silent"}


def test_rows_without_a_cursor_are_read_too(database, shop, small_pages):
    database.execute(CREATE_USERS)
    database.insert("users", [(i, "x", START if i % 3 else None) for i in range(60)])
    pulls = shop(database, users=USERS)
    assert pulls.pull("users")["rows_written"] == 60
    database.execute("UPDATE users SET name = 'y' WHERE id = 30")
    assert pulls.pull("users")["rows_written"] == 1
    assert len(pulls.current("users")) == 60


def test_a_late_commit_is_not_lost(database, shop):
    database.execute(CREATE_EVENTS)
    pulls = shop(database, events=EVENTS | {"lag": "0s"})
    now = database.execute("SELECT UTC_TIMESTAMP()")[0][0]
    with database.connect(autocommit=False) as late:
        late.cursor().execute("INSERT INTO events VALUES (1, UTC_TIMESTAMP(), 1)")
        database.execute("DO SLEEP(2)", "INSERT INTO events VALUES (2, UTC_TIMESTAMP(), 2)", "DO SLEEP(1.1)")
        pulled = pulls.pull()
        assert datetime.fromisoformat(pulled["complete_through"]) <= (now + timedelta(seconds=1)).replace(tzinfo=UTC)
        assert pulled["rows_read"] == 0
        late.commit()
    assert pulls.pull()["rows_written"] == 2
    assert [row[0] for row in pulls.current(columns="id")] == [1, 2]


def test_a_statement_that_waits_for_a_locked_table_is_not_lost(database, shop):
    database.execute(CREATE_EVENTS)
    pulls = shop(database, events=EVENTS | {"lag": "0s"})
    with database.connect() as backup, ThreadPoolExecutor() as pool:
        backup.cursor().execute("LOCK TABLES events READ")
        began = datetime.now(UTC)
        waiting = pool.submit(database.execute, "INSERT INTO events VALUES (1, UTC_TIMESTAMP(), 1)")
        sleep(2.2)
        pulled = pulls.pull()
        backup.cursor().execute("UNLOCK TABLES")
        waiting.result()
    assert datetime.fromisoformat(pulled["complete_through"]) <= began
    assert pulls.pull()["rows_written"] == 1


def test_a_transaction_that_began_by_waiting_for_a_locked_table_is_not_lost(database, shop):
    database.execute(CREATE_EVENTS)
    pulls = shop(database, events=EVENTS | {"lag": "2s"})
    insert = "INSERT INTO events VALUES (1, UTC_TIMESTAMP(), 1)"
    with database.connect() as backup, database.connect(autocommit=False) as late, ThreadPoolExecutor() as pool:
        backup.cursor().execute("LOCK TABLES events READ")
        began = datetime.now(UTC)
        waiting = pool.submit(late.cursor().execute, insert)
        sleep(2.2)
        backup.cursor().execute("UNLOCK TABLES")
        waiting.result()
        sleep(2)  # by its lag alone, the pull would go beyond the row
        pulled = pulls.pull()
        late.commit()
    assert datetime.fromisoformat(pulled["complete_through"]) <= began
    assert pulls.pull()["rows_written"] == 1


def test_a_late_commit_below_an_integer_cursor_is_not_lost(database, shop):
    database.execute("CREATE TABLE events (id INT AUTO_INCREMENT PRIMARY KEY, n INT) ENGINE=InnoDB")
    database.execute("INSERT INTO events (n) VALUES (1), (2)")
    pulls = shop(database, events=EVENTS | {"cursor": "id"})
    assert pulls.pull()["rows_written"] == 2
    with database.connect(autocommit=False) as late:
        late.cursor().execute("INSERT INTO events (n) VALUES (3)")
        database.execute("INSERT INTO events (n) VALUES (4)")
        assert pulls.pull()["rows_written"] == 0
        late.commit()
    assert pulls.pull()["rows_written"] == 2
    assert pulls.pull()["rows_written"] == 0
    assert pulls.current(columns="id, n") == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_without_the_process_privilege_the_lag_alone_bounds(database, shop):
    database.execute(
        CREATE_EVENTS,
        f"GRANT SELECT ON {database.name}.* TO 'reader'@'127.0.0.1' IDENTIFIED BY 'reader'",
    )
    database.insert("events", [*events(3), (99, datetime.now(UTC).replace(tzinfo=None), 0)])
    pulls = shop(f"mysql://reader:reader@127.0.0.1:{database.server.port}/{database.name}", events=EVENTS)
    pulled = pulls.pull()
    assert pulled["bound"].startswith("lag only")
    assert pulled["rows_written"] == 3
    through = datetime.fromisoformat(pulled["complete_through"])
    assert timedelta(minutes=59) < datetime.now(UTC) - through < timedelta(minutes=61)


def test_with_the_process_privilege_and_nothing_open_a_pull_stays_the_lag_behind_now(database, shop):
    database.execute(CREATE_EVENTS)
    now = database.execute("SELECT UTC_TIMESTAMP()")[0][0]
    database.insert("events", [*events(3), (98, now - timedelta(minutes=30), 0), (99, now - timedelta(seconds=2), 0)])
    pulled = shop(database, events=EVENTS).pull()
    assert (pulled["bound"], pulled["rows_written"]) == (BY_TRANSACTIONS, 3)
    through = datetime.fromisoformat(pulled["complete_through"]).replace(tzinfo=None)
    assert timedelta(0) <= through - (now - timedelta(hours=1)) < timedelta(seconds=30)


def test_without_the_process_privilege_a_count_is_safe_once_it_is_older_than_the_lag(mariadb_database, shop):
    mariadb_database.execute(
        "CREATE TABLE events (id INT AUTO_INCREMENT PRIMARY KEY, n INT)",
        "INSERT INTO events (n) VALUES (1), (2)",
        f"GRANT SELECT ON {mariadb_database.name}.* TO 'reader'@'127.0.0.1' IDENTIFIED BY 'reader'",
    )
    reader = f"mysql://reader:reader@127.0.0.1:{mariadb_database.server.port}/{mariadb_database.name}"
    pulls = shop(reader, events=EVENTS | {"cursor": "id", "lag": "1s"})
    first = pulls.pull()
    assert (first["rows_read"], first["complete_through"]) == (0, None)
    mariadb_database.execute("DO SLEEP(2.1)", "INSERT INTO events (n) VALUES (3)")
    assert pulls.pull()["rows_written"] == 2
    assert pulls.run.lake.open_log("events").read_state().complete_through is not None


def test_a_pull_that_breaks_between_pages_goes_on_where_it_stopped(database, shop, small_pages, monkeypatch):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(95, every=7))
    pulls = shop(database, events=EVENTS | {"lag": "5m"})
    append, commits = ChangeLog.append, []

    def breaking(self, *arguments):
        commits.append(1)
        if len(commits) == 5:
            raise KeyboardInterrupt
        return append(self, *arguments)

    monkeypatch.setattr(ChangeLog, "append", breaking)
    with pytest.raises(KeyboardInterrupt):
        pulls.pull()
    assert pulls.written() == 40
    assert pulls.run.lake.open_log("events").read_state().complete_through is None
    assert pulls.pull()["rows_written"] == 55
    assert [row[0] for row in pulls.current(columns="id")] == list(range(95))


def test_values_are_exact(database, shop):
    database.execute(
        "CREATE TABLE events (id BIGINT UNSIGNED PRIMARY KEY, at DATETIME(6) NOT NULL, price DECIMAL(12,3),"
        " wide DECIMAL(38,10), ratio DOUBLE, single FLOAT, flag TINYINT(1), bits BIT(10), day DATE, spent TIME(3),"
        " yr YEAR, words TEXT, raw BLOB, kind ENUM('a','b')) ENGINE=InnoDB",
        "INSERT INTO events VALUES (18446744073709551615, '2025-01-01 10:00:00.123456', 123456789.125,"
        " -1234567890123456789012345678.0123456789, 0.1, 0.1, 127, b'1000000001', '2025-02-28', '-100:00:01.5', 2025,"
        " 'ünï ☃ 𝄞', x'00ff27', 'b')",
        "INSERT INTO events (id, at, words) VALUES (7, '2025-01-02', '')",
    )
    pulls = shop(database, events=EVENTS)
    assert pulls.pull()["rows_written"] == 2
    small, large = pulls.current(columns="COLUMNS(name -> name[1] <> '_')")
    assert large == (
        Decimal(18446744073709551615),
        datetime(2025, 1, 1, 10, 0, 0, 123456, UTC),
        Decimal("123456789.125"),
        Decimal("-1234567890123456789012345678.0123456789"),
        0.1,
        0.10000000149011612,
        127,
        513,
        date(2025, 2, 28),
        -360_001_500_000,
        2025,
        "ünï ☃ 𝄞",
        b"\x00\xff'",
        "b",
    )
    assert small == (Decimal(7), datetime(2025, 1, 2, tzinfo=UTC), *[None] * 9, "", None, None)
    assert pulls.pull()["rows_written"] == 0


def test_complete_through_never_moves_backwards(mariadb_database, shop):
    mariadb_database.execute(CREATE_EVENTS)
    first = shop(mariadb_database, events=EVENTS | {"lag": "1m"}).pull()
    assert shop(mariadb_database, events=EVENTS | {"lag": "2h"}).pull()["complete_through"] == first["complete_through"]


def test_an_empty_table_is_complete(database, shop):
    database.execute(CREATE_EVENTS)
    pulls = shop(database, events=EVENTS)
    first = pulls.pull()
    assert (first["rows_read"], first["complete_through"] is not None) == (0, True)
    assert pulls.current() == []
    database.execute("DO SLEEP(1.1)")
    assert pulls.pull()["complete_through"] > first["complete_through"]


def test_a_second_run_reads_only_what_is_new(database, shop):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(5000))
    pulls = shop(database, events=EVENTS | {"lag": "10m"})
    pulls.pull()
    database.insert("events", events(100, first=5000))

    def counted():
        rows = database.execute(
            "SHOW GLOBAL STATUS WHERE Variable_name RLIKE '^(Handler_read_(next|prev|rnd.*)|Rows_sent)$'"
        )
        return sum(int(value) for _, value in rows)

    before = counted()
    assert pulls.pull()["rows_written"] == 100
    assert 100 <= counted() - before < 1000


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"table": "orders"}, r"table 'orders' does not exist, or user 'demo' may not read it; found: events"),
        ({"cursor": "when"}, r"cursor 'when': table 'events' has no such column; found: id, at, n"),
        ({"primary_key": ["key"]}, r"primary_key 'key': table 'events' has no such column"),
        ({"primary_key": ["n"]}, r"primary_key \[n\] does not identify the rows of table 'events'; allowed: \[id\]"),
        ({"columns": ["id", "at", "price"]}, r"no column 'price'; found: id, at, n"),
        ({"columns": ["id", "n"]}, r"cursor 'at': table 'events' has no such column; found: id, n"),
    ],
)
def test_what_the_source_lacks_is_named(mariadb_database, shop, changed, named):
    mariadb_database.execute(CREATE_EVENTS)
    pulls = shop(mariadb_database, events=EVENTS | changed)
    with pytest.raises(SourceError, match=named) as raised:
        pulls.pull()
    assert "shop.yaml: extracts.events: " in str(raised.value)
    assert "\n" not in str(raised.value)
    assert pulls.run.lake.open_log("events").load_table() is None


def test_a_column_that_is_called_like_one_of_the_lakes_is_named(mariadb_database, shop):
    mariadb_database.execute(CREATE_EVENTS, "ALTER TABLE events ADD COLUMN _SEQ INT")
    with pytest.raises(SourceError, match="column '_SEQ' has a name that the lake reserves; leave it out of col"):
        shop(mariadb_database, events=EVENTS).pull()
    assert shop(mariadb_database, events=EVENTS | {"columns": ["id", "at", "n"]}).pull()["rows_read"] == 0


def test_a_refusing_server_is_explained_without_the_password(database, shop):
    server = f"127.0.0.1:{database.server.port}"
    cases = [
        (f"mysql://demo:not-the-password@{server}/{database.name}", r"Access denied for user 'demo'.*\(1045\)"),
        (f"mysql://demo:{PASSWORD}@{server}/no_such_database", r"no_such_database.*\(10(49|44)\)"),
        (f"mysql://demo:{PASSWORD}@{server}/", "names no database"),
        (f"mysql://demo:{PASSWORD}%00@{server}/{database.name}", "cannot be used: embedded null"),
        (f"postgres://demo:{PASSWORD}@{server}/x", "is of type 'postgres'; allowed: mysql, mariadb"),
    ]
    for uri, named in cases:
        pulls = shop(uri, events=EVENTS)
        with pytest.raises(SourceError, match=named) as raised:
            pulls.pull()
        assert "connection 'shop'" in str(raised.value)
        assert "password" not in str(raised.value).replace("(using password: YES)", "")
        assert not isinstance(raised.value, UnavailableError)
        assert pulls.run.lake.open_log("events").load_table() is None


def test_an_unreachable_server_may_answer_later(shop):
    with pytest.raises(UnavailableError, match=r"connection 'shop' .*\(2002|2003\)") as raised:
        shop(f"mysql://a:b@127.0.0.1:{find_free_port()}/shop", events=EVENTS).pull()
    assert isinstance(raised.value, UnavailableError)


def test_a_killed_connection_may_answer_later_and_goes_on(database, shop, small_pages, monkeypatch):
    database.execute(CREATE_EVENTS)
    database.insert("events", events(60))
    pulls = shop(database, events=EVENTS)
    append, commits = ChangeLog.append, []

    def killing(self, *arguments):
        commits.append(1)
        if len(commits) == 3:
            sleeping = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            for (connection,) in database.execute(sleeping):
                database.execute(f"KILL {connection}")
        return append(self, *arguments)

    monkeypatch.setattr(ChangeLog, "append", killing)
    with pytest.raises(UnavailableError):
        pulls.pull()
    pulls.pull()
    assert [row[0] for row in pulls.current(columns="id")] == list(range(60))


def test_an_extract_that_is_not_declared_is_named(mariadb_database, shop):
    with pytest.raises(ProfileError, match="extract 'orders'; allowed: events"):
        shop(mariadb_database, events=EVENTS).pull("orders")


def test_a_date_that_is_none_stops_the_extract_and_is_shown(database, shop):
    database.execute(
        CREATE_EVENTS.replace("n INT", "n DATETIME NULL"),
        "SET SESSION sql_mode = ''",
    )
    with database.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("SET SESSION sql_mode = ''")
        cursor.execute("INSERT INTO events VALUES (1, '2025-01-01', '0000-00-00 00:00:00'), (2, '2025-01-01', NULL)")
    pulls = shop(database, events=EVENTS)
    named = r"column 'n' \(datetime\): 1 of 2 values .* invalid dates, .* 0000-00-00 00:00:00; .*'zero_dates: flag'"
    with pytest.raises(DataError, match=named):
        pulls.pull()
    assert pulls.run.lake.open_log("events").load_table() is None


def test_a_changed_source_is_shown_old_and_new(database, shop):
    database.execute(CREATE_EVENTS)
    pulls = shop(database, events=EVENTS)
    pulls.pull()
    database.execute("ALTER TABLE events CHANGE n amount DECIMAL(10,2)")
    with pytest.raises(SourceError, match=r"'n' was int\(11\), is absent; 'amount' was absent, is decimal\(10,2\)"):
        pulls.pull()
    database.execute("ALTER TABLE events CHANGE amount n INT")
    database.insert("events", events(1))
    pulls.pull()
    moved = shop(database, events=EVENTS | {"cursor": "id"})
    with pytest.raises(
        SourceError, match=r"cursor and primary_key are \['id'\], but the log was read by \['at', 'id'\]"
    ):
        moved.pull()


def test_a_day_is_read_once_it_is_over(database, shop):
    database.execute("CREATE TABLE events (id INT PRIMARY KEY, at DATE NOT NULL)")
    database.execute("INSERT INTO events VALUES (1, UTC_DATE() - INTERVAL 1 DAY), (2, UTC_DATE())")
    pulls = shop(database, events=EVENTS | {"lag": "0s"})
    assert pulls.pull()["rows_written"] == 1
    through = pulls.run.lake.open_log("events").read_state().complete_through
    assert (through.hour, through.minute) == (0, 0)
