"""Pull a Google Analytics 4 report day by day into a change log.

Google restates the last days, so they are read again at every pull. A day that has changed is written whole, as a new
batch; one that has not is not written; one that has become empty leaves a single deleted row.
"""

from collections.abc import Iterator
from dataclasses import astuple, fields, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.changelog import BATCH, DELETED, OBSERVED_AT, SEQ, ChangeLog, State
from include.segmentation.connections import resolve
from include.segmentation.errors import DataError, ProfileError, SourceError
from include.segmentation.extract.ga4.property import Day, Flags, Property
from include.segmentation.run import Run
from include.segmentation.sources import GA4Extract, GA4Source

COMMIT_ROWS = 50_000
_DATE = "date"
_FLAGS = [flag.name for flag in fields(Flags)]
_ONE_DAY = timedelta(days=1)


def pull_days(run: Run, name: str, report: GA4Extract) -> dict[str, Any]:
    """Pull one report up to the last day that ended at as_of; the caller holds the log's writer.

    Returns:
        ``rows_read``, ``rows_written``, ``pages``, ``days`` and ``quota`` (what is left of each of Google's quotas).
    """
    source = run.profile.sources[report.source]
    assert isinstance(source, GA4Source)  # noqa: S101 - the profile has checked it
    days = list(_days_to_read(run, report, run.lake.log(name).state()))
    summary: dict[str, Any] = {"rows_read": 0, "rows_written": 0, "pages": 0, "days": len(days), "quota": {}}
    if not days:
        return summary
    analytics = Property(resolve(source.connection), source.property)
    writer = _Writer(run, name, report, since=days[0])
    try:
        for number in days:
            day = analytics.read(report, number)
            _check_time_zone(run, day)
            writer.take(day)
            summary["rows_read"] += day.row_count
            summary["pages"] += day.pages
            summary["quota"] = day.quota or summary["quota"]
    finally:
        writer.commit()  # also when a quota is used up: the next pull goes on behind the last whole day
    return summary | {"rows_written": writer.written}


def column_name(name: str) -> str:
    """The lake's name of a dimension or metric: ``customUser:learner_id`` -> ``learner_id``."""
    plain = name.rpartition(":")[2]
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in plain).lstrip("_")


class _Writer:
    """Collects days and commits several at once; a day is in one commit or in none."""

    def __init__(self, run: Run, name: str, report: GA4Extract, since: date) -> None:
        self._log: ChangeLog = run.lake.log(name)
        self._run, self._report = run, report
        self._state = self._log.state()
        self._schema = self._log.schema()
        self._held = _newest_batches(run, name, since)
        self._changed: list[pa.Table] = []
        self._emptied: list[pa.Table] = []
        self._last: date | None = None
        self.written = 0

    def take(self, day: Day) -> None:
        """Keep a day for the next commit where it differs from what the log holds."""
        batch, held = self._held.get(day.day, (0, None))
        if day.row_count:
            self._schema = self._schema or _schema(self._report, day.metric_types)
            rows = _table(self._report, self._schema, day, batch + 1)
            if held is None or not rows.drop_columns([BATCH]).equals(held):
                self._changed.append(rows)
        elif self._schema and held is not None:
            self._emptied.append(_empty_day(self._schema, day.day, batch + 1))
        self._last = day.day
        if sum(rows.num_rows for rows in self._changed) >= COMMIT_ROWS:
            self.commit()

    def commit(self) -> None:
        """Write what was kept; the state moves on to the last day that was taken, never back."""
        if self._last is None:
            return
        if self._emptied:
            self._append(self._emptied, self._state, deleted=True)
        moved = self._moved(self._last)
        if self._changed or moved != self._state:
            self._append(self._changed, moved, deleted=False)
        self._changed, self._emptied = [], []

    def _append(self, tables: list[pa.Table], state: State, deleted: bool) -> None:
        schema = self._schema or _schema(self._report, [])
        rows = pa.concat_tables([schema.empty_table(), *tables])
        self._state = self._log.append(rows, state, deleted)
        self.written += rows.num_rows

    def _moved(self, last: date) -> State:
        before = date.fromisoformat(self._state.cursor) if self._state.cursor else last
        last = max(before, last)
        through = self._run.profile.midnight(last + _ONE_DAY)
        return replace(self._state, cursor=last.isoformat(), complete_through=through)


