"""What the report asks about figures."""

from dataclasses import dataclass

import psycopg

from include.segmentation.report.ask import ask
from include.segmentation.run import Run


@dataclass(frozen=True)
class Number:
    """One value of a figure; ``column`` is empty in a figure by one."""

    figure: str
    row: str
    column: str
    column_position: int
    measure: str
    value: float | None


def numbers(connection: psycopg.Connection, run: Run) -> list[Number]:
    """Every value of every figure of the run, row by row."""
    return ask(
        connection,
        Number,
        """
        SELECT figure, "row", "column", column_position, measure, value
        FROM fct_figure
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY figure, row_position, column_position, measure
        """,
        run,
    )
