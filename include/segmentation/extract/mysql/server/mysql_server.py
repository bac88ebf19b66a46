"""One connection to a MySQL or MariaDB server: read only, one short statement at a time, rows as raw text."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

import MySQLdb

from include.segmentation.common.sql_quoting import quote_string
from include.segmentation.connections import Address
from include.segmentation.errors import SegmentationError, SourceError, UnavailableError
from include.segmentation.extract.mysql.server.login import has_requested_encryption, log_in
from include.segmentation.extract.mysql.server.server_errors import ServerError, describe_address, explain_server_error
from include.segmentation.extract.mysql.server.watchdog import Watchdog
from include.segmentation.extract.retry_waits import wait_for_retries
from include.segmentation.profile.mysql_source import ReadPace

_log = logging.getLogger(__name__)

RawRow = tuple[bytes | None, ...]

_METADATA_LOCK_SECONDS = 30
_IDLE_SECONDS = 3600
"""The server must not hang up while a page is written or a pull waits for it to be less busy."""
_READ_MARGIN_SECONDS = 60
"""An answer may take so much longer than a statement before the connection counts as lost."""
_ROWS_AT_ONCE = 64
_COMPARED_BYTES = 60
"""A list of connections shows statements cut short."""


@dataclass(frozen=True)
class ServerVersion:
    """What a server is.

    Attributes:
        flavour: MariaDB numbers its versions on its own since 10.0; Percona and Aurora are numbered as MySQL.
        number: such as ``(5, 6, 24)``.
    """

    flavour: Literal["mysql", "mariadb"]
    number: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> "ServerVersion":
        """Read ``SELECT VERSION()``: ``5.6.24-log``, ``10.11.19-MariaDB-0+deb12u1``, ``8.0.mysql_aurora.3.04.0``.

        Raises:
            SourceError: it is no version that can be read from, 5.0 and newer.
        """
        flavour: Literal["mysql", "mariadb"] = "mariadb" if "mariadb" in text.lower() else "mysql"
        plain = text.removeprefix("5.5.5-") if flavour == "mariadb" else text  # a prefix for old replicas' sake
        found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", plain)
        number = tuple(int(part or 0) for part in found.groups()) if found else (0,)
        if number < (5, 0, 0):
            raise SourceError(f"VERSION() is {text!r}; allowed are MySQL and MariaDB from 5.0 on")
        return cls(flavour, number)

    def __str__(self) -> str:
        """Such as ``MySQL 5.6.24``."""
        return f"{'MariaDB' if self.flavour == 'mariadb' else 'MySQL'} {'.'.join(str(part) for part in self.number)}"

    def supports(self, mysql: tuple[int, ...] | None, mariadb: tuple[int, ...] | None) -> bool:
        """Whether this is at least the version of its flavour that something came with (None: it never came)."""
        since = mysql if self.flavour == "mysql" else mariadb
        return since is not None and self.number >= since

    @property
    def has_window_functions(self) -> bool:
        """Whether LAG and the like exist."""
        return self.supports((8, 0), (10, 2))

    @property
    def can_end_statements(self) -> bool:
        """Whether the server itself can end a statement that takes too long."""
        return self.supports((5, 7, 8), (10, 1, 1))

    def list_session_settings(self, statement_seconds: int) -> list[str]:
        """The statements that make a session ours, without those that this version does not know.

        Args:
            statement_seconds: a statement that runs for longer is ended, where the server can do that.
        """
        known = [
            ("SET time_zone = '+00:00'", True),
            # A quote is doubled and nothing else is special; a date such as 2025-02-30 can be compared with.
            ("SET sql_mode = 'NO_BACKSLASH_ESCAPES,ALLOW_INVALID_DATES'", True),
            (f"SET NAMES {'utf8mb4' if self.supports((5, 5, 3), (5, 5, 3)) else 'utf8'}", True),
            ("SET div_precision_increment = 4", True),  # what AVG and / add to the scale, whatever the server's own is
            (f"SET wait_timeout = {_IDLE_SECONDS}", True),
            # Whatever the server's own level is: nothing uncommitted is read, and a consistent snapshot can be opened.
            ("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", True),
            ("SET SESSION TRANSACTION READ ONLY", self.supports((5, 6, 5), (10, 0))),
            (f"SET lock_wait_timeout = {_METADATA_LOCK_SECONDS}", self.supports((5, 5, 3), (5, 5, 3))),
            (f"SET max_execution_time = {statement_seconds * 1000}", self.supports((5, 7, 8), None)),
            (f"SET max_statement_time = {statement_seconds}", self.supports(None, (10, 1, 1))),
        ]
        return [statement for statement, exists in known if exists]


class MySQLServer:
    """An open connection; every result is fetched whole before it is returned. Threads that share it take turns."""

    def __init__(self, address: Address, raw: Any, pace: ReadPace) -> None:
        """Wrap a raw connection and make its session ours."""
        self.address = address
        self.pace = pace
        self._raw = raw
        self._turn = Lock()
        self._watchdog: Watchdog | None = None
        self.version = ServerVersion.parse(self.fetch_value("SELECT VERSION()") or "")
        self.id = self.fetch_value("SELECT CONNECTION_ID()") or ""
        for statement in self.version.list_session_settings(pace.statement_seconds):
            self.fetch_rows(statement)
        if not self.version.can_end_statements:
            self._watchdog = Watchdog(pace.statement_seconds, self._end)

    def fetch_rows(self, sql: str) -> tuple[RawRow, ...]:
        """Run one statement.

        Returns:
            Its rows; every value is the server's text in UTF-8 (raw bytes for binary columns), or None.

        Raises:
            OverlongError: it took longer than the pace allows.
            UnavailableError: the server went away or asks to be left alone.
            SourceError: the server refuses the statement.
        """
        try:
            return self.execute(sql)
        except ServerError as error:
            raise self.explain_error(error) from None

    def read_rows(self, sql: str, take: Callable[[tuple[RawRow, ...]], bool]) -> bool:
        """Run one statement and hand its rows over as they come, some at a time.

        Args:
            sql: the statement.
            take: gets rows; says whether it wants more. Where it does not, the statement is ended on the server.

        Returns:
            Whether all rows were handed over.

        Raises:
            OverlongError, UnavailableError, SourceError: as for ``rows``.
        """
        try:
            return bool(self._run(sql, lambda result: self._hand_over(sql, result, take), stored=False))
        except ServerError as error:
            raise self.explain_error(error) from None

    def explain_error(self, error: ServerError) -> SegmentationError:
        """What a person should read about an error of this server."""
        return explain_server_error(self.address, error)

    def execute(self, sql: str) -> tuple[RawRow, ...]:
        """Run one statement whose refusal the caller understands.

        Raises:
            ServerError: whatever the server or the client library answers.
        """
        rows: tuple[RawRow, ...] = self._run(sql, lambda result: result.fetch_row(maxrows=0, how=0))
        return rows

    def describe_query(self, sql: str) -> list[tuple[Any, ...]]:
        """The columns of a SELECT, as the client library describes them: its seven fields and the column's flags.

        Raises:
            UnavailableError, SourceError: as for ``rows``.
        """
        try:
            described = self._run(sql, lambda result: list(zip(result.describe(), result.field_flags(), strict=True)))
        except ServerError as error:
            raise self.explain_error(error) from None
        return [(*fields, flags) for fields, flags in described]

    def fetch_value(self, sql: str) -> str | None:
        """The first value of the first row, as text."""
        first = self.fetch_rows(sql)[0][0]
        return None if first is None else first.decode()

    def read_status(self, name: str) -> str:
        """A variable of this session's SHOW STATUS; empty where missing."""
        return self._status("", name)

    def read_global_status(self, name: str) -> str:
        """A variable of the whole server's SHOW STATUS; empty where missing."""
        return self._status("GLOBAL ", name)

    def _status(self, scope: str, name: str) -> str:
        found = self.fetch_rows(f"SHOW {scope}STATUS LIKE {quote_string(name)}")
        return (found[0][1] or b"").decode() if found else ""

    def close(self) -> None:
        """Close the connection, once nobody uses it."""
        with self._turn:
            self._raw.close()

    def _run(self, sql: str, take: Any, stored: bool = True) -> Any:
        with self._turn, self._watched(sql):
            try:
                return self._answer(sql, take, stored)
            except MySQLdb.Error as error:
                refused = ServerError.from_driver(error)
            raise refused  # out here: the result that the caught error holds is freed before the turn ends

    def _answer(self, sql: str, take: Any, stored: bool) -> Any:
        self._raw.query(sql.encode())
        result = self._raw.store_result() if stored else self._raw.use_result()
        return take(result) if result is not None else ()

    @contextmanager
    def _watched(self, sql: str) -> Iterator[None]:
        if self._watchdog is None:
            yield
            return
        try:
            with self._watchdog.watch(sql):
                yield
        finally:
            if self._watchdog.has_ended:
                self._settle()

    def _hand_over(self, sql: str, result: Any, take: Callable[[tuple[RawRow, ...]], bool]) -> bool:
        while rows := result.fetch_row(maxrows=_ROWS_AT_ONCE, how=0):
            if not take(rows):
                self._end(sql)
                with suppress(MySQLdb.Error):  # that it was ended
                    while result.fetch_row(maxrows=1, how=0):
                        pass
                self._settle()
                return False
        return True

    def _end(self, sql: str) -> None:
        """End a statement of this connection by another one, if it is still that statement that runs."""
        try:
            with _opened(self.address, self.pace) as second:  # at once, even where all places are taken
                for connection, *_, running in _processes(second):
                    if connection == self.id and running.startswith(sql.encode()[:_COMPARED_BYTES]):
                        second.execute(f"KILL QUERY {self.id}")
        except (SegmentationError, ServerError) as error:
            _log.warning("%s: could not end a statement: %s", describe_address(self.address), error)

    def _settle(self) -> None:
        """Meet an ending that came when its statement had just ended: it hits the next one, which is this."""
        with suppress(MySQLdb.Error):
            self._raw.query(b"DO 0")
            self._raw.store_result()


