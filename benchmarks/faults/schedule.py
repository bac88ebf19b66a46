"""One schedule: a random program of writers, an extractor and faults from a seed, and its outcome."""

import multiprocessing
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import MySQLdb
import yaml

from benchmarks.faults import child
from benchmarks.faults.child import COMMITTING, FETCHING, PAGES, TABLE, TIDIED, Report, Spec
from benchmarks.faults.tables import LARGE, SORTS, ScheduleTable
from benchmarks.faults.verdict import compare_table, find_broken_claims
from benchmarks.faults.writers import Writers, connect_writer
from demo.servers import PASSWORD, Server

NET_WRITE_TIMEOUT = 1
_READER, _BLIND = "faults", "faults_blind"
_LARGE_ROWS = 10
"""Rows per page for pages that exceed every buffer between server and reader."""
_LEAST_SECONDS = 4.0
"""The minimum duration of a schedule; it must be longer than late transactions."""
_SOON = 3.0
"""The maximum seconds to wait for the right moment of a fault."""
_SPAWN = multiprocessing.get_context("forkserver")
_SPAWN.set_forkserver_preload([child.__name__])


@dataclass
class Outcome:
    """The outcome of a schedule.

    Attributes:
        failures: descriptions of errors; empty if the schedule succeeded.
        fired: how often each kind of fault happened.
        change_counts: how often each kind of change was made.
        rows: rows in the source at the end.
    """

    server: str
    seed: int
    failures: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    change_counts: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    pulls: int = 0
    seconds: float = 0.0


