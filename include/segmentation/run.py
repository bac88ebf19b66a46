"""A run: one profile at one as_of."""

import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from include.segmentation.errors import NotReadyError, ProfileError
from include.segmentation.lake.lake import Lake
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.schedule import Cadence

Purpose = Literal["extract", "fit", "reconcile", "segment"]

LAKE_ROOT = Path(".local/lake")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def find_lake_root() -> str:
    """Find the folder or object-store URL of the lake: ``SEGMENTATION_LAKE``, or ``.local/lake``.

    Raises:
        ProfileError: the folder's name has characters with a meaning in URLs.
    """
    place = os.environ.get("SEGMENTATION_LAKE") or str(LAKE_ROOT)
    if "://" in place:
        return place
    folder = str(Path(place).absolute())
    if set(folder) & set("%#?"):  # delta-rs and Arrow would read them differently
        raise ProfileError(
            f"SEGMENTATION_LAKE: found '{place}'; allowed: a folder without %, # and ? in its path, or a URL"
        )
    return folder


def parse_as_of(text: str, profile: Profile) -> datetime:
    """Parse a day (midnight in the profile's time zone), an ISO time with an offset, or ``Run.as_of_name``.

    Raises:
        ProfileError: the text is none of these.
    """
    try:
        if _DAY.fullmatch(text):
            return profile.find_midnight(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: in UTC it is before year 1 or after year 9999
        raise ProfileError(
            f"as_of: found '{text}'; allowed: a day (2025-02-01) or a time with an offset (2025-02-01T00:00Z)"
        ) from None


@dataclass(frozen=True)
class Run:
    """One profile evaluated at one as_of.

    Attributes:
        as_of: the end of the run's data interval, in UTC; never now().
        purpose: extract, reconcile and fit have artifacts of their own, because Airflow may run them while a run of a
            cadence is going on at the same as_of.
    """

    profile: Profile
    cadence: Cadence
    as_of: datetime
    purpose: Purpose = "segment"

    def __post_init__(self) -> None:
        """Refuse an as_of that no run can have.

        Raises:
            ProfileError: as_of is not a whole second.
            NotReadyError: as_of is in the future, or not after the profile's start.
        """
        where = f"{self.profile.path}: as_of {self.as_of:%Y-%m-%dT%H:%MZ}"
        if self.as_of.microsecond:  # run ids differ to the second
            raise ProfileError(f"{where}: found {self.as_of.microsecond} microseconds; allowed: whole seconds")
        if self.as_of > datetime.now(UTC):
            raise NotReadyError(f"{where} is in the future; allowed: a time up to now")
        if self.as_of <= self.profile.find_midnight(self.profile.schedule.start):
            raise NotReadyError(f"{where}; allowed: a time after schedule.start {self.profile.schedule.start}")

    @property
    def run_id(self) -> str:
        """The run's id, such as ``learning/monthly/2025-02-01``."""
        return f"{self.profile.profile}/{self.cadence}/{self.as_of_name}"

    @property
    def as_of_name(self) -> str:
        """``as_of`` in names and paths: the day, or the second in UTC where it is not a midnight of the profile."""
        day = self.as_of.astimezone(ZoneInfo(self.profile.time_zone)).date()
        is_midnight = self.as_of == self.profile.find_midnight(day)
        return day.isoformat() if is_midnight else f"{self.as_of:%Y-%m-%dT%H%M%SZ}"

    @property
    def is_primary(self) -> bool:
        """Whether this run feeds membership and ``customer_analytics_record``."""
        return self.cadence == self.profile.schedule.primary_cadence

    @cached_property
    def lake(self) -> Lake:
        """The profile's lake."""
        return Lake(find_lake_root(), self.profile)

    def find_late_extracts(self) -> dict[str, datetime | None]:
        """Return the extracts that are not complete through as_of, with the time they are complete through."""
        through = {name: self.lake.open_log(name).read_state().complete_through for name in self.profile.extracts}
        return {name: moment for name, moment in through.items() if moment is None or moment < self.as_of}

    def require_complete(self) -> None:
        """Check that every extract is complete through as_of.

        Raises:
            NotReadyError: an extract is not.
        """
        late = [
            f"'{name}' is complete through {moment.isoformat() if moment else 'nothing yet'}"
            for name, moment in self.find_late_extracts().items()
        ]
        if late:
            raise NotReadyError(
                f"run {self.run_id}: extract {', '.join(late)}; allowed: {self.as_of.isoformat()} or later"
            )
