"""How far a server's rows can be read safely: every change below the bound is committed and visible.

A transaction may write a row with an early cursor and commit it late; a watermark that has moved past it by then loses
it for ever. So the bound stays below the start of the oldest open transaction. It is read *before* the rows: a
transaction that ends between the two is then visible to the rows' own, later snapshot. A statement that waits for a
table (a backup has locked it, an ALTER is due) took its time when it came, but has no transaction yet: it counts too,
as does one that writes, for tables without transactions (MyISAM, MEMORY) are in no list. Once it has its table, only
the begin of its transaction is seen: that the time in a cursor is older than its transaction, the lag allows for.
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
"""An integer cursor's MAX at a moment: ``at``, ``max``, and ``whole_through``, the time before which all was begun."""

BY_TRANSACTIONS = "open transactions and lag"
BY_LAG = "lag only: innodb_trx is missing, not granted (PROCESS) or stale"

_SKEW_SECONDS = 60

_PAUSES = (0.12, 0.25, 0.5, 1, 2, 4)
"""Seconds between looks at a list that is not fresh yet: longer each time, as every look keeps it stale."""

_ROUNDING = timedelta(seconds=1)
"""The lists tell whole seconds, and a statement takes its time a moment before its transaction is begun."""
_OLDEST_STATEMENT = (
    "SELECT UTC_TIMESTAMP() - INTERVAL MAX(time) SECOND FROM information_schema.processlist "
    "WHERE command IN ('Query', 'Execute') AND (state LIKE 'Waiting%' OR state = 'Locked' "
    "OR info RLIKE '(^|[*]/)[^a-z]*(insert|replace|update|load|call|create)')"
)


@dataclass(frozen=True)
class SafeBound:
    """The safe end of a pull.

    Attributes:
        condition: SQL that holds for every row that may be read.
        limit: the cursor's value there, as SQL; None where nothing may be read.
        complete_through: the time that the extract is whole up to once the rows are read, UTC.
        how: what the bound rests on, in words.
        polls: what the next pull has to know about this one (integer cursors).
    """

    condition: str
    limit: str | None
    complete_through: datetime | None
    how: str
    polls: list[Poll] = field(default_factory=list)


@dataclass(frozen=True)
class _Clock:
    """The server's time, and what is still to come: since when the oldest statement and transaction are under way."""

    now: datetime
    statement: datetime | None
    transaction: datetime | None
    how: str

    @property
    def oldest(self) -> datetime | None:
        """Since when something is under way that may still write; None where nothing is."""
        return min([moment for moment in (self.statement, self.transaction) if moment], default=None)

    def written(self, lag: timedelta) -> datetime:
        """The time before which every cursor has been written: a transaction's may be older than itself by the lag."""
        known = [self.now if self.how == BY_TRANSACTIONS else self.now - lag]
        known += [self.statement] if self.statement else []
        known += [self.transaction - lag] if self.transaction else []
        return min(known)


def find_safe_time(server: MySQLServer, lag: timedelta) -> tuple[datetime, str]:
    """The time before which every change is seen by whoever reads from now on, and what that rests on."""
    clock = _clock(server)
    return clock.written(lag), clock.how


def find_time_bound(server: MySQLServer, cursor: MySQLColumn, lag: timedelta) -> SafeBound:
    """The bound of a cursor that tells the time: the lag before now and before the oldest open transaction."""
    clock = _clock(server)
    safe = min(clock.now - lag, clock.written(lag))
    if cursor.type == pa.date32():  # a day still fills up until it is over
        safe = safe.replace(hour=0, minute=0, second=0)
    limit = cursor.write_literal(f"{safe:%Y-%m-%d %H:%M:%S}")
    return SafeBound(f"{quote_mysql_identifier(cursor.name)} < {limit}", limit, safe, clock.how)


