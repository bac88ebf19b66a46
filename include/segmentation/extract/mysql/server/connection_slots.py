"""Connections that share a limited number of slots on the server, per user."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from include.segmentation.connections import Address
from include.segmentation.errors import UnavailableError
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer, list_processes, open_server
from include.segmentation.extract.mysql.server.server_errors import describe_address
from include.segmentation.extract.retry_waits import wait_for_retries
from include.segmentation.profile.mysql_source import ReadPace

_log = logging.getLogger(__name__)


@contextmanager
def connect_mysql(address: Address, pace: ReadPace) -> Iterator[MySQLServer]:
    """Open a connection that takes one of the user's slots, and close it at the end.

    One slot stays free for ``connect_beside``, so an open connection never waits for others to close.

    Raises:
        UnavailableError: the server cannot be reached, or all slots stay taken.
        SourceError: the address is no MySQL database, or the server refuses the login or the database.
    """
    with _open_in_slot(address, pace, pace.connections - 1) as server:
        yield server


@contextmanager
def connect_beside(server: MySQLServer) -> Iterator[MySQLServer]:
    """Open a second connection for a moment.

    Raises:
        UnavailableError, SourceError: as for ``connect_mysql``.
    """
    with _open_in_slot(server.address, server.pace, server.pace.connections) as second:
        yield second


@contextmanager
def _open_in_slot(address: Address, pace: ReadPace, slots: int) -> Iterator[MySQLServer]:
    """Open a connection while fewer than ``slots`` older connections of its user are open.

    They are counted on the server, so processes on other machines share the slots.
    """
    for _ in wait_for_retries():
        with open_server(address, pace) as server:
            older = _count_older_connections(server)
            if older < slots:
                yield server
                return
        _log.info("%s: waiting, %d connections of user '%s' are open", describe_address(address), older, address.user)
    raise UnavailableError(
        f"{describe_address(address)}: {older} connections of user '{address.user}' stay open; pace.connections is "
        f"{pace.connections}, one of which is kept for short questions"
    )


def _count_older_connections(server: MySQLServer) -> int:
    users = {process.connection: process.user for process in list_processes(server)}
    return sum(user == users[server.id] and int(each) < int(server.id) for each, user in users.items())
