"""One connection to a MySQL or MariaDB server: read only, one short statement at a time, rows as raw text."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import MySQLdb

from include.segmentation.connections import Address
from include.segmentation.errors import SegmentationError, SourceError, UnavailableError
from include.segmentation.sources import Pace

RawRow = tuple[bytes | None, ...]

STATEMENT_LIMIT = timedelta(minutes=10)
"""No statement of ours may keep a server busy for longer, where the server can enforce it."""
_CONNECT_SECONDS = 10
_READ_SECONDS = 900
_METADATA_LOCK_SECONDS = 30
# Too many connections, shutting down, lock wait, killed, timed out, not reachable, gone away, lost, cut off.
_TRY_LATER = {1040, 1053, 1203, 1205, 1213, 1317, 1927, 1969, 2002, 2003, 2005, 2006, 2013, 2026, 2055, 3024}
ACCESS_DENIED, UNKNOWN_TABLES = 1227, (1109, 1146)


@dataclass(frozen=True)
class Version:
    """What a server is.

    Attributes:
        flavour: MariaDB numbers its versions on its own since 10.0.
        number: such as ``(5, 6, 24)``.
    """

    flavour: Literal["mysql", "mariadb"]
    number: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read ``SELECT VERSION()``: ``5.6.24-log`` or ``10.11.19-MariaDB-0+deb12u1``."""
        flavour: Literal["mysql", "mariadb"] = "mariadb" if "mariadb" in text.lower() else "mysql"
        found = re.match(r"(\d+)\.(\d+)\.(\d+)", text.removeprefix("5.5.5-"))  # a prefix for old replicas' sake
        if not found:
            raise SourceError(f"VERSION() is {text!r}; expected a number such as 5.6.24")
        return cls(flavour, tuple(int(part) for part in found.groups()))

    def has(self, mysql: tuple[int, ...] | None, mariadb: tuple[int, ...] | None) -> bool:
        """Whether this is at least the version of its flavour that something came with (None: it never came)."""
        since = mysql if self.flavour == "mysql" else mariadb
        return since is not None and self.number >= since

    @property
    def has_window_functions(self) -> bool:
        """Whether LAG and the like exist."""
        return self.has((8, 0), (10, 2))

    def session_settings(self) -> list[str]:
        """The statements that make a session ours, without those that this version does not know."""
        limit = int(STATEMENT_LIMIT.total_seconds())
        known = [
            ("SET time_zone = '+00:00'", True),
            ("SET sql_mode = 'NO_BACKSLASH_ESCAPES'", True),  # a quote is doubled, and nothing else is special
            (f"SET NAMES {'utf8mb4' if self.has((5, 5, 3), (5, 5, 3)) else 'utf8'}", True),
            ("SET SESSION TRANSACTION READ ONLY", self.has((5, 6, 5), (10, 0))),
            (f"SET lock_wait_timeout = {_METADATA_LOCK_SECONDS}", self.has((5, 5, 3), (5, 5, 3))),
            (f"SET max_execution_time = {limit * 1000}", self.has((5, 7, 8), None)),
            (f"SET max_statement_time = {limit}", self.has(None, (10, 1, 1))),
        ]
        return [statement for statement, exists in known if exists]


class ServerError(Exception):
    """An error that the server answered with, for a caller that can go on without the answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class MySQL:
    """An open connection; every result is fetched whole before it is returned."""

    def __init__(self, address: Address, raw: Any, pace: Pace) -> None:
        """Wrap a raw connection and make its session ours."""
        self.address = address
        self.pace = pace
        self._raw = raw
        self.version = Version.parse(self.value("SELECT VERSION()") or "")
        for statement in self.version.session_settings():
            self.rows(statement)

    def rows(self, sql: str) -> tuple[RawRow, ...]:
        """Run one statement.

        Returns:
            Its rows; every value is the server's text in UTF-8 (raw bytes for binary columns), or None.

        Raises:
            UnavailableError: the server went away or asks to be left alone.
            SourceError: the server refuses the statement.
        """
        try:
            return self.ask(sql)
        except ServerError as error:
            raise self.refused(error) from None

    def refused(self, error: ServerError) -> SegmentationError:
        """What a person should read about an error of this server."""
        return _translated(self.address, error.code, str(error))

    def ask(self, sql: str) -> tuple[RawRow, ...]:
        """Run one statement whose refusal the caller understands.

        Raises:
            ServerError: whatever the server or the client library answers.
        """
        rows: tuple[RawRow, ...] = self._run(sql, lambda result: result.fetch_row(maxrows=0, how=0))
        return rows

    def describe(self, sql: str) -> list[tuple[Any, ...]]:
        """The columns of a SELECT, as the client library describes them: its seven fields and the column's flags.

        Raises:
            UnavailableError, SourceError: as for ``rows``.
        """
        try:
            described = self._run(sql, lambda result: list(zip(result.describe(), result.field_flags(), strict=True)))
        except ServerError as error:
            raise self.refused(error) from None
        return [(*fields, flags) for fields, flags in described]

    def value(self, sql: str) -> str | None:
        """The first value of the first row, as text."""
        first = self.rows(sql)[0][0]
        return None if first is None else first.decode()

    def _run(self, sql: str, take: Any) -> Any:
        try:
            self._raw.query(sql.encode())
            result = self._raw.store_result()
            return take(result) if result is not None else ()
        except MySQLdb.Error as error:
            raise ServerError(*_code_and_message(error)) from None


@contextmanager
def connected(address: Address, pace: Pace) -> Iterator[MySQL]:
    """Open a connection and close it at the end.

    Raises:
        UnavailableError: the server can not be reached.
        SourceError: the address is not a MySQL database's, or the server refuses the login or the database.
    """
    if address.kind not in ("mysql", "mariadb"):
        raise SourceError(f"connection '{address.id}' is of type '{address.kind}'; allowed are mysql and mariadb")
    if not address.database:
        raise SourceError(f"connection '{address.id}' names no database (its 'schema', the path of its URI)")
    try:
        raw = MySQLdb.connect(
            host=address.host,
            port=address.port or 3306,
            user=address.user,
            password=address.password,
            database=address.database,
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            autocommit=True,
            conv={},
            use_unicode=False,
            multi_statements=False,
            **{key: address.extra[key] for key in ("ssl", "ssl_mode", "unix_socket") if key in address.extra},
        )
    except MySQLdb.Error as error:
        raise _translated(address, *_code_and_message(error)) from None
    except (TypeError, ValueError) as error:  # of the client library: an option or a character that it can not take
        raise SourceError(f"connection '{address.id}' can not be used: {error}") from None
    try:
        yield MySQL(address, raw, pace)
    finally:
        raw.close()


def identifier(name: str) -> str:
    """A quoted name of a table or column."""
    return "`" + name.replace("`", "``") + "`"


def quoted(value: str) -> str:
    """A quoted text, under the session's NO_BACKSLASH_ESCAPES."""
    return "'" + value.replace("'", "''") + "'"


def _code_and_message(error: Exception) -> tuple[int, str]:
    if len(error.args) >= 2 and isinstance(error.args[0], int):
        return error.args[0], " ".join(str(error.args[1]).split())
    return 0, " ".join(str(error).split())


def _translated(address: Address, code: int, message: str) -> SegmentationError:
    kind = UnavailableError if code in _TRY_LATER else SourceError
    where = f"{address.host}:{address.port or 3306}/{address.database}"
    return kind(f"connection '{address.id}' (mysql {where}): {message} ({code})")
