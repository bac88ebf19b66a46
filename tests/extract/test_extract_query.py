"""Extracts of kind ``query`` give the same rows on every server."""

import random
from datetime import datetime, timedelta

import pytest

from include.segmentation.errors import DataError, SourceError
from include.segmentation.extract.mysql.page import page_reader
from include.segmentation.profile.profile import SHIPPED_PROFILES

SHIPPED_QUERIES = SHIPPED_PROFILES.parent / "sql" / "learning" / "extract"
GAPS = {
    "kind": "query",
    "source": "mysql",
    "query": "visit_gaps.sql",
    "mode": "append",
    "cursor": "visited_at",
    "primary_key": ["visit_id"],
}
QUERIES = {path.name: path.read_text() for path in SHIPPED_QUERIES.glob("visit_gaps*")}
CREATE_VISITS = (
    "CREATE TABLE visits (visit_id BIGINT PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, visited_at DATETIME NOT NULL,"
    " seconds INT, KEY (visited_at, visit_id), KEY (user_id, visited_at, visit_id)) ENGINE=InnoDB"
)


def make_visits(count: int, users: int = 40) -> list[tuple]:
    """Few users, one of them 0, and coarse times: many ties, also within a user."""
    draw = random.Random(1)
    start = datetime(2025, 1, 1)
    ids = draw.sample(range(10 * count), count)
    return [(i, draw.randrange(users), start + timedelta(hours=draw.randrange(500)), 1) for i in ids]


def expect_gaps(rows: list[tuple]) -> list[tuple]:
    gaps, before = [], {}
    for visit_id, user_id, visited_at, _ in sorted(rows, key=lambda row: (row[2], row[0])):
        if user_id in before:
            gaps.append((visit_id, user_id, visited_at, before[user_id]))
        before[user_id] = visited_at
    return sorted(gaps)


def list_rows(pulls) -> list[tuple]:
    columns = ("visit_id", "user_id", "visited_at", "previous_visited_at")
    rows = pulls.current("visit_gaps", ", ".join(f'CAST("{name}" AS VARCHAR)' for name in columns), "visit_id")
    times = [[datetime.fromisoformat(text).replace(tzinfo=None) for text in row[2:]] for row in rows]
    return [(int(row[0]), int(row[1]), *time) for row, time in zip(rows, times, strict=True)]


def test_each_visit_comes_with_the_one_before_on_every_server(database, shop, monkeypatch):
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 700)
    rows = make_visits(5000)
    database.execute(CREATE_VISITS)
    early = [row for row in rows if row[2] < datetime(2025, 1, 15)]
    database.insert("visits", early)
    pulls = shop(database, queries=QUERIES, visit_gaps=GAPS)
    assert pulls.pull("visit_gaps")["rows_written"] == len(expect_gaps(early))
    assert list_rows(pulls) == expect_gaps(early)
    database.insert("visits", [row for row in rows if row not in early])
    pulls.pull("visit_gaps")
    assert list_rows(pulls) == expect_gaps(rows)
    assert pulls.pull("visit_gaps")["rows_written"] == 0


def test_a_later_pull_reads_about_what_is_new(database, shop):
    rows = make_visits(5000, users=2000)
    database.execute(CREATE_VISITS)
    database.insert("visits", rows)
    database.execute("ANALYZE TABLE visits")  # so that the plan does not depend on when statistics are gathered
    pulls = shop(database, queries=QUERIES, visit_gaps=GAPS)
    pulls.pull("visit_gaps")
    newest = max(row[2] for row in rows) + timedelta(days=1)
    database.insert("visits", [(60_000 + n, rows[0][1], newest, 1) for n in range(5)])

    def count_reads():
        rows = database.execute("SHOW GLOBAL STATUS LIKE 'Handler_read%'")
        return sum(int(value) for _, value in rows)

    before = count_reads()
    assert pulls.pull("visit_gaps")["rows_written"] == 5
    assert count_reads() - before < 1500  # the visits of the few learners who came, not all 5,000


def test_rows_without_a_cursor_are_read_too(database, shop):
    database.execute(CREATE_VISITS)
    database.insert("visits", make_visits(50))
    sql = "SELECT visit_id, IF(user_id < 9, NULL, visited_at) AS visited_at FROM visits WHERE {{ page('visited_at') }}"
    sql = sql.replace("'visited_at'", "'IF(user_id < 9, NULL, visited_at)'")
    pulls = shop(database, queries={"all.sql": sql}, gaps=GAPS | {"query": "all.sql"})
    assert pulls.pull("gaps")["rows_written"] == 50
    assert pulls.pull("gaps")["rows_written"] == 0


@pytest.mark.parametrize(
    ("sql", "error", "named"),
    [
        ("SELECT visit_id, visited_at FROM visits WHERE {{ pages() }}", SourceError, "'pages' is undefined"),
        ("SELECT visit_id, visited_at FROM visits WHERE {{ page }", SourceError, "not a valid template"),
        ("SELECT {{ page.__globals__ }} FROM visits", SourceError, "access to attribute '__globals__' of .* is unsafe"),
        ("SELECT visit_id, visited_at FROM visit", SourceError, r"visit' doesn't exist \(1146\)"),
        ("SELECT visit_id FROM visits", SourceError, "cursor 'visited_at': .* has no such column; found: visit_id"),
        ("SELECT visit_id, user_id AS visited_at FROM visits", SourceError, "is of type bigint.*allowed: dates"),
        (
            "SELECT v.visit_id, v.visited_at FROM visits v JOIN visits w ON w.user_id <> v.user_id",
            DataError,
            r"visit_id is not unique: 3 of 4 rows are different",
        ),
    ],
)
def test_a_wrong_query_is_explained(mariadb_database, shop, sql, error, named):
    mariadb_database.execute(CREATE_VISITS)
    times = [(1, 1, datetime(2025, 1, 1), 1), (2, 2, datetime(2025, 1, 2), 1), (3, 2, datetime(2025, 1, 3), 1)]
    mariadb_database.insert("visits", times)
    pulls = shop(mariadb_database, queries={"wrong.sql": sql}, gaps=GAPS | {"query": "wrong.sql"})
    with pytest.raises(error, match=named) as raised:
        pulls.pull("gaps")
    assert "shop.yaml: extracts.gaps: " in str(raised.value)
    assert pulls.run.lake.open_log("gaps").load_table() is None
