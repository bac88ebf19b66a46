"""Format numbers and dates for readers."""

import math
from datetime import date, datetime
from zoneinfo import ZoneInfo

from include.segmentation.common.suppression import SUPPRESS_BELOW

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
UNDEFINED = "undefined"
SUPPRESSED = f"fewer than {SUPPRESS_BELOW}"


def format_count(number: int) -> str:
    """Format a count: ``33280`` -> ``33,280``."""
    return f"{number:,}"


def format_share(part: float) -> str:
    """Format a share: ``0.1234`` -> ``12.3%``, ``1`` -> ``100%``, and ``<0.1%`` where it would round to zero."""
    return "<0.1%" if 0 < part < 0.0005 else f"{round(part, 3) + 0.0:.1%}".replace("100.0%", "100%")


def format_fidelity(part: float | None) -> str:
    """Format how well a rule in words matches the exact rule: ``0.97`` -> ``97% match``."""
    if part is None:
        return "match not measured"
    return "exact match" if part == 1 else f"{min(math.floor(100 * part), 99)}% match"


def format_change(number: int) -> str:
    """Format a change: ``-1240`` -> ``-1,240``, with a minus sign as wide as the plus."""
    return "0" if number == 0 else f"{'+' if number > 0 else MINUS}{abs(number):,}"


def format_value(number: float, resolution: float) -> str:
    """Format a KPI's value with the decimals of its resolution: ``3.25, 0.1`` -> ``3.2``."""
    places = count_decimals(resolution)
    return f"{round(number, places) + 0.0:,.{places}f}"  # never -0


def count_decimals(resolution: float) -> int:
    """Count the decimals of a resolution: ``0.01`` -> ``2``."""
    return max(0, -math.floor(math.log10(resolution) + 1e-9))


def format_range(low: float | None, high: float | None, resolution: float) -> str:
    """Format a range: two values with a dash, or one where both are the same."""
    if low is None or high is None:
        return UNDEFINED
    ends = [format_value(low, resolution), format_value(high, resolution)]
    return ends[0] if ends[0] == ends[1] else DASH.join(ends)


def format_day(moment: datetime, zone: str) -> str:
    """Format a moment: ``1 May 2025``, with the time unless it is midnight in ``zone``."""
    local = moment.astimezone(ZoneInfo(zone))
    text = format_date(local)
    return text if local.time() == datetime.min.time() else f"{text}, {local:%H:%M}"


def format_date(day: date) -> str:
    """Format a date: ``1 May 2025``."""
    return f"{day.day} {day:%B %Y}"


def format_tick(moment: datetime, zone: str) -> str:
    """Format a day on two short lines, for an axis."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b}\n{local:%Y}"


def format_month(first: date) -> str:
    """Format a month: ``January 2025``."""
    return f"{first:%B %Y}"