def _days_to_read(run: Run, report: GA4Extract, state: State) -> Iterator[date]:
    """From the days that may have been restated, or the profile's first, to the last that ended at as_of."""
    day = run.profile.schedule.start
    if state.cursor:
        day = max(day, date.fromisoformat(state.cursor) + _ONE_DAY - timedelta(days=report.lookback))
    while run.profile.midnight(day + _ONE_DAY) <= run.as_of:
        yield day
        day += _ONE_DAY


def _newest_batches(run: Run, name: str, since: date) -> dict[date, tuple[int, pa.Table | None]]:
    """What the log holds of each day: its newest batch, and the rows of it (None where they are deleted)."""
    if run.lake.log(name).table() is None:
        return {}
    with run.lake.engine() as engine:
        run.lake.view_log(engine, name)
        rows = engine.execute(
            f'SELECT * EXCLUDE ({OBSERVED_AT}) FROM "{name}" WHERE {_DATE} >= ? '
            f"QUALIFY {BATCH} = max({BATCH}) OVER (PARTITION BY {_DATE}) ORDER BY {SEQ}",
            [since],
        ).to_arrow_table()
    newest: dict[date, tuple[int, pa.Table | None]] = {}
    for day in pc.unique(rows[_DATE]).to_pylist():
        of_day = rows.filter(pc.equal(rows[_DATE], pa.scalar(day)))
        held = None if of_day[DELETED][0].as_py() else of_day.drop_columns([SEQ, DELETED, BATCH])
        newest[day] = (of_day[BATCH][0].as_py(), held)
    return newest


def _schema(report: GA4Extract, metric_types: list[str]) -> pa.Schema:
    """The columns of a report's log, fixed by the first day: dimensions, metrics, flags, batch.

    Raises:
        ProfileError: two of the report's columns would have one name.
    """
    dimensions = [column_name(dimension) for dimension in report.dimensions]
    metrics = [column_name(metric) for metric in report.metrics]
    names = [*dimensions, *metrics, *_FLAGS, BATCH]
    if len(set(names)) != len(names):
        raise ProfileError(f"dimensions and metrics become columns {', '.join(names)}; their names must differ")
    whole = [kind == "TYPE_INTEGER" for kind in metric_types] or [False] * len(metrics)
    return pa.schema(
        [(name, pa.date32() if name == _DATE else pa.string()) for name in dimensions]
        + [(name, pa.int64() if is_whole else pa.float64()) for name, is_whole in zip(metrics, whole, strict=True)]
        + [(name, pa.bool_()) for name in _FLAGS]
        + [(BATCH, pa.int64())]
    )


def _table(report: GA4Extract, schema: pa.Schema, day: Day, batch: int) -> pa.Table:
    """A day's rows in the log's types, ordered by all dimensions.

    Raises:
        SourceError: the report's columns are no longer those of the log.
        DataError: a metric can not be read.
    """
    texts = dict(zip([*report.dimensions, *report.metrics], [*day.dimensions, *day.metrics], strict=True))
    values: dict[str, Any] = {column_name(name): pa.array(column, pa.string()) for name, column in texts.items()}
    values[_DATE] = [day.day] * day.row_count
    values |= {name: [flag] * day.row_count for name, flag in zip(_FLAGS, astuple(day.flags), strict=True)}
    values[BATCH] = [batch] * day.row_count
    if set(values) != set(schema.names):
        raise SourceError(f"the report's columns have changed: were {schema.names}, are {list(values)}")
    try:
        arrays = [pa.array(values[part.name]).cast(part.type) for part in schema]
    except pa.ArrowInvalid as error:
        raise DataError(f"{day.day}: a metric can not be read: {error}") from None
    rows = pa.Table.from_arrays(arrays, schema=schema)
    return rows.sort_by([(column_name(dimension), "ascending") for dimension in report.dimensions])


def _empty_day(schema: pa.Schema, day: date, batch: int) -> pa.Table:
    known = {_DATE: day, BATCH: batch}
    return pa.table([pa.array([known.get(part.name)], part.type) for part in schema], schema=schema)


def _check_time_zone(run: Run, day: Day) -> None:
    """A day must be the same hours for the property and for the profile.

    Raises:
        SourceError: it is not.
    """
    if not day.time_zone:
        return
    noon = datetime(day.day.year, day.day.month, day.day.day, 12)
    zones = (ZoneInfo(day.time_zone), ZoneInfo(run.profile.time_zone))
    if len({noon.replace(tzinfo=zone).utcoffset() for zone in zones}) > 1:
        raise SourceError(
            f"the property's time zone is {day.time_zone}; allowed is the profile's, {run.profile.time_zone}"
        )
