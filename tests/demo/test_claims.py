"""The figures beside the originals' claims, from a handmade warehouse."""

import psycopg
import pytest

from demo import claims
from demo.servers import Server
from demo.stack import write_libpq_uri

TABLES = """
CREATE TEMP TABLE dim_segment (segment_key text, stratum text, is_current boolean);
CREATE TEMP TABLE fct_cohort_segment (
    macro_segment text, cohort date, month integer, segment_key text, kpi text, customers bigint
);
"""


@pytest.fixture
def warehouse(postgres_server: Server):
    """Two cohorts with the same number of learners who never engaged; every row occurs once per KPI."""
    with psycopg.connect(write_libpq_uri(postgres_server.write_uri("postgres"))) as connection:
        connection.execute(TABLES)
        connection.execute("INSERT INTO dim_segment VALUES ('e0', 'never', true), ('e1', 'studying', true)")
        for cohort, studying in (("2025-01-01", 10), ("2025-02-01", 80)):
            for key, learners in (("e0", 30), ("e1", studying)):
                for kpi in ("topics", "minutes"):
                    connection.execute(
                        "INSERT INTO fct_cohort_segment "
                        "SELECT 'engagement', %s, month, %s, %s, %s FROM generate_series(1, 2) AS month",
                        [cohort, key, kpi, learners],
                    )
        yield connection


def test_every_cohort_counts_even_where_two_are_alike(warehouse):
    corrections = dict(claims.check_learning_claims(warehouse))
    engagement = next(text for claim, text in corrections.items() if claim.startswith('"No engagement'))
    assert "never engaged: 40.0% at the end of month 1, 40.0% at the end of month 2" in engagement
    assert any("engagement 150, value 0" in text for text in corrections.values())
