"""Card holders through every stage, from the command line: generated ones in MySQL, segments and a report out."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo.credit_card import DEMO, generate_holders
from demo.mysql import open_database
from demo.servers import Server
from demo.stack import write_libpq_uri

CHECKOUT = Path(__file__).parents[1]
HOLDERS = 700
OWES_LESS_THAN_NOTHING = "C10007"


@pytest.fixture(scope="module")
def bank(mariadb_server: Server, postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a bank whose table has a second id left in, and one holder with negative purchases."""
    uri = mariadb_server.write_uri("chain_cards")
    DEMO.fill_source(uri, {"card_holders": generate_holders(HOLDERS)})
    with open_database(uri) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE card_holders ADD COLUMN row_id INT NOT NULL DEFAULT 7 FIRST")
        cursor.execute("UPDATE card_holders SET purchases = -20 WHERE cust_id = %s", [OWES_LESS_THAN_NOTHING])
        connection.commit()
    with psycopg.connect(write_libpq_uri(postgres_server.write_uri("postgres")), autocommit=True) as admin:
        admin.execute("CREATE DATABASE chain_cards")
    return os.environ | {
        "SEGMENTATION_LAKE": str(tmp_path_factory.mktemp("lake")),
        "AIRFLOW_CONN_CREDIT_CARD_MYSQL": uri,
        "AIRFLOW_CONN_SEGMENTATION_WAREHOUSE": postgres_server.write_uri("chain_cards"),
    }


@pytest.fixture(scope="module")
def published(bank: dict[str, str]) -> Iterator[psycopg.Connection]:
    arguments = ["--profile", "credit_card", "--as-of", "2018-02-01"]
    for command in ("extract", "validate", "fit", "run"):
        done = subprocess.run(
            [sys.executable, "-m", "include.segmentation", command, *arguments],
            cwd=CHECKOUT,
            env=bank,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    uri = write_libpq_uri(bank["AIRFLOW_CONN_SEGMENTATION_WAREHOUSE"])
    with psycopg.connect(uri, options="-c search_path=credit_card") as connection:
        yield connection


def test_negative_money_is_held_back_and_everyone_else_is_in_one_segment_of_each(
    published: psycopg.Connection,
) -> None:
    assert published.execute("SELECT customers, quarantined FROM segmentation_run").fetchone() == (HOLDERS - 1, 1)
    held = "SELECT count(*) FROM customer_analytics_record WHERE customer_id = %s"
    assert published.execute(held, [OWES_LESS_THAN_NOTHING]).fetchone() == (0,)
    sizes = published.execute("SELECT macro_segment, sum(customers) FROM fct_segment_size GROUP BY 1").fetchall()
    assert len(sizes) == 5
    assert {total for _, total in sizes} == {HOLDERS - 1}


def test_a_second_id_in_the_table_becomes_nothing(published: psycopg.Connection) -> None:
    found = published.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE column_name = 'row_id'"
    ).fetchall()
    assert found == []
    assert published.execute("SELECT count(*) FROM dim_kpi").fetchone() == (17,)


def test_what_is_unknown_is_published_as_unknown(published: psycopg.Connection) -> None:
    unknown, of_idle = published.execute(
        "SELECT count(*), count(*) FILTER (WHERE payments = 0) FROM customer_analytics_record "
        "WHERE minimum_payments IS NULL"
    ).fetchone() or (0, 0)
    assert unknown >= of_idle > 0
    for segment, stratum in (("Paid nothing", "nothing_paid"), ("Paid, no minimum on file", "no_minimum")):
        [(name,)] = published.execute(
            "SELECT name FROM dim_segment WHERE macro_segment = 'repayment' AND stratum = %s", [stratum]
        ).fetchall()
        assert name == segment


def test_the_rungs_have_the_banks_names_and_those_on_cash_are_none_of_them(published: psycopg.Connection) -> None:
    rungs = published.execute(
        """
        SELECT d.name, min(r.purchases), max(r.purchases), min(r.cash_advance)
        FROM customer_analytics_record AS r JOIN dim_segment AS d ON d.segment_key = r.ladder_segment_key
        GROUP BY 1 ORDER BY 2, 4 DESC
        """
    ).fetchall()
    assert [name for name, *_ in rungs] == ["Lives on cash advance", "Low", "Mid", "Plus", "VIP"]
    assert [least for _, least, _, _ in rungs[2:]] >= [500, 2000, 5000]
    assert rungs[0][2] < 500 <= rungs[0][3]


def test_the_claims_have_their_figures(published: psycopg.Connection) -> None:
    ladder, silhouette, minimum = (text for _, text in DEMO.claims(published))
    assert "spend little but live on cash advances: half of them drew more than " in ladder
    assert "in two components 0." in silhouette
    assert "for holders who paid nothing; 0 holders who paid nothing have a minimum" in minimum


def test_the_report_draws_the_clusters(published: psycopg.Connection, bank: dict[str, str]) -> None:
    [page] = Path(bank["SEGMENTATION_LAKE"]).rglob("report.html")
    text = page.read_text()
    assert ": customers in the plane of the first two principal components" in text
    assert "The silhouette of these segments is 0." in text
