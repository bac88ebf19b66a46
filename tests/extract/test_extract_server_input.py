"""Refusals that a person must act on, in one line each; and servers whose behaviour must not lose or block rows."""

import logging
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from demo.servers import run_server
from include.segmentation.errors import DataError, SourceError, UnavailableError
from include.segmentation.extract.mysql import safe_bound
from include.segmentation.extract.mysql.page import page_reader
from include.segmentation.lake.change_log import ChangeLog

START = datetime(2025, 1, 1)
EVENTS = {"kind": "table", "source": "mysql", "table": "events", "mode": "append", "cursor": "at"}
EVENTS["primary_key"] = ["id"]
CREATE = "CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NOT NULL, n INT, KEY (at, id)) ENGINE={}"
ROWS = [(i, START + timedelta(minutes=i // 3), i) for i in range(3000)]


def granted(database, *grants):
    """A connection of a user who may do only that."""
    user = f"u{time.monotonic_ns() % 10**9}"
    database.execute(*(f"GRANT {what} TO '{user}'@'127.0.0.1' IDENTIFIED BY '{user}'" for what in grants))
    return f"mysql://{user}:{user}@127.0.0.1:{database.server.port}/{database.name}"


def refused(pulls, error, match):
    with pytest.raises(error, match=match) as raised:
        pulls.pull()
    assert "\n" not in str(raised.value)
    assert pulls.run.lake.open_log("events").load_table() is None


def test_the_documented_grants_are_enough_and_what_is_missing_is_named(database, shop):
    database.execute(CREATE.format("InnoDB"), "CREATE TABLE other (id INT PRIMARY KEY)")
    database.insert("events", ROWS)
    cases = [
        (
            f"SELECT ON {database.name}.other",
            r"table 'events' does not exist, or user 'u\d+' may not .* found: other",
        ),
        (
            f"SELECT (id, n) ON {database.name}.events",
            r"cursor 'at': table 'events' has no such column; found: id, n",
        ),
        ("PROCESS ON *.*", r"Access denied for user .*\(1044\)"),
    ]
    for grant, named in cases:
        refused(shop(granted(database, grant), events=EVENTS), SourceError, named)
    documented = granted(database, f"SELECT ON {database.name}.*", "PROCESS ON *.*")
    pulled = shop(documented, events=EVENTS).pull()
    assert (pulled["rows_written"], pulled["bound"]) == (len(ROWS), safe_bound.BY_TRANSACTIONS)


def test_a_table_without_a_key_says_so(database, shop):
    database.execute("CREATE TABLE events (id INT, at DATETIME NOT NULL, KEY (at, id))")
    refused(shop(database, events=EVENTS), SourceError, r"primary_key \[id\] does not identify .* allowed: none, as it")


def test_a_view_is_read_where_its_key_tells_rows_apart_and_refused_where_not(database, shop, monkeypatch):
    database.execute(CREATE.format("InnoDB"), "CREATE TABLE kinds (n INT, kind INT)")
    database.insert("events", ROWS[:20])
    database.insert("kinds", [(n, 1) for n in range(20)])
    database.execute(
        "CREATE VIEW kind_events AS SELECT e.id, e.at, k.kind FROM events AS e JOIN kinds AS k ON k.n = e.n"
    )
    view, sizes = EVENTS | {"table": "kind_events"}, (1, 7, 50)
    for rows in sizes:
        monkeypatch.setattr(page_reader, "PAGE_ROWS", rows)
        pulls = shop(database, **{f"read_{rows}": view})
        assert pulls.pull(f"read_{rows}")["rows_written"] == 20
        assert [row[0] for row in pulls.current(f"read_{rows}", columns="id")] == list(range(20))
    database.execute("INSERT INTO kinds VALUES (6, 2)")  # the last row of a page of 1 or 7 has its equal behind it
    for rows in sizes:
        monkeypatch.setattr(page_reader, "PAGE_ROWS", rows)
        with pytest.raises(DataError, match="unique"):
            shop(database, **{f"refused_{rows}": view}).pull(f"refused_{rows}")


def test_a_missing_index_is_named_with_plan_and_cost_and_reading_goes_on(database, shop, caplog):
    database.execute(CREATE.format("InnoDB").replace(", KEY (at, id)", ", note TEXT, KEY (n, at), KEY (at, n)"))
    database.insert("events", [(*row, "") for row in ROWS])
    database.execute("ANALYZE TABLE events")
    assert shop(database, events=EVENTS).pull()["rows_written"] == len(ROWS)
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert re.fullmatch(
        r"table 'events': no index is ordered by \(at, id\), so every page reads and sorts about ([23],\d{3}) rows "
        r"\(plan: type ALL, key none, rows \1, Using filesort\)",
        warning,
    )


def test_a_clock_that_differs_is_named_and_only_the_servers_counts(database, shop, monkeypatch, caplog):
    database.execute(CREATE.format("InnoDB"))
    at_server = database.execute("SELECT UTC_TIMESTAMP()")[0][0].replace(tzinfo=UTC)

    class Fast(datetime):
        @classmethod
        def now(cls, zone):
            return datetime.now(zone) + timedelta(hours=2)

    monkeypatch.setattr(safe_bound, "datetime", Fast)
    through = datetime.fromisoformat(shop(database, events=EVENTS).pull()["complete_through"])
    assert abs(through - (at_server - timedelta(hours=1))) < timedelta(seconds=30)
    assert "its clock is 72" in caplog.text
    assert "s behind ours" in caplog.text


def test_open_transactions_are_seen_whatever_the_servers_isolation_level(mariadb_database, shop):
    database = mariadb_database
    database.execute(CREATE.format("InnoDB"))
    before = database.execute("SELECT @@GLOBAL.tx_isolation")[0][0]
    database.execute("SET GLOBAL tx_isolation = 'READ-UNCOMMITTED'")
    try:
        pulls = shop(database, events=EVENTS | {"lag": "0s"})
        with database.connect(autocommit=False) as late:
            late.cursor().execute("INSERT INTO events VALUES (1, UTC_TIMESTAMP(), 1)")
            database.execute("DO SLEEP(2)", "INSERT INTO events VALUES (2, UTC_TIMESTAMP(), 2)", "DO SLEEP(1.1)")
            pulled = pulls.pull()
            assert (pulled["bound"], pulled["rows_read"]) == (safe_bound.BY_TRANSACTIONS, 0)
            late.rollback()
        assert pulls.pull()["rows_written"] == 1
        assert [row[0] for row in pulls.current(columns="id")] == [2]
    finally:
        database.execute(f"SET GLOBAL tx_isolation = '{before}'")


def test_a_statement_that_writes_a_table_without_transactions_holds_the_bound(database, shop):
    database.execute(CREATE.format("MyISAM"))
    began = database.execute("SELECT UTC_TIMESTAMP()")[0][0].replace(tzinfo=UTC)
    three = "(SELECT 1 AS n UNION SELECT 2 UNION SELECT 3) AS three"
    slow = f"/* nightly */ INSERT INTO events SELECT n, UTC_TIMESTAMP(), SLEEP(1) FROM {three}"
    writer = Thread(target=database.execute, args=(slow,))
    writer.start()
    time.sleep(1.2)
    pulled = shop(database, events=EVENTS | {"lag": "0s"}).pull()
    assert datetime.fromisoformat(pulled["complete_through"]) <= began + timedelta(seconds=1)
    assert pulled["rows_read"] == 0
    writer.join()


@pytest.mark.parametrize(("server", "engine"), [("mysql56", "MyISAM"), ("mariadb", "MEMORY")])
def test_tables_without_transactions_are_not_locked_for_longer_than_a_page(server, engine, request, shop, monkeypatch):
    database = request.getfixturevalue(f"{server}_database")
    database.execute(CREATE.format(engine).replace("KEY (at, id)", "KEY (at, id) USING BTREE"))
    database.insert("events", ROWS)
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 200)
    append, waits = ChangeLog.append, []

    def written_meanwhile(self, *arguments):
        began = time.monotonic()
        database.execute("UPDATE events SET n = n + 1 WHERE id = 1")
        waits.append(time.monotonic() - began)
        time.sleep(0.05)  # a slow reader
        return append(self, *arguments)

    monkeypatch.setattr(ChangeLog, "append", written_meanwhile)
    began = time.monotonic()
    assert shop(database, events=EVENTS).pull()["rows_written"] == len(ROWS)
    assert len(waits) == len(ROWS) // 200 + 1
    assert max(waits) < min(1.0, (time.monotonic() - began) / 3)


def test_a_server_that_stops_in_the_middle_may_answer_later_and_nothing_is_doubled(
    copy_mariadb, mariadb_database, shop, monkeypatch
):
    server = copy_mariadb("mariadb_stopping")
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 500)
    append, commits = ChangeLog.append, []
    with run_server(server):
        database = replace(mariadb_database, server=server, name="shop")
        replace(database, name="mysql").execute("CREATE DATABASE shop")
        database.execute(CREATE.format("InnoDB"))
        database.insert("events", ROWS)
        pulls = shop(database, events=EVENTS)

        def stopping(self, *arguments):
            commits.append(1)
            if len(commits) == 3:
                server.stop()
            return append(self, *arguments)

        monkeypatch.setattr(ChangeLog, "append", stopping)
        with pytest.raises(
            UnavailableError, match=r"connection 'shop' .*\((1053|1927|2002|2003|2006|2013)\)"
        ) as raised:
            pulls.pull()
        assert isinstance(raised.value, UnavailableError)
        assert 1000 < pulls.written() < len(ROWS)
        with pytest.raises(UnavailableError, match=r"\((2002|2003)\)"):
            pulls.pull()
        server.start()
        pulls.pull()
    assert [row[0] for row in pulls.current(columns="id")] == [row[0] for row in ROWS]
    assert pulls.written() == len(ROWS)
