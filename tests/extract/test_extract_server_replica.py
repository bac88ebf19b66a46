"""Reading from a replica: rows that are still to come are not visible, only its delay is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest

from demo.servers import PASSWORD, Server, run_server
from include.segmentation.errors import UnavailableError

EVENTS = {"kind": "table", "source": "mysql", "table": "events", "mode": "append", "cursor": "at", "lag": "0s"}
EVENTS["primary_key"] = ["id"]


@pytest.fixture
def pair(copy_mariadb: Callable[[str], Server]) -> Iterator[tuple[Server, Server]]:
    """A server that is written, and its replica."""
    written, replica = (copy_mariadb(name) for name in ("written", "replica"))
    written.command += ["--log-bin=written", "--server-id=1", "--binlog-format=ROW"]
    replica.command += ["--server-id=2"]
    with run_server(written), run_server(replica):
        yield written, replica


def test_a_replica_is_read_up_to_what_it_has_reached(pair, mariadb_database, shop):
    written, replica = (replace(mariadb_database, server=server, name="mysql") for server in pair)
    file, position = written.execute("SHOW MASTER STATUS")[0][:2]
    replica.execute(
        f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={pair[0].port}, MASTER_USER='demo', "
        f"MASTER_PASSWORD='{PASSWORD}', MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position}",
        "START SLAVE",
    )
    written.execute("CREATE DATABASE shop", "CREATE TABLE shop.events (id INT PRIMARY KEY, at DATETIME, KEY (at, id))")
    written.execute("INSERT INTO shop.events VALUES (1, UTC_TIMESTAMP() - INTERVAL 1 MINUTE)", "DO SLEEP(1)")
    pulls = shop(replace(replica, name="shop"), events=EVENTS)
    pulled = pulls.pull()
    assert (pulled["bound"], pulled["rows_written"]) == ("lag only: a replica, 0 s behind", 1)

    began = datetime.now(UTC)
    with replica.connect() as holding:
        holding.cursor().execute("LOCK TABLES shop.events READ")  # what arrives has to wait
        written.execute("INSERT INTO shop.events VALUES (2, UTC_TIMESTAMP())")
        sleep(3)
        pulled = pulls.pull()
        assert pulled["bound"] in [f"lag only: a replica, {seconds} s behind" for seconds in (2, 3, 4)]
        assert datetime.fromisoformat(pulled["complete_through"]) <= began + timedelta(seconds=2)
    sleep(1.5)
    assert pulls.pull()["rows_written"] == 1

    replica.execute("GRANT SELECT, PROCESS ON *.* TO 'reader'@'127.0.0.1' IDENTIFIED BY 'reader'")
    blind = shop(f"mysql://reader:reader@127.0.0.1:{pair[1].port}/shop", events=EVENTS)
    assert blind.pull()["bound"].startswith("lag only: rows come from another server, and how late is not granted")

    replica.execute("STOP SLAVE")
    with pytest.raises(UnavailableError, match="it is a replica, and its replication does not run"):
        shop(replace(replica, name="shop"), events=EVENTS).pull()
    replica.execute("RESET SLAVE ALL", "SET GLOBAL read_only = 1")
    closed = shop(replace(replica, name="shop"), events=EVENTS).pull()
    assert closed["bound"] == "lag only: rows come from other servers too"
