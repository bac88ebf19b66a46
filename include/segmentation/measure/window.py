"""A KPI's declared window as a SQL condition on the time of an event.

The conditions read ``p.first_seen`` and ``p.as_of`` of the population row they stand beside, so that one SQL file
serves a run (one as_of for all) and cohort months (an as_of of one's own). Days are calendar days of the profile's
time zone, which is the session's: from midnight to midnight also where the clock changes.
"""

from include.segmentation.profile import Window


def condition(window: Window, column: str) -> str:
    """The condition under which an event belongs to a window.

    Args:
        window: what the KPI declares.
        column: a SQL expression of type TIMESTAMPTZ, the time of the event.

    Returns:
        A SQL condition in parentheses. Every window is half-open: its begin belongs to it, its end does not.
    """
    before = f"{column} < p.as_of"
    begins = {
        "lifetime": "",
        "trailing": f"{column} >= p.as_of - INTERVAL {window.end_day} DAY",
        "since_registration": (
            f"{column} >= p.first_seen + INTERVAL {window.start_day} DAY "
            f"AND {column} < p.first_seen + INTERVAL {window.end_day} DAY"
        ),
        # The month that the last moment before as_of belongs to: at a month's begin, the month before.
        "calendar_month": f"{column} >= date_trunc('month', p.as_of - INTERVAL 1 MICROSECOND)",
    }
    return f"({' AND '.join(part for part in (begins[window.kind], before) if part)})"
