"""Mode ``snapshot``: each pull reads a small table or query whole."""

from datetime import UTC, datetime, timedelta

import pytest

from include.segmentation.errors import DataError, SourceError
from include.segmentation.extract.mysql.page import page_reader

PRICES = {"kind": "table", "source": "mysql", "table": "prices", "mode": "snapshot", "primary_key": ["shop", "code"]}


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 7)


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM", "MEMORY"])
def test_the_log_follows_the_whole_table(database, shop, small_pages, engine):
    database.execute(
        "CREATE TABLE prices (shop INT, code VARCHAR(10), price DECIMAL(9, 2), PRIMARY KEY (shop, code))"
        f" ENGINE={engine} DEFAULT CHARSET=latin1 COLLATE=latin1_german2_ci"
    )
    codes = ["a", "B", "ä", "Z", "o'k", "\\", "öl", "zz", "", "é"]
    database.insert("prices", [(shop, code, "1.10") for shop in (2, 10, 9) for code in codes])
    pulls = shop(database, prices=PRICES)
    first = pulls.pull("prices")
    assert (first["rows_read"], first["rows_written"], first["pages"]) == (30, 30, 5)
    database.execute(
        "UPDATE prices SET price = 2 WHERE shop = 9 AND code = 'B'",
        "UPDATE prices SET price = NULL WHERE shop = 9 AND code = 'ä'",
        "UPDATE prices SET code = 'A' WHERE shop = 2 AND code = 'a'",  # the same key to the server, not to anyone else
        "DELETE FROM prices WHERE shop = 10 AND code > 'm'",
        "INSERT INTO prices VALUES (1, 'new', 3)",
    )
    second = pulls.pull("prices")
    left = database.execute("SELECT COUNT(*) FROM prices")[0][0]
    assert (second["rows_read"], second["rows_deleted"]) == (left, 1 + 31 - left)
    assert second["rows_written"] == 4 + second["rows_deleted"]
    rows = database.execute("SELECT shop, CONVERT(code USING utf8mb4), price FROM prices")
    assert sorted(pulls.current("prices", "shop, code, price")) == sorted(rows)
    written = pulls.written("prices")
    third = pulls.pull("prices")
    assert (third["rows_read"], third["rows_written"], pulls.written("prices")) == (left, 0, written)


@pytest.mark.parametrize("marks", [[b""], [b"", b"a"], [b"a", b"bb"]])
def test_a_key_alone_may_be_empty(database, shop, marks):
    database.execute("CREATE TABLE prices (mark VARBINARY(9) PRIMARY KEY) ENGINE=InnoDB")
    database.insert("prices", [(mark,) for mark in marks])
    pulls = shop(database, prices=PRICES | {"primary_key": ["mark"]})
    assert pulls.pull("prices")["rows_written"] == len(marks)
    assert sorted(mark for (mark,) in pulls.current("prices", "mark")) == marks
    assert pulls.pull("prices")["rows_written"] == 0


@pytest.mark.parametrize("name", ["_row", "same_key", "is_logged", "_is_moved", "page"])
def test_a_column_may_have_any_name(mariadb_database, shop, name):
    mariadb_database.execute(
        f"CREATE TABLE prices (shop INT, code INT, {name} INT, PRIMARY KEY (shop, code))",
        "INSERT INTO prices VALUES (1, 1, 2), (1, 2, 0), (1, 3, 1)",
    )
    pulls = shop(mariadb_database, prices=PRICES)
    assert pulls.pull("prices")["rows_written"] == 3
    mariadb_database.execute(f"UPDATE prices SET {name} = 5 WHERE code = 2")
    assert pulls.pull("prices")["rows_written"] == 1
    assert pulls.current("prices", f"code, {name}") == [(1, 2), (2, 5), (3, 1)]


def test_it_is_complete_through_the_moment_before_it_was_read(database, shop):
    database.execute("CREATE TABLE prices (shop INT, code INT, PRIMARY KEY (shop, code)) ENGINE=InnoDB")
    pulls = shop(database, prices=PRICES)
    before = datetime.now(UTC).replace(microsecond=0)
    empty = pulls.pull("prices")
    assert empty["rows_written"] == 0
    assert datetime.fromisoformat(empty["complete_through"]) >= before
    with database.connect(autocommit=False) as late:
        late.cursor().execute("INSERT INTO prices VALUES (1, 1)")
        database.execute("DO SLEEP(2)")
        pulled = pulls.pull("prices")
        assert datetime.fromisoformat(pulled["complete_through"]) <= datetime.now(UTC) - timedelta(seconds=1)
        late.commit()
    assert pulls.pull("prices")["rows_written"] == 1
    database.execute("DELETE FROM prices")
    gone = pulls.pull("prices")
    assert (gone["rows_deleted"], pulls.current("prices")) == (1, [])
    assert gone["complete_through"] > pulled["complete_through"]


def test_a_query_is_read_whole(mariadb_database, shop, small_pages):
    mariadb_database.execute("CREATE TABLE sales (id INT PRIMARY KEY, user INT, amount INT) ENGINE=InnoDB")
    mariadb_database.insert("sales", [(i, i % 20, 1) for i in range(60)])
    declared = {"kind": "query", "source": "mysql", "query": "totals.sql", "mode": "snapshot", "primary_key": ["user"]}
    query = "SELECT user, CAST(SUM(amount) AS SIGNED) AS total FROM sales WHERE {{ page('id') }} GROUP BY user"
    pulls = shop(mariadb_database, queries={"totals.sql": query}, totals=declared)
    assert pulls.pull("totals")["rows_written"] == 20
    mariadb_database.execute("UPDATE sales SET amount = 5 WHERE id = 7", "DELETE FROM sales WHERE user = 3")
    assert pulls.pull("totals")["rows_written"] == 2
    assert dict(pulls.current("totals", '"user", total')) == {u: 3 for u in range(20) if u != 3} | {7: 7}


def test_a_query_whose_key_is_not_unique_stops(mariadb_database, shop):
    mariadb_database.execute("CREATE TABLE sales (id INT PRIMARY KEY, user INT)")
    mariadb_database.insert("sales", [(1, 1), (2, 1)])
    declared = {"kind": "query", "source": "mysql", "query": "all.sql", "mode": "snapshot", "primary_key": ["user"]}
    pulls = shop(mariadb_database, queries={"all.sql": "SELECT user, id FROM sales"}, everything=declared)
    with pytest.raises(DataError, match="primary_key user is not unique: 1 of 2"):
        pulls.pull("everything")
    assert pulls.run.lake.open_log("everything").load_table() is None


def test_a_snapshot_that_gets_a_cursor_needs_a_new_name(database, shop):
    database.execute("CREATE TABLE prices (id INT PRIMARY KEY, price INT)", "INSERT INTO prices VALUES (1, 1)")
    declared = PRICES | {"primary_key": ["id"]}
    shop(database, prices=declared).pull("prices")
    with pytest.raises(SourceError, match="rename the extract"):
        shop(database, prices=declared | {"mode": "merge", "cursor": "id"}).pull("prices")
