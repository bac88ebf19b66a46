"""Rows about grids, lists, and the value of the customers in segments and cells."""

from dataclasses import dataclass

from include.segmentation.report.queries.run_rows import read_run_rows
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects


@dataclass(frozen=True)
class PublishedCell:
    """A named cell of a grid: its range of row and column classes, and the recommended action."""

    macro_segment: str
    cell: str
    label: str
    description: str
    row_score: str
    row_from: int
    row_to: int
    column_score: str
    column_from: int
    column_to: int
    recommended_action: str
    owner: str


@dataclass(frozen=True)
class ScoreClass:
    """A class of a score: at_least <= KPI < below.

    A bound that is None is open; where both are None, no customer can be in the class.
    """

    macro_segment: str
    score: str
    number: int
    position: int
    label: str
    kpi: str
    at_least: float | None
    below: float | None


@dataclass(frozen=True)
class Crossing:
    """Customers who share a pair of classes and a segment."""

    macro_segment: str
    row_class: int
    column_class: int
    cell: str
    segment_key: str
    customers: int


@dataclass(frozen=True)
class PartWorth:
    """The value of the customers of one segment or cell, by one KPI; None where suppressed."""

    macro_segment: str
    part: str
    kpi: str
    customers: int
    total: float | None
    share_of_total: float | None
    mean: float | None


@dataclass(frozen=True)
class GridMetric:
    """One number that compares a grid with the segments."""

    macro_segment: str
    metric: str
    kpi: str
    value: float


@dataclass(frozen=True)
class PublishedReason:
    """A reason for being on a list or not, and the customers it applies to.

    Attributes:
        worth: KPI -> total and share_of_total; empty where suppressed.
    """

    list: str
    list_label: str
    description: str
    owner: str
    label: str
    rule: str
    is_eligible: bool
    customers: int
    share: float
    worth: dict[str, dict[str, float | None]]


def read_reasons(connection: Connection, run: Run) -> list[PublishedReason]:
    """Return the reasons of every list, in their order."""
    return read_run_rows(connection, run, "fct_list_reason", PublishedReason, "list, position")


def read_cells(connection: Connection, run: Run) -> list[PublishedCell]:
    """Return the cells of the grids in the run's models, in the profile's order."""
    return query_objects(
        connection,
        PublishedCell,
        """
        SELECT cell.macro_segment, cell, label, description, row_score, row_from, row_to, column_score, column_from,
            column_to, recommended_action, owner
        FROM dim_grid_cell AS cell
        JOIN segmentation_run AS run ON run.models ->> cell.macro_segment = cell.model_id
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY cell.macro_segment, position
        """,
        run,
    )


def read_score_classes(connection: Connection, run: Run) -> list[ScoreClass]:
    """Return the cut points of the run's models by score, the best class first."""
    return query_objects(
        connection,
        ScoreClass,
        """
        SELECT score_class.macro_segment, score, class AS number, position, label, kpi, at_least, below
        FROM dim_score_class AS score_class
        JOIN segmentation_run AS run ON run.models ->> score_class.macro_segment = score_class.model_id
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY score_class.macro_segment, position, class DESC
        """,
        run,
    )


def read_crossings(connection: Connection, run: Run) -> list[Crossing]:
    """Return everyone on a grid, by pair of classes and segment."""
    order = "macro_segment, row_class, column_class, segment_key"
    return read_run_rows(connection, run, "fct_grid_cell", Crossing, order)


def read_cell_worth(connection: Connection, run: Run) -> list[PartWorth]:
    """Return the value of the customers in every cell."""
    return query_objects(
        connection,
        PartWorth,
        """
        SELECT macro_segment, cell AS part, kpi, customers, total::float, share_of_total, mean
        FROM fct_grid_profile
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY macro_segment, cell, kpi
        """,
        run,
    )


def read_segment_worth(connection: Connection, run: Run) -> list[PartWorth]:
    """Return the value of the customers in every segment and micro segment."""
    return query_objects(
        connection,
        PartWorth,
        """
        SELECT macro_segment, segment_key AS part, kpi, customers, total::float, share_of_total, mean
        FROM fct_segment_profile
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND kpi = ANY(%(worth)s)
        ORDER BY macro_segment, segment_key, kpi
        """,
        run,
        worth=run.profile.worth,
    )


def read_grid_metrics(connection: Connection, run: Run) -> list[GridMetric]:
    """Return every number about the run's grids."""
    return read_run_rows(connection, run, "fct_grid_quality", GridMetric, "macro_segment, metric, kpi")


@dataclass(frozen=True)
class GridAnswers:
    """Everything the warehouse holds about the run's grids."""

    cells: list[PublishedCell]
    classes: list[ScoreClass]
    crossings: list[Crossing]
    worth: list[PartWorth]
    metrics: list[GridMetric]


def read_grids(connection: Connection, run: Run) -> GridAnswers:
    """Return everything about the run's grids."""
    return GridAnswers(
        cells=read_cells(connection, run),
        classes=read_score_classes(connection, run),
        crossings=read_crossings(connection, run),
        worth=read_cell_worth(connection, run),
        metrics=read_grid_metrics(connection, run),
    )
