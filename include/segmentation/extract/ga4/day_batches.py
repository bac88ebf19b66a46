"""The days of a report in its change log.

A day that changed is written whole, as a new batch; an unchanged day is not written. A day without rows is one deleted
row, which keeps what Google says about the day.
"""

from dataclasses import astuple, dataclass, replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.errors import DataError, SourceError
from include.segmentation.extract.ga4.report_day import ReportDay
from include.segmentation.lake.change_log import ChangeLog, LogState
from include.segmentation.lake.log_columns import BATCH, DELETED, OBSERVED_AT, SEQ
from include.segmentation.profile.ga4_reports import (
    DATE_COLUMN,
    REPORT_FLAGS,
    UNKNOWN_VALUES,
    GA4Extract,
    name_column,
)
from include.segmentation.run import Run

COMMIT_ROWS = 50_000
_FLAG_TYPES = (pa.bool_(), pa.bool_(), pa.float64(), pa.string(), pa.string())


@dataclass(frozen=True)
class _Batch:
    """The newest batch of a day in the log."""

    number: int
    is_empty: bool
    rows: pa.Table


class DayBatches:
    """Collects days and commits several at once. A day is in one commit or in none."""

    def __init__(self, run: Run, name: str, report: GA4Extract, since: date) -> None:
        """Look up what the log has of the days from ``since`` on."""
        self._log: ChangeLog = run.lake.open_log(name)
        self._run, self._report = run, report
        self._state = self._log.read_state()
        self._schema = self._log.read_schema()
        self._logged = _read_newest_batches(run, name, since)
        self._changed: list[pa.Table] = []
        self._emptied: list[pa.Table] = []
        self._last: date | None = None
        self._has_both = not report.per_user_demographics or _has_both_in_log(run, name, report)
        self.rows_written = 0

    def add_day(self, day: ReportDay) -> None:
        """Keep a day for the next commit if it differs from the log.

        Raises:
            DataError: a metric is not a number. The day counts as not read.
        """
        if day.metric_types:  # an empty day may name no types; it says nothing before the first day with rows
            self._schema = self._schema or build_log_schema(self._report, day.metric_types)
        if self._schema is not None:
            self._collect_day(day, self._schema)
        self._last = day.day
        if sum(rows.num_rows for rows in self._changed) >= COMMIT_ROWS:
            self.commit(is_finished=False)

    def _collect_day(self, day: ReportDay, schema: pa.Schema) -> None:
        rows = _build_rows(self._report, schema, day)
        logged = self._logged.get(day.day)
        if logged is None or logged.is_empty == bool(day.row_count) or not logged.rows.equals(rows):
            batch = pa.array([logged.number + 1 if logged else 1] * rows.num_rows, pa.int64())
            numbered = rows.append_column(BATCH, batch).select(schema.names).cast(schema)
            (self._changed if day.row_count else self._emptied).append(numbered)

    def commit(self, is_finished: bool) -> None:
        """Write the collected days. The state moves on to the last day that was added, never back.

        Args:
            is_finished: whether the pull read its last day. Until then the state says where to go on, so that another
                pull up to the same as_of does not start with the restated days again.

        Raises:
            SourceError: demographics per user were declared but do not arrive.
        """
        if self._last is None:
            return
        self._require_both()
        if self._emptied:
            self._append_rows(self._emptied, self._state, is_deleted=True)
        state = self._find_next_state(self._last, is_finished)
        if self._changed or state != self._state:
            self._append_rows(self._changed, state, is_deleted=False)
        self._changed, self._emptied = [], []

    def _append_rows(self, tables: list[pa.Table], state: LogState, is_deleted: bool) -> None:
        schema = self._schema or build_log_schema(self._report, [])
        rows = pa.concat_tables([schema.empty_table(), *tables])
        self._state = self._log.append(rows, state, is_deleted)
        self.rows_written += rows.num_rows

    def _find_next_state(self, last: date, is_finished: bool) -> LogState:
        next_day = last + timedelta(days=1)
        through = max(next_day, date.fromisoformat(self._state.cursor["through"])) if self._state.cursor else next_day
        cursor = {"through": through.isoformat()}
        if not is_finished:
            cursor |= {"next": next_day.isoformat(), "as_of": self._run.as_of.isoformat()}
        return replace(self._state, cursor=cursor, complete_through=self._run.profile.find_midnight(through))

    def _require_both(self) -> None:
        """Refuse days whose rows never have both a user and the demographics."""
        self._has_both = self._has_both or any(_has_row_with_both(rows, self._report) for rows in self._changed)
        is_withheld = any(rows["subject_to_thresholding"][0].as_py() for rows in self._emptied)
        if not self._has_both and (self._changed or is_withheld):
            self._changed, self._emptied, self._last = [], [], None
            raise SourceError(
                f"per_user_demographics: no row has both {', '.join(self._report.users)} and "
                f"{', '.join(self._report.demographics)}, so the property does not deliver them per user; allowed: a "
                "report with only one of them"
            )


