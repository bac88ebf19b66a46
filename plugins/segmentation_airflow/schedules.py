"""When a profile's DAGs run: always in data intervals, so as_of is an interval's end and the past can be backfilled."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time
from typing import Any, Self
from zoneinfo import ZoneInfo

import pendulum
from airflow.sdk import get_parsing_context
from airflow.timetables.interval import CronDataIntervalTimetable
from dateutil.relativedelta import relativedelta
from pendulum import DateTime

from include.segmentation.errors import ProfileError
from include.segmentation.profile.loader import list_profile_names, load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.schedule import Cadence

_CRON = {"daily": "0 0 * * *", "weekly": "0 0 * * 1", "monthly": "0 0 1 * *"}


def profiles() -> Iterator[Profile]:
    """The profiles to build DAGs for: all that are right, or, inside a task, only its own.

    So a profile that is wrong stops nobody else's DAGs; ``dags/profiles.py`` makes it an import error.
    """
    dag_id = get_parsing_context().dag_id
    return right_profiles([dag_id.split("__")[0]] if dag_id else list_profile_names())


def right_profiles(names: Iterable[str] | None = None) -> Iterator[Profile]:
    """Load the profiles of these names, or all, and leave out those that are wrong."""
    for name in list_profile_names() if names is None else names:
        with suppress(ProfileError):
            yield load_profile(name)


def check_profiles() -> None:
    """Load every profile.

    Raises:
        ProfileError: profiles say something that they may not say, one line each.
    """
    wrong = []
    for name in list_profile_names():
        try:
            load_profile(name)
        except ProfileError as error:
            wrong.append(str(error))
    if wrong:
        raise ProfileError("\n".join(wrong))


class EveryMonths(CronDataIntervalTimetable):
    """Data intervals of ``months`` calendar months that end at ``first`` and ever after.

    Cron can not say "every 5 months", nor count from a given month. The grid is first + n x months in local time, so
    neither daylight saving nor a short month shifts it.
    """

    def __init__(self, first: datetime, months: int, timezone: str) -> None:
        """Anchor the grid at ``first``, local midnight of the first as_of."""
        super().__init__("0 0 1 * *", timezone)
        self._first = first.replace(tzinfo=None)
        self._months = months
        self.description = self.summary

    @property
    def summary(self) -> str:
        """The words Airflow shows as the schedule."""
        return f"every {self._months} months from {self._first:%Y-%m-%d}"

    def serialize(self) -> dict[str, Any]:
        """The form kept in Airflow's database."""
        return {"first": self._first.isoformat(), "months": self._months, "timezone": self._timezone.name}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Self:
        """Read the form kept in Airflow's database."""
        return cls(datetime.fromisoformat(data["first"]), data["months"], data["timezone"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EveryMonths) and self.serialize() == other.serialize()

    def __hash__(self) -> int:
        return hash((self._first, self._months))

    def _at(self, n: int) -> DateTime:
        local = self._first + relativedelta(months=n * self._months)
        return pendulum.instance(local.replace(tzinfo=None), tz=self._timezone).in_timezone("UTC")

    def _steps(self, current: DateTime) -> int:
        """The last n whose moment is not after ``current``."""
        local = current.in_timezone(self._timezone)
        months = (local.year - self._first.year) * 12 + local.month - self._first.month
        n = months // self._months
        return n if self._at(n) <= current else n - 1

    def _get_next(self, current: DateTime) -> DateTime:
        return self._at(self._steps(current) + 1)

    def _get_prev(self, current: DateTime) -> DateTime:
        n = self._steps(current)
        return self._at(n - 1 if self._at(n) == current else n)

    def _align_to_next(self, current: DateTime) -> DateTime:
        n = self._steps(current)
        return current if self._at(n) == current else self._at(n + 1)

    def _align_to_prev(self, current: DateTime) -> DateTime:
        return self._at(self._steps(current))


def at(profile: Profile, cadence: Cadence) -> dict[str, Any]:
    """The ``schedule``, ``start_date`` and ``end_date`` of a DAG that runs at a cadence."""
    schedule = CronDataIntervalTimetable(_CRON[cadence], profile.time_zone)
    return _dates(profile, schedule, _midnight(profile, profile.schedule.start))


def at_refits(profile: Profile) -> dict[str, Any]:
    """The ``schedule``, ``start_date`` and ``end_date`` of the fit: ``first_fit`` and every refit after it."""
    first = _midnight(profile, profile.schedule.first_fit)
    schedule = EveryMonths(first, profile.schedule.refit_every, profile.time_zone)
    return _dates(profile, schedule, first - relativedelta(months=profile.schedule.refit_every))


def _dates(profile: Profile, schedule: CronDataIntervalTimetable, start: datetime) -> dict[str, Any]:
    end = profile.schedule.end
    return {
        "schedule": schedule,
        "start_date": start,
        "end_date": _midnight(profile, end) if end else None,
        "catchup": False,
    }


def _midnight(profile: Profile, day: date) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(profile.time_zone))
