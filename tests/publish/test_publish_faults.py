"""A warehouse that is away, refuses or breaks: one line, and the tables of yesterday."""

import threading
import time

import psycopg
import pytest
from publish_shop import Customer, Shop

from demo.servers import Server, find_free_port
from include.segmentation.errors import DataError, SourceError, UnavailableError
from include.segmentation.publish import publish

CROWD = {f"c{i}": Customer(purchases=1, revenue=i) for i in range(12)}


@pytest.fixture
def published(shop: Shop) -> Shop:
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-01-01"), CROWD)
    publish(shop.run("2025-01-01"))
    shop.leave(shop.run("2025-02-01"), CROWD)
    return shop


def test_a_connection_killed_in_the_middle_leaves_the_tables(published: Shop) -> None:
    before = published.tables()
    failures: list[Exception] = []

    def work() -> None:
        try:
            publish(published.run("2025-02-01"))
        except Exception as error:
            failures.append(error)

    with psycopg.connect(published.url) as holder:
        # Publishing has to wait here: its labels and sizes are loaded by then.
        holder.execute("LOCK TABLE shop.fct_segment_migration IN SHARE MODE")
        thread = threading.Thread(target=work)
        thread.start()
        waiting = kill_the_waiting(published)
        thread.join(30)

    assert waiting.startswith("-- Moves from the previous run")
    assert [type(error) for error in failures] == [UnavailableError]
    assert "shop_warehouse" in str(failures[0])
    assert "\n" not in str(failures[0])
    assert published.tables() == before


def kill_the_waiting(shop: Shop) -> str:
    """End the one connection that waits for a lock; returns what it was doing."""
    with psycopg.connect(shop.url, autocommit=True) as connection:
        for _ in range(300):
            row = connection.execute(
                "SELECT pid, query FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ).fetchone()
            if row:
                connection.execute("SELECT pg_terminate_backend(%s)", [row[0]])
                return str(row[1])
            time.sleep(0.1)
    raise AssertionError("nothing waited for the lock")


def test_two_publish_at_once_and_both_arrive(published: Shop) -> None:
    publish(published.run("2025-02-01"))
    expected = published.tables()

    threads = [threading.Thread(target=publish, args=[published.run(as_of)]) for as_of in ("2025-01-01", "2025-02-01")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert published.tables() == expected


def test_a_table_that_someone_changed_is_one_line(published: Shop) -> None:
    with psycopg.connect(published.url) as connection:
        connection.execute("ALTER TABLE shop.fct_segment_size RENAME COLUMN share TO portion")
    before = published.tables()

    with pytest.raises(DataError, match=r"shop_warehouse.*share.*nothing was written") as error:
        publish(published.run("2025-02-01"))

    assert "\n" not in str(error.value)
    assert published.tables() == before


def test_no_privilege_to_make_the_schema(shop: Shop, postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.empty()
    user = f"reader_{shop.url.rsplit('_', 1)[1]}"
    with psycopg.connect(shop.url) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'secret'")
    name = shop.url.rsplit("/", 1)[1]
    port = postgres_server.port
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_WAREHOUSE", f"postgres://{user}:secret@127.0.0.1:{port}/{name}")
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-01-01"), CROWD)

    with pytest.raises(SourceError, match=f"shop_warehouse.*user '{user}': permission denied for database") as error:
        publish(shop.run("2025-01-01"))

    assert "secret" not in str(error.value)
    assert shop.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == [(0,)]


def test_a_prepared_schema_needs_no_privilege_on_the_database(
    shop: Shop, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.empty()
    user = f"owner_{shop.url.rsplit('_', 1)[1]}"
    with psycopg.connect(shop.url) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'secret'")
        connection.execute(f"CREATE SCHEMA shop AUTHORIZATION {user}")
        connection.execute("CREATE EXTENSION btree_gist SCHEMA public")
    name = shop.url.rsplit("/", 1)[1]
    port = postgres_server.port
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_WAREHOUSE", f"postgres://{user}:secret@127.0.0.1:{port}/{name}")
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-01-01"), CROWD)

    assert publish(shop.run("2025-01-01"))["customers"] == 12


def test_nothing_answers(published: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_WAREHOUSE", f"postgres://u:p@127.0.0.1:{find_free_port()}/x")

    with pytest.raises(UnavailableError, match=r"shop_warehouse.*refused"):
        publish(published.run("2025-02-01"))
