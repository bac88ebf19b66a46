"""The hours in which a first load may run."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from include.segmentation.errors import RetryLaterError
from include.segmentation.profile.profile_part import HourRange


def require_open_hours(hours: HourRange | None, time_zone: str) -> None:
    """Refuse to go on now.

    Args:
        hours: of every day, local time; always where None.
        time_zone: of the hours.

    Raises:
        LaterError: it is outside the hours; it names when they begin again.
    """
    opening = find_opening(hours, time_zone, datetime.now(UTC)) if hours else None
    if hours and opening:
        local = opening.astimezone(ZoneInfo(time_zone))
        allowed = f"{hours.begin:%H:%M}-{hours.end:%H:%M} {time_zone}"
        raise RetryLaterError(
            f"a first load is allowed in pace.first_load {allowed} only; it goes on at {local:%Y-%m-%d %H:%M}", opening
        )


def find_opening(hours: HourRange, time_zone: str, now: datetime) -> datetime | None:
    """When the hours begin again, UTC; None while they last."""
    zone = ZoneInfo(time_zone)
    local = now.astimezone(zone)
    begin, end, at = *hours, local.time()
    if begin <= at < end if begin < end else not end <= at < begin:
        return None
    day = local.date() + timedelta(days=at >= begin)
    # An hour that the clock repeats in autumn begins twice.
    begins = (datetime.combine(day, begin, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return next(moment for moment in begins if moment > now)
