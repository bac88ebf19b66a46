"""The bound of a pull, from the server's clock and what is open on it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pyarrow as pa
import pytest

from include.segmentation.extract.mysql import safe_bound as module
from include.segmentation.extract.mysql.row.mysql_columns import MOMENT, MySQLColumn
from include.segmentation.extract.mysql.safe_bound import (
    BY_LAG,
    BY_TRANSACTIONS,
    find_integer_bound,
    find_safe_time,
    find_time_bound,
)

NOW = datetime(2025, 3, 2, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT = MySQLColumn("at", "datetime", MOMENT, nullable=False)
ID = MySQLColumn("id", "int", pa.int64(), nullable=False)


def minutes_ago(minutes):
    return NOW - timedelta(minutes=minutes)


def set_clock(monkeypatch, how=BY_TRANSACTIONS, statement=None, transaction=None):
    clock = module._ServerClock(NOW, statement, transaction, how)
    monkeypatch.setattr(module, "_read_clock", lambda _server: clock)


@pytest.mark.parametrize(
    ("how", "statement", "transaction", "time_bound", "safe_time"),
    [
        (BY_TRANSACTIONS, None, None, 60, 0),
        (BY_LAG, None, None, 60, 60),
        (BY_TRANSACTIONS, 5, None, 60, 5),
        (BY_TRANSACTIONS, 90, None, 90, 90),
        (BY_TRANSACTIONS, None, 5, 65, 65),  # its cursors may be older than itself by the lag
        (BY_TRANSACTIONS, 90, 5, 90, 90),
        (BY_TRANSACTIONS, 5, 90, 150, 150),
    ],
)
def test_a_pull_stays_the_lag_behind_now_and_behind_what_is_open(
    monkeypatch, how, statement, transaction, time_bound, safe_time
):
    set_clock(monkeypatch, how, *(minutes and minutes_ago(minutes) for minutes in (statement, transaction)))
    bound = find_time_bound(None, AT, HOUR)
    assert (bound.complete_through, bound.how) == (minutes_ago(time_bound), how)
    assert bound.condition == f"`at` < '{minutes_ago(time_bound):%Y-%m-%d %H:%M:%S}'"
    assert find_safe_time(None, HOUR) == (minutes_ago(safe_time), how)


def test_a_day_is_read_once_it_is_over(monkeypatch):
    set_clock(monkeypatch)
    day = MySQLColumn("day", "date", pa.date32(), nullable=False)
    assert find_time_bound(None, day, HOUR).complete_through == datetime(2025, 3, 1, tzinfo=UTC)
    assert find_time_bound(None, day, timedelta(0)).complete_through == datetime(2025, 3, 2, tzinfo=UTC)


def poll(minutes, highest):
    at = minutes_ago(minutes).isoformat()
    return {"at": at, "max": highest, "whole_through": at}


@pytest.mark.parametrize(
    ("how", "transaction", "limit"),
    [
        (BY_TRANSACTIONS, None, "9"),  # nothing is open: the poll of now
        (BY_TRANSACTIONS, 20, "2"),
        (BY_TRANSACTIONS, 30, "1"),  # a transaction that started with a poll may hold a number below its MAX
        (BY_TRANSACTIONS, 90, None),
        (BY_LAG, None, "1"),
    ],
)
def test_a_count_is_read_up_to_a_poll_older_than_what_is_open(monkeypatch, how, transaction, limit):
    set_clock(monkeypatch, how, transaction=transaction and minutes_ago(transaction))
    server = SimpleNamespace(fetch_value=lambda _sql: "9")
    polls = [poll(75, "1"), poll(30, "2")]
    bound = find_integer_bound(server, "events", ID, HOUR, polls)
    assert bound.limit == limit
    assert bound.condition == (f"`id` <= {limit}" if limit else "1 = 0")
    assert [each["max"] for each in bound.polls] == ["1", "2", "9"][["1", "2", "9"].index(limit) + 1 if limit else 0 :]


def test_a_start_in_whole_seconds_may_be_a_second_earlier():
    assert module._parse_start(b"2025-03-01 10:00:10") == datetime(2025, 3, 1, 10, 0, 9, tzinfo=UTC)
    assert module._parse_start(None) is None
