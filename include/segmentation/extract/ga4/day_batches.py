"""The days of a report in its change log.

A day that has changed is written whole, as a new batch; one that has not is not written. A day without rows is one
deleted row, which keeps what Google says about it.
"""

from dataclasses import astuple, dataclass, replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.errors import DataError, SourceError
from include.segmentation.extract.ga4.ga4_property import ReportDay
from include.segmentation.lake.change_log import BATCH, DELETED, OBSERVED_AT, SEQ, ChangeLog, LogState
from include.segmentation.profile.ga4_reports import DATE_COLUMN, REPORT_FLAGS, UNKNOWN_VALUES, GA4Extract, name_column
from include.segmentation.run import Run

COMMIT_ROWS = 50_000
_FLAG_TYPES = (pa.bool_(), pa.bool_(), pa.float64(), pa.string(), pa.string())


@dataclass(frozen=True)
class _Batch:
    """The newest batch of a day in the log."""

    number: int
    empty: bool
    rows: pa.Table


class DayBatches:
    """Collects days and commits several at once; a day is in one commit or in none."""

    def __init__(self, run: Run, name: str, report: GA4Extract, since: date) -> None:
        """Look up what the log holds of the days from ``since`` on."""
        self._log: ChangeLog = run.lake.open_log(name)
        self._run, self._report = run, report
        self._state = self._log.read_state()
        self._schema = self._log.read_schema()
        self._held = _newest_batches(run, name, since)
        self._changed: list[pa.Table] = []
        self._emptied: list[pa.Table] = []
        self._last: date | None = None
        self._delivers = not report.per_user_demographics or _holds_both(run, name, report)
        self.rows_written = 0

    def add_day(self, day: ReportDay) -> None:
        """Keep a day for the next commit where it differs from what the log holds.

        Raises:
            DataError: a metric can not be read; the day counts as not read.
        """
        if day.metric_types:  # an empty day may name none, and then says nothing before the first that has rows
            self._schema = self._schema or build_log_schema(self._report, day.metric_types)
        if self._schema is not None:
            self._keep(day, self._schema)
        self._last = day.day
        if sum(rows.num_rows for rows in self._changed) >= COMMIT_ROWS:
            self.commit(finished=False)

    def _keep(self, day: ReportDay, schema: pa.Schema) -> None:
        rows = _table(self._report, schema, day)
        held = self._held.get(day.day)
        if held is None or held.empty == bool(day.row_count) or not held.rows.equals(rows):
            numbered = _numbered(rows, schema, held.number + 1 if held else 1)
            (self._changed if day.row_count else self._emptied).append(numbered)

    def commit(self, finished: bool) -> None:
        """Write what was kept; the state moves on to the last day that was taken, never back.

        Args:
            finished: whether it was the pull's last day. Until then the state says where to go on, so that another
                pull up to the same as_of does not begin with the restated days again.

        Raises:
            SourceError: demographics per user were promised and do not arrive.
        """
        if self._last is None:
            return
        self._require_both()
        if self._emptied:
            self._append(self._emptied, self._state, deleted=True)
        moved = self._moved(self._last, finished)
        if self._changed or moved != self._state:
            self._append(self._changed, moved, deleted=False)
        self._changed, self._emptied = [], []

    def _append(self, tables: list[pa.Table], state: LogState, deleted: bool) -> None:
        schema = self._schema or build_log_schema(self._report, [])
        rows = pa.concat_tables([schema.empty_table(), *tables])
        self._state = self._log.append(rows, state, deleted)
        self.rows_written += rows.num_rows

    def _moved(self, last: date, finished: bool) -> LogState:
        following = last + timedelta(days=1)
        through = max(following, date.fromisoformat(self._state.cursor["through"])) if self._state.cursor else following
        cursor = {"through": through.isoformat()}
        if not finished:
            cursor |= {"next": following.isoformat(), "as_of": self._run.as_of.isoformat()}
        return replace(self._state, cursor=cursor, complete_through=self._run.profile.find_midnight(through))

    def _require_both(self) -> None:
        self._delivers = self._delivers or any(_both_known(rows, self._report) for rows in self._changed)
        withheld = any(rows["subject_to_thresholding"][0].as_py() for rows in self._emptied)
        if not self._delivers and (self._changed or withheld):
            self._changed, self._emptied, self._last = [], [], None
            raise SourceError(
                f"per_user_demographics: no row has both {', '.join(self._report.users)} and "
                f"{', '.join(self._report.demographics)}; the property does not deliver them per user: allowed is a "
                "report without the one or the other"
            )


