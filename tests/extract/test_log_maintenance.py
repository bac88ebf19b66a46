"""Compaction beside pulls: pulls go on as if nothing had happened, even with a full disk."""

import resource
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from include.segmentation import extract as stage
from include.segmentation.__main__ import main
from include.segmentation.artifacts import MaintainSummary
from include.segmentation.errors import ProfileError
from include.segmentation.extract import maintain_log
from include.segmentation.extract.mysql.page import page_reader
from include.segmentation.lake.change_log import ChangeLog

EVENTS = {
    "kind": "table",
    "source": "mysql",
    "table": "events",
    "mode": "append",
    "cursor": "at",
    "primary_key": ["id"],
}
CREATE_EVENTS = "CREATE TABLE events (id INT PRIMARY KEY, at DATETIME NOT NULL, KEY (at, id))"
START = datetime(2025, 1, 1)


def events(*ids: int) -> list[tuple]:
    return [(i, START + timedelta(minutes=i)) for i in ids]


@pytest.fixture
def pulls(mariadb_database, shop, monkeypatch):
    monkeypatch.setattr(page_reader, "PAGE_ROWS", 10)
    mariadb_database.execute(CREATE_EVENTS)
    mariadb_database.insert("events", events(*range(100)))
    return shop(mariadb_database, events=EVENTS | {"lag": "30m"})


def test_a_pull_goes_on_after_compaction_exactly_where_it_was(mariadb_database, pulls):
    pulls.pull()
    log = pulls.run.lake.open_log("events")
    state, rows = log.read_state(), pulls.current(columns="id, _seq")
    summary = maintain_log(pulls.run, "events")
    assert [summary[name] for name in ("extract", "files_before", "files", "files_removed")] == ["events", 10, 1, 0]
    assert MaintainSummary.read_from(pulls.run, "events").to_dict() == summary
    assert (log.read_state(), pulls.current(columns="id, _seq")) == (state, rows)
    mariadb_database.insert("events", events(*range(100, 115)))
    assert pulls.pull()["rows_written"] == 15
    assert [row[0] for row in pulls.current(columns="id")] == list(range(115))


def test_compaction_between_any_two_pages_changes_nothing(pulls, monkeypatch):
    append = ChangeLog.append

    def append_and_compact(self, *arguments, **more):
        state = append(self, *arguments, **more)
        self.compact(keep=timedelta(0))
        return state

    monkeypatch.setattr(ChangeLog, "append", append_and_compact)
    assert pulls.pull()["rows_written"] == 100
    assert [row[0] for row in pulls.current(columns="id")] == list(range(100))
    assert pulls.pull()["rows_written"] == 0
    assert len(pulls.run.lake.open_log("events").list_files()) == 1


def test_quarantine_is_compacted_with_its_extract(pulls):
    pulls.pull()
    quarantine = pulls.run.lake.open_quarantine("events")
    for _ in range(3):
        quarantine.append(
            pulls.run.lake.open_log("events").load_table().to_pyarrow_table().select(["id"]), quarantine.read_state()
        )
    maintain_log(pulls.run, "events")
    assert len(quarantine.list_files()) == 1
    assert quarantine.read_state().seq == 300


def test_a_log_with_very_many_files_is_compacted_by_the_pull_itself(pulls, monkeypatch):
    monkeypatch.setattr(stage, "MOST_FILES", 5)
    pulls.pull()
    assert len(pulls.run.lake.open_log("events").list_files()) == 1
    assert pulls.pull()["rows_written"] == 0


def test_an_unknown_extract_is_refused(pulls):
    with pytest.raises(ProfileError, match="extract 'orders'; allowed: events"):
        maintain_log(pulls.run, "orders")


def test_the_command_line_compacts(pulls, capsys):
    pulls.pull()
    folder = str(pulls.run.profile.path.parent)
    status = main(["maintain", "--profile", "shop", "--profiles-dir", folder, "--as-of", "2025-06-01"])
    assert status == 0
    assert "maintain  events           files_before=10  files=1  files_removed=0" in capsys.readouterr().out


def test_a_full_disk_stops_the_pull_with_a_reason_and_the_next_pull_goes_on(mariadb_database, pulls):
    """A limit on the size of files stands for the disk."""
    pulls.pull()
    log = pulls.run.lake.open_log("events")
    state, rows = log.read_state(), pulls.current(columns="id")
    mariadb_database.insert("events", events(*range(100, 115)))
    options = ["--profile", "shop", "--profiles-dir", str(pulls.run.profile.path.parent), "--as-of", "2025-06-01"]
    ended = subprocess.run(
        [sys.executable, "-m", "include.segmentation", "extract", *options],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000)),
    )
    assert ended.returncode == 2
    message = ended.stderr.splitlines()[-1]  # delta-rs may print lines of its own before it
    assert message.startswith(f"error: lake {pulls.run.lake.uri.rpartition('/')[0]}: ")
    assert "File too large" in message
    assert (log.read_state(), pulls.current(columns="id")) == (state, rows)
    assert pulls.pull()["rows_written"] == 15
    assert [row[0] for row in pulls.current(columns="id")] == list(range(115))
