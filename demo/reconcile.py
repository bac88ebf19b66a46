"""What left the source beside what arrived: rows in MySQL, rows in the lake, customers in the warehouse."""

from collections.abc import Mapping

import psycopg

from demo.stack import HOME
from include.segmentation.lake import Lake
from include.segmentation.profile import Profile

_LINES = """
SELECT
    count(*) AS lines,
    count(DISTINCT invoice_no) AS invoices,
    count(DISTINCT customer_id) AS customers,
    count(*) FILTER (WHERE customer_id IS NULL) AS lines_without_customer,
    count(*) FILTER (WHERE invoice_no LIKE 'C%') AS cancelled_lines,
    sum(quantity * unit_price) AS total_value
FROM invoice_lines
"""
_AT_THE_END = """
SELECT
    sum(s.customers) AS customers,
    sum(s.customers) FILTER (WHERE d.stratum <> 'cancellations_only') AS with_a_purchase,
    sum(s.customers) FILTER (WHERE d.stratum = 'cancellations_only') AS cancellations_only,
    max(r.unknown_rows) AS unknown_lines
FROM fct_segment_size AS s
JOIN segmentation_run AS r ON r.run_id = s.run_id
JOIN dim_segment AS d ON d.segment_key = s.segment_key AND d.is_current
WHERE s.macro_segment = 'rfm' AND s.parent_key IS NULL AND s.as_of = (SELECT max(as_of) FROM segmentation_run)
"""

Figures = list[tuple[str, object, object]]


def arrived(profile: Profile, source: Mapping[str, object]) -> Figures:
    """The source's own counts, as its loader saw them, beside the same counts in the lake."""
    lake = Lake(str(HOME / "lake"), profile)
    with lake.engine() as connection:
        if profile.profile == "retail":
            lake.view_current(connection, "invoice_lines")
            row = connection.execute(_LINES).fetchone() or ()
            return [(name, source[name], value) for name, value in zip(source, row, strict=True)]
        for name in source:
            lake.view_current(connection, name)
        counted = {name: connection.table(name).count("*").fetchone() for name in source}
    return [(name, source[name], row[0] if row else 0) for name, row in counted.items()]


def shop_at_the_end(connection: psycopg.Connection) -> dict[str, object]:
    """The shop's customers at the newest as_of: identified, with a purchase, cancellations only; unknown lines."""
    cursor = connection.execute(_AT_THE_END)
    names = [column.name for column in cursor.description or []]
    return dict(zip(names, cursor.fetchone() or (), strict=False))
