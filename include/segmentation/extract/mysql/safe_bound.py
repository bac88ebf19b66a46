"""The bound of a pull: every change below it is committed and visible.

A transaction may write a row with an early cursor and commit it late. If the position has moved past the row by then,
the row is lost. So the bound stays below the start of the oldest open transaction. It is read *before* the rows: if a
transaction ends between the two reads, the later snapshot of the rows shows it.

Two kinds of statements have no transaction in the list, so they count by themselves. A statement that waits for a table
(locked by a backup, or due for an ALTER) took its time when it started. A statement may write to a table without
transactions (MyISAM, MEMORY). After the wait only the start of the transaction is visible; the lag covers the time
between a row's cursor and the start of its transaction.
"""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn
from include.segmentation.extract.mysql.server.connection_slots import connect_beside
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.server.replication import find_feed
from include.segmentation.extract.mysql.server.server_errors import (
    ACCESS_DENIED,
    UNKNOWN_TABLES,
    ServerError,
    describe_address,
)

_log = logging.getLogger(__name__)

Poll = dict[str, Any]
"""The MAX of an integer cursor: ``at`` which time, ``max``, and ``whole_through``: the time of complete rows."""

BY_TRANSACTIONS = "open transactions and lag"
BY_LAG = "lag only: innodb_trx is missing, not granted (PROCESS) or stale"

_SKEW_SECONDS = 60

_PAUSES = (0.12, 0.25, 0.5, 1, 2, 4)
"""Seconds between reads of a list that is not fresh yet. They grow, as every read keeps the list stale."""

_ROUNDING = timedelta(seconds=1)
"""The lists show whole seconds, and a statement takes its time just before its transaction starts."""
_OLDEST_STATEMENT = (
    "SELECT UTC_TIMESTAMP() - INTERVAL MAX(time) SECOND FROM information_schema.processlist "
    "WHERE command IN ('Query', 'Execute') AND (state LIKE 'Waiting%' OR state = 'Locked' "
    "OR info RLIKE '(^|[*]/)[^a-z]*(insert|replace|update|load|call|create)')"
)


@dataclass(frozen=True)
class SafeBound:
    """The safe end of a pull.

    Attributes:
        condition: SQL that is true for the rows that may be read.
        limit: the cursor's value there, as SQL; None if nothing may be read.
        complete_through: the time up to which the extract is complete once the rows are read, UTC.
        how: what the bound relies on, in words.
        polls: for the next pull of an integer cursor.
    """

    condition: str
    limit: str | None
    complete_through: datetime | None
    how: str
    polls: list[Poll] = field(default_factory=list)


@dataclass(frozen=True)
class _ServerClock:
    """The server's time, and the start of the oldest statement and transaction that may still write."""

    now: datetime
    statement: datetime | None
    transaction: datetime | None
    how: str

    @property
    def oldest(self) -> datetime | None:
        """The start of the oldest of the two; None if nothing is open."""
        return min([start for start in (self.statement, self.transaction) if start], default=None)

    def find_complete_time(self, lag: timedelta) -> datetime:
        """Find the time before which all cursors are written; one may be older than its transaction by the lag."""
        limits = [self.now if self.how == BY_TRANSACTIONS else self.now - lag]
        limits += [self.statement] if self.statement else []
        limits += [self.transaction - lag] if self.transaction else []
        return min(limits)


def find_safe_time(server: MySQLServer, lag: timedelta) -> tuple[datetime, str]:
    """Find the time before which a read from now on sees every change, and what that relies on."""
    clock = _read_clock(server)
    return clock.find_complete_time(lag), clock.how


def find_time_bound(server: MySQLServer, cursor: MySQLColumn, lag: timedelta) -> SafeBound:
    """Find the bound of a time cursor: the lag before now and before the oldest open transaction."""
    clock = _read_clock(server)
    safe = min(clock.now - lag, clock.find_complete_time(lag))
    if cursor.type == pa.date32():  # rows of a day may come until it is over
        safe = safe.replace(hour=0, minute=0, second=0)
    limit = cursor.write_literal(f"{safe:%Y-%m-%d %H:%M:%S}")
    return SafeBound(f"{quote_mysql_identifier(cursor.name)} < {limit}", limit, safe, clock.how)


