"""The servers of a demo: private MariaDB, PostgreSQL and GA4 stand-in, and the environment that points at them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.servers import (
    CHECKOUT,
    Server,
    ServerError,
    find_free_port,
    find_private_dir,
    make_mariadb,
    make_postgres,
    run_server,
)
from include.segmentation.profile.profile import Profile
from include.segmentation.warehouse.connection import connect_uri

NAME = os.environ.get("SEGMENTATION_DEMO", "demo")
"""The demo's name. A second demo under another name does not touch the first; the tests use this."""

HOME = CHECKOUT / ".local" / NAME
"""The demo's results: the lake with its reports, Airflow's logs, and the settings of the last run."""

WAREHOUSE = "warehouse"


def find_servers_home() -> Path:
    """Return the folder of the demo's database servers."""
    return find_private_dir() / NAME


def write_settings(settings: dict[str, Any]) -> None:
    """Store the demo's settings for `make airflow` and `make sql`."""
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "settings.json").write_text(json.dumps(settings))


def read_settings() -> dict[str, Any]:
    """Read the settings of the last demo.

    Raises:
        ServerError: no demo has run here.
    """
    try:
        return dict(json.loads((HOME / "settings.json").read_text()))
    except FileNotFoundError:
        raise ServerError("no demo has run here yet; run `make demo` first") from None


def remove_traces(profile: Profile) -> None:
    """Remove a profile's data in the lake and Airflow's logs, both from an earlier demo."""
    shutil.rmtree(HOME / "lake" / profile.profile, ignore_errors=True)
    shutil.rmtree(HOME / "airflow" / "logs", ignore_errors=True)


@contextmanager
def run_databases(profiles: Iterable[str], fresh: Profile | None = None) -> Iterator[dict[str, str]]:
    """Run MariaDB and PostgreSQL; yield the environment that points at them, and stop them at the end.

    Args:
        profiles: the profiles, each with its own MySQL database.
        fresh: a profile whose warehouse schema is dropped first, together with all of Airflow's metadata.
    """
    home = find_servers_home()
    with run_server(make_mariadb(home / "mariadb")) as source, run_server(make_postgres(home / "postgres")) as target:
        if fresh:
            _drop_earlier_data(target, fresh)
        for name in (WAREHOUSE, "airflow"):
            _create_database(target, name)
        yield {
            "SEGMENTATION_LAKE": str(HOME / "lake"),
            "AIRFLOW_CONN_SEGMENTATION_WAREHOUSE": target.write_uri(WAREHOUSE),
            **{name_mysql_connection(profile): source.write_uri(profile) for profile in profiles},
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": write_airflow_uri(target),
        }


def name_mysql_connection(profile: str) -> str:
    """Return the name of the environment variable for a profile's MySQL connection."""
    return f"AIRFLOW_CONN_{profile.upper()}_MYSQL"


def write_airflow_uri(server: Server) -> str:
    """Write the metadata database's address as an SQLAlchemy URL."""
    return server.write_uri("airflow").replace("postgres://", "postgresql+psycopg2://")


def _create_database(server: Server, name: str) -> None:
    with connect_uri(server.write_uri("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"')


def _drop_earlier_data(server: Server, profile: Profile) -> None:
    _create_database(server, WAREHOUSE)
    with connect_uri(server.write_uri("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS airflow WITH (FORCE)")
    with connect_uri(server.write_uri(WAREHOUSE), autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{profile.warehouse.schema_name}" CASCADE')


def write_libpq_uri(uri: str) -> str:
    """Convert an Airflow connection URI to the form that libpq reads."""
    return uri.replace("postgres://", "postgresql://", 1)


@contextmanager
def run_analytics(learners: int) -> Iterator[dict[str, str]]:
    """Run the GA4 stand-in; yield the environment that points at it, and stop it at the end.

    Raises:
        ServerError: the stand-in did not start.
    """
    port = find_free_port()
    process = subprocess.Popen(
        [
            "setpriv",
            "--pdeathsig",
            "TERM",
            sys.executable,
            "-m",
            "demo.ga4",
            "--port",
            str(port),
            "--learners",
            str(learners),
        ],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
    )
    try:
        first = process.stdout.readline() if process.stdout else ""
        if "ready" not in first:
            raise ServerError(f"the GA4 stand-in did not start: {first.strip() or 'it printed nothing'}")
        connection = {
            "conn_type": "google_cloud_platform",
            "extra": {"api_endpoint": f"http://127.0.0.1:{port}", "is_anonymous": True},
        }
        yield {"AIRFLOW_CONN_LEARNING_GA4": json.dumps(connection)}
    finally:
        process.terminate()
        process.wait(10)