class Extractor:
    """The extractor's process and its reports."""

    def __init__(self, spec: Spec) -> None:
        """Start the process."""
        self.counters = _SPAWN.RawArray("i", 5)
        self.reports: list[Report] = []
        ours, theirs = _SPAWN.Pipe(duplex=False)
        self.process: BaseProcess = _SPAWN.Process(target=child.main, args=(spec, self.counters, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self._listener = Thread(target=self._listen, args=(ours,), name="listener")
        self._listener.start()

    def _listen(self, pipe: Connection) -> None:
        with pipe, suppress(EOFError, OSError):
            while True:
                self.reports.append(pipe.recv())

    @property
    def is_paging(self) -> bool:
        """Whether it is fetching or committing a page."""
        return bool(self.counters[FETCHING] or self.counters[COMMITTING])

    def wait_for_report(self, moment: Callable[[Any], bool], seconds: float = _SOON) -> bool:
        """Wait until ``moment`` is true for the counters; return False after ``seconds``."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.is_alive():
            if moment(self.counters):
                return True
            time.sleep(0.0003)
        return False

    def send_signal(self, number: int) -> None:
        """Send a signal to the process."""
        os.kill(int(self.process.pid or 0), number)

    def join_process(self) -> list[Report]:
        """Wait until the process ends and return all reports."""
        self.process.join()
        self._listener.join()
        return self.reports


class Schedule:
    """A running schedule: its tables, writers and extractor, with the faults as methods."""

    def __init__(
        self, server: Server, seed: int, folder: Path, names: list[str] | None, lag: int | None, reader: str
    ) -> None:
        """Draw the program from the seed and create the database."""
        self.server, self.outcome, self.folder = server, Outcome(server.name, seed), folder
        self.fired = self.outcome.fired
        self.rng = Random(seed)
        chosen = [sort for sort in SORTS if sort.name in names] if names else self.rng.sample(SORTS, 4)
        self.tables = [ScheduleTable(sort, self.rng.choice([1, 1, 2]) if lag is None else lag) for sort in chosen]
        self.database = f"faults_{seed}"
        self.reports: list[Report] = []
        self._create()
        self.writers = Writers(server, self.database, self.tables, str(seed))
        self.spec = Spec(
            profiles=self._profile(),
            lake=folder / "lake",
            uri=f"mysql://{reader}:{PASSWORD}@127.0.0.1:{server.port}/{self.database}",
            tables=[table.name for table in self.tables],
            seed=str(seed),
            page_rows=_LARGE_ROWS if LARGE in [table.name for table in self.tables] else self.rng.randint(3, 20),
        )
        self.extractor: Extractor
        self.settled: float

    def run_faults(self, faults: list[str]) -> Outcome:
        """Run the writers, the extractor and the faults; then compare."""
        self.extractor = Extractor(self.spec)
        start = time.monotonic()
        with self.writers.run_writers(at_once=2, late=2):
            for fault in faults:
                time.sleep(self.rng.uniform(0.1, 0.6))
                _FAULTS[fault](self)
            time.sleep(max(self.rng.uniform(0.2, 1.0), start + _LEAST_SECONDS - time.monotonic()))
            self.extractor.wait_for_report(lambda _: len(self.reports + self.extractor.reports) > 3 * len(self.tables))
        self._compare_at_end()
        self._count_faults()
        return self.outcome

    # Faults

    def kill_extractor(self) -> None:
        """Kill the extractor (SIGKILL), often in the middle of a page, and start another."""
        place = self.rng.choice([FETCHING, COMMITTING, None])
        if place is not None:
            self.extractor.wait_for_report(lambda counters: counters[place])
            time.sleep(self.rng.choice([0, self.rng.uniform(0, 0.02)]))
        counters = self._kill_process()
        self.fired["killed"] += 1
        self.fired["killed while fetching"] += counters[FETCHING]
        self.fired["killed while committing"] += counters[COMMITTING]
        self.fired["killed between pages"] += counters[PAGES] > 0 and not self.extractor.is_paging
        self.spec = replace(self.spec, seed=f"{self.spec.seed}+")
        self.extractor = Extractor(self.spec)

    def _kill_process(self) -> Any:
        """Kill the extractor and return its counters."""
        if not self.extractor.process.is_alive():
            self.outcome.failures.append(f"the extractor ended with status {self.extractor.process.exitcode}")
        self.extractor.send_signal(signal.SIGKILL)
        self.reports += self.extractor.join_process()
        self.fired["log maintained between pages"] += self.extractor.counters[TIDIED]
        return self.extractor.counters

    def cut_connections(self) -> None:
        """Kill the extractor's connections on the server."""
        self.extractor.wait_for_report(lambda counters: counters[self.rng.choice([FETCHING, COMMITTING])])
        with self._connected() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE user IN (%s, %s)", (_READER, _BLIND))
            for (connection,) in cursor.fetchall():
                with suppress(MySQLdb.Error):  # it may have ended already
                    cursor.execute(f"KILL {connection}")
                    self.fired["connection killed"] += 1

    def restart_server(self) -> None:
        """Restart the server."""
        self.extractor.wait_for_report(lambda counters: counters[PAGES])
        during = self.extractor.counters[TABLE] > 0
        self.server.stop()
        time.sleep(self.rng.uniform(0, 0.5))
        self.server.start()
        prepare_server(self.server)
        self.fired["server restarted"] += 1
        self.fired["server stopped during a pull"] += during

    def fill_disk(self) -> None:
        """Simulate a full disk: limit the extractor's files to a few bytes."""
        reports_before = len(self.extractor.reports)
        pid = int(self.extractor.process.pid or 0)
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (self.rng.choice([0, 400, 1500]), resource.RLIM_INFINITY))
            self.extractor.wait_for_report(
                lambda _: any(map(_is_of_full_disk, self.extractor.reports[reports_before:])), 2 * _SOON
            )
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def stall_extractor(self) -> None:
        """Pause the reader in the middle of a large page for longer than the server waits."""
        place = self.spec.tables.index(LARGE)
        deadline = time.monotonic() + 3 * _SOON
        with self._connected() as cursor:
            self.tables[place].insert_large(cursor, self.rng, _LARGE_ROWS)
            while time.monotonic() < deadline:
                if not self.extractor.wait_for_report(
                    lambda counters: counters[TABLE] == place + 1 and counters[FETCHING]
                ):
                    continue
                time.sleep(0.002)
                self.extractor.send_signal(signal.SIGSTOP)
                time.sleep(0.2)
                if is_large := self._writes_to_reader(cursor):
                    time.sleep(NET_WRITE_TIMEOUT + 0.7)
                self.extractor.send_signal(signal.SIGCONT)
                if is_large:
                    break
            else:
                return
        reports_before = len(self.extractor.reports)
        self.extractor.wait_for_report(lambda _: len(self.extractor.reports) > reports_before)
        self.fired["reader stalled"] += 1
        self.fired["stalled reader cut off"] += any(
            report.error for report in self.extractor.reports[reports_before : reports_before + 1]
        )

    def _writes_to_reader(self, cursor: Any) -> bool:
        """Whether the server still runs a statement of the extractor."""
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE user IN (%s, %s) AND command = 'Query'",
            (_READER, _BLIND),
        )
        return bool(cursor.fetchone()[0])

    def alter_table(self) -> None:
        """Add or widen a column of a table during a pull."""
        place = self.rng.randrange(len(self.tables))
        table = self.tables[place]
        self.extractor.wait_for_report(lambda counters: counters[TABLE] == place + 1 and counters[PAGES])
        reported = len(self.extractor.reports)
        statement, column = table.choose_alteration(self.rng)
        with self._connected() as cursor:
            try:
                cursor.execute(statement)
            except MySQLdb.Error:  # a transaction holds the table for too long
                self.fired["alter refused"] += 1
                return
        if column:
            table.extras.append(column)
        self.fired["altered"] += 1
        counters = self.extractor.counters
        if counters[TABLE] == place + 1 and counters[PAGES] and len(self.extractor.reports) == reported:
            self.fired["altered between pages"] += 1

    def lock_table(self) -> None:
        """Lock a table for reading, as a backup does; its writers wait in the middle of a statement."""
        with self._connected() as cursor:
            cursor.execute(f"LOCK TABLES {self.rng.choice(self.tables).name} READ")
            time.sleep(self.rng.uniform(1.2, 2.5))
            cursor.execute("UNLOCK TABLES")
        self.fired["table locked"] += 1

    def start_rival(self) -> None:
        """Run a second extractor, as when a task is retried while the first attempt still runs."""
        rival = Extractor(replace(self.spec, seed=f"{self.spec.seed}/rival"))
        time.sleep(self.rng.uniform(1, 2))
        rival.send_signal(signal.SIGKILL)
        reports = rival.join_process()
        self.reports += reports
        self.fired["rival pulls"] += len(reports)

    # The end

    def _compare_at_end(self) -> None:
        """Pull the remaining rows, reconcile, and compare."""
        self._kill_process()
        self.settled = time.monotonic()
        time.sleep(max(table.lag for table in self.tables) + 1.1)
        run = child.make_run(self.spec.profiles)
        os.environ["SEGMENTATION_LAKE"] = str(self.spec.lake)
        with self._connected() as cursor:
            if not self._call_final_stages("extract"):
                return
            for table in self.tables:
                if table.sort.is_contract_kept:
                    self._expect_equal(cursor.connection, run, table, "before reconcile")
                    claims = find_broken_claims(cursor.connection, run, table, self._list_pulls(table))
                    self.outcome.failures += claims[:3]
            if not self._call_final_stages("reconcile", "maintain", "extract"):
                return
            for report in self.extractor.reports:
                if report.did == "extract" and report.rows:
                    self.outcome.failures.append(f"{report.table}: {report.rows} rows written though nothing changed")
            for table in self.tables:
                self._expect_equal(cursor.connection, run, table, "at the end")
                cursor.execute(f"SELECT COUNT(*) FROM {table.name}")
                self.outcome.rows += int(cursor.fetchone()[0])

    def _call_final_stages(self, *stages: str) -> bool:
        """Call the stages for every table without faults; return whether all calls succeeded."""
        self.extractor = Extractor(replace(self.spec, final=stages))
        reports = self.extractor.join_process()
        self.reports += reports
        errors = [f"{report.table}: {report.did} at the end: {report.error}" for report in reports if report.error]
        if len(reports) < len(stages) * len(self.tables):
            errors.append(f"the extractor died at the end, after {reports[-1:]}")
        self.outcome.failures += errors
        return not errors

    def _expect_equal(self, connection: Any, run: Any, table: ScheduleTable, when: str) -> None:
        difference = compare_table(connection, run, table)
        if difference:
            self.outcome.failures.append(f"{table.name} ({table.sort.mode}) {when}: {difference}")

    def _list_pulls(self, table: ScheduleTable) -> list[Report]:
        return [report for report in self.reports if report.table == table.name and report.did == "extract"]

    def _count_faults(self) -> None:
        """Count the faults in the reports and collect unexpected errors."""
        for report in self.reports:
            if report.did != "extract" and not report.error and report.end < self.settled:
                self.fired[f"{report.did} while written to"] += 1
            if _is_of_full_disk(report):
                self.fired["disk full raised"] += 1
            elif report.error and not report.excused:
                self.outcome.failures.append(f"{report.table}: {report.did}: {report.error}")
        for late in self.writers.late:
            straddled = any(
                report.table in late.tables and late.start < report.start and report.end < late.end
                for report in self.reports
            )
            self.fired["late commit over a whole pull"] += straddled
        self.outcome.pulls = sum(report.did == "extract" and not report.error for report in self.reports)
        self.outcome.change_counts = self.writers.change_counts

    def _create(self) -> None:
        with self._connected("") as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {self.database}")
            cursor.execute(f"CREATE DATABASE {self.database} CHARACTER SET utf8mb4")
        with self._connected() as cursor:
            for table in self.tables:
                table.create_table(cursor, self.rng, self.rng.randint(0, 160))

    def _profile(self) -> Path:
        folder = self.folder / "profiles"
        for name in ("population", "everyone"):
            file = folder / "sql" / "shop" / "measure" / f"{name}.sql"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        extracts = {table.name: table.declared for table in self.tables}
        (folder / "shop.yaml").write_text(yaml.safe_dump(_PROFILE | {"extracts": extracts}))
        return folder

    @contextmanager
    def _connected(self, database: str | None = None) -> Iterator[Any]:
        connection = connect_writer(self.server, self.database if database is None else database)
        try:
            yield connection.cursor()
        finally:
            connection.close()


