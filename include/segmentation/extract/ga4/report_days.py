"""Pull a Google Analytics 4 report day by day into a change log.

Google restates the last days, so they are read again at every pull. The day is the property's, whose time zone has to
be the profile's: as_of and the days of KPIs are counted in it.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from include.segmentation.connections import resolve_address
from include.segmentation.errors import RetryLaterError, SourceError
from include.segmentation.extract.ga4.day_batches import DayBatches, require_columns
from include.segmentation.extract.ga4.ga4_property import GA4Property, ReportDay
from include.segmentation.lake.change_log import LogState
from include.segmentation.profile.ga4_reports import GA4Extract, GA4Source
from include.segmentation.run import Run

_ONE_DAY = timedelta(days=1)


def pull_report(run: Run, name: str, report: GA4Extract) -> dict[str, Any]:
    """Pull one report up to the last day that ended at as_of; the caller holds the log's writer.

    What has been read is kept whatever happens, day by day: the next pull goes on behind the last whole day.

    Returns:
        ``rows_read``, ``rows_written``, ``pages``, ``days`` and ``quota`` (what is left of each of Google's quotas).

    Raises:
        LaterError: a quota is nearly used up.
        SourceError: the log was begun by another report, or Google refuses.
    """
    source = run.profile.sources[report.source]
    assert isinstance(source, GA4Source)  # noqa: S101 - the profile has checked it
    log = run.lake.open_log(name)
    require_columns(log, report)
    days = list(_days_to_read(run, report, log.read_state()))
    summary: dict[str, Any] = {"rows_read": 0, "rows_written": 0, "pages": 0, "days": 0, "quota": {}}
    if not days:
        return summary
    analytics = GA4Property(resolve_address(source.connection), source.property)
    batches = DayBatches(run, name, report, since=days[0])
    finished = False
    try:
        for number in days:
            day = analytics.read_day(report, number)
            _check_time_zone(run, day)
            batches.add_day(day)
            summary["days"] += 1
            summary["rows_read"] += day.row_count
            summary["pages"] += day.pages
        finished = True
    except RetryLaterError as error:
        raise error.add_place(f"{summary['days']} of {len(days)} days read") from None
    finally:
        batches.commit(finished)
    left = {quota: status.remaining for quota, status in analytics.quota.status.items()}
    return summary | {"rows_written": batches.rows_written, "quota": left}


def _days_to_read(run: Run, report: GA4Extract, state: LogState) -> Iterator[date]:
    """To the last day that ended at as_of, from the days that may have been restated, or the profile's first.

    The state's cursor says ``through``, the first day that was never read, and of a pull that was broken off its
    ``as_of`` and the day to go on at, ``next``.
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
    """A day must be the same hours for the property and for the profile.

    Raises:
        SourceError: it is not.
    """
    try:
        zone = ZoneInfo(day.time_zone or run.profile.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SourceError(f"the property's time zone '{day.time_zone}' is unknown; allowed is an IANA name") from None
    for midnight in (day.day, day.day + _ONE_DAY):
        if datetime(midnight.year, midnight.month, midnight.day, tzinfo=zone) != run.profile.find_midnight(midnight):
            raise SourceError(
                f"the property's time zone is {day.time_zone}; allowed is the profile's, {run.profile.time_zone}"
            )
