"""The extractor as a separate process that can be killed, stopped or blocked at any point.

It calls the stage's public functions in a loop and reports the result of each call through a pipe. A small block of
shared memory shows what it is doing now, or was doing when it was killed.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from include.segmentation.errors import NotReadyError, UnavailableError
from include.segmentation.extract import extract, maintain_log, reconcile_extract
from include.segmentation.extract.mysql import row_reconciliation as comparison
from include.segmentation.extract.mysql.page import page_fetch, page_reader
from include.segmentation.lake.change_log import ChangeLog
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run

TABLE, PAGES, FETCHING, COMMITTING, TIDIED = range(5)
"""The shared block: the current table's position in ``Spec.tables`` + 1 (0: none), its pages so far, whether a page is
being fetched or committed, and how often a log was maintained between two pages."""
_LONG_AGO = timedelta(days=40)


@dataclass(frozen=True)
class Spec:
    """The task of an extractor.

    Attributes:
        page_rows: the number of rows per page.
        final: the stages to call once for every table; if empty, it pulls, reconciles and maintains until it is
            killed.
        sabotage: a deliberate bug that the comparison must detect: ``ties`` or ``early``.
    """

    profiles: Path
    lake: Path
    uri: str
    tables: list[str]
    seed: str
    page_rows: int
    final: tuple[str, ...] = ()
    sabotage: str | None = None


@dataclass(frozen=True)
class Report:
    """The result of one call.

    Attributes:
        did: the stage: ``extract``, ``reconcile`` or ``maintain``.
        start, end: monotonic seconds.
        through: the extract's ``complete_through`` after the call.
        seq: the highest ``_seq`` in its log after the call.
        error: the error, if the call failed.
        excused: whether the error is expected: the server does not answer, or a load has not ended.
    """

    did: str
    table: str
    start: float
    end: float
    through: datetime | None = None
    seq: int = 0
    rows: int = 0
    pages: int = 0
    error: str | None = None
    excused: bool = False


def main(spec: Spec, counters: Any, pipe: Connection) -> None:
    """Run the extractor's task in this process."""
    os.environ |= {"SEGMENTATION_LAKE": str(spec.lake), "AIRFLOW_CONN_SHOP": spec.uri}
    logging.disable(logging.WARNING)  # hide warnings about missing indexes and concurrent writers
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # hide what delta-rs prints about a full disk
    rng = Random(spec.seed)
    page_reader.PAGE_ROWS = spec.page_rows
    comparison.RANGE_ROWS, comparison.PART_ROWS = 8 * spec.page_rows, spec.page_rows
    _patch_counters(counters, rng)
    if spec.sabotage:
        _SABOTAGE[spec.sabotage]()
    run = make_run(spec.profiles)
    for stage, table in _list_final_calls(spec) if spec.final else _choose_calls(spec, rng):
        counters[PAGES] = 0
        counters[TABLE] = spec.tables.index(table) + 1 if stage == "extract" else 0
        report = _call_stage(stage, run, table)
        counters[TABLE] = 0
        pipe.send(report)
        if report.error:
            time.sleep(0.05)


def _list_final_calls(spec: Spec) -> Iterator[tuple[str, str]]:
    return ((stage, table) for stage in spec.final for table in spec.tables)


def _choose_calls(spec: Spec, rng: Random) -> Iterator[tuple[str, str]]:
    while True:
        for table in rng.sample(spec.tables, len(spec.tables)):
            yield "extract", table
            if rng.random() < 0.2:
                yield rng.choice(["reconcile", "maintain"]), table


def make_run(profiles: Path) -> Run:
    """Make the run of the schedule's profile."""
    return Run(load_profile("shop", profiles), "monthly", datetime(2025, 6, 1, tzinfo=UTC))


def _call_stage(stage: str, run: Run, table: str) -> Report:
    if stage == "reconcile" and not run.profile.extracts[table].can_be_reconciled:
        stage = "extract"  # every pull compares a snapshot completely
    start = time.monotonic()
    if stage == "maintain":
        _age_log(run.lake.open_log(table))
    try:
        summary = _STAGES[stage](run, table)
        state = run.lake.open_log(table).read_state()
        counted = {"rows": summary.get("rows_written", 0), "pages": summary.get("pages", 0)}
        return Report(stage, table, start, time.monotonic(), state.complete_through, state.seq, **counted)
    except Exception as error:
        excused = isinstance(error, UnavailableError | NotReadyError)
        text = f"{type(error).__name__}: {error}"
        return Report(stage, table, start, time.monotonic(), error=text, excused=excused)


def _age_log(log: ChangeLog) -> None:
    """Make the log's history old enough to be removed."""
    then = (datetime.now(UTC) - _LONG_AGO).timestamp()
    for file in Path(log.uri, "_delta_log").glob("*"):
        with suppress(FileNotFoundError):  # a rival has just removed it
            os.utime(file, (then, then))


def _patch_counters(counters: Any, rng: Random) -> None:
    """Record fetches and commits in the shared block; pause between pages, so that other processes can act."""
    fetch, append = page_fetch.fetch_page, ChangeLog.append

    @wraps(fetch)
    def counted_fetch(*args: Any, **more: Any) -> Any:
        time.sleep(rng.choice([0, 0, 0.002, 0.02]))
        counters[FETCHING] = 1
        page = fetch(*args, **more)
        counters[FETCHING] = 0
        counters[PAGES] += 1
        return page

    @wraps(append)
    def counted_append(log: ChangeLog, *args: Any, **more: Any) -> Any:
        counters[COMMITTING] = 1
        state = append(log, *args, **more)
        counters[COMMITTING] = 0
        if counters[TABLE] and rng.random() < 0.02:
            _age_log(log)
            log.compact(keep=timedelta(0))
            counters[TIDIED] += 1
        return state

    patch.object(page_reader, "fetch_page", counted_fetch).start()
    patch.object(ChangeLog, "append", counted_append).start()


def _ignore_ties() -> None:
    """Continue after the cursor value alone, as if it were unique."""
    from include.segmentation.extract.mysql.page import keyset

    after = keyset.write_after_condition
    patch.object(keyset, "write_after_condition", lambda order, row, *more: after(order[:1], row[:1], *more)).start()


def _commit_position_first() -> None:
    """Commit the position before its rows."""
    append = ChangeLog.append

    def broken(log: ChangeLog, rows: Any, state: Any, *args: Any, **more: Any) -> Any:
        moved = append(log, rows.slice(0, 0), state)
        time.sleep(0.2)  # long enough for a kill to hit it on a busy machine, too
        return append(log, rows, moved, *args, **more)

    patch.object(ChangeLog, "append", broken).start()


_STAGES: dict[str, Callable[[Run, str], dict[str, Any]]] = {
    "extract": extract,
    "reconcile": reconcile_extract,
    "maintain": maintain_log,
}
_SABOTAGE = {"ties": _ignore_ties, "early": _commit_position_first}
