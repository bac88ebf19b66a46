"""Some customers of the run for the table that can be searched: who they are is a pseudonym."""

from dataclasses import dataclass

from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects

CUSTOMERS_SHOWN = 2_000
PSEUDONYM_DIGITS = 12
_ENOUGH = 4
"""How many times the customers that are wanted of a segment are looked at, so that chance leaves enough of them."""


def write_pseudonym_sql(customer_id: str) -> str:
    """SQL: a customer's id hashed with what only the warehouse knows.

    Nobody without it can try ids, nor join two reports.

    Args:
        customer_id: the column of the id; beside it ``run`` is the row of the run.
    """
    hashed = f"sha256(convert_to(run.fingerprints::text || {customer_id}, 'UTF8'))"
    return f"left(encode({hashed}, 'hex'), {PSEUDONYM_DIGITS})"


_PSEUDONYM = write_pseudonym_sql("customer_id")
IS_HASHED = "run.fingerprints <> '{}'"
"""SQL: whether there is something to hash an id with; runs of versions without fingerprints show no customers."""


@dataclass(frozen=True)
class SampledCustomer:
    """One customer at the run.

    Attributes:
        pseudonym: stands for the id, in this run only.
        segments: segment key by macro segment.
        kpis: by name; None where undefined.
    """

    pseudonym: str
    segments: dict[str, str]
    kpis: dict[str, float | None]


def sample_customers(connection: Connection, run: Run) -> list[SampledCustomer]:
    """At most ``CUSTOMERS_SHOWN`` customers, drawn by a hash of their ids, of every segment as many as it has.

    Nobody is among them who is in a segment of fewer than 10. Only labels are read whole: of a large segment as many
    as chance needs are ranked, so that a large population costs one scan.
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
            WHERE ('x' || left(draw, 8))::bit(32)::bigint < 4294967296.0 * {_ENOUGH} * %(most)s / customers
        ),
        candidate AS (
            SELECT customer_id, min(place) AS place, min(draw) AS draw
            FROM ranked
            WHERE place <= %(most)s
            GROUP BY customer_id
        ),
        told AS (
            SELECT customer_id, place, draw, jsonb_object_agg(macro_segment, segment_key) AS segments
            FROM candidate
            JOIN fct_segment_label AS label USING (customer_id)
            JOIN size USING (macro_segment, segment_key)
            WHERE cadence = %(cadence)s AND as_of = %(as_of)s
            GROUP BY customer_id, place, draw
            HAVING NOT bool_or(suppressed)
            ORDER BY place, draw, customer_id
            LIMIT %(most)s
        )
        SELECT {_PSEUDONYM} AS pseudonym, segments, to_jsonb(kpi) AS kpis
        FROM told
        JOIN fct_customer_kpi AS kpi USING (customer_id)
        JOIN segmentation_run AS run USING (cadence, as_of)
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND {IS_HASHED}
        ORDER BY place, draw, customer_id
        """,
        run,
        most=CUSTOMERS_SHOWN,
    )


def write_identity_query(run: Run) -> str:
    """The SQL for all customers of the run; with its last line, for the one behind a pseudonym."""
    table = run.profile.warehouse.schema_name
    return (
        f"SELECT {_PSEUDONYM} AS pseudonym, kpi.*\n"
        f"FROM {table}.fct_customer_kpi AS kpi JOIN {table}.segmentation_run AS run USING (cadence, as_of)\n"
        f"WHERE cadence = '{run.cadence}' AND as_of = '{run.as_of:%Y-%m-%dT%H:%M:%SZ}'\n"
        f"AND {_PSEUDONYM} = '…'"
    )
