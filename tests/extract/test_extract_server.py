"""Servers: versions, slots for connections, the watchdog, and waiting while a server is busy."""

import logging
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from threading import Thread, Timer
from time import monotonic, sleep

import MySQLdb
import pytest

from demo.servers import PASSWORD
from include.segmentation.connections import Address
from include.segmentation.errors import SourceError, UnavailableError
from include.segmentation.extract import retry_waits
from include.segmentation.extract.mysql.page import page_reader
from include.segmentation.extract.mysql.server.connection_slots import connect_beside, connect_mysql
from include.segmentation.extract.mysql.server.server_errors import OverlongError
from include.segmentation.extract.mysql.server.server_version import ServerVersion
from include.segmentation.profile.mysql_source import ReadPace

EVENTS = {
    "kind": "table",
    "source": "mysql",
    "table": "events",
    "mode": "append",
    "cursor": "at",
    "primary_key": ["id"],
}
CREATE_EVENTS = "CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NOT NULL, n INT, KEY (at, id)) ENGINE=InnoDB"
EVENT_ROWS = [(i, datetime(2025, 1, 1) + timedelta(minutes=i), i) for i in range(5000)]


@pytest.mark.parametrize(
    ("text", "flavour", "number", "has_windows", "has_timeout"),
    [
        ("5.0.96-community-nt", "mysql", (5, 0, 96), False, False),
        ("5.1.73-log", "mysql", (5, 1, 73), False, False),
        ("5.5.68-MariaDB", "mariadb", (5, 5, 68), False, False),
        ("5.6.10", "mysql", (5, 6, 10), False, False),  # Aurora 1 says no more
        ("5.6.51-91.0-log", "mysql", (5, 6, 51), False, False),  # Percona
        ("5.7.44-48", "mysql", (5, 7, 44), False, True),
        ("5.7.mysql_aurora.2.11.2", "mysql", (5, 7, 0), False, False),
        ("8.0.mysql_aurora.3.04.0", "mysql", (8, 0, 0), True, True),
        ("8.4.3", "mysql", (8, 4, 3), True, True),
        ("9.1.0-commercial", "mysql", (9, 1, 0), True, True),
        ("10.0.38-MariaDB", "mariadb", (10, 0, 38), False, False),
        ("10.1.48-MariaDB", "mariadb", (10, 1, 48), False, True),
        ("5.5.5-10.2.44-MariaDB-log", "mariadb", (10, 2, 44), True, True),
        ("11.4.2-MariaDB-ubu2404", "mariadb", (11, 4, 2), True, True),
    ],
)
def test_versions_are_told_apart(text, flavour, number, has_windows, has_timeout):
    version = ServerVersion.parse_version(text)
    assert (version.flavour, version.number) == (flavour, number)
    assert (version.has_window_functions, version.has_statement_timeout) == (has_windows, has_timeout)


@pytest.mark.parametrize("text", ["4.1.22", "", "PostgreSQL 16"])
def test_what_is_no_version_to_read_from_is_shown(text):
    with pytest.raises(SourceError, match=r"VERSION\(\) is .*allowed: MySQL and MariaDB from 5.0 on"):
        ServerVersion.parse_version(text)


def address(database, user="demo", password=PASSWORD):
    return Address("shop", "mysql", "127.0.0.1", database.server.port, user, password, database.name)


def execute_until_ended(connection, sql):
    with suppress(MySQLdb.OperationalError):  # its connection was ended
        connection.cursor().execute(sql)


def running(database, sql):
    """Begin a statement on another connection, and return once it runs."""
    connection = database.connect()
    thread = Thread(target=execute_until_ended, args=(connection, sql))
    thread.start()
    while not any(row[7] == sql for row in database.execute("SHOW PROCESSLIST")):
        sleep(0.01)
    return thread


def end(database, sql):
    """End the statement that another connection runs."""
    (connection,) = [row[0] for row in database.execute("SHOW PROCESSLIST") if row[7] == sql]
    database.execute(f"KILL {connection}")


def test_an_overlong_statement_is_ended_on_the_server(database):
    database.execute("CREATE TABLE t (n INT)")
    database.insert("t", [(n,) for n in range(500)])
    with connect_mysql(address(database), ReadPace(statement_seconds=1)) as server:
        began = monotonic()
        with pytest.raises(OverlongError, match=r"connection 'shop' .*\((1317|1969)\)"):
            server.fetch_rows("SELECT SUM(a.n * b.n * c.n * d.n) FROM t a, t b, t c, t d")
        assert 0.9 < monotonic() - began < 5
        assert server.fetch_rows("SELECT 1") == ((b"1",),)
        assert not [row for row in database.execute("SHOW PROCESSLIST") if "SUM" in str(row[7])]


