"""The tutorial's shell, with a small shop's MariaDB and an empty warehouse."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.servers import CHECKOUT, PASSWORD, Server, ServerError, make_mariadb, make_postgres, run_server
from demo.stack import HOME, WAREHOUSE, find_servers_home
from include.segmentation.warehouse.connection import connect_uri

TABLES = CHECKOUT / "tests" / "tutorial" / "shop.sql"
_DATABASE = "shop"
_HINT = f"""A shell with two private servers; `exit` stops them.
  MariaDB with the shop's table orders:  mysql -u demo {_DATABASE}
  PostgreSQL, the warehouse, empty:      psql
"""


def open_shell() -> int:
    """Start both servers with new data, fill the shop, and run the user's shell until it exits.

    Returns:
        The shell's exit status.

    Raises:
        ServerError: the shop is open in another shell.
    """
    with _lock_shop():
        return _open_shell(HOME / "shop", find_servers_home() / "shop")


def _open_shell(home: Path, servers: Path) -> int:
    _back_up_profiles(home / "profiles")
    for folder in (home, servers):
        shutil.rmtree(folder, ignore_errors=True)
    with (
        run_server(make_mariadb(servers / "mariadb")) as source,
        run_server(make_postgres(servers / "postgres")) as target,
    ):
        environment = os.environ | _make_environment(home, source, target)
        _fill_shop(environment)
        with connect_uri(target.write_uri("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {WAREHOUSE}")
        print(_HINT, end="", flush=True)
        shell = os.environ.get("SHELL", "/bin/bash")
        return subprocess.run([shell], env=environment, cwd=CHECKOUT, check=False).returncode


@contextmanager
def _lock_shop() -> Iterator[None]:
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "shop.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerError("the shop is open in another shell; `exit` there first") from None
        yield


def _back_up_profiles(profiles: Path) -> None:
    """Keep the profiles of the previous session."""
    if profiles.is_dir():
        backup = HOME / "shop-profiles-before"
        shutil.rmtree(backup, ignore_errors=True)
        profiles.rename(backup)
        print(f"The shop starts again with new data. Your previous profiles are in {backup}")


def _make_environment(home: Path, source: Server, target: Server) -> dict[str, str]:
    """Make the variables that `python -m include.segmentation`, `mysql` and `psql` read."""
    return {
        "SEGMENTATION_LAKE": str(home / "lake"),
        "SEGMENTATION_PROFILES": str(home / "profiles"),
        "AIRFLOW_CONN_SHOP_MYSQL": source.write_uri(_DATABASE),
        "AIRFLOW_CONN_SEGMENTATION_WAREHOUSE": target.write_uri(WAREHOUSE),
        **{"MYSQL_HOST": "127.0.0.1", "MYSQL_TCP_PORT": str(source.port), "MYSQL_PWD": PASSWORD},
        **{"PGHOST": "127.0.0.1", "PGPORT": str(target.port), "PGUSER": target.user, "PGPASSWORD": PASSWORD},
        **{"PGDATABASE": WAREHOUSE, "PGOPTIONS": "-c search_path=coffee,public", "PYTHONPATH": str(CHECKOUT)},
    }


def _fill_shop(environment: dict[str, str]) -> None:
    client = ["mysql", "--no-defaults", "-u", "demo"]
    subprocess.run([*client, "-e", f"CREATE DATABASE {_DATABASE}"], env=environment, check=True)
    with TABLES.open() as script:
        subprocess.run([*client, _DATABASE], stdin=script, env=environment, check=True)
