"""The shop on a real server, and the connections that its profile uses."""

from pathlib import Path

import psycopg
import pytest
from authoring_source import SHOP, Source

from demo.servers import Server
from demo.stack import write_libpq_uri


@pytest.fixture(scope="session")
def source(mariadb_server: Server, postgres_server: Server) -> Source:
    with psycopg.connect(write_libpq_uri(postgres_server.write_uri("postgres")), autocommit=True) as admin:
        admin.execute("CREATE DATABASE authoring")
    source = Source(mariadb_server)
    source.run(SHOP)
    return source


@pytest.fixture
def connections(source: Source, postgres_server: Server, lake_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_MYSQL", source.server.write_uri(source.name))
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENTATION_WAREHOUSE", postgres_server.write_uri("authoring"))
