"""How gently a server is read: the size of pages, the hours of a first load, and what is said meanwhile."""

import io
import logging
import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.segmentation.common.terminal import show_logs
from include.segmentation.errors import RetryLaterError
from include.segmentation.extract import load_hours as hours_module
from include.segmentation.extract import read_progress as progress_module
from include.segmentation.extract.load_hours import find_opening, require_open_hours
from include.segmentation.extract.page_size import FEWEST_ROWS, FIRST_ROWS, PAGE_BYTES, PageSize
from include.segmentation.extract.read_progress import ReadProgress
from include.segmentation.lake.change_log import ChangeLog
from include.segmentation.profile.profile_part import HourRange

MOST = 250_000


@given(
    target=st.floats(0.2, 10),
    own=st.floats(0, 30),
    per_row=st.floats(1e-7, 1e-1),
    row_bytes=st.integers(10, 50_000_000),
)
def test_pages_grow_towards_their_time_and_stay_within_rows_and_memory(target, own, per_row, row_bytes):
    size = PageSize(target, MOST)
    before = size.rows
    for _ in range(30):
        size.learn_page(size.rows, own + per_row * size.rows, row_bytes * size.rows)
        assert 1 <= size.rows <= max(FEWEST_ROWS, 4 * before)
        before = size.rows
    assert size.rows <= MOST
    assert size.rows == 1 or size.rows * row_bytes <= PAGE_BYTES
    wanted = min(max(target / per_row, FEWEST_ROWS), PAGE_BYTES // row_bytes, MOST)
    assert size.rows == pytest.approx(max(wanted, 1), rel=0.5, abs=1)  # what a page costs for itself is not shrunk for


def test_the_second_page_differs_enough_to_tell_what_a_page_costs_for_itself():
    size = PageSize(1.0, MOST)
    size.learn_page(1_000, 1.0, 1)  # just on target
    assert size.rows == 1_500
    size.learn_page(1_500, 1.25, 1)  # so 500 rows take 0.25 s, and a page 0.5 s for itself
    assert size.rows == 2_000
    size.learn_page(2_000, 1.5, 1)
    assert size.rows == 2_000


def test_a_page_that_was_ended_comes_back_smaller_until_it_can_not():
    size = PageSize(1.5, MOST)
    seen = [size.rows]
    while not size.is_smallest:
        size.shrink_page()
        seen.append(size.rows)
    assert (seen[0], seen[-1]) == (FIRST_ROWS, FEWEST_ROWS)
    assert seen == sorted(seen, reverse=True)


def test_after_a_page_that_was_ended_its_fixed_cost_is_learnt_anew():
    size = PageSize(1.0, MOST)
    size.learn_page(1_000, 10.5, 1)
    size.learn_page(250, 10.125, 1)  # nearly all of it for the page itself
    size.shrink_page()
    rows = size.rows
    size.learn_page(rows, 2.0, 1)
    assert size.rows == rows // 2


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(zone=ZONES, begin=TIMES, end=TIMES, now=st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1)))
def test_closed_hours_open_again_within_two_days_and_not_before(zone, begin, end, now):
    hours, moment = HourRange(begin, end), now.replace(tzinfo=UTC)
    opening = find_opening(hours, zone, moment)
    if begin == end or opening is None:
        return
    assert timedelta(0) < opening - moment <= timedelta(days=1, hours=2)
    minutes = int((opening - moment) / timedelta(minutes=1))
    assert all(find_opening(hours, zone, moment + timedelta(minutes=m)) for m in range(0, minutes, 7))


@pytest.mark.parametrize(
    ("hours", "at", "opening"),
    [
        (HourRange(time(22), time(6)), "2025-03-01T23:00", None),
        (HourRange(time(22), time(6)), "2025-03-01T05:59", None),
        (HourRange(time(22), time(6)), "2025-03-01T06:00", "2025-03-01T22:00"),
        (HourRange(time(1), time(5)), "2025-03-01T00:30", "2025-03-01T01:00"),
        (HourRange(time(1), time(5)), "2025-03-01T05:00", "2025-03-02T01:00"),
    ],
)
def test_hours_are_local_and_may_pass_midnight(hours, at, opening):
    zone = ZoneInfo("Europe/Madrid")
    moment = datetime.fromisoformat(at).replace(tzinfo=zone)
    expected = datetime.fromisoformat(opening).replace(tzinfo=zone) if opening else None
    assert find_opening(hours, "Europe/Madrid", moment) == expected


def test_a_source_without_hours_is_always_open():
    require_open_hours(None, "UTC")


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
    monkeypatch.setattr(progress_module, "monotonic", clock)
    return clock


def read(progress, clock, pages, rows, seconds):
    for _ in range(pages):
        clock.now += seconds
        progress.count_rows(rows)
    progress.log_total()


def test_a_long_read_says_how_it_gets_on(clock, caplog):
    asked = []
    with caplog.at_level(logging.INFO, "include.segmentation"):
        read(ReadProgress("table 'visits'", lambda: asked.append(1) or 4000), clock, pages=4, rows=1000, seconds=6)
    assert caplog.messages == [
        "table 'visits': 2,000 of about 4,000 rows (50%), 167 rows/s, about 12 s left",
        "table 'visits': 4,000 of about 4,000 rows (100%), 167 rows/s, about 0 s left",
        "table 'visits': 4,000 rows in 24 s, 167 rows/s",
    ]
    assert asked == [1]


