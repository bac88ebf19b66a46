"""A database per test, and the shop of ``publish_shop.py`` behind it."""

import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from publish_crowd import CROWD, GRID, STRATA
from publish_shop import PROFILE, Customer, Shop

from demo.servers import Server
from include.segmentation.profile.loader import load_profile
from include.segmentation.publish import publish
from include.segmentation.segment import fit, segment


@pytest.fixture
def database(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of its own, behind the profile's connection id; its URL for psycopg."""
    name = f"shop_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(libpq(postgres_server.write_uri("postgres")), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
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


@pytest.fixture
def published(shop_with: Callable[[dict[str, Any]], Shop]) -> Callable[..., Shop]:
    """The shop with a grid, its crowd measured, really fitted, labelled and published."""

    def make(crowd: dict[str, Customer] = CROWD, **more: Any) -> Shop:
        profile = deepcopy(PROFILE) | {"worth": ["revenue"], "cohort_months": 0} | more
        profile["macro_segments"]["value"] |= {"grid": GRID, "strata": STRATA}
        shop = shop_with(profile)
        run = shop.run("2025-02-01")
        shop.leave(run, crowd)
        for macro in profile["macro_segments"]:
            fit(run, macro)
            segment(run, macro)
        publish(run)
        return shop

    return make
