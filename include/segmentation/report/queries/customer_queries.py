"""A sample of the run's customers for the searchable table, under pseudonyms."""

from dataclasses import dataclass

from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects

CUSTOMERS_SHOWN = 2_000
PSEUDONYM_DIGITS = 12
_OVERSAMPLING = 4
"""Rank this many times the wanted number of customers per segment, so that the hash leaves enough of them."""


def write_pseudonym_sql(customer_id: str) -> str:
    """Write SQL that hashes a customer's id with the run's fingerprints, which only the warehouse knows.

    Without the fingerprints nobody can find an id by trial, or join the pages of two runs.

    Args:
        customer_id: the column of the id; the query must also have the run's row as ``run``.
    """
    hashed = f"sha256(convert_to(run.fingerprints::text || {customer_id}, 'UTF8'))"
    return f"left(encode({hashed}, 'hex'), {PSEUDONYM_DIGITS})"


_PSEUDONYM = write_pseudonym_sql("customer_id")
HAS_FINGERPRINTS = "run.fingerprints <> '{}'"
"""SQL: whether the run has fingerprints to hash ids with; older runs have none and show no customers."""


@dataclass(frozen=True)
class SampledCustomer:
    """One customer at the run.

    Attributes:
        pseudonym: replaces the id, in this run only.
        segments: segment key by macro segment.
        kpis: by name; None where undefined.
    """

    pseudonym: str
    segments: dict[str, str]
    kpis: dict[str, float | None]


def sample_customers(connection: Connection, run: Run) -> list[SampledCustomer]:
    """Draw at most ``CUSTOMERS_SHOWN`` customers by a hash of their ids, equally many from every segment.

    Customers in a suppressed segment are left out. Only labels are read in full, and a large segment is thinned by
    hash before ranking, so a large population costs one scan.
    """
    return query_objects(
        connection,
        SampledCustomer,
        f"""
        WITH size AS (
            SELECT macro_segment, segment_key, customers, suppressed
            FROM fct_segment_size
            WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND parent_key IS NULL
        ),
        drawn AS (
            SELECT macro_segment, segment_key, customers, customer_id, md5(customer_id) AS draw
            FROM fct_segment_label JOIN size USING (macro_segment, segment_key)
            WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND NOT suppressed
        ),
        ranked AS (
            SELECT customer_id, draw, row_number() OVER (
                PARTITION BY macro_segment, segment_key ORDER BY draw, customer_id
            ) AS place
            FROM drawn
            WHERE ('x' || left(draw, 8))::bit(32)::bigint < 4294967296.0 * {_OVERSAMPLING} * %(limit)s / customers
        ),
        candidate AS (
            SELECT customer_id, min(place) AS place, min(draw) AS draw
            FROM ranked
            WHERE place <= %(limit)s
            GROUP BY customer_id
        ),
        sample AS (
            SELECT customer_id, place, draw, jsonb_object_agg(macro_segment, segment_key) AS segments
            FROM candidate
            JOIN fct_segment_label AS label USING (customer_id)
            JOIN size USING (macro_segment, segment_key)
            WHERE cadence = %(cadence)s AND as_of = %(as_of)s
            GROUP BY customer_id, place, draw
            HAVING NOT bool_or(suppressed)
            ORDER BY place, draw, customer_id
            LIMIT %(limit)s
        )
        SELECT {_PSEUDONYM} AS pseudonym, segments, to_jsonb(kpi) AS kpis
        FROM sample
        JOIN fct_customer_kpi AS kpi USING (customer_id)
        JOIN segmentation_run AS run USING (cadence, as_of)
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND {HAS_FINGERPRINTS}
        ORDER BY place, draw, customer_id
        """,
        run,
        limit=CUSTOMERS_SHOWN,
    )


def write_identity_query(run: Run) -> str:
    """Write the SQL for the customer behind a pseudonym; without its last line it returns all customers."""
    schema = run.profile.warehouse.schema_name
    return (
        f"SELECT {_PSEUDONYM} AS pseudonym, kpi.*\n"
        f"FROM {schema}.fct_customer_kpi AS kpi JOIN {schema}.segmentation_run AS run USING (cadence, as_of)\n"
        f"WHERE cadence = '{run.cadence}' AND as_of = '{run.as_of:%Y-%m-%dT%H:%M:%SZ}'\n"
        f"AND {_PSEUDONYM} = '…'"
    )
