"""A database per test, and the shop of ``publish_shop.py`` behind it."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
import yaml
from publish_shop import PROFILE, Shop

from demo.servers import Server
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile, WarehouseTarget
from include.segmentation.publish import tables
from include.segmentation.warehouse.published_table import discover_tables
from include.segmentation.warehouse.schema import prepare_schema


@pytest.fixture(scope="session")
def template(postgres_server: Server) -> str:
    """A database with empty published tables, which is faster to copy than to create."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    warehouse = SimpleNamespace(warehouse=WarehouseTarget(connection="shop_warehouse", schema="shop"))
    with psycopg.connect(libpq(postgres_server.write_uri("postgres")), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_SHOP_WAREHOUSE", postgres_server.write_uri(name))
        prepare_schema(cast(Profile, warehouse), discover_tables(tables))
    return name


@pytest.fixture
def database(postgres_server: Server, template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A copy of the template, behind the profile's connection id; its URL for psycopg."""
    name = f"shop_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(libpq(postgres_server.write_uri("postgres")), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_WAREHOUSE", postgres_server.write_uri(name))
    yield libpq(postgres_server.write_uri(name))
    with psycopg.connect(libpq(postgres_server.write_uri("postgres")), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def libpq(uri: str) -> str:
    return uri.replace("postgres://", "postgresql://", 1)


@pytest.fixture
def shop_with(database: str, lake_root: Path, tmp_path: Path) -> Callable[[dict[str, Any]], Shop]:
    """The shop, with a changed profile."""

    def make(profile: dict[str, Any]) -> Shop:
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump(profile))
        measure = tmp_path / "sql" / "shop" / "measure"
        measure.mkdir(parents=True, exist_ok=True)
        for name in ("population", *profile["macro_segments"]):
            (measure / f"{name}.sql").touch()
        return Shop(load_profile("shop", tmp_path), database)

    return make


@pytest.fixture
def shop(shop_with: Callable[[dict[str, Any]], Shop]) -> Shop:
    return shop_with(PROFILE)
