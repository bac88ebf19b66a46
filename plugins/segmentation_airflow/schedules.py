"""Schedules of a profile's DAGs. All have data intervals: as_of is the end of one, so the past can be backfilled."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time
from typing import Any, Self
from zoneinfo import ZoneInfo

import pendulum
from airflow.sdk import get_parsing_context
from dateutil.relativedelta import relativedelta
from pendulum import DateTime

from include.segmentation.errors import ProfileError
from include.segmentation.profile.loader import list_profile_names, load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.schedule import Cadence
from segmentation_airflow.airflow_internals import CronDataIntervalTimetable

_CRON = {"daily": "0 0 * * *", "weekly": "0 0 * * 1", "monthly": "0 0 1 * *"}


def load_dag_profiles() -> Iterator[Profile]:
    """Load the profiles to build DAGs for: all valid ones or, inside a task, only the task's own.

    A profile with a mistake does not stop the DAGs of the others; ``dags/profiles.py`` shows it as an import error.
    """
    dag_id = get_parsing_context().dag_id
    return load_valid_profiles([dag_id.split("__")[0]] if dag_id else list_profile_names())


def load_valid_profiles(names: Iterable[str] | None = None) -> Iterator[Profile]:
    """Load the profiles of these names, or all profiles, and leave out those with mistakes."""
    for name in list_profile_names() if names is None else names:
        with suppress(ProfileError):
            yield load_profile(name)


def check_profiles() -> None:
    """Load every profile.

    Raises:
        ProfileError: profiles have mistakes; the message has a line for each of these profiles.
    """
    errors = []
    for name in list_profile_names():
        try:
            load_profile(name)
        except ProfileError as error:
            errors.append(str(error))
    if errors:
        raise ProfileError("\n".join(errors))


class EveryMonths(CronDataIntervalTimetable):  # type: ignore[misc]
    """Data intervals of ``months`` calendar months; the first one ends at ``first``.

    Cron cannot say "every 5 months", nor count from a given month. The interval ends are first + n x months in local
    time, so neither daylight saving nor a short month shifts them.
    """

    def __init__(self, first: datetime, months: int, timezone: str) -> None:
        """Anchor the intervals at ``first``, local midnight of the first as_of."""
        super().__init__("0 0 1 * *", timezone)
        self._first = first.replace(tzinfo=None)
        self._months = months
        self.description = self.summary

    @property
    def summary(self) -> str:
        """The text that Airflow shows as the schedule."""
        return f"every {self._months} months from {self._first:%Y-%m-%d}"

    def serialize(self) -> dict[str, Any]:
        """Return the form that Airflow keeps in its database."""
        return {"first": self._first.isoformat(), "months": self._months, "timezone": self._timezone.name}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Self:
        """Read the form that Airflow keeps in its database."""
        return cls(datetime.fromisoformat(data["first"]), data["months"], data["timezone"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EveryMonths) and self.serialize() == other.serialize()

    def __hash__(self) -> int:
        return hash((self._first, self._months))

    def _find_end(self, n: int) -> DateTime:
        """Return the end of interval ``n``, counted from ``first``."""
        local: datetime = self._first + relativedelta(months=n * self._months)
        return pendulum.instance(local, tz=self._timezone).in_timezone("UTC")

    def _count_intervals(self, current: DateTime) -> int:
        """Return the number of the last interval that ends at or before ``current``."""
        local = current.in_timezone(self._timezone)
        months = (local.year - self._first.year) * 12 + local.month - self._first.month
        n = months // self._months
        return n if self._find_end(n) <= current else n - 1

    def _get_next(self, current: DateTime) -> DateTime:
        return self._find_end(self._count_intervals(current) + 1)

    def _get_prev(self, current: DateTime) -> DateTime:
        n = self._count_intervals(current)
        return self._find_end(n - 1 if self._find_end(n) == current else n)

    def _align_to_next(self, current: DateTime) -> DateTime:
        n = self._count_intervals(current)
        return current if self._find_end(n) == current else self._find_end(n + 1)

    def _align_to_prev(self, current: DateTime) -> DateTime:
        return self._find_end(self._count_intervals(current))


def make_dag_arguments(profile: Profile, cadence: Cadence) -> dict[str, Any]:
    """Make the arguments of a DAG that runs at a cadence: schedule, dates, tags, one run at a time."""
    schedule = CronDataIntervalTimetable(_CRON[cadence], profile.time_zone)
    return _build_arguments(profile, schedule, _find_midnight(profile, profile.schedule.start))


def make_fit_dag_arguments(profile: Profile) -> dict[str, Any]:
    """Make the arguments of the fit's DAG, which runs at ``first_fit`` and at every refit after it."""
    first = _find_midnight(profile, profile.schedule.first_fit)
    schedule = EveryMonths(first, profile.schedule.refit_every, profile.time_zone)
    return _build_arguments(profile, schedule, first - relativedelta(months=profile.schedule.refit_every))


def _build_arguments(profile: Profile, schedule: CronDataIntervalTimetable, start: datetime) -> dict[str, Any]:
    end = profile.schedule.end
    return {
        "schedule": schedule,
        "start_date": start,
        "end_date": _find_midnight(profile, end) if end else None,
        "catchup": False,
        "max_active_runs": 1,
        "tags": ["segmentation", profile.profile],
    }


def _find_midnight(profile: Profile, day: date) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(profile.time_zone))
