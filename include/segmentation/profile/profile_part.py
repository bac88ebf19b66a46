"""What everything in a profile is made of: parts that refuse unknown keys, and durations."""

import re
from datetime import time, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class ProfilePart(BaseModel):
    """A mapping in a profile: frozen, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d{1,5})([smhd])", str(value))
    if not match:
        raise ValueError("allowed is a whole number and a unit, such as 30s, 15m, 2h or 3d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class HourRange(NamedTuple):
    """A stretch of every day, which may pass midnight: from the first time up to, not including, the second."""

    begin: time
    end: time


def _hours(value: Any) -> Any:
    if isinstance(value, HourRange):
        return value
    match = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", str(value))
    try:
        begin, end = (time.fromisoformat(text) for text in match.groups()) if match else (None, None)
    except ValueError:
        begin = end = None
    if begin is None or end is None or begin == end:
        raise ValueError("allowed are two times of day, such as 22:00-06:00")
    return HourRange(begin, end)


DayHours = Annotated[HourRange, BeforeValidator(_hours)]
