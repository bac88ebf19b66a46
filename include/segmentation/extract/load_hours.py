"""The hours in which a first load may run."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from include.segmentation.errors import RetryLaterError
from include.segmentation.profile.profile_part import HourRange


def require_open_hours(hours: HourRange | None, time_zone: str) -> None:
    """Check that a first load may run now.

    Args:
        hours: of every day, local time; None allows all hours.
        time_zone: of the hours.

    Raises:
        RetryLaterError: the hours are over; it says when they begin again.
    """
    opening = find_opening(hours, time_zone, datetime.now(UTC)) if hours else None
    if hours and opening:
        local = opening.astimezone(ZoneInfo(time_zone))
        allowed = f"{hours.begin:%H:%M}-{hours.end:%H:%M} {time_zone}"
        raise RetryLaterError(
            f"a first load is allowed in pace.first_load {allowed} only; it goes on at {local:%Y-%m-%d %H:%M}", opening
        )


def find_opening(hours: HourRange, time_zone: str, now: datetime) -> datetime | None:
    """Find when the hours begin again, in UTC; None during the hours."""
    zone = ZoneInfo(time_zone)
    local = now.astimezone(zone)
    begin, end, time = *hours, local.time()
    if begin <= time < end if begin < end else not end <= time < begin:
        return None
    day = local.date() + timedelta(days=time >= begin)
    # An hour that the clock repeats in autumn begins twice.
    openings = (datetime.combine(day, begin, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return next(opening for opening in openings if opening > now)
