"""Real servers for every test that needs one: private, on free ports, started once per worker."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.servers import CHECKOUT, Server, find_private_dir, make_mariadb, make_mysql56, make_postgres, run_server

# Airflow reads its settings when it is first imported, which is before any fixture runs.
_airflow_home = tempfile.TemporaryDirectory(prefix="segmentation-airflow-")
os.environ |= {
    "AIRFLOW_HOME": _airflow_home.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(CHECKOUT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__API_AUTH__JWT_SECRET": uuid.uuid4().hex * 2,
}
os.environ.pop("MLFLOW_TRACKING_URI", None)  # what tests fit is for nobody's tracking server


SERVER_FIXTURES = {"servers_dir", "tracking_server", "airflow_database", "browser", "database", "database_tz"}
"""A test that uses one of these, however indirectly, starts a server, Airflow's database or a browser."""
PROCESS_FOLDERS = {"dags", "heavy", "plugins", "tutorial"}
PROCESS_FILES = {
    "test_chain.py",
    "test_chain_credit_card.py",
    "test_command_line.py",
    "test_compose.py",
    "test_end_to_end.py",
    "test_extract_grammar.py",
    "test_extract_server.py",
    "test_extract_server_input.py",
    "test_extract_server_tls.py",
    "test_faults.py",
}
"""Tests here import Airflow, start whole programs, or choose their server by name while they run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that ``make test-fast`` leaves out because they need a server or start programs."""
    here = Path(__file__).parent
    for item in items:
        place = item.path.relative_to(here)
        uses_server = SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if uses_server or place.parts[0] in PROCESS_FOLDERS or place.name in PROCESS_FILES:
            item.add_marker("server")


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    folder = find_private_dir() / f"test-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb_server(servers_dir: Path) -> Iterator[Server]:
    with run_server(make_mariadb(servers_dir / "mariadb")) as server:
        yield server


@pytest.fixture(scope="session")
def mysql56_server(servers_dir: Path) -> Iterator[Server]:
    with run_server(make_mysql56(servers_dir / "mysql56")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server(servers_dir: Path) -> Iterator[Server]:
    with run_server(make_postgres(servers_dir / "postgres")) as server:
        yield server


@pytest.fixture
def lake_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a lake"  # a space, as in many a checkout's path
    monkeypatch.setenv("SEGMENTATION_LAKE", str(folder))
    return folder
