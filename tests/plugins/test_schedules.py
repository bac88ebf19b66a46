"""The timetable of the fit: an exact grid of local midnights, whatever the months and the zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from segmentation_airflow.schedules import EveryMonths, make_dag_arguments, make_fit_dag_arguments

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]
days = st.dates(date(2000, 1, 1), date(2030, 12, 31))
moments = st.datetimes(datetime(1995, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


def grid(first: date, months: int, zone: str) -> EveryMonths:
    return EveryMonths(datetime.combine(first, datetime.min.time()), months, zone)


def ends(timetable: CronDataIntervalTimetable, start: datetime, count: int) -> list[datetime]:
    """The first as_ofs that a DAG with catchup would have from ``start``."""
    restriction = TimeRestriction(earliest=pendulum.instance(start), latest=None, catchup=True)
    last: DataInterval | None = None
    found = []
    for _ in range(count):
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        last = info.data_interval
        found.append(last.end)
    return found


@given(first=days, months=st.integers(1, 30), zone=st.sampled_from(ZONES))
def test_every_as_of_is_a_local_midnight_so_many_months_after_the_first(first: date, months: int, zone: str) -> None:
    timetable = grid(first, months, zone)
    start = datetime.combine(first - relativedelta(months=months), datetime.min.time(), ZoneInfo(zone))
    found = [end.astimezone(ZoneInfo(zone)) for end in ends(timetable, start, 5)]
    assert [end.date() for end in found] == [first + relativedelta(months=n * months) for n in range(5)]
    assert all((end.hour, end.minute) == (0, 0) for end in found)


@given(first=days, months=st.integers(1, 30), zone=st.sampled_from(ZONES), moment=moments)
def test_the_interval_before_a_moment_is_the_last_one_that_ended(
    first: date, months: int, zone: str, moment: datetime
) -> None:
    timetable = grid(first, months, zone)
    interval = timetable.infer_manual_data_interval(run_after=pendulum.instance(moment))
    again = timetable.infer_manual_data_interval(run_after=interval.end)
    assert interval.start < interval.end <= moment
    assert again == interval
    assert timetable.infer_manual_data_interval(run_after=interval.end - timedelta(seconds=1)).end == interval.start


@given(first=days, months=st.integers(1, 30), zone=st.sampled_from(ZONES))
def test_it_survives_airflows_database(first: date, months: int, zone: str) -> None:
    timetable = grid(first, months, zone)
    assert EveryMonths.deserialize(timetable.serialize()) == timetable
    assert grid(first, months + 1, zone) != timetable


@pytest.fixture
def berlin() -> Profile:
    return load_profile("learning").model_copy(update={"time_zone": "Europe/Berlin"})


@pytest.mark.parametrize(
    ("cadence", "first", "second"),
    [
        ("daily", "2025-01-02", "2025-01-03"),
        ("weekly", "2025-01-13", "2025-01-20"),
        ("monthly", "2025-02-01", "2025-03-01"),
    ],
)
def test_a_cadence_ends_its_intervals_at_local_midnight(berlin: Profile, cadence: str, first: str, second: str) -> None:
    schedule = make_dag_arguments(berlin, cadence)
    found = ends(schedule["schedule"], schedule["start_date"], 2)
    assert found == [berlin.find_midnight(date.fromisoformat(day)) for day in (first, second)]
    assert schedule["end_date"] == berlin.find_midnight(date(2025, 6, 1))
    assert schedule["catchup"] is False


def test_the_first_fit_is_the_declared_one(berlin: Profile) -> None:
    schedule = make_fit_dag_arguments(berlin)
    found = ends(schedule["schedule"], schedule["start_date"], 3)
    assert found == [berlin.find_midnight(day) for day in (date(2025, 2, 1), date(2025, 5, 1), date(2025, 8, 1))]


def test_nothing_of_the_past_starts_by_itself(berlin: Profile) -> None:
    schedule = make_dag_arguments(berlin, "monthly")
    restriction = TimeRestriction(
        earliest=pendulum.instance(schedule["start_date"]),
        latest=pendulum.instance(schedule["end_date"]),
        catchup=False,
    )
    info = schedule["schedule"].next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert info is None


def test_consecutive_intervals_touch(berlin: Profile) -> None:
    timetable = make_fit_dag_arguments(berlin)["schedule"]
    interval = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 1, 1))
    before = timetable.infer_manual_data_interval(run_after=interval.start)
    assert all(left.end == right.start for left, right in pairwise([before, interval]))
