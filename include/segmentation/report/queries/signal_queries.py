"""Rows about signals: what comes before each label."""

from dataclasses import dataclass, fields
from datetime import date

from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects

SIGNIFICANCE_LEVEL = 0.05


@dataclass(frozen=True)
class PublishedSignal:
    """A row of ``fct_signal``; the table's comments explain its columns."""

    label: str
    landmark: int
    kpi: str
    outcome: str
    holdout_from: date | None
    customers: int
    labelled: int
    rule: str | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    q: float | None
    precision: float | None
    recall: float | None

    @property
    def beats_chance(self) -> bool:
        """Whether customers who match the rule get the label more often than chance explains."""
        return self.lift is not None and self.lift > 1 and self.q is not None and self.q <= SIGNIFICANCE_LEVEL


def read_signals(connection: Connection, run: Run) -> list[PublishedSignal]:
    """Return the run's signals by landmark."""
    columns = ", ".join(field.name for field in fields(PublishedSignal))
    query = f"SELECT {columns} FROM fct_signal WHERE run_id = %(run_id)s ORDER BY landmark, label, kpi"
    return query_objects(connection, PublishedSignal, query, run)