@contextmanager
def connect_mysql(address: Address, pace: ReadPace) -> Iterator[MySQLServer]:
    """Open a connection, as one of those that its user may hold on the server at once, and close it at the end.

    One of these places is left free for ``beside``, so whoever is in does not wait for others to leave.

    Raises:
        UnavailableError: the server can not be reached, or its places stay taken.
        SourceError: the address is not a MySQL database's, or the server refuses the login or the database.
    """
    with _placed(address, pace, pace.connections - 1) as server:
        yield server


@contextmanager
def connect_beside(server: MySQLServer) -> Iterator[MySQLServer]:
    """Open a second connection for a moment.

    Raises:
        UnavailableError, SourceError: as for ``connected``.
    """
    with _placed(server.address, server.pace, server.pace.connections) as second:
        yield second


def decode_field(value: bytes | None) -> str:
    """A field of an answer as text; NULL is empty."""
    return "" if value is None else value.decode()


@contextmanager
def _placed(address: Address, pace: ReadPace, places: int) -> Iterator[MySQLServer]:
    """Hold a connection before which at most so many others of its user were opened.

    They are counted on the server, so whoever else uses it, on whatever machine, shares the places.
    """
    for _ in wait_for_retries():
        with _opened(address, pace) as server:
            older = _older_ones(server)
            if older < places:
                yield server
                return
        _log.info("%s: waiting, %d connections of user '%s' are open", describe_address(address), older, address.user)
    raise UnavailableError(
        f"{describe_address(address)}: {older} connections of user '{address.user}' stay open; pace.connections is "
        f"{pace.connections}, of which one is kept for short questions"
    )


@contextmanager
def _opened(address: Address, pace: ReadPace) -> Iterator[MySQLServer]:
    raw = log_in(address, pace.statement_seconds + _READ_MARGIN_SECONDS)
    try:
        server = MySQLServer(address, raw, pace)
    except BaseException:
        raw.close()
        raise
    try:
        if not has_requested_encryption(address, server.read_status("Ssl_cipher")):
            raise SourceError(f"{describe_address(address)}: ssl_mode asks for TLS, but the server offers none")
        yield server
    finally:
        server.close()


def _older_ones(server: MySQLServer) -> int:
    users = {connection: user for connection, user, _ in _processes(server)}
    return sum(user == users[server.id] and int(connection) < int(server.id) for connection, user in users.items())


def _processes(server: MySQLServer) -> list[tuple[str, bytes, bytes]]:
    """The connections that this user may see: id, user and running statement."""
    return [((row[0] or b"").decode(), row[1] or b"", row[7] or b"") for row in server.fetch_rows("SHOW PROCESSLIST")]
