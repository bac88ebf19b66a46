"""Small pages for change logs, and what the lake's views make of them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from include.segmentation.lake.change_log import LogState
from include.segmentation.lake.lake import Lake
from include.segmentation.lake.log_columns import BATCH

THROUGH = datetime(2025, 1, 2, tzinfo=UTC)


def users(*rows: tuple) -> pa.Table:
    ids, countries = zip(*rows, strict=True) if rows else ((), ())
    return pa.table({"user_id": pa.array(ids, pa.int64()), "country": pa.array(countries, pa.string())})


def visits(*ids: int) -> pa.Table:
    return pa.table({"visit_id": pa.array(ids, pa.int64())})


def ages(day: date, batch: int, *users: int) -> pa.Table:
    return pa.table(
        {
            "date": pa.array([day] * len(users), pa.date32()),
            "active_users": pa.array(users, pa.int64()),
            BATCH: pa.array([batch] * len(users), pa.int64()),
        }
    )


def mark_validated(lake: Lake, extract: str, seq: int, *rejected: int) -> None:
    """Do as the validate stage does: record the last validated _seq and the rows in quarantine."""
    log = lake.open_quarantine(extract)
    rows = pa.table({"source_seq": pa.array(rejected, pa.int64())})
    log.append(rows, LogState(seq, None, log.read_state().seq, log.read_state().version))


def read_current(lake: Lake, extract: str, columns: str) -> list[tuple]:
    with lake.open_engine() as engine:
        lake.create_current_view(engine, extract)
        return engine.execute(f"SELECT {columns} FROM {extract} ORDER BY ALL").fetch_rows()


def read_accepted(lake: Lake, extract: str, columns: str = "*") -> list[tuple]:
    with lake.open_engine() as engine:
        lake.create_accepted_view(engine, extract)
        return engine.execute(f"SELECT {columns} FROM {extract} ORDER BY ALL").fetch_rows()


def find_folder(lake: Lake) -> Path:
    return Path(lake.uri)