def test_more_rows_than_estimated_and_no_estimate(clock, caplog):
    with caplog.at_level(logging.INFO, "include.segmentation"):
        read(ReadProgress("a", lambda: 10), clock, pages=1, rows=500, seconds=1000)
        read(ReadProgress("b", lambda: None), clock, pages=1, rows=5_000_000, seconds=10_000)
    assert caplog.messages == [
        "a: 500 rows, 0 rows/s",
        "a: 500 rows in 17 min, 0 rows/s",
        "b: 5,000,000 rows, 500 rows/s",
        "b: 5,000,000 rows in 2.8 h, 500 rows/s",
    ]


def test_a_short_read_is_silent_and_asks_the_server_nothing(clock, caplog):
    with caplog.at_level(logging.INFO, "include.segmentation"):
        read(ReadProgress("table 'visits'", pytest.fail), clock, pages=3, rows=1000, seconds=2)
    assert caplog.messages == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_progress_is_one_line_that_changes(clock):
    terminal = Terminal()
    with show_logs(terminal):
        progress = ReadProgress("visits", lambda: 300)
        for _ in range(3):
            clock.now += 1
            progress.count_rows(100)
        logging.getLogger("include.segmentation.other").warning("mind this")
        clock.now += 1
        progress.count_rows(0)
    first, second, third, *rest = terminal.getvalue().split("\r\x1b[K")
    assert first.startswith("visits: 100 of about 300 rows (33%), 100 rows/s, about 2 s left")
    assert (second[:11], third[:11]) == ("visits: 200", "visits: 300")
    assert rest == ["mind this\nvisits: 300 of about 300 rows (100%), 75 rows/s, about 0 s left\n"]


def test_elsewhere_progress_is_a_line_at_times(clock):
    stream = io.StringIO()
    with show_logs(stream):
        read(ReadProgress("visits", lambda: None), clock, pages=13, rows=10, seconds=1)
    assert stream.getvalue() == "visits: 100 rows, 10 rows/s\nvisits: 130 rows in 13 s, 10 rows/s\n"


def test_rows_are_estimated_for_the_whole_and_for_what_is_left(database, shop, monkeypatch, caplog):
    database.execute("CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NOT NULL, KEY (at, id))")
    database.insert("events", [(i, datetime(2025, 1, 1) + timedelta(minutes=i)) for i in range(4000)])
    database.execute("ANALYZE TABLE events")
    declared = {"kind": "table", "source": "mysql", "table": "events", "mode": "append", "cursor": "at"}
    pulls = shop(database, events=declared | {"primary_key": ["id"]})
    monkeypatch.setattr(progress_module, "_CHANGING_SECONDS", 0)
    monkeypatch.setattr(ChangeLog, "append", interrupted := Interrupted(ChangeLog.append, at=2))
    with caplog.at_level(logging.DEBUG, progress_module.__name__):
        with pytest.raises(KeyboardInterrupt):
            pulls.pull()
        whole = int(re.search(r"1,000 of about ([0-9,]+) rows", caplog.text)[1].replace(",", ""))
        caplog.clear()
        interrupted.at = None
        pulls.pull()
        left = int(re.search(r"of about ([0-9,]+) rows", caplog.text)[1].replace(",", ""))
    assert 3500 < whole < 4500
    assert 2500 < left < 3500


def test_hours_end_in_the_middle_of_a_first_load_and_it_goes_on_there(database, shop, monkeypatch):
    database.execute("CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NOT NULL, KEY (at, id))")
    database.insert("events", [(i, datetime(2025, 1, 1) + timedelta(minutes=i)) for i in range(3000)])
    declared = {"kind": "table", "source": "mysql", "table": "events", "mode": "append", "cursor": "at"}
    pulls = shop(database, events=declared | {"primary_key": ["id"]}, mysql={"pace": {"first_load": "22:00-06:00"}})

    class Moment(datetime):
        times = iter(
            ["2025-05-01T03:00", "2025-05-01T06:10", "2025-05-01T21:59", "2025-05-01T22:00", "2025-05-02T00:00"]
        )

        @classmethod
        def now(cls, _zone):
            return datetime.fromisoformat(next(cls.times)).replace(tzinfo=UTC)

    monkeypatch.setattr(hours_module, "datetime", Moment)
    with pytest.raises(
        RetryLaterError, match=r"pace.first_load 22:00-06:00 UTC only; it goes on at 2025-05-01 22:00"
    ) as raised:
        pulls.pull()
    assert raised.value.until == datetime(2025, 5, 1, 22, tzinfo=UTC)
    assert pulls.written() == FIRST_ROWS
    with pytest.raises(RetryLaterError):  # not even begun
        pulls.pull()
    assert pulls.pull()["complete_through"] is not None
    assert [row[0] for row in pulls.current(columns="id")] == list(range(3000))
    monkeypatch.setattr(Moment, "times", iter([]))
    pulls.pull()  # no first load any more: it comes and goes at any time
