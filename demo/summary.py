"""The summary at the end of a demo: counts, segments, the originals' claims beside our figures, and row counts."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from demo.business import SourceCounts
from include.segmentation.common.text import format_number
from include.segmentation.profile.profile import Profile
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_dicts

_SEGMENTS = """
SELECT coalesce(d.alias, d.name) AS name, s.customers, s.share, s.suppressed, s.segment_key
FROM fct_segment_size AS s
JOIN dim_segment AS d ON d.segment_key = s.segment_key AND d.is_current
WHERE s.cadence = %(cadence)s AND s.as_of = %(as_of)s AND s.macro_segment = %(macro_segment)s
    AND s.parent_key IS NULL
ORDER BY d.path
"""
_RANGES = """
SELECT segment_key, kpi, p25, p75
FROM fct_segment_profile
WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND macro_segment = %(macro_segment)s
"""
_NEWEST = "SELECT max(as_of) AS as_of FROM segmentation_run WHERE cadence = %s"
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY table_name"


def print_segments(console: Console, connection: Connection, profile: Profile) -> None:
    """Print one table per macro segment: name, customers, share and the middle half of every KPI."""
    cadence = profile.schedule.primary_cadence
    (newest,) = query_dicts(connection, _NEWEST, [cadence])
    as_of = newest["as_of"]
    for name, macro_segment in profile.macro_segments.items():
        where = {"cadence": cadence, "as_of": as_of, "macro_segment": name}
        ranges = {(row["segment_key"], row["kpi"]): row for row in query_dicts(connection, _RANGES, where)}
        kpis = {kpi: declared for kpi, declared in macro_segment.kpis.items() if not declared.rule_only}
        table = Table(title=f"\n{macro_segment.label} at {as_of:%Y-%m-%d}", title_justify="left", expand=True)
        table.add_column("segment", ratio=3)
        table.add_column("customers", justify="right", min_width=9)
        table.add_column("share", justify="right", min_width=6)
        table.add_column("middle half of each KPI", ratio=4)
        for row in query_dicts(connection, _SEGMENTS, where):
            spans = [
                f"{declared.label} {_format_range(ranges.get((row['segment_key'], kpi)), declared.unit)}"
                for kpi, declared in kpis.items()
            ]
            hidden = "hidden: fewer than 10 customers" if row["customers"] else "empty"
            ranges_text = hidden if row["suppressed"] else "; ".join(spans)
            table.add_row(row["name"], f"{row['customers']:,}", f"{row['share']:.1%}", ranges_text)
        console.print(table)


def _format_range(row: dict[str, Any] | None, unit: str) -> str:
    if row is None or row["p25"] is None:
        return "undefined"
    low, high = row["p25"], row["p75"]
    return f"{format_number(low)} {unit}" if low == high else f"{format_number(low)} to {format_number(high)} {unit}"


def print_reconciliation(console: Console, source: SourceCounts, lake: SourceCounts) -> None:
    """Print the source's counts beside the lake's."""
    table = Table(title="\nCounts in the source and in the lake", title_justify="left")
    table.add_column("count")
    for place in ("MySQL", "lake"):
        table.add_column(place, justify="right")
    table.add_column("")
    for name, source_count in source.items():
        lake_count = lake[name]
        table.add_row(
            name.replace("_", " "),
            f"{source_count:,}",
            f"{lake_count:,}",
            "equal" if source_count == lake_count else "[red]DIFFERENT",
        )
    console.print(table)


def print_figures(console: Console, connection: Connection, query: str) -> None:
    """Print the single row of a query, one line per column."""
    table = Table(title="\nCustomers at the end", title_justify="left", show_header=False)
    (figures,) = query_dicts(connection, query)
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    console.print(table)


def print_claims(console: Console, claims: Sequence[tuple[str, str]]) -> None:
    """Print the originals' claims beside the figures of the data."""
    table = Table(title="\nClaims of the originals, and the actual figures", title_justify="left", expand=True)
    table.add_column("claim", ratio=1)
    table.add_column("actual", ratio=1)
    for claim, correction in claims:
        table.add_row(claim, correction)
    console.print(table)


def print_row_counts(console: Console, connection: Connection, profile: Profile) -> None:
    """Print the published tables with their row counts."""
    table = Table(title=f"\nPublished in schema {profile.warehouse.schema_name}", title_justify="left")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for (name,) in connection.execute(_TABLES, [profile.warehouse.schema_name]).fetchall():
        row = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
        table.add_row(name, f"{row[0]:,}" if row else "-")
    console.print(table)