def require_columns(log: ChangeLog, report: GA4Extract) -> None:
    """Refuse a log that belongs to another report.

    Raises:
        SourceError: its columns are not the report's.
    """
    logged, names = log.read_schema(), build_log_schema(report, []).names
    if logged and sorted(logged.names) != sorted(names):
        raise SourceError(
            f"the report's columns changed from {', '.join(logged.names)} to {', '.join(names)}; give the report "
            "another name, or remove its change log and quarantine"
        )


def build_log_schema(report: GA4Extract, metric_types: list[str]) -> pa.Schema:
    """Build the columns of a report's log: dimensions, metrics, flags and batch.

    Args:
        report: the report.
        metric_types: Google's types, from the first day with rows; doubles if empty.
    """
    is_integer = [kind == "TYPE_INTEGER" for kind in metric_types] or [False] * len(report.metrics)
    dimensions = [name_column(dimension) for dimension in report.dimensions]
    metrics = [name_column(metric) for metric in report.metrics]
    return pa.schema(
        [(name, pa.date32() if name == DATE_COLUMN else pa.string()) for name in dimensions]
        + [(name, pa.int64() if whole else pa.float64()) for name, whole in zip(metrics, is_integer, strict=True)]
        + list(zip(REPORT_FLAGS, _FLAG_TYPES, strict=True))
        + [(BATCH, pa.int64())]
    )


def _read_newest_batches(run: Run, name: str, since: date) -> dict[date, _Batch]:
    if run.lake.open_log(name).load_table() is None:
        return {}
    with run.lake.open_engine() as engine:
        run.lake.create_log_view(engine, name)
        rows = engine.execute(
            f"SELECT * EXCLUDE ({OBSERVED_AT}) FROM {quote_identifier(name)} WHERE {DATE_COLUMN} >= ? "
            f"QUALIFY {BATCH} = max({BATCH}) OVER (PARTITION BY {DATE_COLUMN}) ORDER BY {SEQ}",
            [since],
        ).fetch_table()
    newest = {}
    for day in pc.unique(rows[DATE_COLUMN]).to_pylist():
        day_rows = rows.filter(pc.equal(rows[DATE_COLUMN], pa.scalar(day)))
        number, is_empty = day_rows[BATCH][0].as_py(), day_rows[DELETED][0].as_py()
        newest[day] = _Batch(number, is_empty, day_rows.drop_columns([SEQ, DELETED, BATCH]))
    return newest


def _build_rows(report: GA4Extract, schema: pa.Schema, day: ReportDay) -> pa.Table:
    """Convert a day's rows to the log's types, ordered by all dimensions; an empty day has its date and flags.

    Raises:
        DataError: a metric is not a number.
    """
    count = day.row_count or 1
    columns = [*day.dimensions, *day.metrics] if day.row_count else [[None]] * len(report.dimensions + report.metrics)
    names = [name_column(name) for name in [*report.dimensions, *report.metrics]]
    values: dict[str, Any] = {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
    values[DATE_COLUMN] = [day.day] * count
    values |= {name: [flag] * count for name, flag in zip(REPORT_FLAGS, astuple(day.flags), strict=True)}
    fields = [field for field in schema if field.name != BATCH]
    try:
        arrays = [pa.array(values[field.name]).cast(field.type) for field in fields]
    except pa.ArrowInvalid as error:
        raise DataError(f"{day.day}: a metric cannot be read: {error}") from None
    rows = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    return rows.sort_by([(name_column(dimension), "ascending") for dimension in report.dimensions])


def _has_both_in_log(run: Run, name: str, report: GA4Extract) -> bool:
    """Whether the log already has a row with a user and all demographics."""
    if run.lake.open_log(name).load_table() is None:
        return False
    with run.lake.open_engine() as engine:
        run.lake.create_current_view(engine, name)
        rows = engine.execute(f"SELECT * FROM {quote_identifier(name)}").fetch_table()
        return _has_row_with_both(rows, report)


def _has_row_with_both(rows: pa.Table, report: GA4Extract) -> bool:
    is_known = pa.array([True] * rows.num_rows)
    for dimension in [*report.users, *report.demographics]:
        if dimension in report.dimensions:
            values = rows[name_column(dimension)]
            is_known = pc.and_(is_known, pc.invert(pc.is_in(values, pa.array(UNKNOWN_VALUES))))
    return bool(pc.any(is_known).as_py())
