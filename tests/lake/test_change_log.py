"""A change log: rows and state in one commit, one writer, and files that can be compacted."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from lake_rows import THROUGH, find_folder, read_current, users, visits

from include.segmentation.errors import DataError
from include.segmentation.lake.change_log import ChangeLog, LogState
from include.segmentation.lake.lake import Lake


def test_rows_and_state_are_one_commit(lake):
    log = lake.open_log("users")
    assert log.read_state() == LogState()
    first = log.append(users((1, "IE"), (2, "DE")), LogState("a", None))
    assert (first.seq, first.version) == (2, 1)
    second = log.append(users(), LogState("b", THROUGH, first.seq, first.version))
    assert log.read_state() == second == LogState("b", THROUGH, 2, 2)
    assert log.read_schema() == users().schema
    assert read_current(lake, "users", "user_id, country, _seq") == [(1, "IE", 1), (2, "DE", 2)]


def test_a_second_writer_is_refused_and_writes_nothing(lake):
    log = lake.open_log("visits")
    state = log.append(visits(1), LogState())
    log.append(visits(2), state)
    with pytest.raises(DataError, match="read at page 1 but page 2 is committed"):
        log.append(visits(2), state)
    assert read_current(lake, "visits", "visit_id") == [(1,), (2,)]


@pytest.mark.parametrize("is_started", [False, True])
def test_one_of_two_simultaneous_writers_wins(lake, monkeypatch, is_started):
    state = lake.open_log("visits").append(visits(0), LogState()) if is_started else LogState()
    real = ChangeLog.load_table

    def overtaken_after_the_check(self):
        table = real(self)
        monkeypatch.setattr(ChangeLog, "load_table", real)
        lake.open_log("visits").append(visits(1), state)
        return table

    monkeypatch.setattr(ChangeLog, "load_table", overtaken_after_the_check)
    with pytest.raises(DataError, match="another writer was faster"):
        lake.open_log("visits").append(visits(1), state)
    assert read_current(lake, "visits", "visit_id") == [(0,), (1,)][not is_started :]


def test_the_state_is_read_from_the_newest_commit_only(lake, monkeypatch):
    log = lake.open_log("visits")
    state = LogState()
    for i in range(20):
        state = log.append(visits(i), state)
    limits, history = [], DeltaTable.history
    monkeypatch.setattr(DeltaTable, "history", lambda self, limit=None: limits.append(limit) or history(self, limit))
    assert log.read_state() == state
    assert limits == [1]


def test_a_commit_without_state_does_not_hide_the_state(lake):
    log = lake.open_log("visits")
    state = LogState()
    for i in range(3):
        state = log.append(visits(i), state)
    log.load_table().optimize.compact()
    assert log.read_state() == state
    log.append(visits(3), state)
    assert len(read_current(lake, "visits", "visit_id")) == 4


def test_a_log_whose_state_was_cleaned_up_is_not_treated_as_new(lake):
    log = lake.open_log("visits")
    log.append(visits(2), log.append(visits(1), LogState()))
    log.load_table().optimize.compact()
    age_files(lake, "visits")
    log.load_table().create_checkpoint()
    log.load_table().cleanup_metadata()
    with pytest.raises(DataError, match="'visits': page 2 is committed, but the commit that holds its cursor is gone"):
        log.read_state()


def test_compaction_changes_files_and_nothing_else(lake):
    log = lake.open_log("users")
    state = LogState({"position": ["7"]}, THROUGH)
    for i in range(120):
        state = log.append(users((i % 50, str(i))), state)
    state = log.append(users((49, None)), state, deleted=True)
    before = read_current(lake, "users", "user_id, country, _seq")
    for _ in range(2):
        log.compact()
        assert (log.read_state(), read_current(lake, "users", "user_id, country, _seq"), len(log.list_files())) == (
            state,
            before,
            1,
        )
    state = log.append(users((99, "IE")), state)
    assert log.read_state() == state
    assert len(read_current(lake, "users", "user_id")) == len(before) + 1


def test_compaction_keeps_files_for_current_readers_and_removes_them_later(lake):
    log, folder = lake.open_log("visits"), find_folder(lake) / "visits"
    state = LogState(complete_through=THROUGH)
    for i in range(3):
        state = log.append(visits(i), state)
    (folder / "part-broken.parquet").write_bytes(b"from a killed writer")
    old_list = log.list_files()
    assert all(read_compression(name) == "ZSTD" for name in old_list)
    assert log.compact() == {"files_before": 3, "files": 1, "files_removed": 0}
    assert all(Path(name).exists() for name in old_list)
    assert read_compression(log.list_files()[0]) == "ZSTD"
    age_files(lake, "visits")
    assert log.compact(keep=timedelta(0)) == {"files_before": 1, "files": 1, "files_removed": 4}
    assert sorted(str(path) for path in folder.glob("*.parquet")) == log.list_files()
    assert not list(folder.glob("_delta_log/00000000000000000000.json"))
    assert log.read_state() == state
    log.append(visits(3), state)
    assert read_current(lake, "visits", "visit_id") == [(i,) for i in range(4)]


def test_compaction_of_a_missing_log_does_not_create_it(lake):
    assert lake.open_log("visits").compact() == {"files_before": 0, "files": 0, "files_removed": 0}
    assert lake.open_log("visits").load_table() is None


def test_compaction_between_reading_the_state_and_writing_a_page_loses_neither(lake):
    log = lake.open_log("visits")
    state = log.append(visits(1), LogState())
    log.compact()
    state = log.append(visits(2), state)
    assert log.read_state() == state
    assert read_current(lake, "visits", "visit_id") == [(1,), (2,)]


@pytest.mark.parametrize("is_compacted", [False, True])
def test_a_wider_type_rewrites_the_log_once_and_keeps_everything_else(lake, is_compacted):
    log = lake.open_log("users")
    state = LogState({"position": ["2"]}, THROUGH, columns={"user_id": "int"})
    for i in range(3):
        state = log.append(users((i, "IE")), state)
    if is_compacted:
        log.compact()
    before = read_current(lake, "users", "user_id, country, _seq, epoch_us(_observed_at)")
    wider = pa.schema([("user_id", pa.decimal128(20, 0))])
    rewritten = log.change_types(wider, replace(state, columns={"user_id": "bigint unsigned"}))
    assert log.read_state() == rewritten == replace(state, columns={"user_id": "bigint unsigned"}, version=4)
    assert log.read_schema() == pa.schema([("user_id", pa.decimal128(20, 0)), ("country", pa.string())])
    assert read_current(lake, "users", "user_id, country, _seq, epoch_us(_observed_at)") == before
    with pytest.raises(DataError, match="read at page 3 but page 4 is committed"):
        log.append(users((3, "DE")), state)
    with pytest.raises(DataError, match=r"'user_id' is decimal128\(20, 0\) in the log, int64 in the page"):
        log.append(users((3, "DE")), rewritten)
    assert log.compact(keep=timedelta(0))["files"] == 1
    assert read_current(lake, "users", "user_id, country, _seq, epoch_us(_observed_at)") == before


def test_a_killed_rewrite_leaves_the_log_unchanged(lake):
    log = lake.open_log("users")
    state = log.append(users((1, "IE"), (2, "DE")), LogState("a", THROUGH))
    files = log.list_files()
    killed_at_the_end = f"""
