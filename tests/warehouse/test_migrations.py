"""Migrations: a warehouse filled by code without versions becomes one like a fresh one, and newer ones are refused."""

import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from publish_shop import Customer, Shop

from demo.servers import Server
from include.segmentation.errors import DataError, UnavailableError
from include.segmentation.publish import publish, tables
from include.segmentation.warehouse import migration
from include.segmentation.warehouse.migrations import REVISIONS
from include.segmentation.warehouse.published_table import PublishedTable, discover_tables
from include.segmentation.warehouse.schema import prepare_schema

UNVERSIONED = Path(__file__).with_name("schema_without_version.sql")
"""The schema of the shop as commit f5eb97e publishes January and February into it."""

CROWD = {f"c{i:02}": Customer(purchases=1, revenue=float(i)) for i in range(11)}
SHAPE = """
    SELECT relname::text, attname::text, format_type(atttypid, atttypmod), attnotnull,
        attcollation::regcollation::text, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'shop'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    ORDER BY relname, attnum
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'shop'::regnamespace ORDER BY 1, 2
"""
INDEXES = "SELECT tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'shop' ORDER BY 1, 2"
TABLE_COMMENTS = """
    SELECT relname::text, obj_description(oid, 'pg_class') FROM pg_class
    WHERE relnamespace = 'shop'::regnamespace AND relkind = 'r' ORDER BY 1
"""


@pytest.fixture
def unversioned(shop: Shop) -> Shop:
    shop.empty()
    with psycopg.connect(shop.url) as connection:
        connection.execute("CREATE EXTENSION btree_gist SCHEMA public")
        connection.execute(UNVERSIONED.read_bytes())
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-03-01"), CROWD)
    return shop


def describe_schema(shop: Shop) -> list[list[tuple[Any, ...]]]:
    return [shop.rows(query) for query in (SHAPE, CONSTRAINTS, INDEXES, TABLE_COMMENTS)]


def list_tables() -> list[PublishedTable]:
    return discover_tables(tables)


def test_a_schema_without_version_becomes_like_a_fresh_one(unversioned: Shop) -> None:
    publish(unversioned.run("2025-03-01"))
    migrated = describe_schema(unversioned)
    with psycopg.connect(unversioned.url) as connection:
        connection.execute("DROP SCHEMA shop CASCADE")

    publish(unversioned.run("2025-03-01"))

    assert migrated == describe_schema(unversioned)


def test_rows_survive_the_migration(unversioned: Shop) -> None:
    counts = "SELECT cohort::text, month, segment_key, kpi, {} FROM fct_cohort_segment ORDER BY 1, 2, 3, 4"
    before = unversioned.tables()
    cohorts = unversioned.rows(counts.format("learners"))
    assert sum(row[-1] for row in cohorts) > 0

    prepare_schema(unversioned.profile, list_tables())

    assert unversioned.rows(counts.format("customers")) == cohorts
    assert unversioned.rows("SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]
    after = unversioned.tables()
    del before["fct_cohort_segment"], after["fct_cohort_segment"]
    assert after == before

    publish(unversioned.run("2025-03-01"))
    runs = "SELECT as_of::date::text FROM segmentation_run ORDER BY 1"
    assert [day for (day,) in unversioned.rows(runs)] == ["2024-12-31", "2025-01-31", "2025-02-28"]


def test_a_fresh_schema_has_the_newest_version(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.empty()
    monkeypatch.delattr(migration, "upgrade_schema")  # nothing has to be migrated

    prepare_schema(shop.profile, list_tables())

    assert shop.rows("SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]


def test_a_newer_warehouse_is_refused_in_one_line(unversioned: Shop) -> None:
    publish(unversioned.run("2025-03-01"))
    with psycopg.connect(unversioned.url) as connection:
        connection.execute("UPDATE shop.alembic_version SET version_num = '9999'")
    before = unversioned.tables()

    with pytest.raises(DataError, match=r"schema 'shop': found version 9999 of the tables; allowed: up to") as error:
        publish(unversioned.run("2025-03-01"))

    assert "\n" not in str(error.value)
    assert unversioned.tables() == before


def test_two_publishers_do_not_migrate_at_once(unversioned: Shop) -> None:
    failures: list[Exception] = []

    def prepare() -> None:
        try:
            prepare_schema(unversioned.profile, list_tables())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failures == []
    assert unversioned.rows("SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]


def test_a_migration_waits_for_a_publisher(unversioned: Shop) -> None:
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('segmentation.publish.shop', 0))"
    with psycopg.connect(unversioned.url) as publisher:
        publisher.execute(lock)
        thread = threading.Thread(target=prepare_schema, args=[unversioned.profile, list_tables()])
        thread.start()
        time.sleep(1)
        assert unversioned.rows("SELECT to_regclass('shop.alembic_version')") == [(None,)]
        assert unversioned.rows("SELECT count(*) > 0 FROM fct_cohort_segment") == [(True,)]  # readers go on
    thread.join(60)

    assert unversioned.rows("SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]


def test_a_reader_who_stays_is_not_made_a_blockade(unversioned: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "_LOCK_TIMEOUT", "200ms")
    with psycopg.connect(unversioned.url) as reader:
        reader.execute("SELECT count(*) FROM shop.fct_cohort_segment")

        with pytest.raises(UnavailableError, match="lock timeout; nothing was written"):
            prepare_schema(unversioned.profile, list_tables())

    prepare_schema(unversioned.profile, list_tables())
    assert unversioned.rows("SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]


def test_a_publisher_without_create_rights_needs_no_more_than_the_tables(
    unversioned: Shop, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(unversioned.run("2025-03-01"))
    name = unversioned.url.rsplit("/", 1)[1]
    user = f"writer_{name}"
    with psycopg.connect(unversioned.url) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'secret'")
        connection.execute(f"GRANT USAGE ON SCHEMA shop TO {user}")
        connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO {user}")
    port = postgres_server.port
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_WAREHOUSE", f"postgres://{user}:secret@127.0.0.1:{port}/{name}")

    assert publish(unversioned.run("2025-03-01"))["customers"] == 11
