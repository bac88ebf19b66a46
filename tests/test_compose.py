"""The deployment: the Compose file's form, its references, and every container's command line as a plain process.

No container engine runs here. What a container would be given (command, environment, health check) is taken from the
Compose file word for word; only addresses, folders of the image and ports are replaced by this machine's.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import psycopg
import pytest
import yaml

from demo.servers import CHECKOUT, PASSWORD, Server, find_free_port
from include.segmentation.profile.loader import list_profile_names, load_profile

FILE = CHECKOUT / "docker-compose.yaml"
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")
AIRFLOW = ["api-server", "scheduler", "dag-processor", "triggerer"]
HEALTHY_SECONDS = 90

TEXT, TEXTS = {"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}
SERVICE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["image", "restart"],
    "properties": {
        "image": TEXT,
        "build": TEXT,
        "init": {"type": "boolean"},
        "restart": {"enum": ["no", "unless-stopped"]},
        "env_file": TEXTS,
        "environment": {"type": "object", "additionalProperties": TEXT},
        "command": TEXTS,
        "ports": TEXTS,
        "volumes": {"type": "array", "items": {"type": "string", "pattern": "^[^:]+:/[^:]+(:ro)?$"}},
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["condition"],
                "properties": {"condition": {"enum": ["service_healthy", "service_completed_successfully"]}},
            },
        },
        "healthcheck": {
            "type": "object",
            "additionalProperties": False,
            "required": ["test", "interval", "timeout", "retries"],
            "properties": {
                "test": {"type": "array", "prefixItems": [{"const": "CMD"}], "items": TEXT, "minItems": 2},
                "interval": {"pattern": r"^\d+s$"},
                "timeout": {"pattern": r"^\d+s$"},
                "start_period": {"pattern": r"^\d+s$"},
                "retries": {"type": "integer"},
            },
        },
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["services"],
    "properties": {
        "name": TEXT,
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
    "patternProperties": {"^x-": {}},
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text())


def declared() -> set[str]:
    return set(re.findall(r"^(\w+)=", (CHECKOUT / ".env.example").read_text(), re.M))


def test_the_file_has_the_form_of_a_compose_file(compose: dict[str, Any]) -> None:
    jsonschema.validate(compose, SCHEMA)


def test_what_services_refer_to_exists(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for needed, how in service.get("depends_on", {}).items():
            other = compose["services"][needed]
            has_check = "healthcheck" in other
            assert has_check == (how["condition"] == "service_healthy"), (name, needed)
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"]
        assert service.get("env_file", [".env"]) == [".env"]
        if "build" in service:
            assert (CHECKOUT / service["build"] / "Dockerfile").is_file()


def test_every_process_of_airflow_is_there_and_watched(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"metadata", "warehouse", "initialise", *AIRFLOW}
    assert {name for name, service in services.items() if "healthcheck" in service} == set(services) - {"initialise"}
    for name in AIRFLOW:
        assert services[name]["command"] == ["airflow", name]
        assert services[name]["depends_on"]["initialise"]["condition"] == "service_completed_successfully"


def test_every_variable_is_declared_and_none_has_a_default() -> None:
    used = VARIABLE.findall(FILE.read_text())
    assert {name for name, _ in used} <= declared()
    assert all(rest.startswith(":?") for _, rest in used)
    assert re.findall(r"^\w+=(.+)$", (CHECKOUT / ".env.example").read_text(), re.M) == []


def test_every_secret_comes_from_the_environment(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for key, value in service["environment"].items():
            if re.search("PASSWORD$|SECRET|FERNET|SQL_ALCHEMY_CONN|AIRFLOW_CONN", key):
                assert VARIABLE.search(value), key
            assert not re.search(r"//\w+:\w+@", value), f"{key} holds a password"


def test_connections_of_every_profile_are_in_the_example_file(compose: dict[str, Any]) -> None:
    known = declared() | set(compose["services"]["scheduler"]["environment"])
    for name in list_profile_names():
        profile = load_profile(name)
        for connection in [profile.warehouse.connection, *[each.connection for each in profile.sources.values()]]:
            assert f"AIRFLOW_CONN_{connection.upper()}" in known


def test_what_the_image_copies_exists_and_is_let_in() -> None:
    let_in = re.findall(r"^!(\S+)$", (CHECKOUT / ".dockerignore").read_text(), re.M)
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    sources = [line.split()[1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    assert sorted(sources) == sorted(let_in)
    for source in sources:
        assert (CHECKOUT / source).exists()


class Deployment:
    """The containers of the Compose file as plain processes."""

    def __init__(self, compose: dict[str, Any], home: Path, postgres: Server) -> None:
        self.services = compose["services"]
        self.password = secrets.token_hex(8)
        self.port = find_free_port()
        self._database = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port)}
        given = dict.fromkeys(declared(), "") | {
            "METADATA_PASSWORD": PASSWORD,
            "WAREHOUSE_PASSWORD": PASSWORD,
            "AIRFLOW_FERNET_KEY": "0" * 43 + "=",
            "AIRFLOW_JWT_SECRET": secrets.token_hex(64),
            "AIRFLOW_ADMIN_PASSWORD": self.password,
            "AIRFLOW_BASE_URL": f"http://127.0.0.1:{self.port}",
        }
        self._given = {name: value for name, value in given.items() if value}
        self._replaced = {
            "api-server:8080": f"127.0.0.1:{self.port}",
            "metadata:5432": f"127.0.0.1:{postgres.port}",
            "warehouse:5432": f"127.0.0.1:{postgres.port}",
            "/opt/airflow": str(home / "airflow"),
            "/opt/lake": str(home / "lake"),
            "/opt/segmentation": str(CHECKOUT),
        }
        self._ports = {
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(find_free_port()),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(find_free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(find_free_port()),
        }
        (home / "airflow").mkdir()
        self._home = home

    def environment(self, service: str) -> dict[str, str]:
        """What the image, the .env file and the service set; the image's PATH is this virtual environment."""
        image = re.findall(r"^(?:ENV )?\s*(\w+)=(\S+)", (CHECKOUT / "Dockerfile").read_text(), re.M)
        values = dict(image) | self._given | self.services[service]["environment"] | self._database
        mine = {name: self._here(value) for name, value in values.items()} | self._ports
        return mine | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self._home)}

    def start(self, service: str) -> subprocess.Popen[bytes]:
        with (self._home / f"{service}.log").open("wb") as log:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.services[service]["command"]],
                env=self.environment(service),
                cwd=CHECKOUT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_healthy(self, service: str) -> bool:
        check = self.services[service]["healthcheck"]
        return (
            subprocess.run(
                check["test"][1:],
                env=self.environment(service),
                cwd=CHECKOUT,
                capture_output=True,
                timeout=int(check["timeout"].rstrip("s")),
                check=False,
            ).returncode
            == 0
        )

    def api(self) -> httpx.Client:
        """A client of the API server, logged in."""
        client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        login = {"username": "admin", "password": self.password}
        client.headers["Authorization"] = f"Bearer {client.post('/auth/token', json=login).json()['access_token']}"
        return client

    def log(self, service: str) -> str:
        return (self._home / f"{service}.log").read_text(errors="replace")[-3000:]

    def _here(self, value: str) -> str:
        value = VARIABLE.sub(lambda match: self._given[match[1]], value)
        for there, here in self._replaced.items():
            value = value.replace(there, here)
        return value