import os, pyarrow as pa
from include.segmentation.lake import change_log
real = change_log.read_converted
def converted(*arguments, **more):
    reader = real(*arguments, **more)
    def batches():
        yield from reader
        os.kill(os.getpid(), 9)
    return pa.RecordBatchReader.from_batches(reader.schema, batches())
change_log.read_converted = converted
log = change_log.ChangeLog({log.uri!r}, "users")
log.change_types(pa.schema([("user_id", pa.decimal128(20, 0))]), log.read_state())
"""
    assert subprocess.run([sys.executable, "-c", killed_at_the_end], check=False).returncode == -signal.SIGKILL
    assert (log.read_state(), log.list_files()) == (state, files)
    log.change_types(pa.schema([("user_id", pa.decimal128(20, 0))]), log.read_state())
    assert read_current(lake, "users", "user_id, _seq") == [(1, 1), (2, 2)]


def test_a_full_disk_leaves_the_log_unchanged(lake):
    """A limit on the size of files, met while rows are written."""
    log = lake.open_log("users")
    state = log.append(users((1, "IE")), LogState("a", THROUGH))
    filling = f"""
import resource, numpy as np, pyarrow as pa
from include.segmentation.lake.change_log import ChangeLog
log = ChangeLog({log.uri!r}, "users")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
log.append(pa.table({{"user_id": np.random.default_rng(1).integers(0, 2**62, 100_000)}}), log.read_state())
"""
    ended = subprocess.run([sys.executable, "-c", filling], check=False, capture_output=True, text=True)
    assert "File too large" in ended.stderr
    assert "\nOSError: " in ended.stderr  # which the command line shows as one line
    assert log.read_state() == state
    assert read_current(lake, "users", "user_id") == [(1,)]
    log.append(users((2, "DE")), state)
    assert read_current(lake, "users", "user_id") == [(1,), (2,)]


def test_no_value_reaches_the_delta_log(lake):
    log = lake.open_log("users")
    log.append(users((1, "Secretland")), LogState())
    commits = [path.read_text() for path in (find_folder(lake) / "users" / "_delta_log").glob("*.json")]
    assert commits
    assert not any("Secretland" in text for text in commits)


def read_compression(file: str) -> str:
    return pq.read_metadata(file).row_group(0).column(0).compression


def age_files(lake: Lake, extract: str) -> None:
    """Let everything that a log has written be 40 days old."""
    then = time() - 40 * 86_400
    for path in (find_folder(lake) / extract).rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))
