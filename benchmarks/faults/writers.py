"""Writers: threads that change the tables at random and commit immediately or late."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread
from typing import Any

import MySQLdb
from MySQLdb.constants import CLIENT

from benchmarks.faults.tables import ScheduleTable
from demo.servers import PASSWORD, Server

_SESSION = "SET time_zone = '+00:00', sql_mode = '', innodb_lock_wait_timeout = 2, lock_wait_timeout = 10"


def connect_writer(server: Server, database: str = "", **more: Any) -> Any:
    """Connect a writer: UTC and an empty sql_mode, so that zero dates are possible."""
    login = {"host": "127.0.0.1", "port": server.port, "user": server.user, "password": PASSWORD}
    options = {"charset": "utf8mb4", "autocommit": True, "connect_timeout": 5, "init_command": _SESSION}
    return MySQLdb.connect(**login, **options, database=database, client_flag=CLIENT.FOUND_ROWS, **more)


@dataclass
class Transaction:
    """Start and end of a late transaction (monotonic seconds), and the tables it changed."""

    start: float
    end: float
    tables: set[str]


@dataclass
class Writers:
    """All writers of a schedule.

    Attributes:
        change_counts: how often each change was made.
        late: the transactions that committed after a delay.
    """

    server: Server
    database: str
    tables: list[ScheduleTable]
    seed: str
    change_counts: Counter[str] = field(default_factory=Counter)
    late: list[Transaction] = field(default_factory=list)
    _stop: Event = field(default_factory=Event)

    @contextmanager
    def run_writers(self, at_once: int, late: int) -> Iterator[None]:
        """Run this many writers of each kind; at the end they finish their transactions and stop."""
        roles = [self._write_at_once] * at_once + [self._write_late] * late
        threads = [
            Thread(target=self._write, args=(role, Random(f"{self.seed}/writer {n}")), name=f"writer {n}")
            for n, role in enumerate(roles)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _write(self, role: Any, rng: Random) -> None:
        """Write until the stop event; retry after errors (a stopped server, a lock timeout)."""
        connection = None
        while not self._stop.is_set():
            try:
                connection = connection or connect_writer(self.server, self.database)
                role(connection, rng)
            except MySQLdb.Error:
                self.change_counts["failed"] += 1
                if connection is not None:
                    connection.close()
                connection = None
                self._stop.wait(0.05)
        if connection is not None:
            connection.close()

    def _write_at_once(self, connection: Any, rng: Random) -> None:
        table = rng.choice(self.tables)
        self.change_counts[table.change_rows(connection.cursor(), rng)] += 1
        self._stop.wait(rng.uniform(0.01, 0.12))

    def _write_late(self, connection: Any, rng: Random) -> None:
        cursor = connection.cursor()
        cursor.execute("SET lock_wait_timeout = 1")  # the lag does not cover longer waits before the transaction
        start = time.monotonic()
        cursor.execute("START TRANSACTION")
        tables = rng.sample(self.tables, rng.randint(1, min(2, len(self.tables))))
        for table in tables:
            self.change_counts[f"{table.change_rows(cursor, rng)} late"] += 1
            self._stop.wait(rng.uniform(0, 0.2))
        self._stop.wait(rng.choice([0.1, 0.6, 1.5, 3.0]))
        if rng.random() < 0.15:
            connection.rollback()
            self.change_counts["rollback"] += 1
        else:
            connection.commit()
            self.late.append(Transaction(start, time.monotonic(), {table.name for table in tables}))
        self._stop.wait(rng.uniform(0.02, 0.4))
