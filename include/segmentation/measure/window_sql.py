"""The window of a KPI, as the two moments between which a customer's events count.

The moments are columns of table ``population``: one pair per window, computed once per customer. So one SQL file serves
a run, where all customers share an as_of, and cohort months, where each has their own. Days are calendar days in the
session's time zone, which is the profile's: 30 days go from midnight to midnight even if the clocks change.
"""

from collections.abc import Iterable

from include.segmentation.profile.windows import KpiWindow


def write_window_condition(window: KpiWindow, column: str) -> str:
    """Write the condition that an event belongs to a window.

    Args:
        window: declared by the KPI.
        column: a SQL expression of type TIMESTAMPTZ, the time of the event. ``p`` is the row of the population.

    Returns:
        A SQL condition in parentheses. Every window includes its begin and excludes its end.
    """
    if window.kind == "lifetime":
        return f"({column} < p.as_of)"
    return f'({column} >= p."{window} begins" AND {column} < p."{window} ends")'


def write_window_moments(windows: Iterable[KpiWindow]) -> str:
    """Write the columns that the conditions read, over ``first_seen`` and ``as_of``, each followed by a comma."""
    columns = ""
    for window in sorted({str(window): window for window in windows}.values(), key=str):
        begins, ends = _write_moments(window)
        columns += f'{begins} AS "{window} begins", {ends} AS "{window} ends", '
    return columns


def _write_moments(window: KpiWindow) -> tuple[str, str]:
    return {
        "lifetime": ("CAST('-infinity' AS TIMESTAMPTZ)", "as_of"),
        "trailing": (f"as_of - INTERVAL {window.end_day} DAY", "as_of"),
        "since_registration": (
            f"first_seen + INTERVAL {window.start_day} DAY",
            f"least(first_seen + INTERVAL {window.end_day} DAY, as_of)",
        ),
        # The month of the last moment before as_of: at the beginning of a month, the previous month.
        "calendar_month": ("date_trunc('month', as_of - INTERVAL 1 MICROSECOND)", "as_of"),
    }[window.kind]
