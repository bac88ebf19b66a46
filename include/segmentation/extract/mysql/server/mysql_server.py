"""One read-only connection to a MySQL or MariaDB server. Rows are raw text."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any, NamedTuple

import MySQLdb

from include.segmentation.common.sql_quoting import quote_string
from include.segmentation.connections import Address
from include.segmentation.errors import SegmentationError, SourceError
from include.segmentation.extract.mysql.server.login import has_requested_encryption, log_in
from include.segmentation.extract.mysql.server.server_errors import ServerError, describe_address, explain_server_error
from include.segmentation.extract.mysql.server.server_version import ServerVersion
from include.segmentation.extract.mysql.server.watchdog import Watchdog
from include.segmentation.profile.mysql_source import ReadPace

_log = logging.getLogger(__name__)

RawRow = tuple[bytes | None, ...]

_READ_MARGIN_SECONDS = 60
"""Added to the longest statement: after that without an answer the connection counts as lost."""
_ROWS_AT_ONCE = 64
_COMPARED_BYTES = 60
"""SHOW PROCESSLIST cuts statements short."""


class ServerProcess(NamedTuple):
    """One connection in SHOW PROCESSLIST: its id, user and running statement, which may be cut short."""

    connection: str
    user: bytes
    statement: bytes


class MySQLServer:
    """An open connection. Threads that share it take turns."""

    def __init__(self, address: Address, raw: Any, pace: ReadPace) -> None:
        """Wrap a raw connection and set up its session."""
        self.address = address
        self.pace = pace
        self._raw = raw
        self._turn = Lock()
        self._watchdog: Watchdog | None = None
        self.version = ServerVersion.parse_version(self.fetch_value("SELECT VERSION()") or "")
        self.id = self.fetch_value("SELECT CONNECTION_ID()") or ""
        for statement in self.version.list_session_settings(pace.statement_seconds):
            self.fetch_rows(statement)
        if not self.version.has_statement_timeout:
            self._watchdog = Watchdog(pace.statement_seconds, self._end_statement)

    def fetch_rows(self, sql: str) -> tuple[RawRow, ...]:
        """Run one statement.

        Returns:
            All its rows. A value is the server's text in UTF-8 (raw bytes for binary columns), or None.

        Raises:
            OverlongError: it took longer than the pace allows.
            UnavailableError: the server is gone or shutting down.
            SourceError: the server refuses the statement.
        """
        try:
            return self.execute_sql(sql)
        except ServerError as error:
            raise self.explain_error(error) from None

    def read_rows(self, sql: str, take: Callable[[tuple[RawRow, ...]], bool]) -> bool:
        """Run one statement and pass on its rows as they come, a few at a time.

        Args:
            sql: the statement.
            take: gets rows and returns whether it wants more. If not, the statement is ended on the server.

        Returns:
            Whether all rows were passed on.

        Raises:
            OverlongError, UnavailableError, SourceError: as for ``fetch_rows``.
        """
        try:
            return bool(self._run_statement(sql, lambda result: self._pass_on(sql, result, take), stored=False))
        except ServerError as error:
            raise self.explain_error(error) from None

    def explain_error(self, error: ServerError) -> SegmentationError:
        """Turn an error of this server into one that a person can act on."""
        return explain_server_error(self.address, error)

    def execute_sql(self, sql: str) -> tuple[RawRow, ...]:
        """Run one statement for a caller that deals with errors of the server itself.

        Raises:
            ServerError: the error of the server or the client library.
        """
        rows: tuple[RawRow, ...] = self._run_statement(sql, lambda result: result.fetch_row(maxrows=0, how=0))
        return rows

    def describe_query(self, sql: str) -> list[tuple[Any, ...]]:
        """Describe the columns of a SELECT: the client library's seven fields and the column's flags.

        Raises:
            UnavailableError, SourceError: as for ``fetch_rows``.
        """
        try:
            described = self._run_statement(
                sql, lambda result: list(zip(result.describe(), result.field_flags(), strict=True))
            )
        except ServerError as error:
            raise self.explain_error(error) from None
        return [(*fields, flags) for fields, flags in described]

    def fetch_value(self, sql: str) -> str | None:
        """Run one statement and return the first value of its first row, as text."""
        first = self.fetch_rows(sql)[0][0]
        return None if first is None else first.decode()

    def read_status(self, name: str) -> str:
        """Read a variable of this session's SHOW STATUS; empty if missing."""
        return self._read_status("", name)

    def read_global_status(self, name: str) -> str:
        """Read a variable of the whole server's SHOW STATUS; empty if missing."""
        return self._read_status("GLOBAL ", name)

    def _read_status(self, scope: str, name: str) -> str:
        rows = self.fetch_rows(f"SHOW {scope}STATUS LIKE {quote_string(name)}")
        return decode_field(rows[0][1]) if rows else ""

    def close_connection(self) -> None:
        """Close the connection once no thread uses it."""
        with self._turn:
            self._raw.close()

    def _run_statement(self, sql: str, take: Any, stored: bool = True) -> Any:
        with self._turn, self._watch_statement(sql):
            try:
                return self._query_raw(sql, take, stored)
            except MySQLdb.Error as error:
                refusal = ServerError.from_driver(error)
            raise refusal  # not inside except: the driver's error keeps the result alive, which must be freed first

    def _query_raw(self, sql: str, take: Any, stored: bool) -> Any:
        self._raw.query(sql.encode())
        result = self._raw.store_result() if stored else self._raw.use_result()
        return take(result) if result is not None else ()

    @contextmanager
    def _watch_statement(self, sql: str) -> Iterator[None]:
        if self._watchdog is None:
            yield
            return
        try:
            with self._watchdog.watch_statement(sql):
                yield
        finally:
            if self._watchdog.has_ended:
                self._absorb_late_kill()

    def _pass_on(self, sql: str, result: Any, take: Callable[[tuple[RawRow, ...]], bool]) -> bool:
        while rows := result.fetch_row(maxrows=_ROWS_AT_ONCE, how=0):
            if not take(rows):
                self._end_statement(sql)
                with suppress(MySQLdb.Error):  # the statement was ended
                    while result.fetch_row(maxrows=1, how=0):
                        pass
                self._absorb_late_kill()
                return False
        return True

    def _end_statement(self, sql: str) -> None:
        """End a statement of this connection, if it still runs, from a second connection."""
        try:
            with open_server(self.address, self.pace) as second:  # even if all slots are taken
                for connection, _, statement in list_processes(second):
                    if connection == self.id and statement.startswith(sql.encode()[:_COMPARED_BYTES]):
                        second.execute_sql(f"KILL QUERY {self.id}")
        except (SegmentationError, ServerError) as error:
            _log.warning("%s: could not end a statement: %s", describe_address(self.address), error)

    def _absorb_late_kill(self) -> None:
        """Run an empty statement: a KILL that came just after its statement had ended hits this one."""
        with suppress(MySQLdb.Error):
            self._raw.query(b"DO 0")
            self._raw.store_result()


@contextmanager
def open_server(address: Address, pace: ReadPace) -> Iterator[MySQLServer]:
    """Open a connection at once, however many are open, and close it at the end.

    Raises:
        UnavailableError: the server cannot be reached.
        SourceError: the address is no MySQL database, or the server refuses the login, the database or TLS.
    """
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
        server.close_connection()


def list_processes(server: MySQLServer) -> list[ServerProcess]:
    """List the connections that the server's user may see."""
    return [
        ServerProcess(decode_field(row[0]), row[1] or b"", row[7] or b"")
        for row in server.fetch_rows("SHOW PROCESSLIST")
    ]


def decode_field(value: bytes | None) -> str:
    """Decode a field of a result; NULL becomes the empty text."""
    return "" if value is None else value.decode()
