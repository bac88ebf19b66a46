"""The door to the warehouse: logins, refusals and commits."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from demo.servers import PASSWORD, Server
from include.segmentation.errors import DataError, SourceError, UnavailableError
from include.segmentation.profile.profile import Profile, WarehouseTarget
from include.segmentation.warehouse.connection import connect_warehouse

PROFILE = cast(Profile, SimpleNamespace(warehouse=WarehouseTarget(connection="door", schema="behind_the_door")))


@pytest.fixture
def server(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("AIRFLOW_CONN_DOOR", postgres_server.write_uri("postgres"))
    with connect_warehouse(PROFILE) as connection:
        connection.execute("CREATE SCHEMA behind_the_door")
    yield postgres_server
    monkeypatch.setenv("AIRFLOW_CONN_DOOR", postgres_server.write_uri("postgres"))
    with connect_warehouse(PROFILE) as connection:
        connection.execute("DROP SCHEMA behind_the_door CASCADE")


def rows(query: str) -> list[tuple[Any, ...]]:
    with connect_warehouse(PROFILE) as connection:
        return connection.execute(query).fetchall()


def test_it_commits_into_the_profiles_schema_in_utc(server: Server) -> None:
    with connect_warehouse(PROFILE) as connection:
        connection.execute("CREATE TABLE t AS SELECT timestamptz '2025-01-01 00:00+01' AS at")

    assert rows("SELECT at::text FROM behind_the_door.t") == [("2024-12-31 23:00:00+00",)]


def test_an_error_rolls_back(server: Server) -> None:
    def fail() -> None:
        with connect_warehouse(PROFILE) as connection:
            connection.execute("CREATE TABLE t (x int)")
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert rows("SELECT to_regclass('t')") == [(None,)]


def test_a_failing_statement_is_one_line(server: Server) -> None:
    with pytest.raises(DataError, match=r"connection 'door'.*relation \"missing\" does not exist") as error:
        rows("SELECT\n*\nFROM missing")

    assert "\n" not in str(error.value)


def test_a_broken_connection_can_be_retried(server: Server) -> None:
    def break_off() -> None:
        with connect_warehouse(PROFILE) as connection:
            connection.execute("CREATE TABLE t (x int)")
            with connect_warehouse(PROFILE) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            connection.execute("SELECT 1")

    with pytest.raises(UnavailableError, match="connection 'door'") as error:
        break_off()

    assert isinstance(error.value, UnavailableError)
    assert rows("SELECT to_regclass('t')") == [(None,)]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgres://postgres:wrong@127.0.0.1:{port}/postgres", "password authentication failed"),
        ("postgres://postgres:{password}@127.0.0.1:{port}/nowhere", 'database "nowhere" does not exist'),
        ("postgres://postgres:{password}@127.0.0.1:{port}/", "database name is missing"),
        ("mysql://postgres:{password}@127.0.0.1:{port}/postgres", "connection type: found 'mysql'; allowed: postgres"),
    ],
)
def test_a_refusal_names_its_cause(server: Server, monkeypatch: pytest.MonkeyPatch, address: str, message: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DOOR", address.format(port=server.port, password=PASSWORD))

    with pytest.raises(SourceError, match=f"connection 'door' .*{message}") as error, connect_warehouse(PROFILE):
        pass

    assert "\n" not in str(error.value)
    assert not isinstance(error.value, UnavailableError)
    assert PASSWORD not in str(error.value)
