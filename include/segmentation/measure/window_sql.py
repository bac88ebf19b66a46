"""A KPI's declared window, as the two moments between which an event of a customer counts.

The moments are columns of table ``population``, one pair per declared window, computed once per customer: one SQL file
then serves a run (one as_of for all) and cohort months (an as_of of one's own). Days are calendar days of the profile's
time zone, which is the session's: 30 days go from midnight to midnight also where the clock changes.
"""

from collections.abc import Iterable

from include.segmentation.profile.windows import KpiWindow


def write_window_condition(window: KpiWindow, column: str) -> str:
    """The condition under which an event belongs to a window.

    Args:
        window: what the KPI declares.
        column: a SQL expression of type TIMESTAMPTZ, the time of the event; ``p`` is the population row beside it.

    Returns:
        A SQL condition in parentheses. Every window is half-open: its begin belongs to it, its end does not.
    """
    if window.kind == "lifetime":
        return f"({column} < p.as_of)"
    return f'({column} >= p."{window} begins" AND {column} < p."{window} ends")'


def write_window_moments(windows: Iterable[KpiWindow]) -> str:
    """The columns that ``condition`` reads, as SQL over ``first_seen`` and ``as_of``, each followed by a comma."""
    columns = ""
    for window in sorted({str(window): window for window in windows}.values(), key=str):
        begins, ends = _moments(window)
        columns += f'{begins} AS "{window} begins", {ends} AS "{window} ends", '
    return columns


def _moments(window: KpiWindow) -> tuple[str, str]:
    return {
        "lifetime": ("CAST('-infinity' AS TIMESTAMPTZ)", "as_of"),
        "trailing": (f"as_of - INTERVAL {window.end_day} DAY", "as_of"),
        "since_registration": (
            f"first_seen + INTERVAL {window.start_day} DAY",
            f"least(first_seen + INTERVAL {window.end_day} DAY, as_of)",
        ),
        # The month that the last moment before as_of belongs to: at a month's begin, the month before.
        "calendar_month": ("date_trunc('month', as_of - INTERVAL 1 MICROSECOND)", "as_of"),
    }[window.kind]
