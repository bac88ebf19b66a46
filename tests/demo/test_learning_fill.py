"""The platform is loaded into MySQL completely; SQL on the server finds the published loyalty clusters."""

from collections.abc import Iterator

import MySQLdb
import pytest

from demo.business import ShowProgress, SourceCounts
from demo.learning import DEMO, generate_platform, list_clusters
from demo.mysql import FillError, open_database, replace_table
from demo.servers import Server

MONTH_ONE_LOYALTY = """
    WITH visit_days AS (
        SELECT DISTINCT v.user_id, DATE(v.visited_at) AS day FROM visits AS v JOIN users AS u ON u.user_id = v.user_id
        WHERE v.visited_at < u.registered_at + INTERVAL 30 DAY
    ), gaps AS (
        SELECT user_id, DATEDIFF(day, LAG(day) OVER (PARTITION BY user_id ORDER BY day)) AS gap FROM visit_days
    ), kpis AS (
        SELECT u.user_id, COUNT(gap) AS returns, AVG(gap) AS gap
        FROM users AS u LEFT JOIN gaps AS g ON g.user_id = u.user_id GROUP BY u.user_id
    )
    SELECT CASE WHEN returns = 0 THEN 0 WHEN gap >= 18 THEN 2 WHEN gap >= 8 THEN 5
        WHEN returns >= 5 AND gap <= 5 THEN 4 WHEN gap <= 2 THEN 1 ELSE 3 END AS cluster, COUNT(*)
    FROM kpis GROUP BY 1 ORDER BY 1
"""


def fill(uri: str, size: int | None = None, say: ShowProgress = print) -> SourceCounts:
    return DEMO.fill_source(uri, DEMO.read(None, size, say), say)


@pytest.fixture(scope="module")
def uri(mariadb_server: Server) -> str:
    return mariadb_server.write_uri("demo_learning")


@pytest.fixture(scope="module")
def counts(uri: str) -> SourceCounts:
    return fill(uri)


@pytest.fixture
def connection(uri: str, counts: SourceCounts) -> Iterator[MySQLdb.Connection]:
    with open_database(uri) as opened:
        yield opened


def ask(connection: MySQLdb.Connection, sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_the_server_finds_the_published_loyalty_clusters(connection: MySQLdb.Connection) -> None:
    published = [(row.cluster, row.learners) for row in list_clusters("loyalty", 1)]
    assert ask(connection, MONTH_ONE_LOYALTY) == published


def test_every_row_and_value_is_loaded(connection: MySQLdb.Connection, counts: SourceCounts) -> None:
    tables = generate_platform().tables
    assert counts == {name: rows.num_rows for name, rows in tables.items()}
    for name, rows in tables.items():
        arrived = ask(connection, f"SELECT * FROM {name} ORDER BY 1 LIMIT 500")
        assert arrived == [tuple(row.values()) for row in rows.slice(0, 500).to_pylist()]
        for column in rows.column_names:
            nulls = ask(connection, f"SELECT COUNT(*) FROM {name} WHERE {column} IS NULL")
            assert nulls == [(rows[column].null_count,)], (name, column)


@pytest.mark.parametrize(
    ("table", "cursor"),
    [("users", "updated_at"), ("visits", "visited_at"), ("topic_views", "viewed_at"), ("orders", "updated_at")],
)
def test_cursor_and_primary_key_are_indexed(connection: MySQLdb.Connection, table: str, cursor: str) -> None:
    indexes = ask(connection, f"SHOW INDEX FROM {table} WHERE Key_name <> 'PRIMARY' AND Seq_in_index = 1")
    assert cursor in {row[4] for row in indexes}


def test_filling_again_replaces(mariadb_server: Server) -> None:
    messages: list[str] = []
    first = fill(mariadb_server.write_uri("demo_again"), 40, messages.append)
    assert fill(mariadb_server.write_uri("demo_again"), 40) == first
    assert messages[0] == "Generating 40 learners"
    with open_database(mariadb_server.write_uri("demo_again")) as connection:
        assert ask(connection, "SELECT COUNT(*) FROM users") == [(40,)]


def test_it_also_fills_mysql_5_6(mysql56_server: Server) -> None:
    counts = fill(mysql56_server.write_uri("demo_again"), 40)
    with open_database(mysql56_server.write_uri("demo_again")) as connection:
        assert ask(connection, "SELECT COUNT(*) FROM topic_views") == [(counts["topic_views"],)]


def test_a_value_that_the_server_changes_is_an_error(mariadb_server: Server) -> None:
    rows = generate_platform(learners=5).tables["users"].select(["user_id", "email"])
    with (
        open_database(mariadb_server.write_uri("demo_again")) as connection,
        pytest.raises(FillError, match="table narrow"),
    ):
        replace_table(connection, "narrow", "user_id BIGINT PRIMARY KEY, email VARCHAR(3)", rows)
