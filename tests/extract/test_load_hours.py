"""The hours of a first load."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.segmentation.errors import RetryLaterError
from include.segmentation.extract import load_hours
from include.segmentation.extract.load_hours import find_opening, require_open_hours
from include.segmentation.extract.page_size import FIRST_ROWS
from include.segmentation.profile.profile_part import HourRange

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(zone=ZONES, begin=TIMES, end=TIMES, now=st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1)))
def test_closed_hours_open_again_within_two_days_and_not_earlier(zone, begin, end, now):
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


def test_a_first_load_stops_when_its_hours_end_and_goes_on_there(database, shop, monkeypatch):
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

    monkeypatch.setattr(load_hours, "datetime", Moment)
    with pytest.raises(
        RetryLaterError, match=r"pace.first_load 22:00-06:00 UTC; it continues at 2025-05-01 22:00"
    ) as raised:
        pulls.pull()
    assert raised.value.until == datetime(2025, 5, 1, 22, tzinfo=UTC)
    assert pulls.written() == FIRST_ROWS
    with pytest.raises(RetryLaterError):  # it does not even start
        pulls.pull()
    assert pulls.pull()["complete_through"] is not None
    assert [row[0] for row in pulls.current(columns="id")] == list(range(3000))
    monkeypatch.setattr(Moment, "times", iter([]))
    pulls.pull()  # the first load is over: pulls may run at any time
