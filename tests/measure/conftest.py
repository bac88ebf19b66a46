"""Change logs written straight into a lake, every row accepted."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from include.segmentation.lake.change_log import LogState
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, parse_as_of

WHOLE = datetime(2030, 1, 1, tzinfo=UTC)
_HELD = pa.schema([("source_seq", pa.int64())])


def _array(texts: list[str | None], kind: str) -> pa.Array:
    strings = pa.array(texts, pa.string())
    if kind == "timestamp":
        return pc.assume_timezone(strings.cast(pa.timestamp("us")), "UTC")
    if kind.startswith("decimal"):
        precision, scale = kind.removeprefix("decimal(").removesuffix(")").split(",")
        return strings.cast(pa.decimal128(int(precision), int(scale)))
    return strings.cast(pa.type_for_alias(kind))


@pytest.fixture
def table() -> Callable[[list[dict[str, Any]], dict[str, str]], pa.Table]:
    """Rows of texts as an Arrow table; a column that a row leaves out is NULL there, and times are UTC."""

    def build(rows: list[dict[str, Any]], columns: dict[str, str]) -> pa.Table:
        unknown = {name for row in rows for name in row} - set(columns)
        assert not unknown, f"columns {unknown} are not in the schema"
        texts = {name: [None if row.get(name) is None else str(row[name]) for row in rows] for name in columns}
        return pa.table({name: _array(texts[name], kind) for name, kind in columns.items()})

    return build


@pytest.fixture
def accept() -> Callable[..., None]:
    """Append a table to an extract's log, whole through ``complete_through``, and mark it validated."""

    def append(run: Run, extract: str, rows: pa.Table, complete_through: datetime = WHOLE) -> None:
        log, quarantine = run.lake.open_log(extract), run.lake.open_quarantine(extract)
        before = log.read_state()
        after = log.append(rows, LogState(None, complete_through, before.seq, before.version))
        held = quarantine.read_state()
        quarantine.append(_HELD.empty_table(), LogState(after.seq, None, held.seq, held.version))

    return append


@pytest.fixture
def run_at(lake_root: object) -> Callable[[Profile, str], Run]:
    def at(profile: Profile, as_of: str) -> Run:
        return Run(profile, "monthly", parse_as_of(as_of, profile))

    return at
