"""The lake compared with the source, row by row and value by value, and each claim of completeness checked.

Nothing of the extractor's own reading is used: the rows come through another client library setting and are compared
as Python values.
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
    """How a table's view in the lake differs from the table; every list holds keys.

    Attributes:
        lost: in the table only.
        doubled: more than once in the lake.
        different: with other values.
        left_over: in the lake only.
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
    """Compare the current view of a table in the lake with the table."""
    columns, source = _source(connection, table)
    width = len(table.sort.key)
    truth = {row[:width]: row for row in source}
    current = [row for row, _, _ in _lake(run, table, columns, "current")]
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
    """Rows that the extract said it had, or that there was none such, and that were not in the lake then.

    A claim is a pull's ``complete_through`` T with the log's last number at its end. Writers that keep the contract
    write nothing with a time before T any more, so each row of the table that was written before T must be in the log
    under a number that is not later, with the values that it has now.
    """
    columns, source = _source(connection, table)
    time_index = columns.index(str(table.sort.time_column))
    first: dict[Row, int] = {}
    for row, seq, deleted in _lake(run, table, columns, "log"):
        if not deleted:
            first[row] = min(seq, first.get(row, seq))
    claims = [(report.through.replace(tzinfo=None), report.seq) for report in reports if report.through]
    return [
        f"{table.name}: complete through {through} at _seq {seq}, but {row[: len(table.sort.key)]} "
        f"of {row[time_index]} came at {first.get(row, 'no time')}"
        for row in source
        for through, seq in claims
        if isinstance(row[time_index], datetime) and row[time_index] < through and first.get(row, seq + 1) > seq
    ]


def _source(connection: Any, table: ScheduleTable) -> tuple[list[str], list[Row]]:
    """The table's columns, the key's first, and its rows."""
    cursor = connection.cursor()
    cursor.execute(f"SELECT * FROM {table.name} LIMIT 0")
    kinds = {column[0]: column[1] for column in cursor.description}
    columns = [*table.sort.key, *(name for name in kinds if name not in table.sort.key)]
    selected = [f"CAST({name} AS CHAR)" if kinds[name] in _TIMES else name for name in columns]
    cursor.execute(f"SELECT {', '.join(selected)} FROM {table.name}")
    return columns, [
        tuple(
            _moment(value) if kinds[name] in _TIMES else _plain(value) for name, value in zip(columns, row, strict=True)
        )
        for row in cursor.fetchall()
    ]


def _moment(text: str | None) -> Any:
    """A time, or the text of what is none, or None."""
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return text


def _lake(run: Run, table: ScheduleTable, columns: list[str], view: str) -> list[tuple[Row, int, bool]]:
    """The rows of a view in the lake, with ``_seq`` and ``_deleted``; a column that the log lacks is NULL."""
    lake = run.lake
    with lake.open_engine() as engine:
        (lake.create_current_view if view == "current" else lake.create_log_view)(engine, table.name)
        records = engine.execute(f"SELECT * FROM {table.name}").fetch_table().to_pylist()
    rows = []
    for record in records:
        dates = json.loads(record.get("_zero_dates") or "{}")
        row = tuple(_plain(dates.get(name, record.get(name))) for name in columns)
        rows.append((row, record["_seq"], record["_deleted"]))
    return rows


def _plain(value: Any) -> Any:
    """A value as both sides can be compared: numbers as decimals, times in UTC without saying so."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return Decimal(value) if isinstance(value, int) else value


def _describe_difference(columns: list[str], truth: Row, lake_row: Row) -> dict[str, Any]:
    differences = {name: (a, b) for name, a, b in zip(columns, truth, lake_row, strict=True) if a != b}
    return {"key": truth[:2], **{name: tuple(str(value)[:60] for value in pair) for name, pair in differences.items()}}