def test_a_statement_that_ended_in_time_is_not_ended_later(mysql56_database):
    with connect_mysql(address(mysql56_database), ReadPace(statement_seconds=1)) as server:
        assert server.fetch_rows("SELECT SLEEP(0.9)") == ((b"0",),)
        assert server.fetch_rows("SELECT SLEEP(0.3)") == ((b"0",),)


def test_an_overlong_page_comes_again_as_smaller_ones(database, shop, caplog, monkeypatch):
    database.execute(CREATE_EVENTS, "CREATE VIEW slow_events AS SELECT id, at, SLEEP(0.003) AS slow FROM events")
    database.insert("events", EVENT_ROWS[:400])
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 390)
    pulls = shop(database, events=EVENTS | {"table": "slow_events"}, mysql={"pace": {"statement_seconds": 1}})
    pulled = pulls.pull()
    assert pulled["rows_written"] == 400
    assert pulled["pages"] >= 2
    assert "table 'slow_events': a page of 390 rows took too long, smaller ones follow" in caplog.text


@pytest.mark.parametrize(
    ("server", "index", "error", "named"),
    [
        ("mysql56", "KEY (n)", SourceError, r"no index is ordered by \(at, id\), so every page .*100 rows take longer"),
        ("mariadb", "KEY (n)", SourceError, r"no index is ordered by \(at, id\), so every page .*100 rows take longer"),
        ("mysql56", "KEY (at, id)", OverlongError, r"'events': 100 rows take longer than 1 s \(pace.*plan: "),
    ],
)
def test_the_smallest_page_that_takes_too_long_is_explained(server, index, error, named, shop, request, monkeypatch):
    database = request.getfixturevalue(f"{server}_database")
    database.execute(CREATE_EVENTS.replace("KEY (at, id)", index).replace("InnoDB", "MyISAM"))
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 100)
    pulls = shop(database, events=EVENTS, mysql={"pace": {"statement_seconds": 1}})
    with database.connect() as backup:
        backup.cursor().execute("LOCK TABLES events WRITE")
        with pytest.raises(error, match=named) as raised:
            pulls.pull()
    assert isinstance(raised.value, UnavailableError) is (error is OverlongError)
    assert pulls.run.lake.open_log("events").load_table() is None


def test_a_pull_waits_while_the_server_is_busy(database, shop, caplog, monkeypatch):
    database.execute(CREATE_EVENTS)
    database.insert("events", EVENT_ROWS[:10])
    pulls = shop(database, events=EVENTS, mysql={"pace": {"busy_threads": 1}})
    busy = running(database, "SELECT SLEEP(1.2)")
    with caplog.at_level(logging.INFO):
        assert pulls.pull()["rows_written"] == 10
    assert "waiting, 2 threads run on the server (pace.busy_threads is 1)" in caplog.text
    busy.join()
    monkeypatch.setattr(retry_waits, "RETRY_SECONDS", 1)
    busy = running(database, "SELECT SLEEP(60)")
    with pytest.raises(UnavailableError, match=r"2 threads run on the server, after .* s of waiting; .* is 1"):
        pulls.pull()
    end(database, "SELECT SLEEP(60)")
    busy.join()


def test_connections_share_their_places_and_one_is_kept_for_short_questions(database, caplog, monkeypatch):
    database.execute(f"GRANT SELECT ON {database.name}.* TO 'three'@'127.0.0.1' IDENTIFIED BY 'three'")
    three = address(database, "three", "three")
    pace = ReadPace(connections=3)
    monkeypatch.setattr(retry_waits, "RETRY_SECONDS", 1)
    with connect_mysql(three, pace) as first, connect_mysql(three, pace) as second:
        with (
            connect_beside(first),
            pytest.raises(UnavailableError, match="3 connections of user 'three' stay open"),
            connect_beside(second),
        ):
            pass
        with (
            connect_beside(second),
            pytest.raises(UnavailableError, match=r"pace.connections is 3"),
            connect_mysql(three, pace),
        ):
            pass
        with connect_mysql(address(database), ReadPace(connections=2)):  # another user's places are its own
            pass
    monkeypatch.setattr(retry_waits, "RETRY_SECONDS", 10)
    with connect_mysql(three, pace), ExitStack() as others:
        others.enter_context(connect_mysql(three, pace))
        Timer(1.5, others.close).start()
        with caplog.at_level(logging.INFO), connect_mysql(three, pace) as third:
            assert third.fetch_rows("SELECT 1") == ((b"1",),)
    assert "waiting, 2 connections of user 'three' are open" in caplog.text
