"""Wait while a server is busy."""

import logging

from include.segmentation.errors import UnavailableError
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.server.server_errors import describe_address
from include.segmentation.extract.retry_waits import RETRY_SECONDS, wait_for_retries

_log = logging.getLogger(__name__)


def wait_while_busy(server: MySQLServer) -> None:
    """Wait until no more threads run on the server than the pace allows, including this connection's.

    Raises:
        UnavailableError: the server stays busy.
    """
    where, allowed = describe_address(server.address), server.pace.busy_threads
    for _ in wait_for_retries():
        running = int(server.read_global_status("Threads_running") or 0)
        if running <= allowed:
            return
        _log.info("%s: waiting, %d threads run on the server (pace.busy_threads is %d)", where, running, allowed)
    raise UnavailableError(
        f"{where}: {running} threads run on the server, after {RETRY_SECONDS} s of waiting; "
        f"pace.busy_threads is {allowed}"
    )
