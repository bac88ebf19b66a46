"""Numbers and dates as a reader wants them."""

import math
from datetime import date, datetime
from zoneinfo import ZoneInfo

from include.segmentation.common.suppression import SUPPRESS_BELOW

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
UNDEFINED = "undefined"
SUPPRESSED = f"fewer than {SUPPRESS_BELOW}"


def format_count(number: int) -> str:
    """``33280`` -> ``33,280``."""
    return f"{number:,}"


def format_share(part: float) -> str:
    """``0.1234`` -> ``12.3%``; all is ``100%``, and a part that is there but rounds to nothing ``<0.1%``."""
    return "<0.1%" if 0 < part < 0.0005 else f"{round(part, 3) + 0.0:.1%}".replace("100.0%", "100%")


def format_fidelity(part: float | None) -> str:
    """How right a rule in words is, as a reader wants it: ``0.97`` -> ``right for 97%``."""
    if part is None:
        return "not measured"
    return "exact" if part == 1 else f"right for {min(math.floor(100 * part), 99)}%"


def format_change(number: int) -> str:
    """``-1240`` -> ``-1,240``, with the minus sign that is as wide as a plus."""
    return "0" if number == 0 else f"{'+' if number > 0 else MINUS}{abs(number):,}"


def format_value(number: float, resolution: float) -> str:
    """A KPI's value with the decimals of its resolution: ``3.25, 0.1`` -> ``3.2``."""
    places = count_decimals(resolution)
    return f"{round(number, places) + 0.0:,.{places}f}"  # never -0


def count_decimals(resolution: float) -> int:
    """How many decimals a resolution needs: ``0.01`` -> ``2``."""
    return max(0, -math.floor(math.log10(resolution) + 1e-9))


def format_range(low: float | None, high: float | None, resolution: float) -> str:
    """``2`` to ``5`` with a dash between, or one value where the two are the same."""
    if low is None or high is None:
        return UNDEFINED
    ends = [format_value(low, resolution), format_value(high, resolution)]
    return ends[0] if ends[0] == ends[1] else DASH.join(ends)


def format_day(moment: datetime, zone: str) -> str:
    """``1 May 2025``, and the time of the day where it is not midnight in ``zone``."""
    local = moment.astimezone(ZoneInfo(zone))
    text = format_date(local)
    return text if local.time() == datetime.min.time() else f"{text}, {local:%H:%M}"


def format_date(day: date) -> str:
    """``1 May 2025``."""
    return f"{day.day} {day:%B %Y}"


def format_tick(moment: datetime, zone: str) -> str:
    """A day on two short lines, for an axis."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b}\n{local:%Y}"


def format_month(first: date) -> str:
    """``January 2025``."""
    return f"{first:%B %Y}"
