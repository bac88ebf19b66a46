"""How each server answers a query, and that the log stays right when that changes."""

from datetime import datetime, timedelta

import pytest

from include.segmentation.artifacts import ExtractSummary
from include.segmentation.errors import DataError, ProfileError, SourceError
from include.segmentation.extract import explain_extract, reconcile_extract
from include.segmentation.extract.rewrite import window_rows

CREATE = "CREATE TABLE visits (visit_id INT PRIMARY KEY, user_id INT NOT NULL, visited_at DATETIME, KEY (visited_at))"
INDEX = "ALTER TABLE visits ADD KEY by_user (user_id, visited_at, visit_id)"
START = datetime(2025, 1, 1)
BEFORE = (
    "SELECT visit_id, user_id, visited_at, LAG(visited_at) OVER (PARTITION BY user_id ORDER BY visited_at, visit_id)"
    " AS before_at FROM visits"
)
AFTER = BEFORE.replace("LAG", "LEAD").replace("before_at", "after_at")
VISITS = {"kind": "table", "source": "mysql", "table": "visits", "cursor": "visited_at", "primary_key": ["visit_id"]}
GAPS = {"kind": "query", "source": "mysql", "query": "gaps.sql", "cursor": "visited_at", "primary_key": ["visit_id"]}


def make_visits(numbers):
    return [(n, n % 3, START + timedelta(hours=n)) for n in numbers]


def expect_before(rows):
    previous, last = {}, {}
    for visit_id, user_id, at in sorted(rows, key=lambda row: (row[2], row[0])):
        previous[visit_id], last[user_id] = last.get(user_id), at
    return sorted(previous.items())


def list_rows(pulls, column="before_at"):
    return pulls.current("gaps", f"visit_id, {column}::TIMESTAMP", "visit_id")


def find_way(pulls, name="gaps"):
    return "computed" if pulls.pull(name)["bound"].startswith("computed in the lake from visits") else "server"


def make_pulls(shop, database, sql=BEFORE, mode="append", visits_mode="append", **mysql):
    extracts = {"visits": VISITS | {"mode": visits_mode}, "gaps": GAPS | {"mode": mode}}
    return shop(database, queries={"gaps.sql": sql}, mysql=mysql, **extracts)


@pytest.mark.parametrize("mode", ["append", "merge"])
def test_the_log_stays_right_when_the_way_changes(mysql56_database, shop, mode):
    mysql56_database.execute(CREATE)
    rows = make_visits(range(0, 60, 2))
    mysql56_database.insert("visits", rows)
    pulls = make_pulls(shop, mysql56_database, mode=mode)
    assert find_way(pulls) == "computed"  # without an index
    assert list_rows(pulls) == expect_before(rows)
    rows += make_visits([31, 33, 61])  # late rows change the previous visit of others
    mysql56_database.insert("visits", rows[-3:])
    pulls.pull("visits")
    mysql56_database.execute("DELETE FROM visits WHERE visit_id = 20")
    assert reconcile_extract(pulls.run, "visits")["deleted"] == 1
    rows = [row for row in rows if row[0] != 20]
    assert find_way(pulls) == "computed"
    assert list_rows(pulls) == expect_before(rows)
    assert pulls.pull("gaps")["rows_written"] == 0
    mysql56_database.execute(INDEX)
    mysql56_database.insert("visits", make_visits(range(70, 80)))
    rows += make_visits(range(70, 80))
    written = pulls.written("gaps")
    assert find_way(pulls) == "server"
    assert list_rows(pulls) == expect_before(rows)
    written += 10 + (len(rows) - 10) * (mode == "merge")  # merge reads them again
    assert pulls.written("gaps") == written
    mysql56_database.execute("ALTER TABLE visits DROP KEY by_user")
    assert find_way(pulls) == "computed"
    assert pulls.written("gaps") == written


