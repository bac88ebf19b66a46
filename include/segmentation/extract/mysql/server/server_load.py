"""Leave a server alone while it has much to do."""

import logging

from include.segmentation.errors import UnavailableError
from include.segmentation.extract.mysql.server.mysql_server import MySQL
from include.segmentation.extract.mysql.server.server_errors import place
from include.segmentation.extract.retry_waits import SECONDS, looks

_log = logging.getLogger(__name__)


def wait_while_busy(server: MySQL) -> None:
    """Wait until no more threads run on the server than the pace allows; our own, which asks, counts too.

    Raises:
        UnavailableError: it stays busy.
    """
    where, allowed = place(server.address), server.pace.busy_threads
    for _ in looks():
        running = int(server.global_status("Threads_running") or 0)
        if running <= allowed:
            return
        _log.info("%s: waiting, %d threads run on the server (pace.busy_threads is %d)", where, running, allowed)
    raise UnavailableError(
        f"{where}: {running} threads run on the server, after {SECONDS} s of waiting; pace.busy_threads is {allowed}"
    )
