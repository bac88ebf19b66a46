"""A first load goes by the primary key, and ends where pulls by the cursor continue: no row lost, none doubled."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from include.segmentation.errors import NotReadyError, SourceError
from include.segmentation.extract.mysql.page import page_reader
from include.segmentation.lake.change_log import ChangeLog

START = datetime(2025, 1, 1)
CREATE = "CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NULL, n INT, KEY (at, id)) ENGINE=InnoDB"
EVENTS = {"kind": "table", "source": "mysql", "table": "events", "mode": "merge", "cursor": "at", "primary_key": ["id"]}


def shuffled(count):
    """Rows whose cursor goes another way than their key; some have none, many have the same."""
    minutes = list(range(count))
    Random(7).shuffle(minutes)
    return [(i, None if i % 11 == 0 else START + timedelta(minutes=minutes[i] // 4), 0) for i in range(count)]


@pytest.fixture
def interrupted(database, shop, monkeypatch):
    """A first load of 100 rows in pages of 10 that breaks before its sixth commit."""
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 10)
    database.execute(CREATE)
    database.insert("events", shuffled(100))
    pulls = shop(database, events=EVENTS)
    append, commits = ChangeLog.append, []

    def breaking(self, *arguments):
        commits.append(1)
        if len(commits) == 6:
            raise KeyboardInterrupt
        return append(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ChangeLog, "append", breaking)
        with pytest.raises(KeyboardInterrupt):
            pulls.pull()
    return pulls


def source(database):
    rows = database.execute("SELECT id, at, n FROM events ORDER BY id")
    return [(i, moment and moment.replace(tzinfo=UTC), n) for i, moment, n in rows]


def test_rows_come_in_the_order_of_the_key_and_the_position_is_the_last_by_the_cursor(database, shop):
    database.execute(CREATE)
    database.insert("events", shuffled(50))
    pulls = shop(database, events=EVENTS)
    assert pulls.pull()["rows_written"] == 50
    placed = [i for i, moment, _ in source(database) if moment]
    assert [i for (i,) in pulls.current(columns="id", order="_seq")][-len(placed) :] == placed
    ((last,),) = database.execute("SELECT MAX(at) FROM events")
    ((key,),) = database.execute("SELECT MAX(id) FROM events WHERE at = (SELECT MAX(at) FROM events)")
    assert pulls.run.lake.open_log("events").read_state().cursor["position"] == [str(last), str(key)]
    assert pulls.pull()["rows_written"] == 0


def test_what_happens_while_it_rests_is_neither_lost_nor_doubled(interrupted, database):
    log = interrupted.run.lake.open_log("events")
    assert (log.read_state().cursor["position"], log.read_state().complete_through) == (None, None)
    with pytest.raises(NotReadyError, match="first load has not ended"):
        interrupted.reconcile()
    database.execute(
        "UPDATE events SET n = 1, at = UTC_TIMESTAMP() - INTERVAL 2 HOUR WHERE id IN (3, 90, 22)",  # read or not, NULL
        "INSERT INTO events SELECT id + 1000, UTC_TIMESTAMP() - INTERVAL 90 MINUTE, 2 FROM events WHERE id < 5",
        "INSERT INTO events SELECT -id, UTC_TIMESTAMP() - INTERVAL 90 MINUTE, 2 FROM events WHERE id BETWEEN 1 AND 5",
    )
    interrupted.pull()
    assert log.read_state().complete_through is not None
    assert interrupted.current(columns='id, "at", n', order="id") == source(database)
    assert interrupted.pull()["rows_written"] == 0
    assert interrupted.written() == len(source(database)) + 2  # two of the updated rows had been read


def test_another_cursor_cannot_resume_it(interrupted, database, shop):
    database.execute("ALTER TABLE events ADD KEY (n, id)")
    with pytest.raises(
        SourceError, match=r"began with cursor and primary_key \['at', 'id'\], .* they are \['n', 'id'\]"
    ):
        shop(database, events=EVENTS | {"cursor": "n"}).pull()


@pytest.mark.parametrize("key", ["PRIMARY KEY (at, id)", "UNIQUE KEY (id), KEY (at, id)"])
def test_a_table_whose_key_is_no_other_order_is_read_by_the_cursor(mariadb_database, shop, monkeypatch, key):
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 10)
    mariadb_database.execute(f"CREATE TABLE events (id INT NOT NULL, at DATETIME NOT NULL, n INT, {key}) ENGINE=InnoDB")
    mariadb_database.insert("events", [(i, moment or START, n) for i, moment, n in shuffled(40)])
    primary = ["at", "id"] if key.startswith("PRIMARY") else ["id"]
    pulls = shop(mariadb_database, events=EVENTS | {"primary_key": primary})
    assert pulls.pull()["rows_written"] == 40
    moments = [moment for (moment,) in pulls.current(columns='"at"', order="_seq")]
    assert moments == sorted(moments)
