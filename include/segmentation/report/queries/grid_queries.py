"""What the report asks about grids, lists, and what the customers of segments and cells are worth."""

from dataclasses import dataclass

from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects


@dataclass(frozen=True)
class PublishedCell:
    """A named cell of a grid: the classes of the rows and the columns that it takes, and what to do."""

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
    """A class of a score: at_least <= KPI < below, open where None; both None where it can not be had."""

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
    """Customers in a pair of classes and in a segment."""

    macro_segment: str
    row_class: int
    column_class: int
    cell: str
    segment_key: str
    customers: int


@dataclass(frozen=True)
class PartWorth:
    """What the customers of a segment, or of a cell, are worth by one KPI; None where suppressed."""

    macro_segment: str
    part: str
    kpi: str
    customers: int
    total: float | None
    share_of_total: float | None
    mean: float | None


@dataclass(frozen=True)
class GridMetric:
    """One number about a grid beside the segments."""

    macro_segment: str
    metric: str
    kpi: str
    value: float


@dataclass(frozen=True)
class PublishedReason:
    """A reason to be on a list or not, and the customers whom it decides about.

    Attributes:
        worth: KPI -> its total and share_of_total; empty where suppressed.
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
    """The reasons of every list at the run, in their order."""
    return query_objects(
        connection,
        PublishedReason,
        """
        SELECT list, list_label, description, owner, label, rule, is_eligible, customers, share, worth
        FROM fct_list_reason
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY list, position
        """,
        run,
    )


def read_cells(connection: Connection, run: Run) -> list[PublishedCell]:
    """The cells of the grids of the run's models, in the order of the profile."""
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
    """The cut points of the run's models: by score, the best class first."""
    return query_objects(
        connection,
        ScoreClass,
        """
        SELECT one.macro_segment, score, class AS number, position, label, kpi, at_least, below
        FROM dim_score_class AS one
        JOIN segmentation_run AS run ON run.models ->> one.macro_segment = one.model_id
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY one.macro_segment, position, class DESC
        """,
        run,
    )


def read_crossings(connection: Connection, run: Run) -> list[Crossing]:
    """Everyone on a grid at the run, by pair of classes and by segment."""
    return query_objects(
        connection,
        Crossing,
        """
        SELECT macro_segment, row_class, column_class, cell, segment_key, customers
        FROM fct_grid_cell
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY macro_segment, row_class, column_class, segment_key
        """,
        run,
    )


def read_cell_worth(connection: Connection, run: Run) -> list[PartWorth]:
    """What the customers of every cell are worth at the run."""
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
    """What the customers of every segment and micro segment are worth at the run."""
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
    """Every number about the grids of the run."""
    return query_objects(
        connection,
        GridMetric,
        """
        SELECT macro_segment, metric, kpi, value
        FROM fct_grid_quality
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY macro_segment, metric, kpi
        """,
        run,
    )