def _is_of_full_disk(report: Report) -> bool:
    return "File too large" in (report.error or "")


_FAULTS: dict[str, Callable[[Schedule], None]] = {
    "kill": Schedule.kill_extractor,
    "cut": Schedule.cut_connections,
    "restart": Schedule.restart_server,
    "fill": Schedule.fill_disk,
    "stall": Schedule.stall_extractor,
    "alter": Schedule.alter_table,
    "lock": Schedule.lock_table,
    "rival": Schedule.start_rival,
}
KINDS = (
    "killed while fetching",
    "killed while committing",
    "killed between pages",
    "connection killed",
    "server restarted",
    "server stopped during a pull",
    "disk full raised",
    "reader stalled",
    "stalled reader cut off",
    "altered",
    "altered between pages",
    "log maintained between pages",
    "maintain while written to",
    "reconcile while written to",
    "table locked",
    "rival pulls",
    "late commit over a whole pull",
)
"""Every kind of fault that must occur in a benchmark."""
_WEIGHTS = {"kill": 5, "cut": 3, "restart": 1, "fill": 2, "stall": 1, "alter": 3, "lock": 1, "rival": 1}


def prepare_server(server: Server) -> None:
    """Configure a server for the faults; create its readers with and without the PROCESS privilege."""
    connection = connect_writer(server)
    cursor = connection.cursor()
    cursor.execute(f"SET GLOBAL net_write_timeout = {NET_WRITE_TIMEOUT}")
    for user in (_READER, _BLIND):
        cursor.execute(f"GRANT SELECT ON `faults\\_%`.* TO '{user}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
    cursor.execute(f"GRANT PROCESS ON *.* TO '{_READER}'@'127.0.0.1'")
    connection.close()


def run_schedule(
    server: Server,
    seed: int,
    folder: Path,
    *,
    faults: list[str] | None = None,
    tables: list[str] | None = None,
    lag: int | None = None,
    sabotage: str | None = None,
    blind: bool = False,
) -> Outcome:
    """Run the schedule of a seed on a prepared server.

    Args:
        server: a running private server; faults may restart it.
        seed: the seed of all random choices.
        folder: the folder for the profile and the lake, which are not removed.
        faults: the faults in order; default: random.
        tables: the tables; default: random.
        lag: the lag of every extract in seconds; default: random.
        sabotage: a deliberate bug of the extractor.
        blind: connect the extractor without the privilege to see transactions.
    """
    start = time.monotonic()
    rng = Random(f"{seed}/faults")
    drawn = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=rng.randint(3, 6))
    schedule = Schedule(server, seed, folder, tables, lag, _BLIND if blind else _READER)
    schedule.spec = replace(schedule.spec, sabotage=sabotage)
    if LARGE not in schedule.spec.tables:
        drawn = [fault if fault != "stall" else "kill" for fault in drawn]
    outcome = schedule.run_faults(drawn if faults is None else faults)
    outcome.seconds = round(time.monotonic() - start, 1)
    return outcome


_KPI = {"label": "N", "definition": "N.", "unit": "n", "window": "lifetime", "rule_only": True}
_STRATA = [{"name": "a", "label": "A", "when": "true"}]
_PROFILE = {
    "profile": "shop",
    "title": "Shop",
    "warehouse": {"connection": "none", "schema": "shop"},
    "schedule": {"start": "2025-01-01", "first_fit": "2025-02-01"},
    "sources": {"mysql": {"kind": "mysql", "connection": "shop", "zero_dates": "flag"}},
    "macro_segments": {"everyone": {"label": "All", "kpis": {"n": _KPI}, "strata": _STRATA}},
}
