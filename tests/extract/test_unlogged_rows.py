"""Find the rows that a log does not hold yet, compared with a plain rule over all versions."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.segmentation.engine.engine import EngineError
from include.segmentation.extract.unlogged_rows import drop_logged_rows
from include.segmentation.lake.change_log import ChangeLog, LogState
from include.segmentation.lake.lake import Lake
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.mysql_source import TableExtract
from include.segmentation.profile.profile import Profile

START = datetime(2025, 1, 1, tzinfo=UTC)
SCHEMA = pa.schema([("shop", pa.string()), ("id", pa.int64()), ("at", pa.timestamp("us", "UTC")), ("n", pa.int64())])
Row = tuple[str, int, int | None, int | None]


@cache
def load_learning_profile() -> Profile:
    return load_profile("learning")


def declared(mode: str) -> TableExtract:
    return TableExtract(
        kind="table", source="mysql", table="t", mode=mode, cursor="at", primary_key=["shop", "id"], lag="1h"
    )


def table(rows: list[Row]) -> pa.Table:
    moments = [(shop, i, None if at is None else START + timedelta(minutes=at), n) for shop, i, at, n in rows]
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in moments], schema=SCHEMA)


ROWS = st.tuples(
    st.sampled_from(["a", "B'"]), st.integers(1, 3), st.none() | st.integers(0, 4), st.none() | st.integers(0, 1)
)
PAGE = st.lists(ROWS, max_size=6, unique_by=lambda row: row[:2])
LOG = st.lists(st.tuples(ROWS, st.booleans()), max_size=12)


@settings(max_examples=30, deadline=None)
@given(log=LOG, page=PAGE)
def test_a_row_is_unlogged_unless_it_is_the_newest_version_of_its_key(log, page):
    newest = {row[:2]: None if is_deleted else row for row, is_deleted in log}
    new_keys = [row for row in page if newest.get(row[:2]) is None]
    new_versions = [row for row in page if newest.get(row[:2]) != row]
    with TemporaryDirectory() as folder:
        lake = Lake(folder, load_learning_profile())
        for half in (log[: len(log) // 2], log[len(log) // 2 :]):
            # a deletion has only the key
            rows = [(*row[:2], None, None) if is_deleted else row for row, is_deleted in half]
            lake.open_log("t").append(
                table(rows), lake.open_log("t").read_state(), [is_deleted for _, is_deleted in half]
            )
        assert drop_logged_rows(lake, "t", declared("append"), table(page)) == table(new_keys)
        assert drop_logged_rows(lake, "t", declared("merge"), table(page)) == table(new_versions)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path), load_learning_profile())


def test_every_row_is_unlogged_if_there_is_no_log(lake):
    assert drop_logged_rows(lake, "t", declared("merge"), table([("a", 1, 1, 1)])) == table([("a", 1, 1, 1)])


@pytest.mark.parametrize("mode", ["append", "merge"])
@pytest.mark.parametrize("key", ["place", "version", "is_gone", "page", "log"])
def test_a_key_may_have_any_name(lake, mode, key):
    rows = pa.table({key: [1, 2], "at": [START, START]})
    extract_declaration = declared(mode).model_copy(update={"primary_key": [key]})
    for extract in ("page", "equal", "newest"):
        lake.open_log(extract).append(rows[:1], LogState())
        assert drop_logged_rows(lake, extract, extract_declaration, rows)[key].to_pylist() == [2]


def test_a_new_column_counts_only_if_it_has_a_value(lake):
    lake.open_log("t").append(table([("a", 1, 1, 1), ("a", 2, 2, 1)]), LogState())
    wider = table([("a", 1, 1, 1), ("a", 2, 2, 1)]).append_column("new", pa.array([None, "x"], pa.string()))
    assert drop_logged_rows(lake, "t", declared("merge"), wider)["id"].to_pylist() == [2]
    assert drop_logged_rows(lake, "t", declared("append"), wider).num_rows == 0


def test_only_the_part_of_a_log_that_can_answer_is_read(lake):
    log: ChangeLog = lake.open_log("t")
    state = LogState()
    for first in range(0, 50, 10):
        state = log.append(table([("a", i, i, i) for i in range(first, first + 10)]), state)
    log.compact()
    (compacted,) = log.list_files()
    state = log.append(table([("b", i, i + 50, i) for i in range(10)]), log.read_state())
    content = Path(compacted).read_bytes()
    # Only the end of this file, with its statistics, can still be read.
    Path(compacted).write_bytes(bytes(4) + b"\xff" * 200 + content[204:])
    page = table([("b", i, i + 50, i) for i in range(11)])
    assert drop_logged_rows(lake, "t", declared("merge"), page)["id"].to_pylist() == [10]
    with pytest.raises(EngineError):
        drop_logged_rows(lake, "t", declared("merge"), table([("a", 1, 1, 1)]))
