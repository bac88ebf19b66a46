"""A server that gets its rows from others: a replica, a cluster's node, a cloud's reader.

The transactions that are still to come are open elsewhere and in no list here, and rows may be on their way. So only
the lag guards, counted from the time that the server has reached.
"""

from dataclasses import dataclass
from datetime import timedelta

from include.segmentation.errors import UnavailableError
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.server.server_errors import ACCESS_DENIED, ServerError, describe_address

_BEHIND = ("Seconds_Behind_Master", "Seconds_Behind_Source")


@dataclass(frozen=True)
class ReplicationFeed:
    """What is known of how a server gets its rows.

    Attributes:
        behind: by how much it is later than where they come from, as far as that is told.
        how: what the bound then rests on, in words.
    """

    behind: timedelta
    how: str


def find_feed(server: MySQLServer) -> ReplicationFeed | None:
    """How a server gets its rows from others; None where it seems to be written itself.

    Raises:
        UnavailableError: it is a replica that gets none now; what comes later would be passed over.
    """
    try:
        behind = _seconds_behind(server)
    except ServerError as error:
        if error.code != ACCESS_DENIED:
            raise server.explain_error(error) from None
        words = "lag only: rows come from another server, and how late is not granted (REPLICATION CLIENT)"
        return ReplicationFeed(timedelta(0), words) if _is_fed(server) else None
    if behind is not None:
        return ReplicationFeed(timedelta(seconds=behind), f"lag only: a replica, {behind} s behind")
    return ReplicationFeed(timedelta(0), "lag only: rows come from other servers too") if _is_fed(server) else None


def _seconds_behind(server: MySQLServer) -> int | None:
    sql = _status_sql(server)
    channels = server.execute(sql)
    if not channels:
        return None
    names = [str(field[0]) for field in server.describe_query(sql)]
    at = next(names.index(name) for name in _BEHIND if name in names)
    seconds = [channel[at] for channel in channels]
    if None in seconds:
        raise UnavailableError(f"{describe_address(server.address)}: it is a replica, and its replication does not run")
    return max(int(second or 0) for second in seconds)


def _status_sql(server: MySQLServer) -> str:
    if server.version.supports(None, (10, 0)):
        return "SHOW ALL SLAVES STATUS"
    return "SHOW REPLICA STATUS" if server.version.supports((8, 0, 22), None) else "SHOW SLAVE STATUS"


def _is_fed(server: MySQLServer) -> bool:
    """Whether it is closed to writers, or threads of its own write (those of MariaDB's InnoDB are daemons)."""
    closed = server.fetch_rows("SHOW GLOBAL VARIABLES LIKE '%read_only'")
    if any(name in (b"read_only", b"innodb_read_only") and value == b"ON" for name, value in closed):
        return True
    threads = server.fetch_rows("SHOW PROCESSLIST")
    return any(thread[1] == b"system user" and thread[4] != b"Daemon" for thread in threads)
