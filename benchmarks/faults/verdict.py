"""Compare the lake with the source value by value, and check every ``complete_through``.

The comparison does not use the extractor's code: it reads the rows with other client settings and compares Python
values.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from MySQLdb.constants import FIELD_TYPE

from benchmarks.faults.child import Report
from benchmarks.faults.tables import ScheduleTable
from include.segmentation.run import Run

Key = tuple[Any, ...]
Row = tuple[Any, ...]
_TIMES = {FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP}


@dataclass
class Difference:
    """How a table's view in the lake differs from the table; every list contains keys.

    Attributes:
        lost: only in the table.
        doubled: more than once in the lake.
        different: in both, with different values.
        left_over: only in the lake.
    """

    lost: list[Key] = field(default_factory=list)
    doubled: list[Key] = field(default_factory=list)
    different: list[Any] = field(default_factory=list)
    left_over: list[Key] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = [(kind, keys) for kind, keys in vars(self).items() if keys]
        return "; ".join(f"{len(keys)} {kind.replace('_', ' ')}, such as {keys[0]}" for kind, keys in kinds)

    def __bool__(self) -> bool:
        return any(vars(self).values())


def compare_table(connection: Any, run: Run, table: ScheduleTable) -> Difference:
    """Compare a table with its current view in the lake."""
    columns, source = _read_source(connection, table)
    width = len(table.sort.key)
    truth = {row[:width]: row for row in source}
    current = [row for row, _, _ in _read_lake(run, table, columns, "current")]
    lake_rows = {row[:width]: row for row in current}
    return Difference(
        lost=[key for key in truth if key not in lake_rows],
        doubled=[key for key, times in Counter(row[:width] for row in current).items() if times > 1],
        different=[
            _describe_difference(columns, truth[key], lake_rows[key])
            for key in truth
            if key in lake_rows and lake_rows[key] != truth[key]
        ],
        left_over=[key for key in lake_rows if key not in truth],
    )


def find_broken_claims(connection: Any, run: Run, table: ScheduleTable, reports: Iterable[Report]) -> list[str]:
    """Find rows that were missing in the lake although a pull reported that it was complete.

    A claim is a pull's ``complete_through`` T and the log's last ``_seq`` after it. Writers that obey the contract no
    longer write rows with a time before T. So each row of the table with an earlier time must be in the log, with its
    present values, under a ``_seq`` that is not higher.
    """
    columns, source = _read_source(connection, table)
    time_index = columns.index(str(table.sort.time_column))
    first: dict[Row, int] = {}
    for row, seq, deleted in _read_lake(run, table, columns, "log"):
        if not deleted:
            first[row] = min(seq, first.get(row, seq))
    claims = [(report.through.replace(tzinfo=None), report.seq) for report in reports if report.through]
    return [
        f"{table.name}: complete through {through} at _seq {seq}, but {row[: len(table.sort.key)]} "
        f"of {row[time_index]} {f'has _seq {first[row]}' if row in first else 'is not in the log'}"
        for row in source
        for through, seq in claims
        if isinstance(row[time_index], datetime) and row[time_index] < through and first.get(row, seq + 1) > seq
    ]


def _read_source(connection: Any, table: ScheduleTable) -> tuple[list[str], list[Row]]:
    """Read the table's columns (key columns first) and its rows."""
    cursor = connection.cursor()
    cursor.execute(f"SELECT * FROM {table.name} LIMIT 0")
    kinds = {column[0]: column[1] for column in cursor.description}
    columns = [*table.sort.key, *(name for name in kinds if name not in table.sort.key)]
    selected = [f"CAST({name} AS CHAR)" if kinds[name] in _TIMES else name for name in columns]
    cursor.execute(f"SELECT {', '.join(selected)} FROM {table.name}")
    return columns, [
        tuple(
            _parse_time(value) if kinds[name] in _TIMES else _normalise_value(value)
            for name, value in zip(columns, row, strict=True)
        )
        for row in cursor.fetchall()
    ]


def _parse_time(text: str | None) -> Any:
    """Parse a time; return an invalid time as text and NULL as None."""
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return text


def _read_lake(run: Run, table: ScheduleTable, columns: list[str], view: str) -> list[tuple[Row, int, bool]]:
    """Read a view's rows in the lake with ``_seq`` and ``_deleted``; columns missing in the log are NULL."""
    lake = run.lake
    with lake.open_engine() as engine:
        (lake.create_current_view if view == "current" else lake.create_log_view)(engine, table.name)
        records = engine.execute(f"SELECT * FROM {table.name}").fetch_table().to_pylist()
    rows = []
    for record in records:
        dates = json.loads(record.get("_zero_dates") or "{}")
        row = tuple(_normalise_value(dates.get(name, record.get(name))) for name in columns)
        rows.append((row, record["_seq"], record["_deleted"]))
    return rows


def _normalise_value(value: Any) -> Any:
    """Make values comparable: integers become decimals, times become naive UTC."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return Decimal(value) if isinstance(value, int) else value


def _describe_difference(columns: list[str], truth: Row, lake_row: Row) -> dict[str, Any]:
    differences = {name: (a, b) for name, a, b in zip(columns, truth, lake_row, strict=True) if a != b}
    return {"key": truth[:2], **{name: tuple(str(value)[:60] for value in pair) for name, pair in differences.items()}}
