"""The hours of the day in which a first load may run."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from include.segmentation.errors import RetryLaterError
from include.segmentation.profile.profile_part import HourRange


def require_open_hours(hours: HourRange | None, time_zone: str) -> None:
    """Stop a first load outside its hours.

    Args:
        hours: local times of day; None: always open.
        time_zone: the zone of the hours.

    Raises:
        RetryLaterError: it is outside the hours. The error says when they begin again.
    """
    opening = find_opening(hours, time_zone, datetime.now(UTC)) if hours else None
    if hours and opening:
        local = opening.astimezone(ZoneInfo(time_zone))
        allowed = f"{hours.begin:%H:%M}-{hours.end:%H:%M} {time_zone}"
        raise RetryLaterError(
            f"a first load may run only in pace.first_load {allowed}; it continues at {local:%Y-%m-%d %H:%M}", opening
        )


def find_opening(hours: HourRange, time_zone: str, now: datetime) -> datetime | None:
    """Return when the hours begin again, in UTC; None if they are open now."""
    zone = ZoneInfo(time_zone)
    local = now.astimezone(zone)
    begin, end, at = *hours, local.time()
    if begin <= at < end if begin < end else not end <= at < begin:
        return None
    day = local.date() + timedelta(days=at >= begin)
    # In autumn the clock repeats an hour, so the hours may begin twice.
    openings = (datetime.combine(day, begin, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return next(opening for opening in openings if opening > now)