def test_a_partition_that_outgrows_the_limit_is_computed(mysql56_database, shop, monkeypatch):
    monkeypatch.setattr(window_rows, "LARGEST_PARTITION", 12)
    mysql56_database.execute(CREATE, INDEX)
    mysql56_database.insert("visits", make_visits(range(36)))
    pulls = make_pulls(shop, mysql56_database)
    assert find_way(pulls) == "server"
    mysql56_database.insert("visits", make_visits([36, 37]))
    assert find_way(pulls) == "computed"
    assert list_rows(pulls) == expect_before(make_visits(range(38)))
    assert pulls.written("gaps") == 38


def test_rows_without_a_user_are_one_partition(mysql56_database, shop, monkeypatch):
    monkeypatch.setattr(window_rows, "LARGEST_PARTITION", 12)
    mysql56_database.execute(CREATE.replace("user_id INT NOT NULL", "user_id INT"), INDEX)
    mysql56_database.insert("visits", [(n, None, START + timedelta(hours=n)) for n in range(13)])
    pulls = make_pulls(shop, mysql56_database)
    assert find_way(pulls) == "computed"
    assert list_rows(pulls) == [(n, START + timedelta(hours=n - 1) if n else None) for n in range(13)]


def test_base_tables_are_pulled_first_and_decide_complete_through(mysql56_database, shop):
    mysql56_database.execute(CREATE)
    mysql56_database.insert("visits", make_visits(range(9)))
    pulls = make_pulls(shop, mysql56_database)
    pulled = pulls.pull("gaps")
    assert pulled["complete_through"] == pulls.run.lake.open_log("visits").read_state().complete_through.isoformat()
    assert ExtractSummary.read_from(pulls.run, "visits").pulled["rows_written"] == 9


@pytest.mark.parametrize(
    ("extracts", "named"),
    [
        ({}, "table 'visits' must be an extract of kind table and source 'mysql' with the columns user_id, visit_id"),
        (
            {"visits": VISITS | {"mode": "append", "columns": ["visit_id", "visited_at"]}},
            "'visits' omits or repairs some of them",
        ),
    ],
)
def test_a_missing_base_extract_is_named(mysql56_database, shop, extracts, named):
    mysql56_database.execute(CREATE)
    pulls = shop(mysql56_database, queries={"gaps.sql": BEFORE}, gaps=GAPS | {"mode": "append"}, **extracts)
    with pytest.raises(SourceError, match=f"gaps.sql is computed in the lake .no index of table 'visits'.*{named}"):
        pulls.pull("gaps")
    assert pulls.run.lake.open_log("gaps").load_table() is None


def test_invalid_dates_are_refused(mysql56_database, shop):
    mysql56_database.execute(CREATE.replace("DATETIME", "DATETIME, born DATE"))
    mysql56_database.execute("INSERT INTO visits VALUES (1, 1, '2025-01-01', '0000-00-00')")
    sql = BEFORE.replace("LAG(visited_at)", "LAG(born)")
    pulls = make_pulls(shop, mysql56_database, sql, zero_dates="flag")
    with pytest.raises(DataError, match="extract 'visits': 1 rows have invalid dates in born, user_id"):
        pulls.pull("gaps")
    pulls = make_pulls(shop, mysql56_database, BEFORE, zero_dates="flag")  # which does not look at it
    assert find_way(pulls) == "computed"


def test_a_window_that_looks_ahead_is_read_again_as_a_whole(database, shop):
    database.execute(CREATE, INDEX)
    database.insert("visits", make_visits(range(30)))
    pulls = make_pulls(shop, database, AFTER)
    with pytest.raises(
        SourceError, match=r"LEAD.* looks beyond earlier rows of cursor 'visited_at', so rows already read change"
    ):
        pulls.pull("gaps")
    pulls = make_pulls(shop, database, AFTER, mode="merge")
    pulls.pull("gaps")
    database.insert("visits", make_visits([400, 401]))
    pulls.pull("gaps")
    after = dict(list_rows(pulls, "after_at"))
    assert [after[n] for n in (26, 27, 28, 29, 400)] == [
        START + timedelta(hours=29),
        None,
        START + timedelta(hours=400),
        START + timedelta(hours=401),
        None,
    ]