def find_integer_bound(
    server: MySQLServer, table: str, cursor: MySQLColumn, lag: timedelta, polls: list[Poll]
) -> SafeBound:
    """The bound of a cursor that only counts: the MAX of a poll that is older than every open transaction.

    Numbers are given out in order, so whoever holds a number up to that MAX had begun before the poll. Without sight
    of the transactions a poll counts as safe once it is older than the lag, which is weaker. ``polls`` is what earlier
    pulls have left, oldest first.
    """
    highest = server.fetch_value(
        f"SELECT MAX({quote_mysql_identifier(cursor.name)}) FROM {quote_mysql_identifier(table)}"
    )
    clock = _clock(server)  # after MAX: a transaction that is open then is listed now, or ended and visible
    polls = [*polls, {"at": clock.now.isoformat(), "max": highest, "whole_through": clock.written(lag).isoformat()}]
    before = clock.oldest if clock.how == BY_TRANSACTIONS else clock.now - lag
    safe = [poll for poll in polls if before is None or datetime.fromisoformat(poll["at"]) < before]
    if not safe:
        return SafeBound("1 = 0", None, None, clock.how, polls)
    newest, through = safe[-1]["max"], datetime.fromisoformat(safe[-1]["whole_through"])
    waiting = polls[polls.index(safe[-1]) + 1 :]
    if newest is None:  # the table was empty
        return SafeBound("1 = 0", None, through, clock.how, waiting)
    return SafeBound(f"{quote_mysql_identifier(cursor.name)} <= {newest}", newest, through, clock.how, waiting)


def _clock(server: MySQLServer) -> _Clock:
    now = _moment(server.fetch_value("SELECT UTC_TIMESTAMP()"))
    _warn_of_skew(server, now)
    feed = find_feed(server)
    if feed:
        return _Clock(now - feed.behind, None, None, feed.how)
    if not server.version.supports(
        (5, 1, 7), (5, 1, 7)
    ):  # neither list is there; that of transactions came later still
        return _Clock(now, None, None, BY_LAG)
    with connect_beside(server) as watcher:  # its id is new: whatever list shows it was made after now
        try:
            watcher.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            # trx_started is in the system's time zone on some versions, in the session's on others: make them equal.
            watcher.execute("SET time_zone = 'SYSTEM'")
            statement = watcher.execute(_OLDEST_STATEMENT)[0][0]  # before the transactions: it may begin one in between
            for pause in _PAUSES:
                transaction, is_fresh = watcher.execute(_oldest_transaction(server))[0]
                if is_fresh == b"1":
                    return _Clock(now, _begun(statement), _begun(transaction), BY_TRANSACTIONS)
                sleep(pause)
        except ServerError as error:
            if error.code != ACCESS_DENIED and error.code not in UNKNOWN_TABLES:
                raise server.explain_error(error) from None
    return _Clock(now, None, None, BY_LAG)


def _warn_of_skew(server: MySQLServer, now: datetime) -> None:
    """Only the server's clock tells what can be read; as_of, which waits for it, is told by ours."""
    ahead = (now - datetime.now(UTC)).total_seconds()
    if abs(ahead) > _SKEW_SECONDS:
        _log.warning(
            "%s: its clock is %.0f s %s ours; what it gives is complete by its own clock",
            describe_address(server.address),
            abs(ahead),
            "ahead of" if ahead > 0 else "behind",
        )


def _oldest_transaction(server: MySQLServer) -> str:
    """When the oldest transaction began that may still write, and whether the list is fresh.

    InnoDB serves a list that somebody has read within the last 0.1 s again as it was. It is fresh where it shows the
    transaction that the watcher has just opened, the first of its connection.
    """
    others = "trx_mysql_thread_id <> CONNECTION_ID()"
    if server.version.supports((5, 6, 4), (10, 0)):
        others += " AND trx_is_read_only = 0"
    age = f"TIMESTAMPDIFF(SECOND, MIN(CASE WHEN {others} THEN trx_started END), NOW())"
    return (
        f"SELECT UTC_TIMESTAMP() - INTERVAL GREATEST(0, {age}) SECOND, SUM(trx_mysql_thread_id = CONNECTION_ID()) "
        "FROM information_schema.innodb_trx"
    )


def _begun(listed: bytes | None) -> datetime | None:
    return _moment(listed.decode()) - _ROUNDING if listed else None


def _moment(text: str | None) -> datetime:
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
