"""The building blocks of a profile: parts that refuse unknown keys, durations and hours."""

import re
from datetime import time, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class ProfilePart(BaseModel):
    """A mapping in a profile; it is frozen and refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


def _parse_duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d{1,5})([smhd])", str(value))
    if not match:
        raise ValueError("allowed: a whole number and a unit, such as 30s, 15m, 2h or 3d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Duration = Annotated[timedelta, BeforeValidator(_parse_duration)]


class HourRange(NamedTuple):
    """Hours of every day, from ``begin`` up to but excluding ``end``; they may pass midnight."""

    begin: time
    end: time


def _parse_hours(value: Any) -> Any:
    if isinstance(value, HourRange):
        return value
    match = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", str(value))
    try:
        begin, end = (time.fromisoformat(text) for text in match.groups()) if match else (None, None)
    except ValueError:
        begin = end = None
    if begin is None or end is None or begin == end:
        raise ValueError("allowed: two times of day, such as 22:00-06:00")
    return HourRange(begin, end)


DayHours = Annotated[HourRange, BeforeValidator(_parse_hours)]