THREE_WINDOWS = """
SELECT visit_id, visited_at, COUNT(*) OVER () AS everything, SUM(visit_id) OVER (PARTITION BY user_id) AS of_user,
    MAX(user_id) OVER (ORDER BY visited_at) AS highest, LAG(user_id, 1, -1) OVER (ORDER BY visited_at, visit_id) AS last
FROM visits
"""


@pytest.mark.parametrize("index", [INDEX, "DO 0"])
def test_windows_that_mariadb_confuses_are_right(mariadb_database, shop, index):
    mariadb_database.execute(CREATE, index, "ALTER TABLE visits ADD KEY by_time_and_id (visited_at, visit_id)")
    rows = [(n, (7 * n) % 5, START + timedelta(hours=(3 * n) % 11)) for n in range(40)]
    mariadb_database.insert("visits", rows)
    pulls = make_pulls(shop, mariadb_database, THREE_WINDOWS, mode="merge")
    assert find_way(pulls) == ("server" if index == INDEX else "computed")
    ordered = sorted(rows, key=lambda row: (row[2], row[0]))
    expected = [
        (
            visit_id,
            40,
            sum(row[0] for row in rows if row[1] == user_id),
            max(row[1] for row in rows if row[2] <= at),
            ordered[place - 1][1] if place else -1,
        )
        for place, (visit_id, user_id, at) in enumerate(ordered)
    ]
    columns = "visit_id, everything, of_user::BIGINT, highest, last"
    assert pulls.current("gaps", columns, "visit_id") == sorted(expected)


def test_a_default_works_on_mariadb_which_has_none(mariadb_database, shop):
    mariadb_database.execute(CREATE)
    mariadb_database.insert("visits", make_visits(range(9)))
    pulls = make_pulls(shop, mariadb_database, BEFORE.replace("LAG(visited_at)", "LAG(user_id, 2, -1)"))
    assert find_way(pulls) == "server"
    values = [user_id for _, user_id in pulls.current("gaps", "visit_id, before_at", "visit_id")]
    assert values == [-1] * 6 + [0, 1, 2]


def test_the_sql_for_every_server_is_explained(mysql56_database, shop):
    mysql56_database.execute(CREATE, INDEX)
    pulls = make_pulls(shop, mysql56_database)
    text = explain_extract(pulls.run.profile, "gaps")
    assert "gaps: MySQL 5.6.24 was asked." in text
    assert f"MySQL 8.0, MariaDB 10.2 and newer: as written\n    {BEFORE}" in text
    assert "MySQL 5.0 to 5.7, MariaDB before 10.2: each window is a correlated subquery on an index\n" in text
    assert "FORCE INDEX (`by_user`)" in text
    assert "over the rows of the extracts visits\n    SELECT" in text
    assert "before_at: datetime, in the lake timestamp[us, tz=UTC]" in text
    assert "the safe bound AND `visited_at` >= 'the last visited_at'" in explain_extract(pulls.run.profile, "visits")
    mysql56_database.execute("ALTER TABLE visits DROP KEY by_user")
    assert "computed in DuckDB, because no index of table 'visits' begins with (user_id, visited_at, visit_id)" in (
        explain_extract(pulls.run.profile, "gaps")
    )


def test_without_a_server_the_text_names_what_was_not_checked(shop):
    pulls = make_pulls(shop, "mysql://nobody:x@127.0.0.1:1/none", AFTER)
    text = explain_extract(pulls.run.profile, "gaps")
    assert "gaps: No server was asked: connection 'shop'" in text
    assert "not checked: types, keys, indexes and the size of partitions\n    SELECT" in text
    assert "DuckDB, where an old server has no exact equivalent: not shown" in text
    assert "Refused: " in text
    assert "mode append is for rows that never change" in text
    with pytest.raises(ProfileError, match="extract 'visit'; allowed: gaps, visits"):
        explain_extract(pulls.run.profile, "visit")
