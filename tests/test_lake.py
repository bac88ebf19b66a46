"""The lake: rows and state in one commit, one writer, and views that mean what they say."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from time import sleep, time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.segmentation.errors import DataError
from include.segmentation.lake.change_log import BATCH, ChangeLog, LogState
from include.segmentation.lake.lake import Lake
from include.segmentation.profile.loader import load_profile

THROUGH = datetime(2025, 1, 2, tzinfo=UTC)


@pytest.fixture
def lake(lake_root) -> Lake:
    return Lake(str(lake_root), load_profile("learning"))


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


def validated(lake: Lake, extract: str, seq: int, *held: int) -> None:
    """What the validate stage leaves: the last validated _seq and the rows that it holds back."""
    log = lake.open_quarantine(extract)
    rows = pa.table({"source_seq": pa.array(held, pa.int64())})
    log.append(rows, LogState(seq, None, log.read_state().seq, log.read_state().version))


def current(lake: Lake, extract: str, columns: str) -> list[tuple]:
    with lake.open_engine() as engine:
        lake.create_current_view(engine, extract)
        return engine.execute(f"SELECT {columns} FROM {extract} ORDER BY ALL").fetch_rows()


def accepted(lake: Lake, extract: str, columns: str = "*") -> list[tuple]:
    with lake.open_engine() as engine:
        lake.create_accepted_view(engine, extract)
        return engine.execute(f"SELECT {columns} FROM {extract} ORDER BY ALL").fetch_rows()


def test_rows_and_state_are_one_commit(lake):
    log = lake.open_log("users")
    assert log.read_state() == LogState()
    first = log.append(users((1, "IE"), (2, "DE")), LogState("a", None))
    assert (first.seq, first.version) == (2, 1)
    second = log.append(users(), LogState("b", THROUGH, first.seq, first.version))
    assert log.read_state() == second == LogState("b", THROUGH, 2, 2)
    assert log.read_schema() == users().schema
    assert current(lake, "users", "user_id, country, _seq") == [(1, "IE", 1), (2, "DE", 2)]


def test_a_second_writer_is_refused_and_writes_nothing(lake):
    log = lake.open_log("visits")
    state = log.append(visits(1), LogState())
    log.append(visits(2), state)
    with pytest.raises(DataError, match="read at page 1 but page 2 is committed"):
        log.append(visits(2), state)
    assert current(lake, "visits", "visit_id") == [(1,), (2,)]


@pytest.mark.parametrize("begun", [False, True])
def test_of_two_writers_at_once_one_wins_whatever_the_moment(lake, monkeypatch, begun):
    state = lake.open_log("visits").append(visits(0), LogState()) if begun else LogState()
    real = ChangeLog.load_table

    def overtaken_after_the_check(self):
        table = real(self)
        monkeypatch.setattr(ChangeLog, "load_table", real)
        lake.open_log("visits").append(visits(1), state)
        return table

    monkeypatch.setattr(ChangeLog, "load_table", overtaken_after_the_check)
    with pytest.raises(DataError, match="another writer was faster"):
        lake.open_log("visits").append(visits(1), state)
    assert current(lake, "visits", "visit_id") == [(0,), (1,)][not begun :]


def test_writers_take_turns(lake):
    def write(ids: range) -> None:
        log = lake.open_log("visits")
        for i in ids:
            with log.hold_writer_lock():
                log.append(visits(i), log.read_state())

    threads = [Thread(target=write, args=(range(start, start + 10),)) for start in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert current(lake, "visits", "visit_id") == [(i,) for i in range(30)]
    assert lake.open_log("visits").read_state().seq == 30


def test_the_state_is_read_from_the_newest_commit_alone(lake, monkeypatch):
    from deltalake import DeltaTable

    log = lake.open_log("visits")
    state = LogState()
    for i in range(20):
        state = log.append(visits(i), state)
    asked, history = [], DeltaTable.history
    monkeypatch.setattr(DeltaTable, "history", lambda self, limit=None: asked.append(limit) or history(self, limit))
    assert log.read_state() == state
    assert asked == [1]


def test_a_commit_that_says_nothing_does_not_hide_the_state(lake):
    log = lake.open_log("visits")
    state = LogState()
    for i in range(3):
        state = log.append(visits(i), state)
    log.load_table().optimize.compact()
    assert log.read_state() == state
    log.append(visits(3), state)
    assert len(current(lake, "visits", "visit_id")) == 4


def test_a_log_whose_state_was_tidied_away_is_not_taken_for_a_new_one(lake):
    log = lake.open_log("visits")
    log.append(visits(2), log.append(visits(1), LogState()))
    log.load_table().optimize.compact()
    grow_old(lake, "visits")
    log.load_table().create_checkpoint()
    log.load_table().cleanup_metadata()
    with pytest.raises(DataError, match="'visits': page 2 is committed, but the commit that holds its cursor is gone"):
        log.read_state()


def test_maintenance_changes_files_and_nothing_else(lake):
    log = lake.open_log("users")
    state = LogState({"position": ["7"]}, THROUGH)
    for i in range(120):
        state = log.append(users((i % 50, str(i))), state)
    state = log.append(users((49, None)), state, deleted=True)
    before = current(lake, "users", "user_id, country, _seq")
    for _ in range(2):
        log.compact()
        assert (log.read_state(), current(lake, "users", "user_id, country, _seq"), len(log.list_files())) == (
            state,
            before,
            1,
        )
    state = log.append(users((99, "IE")), state)
    assert log.read_state() == state
    assert len(current(lake, "users", "user_id")) == len(before) + 1


def test_maintenance_keeps_what_others_still_read_and_removes_the_rest_later(lake):
    log, folder = lake.open_log("visits"), lake_path(lake) / "visits"
    state = LogState(complete_through=THROUGH)
    for i in range(3):
        state = log.append(visits(i), state)
    (folder / "part-broken.parquet").write_bytes(b"what a killed writer has left")
    old_list = log.list_files()
    assert all(compression(name) == "ZSTD" for name in old_list)
    assert log.compact() == {"files_before": 3, "files": 1, "files_removed": 0}
    assert all(Path(name).exists() for name in old_list)
    assert compression(log.list_files()[0]) == "ZSTD"
    grow_old(lake, "visits")
    assert log.compact(keep=timedelta(0)) == {"files_before": 1, "files": 1, "files_removed": 4}
    assert sorted(str(path) for path in folder.glob("*.parquet")) == log.list_files()
    assert not list(folder.glob("_delta_log/00000000000000000000.json"))
    assert log.read_state() == state
    log.append(visits(3), state)
    assert current(lake, "visits", "visit_id") == [(i,) for i in range(4)]


def test_maintenance_of_a_log_that_does_not_exist_makes_none(lake):
    assert lake.open_log("visits").compact() == {"files_before": 0, "files": 0, "files_removed": 0}
    assert lake.open_log("visits").load_table() is None


def test_maintenance_between_reading_the_state_and_writing_the_page_hides_neither(lake):
    log = lake.open_log("visits")
    state = log.append(visits(1), LogState())
    log.compact()
    state = log.append(visits(2), state)
    assert log.read_state() == state
    assert current(lake, "visits", "visit_id") == [(1,), (2,)]


def test_the_newest_version_of_a_key_is_current(lake):
    log = lake.open_log("users")
    state = log.append(users((1, "IE"), (2, "DE"), (3, "FR")), LogState())
    state = log.append(users((1, "US")), state)
    log.append(users((3, None), (4, "NO")), state, deleted=[True, False])
    assert current(lake, "users", "user_id, country") == [(1, "US"), (2, "DE"), (4, "NO")]
    with lake.open_engine() as engine:
        lake.create_log_view(engine, "users")
        assert engine.execute("SELECT count(*) FROM users").fetch_row() == (6,)


def test_the_newest_batch_of_a_day_is_the_day(lake):
    log = lake.open_log("ages")
    days = date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 3)
    state = LogState()
    for day in days:
        state = log.append(ages(day, 1, 5, 6), state)
    state = log.append(ages(days[1], 2, 7), state)
    log.append(ages(days[2], 2, 0), state, deleted=True)
    assert current(lake, "ages", "date, active_users") == [(days[0], 5), (days[0], 6), (days[1], 7)]


@pytest.mark.parametrize("extract", ["users", "visits", "ages"])
def test_a_log_without_rows_has_views(lake, extract):
    table = {"users": users(), "visits": visits(), "ages": ages(date(2025, 1, 1), 1)}[extract]
    lake.open_log(extract).append(table, LogState())
    assert current(lake, extract, "*") == []
    assert accepted(lake, extract) == []


def test_only_validated_rows_that_are_not_held_back_are_accepted(lake):
    log = lake.open_log("users")
    state = log.append(users((1, "IE"), (2, "??"), (3, "FR")), LogState())
    assert accepted(lake, "users") == []
    validated(lake, "users", 2, 2)
    assert accepted(lake, "users") == [(1, "IE")]
    validated(lake, "users", 3)
    assert accepted(lake, "users") == [(1, "IE"), (3, "FR")]
    # a corrected row returns by itself, a row that went bad is gone, and neither before it is validated
    log.append(users((2, "DE"), (1, "!!")), state)
    assert accepted(lake, "users") == [(1, "IE"), (3, "FR")]
    validated(lake, "users", 5, 5)
    assert accepted(lake, "users") == [(2, "DE"), (3, "FR")]


@pytest.mark.parametrize("maintained", [False, True])
def test_a_type_that_grows_rewrites_the_log_once_and_keeps_everything_else(lake, maintained):
    log = lake.open_log("users")
    state = LogState({"position": ["2"]}, THROUGH, columns={"user_id": "int"})
    for i in range(3):
        state = log.append(users((i, "IE")), state)
    if maintained:
        log.compact()
    before = current(lake, "users", "user_id, country, _seq, epoch_us(_observed_at)")
    wider = pa.schema([("user_id", pa.decimal128(20, 0))])
    rewritten = log.change_types(wider, replace(state, columns={"user_id": "bigint unsigned"}))
    assert log.read_state() == rewritten == replace(state, columns={"user_id": "bigint unsigned"}, version=4)
    assert log.read_schema() == pa.schema([("user_id", pa.decimal128(20, 0)), ("country", pa.string())])
    assert current(lake, "users", "user_id, country, _seq, epoch_us(_observed_at)") == before
    with pytest.raises(DataError, match="read at page 3 but page 4 is committed"):
        log.append(users((3, "DE")), state)
    with pytest.raises(DataError, match=r"'user_id' is decimal128\(20, 0\) in the log, int64 in the page"):
        log.append(users((3, "DE")), rewritten)
    assert log.compact(keep=timedelta(0))["files"] == 1
    assert current(lake, "users", "user_id, country, _seq, epoch_us(_observed_at)") == before


def test_a_rewrite_that_is_killed_leaves_the_log_as_it_was(lake):
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
    assert current(lake, "users", "user_id, _seq") == [(1, 1), (2, 2)]


def test_files_with_and_without_a_column_are_one_table(lake):
    log = lake.open_log("users")
    state = log.append(users((1, "IE")), LogState())
    wider = users((2, "DE")).append_column("age", pa.array([30], pa.int64()))
    state = log.append(wider.slice(0, 0), state)  # no file has the column yet
    validated(lake, "users", 1)
    assert accepted(lake, "users") == [(1, "IE", None)]
    assert current(lake, "users", "user_id, country, age") == [(1, "IE", None)]
    state = log.append(wider, state)
    state = log.append(users((3, "FR")), state)
    rows = [(1, "IE", None), (2, "DE", 30), (3, "FR", None)]
    assert current(lake, "users", "user_id, country, age") == rows
    log.compact()
    assert current(lake, "users", "user_id, country, age") == rows
    validated(lake, "users", 3, 1)
    assert accepted(lake, "users", "age, user_id") == [(30, 2), (None, 3)]


def test_a_lock_left_by_a_killed_process_holds_nobody_up(lake):
    holding = f"""
