"""The originals' headline figures, each beside the same figure from the published tables.

The claims come from the platform's own monthly tables, the two loyalty programmes of the shop and the bank's report.
In the platform's tables, month 2 of three macro segments was pasted from the fourth.
"""

from include.segmentation.warehouse.connection import Connection


def _compute_share(connection: Connection, macro_segment: str, strata: list[str], month: int) -> float:
    """Compute the share of the cohorts that was in one of the strata at the end of a month."""
    row = connection.execute(
        """
        WITH sizes AS (
            SELECT DISTINCT c.cohort, c.segment_key, c.customers, d.stratum
            FROM fct_cohort_segment AS c
            JOIN dim_segment AS d ON d.segment_key = c.segment_key AND d.is_current
            WHERE c.macro_segment = %s AND c.month = %s
        )
        SELECT coalesce(sum(customers) FILTER (WHERE stratum = ANY(%s)), 0)::float / sum(customers) FROM sizes
        """,
        [macro_segment, month, strata],
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else float("nan")


def _count_customers(connection: Connection, macro_segment: str, month: int) -> int:
    row = connection.execute(
        """
        SELECT sum(customers) FROM (
            SELECT DISTINCT cohort, segment_key, customers
            FROM fct_cohort_segment
            WHERE macro_segment = %s AND month = %s
        ) AS sizes
        """,
        [macro_segment, month],
    ).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def check_learning_claims(connection: Connection) -> list[tuple[str, str]]:
    """Compare the course platform's claims with the warehouse."""
    never = [_compute_share(connection, "engagement", ["never"], month) for month in (1, 2)]
    quiet = _compute_share(connection, "engagement", ["never", "quiet"], 2)
    not_enrolled = [_compute_share(connection, "interest", ["never"], month) for month in (1, 2)]
    again = _compute_share(connection, "value", ["bought_again"], 2)
    totals = {macro: _count_customers(connection, macro, 2) for macro in ("engagement", "value")}
    return [
        (
            '"No engagement rises from 32% to 95% in month 2" (loyalty\'s month 2, pasted over engagement)',
            f"never engaged: {never[0]:.1%} at the end of month 1, {never[1]:.1%} at the end of month 2. "
            f"The share that studied nothing in month 2 ({quiet:.1%}) is a different KPI with a different window",
        ),
        (
            '"No interest: 8% in month 1, 95% in month 2" (the same paste)',
            f"never enrolled: {not_enrolled[0]:.1%} at the end of month 1, {not_enrolled[1]:.1%} at the end of month 2",
        ),
        (
            '"474 high purchasers in month 2" (1.4%; 28 the month before)',
            f"bought twice or more by the end of month 2: {again:.2%}",
        ),
        (
            "engagement and value of month 2 add up to 33,013 of 33,280 learners",
            f"engagement {totals['engagement']:,}, value {totals['value']:,}: every learner counts "
            "exactly once, otherwise nothing is published",
        ),
    ]


def check_retail_claims(connection: Connection) -> list[tuple[str, str]]:
    """Compare the two loyalty programmes' claims with the warehouse."""
    row = connection.execute(
        """
        SELECT customers, unknown_rows FROM segmentation_run WHERE cadence = 'monthly' ORDER BY as_of DESC LIMIT 1
        """
    ).fetchone()
    customers, unknown = row if row else (0, 0)
    never = connection.execute(
        "SELECT count(*) FROM fct_segment_membership WHERE macro_segment = 'rfm' AND valid_to IS NULL "
        "AND segment_key IN (SELECT segment_key FROM dim_segment WHERE stratum = 'cancellations_only')"
    ).fetchone()
    alike = connection.execute(
        """
        SELECT count(*), count(*) FILTER (WHERE classes > 1)
        FROM (
            SELECT count(DISTINCT substr(rfm_scores, 1, 1)) AS classes
            FROM customer_analytics_record WHERE rfm_cell IS NOT NULL GROUP BY recency
            UNION ALL
            SELECT count(DISTINCT substr(rfm_scores, 2, 1))
            FROM customer_analytics_record WHERE rfm_cell IS NOT NULL GROUP BY purchases_ever
        ) AS alike
        """
    ).fetchone() or (0, 0)
    return [
        (
            "each invoice without a customer became a customer: 44.8% of all customers were invented",
            f"{customers:,} identified customers; {unknown:,} lines without a customer count as unknown "
            "and are never clustered",
        ),
        (
            "cancellations counted as purchases, or dropped",
            f"cancellations count as returns; the "
            f"{never[0] if never else 0} customers who only cancelled form a stratum",
        ),
        (
            "scores from the order of the rows: 9.1% of customers change segment when rows are shuffled",
            f"stored cut points: of {alike[0]} values of recency and frequency on the RFM grid, {alike[1]} fall into "
            "two classes; the order of the rows has no effect",
        ),
    ]


def check_credit_card_claims(connection: Connection) -> list[tuple[str, str]]:
    """Compare the bank's claims with the warehouse."""
    cash = connection.execute(
        """
        SELECT s.customers, s.share, p.p50
        FROM fct_segment_size AS s
        JOIN fct_segment_profile AS p USING (cadence, as_of, segment_key)
        WHERE s.cadence = 'monthly' AND p.kpi = 'cash_advance' AND s.segment_key IN (
            SELECT segment_key FROM dim_segment WHERE macro_segment = 'ladder' AND stratum = 'cash' AND is_current
        )
        """
    ).fetchone()
    quality = connection.execute(
        """
        SELECT max(value) FILTER (WHERE metric = 'silhouette'), max(value) FILTER (WHERE metric = 'silhouette_in_plane')
        FROM fct_model_quality
        WHERE macro_segment = 'overall' AND k = 4 AND algorithm = 'kmeans_in_plane'
        """
    ).fetchone()
    unknown = connection.execute(
        """
        SELECT count(*) FILTER (WHERE minimum_payments IS NULL),
            count(*) FILTER (WHERE minimum_payments IS NULL AND payments = 0),
            count(*) FILTER (WHERE minimum_payments IS NOT NULL AND payments = 0)
        FROM customer_analytics_record
        """
    ).fetchone()
    customers, share, median = cash or (0, 0.0, 0.0)
    here, on_paper = quality or (float("nan"), float("nan"))
    lacking, idle, idle_with = unknown or (0, 0, 0)
    return [
        (
            "four groups: vip, plus, mid, low",
            f"a ladder by spending; {customers:,} holders ({share:.1%}) spend little but live on cash advances: half "
            f"of them drew more than {median:,.0f}",
        ),
        (
            "silhouette about 0.40 (measured in two principal components)",
            f"in two components {on_paper:.3f}; in all 17 columns {here:.3f}: most of the separation "
            "comes from the projection",
        ),
        (
            "minimum payments filled with zero",
            f"{lacking:,} are unknown, {idle:,} of them for holders who paid nothing; {idle_with:,} holders who paid "
            "nothing have a minimum. Unknown values are published as NULL",
        ),
    ]