def find_integer_bound(
    server: MySQLServer, table: str, cursor: MySQLColumn, lag: timedelta, polls: list[Poll]
) -> SafeBound:
    """Find the bound of an integer cursor: the MAX of a poll that is older than every open transaction.

    Numbers are assigned in order, so every transaction with a number up to that MAX started before the poll. If
    transactions are not visible, a poll counts as safe once it is older than the lag, which is weaker.

    Args:
        server: the server.
        table: the table of the cursor.
        cursor: the integer column.
        lag: the lag of the extract.
        polls: those of earlier pulls, oldest first.
    """
    highest = server.fetch_value(
        f"SELECT MAX({quote_mysql_identifier(cursor.name)}) FROM {quote_mysql_identifier(table)}"
    )
    clock = _read_clock(server)  # after MAX: a transaction that was open then is listed now, or visible
    polls = [
        *polls,
        {"at": clock.now.isoformat(), "max": highest, "whole_through": clock.find_complete_time(lag).isoformat()},
    ]
    before = clock.oldest if clock.how == BY_TRANSACTIONS else clock.now - lag
    safe = [poll for poll in polls if before is None or datetime.fromisoformat(poll["at"]) < before]
    if not safe:
        return SafeBound("1 = 0", None, None, clock.how, polls)
    newest, through = safe[-1]["max"], datetime.fromisoformat(safe[-1]["whole_through"])
    waiting = polls[polls.index(safe[-1]) + 1 :]
    if newest is None:  # the table was empty
        return SafeBound("1 = 0", None, through, clock.how, waiting)
    return SafeBound(f"{quote_mysql_identifier(cursor.name)} <= {newest}", newest, through, clock.how, waiting)


def _read_clock(server: MySQLServer) -> _ServerClock:
    now = _parse_time(server.fetch_value("SELECT UTC_TIMESTAMP()"))
    _warn_of_skew(server, now)
    feed = find_feed(server)
    if feed:
        return _ServerClock(now - feed.behind, None, None, feed.how)
    if not server.version.is_at_least((5, 1, 7), (5, 1, 7)):  # older servers have neither list
        return _ServerClock(now, None, None, BY_LAG)
    with connect_beside(server) as watcher:  # a list that shows its new id was made after now
        try:
            watcher.execute_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            # trx_started is in the system's time zone on some versions and in the session's on others: make them equal.
            watcher.execute_sql("SET time_zone = 'SYSTEM'")
            statement = watcher.execute_sql(_OLDEST_STATEMENT)[0][0]  # first: it may start a transaction in between
            for pause in _PAUSES:
                transaction, is_fresh = watcher.execute_sql(_write_oldest_transaction_sql(server))[0]
                if is_fresh == b"1":
                    return _ServerClock(now, _parse_start(statement), _parse_start(transaction), BY_TRANSACTIONS)
                sleep(pause)
        except ServerError as error:
            if error.code != ACCESS_DENIED and error.code not in UNKNOWN_TABLES:
                raise server.explain_error(error) from None
    return _ServerClock(now, None, None, BY_LAG)


def _warn_of_skew(server: MySQLServer, now: datetime) -> None:
    """Warn if the server's clock, which decides what can be read, differs from ours, which decides as_of."""
    ahead = (now - datetime.now(UTC)).total_seconds()
    if abs(ahead) > _SKEW_SECONDS:
        _log.warning(
            "%s: its clock is %.0f s %s ours; what it gives is complete by its own clock",
            describe_address(server.address),
            abs(ahead),
            "ahead of" if ahead > 0 else "behind",
        )


def _write_oldest_transaction_sql(server: MySQLServer) -> str:
    """Write the SQL for the start of the oldest transaction that may still write, and whether the list is fresh.

    InnoDB caches the list while it is read every 0.1 s. The list is fresh if it shows the transaction that the watcher
    has just opened, the first one of its connection.
    """
    others = "trx_mysql_thread_id <> CONNECTION_ID()"
    if server.version.is_at_least((5, 6, 4), (10, 0)):
        others += " AND trx_is_read_only = 0"
    age = f"TIMESTAMPDIFF(SECOND, MIN(CASE WHEN {others} THEN trx_started END), NOW())"
    return (
        f"SELECT UTC_TIMESTAMP() - INTERVAL GREATEST(0, {age}) SECOND, SUM(trx_mysql_thread_id = CONNECTION_ID()) "
        "FROM information_schema.innodb_trx"
    )


def _parse_start(listed: bytes | None) -> datetime | None:
    return _parse_time(listed.decode()) - _ROUNDING if listed else None


def _parse_time(text: str | None) -> datetime:
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