import os
from include.segmentation.lake.change_log import ChangeLog
with ChangeLog({lake.open_log("users").uri!r}, "users").hold_writer_lock():
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", holding], check=False).returncode == -signal.SIGKILL
    with lake.open_log("users").hold_writer_lock():
        lake.open_log("users").append(users((1, "IE")), LogState())
    assert lake_path(lake).joinpath("users.lock").exists()


def test_who_waits_for_another_writer_says_so(lake, caplog):
    with lake.open_log("visits").hold_writer_lock():
        waiting = Thread(target=lambda: lake.open_log("visits").hold_writer_lock().__enter__())
        waiting.start()
        while not caplog.records:
            sleep(0.01)
    waiting.join()
    assert "change log 'visits': another writer is at work; waiting up to 600 s" in caplog.text


def test_a_full_disk_leaves_the_log_as_it_was(lake):
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
    assert current(lake, "users", "user_id") == [(1,)]
    log.append(users((2, "DE")), state)
    assert current(lake, "users", "user_id") == [(1,), (2,)]


def test_an_extract_that_was_never_pulled_is_named(lake):
    for view in (lake.create_accepted_view, lake.create_current_view, lake.create_log_view):
        with lake.open_engine() as engine, pytest.raises(DataError, match="'carts' has never been pulled"):
            view(engine, "carts")


