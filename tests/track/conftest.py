"""A real MLflow tracking server in an environment of its own, and models to log there."""

import os
import signal
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from track_club import write_measures, write_profile

from demo.servers import CHECKOUT, find_free_port
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import ModelStatus, read_timeline, record_decision
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, parse_as_of
from include.segmentation.segment import fit

PYTHON = CHECKOUT / ".local" / "mlflow" / "bin" / "python"
START_SECONDS = 120


@pytest.fixture(scope="session")
def tracking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a tracking server that stores runs in SQLite and artifacts in a folder."""
    assert PYTHON.exists(), "the tracking server is not installed; `make setup-dev` does it"
    folder, uri = tmp_path_factory.mktemp("tracking"), f"http://127.0.0.1:{(port := find_free_port())}"
    command = ["setpriv", "--pdeathsig", "TERM", str(PYTHON), "-m", "mlflow", "server", "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/runs.db", "--artifacts-destination", str(folder / "files")]
    settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | settings,
            cwd=folder,
        )
    try:
        _wait_for(f"{uri}/health", process, folder / "log")
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)


@pytest.fixture
def tracked(tracking_server: str, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """Turn tracking on; return an independent client of the server."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_server)
    return MlflowClient(tracking_server)


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A fitted model of a club."""
    with pytest.MonkeyPatch.context() as context:
        context.setenv("SEGMENTATION_LAKE", str(tmp_path_factory.mktemp("lake")))
        run = write_measures(write_profile(tmp_path_factory.mktemp("profiles"), "club"))
        fit(run, "habit")
        return read_timeline(run.lake, "habit")[0].model


@pytest.fixture
def club(tmp_path: Path, lake_root: Path) -> Profile:
    """A profile that no other test uses."""
    return write_profile(tmp_path / "profiles", f"club_{uuid.uuid4().hex[:8]}")


@pytest.fixture
def put(club: Profile, fitted: Model) -> Callable[..., Run]:
    """Put a model on the club's timeline as if it had been fitted at ``as_of``; return that run."""

    def record(status: ModelStatus = "accepted", as_of: str = "2025-02-01", **other: object) -> Run:
        run = Run(club, "monthly", parse_as_of(as_of, club))
        own = {"model_id": f"{club.profile}.habit.{as_of}", "profile": club.profile, "effective_from": run.as_of}
        record_decision(run.lake, fitted.model_copy(update=own | other), status, "fit")
        return run

    return record
