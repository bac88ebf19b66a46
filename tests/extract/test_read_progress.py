"""The progress of a read: occasional lines in a log, one changing line on a terminal."""

import io
import logging
import re
from datetime import datetime, timedelta

import pytest

from include.segmentation.common.terminal import show_logs
from include.segmentation.extract import read_progress
from include.segmentation.extract.read_progress import ReadProgress
from include.segmentation.lake.change_log import ChangeLog


class Interrupted:
    """A method that is interrupted at one of its calls."""

    def __init__(self, method, at):
        self.method, self.at, self.calls = method, at, 0

    def __get__(self, instance, _owner):
        return lambda *arguments: self(instance, *arguments)

    def __call__(self, *arguments):
        self.calls += 1
        if self.calls == self.at:
            raise KeyboardInterrupt
        return self.method(*arguments)


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(read_progress, "monotonic", clock)
    return clock


def simulate_read(progress, clock, pages, rows, seconds):
    for _ in range(pages):
        clock.now += seconds
        progress.count_rows(rows)
    progress.finish()


def test_a_long_read_logs_its_progress(clock, caplog):
    estimates = []
    with caplog.at_level(logging.INFO, "include.segmentation"):
        simulate_read(
            ReadProgress("table 'visits'", lambda: estimates.append(1) or 4000), clock, pages=4, rows=1000, seconds=6
        )
    assert caplog.messages == [
        "table 'visits': 2,000 of about 4,000 rows (50%), 167 rows/s, about 12 s left",
        "table 'visits': 4,000 of about 4,000 rows (100%), 167 rows/s, about 0 s left",
        "table 'visits': 4,000 rows in 24 s, 167 rows/s",
    ]
    assert estimates == [1]


def test_progress_without_a_usable_estimate(clock, caplog):
    with caplog.at_level(logging.INFO, "include.segmentation"):
        simulate_read(ReadProgress("a", lambda: 10), clock, pages=1, rows=500, seconds=1000)
        simulate_read(ReadProgress("b", lambda: None), clock, pages=1, rows=5_000_000, seconds=10_000)
    assert caplog.messages == [
        "a: 500 rows, 0 rows/s",
        "a: 500 rows in 17 min, 0 rows/s",
        "b: 5,000,000 rows, 500 rows/s",
        "b: 5,000,000 rows in 2.8 h, 500 rows/s",
    ]


def test_a_short_read_logs_nothing_and_makes_no_estimate(clock, caplog):
    with caplog.at_level(logging.INFO, "include.segmentation"):
        simulate_read(ReadProgress("table 'visits'", pytest.fail), clock, pages=3, rows=1000, seconds=2)
    assert caplog.messages == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_one_changing_line_on_a_terminal(clock):
    terminal = Terminal()
    with show_logs(terminal):
        progress = ReadProgress("visits", lambda: 300)
        for _ in range(3):
            clock.now += 1
            progress.count_rows(100)
        logging.getLogger("include.segmentation.other").warning("a warning")
        clock.now += 1
        progress.count_rows(0)
    first, second, third, *rest = terminal.getvalue().split("\r\x1b[K")
    assert first.startswith("visits: 100 of about 300 rows (33%), 100 rows/s, about 2 s left")
    assert (second[:11], third[:11]) == ("visits: 200", "visits: 300")
    assert rest == ["a warning\nvisits: 300 of about 300 rows (100%), 75 rows/s, about 0 s left\n"]


def test_progress_is_an_occasional_line_elsewhere(clock):
    stream = io.StringIO()
    with show_logs(stream):
        simulate_read(ReadProgress("visits", lambda: None), clock, pages=13, rows=10, seconds=1)
    assert stream.getvalue() == "visits: 100 rows, 10 rows/s\nvisits: 130 rows in 13 s, 10 rows/s\n"


def test_rows_are_estimated_for_the_whole_load_and_for_the_rest(database, shop, monkeypatch, caplog):
    database.execute("CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NOT NULL, KEY (at, id))")
    database.insert("events", [(i, datetime(2025, 1, 1) + timedelta(minutes=i)) for i in range(4000)])
    database.execute("ANALYZE TABLE events")
    declared = {"kind": "table", "source": "mysql", "table": "events", "mode": "append", "cursor": "at"}
    pulls = shop(database, events=declared | {"primary_key": ["id"]})
    monkeypatch.setattr(read_progress, "_DEBUG_SECONDS", 0)
    monkeypatch.setattr(ChangeLog, "append", interrupted := Interrupted(ChangeLog.append, at=2))
    with caplog.at_level(logging.DEBUG, read_progress.__name__):
        with pytest.raises(KeyboardInterrupt):
            pulls.pull()
        whole = int(re.search(r"1,000 of about ([0-9,]+) rows", caplog.text)[1].replace(",", ""))
        caplog.clear()
        interrupted.at = None
        pulls.pull()
        left = int(re.search(r"of about ([0-9,]+) rows", caplog.text)[1].replace(",", ""))
    assert 3500 < whole < 4500
    assert 2500 < left < 3500
