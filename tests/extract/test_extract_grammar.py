"""Statements for servers that cannot be run here: each is checked against the grammar of its version.

The code believes to talk to that version while a real server (MySQL 5.6, MariaDB 10.11) answers. Whatever it sends is
recorded, parsed, and looked up word by word in a table of when MySQL and MariaDB got it.
"""

import logging
from datetime import datetime, timedelta

import pytest
from extract_grammar import SINCE, Recorder, lacking, needs_windows, unlawful, words

from include.segmentation.errors import UnavailableError
from include.segmentation.extract import read_progress, reconcile_extract
from include.segmentation.extract.mysql.page import page_reader
from include.segmentation.extract.mysql.server import mysql_server as server_module
from include.segmentation.extract.mysql.server.server_version import ServerVersion

EVENTS = """
CREATE TABLE events (
    id BIGINT UNSIGNED AUTO_INCREMENT, part VARCHAR(10) CHARACTER SET latin1, at DATETIME, day DATE, bits BIT(9),
    f FLOAT, d DOUBLE, c DECIMAL(65, 10), t TIME, y YEAR, raw BLOB, words LONGTEXT, e ENUM('a', 'b'), s SET('x', 'y'),
    ts TIMESTAMP NULL, PRIMARY KEY (id, part), KEY (at)
) ENGINE=InnoDB
"""
INSERT = "INSERT INTO events (part, at, words, raw) VALUES ('a', %s, %s, 'x')"
TABLE = {"kind": "table", "source": "mysql", "table": "events", "mode": "merge", "primary_key": ["id", "part"]}
QUERY = {
    "kind": "query",
    "source": "mysql",
    "query": "gaps.sql",
    "mode": "merge",
    "cursor": "at",
    "primary_key": ["id"],
}
SQL = """
SELECT `g`.`id`, `g`.`at`, `g`.`before`, `g`.`n` FROM (
    SELECT `v`.`id`, `v`.`at`, LAG(`v`.`at`) OVER (PARTITION BY `v`.`user` ORDER BY `v`.`at`, `v`.`id`) AS `before`,
        ROW_NUMBER() OVER (PARTITION BY `v`.`user` ORDER BY `v`.`at`, `v`.`id`) AS `n`
    FROM `visits` AS `v`
    WHERE `v`.`user` IN (SELECT `r`.`user` FROM `visits` AS `r` WHERE {{ page("`r`.`at`") }})
) AS `g` WHERE {{ page("`g`.`at`") }}
"""
VISITS = "CREATE TABLE visits (id INT PRIMARY KEY, user INT NOT NULL, at DATETIME NOT NULL, KEY (user, at, id))"
START = datetime(2025, 1, 1)
NAMES = {"visits", "user", "events", "at", "id"}
VERSIONS = [
    # believed, as VERSION() says it; answered by
    ("5.0.96-community", "mysql56"),
    ("5.1.73-log", "mysql56"),
    ("5.5.62", "mysql56"),
    ("5.6.24", "mysql56"),
    ("5.7.44-48", "mysql56"),
    ("8.0.36", "mariadb"),
    ("8.4.3", "mariadb"),
    ("9.1.0", "mariadb"),
    ("5.5.68-MariaDB", "mariadb"),
    ("10.0.38-MariaDB", "mariadb"),
    ("5.5.5-10.1.48-MariaDB", "mariadb"),
    ("11.4.2-MariaDB", "mariadb"),
]
ENDED_BY_WATCHDOG = ("MySQL 5.0.96", "MariaDB 5.5.68")
"""One of each flavour shows how a statement is ended, which takes its second."""


@pytest.fixture
def server_of_version(request, monkeypatch):
    """The statements that the code sends, all of its connections together, believing to talk to a version."""
    believed, real = request.param
    actual = ("mysql", (5, 6, 24)) if real == "mysql56" else ("mariadb", (10, 11))
    statements: list[str] = []
    log_in, version = server_module.log_in, ServerVersion.parse_version(believed)
    monkeypatch.setattr(server_module, "log_in", lambda *how: Recorder(log_in(*how), actual, statements))
    monkeypatch.setattr(ServerVersion, "parse_version", classmethod(lambda cls, _text: version))
    return version, request.getfixturevalue(f"{real}_database"), statements