def require_columns(log: ChangeLog, report: GA4Extract) -> None:
    """Refuse a log that was begun by another report.

    Raises:
        SourceError: its columns are not the report's.
    """
    held, names = log.read_schema(), build_log_schema(report, []).names
    if held and sorted(held.names) != sorted(names):
        raise SourceError(
            f"the report's columns have changed: were {', '.join(held.names)}, are {', '.join(names)}; give the report "
            "another name, or remove its change log and quarantine"
        )


def _newest_batches(run: Run, name: str, since: date) -> dict[date, _Batch]:
    if run.lake.open_log(name).load_table() is None:
        return {}
    with run.lake.open_engine() as engine:
        run.lake.create_log_view(engine, name)
        rows = engine.execute(
            f'SELECT * EXCLUDE ({OBSERVED_AT}) FROM "{name}" WHERE {DATE_COLUMN} >= ? '
            f"QUALIFY {BATCH} = max({BATCH}) OVER (PARTITION BY {DATE_COLUMN}) ORDER BY {SEQ}",
            [since],
        ).fetch_table()
    newest = {}
    for day in pc.unique(rows[DATE_COLUMN]).to_pylist():
        of_day = rows.filter(pc.equal(rows[DATE_COLUMN], pa.scalar(day)))
        number, empty = of_day[BATCH][0].as_py(), of_day[DELETED][0].as_py()
        newest[day] = _Batch(number, empty, of_day.drop_columns([SEQ, DELETED, BATCH]))
    return newest


def build_log_schema(report: GA4Extract, metric_types: list[str]) -> pa.Schema:
    """The columns of a report's log, fixed by the first day: dimensions, metrics, flags, batch."""
    whole = [kind == "TYPE_INTEGER" for kind in metric_types] or [False] * len(report.metrics)
    dimensions = [name_column(dimension) for dimension in report.dimensions]
    metrics = [name_column(metric) for metric in report.metrics]
    return pa.schema(
        [(name, pa.date32() if name == DATE_COLUMN else pa.string()) for name in dimensions]
        + [(name, pa.int64() if is_whole else pa.float64()) for name, is_whole in zip(metrics, whole, strict=True)]
        + list(zip(REPORT_FLAGS, _FLAG_TYPES, strict=True))
        + [(BATCH, pa.int64())]
    )


def _table(report: GA4Extract, schema: pa.Schema, day: ReportDay) -> pa.Table:
    """A day's rows in the log's types, ordered by all dimensions; of an empty day its date and flags.

    Raises:
        DataError: a metric can not be read.
    """
    count = day.row_count or 1
    columns = [*day.dimensions, *day.metrics] if day.row_count else [[None]] * len(report.dimensions + report.metrics)
    names = [name_column(name) for name in [*report.dimensions, *report.metrics]]
    values: dict[str, Any] = {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
    values[DATE_COLUMN] = [day.day] * count
    values |= {name: [flag] * count for name, flag in zip(REPORT_FLAGS, astuple(day.flags), strict=True)}
    types = [part for part in schema if part.name != BATCH]
    try:
        arrays = [pa.array(values[part.name]).cast(part.type) for part in types]
    except pa.ArrowInvalid as error:
        raise DataError(f"{day.day}: a metric can not be read: {error}") from None
    rows = pa.Table.from_arrays(arrays, schema=pa.schema(types))
    return rows.sort_by([(name_column(dimension), "ascending") for dimension in report.dimensions])


def _numbered(rows: pa.Table, schema: pa.Schema, batch: int) -> pa.Table:
    return rows.append_column(BATCH, pa.array([batch] * rows.num_rows, pa.int64())).select(schema.names).cast(schema)


def _holds_both(run: Run, name: str, report: GA4Extract) -> bool:
    """Whether the log already has a row with a user and all of what is guessed about them."""
    if run.lake.open_log(name).load_table() is None:
        return False
    with run.lake.open_engine() as engine:
        run.lake.create_current_view(engine, name)
        return _both_known(engine.execute(f'SELECT * FROM "{name}"').fetch_table(), report)


def _both_known(rows: pa.Table, report: GA4Extract) -> bool:
    known = pa.array([True] * rows.num_rows)
    for dimension in [*report.users, *report.demographics]:
        if dimension in report.dimensions:
            known = pc.and_(known, pc.invert(pc.is_in(rows[name_column(dimension)], pa.array(UNKNOWN_VALUES))))
    return bool(pc.any(known).as_py())