@pytest.fixture(scope="module")
def deployment(
    compose: dict[str, Any], postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """All containers running; ended at the end, children and all."""
    with psycopg.connect(
        postgres_server.write_uri("postgres").replace("postgres://", "postgresql://"), autocommit=True
    ) as admin:
        for database in ("airflow", "warehouse"):
            name = compose["services"][{"airflow": "metadata"}.get(database, database)]["environment"]["POSTGRES_USER"]
            admin.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{PASSWORD}'")
            admin.execute(f'CREATE DATABASE "{database}" OWNER "{name}"')
    deployment = Deployment(compose, tmp_path_factory.mktemp("deployment"), postgres_server)
    first = deployment.start("initialise")
    assert first.wait(HEALTHY_SECONDS) == 0, deployment.log("initialise")
    processes = {name: deployment.start(name) for name in AIRFLOW}
    try:
        yield deployment
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()


@pytest.mark.parametrize("service", ["metadata", "warehouse", *AIRFLOW])
def test_the_container_becomes_healthy(deployment: Deployment, service: str) -> None:
    deadline = time.monotonic() + HEALTHY_SECONDS
    while not deployment.is_healthy(service):
        assert time.monotonic() < deadline, deployment.log(service)
        time.sleep(0.5)


def test_the_deployment_knows_its_user_pools_and_dags(deployment: Deployment) -> None:
    api = deployment.api()
    assert api.post("/auth/token", json={"username": "admin", "password": "admin"}).status_code == 401
    pools = {pool["name"] for pool in api.get("/api/v2/pools").json()["pools"]}
    sources = [source for name in list_profile_names() for source in load_profile(name).sources.values()]
    assert pools == {"default_pool", *[source.connection for source in sources]}
    deadline = time.monotonic() + HEALTHY_SECONDS
    while (count := api.get("/api/v2/dags").json()["total_entries"]) < 5 * len(list_profile_names()):
        assert time.monotonic() < deadline, f"{count} DAGs: {json.dumps(api.get('/api/v2/importErrors').json())}"
        time.sleep(0.5)
    assert all(dag["is_paused"] for dag in api.get("/api/v2/dags").json()["dags"])
    assert api.get("/segmentation/").status_code == 200


def test_a_backfill_runs_as_the_dags_page_says(deployment: Deployment) -> None:
    api, deadline = deployment.api(), time.monotonic() + HEALTHY_SECONDS
    while (page := api.get("/api/v2/dags/retail__segment_daily/details")).status_code == 404:
        assert time.monotonic() < deadline, deployment.log("dag-processor")
        time.sleep(0.5)
    command = re.search(r"`(airflow backfill create [^`]+)`", page.json()["doc_md"])
    words = ["2011-06-30" if word == "D" else word for word in command[1].split()]
    done = subprocess.run(
        [*words, "--dry-run"],
        env=deployment.environment("scheduler"),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "2011-06-30" in done.stdout
    assert api.get("/api/v2/dags/retail__segment_daily/dagRuns").json()["total_entries"] == 0


def test_a_health_check_fails_where_nothing_answers(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    for service in ("api-server", "scheduler"):
        variables = {name: str(find_free_port()) for name in deployment._ports}
        monkeypatch.setattr(deployment, "_ports", variables)
        assert not deployment.is_healthy(service)
