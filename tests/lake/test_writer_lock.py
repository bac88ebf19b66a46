"""One writer at a time for each change log."""

import signal
import subprocess
import sys
from threading import Thread
from time import sleep

from lake_rows import find_folder, read_current, users, visits

from include.segmentation.errors import UnavailableError
from include.segmentation.lake import writer_lock
from include.segmentation.lake.change_log import LogState


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
    assert read_current(lake, "visits", "visit_id") == [(i,) for i in range(30)]
    assert lake.open_log("visits").read_state().seq == 30


def test_a_killed_process_leaves_no_lock_behind(lake):
    holding = f"""
import os
from include.segmentation.lake.change_log import ChangeLog
with ChangeLog({lake.open_log("users").uri!r}, "users").hold_writer_lock():
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", holding], check=False).returncode == -signal.SIGKILL
    with lake.open_log("users").hold_writer_lock():
        lake.open_log("users").append(users((1, "IE")), LogState())
    assert find_folder(lake).joinpath("users.lock").exists()


def test_waiting_for_another_writer_is_logged(lake, caplog):
    with lake.open_log("visits").hold_writer_lock():
        waiting = Thread(target=lambda: lake.open_log("visits").hold_writer_lock().__enter__())
        waiting.start()
        while not caplog.records:
            sleep(0.01)
    waiting.join()
    assert "change log 'visits': another writer is at work; waiting up to 600 s" in caplog.text


def test_waiting_for_another_writer_ends(lake, monkeypatch):
    monkeypatch.setattr(writer_lock, "_LOCK_SECONDS", 0.2)
    messages = []

    def wait() -> None:
        try:
            with lake.open_log("visits").hold_writer_lock():
                pass
        except UnavailableError as error:
            messages.append(str(error))

    with lake.open_log("visits").hold_writer_lock():
        thread = Thread(target=wait)
        thread.start()
        thread.join()
    assert "another writer holds" in messages[0]