@pytest.mark.parametrize("server_of_version", VERSIONS, indirect=True, ids=[believed for believed, _ in VERSIONS])
def test_a_version_gets_only_statements_that_it_understands(server_of_version, shop, monkeypatch, caplog):
    version, database, statements = server_of_version
    fill(database)
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 12)
    monkeypatch.setattr(read_progress, "_DEBUG_SECONDS", 0)
    caplog.set_level(logging.DEBUG, read_progress.__name__)
    work(database, shop)
    if str(version) in ENDED_BY_WATCHDOG:
        wait_for_a_lock(database, shop)
    expected = ["EXPLAIN SELECT `at`", "SHOW PROCESSLIST", "SHOW GLOBAL STATUS", "MAX(`id`)", "BIT_XOR(", "CRC32("]
    expected += ["SET max_"] * version.has_statement_timeout + ["KILL QUERY"] * (str(version) in ENDED_BY_WATCHDOG)
    expected += ["SHOW REPLICA" if version.is_at_least((8, 0, 22), None) else "SHOW SLAVE"] * (version.number < (10,))
    if version.number >= (5, 1):
        expected += ["information_schema.innodb_trx", "information_schema.processlist", "CONSISTENT SNAPSHOT"]
    for part in expected:
        assert any(part in sql for sql in statements), part
    known = {sql: lacking(sql, version.flavour, version.number, NAMES) for sql in dict.fromkeys(statements)}
    assert {sql: words_unknown for sql, words_unknown in known.items() if words_unknown} == {}
    assert {sql: flaws for sql in known if (flaws := unlawful(sql))} == {}
    assert any(needs_windows(sql) for sql in known) is version.has_window_functions


def fill(database):
    database.execute(EVENTS, VISITS)
    with database.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("SET sql_mode = ''")
        moments = [START + timedelta(hours=i // 3) for i in range(30)] + [None, "0000-00-00"]
        cursor.executemany(INSERT, [(moment, "w") for moment in moments])
        cursor.execute(INSERT, (START, "w" * 1_100_000))
        users = [(i, i % 4, START + timedelta(hours=i)) for i in range(30)]
        cursor.executemany("INSERT INTO visits VALUES (%s, %s, %s)", users)


def work(database, shop):
    """Everything that is done with a server: pulls of every kind, again, reconcile, and what goes wrong."""
    size = database.execute("SELECT @@GLOBAL.max_allowed_packet")[0][0]
    database.execute("SET GLOBAL max_allowed_packet = 1048576")  # a line that the server cannot write
    try:
        extracts = {
            "timed": TABLE | {"cursor": "at"},
            "counted": TABLE | {"cursor": "id"},
            "small": TABLE | {"mode": "snapshot"},
            "seen": TABLE | {"table": "visits", "cursor": "at", "primary_key": ["id"]},
            "gaps": QUERY | {"primary_key": ["id"]},
        }
        pulls = shop(database, queries={"gaps.sql": SQL}, mysql={"zero_dates": "flag"}, **extracts)
        for name in [*extracts, *extracts]:
            pulls.pull(name)
        database.execute("UPDATE events SET e = 'b' WHERE id < 9", "DELETE FROM visits WHERE id = 20")
        for name in ("timed", "seen", "gaps"):
            reconcile_extract(pulls.run, name)
    finally:
        database.execute(f"SET GLOBAL max_allowed_packet = {size}")


def wait_for_a_lock(database, shop):
    impatient = shop(database, mysql={"pace": {"statement_seconds": 1}}, locked=TABLE | {"cursor": "at"})
    with database.connect() as backup:
        backup.cursor().execute("LOCK TABLES events WRITE")
        with pytest.raises(UnavailableError):
            impatient.pull("locked")


def test_the_judge_judges():
    assert lacking("SELECT 1 FROM information_schema.innodb_trx", "mysql", (5, 0, 96), set())
    assert not lacking("SELECT 1 FROM information_schema.innodb_trx", "mysql", (5, 5, 0), set())
    assert lacking("SET max_statement_time = 1", "mysql", (9, 1), set()) == {"MAX_STATEMENT_TIME"}
    assert lacking("SELECT JSON_TABLE('{}', 1)", "mysql", (9, 1), set()) == {"JSON_TABLE"}
    assert lacking("SHOW SLAVE STATUS", "mysql", (9, 1), set()) == {"SLAVE"}
    assert lacking("SELECT CAST(a AS JSON) AS c", "mysql", (5, 6), {"a"}) == {"JSON"}
    assert words("SELECT `NOW`, 'it''s NOW()' /* NOW */ FROM t -- NOW") == {"SELECT", "FROM", "T"}
    assert unlawful("SELECT 1 FROM t WHERE a IN (SELECT b FROM c LIMIT 1)") == ["LIMIT inside IN (1235)"]
    assert unlawful("SELECT 1 FROM (SELECT 2)") == ["a derived table without a name"]
    assert needs_windows("WITH a AS (SELECT 1) SELECT * FROM a")
    assert all(len(since) == 2 and any(since) for since in SINCE.values())
