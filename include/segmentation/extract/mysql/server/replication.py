"""Servers that get their rows from other servers: replicas, nodes of a cluster, readers in a cloud.

Their list of transactions does not show those that are open on the other servers. So only the lag protects late rows,
counted from the time that the server has reached.
"""

from dataclasses import dataclass
from datetime import timedelta

from include.segmentation.errors import UnavailableError
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.server.server_errors import ACCESS_DENIED, ServerError, describe_address

_BEHIND = ("Seconds_Behind_Master", "Seconds_Behind_Source")


@dataclass(frozen=True)
class ReplicationFeed:
    """How a server gets its rows from others.

    Attributes:
        behind: its delay, as far as it is known.
        how: what the bound relies on, in words.
    """

    behind: timedelta
    how: str


def find_feed(server: MySQLServer) -> ReplicationFeed | None:
    """Find how a server gets its rows from others; None if clients seem to write to it.

    Raises:
        UnavailableError: it is a replica whose replication has stopped; a pull would miss the rows that come later.
    """
    try:
        behind = _read_delay(server)
    except ServerError as error:
        if error.code != ACCESS_DENIED:
            raise server.explain_error(error) from None
        words = "lag only: rows come from another server, and how late is not granted (REPLICATION CLIENT)"
        return ReplicationFeed(timedelta(0), words) if _is_fed(server) else None
    if behind is not None:
        return ReplicationFeed(timedelta(seconds=behind), f"lag only: a replica, {behind} s behind")
    return ReplicationFeed(timedelta(0), "lag only: rows come from other servers too") if _is_fed(server) else None


def _read_delay(server: MySQLServer) -> int | None:
    sql = _write_status_sql(server)
    channels = server.execute_sql(sql)
    if not channels:
        return None
    names = [str(field[0]) for field in server.describe_query(sql)]
    at = next(names.index(name) for name in _BEHIND if name in names)
    seconds = [channel[at] for channel in channels]
    if None in seconds:
        raise UnavailableError(f"{describe_address(server.address)}: it is a replica, and its replication does not run")
    return max(int(second or 0) for second in seconds)


def _write_status_sql(server: MySQLServer) -> str:
    if server.version.is_at_least(None, (10, 0)):
        return "SHOW ALL SLAVES STATUS"
    return "SHOW REPLICA STATUS" if server.version.is_at_least((8, 0, 22), None) else "SHOW SLAVE STATUS"


def _is_fed(server: MySQLServer) -> bool:
    """Check whether it is read-only, or replication threads write to it (daemons belong to MariaDB's InnoDB)."""
    read_only = server.fetch_rows("SHOW GLOBAL VARIABLES LIKE '%read_only'")
    if any(name in (b"read_only", b"innodb_read_only") and value == b"ON" for name, value in read_only):
        return True
    threads = server.fetch_rows("SHOW PROCESSLIST")
    return any(thread[1] == b"system user" and thread[4] != b"Daemon" for thread in threads)
