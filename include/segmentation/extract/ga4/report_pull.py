"""Pull a Google Analytics 4 report day by day into a change log.

Google restates the last days, so every pull reads them again. A day is a day of the property, whose time zone must be
the profile's, because as_of and the days of KPIs are counted in it.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from include.segmentation.connections import resolve_address
from include.segmentation.errors import RetryLaterError, SourceError
from include.segmentation.extract.ga4.day_batches import DayBatches, require_columns
from include.segmentation.extract.ga4.ga4_property import GA4Property
from include.segmentation.extract.ga4.report_day import ReportDay
from include.segmentation.lake.change_log import LogState
from include.segmentation.profile.ga4_reports import GA4Extract, GA4Source
from include.segmentation.run import Run

_ONE_DAY = timedelta(days=1)


def pull_report(run: Run, name: str, report: GA4Extract) -> dict[str, Any]:
    """Pull one report up to the last day that ended at as_of; the caller holds the log's writer lock.

    Days that were read are kept whatever happens next. The next pull goes on after the last whole day.

    Returns:
        ``rows_read``, ``rows_written``, ``pages``, ``days`` and ``quota`` (what is left of each of Google's quotas).

    Raises:
        RetryLaterError: a quota is nearly used up.
        SourceError: the log belongs to another report, or Google refuses.
    """
    source = cast(GA4Source, run.profile.sources[report.source])
    log = run.lake.open_log(name)
    require_columns(log, report)
    days = list(_list_days(run, report, log.read_state()))
    summary: dict[str, Any] = {"rows_read": 0, "rows_written": 0, "pages": 0, "days": 0, "quota": {}}
    if not days:
        return summary
    analytics = GA4Property(resolve_address(source.connection), source.property)
    batches = DayBatches(run, name, report, since=days[0])
    is_finished = False
    try:
        for date_of_day in days:
            day = analytics.read_day(report, date_of_day)
            _check_time_zone(run, day)
            batches.add_day(day)
            summary["days"] += 1
            summary["rows_read"] += day.row_count
            summary["pages"] += day.pages
        is_finished = True
    except RetryLaterError as error:
        raise error.add_place(f"{summary['days']} of {len(days)} days read") from None
    finally:
        batches.commit(is_finished)
    left = {quota: status.remaining for quota, status in analytics.quota.status.items()}
    return summary | {"rows_written": batches.rows_written, "quota": left}


def _list_days(run: Run, report: GA4Extract, state: LogState) -> Iterator[date]:
    """List the days to read: from the first that Google may have restated, or the profile's first, up to as_of.

    The state's cursor has ``through``, the first day that was never read. After a pull that stopped early it also has
    that pull's ``as_of`` and the day to go on with, ``next``.
    """
    day = run.profile.schedule.start
    if state.cursor and state.cursor.get("as_of") == run.as_of.isoformat():
        day = date.fromisoformat(state.cursor["next"])
    elif state.cursor:
        day = max(day, date.fromisoformat(state.cursor["through"]) - timedelta(days=report.lookback))
    while run.profile.find_midnight(day + _ONE_DAY) <= run.as_of:
        yield day
        day += _ONE_DAY


def _check_time_zone(run: Run, day: ReportDay) -> None:
    """Require that a day has the same hours in the property and in the profile.

    Raises:
        SourceError: it does not.
    """
    try:
        zone = ZoneInfo(day.time_zone or run.profile.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SourceError(f"the property's time zone: found '{day.time_zone}'; allowed: an IANA name") from None
    for midnight in (day.day, day.day + _ONE_DAY):
        if datetime(midnight.year, midnight.month, midnight.day, tzinfo=zone) != run.profile.find_midnight(midnight):
            raise SourceError(
                f"the property's time zone: found {day.time_zone}; allowed: the profile's, {run.profile.time_zone}"
            )
