"""Real servers for every test that needs one: private, on free ports, started once per worker."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.servers import Server, mariadb, mysql56, postgres, private_dir, running


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    folder = private_dir() / f"test-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb_server(servers_dir: Path) -> Iterator[Server]:
    with running(mariadb(servers_dir / "mariadb")) as server:
        yield server


@pytest.fixture(scope="session")
def mysql56_server(servers_dir: Path) -> Iterator[Server]:
    with running(mysql56(servers_dir / "mysql56")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server(servers_dir: Path) -> Iterator[Server]:
    with running(postgres(servers_dir / "postgres")) as server:
        yield server


@pytest.fixture
def lake_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "lake"
    monkeypatch.setenv("SEGMENTATION_LAKE", str(folder))
    return folder
