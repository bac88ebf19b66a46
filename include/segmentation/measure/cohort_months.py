"""Cohort months: KPIs at 30, 60, 90 … days after registration, for the customers who registered in one month."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from include.segmentation.engine.engine import Engine
from include.segmentation.run import Run

MONTH_DAYS = 30
_REMEASURED_DAYS = 62
"""Days that a cohort is still measured after its last month is complete, because late data can change it."""


@dataclass(frozen=True)
class CohortMonth:
    """The customers who registered in one calendar month of the profile's time zone, n times 30 days later.

    Attributes:
        cohort: the first day of the calendar month.
        month: 1 for the first 30 days.
    """

    cohort: date
    month: int

    @property
    def following(self) -> date:
        """The first day of the calendar month after the cohort's."""
        return (self.cohort + timedelta(days=32)).replace(day=1)


def list_complete_months(run: Run, connection: Engine) -> list[CohortMonth]:
    """List the cohort months that every customer of the cohort has lived through at as_of.

    Args:
        run: the run; its profile gives the number of months.
        connection: holds table ``_people`` (customer_id, first_seen).
    """
    months = run.profile.cohort_months
    oldest = run.as_of - timedelta(days=months * MONTH_DAYS + _REMEASURED_DAYS)
    cohorts = connection.execute(
        "SELECT DISTINCT CAST(date_trunc('month', first_seen) AS DATE) FROM _people ORDER BY 1"
    ).fetch_rows()
    candidates = [CohortMonth(cohort, month) for (cohort,) in cohorts for month in range(1, months + 1)]
    return [each for each in candidates if run.profile.find_midnight(each.cohort) >= oldest and _is_complete(run, each)]


def _is_complete(run: Run, each: CohortMonth) -> bool:
    end: datetime = run.profile.find_midnight(each.following + timedelta(days=each.month * MONTH_DAYS))
    return end <= run.as_of