def test_no_value_reaches_the_delta_log(lake):
    log = lake.open_log("users")
    log.append(users((1, "Secretland")), LogState())
    commits = [path.read_text() for path in (lake_path(lake) / "users" / "_delta_log").glob("*.json")]
    assert commits
    assert not any("Secretland" in text for text in commits)


def test_artifacts_are_replaced_whole(lake):
    lake.write_table("_runs/x/a.parquet", users((1, "IE")))
    lake.write_table("_runs/x/a.parquet", users((2, "DE")))
    assert lake.read_table("_runs/x/a.parquet") == users((2, "DE"))
    lake.write_text("_runs/x/a.json", "{}")
    assert lake.read_text("_runs/x/a.json") == "{}"
    assert lake.read_text("_runs/x/b.json") is None
    with pytest.raises(DataError, match=r"b\.parquet does not exist"):
        lake.read_table("_runs/x/b.parquet")
    assert sorted(path.name for path in (lake_path(lake) / "_runs/x").iterdir()) == ["a.json", "a.parquet"]


def test_two_may_write_an_artifact_at_once(lake):
    with lake._replacing("_runs/x/a.json") as (filesystem, path):
        filesystem.open_output_stream(path).close()
        lake.write_text("_runs/x/a.json", "the first to end")
    assert lake.read_text("_runs/x/a.json") == ""
    assert [path.name for path in (lake_path(lake) / "_runs/x").iterdir()] == ["a.json"]


def test_an_artifact_that_can_not_be_finished_leaves_nothing(lake):
    with pytest.raises(UnicodeEncodeError):
        lake.write_text("_runs/x/a.json", "half a pair: \ud800")
    assert list((lake_path(lake) / "_runs/x").iterdir()) == []


def test_another_writer_that_holds_on_is_waited_for_in_vain(lake, monkeypatch):
    from include.segmentation.errors import UnavailableError
    from include.segmentation.lake import change_log as module

    monkeypatch.setattr(module, "_LOCK_SECONDS", 0.2)
    refused = []

    def second() -> None:
        try:
            with lake.open_log("visits").hold_writer_lock():
                pass
        except UnavailableError as error:
            refused.append(str(error))

    with lake.open_log("visits").hold_writer_lock():
        thread = Thread(target=second)
        thread.start()
        thread.join()
    assert "another writer holds" in refused[0]


def compression(file: str) -> str:
    return pq.read_metadata(file).row_group(0).column(0).compression


def lake_path(lake: Lake) -> Path:
    return Path(lake.uri)


def grow_old(lake: Lake, extract: str) -> None:
    """Let everything that a log has written be 40 days old."""
    then = time() - 40 * 86_400
    for path in (lake_path(lake) / extract).rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))
