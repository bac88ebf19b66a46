"""The demo's Airflow in the background: one process that runs all servers; a file records where it is."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from demo.airflow import USER, Airflow
from demo.servers import CHECKOUT, ServerError
from demo.stack import HOME

_START_SECONDS = 180
_STOP_SECONDS = 60


def _locate_file() -> Path:
    return HOME / "running.json"


def start_background(console: Console) -> tuple[str, str, str]:
    """Start `python -m demo serve` in the background unless it is already running.

    Returns:
        The URL of Airflow's UI, the user and the password.

    Raises:
        ServerError: the process ended or did not become healthy in time.
    """
    if _read() is None:
        HOME.mkdir(parents=True, exist_ok=True)
        log = HOME / "serve.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "demo", "serve"],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        with console.status("Starting MariaDB, PostgreSQL, the stand-in and Airflow"):
            while _read() is None:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise ServerError(f"Airflow did not start; see {log}")
                time.sleep(0.5)
    running = _read() or {}
    return running["url"], USER, running["password"]


def record_ready(airflow: Airflow, environment: dict[str, str]) -> None:
    """Record, from inside `serve`, that everything is running."""
    text = json.dumps(
        {"pid": os.getpid(), "url": airflow.url, "password": airflow.password, "environment": environment}
    )
    descriptor = os.open(_locate_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def read_environment() -> dict[str, str] | None:
    """Return the environment of the running servers, or None if there are none."""
    running = _read()
    return None if running is None else dict(running["environment"])


def stop_background() -> bool:
    """Stop the background servers; return whether any were running."""
    running = _read()
    if running is None:
        return False
    os.kill(running["pid"], signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _is_alive(running["pid"]):
        if time.monotonic() > deadline:
            raise ServerError(f"process {running['pid']} did not stop within {_STOP_SECONDS} s")
        time.sleep(0.2)
    _locate_file().unlink(missing_ok=True)
    return True


def _read() -> dict[str, Any] | None:
    try:
        running: dict[str, Any] = json.loads(_locate_file().read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return running if _is_alive(running["pid"]) else None


def _is_alive(pid: int) -> bool:
    """Whether the process runs and is ours; the system may have reused the id for another program."""
    try:
        return b"demo\0serve" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
