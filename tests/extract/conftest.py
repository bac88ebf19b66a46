"""A database of its own on a real server, and a run whose profile reads it."""

import json
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import MySQLdb
import pytest
import yaml

from demo.servers import PASSWORD, Server, make_mariadb
from include.segmentation.extract import extract, reconcile_extract
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run


@dataclass
class Database:
    """One database on a private server, and the id under which a profile reads it."""

    server: Server
    name: str

    def connect(self, **more: Any) -> Any:
        return MySQLdb.connect(
            host="127.0.0.1",
            port=self.server.port,
            **{"user": self.server.user, "password": PASSWORD, "database": self.name, "autocommit": True} | more,
        )

    def execute(self, *statements: str) -> Any:
        with self.connect() as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def insert(self, table: str, rows: list[tuple]) -> None:
        with self.connect() as connection:
            places = ", ".join(["%s"] * len(rows[0]))
            connection.cursor().executemany(f"INSERT INTO {table} VALUES ({places})", rows)

    @property
    def uri(self) -> str:
        return self.server.write_uri(self.name)


def _fresh(server: Server) -> Database:
    database = Database(server, f"shop_{uuid.uuid4().hex[:10]}")
    Database(server, "mysql").execute(f"CREATE DATABASE {database.name} CHARACTER SET utf8mb4")
    return database


@pytest.fixture(scope="session")
def copy_mariadb(servers_dir: Path) -> Callable[[str], Server]:
    """Make further MariaDB servers, each from a copy of one new data folder, as installing it takes seconds."""
    pristine = servers_dir / "mariadb_pristine"
    make_mariadb(pristine)

    def copy(name: str) -> Server:
        subprocess.run(["cp", "-a", str(pristine), str(servers_dir / name)], check=True)
        return make_mariadb(servers_dir / name)

    return copy


@pytest.fixture
def mariadb_database(mariadb_server: Server) -> Database:
    return _fresh(mariadb_server)


@pytest.fixture
def mysql56_database(mysql56_server: Server) -> Database:
    return _fresh(mysql56_server)


@pytest.fixture(params=["mariadb", "mysql56"])
def database(request: pytest.FixtureRequest) -> Database:
    return _fresh(request.getfixturevalue(f"{request.param}_server"))


Shop = Callable[..., "Pulls"]


@dataclass
class Pulls:
    """A run and what its extracts left in the lake."""

    run: Run

    def pull(self, name: str = "events") -> dict[str, Any]:
        return extract(self.run, name)

    def reconcile(self, name: str = "events") -> dict[str, Any]:
        return reconcile_extract(self.run, name)

    def current(self, name: str = "events", columns: str = "*", order: str = "1") -> list[tuple]:
        with self.run.lake.open_engine() as engine:
            self.run.lake.create_current_view(engine, name)
            rows = engine.execute(f"SELECT {columns} FROM {name} ORDER BY {order}").fetch_table()
            return [tuple(row.values()) for row in rows.to_pylist()]

    def written(self, name: str = "events") -> int:
        with self.run.lake.open_engine() as engine:
            self.run.lake.create_log_view(engine, name)
            return engine.execute(f"SELECT count(*) FROM {name}").fetch_row()[0]


@pytest.fixture
def shop(tmp_path: Path, lake_root: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Make a run over a database: ``shop(database, events={...})``."""

    def make(
        address: Any,
        *,
        as_of: str = "2025-06-01",
        queries: dict[str, str] | None = None,
        time_zone: str = "UTC",
        mysql: dict[str, Any] | None = None,
        **extracts: Any,
    ) -> Pulls:
        connection = address.uri if isinstance(address, Database) else address
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", connection if isinstance(connection, str) else json.dumps(connection))
        folder = tmp_path / "profiles"
        sql = {"measure/population.sql": "", "measure/everyone.sql": ""}
        sql |= {f"extract/{name}": text for name, text in (queries or {}).items()}
        for path, text in sql.items():
            file = folder / "sql" / "shop" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        sources = {**_PROFILE["sources"], "mysql": _PROFILE["sources"]["mysql"] | (mysql or {})}
        profile = _PROFILE | {"extracts": extracts, "time_zone": time_zone, "sources": sources}
        (folder / "shop.yaml").write_text(yaml.safe_dump(profile))
        moment = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
        return Pulls(Run(load_profile("shop", folder), "monthly", moment))

    return make


_KPI = {"label": "N", "definition": "N.", "unit": "n", "window": "lifetime", "rule_only": True}
_PROFILE = {
    "profile": "shop",
    "title": "Shop",
    "warehouse": {"connection": "none", "schema": "shop"},
    "schedule": {"start": "2025-01-01", "first_fit": "2025-02-01"},
    "sources": {
        "mysql": {"kind": "mysql", "connection": "shop"},
        "ga4": {"kind": "ga4", "connection": "shop", "property": "properties/412345678"},
    },
    "macro_segments": {
        "everyone": {"label": "All", "kpis": {"n": _KPI}, "strata": [{"name": "a", "label": "A", "when": "true"}]}
    },
}
