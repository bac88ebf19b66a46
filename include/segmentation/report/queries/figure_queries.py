"""Rows about figures."""

from dataclasses import dataclass

from include.segmentation.report.queries.customer_queries import HAS_FINGERPRINTS, write_pseudonym_sql
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects


@dataclass(frozen=True)
class FigureNumber:
    """One value of a figure; ``column`` is empty in a figure with one dimension."""

    figure: str
    row: str
    column: str
    column_position: int
    measure: str
    value: float | None


def read_figure_numbers(connection: Connection, run: Run) -> list[FigureNumber]:
    """Return every value of every figure row by row, with pseudonyms in place of customers' ids."""
    with_customers = {name: figure for name, figure in run.profile.figures.items() if figure.customers}
    in_rows = [name for name, figure in with_customers.items() if figure.customers == next(iter(figure.by))]
    return query_objects(
        connection,
        FigureNumber,
        f"""
        SELECT figure, column_position, measure, value,
            CASE WHEN figure = ANY(%(in_rows)s) THEN {write_pseudonym_sql('"row"')} ELSE "row" END AS "row",
            CASE WHEN figure = ANY(%(in_columns)s) THEN {write_pseudonym_sql('"column"')} ELSE "column" END AS "column"
        FROM fct_figure
        JOIN segmentation_run AS run USING (cadence, as_of)
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
            AND ({HAS_FINGERPRINTS} OR figure <> ALL(%(in_rows)s || %(in_columns)s))
        ORDER BY figure, row_position, column_position, measure
        """,
        run,
        in_rows=in_rows,
        in_columns=[name for name in with_customers if name not in in_rows],
    )
